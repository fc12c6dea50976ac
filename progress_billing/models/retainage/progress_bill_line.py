from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...tools import money
from ..base.progress_actor import Actor
from ..bill.progress_bill_line import CLAIM_FIELDS

RETAINAGE_FIELDS = frozenset({'retainage_percent', 'stored_retainage_percent', 'retainage_amount'})
STORED_FIELDS = ('stored_amount', 'previous_stored_amount')


class ProgressBillLineRetainage(models.Model):
    """What of a claim is certified, stored and held back (RET-3, RET-16).

    A claim counts in full until less is certified. *Retainage* is what this bill withholds (positive) or gives back
    (negative). It follows the rates; an amount typed by hand stands.
    """

    _name = 'progress.bill.line'
    _inherit = ['progress.bill.line', 'progress.retainage.mixin']

    certified_amount = fields.Monetary(
        string="Work Certified",
        compute='_compute_certified_amount',
        store=True,
        readonly=False,
        precompute=True,
        help="Untaxed: the part of the claim the customer accepts. The invoice and all that follows take it.",
    )
    stored_amount = fields.Monetary(
        string="Stored Materials",
        compute='_compute_stored_amount',
        store=True,
        readonly=False,
        precompute=True,
        help="Untaxed: materials presently stored, restated on each bill.",
    )
    previous_stored_amount = fields.Monetary(
        compute='_compute_previous_stored_amount',
        store=True,
        readonly=False,  # a bill of a run says what it takes the place of
        precompute=True,
        guarded=True,
        help="Untaxed: materials stored by the bill before, which this one takes the place of.",
    )
    retainage_amount = fields.Monetary(
        string="Retainage Withheld", help="By this bill; negative where it gives back. What is typed stands."
    )
    is_retainage_typed = fields.Boolean(readonly=True, guarded=True)
    retainage_formula = fields.Monetary(
        readonly=True, copy=False, help="What the rates alone add to what is to be held.", guarded=True
    )
    # of what is held back, in the format of tax_amounts
    retainage_tax_amounts = fields.Json(readonly=True, copy=False, guarded=True)
    credited_retainage_amount = fields.Monetary(compute='_compute_credited_retainage_amount', store=True, guarded=True)

    # === COMPUTE === #

    @api.depends('contract_line_id')
    def _compute_stored_amount(self):
        """Materials stay stored on a bill that says nothing of them."""
        for line in self:
            line.stored_amount = line.contract_line_id.billed_stored_amount

    @api.depends('contract_line_id')
    def _compute_previous_stored_amount(self):
        for line in self:
            line.previous_stored_amount = line.contract_line_id.billed_stored_amount

    @api.depends('amount')
    def _compute_certified_amount(self):
        """A claim counts in full until less is certified; a changed claim is to be certified again."""
        for line in self:
            line.certified_amount = line.amount

    @api.depends('certified_amount', 'stored_amount', 'previous_stored_amount')
    def _compute_invoiced(self):
        return super()._compute_invoiced()

    def _get_invoiced_amount(self):
        certified = super()._get_invoiced_amount() - (self.amount - self.certified_amount)
        return certified + self.stored_amount - self.previous_stored_amount

    def _get_invoiced_quantity(self):
        quantity = super()._get_invoiced_quantity()
        if not quantity or not self.currency_id.compare_amounts(self.certified_amount, self.amount):
            return quantity
        return self.contract_line_id._get_rounded_units(self.certified_amount)

    @api.model
    def _get_credited_fields(self):
        return [*super()._get_credited_fields(), 'credited_retainage_amount']

    @api.depends('retainage_amount', 'bill_id.revision')  # and see _sum_credited_again
    def _compute_credited_retainage_amount(self):
        credited_bills, others = self._split_by_reversals()
        others._set_uncredited('credited_retainage_amount')
        for bill, (reversals, lines) in credited_bills.items():
            kept = bill.line_ids._get_credited_retainage(reversals) if reversals else {}
            for line in lines:  # not all of the bill's: a large bill is computed in parts
                line.credited_retainage_amount = float(kept.get(line, money.ZERO))

    @api.depends('contract_line_id')
    def _compute_retainage_percent(self):
        return super()._compute_retainage_percent()

    def _get_retainage_parent(self):
        return self.contract_line_id

    def _get_retainage_kept(self):
        """What this line holds back, less what credit notes gave back of it: a decimal."""
        self.ensure_one()
        return money.to_decimal(self.retainage_amount) - money.to_decimal(self.credited_retainage_amount)

    def _gives_back_retainage(self):
        """Whether what is left of this line's retainage releases some; on a deduction the signs are mirrored."""
        self.ensure_one()
        kept = self._get_retainage_kept()
        return kept > 0 if self.contract_line_id.revised_amount < 0 else kept < 0

    def _get_share_kept(self):
        """The part of the line that no credit note took back."""
        self.ensure_one()
        if not self.invoiced_amount or not self.credited_amount:
            return money.Decimal(1)
        return 1 - money.to_decimal(self.credited_amount) / money.to_decimal(self.invoiced_amount)

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

    @api.constrains('stored_amount', 'amount', 'certified_amount')
    def _check_stored_amount(self):
        for line in self:
            scheduled = line.contract_line_id
            if line.stored_amount < 0 or (line.stored_amount and scheduled.billing_base == 'quantity'):
                raise ValidationError(
                    self.env._(
                        "Materials stored on %s cannot be negative, nor stand on a line billed by quantity.",
                        scheduled.display_name,
                    )
                )
            if line.bill_id.kind == 'retainage' and (line.amount or line.stored_amount):
                raise ValidationError(
                    self.env._(
                        "%(bill)s releases retainage: it takes no work. Bill that on a bill of its own.",
                        bill=line.bill_id.display_name,
                    )
                )

    # === ENTRY === #

    def write(self, vals):
        if 'certified_amount' not in self._get_typed(vals):
            return super().write(vals)
        self._guard_values(vals)
        certified = self._split_certified(vals)
        result = super().write({name: value for name, value in vals.items() if name != 'certified_amount'})
        if certified is not None:
            self.bill_id._check_may_review()
            self.bill_id._certify_lines(Actor.of(self.env.user), dict.fromkeys(self, certified))
        return result

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

    def _get_claim_fields(self):
        return super()._get_claim_fields() | RETAINAGE_FIELDS | {'stored_amount'}

    def _complete_claim(self, names):
        """Retainage that was typed stands; where a rate was entered it follows the rates again."""
        super()._complete_claim(names)
        if RETAINAGE_FIELDS & set(names):
            self._write_protected({'is_retainage_typed': 'retainage_amount' in names})
        for line in self:
            if 'certified_amount' in names and line._differs('certified_amount', line.amount):
                line.bill_id._check_may_review()
                line.bill_id._check_certifiable()

    def _is_empty(self):
        return super()._is_empty() and not self.retainage_amount

    def _prepare_claim_of_percent(self, percent):
        """What is stored counts towards the percentage, of lines billed by amount."""
        claim = super()._prepare_claim_of_percent(percent)
        if 'quantity' not in claim:
            claim['amount'] = self.currency_id.round(
                claim['amount'] - (self.stored_amount - self.previous_stored_amount)
            )
        return claim

    # === MADE IN ONE STATEMENT === #

    @api.model
    def _make_claims(self, vals_list):
        """Materials stay stored on a claim that says nothing of them."""
        silent = [vals['contract_line_id'] for vals in vals_list if 'stored_amount' not in vals]
        stored = self.env['progress.contract.line'].browse(silent)._get_stored_lines()
        before = {line.id: line.billed_stored_amount for line in stored}
        return super()._make_claims(
            [
                {'stored_amount': amount, 'previous_stored_amount': amount, **vals}
                for vals in vals_list
                for amount in [before.get(vals['contract_line_id'], 0.0)]
            ]
        )

    @api.model
    def _get_claim_columns(self):
        scheduled = self.env['progress.contract.line']._fields
        rates = {
            name: SQL("COALESCE(%s, 0)", SQL.identifier('scheduled', name, to_flush=scheduled[name]))
            for name in ('retainage_percent', 'stored_retainage_percent')
        }
        return {
            **super()._get_claim_columns(),
            'certified_amount': SQL("given.amount"),
            'invoiced_amount': SQL("given.amount + given.stored_amount - given.previous_stored_amount"),
            'credited_retainage_amount': SQL("0"),
            **rates,
        }

    @api.model
    def _get_kept_fields(self):
        """Beside what invoices take of claims, whether anything is stored or held back."""
        return [*super()._get_kept_fields(), *STORED_FIELDS, 'retainage_percent', 'stored_retainage_percent']

    # === CREDIT === #

    def _get_credited_retainage(self, reversals):
        """What reversals of the bill's invoice gave back of its retainage, by line (RET-2).

        :param reversals: posted moves that reverse the bill's invoice, or a credit note of it
        :return dict: decimals by line
        """
        credited, unit = {}, self.currency_id[:1].rounding
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
            shares = money.spread(-item._get_progress_figure(), held.mapped('retainage_amount'), unit)
            for line, share in zip(held, shares, strict=True):
                credited[line] = credited.get(line, money.ZERO) + share
        return credited
