from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import money, retainage
from .progress_bill_line import RETAINAGE_FIELDS, STORED_FIELDS


class ProgressBillRetainage(models.Model):
    """What a bill withholds or gives back, line by line, and how that stands on its invoice (RET-8, RET-2)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    retainage_amount = fields.Monetary(
        string="Retainage Withheld",
        compute='_compute_retainage_amount',
        store=True,
        guarded=True,
        help="Untaxed: withheld by this bill; negative where it gives back.",
    )
    credited_retainage_amount = fields.Monetary(compute='_compute_retainage_amount', store=True, guarded=True)
    holdback_amount = fields.Monetary(
        readonly=True,
        copy=False,
        help="What the invoice held back because it was not certified; negative: given back.",
        guarded=True,
    )
    credited_holdback_amount = fields.Monetary(compute='_compute_credited_holdback_amount', store=True, guarded=True)
    retainage_step_percent = fields.Float(readonly=True, copy=False, aggregator=None, digits=(16, 4), guarded=True)
    releases_retainage = fields.Boolean(compute='_compute_releases_retainage')
    released_retainage_amount = fields.Monetary(string="Retainage Released", compute='_compute_releases_retainage')

    @api.depends('line_ids.retainage_amount', 'line_ids.credited_retainage_amount')
    def _compute_retainage_amount(self):
        self._set_line_sums('retainage_amount', 'credited_retainage_amount')

    @api.model
    def _get_line_sums(self):
        names = ('retainage_amount', 'credited_retainage_amount')
        return {**super()._get_line_sums(), **{name: ('line_ids', name) for name in names}}

    @api.depends('line_ids.retainage_amount')
    def _compute_releases_retainage(self):
        for bill in self:
            net = bill.currency_id.round(sum(bill.line_ids.mapped('retainage_amount')))
            bill.released_retainage_amount = max(-net, 0.0)  # what moves between lines, as under a cap, is none
            bill.releases_retainage = net < 0

    @api.depends('holdback_amount', 'revision', 'invoice_ids')
    def _compute_credited_holdback_amount(self):
        """What posted credit notes gave back of what was held back uncertified (RET-19)."""
        for bill in self:
            items = self.env['account.move.line']
            if bill.holdback_amount:
                reversals = bill._get_current_moves().filtered(
                    lambda move: move.reversed_entry_id and move.state == 'posted'
                )
                items = reversals.line_ids.filtered(lambda item: item.progress_line_type == 'holdback')
            bill.credited_holdback_amount = -items._get_progress_figure()

    @api.depends('retainage_amount', 'credited_retainage_amount', 'holdback_amount', 'credited_holdback_amount')
    def _compute_amount_due(self):
        return super()._compute_amount_due()

    def _get_amount_due(self):
        """What is held back is not due, what is given back is."""
        retained = self.retainage_amount - self.credited_retainage_amount
        return super()._get_amount_due() - retained - (self.holdback_amount - self.credited_holdback_amount)

    # === HOOKS === #

    def _before_invoices(self):
        """What is withheld is settled once more."""
        result = super()._before_invoices()
        self._withhold_retainage()
        return result

    def _prepare_invoiced_vals(self):
        return {**super()._prepare_invoiced_vals(), 'holdback_amount': float(self._get_holdback_change())}

    def _on_claimed(self, *, new=False):
        """Pro formas show what they withhold; their invoices settle it once more."""
        super()._on_claimed(new=new)
        self._restate_stored()
        openings = self.filtered(lambda bill: bill.kind == 'opening')
        if openings:
            openings._hold_opening_retainage()
        for wave in self._filter_pro_formas()._split_by_contract():
            wave._withhold_retainage()

    def _on_unbilled(self):
        super()._on_unbilled()
        self._restate_stored()
        self.contract_id._check_retainage_covered()

    # === WITHHOLDING === #

    def _hold_opening_retainage(self):
        """What was held back before the contract was entered stands as typed."""
        self.line_ids._write_protected({'is_retainage_typed': True})
        for bill in self._filter_retained():
            bill._withhold_on_lines()
            bill.contract_id._check_retainage_covered()

    def _withhold_retainage(self):
        """Compute what these bills withhold on each line, lines without work included where a rate changed."""
        retained = self._filter_retained()
        for bill in self:
            if bill.kind == 'retainage':
                bill._check_retainage_held()
            elif bill in retained:
                bill._withhold_on_lines()

    def _filter_retained(self):
        """Bills where anything is or was held back: by the contract, or on the bill alone, its sums to come or not."""
        held = self._filter_with_figures(*sorted(RETAINAGE_FIELDS))
        return self.filtered(lambda bill: bill in held or bill.contract_id._has_retainage(but=self))

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
                line._write_protected(vals)
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
        """A line without work: its retainage alone changes (RET-16)."""
        lines = self.env['progress.bill.line']
        return lines._create_protected([{'bill_id': self.id, 'contract_line_id': scheduled.id, 'amount': 0.0}])

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
        """What is held is never negative: no bill gives back more than was withheld (RET-13).

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
        """Bills not invoiced yet follow what these bills, and those before them, leave stored (RET-16)."""
        changed = {}
        for contract in self._filter_with_figures(*STORED_FIELDS).contract_id:
            stored = {}
            for line in contract._get_live_bills().filtered(lambda bill: bill.kind != 'retainage').line_ids:
                before = line.currency_id.round(stored.get(line.contract_line_id, 0.0))
                waiting, previous = not line.bill_id.invoice_id, line.previous_stored_amount
                if waiting and line.kind != 'opening' and line.currency_id.compare_amounts(previous, before):
                    changed[line] = {'previous_stored_amount': before}
                    previous = before
                stored[line.contract_line_id] = before + line.stored_amount - previous
        if changed:
            self.line_ids._write_together(changed)

    # === INVOICE LINES === #

    def _prepare_invoice_line_list(self, taxes):
        """After the lines of the bill's type: what it holds back or gives back."""
        lines = super()._prepare_invoice_line_list(taxes)
        held = self._prepare_held_line_list(taxes) + self._prepare_holdback_line_list()
        if held and any(line.get('display_type') for line in lines):  # not under the last section of the work
            title = self._in_customer_language().env._("Retainage")
            held.insert(0, {'display_type': 'line_section', 'name': title})
        return lines + held

    def _prepare_retainage_line_list(self, _taxes):
        """A release of retainage bills no work: all its lines are of what was held back."""
        return []

    def _takes_line_taxes(self):
        return self.kind != 'retainage' and super()._takes_line_taxes()

    def _get_invoice_taxes(self):
        """Beside those of the work, the taxes of what is held back where they follow the release (RET-9)."""
        taxes = super()._get_invoice_taxes()
        if self.contract_id._get_retainage_tax() == 'release':
            taxes['retainage'] = self._get_retainage_taxes()
        return taxes

    @api.model
    def _get_invoiced_line_fields(self):
        return [*super()._get_invoiced_line_fields(), 'retainage_amount', 'retainage_tax_amounts']

    @api.model
    def _get_earlier_line_fields(self):
        return [*super()._get_earlier_line_fields(), 'retainage_tax_amounts']

    def _keep_taxes(self, taxes):
        result = super()._keep_taxes(taxes)
        self._keep_on_lines('retainage_tax_amounts', taxes.get('retainage', ()))
        if 'retainage' not in taxes:  # what an earlier revision of the bill kept
            again = self.filtered(lambda bill: bill.revision > 1)
            again.line_ids.filtered('retainage_tax_amounts')._set_columns({'retainage_tax_amounts': SQL("NULL")})
        return result

    def _prepare_held_line_list(self, taxes):
        """Negative lines for what is withheld, positive ones for what is given back (RET-8).

        :param dict taxes: of the bill, see ``_get_invoice_taxes``
        """
        self.ensure_one()
        if 'retainage' in taxes:
            return self._prepare_taxed_held_line_list(taxes['retainage'])
        if self.currency_id.is_zero(self.retainage_amount):
            return []
        return [self._prepare_held_vals('retainage', -self.retainage_amount, self.contract_id._get_held_tax())]

    def _get_retainage_taxes(self):
        """Tax follows the release: what is held back has the taxes of the work, cumulative like these (RET-9).

        :return list: computed base lines, negative for what is withheld
        """
        engine, contract = self.env['progress.tax.engine'], self.contract_id
        base_lines = [
            engine._base_line(
                contract,
                -line.retainage_amount,
                line.contract_line_id.tax_ids,
                _key=line.contract_line_id.id,
                _worth=line.contract_line_id._get_tax_worth(),
                _bill_line=line,
            )
            for line in self.line_ids._filter_filled('retainage_amount')
        ]
        engine._compute_taxes(base_lines, contract.company_id)
        engine._apply_cumulative_taxes(base_lines, self._get_earlier_retainage_taxes(), contract.company_id)
        return base_lines

    def _prepare_taxed_held_line_list(self, base_lines):
        """A line for each set of taxes.

        :param list base_lines: see ``_get_retainage_taxes``
        """
        engine, groups, result = self.env['progress.tax.engine'], {}, []
        for base_line in base_lines:
            groups.setdefault(base_line['tax_ids'], []).append(base_line)
        for taxes, group in groups.items():
            net, amounts = engine._merge(group)
            frozen = engine._prepare_frozen_line_vals(
                self.contract_id, taxes, net, amounts, key=f'progress,{self.id},retainage'
            )
            result.append({**self._prepare_held_vals('retainage', net, taxes), **frozen})
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
        """What was certified less than is due is held back apart, and falls due with the next bill (RET-19)."""
        change = self.holdback_amount if self.invoice_id else float(self._get_holdback_change())
        if self.currency_id.is_zero(change):
            return []
        return [self._prepare_held_vals('holdback', -change, self.contract_id._get_held_tax())]

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
        env = self._in_customer_language().env
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
        holds = bool(self._filter_with_figures('retainage_amount'))
        if holds and self.currency_id.is_zero(self.retainage_amount):  # what moves between lines moves their taxes
            holds = any(self.line_ids._filter_filled('retainage_amount').mapped('retainage_tax_amounts'))
        return [{'quantity': 1.0, 'price_unit': -self.retainage_amount}] if holds else []

    # === AFTER THE FINAL INVOICE === #

    def _comes_before_final(self, final):
        return super()._comes_before_final(final) and not self._is_release_after(final)

    def _is_release_after(self, final):
        """Whether this releases retainage after the final invoice (RET-15)."""
        self.ensure_one()
        return self.kind == 'retainage' and self.id > final.id

    def _check_no_release_after(self):
        """A release made after the final invoice is undone before that can be (RET-15).

        :raises UserError: naming the release
        """
        for bill in self.filtered(lambda bill: bill.kind == 'final'):
            later = bill.contract_id.bill_ids.filtered(
                lambda other, bill=bill: other.bucket and other._is_release_after(bill)
            )
            if later:
                raise UserError(
                    self.env._(
                        "%(final)s: undo the release of retainage %(release)s first, which came after it.",
                        final=bill._get_document_name(),
                        release=later[0].display_name,
                    )
                )
