from odoo import models


class ProgressContractPlan(models.Model):
    """Planned records that end with their contract, and come back with it."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    def action_shift_plan(self):
        """Move the dates of what is planned on the contract.

        :return dict: the dialog
        :raises UserError: where nothing is planned
        """
        self.ensure_one()
        return self.bill_ids.filtered(lambda bill: bill.state == 'planned').action_shift_dates()

    def _cancel_planned(self, cause):
        planned = self.bill_ids.filtered(lambda bill: bill.state == 'planned')
        result = super()._cancel_planned(cause)
        planned._write_protected({'cancelled_with': cause})
        return result

    def _give_back_planned(self, cause):
        result = super()._give_back_planned(cause)
        back = self.bill_ids.filtered(lambda bill: bill.state == 'cancelled' and bill.cancelled_with == cause)
        back._write_protected({'review_state': 'planned'})
        return result

    def _follow_final(self):
        """After a final invoice was undone its planned records are back; where it stands again, they are not."""
        for contract in self:
            if contract.bill_ids.filtered(lambda bill: bill.kind == 'final' and bill.bucket):
                again = contract.bill_ids.filtered(
                    lambda bill: bill.state == 'planned' and bill.cancelled_with == 'final'
                )
                again._write_protected({'review_state': 'cancelled'})
            else:
                contract._give_back_planned('final')
