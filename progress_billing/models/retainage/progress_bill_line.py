from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import money
from ..bill.progress_bill_line import RETAINAGE_FIELDS


class ProgressBillLineRetainage(models.Model):
    """Stored materials and retainage of a bill line (SPEC §7, RULES C8, C20).

    *Retainage* is what this bill withholds (positive) or gives back (negative). It follows the
    rates; an amount typed by hand stands.
    """

    _name = 'progress.bill.line'
    _inherit = ['progress.bill.line', 'progress.retainage.mixin']

    stored_amount = fields.Monetary(
        string="Stored Materials", help="Untaxed: materials presently stored, restated on each bill."
    )
    previous_stored_amount = fields.Monetary(
        readonly=True, help="Untaxed: materials stored by the bill before, which this one takes the place of."
    )
    retainage_amount = fields.Monetary(
        string="Retainage Withheld", help="By this bill; negative where it gives back. What is typed stands."
    )
    is_retainage_typed = fields.Boolean(readonly=True)
    retainage_formula = fields.Monetary(
        readonly=True, copy=False, help="What the rates alone add to what is to be held."
    )
    retainage_tax_amounts = fields.Json(readonly=True, copy=False)
    credited_retainage_amount = fields.Monetary(readonly=True, compute='_compute_credited', store=True)

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

    def _enter_retainage(self, vals):
        """What follows from a rate or an amount entered for these lines.

        :param dict vals: the values written
        """
        if 'retainage_amount' in vals:
            self._write_protected({'is_retainage_typed': True})
        elif RETAINAGE_FIELDS & vals.keys():
            self._write_protected({'is_retainage_typed': False})
