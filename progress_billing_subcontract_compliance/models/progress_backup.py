from odoo import api, models


class ProgressBackup(models.Model):
    """Backups of claims are compiled by administrators (SUB-16)."""

    _inherit = 'progress.backup'

    @api.model
    def _ask_for(self, bills, name):
        bills._check_claims_may(
            'compile_backups',
            self.env._("Only administrators of Subcontract Billing compile backups of claims. Ask one of them."),
        )
        return super()._ask_for(bills, name)
