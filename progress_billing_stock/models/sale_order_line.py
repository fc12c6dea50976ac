from odoo import models
from odoo.tools import float_is_zero


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _get_shipment_quantity(self, returned):
        """What to invoice of the deliveries so far, or to credit of what came back.

        Only Odoo's own invoices count: what is delivered once is invoiced once. Quantities that
        were invoiced ahead of their delivery are credited when they come back, not before.

        :param float returned: quantity that came back just now, in the line's unit
        :return float: in the line's unit; less than nothing to credit
        """
        self.ensure_one()
        quantity = self.qty_delivered - self._get_native_qty_invoiced()
        if quantity < 0:
            quantity = max(quantity, -returned)
        digits = self.env['decimal.precision'].precision_get('Product Unit')
        return 0.0 if float_is_zero(quantity, precision_digits=digits) else quantity
