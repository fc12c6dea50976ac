from odoo import fields, models


class ProgressRejectWizard(models.TransientModel):
    """Asks why bills are rejected."""

    _name = 'progress.reject.wizard'
    _description = "Reject Bill"
    _inherit = 'progress.wizard.mixin'

    bill_ids = fields.Many2many('progress.bill', required=True)
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Reject the bills.

        :return dict: closes the dialog
        """
        self.bill_ids.action_reject(self.reason)
        return {'type': 'ir.actions.act_window_close'}
