from odoo import models


class AccountPaymentRegister(models.TransientModel):
    """No payment of a vendor's bill while a document is missing that stops it; money that comes in is taken."""

    _inherit = 'account.payment.register'

    def _get_bills_to_pay(self):
        """The progress bills that are paid to vendors, as superuser; of what they refund, money comes in."""
        # sudo: account.move, progress.bill - what stops a payment does not depend on who pays
        moves = self.sudo().line_ids.move_id
        return moves.filtered(lambda move: move.is_purchase_document() and move.is_outbound()).progress_bill_id

    def _create_payments(self):
        bills = self._get_bills_to_pay()
        bills._check_compliance('pay')
        payments = super()._create_payments()
        bills._note_compliance('pay')
        return payments
