from odoo import models


class ProgressBillingPeriod(models.Model):
    """The subcontracts of a period."""

    _inherit = 'progress.billing.period'

    def action_view_subcontracts(self):
        """Every subcontract of these periods: status, blockers and net due.

        :return dict: an action on ``progress.subcontract.status``
        """
        action = self.env['ir.actions.act_window']._for_xml_id(
            'progress_billing_subcontract.action_progress_subcontract_status'
        )
        return dict(action, domain=[('period_id', 'in', self.ids)], context={})

    def action_invite_subcontracts(self):
        """The Invite to Bill button of the current period: all open subcontracts of the project.

        :return dict: the dialog
        """
        self.ensure_one()
        return self.project_id.action_invite_subcontracts_wizard()

    def action_view_margin(self):
        """Owner and subcontractors of this period side by side.

        :return dict: the dialog
        """
        self.ensure_one()
        return self.env['progress.margin.wizard']._open(self.project_id, self)
