from odoo import models
from odoo.exceptions import UserError


class SaleAdvancePaymentInv(models.TransientModel):
    """A down payment on an order with a contract is a deposit of the contract at once."""

    _inherit = 'sale.advance.payment.inv'

    def _create_invoices(self, sale_orders):
        if self.advance_payment_method == 'delivered':
            return super()._create_invoices(sale_orders)
        # sudo: progress.contract - the contract counts the down payment, whoever takes it
        contract = self.sale_order_ids.sudo().progress_contract_id.filtered(lambda record: record.state != 'cancelled')
        if not contract:
            return super()._create_invoices(sale_orders)
        if contract.state == 'closed' or contract.final_bill_id:
            raise UserError(
                self.env._(
                    "%(order)s takes no down payment any more: %(contract)s has its final invoice.",
                    order=self.sale_order_ids.display_name,
                    contract=contract.display_name,
                )
            )
        contract._lock_for_billing()
        invoice = super()._create_invoices(sale_orders)
        contract._take_down_payments(self.sale_order_ids)
        return invoice
