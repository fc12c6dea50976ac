from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestOrderFigures(ProgressSaleCommon):
    """Odoo's own figures of an order stay right at every step, in both recognitions."""

    def test_set_up_copies_the_order(self):
        """Sections, notes, discounts, taxes, terms and analytics come along; money is billed as 1 x amount."""
        order = self.orders.order([1000], self.tax_15, confirm=False, client_order_ref="PO 77")
        order.payment_term_id = self.env.ref('account.account_payment_term_30days')
        self.env['sale.order.line'].create(
            [
                {'order_id': order.id, 'display_type': 'line_section', 'name': "Extras", 'sequence': 20},
                {
                    'order_id': order.id,
                    'product_id': self.service.id,
                    'name': "Garage",
                    'product_uom_qty': 3,
                    'price_unit': 33.335,
                    'discount': 5,
                    'sequence': 21,
                    'analytic_distribution': {str(self.analytic_account.id): 100},
                    'tax_ids': [(5,)],
                },
                {'order_id': order.id, 'display_type': 'line_note', 'name': "As discussed", 'sequence': 22},
            ]
        )
        order.action_confirm()
        contract = self.orders.set_up(order)
        self.assertRecordValues(
            contract,
            [
                {
                    'state': 'open',
                    'partner_id': self.customer.id,
                    'payment_term_id': order.payment_term_id.id,
                    'currency_id': order.currency_id.id,
                    'revised_amount': order.amount_untaxed,
                    'description': "PO 77",
                }
            ],
        )
        garage = order.order_line.filtered(lambda line: line.name == "Garage")
        self.assertRecordValues(
            contract.line_ids,
            [
                {'name': "Works 1", 'display_type': False, 'revised_amount': 1000, 'billing_base': 'amount'},
                {'name': "Extras", 'display_type': 'line_section', 'revised_amount': 0, 'billing_base': 'amount'},
                {
                    'name': "Garage",
                    'display_type': False,
                    'revised_amount': garage.price_subtotal,
                    'billing_base': 'amount',
                },
                {'name': "As discussed", 'display_type': 'line_note', 'revised_amount': 0, 'billing_base': 'amount'},
            ],
        )
        self.assertEqual(contract.line_ids[0].tax_ids, self.tax_15)
        self.assertFalse(contract.line_ids[2].tax_ids)
        self.assertEqual(contract.line_ids[2].analytic_distribution, {str(self.analytic_account.id): 100})
        self.assertEqual(contract.line_ids.sale_line_id, order.order_line)
        order.action_set_up_progress_billing()
        self.assertEqual(len(contract.line_ids), 4)

    def test_deposits_step_by_step(self):
        """25 % of 10,000 + 15 %: draft, posted, reset, posted, credited in part, final."""
        order = self.orders.order([6000, 4000], self.tax_15)
        first, second = order.order_line
        contract = self.orders.set_up(order)
        self.assertFigures(order, 0, 11500, 'to invoice', 0)
        bill = self.billing.bill(contract, '25%', post=False)
        self.assertFigures(order, 0, 11500, 'to invoice', 1)
        self.assertLineFigures(first, 0.25, 0.75, 0, 6000)
        bill.invoice_id.action_post()
        self.assertFigures(order, 2875, 8625, 'to invoice', 1)
        self.assertLineFigures(first, 0.25, 0.75, 1500, 4500)
        self.assertLineFigures(second, 0.25, 0.75, 1000, 3000)
        self.assertEqual(order.invoice_ids, bill.invoice_id)
        self.assertEqual(
            self.books.of(bill.invoice_id),
            {
                self.receivable_account: (2875, 2875),
                self.deposit_account: (-2500, -2500),
                self.company_data['default_account_tax_sale']: (-375, -375),
            },
        )
        bill.invoice_id.button_draft()
        self.assertFigures(order, 0, 11500, 'to invoice', 1)
        bill.invoice_id.action_post()
        refund = self.billing.credit(bill.invoice_id, 1000)
        self.assertFigures(order, 1725, 9775, 'to invoice', 2)
        self.assertLineFigures(first, 0.15, 0.85, 900, 5100)
        self.assertEqual(order.invoice_ids, bill.invoice_id | refund)
        final = self.billing.final(contract)
        self.assertFigures(order, 11500, 0, 'invoiced', 3)
        self.assertLineFigures(first, 1, 0, 6000, 0)
        self.assertEqual(
            self.books.of(final),
            {
                self.receivable_account: (9775, 9775),
                self.deposit_account: (1500, 1500),
                self.income_account: (-10000, -10000),
                self.company_data['default_account_tax_sale']: (-1275, -1275),
            },
        )
        self.assertDeposits(contract, 0)
        self.assertEqual(final.line_ids.sale_line_ids, order.order_line)

    def test_as_billed_step_by_step(self):
        order = self.orders.order([6000, 4000], self.tax_15)
        contract = self.orders.set_up(order, 'as_billed')
        bill = self.billing.bill(contract, '40%')
        self.assertFigures(order, 4600, 6900, 'to invoice', 1)
        self.assertLineFigures(order.order_line[1], 0.4, 0.6, 1600, 2400)
        self.assertEqual(bill.invoice_id.invoice_line_ids.sale_line_ids, order.order_line)
        self.billing.credit(bill.invoice_id)
        self.assertFigures(order, 0, 11500, 'to invoice', 2)
        self.billing.bill(contract, '30%')
        final = self.billing.final(contract)
        self.assertFigures(order, 11500, 0, 'invoiced', 4)
        self.assertEqual(
            self.books.of(final),
            {
                self.receivable_account: (8050, 8050),
                self.income_account: (-7000, -7000),
                self.company_data['default_account_tax_sale']: (-1050, -1050),
            },
        )

    def test_no_percentage_through_a_rounded_quantity(self):
        """33.333 % of 1 x 1,000,000 is 333,330.00; 0.4 % is something, 99.7 % is not all of it."""
        order = self.orders.order([1000000])
        contract = self.orders.set_up(order)
        bill = self.billing.bill(contract, '33.333%')
        self.assertEqual(bill.invoice_id.amount_untaxed, 333330)
        self.assertFigures(order, 333330, 666670, 'to invoice', 1)
        self.assertLineFigures(order.order_line, 0.33, 0.67, 333330, 666670)
        other = self.orders.order([1000])
        contract = self.orders.set_up(other)
        self.billing.bill(contract, '0.4%')
        self.assertFigures(other, 4, 996, 'to invoice', 1)
        self.billing.bill(contract, '99.3%')
        self.assertFigures(other, 997, 3, 'to invoice', 2)
        self.assertEqual(other.order_line.invoice_status, 'to invoice')

    def test_deleted_and_cancelled_drafts(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        bill = self.billing.bill(contract, '50%', post=False)
        self.assertLineFigures(order.order_line, 0.5, 0.5, 0, 1000)
        bill.invoice_id.unlink()
        self.assertLineFigures(order.order_line, 0, 1, 0, 1000)
        bill.action_create()
        bill.invoice_id.button_cancel()
        self.assertLineFigures(order.order_line, 0, 1, 0, 1000)
        self.assertFigures(order, 0, 1000, 'to invoice', 1)

    def test_reopened_final(self):
        """The final invoice reset: the order goes back to what the deposits billed."""
        order = self.orders.order([1000], self.tax_15)
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '50%')
        final = self.billing.final(contract)
        self.assertFigures(order, 1150, 0, 'invoiced', 2)
        final.button_draft()
        self.assertFigures(order, 575, 575, 'invoiced', 2)
        final.unlink()
        self.assertFigures(order, 575, 575, 'to invoice', 1)

    def test_create_invoice_leaves_it_to_the_contract(self):
        order = self.orders.order([1000])
        self.orders.set_up(order)
        self.assertTrue(order.is_progress_billed)
        with self.assertRaisesRegex(UserError, "progress billing bills what is left"):
            order._create_invoices(final=True)
        other = self.orders.order([500])
        self.assertEqual((order | other)._create_invoices().amount_untaxed, 500)
        self.assertEqual(order.invoice_count, 0)
