import base64
from functools import partial

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.progress_billing.tests.portal_common import PortalCommon
from odoo.addons.progress_billing.tests.test_portal_files import make_pdf, make_picture


@tagged('post_install', '-at_install')
class TestWaivers(PortalCommon):
    """Waivers are asked for with a bill, and signed on its page by the same hand (CMP-5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vals = {'holds': 'pay', 'policy': 'stop', 'text': "{payee} waives {amount} for {bill} of {payer}."}
        cls.conditional, cls.unconditional = cls.env['progress.compliance.type'].create(
            [{'name': kind.title(), 'kind': kind, **vals} for kind in ('conditional', 'unconditional')]
        )
        cls.contract.waiver_type_ids = cls.conditional | cls.unconditional
        cls.bill.action_submit()
        cls.bill._ask_for_waivers()

    def setUp(self):
        super().setUp()
        for name in ('_get_portal_pdf', '_get_signature_page'):
            self.patch(type(self.env['progress.bill']), name, lambda bill: make_pdf())

    def _sign(self, contact=None):
        params = {
            'name': "Anna A.",
            'signature': base64.b64encode(make_picture()).decode(),
            'version': self.bill._get_version(),
            'access_token': (contact or self.contact).sudo().token,
        }
        answer = self.make_jsonrpc_request(f'{self.bill._get_portal_path()}/sign', params, timeout=60)
        return self.url_open(answer['redirect_url'])

    def test_signed_with_the_bill(self):
        waiver = self.bill.waiver_ids.filtered(lambda waiver: waiver.type_id == self.conditional)
        self.assertEqual(waiver.waiver_amount, self.bill.certified_amount)
        self.assertEqual(self.bill._get_compliance_blockers('approve'), [])
        not_signed = f"Conditional for {self.bill.name} is not signed."
        self.assertEqual(self.bill._get_compliance_blockers('pay'), [not_signed])
        page = self._get(self.bill, contact=self.contact)
        self.assertIn(f"for {self.bill.name} of {self.company.name}.", page.text)
        self.assertNotIn("Unconditional", page.text, "nothing was paid before")
        page = self._sign()
        self.assertIn("Signed with this bill:", page.text)
        self.assertEqual(self.bill.state, 'approved')
        self.assertRecordValues(
            waiver,
            [{'signed_by': "Anna A.", 'signed_by_partner_id': self.anna.id, 'state': 'valid', 'signed_amount': 8100}],
        )
        self.assertIn(self.bill.name, waiver.signed_text)
        self.assertEqual(self.bill._get_compliance_blockers('pay'), [])
        with self.assertRaisesRegex(UserError, "it stays with its bill"):
            waiver.unlink()

    def test_stays_what_was_asked_for(self):
        """What was signed as one waiver is not made another one, or another firm's."""
        self._sign()
        waiver = self.bill.waiver_ids.filtered(lambda waiver: waiver.type_id == self.conditional)
        for mine in waiver, waiver.with_user(self.billing_user):
            for vals in ({'type_id': self.unconditional.copy().id}, {'partner_id': self.architect.id}):
                with self.subTest(user=mine.env.user.login, vals=vals):
                    act = partial(mine.write, vals)
                    self.assertRefused(act, "cannot be set", error=AccessError)
        waiver.write({'type_id': self.conditional.id, 'note': "Filed"})
        self.assertEqual((waiver.type_id, waiver.state), (self.conditional, 'valid'))

    def test_refused_signature_leaves_both_unsigned(self):
        reader = self._add_contact(self.architect, 'reader')
        self._sign(reader)
        self.assertFalse(self.bill.signed_on)
        self.assertFalse(any(self.bill.waiver_ids.mapped('signed_on')))

    def test_what_was_paid_before(self):
        """The unconditional one is for what was paid on the bills before."""
        self._sign()
        self.bill.action_release()
        self.bill.invoice_id.action_post()
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=self.bill.invoice_id.ids
        ).create({'amount': 1000})._create_payments()
        second = self.billing.run(self.contract, 60)
        amounts = {waiver.type_id: waiver.waiver_amount for waiver in second.waiver_ids}
        self.assertEqual(amounts, {self.conditional: second.certified_amount, self.unconditional: 1000})
        waiver = second.waiver_ids.filtered(lambda waiver: waiver.type_id == self.unconditional)
        self.assertIn("1,000.00", waiver.waiver_text)
        self.billing.pay(self.bill.invoice_id, 500)
        self.assertEqual(waiver.waiver_amount, 1500, "what was read before the payment is not remembered")
        self.assertIn("1,500.00", waiver.waiver_text)

    def test_revision_is_signed_anew(self):
        self._sign()
        self.bill.action_reject("Too much")
        self.bill.action_submit()
        self.assertEqual(len(self.bill._get_compliance_blockers('pay')), 1)
        self._sign()
        self.assertEqual(self.bill._get_compliance_blockers('pay'), [])

    def test_signed_by_the_office(self):
        """What we give up ourselves is signed by an administrator, in his own name, once."""
        self.conditional.signer = 'office'
        waiver = self.bill.waiver_ids.filtered(lambda waiver: waiver.type_id == self.conditional)
        self.assertIn(f"{self.company.name} waives", waiver.waiver_text)
        with self.assertRaisesRegex(UserError, "Only Progress Billing administrators"):
            waiver.with_user(self.billing_user).action_sign()
        waiver.with_user(self.manager).action_sign()
        self.assertEqual((waiver.signed_by, waiver.state), (self.manager.name, 'valid'))
        with self.assertRaisesRegex(UserError, "was signed already"):
            waiver.with_user(self.manager).action_sign()
        others = self.bill.waiver_ids - waiver
        with self.assertRaisesRegex(UserError, "not signed by the office"):
            others.with_user(self.manager).action_sign()

    def test_asked_by_the_settings(self):
        """A type that is asked of each contract is on the contract, and with its bills."""
        self.conditional.asked_of = 'contract'
        contract = self.make.pro_forma([1000])
        self.assertEqual(contract.waiver_type_ids, self.conditional)
        bill = self.billing.run(contract, 50)
        self.assertEqual(bill.waiver_ids.type_id, self.conditional)
        with self.assertRaisesRegex(UserError, "cannot be set"):
            contract.bill_ids.with_user(self.reader).write(
                {'waiver_ids': [Command.create({'type_id': self.conditional.id})]}
            )
