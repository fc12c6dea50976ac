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
        guarded=True,
        help="Of the scheduled value, where this bill was asked for in percent; 0 where an amount was typed.",
    )

    pending_taken = fields.Monetary(
        readonly=True, copy=False, help="What was pending when this was billed.", guarded=True
    )
    pending_entry = fields.Integer(readonly=True, copy=False, aggregator=None, guarded=True)
    pending_quantity_taken = fields.Float(readonly=True, copy=False, digits='Product Unit', guarded=True)

    def write(self, vals):
        typed = {'amount', 'quantity', 'total_completed_percent'} & self._get_typed(vals)
        retyped = self.filtered('claimed_percent') if typed else self.browse()
        retyped = retyped.filtered(lambda line: any(line._differs(name, vals[name]) for name in typed))
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

    def _take_pending(self):
        """What is billed is no longer pending; Completed (%) stays (PRG-4)."""
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
        pending.contract_line_id._write_protected({'pending_amount': 0.0, 'pending_quantity': 0.0})

    def _give_back_pending(self):
        """A bill that goes before its invoice gives back what it took, where nothing was entered since (PRG-4)."""
        for line in self.filtered(lambda line: line.pending_taken or line.pending_quantity_taken):
            scheduled = line.contract_line_id
            if scheduled.progress_entry == line.pending_entry:
                scheduled._write_protected(
                    {'pending_amount': line.pending_taken, 'pending_quantity': line.pending_quantity_taken}
                )
            line._write_protected({'pending_taken': 0.0, 'pending_quantity_taken': 0.0})
