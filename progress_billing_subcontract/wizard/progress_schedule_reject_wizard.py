from odoo import fields, models


class ProgressScheduleRejectWizard(models.TransientModel):
    """Asks why a proposed schedule is sent back."""

    _name = 'progress.schedule.reject.wizard'
    _description = "Send Back a Schedule"
    _inherit = 'progress.wizard.mixin'

    contract_ids = fields.Many2many('progress.contract', required=True)
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Send the schedules back.

        :return dict: closes the dialog
        """
        self.contract_ids.action_reject_schedule(self.reason)
        return {'type': 'ir.actions.act_window_close'}
