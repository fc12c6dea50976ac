from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...tools import money

VALUE_FIELDS = {'original_amount', 'original_quantity', 'unit_price', 'billing_base'}
#: what the order decides on a line that stands for one of its lines
ORDER_FIELDS = ('original_amount', 'original_quantity', 'unit_price')
#: what a final invoice takes as it stands
SCHEDULE_FIELDS = VALUE_FIELDS | {'tax_ids', 'product_id', 'account_id'}


class ProgressContractLine(models.Model):
    """One line of the schedule of values: what it is worth, how far it is, what is billed."""

    _name = 'progress.contract.line'
    _description = "Schedule of Values Line"
    _inherit = [
        'progress.bulk.mixin',
        'progress.edit.mixin',
        'progress.guard.mixin',
        'analytic.mixin',
    ]
    _order = 'contract_id, sequence, id'
    _rec_names_search = ['item_number', 'name']
    _check_company_auto = True
    _parent_field = 'contract_id'
    _fixed_fields = ('display_type',)

    contract_id = fields.Many2one('progress.contract', required=True, index=True, ondelete='cascade')
    project_id = fields.Many2one(related='contract_id.project_id', store=True, index='btree_not_null', guarded=True)
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='contract_id.currency_id', store=True, guarded=True)
    # not stored: a contract may have thousands of lines
    contract_state = fields.Selection(related='contract_id.state', string="Contract Status")
    sequence = fields.Integer(default=10)
    display_type = fields.Selection(
        [('line_section', "Section"), ('line_subsection', "Subsection"), ('line_note', "Note")],
        string="Section Type",
        default=False,
    )
    item_number = fields.Char(string="Item")
    name = fields.Text(
        string="Description", compute='_compute_name', store=True, readonly=False, precompute=True, required=True
    )
    product_id = fields.Many2one(
        'product.product', check_company=True, domain="[('sale_ok', '=', True)]", index='btree_not_null'
    )

    partner_id = fields.Many2one(
        'res.partner',
        string="Customer",
        compute='_compute_partner_id',
        store=True,
        readonly=False,
        index='btree_not_null',
        help="From the task, else from the contract.",
    )
    partner_shipping_id = fields.Many2one(
        'res.partner',
        string="Customer Location",
        compute='_compute_partner_shipping_id',
        store=True,
        readonly=False,
        help="From the task, else from the contract. Locations are billed on bills of their own.",
    )

    # === WORTH === #
    billing_base = fields.Selection(
        [('amount', "Amount"), ('quantity', "Quantity")],
        string="Progress Billing Base",
        default='amount',
        required=True,
    )
    original_quantity = fields.Float(string="Quantity", digits='Product Unit')
    product_uom_id = fields.Many2one(
        'uom.uom', string="Unit", compute='_compute_product_uom_id', store=True, readonly=False, precompute=True
    )
    unit_price = fields.Float(
        compute='_compute_unit_price',
        store=True,
        readonly=False,
        precompute=True,
        min_display_digits='Product Price',
        help="Untaxed, net of discount.",
    )
    original_amount = fields.Monetary(
        compute='_compute_original_amount', store=True, readonly=False, precompute=True, help="Untaxed."
    )
    change_line_ids = fields.One2many('progress.contract.change.line', 'contract_line_id')
    change_quantity = fields.Float(compute='_compute_revised', store=True, digits='Product Unit', guarded=True)
    change_amount = fields.Monetary(compute='_compute_revised', store=True, string="Change Orders", guarded=True)
    revised_quantity = fields.Float(compute='_compute_revised', store=True, digits='Product Unit', guarded=True)
    revised_amount = fields.Monetary(
        string="Scheduled Value",
        compute='_compute_revised',
        store=True,
        help="Untaxed, change orders included.",
        guarded=True,
    )
    taxed_amount = fields.Monetary(
        string="Scheduled Value With Tax",
        readonly=True,
        copy=False,
        guarded=True,
        help="Where the price was agreed with its tax: what all bills of the line come to, tax included. Else 0.",
    )

    # === INVOICING === #
    tax_use = fields.Char(related='contract_id.tax_use')
    result_group = fields.Char(related='contract_id.result_group')
    tax_ids = fields.Many2many(
        'account.tax',
        string="Taxes",
        compute='_compute_tax_ids',
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        domain="[('type_tax_use', '=', tax_use)]",
        context={'active_test': False},
    )
    account_id = fields.Many2one(
        'account.account',
        string="Income Account",
        check_company=True,
        domain="[('internal_group', '=', result_group)]",
        help="Only where it differs from the account of the product or the sales journal.",
    )

    # === COMPUTE === #

    @api.depends('item_number', 'name')
    def _compute_display_name(self):
        for line in self:
            title = (line.name or '').split('\n')[0]
            line.display_name = f'{line.item_number} {title}' if line.item_number else title

    @api.depends('contract_id.partner_id')
    def _compute_partner_id(self):
        for line in self:
            line.partner_id = line.contract_id.partner_id

    @api.depends('contract_id.partner_shipping_id')
    def _compute_partner_shipping_id(self):
        for line in self:
            line.partner_shipping_id = line.contract_id.partner_shipping_id

    @api.depends('product_id')
    def _compute_name(self):
        for line in self:
            line.name = line.name or line.contract_id._get_product_text(line.product_id) or line.name or ''

    @api.depends('product_id')
    def _compute_product_uom_id(self):
        for line in self:
            if line.product_id and line.product_uom_id != line.product_id.uom_id:
                line.product_uom_id = line.product_id.uom_id

    @api.depends('product_id')
    def _compute_unit_price(self):
        for line in self:
            if line.product_id and not line.unit_price:
                price, unit = line.contract_id._get_unit_price(line.product_id), line.product_id.uom_id
                line.unit_price = unit._compute_price(price, line.product_uom_id or unit)

    @api.depends('billing_base', 'original_quantity', 'unit_price')
    def _compute_original_amount(self):
        for line in self:
            if line.display_type:
                line.original_amount = 0.0
            elif line.billing_base == 'quantity' or (line.original_quantity and line.unit_price):
                line.original_amount = line._price(line.original_quantity)

    @api.depends(
        'billing_base',
        'original_quantity',
        'unit_price',
        'original_amount',
        'display_type',
        'change_line_ids.amount',
        'change_line_ids.quantity',
        'change_line_ids.state',
    )
    def _compute_revised(self):
        for line in self:
            changes = line.change_line_ids.filtered(lambda change: change.state == 'approved')
            line.change_quantity = sum(changes.mapped('quantity'))
            line.revised_quantity = line.original_quantity + line.change_quantity
            if line.billing_base == 'quantity':
                line.revised_amount = line._price(line.revised_quantity)
                line.change_amount = line.revised_amount - line._price(line.original_quantity)
            else:
                line.change_amount = sum(changes.mapped('amount'))
                line.revised_amount = line.original_amount + line.change_amount

    @api.depends('product_id', 'account_id', 'contract_id.fiscal_position_id', 'display_type')
    def _compute_tax_ids(self):
        for line in self:
            contract = line.contract_id
            company = contract.company_id or self.env.company  # default before saving
            taxes, use = contract._get_product_taxes(line.product_id), contract._get_tax_use()
            taxes = taxes or line.account_id.tax_ids.filtered(lambda tax, use=use: tax.type_tax_use == use)
            taxes = taxes._filter_taxes_by_company(company)
            if line.display_type:
                line.tax_ids = False
            elif taxes or not line.tax_ids:
                line.tax_ids = contract.fiscal_position_id.map_tax(taxes)

    @api.depends('contract_id.project_id')
    def _compute_analytic_distribution(self):
        result = super()._compute_analytic_distribution()
        for line in self:
            distribution = line.contract_id.project_id._get_analytic_distribution()
            if distribution and not line.display_type:
                line.analytic_distribution = line.analytic_distribution or distribution
        return result

    # === CONSTRAINTS === #

    _section_has_no_amount = models.Constraint(
        "CHECK(display_type IS NULL OR (COALESCE(original_amount, 0) = 0 AND product_id IS NULL))",
        "Sections and notes of a schedule of values carry neither amounts nor products.",
    )

    @api.constrains(*VALUE_FIELDS)
    def _check_values(self):
        for line in self:
            if (
                line.billing_base == 'quantity'
                and line.currency_id.compare_amounts(line.original_amount, line._price(line.original_quantity)) != 0
            ):
                raise ValidationError(
                    self.env._(
                        "%(line)s is billed by quantity: its amount is quantity × unit price. Change those instead.",
                        line=line.display_name,
                    )
                )

    @api.constrains('name')
    def _check_name(self):
        for line in self:
            if not (line.name or '').strip():
                raise ValidationError(
                    self.env._(
                        "Every line of %(contract)s needs a description.", contract=line.contract_id.display_name
                    )
                )

    # === CRUD === #

    @api.model
    def _get_guarded_fields(self):
        return super()._get_guarded_fields() | {'contract_state'}

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            for name in ('billing_base', 'original_amount'):  # an empty cell of an imported file says nothing
                if vals.get(name) in (False, None, ''):
                    vals.pop(name, None)
            if vals.get('display_type'):
                vals['tax_ids'] = False  # a list's default taxes are for its lines
        lines = super().create(vals_list)
        lines._check_schedule_editable()
        lines.contract_id._on_worth_changed()
        return lines

    def write(self, vals):
        typed = self._get_typed(vals)
        for name in ORDER_FIELDS:
            if name in typed:
                self._check_order_decides(name, vals[name])
        self._check_edits_seen(vals)
        if SCHEDULE_FIELDS & typed:
            self._check_schedule_editable()
        if VALUE_FIELDS & typed:
            self.contract_id._lock_for_billing()
        result = super().write(vals)
        if VALUE_FIELDS & typed:
            self._count_edit()
        if VALUE_FIELDS & vals.keys():
            self.contract_id._on_worth_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_schedule_editable()
        for line in self:
            if line._is_used():
                raise UserError(
                    self.env._(
                        "%(line)s cannot be deleted: bills or change orders refer to it. Take it out with a "
                        "change order instead.",
                        line=line.display_name,
                    )
                )

    def _is_used(self):
        """Whether something refers to this line, so that it cannot be deleted. Extend by ``super()``."""
        self.ensure_one()
        return bool(self.change_line_ids)

    def unlink(self):
        contracts = self.contract_id
        result = super().unlink()
        contracts._on_worth_changed()
        return result

    def _check_order_decides(self, name, value):
        """What a line is worth is the order's: a change goes through a change order.

        :raises UserError: naming the line and its order
        """
        for line in self:
            order_line = line._get_order_line()
            if order_line and line._differs(name, value):
                raise UserError(
                    line._get_order_sentence(
                        field=self._fields[name]._description_string(self.env),
                        line=line.display_name,
                        order=order_line.order_id.display_name,
                    )
                )

    def _get_order_line(self):
        """The order line that this line stands for, as superuser; ``None`` where there is none. Glue addons say so."""
        self.ensure_one()
        return None

    def _take_taxed_worth(self):
        """Lines of orders whose price includes tax are worth what the order says with tax, in every split."""
        own = {line: line._get_order_line() for line in self}
        own = {line: source for line, source in own.items() if source and any(line.tax_ids.mapped('price_include'))}
        if not own:
            return
        sources = next(iter(own.values())).browse().concat(*own.values())
        untaxed, taxed = sources._get_progress_worths(), sources._get_progress_worths(taxed=True)
        for line, source in own.items():
            worth, currency = untaxed[source], line.currency_id
            part = taxed[source] * line.revised_amount / worth if worth else 0.0
            if currency.compare_amounts(line.taxed_amount, part):
                line._write_protected({'taxed_amount': currency.round(part)})

    def _get_order_sentence(self, **values):
        """Why the worth of a line of an order does not change here, and where it does. Extend by ``super()``.

        :param values: ``field``, ``line`` and ``order``, as texts
        """
        return self.env._("%(field)s of %(line)s follows from the order %(order)s: add a change order.", **values)

    def _check_order_lines_free(self, name):
        """An order line stands on one contract that is not cancelled.

        :param str name: field with the order line
        :raises UserError: naming the contracts
        """
        self.flush_recordset([name, 'contract_id'])
        self.env['progress.contract'].flush_model(['state'])
        column = SQL.identifier(name)
        rows = self.env.execute_query(
            SQL(
                "SELECT line.%(column)s FROM progress_contract_line AS line JOIN progress_contract AS contract"
                " ON contract.id = line.contract_id AND contract.state != 'cancelled'"
                " WHERE line.%(column)s = ANY(%(ids)s)"
                " GROUP BY line.%(column)s HAVING COUNT(DISTINCT line.contract_id) > 1",
                column=column,
                ids=self[name].ids,
            )
        )
        if rows:
            line = self[name].browse(rows[0][0])
            raise UserError(
                self.env._(
                    "%(line)s stands on two billing contracts: %(contracts)s. Cancel one of them.",
                    line=line.display_name,
                    contracts=', '.join(line.progress_line_ids.contract_id.mapped('display_name')),
                )
            )

    def _check_schedule_editable(self):
        for contract in self.filtered(lambda line: not line.display_type).contract_id:
            if contract.final_bill_id or contract.state == 'cancelled':
                raise UserError(
                    self.env._(
                        "The schedule of values of %(contract)s cannot change: it has a final invoice, or is "
                        "cancelled.",
                        contract=contract.display_name,
                    )
                )

    @api.model
    def get_import_templates(self):
        """Templates of a schedule of values for Odoo's import, as CSV and XLSX.

        :return list: labels and addresses
        """
        return [
            {'label': self.env._("Schedule of values (XLSX)"), 'template': '/progress_billing/schedule_of_values.xlsx'},
            {
                'label': self.env._("Schedule of values (CSV)"),
                'template': '/progress_billing/static/import/schedule_of_values.csv',
            },
        ]

    # === BUSINESS === #

    def _price(self, quantity):
        """``quantity`` at the line's unit price, rounded in the contract's currency."""
        self.ensure_one()
        amount = money.to_decimal(quantity) * money.to_decimal(self.unit_price)
        return float(money.round_to(amount, self.currency_id.rounding or '0.01'))

    def _get_units_of(self, amount):
        """True units an amount of this line stands for, for taxes that count units; 0 for lines billed by amount."""
        self.ensure_one()
        if self.billing_base != 'quantity' or not self.unit_price:
            return 0.0
        if self.currency_id.compare_amounts(amount, self.revised_amount) == 0:
            return self.revised_quantity
        return amount / self.unit_price

    def _get_tax_worth(self):
        """What the line is worth without and with tax, where it was agreed with tax; empty for the others.

        :return tuple: two amounts in the contract's currency
        """
        self.ensure_one()
        return (self.revised_amount, self.taxed_amount) if self.taxed_amount and self.revised_amount else ()

    def _get_result_account(self):
        """Income account of line, product or sales journal, in that order, mapped by the fiscal position.

        :raises UserError: when there is none, saying where to set it
        """
        self.ensure_one()
        account = self._find_result_account() or self.contract_id._get_result_account()
        if not account:
            raise UserError(
                self.env._(
                    "%(line)s of %(contract)s has no income account: set it on the line, the product or the "
                    "sales journal.",
                    line=self.display_name,
                    contract=self.contract_id.display_name,
                )
            )
        return account

    def _find_result_account(self):
        """Income or cost account of the line's own sources; may be empty, then the journal's counts."""
        self.ensure_one()
        sources = self._get_account_sources()
        if 'line' in sources and self.account_id:
            return self.account_id
        product = self.product_id if 'product' in sources else self.product_id.browse()
        return self.contract_id._get_product_account(product)

    def _get_account_sources(self):
        """What may say the income account before the journal does.

        :return tuple: of ``line`` and ``product``
        """
        return 'line', 'product'

    def _get_invoice_label(self):
        """Text of the line on an invoice."""
        self.ensure_one()
        return f'{self.item_number} {self.name}' if self.item_number else self.name
