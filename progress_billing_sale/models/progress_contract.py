from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError


class ProgressContract(models.Model):
    """A contract whose schedule of values is, in whole or in part, that of sales orders."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    sale_order_ids = fields.One2many(
        'sale.order',
        'progress_contract_id',
        string="Sales Orders",
        groups='sales_team.group_sale_salesman',
    )
    sale_order_count = fields.Integer(compute='_compute_sale_order_count', compute_sudo=True)

    @api.depends('sale_order_ids')
    def _compute_sale_order_count(self):
        for contract in self:
            contract.sale_order_count = len(contract.sale_order_ids)

    @api.depends('company_id.downpayment_account_id')
    def _compute_blockers(self):
        return super()._compute_blockers()

    # === HOOKS OF THE CORE === #

    def _find_deposit_account(self, rule=None):
        """Sales' own down payment account stands in where no deposit account is set (DEP-3)."""
        return super()._find_deposit_account(rule) or self.company_id.downpayment_account_id

    def _get_recognised_amounts(self):
        """What Odoo's own invoices of the orders have booked as income (SAL-4)."""
        recognised = super()._get_recognised_amounts()
        for line in self._get_billable_lines().filtered('sale_actual_amount'):
            recognised[line.id] += line.sale_actual_amount
        return recognised

    def _check_no_drafts(self, but=None):
        """Odoo's own drafts, and changes of the order nobody decided on, come before the final invoice too."""
        result = super()._check_no_drafts(but=but)
        for contract in self.sudo():  # sudo: progress.contract - the check holds for everyone
            items = contract.line_ids.sale_line_id.invoice_lines.filtered(
                lambda item: item.parent_state == 'draft' and not item.progress_line_type
            )
            proposals = contract.change_ids.filtered(lambda change: change.state == 'draft' and change.sale_order_id)
            if items or proposals:
                raise UserError(
                    self.env._(
                        "%(contract)s: these come before the final invoice: %(drafts)s. Post or delete the invoices, "
                        "approve or cancel the change orders.",
                        contract=contract.display_name,
                        drafts=', '.join(record.display_name for record in [*items.move_id, *proposals]),
                    )
                )
        return result

    # === WORKFLOW === #

    def action_cancel(self):
        """Give down payments back to Odoo's own invoicing, then cancel.

        :return dict: the action that shows the contracts
        :raises UserError: while bills of the contract stand
        """
        self.check_access('write')
        self.filtered(lambda contract: not contract._get_standing_bills())._release_down_payments()
        return super().action_cancel()

    def unlink(self):
        self.filtered(lambda contract: not contract._get_standing_bills())._release_down_payments()
        return super().unlink()

    def action_draft(self):
        """Cancelled or open → draft; what has changed on the orders of a cancelled one is proposed to it.

        :return dict: the action that shows the contracts
        :raises UserError: when an order line stands on another contract by now
        """
        cancelled = self.filtered(lambda contract: contract.state == 'cancelled')
        result = super().action_draft()
        self.line_ids._check_order_lines_free('sale_line_id')
        # sudo: sale.order - whoever keeps the contract; the orders propose what they say
        orders = cancelled.sudo().sale_order_ids
        orders._propose_progress_changes()
        for order in orders.filtered(lambda order: order.state == 'cancel'):
            order._propose_removal()
        return result

    def action_view_sale_orders(self):
        """The orders whose lines the contract bills.

        :return dict: an action on ``sale.order``
        """
        return self.env['ir.actions.act_window']._for_progress_records('sale.action_orders', self.sale_order_ids)

    # === BUSINESS === #

    def _get_standing_bills(self, orders=None):
        """Bills that claim something: pro formas, draft and posted invoices that are not credited in full.

        Down payments of the orders do not count: they are Odoo's own.

        :param orders: ``sale.order``: only bills of their lines
        """
        # sudo: progress.bill - whether something is billed does not depend on who asks
        bills = self.sudo().bill_ids.filtered(lambda bill: bill.bucket and not bill.is_sale_down_payment)
        if orders is None:
            return bills
        return bills.filtered(
            lambda bill: bill.line_ids.filtered('amount').contract_line_id.sale_line_id.order_id & orders
        )

    def _get_billed_orders(self, scheduled):
        """The orders that some schedule lines stand for.

        :param scheduled: ``progress.contract.line``
        """
        return scheduled.sale_line_id.order_id

    def _fits_order(self, order):
        """Whether an order can be billed on this contract: same company, currency, customer and fiscal position."""
        self.ensure_one()
        return (
            self.state in ('draft', 'open')
            and not self.final_bill_id
            and self.contract_type == 'customer'
            and self.company_id == order.company_id
            and self.currency_id == order.currency_id
            and self.partner_id.commercial_partner_id == order.partner_invoice_id.commercial_partner_id
            and self.fiscal_position_id == order.fiscal_position_id
        )

    def _is_blank(self):
        """Whether nothing has been entered or billed yet: what a project's contract is when it is made."""
        self.ensure_one()
        return self.state == 'draft' and not self.line_ids and not self.bill_ids and not self.change_ids

    # === DASHBOARD === #

    def _get_native_items(self):
        """Posted items of Odoo's own invoices on the schedule lines."""
        # sudo: account.move.line - sums only, for everyone who sees the dashboard
        items = self.sudo().line_ids.sale_line_id.invoice_lines
        return items.filtered(lambda item: item.parent_state == 'posted' and not item.progress_line_type)

    def _get_profitability_sections(self, currency):
        """What Odoo's own invoices billed of the schedule is earned too."""
        sums = defaultdict(float)
        for item in self._get_native_items():
            sums[item.company_id] -= item.balance
        earned = sum(
            company.currency_id._convert(amount, currency, company, self.env.cr.now().date())
            for company, amount in sums.items()
        )
        return [
            (name, invoiced + earned, to_invoice - earned)
            if name == 'progress_revenue'
            else (name, invoiced, to_invoice)
            for name, invoiced, to_invoice in super()._get_profitability_sections(currency)
        ]
