from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

FIXED_ON_PROGRESS_INVOICES = ('partner_id', 'currency_id', 'company_id', 'move_type')
LINK_FIELDS = ('progress_bill_id', 'progress_revision')


class AccountMove(models.Model):
    """The invoice of a progress bill, and the one gate its states pass through (ENGINE A2)."""

    _inherit = 'account.move'

    progress_bill_id = fields.Many2one(
        'progress.bill', copy=False, readonly=True, index='btree_not_null', ondelete='set null'
    )
    progress_contract_id = fields.Many2one(
        related='progress_bill_id.contract_id',
        string="Billing Contract",
        store=True,
        index='btree_not_null',
        copy=False,
    )
    progress_revision = fields.Integer(copy=False, readonly=True)
    progress_invoice_type = fields.Selection(
        [('deposit', "Deposit"), ('progress', "Progress"), ('final', "Final"), ('retainage', "Retainage")],
        compute='_compute_progress_invoice_type',
        store=True,
        copy=False,
    )

    _progress_bill_live_once = models.UniqueIndex(
        "(progress_bill_id, progress_revision) WHERE progress_bill_id IS NOT NULL AND reversed_entry_id IS NULL "
        "AND state != 'cancel'",
        "This progress bill has an invoice already.",
    )

    @api.depends('progress_bill_id.kind', 'progress_bill_id.contract_id.revenue_recognition')
    def _compute_progress_invoice_type(self):
        for move in self:
            bill = move.progress_bill_id
            move.progress_invoice_type = bill._get_invoice_type() if bill else False

    # === CRUD: THE GATE === #

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        if not self.env.su and any(move[name] for move in moves for name in LINK_FIELDS):
            self._raise_progress_link()
        return moves

    def write(self, vals):
        self._check_progress_links(vals)
        if vals.get('state') in ('draft', 'cancel'):
            self._check_no_opening_deposit()
        ours = self.filtered('progress_bill_id')
        if not ours:
            return super().write(vals)
        ours._check_progress_header(vals)
        if 'state' not in vals:
            result = super().write(vals)
            if 'journal_id' in vals:
                ours._check_progress_currency()
            return result
        changing = ours.filtered(lambda move: move.state != vals['state'])
        changing._before_progress_state(vals['state'])
        result = super().write(vals)
        changing._after_progress_state()
        return result

    def _check_progress_links(self, vals):
        """Only our own code ties invoices to bills; an invoice of ours is not made a credit note by hand."""
        if self.env.su:
            return
        if any(name in self._fields and name.startswith('progress_') for name in vals):
            self._raise_progress_link()
        if vals.get('reversed_entry_id') and (self | self.browse(vals['reversed_entry_id'])).progress_bill_id:
            self._raise_progress_link()
        if 'reversed_entry_id' in vals and self.progress_bill_id:
            self._raise_progress_link()

    def _check_no_opening_deposit(self):
        """An entry that stands for deposits held before stays posted until the final invoice reverses it (RULES "
        "A13)."""
        posted = self.filtered(lambda move: move.state == 'posted')
        # sudo: progress.bill - whether an entry is needed does not depend on who asks
        bills = self.env['progress.bill'].sudo()
        bill = posted and bills.search(
            [('opening_deposit_line_ids.move_id', 'in', posted.ids), ('bucket', '=', 'actual')], limit=1
        )
        if bill:
            raise UserError(
                self.env._(
                    "This entry stands for deposits held before on %(bill)s of %(contract)s. "
                    "Take it off there before you change it.",
                    bill=bill.display_name,
                    contract=bill.contract_id.display_name,
                )
            )

    def _raise_progress_link(self):
        raise AccessError(self.env._("Only a progress bill makes its invoice."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_before_final(self):
        # sudo: progress.bill - the order of life holds for everyone, whatever they may read
        bills = self.progress_bill_id.sudo()
        bills.contract_id._lock_for_billing()
        bills._check_order_of_life(whatever_state=True)
        self.filtered('progress_bill_id')._check_not_credited(('draft', 'posted'))

    def _check_progress_header(self, vals):
        """What the bill decides cannot be changed on its invoice (RULES A4).

        :raises UserError: naming the invoice and its bill
        """
        if vals.get('auto_post') in ('monthly', 'quarterly', 'yearly'):
            raise UserError(
                self.env._(
                    "%(invoice)s is made from a progress bill and cannot recur: plan further records on its "
                    "contract instead.",
                    invoice=self[0].display_name,
                )
            )
        for name in FIXED_ON_PROGRESS_INVOICES:
            if name not in vals:
                continue
            for move in self:
                if move[name] and move._fields[name].convert_to_write(move[name], move) != vals[name]:
                    bill = move.progress_bill_id.sudo()  # sudo: progress.bill - just its name, for the message
                    raise UserError(
                        self.env._(
                            "%(field)s of %(invoice)s is decided by the progress bill %(bill)s. Change it on the "
                            "contract and bill again.",
                            field=move._fields[name]._description_string(self.env),
                            invoice=move.display_name,
                            bill=bill.display_name,
                        )
                    )  # sudo: progress.bill - just its name, for the message

    def _check_progress_currency(self):
        """A journal with a currency of its own would change the invoice's (RULES A4)."""
        for move in self:
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - just its currency and name
            if move.currency_id != bill.currency_id:
                raise UserError(
                    self.env._(
                        "%(invoice)s must stay in %(currency)s, the currency of its progress bill %(bill)s. "
                        "Choose another journal.",
                        invoice=move.display_name,
                        currency=bill.currency_id.name,
                        bill=bill.display_name,
                    )
                )

    def _before_progress_state(self, state):
        """Order of life, before an invoice or credit note of a bill changes state (SPEC §3, RULES C18).

        :param str state: the new one
        :raises UserError: when what comes later stands in the way
        """
        # sudo: progress.bill - the order of life holds for everyone, whatever they may read
        bills = self.progress_bill_id.sudo()
        bills.contract_id._lock_for_billing()
        bills._check_order_of_life(whatever_state=True)
        for move in self:
            if move.progress_revision != move.progress_bill_id.sudo().revision:  # sudo: progress.bill - as above
                raise UserError(
                    self.env._(
                        "%(invoice)s belongs to an earlier revision of its progress bill, which has been billed "
                        "again since.",
                        invoice=move.display_name,
                    )
                )
        if state != 'cancel':
            self._check_only_final()
        self._check_contract_lives(state)
        if state == 'posted':
            self._check_progress_posting()
        else:
            self._check_progress_leaving()
            self.filtered(lambda move: move.state == 'posted')._unreconcile_progress_deposits()

    def _check_progress_posting(self):
        """What must hold when an invoice or credit note of a bill is posted."""
        for move in self:
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - whoever may post need not bill
            if not move.reversed_entry_id:
                move._check_progress_amounts_hold()
            elif move.reversed_entry_id.state != 'posted':
                raise UserError(
                    self.env._(
                        "%(credit)s reverses %(invoice)s, which is not posted. Post that first, or delete the "
                        "credit note.",
                        credit=move.display_name,
                        invoice=move.reversed_entry_id.display_name,
                    )
                )
            if bill.kind != 'final':
                continue
            if move.reversed_entry_id:
                move._check_final_credit_is_full()
            else:
                bill.contract_id._check_final_is_current(bill)

    def _check_progress_amounts_hold(self):
        """The ledger takes what the bill says, whatever was done to the draft (RULES A4).

        :raises UserError: to delete the draft and create it again
        """
        self.ensure_one()
        self._check_progress_currency()
        bill = self.progress_bill_id.sudo()  # sudo: progress.bill - as above
        expected = bill._get_expected_amounts()
        found = dict.fromkeys(expected, 0.0)
        for line in self.line_ids.filtered(lambda line: line.progress_line_type in ('deposit', 'revenue')):
            key = line.progress_bill_line_id.id if line.progress_line_type == 'revenue' else 'deposit'
            found[key] = found.get(key, 0.0) - line.amount_currency
        same = self.currency_id.compare_amounts
        shown = all(
            not line.tax_line_id and not same(-line.amount_currency, -self.direction_sign * line.price_subtotal)
            for line in self.line_ids.filtered('progress_line_type')
        )
        if not shown or found.keys() != expected.keys() or any(same(found[key], expected[key]) for key in expected):
            raise UserError(
                self.env._(
                    "The amounts of %(invoice)s are not those of its progress bill %(bill)s any more. Delete the "
                    "draft and create it again.",
                    invoice=self.display_name,
                    bill=bill.display_name,
                )
            )

    def _check_progress_leaving(self):
        """A credit note stays posted once a newer final invoice or bill took what it gave back (RULES C18)."""
        self.filtered(lambda move: move.state == 'posted')._check_not_credited(('posted',))
        for move in self.filtered(lambda move: move.state == 'posted' and move.reversed_entry_id):
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - as above
            newer = bill.contract_id.bill_ids.filtered(lambda other, bill=bill: other.bucket and other.id > bill.id)
            if bill.kind == 'final' and newer:
                raise UserError(
                    self.env._(
                        "%(invoice)s credits a final invoice, and %(bills)s were billed since. Undo those first.",
                        invoice=move.display_name,
                        bills=', '.join(newer.mapped('display_name')),
                    )
                )

    def _check_not_credited(self, states):
        """What a credit note stands on stays: else the ledger would hold the credit alone.

        :param states: states of credit notes that count
        :raises UserError: naming the credit notes to undo first
        """
        for move in self:
            standing = move.reversal_move_ids.filtered(lambda credit: credit.state in states) - self
            if standing:
                raise UserError(
                    self.env._(
                        "%(invoice)s is reversed by %(credits)s. Reset and delete that first.",
                        invoice=move.display_name,
                        credits=', '.join(standing.mapped('display_name')),
                    )
                )

    def _check_contract_lives(self, state):
        """Nothing comes to count on a cancelled contract (SPEC §9)."""
        for move in self:
            contract = move.progress_contract_id.sudo()  # sudo: progress.contract - its state and name only
            # an invoice counts from draft on, and again when its credit note leaves posted
            comes = move.state == 'posted' if move.reversed_entry_id else state != 'cancel'
            if contract.state == 'cancelled' and comes:
                raise UserError(
                    self.env._(
                        "%(contract)s of %(invoice)s is cancelled: set it back to draft and open it first.",
                        contract=contract.display_name,
                        invoice=move.display_name,
                    )
                )

    def _check_only_final(self):
        """A contract has one final invoice (SPEC §3)."""
        for move in self.filtered(lambda move: move.progress_invoice_type == 'final' and not move.reversed_entry_id):
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - as above
            other = bill.contract_id.bill_ids.filtered(
                lambda other, bill=bill: other.kind == 'final' and other.bucket and other != bill
            )
            if other:
                raise UserError(
                    self.env._(
                        "%(contract)s has the final invoice %(final)s already.",
                        contract=bill.contract_id.display_name,
                        final=other[0].invoice_name or other[0].name,
                    )
                )

    def _check_final_credit_is_full(self):
        """A final invoice is credited in full or not at all (ENGINE A4)."""
        for move in self:
            final = move.reversed_entry_id
            if move.currency_id.compare_amounts(
                move.amount_total, final.amount_total
            ) or move.currency_id.compare_amounts(move.amount_untaxed, final.amount_untaxed):
                raise UserError(
                    self.env._(
                        "%(credit)s must credit the final invoice %(final)s in full: it cannot be credited in part.",
                        credit=move.display_name,
                        final=final.display_name,
                    )
                )

    def _after_progress_state(self):
        """Totals follow by themselves; check that nothing is billed above its worth (RULES A1)."""
        # sudo: progress.bill - the check covers the whole contract, whatever the user may read
        bills = self.progress_bill_id.sudo()
        bills.line_ids.contract_line_id._check_not_overbilled()
        bills._check_credited()

    # === POSTING === #

    def _post(self, soft=True):
        posted = super()._post(soft)
        finals = posted.filtered(lambda move: move.progress_invoice_type == 'final')
        for move in finals:
            if move.reversed_entry_id:
                move.reversed_entry_id._unreconcile_progress_deposits()
                move._reconcile_with_reversed()
            else:
                # sudo: progress.contract - posting rights suffice
                move.progress_contract_id.sudo()._reconcile_deposits()
        return posted

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """Keep the bill on its credit notes; refuse them early where a final invoice exists."""
        if not self.progress_bill_id:
            return super()._reverse_moves(default_values_list, cancel=cancel)
        self.check_access('write')
        if cancel and not self.env.su and not self.env.user.has_group('account.group_account_invoice'):
            raise AccessError(self.env._("You don't have the access rights to post an invoice."))
        # sudo: progress.bill - the order of life holds for everyone, whatever they may read
        self.progress_bill_id.sudo()._check_order_of_life(whatever_state=True)
        # sudo: account.move - the links of a credit note to the bill are set by us alone
        moves = self.sudo()
        # not posted by super: the credit note has to pass the gate as the bill's own
        reversals = super(AccountMove, moves)._reverse_moves(default_values_list, cancel=False)
        for move, reversal in zip(moves, reversals, strict=True):
            reversal.write({'progress_bill_id': move.progress_bill_id.id, 'progress_revision': move.progress_revision})
        if cancel:
            moves.line_ids.remove_move_reconcile()
            reversals.with_context(move_reverse_cancel=True)._post(soft=False)
        return reversals.with_env(self.env)

    def _unreconcile_progress_deposits(self):
        """Open the deposits again that these invoices or credit notes were matched with (ENGINE A1)."""
        lines = self.line_ids
        accounts = lines.filtered(lambda line: line.progress_line_type in ('deposit', 'deposit_reversal')).account_id
        lines.filtered(lambda line: line.account_id in accounts).remove_move_reconcile()

    def _reconcile_with_reversed(self):
        """Match a credit note's deposit lines with the final invoice it takes back."""
        for move in self:
            accounts = move.line_ids.filtered(lambda line: line.progress_line_type == 'deposit_reversal').account_id
            for account in accounts:
                lines = (move | move.reversed_entry_id).line_ids.filtered(
                    lambda line, account=account: line.account_id == account and not line.reconciled
                )
                if len(lines) > 1:
                    lines.reconcile()

    # === PRINTING === #

    def _get_progress_deposit_rows(self):
        """The deposits this final invoice reverses: number, date, net and tax of each (SPEC §4).

        :return list: dicts, in the order of the lines
        """
        self.ensure_one()
        rows = {}
        for line in self.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'deposit_reversal'):
            deposit = line.progress_deposit_bill_id
            row = rows.setdefault(
                deposit,
                {
                    'number': deposit.invoice_id.name or deposit.name,
                    'date': deposit.invoice_id.invoice_date or deposit.date,
                    'net': 0.0,
                    'tax': 0.0,
                },
            )
            row['net'] -= line.price_subtotal
            row['tax'] -= line.price_total - line.price_subtotal
        return list(rows.values())

    def _get_progress_terms(self):
        """The company's terms, for an invoice whose narration is the bill's description."""
        self.ensure_one()
        # sudo: ir.config_parameter - whether terms are printed at all, an account setting
        if not self.env['ir.config_parameter'].sudo().get_param('account.use_invoice_terms'):
            return False
        return self.company_id.with_context(lang=self.partner_id.lang).invoice_terms

    # === HOOKS OF ODOO === #

    def _is_downpayment(self):
        """Deposits are down payments to the electronic invoicing of several countries."""
        return super()._is_downpayment() or self.progress_invoice_type == 'deposit'

    def action_view_progress_bill(self):
        """The progress bill this invoice was made from.

        :return dict: an action on ``progress.bill``
        """
        self.ensure_one()
        return self.progress_bill_id._get_bill_action()
