from odoo import api, fields, models


class ProgressBillFigures(models.Model):
    """What a bill counts for in sums, as draft and as invoiced; how a calendar names it."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    calendar_title = fields.Char(string="In the Calendar", compute='_compute_calendar_title')

    @api.depends('project_id.name', 'contract_id.display_name', 'title', 'name')
    def _compute_calendar_title(self):
        for bill in self:
            job = bill.project_id.display_name or bill.contract_id.display_name or ''
            bill.calendar_title = f'{job}: {bill.title or bill.name or bill.display_name}'

    @api.depends('line_ids.draft_amount', 'line_ids.actual_amount')
    def _compute_bucket_amounts(self):
        self._set_line_sums('line_ids', {'draft_amount': 'draft_amount', 'actual_amount': 'actual_amount'})
