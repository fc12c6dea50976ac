import functools
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import ProgressBillingCommon


class PageCommon(ProgressBillingCommon):
    """People outside the office, whose pages are asked for what they say without being opened."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna, cls.ada, cls.bert = cls.env['res.partner'].create(
            [
                {'name': "Anna", 'email': 'anna@example.com', 'parent_id': cls.customer.id},
                {'name': "Ada", 'email': 'ada@example.com'},
                {'name': "Bert"},
            ]
        )

    @classmethod
    def _add_contact(cls, contract, partner, role='approver'):
        vals = {'contract_id': contract.id, 'partner_id': partner.id, 'role': role}
        return cls.env['progress.contact'].create(vals)


@tagged('post_install', '-at_install')
class TestPortalStatement(PageCommon):
    """The statement of a contract: which figures, in which order, for whom (PAG-2, PAG-3)."""

    def _read_statement(self, contract, bills=None):
        rows = contract._get_portal_statement(contract.bill_ids if bills is None else bills)
        return [(row['key'], round(row['amount'], 2), row['strong']) for row in rows]

    def test_figures(self):
        """10,000 + 2,000 at 15 %, half of it billed, 10 % of that held back, 1,000 paid.

        6,000 + 900 of tax less 600 held back are 6,300: 1,000 paid, 5,300 due.
        """
        contract = self.make.as_billed([10000], self.tax_15, retainage_percent=10)
        self.make.extra(contract, 2000)
        bill = self.billing.draw(contract, 50)
        self.billing.pay(bill.invoice_id, 1000)
        self.env.invalidate_all()
        self.assertEqual(
            self._read_statement(contract),
            [
                ('original', 10000, False),
                ('change', 2000, False),
                ('revised', 12000, True),
                ('billed', 6000, False),
                ('available', 6000, False),
                ('paid', 1000, False),
                ('due', 5300, True),
                ('retainage', 600, False),
            ],
        )
        labels = [row['label'] for row in contract._get_portal_statement(contract.bill_ids)]
        self.assertEqual(
            labels,
            [
                "Original Contract",
                "Change Orders",
                "Revised Contract",
                "Invoiced",
                "Not Invoiced Yet",
                "Paid, With Tax",
                "Amount Due, With Tax",
                "Retainage Held",
            ],
        )

    def test_deposits(self):
        """Deposits have a row while they are held, and drafts of them are neither held nor billed."""
        contract = self.make.contract([1000])
        draft = self.billing.bill(contract, '10%', post=False)
        rows = dict(row[:2] for row in self._read_statement(contract))
        self.assertEqual((rows['billed'], rows['available'], 'deposits' in rows), (0, 1000, False))
        draft.invoice_id.action_post()
        rows = dict(row[:2] for row in self._read_statement(contract))
        self.assertEqual((rows['billed'], rows['available'], rows['deposits']), (100, 900, 100))
        self.assertNotIn('retainage', rows)
        self.billing.final(contract)
        rows = dict(row[:2] for row in self._read_statement(contract))
        self.assertEqual((rows['billed'], rows['available'], 'deposits' in rows), (1000, 0, False))

    def test_opening_amounts_are_invoiced(self):
        """What was billed before the contract was entered is invoiced for a customer who reads the whole contract."""
        contract = self.make.as_billed([1000], do_open=False)
        self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 300})],
            }
        )
        contract.action_open()
        self.billing.draw(contract, 50)
        shown = contract.bill_ids.filtered_domain(contract.bill_ids._get_portal_domain())
        self.assertEqual(shown.mapped('kind'), ['progress'])
        self.assertIn(('billed', 500, False), self._read_statement(contract, shown))

    def test_two_firms(self):
        """A firm of several reads what it was billed, paid and owes; the contract's own figures are not its."""
        other = self.env['res.partner'].create({'name': "Other Firm", 'is_company': True})
        contract = self.make.as_billed([1000, 400], self.tax_15)
        contract.line_ids[1].partner_id = other
        bills = self.billing.draw(contract, 50, 50)
        mine = bills.filtered(lambda bill: bill.partner_id == self.customer)
        self.assertEqual(
            self._read_statement(contract, mine), [('billed', 500, False), ('paid', 0, False), ('due', 575, True)]
        )
        self.billing.credit(mine.invoice_id, 200)
        self.env.invalidate_all()
        rows = dict(row[:2] for row in self._read_statement(contract, mine))
        self.assertEqual((rows['billed'], rows['due']), (300, 345))
        self.assertEqual(dict(row[:2] for row in self._read_statement(contract, bills - mine))['billed'], 200)

    def test_draft_of_one_firm(self):
        """A draft invoice is billed to nobody."""
        other = self.env['res.partner'].create({'name': "Other Firm", 'is_company': True})
        contract = self.make.as_billed([1000, 400])
        contract.line_ids[1].partner_id = other
        bills = self.billing.draw(contract, 50, 50, post=False)
        self.assertIn(('billed', 0, False), self._read_statement(contract, bills[:1]))

    def test_firms(self):
        """Who is billed: the contract's customer, those of its lines and of its bills, each firm once."""
        firm = self.env['res.partner'].create({'name': "Other Firm", 'is_company': True})
        person = self.env['res.partner'].create({'name': "Its Clerk", 'parent_id': firm.id})
        self.customer.is_company = True
        contract = self.make.as_billed([1000, 400])
        self.assertEqual(contract._get_portal_firms(), self.customer)
        contract.line_ids[1].partner_id = self.anna
        self.assertEqual(contract._get_portal_firms(), self.customer)
        contract.line_ids[1].partner_id = person
        self.assertEqual(contract._get_portal_firms(), self.customer | firm)
        self.billing.draw(contract, 0, 50)
        contract.line_ids[1].partner_id = False
        self.assertEqual(contract._get_portal_firms(), self.customer | firm)

    def test_plan(self):
        """What comes next: planned records alone, by date; those without one come last."""
        contract = self.make.contract([1000])
        undated = self.make.plan(contract, '10%', False)
        late, early = self.make.plan(contract, '10%', '2026-05-31'), self.make.plan(contract, '10%', '2026-03-31')
        twin = self.make.plan(contract, '10%', '2026-03-31')
        self.billing.bill(contract, '10%')
        self.make.plan(contract, '10%', '2026-01-01').action_cancel()
        self.assertEqual(contract._get_portal_plan(), early + twin + late + undated)

    def test_when_there_is_a_page(self):
        """From the opening of the contract on, and no more once it is cancelled."""
        contract = self.make.contract([1000], do_open=False)
        self.assertFalse(contract._is_on_portal())
        contract.action_open()
        self.assertTrue(contract._is_on_portal())
        closed = self.make.contract([1000])
        self.billing.final(closed)
        self.assertTrue(closed._is_on_portal())
        contract.action_cancel()
        self.assertFalse(contract._is_on_portal())

    def test_milestones(self):
        """Those reached that wait for the customer's approval on this contract, whether a line or a record waits."""
        contract, other = self.make.contract([1000, 500]), self.make.contract([700])
        names = ("By line", "By record", "Not reached", "Needs nobody", "Of another contract")
        by_line, by_record, early, plain, foreign = self.env['project.milestone'].create(
            [{'name': name, 'project_id': self.project.id} for name in names]
        )
        contract.line_ids[0].write({'milestone_id': by_line.id, 'requires_approval': True})
        contract.line_ids[1].write({'milestone_id': plain.id})
        other.line_ids.write({'milestone_id': foreign.id, 'requires_approval': True})
        for milestone in (by_record, early):
            self.make.plan(
                contract, '10%', False, trigger='milestone', milestone_id=milestone.id, requires_approval=True
            )
        (by_line | by_record | plain | foreign).is_reached = True
        self.assertEqual(contract._get_portal_milestones(), by_line | by_record)
        self.assertEqual(other._get_portal_milestones(), foreign)


@tagged('post_install', '-at_install')
class TestPortalBill(PageCommon):
    """What the page of a bill shows, and which bills have one (PAG-3)."""

    def _is_shown(self, bill):
        return bool(bill.filtered_domain(bill._get_portal_domain()))

    def test_states(self):
        """Planned and unsent: nothing to see; sent or handed in: seen, in the customer's words."""
        contract = self.make.pro_forma([1000])
        bill = self.make.plan(contract, '50%')
        steps = (
            (lambda: None, 'planned', False, "Planned"),
            (bill.action_create, 'draft', False, "To Be Approved"),
            (lambda: bill._write_protected({'shared_on': fields.Datetime.now()}), 'draft', True, "To Be Approved"),
            (bill.action_submit, 'submitted', True, "To Be Approved"),
            (lambda: bill.action_reject("Roof"), 'rejected', True, "Rejected"),
            (bill.action_submit, 'submitted', True, "To Be Approved"),
            (bill.action_approve, 'approved', True, "Approved"),
            (bill.action_release, 'invoiced', True, "Being Invoiced"),
            (lambda: bill.invoice_id.action_post(), 'invoiced', True, "Invoiced"),
        )
        for act, state, shown, label in steps:
            act()
            with self.subTest(state=state, label=label):
                self.assertEqual(bill.state, state)
                self.assertEqual(self._is_shown(bill), shown)
                self.assertEqual(bill._get_portal_state_label(), label)

    def test_gone(self):
        """Cancelled bills, opening amounts, and bills of contracts without a page have none."""
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 50)
        bill.action_submit()
        self.assertTrue(self._is_shown(bill))
        bill.action_reject("Once more")
        bill.action_cancel()
        self.assertFalse(self._is_shown(bill))
        contract = self.make.as_billed([1000], do_open=False)
        opening = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 300})],
            }
        )
        contract.action_open()
        self.assertFalse(self._is_shown(opening))

    def test_whose(self):
        """A contact sees the bills of their own contract; of one that bills several firms, those of their own firm."""
        other = self.env['res.partner'].create({'name': "Other Firm", 'is_company': True})
        contract, stranger = self.make.pro_forma([1000, 400]), self.make.pro_forma([700])
        contract.line_ids[1].partner_id = other
        bills = self.billing.run(contract, 50) | self.billing.run(stranger, 50)
        bills.action_submit()
        ours = bills.filtered(lambda bill: bill.partner_id == self.customer and bill.contract_id == contract)
        theirs, elsewhere = (
            bills.filtered(lambda bill: bill.partner_id == other),
            bills.filtered(lambda bill: bill.contract_id == stranger),
        )
        anna, clerk = self._add_contact(contract, self.anna), self._add_contact(contract, other)
        ada, far = self._add_contact(contract, self.ada), self._add_contact(stranger, self.ada)
        for contacts, expected in (
            (anna, ours),
            (clerk, theirs),
            (ada, ours | theirs),
            (far, elsewhere),
            (anna | far, ours | elsewhere),
            (self.env['progress.contact'], self.env['progress.bill']),
        ):
            with self.subTest(contacts.mapped('display_name')):
                self.assertEqual(bills.filtered_domain(bills._get_contact_domain(contacts.sudo())), expected)
                if len(contacts) == 1:
                    self.assertEqual([bill._is_on_portal(contacts) for bill in bills], [b in expected for b in bills])

    def test_summary(self):
        """The summary of the application, in its order: 20,000 at 30 % and 10 % held, then 50 %."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        self.make.extra(contract, 10000)
        self.billing.to_ledger(self.billing.run(contract, 30))
        bill = self.billing.run(contract, 50)
        rows = [(row['key'], row['amount'], row['strong']) for row in bill._get_portal_summary()]
        self.assertEqual(
            rows,
            [
                ('original_amount', 20000, False),
                ('change_amount', 10000, False),
                ('revised_amount', 30000, True),
                ('completed_stored_amount', 15000, False),
                ('retainage_total', 1500, False),
                ('earned_less_retainage', 13500, True),
                ('less_previous_certificates', 8100, False),
                ('current_payment_due', 5400, True),
                ('balance_to_finish', 16500, False),
            ],
        )
        self.assertEqual(bill._get_portal_summary()[0]['label'], "Original Contract Sum")

    def test_rows(self):
        """All lines stand on the sheet; those with work of this bill are marked."""
        contract = self.make.pro_forma([1000, 500, 200])
        self.billing.to_ledger(self.billing.draw(contract, 50, 0, 50))
        bill = self.billing.draw(contract, 60, 0, 50)
        rows = [(row['line'].item_number, row['touched'], float(row['work'])) for row in bill._get_portal_rows()]
        self.assertEqual(rows, [('1', True, 100), ('2', False, 0), ('3', False, 0)])

    def test_invoice(self):
        """The page leads to the invoice once it is posted; a draft is none."""
        bill = self.billing.run(self.make.pro_forma([1000]), 50)
        self.assertRefused(bill._get_portal_invoice, "There is no invoice of", bill.name)
        bill.action_release()
        self.assertRefused(bill._get_portal_invoice, "There is no invoice of", bill.name)
        bill.invoice_id.action_post()
        self.assertEqual(bill._get_portal_invoice(), bill.invoice_id)

    def test_version(self):
        """Every figure, the state and a dispute make another version of the page; a title does not."""
        contract = self.make.pro_forma([1000, 500], retainage_percent=10)
        bill = self.billing.run(contract, 40)
        line = bill.line_ids[0]
        seen = {bill._get_version()}
        for name, act in (
            ('amount', lambda: line.write({'amount': 450})),
            ('stored', lambda: line.write({'stored_amount': 50})),
            ('retainage', lambda: line.write({'retainage_amount': 30})),
            ('submit', bill.action_submit),
            ('certified', lambda: line.write({'certified_amount': 440})),
            ('certified sum', lambda: bill.write({'certified_amount': 500})),
            ('dispute', lambda: bill.action_dispute("Not so")),
        ):
            act()
            with self.subTest(name):
                self.assertNotIn(bill._get_version(), seen)
                seen.add(bill._get_version())
        before = bill._get_version(), bill._get_fingerprint()
        bill.title = "Other words"
        self.assertEqual((bill._get_version(), bill._get_fingerprint()), before)

    def test_fingerprint_is_of_figures(self):
        """Submitting and disputing change what the page shows, and no figure."""
        bill = self.billing.run(self.make.pro_forma([1000]), 40)
        before = bill._get_fingerprint()
        bill.action_submit()
        bill.action_dispute("Not so")
        self.assertEqual(bill._get_fingerprint(), before)
        twin = self.billing.run(self.make.pro_forma([1000]), 40)
        self.assertNotEqual(twin._get_fingerprint(), before)


@tagged('post_install', '-at_install')
class TestPortalContacts(PageCommon):
    """Who a link is, and what they may do with it (PAG-1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract, cls.other = cls.make.pro_forma([1000]), cls.make.pro_forma([500])
        cls.contact = cls._add_contact(cls.contract, cls.anna)

    def test_tokens(self):
        """Only the whole token of a live contact of this very contract opens it."""
        stranger = self._add_contact(self.other, self.ada)
        token = self.contact.sudo().token
        find = self.env['progress.contact']._find_by_token
        for given, found in (
            (token, self.contact),
            (token[:-1], False),
            (token + 'x', False),
            (token.swapcase(), False),
            (stranger.sudo().token, False),
            ('', False),
            (None, False),
            (False, False),
            (17, False),
            ([token], False),
            ('ü' * 43, False),
        ):
            with self.subTest(given):
                self.assertEqual(find(self.contract, given), found or self.env['progress.contact'])
        self.assertEqual(find(self.other, stranger.sudo().token), stranger)
        self.contact.active = False
        self.assertFalse(find(self.contract, token))

    def test_a_person_who_left(self):
        """Archived by whoever may, a person has no link any more; as a contact again they get a new one."""
        other, token = self._add_contact(self.other, self.ada), self.contact.sudo().token
        find = self.env['progress.contact']._find_by_token
        user = new_test_user(self.env, login='keeper', groups='base.group_partner_manager,base.group_user')
        self.anna.with_user(user).active = False
        self.assertEqual((find(self.contract, token).ids, self.contact.active, other.active), ([], False, True))
        self.anna.active = True
        self.assertFalse(find(self.contract, token))
        self.contact.active = True
        self.assertFalse(find(self.contract, token))
        self.assertEqual(find(self.contract, self.contact.sudo().token), self.contact)

    def test_roles(self):
        for role, answers, talks in (('approver', True, True), ('invoice', False, True), ('reader', False, False)):
            with self.subTest(role):
                self.contact.role = role
                self.assertEqual((self.contact._may_answer(), self.contact._may_talk()), (answers, talks))
        nobody = self.env['progress.contact']
        self.assertEqual((nobody._may_answer(), nobody._may_talk()), (False, False))

    def test_person(self):
        """One contact for a person and a contract; who it is never changes, not even to nobody."""
        with mute_logger('odoo.sql_db'):
            again = functools.partial(self._add_contact, self.contract, self.anna)
            self.assertRefused(again, "progress_contact_unique_person", error=IntegrityError)
        self.assertRefused(lambda: self.contact.write({'partner_id': self.ada.id}), "Person", error=UserError)
        self.assertEqual(self.contact.partner_id, self.anna)
        self.assertTrue(self._add_contact(self.other, self.anna), "another contract")

    def test_new_link(self):
        """Who is revoked and comes back has another link; archiving or saving alone keeps it."""
        token = self.contact.sudo().token
        self.contact.write({'active': True, 'role': 'invoice'})
        self.assertEqual(self.contact.sudo().token, token)
        self.contact.action_revoke()
        self.assertFalse(self.contact.active)
        self.assertEqual(self.contact.sudo().token, token)
        self.contact.active = True
        self.assertNotEqual(self.contact.sudo().token, token)
        self.assertGreaterEqual(len(self.contact.sudo().token), 40)

    def test_visits(self):
        """A visit counts once in five minutes."""
        for moment, noted in (
            ('2026-03-01 10:00:00', '2026-03-01 10:00:00'),
            ('2026-03-01 10:05:00', '2026-03-01 10:00:00'),
            ('2026-03-01 10:05:01', '2026-03-01 10:05:01'),
            ('2026-03-01 10:07:00', '2026-03-01 10:05:01'),
        ):
            with self.subTest(moment), freeze_time(moment):
                self.contact._see()
                self.assertEqual(str(self.contact.last_seen_on), noted)

    def test_cannot_be_reached(self):
        """A revoked link and a person without an address: named, and no e-mail goes to anybody."""
        bert = self._add_contact(self.contract, self.bert)
        gone = self._add_contact(self.contract, self.ada)
        gone.action_revoke()
        mails = self.env['mail.mail'].sudo()
        before = mails.search_count([])
        for contacts, sentence in (
            (self.contact | bert, "Bert has no e-mail address. Enter one first."),
            (self.contact | gone, f"The link of Ada ({self.contract.name}) was revoked. Unarchive the contact first."),
        ):
            with self.subTest(sentence):
                self.assertRefused(contacts.action_send_link, sentence)
                self.assertEqual(mails.search_count([]), before)
        self.assertRefused(gone.get_portal_url, "was revoked. Unarchive the contact first.")

    def test_link(self):
        """The address opens the contract or the bill, and is for those who keep contacts."""
        bill = self.billing.run(self.contract, 50)
        token = self.contact.sudo().token
        self.assertTrue(
            self.contact.get_portal_url().endswith(f'/my/progress/contract/{self.contract.id}?access_token={token}')
        )
        self.assertTrue(
            self.contact._get_portal_url(bill).endswith(f'/my/progress/bill/{bill.id}?access_token={token}')
        )
        self.assertIn('://', self.contact.get_portal_url())
        self.assertRefused(
            self.contact.with_user(self.billing_user).get_portal_url, "not allowed to modify", error=AccessError
        )

    def test_invite(self):
        """The contract's contacts get their links; without contacts, or before it is saved, nobody does."""
        action = self.contract.action_invite()
        self.assertEqual(action['params']['message'], f"Sent to {self.anna.display_name}.")
        self.assertEqual(action['params']['type'], 'success')
        self.assertRefused(self.other.action_invite, "has no contacts, so nobody would get it", error=RedirectWarning)
        self.assertRefused(
            self.env['progress.contract'].new({'name': "New"}).action_invite, "Save the contract before you send"
        )
        self.assertRefused(
            self.contract.with_user(self.reader).action_invite, "not allowed to modify", error=AccessError
        )

    def test_way_out_of_no_contacts(self):
        """The refusal leads to where a contact is added, on that contract."""
        with self.assertRaises(RedirectWarning) as refused:
            self.other._check_has_contacts()
        _message, action, button, context = refused.exception.args
        self.assertEqual(action, self.env.ref('progress_billing.action_progress_contact_add').id)
        self.assertEqual((button, context), ("Add Contact", {'default_contract_id': self.other.id}))

    def test_names(self):
        self.assertEqual(self.contact.display_name, f"{self.anna.display_name} ({self.contract.name})")
        self.assertEqual(self.contact.email, 'anna@example.com')

    def test_copy_of_a_contract(self):
        """A copied contract is nobody's yet: contacts, list and privacy stay behind, steps of approval come along."""
        self.contract.write(
            {
                'is_private': True,
                'private_user_ids': [Command.link(self.reader.id)],
                'approval_step_ids': [Command.create({'name': "Boss", 'user_id': self.env.user.id})],
            }
        )
        copied = self.contract.copy()
        self.assertFalse(copied.contact_ids)
        self.assertFalse(copied.private_user_ids)
        self.assertFalse(copied.is_private)
        self.assertEqual(copied.approval_step_ids.mapped('name'), ["Boss"])
        self.assertTrue(self.contract.contact_ids)

    def test_occasions(self):
        """A claim handed in again, and a correction of it, are occasions of their own."""
        bill = self.billing.run(self.contract, 50)
        self.assertEqual(bill._get_occasion(), '0/0')
        bill.action_submit()
        bill.action_submit()
        self.assertEqual(bill._get_occasion(), '0/1')
        bill.action_reject("Roof")
        bill.action_submit()
        self.assertEqual(bill._get_occasion(), '0/2')
        bill.action_approve()
        self.billing.to_ledger(bill)
        bill.action_correct()
        self.assertEqual(bill._get_occasion(), '1/2')
        self.assertEqual((bill.correction_number, bill.review_round), (1, 2))

    def test_reminders_begin_and_end(self):
        """From three days before the period's due date until that day itself."""
        bill = self.billing.run(self.contract, 50)
        bill.action_submit()
        today = self.company._get_progress_today()
        period = self.env['progress.billing.period'].create(
            {
                'project_id': self.project.id,
                'date_start': today - timedelta(days=40),
                'date_end': today + timedelta(days=40),
            }
        )
        bill.period_id = period
        for days, expected in ((4, 0), (-1, 0), (3, 1), (0, 1)):
            with self.subTest(days=days):
                bill.notice_ids.filtered(lambda notice: notice.kind == 'reminder').sudo().unlink()
                period.date_due = today + timedelta(days=days)
                self.env['progress.bill']._cron_remind_contacts()
                bill.invalidate_recordset(['notice_ids'])
                found = bill.notice_ids.filtered(lambda notice: notice.kind == 'reminder')
                self.assertEqual(len(found), expected)
