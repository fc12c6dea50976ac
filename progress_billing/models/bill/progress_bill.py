from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

DRAFT_STATES = ('draft', 'submitted', 'rejected', 'approved')
DELETABLE_STATES = ('planned', 'draft', 'rejected', 'declined', 'cancelled')
PLAN_FIELDS = {'amt_pct', 'planned_percent', 'planned_amount', 'partner_id'}
KINDS_BY_HAND = ('progress', 'opening')


class ProgressBill(models.Model):
    """Planned record, pro forma, invoice to be: one document, one life (SPEC §3).

    ``review_state`` is what people decide; ``state`` adds what the invoices say. So deleting,
    cancelling or crediting an invoice un-bills by itself, at whatever door (RULES A1, A2).
    """

    _name = 'progress.bill'
    _description = "Progress Bill"
    _inherit = [
        'progress.guard.mixin',
        'mail.thread',
        'mail.activity.mixin',
    ]
    _order = 'date, id'
    _check_company_auto = True
    _fixed_fields = ('contract_id', 'kind')

    name = fields.Char(string="Number", readonly=True, copy=False, index='trigram')
    contract_id = fields.Many2one(
        'progress.contract', required=True, index=True, ondelete='cascade', check_company=True
    )
    project_id = fields.Many2one(related='contract_id.project_id', store=True, index='btree_not_null')
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='contract_id.currency_id', store=True)
    user_id = fields.Many2one(related='contract_id.user_id', store=True)
    partner_id = fields.Many2one(
        'res.partner',
        string="Customer",
        compute='_compute_partner_id',
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
    )
    kind = fields.Selection(
        [
            ('progress', "Progress"),
            ('final', "Final"),
            ('retainage', "Retainage"),
            ('down_payment', "Down Payment"),
            ('opening', "Opening Amounts"),
        ],
        default='progress',
        required=True,
    )
    date = fields.Date(string="Invoice Date", default=fields.Date.context_today, index=True, tracking=True)
    title = fields.Char(help="Heads the invoice and becomes its reference.")
    description = fields.Text(help="Printed above the lines of the invoice.")
    item_description = fields.Text(help="Text of the DEPOSIT line on the invoice.")
    partner_shipping_id = fields.Many2one(
        'res.partner',
        string="Customer Location",
        compute='_compute_partner_id',
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
    )

    change_id = fields.Many2one(
        'progress.contract.change',
        string="Credit of Change Order",
        readonly=True,
        copy=False,
        index='btree_not_null',
        help="The change order whose credit this bill is.",
    )

    # === CLAIM === #
    line_ids = fields.One2many('progress.bill.line', 'bill_id', string="Lines")
    amount = fields.Monetary(string="Amount to Invoice", compute='_compute_amounts', store=True, help="Untaxed.")
    invoiced_amount = fields.Monetary(
        string="On This Bill",
        compute='_compute_amounts',
        store=True,
        help="Untaxed: as certified, stored materials included; whether it is draft or invoiced the status says.",
    )
    credited_amount = fields.Monetary(
        string="Credited", compute='_compute_amounts', store=True, help="Untaxed, by posted credit notes."
    )
    opening_deposit_line_ids = fields.Many2many(
        'account.move.line',
        string="Deposits Held Before",
        copy=False,
        domain="[('parent_state', '=', 'posted'), ('company_id', '=', company_id), ('reconciled', '=', False),"
        " ('account_id.account_type', '=', 'liability_current')]",
        help="Posted journal items on the deposit account: deposits taken before the contract was entered.",
        groups='account.group_account_readonly,account.group_account_invoice',
    )
    opening_deposit_amount = fields.Monetary(
        string="Deposits Held Before", compute='_compute_opening_deposit_amount', store=True
    )

    # === LIFE === #
    review_state = fields.Selection(
        selection='_selection_state', default='planned', required=True, readonly=True, copy=False
    )
    state = fields.Selection(
        selection='_selection_state', compute='_compute_state', string="Status", store=True, index=True, tracking=True
    )
    bucket = fields.Selection([('draft', "Draft"), ('actual', "Actual")], compute='_compute_state', store=True)
    is_credited = fields.Boolean(compute='_compute_state', store=True)
    revision = fields.Integer(readonly=True, copy=False, aggregator=None)
    move_ids = fields.One2many(
        'account.move', 'progress_bill_id', groups='account.group_account_readonly,account.group_account_invoice'
    )
    invoice_ids = fields.Many2many(
        'account.move',
        string="Invoices",
        compute='_compute_invoice_ids',
        search='_search_invoice_ids',
        compute_sudo=True,
    )
    invoice_id = fields.Many2one('account.move', compute='_compute_state', store=True, index='btree_not_null')
    invoice_name = fields.Char(string="Invoice Number", compute='_compute_invoice_info', compute_sudo=True)
    invoice_state = fields.Selection(
        [('draft', "Draft"), ('posted', "Posted")],
        string="Invoice Status",
        compute='_compute_invoice_info',
        compute_sudo=True,
    )
    payment_state = fields.Char(compute='_compute_invoice_info', compute_sudo=True)
    invoice_count = fields.Integer(compute='_compute_invoice_info', compute_sudo=True)

    _due_idx = models.Index("(date) WHERE state = 'planned' AND generated_on IS NULL")

    # === COMPUTE === #

    def _selection_state(self):
        return [
            ('planned', self.env._("Planned")),
            ('draft', self.env._("Pro Forma")),
            ('submitted', self.env._("Submitted")),
            ('approved', self.env._("Approved")),
            ('invoiced', self.env._("Invoiced")),
            ('rejected', self.env._("Rejected")),
            ('declined', self.env._("Declined")),
            ('cancelled', self.env._("Cancelled")),
        ]

    @api.depends('name', 'title', 'date', 'contract_id.name')
    @api.depends_context('lang')
    def _compute_display_name(self):
        for bill in self:
            day = format_date(self.env, bill.date) if bill.date else ''
            label = bill.name or bill.title or self.env._("Planned %(date)s", date=day)
            bill.display_name = (
                f'{label} ({bill.contract_id.name})' if bill.contract_id.name and not bill.name else label
            )

    @api.depends('contract_id.partner_id', 'contract_id.partner_shipping_id')
    def _compute_partner_id(self):
        for bill in self:
            if not bill.generated_on:
                bill.partner_id = bill.contract_id.partner_id
                bill.partner_shipping_id = bill.contract_id.partner_shipping_id

    @api.depends('line_ids.amount', 'line_ids.invoiced_amount', 'line_ids.credited_amount')
    def _compute_amounts(self):
        for bill in self:
            bill.amount = sum(bill.line_ids.mapped('amount'))
            bill.invoiced_amount = sum(bill.line_ids.mapped('invoiced_amount'))
            bill.credited_amount = sum(bill.line_ids.mapped('credited_amount'))

    @api.depends('opening_deposit_line_ids')  # not their amounts: posted items do not change
    def _compute_opening_deposit_amount(self):
        for bill in self:
            bill.opening_deposit_amount = -sum(bill.opening_deposit_line_ids.mapped('amount_currency'))

    @api.depends(
        'review_state',
        'kind',
        'revision',
        'invoiced_amount',
        'credited_amount',
        'retainage_amount',
        'credited_retainage_amount',
        'move_ids.state',
        'move_ids.reversed_entry_id',
        'move_ids.progress_revision',
    )
    def _compute_state(self):
        for bill in self:
            moves = bill._get_current_moves()
            live = moves.filtered(lambda move: not move.reversed_entry_id)[:1]
            bill.invoice_id = live
            bill.is_credited = bill._is_fully_credited(live, moves)
            bill.state, bill.bucket = bill._get_state_and_bucket(live)

    def _get_current_moves(self):
        """The moves of the bill's current revision that are not cancelled."""
        self.ensure_one()
        return self.move_ids.filtered(lambda move: move.state != 'cancel' and move.progress_revision == self.revision)

    def _is_fully_credited(self, live, moves):
        """Whether posted credit notes, less those that were reversed again, took all of the invoice back."""
        reversals = moves.filtered(lambda move: move.reversed_entry_id and move.state == 'posted')
        if not reversals:
            return False
        standing = sum(1 if move.move_type != live.move_type else -1 for move in reversals)
        same = self.currency_id.compare_amounts
        credited = same(self.credited_amount, self.invoiced_amount) == 0
        if self.kind != 'final':
            credited = credited and same(self.credited_retainage_amount, self.retainage_amount) == 0
        return bool(live and standing > 0 and credited)

    def _get_state_and_bucket(self, live):
        """State and bucket of the bill from its live invoice and what people decided (RULES A1)."""
        if self.kind == 'opening' and self.review_state != 'cancelled':
            return 'invoiced', 'actual'
        if not live:
            return self.review_state, 'draft' if self.review_state in DRAFT_STATES else False
        if self.is_credited:
            return 'planned' if self.review_state == 'planned' else 'cancelled', False
        return 'invoiced', 'actual' if live.state == 'posted' else 'draft'

    @api.depends('move_ids')
    def _compute_invoice_ids(self):
        for bill in self:
            bill.invoice_ids = bill.move_ids.sorted('id')

    def _search_invoice_ids(self, operator, value):
        return [('move_ids', operator, value)]

    @api.depends('invoice_id.name', 'invoice_id.state', 'invoice_id.payment_state', 'move_ids')
    def _compute_invoice_info(self):
        for bill in self:
            move = bill.invoice_id
            bill.invoice_name = (move.name or self.env._("Draft")) if move else False
            bill.invoice_state = move.state if move.state in ('draft', 'posted') else False
            selection = dict(move._fields['payment_state']._description_selection(self.env))
            bill.payment_state = selection.get(move.payment_state) if move.state == 'posted' else False
            bill.invoice_count = len(bill.move_ids)

    # === CONSTRAINTS === #

    @api.constrains('opening_deposit_line_ids', 'kind')
    def _check_opening_deposits(self):
        # sudo: progress.bill - an item may be taken by a contract the user does not see
        for bill in self.sudo().filtered('opening_deposit_line_ids'):
            taken = bill.search(
                [('opening_deposit_line_ids', 'in', bill.opening_deposit_line_ids.ids), ('id', '!=', bill.id)]
            )
            if (
                bill.kind != 'opening'
                or taken
                or not all(map(bill._can_be_opening_deposit, bill.opening_deposit_line_ids))
            ):
                raise ValidationError(
                    self.env._(
                        "%(bill)s: deposits held before are posted, unreconciled journal items of the contract's "
                        "customer on a reconcilable current liability, in the contract's currency and company, "
                        "chosen on one opening bill only.",
                        bill=bill.display_name,
                    )
                )
            if bill.currency_id.compare_amounts(bill.opening_deposit_amount, bill.amount) > 0:
                raise ValidationError(
                    self.env._(
                        "%(bill)s: the deposits held before are more than what was billed before. "
                        "Correct the opening amounts of the lines.",
                        bill=bill.display_name,
                    )
                )

    def _can_be_opening_deposit(self, item):
        """Whether a journal item can stand for deposits taken before the contract was entered (RULES A13)."""
        contract = self.contract_id
        return (
            item.parent_state == 'posted'
            and not item.reconciled
            and not item.progress_line_type
            and item.currency_id == contract.currency_id
            and item.company_id == contract.company_id
            and item.partner_id.commercial_partner_id
            in (contract.partner_id.commercial_partner_id, self.env['res.partner'])
            and item.account_id.account_type == 'liability_current'
            and item.account_id.reconcile
        )

    @api.constrains('partner_id')
    def _check_partner(self):
        """Deposits are held for one customer; only billing as billed has bills for several (RULES C23)."""
        for bill in self.filtered(lambda bill: bill.contract_id.revenue_recognition == 'deposit'):
            contract = bill.contract_id
            if bill.partner_id and bill.partner_id.commercial_partner_id != contract.partner_id.commercial_partner_id:
                raise ValidationError(
                    self.env._(
                        "%(bill)s is for %(partner)s, but %(contract)s holds deposits of %(customer)s.",
                        bill=bill.display_name,
                        partner=bill.partner_id.display_name,
                        contract=contract.display_name,
                        customer=contract.partner_id.display_name or self.env._("nobody yet"),
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._guard_vals(vals)
        bills = super().create(vals_list)
        bills._check_kind_by_hand()
        bills.filtered('milestone_id')._announce_milestone()
        openings = bills.filtered(lambda bill: bill.kind == 'opening')
        openings._draw_names()
        openings.contract_id._check_openings()
        return bills

    def _check_kind_by_hand(self):
        """Final and other bills come from their own actions only."""
        wrong = self.filtered(lambda bill: bill.kind not in KINDS_BY_HAND)
        if wrong and not self.env.su:
            raise AccessError(
                self.env._(
                    "A bill of kind %s is made by its own button only.",
                    dict(self._fields['kind']._description_selection(self.env))[wrong[0].kind],
                )
            )

    def write(self, vals):
        self._guard_vals(vals)
        if PLAN_FIELDS & vals.keys():
            self._check_plan_editable(vals)
        result = super().write(vals)
        if {'milestone_id', 'trigger', 'requires_approval'} & vals.keys():
            self.filtered(lambda bill: bill.state == 'planned')._announce_milestone()
        return result

    def unlink(self):
        contracts = self.contract_id
        result = super().unlink()
        contracts.exists()._check_retainage_covered()
        return result

    def _check_plan_editable(self, vals):
        """What was billed is not planned any more (A19: planned and billed are kept apart)."""
        billed = self.filtered(
            lambda bill: bill.state not in ('planned', 'draft', 'rejected') and bill.kind != 'opening'
        )
        for bill in billed:
            if any(bill._differs(name, vals[name]) for name in PLAN_FIELDS & vals.keys()):
                raise UserError(
                    self.env._(
                        "%(bill)s is %(state)s and cannot be planned anew. Delete or credit its invoice first.",
                        bill=bill.display_name,
                        state=bill._get_state_label().lower(),
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_order_of_life()
        self._check_change_undone()
        for bill in self:
            # sudo: account.move - whether the bill has an invoice does not depend on who asks
            if bill.sudo().move_ids or (bill.state not in DELETABLE_STATES and bill.kind != 'opening'):
                raise UserError(
                    self.env._(
                        "%(bill)s cannot be deleted: it has invoices or was approved. Delete or credit its "
                        "invoice, or cancel the bill.",
                        bill=bill.display_name,
                    )
                )
        self.filtered('bucket').line_ids._give_back_pending()

    # === BUSINESS === #

    def _get_order_key(self):
        """What bills are ordered by: date, then number."""
        self.ensure_one()
        # what was billed before the contract was entered comes before all that is billed on it (RULES A13)
        return self.kind != 'opening', self.date or fields.Date.to_date(self.create_date), self.id

    def _check_may_bill(self):
        """Only billing users make bills; reading is not enough."""
        self.check_access('write')

    def _get_state_label(self):
        """The bill's status in the user's language."""
        self.ensure_one()
        return dict(self._selection_state()).get(self.state, '')

    def _get_invoice_type(self):
        """``progress_invoice_type`` of this bill's invoices, from its kind and the contract (RULES A18)."""
        self.ensure_one()
        if self.kind in ('final', 'retainage'):
            return self.kind
        if self.kind == 'down_payment' or self.contract_id.revenue_recognition == 'deposit':
            return 'deposit'
        return 'progress'
