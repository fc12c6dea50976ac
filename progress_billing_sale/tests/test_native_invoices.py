from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestNativeInvoices(ProgressSaleCommon):
    """Odoo's own invoices and down payments, before and after ours: nothing is billed twice (SAL-4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax_account = cls.company_data['default_account_tax_sale']

    def _order_with_native_part(self):
        """10,000 as ten units, two of them invoiced by Odoo itself."""
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([1000], line_vals={'product_uom_qty': 10})
        order.order_line.qty_delivered = 2
        native = self.orders.invoice(order)
        self.assertEqual(native.amount_untaxed, 2000)
        return order, native

    def test_native_then_deposit_then_final(self):
        """Order 10,000, invoiced 2,000, deposit 3,000: final income 8,000, deposits 3,000, receivable 5,000."""
        order, native = self._order_with_native_part()
        contract = self.orders.set_up(order)
        self.assertRecordValues(contract, [{'actual_amount': 2000, 'wip_available': 8000}])
        self.assertLineFigures(order.order_line, 2, 8, 2000, 8000)
        self.billing.bill(contract, '3000')
        self.assertLineFigures(order.order_line, 5, 5, 5000, 5000)
        self.assertFigures(order, 5000, 5000, 'to invoice', 2)
        final = self.billing.final(contract)
        self.assertEqual(
            self.books.of(final),
            {
                self.receivable_account: (5000, 5000),
                self.deposit_account: (3000, 3000),
                self.income_account: (-8000, -8000),
            },
        )
        self.assertLineFigures(order.order_line, 10, 0, 10000, 0)
        self.assertFigures(order, 10000, 0, 'invoiced', 3)
        self.assertDeposits(contract, 0)
        with self.assertRaisesRegex(UserError, "final invoice"):
            native.button_draft()

    def test_native_as_billed(self):
        order, native = self._order_with_native_part()
        contract = self.orders.set_up(order, 'as_billed')
        self.billing.bill(contract, '3000')
        final = self.billing.final(contract)
        self.assertEqual(
            self.books.of(final),
            {self.receivable_account: (5000, 5000), self.income_account: (-5000, -5000)},
        )
        self.assertEqual(self.books.of(native | order.invoice_ids)[self.income_account], (-10000, -10000))

    def test_native_draft_holds_room(self):
        """A native draft counts as draft, goes when it is deleted, and must be posted before the final."""
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([1000], line_vals={'product_uom_qty': 10})
        order.order_line.qty_delivered = 8
        native = self.orders.invoice(order, post=False)
        contract = self.orders.set_up(order)
        self.assertRecordValues(contract, [{'draft_amount': 8000, 'actual_amount': 0, 'wip_available': 2000}])
        with self.assertRaisesRegex(UserError, "WIP available"):
            self.billing.bill(contract, '2000.01')
        with self.assertRaisesRegex(UserError, "come before the final invoice"):
            contract.action_create_final_invoice()
        native.action_post()
        self.assertRecordValues(contract, [{'draft_amount': 0, 'actual_amount': 8000}])
        self.billing.credit(native)
        self.assertRecordValues(contract, [{'draft_amount': 0, 'actual_amount': 0, 'wip_available': 10000}])

    def test_native_cannot_come_back_over_ours(self):
        """A cancelled native draft is refused once its room has been billed."""
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([1000], line_vals={'product_uom_qty': 10})
        order.order_line.qty_delivered = 8
        native = self.orders.invoice(order, post=False)
        contract = self.orders.set_up(order)
        native.button_cancel()
        self.billing.bill(contract, '5000')
        with self.assertRaisesRegex(UserError, "WIP available"):
            native.button_draft()

    def test_down_payment_before_in_deposit_mode(self):
        """A native down payment on the deposit account counts as a deposit, and the final reverses it."""
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([6000, 4000], self.tax_15)
        native = self.orders.down_payment(order, percent=30)
        dp_line = order.order_line.filtered(lambda line: line.is_downpayment and not line.display_type)
        contract = self.orders.set_up(order)
        self.assertRecordValues(contract, [{'actual_amount': 3000, 'wip_available': 7000, 'deposit_balance': 3000}])
        self.assertDeposits(contract, 3000)
        self.assertFigures(order, 3450, 8050, 'to invoice', 1)
        self.assertEqual(native.progress_invoice_type, 'deposit')
        self.billing.bill(contract, '2000')
        self.assertFigures(order, 5750, 5750, 'to invoice', 2)
        final = self.billing.final(contract)
        self.assertEqual(
            self.books.of(final),
            {
                self.receivable_account: (5750, 5750),
                self.deposit_account: (5000, 5000),
                self.income_account: (-10000, -10000),
                self.tax_account: (-750, -750),
            },
        )
        self.assertDeposits(contract, 0)
        self.assertFigures(order, 11500, 0, 'invoiced', 3)
        self.assertIn(dp_line, final.invoice_line_ids.sale_line_ids)
        self.assertRecordValues(dp_line, [{'untaxed_amount_invoiced': 0, 'untaxed_amount_to_invoice': 0}])
        self.assertEqual(order.order_line.filtered(lambda line: line.qty_to_invoice).ids, [])

    def test_down_payment_booked_as_income(self):
        """Without a down payment account Odoo books income: the final reverses it there."""
        order = self.orders.order([10000], self.tax_15)
        self.orders.down_payment(order, percent=30)
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '20%')
        final = self.billing.final(contract)
        self.assertEqual(
            self.books.of(final),
            {
                self.receivable_account: (5750, 5750),
                self.deposit_account: (2000, 2000),
                self.income_account: (-7000, -7000),
                self.tax_account: (-750, -750),
            },
        )
        self.assertFigures(order, 11500, 0, 'invoiced', 3)
        self.assertEqual(self.books.of(order.invoice_ids)[self.income_account], (-10000, -10000))

    def test_down_payment_before_as_billed(self):
        """Money, not progress: outside draft and actual, settled by the final invoice."""
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([10000], self.tax_15)
        self.orders.down_payment(order, percent=30)
        contract = self.orders.set_up(order, 'as_billed')
        self.assertRecordValues(contract, [{'actual_amount': 0, 'wip_available': 10000, 'deposit_balance': 3000}])
        self.billing.bill(contract, '40%')
        final = self.billing.final(contract)
        self.assertEqual(
            self.books.of(final),
            {
                self.receivable_account: (3450, 3450),
                self.deposit_account: (3000, 3000),
                self.income_account: (-6000, -6000),
                self.tax_account: (-450, -450),
            },
        )
        self.assertDeposits(contract, 0)
        self.assertFigures(order, 11500, 0, 'invoiced', 3)

    def test_down_payment_larger_than_the_rest_as_billed(self):
        """Everything billed and the down payment still there: the final is a credit note."""
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([10000], self.tax_15)
        self.orders.down_payment(order, percent=30)
        contract = self.orders.set_up(order, 'as_billed')
        self.billing.bill(contract, '100%')
        final = self.billing.final(contract)
        self.assertEqual(final.move_type, 'out_refund')
        self.assertEqual(self.books.of(final)[self.receivable_account], (-3450, -3450))
        self.assertDeposits(contract, 0)
        self.assertFigures(order, 11500, 0, 'invoiced', 3)

    def test_down_payment_after(self):
        """Odoo's wizard on an order with a contract makes a deposit of the contract, never more than is left."""
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([10000])
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '60%')
        move = self.orders.down_payment(order, percent=30, post=False)
        self.assertEqual(move.progress_contract_id, contract)
        self.assertRecordValues(contract, [{'draft_amount': 3000, 'actual_amount': 6000}])
        with self.assertRaisesRegex(UserError, "WIP available|nothing left"):
            self.orders.down_payment(order, percent=30)
        move.action_post()
        self.billing.final(contract)
        self.assertDeposits(contract, 0)
        with self.assertRaisesRegex(UserError, "has its final invoice"):
            self.orders.down_payment(order, percent=10)

    def test_down_payment_credited_and_deleted(self):
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([10000])
        move = self.orders.down_payment(order, percent=30)
        contract = self.orders.set_up(order)
        self.billing.credit(move, 1000)
        self.assertRecordValues(contract, [{'actual_amount': 2000, 'deposit_balance': 2000}])
        self.assertFigures(order, 2000, 8000, 'to invoice', 2)
        draft = self.orders.down_payment(order, percent=10, post=False)
        self.assertEqual(contract.draft_amount, 1000)
        draft.unlink()
        self.assertEqual(contract.draft_amount, 0)
        self.assertFalse(order.order_line.filtered(lambda line: line.is_downpayment and not line.invoice_lines)[1:])
        self.billing.final(contract)
        self.assertDeposits(contract, 0)

    def test_down_payment_credited_before(self):
        """What was credited before the contract is no deposit any more."""
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([10000])
        move = self.orders.down_payment(order, percent=30)
        self.billing.credit(move, 500)
        contract = self.orders.set_up(order)
        self.assertRecordValues(contract, [{'actual_amount': 2500, 'deposit_balance': 2500}])
        self.billing.final(contract)
        self.assertDeposits(contract, 0)

    def test_recognition_changes_while_only_a_down_payment_stands(self):
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([10000])
        self.orders.down_payment(order, percent=30)
        contract = self.orders.set_up(order, 'as_billed')
        self.assertEqual(contract.bill_ids.mapped('kind'), ['down_payment'])
        contract.revenue_recognition = 'deposit'
        self.assertEqual(contract.bill_ids.mapped('kind'), ['progress'])
        self.assertRecordValues(contract, [{'actual_amount': 3000, 'deposit_balance': 3000}])

    def test_contract_gives_the_down_payment_back(self):
        order = self.orders.order([10000])
        move = self.orders.down_payment(order, percent=30)
        contract = self.orders.set_up(order)
        contract.action_cancel()
        self.assertFalse(move.progress_bill_id)
        self.assertFalse(order.is_progress_billed)
        native = self.orders.invoice(order, final=True)
        self.assertEqual(native.amount_untaxed, 7000)
        self.assertFigures(order, 10000, 0, 'invoiced', 2)

    def test_deposit_account_falls_back_on_sales(self):
        order = self.orders.order([10000])
        other = self.deposit_account.copy({'name': "Advances", 'code': '299901'})
        self.company.progress_deposit_account_id = False
        self.company.downpayment_account_id = other
        contract = self.orders.set_up(order)
        bill = self.billing.bill(contract, '10%')
        self.assertEqual(self.books.of(bill.invoice_id)[other], (-1000, -1000))
        another = self.orders.order([10000])
        self.company.downpayment_account_id = self.income_account
        contract = self.orders.set_up(another)
        self.assertEqual(contract.state, 'draft')
        with self.assertRaisesRegex(UserError, "cannot hold deposits"):
            contract.action_open()

    def test_final_with_a_down_payment_taken_back(self):
        """The final credited in full: deposits stand again, ours and Odoo's, and another final clears them."""
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([10000], self.tax_15)
        self.orders.down_payment(order, percent=30)
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '2000')
        final = self.billing.final(contract)
        final._reverse_moves(cancel=True)
        self.assertEqual(contract.state, 'open')
        self.assertDeposits(contract, 5000)
        self.assertFigures(order, 5750, 5750, 'to invoice', 4)
        self.billing.final(contract)
        self.assertDeposits(contract, 0)
        self.assertFigures(order, 11500, 0, 'invoiced', 5)

    def test_accrued_revenue_counts_revenue_only(self):
        """Odoo's accrual of an order at a date: a deposit is no revenue, a bill of a contract as billed is."""
        for recognition, quantity in (('deposit', 0), ('as_billed', 0.4)):
            order = self.orders.order([1000])
            contract = self.orders.set_up(order, recognition)
            self.billing.bill(contract, '40%', date='2026-03-31')
            line = order.order_line.with_context(accrual_entry_date='2026-04-30')
            self.assertEqual(line.qty_invoiced_at_date, quantity)
            line = order.order_line.with_context(accrual_entry_date='2026-02-28')
            self.assertEqual(line.qty_invoiced_at_date, 0)

    def test_accrued_revenue_is_what_was_invoiced(self):
        """Of a claim that was certified in part, and of materials stored, the accrual counts what the invoice took."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order, 'as_billed')
        contract.use_pro_forma = True
        contract.line_ids.stored_amount = 50
        bill = self.billing.run(contract, pending_amount=450)
        bill.line_ids.certified_amount = 300
        move = self.billing.to_ledger(bill)
        self.assertEqual((bill.line_ids.amount, move.amount_untaxed), (400, 350))
        line = order.order_line.with_context(accrual_entry_date=move.invoice_date)
        self.assertEqual(line.qty_invoiced_at_date, 0.35)

    def test_accrued_revenue_is_as_of_its_date(self):
        """What was credited in July was revenue at the end of June."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order, 'as_billed')
        part, whole = (self.billing.bill(contract, '100', date=f'2026-06-{day}') for day in (10, 20))
        self.billing.credit(part.invoice_id, 60, date='2026-07-15')
        self.billing.credit(whole.invoice_id, date='2026-07-15')
        for day, quantity in (('2026-06-15', 0.1), ('2026-06-30', 0.2), ('2026-07-31', 0.04)):
            with self.subTest(day=day):
                line = order.order_line.with_context(accrual_entry_date=day)
                self.assertAlmostEqual(line.qty_invoiced_at_date, quantity, 6)
