from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, float_compare, format_date, split_every

from ...tools import amt_pct, instalments, money

RUN_BATCH = 50  # contracts that are billed together: what a run needs of memory is bounded by it
CREATE_MODES = ('remaining', 'percent', 'lines')


class ProgressContractRun(models.Model):
    """The billing run: what is pending becomes bills, grouped as the rules say; and bills made at once by a claim."""

    _name = 'progress.contract'
    _inherit = ['progress.contract', 'progress.scheduling.mixin']

    billing_rule_id = fields.Many2one(
        'progress.billing.rule',
        default=lambda self: self.env['progress.billing.rule']._get_default_rule(self.env.company),  # default
        check_company=True,
        tracking=True,
        ondelete='restrict',
        help="Of schedule lines whose task has none.",
    )
    period_policy = fields.Selection(
        [
            ('on_demand', "On Demand"),
            ('week', "Weekly"),
            ('month', "Monthly"),
            ('quarter', "Quarterly"),
            ('year', "Yearly"),
        ],
        string="Billing Period",
        default='on_demand',
        required=True,
        tracking=True,
        help="When what is pending is billed by the scheduled action; on demand: by the button only.",
    )
    next_billing_date = fields.Date(
        compute='_compute_next_billing_date',
        store=True,
        readonly=False,
        tracking=True,
        copy=False,
        index='btree_not_null',
        help="The scheduled action bills what is pending on this day.",
    )
    last_billing_date = fields.Date(readonly=True, copy=False, guarded=True)
    pending_amount = fields.Monetary(string="Pending", compute='_compute_pending_amount', store=True, guarded=True)
    completed_percent = fields.Float(
        string="Completed (%)",
        compute='_compute_completed_percent',
        store=True,
        digits=(16, 10),
        aggregator='avg',
        guarded=True,
        help="Work completed, weighted by the worth of the lines.",
    )

    _due_order = 'next_billing_date, id'

    @api.constrains('next_billing_date')
    def _check_next_billing_date(self):
        """A slip of the finger is no date (PLN-14)."""
        for contract in self:
            day = contract.next_billing_date
            if day and not instalments.is_within(day, 0, 'days'):
                raise ValidationError(
                    self.env._(
                        "%(contract)s: the next billing date %(date)s is not within 50 years of today.",
                        contract=contract.display_name,
                        date=format_date(self.env, day),
                    )
                )

    # === COMPUTE === #

    @api.depends('line_ids.pending_amount', 'line_ids.display_type')
    def _compute_pending_amount(self):
        sums = self._sum_lines(['pending_amount'])
        for contract in self:
            contract.pending_amount = sums[contract]['pending_amount']

    @api.depends('line_ids.completed_percent', 'line_ids.revised_amount', 'line_ids.display_type')
    def _compute_completed_percent(self):
        done = self._sum_work_done()
        for contract in self:
            contract.completed_percent = float(money.ratio_percent(done[contract], contract.revised_amount))

    def _sum_work_done(self):
        """What the work completed is worth: one query for the saved contracts, however many lines.

        :return dict: amounts by contract, not rounded
        """
        saved, lines = self.filtered('id'), self.env['progress.contract.line']
        lines.flush_model(['contract_id', 'revised_amount', 'completed_percent', 'display_type'])
        rows = self.env.execute_query(
            SQL(
                "SELECT contract_id, SUM(revised_amount * completed_percent::numeric) / 100 FROM progress_contract_line"
                " WHERE contract_id = ANY(%s) AND display_type IS NULL GROUP BY contract_id",
                saved.ids,
            )
        )
        sums = dict(rows)
        return {
            contract: sums.get(contract.id) or 0
            if contract.id
            else sum(line.revised_amount * line.completed_percent / 100 for line in contract._get_billable_lines())
            for contract in self
        }

    @api.depends('period_policy')
    def _compute_next_billing_date(self):
        """The end of the period at hand, until somebody chooses another day."""
        for contract in self:
            if contract.period_policy == 'on_demand':
                contract.next_billing_date = False
            elif not contract.next_billing_date:
                company = contract.company_id or self.env.company  # default before saving
                contract.next_billing_date = instalments.period_end(
                    company._get_progress_today(), contract.period_policy
                )

    def _advance_billing_date(self, done):
        """Set the next billing date behind ``done``; dates at a month's end stay there."""
        for contract in self.filtered(lambda contract: contract.period_policy != 'on_demand'):
            day = contract.next_billing_date or done
            while day <= done:
                day = instalments.next_period(day, contract.period_policy)
            if day != contract.next_billing_date:
                contract.next_billing_date = day

    # === ACTIONS === #

    def action_run_billing(self, date=None):
        """Bill what is pending, on as many bills as the rules ask for.

        Contracts with nothing to bill are skipped and named to the user (PRG-8).

        :param date: the bills' date; today in the company's time zone unless given
        :return dict: the action that shows the invoices or bills made
        :raises UserError: when none of these contracts has anything to bill, saying why
        """
        bills, reasons = self._run_billing(date=date)
        action = bills._get_result_action()
        if reasons:
            action['params'] = {'skipped': self._format_skipped(reasons)}
        return action

    def action_run_billing_wizard(self):
        """The Run Project Billing button: shows what will be made, and why the rest is not.

        :return dict: the preview
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_run_wizard')
        return dict(action, context={'default_contract_ids': self.ids})

    def action_recalculate_pending(self):
        """Set the pending values by the formula again, from Completed (%) and what is billed (PRG-1).

        :return dict: the action that shows the contracts
        :raises AccessError: for users who may not change the contracts
        """
        self.check_access('write')
        self._lock_for_billing()
        self.line_ids._recalculate_pending()
        return self._get_contract_action()

    def action_create_bill(self, mode, values=None):
        """Bill at once: all that remains, one percentage of every line, or an own claim a line (PRG-9).

        :param str mode: ``remaining``, ``percent`` or ``lines``
        :param dict values: ``percent`` (of each line's revised value) for ``percent``; ``lines`` for
            ``lines``: a list of dicts with ``contract_line_id`` and ``amount`` (untaxed, contract
            currency), ``percent`` (of the revised value) or ``quantity`` (line unit); optional
            ``date``, ``title`` and ``description``
        :return dict: the action that shows the invoice or bill made
        :raises UserError: for an unknown mode, a claim that is none, or more than is left
        """
        self.ensure_one()
        self.check_access('write')
        self._lock_for_billing()
        self._check_can_bill()
        values = self._read_dict(values or {})
        claims = [
            (line, claim)
            for line, claim in self._prepare_claims(mode, values)
            if claim['quantity'] or not self.currency_id.is_zero(claim['amount'])
        ]
        if not claims:
            raise UserError(self.env._("%s has nothing left to bill.", self.display_name))
        header = {name: values[name] for name in ('title', 'description') if values.get(name)}
        groups = {}
        for line, claim in claims:
            groups.setdefault(line._get_run_key(), []).append(claim)
        vals_list = [
            {**self._prepare_run_bill_vals(key, self._read_date(values.get('date'))), **header, 'claims': group}
            for key, group in groups.items()
        ]
        bills = self.env['progress.bill']._make_bills(vals_list)
        self._on_billed(self._read_date(values.get('date')))
        return bills._get_result_action()

    def action_create_bill_wizard(self):
        """Create on an open contract: asks which of the three ways.

        :return dict: the dialog
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_claim_wizard')
        return dict(action, context={'default_contract_id': self.id})

    # === CLAIMS OF A NEW BILL === #

    def _prepare_claims(self, mode, values):
        """``(schedule line, bill line values)`` of a bill made by hand.

        :raises UserError: for an unknown mode or a claim that is none
        """
        if mode not in CREATE_MODES:
            raise UserError(
                self.env._("Choose one of %(modes)s, not %(mode)s.", modes=', '.join(CREATE_MODES), mode=mode)
            )
        lines = self._get_billable_lines()
        if mode == 'remaining':
            return [
                (line, claim)
                for line, claim in lines._prepare_claims_of_rest().items()
                if not line.currency_id.is_zero(line._get_amount_left()) or claim['amount']
            ]
        if mode == 'percent':
            percent = self._read_percent(values.get('percent'))
            claims = [(line, line._prepare_claim_of_percent(percent)) for line in lines]
            return [(line, claim) for line, claim in claims if claim['amount']]
        entries = values.get('lines') or []
        if not isinstance(entries, (list, tuple)):
            raise UserError(self.env._("“%s” is no list of claims.", entries))
        claims = [self._prepare_own_claim(self._read_dict(entry)) for entry in entries]
        if len({line for line, _claim in claims}) < len(claims):
            raise UserError(self.env._("A schedule line can stand only once on a bill."))
        return claims

    def _read_dict(self, value):
        """Values that a caller gave, refused where they are none."""
        if not isinstance(value, dict):
            raise UserError(self.env._("“%s” should be a set of named values.", value))
        return dict(value)

    @api.model
    def _read_date(self, value):
        """A date that a caller gave, or nothing; refused where it is none."""
        try:
            return fields.Date.to_date(value)
        except (TypeError, ValueError, AttributeError, KeyError):
            raise UserError(self.env._("“%s” is no date: write it as in 2026-12-31.", value)) from None

    def _prepare_own_claim(self, entry):
        """One claim typed for one line."""
        line = self._get_billable_lines().filtered(lambda line: line.id == entry.get('contract_line_id'))
        if not line:
            raise UserError(
                self.env._(
                    "%(line)s is no schedule line of %(contract)s.",
                    line=entry.get('contract_line_id'),
                    contract=self.display_name,
                )
            )
        if 'percent' in entry:
            return line, line._prepare_claim_of_percent(self._read_percent(entry['percent']))
        if line.billing_base == 'quantity':
            if 'quantity' not in entry:
                raise UserError(
                    self.env._(
                        "%(line)s is billed by quantity: enter the quantity to invoice, the amount follows.",
                        line=line.display_name,
                    )
                )
            quantity = self._read_number(entry['quantity'])
            return line, line._prepare_claim(amount=line._price_further(quantity), quantity=quantity)
        return line, line._prepare_claim(amount=self.currency_id.round(self._read_number(entry.get('amount'))))

    def _read_percent(self, value):
        """A percentage that a caller gave: more than 0, at most 100."""
        percent = self._read_number(value)
        if not 0 < percent <= 100:
            point = self.env['res.lang']._get_progress_lang().decimal_point
            typed = amt_pct.format_percent(money.to_decimal(percent), point).removesuffix('%')
            raise UserError(self.env._("A percentage must be more than 0 and at most 100, not %s.", typed))
        return percent

    # === THE RUN === #

    def _run_billing(self, lines=None, date=None):
        """Make the bills of a run; see :meth:`_bill_pending`.

        :raises UserError: when nothing can be billed, saying why
        """
        bills, reasons = self._bill_pending(lines, date)
        if not bills:
            self._raise_blockers(reasons)
            raise UserError(self.env._("There is no billing contract here to bill."))
        return bills, reasons

    def _bill_pending(self, lines=None, date=None):
        """Bill what is pending on these contracts, as far as it can be billed.

        :param lines: only these schedule lines, for a run over tasks
        :param date: the bills' date
        :return tuple: the bills, and ``{contract: [reasons]}`` of the contracts that were not billed
        """
        self.check_access('write')
        day = self._read_date(date)
        self._lock_for_billing()
        bills, reasons = self.env['progress.bill'], {}
        for ids in split_every(RUN_BATCH, self.ids):
            if bills or reasons:  # what is known of the contracts before is not needed any more
                self.env.flush_all()
                self.env.invalidate_all()
            made, skipped = self.browse(ids)._bill_batch(lines, day)
            bills, reasons = bills + made, reasons | skipped
        if bills:
            self._notify_skipped(reasons)
        return bills, reasons

    def _bill_batch(self, lines, day):
        """Bill what is pending on these contracts together; see :meth:`_bill_pending`."""
        groups, reasons = self._get_run_plan(lines)
        vals_list = [{**contract._prepare_run_bill_vals(key, day), 'claims': group} for contract, key, group in groups]
        bills = self.env['progress.bill']._make_bills(vals_list) if vals_list else self.env['progress.bill']
        bills.contract_id._on_billed(day)
        return bills, reasons

    def _get_run_plan(self, lines=None):
        """What a run would make, without making it.

        :return tuple: groups ``(contract, key, schedule lines)`` in the order of the bills, and
            ``{contract: [reasons]}`` of the contracts that are not billed
        """
        groups, reasons = [], {}
        self.line_ids._fetch_to_plan()
        scheduled = self.line_ids if lines is None else self.line_ids & lines
        due = scheduled._filter_on_run()
        by_contract, over = due._group_by_run_key(), due._get_pending_blockers()
        for contract in self:
            blockers, mine = contract._get_billing_blockers(), by_contract.get(contract, {})
            if contract.company_id.progress_overbilling_policy != 'warn' and not blockers:
                blockers = over.get(contract, [])
            if not blockers and not mine:
                blockers = [self.env._("Nothing is pending: enter Completed (%) or a pending amount first.")]
            if blockers:
                reasons[contract] = blockers
                continue
            groups += [(contract, key, group) for key, group in mine.items()]
        return groups, reasons

    def _prepare_run_bill_vals(self, key, date=None):
        """A task that is billed separately gives its bill the title."""
        vals = super()._prepare_run_bill_vals(key, date)
        task = key[3] if len(key) > 3 else self.env['project.task']
        return {**vals, 'title': task.sudo().name or False}  # sudo: project.task - its name, for the bill's title

    def _is_final_early(self):
        """Work that is not complete may go on."""
        return super()._is_final_early() or float_compare(self.completed_percent, 100.0, precision_digits=2) < 0

    def _on_worth_changed(self, lines=None):
        super()._on_worth_changed(lines)
        if lines:
            lines._recalculate_pending()

    def _on_billed(self, date=None):
        """Keep when a contract was billed, and when it is next."""
        for contract in self:
            day = date or contract.company_id._get_progress_today()
            contract._write_protected({'last_billing_date': max(day, contract.last_billing_date or day)})
            contract._advance_billing_date(day)

    def _notify_skipped(self, reasons):
        """Tell the user which contracts were not billed, and why (PRG-8)."""
        if not reasons:
            return
        self.env.user._bus_send(
            'simple_notification',
            {
                'type': 'warning',
                'title': self.env._("Not billed"),
                'message': '\n'.join(': '.join(entry) for entry in self._format_skipped(reasons)),
            },
        )

    def _format_skipped(self, reasons):
        """``[contract name, reason]`` pairs that RPC can carry."""
        return [[contract.display_name, ' '.join(sentences)] for contract, sentences in reasons.items()]

    def run_billing_step(self, date=None):
        """A part of a long run, for a page that shows its progress: each contract is billed or says why not.

        :param date: the bills' date
        :return dict: ``bill_ids``, and ``skipped``: ``[contract name, reason]`` pairs
        :raises AccessError: for users who may not change the contracts
        """
        self.check_access('write')
        try:
            with self.env.cr.savepoint():
                bills, reasons = self._bill_pending(date=date)
                self.env.flush_all()
            return {'bill_ids': bills.ids, 'skipped': self._format_skipped(reasons)}
        except UserError as error:
            if len(self) == 1:
                return {'bill_ids': [], 'skipped': [[self.display_name, str(error)]]}
        results = [contract.run_billing_step(date) for contract in self]
        return {key: [entry for result in results for entry in result[key]] for key in ('bill_ids', 'skipped')}

    # === SCHEDULED ACTION === #

    @api.model
    def _cron_run_billing(self):
        """Run Project Billing on its billing date: bill what is pending on every contract that is due (PRG-10)."""
        self._run_due_records()

    @api.model
    def _get_due_domain(self):
        """Open contracts whose billing date has come, by each company's own date.

        :return Domain: on ``progress.contract``
        """
        return self._get_due_date_domain('next_billing_date') & Domain(
            [('period_policy', '!=', 'on_demand'), ('state', '=', 'open'), ('final_bill_id', '=', False)]
        )

    @api.model
    def _log_run(self, made, failed):
        """Keep the result of the run for the settings, beside that of the planned records."""
        result = self.env._("%(made)s bills made, %(failed)s contracts failed", made=made, failed=failed)
        self.env['res.company']._keep_run_result('progress_last_billing_run', result)

    def _run_scheduled(self):
        """Bill these contracts; one with nothing pending just waits for its next date.

        :return: the bills made
        """
        self._lock_for_billing()
        pending = self.filtered(lambda contract: any(line._is_on_run() for line in contract.line_ids))
        bills = self.env['progress.bill']
        if pending:
            pending._check_can_bill()
            bills, _reasons = pending._run_billing()
        for contract in self:
            contract._advance_billing_date(contract.company_id._get_progress_today())
        self._clear_failed_run()
        return bills
