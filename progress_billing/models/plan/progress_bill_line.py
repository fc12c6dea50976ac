from odoo import api, models


class ProgressBillLine(models.Model):
    """Lines of planned records."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not self.env.su:
            lines.bill_id._check_no_amt_pct()
        return lines
