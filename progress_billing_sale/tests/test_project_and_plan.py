from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestProjectAndPlan(ProgressSaleCommon):
    """An order with a project shares its contract; a quotation carries its plan."""

    def test_order_shares_the_projects_contract(self):
        contract = self.make.contract([500])
        order = self.orders.order([1000], project_id=self.project.id)
        order.fiscal_position_id = contract.fiscal_position_id
        self.assertEqual(self.orders.set_up(order), contract)
        self.assertEqual(contract.line_ids.mapped('revised_amount'), [500, 1000])
        self.billing.bill(contract, '50%')
        self.assertLineFigures(order.order_line, 0.5, 0.5, 500, 500)
        self.assertFigures(order, 500, 500, 'to invoice', 1)
        order.order_line.price_unit = 1200
        self.assertEqual(contract.change_ids.amount, 200)

    def test_two_orders_on_one_project(self):
        orders = (
            self.orders.order([1000], project_id=self.project.id),
            self.orders.order([3000], project_id=self.project.id),
        )
        contract = self.orders.set_up(orders[0])
        self.assertEqual(self.orders.set_up(orders[1]), contract)
        bill = self.billing.bill(contract, '10%')
        self.assertEqual(bill.line_ids.mapped('amount'), [100, 300])
        self.assertFigures(orders[0], 100, 900, 'to invoice', 1)
        self.assertFigures(orders[1], 300, 2700, 'to invoice', 1)
        with self.assertRaisesRegex(UserError, bill.name):
            orders[1].action_cancel()
        self.billing.credit(bill.invoice_id)
        orders[1].action_cancel()
        self.assertEqual(contract.state, 'open')
        self.assertRecordValues(contract.change_ids, [{'state': 'draft', 'amount': -3000}])

    def test_contract_of_another_customer_is_not_shared(self):
        contract = self.make.contract([500])
        other = self.env['res.partner'].create({'name': "Somebody else"})
        order = self.orders.order([1000], project_id=self.project.id, partner_id=other.id)
        mine = self.orders.set_up(order)
        self.assertNotEqual(mine, contract)
        self.assertRecordValues(mine, [{'project_id': self.project.id, 'partner_id': other.id}])

    def test_project_becomes_fixed_fee(self):
        project = self.make.project(billing_method='none')
        order = self.orders.order([1000], project_id=project.id)
        contract = self.orders.set_up(order)
        self.assertEqual(project.billing_method, 'fixed_fee')
        self.assertEqual(project.progress_contract_ids, contract)
        self.assertEqual(contract.state, 'open')
        project = self.make.project(billing_method='time_materials')
        order = self.orders.order([1000], project_id=project.id)
        with self.assertRaisesRegex(UserError, "bills time and materials"):
            self.orders.set_up(order)

    def test_dashboard(self):
        """Earned and deposits in the contract's rows; nothing is counted a second time with the order."""
        self.project.allow_billable = True
        self.project._create_analytic_account()
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([1000], project_id=self.project.id, line_vals={'product_uom_qty': 10})
        self.project.sale_line_id = order.order_line
        order.order_line.qty_delivered = 2
        self.orders.invoice(order)
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '3000')

        def rows():
            self.env.flush_all()
            items = self.project._get_profitability_items(with_action=False)['revenues']
            return {row['id']: (row['invoiced'], row['to_invoice']) for row in items['data']}, items['total']

        data, total = rows()
        self.assertEqual(data, {'progress_revenue': (2000, 8000), 'progress_deposits': (3000, -3000)})
        self.assertEqual(total, {'invoiced': 5000, 'to_invoice': 5000})
        self.billing.final(contract)
        data, total = rows()
        self.assertEqual(data, {'progress_revenue': (10000, 0)})
        self.assertEqual(total, {'invoiced': 10000, 'to_invoice': 0})
        self.assertTrue(self.env['project.update']._get_template_values(self.project))
        self.assertTrue(self.project.get_panel_data())

    def test_down_payment_is_not_earned(self):
        """Odoo books a down payment as earned on the project; as a deposit of the contract it is not."""
        self.project.allow_billable = True
        self.project._create_analytic_account()
        order = self.orders.order([1000], project_id=self.project.id)
        self.project.sale_line_id = order.order_line
        move = self.orders.down_payment(order, percent=30)
        self.assertEqual(self._analytic_balance(), 300)
        contract = self.orders.set_up(order)
        self.assertFalse(move.invoice_line_ids.analytic_distribution)
        self.assertEqual(self._analytic_balance(), 0)
        self.billing.final(contract)
        self.assertEqual(self._analytic_balance(), 1000)

    def _analytic_balance(self):
        self.env.flush_all()
        lines = self.env['account.analytic.line'].search([('account_id', '=', self.project.account_id.id)])
        return sum(lines.mapped('amount'))

    @freeze_time('2026-03-31 12:00:00')
    def test_plan_of_the_quotation(self):
        template = self.env['progress.plan.template'].create(
            {
                'name': "Thirds",
                'line_ids': [
                    Command.create({'title': "Start", 'percent': 33.33, 'offset': 0}),
                    Command.create({'title': "Half", 'percent': 33.33, 'offset': 1}),
                    Command.create({'percent': 23.34, 'offset': 14, 'offset_unit': 'days'}),
                ],
            }
        )
        order = self.orders.order([100], confirm=False, progress_plan_template_id=template.id)
        self.assertEqual(order.progress_plan_ids.mapped('amount'), [33.33, 33.33, 23.34])
        order.progress_plan_ids[1].trigger = 'manual'
        rows = order._get_progress_plan_rows()
        self.assertEqual(
            [(row['title'], row['due'], row['percent'], row['amount']) for row in rows],
            [
                ("Start", "On confirmation", "33.33", 33.33),
                ("Half", "When reached", "33.33", 33.33),
                ("Instalment 3", "14 days after confirmation", "23.34", 23.34),
                ("Final invoice", "On completion", "10", 10),
            ],
        )
        self.assertEqual(order.copy().progress_plan_ids.mapped('percent'), [33.33, 33.33, 23.34])
        with self.assertRaisesRegex(ValidationError, "The billing plan of"):
            order.progress_plan_ids[0].percent = 90
        order.action_confirm()
        contract = self.orders.set_up(order)
        self.assertRecordValues(
            contract.bill_ids.sorted('id'),
            [
                {'title': "Start", 'amt_pct': '33.33%', 'date': fields.Date.to_date('2026-03-31'), 'trigger': 'date'},
                {'title': "Half", 'amt_pct': '33.33%', 'date': False, 'trigger': 'manual'},
                {
                    'title': "Instalment 3",
                    'amt_pct': '23.34%',
                    'date': fields.Date.to_date('2026-04-14'),
                    'trigger': 'date',
                },
            ],
        )
        self.env['progress.bill']._get_due_domain()
        contract.bill_ids.sorted('id')[0].action_create()
        self.assertEqual(contract.draft_amount, 33.33)


@tagged('post_install', '-at_install')
class TestPortal(ProgressSaleCommon, HttpCase):
    """The customer's view of quotation, order and invoices."""

    def test_quotation_and_order_pages(self):
        order = self.orders.order([1000], self.tax_15, confirm=False)
        order.progress_plan_ids = [Command.create({'title': "Shell <up>", 'percent': 40, 'offset': 1})]
        order.action_quotation_sent()
        page = self.url_open(order.get_portal_url())
        self.assertEqual(page.status_code, 200)
        self.assertIn("Shell &lt;up&gt;", page.text)
        self.assertIn("1 month after confirmation", page.text)
        self.assertIn("Final invoice", page.text)
        order.action_confirm()
        contract = self.orders.set_up(order)
        bill = self.billing.bill(contract, '25%')
        page = self.url_open(order.get_portal_url())
        self.assertEqual(page.status_code, 200)
        self.assertIn(bill.invoice_id.name, page.text)
        page = self.url_open(bill.invoice_id.get_portal_url())
        self.assertEqual(page.status_code, 200)
        html = self.env['ir.actions.report']._render_qweb_html('sale.report_saleorder', order.ids)[0].decode()
        self.assertIn("Shell &lt;up&gt;", html)

    def test_order_page_shows_what_was_billed(self):
        """20 % of 179,600 was billed: the page says 35,920.00, whatever is added to the order since."""
        order = self.orders.order([179600], confirm=False)
        order.progress_plan_ids = [
            Command.create({'title': "Start", 'percent': 20, 'sequence': 1}),
            Command.create({'title': "Shell", 'percent': 30, 'offset': 1, 'sequence': 2}),
            Command.create({'title': "Dropped", 'percent': 10, 'offset': 2, 'sequence': 3}),
        ]
        order.action_confirm()
        contract = self.orders.set_up(order)
        first, _second, dropped = contract.bill_ids.sorted('id')
        first.date = '2026-03-31'
        first.action_create()
        first.invoice_id.action_post()
        dropped.action_cancel()
        self.billing.bill(contract, '1,000.00', '2026-04-30', title="Beside the plan")
        expected = [
            ("Start", "Billed on 03/31/2026", "20", 35920),
            ("Shell", "1 month after confirmation", "30", 53880),
            ("Beside the plan", "Billed on 04/30/2026", "", 1000),
            ("Final invoice", "On completion", "49.44", 88800),
        ]
        self.assertEqual(self._get_rows(order), expected)
        order.order_line = [Command.create({'product_id': self.service.id, 'product_uom_qty': 1, 'price_unit': 2950})]
        self.assertEqual(order.amount_untaxed, 182550)
        self.assertEqual(self._get_rows(order), expected, "nobody approved it")
        self.assertEqual(self._get_rows(order.with_user(self.salesman)), expected)
        page = self.url_open(order.get_portal_url()).text
        self.assertIn("35,920.00", page)
        self.assertNotIn("36,510.00", page)
        order.progress_change_ids.action_approve()
        rows = self._get_rows(order)
        self.assertEqual([row[3] for row in rows], [35920, 54765, 1000, 90865])

    def _get_rows(self, order):
        rows = order._get_progress_plan_rows()
        return [tuple(row[key] for key in ('title', 'due', 'percent', 'amount')) for row in rows]

    def test_online_payment_settles_the_next_progress_invoice(self):
        """Money that came in with the order is matched with the first invoice, whoever makes it."""
        order = self.orders.order([1000], require_payment=True, prepayment_percent=1)
        self.assertEqual(order._get_prepayment_required_amount(), 1000)
        provider = self.env['payment.provider'].search([('code', '=', 'custom')], limit=1)
        if not provider:
            provider = self.env['payment.provider'].create({'name': "Wire", 'code': 'none'})
        method = self.env['payment.method'].with_context(active_test=False).search([], limit=1)
        transaction = self.env['payment.transaction'].create(
            {
                'provider_id': provider.id,
                'payment_method_id': method.id,
                'reference': 'order-1',
                'amount': 250,
                'currency_id': order.currency_id.id,
                'partner_id': order.partner_id.id,
                'sale_order_ids': [Command.set(order.ids)],
                'state': 'pending',
            }
        )
        contract = self.orders.set_up(order)
        bill = self.billing.bill(contract, '25%', post=False)
        self.assertEqual(bill.invoice_id.transaction_ids, transaction)
