from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...tools import money, retainage

#: what is held back of every line from now on
RATES = {
    'retainage_percent',
    'stored_retainage_percent',
    'retainage_base',
    'retainage_cap_percent',
    'retainage_step_mode',
    'retainage_step_ids',
}


class ProgressContractRetainage(models.Model):
    """What the customer holds back of a contract, and its release."""

    _name = 'progress.contract'
    _inherit = ['progress.contract', 'progress.retainage.mixin']

    retainage_account_id = fields.Many2one(
        'account.account',
        check_company=True,
        domain="[('account_type', '=', retainage_account_type), ('reconcile', '=', True)]",
        help="Only where it differs from the company's retainage account.",
    )
    booked_retainage_account_id = fields.Many2one(
        'account.account', compute='_compute_booked_retainage_account_id', compute_sudo=True
    )
    retainage_base = fields.Selection(
        [('untaxed', "Untaxed"), ('taxed', "With Tax")],
        help="The amount without or with tax. Empty: as the company says.",
    )
    retainage_step_ids = fields.One2many(
        'progress.retainage.step', 'contract_id', string="Retainage Steps", copy=True, often_empty=True
    )
    retainage_step_mode = fields.Selection(
        [('balance', "The whole balance"), ('after', "What comes after")],
        string="A Step Is For",
        default='balance',
        required=True,
    )
    retainage_cap_percent = fields.Float(
        string="Retainage Cap (%)", digits=(16, 4), help="Of the contract sum, change orders included. 0: no cap."
    )
    retainage_balance = fields.Monetary(
        string="Retainage Held",
        compute='_compute_retainage_balance',
        store=True,
        guarded=True,
        help="Withheld by posted invoices and not released yet, untaxed.",
    )
    retainage_due_date = fields.Date(
        string="Retainage Due On", help="When what is held back is expected to be released: ages the list of retainage."
    )
    may_set_retainage = fields.Boolean(compute='_compute_retainage_rights')
    may_release_retainage = fields.Boolean(compute='_compute_retainage_rights')

    @api.depends('bill_ids.bucket', 'bill_ids.retainage_amount', 'bill_ids.credited_retainage_amount')
    def _compute_retainage_balance(self):
        for contract in self:
            actual = contract.bill_ids.filtered(lambda bill: bill.bucket == 'actual')
            contract.retainage_balance = sum(actual.mapped('retainage_amount')) - sum(
                actual.mapped('credited_retainage_amount')
            )

    @api.depends('state')
    @api.depends_context('uid')
    def _compute_retainage_rights(self):
        for contract in self:
            contract.may_set_retainage = contract.state == 'draft' or contract._may_do('set_retainage')
            contract.may_release_retainage = contract._may_do('release_retainage')

    @api.constrains('retainage_base', 'company_id')
    def _check_retainage_base(self):
        for contract in self:
            if contract.retainage_base == 'taxed' and contract.company_id.progress_retainage_tax == 'release':
                raise ValidationError(contract.company_id._get_retainage_pair_message())

    @api.constrains('retainage_cap_percent')
    def _check_retainage_cap(self):
        for contract in self:
            if not 0 <= contract.retainage_cap_percent <= 100:
                raise ValidationError(
                    self.env._("The retainage cap of %s must be between 0 and 100 %%.", contract.display_name)
                )

    @api.constrains('retainage_account_id')
    def _check_retainage_account(self):
        for contract in self.filtered('retainage_account_id'):
            reason = contract._get_retainage_account_blocker(contract.retainage_account_id)
            if reason:
                raise ValidationError(reason)

    # === CRUD === #

    def write(self, vals):
        if RATES & self._get_typed(vals):
            self._check_may_set_retainage()
        return super().write(vals)

    # === ACTIONS === #

    def action_release_retainage(self, amount=None):
        """Bill what is held back, or a part of it spread over the lines by what they hold (RET-12).

        A pro forma where the contract uses them. Closed contracts release as well (RET-15).

        :param float amount: untaxed, contract currency; all that is held unless given
        :return dict: the action that shows the invoice or bill
        :raises AccessError: for users who may not release it
        :raises UserError: for an amount that is not more than 0, or more than is held
        """
        self._check_may_release_retainage()
        self._lock_for_billing()
        vals_list = [vals for contract in self for vals in contract._prepare_release_bills(amount)]
        return self.env['progress.bill']._make_bills(vals_list)._get_result_action()

    def action_release_retainage_wizard(self):
        """The Release Retainage button: all, an amount, or line by line.

        :return dict: the dialog
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_release_wizard')
        return dict(action, context={'default_contract_id': self.id})

    def action_retainage_wizard(self):
        """Change the retainage rates: asks for which lines (RET-1).

        :return dict: the dialog
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_retainage_wizard')
        return dict(
            action,
            context={
                'default_contract_id': self.id,
                'default_retainage_percent': self.retainage_percent,
                'default_stored_retainage_percent': self.stored_retainage_percent,
            },
        )

    def action_set_retainage(self, retainage_percent, stored_retainage_percent=None, all_lines=False):
        """Set the contract's retainage rates: for lines added from now on, or for all lines at once (RET-1).

        The next bill follows with the balance: a lowered rate gives back, a raised one catches up.

        :param float retainage_percent: of work done
        :param float stored_retainage_percent: of materials stored; unchanged unless given
        :param bool all_lines: set it on every schedule line too
        :return dict: the action that shows the contracts
        :raises AccessError: for users who may not set it
        """
        self.check_access('write')
        self._check_may_set_retainage()
        vals = {'retainage_percent': retainage_percent}
        if stored_retainage_percent is not None:
            vals['stored_retainage_percent'] = stored_retainage_percent
        self.write(vals)
        if all_lines:
            self._get_billable_lines().write(vals)
        return self._get_contract_action()

    # === RIGHTS === #

    def _check_may_set_retainage(self):
        """Rates are terms as long as the contract is a draft; from then on they change what customers pay (RET-1).

        :raises AccessError: for users who may not set them
        """
        started = self.filtered(lambda contract: contract.state != 'draft')
        if started:
            started._check_may_do(
                'set_retainage',
                self.env._(
                    "Only administrators set retainage for all lines once billing has started. Ask one of them."
                ),
            )

    def _check_may_release_retainage(self):
        """:raises AccessError: for users who may not release what is held back"""
        self.check_access('write')
        self._check_may_do('release_retainage', self.env._("Only administrators release retainage. Ask one of them."))

    # === RELEASE === #

    def _prepare_release_bills(self, amount=None, by_line=None):
        """Values of the bill that releases retainage, one for each customer and location.

        :param float amount: in total; all that is held unless given
        :param dict by_line: amounts by schedule line, for a release line by line
        """
        self.ensure_one()
        reasons = self._get_state_blockers(('open', 'closed'))
        if not reasons and self.state == 'open' and self.final_bill_id:
            reasons = [self.env._("Its final invoice is a draft: post or delete it first.")]
        if reasons:
            self._raise_blockers({self: reasons})
        held = {line: kept for line, kept in self._get_retainage_held().items() if kept}
        shares = by_line if by_line is not None else self._spread_release(amount, held)
        self._check_release(shares, held)
        groups = {}
        for line, share in shares.items():
            if share:
                groups.setdefault(line._get_run_key()[:2], []).append((line, share))
        return [
            {
                **self._prepare_run_bill_vals(key),
                'kind': 'retainage',
                'title': self.env._("Release of retainage"),
                'claims': [line._prepare_release(share) for line, share in group],
            }
            for key, group in groups.items()
        ]

    def _spread_release(self, amount, held):
        """What each line releases of an amount: in proportion to what it holds, to the cent (RET-12)."""
        total = sum(held.values(), money.ZERO)
        if amount is None:
            if not total:
                raise UserError(self.env._("No retainage is held on %s.", self.display_name))
            return held
        wanted = money.round_to(self._read_number(amount), self.currency_id.rounding)
        if not 0 < wanted <= total:
            raise UserError(
                self.env._(
                    "%(amount)s cannot be released on %(contract)s: %(held)s is held. Release more than 0 and at most "
                    "that.",
                    amount=self._show_amount(float(wanted)),
                    contract=self.display_name,
                    held=self._show_amount(float(total)),
                )
            )
        shares = money.spread(wanted, held.values(), self.currency_id.rounding)
        return dict(zip(held, shares, strict=True))

    def _check_release(self, shares, held):
        """No line releases less than nothing, or more than it holds."""
        for line, share in shares.items():
            if money.room_left(held.get(line, money.ZERO), share, 0, self.currency_id.rounding):
                raise UserError(
                    self.env._(
                        "%(line)s holds %(held)s: %(amount)s cannot be released. Release at most what it holds.",
                        line=line.display_name,
                        held=self._show_amount(float(held.get(line, 0))),
                        amount=self._show_amount(float(share)),
                    )
                )
        if not any(shares.values()):
            raise UserError(self.env._("Enter what is to be released on %s.", self.display_name))

    def _get_retainage_held(self):
        """What can be released of each schedule line: what posted invoices hold, less releases not posted yet.

        :return dict: decimals by schedule line
        """
        self.ensure_one()
        held = dict.fromkeys(self._get_billable_lines(), money.ZERO)
        for line in self._get_live_bills().line_ids:
            kept = line._get_retainage_kept()
            if line.bucket == 'actual' or line._gives_back_retainage():
                held[line.contract_line_id] = held.get(line.contract_line_id, money.ZERO) + kept
        return held

    def _get_retainage_kept(self, without=None, buckets=('draft', 'actual')):
        """What bills hold back of each schedule line, whatever their order.

        :param without: a bill that does not count
        :param buckets: drafts and posted ones, or posted ones only
        :return dict: decimals by schedule line
        """
        self.ensure_one()
        kept = {}
        for bill in self._get_live_bills():
            if bill == without or bill.bucket not in buckets:
                continue
            for line in bill.line_ids:
                kept[line.contract_line_id] = kept.get(line.contract_line_id, money.ZERO) + line._get_retainage_kept()
        return kept

    def _check_retainage_covered(self):
        """What was released stays covered by what is held: nothing it came from is undone before it (RET-13).

        :raises UserError: naming the line
        """
        if not self:
            return
        # sudo: progress.bill.line - what is held does not depend on who asks
        lines = self.env['progress.bill.line'].sudo()
        lines.flush_model(['contract_id', 'bucket', 'retainage_amount'])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM progress_bill_line"
                " WHERE contract_id = ANY(%s) AND bucket IS NOT NULL AND retainage_amount <> 0",
                self.ids,
            )
        )
        lines = lines.browse([row[0] for row in rows])
        given_back = lines.filtered(lambda line: line._gives_back_retainage())
        for contract in self & given_back.contract_id:
            for buckets in (('draft', 'actual'), ('actual',)):
                for line, kept in contract._get_retainage_kept(buckets=buckets).items():
                    if kept * (-1 if line.revised_amount < 0 else 1) < 0:
                        raise UserError(
                            self.env._(
                                "%(line)s of %(contract)s: retainage that was released would not be held any more. "
                                "Undo the release first.",
                                line=line.display_name,
                                contract=contract.display_name,
                            )
                        )

    def _get_retainage_tax(self):
        """When retainage is taxed: as it was when it was withheld, else as the company says (RET-10)."""
        self.ensure_one()
        held = self.bill_ids.filtered(lambda bill: bill.bucket and bill.invoice_id).line_ids.filtered(
            'retainage_amount'
        )
        if not held:
            return self.company_id.progress_retainage_tax
        return 'release' if any(held.mapped('retainage_tax_amounts')) else 'now'

    def _get_live_bills(self, before=None):
        """Bills that count, in their order.

        :param before: a bill; only those before it
        """
        bills = self.bill_ids.filtered('bucket')
        if before:
            bills = bills.filtered(lambda bill: bill != before and bill._get_order_key() < before._get_order_key())
        return bills.sorted(lambda bill: bill._get_order_key())

    def _get_certificates(self, extra):
        """What was due and what was certified of each bill, in their order, for each customer (RET-19).

        What an invoice held back is kept on its bill; a bill without invoice takes what is missing.

        :param extra: bills that are shown although they do not count: planned or cancelled ones
        :return dict: by bill, decimals ``due``, ``certified``, ``previous`` (certified before) and
            ``holdback`` (what the bill adds to what is held back, negative where it falls due)
        """
        self.ensure_one()
        live, result, sums = self._get_live_bills(), {}, {}
        for bill in (live | extra).sorted(lambda bill: bill._get_order_key()):
            customer = bill.partner_id.commercial_partner_id
            held, before = sums.get(customer, (money.ZERO, money.ZERO))
            entry = result[bill] = {'previous': before, **bill._get_certificate(held)}
            if bill in live:
                sums[customer] = held + entry['holdback'], before + entry['certified']
        return result

    # === RATES === #

    def _has_retainage(self, but=None):
        """Whether anything is or was held back: contracts without take no detour.

        :param but: bills that do not count
        """
        self.ensure_one()
        return bool(
            self.retainage_percent
            or self.stored_retainage_percent
            or self.retainage_step_ids
            or self.line_ids._have_retainage_rates()
            or any(bill.retainage_amount for bill in (self.bill_ids - but if but else self.bill_ids) if bill.bucket)
        )

    def _get_retainage_step(self, completed_percent):
        """The step rate that holds for the whole balance; the contract's own where steps are for what comes after."""
        steps = [(step.completed_percent, step.retainage_percent) for step in self.retainage_step_ids]
        if self.retainage_step_mode != 'balance' or not steps:
            return self.retainage_percent
        return float(retainage.step_percent(self.retainage_percent, steps, completed_percent))

    def _get_retainage_targets(self, states):
        """What is to be held on each line by rates, steps and cap.

        :param dict states: ``(work percent, work, stored percent, stored)`` by schedule line, cumulative
        :return tuple: targets by schedule line, and the step rate for the whole balance
        """
        self.ensure_one()
        unit = self.currency_id.rounding
        done = sum((work + stored for _rate, work, _stored_rate, stored in states.values()), money.ZERO)
        percent = money.ratio_percent(done, self.revised_amount)
        steps = [(step.completed_percent, step.retainage_percent) for step in self.retainage_step_ids]
        on_balance = self.retainage_step_mode == 'balance'
        factor = retainage.step_factor(self.retainage_percent, steps, percent, on_balance=on_balance)
        cap = None
        if self.retainage_cap_percent:
            cap = money.percent_of(self.retainage_cap_percent, self.revised_amount, unit)
        parts = [
            retainage.uncapped(
                retainage.step_rate(self.retainage_percent, rate, steps, percent, on_balance=on_balance),
                line._get_retainage_base(work),
                stored_rate,
                line._get_retainage_base(stored),
            )
            for line, (rate, work, stored_rate, stored) in states.items()
        ]
        held = retainage.targets(parts, factor, cap, unit)
        return dict(zip(states, held, strict=True)), self._get_retainage_step(float(percent))

    # === ACCOUNT === #

    def _find_retainage_account(self):
        """Retainage account of contract or company; may be empty."""
        self.ensure_one()
        # what is held is released from where it was booked
        return self.booked_retainage_account_id or self.retainage_account_id or self._get_company_retainage_account()

    @api.depends('bill_ids.invoice_ids')
    def _compute_booked_retainage_account_id(self):
        """Asked once for all contracts whose invoices are made together."""
        items = self.env['account.move.line']
        items.flush_model(['move_id', 'account_id', 'date', 'progress_line_type', 'parent_state'])
        self.env['account.move'].flush_model(['progress_contract_id'])
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT ON (move.progress_contract_id) move.progress_contract_id, item.account_id"
                " FROM account_move_line item JOIN account_move move ON move.id = item.move_id"
                " WHERE move.progress_contract_id = ANY(%s) AND item.progress_line_type = ANY(%s)"
                " AND item.parent_state <> 'cancel' ORDER BY move.progress_contract_id, item.date DESC, item.id",
                self.ids,
                items._get_progress_types(account='retainage'),
            )
        )
        booked = dict(rows)
        for contract in self:
            contract.booked_retainage_account_id = booked.get(contract._origin.id)

    def _get_company_retainage_account(self):
        """The company's account for retainage of the contract's side; may be empty."""
        return self.company_id.progress_retainage_account_id

    def _get_held_tax(self):
        """The company's tax of 0 % on lines of what is held back, where tax is due at once; may be empty."""
        return self.company_id.progress_retainage_tax_id

    def _get_retainage_account(self):
        """The account retainage is booked on (RET-8).

        :raises UserError: when there is none, or one that is no reconcilable current asset
        """
        self.ensure_one()
        account = self._find_retainage_account()
        reason = self._get_retainage_account_blocker(account)
        if reason:
            self._raise_blockers({self: [reason]})
        return account

    def _get_retainage_account_blocker(self, account):
        """Why retainage cannot be booked on an account, in a sentence; empty where it can.

        :param account: ``account.account``, may be empty
        """
        if not account:
            return self.env._(
                "No retainage account is set: choose it on the contract, or in the Progress Billing settings of %s.",
                self.company_id.display_name,
            )
        if not self._is_open_account(account, self._get_retainage_account_type()):
            return self.env._(
                "%(account)s cannot hold retainage: it must be an active account of type %(type)s that allows "
                "reconciliation. Choose another one on the contract or in the Progress Billing settings, or correct "
                "the account.",
                account=account.display_name,
                type=self._get_account_type_label(self._get_retainage_account_type()),
            )
        return ''

    def _get_opening_blockers(self):
        reasons = super()._get_opening_blockers()
        if self._has_retainage():
            reason = self._get_retainage_account_blocker(self._find_retainage_account())
            reasons += [reason] if reason else []
        return reasons

    def _reconcile_retainage(self):
        """Match what was withheld with what was released: Odoo takes the oldest first."""
        for contract in self:
            moves = contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')
            held = moves.line_ids._filter_progress(account='retainage')
            # taxes booked on the account too
            items = moves.line_ids.filtered(
                lambda line, accounts=held.account_id: line.account_id in accounts and not line.reconciled
            )
            for mine in items.grouped(lambda line: (line.account_id, line.move_id.commercial_partner_id)).values():
                if len(set(mine.mapped(lambda line: line.amount_currency > 0))) > 1:
                    mine.reconcile()
