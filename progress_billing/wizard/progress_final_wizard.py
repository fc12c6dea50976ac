from odoo import api, fields, models


class ProgressFinalWizard(models.TransientModel):
    """Asks before a final invoice is made of work that is not complete (DEP-13, DEP-15)."""

    _name = 'progress.final.wizard'
    _description = "Create Final Invoice"
    _inherit = 'progress.wizard.mixin'

    contract_id = fields.Many2one('progress.contract', required=True, readonly=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    revenue_recognition = fields.Selection(related='contract_id.revenue_recognition')
    completed_percent = fields.Float(related='contract_id.completed_percent')
    revised_amount = fields.Monetary(related='contract_id.revised_amount')
    wip_available = fields.Monetary(related='contract_id.wip_available')
    deposit_balance = fields.Monetary(related='contract_id.deposit_balance')
    bill_ids = fields.Many2many('progress.bill', compute='_compute_left')
    change_ids = fields.Many2many('progress.contract.change', string="Change Orders", compute='_compute_left')

    @api.depends('contract_id')
    def _compute_left(self):
        """What waits and comes to nothing: planned records, and change orders that nobody approved."""
        for wizard in self:
            wizard.change_ids = wizard.contract_id._get_waiting_changes()
            wizard.bill_ids = wizard.contract_id.bill_ids.filtered(lambda bill: bill.state == 'planned')

    def action_confirm(self):
        """Make the final invoice; the planned records shown are cancelled with it.

        :return dict: the action that shows the final invoice
        """
        return self.contract_id.action_create_final_invoice()
