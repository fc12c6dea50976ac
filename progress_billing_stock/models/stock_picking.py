from odoo import models


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    def _action_done(self):
        """Deliveries make their invoices, returns their credit notes, where the company says so."""
        result = super()._action_done()
        # sudo: sale.order - the warehouse delivers; what is invoiced of it the company has settled
        moves = self.sudo().filtered(lambda picking: picking.state == 'done').move_ids
        orders = moves.sale_line_id.order_id
        orders._propose_progress_changes()
        for order in orders.filtered(lambda order: order.company_id.progress_invoice_on_shipment):
            order._invoice_shipment(moves.filtered(lambda move, order=order: move.sale_line_id.order_id == order))
        return result
