from odoo import models


class AccountMove(models.Model):
    """Vendor bills that Odoo completes from orders leave out what subcontracts bill (SUB-3)."""

    _inherit = 'account.move'

    def _add_purchase_order_lines(self, purchase_order_lines):
        rest = purchase_order_lines.filtered(lambda line: not line.is_progress_billed)
        return super()._add_purchase_order_lines(rest)

    def _match_purchase_orders(self, po_references, partner_id, amount_total, from_ocr, timeout):
        """An imported bill is no claim: it is not matched with lines of a subcontract, and keeps its own."""
        method, lines, items = super()._match_purchase_orders(
            po_references, partner_id, amount_total, from_ocr, timeout
        )
        if lines.filtered('is_progress_billed'):
            return 'no_match', lines.browse(), None
        return method, lines, items
