from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import money
from ..base.progress_bulk_mixin import int_array
from ..bill.progress_bill_line import CLAIM_HOOKS
from .progress_contract_line_run import RUN_HOOKS


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

    @api.model
    def _make_run_claims(self, bill_ids, scheduled):
        """Lines of the bills of a run, of what is pending as the database has it: where nobody else has a say in them.

        :param list bill_ids: a bill for each line
        :param scheduled: the schedule lines
        :return: the lines; none where values have to be prepared, see ``_prepare_run_claims``
        """
        columns = scheduled._get_run_claim_columns()
        known = {*self._get_claim_columns(), 'bill_id', 'contract_line_id', *columns}
        together = scheduled._filter_together((*RUN_HOOKS, '_prepare_run_claims'))
        if together != scheduled or not (
            self._takes_rows(known, {*CLAIM_HOOKS, '_make_claims'}) and self._knows_columns(frozenset(known))
        ):
            return self.browse()
        scheduled.flush_model()
        return self._insert_claims(
            {'bill_id': bill_ids, 'contract_line_id': list(scheduled._ids)},
            columns,
            SQL(
                "JOIN progress_contract_line AS line ON line.id = raw.contract_line_id"
                " LEFT JOIN progress_billing_rule AS rule ON rule.id = line.billing_rule_id"
            ),
        )

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
        if self._get_linked('contract_line_id')._are_known_zero('pending_amount', 'pending_quantity'):
            return
        self.flush_recordset(['pending_taken', 'pending_quantity_taken'])
        scheduled = self.env['progress.contract.line']
        scheduled.flush_model(['pending_amount', 'pending_quantity', 'progress_entry'])
        rows = self.env.execute_query(
            SQL(
                "SELECT line.id, scheduled.id, (COALESCE(line.pending_taken, 0), COALESCE(pending_quantity_taken, 0))"
                " IS DISTINCT FROM (COALESCE(pending_amount, 0), COALESCE(pending_quantity, 0))"
                " FROM progress_bill_line AS line JOIN progress_bill AS bill ON bill.id = line.bill_id"
                " JOIN progress_contract_line AS scheduled ON scheduled.id = line.contract_line_id"
                " WHERE line.id = ANY(%s) AND bill.kind <> 'retainage' AND (pending_amount <> 0 OR"
                " pending_quantity <> 0) ORDER BY line.id",
                int_array(self.ids),
            )
        )
        if not rows:
            return
        self.browse([line for line, _scheduled, differs in rows if differs])._set_columns(
            {
                'pending_taken': SQL("scheduled.pending_amount"),
                'pending_quantity_taken': SQL("scheduled.pending_quantity"),
                'pending_entry': SQL("scheduled.progress_entry"),
            },
            SQL("progress_contract_line AS scheduled WHERE scheduled.id = own.contract_line_id"),
        )
        taken = scheduled.browse(dict.fromkeys(line for _line, line, _differs in rows))
        taken._set_columns({'pending_amount': SQL("0"), 'pending_quantity': SQL("0")})
        taken.modified(['pending_amount', 'pending_quantity'])

    def _give_back_pending(self):
        """A bill that goes before its invoice gives back what it took, where nothing was entered since (PRG-4)."""
        for line in self.filtered(lambda line: line.pending_taken or line.pending_quantity_taken):
            scheduled = line.contract_line_id
            if scheduled.progress_entry == line.pending_entry:
                scheduled._write_protected(
                    {'pending_amount': line.pending_taken, 'pending_quantity': line.pending_quantity_taken}
                )
            line._write_protected({'pending_taken': 0.0, 'pending_quantity_taken': 0.0})
