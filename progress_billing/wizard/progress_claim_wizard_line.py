from odoo import api, fields, models


class ProgressClaimWizardLine(models.TransientModel):
    """The claim for one schedule line: amount and percentage follow each other."""

    _name = 'progress.claim.wizard.line'
    _description = "Create Bill Line"
    _inherit = 'progress.wizard.mixin'
    _parent_field = 'wizard_id'

    wizard_id = fields.Many2one('progress.claim.wizard', required=True, ondelete='cascade')
    contract_line_id = fields.Many2one('progress.contract.line', string="Line", readonly=True)
    currency_id = fields.Many2one(related='contract_line_id.currency_id')
    billing_base = fields.Selection(related='contract_line_id.billing_base')
    revised_amount = fields.Monetary(related='contract_line_id.revised_amount', string="Scheduled Value")
    amount_left = fields.Monetary(related='contract_line_id.amount_left')
    percent = fields.Float(string="Percent of Scheduled Value", digits=(16, 4))
    quantity = fields.Float(digits='Product Unit')
    amount = fields.Monetary(string="Amount to Invoice")

    @api.onchange('percent')
    def _onchange_percent(self):
        claim = self.contract_line_id._prepare_claim_of_percent(self.percent)
        self.amount, self.quantity = claim['amount'], claim['quantity']

    @api.onchange('quantity')
    def _onchange_quantity(self):
        if self.billing_base == 'quantity':
            self.amount = self.contract_line_id._price_further(self.quantity)

    def _prepare_claim(self):
        """The claim as ``action_create_bill`` takes it: in percent where that is what was typed."""
        key = 'quantity' if self.billing_base == 'quantity' else 'amount'
        if 0 < self.percent <= 100:
            claim = self.contract_line_id._prepare_claim_of_percent(self.percent)
            if claim[key] == self[key]:
                key = 'percent'
        return {'contract_line_id': self.contract_line_id.id, key: self[key]}
