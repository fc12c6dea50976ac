from odoo import Command
from odoo.tests import HttpCase, tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestOrderTours(ProgressSaleCommon, HttpCase):
    """The way a person goes, in a real browser."""

    def test_order(self):
        admin = self.env.ref('base.user_admin')
        admin.write(
            {
                'company_ids': [(4, self.company.id)],
                'company_id': self.company.id,
                'group_ids': [
                    (4, self.env.ref('account.group_account_manager').id),
                    (4, self.env.ref('sales_team.group_sale_manager').id),
                ],
            }
        )
        order = self.orders.order([1000], self.tax_15, confirm=False)
        order.progress_plan_ids = [Command.create({'title': "Order", 'percent': 30})]
        order.action_confirm()
        self.start_tour(
            f'/odoo/action-sale.action_orders/{order.id}', 'progress_billing_order', login='admin', timeout=180
        )
        contract = order.progress_contract_id
        self.assertRecordValues(contract, [{'revised_amount': 2000, 'actual_amount': 300, 'deposit_balance': 300}])
        self.assertFigures(order, 345, 1955, 'to invoice', 1)
