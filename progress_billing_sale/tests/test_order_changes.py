from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestOrderChanges(ProgressSaleCommon):
    """Changes of a confirmed order are proposed, never made silently; cancelling is refused while bills stand."""

    def test_one_proposal_in_step_with_the_order(self):
        order = self.orders.order([6000, 4000], self.tax_15)
        contract = self.orders.set_up(order)
        order.order_line[0].price_unit = 6500
        change = contract.change_ids
        self.assertRecordValues(change, [{'state': 'draft', 'amount': 500, 'sale_order_id': order.id}])
        self.assertEqual(contract.revised_amount, 10000)
        order.order_line[1].discount = 10
        self.assertEqual(contract.change_ids, change)
        self.assertEqual(change.amount, 100)
        with Form(order) as form, form.order_line.new() as line:
            line.product_id = self.service
            line.name = "Fence"
            line.price_unit = 300
        self.assertEqual(change.amount, 400)
        order.order_line[1].product_uom_qty = 0
        self.assertEqual(change.amount, -3200)
        change.action_approve()
        self.assertEqual(contract.revised_amount, order.amount_untaxed)
        self.assertEqual(contract.line_ids.mapped('revised_amount'), [6500, 0, 300])
        self.assertEqual(contract.line_ids[2].sale_line_id.name, "Fence")
        self.billing.bill(contract, '50%')
        self.assertLineFigures(order.order_line[2], 0.5, 0.5, 150, 150)

    def test_proposal_goes_when_the_order_comes_back(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        order.order_line.product_uom_qty = 2
        self.assertEqual(contract.change_ids.amount, 1000)
        order.order_line.product_uom_qty = 1
        self.assertFalse(contract.change_ids)

    def test_lines_waiting_for_approval_are_not_invoiced_by_odoo(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        new = order.order_line.create(
            {'order_id': order.id, 'product_id': self.service.id, 'price_unit': 70, 'tax_ids': [(5,)]}
        )
        with self.assertRaisesRegex(UserError, "progress billing"):
            order._create_invoices()
        contract.change_ids.action_cancel()
        self.assertFalse(new.is_progress_billed)
        self.assertEqual(order._create_invoices().amount_untaxed, 70)

    def test_cancelled_line_below_billed(self):
        """Zeroed after 60 %: approval is refused, or credits what was billed (CON-11)."""
        order = self.orders.order([1000, 1000])
        contract = self.orders.set_up(order, 'as_billed')
        self.billing.bill(contract, '60%')
        order.order_line[1].product_uom_qty = 0
        self.assertLineFigures(order.order_line[1], 0.6, -0.6, 600, -600)
        change = contract.change_ids
        with self.assertRaisesRegex(UserError, "WIP available"):
            change.action_approve()
        change.action_approve(credit=True)
        credit = contract.bill_ids.sorted('id')[-1]
        credit.invoice_id.action_post()
        self.assertEqual(self.books.of(credit.invoice_id)[self.income_account], (600, 600))
        self.assertLineFigures(order.order_line[1], 0, 0, 0, 0)
        self.billing.final(contract)
        self.assertFigures(order, 1000, 0, 'invoiced')

    def test_quantity_lines(self):
        order = self.orders.order([100], line_vals={'product_uom_qty': 10})
        contract = self.orders.set_up(order)
        contract.line_ids.billing_base = 'quantity'
        order.order_line.product_uom_qty = 12
        self.assertRecordValues(contract.change_ids.line_ids, [{'quantity': 2, 'amount': 200}])
        order.order_line.price_unit = 110
        self.assertEqual(contract.change_ids.line_ids.mapped('amount'), [200, 120])
        contract.change_ids.action_approve()
        self.assertEqual(contract.revised_amount, 1320)
        self.billing.bill(contract, '50%')
        self.assertLineFigures(order.order_line, 6, 6, 660, 660)

    def test_schedule_worth_is_the_orders(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        with self.assertRaisesRegex(UserError, "follows from the order"):
            contract.line_ids.original_amount = 900
        contract.line_ids.name = "Other words"

    def test_undecided_proposal_comes_before_the_final(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        order.order_line.price_unit = 1100
        with self.assertRaisesRegex(UserError, "approve or cancel"):
            contract.action_create_final_invoice()
        contract.change_ids.action_approve()
        self.billing.final(contract)
        with self.assertRaisesRegex(UserError, "Add a new line"):
            order.order_line.price_unit = 1200
        order.order_line.create(
            {'order_id': order.id, 'product_id': self.service.id, 'price_unit': 70, 'tax_ids': [(5,)]}
        )
        self.assertEqual(order._create_invoices().amount_untaxed, 70)

    def test_cancelling_with_open_bills(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        contract.use_pro_forma = True
        bill = self.make.plan(contract, '20%')
        bill.action_create()
        with self.assertRaisesRegex(UserError, "Pro Forma"):
            order.action_cancel()
        bill.action_release()
        with self.assertRaisesRegex(UserError, bill.name):
            order.action_cancel()
        bill.invoice_id.action_post()
        with self.assertRaisesRegex(UserError, bill.invoice_id.name):
            order.write({'state': 'cancel'})
        self.billing.credit(bill.invoice_id)
        self.make.plan(contract, '30%')
        order.action_cancel()
        self.assertEqual((order.state, contract.state), ('cancel', 'cancelled'))
        self.assertEqual(set(contract.bill_ids.mapped('state')), {'cancelled'})

    def test_deleting_a_billed_line(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        bill = self.billing.bill(contract, '20%')
        with self.assertRaisesRegex(UserError, bill.name):
            order.order_line._unlink_except_progress_billed()
        with self.assertRaisesRegex(UserError, "Once a sales order is confirmed, you can't remove one of its"):
            order.order_line.unlink()

    def test_set_up_again_after_cancelling(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        contract.action_cancel()
        self.assertFalse(order.is_progress_billed)
        again = self.orders.set_up(order)
        self.assertNotEqual(again, contract)
        with self.assertRaisesRegex(UserError, "two billing contracts"):
            contract.action_draft()
        self.billing.bill(again, '10%')
        self.assertFigures(order, 100, 900, 'to invoice', 1)

    def test_unconfirmed_order(self):
        order = self.orders.order([1000], confirm=False)
        with self.assertRaisesRegex(UserError, "not confirmed"):
            order.action_set_up_progress_billing()
