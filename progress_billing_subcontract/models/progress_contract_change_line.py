from odoo import api, models


class ProgressContractChangeLine(models.Model):
    """Lines of change orders of subcontracts, as their orders (SUB-16)."""

    _inherit = 'progress.contract.change.line'

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.contract_id._check_may_keep_subcontracts()
        return lines

    def write(self, vals):
        self.contract_id._check_may_keep_subcontracts()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_administrators(self):
        self.contract_id._check_may_keep_subcontracts()
