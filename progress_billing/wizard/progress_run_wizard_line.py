from odoo import fields, models


class ProgressRunWizardLine(models.TransientModel):
    """One bill the run will make, or one contract it cannot bill."""

    _name = 'progress.run.wizard.line'
    _description = "Run Project Billing Line"
    _inherit = 'progress.wizard.mixin'
    _parent_field = 'wizard_id'

    wizard_id = fields.Many2one('progress.run.wizard', required=True, ondelete='cascade')
    contract_id = fields.Many2one('progress.contract')
    currency_id = fields.Many2one(related='contract_id.currency_id')
    partner_id = fields.Many2one('res.partner', string="Customer")
    title = fields.Char(string="Group")
    line_count = fields.Integer(string="Lines")
    amount = fields.Monetary(string="Amount to Invoice", help="Untaxed.")
    outcome = fields.Selection(
        [('invoice', "Invoice"), ('credit_note', "Credit Note"), ('pro_forma', "Pro Forma")], string="Makes"
    )
    reason = fields.Text(string="Not Billable Because")
