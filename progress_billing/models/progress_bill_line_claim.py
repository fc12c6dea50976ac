from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools import money

CLAIM_FIELDS = {'amount', 'quantity', 'total_completed_percent'}
CERTIFIABLE_STATES = ('draft', 'submitted', 'approved')


class ProgressBillLineClaim(models.AbstractModel):
    """What a bill line claims, how far that brings its schedule line, and what of it was certified (SPEC §3).

    *Amount to Invoice* and *Total Completed (%)* follow each other; on lines billed by quantity
    both follow the quantity (RULES 1.33). What counts as billed, and what the invoice takes, is
    the certified amount (RULES C4).
    """

    _name = 'progress.bill.line.claim'
    _description = "Claim of a Progress Bill Line"

    currency_id = fields.Many2one('res.currency')
    stored_amount = fields.Monetary()
    previous_stored_amount = fields.Monetary()
    quantity = fields.Float(digits='Product Unit')
    amount = fields.Monetary(string="Amount to Invoice", help="Untaxed, in the contract's currency.")
    certified_amount = fields.Monetary(
        compute='_compute_certified_amount',
        store=True,
        readonly=False,
        precompute=True,
        help="Untaxed: the part of the claim the customer accepts. The invoice and all that follows take it.",
    )
    invoiced_amount = fields.Monetary(
        compute='_compute_invoiced', store=True, precompute=True, help="Untaxed: what counts as billed."
    )
    invoiced_quantity = fields.Float(compute='_compute_invoiced', store=True, precompute=True, digits='Product Unit')
    total_completed_percent = fields.Float(
        string="Total Completed (%)",
        compute='_compute_total_completed_percent',
        inverse='_inverse_total_completed_percent',
        digits=(16, 10),
        help="Share of the scheduled value invoiced by all bills of the line, this one included.",
    )

    # === COMPUTE === #

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

    # === CLAIM === #

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

    # === CERTIFICATE === #

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
