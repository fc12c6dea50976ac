from odoo import fields, models


class ProgressReleaseWizardLine(models.TransientModel):
    """What is released on one schedule line."""

    _name = 'progress.release.wizard.line'
    _description = "Release Retainage Line"
    _inherit = 'progress.wizard.mixin'
    _parent_field = 'wizard_id'

    wizard_id = fields.Many2one('progress.release.wizard', required=True, ondelete='cascade')
    contract_line_id = fields.Many2one('progress.contract.line', string="Line", readonly=True)
    currency_id = fields.Many2one(related='contract_line_id.currency_id')
    held_amount = fields.Monetary(string="Held", readonly=True)
    amount = fields.Monetary(string="To Release")
