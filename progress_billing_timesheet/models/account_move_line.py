from odoo import api, models


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    @api.model
    def _timesheet_domain_get_invoiced_lines(self, sale_line_delivery):
        """Odoo's own invoices leave alone what is attached to a bill, pro formas too (HRS-5)."""
        return [*super()._timesheet_domain_get_invoiced_lines(sale_line_delivery), ('progress_bill_id', '=', False)]
