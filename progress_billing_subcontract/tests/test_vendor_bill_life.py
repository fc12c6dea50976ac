from odoo import Command
from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestVendorBillLife(ClaimCommon):
    """A vendor bill is reset, deleted, credited, paid: its claim, the subcontract and the order follow."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.contract.purchase_order_ids

    def _billed(self, *amounts, post=True, **vals):
        return self._claim(self.contract, *amounts, post=post, **vals)

    def assertClaim(self, bill, status, actual, held, quantity):
        """Status of the claim; what is billed and held; units of the order's first line."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(
            (bill.claim_status, self.contract.actual_amount, round(self.contract.retainage_balance, 2)),
            (status, actual, held),
        )
        self.assertOrder(self.order, quantity, 'to invoice')

    def test_reset_and_posted_again(self):
        bill = self._billed(30000)
        self.assertClaim(bill, 'billed', 30000, 3000, 0.5)
        bill.invoice_id.button_draft()
        self.assertClaim(bill, 'approved', 0, 0, 0.5)
        self.assertEqual(self.contract.draft_amount, 30000, "A draft still claims its share.")
        bill.invoice_id.action_post()
        self.assertClaim(bill, 'billed', 30000, 3000, 0.5)
        self.assertRetained(self.contract, 3000)

    def test_deleted_and_made_again(self):
        bill = self._billed(30000, post=False)
        before = bill.invoice_id
        before.unlink()
        self.assertClaim(bill, 'approved', 0, 0, 0.5)
        bill.action_release()
        self.assertNotEqual(bill.invoice_id, before)
        self.assertRecordValues(bill.invoice_id, [{'state': 'draft', 'amount_untaxed': 27000}])

    def test_credited_in_full(self):
        """The work can be claimed again: all of it, no cent more."""
        bill = self._billed(60000)
        refund = self.billing.credit(bill.invoice_id)
        self.assertEqual(refund.move_type, 'in_refund')
        self.assertLedger(bill.invoice_id | refund)
        self.assertEqual(self.contract.actual_amount, 0)
        self.assertRetained(self.contract, 0)
        self.assertOrder(self.order, 0, 'to invoice')
        self.assertRefused(lambda: self._billed(60000.01), "cannot exceed")
        again = self._billed(60000)
        self.assertEqual(again.claim_status, 'billed')
        self.assertOrder(self.order, 1, 'to invoice')

    def test_credited_in_part(self):
        """6,000 of 30,000 taken back: 24,000 stand, the order says 0.4; 36,000 are left to claim."""
        bill = self._billed(30000)
        refund = self.billing.credit(bill.invoice_id, 6000)
        self.assertEqual(self.contract.line_ids[0].actual_amount, 24000)
        self.assertOrder(self.order, 0.4, 'to invoice')
        self.assertEqual(bill.claim_status, 'billed')
        self.assertIn(refund, bill.move_ids)
        self.env.invalidate_all()
        self.assertIn(refund, self.order.invoice_ids)
        self.assertRefused(lambda: self._billed(36000.01), "cannot exceed")
        self._billed(36000)
        self.assertOrder(self.order, 1, 'to invoice')

    def test_paid_in_parts(self):
        """Open, in part, in full; a reset bill is open again."""
        bill = self._billed(10000)
        self.assertRecordValues(bill, [{'claim_status': 'billed', 'paid_amount': 0, 'residual_amount': 10000}])
        self.billing.pay(bill.invoice_id, 4000)
        self.assertRecordValues(bill, [{'claim_status': 'billed', 'paid_amount': 4000, 'residual_amount': 6000}])
        self.billing.pay(bill.invoice_id)
        self.assertRecordValues(bill, [{'claim_status': 'paid', 'paid_amount': 10000, 'residual_amount': 0}])
        bill.invoice_id.button_draft()
        self.assertEqual(bill.claim_status, 'approved')

    def test_noted_status_survives(self):
        """What was approved with less stays so while its vendor bill is a draft, whether made, reset or deleted."""
        bill = self._accepted()
        self._answer(bill, 'submit', **self._work(bill, '10000'))
        bill.line_ids.certified_amount = 9000
        bill.action_approve()
        self.assertEqual(bill.claim_status, 'approved_as_noted')
        bill.invoice_id.action_post()
        self.assertEqual(bill.claim_status, 'billed')
        bill.invoice_id.button_draft()
        self.assertEqual(bill.claim_status, 'approved_as_noted')
        bill.invoice_id.unlink()
        self.assertEqual(bill.claim_status, 'approved_as_noted')

    def test_corrected(self):
        """Taken back and billed anew for less: the claim stands once, the order shows all three documents."""
        bill = self._billed(30000)
        old = bill.invoice_id
        bill.action_correct()
        bill.line_ids.amount = 24000
        self.billing.to_ledger(bill)
        self.assertNotEqual(bill.invoice_id, old)
        self.assertEqual(bill.invoice_id.move_type, 'in_invoice')
        self.assertClaim(bill, 'billed', 24000, 2400, 0.4)
        self.assertEqual(self.order.invoice_count, 3)
        self.assertLedger(bill.move_ids, expense=24000, input_tax=2400, payable_retainage=-2400, payable=-24000)

    def test_taken_back_by_administrators(self):
        """Undo deletes the draft vendor bill; the claim is approved, and its lines stand."""
        bill = self._billed(30000, post=False)
        bill.action_undo()
        self.assertRecordValues(bill, [{'claim_status': 'approved', 'invoice_id': False, 'amount': 30000}])
        self.assertFalse(self.order.invoice_ids)

    def test_items_typed_onto_the_bill(self):
        """A line of freight typed onto the vendor bill is no work of the subcontract, and none of the order."""
        bill = self._billed(10000, post=False)
        freight = {'name': "Freight", 'quantity': 1, 'price_unit': 70, 'account_id': self.expense_account.id}
        bill.invoice_id.write({'invoice_line_ids': [Command.create({**freight, 'tax_ids': False})]})
        bill.invoice_id.action_post()
        self.assertEqual(self.contract.line_ids[0].actual_amount, 10000)
        self.assertEqual(self.order.order_line[0].progress_billed_amount, 10000)
        self.assertEqual(bill.invoice_id.amount_untaxed, 9070)

    def test_a_vendor_bill_of_odoos_own(self):
        """A bill of the same vendor beside the subcontract counts nowhere in it, and its lines go to no order of it."""
        move = self.init_invoice('in_invoice', partner=self.vendor, amounts=[5000], post=True)
        self.assertFalse(move.progress_bill_id)
        self.assertEqual(self.contract.actual_amount, 0)
        self.assertOrder(self.order, 0, 'to invoice')
        self.assertRefused(
            lambda: move.invoice_line_ids.write({'purchase_line_id': self.order.order_line[0].id}),
            "is billed by a subcontract",
            self.contract.display_name,
            "Bill it on",
        )

    def test_released_and_paid_to_the_end(self):
        """All claimed and paid, then what was held: nothing is left on any account of the vendor."""
        bill = self._billed(60000, 40000)
        self.assertEqual(self.order.invoice_status, 'invoiced')
        self.billing.pay(bill.invoice_id)
        self.contract.action_release_retainage()
        release = self.contract.bill_ids - bill
        release.action_submit()
        release.action_approve()
        release.invoice_id.action_post()
        self.assertLedger(release.invoice_id, payable_retainage=10000, payable=-10000)
        self.billing.pay(release.invoice_id)
        self.assertEqual((bill | release).mapped('claim_status'), ['paid', 'paid'])
        for account in (self.payable_account, self.payable_retainage_account):
            self.assertEqual(self.books.balance(account, self.contract), 0)
        self.assertEqual(self.order.invoice_ids, (bill | release).move_ids)

    def test_archived_vendor(self):
        """A vendor archived meanwhile is paid for what was done; nothing new is invited."""
        bill = self._accepted()
        self._answer(bill, 'submit', **self._work(bill, '10000'))
        (self.mason | self.vendor).action_archive()
        bill.action_approve()
        bill.invoice_id.action_post()
        self.assertRecordValues(bill.invoice_id, [{'partner_id': self.vendor.id, 'state': 'posted'}])
        self.assertEqual(bill.claim_status, 'billed')

    def test_bank_account_and_origin(self):
        """Those of Odoo's own bills: the vendor's account, and the orders' names before the claim's."""
        bank = self.env['res.partner.bank'].create(
            {'acc_number': 'DE44 5001', 'partner_id': self.vendor.id, 'allow_out_payment': True}
        )
        bill = self._billed(100)
        self.assertEqual(bill.invoice_id.partner_bank_id, bank)
        names = bill.invoice_id.invoice_origin.split(', ')
        self.assertEqual(names[0], self.order.name)
        self.assertEqual(len(names), len(set(names)))
        by_hand = self.env['progress.contract'].create(
            {
                'contract_type': 'subcontract',
                'partner_id': self.vendor.id,
                'company_id': self.company.id,
                'revenue_recognition': 'as_billed',
                'use_pro_forma': True,
                'line_ids': [Command.create({'name': "W", 'original_amount': 50, 'tax_ids': False})],
            }
        )
        by_hand.action_open()
        own = self._claim(by_hand, 20)
        self.assertNotIn(self.order.name, own.invoice_id.invoice_origin or '')
        self.assertFalse(own.invoice_id.line_ids.purchase_line_id)
        self.assertEqual(own.invoice_id.move_type, 'in_invoice')
