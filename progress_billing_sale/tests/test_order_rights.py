from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestOrderRights(ProgressSaleCommon):
    """Salespeople without billing rights, billing users without sales rights, other companies, odd callers."""

    def test_salesman_sees_figures_and_proposes(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '25%')
        mine = order.with_user(self.salesman)
        self.env.invalidate_all()
        values = mine.read()[0]
        self.assertEqual(
            (values['amount_invoiced'], values['amount_to_invoice'], values['invoice_count']), (250, 750, 1)
        )
        self.assertNotIn('progress_bill_ids', values)
        self.assertEqual(mine.order_line.qty_invoiced, 0.25)
        mine.order_line.price_unit = 1100
        self.assertEqual(contract.change_ids.amount, 100)
        with self.assertRaisesRegex(UserError, "progress billing"):
            mine._create_invoices()
        with self.assertRaisesRegex(AccessError, "You are not allowed to (modify|access)"):
            contract.change_ids.with_user(self.salesman).action_approve()
        with self.assertRaisesRegex(AccessError, "You are not allowed to (modify|access)"):
            contract.with_user(self.salesman).action_create_final_invoice()
        with self.assertRaisesRegex(UserError, "these bill it"):
            mine.action_cancel()

    def test_salesman_cannot_set_up(self):
        order = self.orders.order([1000])
        with self.assertRaisesRegex(AccessError, "You are not allowed to create"):
            order.with_user(self.salesman).action_set_up_progress_billing()
        self.orders.set_up(order)
        with self.assertRaisesRegex(AccessError, "You are not allowed to (modify|access)"):
            order.with_user(self.salesman).write({'progress_bill_ids': [Command.create({'amt_pct': '5%'})]})

    def test_salesman_plans_the_quotation(self):
        order = self.orders.order([1000], confirm=False).with_user(self.salesman)
        template = self.env['progress.plan.template'].create(
            {'name': "Half", 'line_ids': [Command.create({'percent': 50})]}
        )
        order.progress_plan_template_id = template.with_user(self.salesman)
        self.assertEqual(order.progress_plan_ids.amount, 500)
        order.action_confirm()

    def test_billing_user_without_sales_rights(self):
        order = self.orders.order([1000])
        contract = self.orders.set_up(order).with_user(self.billing_user)
        self.env.invalidate_all()
        values = contract.read()[0]
        self.assertNotIn('sale_order_count', set(values) - {'sale_order_count'})
        contract.line_ids.read()
        bill = self.make.plan(contract, '20%')
        bill.action_create()
        self.assertEqual(bill.invoice_state, 'draft')
        order.order_line.price_unit = 1100
        contract.change_ids.action_approve()
        self.assertEqual(contract.revised_amount, 1100)
        with self.assertRaisesRegex(AccessError, "You are not allowed to (modify|access)"):
            order.with_user(self.billing_user).action_set_up_progress_billing()

    def test_salesman_with_billing_rights_sets_up(self):
        user = new_test_user(
            self.env,
            login='selling_biller',
            groups='sales_team.group_sale_salesman_all_leads,progress_billing.group_user',
            company_id=self.company.id,
        )
        project = self.make.project(billing_method='none')
        order = self.orders.order([1000], self.tax_15, project_id=project.id).with_user(user)
        self.orders.down_payment(order.with_env(self.env), percent=10)
        action = order.action_set_up_progress_billing()
        self.assertEqual(action['res_model'], 'progress.contract')
        contract = order.progress_contract_id
        self.assertRecordValues(contract, [{'state': 'open', 'actual_amount': 100}])
        bill = self.make.plan(contract, '20%')
        bill.action_create()
        self.env.invalidate_all()
        self.assertEqual(order.amount_invoiced, 115)
        for name in (
            'action_plan_progress_billing',
            'action_view_progress_lines',
            'action_view_progress_bills',
            'action_view_progress_contract',
            'action_view_progress_changes',
            'action_open_progress_contract',
            'action_set_up_progress_tab',
        ):
            self.assertIn('type', getattr(order, name)(), name)
        order.write({'progress_bill_ids': [Command.create({'amt_pct': '5%', 'date': '2026-05-31'})]})
        self.assertEqual(len(contract.bill_ids), 3)

    def test_links_cannot_be_given(self):
        """Which order line a schedule line bills, and which order a contract bills, only set-up says."""
        order = self.orders.order([1000])
        contract = self.make.contract([500])
        user = self.billing_user
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            contract.line_ids.with_user(user).sale_line_id = order.order_line
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            self.env['progress.contract.line'].with_user(user).create(
                {'contract_id': contract.id, 'name': "X", 'original_amount': 5, 'sale_line_id': order.order_line.id}
            )
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            self.make.plan(contract, '5%').with_user(user).is_sale_down_payment = True

    def test_two_companies(self):
        other = (
            self.company_data_2['company']
            if hasattr(self, 'company_data_2')
            else self.env['res.company'].create({'name': "Other Builders"})
        )
        project = self.make.project(company_id=False)
        order = self.orders.order([1000], project_id=project.id)
        self.env.user.company_ids += other
        contract = order.with_context(allowed_company_ids=[other.id, self.company.id]).action_set_up_progress_billing()
        self.assertEqual(order.progress_contract_id.company_id, self.company)
        self.assertTrue(contract)

    def test_derived_fields_cannot_be_written(self):
        order = self.orders.order([1000])
        contract = self.make.contract([500])
        mine = order.with_user(self.salesman)
        with self.assertRaisesRegex(AccessError, "Choose Set Up Progress Billing to bill an order on a contract"):
            mine.progress_contract_id = contract
        with self.assertRaisesRegex(AccessError, "Whether a line is billed in stages follows"):
            mine.order_line.is_progress_billed = True
        self.orders.set_up(order)
        with self.assertRaisesRegex(AccessError, "Cancel the billing contract to bill the order otherwise"):
            mine.progress_contract_id = False
