from odoo import models


class AccountMove(models.Model):
    """An invoice of a closed billing period stays posted; crediting it is a matter of today (PER-4)."""

    _inherit = 'account.move'

    def _before_progress_state(self, state):
        if state in ('draft', 'cancel'):
            leaving = self.filtered(lambda move: move.state == 'posted' and not move.reversed_entry_id)
            # sudo: progress.bill - a closed period is closed for everyone
            bills = leaving.progress_bill_id.sudo()
            bills._check_period_left()
            bills.period_id._lock()
        return super()._before_progress_state(state)
