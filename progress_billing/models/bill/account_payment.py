from odoo import models


class AccountPayment(models.Model):
    """Where a payment stands is shown on the bills it pays."""

    _inherit = 'account.payment'

    def modified(self, fnames, create=False, before=False):
        """Tell the bills (BIL-31)."""
        result = super().modified(fnames, create=create, before=before)
        self.env['progress.bill']._forget_entries()
        if 'state' in fnames:  # of a payment without an entry: nothing is matched
            # sudo: progress.bill - what is stored of payments follows whoever pays
            self.sudo().invoice_ids.progress_bill_id._on_payments_changed()
        return result
