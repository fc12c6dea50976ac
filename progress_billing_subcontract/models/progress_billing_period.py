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
