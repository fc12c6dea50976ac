from odoo import api, fields, models
from odoo.tools import SQL


class ProgressBillLineFigures(models.Model):
    """What a line of a bill counts for in sums."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    # with what they follow from, in one statement
    draft_amount = fields.Monetary(compute='_compute_bucket')
    actual_amount = fields.Monetary(compute='_compute_bucket')

    @api.depends('bill_id.bucket', 'invoiced_amount', 'credited_amount')
    def _compute_bucket(self):
        """As the bill counts, in one statement: an invoice that changes its state changes all its lines."""
        saved = self._get_saved()
        saved.flush_recordset(['bill_id', 'invoiced_amount', 'credited_amount'])
        self.env['progress.bill'].flush_model(['bucket'])
        saved._set_columns(
            {
                'bucket': SQL("bill.bucket"),
                'draft_amount': SQL("CASE WHEN bill.bucket = 'draft' THEN own.invoiced_amount ELSE 0 END"),
                'actual_amount': SQL(
                    "CASE WHEN bill.bucket = 'actual' THEN own.invoiced_amount - COALESCE(own.credited_amount, 0)"
                    " ELSE 0 END"
                ),
            },
            SQL("progress_bill AS bill WHERE bill.id = own.bill_id"),
        )
        for line in self - saved:
            line.bucket = line.bill_id.bucket
            line.draft_amount = line.invoiced_amount if line.bucket == 'draft' else 0.0
            line.actual_amount = line.invoiced_amount - line.credited_amount if line.bucket == 'actual' else 0.0
