from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

#: in which a claim can be entered; in which one stands that has no invoice yet
OPEN_STATES, STANDING_STATES = ('planned', 'draft', 'rejected'), ('draft', 'submitted', 'approved')
#: nothing comes of a bill in these, unless it is planned again
ENDED_STATES = ('declined', 'cancelled')
KINDS_BY_HAND = ('progress', 'opening')


class ProgressBill(models.Model):
    """Planned record, pro forma, invoice to be: one document, one life.

    ``review_state`` is what people decide; ``state`` adds what the invoices say. So deleting,
    cancelling or crediting an invoice un-bills by itself, at whatever door (BIL-2, BIL-3).
    """

    _name = 'progress.bill'
    _description = "Progress Bill"
    _inherit = [
        'progress.bulk.mixin',
        'progress.guard.mixin',
        'progress.bucket.mixin',
        'mail.thread',
        'mail.activity.mixin',
    ]
    _order = 'date, id'
    _rec_names_search = ['name', 'title', 'contract_id.name']
    _check_company_auto = True
    _parent_field = 'contract_id'
    _fixed_fields = ('kind',)

    name = fields.Char(string="Number", readonly=True, copy=False, index='trigram', guarded=True)
    contract_id = fields.Many2one(
        'progress.contract', required=True, index=True, ondelete='cascade', check_company=True
    )
    project_id = fields.Many2one(related='contract_id.project_id', store=True, index='btree_not_null', guarded=True)
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='contract_id.currency_id', store=True, guarded=True)
    user_id = fields.Many2one(related='contract_id.user_id', store=True, guarded=True)
    partner_id = fields.Many2one(
        'res.partner',
        string="Customer",
        compute='_compute_partner_id',
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index='btree_not_null',
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
        guarded=True,
        help="The change order whose credit this bill is.",
    )

    # === CLAIM === #
    line_ids = fields.One2many(
        'progress.bill.line', 'bill_id', string="Lines", domain=[('source', '=', False)], often_empty=True
    )
    # by a list without a domain the ORM finds the lines from memory, where it would search for them at each change
    every_line_ids = fields.One2many(
        'progress.bill.line', 'bill_id', string="Lines of Every Kind", often_empty=True
    )
    amount = fields.Monetary(
        string="Amount to Invoice", compute='_compute_amounts', store=True, help="Untaxed.", guarded=True
    )
    invoiced_amount = fields.Monetary(
        string="On This Bill",
        compute='_compute_amounts',
        store=True,
        help="Untaxed: as certified, stored materials included; whether it is draft or invoiced the status says.",
        guarded=True,
    )
    credited_amount = fields.Monetary(
        string="Credited",
        compute='_compute_credited_amount',
        store=True,
        help="Untaxed, by posted credit notes.",
        guarded=True,
    )

    # === LIFE === #
    review_state = fields.Selection(
        selection='_selection_state',
        default='planned',
        required=True,
        readonly=True,
        copy=False,
        guarded=True,
        help="What people decided, and what the bill falls back to when its invoice is deleted. Bills that became "
        "invoices at once fall back to Cancelled.",
    )
    state = fields.Selection(
        selection='_selection_state',
        compute='_compute_state',
        string="Status",
        store=True,
        index=True,
        tracking=True,
        guarded=True,
    )
    bucket = fields.Selection(
        [('draft', "Draft"), ('actual', "Actual")], compute='_compute_state', store=True, guarded=True
    )
    is_credited = fields.Boolean(compute='_compute_state', store=True, guarded=True)
    revision = fields.Integer(readonly=True, copy=False, aggregator=None, guarded=True)
    move_ids = fields.One2many(
        'account.move',
        'progress_bill_id',
        often_empty=True,
        groups='account.group_account_readonly,account.group_account_invoice',
    )
    invoice_ids = fields.Many2many(
        'account.move',
        string="Invoices",
        compute='_compute_invoice_ids',
        search='_search_invoice_ids',
        compute_sudo=True,
    )
    invoice_id = fields.Many2one(
        'account.move', compute='_compute_state', store=True, index='btree_not_null', guarded=True
    )
    invoice_name = fields.Char(string="Invoice Number", compute='_compute_invoice_info', compute_sudo=True)
    invoice_state = fields.Selection(
        [('draft', "Draft"), ('posted', "Posted")],
        string="Invoice Status",
        compute='_compute_invoice_info',
        compute_sudo=True,
    )
    payment_state = fields.Char(string="Payment Status", compute='_compute_invoice_info', compute_sudo=True)
    invoice_count = fields.Integer(compute='_compute_invoice_info', compute_sudo=True)

    generated_on = fields.Datetime(readonly=True, copy=False, guarded=True)
    calendar_title = fields.Char(string="In the Calendar", compute='_compute_calendar_title')

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
            label = bill.name or bill.title or bill._get_planned_label()
            bill.display_name = (
                f'{label} ({bill.contract_id.name})' if bill.contract_id.name and not bill.name else label
            )

    def _get_planned_label(self):
        """What a record is called that has neither number nor title."""
        if not self.date:
            return self.env._("Planned")
        return self.env._("Planned %(date)s", date=format_date(self.env, self.date))

    @api.depends('project_id.name', 'contract_id.display_name', 'title', 'name', 'display_name')
    @api.depends_context('lang')
    def _compute_calendar_title(self):
        for bill in self:
            job = bill.project_id.display_name or bill.contract_id.display_name or ''
            bill.calendar_title = f'{job}: {bill.title or bill.name or bill.display_name}'

    @api.depends('contract_id.partner_id', 'contract_id.partner_shipping_id')
    def _compute_partner_id(self):
        for bill in self:
            if not bill.generated_on:
                bill.partner_id = bill.contract_id.partner_id
                bill.partner_shipping_id = bill.contract_id.partner_shipping_id

    @api.depends('line_ids.amount', 'line_ids.invoiced_amount')
    def _compute_amounts(self):
        self._set_line_sums('amount', 'invoiced_amount')

    @api.depends('line_ids.credited_amount')
    def _compute_credited_amount(self):
        self._set_line_sums('credited_amount')

    @api.depends(
        'review_state',
        'kind',
        'revision',
        'invoice_ids',
        'sourced_amount',
        'credited_sourced_amount',
    )
    def _compute_state(self):
        for bill in self:
            live = bill._get_live_invoice()
            bill.invoice_id = live
            bill.is_credited = bill._is_fully_credited(live)
            bill.state, bill.bucket = bill._get_state_and_bucket(live)

    def _get_current_moves(self):
        """The moves of the bill's current revision that are not cancelled."""
        self.ensure_one()
        return self.move_ids.filtered(lambda move: move.state != 'cancel' and move.progress_revision == self.revision)

    def _write_revisions(self, vals_by_bill):
        """Write what these bills start a revision with: invoices and credit notes of before no longer count for them.

        :param dict vals_by_bill: values by bill, ``revision`` among them
        """
        # sudo: account.move - whether there are any does not depend on who asks
        for bill in self.filtered(lambda bill: not bill.sudo().move_ids):
            # without asking what follows of all their lines: nothing does as long as there are none
            self._fields['revision'].write(bill, vals_by_bill[bill].pop('revision'))
        self._write_together(vals_by_bill)

    def _set_fallback(self, review_state):
        """Write what these bills fall back to when their invoices are deleted."""
        standing = self.filtered(lambda bill: bill.invoice_id and not bill.is_credited)
        self._fields['review_state'].write(standing, review_state)  # nothing follows from it while an invoice stands
        (self - standing)._write_protected({'review_state': review_state})

    def _is_fully_credited(self, live):
        """Whether posted credit notes, less those that were reversed again, took all of the invoice back.

        The moves say so, and not the bill's amounts: these follow its state, and would ask for it at each change.
        """
        reversals = self._get_reversals()
        if not reversals or not live:
            return False
        standing = sum(1 if move.move_type != live.move_type else -1 for move in reversals)
        items = (live | reversals).line_ids.filtered('progress_line_type')
        types = self.env['account.move.line']._get_progress_line_types()
        left = [
            sum(lines.mapped('amount_currency'))
            for kind, lines in items.grouped('progress_line_type').items()
            if types[kind].expected
        ]
        if standing <= 0 or not all(map(self.currency_id.is_zero, left)):
            return False
        # what is billed beside the schedule has been credited by itself
        return not self.currency_id.compare_amounts(self.credited_sourced_amount, self.sourced_amount)

    def _get_live_invoice(self):
        """The invoice of the bill's current revision: the move that reverses none."""
        self.ensure_one()
        return self._get_current_moves().filtered(lambda move: not move.reversed_entry_id)[:1]

    def _get_reversals(self):
        """Posted moves that reverse the invoice of the bill's current revision, or a credit note of it."""
        self.ensure_one()
        return self._get_current_moves().filtered(lambda move: move.reversed_entry_id and move.state == 'posted')

    def _get_state_and_bucket(self, live):
        """State and bucket of the bill from its live invoice and what people decided (BIL-2)."""
        if self.kind == 'opening' and self.review_state != 'cancelled':
            return 'invoiced', 'actual'
        if not live:
            return self.review_state, 'draft' if self.review_state in (*STANDING_STATES, 'rejected') else False
        if self.is_credited:
            return 'planned' if self.review_state == 'planned' else 'cancelled', False
        return 'invoiced', 'actual' if live.state == 'posted' else 'draft'

    @api.depends()  # see _on_moves_changed
    def _compute_invoice_ids(self):
        for bill in self:
            bill.invoice_ids = bill.move_ids.sorted('id')

    def _search_invoice_ids(self, operator, value):
        return [('move_ids', operator, value)]

    @api.depends('invoice_id', 'invoice_ids')  # and what _forget_entries says
    @api.depends_context('lang')
    def _compute_invoice_info(self):
        self.invoice_id.mapped(lambda move: (move.name, move.payment_state))  # first, what is still to be computed
        for bill in self:
            move = bill.invoice_id
            bill.invoice_name = (move.name or self.env._("Draft")) if move else False
            bill.invoice_state = move.state if move.state in ('draft', 'posted') else False
            selection = dict(move._fields['payment_state']._description_selection(self.env))
            bill.payment_state = selection.get(move.payment_state) if move.state == 'posted' else False
            bill.invoice_count = len(bill.move_ids)

    def _get_document_name(self):
        """What a sentence calls this bill: the number of its invoice, or its own while that is a draft."""
        self.ensure_one()
        return self.invoice_name if self.invoice_state == 'posted' else self.display_name

    # === CRUD === #

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        """Bills without a date come last, also where the newest come first: a list cannot say it."""
        if field_name == 'date' and not nulls:
            nulls = SQL('NULLS LAST')
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    @api.model_create_multi
    def create(self, vals_list):
        bills = super().create(vals_list)
        bills._check_kind_by_hand()
        return bills

    def _creation_message(self):
        """As Odoo has it, which reads the name of the model."""
        self.ensure_one()
        return self.env._("Progress Bill created")

    def _check_kind_by_hand(self):
        """Final and other bills come from their own actions only."""
        wrong = self.filtered(lambda bill: bill.kind not in KINDS_BY_HAND)
        if wrong and 'kind' not in self._get_own_names():
            raise AccessError(
                self.env._(
                    "A bill of kind %s is made by its own button only.",
                    dict(self._fields['kind']._description_selection(self.env))[wrong[0].kind],
                )
            )

    # === HOOKS === #

    def _on_claimed(self, *, new=False):
        """These bills claim what their lines say: what follows from their claims follows now. Extend by ``super()``.

        Called where bills are made, with their lines and before their invoices, and where somebody changes a line.

        :param bool new: the bills have just been made
        """

    def _settle_claims(self, *, new=False):
        """Announce what these bills claim, and then what they come to.

        :param bool new: the bills have just been made
        """
        self._on_claimed(new=new)
        self._on_claims_settled()

    def _on_claims_settled(self, *, invoicing=False):
        """Every room has answered what these bills claim, so that what they come to is known. Extend by ``super()``.

        Called after :meth:`_on_claimed`, where something is billed beside the schedule, and once more right before
        the invoices of the bills are made.

        :param bool invoicing: the invoices are made next
        """

    def _get_release_blockers(self, together):
        """Reasons why this bill cannot be released to its invoice now. Extend by ``super()``.

        :param together: the bills that are released in the same go
        :return list: sentences that say what to do before
        """
        self.ensure_one()
        if self.state not in ('planned', 'submitted', 'rejected'):
            return []
        return [
            self.env._(
                "No invoice can be made of %(bill)s: its status is “%(state)s”.",
                bill=self.display_name,
                state=self._get_state_label(),
            )
        ]

    def _raise_reasons(self, reasons):
        if reasons:
            raise UserError('\n'.join(dict.fromkeys(reasons)))

    # === BUSINESS === #

    def _filter_pro_formas(self):
        """Those of these bills that count without an invoice; a final bill gets its own in the same go."""
        return self.filtered(lambda bill: bill.bucket == 'draft' and not bill.invoice_id and bill.kind != 'final')

    def _get_order_key(self):
        """What bills are ordered by: date, then number."""
        self.ensure_one()
        # what was billed before the contract was entered comes before all that is billed on it (DEP-16)
        return self.kind != 'opening', self.date or fields.Date.to_date(self.create_date), self.id

    def _split_by_contract(self):
        """Recordsets with at most one bill of each contract, in the order the bills follow each other.

        What a bill takes depends on what the one before it took; bills of different contracts
        go together.

        :return list: recordsets
        """
        waves, counts = [], {}
        for bill in self.sorted(lambda bill: bill._get_order_key()):
            wave = counts[bill.contract_id] = counts.get(bill.contract_id, -1) + 1
            if wave == len(waves):
                waves.append(self.browse())
            waves[wave] |= bill
        return waves

    def _check_may_bill(self):
        """Only billing users make bills; reading is not enough."""
        self.check_access('write')

    def _in_customer_language(self):
        """The bill as its customer reads it."""
        self.ensure_one()
        return self.with_context(lang=self.partner_id.lang or self.env.lang)

    def _get_state_label(self):
        """The bill's status in the user's language."""
        self.ensure_one()
        return dict(self._selection_state()).get(self.state, '')

    def _get_invoice_type(self):
        """``progress_invoice_type`` of this bill's invoices, from its kind and the contract (BIL-20)."""
        self.ensure_one()
        if self.kind in ('final', 'retainage'):
            return self.kind
        if self.kind == 'down_payment' or self.contract_id.revenue_recognition == 'deposit':
            return 'deposit'
        return 'progress'

    # === WHAT IT COUNTS FOR === #

    @api.depends('line_ids.draft_amount', 'line_ids.actual_amount')
    def _compute_bucket_amounts(self):
        self._set_line_sums('draft_amount', 'actual_amount')
