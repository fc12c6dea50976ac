from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...tools import money
from ..base.progress_actor import Actor
from ..bill.progress_bill_line import CLAIM_FIELDS


class ProgressBillLineCertificate(models.Model):
    """What the customer certifies of a claim: it counts in full until less is certified."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    certified_amount = fields.Monetary(
        string="Work Certified",
        compute='_compute_certified_amount',
        store=True,
        readonly=False,
        precompute=True,
        help="Untaxed: the part of the claim the customer accepts. The invoice and all that follows take it.",
    )

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

    def _complete_claim(self, names):
        super()._complete_claim(names)
        for line in self:
            if 'certified_amount' in names and line._differs('certified_amount', line.amount):
                line.bill_id._check_may_review()
                line.bill_id._check_certifiable()

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

    @api.depends('certified_amount')
    def _compute_invoiced(self):
        return super()._compute_invoiced()

    def _get_invoiced_amount(self):
        return super()._get_invoiced_amount() - (self.amount - self.certified_amount)

    def _get_invoiced_quantity(self):
        quantity = super()._get_invoiced_quantity()
        if not quantity or not self.currency_id.compare_amounts(self.certified_amount, self.amount):
            return quantity
        return self.contract_line_id._get_rounded_units(self.certified_amount)

    @api.depends('amount')
    def _compute_certified_amount(self):
        """A claim counts in full until less is certified; a changed claim is to be certified again."""
        for line in self:
            line.certified_amount = line.amount

    @api.model
    def _get_claim_columns(self):
        return {**super()._get_claim_columns(), 'certified_amount': SQL("given.amount")}

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
