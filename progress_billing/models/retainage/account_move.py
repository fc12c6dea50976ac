from odoo import models


class AccountMove(models.Model):
    """Retainage on invoices stays covered and matched."""

    _name = 'account.move'
    _inherit = 'account.move'

    def _before_progress_state(self, state):
        ending = self.reversed_entry_id if state == 'posted' else self
        ending.progress_bill_id.sudo()._check_no_release_after()  # sudo: progress.bill - it holds for everyone
        return super()._before_progress_state(state)

    def _after_progress_state(self):
        result = super()._after_progress_state()
        # sudo: progress.contract - the check covers the whole contract, whatever the user may read
        self.progress_contract_id.sudo()._check_retainage_covered()
        return result

    def _on_progress_posted(self):
        """What was withheld is matched with what is released."""
        super()._on_progress_posted()
        held = self.line_ids._filter_progress(account='retainage').move_id
        held = held.filtered(lambda move: not move.reversed_entry_id)
        # sudo: progress.contract - posting rights suffice
        held.progress_contract_id.sudo()._reconcile_retainage()
