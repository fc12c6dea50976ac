from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

#: lines whose account is brought to zero by reconciling them
RECONCILED_TYPES = ('deposit', 'deposit_reversal', 'retainage', 'holdback')
LINK_FIELDS = ('progress_bill_id', 'progress_revision')


class AccountMove(models.Model):
    """The invoice of a progress bill, and the one gate its states pass through (ENGINE A2)."""

    _name = 'account.move'
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

    @api.ondelete(at_uninstall=False)
    def _unlink_except_before_final(self):
        # sudo: progress.bill - the order of life holds for everyone, whatever they may read
        bills = self.progress_bill_id.sudo()
        bills.contract_id._lock_for_billing()
        bills._check_order_of_life(whatever_state=True)
        bills.filtered(lambda bill: not bill.contract_id.use_pro_forma)._check_change_undone()
        self.filtered('progress_bill_id')._check_not_credited(('draft', 'posted'))

    def unlink(self):
        # sudo: progress.bill - what the bills took is pending again, whoever deletes their drafts
        bills = self.progress_bill_id.sudo()
        if not bills:
            return super().unlink()
        result = super().unlink()
        bills._on_invoice_gone()
        bills.contract_id._check_retainage_covered()
        return result

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
            if state == 'posted' and move._is_progress_correction():
                continue
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
        ending = self.reversed_entry_id if state == 'posted' else self
        ending.progress_bill_id.sudo()._check_no_release_after()  # sudo: progress.bill - as above
        if state == 'posted':
            self._check_progress_posting()
        else:
            self._check_progress_leaving()
            self.filtered(lambda move: move.state == 'posted')._unreconcile_progress_deposits()

    def _after_progress_state(self):
        """Totals follow by themselves; check that nothing is billed above its worth (RULES A1)."""
        # sudo: progress.bill - the check covers the whole contract, whatever the user may read
        bills = self.progress_bill_id.sudo()
        bills.line_ids.contract_line_id._check_not_overbilled()
        bills._check_credited()
        unposted = self.filtered(lambda move: move.state != 'posted')
        unposted.progress_bill_id.sudo()._check_room_of_credits()  # sudo: progress.bill - as above
        bills.contract_id._check_retainage_covered()
        cancelled = self.filtered(lambda move: move.state == 'cancel')
        cancelled.progress_bill_id.sudo()._on_invoice_gone()  # sudo: progress.bill - as above
        bills._on_invoice_state()

    # === POSTING === #

    def _post(self, soft=True):
        # sudo: account.move - what is a correction does not depend on who posts; super checks the rights
        self.sudo().filtered(lambda move: move._is_progress_correction())._free_progress_payments()
        posted = super()._post(soft)
        posted._settle_with_freed_payments()
        held = posted.line_ids.filtered(lambda line: line.progress_line_type in ('retainage', 'holdback')).move_id
        held = held.filtered(lambda move: not move.reversed_entry_id)
        # sudo: progress.contract - posting rights suffice
        held.progress_contract_id.sudo()._reconcile_retainage()
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
            reversals.filtered(lambda move: move._is_progress_correction())._free_progress_payments()
            moves.line_ids.remove_move_reconcile()
            reversals.with_context(move_reverse_cancel=True)._post(soft=False)
        return reversals.with_env(self.env)

    def _is_progress_correction(self):
        """Whether this is the credit note of an invoice that a newer revision of its bill takes the place of."""
        self.ensure_one()
        bill = self.progress_bill_id.sudo()  # sudo: progress.bill - its revision only
        return bool(
            self.reversed_entry_id
            and self.move_type != self.reversed_entry_id.move_type
            and self.progress_revision < bill.revision
            and not bill.invoice_id
        )

    def _credit_for_correction(self):
        """Credit these invoices in full, posted where whoever acts may post (RULES C17)."""
        if not self:
            return
        may_post = self.env.user.has_group('account.group_account_invoice') or self.env.user._is_superuser()
        defaults = [
            {
                'date': (today := move.company_id._get_progress_today()),
                'invoice_date': today,
                'ref': self.env._("Correction of %s", move.name),
            }
            for move in self
        ]
        self._reverse_moves(defaults, cancel=may_post)

    def _free_progress_payments(self):
        """Keep the payments of invoices that are being corrected, for the invoice that follows (ENGINE B3)."""
        for credit in self:
            receivable = credit.reversed_entry_id._get_progress_receivable_lines()
            matched = receivable.matched_credit_ids.credit_move_id | receivable.matched_debit_ids.debit_move_id
            payments = matched.filtered(lambda line: not line.move_id.progress_bill_id)
            # sudo: progress.bill - set here alone
            credit.progress_bill_id.sudo().freed_payment_line_ids |= payments
            receivable.remove_move_reconcile()

    def _settle_with_freed_payments(self):
        """Match a corrected invoice with what was paid on the one before it."""
        for move in self.filtered(lambda move: move.progress_bill_id and not move.reversed_entry_id):
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - payments freed by the correction
            lines = bill.freed_payment_line_ids.filtered(lambda line: not line.reconciled)
            if not lines:
                continue
            receivable = move._get_progress_receivable_lines()
            for account in receivable.account_id:
                mine = (receivable | lines).filtered(lambda line, account=account: line.account_id == account)
                mine.filtered(lambda line: not line.reconciled).reconcile()
            bill.freed_payment_line_ids = False

    def _get_progress_receivable_lines(self):
        return self.line_ids.filtered(lambda line: line.account_type in ('asset_receivable', 'liability_payable'))

    def _unreconcile_progress_deposits(self):
        """Open the deposits again that these invoices or credit notes were matched with (ENGINE A1)."""
        lines = self.line_ids
        accounts = lines.filtered(lambda line: line.progress_line_type in RECONCILED_TYPES).account_id
        lines.filtered(lambda line: line.account_id in accounts).remove_move_reconcile()

    def _reconcile_with_reversed(self):
        """Match a credit note's deposit lines with the final invoice it takes back."""
        for move in self:
            accounts = move.line_ids.filtered(lambda line: line.progress_line_type == 'deposit_reversal').account_id
            for account in accounts.filtered('reconcile'):
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
