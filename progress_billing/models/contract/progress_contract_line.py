from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_round, format_date

from ...tools import money

ENTRY_FIELDS = {'completed_percent', 'pending_amount', 'pending_quantity', 'stored_amount'}
VALUE_FIELDS = {'original_amount', 'original_quantity', 'unit_price', 'billing_base'}


class ProgressContractLine(models.Model):
    """One line of the schedule of values: what it is worth, how far it is, what is billed (SPEC §2)."""

    _name = 'progress.contract.line'
    _description = "Schedule of Values Line"
    _inherit = [
        'progress.overbilling.mixin',
        'progress.guard.mixin',
        'analytic.mixin',
    ]
    _order = 'contract_id, sequence, id'
    _check_company_auto = True
    _fixed_fields = ('contract_id', 'display_type')

    contract_id = fields.Many2one('progress.contract', required=True, index=True, ondelete='cascade')
    project_id = fields.Many2one(related='contract_id.project_id', store=True, index='btree_not_null')
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='contract_id.currency_id', store=True)
    contract_state = fields.Selection(related='contract_id.state', string="Contract Status", store=True)
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
    change_quantity = fields.Float(compute='_compute_revised', store=True, digits='Product Unit')
    change_amount = fields.Monetary(compute='_compute_revised', store=True, string="Change Orders")
    revised_quantity = fields.Float(compute='_compute_revised', store=True, digits='Product Unit')
    revised_amount = fields.Monetary(
        string="Scheduled Value", compute='_compute_revised', store=True, help="Untaxed, change orders included."
    )

    # === BILLED === #
    bill_line_ids = fields.One2many('progress.bill.line', 'contract_line_id')
    draft_quantity = fields.Float(compute='_compute_billed', store=True, digits='Product Unit')
    draft_amount = fields.Monetary(compute='_compute_billed', store=True, string="Draft")
    actual_quantity = fields.Float(
        string="Invoiced Quantity", compute='_compute_billed', store=True, digits='Product Unit'
    )
    actual_amount = fields.Monetary(compute='_compute_billed', store=True, string="Invoiced")
    billed_percent = fields.Float(compute='_compute_billed_percent', string="Billed (%)", aggregator=None)
    amount_left = fields.Monetary(compute='_compute_billed_percent', string="Available to Bill")

    # === INVOICING === #
    tax_ids = fields.Many2many(
        'account.tax',
        string="Taxes",
        compute='_compute_tax_ids',
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        domain="[('type_tax_use', '=', 'sale')]",
        context={'active_test': False},
    )
    account_id = fields.Many2one(
        'account.account',
        string="Income Account",
        check_company=True,
        domain="[('account_type', 'in', ('income', 'income_other'))]",
        help="Only where it differs from the account of the product or the sales journal.",
    )

    # === COMPUTE === #

    @api.depends('item_number', 'name')
    def _compute_display_name(self):
        for line in self:
            title = (line.name or '').split('\n')[0]
            line.display_name = f'{line.item_number} {title}' if line.item_number else title

    @api.depends('product_id')
    def _compute_name(self):
        for line in self:
            line.name = line.name or line.product_id.get_product_multiline_description_sale() or line.name or ''

    @api.depends('product_id')
    def _compute_product_uom_id(self):
        for line in self:
            if line.product_id and line.product_uom_id != line.product_id.uom_id:
                line.product_uom_id = line.product_id.uom_id

    @api.depends('product_id')
    def _compute_unit_price(self):
        for line in self:
            if line.product_id and not line.unit_price:
                price, unit = line.product_id._get_progress_unit_price(line.contract_id), line.product_id.uom_id
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

    @api.depends(
        'bill_line_ids.invoiced_amount',
        'bill_line_ids.invoiced_quantity',
        'bill_line_ids.bucket',
        'bill_line_ids.credited_amount',
        'bill_line_ids.credited_quantity',
        'billing_base',
    )
    def _compute_billed(self):
        groups = self.env['progress.bill.line']._read_group(
            [('contract_line_id', 'in', self._origin.ids), ('bucket', '!=', False)],
            ['contract_line_id', 'bucket'],
            ['invoiced_amount:sum', 'credited_amount:sum', 'invoiced_quantity:sum', 'credited_quantity:sum'],
        )
        billed = {
            (line.id, bucket): (amount - credited, quantity - returned)
            for line, bucket, amount, credited, quantity, returned in groups
        }
        for line in self:
            by_quantity = line.billing_base == 'quantity'
            line.draft_amount, draft_quantity = billed.get((line._origin.id, 'draft'), (0.0, 0.0))
            line.actual_amount, actual_quantity = billed.get((line._origin.id, 'actual'), (0.0, 0.0))
            line.draft_quantity = draft_quantity if by_quantity else 0.0
            line.actual_quantity = actual_quantity if by_quantity else 0.0

    @api.depends('draft_amount', 'actual_amount', 'revised_amount')
    def _compute_billed_percent(self):
        for line in self:
            billed = line.draft_amount + line.actual_amount
            line.billed_percent = float(money.ratio_percent(billed, line.revised_amount))
            line.amount_left = line.revised_amount - billed

    @api.depends('product_id', 'account_id', 'contract_id.fiscal_position_id', 'display_type')
    def _compute_tax_ids(self):
        for line in self:
            company = line.contract_id.company_id or self.env.company  # default before saving
            taxes = line.product_id.taxes_id or line.account_id.tax_ids.filtered(lambda tax: tax.type_tax_use == 'sale')
            taxes = taxes._filter_taxes_by_company(company)
            if line.display_type:
                line.tax_ids = False
            elif taxes or not line.tax_ids:
                line.tax_ids = line.contract_id.fiscal_position_id.map_tax(taxes)

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
        self._check_not_overbilled()

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._guard_vals(vals)
            for name in ('billing_base', 'original_amount'):  # an empty cell of an imported file says nothing
                if vals.get(name) in (False, None, ''):
                    vals.pop(name, None)
            if vals.get('display_type'):
                vals['tax_ids'] = False  # a list's default taxes are for its lines
        lines = super().create(vals_list)
        lines._check_schedule_editable()
        for line, vals in zip(lines, vals_list, strict=True):
            if ENTRY_FIELDS & vals.keys():
                line._enter_progress(vals)
        lines._follow_source()
        lines.contract_id._respread_plan()
        return lines

    def write(self, vals):
        self._guard_vals(vals)
        if VALUE_FIELDS & vals.keys():
            self._check_schedule_editable()
            self.contract_id._lock_for_billing()
        result = super().write({name: value for name, value in vals.items() if name not in ENTRY_FIELDS})
        if ENTRY_FIELDS & vals.keys():
            self._enter_progress(vals)
        if {'progress_source', 'task_id', 'milestone_id', 'requires_approval'} & vals.keys():
            self._follow_source()
        if VALUE_FIELDS & vals.keys():
            self.contract_id._respread_plan()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_schedule_editable()
        for line in self:
            # sudo: account.move - whether a bill has an invoice does not depend on who asks
            bills = line.sudo().bill_line_ids.bill_id
            standing = (
                bills.filtered('bucket') | bills.move_ids.filtered(lambda move: move.state != 'cancel').progress_bill_id
            )
            if standing or line.change_line_ids:
                raise UserError(
                    self.env._(
                        "%(line)s cannot be deleted: bills or change orders refer to it. Take it out with a "
                        "change order instead.",
                        line=line.display_name,
                    )
                )
        # sudo: progress.bill.line - what is left are claims of bills that were undone
        self.sudo().bill_line_ids.filtered(lambda line: not line.bucket).unlink()

    def _keep_on_sheets(self):
        """Sheets of bills that show these lines stay as they are (SPEC §7)."""
        for bill in self.contract_id.bill_ids.filtered('schedule_snapshot'):
            snapshot = dict(bill.schedule_snapshot)
            values = dict(snapshot['lines'])
            gone = [
                [*values.pop(str(line.id)), line.item_number or '', line.name]
                for line in self
                if str(line.id) in values
            ]
            if gone:
                removed = [*snapshot.get('removed', []), *gone]
                bill._write_protected({'schedule_snapshot': {**snapshot, 'lines': values, 'removed': removed}})

    def unlink(self):
        contracts = self.contract_id
        self._keep_on_sheets()
        result = super().unlink()
        contracts._respread_plan()
        return result

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

    def _get_amount_left(self):
        """What is not billed yet, untaxed; negative where too much was billed."""
        self.ensure_one()
        return self.currency_id.round(self.revised_amount - self.draft_amount - self.actual_amount)

    def _get_quantity_left(self):
        self.ensure_one()
        if self.billing_base != 'quantity':
            return 0.0
        return self.revised_quantity - self.draft_quantity - self.actual_quantity

    def _get_quantity_for(self, amount):
        """Quantity that an amount spread over this line stands for, in the unit's precision (RULES A11)."""
        self.ensure_one()
        if self.billing_base != 'quantity' or not self.unit_price:
            return 0.0
        if self.currency_id.compare_amounts(amount, self._get_amount_left()) == 0:
            return self._get_quantity_left()
        digits = self.env['decimal.precision'].precision_get('Product Unit')
        return float_round(amount / self.unit_price, precision_digits=digits)

    def _get_units_of(self, amount):
        """True units an amount of this line stands for, for taxes that count units; 0 for lines billed by amount."""
        self.ensure_one()
        if self.billing_base != 'quantity' or not self.unit_price:
            return 0.0
        if self.currency_id.compare_amounts(amount, self.revised_amount) == 0:
            return self.revised_quantity
        return amount / self.unit_price

    def _get_income_account(self):
        """Income account of line, product or sales journal, in that order, mapped by the fiscal position.

        :raises UserError: when there is none, saying where to set it
        """
        self.ensure_one()
        contract, source = self.contract_id, self.billing_rule_id.account_source or 'line'
        if source == 'line' and self.account_id:
            return self.account_id
        account = self.billing_rule_id.account_id if source == 'rule' else False
        # sudo: product.template, account.journal - their accounts, for a project manager without accounting rights
        product = self.product_id.sudo().with_company(contract.company_id)
        if product and source in ('line', 'product'):
            account = product.product_tmpl_id.get_product_accounts(contract.fiscal_position_id)['income']
        account = account or contract._get_default_income_account()
        if not account:
            raise UserError(
                self.env._(
                    "%(line)s of %(contract)s has no income account: set it on the line, the product or the "
                    "sales journal.",
                    line=self.display_name,
                    contract=contract.display_name,
                )
            )
        return account

    def _get_rule_label(self, bill_line):
        """Text of the invoice line of one bill line: as its rule's template says, in the customer's language."""
        self.ensure_one()
        bill = bill_line.bill_id
        rule = self.billing_rule_id.with_context(lang=bill.partner_id.lang)
        if not rule.description_template:
            return self._get_invoice_label()
        reached = bill_line._get_billed_by_others() + money.to_decimal(bill_line.invoiced_amount)
        percent = money.ratio_percent(reached, self.revised_amount)
        return rule._format_line_text(
            {
                'item': self.item_number or '',
                'description': self.name,
                'percent': f'{money.round_to(percent, "0.01").normalize():f} %',
                'bill': bill.name or '',
                'title': bill.title or '',
                'date': format_date(rule.env, bill.date),
                'contract': self.contract_id.name,
                'task': self.task_id.sudo().name or '',  # sudo: project.task - its name, on the customer's invoice
            }
        )

    def _get_invoice_label(self):
        """Text of the line on an invoice."""
        self.ensure_one()
        return f'{self.item_number} {self.name}' if self.item_number else self.name

    def _check_actual_not_overbilled(self):
        """What is posted alone lies within the worth; unless a change order lowered that, and a credit waits."""
        self.ensure_one()
        if self.company_id.progress_overbilling_policy == 'warn':
            return
        if self.currency_id.compare_amounts(self.actual_amount, max(self.revised_amount, self.original_amount)) > 0:
            raise UserError(self._get_overbilled_message(self.actual_amount, self.draft_amount))

    def _check_not_overbilled(self):
        """Check these lines and their contracts, unless the company only warns (RULES C15).

        :raises UserError: naming the line or contract, what is billed and what it is worth
        """
        lines = self.filtered(
            lambda line: not line.display_type and line.company_id.progress_overbilling_policy != 'warn'
        )
        if not lines:
            return
        contracts = lines.contract_id
        credits = {
            line: amount
            for line, amount in self.env['progress.bill.line']._read_group(
                [
                    ('contract_id', 'in', contracts.ids),
                    ('bucket', '=', 'draft'),
                    ('invoiced_amount', '<', 0),
                    ('kind', '!=', 'final'),
                ],
                ['contract_line_id'],
                ['invoiced_amount:sum'],
            )
            if line.revised_amount >= 0
        }
        for line in lines:
            line._raise_if_overbilled(credits.get(line, 0.0))
        for contract in contracts:
            contract._raise_if_overbilled(
                sum(amount for line, amount in credits.items() if line.contract_id == contract)
            )

    def _get_billed_on_changes(self):
        """What was billed on each approved change of this line: the original first, then by approval (RULES A12).

        Deductions lower what the original stands for.

        :return dict: amounts by id of the change order line
        """
        self.ensure_one()
        return self._share_on_changes(self.draft_amount + self.actual_amount)

    def _share_on_changes(self, billed):
        """How an amount billed on this line goes to its approved changes; see :meth:`_get_billed_on_changes`."""
        approved = self.change_line_ids.filtered(lambda change: change.state == 'approved')
        ordered = approved.sorted(lambda change: (change.change_id.approved_on, change.change_id.id, change.id))
        mirrored = -1 if self.revised_amount < 0 else 1
        rest = mirrored * billed
        deducted = sum(change.amount for change in approved if mirrored * change.amount < 0)
        rest -= mirrored * (self.original_amount + deducted)
        shares = {}
        for change in ordered.filtered(lambda change: mirrored * change.amount > 0):
            taken = min(max(rest, 0.0), mirrored * change.amount)
            shares[change.id] = self.currency_id.round(mirrored * taken)
            rest -= taken
        return shares

    def _get_bills_of_changes(self):
        """On which bills each change of this line was billed, walking them in their order (RULES A12).

        :return dict: ``progress.bill`` by id of the change order line
        """
        self.ensure_one()
        bills, billed, shares = {}, 0.0, {}
        for line in self.bill_line_ids.filtered('bucket').sorted(lambda line: line.bill_id._get_order_key()):
            billed += line.invoiced_amount - line.credited_amount
            after = self._share_on_changes(billed)
            for change, amount in after.items():
                if self.currency_id.compare_amounts(amount, shares.get(change, 0.0)):
                    bills[change] = bills.get(change, line.bill_id.browse()) | line.bill_id
            shares = after
        return bills
