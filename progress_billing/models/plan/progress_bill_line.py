from odoo import api, models


class ProgressBillLine(models.Model):
    """Lines of planned records."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        typed = [line.id for line, vals in zip(lines, vals_list, strict=True) if not self._is_own(vals)]
        lines.browse(typed).bill_id._check_no_amt_pct()
        return lines
