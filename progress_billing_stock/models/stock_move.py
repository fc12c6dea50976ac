from collections import defaultdict

from odoo import models


class StockMove(models.Model):
    _inherit = 'stock.move'

    def _get_returned_quantities(self):
        """What came back from the customer to be refunded.

        :return dict: quantities by order line, in its unit; endless for the parts of a kit, which
            do not count in the unit of the kit
        """
        returned = defaultdict(float)
        for move in self.filtered(lambda move: move.state == 'done' and move.to_refund):
            line = move.sale_line_id
            if move.location_id.usage != 'customer':
                continue
            if move.product_id == line.product_id:
                returned[line] += move.product_uom._compute_quantity(move.quantity, line.product_uom_id)
            else:
                returned[line] = float('inf')
        return returned
