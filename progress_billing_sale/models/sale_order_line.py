from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.models.contract.progress_tab_mixin import READERS

#: what changes the worth of an order line
WORTH_FIELDS = {'product_uom_qty', 'price_unit', 'discount', 'product_uom_id', 'product_id', 'tax_ids', 'qty_delivered'}


class SaleOrderLine(models.Model):
    """An order line that the schedule of values bills, and what happens to the schedule when it changes."""

    _name = 'sale.order.line'
    _inherit = ['sale.order.line', 'progress.order.line.mixin']

    progress_line_ids = fields.One2many(inverse_name='sale_line_id', groups=READERS)
    progress_change_line_ids = fields.One2many(
        'progress.contract.change.line', 'sale_line_id', string="Change Order Lines", groups=READERS
    )
    is_progress_billed = fields.Boolean(
        help="A billing contract bills this line, or a change order proposes that it does: Create Invoice leaves it "
        "out. A down payment: a deposit of the contract.",
    )

    @api.depends('progress_change_line_ids.state', 'invoice_lines.progress_deposit_bill_id', 'is_downpayment')
    def _compute_is_progress_billed(self):
        deposits = self.filtered('is_downpayment')
        for line in deposits:
            line.is_progress_billed = bool(line.invoice_lines.progress_deposit_bill_id)
        result = super(SaleOrderLine, self - deposits)._compute_is_progress_billed()
        for line in self - deposits:
            if 'draft' in line.progress_change_line_ids.mapped('state'):
                line.is_progress_billed = True
        return result

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id._propose_progress_changes()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if WORTH_FIELDS & vals.keys():
            self.order_id._propose_progress_changes()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_progress_billed(self):
        # sudo: progress.contract.line - what is billed does not depend on who asks
        lines = self.sudo().filtered('is_progress_billed').progress_line_ids
        bills = lines.bill_line_ids.bill_id.filtered('bucket')
        if bills:
            raise UserError(
                self.env._(
                    "%(lines)s cannot be deleted, these bill it: %(bills)s. Delete or credit them first.",
                    lines=', '.join(lines.mapped('display_name')),
                    bills=', '.join(bills.mapped('display_name')),
                )
            )
        lines.filtered(lambda line: line.contract_state == 'draft').unlink()

    # === SCHEDULE OF VALUES === #

    def _get_schedulable_lines(self):
        """The lines that progress billing bills: no down payments, no re-invoiced expenses (SAL-1).

        :return: sections and notes included
        """
        return self.filtered(
            lambda line: (
                not line.is_downpayment and not line.is_expense and (line.display_type or line._get_progress_units())
            )
        )

    def _get_changed_lines(self):
        """The lines to compare with the schedule: those it has, and new ones worth something."""
        return self._get_schedulable_lines().filtered(lambda line: not line.display_type) | self.filtered(
            lambda line: line.progress_line_ids and not line.display_type
        )

    def _get_progress_worths(self, taxed=False):
        """Nothing where the order is cancelled, and no line but those of the schedule (SAL-1)."""
        live = self.filtered(
            lambda line: line.order_id.state != 'cancel' and not line.is_downpayment and not line.is_expense
        )
        return dict.fromkeys(self, 0.0) | super(SaleOrderLine, live)._get_progress_worths(taxed)

    def _get_progress_units(self):
        """The quantity that the contract is about: as ordered, or as delivered where more goods were."""
        self.ensure_one()
        goods = self.product_id.type == 'consu' and self.product_id.invoice_policy == 'delivery'
        return max(self.product_uom_qty, self.qty_delivered) if goods else self.product_uom_qty

    def _prepare_progress_base_line(self):
        return self._prepare_base_line_for_taxes_computation(quantity=self._get_progress_units())

    def _prepare_progress_change_list(self):
        """Values of change order lines that bring the schedule in step with these lines.

        :return list: dicts of ``progress.contract.change.line``
        """
        worths = self._get_progress_worths()
        return [vals for line in self for vals in line._prepare_progress_changes(worths[line])]

    def _prepare_progress_changes(self, worth):
        """Where the order has left the schedule: values of change order lines that bring them together.

        :param float worth: of the line, untaxed, in the order's currency
        :return list: dicts of ``progress.contract.change.line``
        """
        self.ensure_one()
        currency, scheduled = (
            self.currency_id,
            self.progress_line_ids.filtered(lambda line: line.contract_state != 'cancelled'),
        )
        rest = currency.round(worth - sum(scheduled.mapped('revised_amount')))
        if currency.is_zero(rest):
            return []
        vals = {'sale_line_id': self.id, 'contract_line_id': scheduled[:1].id}
        if scheduled[:1].billing_base == 'quantity':
            units = (self._get_progress_units() if worth else 0.0) - sum(scheduled.mapped('revised_quantity'))
            line = scheduled[:1]
            by_units = currency.round(line._price(line.revised_quantity + units) - line.revised_amount)
            changes = [dict(vals, quantity=units)] if units else []
            rest = currency.round(rest - by_units)
            if not currency.is_zero(rest):  # a price: the units stay at theirs, the difference is a line of its own
                name = self.env._("%s: price", self.name)
                changes.append(dict(self._prepare_new_change_vals(), name=name, amount=rest))
            return changes
        return [dict(vals, amount=rest) if scheduled else dict(self._prepare_new_change_vals(), amount=rest)]

    def _prepare_new_change_vals(self):
        """Values of a change order line that adds a schedule line for this order line."""
        return {
            'sale_line_id': self.id,
            'contract_line_id': False,
            'name': self.name,
            'product_id': self.product_id.id,
            'billing_base': 'amount',
            'tax_ids': [fields.Command.set(self.tax_ids.ids)],
        }
