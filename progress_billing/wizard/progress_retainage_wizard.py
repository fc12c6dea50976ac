from odoo import fields, models


class ProgressRetainageWizard(models.TransientModel):
    """Changing a contract's retainage asks: all lines, or lines added from now on (RET-1)."""

    _name = 'progress.retainage.wizard'
    _description = "Set Retainage"
    _inherit = 'progress.wizard.mixin'

    contract_id = fields.Many2one('progress.contract', required=True, readonly=True)
    retainage_percent = fields.Float(string="Of Work Done (%)", digits=(16, 4))
    stored_retainage_percent = fields.Float(string="Of Stored Materials (%)", digits=(16, 4))
    scope = fields.Selection(
        [('all', "All lines"), ('new', "Lines added from now on")], default='all', required=True, string="For"
    )

    def action_confirm(self):
        """Set the rates; the next bill follows with the balance.

        :return dict: closes the dialog
        """
        self.ensure_one()
        self.contract_id.action_set_retainage(
            self.retainage_percent, self.stored_retainage_percent, all_lines=self.scope == 'all'
        )
        return {'type': 'ir.actions.act_window_close'}
