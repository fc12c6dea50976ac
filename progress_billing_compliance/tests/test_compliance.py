from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.progress_billing.tests.common import ProgressBillingCommon


class ComplianceCommon(ProgressBillingCommon):
    """Types of documents that differ in what they hold up, and documents of a contract and its customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.types = cls.env['progress.compliance.type']
        cls.types.search([]).asked_of = 'none'
        cls.insurance = cls.types.create({'name': "Insurance", 'holds': 'approve', 'policy': 'stop'})
        cls.licence = cls.types.create({'name': "Licence", 'holds': 'pay', 'policy': 'warn'})
        cls.company.partner_id.tz = 'UTC'  # that of scheduled actions may be another
        cls.today = cls.company._get_progress_today()

    @classmethod
    def _document(cls, kind, **vals):
        """A document of the customer, for all contracts; or of the contract given."""
        owner = {} if 'contract_id' in vals else {'partner_id': cls.customer.id, 'company_id': cls.company.id}
        return cls.env['progress.compliance'].create({'type_id': kind.id, **owner, **vals})

    @classmethod
    def _day(cls, days):
        return cls.today + timedelta(days=days)

    def assertHeld(self, contract, **sentences):
        """What stops each step, and what warns, as ``approve=[…]`` and ``warn_pay=[…]``; steps not named: nothing."""
        found = {}
        for step in ('invite', 'approve', 'pay'):
            found[step] = contract._get_compliance_blockers(step)
            found[f'warn_{step}'] = contract._get_compliance_warnings(step)
        self.assertEqual({key: value for key, value in found.items() if value}, sentences)


@tagged('post_install', '-at_install')
class TestDocuments(ComplianceCommon):
    def test_name_of_a_new_one(self):
        self.assertFalse(self.env['progress.compliance'].new().display_name)

    def test_found_by(self):
        """By all that its name shows: type, number and whose it is."""
        document = self._document(self.insurance, number="P-77")
        for word in ("insur", "p-77", self.customer.name):
            self.assertIn((document.id, document.display_name), document.name_search(word))
        self.assertFalse(document.name_search("Nothing of the kind"))

    def test_states(self):
        """Missing until a file, a number or a date is there; then by its dates (CMP-1)."""
        document = self._document(self.insurance)
        self.assertEqual(document.state, 'missing')
        for vals, state in (
            ({'number': "P-1"}, 'valid'),
            ({'valid_until': self._day(-1)}, 'expired'),
            ({'valid_until': self._day(0)}, 'expiring'),
            ({'valid_until': self._day(30)}, 'expiring'),
            ({'valid_until': self._day(31)}, 'valid'),
            ({'valid_from': self._day(1)}, 'future'),
            ({'is_waived': True}, 'waived'),
        ):
            document.write(vals)
            self.assertEqual(document.state, state, vals)
            found = document.search([('state', 'in', [state]), ('id', '=', document.id)])
            self.assertEqual(found, document)
        file = self.env['ir.attachment'].create({'name': "policy.pdf", 'raw': b'x'})
        self.assertEqual(self._document(self.insurance, attachment_ids=[Command.set(file.ids)]).state, 'valid')
        with self.assertRaisesRegex(ValidationError, "Change one of the dates"):
            document.valid_until = self._day(0)

    def test_what_holds_up_what(self):
        """A step is held up by what holds up an earlier one as well; a valid document makes up for an expired one."""
        contract = self.make.pro_forma([1000])
        insurance = self._document(self.insurance, valid_until=self._day(-1))
        self._document(self.licence, contract_id=contract.id)
        expired = (
            f"Insurance of Builder's Customer expired on {fields.Date.to_date(self._day(-1)).strftime('%m/%d/%Y')}."
        )
        missing = "Licence of Builder's Customer is missing."
        self.assertHeld(contract, approve=[expired], pay=[expired], warn_pay=[missing])
        insurance.holds = 'invite'
        self.assertHeld(contract, invite=[expired], approve=[expired], pay=[expired], warn_pay=[missing])
        insurance.holds = 'pay'
        self.assertHeld(contract, pay=[expired], warn_pay=[missing])
        self._document(self.insurance, number="P-2", valid_until=self._day(400))
        self.assertHeld(contract, warn_pay=[missing])
        other = self.make.pro_forma([1000])
        self.assertHeld(other)

    def test_whose_documents(self):
        """A colleague's document is the firm's; another company's, and another customer's, is not."""
        contract = self.make.pro_forma([1000])
        person = self.env['res.partner'].create({'name': "Site Office", 'parent_id': self.customer.id})
        stranger = self.env['res.partner'].create({'name': "Stranger"})
        other = self.env['res.company'].create({'name': "Elsewhere"})
        self._document(self.insurance, partner_id=stranger.id)
        self._document(self.insurance, company_id=other.id)
        self.assertHeld(contract)
        self._document(self.insurance, partner_id=person.id)
        held = ["Insurance of Builder's Customer, Site Office is missing."]
        self.assertHeld(contract, approve=held, pay=held)

    def test_approval(self):
        """Approval and release are refused with what is missing; what merely warns is in the history (CMP-2)."""
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 50)
        bill.action_submit()
        document = self._document(self.insurance)
        self.licence.holds = 'approve'
        self._document(self.licence)
        self.assertIn("Insurance", bill.compliance_text)
        self.assertRefused(bill.action_approve, "Insurance of Builder's Customer is missing.", bill.name)
        self.assertEqual(bill.state, 'submitted')
        document.number = "P-1"
        bill.action_approve()
        self.assertEqual(bill.state, 'approved')
        self.assertIn("Licence of Builder's Customer is missing.", str(bill.message_ids.mapped('body')))
        document.is_waived, document.number = False, False
        self.assertRefused(bill.action_release, "Insurance of Builder's Customer is missing.")
        document.is_waived = True
        bill.action_release()
        self.assertTrue(bill.invoice_id)

    def test_payment(self):
        """A customer's payment is taken; a vendor is not paid while a document is missing (CMP-2)."""
        contract = self.make.as_billed([1000])
        invoice = self.billing.draw(contract, 50).invoice_id
        self._document(self.insurance, contract_id=contract.id)
        register = self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids
        )
        dialog = register.create({})
        self.assertFalse(dialog._get_bills_to_pay())
        with patch.object(type(dialog), '_get_bills_to_pay', lambda dialog: invoice.progress_bill_id):
            self.assertRefused(dialog.action_create_payments, "Insurance of Builder's Customer is missing.")
            contract.compliance_ids.policy = 'warn'
            dialog.action_create_payments()
        self.assertNotEqual(invoice.payment_state, 'not_paid')
        self.assertIn("Insurance", str(invoice.progress_bill_id.message_ids.mapped('body')))

    def test_asked_when_opened(self):
        """Once for a partner, for each contract where its type says so, on the side it is for (CMP-3)."""
        self.insurance.asked_of = 'partner'
        self.licence.asked_of = 'contract'
        self.types.create({'name': "Bond", 'asked_of': 'contract', 'side': 'vendor'})
        first, second = self.make.pro_forma([1000]), self.make.pro_forma([500])
        documents = self.env['progress.compliance'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual(
            sorted((document.type_id.name, document.contract_id.id) for document in documents),
            [("Insurance", False), ("Licence", first.id), ("Licence", second.id)],
        )
        first.action_ask_documents()
        self.assertEqual(first.compliance_count, 2)
        first.action_cancel()
        first.action_draft()
        first.action_open()
        self.assertEqual(first.compliance_count, 2)

    def test_reminded_once(self):
        """An activity when a document is about to expire, one; another one when the renewed one is (CMP-4)."""
        soon = self._document(self.insurance, valid_until=self._day(10))
        late = self._document(self.licence, valid_until=self._day(200))
        waived = self._document(self.licence, valid_until=self._day(1), is_waived=True)
        for _twice in range(2):
            self._remind()
            self.assertEqual(len(soon.activity_ids), 1)
            self.assertFalse((late | waived).activity_ids)
        self.assertRecordValues(soon, [{'reminded_on': self.today}])
        self.assertEqual(soon.activity_ids.date_deadline, self._day(10))
        soon.activity_ids.action_feedback()
        self._remind()
        self.assertFalse(soon.activity_ids)
        soon.valid_until = self._day(15)
        self._remind()
        self.assertEqual(len(soon.activity_ids), 1)
        soon.valid_until = self._day(400)
        self.assertFalse(soon.activity_ids)

    def _remind(self):
        with self.enter_registry_test_mode():
            self.env.ref('progress_billing_compliance.ir_cron_compliance').method_direct_trigger()
        self.env.invalidate_all()


@tagged('post_install', '-at_install')
class TestComplianceRights(ComplianceCommon):
    """Who reads and keeps documents."""

    def test_roles(self):
        document = self._document(self.insurance)
        self.assertEqual(document.with_user(self.reader).state, 'missing')
        with self.assertRaisesRegex(AccessError, "not allowed to modify"):
            document.with_user(self.reader).number = "P-1"
        document.with_user(self.billing_user).number = "P-1"
        with self.assertRaisesRegex(AccessError, "not allowed to delete"):
            document.with_user(self.billing_user).unlink()
        with self.assertRaisesRegex(AccessError, "not allowed to modify"):
            self.insurance.with_user(self.billing_user).policy = 'warn'
        plain = new_test_user(self.env, login='plain', groups='base.group_user', company_id=self.company.id)
        with self.assertRaisesRegex(AccessError, "not allowed to access"):
            document.with_user(plain).read(['number'])

    def test_files(self):
        """A file that was uploaded with the document is read by whoever reads that, and by nobody else."""
        vals = {'name': "policy.pdf", 'raw': b'x', 'res_model': 'progress.compliance', 'res_id': 0}
        file = self.env['ir.attachment'].with_user(self.billing_user).create(vals)
        vals = {'type_id': self.insurance.id, 'partner_id': self.customer.id, 'attachment_ids': [Command.link(file.id)]}
        document = self.env['progress.compliance'].with_user(self.billing_user).create(vals)
        self.assertEqual((file.res_model, file.res_id), ('progress.compliance', document.id))
        self.assertTrue(file.with_user(self.reader).has_access('read'))
        plain = new_test_user(self.env, login='plain_file', groups='base.group_user', company_id=self.company.id)
        self.assertFalse(file.with_user(plain).has_access('read'))

    def test_companies(self):
        """Another company's manager neither reads a document, nor ties one of theirs to a contract of ours."""
        other = self.env['res.company'].create({'name': "Elsewhere"})
        stranger = new_test_user(
            self.env,
            login='elsewhere',
            groups='progress_billing.group_manager',
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        contract = self.make.pro_forma([1000])
        document = self._document(self.insurance)
        theirs = self.env['progress.compliance'].with_user(stranger).with_company(other)
        with self.assertRaisesRegex(AccessError, "top-secret"):
            document.with_user(stranger).with_company(other).read(['number'])
        mine = theirs.create({'type_id': self.insurance.id, 'partner_id': self.customer.id})
        for vals in ({'contract_id': contract.id}, {'company_id': self.company.id}):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "top-secret|given once|not allowed"):
                mine.write(vals)
        with self.assertRaisesRegex(UserError, "top-secret"):
            theirs.create({'type_id': self.insurance.id, 'contract_id': contract.id})

    def test_private_contract(self):
        contract = self.make.pro_forma([1000])
        document = self._document(self.insurance, contract_id=contract.id)
        self.assertTrue(document.with_user(self.reader).has_access('read'))
        contract.is_private = True
        self.env.invalidate_all()
        self.assertFalse(document.with_user(self.reader).has_access('read'))

    def test_guarded(self):
        document = self._document(self.insurance)
        for vals in ({'reminded_on': self.today}, {'signed_by': "Me"}, {'bill_id': 1}):
            with self.subTest(vals=vals), self.assertRaisesRegex(AccessError, "cannot be set"):
                document.write(vals)
