from odoo import models


class AccountPaymentRegister(models.TransientModel):
    """No payment of a vendor's bill while a document is missing that stops it; money that comes in is taken."""

    _inherit = 'account.payment.register'

    def _create_payments(self):
        # sudo: account.move, progress.bill - what stops a payment does not depend on who pays
        moves = self.sudo().line_ids.move_id.filtered(lambda move: move.is_purchase_document())
        bills = moves.progress_bill_id
        bills._check_compliance('pay')
        payments = super()._create_payments()
        bills._note_compliance('pay')
        return payments
