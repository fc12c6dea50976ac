from odoo import models


class AccountMoveLine(models.Model):
    """Journal items of Odoo's own invoices as an order's schedule counts them."""

    _inherit = 'account.move.line'

    def _get_amount_for_order(self, sale_line, name='price_subtotal'):
        """What this invoice line bills of an order line; less than nothing on a credit note.

        :param sale_line: ``sale.order.line``
        :param str name: ``price_subtotal`` or ``price_total``
        :return float: in the order's currency
        """
        self.ensure_one()
        # untaxed: what the ledger takes, which differs from the line's own figure where taxes round over the document
        amount = -self.amount_currency if name == 'price_subtotal' else self[name] * -self.move_id.direction_sign
        if self.currency_id == sale_line.currency_id:
            return amount
        date = self.move_id.invoice_date or self.company_id._get_progress_today()
        return self.currency_id._convert(amount, sale_line.currency_id, sale_line.company_id, date)

    def _get_quantity_for_order(self, sale_line):
        """How many units of an order line this invoice line bills, in the order line's unit."""
        self.ensure_one()
        quantity = self.quantity * -self.move_id.direction_sign
        if self.product_uom_id and sale_line.product_uom_id:
            return self.product_uom_id._compute_quantity(quantity, sale_line.product_uom_id)
        return quantity

    def _is_billed_on_schedule(self):
        """Whether a schedule line counts this item, so that its order line must not count it again."""
        self.ensure_one()
        # sudo: progress.bill - its kind only, for users without billing rights
        return not self._is_billed_beside() and self.progress_deposit_bill_id.sudo().kind != 'down_payment'

    def _is_billed_beside(self):
        """Whether this item bills what no schedule line stood for: Odoo's own invoices, lines beside the schedule."""
        self.ensure_one()
        return not self.progress_line_type or self.progress_line_type == 'sourced'
