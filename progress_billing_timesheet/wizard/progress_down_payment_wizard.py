from odoo import api, fields, models
from odoo.exceptions import UserError


class ProgressDownPaymentWizard(models.TransientModel):
    """A down payment may be kept for an expense, a product or a time entry too (DEP-24)."""

    _inherit = 'progress.down.payment.wizard'

    project_id = fields.Many2one(related='contract_id.project_id')
    order_line_id = fields.Many2one(
        'sale.order.line',
        string="Only for the Expense or Product",
        domain="['|', ('order_id.progress_contract_id', '=', contract_id),"
        " ('order_id.project_id', '=', project_id or 0), ('state', '=', 'sale'), ('display_type', '=', False),"
        " ('is_downpayment', '=', False), ('is_progress_billed', '=', False)]",
        help="It is applied with the bill that bills this, up to its amount.",
    )
    entry_id = fields.Many2one(
        'account.analytic.line',
        string="Only for the Time Entry",
        domain="[('project_id', '=', project_id or 0), ('progress_bill_id', '=', False)]",
        help="It is applied with the bill that this entry is attached to, up to what the entry is worth.",
    )

    @api.onchange('contract_id')
    def _onchange_contract_id(self):
        result = super()._onchange_contract_id()
        self.order_line_id = self.entry_id = False
        return result

    def _get_restricted_record(self):
        """:raises UserError: where it is kept for several things"""
        chosen = [record for record in (super()._get_restricted_record(), self.order_line_id, self.entry_id) if record]
        if len(chosen) > 1:
            raise UserError(self.env._("A down payment is kept for one thing: choose one, and clear the others."))
        return chosen[0] if chosen else None
