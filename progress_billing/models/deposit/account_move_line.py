from odoo import api, fields, models

from ..bill.account_move_line import LineType


class AccountMoveLineDownPayment(models.Model):
    """Lines on the deposit account that are money, not progress."""

    _name = 'account.move.line'
    _inherit = 'account.move.line'

    progress_line_type = fields.Selection(
        selection_add=[('down_payment', "Down payment"), ('down_payment_use', "Down payment applied")]
    )

    @api.model
    def _get_progress_line_types(self):
        money = LineType('deposit', claims=True, expected='line', section='progress_deposits')
        return {**super()._get_progress_line_types(), 'down_payment': money, 'down_payment_use': money}

    def _get_downpayment_lines(self):
        """Down payments that a line takes off, for electronic invoicing."""
        lines = super()._get_downpayment_lines()
        applied = self.filtered(lambda line: line.progress_line_type == 'down_payment_use')
        # sudo: progress.bill - reading the invoice suffices to read the down payments it names
        taken = applied.progress_bill_line_id.sudo().down_payment_line_id
        items = taken.bill_id.invoice_id.line_ids
        return lines | items.filtered(lambda line: line.progress_bill_line_id in taken)
