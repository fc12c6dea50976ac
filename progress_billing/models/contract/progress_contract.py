from contextlib import contextmanager

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import money
from ..base.progress_bulk_mixin import int_array
from .progress_contract_line import SCHEDULE_FIELDS

#: of the cursor's notes, which a commit or a way back forgets: ids of the contracts whose rows a block has taken
LOCKED = 'progress_billing.locked'
LINE_TOTALS = ('original_amount', 'change_amount', 'revised_amount')


class ProgressContract(models.Model):
    """What is to be billed: who, which project, how, and the schedule of values."""

    _name = 'progress.contract'
    _description = "Billing Contract"
    _inherit = [
        'progress.bulk.mixin',
        'progress.guard.mixin',
        'mail.thread',
        'mail.activity.mixin',
    ]
    _order = 'id desc'
    _rec_names_search = ['name', 'description', 'project_id.name', 'partner_id.name']
    _check_company_auto = True

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default='/', index='trigram', guarded=True
    )
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
        guarded=True,
    )
    state = fields.Selection(
        [('draft', "Draft"), ('open', "Open"), ('closed', "Closed"), ('cancelled', "Cancelled")],
        string="Status",
        compute='_compute_state',
        store=True,
        index=True,
        tracking=True,
        group_expand='_expand_states',
        guarded=True,
    )
    revenue_recognition = fields.Selection(
        [('deposit', "Deposits until the final invoice"), ('as_billed', "As billed")],
        default='deposit',
        required=True,
        tracking=True,
        help="Deposits: progress invoices are customer deposits, the final invoice recognises the revenue.\n"
        "As billed: each progress invoice is revenue.",
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
        domain="[('type', '=', journal_type)]",
        help="Only where it differs from the company's sales journal.",
    )
    summary_by_line = fields.Boolean(
        string="Breakdown by Line", help="Print what was billed and what is left by schedule line, not in total only."
    )
    line_ids = fields.One2many('progress.contract.line', 'contract_id', string="Schedule of Values", copy=True)
    change_ids = fields.One2many(
        'progress.contract.change', 'contract_id', string="Change Order Documents", often_empty=True
    )
    final_bill_id = fields.Many2one(
        'progress.bill', compute='_compute_state', store=True, index='btree_not_null', guarded=True
    )
    final_invoice_id = fields.Many2one(
        'account.move', compute='_compute_state', store=True, index='btree_not_null', guarded=True
    )
    billing_version = fields.Integer(readonly=True, copy=False, default=0, guarded=True)

    original_amount = fields.Monetary(
        string="Original Contract", compute='_compute_line_totals', store=True, guarded=True
    )
    change_amount = fields.Monetary(string="Change Orders", compute='_compute_line_totals', store=True, guarded=True)
    revised_amount = fields.Monetary(
        string="Revised Contract", compute='_compute_line_totals', store=True, guarded=True
    )

    # === COMPUTE === #

    def _expand_states(self, _states, _domain):
        """The columns of the kanban, in the order of a contract's life."""
        return ['draft', 'open', 'closed']

    @api.depends(*[f'line_ids.{name}' for name in LINE_TOTALS], 'line_ids.display_type')
    def _compute_line_totals(self):
        sums = self._sum_lines(LINE_TOTALS)
        for contract in self:
            for name in LINE_TOTALS:
                contract[name] = sums[contract][name]

    def _sum_lines(self, names):
        """Sums over the schedule lines of these contracts: one query for the saved ones, however many lines.

        :param names: stored figures of ``progress.contract.line``
        :return dict: ``{name: sum}`` by contract
        """
        saved = self.filtered('id')
        rows = self.env['progress.contract.line']._read_group(
            [('contract_id', 'in', saved.ids), ('display_type', '=', False)],
            ['contract_id'],
            [f'{name}:sum' for name in names],
        )
        sums = {contract.id: dict(zip(names, row, strict=True)) for contract, *row in rows}
        nothing = dict.fromkeys(names, 0.0)
        return {
            contract: sums.get(contract.id, nothing)
            if contract.id
            else {name: sum(contract._get_billable_lines().mapped(name)) for name in names}
            for contract in self
        }

    @api.depends('name', 'description')
    def _compute_display_name(self):
        for contract in self:
            contract.display_name = f'{contract.name} {contract.description}' if contract.description else contract.name

    def _get_job_name(self):
        """What the customer calls the job: its project's name, else what was typed on the contract; may be empty."""
        self.ensure_one()
        # sudo: project.project - its name, on the customer's invoice
        return self.sudo().project_id.name or self.description or ''

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
            contract.payment_term_id = contract._get_payment_term()
            contract.fiscal_position_id = contract._get_fiscal_position()

    @api.depends('company_id', 'fiscal_position_id')
    def _compute_default_tax_ids(self):
        for contract in self:
            contract.default_tax_ids = contract.fiscal_position_id.map_tax(contract._get_default_tax())

    @api.depends('base_state')
    def _compute_state(self):
        """What people decided. A final invoice, which ends a contract, is none of this room's: see ``deposit``."""
        for contract in self:
            contract.state = contract.base_state
            contract.final_bill_id = contract.final_invoice_id = False

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        # numbers are drawn, not given
        return super().create([{key: value for key, value in vals.items() if key != 'name'} for vals in vals_list])

    def _prepare_protected_vals(self, vals):
        company = vals.get('company_id') or self.env.company.id  # default of a new record
        name = self.env['ir.sequence'].with_company(company).next_by_code('progress.contract') or '/'
        return {**super()._prepare_protected_vals(vals), 'name': name}

    def write(self, vals):
        self._check_company_stays(vals)
        self._check_taxes_stay(vals)
        if vals.get('currency_id'):
            self._check_currency_fits(self.env['res.currency'].browse(vals['currency_id']))
        self._read_edited_lines(vals.get('line_ids') or ())
        result = super().write(vals)
        if any(self._changes_schedule(command) for command in vals.get('line_ids') or ()):
            self._on_worth_changed()
        return result

    @api.model
    def _read_edited_lines(self, commands):
        """Have in memory the lines that commands update: they are read together, and not with all of the schedule."""
        ids = [command[1] for command in commands if self._updates_line(command)]
        self.env['progress.contract.line'].browse(ids).mapped('display_type')

    @api.model
    def _changes_schedule(self, command):
        """Whether a command on the lines says more than how far one of them is."""
        return not self._updates_line(command) or not SCHEDULE_FIELDS.isdisjoint(command[2])

    @api.model
    def _updates_line(self, command):
        """Whether a command on the lines changes one that is there."""
        return isinstance(command, (list, tuple)) and command[0] == Command.UPDATE

    def _check_company_stays(self, vals):
        """A contract comes into the books of a company while it is a draft, by a project of that company too."""
        company = vals.get('company_id')
        if vals.get('project_id'):
            # sudo: project.project - its company only
            company = company or self.env['project.project'].sudo().browse(vals['project_id']).company_id.id
        for contract in self:
            if company and contract.company_id.id != company and contract.base_state != 'draft':
                raise UserError(
                    self.env._(
                        "%(contract)s is open and stays with %(company)s. Make a contract of its own there.",
                        contract=contract.display_name,
                        company=contract.company_id.display_name,
                    )
                )

    def _check_currency_fits(self, currency):
        """Amounts of the schedule are whole units of the contract's currency, of another one too (CON-4)."""
        for contract in self:
            worths = {
                line: money.round_to(line.original_amount, contract.currency_id.rounding)
                for line in contract._get_billable_lines()
            }
            odd = [line.display_name for line, worth in worths.items() if worth % money.to_decimal(currency.rounding)]
            if odd:
                raise UserError(
                    self.env._(
                        "%(contract)s cannot be in %(currency)s, which has fewer decimals than these lines: "
                        "%(lines)s. Round their amounts or prices first.",
                        contract=contract.display_name,
                        currency=currency.name,
                        lines=', '.join(odd),
                    )
                )

    def _check_taxes_stay(self, vals):
        """What decides the taxes of the schedule does not change once the contract is closed."""
        for name in ('fiscal_position_id', 'partner_shipping_id'):
            for contract in self.filtered(lambda contract: contract.state == 'closed') if name in vals else ():
                if contract._differs(name, vals[name]):
                    raise UserError(
                        self.env._(
                            "%(field)s of %(contract)s cannot change any more: it is closed.",
                            field=self._fields[name]._description_string(self.env),
                            contract=contract.display_name,
                        )
                    )

    def copy_data(self, default=None):
        """A copy starts its own life: same schedule, nothing billed."""
        return [dict(vals, user_id=self.env.user.id) for vals in super().copy_data(default)]

    # === HOOKS === #

    def _on_worth_changed(self, lines=None):
        """The worth of these contracts has changed: what follows from it follows now. Extend by ``super()``.

        :param lines: schedule lines to which change orders added or from which they took; none where the schedule
            itself was edited
        """

    def _on_opened(self):
        """These contracts have just been opened. Extend by ``super()``."""

    def _on_cancelled(self):
        """These contracts have just been cancelled: what waits on them ends too. Extend by ``super()``."""

    def _on_drafted(self):
        """These contracts are drafts again: what ended with them comes back. Extend by ``super()``."""

    # === BUSINESS === #

    def _lock_for_billing(self):
        """Take the contracts' rows before their totals are read (BIL-17).

        The update is real: whoever waited here with an older snapshot fails with a
        serialization error, and Odoo runs the call again on fresh figures.
        """
        if not self.ids:
            return
        self.flush_recordset(['billing_version'])  # not the totals: they are read after the lock
        rows = self.env.execute_query(
            SQL(
                "WITH locked AS (SELECT id FROM progress_contract WHERE id IN (%s) ORDER BY id FOR NO KEY UPDATE)"
                " UPDATE progress_contract AS own SET billing_version = COALESCE(own.billing_version, 0) + 1"
                " FROM locked WHERE own.id = locked.id RETURNING own.id",
                self._get_locked_query(),
            )
        )
        self.browse(id_ for (id_,) in rows).invalidate_recordset(['billing_version'], flush=False)

    def _get_locked_query(self):
        """What is billed with these contracts is locked with them, all in one go and one order. Extend by ``super()``.

        :return SQL: a query of ids, without any flush
        """
        return SQL("SELECT unnest(%s)", int_array(self.ids))

    @contextmanager
    def _locked_for_billing(self):
        """Take these rows, and know while the block runs that they are: the gate of its invoices need not again."""
        self._lock_for_billing()
        notes = self.env.cr.cache
        before = notes.get(LOCKED, frozenset())
        notes[LOCKED] = before.union(self._ids)
        try:
            yield
        finally:
            notes[LOCKED] = notes.get(LOCKED, frozenset()) - (set(self._ids) - before)

    def _filter_unlocked(self):
        """Those of these contracts whose rows are still to be taken, see :meth:`_locked_for_billing`."""
        locked = self.env.cr.cache.get(LOCKED)
        return self.filtered(lambda contract: contract.id not in locked) if locked else self

    def _get_billable_lines(self):
        """The schedule lines that can carry an amount: sections and notes cannot."""
        return self.line_ids._filter_blank('display_type')

    def _get_last_sequence(self):
        """Where the schedule of values ends."""
        return max(self.line_ids.mapped('sequence'), default=0)
