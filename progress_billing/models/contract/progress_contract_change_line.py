from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError


class ProgressContractChangeLine(models.Model):
    """One addition or deduction: to a schedule line, or a new one."""

    _name = 'progress.contract.change.line'
    _description = "Change Order Line"
    _inherit = 'progress.guard.mixin'
    _order = 'change_id, id'
    _parent_field = 'change_id'

    change_id = fields.Many2one('progress.contract.change', required=True, index=True, ondelete='cascade')
    contract_id = fields.Many2one(related='change_id.contract_id', store=True, guarded=True)
    company_id = fields.Many2one(related='change_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='change_id.currency_id', store=True, guarded=True)
    state = fields.Selection(related='change_id.state', store=True, guarded=True)
    tax_use = fields.Char(related='contract_id.tax_use')
    contract_line_id = fields.Many2one(
        'progress.contract.line',
        string="Schedule of Values Line",
        index='btree_not_null',
        ondelete='cascade',  # with the whole contract: a line that an order refers to is not deleted alone
        domain="[('contract_id', '=', contract_id), ('display_type', '=', False)]",
        help="Leave empty for a new line.",
    )
    is_new_line = fields.Boolean(readonly=True, copy=False, guarded=True)
    item_number = fields.Char(string="Item")
    name = fields.Char(string="Description", compute='_compute_name', store=True, readonly=False)
    product_id = fields.Many2one('product.product', domain="[('sale_ok', '=', True)]")
    billing_base = fields.Selection(
        [('amount', "Amount"), ('quantity', "Quantity")], compute='_compute_billing_base', store=True, readonly=False
    )
    quantity = fields.Float(digits='Product Unit')
    unit_price = fields.Float(
        compute='_compute_unit_price', store=True, readonly=False, min_display_digits='Product Price'
    )
    amount = fields.Monetary(
        compute='_compute_amount', store=True, readonly=False, help="Untaxed; negative for a deduction."
    )
    tax_ids = fields.Many2many(
        'account.tax',
        string="Taxes",
        compute='_compute_tax_ids',
        store=True,
        readonly=False,
        domain="[('type_tax_use', '=', tax_use)]",
        context={'active_test': False},
        help="Of a new line.",
    )

    @api.depends('contract_line_id', 'product_id')
    def _compute_name(self):
        for line in self:
            line.name = line.name or line.contract_line_id.name or line.product_id.display_name or False

    @api.depends('contract_line_id')
    def _compute_billing_base(self):
        for line in self:
            line.billing_base = line.contract_line_id.billing_base or line.billing_base or 'amount'

    @api.depends('contract_line_id', 'product_id')
    def _compute_unit_price(self):
        for line in self:
            price = line.contract_line_id.unit_price or line.unit_price
            if not price and line.product_id:
                price = line.contract_id._get_unit_price(line.product_id)
            line.unit_price = price

    @api.depends('billing_base', 'quantity', 'unit_price')
    def _compute_amount(self):
        for line in self:
            if line.billing_base == 'quantity':
                line.amount = line.currency_id.round(line.quantity * line.unit_price)

    @api.depends('product_id')
    def _compute_tax_ids(self):
        for line in self:
            if line.product_id:
                taxes = line.contract_id._get_product_taxes(line.product_id)._filter_taxes_by_company(line.company_id)
                line.tax_ids = line.contract_id.fiscal_position_id.map_tax(taxes)

    @api.constrains('amount', 'quantity')
    def _check_amount_of_quantity(self):
        """The schedule takes the quantity: an amount beside it would change nothing (CON-9)."""
        for line in self.filtered(lambda line: line.billing_base == 'quantity'):
            if line.currency_id.compare_amounts(line.amount, line.currency_id.round(line.quantity * line.unit_price)):
                raise ValidationError(
                    self.env._(
                        "%(line)s is billed by quantity: enter the quantity in change order %(change)s, the amount "
                        "follows.",
                        line=line.contract_line_id.display_name or line.name,
                        change=line.change_id.display_name,
                    )
                )

    @api.constrains('contract_line_id', 'name', 'amount', 'quantity')
    def _check_line(self):
        for line in self:
            scheduled = line.contract_line_id
            if scheduled and (scheduled.contract_id != line.contract_id or scheduled.display_type):
                raise ValidationError(
                    self.env._(
                        "%(line)s is no schedule line of %(contract)s.",
                        line=line.contract_line_id.display_name,
                        contract=line.contract_id.display_name,
                    )
                )
            if not line.contract_line_id and not (line.name or '').strip():
                raise ValidationError(
                    self.env._("A new line of change order %s needs a description.", line.change_id.display_name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        if {'amount', 'quantity', 'unit_price', 'contract_line_id'} & self._get_typed(vals):
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        self._check_draft()

    def _check_draft(self):
        for change in self.change_id:
            if change.state == 'approved':
                raise UserError(
                    self.env._(
                        "Change order %s is approved and cannot change. Cancel it, or add another one.",
                        change.display_name,
                    )
                )

    def _create_contract_lines(self):
        """Add the new lines to the schedule of values, worth nothing but for this change order."""
        new = self.filtered(lambda line: not line.contract_line_id)
        created = self.env['progress.contract.line'].create([line._prepare_contract_line_vals() for line in new])
        for line, contract_line in zip(new, created, strict=True):
            line._write_protected({'contract_line_id': contract_line.id, 'is_new_line': True})

    def _prepare_contract_line_vals(self):
        """Values of the schedule line this change order line adds."""
        self.ensure_one()
        return {
            'contract_id': self.contract_id.id,
            'sequence': self.contract_id._get_last_sequence() + 1,
            'item_number': self.item_number,
            'name': self.name,
            'product_id': self.product_id.id,
            'billing_base': self.billing_base,
            'unit_price': self.unit_price if self.billing_base == 'quantity' else 0.0,
            'original_quantity': 0.0,
            'original_amount': 0.0,
            'tax_ids': [Command.set(self.tax_ids.ids)],
        }
