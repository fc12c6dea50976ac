from odoo import models
from odoo.exceptions import UserError


class BillToPoWizard(models.TransientModel):
    """A bill made of a claim goes to no other order, and no bill goes to the order of a subcontract (SUB-3)."""

    _inherit = 'bill.to.po.wizard'

    def action_add_to_po(self):
        """As Odoo's, where no subcontract is concerned.

        :return dict: the action that shows the order
        :raises UserError: naming what is billed in stages, and the subcontract
        """
        self._check_no_subcontract()
        return super().action_add_to_po()

    def action_add_downpayment(self):
        """As Odoo's, where no subcontract is concerned.

        :return dict: the action that shows the order
        :raises UserError: naming what is billed in stages, and the subcontract
        """
        self._check_no_subcontract()
        return super().action_add_downpayment()

    def _check_no_subcontract(self):
        """:raises UserError: naming the bill or the order, and the subcontract to bill instead"""
        ids = [abs(number) for number in self.env.context.get('active_ids') or [] if number < 0]
        moves = self.env['account.move.line'].browse(ids).move_id.filtered('progress_bill_id')
        # sudo: progress.contract - its name only
        contract = self.purchase_order_id.sudo().progress_contract_id | moves.sudo().progress_contract_id
        contract = contract.filtered(lambda each: each.state != 'cancelled')
        if contract:
            raise UserError(
                self.env._(
                    "%(document)s is billed in stages: add what is to be billed on %(contract)s, by a change order.",
                    document=(moves[:1] or self.purchase_order_id).display_name,
                    contract=contract[0].display_name,
                )
            )
