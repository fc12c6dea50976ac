from odoo import models


class SaleOrderFigures(models.Model):
    """Odoo's own invoicing of an order leaves to the contract what the contract bills."""

    _name = 'sale.order'
    _inherit = 'sale.order'

    def _get_invoiceable_lines(self, final=False):
        """Without the lines that the schedule of values bills, and the down payments that it settles.

        :param bool final: as Odoo's
        """
        lines = super()._get_invoiceable_lines(final)
        billed = lines.filtered('is_progress_billed')
        if not billed:
            return lines
        rest = lines - billed
        return rest if rest.filtered(lambda line: not line.display_type) else rest.browse()

    def _nothing_to_invoice_error_message(self):
        """Say who bills the order instead."""
        billed = self.filtered('is_progress_billed')
        if not billed:
            return super()._nothing_to_invoice_error_message()
        return self.env._(
            "%(orders)s: progress billing bills what is left. Create the next bill, or the final invoice, on the "
            "Billing tab of the order.",
            orders=', '.join(billed.mapped('display_name')),
        )

    def _get_open_down_payments(self):
        """Down payment lines of Odoo's own that no invoice has deducted yet, nor a contract taken over."""
        lines = self.order_line.filtered(
            lambda line: line.is_downpayment and not line.display_type and not line.is_progress_billed
        )
        return lines.filtered(
            lambda line: (
                not line.currency_id.is_zero(
                    sum(
                        item._get_amount_for_order(line)
                        for item in line.invoice_lines
                        if item.parent_state in ('draft', 'posted')
                    )
                )
            )
        )

    def _generate_downpayment_invoices(self):
        """No down payment for money that came in for what a closed contract, or its final invoice, has billed."""
        open_orders = self.filtered(
            lambda order: (
                # sudo: progress.contract - its state only; payments come in without a user
                order.sudo().progress_contract_id.state != 'closed'
                and not order.sudo().progress_contract_id.final_bill_id  # sudo: progress.contract - as above
            )
        )
        return super(SaleOrderFigures, open_orders)._generate_downpayment_invoices()
