from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.tools import money


class ProgressVendorScheduleLine(models.Model):
    """A line of the schedule that a subcontractor proposes for a line of the subcontract (SUB-12)."""

    _name = 'progress.vendor.schedule.line'
    _description = "Proposed Schedule Line"
    _inherit = ['progress.guard.mixin']
    _order = 'contract_id, contract_line_id, sequence, id'
    _parent_field = 'contract_id'
    _fixed_fields = ('contract_line_id',)

    contract_id = fields.Many2one('progress.contract', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    contract_line_id = fields.Many2one(
        'progress.contract.line',
        string="Of the Subcontract Line",
        required=True,
        index=True,
        ondelete='cascade',
        domain="[('contract_id', '=', contract_id), ('display_type', '=', False)]",
    )
    billing_base = fields.Selection(related='contract_line_id.billing_base')
    sequence = fields.Integer(default=10)
    item_number = fields.Char(string="Item")
    name = fields.Char(string="Description", required=True)
    quantity = fields.Float(digits='Product Unit', help="Of a line that is billed by quantity, in its unit.")
    product_uom_id = fields.Many2one(related='contract_line_id.product_uom_id', string="Unit")
    unit_price = fields.Float(min_display_digits='Product Price', help="Untaxed.")
    amount = fields.Monetary(
        compute='_compute_amount',
        store=True,
        readonly=False,
        precompute=True,
        help="Untaxed. Of a line that is billed by quantity: quantity × unit price.",
    )

    @api.depends('quantity', 'unit_price', 'contract_line_id.billing_base')
    def _compute_amount(self):
        for line in self:
            if line.billing_base == 'quantity':
                line.amount = line._price()

    def _price(self):
        """Quantity × unit price, rounded as the subcontract's own lines are."""
        self.ensure_one()
        amount = money.to_decimal(self.quantity) * money.to_decimal(self.unit_price)
        return float(money.round_to(amount, self.currency_id.rounding))

    @api.constrains('contract_id', 'contract_line_id')
    def _check_same_contract(self):
        for line in self:
            scheduled = line.contract_line_id
            if scheduled.contract_id != line.contract_id or scheduled.display_type:
                raise UserError(
                    self.env._(
                        "%(line)s is no line of %(contract)s that can be divided.",
                        line=scheduled.display_name,
                        contract=line.contract_id.display_name,
                    )
                )

    @api.constrains('quantity', 'unit_price', 'amount', 'contract_line_id')
    def _check_quantity(self):
        for line in self.filtered(lambda line: line.billing_base == 'quantity'):
            if line.currency_id.compare_amounts(line.amount, line._price()):
                raise UserError(
                    self.env._(
                        "%(line)s is billed by quantity: the amount of “%(part)s” is quantity × unit price. Change "
                        "those instead.",
                        line=line.contract_line_id.display_name,
                        part=line.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.contract_id._check_schedule_can_change()
        return lines

    def write(self, vals):
        self.contract_id._check_schedule_can_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_handed_in(self):
        self.contract_id._check_schedule_can_change()

    def _prepare_worth_vals(self):
        """What a schedule line made of this one is worth; those billed by quantity keep quantity and price.

        :return dict: of ``progress.contract.line``
        """
        self.ensure_one()
        by_quantity = self.billing_base == 'quantity'
        return {
            'original_quantity': self.quantity if by_quantity else 0.0,
            'unit_price': self.unit_price if by_quantity else 0.0,
            'original_amount': self.amount,
        }
