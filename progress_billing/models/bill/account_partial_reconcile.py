from odoo import models


class AccountPartialReconcile(models.Model):
    """What is matched says what is paid of a bill."""

    _inherit = 'account.partial.reconcile'

    def modified(self, fnames, create=False, before=False):
        """Tell the bills (BIL-31)."""
        result = super().modified(fnames, create=create, before=before)
        self.env['progress.bill']._forget_entries()
        # sudo: progress.bill - what is stored of payments follows whoever matches them
        (self.debit_move_id | self.credit_move_id).move_id.sudo().progress_bill_id._on_payments_changed()
        return result
