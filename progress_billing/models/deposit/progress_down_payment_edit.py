from odoo import api, models
from odoo.exceptions import ValidationError


class ProgressDownPaymentEdit(models.Model):
    """What a person may change: less of a down payment on a pro forma (DEP-21)."""

    _name = 'progress.down.payment.use'
    _inherit = 'progress.down.payment.use'

    def write(self, vals):
        """An amount that somebody types is the most that is applied on that bill from then on."""
        typed = 'amount' in self._get_typed(vals)
        bills = self.bill_id
        if typed:
            bills._check_may_bill()
            bills.contract_id._lock_for_billing()
            bills._check_lines_editable()
        result = super().write(vals)
        if typed:
            bills._lower_down_payments()
        return result

    @api.constrains('amount', 'down_payment_id', 'bill_id')
    def _check_amount(self):
        for use in self.sudo():  # sudo: progress.bill - the down payment may be of a contract the user does not see
            if use.currency_id.compare_amounts(use.amount, 0.0) < 0:
                raise ValidationError(
                    self.env._("What is applied on %s of a down payment may not be negative.", use.bill_id.display_name)
                )
            if use.down_payment_id.kind != 'down_payment' or use.bill_id.kind not in ('progress', 'final'):
                raise ValidationError(
                    self.env._(
                        "%(paid)s cannot be applied on %(bill)s.",
                        paid=use.down_payment_id.display_name,
                        bill=use.bill_id.display_name,
                    )
                )
