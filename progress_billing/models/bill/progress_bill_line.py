from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools import money

RETAINAGE_FIELDS = {'retainage_percent', 'stored_retainage_percent', 'retainage_amount'}

CLAIM_FIELDS = {'amount', 'quantity', 'total_completed_percent'}
CERTIFIABLE_STATES = ('draft', 'submitted', 'approved')


class ProgressBillLine(models.Model):
    """This bill's claim against one schedule line (SPEC §3)."""

    _name = 'progress.bill.line'
    _description = "Progress Bill Line"
    _inherit = [
        'progress.guard.mixin',
    ]
    _fixed_fields = ('bill_id', 'contract_line_id')
    _order = 'bill_id, id'
    _rec_name = 'contract_line_id'

    bill_id = fields.Many2one('progress.bill', required=True, index=True, ondelete='cascade')
    contract_id = fields.Many2one(related='bill_id.contract_id', store=True, index=True)
    contract_line_id = fields.Many2one(
        'progress.contract.line',
        string="Schedule of Values Line",
        required=True,
        index=True,
        ondelete='restrict',
        domain="[('contract_id', '=', contract_id), ('display_type', '=', False)]",
    )
    item_number = fields.Char(related='contract_line_id.item_number')
    company_id = fields.Many2one(related='bill_id.company_id', store=True, index=True)
    # these are the bill's: not stored twice, and still there to search and group by
    currency_id = fields.Many2one(related='bill_id.currency_id')
    partner_id = fields.Many2one(related='bill_id.partner_id')
    project_id = fields.Many2one(related='bill_id.project_id')
    date = fields.Date(related='bill_id.date')
    kind = fields.Selection(related='bill_id.kind')
    state = fields.Selection(related='bill_id.state')
    bucket = fields.Selection(related='bill_id.bucket', store=True, index='btree_not_null')
    billing_base = fields.Selection(related='contract_line_id.billing_base')
    revised_amount = fields.Monetary(related='contract_line_id.revised_amount', string="Scheduled Value Today")

    credited_quantity = fields.Float(compute='_compute_credited', store=True, digits='Product Unit')
    credited_amount = fields.Monetary(string="Credited", compute='_compute_credited', store=True)
    tax_amounts = fields.Json(readonly=True, copy=False)
    pending_taken = fields.Monetary(readonly=True, copy=False, help="What was pending when this was billed.")
    pending_entry = fields.Integer(readonly=True, copy=False, aggregator=None)
    pending_quantity_taken = fields.Float(readonly=True, copy=False, digits='Product Unit')

    _line_once = models.UniqueIndex('(bill_id, contract_line_id)', "A schedule line can stand only once on a bill.")

    stored_amount = fields.Monetary()
    previous_stored_amount = fields.Monetary()
    quantity = fields.Float(digits='Product Unit')
    amount = fields.Monetary(string="Amount to Invoice", help="Untaxed, in the contract's currency.")
    certified_amount = fields.Monetary(
        string="Work Certified",
        compute='_compute_certified_amount',
        store=True,
        readonly=False,
        precompute=True,
        help="Untaxed: the part of the claim the customer accepts. The invoice and all that follows take it.",
    )
    invoiced_amount = fields.Monetary(
        string="On This Bill",
        compute='_compute_invoiced',
        store=True,
        precompute=True,
        help="Untaxed: as certified, stored materials included; whether it is draft or invoiced the status says.",
    )
    invoiced_quantity = fields.Float(
        string="Quantity on This Bill",
        compute='_compute_invoiced',
        store=True,
        precompute=True,
        digits='Product Unit',
    )
    total_completed_percent = fields.Float(
        string="Total Completed (%)",
        compute='_compute_total_completed_percent',
        inverse='_inverse_total_completed_percent',
        digits=(16, 10),
        help="Share of the scheduled value invoiced by all bills of the line, this one included.",
    )

    @api.depends(
        'invoiced_amount',
        'invoiced_quantity',
        'retainage_amount',
        'bill_id.revision',
        'bill_id.move_ids.state',
        'bill_id.move_ids.reversed_entry_id',
    )
    def _compute_credited(self):
        """What posted credit notes took back of each line (RULES A3, A18: signed, so a cancelled one gives it back)."""
        for bill, lines in self.grouped('bill_id').items():
            reversals = bill.move_ids.filtered(
                lambda move: (
                    move.reversed_entry_id
                    and move.state == 'posted'
                    and move.progress_revision == move.progress_bill_id.revision
                )
            )
            credited = bill.line_ids._get_credited_shares(bill, reversals) if reversals else {}
            kept = bill.line_ids._get_credited_retainage(reversals) if reversals else {}
            for line in lines:  # not all of the bill's: a large bill is computed in parts
                line.credited_retainage_amount = float(kept.get(line, money.ZERO))
                share = credited.get(line, money.ZERO)
                line.credited_amount = float(share)
                line.credited_quantity = (
                    float(money.to_decimal(line.invoiced_quantity) * share / money.to_decimal(line.invoiced_amount))
                    if line.invoiced_amount
                    else 0.0
                )

    def _get_credited_shares(self, bill, reversals):
        """How much of each line of one bill its reversals took back.

        :param reversals: posted moves that reverse the bill's invoice, or a credit note of it
        :return dict: amounts by line
        """
        credited = dict.fromkeys(self, money.ZERO)
        if bill.kind == 'final':  # a final invoice is credited in full or not at all
            live = bill._get_current_moves().filtered(lambda move: not move.reversed_entry_id)[:1]
            standing = sum(1 if move.move_type != live.move_type else -1 for move in reversals)
            return {line: money.to_decimal(line.invoiced_amount) for line in self} if standing > 0 else credited
        # amount_currency is a debit: what a credit note takes back of income or of a deposit
        for aml in reversals.line_ids.filtered(
            lambda aml: aml.progress_line_type in ('revenue', 'deposit') and aml.amount_currency
        ):
            targets = aml.progress_bill_line_id or self.filtered(
                lambda line, taxes=aml.tax_ids: set((line.tax_amounts or {}).get('taxes', [])) == set(taxes.ids)
            )
            targets = targets.filtered('invoiced_amount')
            if targets:
                shares = money.spread(aml.amount_currency, targets.mapped('invoiced_amount'), bill.currency_id.rounding)
                for line, share in zip(targets, shares, strict=True):
                    credited[line] += share
        return credited

    def _get_credited_retainage(self, reversals):
        """What reversals of the bill's invoice gave back of its retainage, by line (RULES C8).

        :param reversals: posted moves that reverse the bill's invoice, or a credit note of it
        :return dict: decimals by line
        """
        credited, unit = {}, self.currency_id[:1].rounding
        # amount_currency is a debit: a credit note takes the debit of what was withheld back
        for item in reversals.line_ids.filtered(
            lambda item: item.progress_line_type == 'retainage' and item.amount_currency
        ):
            held = self.filtered('retainage_amount').filtered(
                lambda line, taxes=item.tax_ids: (
                    not line.retainage_tax_amounts or set(line.retainage_tax_amounts['taxes']) == set(taxes.ids)
                )
            )
            if not sum(held.mapped('retainage_amount')):
                continue
            shares = money.spread(-money.to_decimal(item.amount_currency), held.mapped('retainage_amount'), unit)
            for line, share in zip(held, shares, strict=True):
                credited[line] = credited.get(line, money.ZERO) + share
        return credited

    @api.constrains('contract_line_id', 'bill_id')
    def _check_same_contract(self):
        for line in self:
            scheduled = line.contract_line_id
            if scheduled.contract_id != line.bill_id.contract_id or scheduled.display_type:
                raise UserError(
                    self.env._(
                        "%(line)s is no schedule line of %(contract)s.",
                        line=scheduled.display_name,
                        contract=line.bill_id.contract_id.display_name,
                    )
                )

    @api.constrains('invoiced_amount', 'quantity', 'contract_line_id', 'bill_id')
    def _check_amount(self):
        self.filtered('bucket').contract_line_id._check_not_overbilled()
        for line in self.filtered(
            lambda line: line.kind == 'opening' and line.currency_id.compare_amounts(line.amount, 0.0) < 0
        ):
            raise UserError(
                self.env._(
                    "The opening amount of %(line)s may not be negative.", line=line.contract_line_id.display_name
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._guard_vals(vals)
            if 'amount' in vals or 'quantity' in vals:
                vals.pop('total_completed_percent', None)
        self._fill_in_stored(vals_list)
        lines = super().create(vals_list)
        if not self.env.su:
            lines.bill_id._check_lines_editable()
            lines._complete_claims(vals_list)
            lines.bill_id._on_retainage_entered()
            lines.bill_id._check_no_amt_pct()
        return lines

    def _complete_claims(self, vals_list):
        """What follows from the values new lines were given."""
        for line, vals in zip(self, vals_list, strict=True):
            line._complete_claim(vals)
            line._enter_retainage(vals)
            if 'certified_amount' in vals and line._differs('certified_amount', line.amount):
                line._check_may_certify()

    def write(self, vals):
        self._guard_vals(vals)
        if 'amount' in vals or 'quantity' in vals:  # a form sends both; the percentage follows
            vals = {name: value for name, value in vals.items() if name != 'total_completed_percent'}
        if (CLAIM_FIELDS | RETAINAGE_FIELDS | {'contract_line_id', 'bill_id', 'stored_amount'}) & vals.keys():
            self.bill_id._check_lines_editable()
            self.bill_id.contract_id._lock_for_billing()
        certified = self._split_certified(vals)
        result = super().write({name: value for name, value in vals.items() if name != 'certified_amount'})
        if not self.env.su:
            self._complete_claim(vals)
            self._enter_retainage(vals)
        if certified is not None:
            self._check_may_certify()
            self.bill_id.contract_id._lock_for_billing()
            super().write({'certified_amount': certified})
        if not self.env.su and (CLAIM_FIELDS | RETAINAGE_FIELDS | {'stored_amount', 'certified_amount'}) & vals.keys():
            # a changed claim is certified anew (RULES C4, C5)
            self.bill_id.filtered('sum_certified')._write_protected({'sum_certified': False})
            self.bill_id._on_retainage_entered()
        return result

    def _fill_in_stored(self, vals_list):
        """Materials stay stored on a bill that says nothing of them."""
        silent = [vals for vals in vals_list if 'previous_stored_amount' not in vals and vals.get('contract_line_id')]
        scheduled = self.env['progress.contract.line'].browse([vals['contract_line_id'] for vals in silent])
        billed_stored = scheduled._get_billed_stored() if scheduled else {}
        for vals, line in zip(silent, scheduled, strict=True):
            before = billed_stored.get(line)
            if before:
                vals.setdefault('stored_amount', float(before))
                vals['previous_stored_amount'] = float(before)

    def _split_certified(self, vals):
        """The certified amount among the values written; none where a form sends back what stands there.

        It comes after the claim: a changed claim is certified anew.
        """
        if 'certified_amount' not in vals or not self._differs('certified_amount', vals['certified_amount']):
            return None
        claim = vals.get('amount')
        if claim is not None and not self.currency_id[:1].compare_amounts(claim, vals['certified_amount']):
            return None
        if 'amount' not in vals and CLAIM_FIELDS & vals.keys():
            return None
        return vals['certified_amount']

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self.bill_id.filtered(lambda bill: bill.state != 'cancelled')._check_lines_editable()

    def _write_derived(self, vals):
        """Set what follows from the bill and its invoice; for every line of every bill, so without detours."""
        # sudo: progress.bill.line - derived values, set where the bill or the invoice is made
        models.Model.write(self.sudo(), vals)

    # === PENDING === #

    def _take_pending(self):
        """What is billed is no longer pending; Completed (%) stays (RULES C1)."""
        pending = self.filtered(lambda line: line.kind != 'retainage').filtered(
            lambda line: line.contract_line_id.pending_amount or line.contract_line_id.pending_quantity
        )
        for line in pending:
            taken, quantity = line.contract_line_id.pending_amount, line.contract_line_id.pending_quantity
            if line.pending_taken != taken or line.pending_quantity_taken != quantity:
                line._write_protected(
                    {
                        'pending_taken': taken,
                        'pending_quantity_taken': quantity,
                        'pending_entry': line.contract_line_id.progress_entry,
                    }
                )
        pending.contract_line_id._write_progress({'pending_amount': 0.0, 'pending_quantity': 0.0})

    def _give_back_pending(self):
        """A bill that goes before its invoice gives back what it took, where nothing was entered since (RULES C1)."""
        for line in self.filtered(lambda line: line.pending_taken or line.pending_quantity_taken):
            scheduled = line.contract_line_id
            if scheduled.progress_entry == line.pending_entry:
                scheduled._write_progress(
                    {'pending_amount': line.pending_taken, 'pending_quantity': line.pending_quantity_taken}
                )
            line._write_protected({'pending_taken': 0.0, 'pending_quantity_taken': 0.0})

    @api.depends('amount')
    def _compute_certified_amount(self):
        """A claim counts in full until less is certified; a changed claim is to be certified again."""
        for line in self:
            line.certified_amount = line.amount

    @api.depends('certified_amount', 'quantity', 'stored_amount', 'previous_stored_amount')
    def _compute_invoiced(self):
        for line in self:
            line.invoiced_amount = line.certified_amount + line.stored_amount - line.previous_stored_amount
            certified_in_full = not line.currency_id.compare_amounts(line.certified_amount, line.amount)
            line.invoiced_quantity = (
                line.quantity
                if certified_in_full or not line.quantity
                else line.contract_line_id._get_quantity_for(line.certified_amount)
            )

    @api.depends(
        'invoiced_amount',
        'credited_amount',
        'state',
        'contract_line_id.draft_amount',
        'contract_line_id.actual_amount',
        'contract_line_id.revised_amount',
    )
    def _compute_total_completed_percent(self):
        for line in self:
            billed = line._get_billed_by_others()
            if line.state not in ('cancelled', 'declined'):
                billed += money.to_decimal(line.invoiced_amount) - money.to_decimal(line.credited_amount)
            line.total_completed_percent = float(money.ratio_percent(billed, line.contract_line_id.revised_amount))

    def _get_billed_by_others(self):
        """What all other bills of the schedule line come to, as saved: draft and actual, later ones too."""
        self.ensure_one()
        scheduled, saved = self.contract_line_id, self._origin
        billed = money.to_decimal(scheduled.draft_amount) + money.to_decimal(scheduled.actual_amount)
        if saved.bucket:
            billed -= money.to_decimal(saved.invoiced_amount) - money.to_decimal(saved.credited_amount)
        return billed

    def _get_quantity_of_others(self):
        self.ensure_one()
        scheduled, saved = self.contract_line_id, self._origin
        quantity = money.to_decimal(scheduled.draft_quantity) + money.to_decimal(scheduled.actual_quantity)
        if saved.bucket:
            quantity -= money.to_decimal(saved.invoiced_quantity) - money.to_decimal(saved.credited_quantity)
        return quantity

    def _inverse_total_completed_percent(self):
        for line in self:
            line.write(line._prepare_claim_of_percent(line.total_completed_percent))

    @api.onchange('total_completed_percent')
    def _onchange_total_completed_percent(self):
        self.update(self._prepare_claim_of_percent(self.total_completed_percent))

    @api.onchange('quantity')
    def _onchange_quantity(self):
        if self.contract_line_id.billing_base == 'quantity':
            self.amount = self._price_quantity(self.quantity)

    def _prepare_claim_of_percent(self, percent):
        """The claim that brings the schedule line to a percentage.

        :param float percent: of the revised value, all bills of the line included
        :return dict: ``amount``, and ``quantity`` of lines billed by quantity
        """
        self.ensure_one()
        scheduled = self.contract_line_id
        if scheduled.billing_base == 'quantity':
            quantity = float(scheduled._round_quantity_at(percent) - self._get_quantity_of_others())
            return {'quantity': quantity, 'amount': self._price_quantity(quantity)}
        done = money.percent_of(percent, scheduled.revised_amount, self.currency_id.rounding or '0.01')
        stored = money.to_decimal(self.stored_amount) - money.to_decimal(self.previous_stored_amount)
        return {'amount': float(done - self._get_billed_by_others() - stored)}

    def _price_quantity(self, quantity):
        """Amount of a quantity: cumulative, so that the last one clears the line (RULES C11)."""
        self.ensure_one()
        reached = self._get_quantity_of_others() + money.to_decimal(quantity)
        return float(money.to_decimal(self.contract_line_id._price(reached)) - self._get_billed_by_others())

    def _complete_claim(self, names):
        """Price the lines whose quantity was entered; refuse an amount that is not theirs (RULES 1.33).

        :param names: fields that a caller has just written
        :raises UserError: for an amount on a line billed by quantity
        """
        if 'quantity' not in names and 'amount' not in names:
            return
        for line in self.filtered(lambda line: line.contract_line_id.billing_base == 'quantity'):
            amount = line._price_quantity(line.quantity)
            if not line.currency_id.compare_amounts(amount, line.amount):
                continue
            if 'amount' in names:
                raise UserError(
                    self.env._(
                        "%(line)s is billed by quantity: enter the quantity to invoice, the amount follows.",
                        line=line.contract_line_id.display_name,
                    )
                )
            line._write_protected({'amount': amount})

    @api.constrains('certified_amount', 'amount')
    def _check_certified_amount(self):
        for line in self:
            unit = line.currency_id.rounding
            if money.room_left(money.round_to(line.amount, unit), line.certified_amount, 0, unit):
                raise ValidationError(
                    self.env._(
                        "%(line)s: the certified amount lies between nothing and the claim of %(claim)s.",
                        line=line.contract_line_id.display_name,
                        claim=line.contract_line_id._show_amount(line.amount),
                    )
                )

    def _check_may_certify(self):
        """Only who may approve certifies, and only before the invoice (RULES A19, C4).

        :raises AccessError: for users who are no billing managers
        :raises UserError: when the bill has no claim to certify, or an invoice
        """
        if self.env.su:
            return
        if not self.env.user.has_group('progress_billing.group_manager'):
            raise AccessError(
                self.env._("Only Progress Billing administrators certify a claim on the customer's behalf.")
            )
        for bill in self.bill_id:
            if bill.state not in CERTIFIABLE_STATES:
                raise UserError(
                    self.env._(
                        "%(bill)s is %(state)s: a claim is certified while it is a pro forma, submitted or approved.",
                        bill=bill.display_name,
                        state=bill._get_state_label().lower(),
                    )
                )
