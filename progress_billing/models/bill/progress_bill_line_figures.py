from odoo import api, models


class ProgressBillLineFigures(models.Model):
    """What a line of a bill counts for in sums."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    @api.depends('bucket', 'invoiced_amount', 'credited_amount')
    def _compute_bucket_amounts(self):
        for line in self:
            line.draft_amount = line.invoiced_amount if line.bucket == 'draft' else 0.0
            line.actual_amount = line.invoiced_amount - line.credited_amount if line.bucket == 'actual' else 0.0
