from odoo import api, models


class ProgressContractChange(models.Model):
    """Change orders of subcontracts change what an order is worth: they are the administrators' (SUB-16)."""

    _inherit = 'progress.contract.change'

    @api.model_create_multi
    def create(self, vals_list):
        changes = super().create(vals_list)
        changes.contract_id._check_may_keep_subcontracts()
        return changes

    def write(self, vals):
        self.contract_id._check_may_keep_subcontracts()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_administrators(self):
        self.contract_id._check_may_keep_subcontracts()

    def action_approve(self, credit=False):
        """As for customers; of subcontracts by administrators.

        :param bool credit: as there
        :return dict: the action that shows the contracts
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self.contract_id._check_may_keep_subcontracts()
        return super().action_approve(credit=credit)

    def action_cancel(self):
        """As for customers; of subcontracts by administrators.

        :return dict: the action that shows the contracts
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self.contract_id._check_may_keep_subcontracts()
        return super().action_cancel()

    def action_draft(self):
        """As for customers; of subcontracts by administrators.

        :return dict: the action that shows the contracts
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self.contract_id._check_may_keep_subcontracts()
        return super().action_draft()
