from odoo import Command, api, fields, models
from odoo.exceptions import AccessError


class ProgressOrderLineMixin(models.AbstractModel):
    """An order line that a contract's schedule of values bills.

    Models give ``progress_line_ids`` its inverse field and its groups, and say which lines are billed and in which
    units: :meth:`_get_schedulable_lines`, :meth:`_get_progress_units`, :meth:`_prepare_progress_base_line`.
    """

    _name = 'progress.order.line.mixin'
    _description = "Order Line Billed in Stages"
    _inherit = ['progress.guard.mixin']
    _guards_values = False
    _placing_fields = ()

    progress_line_ids = fields.One2many('progress.contract.line', string="Schedule of Values")
    is_progress_billed = fields.Boolean(
        string="Billed in Stages",
        compute='_compute_is_progress_billed',
        store=True,
        guarded=True,
        help="A billing contract bills this line.",
    )

    @api.depends('progress_line_ids.contract_state')
    def _compute_is_progress_billed(self):
        """A line that stands on a contract which is not cancelled."""
        for line in self:
            line.is_progress_billed = bool(line._get_scheduled_lines())

    def _get_scheduled_lines(self):
        """Schedule lines of contracts that are not cancelled."""
        # sudo: progress.contract.line - an order's figures are for all who see the order
        lines = self.sudo().progress_line_ids
        live = lines.filtered(lambda line: line.contract_state != 'cancelled')
        return live.with_prefetch(lines._prefetch_ids)  # those of the other order lines too

    def _get_progress_worths(self, taxed=False):
        """What each line is worth to the schedule, untaxed.

        The lines of an order add up to its untaxed amount: where the company rounds taxes over the
        document, a cent that its lines differ by is on one of them, as on Odoo's own invoice.

        :param bool taxed: with taxes
        :return dict: amounts by line, in the order's currency
        """
        worths, engine = dict.fromkeys(self, 0.0), self.env['progress.tax.engine']
        worth_something = self.order_id.order_line.filtered(lambda line: not line.display_type).grouped('order_id')
        for order, lines in self.grouped('order_id').items():
            base_lines = [line._prepare_progress_base_line() for line in worth_something.get(order, ())]
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
        link = self._fields['progress_line_ids'].inverse_name
        vals = {'contract_id': contract.id, 'sequence': sequence, 'name': self.name, link: self.id}
        if self.display_type:
            return dict(vals, display_type=self.display_type)
        units = self._get_progress_units()
        return dict(
            vals,
            product_id=self.product_id.id,
            product_uom_id=self.product_uom_id.id,
            original_quantity=units,
            unit_price=worth / units if units else worth,
            original_amount=worth,
            tax_ids=[Command.set(self.tax_ids.ids)],
            analytic_distribution=self.analytic_distribution,
        )

    def _raise_protected(self, name):
        raise AccessError(self.env._("Whether a line is billed in stages follows from its billing contract."))

    # === HOOKS === #

    def _get_schedulable_lines(self):
        """The lines that progress billing bills, sections and notes included."""
        return self

    def _get_progress_units(self):
        """The quantity that the contract is about, in the line's unit."""
        raise NotImplementedError

    def _prepare_progress_base_line(self):
        """What Odoo's tax engine computes the worth of this line from."""
        return self._prepare_base_line_for_taxes_computation()
