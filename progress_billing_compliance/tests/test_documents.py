from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .test_compliance import ComplianceCommon

#: what is entered (days from today), reminder days of the type, status
EDGES = (
    ({}, 30, 'missing'),
    ({'valid_from': 0}, 30, 'missing'),
    ({'valid_from': -5, 'number': "P"}, 30, 'valid'),
    ({'valid_from': 0, 'number': "P"}, 30, 'valid'),
    ({'valid_from': 1, 'number': "P"}, 30, 'future'),
    ({'valid_from': 1, 'valid_until': 5}, 30, 'future'),
    ({'valid_until': -1}, 30, 'expired'),
    ({'valid_until': -1, 'number': "P"}, 0, 'expired'),
    ({'valid_until': 0}, 0, 'expiring'),
    ({'valid_until': 1}, 0, 'valid'),
    ({'valid_until': 7}, 7, 'expiring'),
    ({'valid_until': 8}, 7, 'valid'),
    ({'valid_until': 3660}, 3660, 'expiring'),
    ({'is_waived': True}, 30, 'waived'),
    ({'is_waived': True, 'valid_until': -1}, 30, 'waived'),
    ({'is_waived': True, 'valid_from': 1, 'number': "P"}, 30, 'waived'),
)
EMPTY = {'number': False, 'valid_from': False, 'valid_until': False, 'is_waived': False}


@tagged('post_install', '-at_install')
class TestDocumentFields(ComplianceCommon):
    """What a document says of itself: its status by its dates, what it takes from its type and its contract."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.pro_forma([1000])
        cls.document = cls._document(cls.insurance, contract_id=cls.contract.id)

    def _enter(self, vals, document=None):
        """Write values whose dates are days from today, and nothing else."""
        dates = {name: self._day(days) for name, days in vals.items() if name.startswith('valid_')}
        (document or self.document).write({**EMPTY, **vals, **dates})

    # === STATUS === #

    def test_edges(self):
        """The last day counts, the first day does, and the first day of the reminder; search says the same."""
        states = [state for state, _label in self.document._fields['state'].selection]
        for vals, days, state in EDGES:
            with self.subTest(vals=vals, days=days):
                self.insurance.reminder_days = days
                self._enter(vals)
                self.assertEqual(self.document.state, state)
                mine = [('id', '=', self.document.id)]
                for other in states:
                    found = self.document.search([*mine, ('state', '=', other)])
                    self.assertEqual(bool(found), other == state, other)
                    found = self.document.search([*mine, ('state', '!=', other)])
                    self.assertEqual(bool(found), other != state, other)

    def test_search_of_several(self):
        late = self._document(self.insurance, valid_until=self._day(-1))
        valid = self._document(self.licence, number="L")
        ours = late | valid | self.document
        for domain, expected in (
            ([('state', 'in', ['missing', 'expired'])], late | self.document),
            ([('state', 'not in', ['missing', 'expired'])], valid),
            ([('state', '=', 'waived')], ours.browse()),
            ([('state', 'in', [])], ours.browse()),
            ([('state', 'not in', [])], ours),
            (['|', ('state', '=', 'valid'), ('number', '=', False)], ours),
        ):
            with self.subTest(domain=domain):
                self.assertEqual(
                    late.search([('id', 'in', ours.ids), *domain]),
                    expected.sorted('id').search([('id', 'in', expected.ids)]),
                )

    def test_today_is_the_companys(self):
        """Half past eleven at night in London is tomorrow in Auckland."""
        self.document.valid_until = date(2026, 3, 20)
        self.insurance.reminder_days = 0
        for zone, state in (
            ('Pacific/Auckland', 'expired'),
            ('Europe/London', 'expiring'),
            ('America/Lima', 'expiring'),
        ):
            with self.subTest(zone=zone), freeze_time('2026-03-20 23:30:00'):
                self.company.partner_id.tz = zone
                self.env.invalidate_all()
                self.assertEqual(self.document.state, state)

    def test_status_follows_at_once(self):
        """Whatever it depends on, in one transaction."""
        file = self.env['ir.attachment'].create({'name': "policy.pdf", 'raw': b'x'})
        self.assertEqual(self.document.state, 'missing')
        self.document.attachment_ids = file
        self.assertEqual(self.document.state, 'valid')
        self.document.valid_until = self._day(20)
        self.assertEqual(self.document.state, 'expiring')
        self.insurance.reminder_days = 19
        self.assertEqual(self.document.state, 'valid')
        self.document.attachment_ids = False
        self.assertEqual(self.document.state, 'valid', "its date says that it is there")
        self.document.valid_until = False
        self.assertEqual(self.document.state, 'missing')

    def test_dates_in_order(self):
        """From a day until the same day is a day; from the day after is none, whichever is changed."""
        self.document.write({'valid_from': self._day(3), 'valid_until': self._day(3)})
        for vals in ({'valid_until': self._day(2)}, {'valid_from': self._day(4)}):
            with self.subTest(vals=vals):
                self.assertRefused(
                    lambda vals=vals: self.document.write(vals),
                    f"Insurance ({self.customer.name}): it is valid from",
                    "Change one of the dates",
                    error=ValidationError,
                )
        self.document.valid_from = False
        self.document.valid_until = self._day(2)

    def test_sentences(self):
        """What is missing, with its day as the reader writes it."""
        self.env['res.lang']._activate_lang('fr_FR')
        for vals, sentence, french in (
            ({}, "Insurance of Builder's Customer is missing.", ""),
            ({'valid_until': date(2026, 2, 1)}, "expired on 02/01/2026.", "01/02/2026"),
            ({'number': "P", 'valid_from': date(2099, 2, 1)}, "is not valid before 02/01/2099.", "01/02/2099"),
        ):
            with self.subTest(vals=vals):
                self.document.write({**EMPTY, **vals})
                self.assertIn(sentence, self.document._tell())
                self.assertIn(french, self.document.with_context(lang='fr_FR')._tell())

    # === WHAT IT TAKES OVER === #

    def test_of_its_type(self):
        """What it holds up and whether it stops follow the type that is chosen, until they are entered."""
        for name, holds, policy in (('A', 'invite', 'warn'), ('B', 'pay', 'stop'), ('C', 'approve', 'warn')):
            kind = self.types.create({'name': name, 'holds': holds, 'policy': policy})
            with self.subTest(holds=holds, policy=policy):
                made = self._document(kind)
                self.assertRecordValues(made, [{'holds': holds, 'policy': policy, 'kind': 'document'}])
                self.document.type_id = kind
                self.assertRecordValues(self.document, [{'holds': holds, 'policy': policy}])
        entered = self._document(self.insurance, holds='pay', policy='warn')
        self.assertRecordValues(entered, [{'holds': 'pay', 'policy': 'warn'}])
        self.insurance.write({'holds': 'invite', 'policy': 'warn'})
        self.assertRecordValues(
            entered | self._document(self.insurance),
            [
                {'holds': 'pay', 'policy': 'warn'},
                {'holds': 'invite', 'policy': 'warn'},
            ],
        )

    def test_of_its_contract(self):
        """A contract's document is of its company and its partner; another partner may hand it in."""
        other = self.env['res.company'].create({'name': "Elsewhere"})
        broker = self.env['res.partner'].create({'name': "Broker"})
        self.env.user.company_ids += other
        mine = self.env['progress.compliance'].with_context(allowed_company_ids=[other.id, self.company.id])
        made = mine.create({'type_id': self.insurance.id, 'contract_id': self.contract.id})
        self.assertRecordValues(made, [{'company_id': self.company.id, 'partner_id': self.customer.id}])
        made = self._document(self.insurance, contract_id=self.contract.id, partner_id=broker.id)
        self.assertRecordValues(made, [{'company_id': self.company.id, 'partner_id': broker.id}])
        made = mine.create({'type_id': self.insurance.id, 'partner_id': broker.id})
        self.assertRecordValues(made, [{'company_id': other.id, 'commercial_partner_id': broker.id}])
        self.assertRefused(
            lambda: self.document.write({'contract_id': False}), "is given once: add a new one", error=AccessError
        )

    def test_of_a_firm(self):
        """A person's document is listed with the firm, and with all its people's."""
        person = self.env['res.partner'].create({'name': "Site Office", 'parent_id': self.customer.id})
        theirs = self._document(self.licence, partner_id=person.id)
        self.assertEqual(theirs.commercial_partner_id, self.customer)
        self.assertEqual(self.customer.progress_compliance_ids, theirs | self.document)
        self.assertFalse(person.progress_compliance_ids)

    def test_copied(self):
        """A copy is reminded of anew, and keeps what was decided; a waiver is asked for once with its bill."""
        self.document.write({'valid_until': self._day(3), 'policy': 'warn'})
        self.document._remind()
        copied = self.document.copy()
        self.assertRecordValues(
            copied,
            [{'reminded_on': False, 'policy': 'warn', 'valid_until': self._day(3), 'contract_id': self.contract.id}],
        )
        self.assertFalse(copied.activity_ids)
        self.contract.waiver_type_ids = self.types.create({'name': "Waiver", 'kind': 'conditional'})
        waiver = self.billing.run(self.contract, 50).waiver_ids
        self.assertRefused(waiver.copy, "Bill of", "cannot be set", error=AccessError)

    # === FILES === #

    def test_loose_files(self):
        """A file without a record becomes the document's; what is elsewhere's, or a field's, stays where it is."""
        files = self.env['ir.attachment']
        loose, theirs = files.create(
            [
                {'name': "loose.pdf", 'raw': b'1'},
                {'name': "theirs.pdf", 'raw': b'2', 'res_model': 'res.partner', 'res_id': self.customer.id},
            ]
        )
        field = files.create({'name': "field", 'raw': b'3', 'res_model': 'res.partner', 'res_field': 'image_1920'})
        self.document.attachment_ids = loose | theirs | field
        mine = ('progress.compliance', self.document.id)
        self.assertEqual((loose.res_model, loose.res_id), mine)
        self.assertEqual((theirs.res_model, theirs.res_id), ('res.partner', self.customer.id))
        self.assertEqual((field.res_model, field.res_id), ('res.partner', 0))
        other = self._document(self.licence, attachment_ids=[Command.link(loose.id)])
        self.assertEqual((loose.res_model, loose.res_id), mine, "the first keeps it")
        self.assertEqual(other.state, 'valid')


@tagged('post_install', '-at_install')
class TestExcuses(ComplianceCommon):
    """Who says that a document is not needed, or holds up something else than its type says (CMP-2)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.pro_forma([1000])
        cls.other = cls.env['res.partner'].create({'name': "Somebody Else"})
        cls.same = cls.insurance.copy({'name': "Liability"})
        cls.person = cls.env['res.partner'].create({'name': "Site Office", 'parent_id': cls.customer.id})
        cls.manager, cls.vendors_manager = (
            new_test_user(
                cls.env,
                login=f'excuse_{group}',
                groups=f'progress_billing.group_user,progress_billing.group_{group}',
                company_id=cls.company.id,
            )
            for group in ('manager', 'subcontract_manager')
        )

    def _is_allowed(self, user, act):
        """Whether a user may: they do, or are told who may."""
        with self.env.cr.savepoint() as savepoint:
            try:
                act(self.env['progress.compliance'].with_user(user))
                self.env.flush_all()
            except AccessError as error:
                self.assertIn("only administrators say that a document is not needed", str(error))
                return False
            finally:
                savepoint.rollback()
                self.env.invalidate_all(flush=False)
        return True

    def test_changes(self):
        """What is entered of a document that is missing, and of one that is there."""
        documents = {
            'missing': self._document(self.insurance, contract_id=self.contract.id),
            'valid': self._document(self.insurance, contract_id=self.contract.id, number="P"),
            'expired': self._document(self.insurance, contract_id=self.contract.id, valid_until=self._day(-1)),
        }
        free, excuse = dict.fromkeys(documents, True), dict.fromkeys(documents, False)
        for vals, allowed in (
            ({'number': "P-2", 'note': "came in"}, free),
            ({'valid_until': self._day(100)}, free),
            ({'is_waived': False, 'policy': 'stop', 'holds': 'approve'}, free),
            ({'type_id': self.insurance.id}, free),
            ({'type_id': self.same.id}, free),
            ({'is_waived': True}, excuse),
            ({'policy': 'warn'}, excuse),
            ({'holds': 'pay'}, excuse),
            ({'holds': 'invite'}, excuse),
            ({'type_id': self.licence.id}, excuse),
            ({'type_id': self.licence.id, 'policy': 'stop', 'holds': 'approve'}, free),
            ({'type_id': self.licence.id, 'policy': 'stop'}, excuse),
            ({'type_id': self.same.id, 'policy': 'warn'}, excuse),
            ({'partner_id': self.customer.id}, free),
            ({'partner_id': self.person.id}, {**excuse, 'valid': True}),
            ({'partner_id': self.other.id}, {**excuse, 'valid': True}),
        ):
            for state, document in documents.items():
                self.assertEqual(document.state, state)
                for user, is_manager in (
                    (self.billing_user, False),
                    (self.vendors_manager, False),
                    (self.manager, True),
                ):
                    with self.subTest(vals=vals, state=state, user=user.login):
                        found = self._is_allowed(user, lambda lines, d=document, v=vals: lines.browse(d.id).write(v))
                        self.assertEqual(found, is_manager or allowed[state])

    def test_new_ones(self):
        """What is asked of somebody by hand is asked as its type says."""
        contract, firm = {'contract_id': self.contract.id}, {'partner_id': self.customer.id}
        for vals, allowed in (
            ({}, True),
            ({'number': "P-1", 'valid_until': self._day(9)}, True),
            ({'policy': 'stop', 'holds': 'approve'}, True),
            ({'is_waived': True}, False),
            ({'policy': 'warn'}, False),
            ({'holds': 'pay'}, False),
        ):
            for owner in (contract, firm):
                for user, is_manager in (
                    (self.billing_user, False),
                    (self.vendors_manager, owner is firm),
                    (self.manager, True),
                ):
                    with self.subTest(vals=vals, owner=owner, user=user.login):
                        given = {'type_id': self.insurance.id, **owner, **vals}
                        found = self._is_allowed(user, lambda lines, given=given: lines.create(given))
                        self.assertEqual(found, is_manager or allowed)

    def test_several_at_once(self):
        """One that would be excused refuses all; where none changes, nobody is asked."""
        first, second = self._document(self.insurance), self._document(self.insurance, is_waived=True)
        both = (first | second).with_user(self.billing_user)
        self.assertRefused(lambda: both.write({'is_waived': True}), "only administrators say", error=AccessError)
        self.assertRefused(lambda: both.write({'is_waived': False}), "only administrators say", error=AccessError)
        both[1].is_waived = True
        self.assertRecordValues(first | second, [{'is_waived': False}, {'is_waived': True}])
