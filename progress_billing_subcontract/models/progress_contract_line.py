from odoo import Command, api, fields, models

PRODUCTS = "[('purchase_ok', '=', True)] if tax_use == 'purchase' else [('sale_ok', '=', True)]"


class ProgressContractLine(models.Model):
    """A schedule line of a subcontract, which may stand for a line of a purchase order."""

    _inherit = 'progress.contract.line'

    product_id = fields.Many2one(domain=PRODUCTS)
    purchase_line_id = fields.Many2one(
        'purchase.order.line',
        string="Purchase Order Line",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        groups='progress_billing.group_subcontract_readonly,purchase.group_purchase_user',
        guarded=True,
    )

    # === RIGHTS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if any(not self._is_own(vals) for vals in vals_list):
            lines.contract_id._check_may_keep_subcontracts()
        return lines

    def write(self, vals):
        if self._get_typed(vals) - self._get_entry_fields() - {'edit_seen'}:
            self.contract_id._check_may_keep_subcontracts()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_administrators(self):
        self.contract_id._check_may_keep_subcontracts()

    # === THE ORDER === #

    def _get_order_line(self):
        # sudo: purchase.order.line - only the order's name, for billing users without purchase rights
        return self.sudo().purchase_line_id or super()._get_order_line()

    def _follow_on_orders(self):
        """The order follows what change orders made of its lines, and gets lines for those they added (SUB-4)."""
        # sudo: purchase.order.line - whoever approves a change order need not buy
        own = self.sudo().filtered(
            lambda line: (
                not line.display_type and line.contract_state != 'cancelled' and line.contract_id.purchase_order_ids
            )
        )
        for line in own.filtered(lambda line: not line.purchase_line_id and line.change_line_ids):
            vals = line._prepare_purchase_line_vals(line.contract_id.purchase_order_ids[0])
            line._write_protected({'purchase_line_id': line.purchase_line_id._create_protected([vals]).id})
        for purchase_line, lines in own.grouped('purchase_line_id').items():
            if purchase_line:
                purchase_line._follow_schedule(lines)

    def _prepare_purchase_line_vals(self, order):
        """The order line of a schedule line that a change order added.

        :param order: ``purchase.order``
        :return dict: of ``purchase.order.line``
        """
        self.ensure_one()
        product = self.product_id or order.order_line.product_id[:1]
        quantity = self.revised_quantity if self.billing_base == 'quantity' else 1.0
        return {
            'order_id': order.id,
            'sequence': max(order.order_line.mapped('sequence'), default=10) + 1,
            'name': self.name,
            'product_id': product.id,
            'product_uom_id': (self.product_uom_id or product.uom_id).id,
            'product_qty': quantity,
            'price_unit': self.revised_amount / quantity if quantity else 0.0,
            'date_planned': fields.Datetime.now(),
            'tax_ids': [Command.set(self.tax_ids.ids)],
            'analytic_distribution': self.analytic_distribution,
        }
