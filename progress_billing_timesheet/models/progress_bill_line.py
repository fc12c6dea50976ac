from odoo import Command, api, fields, models


class ProgressBillLine(models.Model):
    """A line beside the schedule that stands for an order line: Odoo's own figures of the order follow (HRS-8)."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    sale_line_id = fields.Many2one(
        'sale.order.line',
        string="Billed Order Line",
        readonly=True,
        copy=False,
        guarded=True,
        index='btree_not_null',
        ondelete='set null',
        groups='progress_billing.group_readonly,sales_team.group_sale_salesman',
    )
    taxed_amount = fields.Monetary(
        readonly=True, copy=False, guarded=True, help="With taxes, where the order agreed on a price with tax."
    )

    @api.model
    def _prepare_sourced_vals(self, contract, vals):
        """``sale_line_id`` and ``taxed_amount`` may be given as well."""
        result = super()._prepare_sourced_vals(contract, vals)
        for name in ('sale_line_id', 'taxed_amount'):
            if vals.get(name):
                result[name] = vals[name]
        return result

    def _prepare_sourced_item_vals(self, net, amounts):
        vals = super()._prepare_sourced_item_vals(net, amounts)
        sale_line = self.sudo().sale_line_id  # sudo: sale.order.line - its link and unit, for who has no sales rights
        if sale_line:
            vals['sale_line_ids'] = [Command.link(sale_line.id)]
            vals['product_uom_id'] = sale_line.product_uom_id.id
        return vals
