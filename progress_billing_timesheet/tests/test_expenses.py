from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestExpenses(ProgressTimesheetCommon):
    """Expenses and products on top of the fee: whole, once, and right on the order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_data['company'].anglo_saxon_accounting = False
        cls.travel = cls.orders.product("Travel", expense_policy='cost', invoice_policy='delivery')
        cls.licence = cls.orders.product("Licence")
        cls.order = cls.orders.order([30000], project_id=cls.project.id)
        cls.contract = cls.orders.set_up(cls.order, 'as_billed')
        cls.contract.action_open()
        cls.vendor = cls.env['res.partner'].create({'name': "Railway"})

    @classmethod
    def _vendor_bill(cls, amount=80.0, post=True, project=None, **vals):
        project = project or cls.project
        bill = cls.env['account.move'].create(
            {
                'move_type': 'in_invoice',
                'partner_id': cls.vendor.id,
                'invoice_date': '2026-01-10',
                'invoice_line_ids': [
                    Command.create(
                        {
                            'product_id': cls.travel.id,
                            'name': "Train to the customer",
                            'quantity': 1,
                            'price_unit': amount,
                            'tax_ids': [Command.clear()],
                            'analytic_distribution': {str(project.account_id.id): 100},
                        }
                    )
                ],
                **vals,
            }
        )
        if post:
            bill.action_post()
        return bill

    @classmethod
    def _add_product(cls, price=250.0, quantity=2, **vals):
        line = cls.env['sale.order.line'].create(
            {
                'order_id': cls.side_order.id,
                'product_id': cls.licence.id,
                'name': "Licence",
                'product_uom_qty': quantity,
                'price_unit': price,
                'tax_ids': [Command.clear()],
                **vals,
            }
        )
        return line

    def _expense_line(self):
        return self.order.order_line.filtered('is_expense')

    @property
    def side_order(self):
        return self._side_order()

    def _side_order(self):
        if not hasattr(self, '_side'):
            self._side = self.orders.order([250], line_vals={'product_id': self.licence.id, 'product_uom_qty': 2})
            self._side.project_id = self.project
        return self._side

    # === BILLED === #

    def test_from_vendor_bill_to_ledger_and_back(self):
        self._vendor_bill()
        line = self._expense_line()
        self.assertEqual((line.qty_to_invoice, line.price_unit, line.is_progress_billed), (1, 80, False))
        product = self._side_order().order_line
        wizard = self._open(self.contract, None, 1000)
        self.assertEqual([row['id'] for row in wizard.read_order_lines('expense')], line.ids)
        self.assertEqual([row['id'] for row in wizard.read_order_lines('product')], product.ids)
        wizard.tick_order_lines('expense', True, line.ids)
        wizard.tick_order_lines('product', True, product.ids)
        self.assertEqual((wizard.expense_amount, wizard.product_amount, wizard.net_amount), (80, 500, 1580))
        wizard.action_continue()
        bill = wizard.bill_id
        self.assertEqual((bill.amount, bill.sourced_amount, bill.amount_due), (1000, 580, 1580))
        self.assertEqual(self.contract.wip_available, 29000)
        self.assertRecordValues(
            bill.entry_ids,
            [
                {'kind': 'expense', 'order_line_id': line.id, 'quantity': 1, 'value': 80},
                {'kind': 'product', 'order_line_id': product.id, 'quantity': 2, 'value': 500},
            ],
        )
        items = bill.invoice_id.invoice_line_ids.filtered(lambda item: item.progress_line_type == 'sourced')
        self.assertEqual(items.sale_line_ids, line | product)
        for order_line, quantity in ((line, 1), (product, 2)):
            self.assertEqual((order_line.qty_invoiced, order_line.qty_to_invoice), (quantity, 0))
        bill.invoice_id.action_post()
        self.assertLedgerLines(bill.invoice_id, self.income_account, -1580)
        self.assertEqual(product.untaxed_amount_invoiced, 500)
        self.assertEqual(product.order_id.invoice_status, 'invoiced')
        self.assertIn(bill.invoice_id, product.order_id.invoice_ids)
        bill.invoice_id._reverse_moves([{'date': '2026-02-15'}], cancel=True)
        self.assertEqual((line | product).mapped('qty_to_invoice'), [1, 2])

    def test_whole_and_once(self):
        self._vendor_bill()
        line = self._expense_line()
        self.contract.use_pro_forma = True
        bill = self._create_bill(self.contract, None, 0, expense_line_ids=[Command.set(line.ids)])
        self.assertEqual((bill.state, bill.sourced_amount), ('draft', 80))
        self.assertEqual(line.qty_to_invoice, 0)
        with self.assertRaisesRegex(UserError, "There is nothing to bill"):
            self._create_bill(self.contract, None, 0, expense_line_ids=[Command.set(line.ids)])
        with self.assertRaisesRegex(UserError, "Train to the customer.* is on"):
            line.qty_delivered = 0
        bill.action_release()
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (1, 0))
        bill.invoice_id.unlink()
        self.assertEqual(line.qty_to_invoice, 0)
        bill.unlink()
        self.assertEqual(line.qty_to_invoice, 1)

    def test_not_offered(self):
        """The schedule's own lines, hours sold by the hour, down payments, other customers' orders."""
        hourly = self.orders.product(
            "By the hour", uom_id=self.hour.id, invoice_policy='delivery', service_type='timesheet'
        )
        order = self.orders.order([100], line_vals={'product_id': hourly.id})
        order.project_id = self.project
        self._make_entry(3).so_line = order.order_line
        other = self.orders.order([500], partner_id=self.vendor.id)
        other.project_id = self.project
        wizard = self._open(self.contract)
        self.assertFalse(wizard.read_order_lines('product'))
        wizard.tick_order_lines('product', True, (order | other | self.order).order_line.ids)
        self.assertEqual(wizard.product_amount, 0)

    def test_final_with_everything(self):
        self._vendor_bill()
        self.contract.revenue_recognition = 'deposit'
        self._create_bill(self.contract, None, 10000).invoice_id.action_post()
        wizard = self._open(
            self.contract, self._make_entry(5), is_final=True, expense_line_ids=[Command.set(self._expense_line().ids)]
        )
        self.assertEqual((wizard.wip_bill_amount, wizard.net_amount), (20000, 20080))
        wizard.action_continue()
        final = wizard.bill_id.invoice_id
        self.assertEqual((final.amount_untaxed, final.progress_invoice_type), (20080, 'final'))
        final.action_post()
        self.assertLedgerLines(final, self.income_account, -30080)
        self.assertEqual((self.contract.state, self.contract.deposit_balance), ('closed', 0))
        self.assertEqual(self._expense_line().qty_invoiced, 1)

    def test_price_with_tax(self):
        """100.00 at 21 % included: 82.64 and 17.36."""
        tax = self.make.tax("21 % incl.", 21.0, price_include_override='tax_included')
        line = self._side_order().order_line
        line.write({'product_uom_qty': 1, 'price_unit': 100, 'tax_ids': [Command.set(tax.ids)]})
        bill = self._create_bill(self.contract, None, 0, product_line_ids=[Command.set(line.ids)])
        invoice = bill.invoice_id
        self.assertEqual((invoice.amount_untaxed, invoice.amount_tax, invoice.amount_total), (82.64, 17.36, 100))
        invoice.action_post()
        self.assertEqual(line.qty_to_invoice, 0)

    def test_dashboard_counts_a_product_once(self):
        line = self._side_order().order_line
        self._create_bill(self.contract, None, 1000, product_line_ids=[Command.set(line.ids)]).invoice_id.action_post()
        revenues = self.project._get_profitability_items(with_action=False)['revenues']
        self.assertEqual(revenues['total']['invoiced'], 1500)

    # === NOT PASSED ON === #

    def test_no_warning_where_all_is_well(self):
        self._vendor_bill()
        self.assertFalse(self._open(self.contract).warning_text)

    def test_refund_of_a_vendor_bill(self):
        bill = self._vendor_bill()
        bill._reverse_moves([{'invoice_date': '2026-01-20', 'date': '2026-01-20'}], cancel=True)
        self.assertEqual(self._expense_line().qty_to_invoice, 1)
        self.assertRegex(self._open(self.contract).warning_text, "Refunded by the vendor and not given back.*Travel")

    def test_two_projects_on_one_account(self):
        self.make.project(name="Warehouse", account_id=self.project.account_id.id)
        self._vendor_bill()
        self.assertFalse(self._expense_line())
        self.assertRegex(
            self._open(self.contract).warning_text,
            "Not charged on: .*Travel.*shares its analytic account with Warehouse",
        )

    def test_vendor_bill_posted_again(self):
        bill = self._vendor_bill()
        line = self._expense_line()
        self._create_bill(self.contract, None, 0, expense_line_ids=[Command.set(line.ids)])
        bill.button_draft()
        bill.action_post()
        self.assertEqual(len(self._expense_line()), 2)
        self.assertRegex(self._open(self.contract).warning_text, "its vendor bill or expense was reset since.*Train")
