from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ProgressContract(models.Model):
    """A fixed fee that hours are worked on."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    hourly_rate = fields.Monetary(
        help="Value of an hour of those whose rate neither the project nor its order says. Billed is the fixed fee: "
        "the rate says what the hours are worth.",
    )
    show_hours = fields.Boolean(
        string="Hours on the Invoice", help="The customer's invoice, printed and online, lists the hours attached."
    )

    def _get_time_domain(self, date):
        """Time entries that could be on a bill of these contracts: billable or not, up to a date, on no other one.

        :param date date: of the bill
        :return Domain: on ``account.analytic.line``
        """
        free = self.env['account.analytic.line']._get_progress_free_domain()
        return free & Domain('project_id', 'in', self.project_id.ids) & Domain('date', '<=', date)

    def _find_missing_rates(self, date):
        """Look once more for the rate of entries that have none (HRS-2).

        :param date date: up to which entries are looked at
        """
        # sudo: account.analytic.line - a rate follows from prices, whatever its reader may write
        entries = self.env['account.analytic.line'].sudo()
        for contract in self.filtered('project_id'):
            missing = Domain('progress_rate_source', 'in', (False, 'none'))
            found = entries.search(contract._get_time_domain(date) & missing)
            found._update_progress_rates(contract)

    # === EXPENSES AND PRODUCTS === #

    def _get_order_lines_to_bill(self, kind):
        """Order lines beside the schedule of values that have something to invoice (HRS-8).

        Expenses are those that Odoo re-invoices, products all others; hours sold by the hour are left to the order's
        own invoicing, for the fee covers the time.

        :param str kind: ``expense`` or ``product``
        :return: ``sale.order.line`` as superuser
        """
        # sudo: sale.order.line - what is left to invoice does not depend on who asks; lists ask for rights
        lines = self.env['sale.order.line'].sudo()
        found = lines.search(self._get_order_line_domain() & Domain('is_expense', '=', kind == 'expense'))
        return found.filtered(lambda line: line._is_billed_beside(self))

    def _get_orders_to_bill(self):
        """Confirmed orders of these contracts: their own, and those of their projects that have no contract.

        :return: ``sale.order`` as superuser
        """
        projects = self.project_id.sudo()  # sudo: project.project - the order behind it
        theirs = Domain('project_id', 'in', projects.ids) | Domain('id', 'in', projects.sale_line_id.order_id.ids)
        orders = Domain('progress_contract_id', 'in', self.ids) | Domain('progress_contract_id', '=', False) & theirs
        # sudo: sale.order - what is left to invoice does not depend on who asks
        return self.env['sale.order'].sudo().search(
            orders & Domain('state', '=', 'sale') & Domain('company_id', 'in', self.company_id.ids)
        )

    def _get_order_line_domain(self):
        """Order lines of these contracts, in their currencies, on no schedule of values."""
        return Domain('order_id', 'in', self._get_orders_to_bill().ids) & Domain(
            [
                ('display_type', '=', False),
                ('is_downpayment', '=', False),
                ('is_progress_billed', '=', False),
                ('currency_id', 'in', self.currency_id.ids),
            ]
        )

    def _is_record_to_bill(self, record):
        """Order lines beside the schedule, and time entries of the project."""
        if record._name == 'sale.order.line':
            return bool(record.filtered_domain(self._get_order_line_domain()))
        if record._name == 'account.analytic.line':
            return bool(self.project_id) and record.project_id == self.project_id
        return super()._is_record_to_bill(record)

    # === DASHBOARD === #

    def _get_profitability_move_lines(self):
        """Products beside the schedule are counted with their order lines."""
        return super()._get_profitability_move_lines() - self._get_ordered_items()

    def _get_ordered_items(self):
        """Journal items of products beside the schedule, which the dashboard shows by their order lines."""
        # sudo: account.move.line - sums only, for everyone who sees the dashboard
        items = self.env['account.move.line'].sudo()
        return items.search(
            [
                ('move_id.progress_contract_id', 'in', self.ids),
                ('parent_state', '=', 'posted'),
                ('progress_line_type', '=', 'sourced'),
                ('sale_line_ids.is_expense', '=', False),
                ('sale_line_ids', '!=', False),
            ]
        )

    # === SCREEN === #

    def action_progress_bill(self):
        """Create Progress Bill: the screen, for this contract.

        :return dict: the screen
        :raises UserError: with every reason why the contract cannot be billed
        """
        self.ensure_one()
        return self._open_progress_bill()._get_screen_action()

    def _open_progress_bill(self):
        """The record behind the screen: of one contract, or of all that a customer has.

        :return: ``progress.bill.create``
        :raises UserError: with every reason why a contract cannot be billed, or for several customers
        """
        self.check_access('write')
        self._check_can_bill()
        if len(self) == 1:
            return self.env['progress.bill.create'].create({'contract_id': self.id})
        customers = self.partner_id.commercial_partner_id
        if len(customers) > 1:
            raise UserError(
                self.env._(
                    "These are of several customers: %s. Bill one customer at a time.",
                    ', '.join(customers.mapped('display_name')),
                )
            )
        return self.env['progress.bill.create'].create({'partner_id': customers.id})
