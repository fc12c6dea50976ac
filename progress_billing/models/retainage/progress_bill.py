from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ...tools import money, retainage


class ProgressBillRetainage(models.Model):
    """What a bill withholds or gives back, line by line, and how that stands on its invoice (SPEC §7, RULES A9, C8)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    retainage_amount = fields.Monetary(
        string="Retainage Withheld",
        compute='_compute_retainage_amount',
        store=True,
        help="Untaxed: withheld by this bill; negative where it gives back.",
    )
    credited_retainage_amount = fields.Monetary(compute='_compute_retainage_amount', store=True)
    holdback_amount = fields.Monetary(
        string="Held Back, Not Certified",
        readonly=True,
        copy=False,
        help="What the invoice held back because it was not certified; negative: given back.",
    )
    credited_holdback_amount = fields.Monetary(compute='_compute_credited_holdback_amount', store=True)
    retainage_step_percent = fields.Float(readonly=True, copy=False, aggregator=None, digits=(16, 4))
    releases_retainage = fields.Boolean(compute='_compute_releases_retainage')
    released_retainage_amount = fields.Monetary(string="Retainage Released", compute='_compute_releases_retainage')

    @api.depends('line_ids.retainage_amount', 'line_ids.credited_retainage_amount')
    def _compute_retainage_amount(self):
        for bill in self:
            bill.retainage_amount = sum(bill.line_ids.mapped('retainage_amount'))
            bill.credited_retainage_amount = sum(bill.line_ids.mapped('credited_retainage_amount'))

    @api.depends('line_ids.retainage_amount')
    def _compute_releases_retainage(self):
        for bill in self:
            net = bill.currency_id.round(sum(bill.line_ids.mapped('retainage_amount')))
            bill.released_retainage_amount = max(-net, 0.0)  # what moves between lines, as under a cap, is none
            bill.releases_retainage = net < 0

    @api.depends('holdback_amount', 'revision', 'move_ids.state', 'move_ids.reversed_entry_id')
    def _compute_credited_holdback_amount(self):
        """What posted credit notes gave back of what was held back uncertified (RULES C5)."""
        for bill in self:
            items = self.env['account.move.line']
            if bill.holdback_amount:
                reversals = bill._get_current_moves().filtered(
                    lambda move: move.reversed_entry_id and move.state == 'posted'
                )
                items = reversals.line_ids.filtered(lambda item: item.progress_line_type == 'holdback')
            bill.credited_holdback_amount = -sum(items.mapped('amount_currency'))

    # === WITHHOLDING === #

    def _withhold_retainage(self):
        """Compute what these bills withhold on each line, lines without work included where a rate changed."""
        for bill in self:
            if bill.kind == 'retainage':
                bill._check_retainage_held()
            elif bill._has_retainage():
                bill._withhold_on_lines()

    def _has_retainage(self):
        """Whether anything is or was held back: by the contract, or by a rate that stands on this bill alone."""
        self.ensure_one()
        return self.contract_id._has_retainage() or any(
            line.retainage_percent or line.stored_retainage_percent for line in self.line_ids
        )

    def _withhold_on_lines(self):
        self.ensure_one()
        contract = self.contract_id
        before = self._get_retainage_history()
        mine = {line.contract_line_id: line for line in self.line_ids}
        touched = contract._get_billable_lines().filtered(lambda line: line in before or line in mine)
        states = {
            scheduled: self._get_state_after(scheduled, before, mine)
            for scheduled in touched.sorted(lambda line: (line.sequence, line.id))
        }
        targets, step = contract._get_retainage_targets(states)
        others = contract._get_retainage_kept(without=self)
        earlier = contract._get_live_bills(self).filtered(lambda bill: bill.kind != 'retainage')
        last_step = earlier[-1:].retainage_step_percent
        for scheduled, target in targets.items():
            if scheduled not in mine and not self._is_for(scheduled):
                continue
            state = before.get(scheduled)
            formula = state['formula'] if state else money.ZERO
            held = state['held'] if state else money.ZERO
            rates = states[scheduled][0], states[scheduled][2]
            changed = bool(state) and (rates != state['rates'] or money.to_decimal(last_step) != money.to_decimal(step))
            mirrored = scheduled.revised_amount < 0
            amount = retainage.withhold(
                target,
                formula,
                held,
                changed=changed,
                bound=self._get_give_back(held, others.get(scheduled)),
                mirrored=mirrored,
            )
            line = mine.get(scheduled)
            if not line and (amount or target != formula):
                line = self._add_retainage_line(scheduled)
            if line:
                vals = {'retainage_formula': float(target - formula)}
                if not line.is_retainage_typed:
                    vals['retainage_amount'] = float(amount)
                line._write_derived(vals)
        self._write_protected({'retainage_step_percent': step})
        self._check_retainage_held(before)

    def _is_for(self, scheduled):
        """Whether a schedule line is billed to this bill's customer and location: one customer a bill."""
        self.ensure_one()
        return (self.partner_id, self.partner_shipping_id) == scheduled._get_run_key()[:2]

    @api.model
    def _get_give_back(self, held, others):
        """The most that can be given back: what is held before, and by all other bills where later ones gave back."""
        if others is None or abs(others) >= abs(held):
            return held
        return others if others * held > 0 else money.ZERO

    def _add_retainage_line(self, scheduled):
        """A line without work: its retainage alone changes (RULES C20)."""
        # sudo: progress.bill.line - a derived line, on a bill that may be beyond editing
        lines = self.env['progress.bill.line'].sudo()
        return lines.create({'bill_id': self.id, 'contract_line_id': scheduled.id, 'amount': 0.0})

    def _get_retainage_history(self):
        """What the bills before this one come to, by schedule line: work, stored, held, formula and last rates."""
        history = {}
        for line in self.contract_id._get_live_bills(self).line_ids:
            state = history.setdefault(
                line.contract_line_id,
                {'work': money.ZERO, 'stored': money.ZERO, 'held': money.ZERO, 'formula': money.ZERO, 'rates': None},
            )
            kept = line._get_share_kept()
            state['work'] += money.to_decimal(line.certified_amount) - money.to_decimal(line.credited_amount)
            state['held'] += line._get_retainage_kept()
            state['formula'] += money.to_decimal(line.retainage_formula) * kept
            if line.bill_id.kind != 'retainage':
                state['stored'] = money.to_decimal(line.stored_amount)
                state['rates'] = (
                    money.to_decimal(line.retainage_percent),
                    money.to_decimal(line.stored_retainage_percent),
                )
        return history

    def _get_state_after(self, scheduled, before, mine):
        """Rates and cumulative amounts of a schedule line once this bill counts."""
        state, line = before.get(scheduled), mine.get(scheduled)
        source = line or scheduled
        if not line and not self._is_for(scheduled) and state['rates']:  # another customer's: as it stands
            return state['rates'][0], state['work'], state['rates'][1], state['stored']
        work = (state['work'] if state else money.ZERO) + money.to_decimal(line.certified_amount if line else 0)
        stored = money.to_decimal(line.stored_amount) if line else state['stored']
        return (
            money.to_decimal(source.retainage_percent),
            work,
            money.to_decimal(source.stored_retainage_percent),
            stored,
        )

    def _check_retainage_held(self, before=None):
        """What is held is never negative: no bill gives back more than was withheld (SPEC §7).

        :raises UserError: naming the line
        """
        before = self._get_retainage_history() if before is None else before
        for line in self.line_ids:
            held = before[line.contract_line_id]['held'] if line.contract_line_id in before else money.ZERO
            sign = -1 if line.contract_line_id.revised_amount < 0 else 1
            wrong = self.kind == 'retainage' and sign * line.retainage_amount > 0
            if wrong or sign * (held + money.to_decimal(line.retainage_amount)) < 0:
                raise UserError(
                    self.env._(
                        "%(bill)s: %(line)s holds %(held)s of retainage, %(amount)s cannot be released.",
                        bill=self.display_name,
                        line=line.contract_line_id.display_name,
                        held=self.contract_id._show_amount(float(held)),
                        amount=self.contract_id._show_amount(-line.retainage_amount),
                    )
                )

    def _restate_stored(self):
        """Bills not invoiced yet follow what the bills before them leave stored (RULES C20)."""
        for contract in self.contract_id:
            stored = {}
            for line in contract._get_live_bills().filtered(lambda bill: bill.kind != 'retainage').line_ids:
                before = stored.get(line.contract_line_id, 0.0)
                stored[line.contract_line_id] = line.stored_amount
                waiting = not line.bill_id.invoice_id and line.kind != 'opening'
                if waiting and line.currency_id.compare_amounts(line.previous_stored_amount, before):
                    line._write_derived({'previous_stored_amount': before})

    def _has_stored(self):
        """Whether these bills say anything of stored materials."""
        return any(line.stored_amount or line.previous_stored_amount for line in self.line_ids)

    # === INVOICE LINES === #

    def _prepare_invoice_line_list(self):
        lines = [] if self.kind == 'retainage' else super()._prepare_invoice_line_list()
        held = self._prepare_retainage_line_list() + self._prepare_holdback_line_list()
        if held and any(line.get('display_type') for line in lines):  # not under the last section of the work
            title = self.with_context(lang=self.partner_id.lang).env._("Retainage")
            held.insert(0, {'display_type': 'line_section', 'name': title})
        return lines + held

    def _prepare_retainage_line_list(self):
        """Negative lines for what is withheld, positive ones for what is given back (RULES A9, ENGINE C)."""
        self.ensure_one()
        lines = self.line_ids.filtered('retainage_amount')
        if not lines:
            return []
        if self.contract_id._get_retainage_tax() == 'release':
            return self._prepare_taxed_retainage_line_list(lines)
        total = sum(lines.mapped('retainage_amount'))
        if self.currency_id.is_zero(total):
            return []
        lines._write_derived({'retainage_tax_amounts': False})
        return [self._prepare_held_vals('retainage', -total, self.company_id.progress_retainage_tax_id)]

    def _prepare_taxed_retainage_line_list(self, lines):
        """Tax follows the release: the lines carry the taxes of the work, cumulative like these (RULES C9)."""
        engine, contract = self.env['progress.tax.engine'], self.contract_id
        base_lines = [
            engine._base_line(
                contract,
                -line.retainage_amount,
                line.contract_line_id.tax_ids,
                _key=line.contract_line_id.id,
                _bill_line=line,
            )
            for line in lines
        ]
        engine._compute_taxes(base_lines, contract.company_id)
        engine._apply_cumulative_taxes(base_lines, self._get_earlier_retainage_taxes(), contract.company_id)
        groups = {}
        for base_line in base_lines:
            amounts = {str(tax): taken for tax, taken in engine._tax_amounts(base_line).items()}
            base_line['_bill_line']._write_derived(
                {'retainage_tax_amounts': {'taxes': base_line['tax_ids'].ids, 'amounts': amounts}}
            )
            groups.setdefault(base_line['tax_ids'], []).append(base_line)
        result = []
        for taxes, group in groups.items():
            net, amounts = engine._merge(group)
            result.append(
                {
                    **self._prepare_held_vals('retainage', net, taxes),
                    **engine._prepare_frozen_line_vals(
                        contract, taxes, net, amounts, key=f'progress,{self.id},retainage'
                    ),
                }
            )
        return result

    def _get_earlier_retainage_taxes(self):
        """What the contract's other bills took of the taxes on retainage, for the engine.

        What is withheld is one series, what is released another: halves of 8.25 release 4.13 and 4.12. A release
        that leaves nothing on a line takes what is left of the line's taxes.
        """
        bills = self.contract_id.bill_ids.filtered(lambda bill: bill.bucket and bill != self)
        withheld = bills.filtered(lambda bill: bill.kind != 'retainage')
        if self.kind != 'retainage':
            return self._get_earlier_taxes('retainage', withheld)
        kept = self.contract_id._get_retainage_kept(without=self)
        cleared = {
            line.contract_line_id.id
            for line in self.line_ids
            if not kept.get(line.contract_line_id, money.ZERO) + line._get_retainage_kept()
        }
        return self._get_earlier_taxes('retainage', bills - withheld) + [
            entry for entry in self._get_earlier_taxes('retainage', withheld) if entry[0] in cleared
        ]

    def _prepare_holdback_line_list(self):
        """What was certified less than is due is held back apart, and falls due with the next bill (RULES C5)."""
        change = self.holdback_amount
        if self.currency_id.is_zero(change):
            return []
        return [self._prepare_held_vals('holdback', -change, self.company_id.progress_retainage_tax_id)]

    def _get_holdback_change(self):
        """What this bill adds to what is held back uncertified: a decimal, negative where it falls due."""
        self.ensure_one()
        bills = self.contract_id.bill_ids
        if not any(bill.sum_certified or bill.holdback_amount for bill in bills):
            return money.ZERO
        return self.contract_id._get_certificates(self)[self]['holdback']

    def _prepare_held_vals(self, line_type, amount, taxes):
        """Values of a line on the retainage account.

        :param str line_type: ``retainage`` or ``holdback``
        :param float amount: untaxed, as it adds to the invoice: negative for what is held back
        :param taxes: its taxes
        """
        env = self.with_context(lang=self.partner_id.lang).env
        names = {
            ('retainage', True): env._("Retainage withheld"),
            ('retainage', False): env._("Retainage released"),
            ('holdback', True): env._("Held back: not certified"),
            ('holdback', False): env._("Held back before, due now"),
        }
        return {
            'name': names[line_type, amount < 0],
            'account_id': self.contract_id._get_retainage_account().id,
            'quantity': -1.0 if amount < 0 else 1.0,
            'price_unit': abs(amount),
            'tax_ids': [Command.set(taxes.ids)],
            'analytic_distribution': False,
            'progress_line_type': line_type,
        }

    def _get_expected_amounts(self):
        expected = {} if self.kind == 'retainage' else super()._get_expected_amounts()
        for line_type, lines in (
            ('retainage', self._prepare_retainage_total()),
            ('holdback', self._prepare_booked_holdback()),
        ):
            if lines:
                expected[line_type] = sum(line['quantity'] * line['price_unit'] for line in lines)
        return expected

    def _prepare_booked_holdback(self):
        """What the invoice held back or gave back of what was not certified, as one line."""
        if self.currency_id.is_zero(self.holdback_amount):
            return []
        return [{'quantity': 1.0, 'price_unit': -self.holdback_amount}]

    def _prepare_retainage_total(self):
        """The retainage of the bill as one untaxed line; none where it comes to nothing."""
        held = self.line_ids.filtered('retainage_amount')
        total = sum(held.mapped('retainage_amount'))
        if self.currency_id.is_zero(total) and not any(held.mapped('retainage_tax_amounts')):
            return []
        return [{'quantity': 1.0, 'price_unit': -total}]
