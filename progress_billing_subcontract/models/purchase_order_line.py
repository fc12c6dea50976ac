from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

READERS = 'progress_billing.group_subcontract_readonly'
#: what changes the worth of an order line
WORTH_FIELDS = ('product_qty', 'product_uom_id', 'price_unit', 'discount', 'product_id', 'tax_ids')


class PurchaseOrderLine(models.Model):
    """An order line that a subcontract bills: its worth changes by change order only (SUB-4)."""

    _name = 'purchase.order.line'
    _inherit = ['purchase.order.line', 'progress.guard.mixin']
    _guards_values = False
    _placing_fields = ()

    progress_line_ids = fields.One2many(
        'progress.contract.line', 'purchase_line_id', string="Schedule of Values", groups=READERS
    )
    is_progress_billed = fields.Boolean(
        string="Billed in Stages",
        compute='_compute_is_progress_billed',
        store=True,
        guarded=True,
        help="A subcontract bills this line: Create Bill leaves it out.",
    )

    @api.depends('progress_line_ids.contract_state')
    def _compute_is_progress_billed(self):
        for line in self:
            line.is_progress_billed = bool(line._get_scheduled_lines())

    def _get_scheduled_lines(self):
        """Schedule lines of subcontracts that are not cancelled."""
        # sudo: progress.contract.line - an order's figures are for all who see the order
        lines = self.sudo().progress_line_ids
        live = lines.filtered(lambda line: line.contract_state != 'cancelled')
        return live.with_prefetch(lines._prefetch_ids)  # those of the other order lines too

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

    def _raise_protected(self, name):
        raise AccessError(self.env._("Whether a line is billed in stages follows from its subcontract."))

    # === SCHEDULE OF VALUES === #

    def _get_schedulable_lines(self):
        """The lines that progress billing bills: no down payments.

        :return: sections and notes included
        """
        return self.filtered(lambda line: not line.is_downpayment and (line.display_type or line.product_qty))

    def _get_progress_worths(self, taxed=False):
        """What each line is worth to the schedule, untaxed: they add up to the order's untaxed amount.

        :param bool taxed: with taxes
        :return dict: amounts by line, in the order's currency
        """
        worths, engine = dict.fromkeys(self, 0.0), self.env['progress.tax.engine']
        for order, lines in self.grouped('order_id').items():
            base_lines = [
                line._prepare_base_line_for_taxes_computation()
                for line in order.order_line.filtered(lambda line: not line.display_type)
            ]
            found = engine._get_worths(base_lines, order.company_id, order.currency_id, taxed=taxed)
            worths.update({line: found[line] for line in lines if line in found})
        return worths

    def _prepare_progress_line_vals(self, contract, worth, sequence):
        """Values of the schedule line for this order line: money, unless somebody chooses quantity.

        :param contract: that the line is added to
        :param float worth: of the line, untaxed, in the order's currency
        :param int sequence: in the schedule
        :return dict: of ``progress.contract.line``
        """
        self.ensure_one()
        vals = {'contract_id': contract.id, 'sequence': sequence, 'name': self.name, 'purchase_line_id': self.id}
        if self.display_type:
            return dict(vals, display_type=self.display_type)
        return dict(
            vals,
            product_id=self.product_id.id,
            product_uom_id=self.product_uom_id.id,
            original_quantity=self.product_qty,
            unit_price=worth / self.product_qty if self.product_qty else worth,
            original_amount=worth,
            tax_ids=[Command.set(self.tax_ids.ids)],
            analytic_distribution=self.analytic_distribution,
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
            self._write_protected({'product_qty': sum(scheduled.mapped('revised_quantity'))})
        elif before:
            self._write_protected({'price_unit': self.price_unit * worth / before})
        elif self.product_qty:
            self._write_protected({'price_unit': worth / self.product_qty})

    def _is_worth(self, scheduled, worth, before):
        """Whether the quantities of schedule lines, at this line's own price, come to what they are worth.

        Parts of a line may have prices of their own: then it is the price that follows.
        """
        self.ensure_one()
        if not self.product_qty or not before or any(line.billing_base != 'quantity' for line in scheduled):
            return False
        amount = sum(scheduled.mapped('revised_quantity')) * before / self.product_qty
        return not self.currency_id.compare_amounts(amount, worth)
