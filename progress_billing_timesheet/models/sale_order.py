from odoo import models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """Odoo cancels the draft invoices of an order with it: not one of ours, which bills the fee and its hours too."""

    _inherit = 'sale.order'

    def _check_no_progress_bills(self):
        result = super()._check_no_progress_bills()
        # sudo: progress.bill.entry - what is billed does not depend on who asks
        rows = self.sudo().order_line.progress_entry_ids.filtered(
            lambda row: row.is_live and row.bill_id.invoice_state == 'draft'
        )
        if rows:
            raise UserError(
                self.env._(
                    "%(orders)s cannot be cancelled: the draft invoice of %(bills)s bills something of it. Delete or "
                    "post that first.",
                    orders=', '.join(rows.order_line_id.order_id.mapped('display_name')),
                    bills=', '.join(rows.bill_id.mapped('display_name')),
                )
            )
        return result
