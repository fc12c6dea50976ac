from odoo import models


class ProgressBill(models.Model):
    _inherit = 'progress.bill'

    def _invite(self, actor):
        """No invitation while a document is missing that stops it; what merely warns is in the history (CMP-2)."""
        self._check_compliance('invite')
        action = super()._invite(actor)
        self._note_compliance('invite')
        return action
