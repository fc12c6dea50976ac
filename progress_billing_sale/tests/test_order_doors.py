from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestOrderDoors(ProgressSaleCommon):
    """Other ways in: unusual orders, unusual callers, unusual order of events."""

    def test_order_without_anything_to_bill(self):
        order = self.env['sale.order'].create({'partner_id': self.customer.id, 'company_id': self.company.id})
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "no lines that can be billed"):
            order.action_set_up_progress_billing()
        free = self.orders.order([0])
        contract = self.orders.set_up(free)
        self.assertEqual(contract.state, 'draft')
        with self.assertRaisesRegex(UserError, "worth nothing"):
            contract.action_open()

    def test_several_orders_at_once(self):
        orders = self.orders.order([100]) | self.orders.order([200])
        action = orders.action_set_up_progress_billing()
        self.assertEqual(len(orders.progress_contract_id), 2)
        self.assertEqual(action['res_model'], 'progress.contract')

    def test_fully_invoiced_order(self):
        """Nothing is left: the contract is there, bills nothing, and its final invoice is zero."""
        order = self.orders.order([1000], self.tax_15)
        self.orders.invoice(order)
        contract = self.orders.set_up(order)
        self.assertRecordValues(contract, [{'actual_amount': 1000, 'wip_available': 0}])
        self.assertFigures(order, 1150, 0, 'invoiced', 1)
        with self.assertRaisesRegex(UserError, "nothing left|WIP available"):
            self.billing.bill(contract, '10%')
        final = self.billing.final(contract)
        self.assertEqual(final.amount_total, 0)
        self.assertFigures(order, 1150, 0, 'invoiced', 2)

    def test_order_with_its_own_invoice_and_down_payment_settled(self):
        """A down payment that Odoo's own invoice has deducted is history."""
        order = self.orders.order([1000], line_vals={'product_uom_qty': 2})
        self.orders.down_payment(order, percent=10)
        self.orders.invoice(order, final=True)
        order.order_line[0].product_uom_qty = 3
        contract = self.orders.set_up(order)
        self.assertFalse(contract.bill_ids)
        self.assertRecordValues(contract, [{'actual_amount': 2000, 'wip_available': 1000}])

    def test_half_deducted_down_payment_is_refused(self):
        order = self.orders.order([1000], line_vals={'product_uom_qty': 2})
        self.orders.down_payment(order, percent=50)
        native = self.orders.invoice(order, final=True, post=False)
        line = native.invoice_line_ids.filtered('is_downpayment')
        line.price_unit = 400
        native.action_post()
        order.order_line[0].product_uom_qty = 3
        with self.assertRaisesRegex(UserError, "deducted in part"):
            self.orders.set_up(order)

    def test_copy_of_an_order(self):
        order = self.orders.order([1000])
        self.orders.set_up(order)
        copy = order.copy()
        self.assertFalse(copy.progress_contract_id)
        self.assertFalse(copy.order_line.is_progress_billed)
        copy.action_confirm()
        self.assertEqual(copy._create_invoices().amount_untaxed, 1000)

    def test_locked_order(self):
        order = self.orders.order([1000])
        order.action_lock()
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '25%')
        self.billing.final(contract)
        self.assertFigures(order, 1000, 0, 'invoiced', 2)

    def test_line_sections_of_the_order_on_the_invoice(self):
        order = self.orders.order([1000], confirm=False)
        order.order_line = [
            Command.create({'display_type': 'line_section', 'name': "Extras", 'sequence': 90}),
            Command.create(
                {'product_id': self.service.id, 'name': "Fence", 'price_unit': 50, 'tax_ids': [(5,)], 'sequence': 91}
            ),
        ]
        order.action_confirm()
        contract = self.orders.set_up(order, 'as_billed')
        bill = self.billing.bill(contract, '10%')
        self.assertEqual(bill.invoice_id.invoice_line_ids.mapped('name'), ["Works 1", "Extras", "Fence"])

    def test_order_line_deleted_with_the_quotation(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        order.action_cancel()
        order.action_draft()
        order.order_line.unlink()
        self.assertEqual(contract.state, 'cancelled')
        order.unlink()
        self.assertFalse(contract.line_ids.sale_line_id)

    def test_reactivated_order_takes_its_removal_back(self):
        """A cancelled order of a shared contract is proposed to go; confirmed again, it is not."""
        orders = [self.orders.order([amount], project_id=self.project.id) for amount in (1000, 3000)]
        contract = self.orders.set_up(orders[0])
        self.orders.set_up(orders[1])
        orders[1].action_cancel()
        self.assertEqual(contract.change_ids.amount, -3000)
        orders[1].action_draft()
        orders[1].action_confirm()
        self.assertFalse(contract.change_ids)

    def test_contract_comes_back_to_a_changed_order(self):
        """Cancelled, a contract hears nothing of its order: what changed meanwhile is proposed when it comes back."""
        order = self.orders.order([1000, 400])
        contract = self.orders.set_up(order)
        contract.action_cancel()
        contract.action_draft()
        self.assertFalse(contract.change_ids, "Nothing has changed.")
        contract.action_cancel()
        order.order_line[0].price_unit = 700
        contract.action_draft()
        self.assertRecordValues(contract.change_ids, [{'state': 'draft', 'amount': -300, 'sale_order_id': order.id}])
        contract.change_ids.action_approve()
        self.assertEqual((contract.revised_amount, order.progress_has_proposal), (1100, False))

    def test_contract_comes_back_to_a_cancelled_order(self):
        """The contract that went with its order comes back alone: its lines are proposed to go."""
        order = self.orders.order([1000, 400])
        contract = self.orders.set_up(order)
        order._action_cancel()
        self.assertEqual(contract.state, 'cancelled')
        contract.action_draft()
        self.assertRecordValues(contract.change_ids, [{'state': 'draft', 'amount': -1400}])

    def test_deleted_contract_frees_the_order(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        contract.unlink()
        self.assertFalse(order.progress_contract_id)
        self.assertFalse(order.is_progress_billed)
        self.assertFigures(order, 0, 1000, 'to invoice', 0)
        self.assertEqual(order._create_invoices().amount_untaxed, 1000)

    def test_invoice_in_another_currency(self):
        """Odoo's own invoice of the order, changed to another currency, counts at its rate."""
        currency = self.setup_other_currency('EUR', rates=[('2016-01-01', 2.0)])
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([1000], line_vals={'product_uom_qty': 10})
        order.order_line.qty_delivered = 1
        native = self.orders.invoice(order, post=False)
        native.currency_id = currency
        native.invoice_line_ids.price_unit = 2000
        native.action_post()
        contract = self.orders.set_up(order)
        self.assertEqual(contract.actual_amount, 1000)

    def test_automatic_invoice_of_a_payment(self):
        """Sales makes a down payment of money that came in: a deposit, and none after the final invoice."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        self.billing.final(contract)
        self.assertFalse(order._generate_downpayment_invoices())

    def test_warn_policy(self):
        """Where the company only warns, more than the order is worth can be billed; the final gives it back."""
        self.company.progress_overbilling_policy = 'warn'
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '1200')
        self.assertFigures(order, 1200, -200, 'invoiced', 1)
        final = self.billing.final(contract)
        self.assertEqual(final.move_type, 'out_refund')
        self.assertFigures(order, 1000, 0, 'invoiced', 2)

    def test_values_over_rpc(self):
        order = self.orders.order([1000], confirm=False)
        for values in (
            {'title': "X", 'percent': 'NaN'},
            {'title': "X", 'percent': 1e300},
            {'title': "X", 'percent': -5},
            {'title': "X", 'percent': 101},
            {'title': "X", 'percent': 5, 'offset': -1},
        ):
            with (
                self.assertRaisesRegex(UserError, "is not a number|is too large|The billing plan of"),
                self.cr.savepoint(),
            ):
                self.env['progress.order.plan'].create({'order_id': order.id, **values})
