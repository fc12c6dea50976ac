from odoo import models


class AccountMove(models.Model):
    """An invoice whose bill stands again uses agreements again."""

    _name = 'account.move'
    _inherit = 'account.move'

    def _before_progress_state(self, state):
        result = super()._before_progress_state(state)  # takes the contracts' rows, which come first
        # sudo: progress.agreement - the limit holds for everyone
        self.progress_bill_id.sudo().agreement_use_ids.agreement_id._lock_for_use()
        return result

    def _after_progress_state(self):
        result = super()._after_progress_state()
        # sudo: progress.agreement - as above
        self.progress_bill_id.sudo().agreement_use_ids.agreement_id._check_limits()
        return result
