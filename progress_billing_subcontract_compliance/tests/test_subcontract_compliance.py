from odoo.tests import Form, tagged

from odoo.addons.progress_billing_subcontract.tests.claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestSubcontractCompliance(ClaimCommon):
    """Documents of subcontractors: invitation, claim and payment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        types = cls.env['progress.compliance.type']
        cls.insurance = types.create({'name': "Insurance", 'holds': 'invite', 'policy': 'stop'})
        cls.waiver = types.create(
            {'name': "Waiver", 'kind': 'conditional', 'text': "{payee} gives up {amount} of {payer} for {bill}."}
        )

    def _document(self, **vals):
        return self.env['progress.compliance'].create(
            {'type_id': self.insurance.id, 'contract_id': self.contract.id, **vals}
        )

    def test_forms(self):
        """The forms of a subcontract and of a claim show what is asked for, as those of customers do."""
        form = Form(self.contract, 'progress_billing_subcontract.progress_subcontract_view_form')
        form.waiver_type_ids.add(self.waiver)
        form.save()
        self._document()
        form = Form(self.contract, 'progress_billing_subcontract.progress_subcontract_view_form')
        missing = f"Insurance of {self.vendor.name} is missing."
        self.assertEqual((form.compliance_count, form.compliance_text), (1, missing))
        self.contract.compliance_ids.policy = 'warn'
        bill = self._claim(self.contract, 6000)
        claim = Form(bill, 'progress_billing_subcontract.progress_subcontract_bill_view_form')
        self.assertEqual(len(claim.waiver_ids), 1)
        self.assertIn(missing, claim.compliance_text)

    def test_invitation(self):
        document = self._document()
        missing = f"Insurance of {self.vendor.name} is missing."
        self.assertIn(missing, self.contract._get_invitation_blockers())
        self.assertRefused(lambda: self.contract.action_invite(), missing)
        document.policy = 'warn'
        bill = self._invite()
        self.assertTrue(bill.invited_on)
        self.assertIn(missing, str(bill.message_ids.mapped('body')))

    def test_payment(self):
        """The vendor is paid once the waiver of the claim is out of the way, and the insurance is there."""
        self.contract.waiver_type_ids = self.waiver
        bill = self._claim(self.contract, 6000, 4000)
        waiver = bill.waiver_ids
        self.assertEqual(waiver.waiver_amount, bill.certified_amount)
        if not bill.invoice_id:
            bill.action_release()
        bill.invoice_id.action_post()
        document = self._document(holds='pay')
        dialog = self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=bill.invoice_id.ids
        )
        pay = dialog.create({}).action_create_payments
        self.assertRefused(
            pay, f"Insurance of {self.vendor.name} is missing.", f"Waiver for {bill.name} is not signed."
        )
        document.number = "P-1"
        waiver.is_waived = True
        dialog.create({}).action_create_payments()
        self.assertNotEqual(bill.invoice_id.payment_state, 'not_paid')
