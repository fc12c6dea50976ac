from odoo import fields, models


class AccountMoveDispute(models.Model):
    """An invoice shows that its bill is disputed."""

    _name = 'account.move'
    _inherit = 'account.move'

    progress_dispute_reason = fields.Text(
        string="Disputed Because", related='progress_bill_id.dispute_reason', related_sudo=True
    )

    def _on_progress_posted(self):
        """The contacts hear of invoices, but not of credit notes."""
        result = super()._on_progress_posted()
        invoices = self.filtered(lambda move: not move.reversed_entry_id)
        # sudo: progress.bill - whoever posts need not bill
        invoices.sudo().progress_bill_id._announce('released')
        return result

    def _invoice_paid_hook(self):
        """The contacts hear that a bill is paid; one of nothing is not."""
        result = super()._invoice_paid_hook()
        paid = self.filtered(
            lambda move: (
                move.progress_bill_id
                and not move.reversed_entry_id
                and move.payment_state in ('paid', 'in_payment')
                and not move.currency_id.is_zero(move.amount_total)
            )
        )
        # sudo: progress.bill - whoever registers payments need not bill
        paid.sudo().progress_bill_id._announce('paid')
        return result
