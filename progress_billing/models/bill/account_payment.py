from odoo import models


class AccountPayment(models.Model):
    """Where a payment stands is shown on the bills it pays."""

    _inherit = 'account.payment'

    def modified(self, fnames, create=False, before=False):
        """Tell the bills (BIL-31)."""
        result = super().modified(fnames, create=create, before=before)
        self.env['progress.bill']._forget_entries()
        return result
