from odoo import fields, models


class ProgressBillLineReview(models.Model):
    """What the review said of one line of a claim."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    review_state = fields.Selection(
        [('open', "Open"), ('approved', "Approved"), ('rejected', "Rejected")],
        string="Review",
        default='open',
        guarded=True,
        readonly=True,
        copy=False,
    )
    review_note = fields.Text(guarded=True, readonly=True, copy=False, help="Why the line was rejected.")
