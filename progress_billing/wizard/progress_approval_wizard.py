from odoo import fields, models


class ProgressApprovalWizard(models.TransientModel):
    """Asks how the customer approved a milestone."""

    _name = 'progress.approval.wizard'
    _description = "Approve Milestone"
    _inherit = 'progress.wizard.mixin'

    milestone_ids = fields.Many2many('project.milestone', required=True)
    note = fields.Char(string="Approved How", required=True)

    def action_confirm(self):
        """Approve the milestones on the customer's behalf.

        :return dict: closes the dialog
        """
        return self.milestone_ids.action_approve_billing(self.note)
