from odoo import api, models
from odoo.tools import SQL

from ..base.progress_bulk_mixin import int_array


class ProgressBillSums(models.Model):
    """Figures of a bill that are sums of its lines: read by the database, several at once."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    @api.model
    def _get_line_sums(self):
        """Figures of a bill that are sums of its lines. Extend by ``super()``.

        :return dict: list of the lines and figure of a line, by the name of their sum
        """
        names = ('amount', 'invoiced_amount', 'credited_amount', 'draft_amount', 'actual_amount')
        return {
            **{name: ('line_ids', name) for name in names},
            'sourced_amount': ('sourced_line_ids', 'amount'),
            'credited_sourced_amount': ('sourced_line_ids', 'credited_amount'),
        }

    def _set_line_sums(self, *names):
        """Set figures of these bills to the sums of their lines: one query for the saved ones, however many lines.

        What else is a sum and waits for no figure of a line is set along with them.

        :param names: of the figures, see :meth:`_get_line_sums`
        """
        saved, lines, sums = self.filtered('id'), self.env['progress.bill.line'], self._get_line_sums()
        further = [
            name
            for name, (_list, figure) in sums.items()
            if name not in names
            and set(saved._ids).issubset(self.env.records_to_compute(self._fields[name])._ids)
            and not (self.env.records_to_compute(lines._fields[figure]) or self.env.protected(lines._fields[figure]))
        ]
        found = saved._read_line_sums({name: sums[name] for name in (*names, *further)}) if saved else {}
        with self.env.protecting([self._fields[name] for name in further], saved):
            for bill in self:
                if bill.id:
                    bill.update(found[bill.id])
                else:
                    bill.update({name: sum(bill[sums[name][0]].mapped(sums[name][1])) for name in names})

    def _filter_with_figures(self, *names):
        """Those of these bills with a line of the schedule on which one of these figures is not 0; one query at most.

        :param str names: of stored figures of lines
        """
        lines = self.line_ids
        if lines._are_known_zero(*names):
            return self.browse()
        lines.flush_model(['bill_id', 'source', *names])
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT bill_id FROM progress_bill_line WHERE bill_id = ANY(%s) AND source IS NULL AND (%s)",
                int_array(self.ids),
                SQL(" OR ").join(SQL("%s <> 0", SQL.identifier(name)) for name in names),
            )
        )
        return self & self.browse(bill for (bill,) in rows)

    def _read_line_sums(self, sums):
        """Sums of the lines of these saved bills, in one query.

        :param dict sums: see :meth:`_get_line_sums`
        :return dict: amounts by name, by id of the bill
        """
        self.env['progress.bill.line'].flush_model(['bill_id', 'source', *(figure for _list, figure in sums.values())])
        scheduled, beside = SQL("source IS NULL"), SQL("source IS NOT NULL")
        rows = self.env.execute_query(
            SQL(
                "SELECT bill_id, %s FROM progress_bill_line WHERE bill_id = ANY(%s) GROUP BY bill_id",
                SQL(", ").join(
                    SQL(
                        "COALESCE(SUM(%s) FILTER (WHERE %s), 0)",
                        SQL.identifier(figure),
                        scheduled if lines == 'line_ids' else beside,
                    )
                    for lines, figure in sums.values()
                ),
                self.ids,
            )
        )
        found = {bill: dict(zip(sums, row, strict=True)) for bill, *row in rows}
        return {bill: found.get(bill) or dict.fromkeys(sums, 0.0) for bill in self.ids}
