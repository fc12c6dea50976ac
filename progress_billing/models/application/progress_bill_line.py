from odoo import api, fields, models


class ProgressBillLineApplication(models.Model):
    """The columns of the continuation sheet, per bill line."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    scheduled_amount = fields.Monetary(string="Scheduled Value", compute='_compute_application')
    previous_amount = fields.Monetary(
        string="Previous Applications", compute='_compute_application', help="Untaxed: work of earlier bills."
    )
    completed_stored_amount = fields.Monetary(string="Completed and Stored", compute='_compute_application')
    completed_percent = fields.Float(
        string="Completed and Stored (%)",
        compute='_compute_application',
        digits=(16, 10),
        help="Work and stored materials, of the scheduled value.",
    )
    balance_to_finish = fields.Monetary(compute='_compute_application')
    retainage_total = fields.Monetary(string="Retainage to Date", compute='_compute_application')

    @api.depends(
        'certified_amount',
        'stored_amount',
        'retainage_amount',
        'credited_amount',
        'bill_id.date',
        'bill_id.schedule_snapshot',
        'contract_line_id.revised_amount',
        'contract_line_id.draft_amount',
        'contract_line_id.actual_amount',
    )
    def _compute_application(self):
        for bill, lines in self.grouped('bill_id').items():
            rows = {row['line']: row for row in bill._get_application_rows()} if bill else {}
            for line in lines:
                row = rows.get(line.contract_line_id._origin or line.contract_line_id)
                line.scheduled_amount = float(row['scheduled']) if row else 0.0
                line.previous_amount = float(row['previous']) if row else 0.0
                line.completed_stored_amount = float(row['completed_stored']) if row else 0.0
                line.completed_percent = float(row['percent']) if row else 0.0
                line.balance_to_finish = float(row['balance']) if row else 0.0
                line.retainage_total = float(row['retainage']) if row else 0.0
