from odoo import models
from odoo.fields import Domain
from odoo.tools import formatLang

from .hr_expense import POSTED


class ProgressContract(models.Model):
    """Expenses that did not come to an order, or not yet, said on the screen (HRS-14)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    def _get_reinvoicing_warnings(self):
        sentences = super()._get_reinvoicing_warnings()
        # sudo: hr.expense - costs are told of, whoever bills
        for contract in self.sudo().filtered('project_id'):
            sentences += contract._get_lost_expenses()
            sentences += contract._get_waiting_expenses()
        return sentences

    def _get_reinvoiceable_items(self, account):
        """An expense that is taken back takes its order line with it: no vendor's refund to tell of."""
        return super()._get_reinvoiceable_items(account).filtered(lambda item: not item.expense_id)

    def _get_project_expenses(self, domain):
        """Expenses on the project's analytic account whose categories are charged on, of companies that are shown.

        :param Domain domain: what else holds of them
        """
        accounts = self.project_id.account_id
        if not accounts:
            return self.env['hr.expense']
        charged_on = Domain('product_id.expense_policy', 'in', ('cost', 'sales_price'))
        charged_on &= Domain('company_id', 'in', self.env.companies.ids)  # as superuser no rule says so
        return self.env['hr.expense'].search(
            Domain('analytic_distribution', 'in', accounts.ids) & charged_on & Domain(domain)
        )

    def _get_lost_expenses(self):
        """Posted expenses that came to no order line."""
        lost = self._get_project_expenses([('state', 'in', POSTED), ('sale_order_line_id', '=', False)])
        if not lost:
            return []
        return [
            self.env._(
                "Not charged on: %s. No Customer to Reinvoice was chosen on them when they were posted. Add them to "
                "the order by hand, or reset them and post them again.",
                self._name_expenses(lost),
            )
        ]

    def _get_waiting_expenses(self):
        """Expenses for orders of these contracts that nobody has posted yet."""
        orders = self._get_orders_to_bill()
        waiting = self.env['hr.expense'].search(
            [('sale_order_id', 'in', orders.ids), ('state', 'in', ('submitted', 'approved'))]
        )
        if not waiting:
            return []
        return [self.env._("To be charged on, and not posted yet: %s.", self._name_expenses(waiting))]

    def _name_expenses(self, expenses):
        """Expenses as people know them."""
        return self._name_readable(
            expenses,
            lambda expense: (
                f'{expense.employee_id.name}: {expense.name} '
                f'{formatLang(self.env, expense.total_amount_currency, currency_obj=expense.currency_id)}'
            ),
        )

    # === DASHBOARD === #

    def _get_ordered_items(self):
        """Expenses that the dashboard shows in Odoo's own row of expenses count there alone."""
        expenses = self.sudo()._get_project_expenses([('state', 'in', POSTED)])  # sudo: hr.expense - sums only
        shown = {(expense.sale_order_id, expense.product_id) for expense in expenses}
        # sudo: account.move.line - sums only, for everyone who sees the dashboard
        items = self.env['account.move.line'].sudo()
        if shown:
            items = items.search(
                [
                    ('move_id.progress_contract_id', 'in', self.ids),
                    ('parent_state', '=', 'posted'),
                    ('progress_line_type', '=', 'sourced'),
                    ('sale_line_ids.is_expense', '=', True),
                ]
            )
        mine = items.filtered(
            lambda item: any((line.order_id, line.product_id) in shown for line in item.sale_line_ids)
        )
        return super()._get_ordered_items() | mine
