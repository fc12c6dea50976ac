from odoo import api, models
from odoo.exceptions import UserError


class PurchaseOrderDoors(models.Model):
    """Odoo's own billing of an order leaves to the subcontract what that bills, and shows what it billed."""

    _name = 'purchase.order'
    _inherit = 'purchase.order'

    def action_create_invoice(self, attachment_ids=False):
        """Create Bill: lines of a subcontract stay out (SUB-3).

        :param attachment_ids: as Odoo's
        :return dict: the action that shows the bills
        :raises UserError: where nothing else is left to bill
        """
        billed = self.filtered('is_progress_billed')
        if billed:
            raise UserError(
                self.env._(
                    "%(orders)s: the subcontract bills this order. Invite the subcontractor to bill, or enter the "
                    "claim in their name, on %(contracts)s.",
                    orders=', '.join(billed.mapped('display_name')),
                    # sudo: progress.contract - its name only
                    contracts=', '.join(billed.sudo().progress_contract_id.mapped('display_name')),
                )
            )
        return super().action_create_invoice(attachment_ids)

    @api.depends('progress_contract_id.bill_ids.invoice_ids')
    def _compute_invoice(self):
        result = super()._compute_invoice()
        for order in self.filtered('progress_contract_id'):
            # sudo: progress.bill - the order shows its bills to whoever sees the order
            order.invoice_ids |= order.sudo().progress_contract_id.bill_ids.move_ids.sudo(False)
            order.invoice_count = len(order.invoice_ids)
        return result

    @api.depends('order_line.progress_status')
    def _get_invoiced(self):
        """By amounts: 99.7 % of one unit rounds to one unit, but is not all of it (SUB-2)."""
        result = super()._get_invoiced()
        for order in self:
            lines = order.order_line.filtered('is_progress_billed')
            if not lines or order.state != 'purchase':
                continue
            states = set(lines.mapped('progress_status'))
            rest = (order.order_line - lines).filtered(lambda line: not line.display_type and line.qty_to_invoice)
            if rest or 'to invoice' in states:
                order.invoice_status = 'to invoice'
            else:
                order.invoice_status = 'invoiced' if 'invoiced' in states else 'no'
        return result
