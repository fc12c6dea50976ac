from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .account_move_line import LINK_FIELDS

#: what says which bill an entry is of, and what it counts for there
STANDING_FIELDS = frozenset({'state', 'progress_bill_id', 'progress_revision', 'reversed_entry_id'})


class AccountMove(models.Model):
    """The invoice of a progress bill, and the one gate its states pass through (BIL-16)."""

    _name = 'account.move'
    _inherit = ['account.move', 'progress.guard.mixin']
    _guards_values = False
    _placing_fields = ()

    progress_bill_id = fields.Many2one(
        'progress.bill', copy=False, readonly=True, index='btree_not_null', ondelete='set null', guarded=True
    )
    progress_contract_id = fields.Many2one(
        related='progress_bill_id.contract_id',
        string="Billing Contract",
        store=True,
        index='btree_not_null',
        copy=False,
        guarded=True,
    )
    progress_revision = fields.Integer(copy=False, readonly=True, guarded=True)
    progress_invoice_type = fields.Selection(
        [('deposit', "Deposit"), ('progress', "Progress"), ('final', "Final"), ('retainage', "Retainage")],
        compute='_compute_progress_invoice_type',
        store=True,
        copy=False,
        guarded=True,
    )

    _progress_bill_live_once = models.UniqueIndex(
        "(progress_bill_id, progress_revision) WHERE progress_bill_id IS NOT NULL AND reversed_entry_id IS NULL "
        "AND state != 'cancel'",
        "This progress bill has an invoice already.",
    )

    def modified(self, fnames, create=False, before=False):
        """Tell the bills: depending on entries would cost everybody's (BIL-31)."""
        result = super().modified(fnames, create=create, before=before)
        bills = self.env['progress.bill']
        bills._forget_entries()
        standing = STANDING_FIELDS.intersection(fnames)
        if before and standing == {'state'}:  # told once it is another one: the entry stays with its bill
            return result
        if standing and any(self._ids):
            # sudo: progress.bill - what follows from invoices follows whoever changes them
            told = self.sudo().progress_bill_id
            told._on_moves_changed(before)
            told.move_ids._tell_credited(before)
        elif 'payment_state' in fnames and any(self._ids):  # written by hand, as a payment that is blocked
            self._tell_payments()
        return result

    def _tell_credited(self, before):
        """What was credited of lines of bills is summed up again, where there is a reversal among these entries."""
        self.fetch(['reversed_entry_id', 'progress_bill_id'])
        self.filtered('reversed_entry_id').progress_bill_id._get_all_lines()._sum_credited_again(before)

    def _compute_payment_state(self):
        result = super()._compute_payment_state()
        self._tell_payments()
        return result

    def _tell_payments(self):
        # sudo: progress.bill - what is stored of payments follows whoever pays
        self.sudo().progress_bill_id._on_payments_changed()

    @api.depends('progress_bill_id.kind', 'progress_bill_id.contract_id.revenue_recognition')
    def _compute_progress_invoice_type(self):
        for move in self:
            bill = move.progress_bill_id
            move.progress_invoice_type = bill._get_invoice_type() if bill else False

    # === CRUD: THE GATE === #

    def write(self, vals):
        self._check_progress_links(vals)
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
        direct = bills.filtered(lambda bill: not bill.contract_id.use_pro_forma)
        direct._raise_reasons([reason for bill in direct for reason in bill._get_change_blockers()])
        self.filtered('progress_bill_id')._check_not_credited(('draft', 'posted'))

    def unlink(self):
        # sudo: progress.bill - what the bills took is pending again, whoever deletes their drafts
        bills = self.progress_bill_id.sudo()
        if not bills:
            return super().unlink()
        result = super().unlink()
        bills._on_invoice_gone()
        return result

    # === HOOKS === #

    def _is_progress_held(self):
        """Whether an invoice that could be posted at once has to be approved first. Extend by ``super()``."""
        self.ensure_one()
        # approval of invoices by other addons, such as the OCA's tier validation, is told by a field of this name
        validated = not ('need_validation' in self._fields and self.need_validation)
        return not validated or bool(self.progress_bill_id._get_posting_blockers())

    def _before_progress_state(self, state):
        """Order of life, before invoices or credit notes of bills change state (DEP-10).

        Extend by ``super()``: check before it.

        :param str state: the new one
        :raises UserError: when what comes later stands in the way
        """
        # sudo: progress.bill - the order of life holds for everyone, whatever they may read
        bills = self.progress_bill_id.sudo()
        bills.contract_id._filter_unlocked()._lock_for_billing()
        bills._check_order_of_life(whatever_state=True)
        if state == 'posted':
            # sudo: progress.bill - as above
            claims = self.filtered(lambda move: not move.reversed_entry_id).progress_bill_id.sudo()
            claims._raise_reasons([reason for bill in claims for reason in bill._get_posting_blockers()])
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
        self._check_contract_lives(state)
        if state == 'posted':
            self._check_progress_posting()
        else:
            self._check_progress_leaving()
            self.filtered(lambda move: move.state == 'posted')._unreconcile_progress_deposits()

    def _after_progress_state(self):
        """Totals follow by themselves; check that nothing is billed above its worth (BIL-2).

        Extend by ``super()``: check after it.

        :raises UserError: when the new state breaks what was built on the old one
        """
        # sudo: progress.bill - the check covers the whole contract, whatever the user may read
        bills = self.progress_bill_id.sudo()
        bills.line_ids.contract_line_id._check_not_overbilled()
        bills._check_credited()
        unposted = self.filtered(lambda move: move.state != 'posted')
        unposted.progress_bill_id.sudo()._check_room_of_credits()  # sudo: progress.bill - as above
        cancelled = self.filtered(lambda move: move.state == 'cancel')
        if cancelled:
            cancelled.progress_bill_id.sudo()._on_invoice_gone()  # sudo: progress.bill - as above
        bills._on_invoice_state()

    def _on_progress_posted(self):
        """These invoices and credit notes of bills have just been posted: match what belongs together.

        Extend by ``super()``. The rights of whoever posts need not suffice for what is matched.
        """

    def _on_progress_reversed(self):
        """These credit notes of bills have just been made, and are posted next; what their invoices are matched with
        still stands. Extend by ``super()``.
        """

    # === POSTING === #

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted.filtered('progress_bill_id')._on_progress_posted()
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
        # not posted by super: the credit note has to pass the gate as the bill's own
        with self.line_ids._setting_own([dict.fromkeys(LINK_FIELDS)]):
            reversals = super()._reverse_moves(default_values_list, cancel=False)
        for move, reversal in zip(self, reversals, strict=True):
            reversal._write_protected(
                {'progress_bill_id': move.progress_bill_id.id, 'progress_revision': move.progress_revision}
            )
        if cancel:
            reversals._post_progress_reversals()
        return reversals

    def _post_progress_reversals(self):
        """Post the draft credit notes of invoices that are cancelled by them."""
        self._on_progress_reversed()
        self.reversed_entry_id.line_ids.remove_move_reconcile()
        self.with_context(move_reverse_cancel=True)._post(soft=False)

    def _get_progress_receivable_lines(self):
        return self.line_ids.filtered(lambda line: line.account_type in ('asset_receivable', 'liability_payable'))

    def _unreconcile_progress_deposits(self):
        """Open the deposits again that these invoices or credit notes were matched with (DEP-8)."""
        lines = self.line_ids
        accounts = (lines._filter_progress(account='deposit') | lines._filter_progress(account='retainage')).account_id
        lines.filtered(lambda line: line.account_id in accounts).remove_move_reconcile()

    # === PRINTING === #

    def _get_progress_terms(self):
        """The company's terms, for an invoice whose narration is the bill's description."""
        self.ensure_one()
        if not self.is_sale_document():  # a vendor's terms are not ours to print
            return False
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
