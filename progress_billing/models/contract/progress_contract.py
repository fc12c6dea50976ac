from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...tools import money

FIXED_ONCE_BILLED = ('revenue_recognition', 'currency_id', 'company_id', 'partner_id', 'contract_type', 'project_id')

LINE_TOTALS = ('original_amount', 'change_amount', 'revised_amount', 'pending_amount', 'draft_amount', 'actual_amount')


class ProgressContract(models.Model):
    """What is to be billed: who, which project, how, and the schedule of values (SPEC §2)."""

    _name = 'progress.contract'
    _description = "Billing Contract"
    _inherit = [
        'progress.overbilling.mixin',
        'progress.guard.mixin',
        'mail.thread',
        'mail.activity.mixin',
    ]
    _order = 'id desc'
    _check_company_auto = True
    _due_order = 'next_billing_date, id'

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, default='/', index='trigram')
    description = fields.Char(help="What the contract is about, as the customer calls it.")
    contract_type = fields.Selection([('customer', "Customer")], default='customer', required=True)
    project_id = fields.Many2one(
        'project.project', index='btree_not_null', check_company=True, tracking=True, ondelete='restrict'
    )
    partner_id = fields.Many2one(
        'res.partner',
        string="Customer",
        compute='_compute_partner_id',
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        tracking=True,
        index='btree_not_null',
    )
    partner_shipping_id = fields.Many2one('res.partner', string="Location", check_company=True)
    company_id = fields.Many2one(
        'res.company',
        compute='_compute_company_id',
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
    )
    currency_id = fields.Many2one(
        'res.currency', compute='_compute_currency_id', store=True, readonly=False, precompute=True, required=True
    )
    user_id = fields.Many2one(
        'res.users',
        string="Responsible",
        default=lambda self: self.env.user,
        tracking=True,
        domain="[('share', '=', False)]",
    )
    base_state = fields.Selection(
        [('draft', "Draft"), ('open', "Open"), ('cancelled', "Cancelled")],
        default='draft',
        required=True,
        readonly=True,
        copy=False,
    )
    state = fields.Selection(
        [('draft', "Draft"), ('open', "Open"), ('closed', "Closed"), ('cancelled', "Cancelled")],
        string="Status",
        compute='_compute_state',
        store=True,
        index=True,
        tracking=True,
        group_expand='_expand_states',
    )
    revenue_recognition = fields.Selection(
        [('deposit', "Deposits until the final invoice"), ('as_billed', "As billed")],
        default='deposit',
        required=True,
        tracking=True,
        help="Deposits: progress invoices are customer deposits, the final invoice recognises the revenue.\n"
        "As billed: each progress invoice is revenue.",
    )
    deposit_account_id = fields.Many2one(
        'account.account',
        check_company=True,
        tracking=True,
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
        help="Only where it differs from the company's customer deposit account.",
    )
    use_pro_forma = fields.Boolean(
        string="Create Pro Forma Invoice on Billing",
        tracking=True,
        help="Billing stops at a pro forma, which can be changed and is released to the invoice.",
    )
    fiscal_position_id = fields.Many2one(
        'account.fiscal.position',
        compute='_compute_partner_terms',
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
    )
    payment_term_id = fields.Many2one(
        'account.payment.term',
        compute='_compute_partner_terms',
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
    )
    default_tax_ids = fields.Many2many(
        'account.tax',
        string="Default Taxes",
        compute='_compute_default_tax_ids',
        help="Taxes that lines typed or imported into the schedule of values start with.",
    )
    journal_id = fields.Many2one(
        'account.journal',
        check_company=True,
        domain="[('type', '=', 'sale')]",
        help="Only where it differs from the company's sales journal.",
    )
    summary_by_line = fields.Boolean(
        string="Breakdown by Line", help="Print what was billed and what is left by schedule line, not in total only."
    )
    line_ids = fields.One2many('progress.contract.line', 'contract_id', string="Schedule of Values", copy=True)
    change_ids = fields.One2many('progress.contract.change', 'contract_id', string="Change Orders")
    bill_ids = fields.One2many('progress.bill', 'contract_id', string="Progress Bills")
    final_bill_id = fields.Many2one('progress.bill', compute='_compute_state', store=True)
    final_invoice_id = fields.Many2one('account.move', compute='_compute_state', store=True)
    invoice_ids = fields.Many2many(
        'account.move',
        string="Invoices",
        compute='_compute_invoice_ids',
        search='_search_invoice_ids',
        compute_sudo=True,
    )
    final_invoice_ids = fields.Many2many(
        'account.move', string="Final Invoices", compute='_compute_invoice_ids', compute_sudo=True
    )
    invoice_count = fields.Integer(compute='_compute_invoice_ids', compute_sudo=True)
    bill_count = fields.Integer(compute='_compute_bill_count')
    billing_version = fields.Integer(readonly=True, copy=False, default=0)
    planned_amount = fields.Monetary(
        string="Still Planned",
        compute='_compute_planned_amount', help="Untaxed: records planned and not billed yet."
    )
    unplanned_amount = fields.Monetary(
        string="Not Planned",
        compute='_compute_planned_amount',
        help="What is neither billed nor planned; negative where too much is planned.",
    )
    overplanned_amount = fields.Monetary(compute='_compute_planned_amount')
    is_overplanned = fields.Boolean(compute='_compute_planned_amount')
    blockers = fields.Text(string="Cannot Be Billed Because", compute='_compute_blockers')

    original_amount = fields.Monetary(string="Original Contract", compute='_compute_line_totals', store=True)
    change_amount = fields.Monetary(string="Change Orders", compute='_compute_line_totals', store=True)
    revised_amount = fields.Monetary(string="Revised Contract", compute='_compute_line_totals', store=True)
    pending_amount = fields.Monetary(string="Pending", compute='_compute_line_totals', store=True)
    draft_amount = fields.Monetary(string="Draft", compute='_compute_line_totals', store=True)
    actual_amount = fields.Monetary(string="Invoiced", compute='_compute_line_totals', store=True)
    wip_available = fields.Monetary(
        string="Available to Bill",
        compute='_compute_line_totals',
        store=True,
        help="Revised contract less draft and posted invoices: the most that can still be billed.",
    )
    completed_percent = fields.Float(
        string="Completed (%)",
        compute='_compute_line_totals',
        store=True,
        digits=(16, 10),
        aggregator='avg',
        help="Work completed, weighted by the worth of the lines.",
    )
    billed_percent = fields.Float(string="Billed (%)", compute='_compute_line_totals', store=True, aggregator='avg')
    deposit_balance = fields.Monetary(
        string="Deposits Held",
        compute='_compute_deposit_balance',
        store=True,
        help="Posted deposits that the final invoice has not reversed yet, untaxed.",
    )
    is_overbilled = fields.Boolean(compute='_compute_line_totals', store=True)

    # === COMPUTE === #

    def _expand_states(self, _states, _domain):
        """The columns of the kanban, in the order of a contract's life."""
        return ['draft', 'open', 'closed']

    @api.depends('name', 'description')
    def _compute_display_name(self):
        for contract in self:
            contract.display_name = f'{contract.name} {contract.description}' if contract.description else contract.name

    @api.depends('project_id')
    def _compute_partner_id(self):
        for contract in self:
            contract.partner_id = contract.partner_id or contract.project_id.partner_id

    @api.depends('project_id')
    def _compute_company_id(self):
        for contract in self:
            contract.company_id = contract.project_id.company_id or contract.company_id or self.env.company  # default

    @api.depends('company_id')
    def _compute_currency_id(self):
        for contract in self:
            contract.currency_id = contract.currency_id or contract.company_id.currency_id

    @api.depends('partner_id', 'partner_shipping_id', 'company_id')
    def _compute_partner_terms(self):
        for contract in self:
            own = contract.with_company(contract.company_id)
            contract.payment_term_id = own.partner_id.property_payment_term_id
            contract.fiscal_position_id = own.env['account.fiscal.position']._get_fiscal_position(
                own.partner_id, own.partner_shipping_id
            )

    @api.depends('company_id', 'fiscal_position_id')
    def _compute_default_tax_ids(self):
        for contract in self:
            contract.default_tax_ids = contract.fiscal_position_id.map_tax(contract.company_id.account_sale_tax_id)

    @api.depends('base_state', 'bill_ids.kind', 'bill_ids.bucket', 'bill_ids.invoice_id')
    def _compute_state(self):
        for contract in self:
            finals = contract.bill_ids.filtered(lambda bill: bill.kind == 'final' and bill.bucket)
            posted = finals.filtered(lambda bill: bill.bucket == 'actual')
            final = posted[:1] or finals[:1]
            contract.final_bill_id = final
            contract.final_invoice_id = final.invoice_id
            closed = contract.base_state == 'open' and posted and not contract._get_lines_without_final(posted)
            contract.state = 'closed' if closed else contract.base_state

    def _get_lines_without_final(self, finals):
        """Schedule lines that none of these final bills covers: billed as billed, each customer has one (RULES C23)."""
        self.ensure_one()
        return self._get_billable_lines() - finals.line_ids.contract_line_id

    @api.depends('bill_ids.move_ids')
    def _compute_invoice_ids(self):
        for contract in self:
            contract.invoice_ids = contract.bill_ids.move_ids.sorted('id')
            finals = contract.bill_ids.filtered(lambda bill: bill.kind == 'final' and bill.bucket)
            contract.final_invoice_ids = finals.invoice_id
            contract.invoice_count = len(contract.invoice_ids)

    def _search_invoice_ids(self, operator, value):
        return [('bill_ids.move_ids', operator, value)]

    @api.depends('bill_ids')
    def _compute_bill_count(self):
        counts = dict(
            self.env['progress.bill']._read_group([('contract_id', 'in', self.ids)], ['contract_id'], ['__count'])
        )
        for contract in self:
            contract.bill_count = counts.get(contract._origin, 0)

    @api.depends('bill_ids.planned_amount', 'bill_ids.state', 'wip_available')
    def _compute_planned_amount(self):
        for contract in self:
            planned = contract.bill_ids.filtered(lambda bill: bill.state == 'planned')
            contract.planned_amount = sum(planned.mapped('planned_amount'))
            contract.unplanned_amount = contract.wip_available - contract.planned_amount
            contract.overplanned_amount = max(-contract.unplanned_amount, 0.0) if planned else 0.0
            contract.is_overplanned = not contract.currency_id.is_zero(contract.overplanned_amount)

    @api.depends(
        'state',
        'revenue_recognition',
        'revised_amount',
        'partner_id',
        'company_id.progress_deposit_account_id',
        'currency_id.active',
        'final_bill_id',
        'line_ids.display_type',
        'line_ids.product_id.active',
        'project_id.billing_method',
        'project_id.bill_time',
        'deposit_account_id.account_type',
        'deposit_account_id.reconcile',
        'deposit_account_id.active',
    )
    def _compute_blockers(self):
        for contract in self:
            reasons = (
                contract._get_opening_blockers() if contract.state == 'draft' else contract._get_billing_blockers()
            )
            contract.blockers = '\n'.join(reasons)

    # === CONSTRAINTS === #

    @api.constrains('deposit_account_id')
    def _check_deposit_account(self):
        for contract in self.filtered('deposit_account_id'):
            reason = contract._get_deposit_account_blocker(contract.deposit_account_id)
            if reason:
                raise ValidationError(reason)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.pop('name', None)  # numbers are drawn, not given
            self._guard_vals(vals)
            company = vals.get('company_id') or self.env.company.id  # default of a new record
            vals['name'] = self.env['ir.sequence'].with_company(company).next_by_code('progress.contract') or '/'
        return super().create(vals_list)

    def write(self, vals):
        self._guard_vals(vals)
        for name in FIXED_ONCE_BILLED:
            if name in vals:
                self._check_fixed_once_billed(name, vals[name])
        result = super().write(vals)
        if 'currency_id' in vals:
            for line in self.line_ids.filtered(lambda line: line.billing_base == 'amount'):
                line.original_amount = line.currency_id.round(line.original_amount)
        if 'line_ids' in vals:
            self._respread_plan()
        return result

    def _check_fixed_once_billed(self, name, value):
        """What invoices were made with stays as it is (RULES A15)."""
        for contract in self:
            if contract._differs(name, value) and contract._is_billed():
                raise UserError(
                    self.env._(
                        "%(field)s of %(contract)s cannot change any more: it has been billed.",
                        field=self._fields[name]._description_string(self.env),
                        contract=contract.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        for contract in self:
            if contract._is_billed() or contract.invoice_count:
                raise UserError(
                    self.env._(
                        "%(contract)s has been billed and cannot be deleted. Cancel it instead.",
                        contract=contract.display_name,
                    )
                )

    def copy_data(self, default=None):
        """A copy starts its own life: same schedule, nothing billed."""
        return [dict(vals, user_id=self.env.user.id) for vals in super().copy_data(default)]

    # === BUSINESS === #

    def _lock_for_billing(self):
        """Take the contracts' rows before their totals are read (ENGINE A3).

        The update is real: whoever waited here with an older snapshot fails with a
        serialization error, and Odoo runs the call again on fresh figures.
        """
        if not self.ids:
            return
        self.flush_recordset(['billing_version'])  # not the totals: they are read after the lock
        self.env.execute_query(
            SQL("SELECT id FROM progress_contract WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", self.ids)
        )
        self.env.execute_query(
            SQL(
                "UPDATE progress_contract SET billing_version = COALESCE(billing_version, 0) + 1 WHERE id = "
                "ANY(%s) RETURNING id",
                self.ids,
            )
        )
        self.invalidate_recordset(['billing_version'], flush=False)

    def _is_billed(self):
        """Whether anything was billed on the contract: opening amounts and credited invoices included."""
        # sudo: account.move - whether there are invoices does not depend on who asks
        moves = self.sudo().bill_ids.move_ids.filtered(lambda move: move.state != 'cancel')
        return bool(moves or self.bill_ids.filtered('bucket'))

    def _get_billable_lines(self):
        """The schedule lines that can carry an amount: sections and notes cannot."""
        return self.line_ids.filtered(lambda line: not line.display_type)

    def _check_wip_available(self, amount, record):
        """Refuse more than is available to bill, unless the company only warns (000, RULES C15).

        :param float amount: untaxed, in the contract's currency
        :param record: what is to be billed, named in the error
        :raises UserError: with the amount asked for and the amount available
        """
        self.ensure_one()
        if self.company_id.progress_overbilling_policy == 'warn':
            return
        if self.currency_id.compare_amounts(amount, self.wip_available) > 0:
            detail = self.env._(
                "%(record)s of %(contract)s asks for %(amount)s, %(available)s is available. "
                "Lower the amount, or add a change order.",
                record=record.display_name,
                contract=self.display_name,
                amount=self._show_amount(amount),
                available=self._show_amount(self.wip_available),
            )
            raise UserError(self._format_wip_error([detail]))

    def _get_last_sequence(self):
        """Where the schedule of values ends."""
        return max(self.line_ids.mapped('sequence'), default=0)

    def _get_overbilled_hints(self):
        """Deductions that are not billed yet make the contract worth less than its other lines."""
        deductions = self._get_billable_lines().filtered(
            lambda line: line.revised_amount < 0 and line._get_amount_left() < 0
        )
        if not deductions:
            return []
        return [self.env._("Not billed yet: the deduction %s.", ', '.join(deductions.mapped('display_name')))]

    @api.depends(*[f'line_ids.{name}' for name in LINE_TOTALS], 'line_ids.completed_percent', 'line_ids.display_type')
    def _compute_line_totals(self):
        for contract in self:
            lines = contract.line_ids.filtered(lambda line: not line.display_type)
            for name in LINE_TOTALS:
                contract[name] = sum(lines.mapped(name))
            billed = contract.draft_amount + contract.actual_amount
            contract.wip_available = contract.revised_amount - billed
            contract.billed_percent = float(money.ratio_percent(billed, contract.revised_amount))
            done = (
                sum(
                    (
                        money.to_decimal(line.revised_amount) * money.to_decimal(line.completed_percent)
                        for line in lines
                    ),
                    money.ZERO,
                )
                / 100
            )
            contract.completed_percent = float(money.ratio_percent(done, contract.revised_amount))
            contract.is_overbilled = bool(
                money.room_left(contract.revised_amount, billed, 0, contract.currency_id.rounding or '0.01')
            )

    @api.depends(
        'revenue_recognition',
        'bill_ids.bucket',
        'bill_ids.kind',
        'bill_ids.invoiced_amount',
        'bill_ids.credited_amount',
        'bill_ids.opening_deposit_amount',
    )
    def _compute_deposit_balance(self):
        for contract in self:
            actual = contract.bill_ids.filtered(lambda bill: bill.bucket == 'actual')
            balance = 0.0
            if 'final' not in actual.mapped('kind'):
                balance = sum(actual.mapped('opening_deposit_amount'))
                if contract.revenue_recognition == 'deposit':
                    balance += sum(
                        bill.invoiced_amount - bill.credited_amount for bill in actual if bill.kind == 'progress'
                    )
            contract.deposit_balance = balance
