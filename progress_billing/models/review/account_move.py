from odoo import Command, models


class AccountMove(models.Model):
    """A corrected invoice: credited in full, and its payments kept for the one that follows."""

    _name = 'account.move'
    _inherit = 'account.move'

    def _post(self, soft=True):
        # sudo: account.move - what is a correction does not depend on who posts; super checks the rights
        self.sudo().filtered(lambda move: move._is_progress_correction())._free_progress_payments()
        return super()._post(soft)

    def _on_progress_posted(self):
        """The corrected invoice takes the payments of the one before it."""
        super()._on_progress_posted()
        self._settle_with_freed_payments()

    def _on_progress_reversed(self):
        super()._on_progress_reversed()
        self.filtered(lambda move: move._is_progress_correction())._free_progress_payments()

    def _credit_for_correction(self, actor):
        """Credit these invoices in full, posted where whoever acts may post and nobody has to approve it first (REV-8).

        :param Actor actor: who corrects
        """
        if not self:
            return
        defaults = [
            {
                'date': (today := move.company_id._get_progress_today()),
                'invoice_date': today,
                'ref': self.env._("Correction of %s", move.name),
            }
            for move in self
        ]
        credits = self._reverse_moves(defaults)
        to_post = credits.filtered(lambda move: actor.may_post() and not move._is_progress_held())
        if to_post:
            to_post._post_progress_reversals()

    def _free_progress_payments(self):
        """Keep the payments of invoices that are being corrected, for the invoice that follows (REV-9)."""
        for credit in self:
            receivable = credit.reversed_entry_id._get_progress_receivable_lines()
            matched = receivable.matched_credit_ids.credit_move_id | receivable.matched_debit_ids.debit_move_id
            payments = matched.filtered(lambda line: not line.move_id.progress_bill_id)
            # sudo: progress.bill - set here alone
            bill = credit.progress_bill_id.sudo()
            bill._write_protected({'freed_payment_line_ids': [Command.link(line.id) for line in payments]})
            receivable.remove_move_reconcile()

    def _settle_with_freed_payments(self):
        """Match a corrected invoice with what was paid on the one before it."""
        for move in self.filtered(lambda move: move.progress_bill_id and not move.reversed_entry_id):
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - payments freed by the correction
            lines = bill.freed_payment_line_ids.filtered(lambda line: not line.reconciled)
            if not lines:
                continue
            receivable = move._get_progress_receivable_lines()
            for account in receivable.account_id:
                mine = (receivable | lines).filtered(lambda line, account=account: line.account_id == account)
                mine.filtered(lambda line: not line.reconciled).reconcile()
            bill._write_protected({'freed_payment_line_ids': False})
