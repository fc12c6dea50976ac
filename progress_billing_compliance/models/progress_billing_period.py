from odoo import models

from odoo.addons.progress_billing.models.bill.progress_bill import ENDED_STATES


class ProgressBillingPeriod(models.Model):
    _inherit = 'progress.billing.period'

    def action_compile_backups(self):
        """Compile the bills of these periods and their files into one PDF, in the background; a message brings it.

        :return dict: a notification
        :raises UserError: where there is no bill
        """
        self.check_access('read')
        bills = self.env['progress.bill'].search(
            [('period_id', 'in', self.ids), ('state', 'not in', ('planned', *ENDED_STATES))]
        )
        name = ', '.join(self.mapped('calendar_title'))[:200]
        return self.env['progress.backup']._ask_for(bills, self.env._("Backup of %s", name))
