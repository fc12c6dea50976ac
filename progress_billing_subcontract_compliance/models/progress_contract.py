from odoo import models


class ProgressContract(models.Model):
    _inherit = 'progress.contract'

    def _get_invitation_blockers(self):
        """Documents that stop inviting are among the reasons (CMP-2)."""
        return [*super()._get_invitation_blockers(), *self._get_compliance_blockers('invite')]
