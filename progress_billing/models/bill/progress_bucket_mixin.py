from odoo import fields, models


class ProgressBucketMixin(models.AbstractModel):
    """What a bill, and a line of it, counts for in sums: as draft, and as invoiced."""

    _name = 'progress.bucket.mixin'
    _description = "Draft and Invoiced Amounts"

    currency_id = fields.Many2one('res.currency')
    draft_amount = fields.Monetary(
        string="Draft",
        compute='_compute_bucket_amounts',
        store=True,
        help="Untaxed: on pro formas and draft invoices.",
        guarded=True,
    )
    actual_amount = fields.Monetary(
        string="Invoiced",
        compute='_compute_bucket_amounts',
        store=True,
        help="Untaxed: on posted invoices less credit notes, opening amounts included.",
        guarded=True,
    )

    def _compute_bucket_amounts(self):
        """Both amounts; each model says from what."""
        raise NotImplementedError
