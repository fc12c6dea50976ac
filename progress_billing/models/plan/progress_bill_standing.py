from odoo import api, fields, models


class ProgressBillStanding(models.Model):
    """What a planned record counts for in sums: nothing once it is cancelled."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    standing_planned_amount = fields.Monetary(
        string="Planned, Not Cancelled",
        compute='_compute_standing_planned_amount',
        store=True,
        help="Untaxed: as planned, whatever was billed; nothing while the record is cancelled.",
        guarded=True,
    )

    @api.depends('planned_amount', 'state')
    def _compute_standing_planned_amount(self):
        for bill in self:
            bill.standing_planned_amount = 0.0 if bill.state in ('cancelled', 'declined') else bill.planned_amount
