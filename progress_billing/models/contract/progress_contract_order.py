from odoo import models


class ProgressContractOrder(models.Model):
    """What orders say of a contract's worth follows when that changes."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    def _on_worth_changed(self, lines=None):
        super()._on_worth_changed(lines)
        self._get_billable_lines()._take_taxed_worth()
