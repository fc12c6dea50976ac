from odoo import api, fields, models
from odoo.exceptions import UserError

READERS = 'progress_billing.group_subcontract_readonly'
#: what changes the worth of an order line
WORTH_FIELDS = ('product_qty', 'product_uom_id', 'price_unit', 'discount', 'product_id', 'tax_ids')


class PurchaseOrderLine(models.Model):
    """An order line that a subcontract bills: its worth changes by change order only (SUB-4)."""

    _name = 'purchase.order.line'
    _inherit = ['purchase.order.line', 'progress.order.line.mixin']

    progress_line_ids = fields.One2many(inverse_name='purchase_line_id', groups=READERS)
    is_progress_billed = fields.Boolean(help="A subcontract bills this line: Create Bill leaves it out.")

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        own = [self._is_own(vals) for vals in vals_list]  # before Odoo completes the values
        lines = super().create(vals_list)
        for line, is_own in zip(lines, own, strict=True):
            if not line.display_type and not is_own:
                line._check_order_takes_lines()
        return lines

    def write(self, vals):
        typed = self._get_typed(vals)
        for name in WORTH_FIELDS:
            if name in typed:
                self._check_worth_stays(name, vals[name])
        return super().write(vals)

    def _check_order_takes_lines(self):
        """:raises UserError: for a line added by hand to an order that is billed in stages"""
        # sudo: progress.contract - its state only
        contract = self.order_id.sudo().progress_contract_id
        if contract.state in ('draft', 'open', 'closed'):
            raise UserError(
                self.env._(
                    "%(order)s is billed in stages on %(contract)s: add the line by a change order there, or order it "
                    "apart.",
                    order=self.order_id.display_name,
                    contract=contract.display_name,
                )
            )

    def _check_worth_stays(self, name, value):
        """:raises UserError: where price or quantity of a line of a subcontract would change, locked or not"""
        for line in self.filtered('is_progress_billed'):
            if name == 'tax_ids':
                changed = set(line.new({name: value}, origin=line).tax_ids._origin.ids) != set(line.tax_ids.ids)
            else:
                changed = line._differs(name, value)
            if changed:
                raise UserError(
                    self.env._(
                        "%(field)s of %(line)s cannot change: %(contract)s bills it in stages. Add a change order "
                        "there.",
                        field=self._fields[name]._description_string(self.env),
                        line=line.display_name,
                        contract=line._get_scheduled_lines().contract_id.display_name,
                    )
                )

    # === SCHEDULE OF VALUES === #

    def _get_schedulable_lines(self):
        """The lines that progress billing bills: no down payments.

        :return: sections and notes included
        """
        return self.filtered(lambda line: not line.is_downpayment and (line.display_type or line.product_qty))

    def _get_progress_units(self):
        self.ensure_one()
        return self.product_qty

    def _get_native_items(self):
        """What Odoo's own bills have of these lines, drafts included; as superuser."""
        # sudo: account.move.line - whether something is billed does not depend on who asks
        return self.sudo().invoice_lines.filtered(
            lambda item: item.parent_state != 'cancel' and not item.progress_line_type
        )

    def _follow_schedule(self, scheduled):
        """Bring this line in step with its schedule lines, after a change order.

        :param scheduled: its ``progress.contract.line``
        """
        self.ensure_one()
        worth, currency = sum(scheduled.mapped('revised_amount')), self.currency_id
        before = self._get_progress_worths()[self]
        if not currency.compare_amounts(worth, before):
            return
        if self._is_worth(scheduled, worth, before):
            # the vendor's price list would give another quantity another price, and take the discount off
            terms = {'price_unit': self.price_unit, 'discount': self.discount}
            self._write_protected({'product_qty': sum(scheduled.mapped('revised_quantity')), **terms})
        elif before:
            self._write_protected({'price_unit': self.price_unit * worth / before})
        elif self.product_qty:
            self._write_protected({'price_unit': worth / self.product_qty})
            now = self._get_progress_worths()[self]
            if now:  # less its discount, or a tax in the price
                self._write_protected({'price_unit': self.price_unit * worth / now})

    def _is_worth(self, scheduled, worth, before):
        """Whether the quantities of schedule lines, at this line's own price, come to what they are worth.

        Parts of a line may have prices of their own: then it is the price that follows.
        """
        self.ensure_one()
        if not self.product_qty or not before or any(line.billing_base != 'quantity' for line in scheduled):
            return False
        amount = sum(scheduled.mapped('revised_quantity')) * before / self.product_qty
        return not self.currency_id.compare_amounts(amount, worth)
