from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """Odoo's own invoices of an order with progress billing pass the same gate as ours."""

    _inherit = 'account.move'

    def write(self, vals):
        if 'state' not in vals:
            return super().write(vals)
        lines = self._get_native_schedule_lines(vals['state'])
        if not lines:
            return super().write(vals)
        lines.contract_id._lock_for_billing()
        self._check_before_final(lines)
        result = super().write(vals)
        if any(move.move_type != 'out_refund' or vals['state'] != 'posted' for move in self):
            lines._check_not_overbilled()
        return result

    def unlink(self):
        self._check_before_final(self._get_native_schedule_lines('cancel'))
        return super().unlink()

    def _get_native_schedule_lines(self, state):
        """Schedule lines that count these invoices of Odoo's own, which are about to change their state.

        :param str state: the new one
        :return: ``progress.contract.line`` as superuser: the checks hold for everyone
        """
        moves = self.filtered(
            lambda move: move.is_sale_document() and move.state != state and not move.progress_bill_id
        )
        # sudo: progress.contract.line - what holds for a contract does not depend on who posts
        items = moves.sudo().invoice_line_ids.filtered(lambda item: not item.progress_line_type)
        lines = items.sale_line_ids.filtered('is_progress_billed').progress_line_ids
        return lines.filtered(lambda line: line.contract_state != 'cancelled')

    # === HOOKS OF ODOO === #

    def _is_downpayment(self):
        """Sales decides by the order lines alone; a progress deposit stands for ordinary ones."""
        return self.progress_invoice_type == 'deposit' or super()._is_downpayment()

    def _check_before_final(self, lines):
        """Nothing that was invoiced before changes while a final invoice exists.

        :param lines: schedule lines that count these invoices
        :raises UserError: naming the final invoice
        """
        final = lines.contract_id.final_bill_id[:1]
        if final:
            raise UserError(
                self.env._(
                    "%(invoice)s bills what %(contract)s bills, which has the final invoice %(final)s. Delete, "
                    "cancel or credit the final invoice first.",
                    invoice=', '.join(self.mapped('display_name')),
                    contract=final.contract_id.display_name,
                    final=final.invoice_name or final.name,
                )
            )
