from odoo import api, fields, models


class ProgressAgreementUse(models.Model):
    """What a bill used of an agreement: which, what of, how much (AGR-2)."""

    _name = 'progress.agreement.use'
    _description = "Usage of an Agreement"
    _inherit = 'progress.guard.mixin'
    _parent_field = 'bill_id'
    _fixed_fields = ('agreement_id',)
    _order = 'date, id'
    _rec_name = 'agreement_id'

    agreement_id = fields.Many2one(
        'progress.agreement', required=True, readonly=True, index=True, ondelete='restrict', guarded=True
    )
    bill_id = fields.Many2one(
        'progress.bill', required=True, readonly=True, index=True, ondelete='cascade', guarded=True
    )
    kind = fields.Selection(
        [('time', "Time"), ('expense', "Expenses"), ('product', "Products")],
        required=True,
        readonly=True,
        guarded=True,
    )
    hours = fields.Float(readonly=True, digits=(16, 2), guarded=True)
    amount = fields.Monetary(readonly=True, guarded=True, help="Untaxed: what was covered.")
    live_hours = fields.Float(
        string="Used Hours", compute='_compute_live', store=True, digits=(16, 2), guarded=True
    )
    live_amount = fields.Monetary(
        string="Used Amount",
        compute='_compute_live',
        store=True,
        guarded=True,
        help="What counts: nothing once the bill is deleted, cancelled or credited in full.",
    )
    date = fields.Date(related='bill_id.date', store=True, index=True, guarded=True)
    bucket = fields.Selection(related='bill_id.bucket', store=True, guarded=True)
    company_id = fields.Many2one(related='bill_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='bill_id.currency_id')
    contract_id = fields.Many2one(related='bill_id.contract_id')
    project_id = fields.Many2one(related='bill_id.project_id')
    bill_state = fields.Selection(related='bill_id.state')

    @api.depends('hours', 'amount', 'bill_id.bucket')
    def _compute_live(self):
        for use in self:
            stands = bool(use.bill_id.bucket)
            use.live_hours = use.hours if stands else 0.0
            use.live_amount = use.amount if stands else 0.0

    @api.constrains('agreement_id', 'bill_id', 'hours', 'amount')
    def _check_limit(self):
        """The constraint behind the lock: whatever door it comes by."""
        self.agreement_id._check_limits()
