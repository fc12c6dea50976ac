from odoo import api, fields, models


class ProgressBillFigures(models.Model):
    """What a bill counts for in sums: as draft, as invoiced, as planned; nothing once it is cancelled."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    draft_amount = fields.Monetary(
        string="Draft", compute='_compute_bucket_amounts', store=True, help="Untaxed: on pro formas and draft invoices."
    )
    actual_amount = fields.Monetary(
        string="Invoiced",
        compute='_compute_bucket_amounts',
        store=True,
        help="Untaxed: on posted invoices less credit notes, opening amounts included.",
    )
    standing_planned_amount = fields.Monetary(
        string="Planned, Not Cancelled",
        compute='_compute_standing_planned_amount',
        store=True,
        help="Untaxed: as planned, whatever was billed; nothing while the record is cancelled.",
    )

    calendar_title = fields.Char(string="In the Calendar", compute='_compute_calendar_title')

    @api.depends('project_id.name', 'contract_id.display_name', 'title', 'name')
    def _compute_calendar_title(self):
        for bill in self:
            job = bill.project_id.display_name or bill.contract_id.display_name or ''
            bill.calendar_title = f'{job}: {bill.title or bill.name or bill.display_name}'

    @api.depends('line_ids.draft_amount', 'line_ids.actual_amount')
    def _compute_bucket_amounts(self):
        for bill in self:
            bill.draft_amount = sum(bill.line_ids.mapped('draft_amount'))
            bill.actual_amount = sum(bill.line_ids.mapped('actual_amount'))

    @api.depends('planned_amount', 'state')
    def _compute_standing_planned_amount(self):
        for bill in self:
            bill.standing_planned_amount = 0.0 if bill.state in ('cancelled', 'declined') else bill.planned_amount


class ProgressBillLineFigures(models.Model):
    """What a line of a bill counts for in sums."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    draft_amount = fields.Monetary(
        string="Draft", compute='_compute_bucket_amounts', store=True, help="Untaxed: on pro formas and draft invoices."
    )
    actual_amount = fields.Monetary(
        string="Invoiced",
        compute='_compute_bucket_amounts',
        store=True,
        help="Untaxed: on posted invoices less credit notes, opening amounts included.",
    )

    @api.depends('bucket', 'invoiced_amount', 'credited_amount')
    def _compute_bucket_amounts(self):
        for line in self:
            line.draft_amount = line.invoiced_amount if line.bucket == 'draft' else 0.0
            line.actual_amount = line.invoiced_amount - line.credited_amount if line.bucket == 'actual' else 0.0
