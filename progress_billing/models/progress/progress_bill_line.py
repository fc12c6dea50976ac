from odoo import fields, models

from ...tools import money


class ProgressBillLine(models.Model):
    """The percentage a claim was asked for in: the next one starts where it ended, and not at a rounded amount."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    claimed_percent = fields.Float(
        string="Claimed (%)",
        readonly=True,
        copy=False,
        digits=(16, 10),
        aggregator=None,
        help="Of the scheduled value, where this bill was asked for in percent; 0 where an amount was typed.",
    )

    def write(self, vals):
        typed = {'amount', 'quantity', 'total_completed_percent'} & vals.keys()
        retyped = self.browse()
        if typed and 'claimed_percent' not in vals:
            retyped = self.filtered('claimed_percent').filtered(
                lambda line: any(line._differs(name, vals[name]) for name in typed)
            )
        result = super().write(vals)
        if retyped:
            retyped._write_protected({'claimed_percent': 0.0})
        return result

    def _get_percent_billed(self):
        """How many percent of its schedule line this claim is: as asked for, else what its amount comes to; a decimal.

        Credited and certified claims are what is left of them.
        """
        self.ensure_one()
        kept = money.to_decimal(self.invoiced_amount) - money.to_decimal(self.credited_amount)
        if self.claimed_percent and kept == money.to_decimal(self.amount):
            return money.to_decimal(self.claimed_percent)
        return money.ratio_percent(kept, self.contract_line_id.revised_amount)
