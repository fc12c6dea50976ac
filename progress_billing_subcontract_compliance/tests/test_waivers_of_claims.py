import base64

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.progress_billing.models.base.progress_actor import Actor
from odoo.addons.progress_billing.tests.test_portal_files import make_pdf, make_picture
from odoo.addons.progress_billing_subcontract.tests.claim_common import AcceptedClaimCommon


@tagged('post_install', '-at_install')
class TestWaiversOfClaims(AcceptedClaimCommon):
    """A waiver of a claim can be signed until it is paid: the vendor bill is made as soon as the claim is approved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['progress.compliance.type'].search([]).asked_of = 'none'
        cls.conditional = cls.env['progress.compliance.type'].create(
            {'name': "Conditional", 'kind': 'conditional', 'holds': 'pay', 'policy': 'stop', 'text': "{amount}"}
        )
        cls.contract.waiver_type_ids = cls.conditional

    def setUp(self):
        super().setUp()
        for name in ('_get_portal_pdf', '_get_signature_page'):
            self.patch(type(self.env['progress.bill']), name, lambda bill: make_pdf())
        self._send('submit', **self._work(self.bill, '10000'))
        self.waiver = self.bill.waiver_ids

    def _sign(self):
        bill, contact = self.bill.sudo(), self.contact.sudo()
        image = base64.b64encode(make_picture()).decode()
        bill._take_signature(Actor(self.mason), contact, "Mia M.", image, bill._get_version())

    def test_signed_after_the_approval(self):
        """Approved before anybody signed: the contact signs then, and the vendor is paid."""
        self.bill.action_approve()
        self.bill.invoice_id.action_post()
        self.assertEqual(self.bill.claim_status, 'billed')
        self.assertRefused(lambda: self.billing.pay(self.bill.invoice_id), "is not signed")
        self.assertTrue(self.bill._is_to_be_signed())
        self.waiver.is_waived = True
        self.assertFalse(self.bill._is_to_be_signed(), "Not needed, so not asked for.")
        self.waiver.is_waived = False
        self._sign()
        self.assertRecordValues(self.waiver, [{'state': 'valid', 'signed_amount': 9000, 'signed_by': "Mia M."}])
        self.assertFalse(self.bill._is_to_be_signed())
        self.assertRefused(self._sign, "was signed already")
        self.billing.pay(self.bill.invoice_id)
        self.assertEqual(self.bill.claim_status, 'paid')

    def test_another_amount_is_signed_anew(self):
        """Signed for 9,000, certified for 7,200: that is signed again; credited in part later, again."""
        self._sign()
        self.assertEqual((self.waiver.state, self.waiver.signed_amount), ('valid', 9000))
        self.assertFalse(self.bill._is_to_be_signed())
        self.first.certified_amount = 8000
        self.bill.action_approve()
        self.bill.invoice_id.action_post()
        self.assertEqual((self.waiver.state, self.waiver.waiver_amount), ('missing', 7200))
        self.contact.role = 'reader'
        self.assertRefused(self._sign, "others claim for the firm", error=AccessError)
        self.assertTrue(self.bill.signed_on, "What is refused changes nothing.")
        self.contact.role = 'invoice'
        self._sign()
        self.assertEqual((self.waiver.state, self.waiver.signed_amount), ('valid', 7200))
        self.assertEqual(self.bill.answer_ids.mapped('kind').count('sign'), 2)
        self.billing.pay(self.bill.invoice_id)

    def test_without_waivers(self):
        """A claim that asks for no waiver is signed until it is approved, as before."""
        self.waiver.sudo().unlink()
        self.bill.action_approve()
        self.assertFalse(self.bill._is_to_be_signed())

    def test_exported_by_administrators(self):
        """A waiver says what was certified: of claims by administrators alone; a firm's papers by all."""
        insurance = self.conditional.create({'name': "Insurance"})
        paper = self.waiver.create({'type_id': insurance.id, 'partner_id': self.vendor.id, 'number': "P-1"})
        export = self.env.ref('base.group_allow_export')
        for user, allowed in ((self.sub_reader, False), (self.standard_user, False), (self.sub_manager, True)):
            with self.subTest(user=user.login):
                user.group_ids += export
                waiver, columns = self.waiver.with_user(user), ['type_id/name', 'waiver_amount', 'bill_id/amount']
                if allowed:
                    self.assertEqual(waiver.export_data(columns)['datas'], [["Conditional", 9000, 10000]])
                else:
                    for names in (columns, ['waiver_text']):
                        self.assertRefused(
                            lambda waiver=waiver, names=names: waiver.export_data(names),
                            "Only administrators of Subcontract Billing export claims",
                            error=AccessError,
                        )
                    by_firm = self.vendor.with_user(user)
                    self.assertRefused(
                        lambda by_firm=by_firm: by_firm.export_data(['name', 'progress_compliance_ids/waiver_amount']),
                        "Only administrators of Subcontract Billing export claims",
                        error=AccessError,
                    )
                self.assertEqual(paper.with_user(user).export_data(['number'])['datas'], [["P-1"]])
