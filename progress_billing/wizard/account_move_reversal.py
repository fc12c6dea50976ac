from odoo import models
from odoo.exceptions import UserError


class AccountMoveReversal(models.TransientModel):
    _inherit = 'account.move.reversal'

    def reverse_moves(self, is_modify=False):
        """Only a bill makes its invoice: after a credit note the bill is created again, not copied.

        :param bool is_modify: make the invoices anew as well
        :return dict: the action that shows the credit notes
        :raises UserError: where the invoice of a bill would be made anew (BIL-1)
        """
        ours = self.move_ids.filtered('progress_bill_id')
        if is_modify and ours:
            raise UserError(
                self.env._(
                    "%(invoices)s were made from progress bills. Reverse them, then create the bills again with "
                    "the amounts wanted.",
                    invoices=', '.join(ours.mapped('display_name')),
                )
            )
        return super().reverse_moves(is_modify=is_modify)
