from odoo import api, fields, models


class ProgressRejectWizard(models.TransientModel):
    """A claim is sent back, as its buttons say."""

    _inherit = 'progress.reject.wizard'

    sends_back = fields.Boolean(compute='_compute_sends_back')

    @api.depends('bill_ids')
    def _compute_sends_back(self):
        for wizard in self:
            wizard.sends_back = bool(wizard.bill_ids._get_claims())
