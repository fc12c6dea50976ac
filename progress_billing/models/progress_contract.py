from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, formatLang

from ..tools import money

FIXED_ONCE_BILLED = ('revenue_recognition', 'currency_id', 'company_id', 'partner_id', 'contract_type', 'project_id')


class ProgressContract(models.Model):
    """What is to be billed: who, which project, how, and the schedule of values (SPEC §2)."""
    _name = 'progress.contract'
    _description = "Billing Contract"
    _inherit = [
        'progress.contract.totals', 'progress.contract.billing', 'progress.overbilling.mixin', 'progress.guard.mixin',
        'mail.thread', 'mail.activity.mixin',
    ]
    _order = 'id desc'
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, default='/', index='trigram')
    description = fields.Char(help="What the contract is about, as the customer calls it.")
    contract_type = fields.Selection([('customer', "Customer")], default='customer', required=True)
    project_id = fields.Many2one(
        'project.project', index='btree_not_null', check_company=True, tracking=True, ondelete='restrict')
    partner_id = fields.Many2one(
        'res.partner', string="Customer", compute='_compute_partner_id', store=True, readonly=False, precompute=True,
        check_company=True, tracking=True, index='btree_not_null')
    partner_shipping_id = fields.Many2one('res.partner', string="Location", check_company=True)
    company_id = fields.Many2one(
        'res.company', compute='_compute_company_id', store=True, readonly=False, precompute=True, required=True, index=True)
    currency_id = fields.Many2one(
        'res.currency', compute='_compute_currency_id', store=True, readonly=False, precompute=True, required=True)
    user_id = fields.Many2one(
        'res.users', string="Responsible", default=lambda self: self.env.user, tracking=True,
        domain="[('share', '=', False)]")
    base_state = fields.Selection(
        [('draft', "Draft"), ('open', "Open"), ('cancelled', "Cancelled")],
        default='draft', required=True, readonly=True, copy=False)
    state = fields.Selection(
        [('draft', "Draft"), ('open', "Open"), ('closed', "Closed"), ('cancelled', "Cancelled")],
        compute='_compute_state', store=True, index=True, tracking=True)
    revenue_recognition = fields.Selection(
        [('deposit', "Deposits until the final invoice"), ('as_billed', "As billed")],
        default='deposit', required=True, tracking=True,
        help="Deposits: progress invoices are customer deposits, the final invoice recognises the revenue.\n"
             "As billed: each progress invoice is revenue.")
    deposit_account_id = fields.Many2one(
        'account.account', check_company=True, tracking=True,
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
        help="Only where it differs from the company's customer deposit account.")
    use_pro_forma = fields.Boolean(
        string="Create Pro Forma Invoice on Billing", tracking=True,
        help="Billing stops at a pro forma, which can be changed and is released to the invoice.")
    fiscal_position_id = fields.Many2one(
        'account.fiscal.position', compute='_compute_partner_terms', store=True, readonly=False, precompute=True,
        check_company=True)
    payment_term_id = fields.Many2one(
        'account.payment.term', compute='_compute_partner_terms', store=True, readonly=False, precompute=True,
        check_company=True)
    default_tax_ids = fields.Many2many(
        'account.tax', string="Default Taxes", compute='_compute_default_tax_ids',
        help="Taxes that lines typed or imported into the schedule of values start with.")
    journal_id = fields.Many2one(
        'account.journal', check_company=True, domain="[('type', '=', 'sale')]",
        help="Only where it differs from the company's sales journal.")
    summary_by_line = fields.Boolean(
        string="Breakdown by Line", help="Print what was billed and what is left by schedule line, not in total only.")
    line_ids = fields.One2many('progress.contract.line', 'contract_id', string="Schedule of Values", copy=True)
    change_ids = fields.One2many('progress.contract.change', 'contract_id', string="Change Orders")
    bill_ids = fields.One2many('progress.bill', 'contract_id', string="Progress Bills")
    final_bill_id = fields.Many2one('progress.bill', compute='_compute_state', store=True)
    final_invoice_id = fields.Many2one('account.move', string="Final Invoice", compute='_compute_state', store=True)
    invoice_ids = fields.Many2many(
        'account.move', string="Invoices", compute='_compute_invoice_ids', search='_search_invoice_ids', compute_sudo=True)
    invoice_count = fields.Integer(compute='_compute_invoice_ids', compute_sudo=True)
    bill_count = fields.Integer(compute='_compute_bill_count')
    billing_version = fields.Integer(readonly=True, copy=False, default=0)
    planned_amount = fields.Monetary(compute='_compute_planned_amount', help="Untaxed: records planned and not billed yet.")
    unplanned_amount = fields.Monetary(
        compute='_compute_planned_amount', help="What is neither billed nor planned; negative where too much is planned.")
    is_overplanned = fields.Boolean(compute='_compute_planned_amount')
    blockers = fields.Text(string="Cannot Be Billed Because", compute='_compute_blockers')

    # === COMPUTE === #

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
                own.partner_id, own.partner_shipping_id)

    @api.depends('company_id', 'fiscal_position_id')
    def _compute_default_tax_ids(self):
        for contract in self:
            contract.default_tax_ids = contract.fiscal_position_id.map_tax(contract.company_id.account_sale_tax_id)

    @api.depends('base_state', 'bill_ids.kind', 'bill_ids.bucket', 'bill_ids.invoice_id')
    def _compute_state(self):
        for contract in self:
            final = contract.bill_ids.filtered(lambda bill: bill.kind == 'final' and bill.bucket)[:1]
            contract.final_bill_id = final
            contract.final_invoice_id = final.invoice_id
            closed = contract.base_state == 'open' and final.bucket == 'actual'
            contract.state = 'closed' if closed else contract.base_state

    @api.depends('bill_ids.move_ids')
    def _compute_invoice_ids(self):
        for contract in self:
            contract.invoice_ids = contract.bill_ids.move_ids.sorted('id')
            contract.invoice_count = len(contract.invoice_ids)

    def _search_invoice_ids(self, operator, value):
        return [('bill_ids.move_ids', operator, value)]

    @api.depends('bill_ids')
    def _compute_bill_count(self):
        counts = dict(self.env['progress.bill']._read_group([('contract_id', 'in', self.ids)], ['contract_id'], ['__count']))
        for contract in self:
            contract.bill_count = counts.get(contract._origin, 0)

    @api.depends('bill_ids.planned_amount', 'bill_ids.state', 'wip_available')
    def _compute_planned_amount(self):
        for contract in self:
            planned = contract.bill_ids.filtered(lambda bill: bill.state == 'planned')
            contract.planned_amount = sum(planned.mapped('planned_amount'))
            contract.unplanned_amount = contract.wip_available - contract.planned_amount
            contract.is_overplanned = contract.currency_id.compare_amounts(contract.unplanned_amount, 0.0) < 0 if planned else False

    @api.depends('state', 'line_ids', 'partner_id', 'project_id.billing_method', 'project_id.bill_time', 'deposit_account_id')
    def _compute_blockers(self):
        for contract in self:
            reasons = contract._get_opening_blockers() if contract.state == 'draft' else contract._get_billing_blockers()
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
        if 'line_ids' in vals:
            self._respread_plan()
        return result

    def _check_fixed_once_billed(self, name, value):
        """What invoices were made with stays as it is (RULES A15)."""
        field = self._fields[name]
        for contract in self:
            if field.convert_to_write(contract[name], contract) != value and contract._is_billed():
                raise UserError(self.env._(
                    "%(field)s of %(contract)s cannot change any more: it has been billed.",
                    field=field._description_string(self.env), contract=contract.display_name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        for contract in self:
            if contract._is_billed() or contract.invoice_count:
                raise UserError(self.env._(
                    "%(contract)s has been billed and cannot be deleted. Cancel it instead.", contract=contract.display_name))

    def copy_data(self, default=None):
        """A copy starts its own life: same schedule, nothing billed."""
        return [dict(vals, user_id=self.env.user.id) for vals in super().copy_data(default)]

    # === ACTIONS === #

    def action_open(self):
        """Draft → open, after checking that the contract can be billed (SPEC §3).

        :return dict: the action that shows the contracts
        :raises UserError: with every reason why a contract cannot be billed
        """
        self.check_access('write')
        drafts = self.filtered(lambda contract: contract.state == 'draft')
        self._raise_blockers({
            contract: contract._get_opening_blockers() + contract._get_state_blockers(('draft', 'open')) for contract in self
        })
        drafts._write_protected({'base_state': 'open'})
        return self._get_contract_action()

    def action_cancel(self):
        """→ cancelled; planned records are cancelled with the contract.

        :return dict: the action that shows the contracts
        :raises UserError: while the contract has pro formas or invoices that stand
        """
        self.check_access('write')
        self._lock_for_billing()
        for contract in self:
            standing = contract.bill_ids.filtered(lambda bill: bill.bucket and bill.kind != 'opening')
            if standing:
                raise UserError(self.env._(
                    "%(contract)s cannot be cancelled while these stand: %(bills)s. Delete or credit them first.",
                    contract=contract.display_name, bills=', '.join(standing.mapped('display_name'))))
        self.bill_ids.filtered(lambda bill: bill.state == 'planned')._write_protected({'review_state': 'cancelled'})
        self._write_protected({'base_state': 'cancelled'})
        return self._get_contract_action()

    def action_draft(self):
        """Cancelled or open, never billed → draft.

        :return dict: the action that shows the contracts
        :raises UserError: when something has been billed
        """
        self.check_access('write')
        for contract in self:
            if contract.bill_ids.filtered(lambda bill: bill.bucket and bill.kind != 'opening'):
                raise UserError(self.env._(
                    "%(contract)s has been billed and cannot go back to draft.", contract=contract.display_name))
        self._write_protected({'base_state': 'draft'})
        return self._get_contract_action()

    def action_create_final_invoice(self):
        """The final bill and its draft invoice: revenue of every line, every deposit reversed (SPEC §4).

        Called again while that invoice is a draft, it shows it.

        :return dict: the action that shows the final invoice, or the bill to who may not read invoices
        :raises UserError: when drafts are left, the contract is closed, or cannot be billed
        """
        self.check_access('write')
        self._lock_for_billing()
        finals = self._create_final_bills()
        return finals._get_result_action()

    def action_final_wizard(self):
        """The button: asks first where work is not complete or records are still planned (RULES 1.22, A23).

        :return dict: the question, or the final invoice
        """
        self.ensure_one()
        open_records = self.bill_ids.filtered(lambda bill: bill.state == 'planned')
        complete = self.currency_id.compare_amounts(self.completed_percent, 100.0) >= 0
        if self.final_bill_id or (complete and not open_records):
            return self.action_create_final_invoice()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_final_wizard')
        return dict(action, context={'default_contract_id': self.id})

    def action_plan_wizard(self):
        """Lay out a billing plan: instalments, interval, first date (SPEC §3).

        :return dict: the plan wizard
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_plan_wizard')
        return dict(action, context={'default_contract_id': self.id})

    def action_view_bills(self):
        """The contract's progress bills.

        :return dict: an action on ``progress.bill``
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_bill')
        context = {'default_contract_id': self.id} if len(self) == 1 else {}
        return dict(action, domain=[('contract_id', 'in', self.ids)], context=context)

    def action_view_lines(self):
        """The schedule of values as a list of its own: to edit, filter and import into.

        :return dict: an action on ``progress.contract.line``
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_contract_line')
        return dict(
            action, display_name=self.env._("Schedule of Values of %s", self.display_name),
            domain=[('contract_id', '=', self.id)],
            context={'default_contract_id': self.id, 'default_tax_ids': self.default_tax_ids.ids})

    def action_view_invoices(self):
        """Invoices and credit notes of the contract.

        :return dict: an action on ``account.move``, or on the bills for users who may not read invoices
        """
        return self.bill_ids.action_view_invoices()

    def action_show_in_project(self):
        """Choose this contract for the Billing tab of its project (RULES 1.24).

        :return dict: reloads the project
        """
        self.ensure_one()
        self.project_id.progress_contract_id = self
        return {'type': 'ir.actions.act_window_close'}

    def _get_contract_action(self):
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_contract')
        if len(self) == 1:
            return dict(action, views=[(False, 'form')], view_mode='form', res_id=self.id)
        return dict(action, domain=[('id', 'in', self.ids)])

    # === BUSINESS === #

    def _lock_for_billing(self):
        """Take the contracts' rows before their totals are read (ENGINE A3).

        The update is real: whoever waited here with an older snapshot fails with a
        serialization error, and Odoo runs the call again on fresh figures.
        """
        if not self.ids:
            return
        self.flush_recordset()
        self.env.execute_query(SQL(
            "SELECT id FROM progress_contract WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", self.ids))
        self.env.execute_query(SQL(
            "UPDATE progress_contract SET billing_version = COALESCE(billing_version, 0) + 1 WHERE id = ANY(%s) RETURNING id",
            self.ids))
        self.invalidate_recordset(['billing_version'], flush=False)

    def _is_billed(self):
        """Whether anything was billed on the contract, opening amounts included."""
        return bool(self.bill_ids.filtered('bucket'))

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
            raise UserError(self._get_wip_message(record, amount, self.wip_available))

    def _get_wip_message(self, record, amount, available):
        """The error of 000, with the record, both amounts and the way out."""
        def shown(value):
            return formatLang(self.env, value, currency_obj=self.currency_id)
        return '%s\n%s' % (self.env._("Invoice amount cannot exceed WIP available to bill."), self.env._(
            "%(record)s of %(contract)s asks for %(amount)s, %(available)s is available. "
            "Lower the amount, or add a change order.",
            record=record.display_name, contract=self.display_name, amount=shown(amount), available=shown(available)))

    def _get_last_sequence(self):
        """Where the schedule of values ends."""
        return max(self.line_ids.mapped('sequence'), default=0)

    def _get_overbilled_hints(self):
        """Deductions that are not billed yet make the contract worth less than its other lines."""
        deductions = self._get_billable_lines().filtered(
            lambda line: line.revised_amount < 0 and line._get_amount_left() < 0)
        if not deductions:
            return []
        return [self.env._("Not billed yet: the deduction %s.", ', '.join(deductions.mapped('display_name')))]

    # === PLAN === #

    def _respread_plan(self):
        """Lay the open records of a plan out again after the contract's worth changed (RULES A21).

        Billed records keep what was planned; typed amounts stay; typed percentages follow by themselves.
        """
        for contract in self:
            members = contract.bill_ids.filtered(lambda bill: bill.plan_percent and bill.state != 'cancelled')
            for plan in members.grouped('plan_number').values():
                contract._respread_members(plan)

    def _respread_members(self, members):
        """Lay out one plan again.

        :param members: the records of the plan, billed and typed ones included
        """
        moving = members.filtered(lambda bill: bill.state == 'planned' and not bill.generated_on and bill.plan_weight)
        if not moving:
            return
        unit = self.currency_id.rounding
        rest = money.percent_of(moving[0].plan_percent, self.revised_amount, unit)
        for bill in members - moving:
            rest -= money.to_decimal(bill.amount - bill.credited_amount if bill.bucket else bill.planned_amount)
        shares = money.spread(max(rest, money.ZERO), moving.mapped('plan_weight'), unit)
        for bill, share in zip(moving, shares, strict=True):
            if self.currency_id.compare_amounts(bill.planned_amount, float(share)):
                bill.planned_amount = float(share)
