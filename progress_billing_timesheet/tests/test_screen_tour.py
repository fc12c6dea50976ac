from odoo.tests import HttpCase, tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestScreenTour(ProgressTimesheetCommon, HttpCase):
    """The way a person goes, in a real browser."""

    def test_hours(self):
        admin = self.env.ref('base.user_admin')
        groups = ('account.group_account_manager', 'sales_team.group_sale_manager', 'progress_billing.group_manager')
        admin.write(
            {
                'company_ids': [(4, self.company.id)],
                'company_id': self.company.id,
                'group_ids': [(4, self.env.ref(group).id) for group in groups],
            }
        )
        contract = self.make.contract([50000], hourly_rate=100)
        entries = self._make_entry(6) | self._make_entry(4, self.bob)
        order = self.orders.order([250], line_vals={'product_id': self.orders.product("Licence").id, 'name': "Licence"})
        order.project_id = self.project
        self.project.sale_line_id = False
        self.start_tour(
            f'/odoo/action-project.open_view_project_all/{self.project.id}',
            'progress_billing_hours',
            login='admin',
            timeout=180,
        )
        bill = contract.bill_ids
        self.assertEqual((bill.amount, bill.sourced_amount, bill.entry_ids.analytic_line_id), (1500, 250, entries))
