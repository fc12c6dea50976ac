from collections import defaultdict

from odoo import api, models, tools
from odoo.tools import SQL

from ..base.progress_bulk_mixin import int_array


class ProgressBillFigures(models.Model):
    """Where the figures of a bill come from: sums of its lines, read by the database, several at once; and what
    entries say, which nothing depends on.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    # === SUMS === #

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

    # === ENTRIES === #
    # No field depends on fields of entries: Odoo merges the trees of what depends on what at each write, so that
    # everybody's invoices would pay for it. The entries tell, see their method ``modified``.

    def _on_moves_changed(self, before=False):
        """Entries were linked to these bills, or stand otherwise: all that depends on ``invoice_ids`` follows.

        :param bool before: they are about to be deleted
        """
        bills = self.browse(self._ids)  # read with each other, and not with what led to them
        bills.invalidate_recordset(['invoice_ids'], flush=False)
        bills.modified(['invoice_ids'], before=before)

    def _on_payments_changed(self):
        """What is paid of the invoices of these bills has changed: stored fields that depend on it follow."""
        self.modified(sorted(self._get_fields_of_entries()))

    @api.model
    def _forget_entries(self):
        """An entry, a payment or what is matched has changed: what was read of them is read again when asked for."""
        for model, names in self._get_forgotten_fields():
            known = self.env[model]._fields
            for name in names:  # not ``invalidate_model``: this runs at each write of anybody's entries
                cached = known[name]._get_all_cache_ids(self.env)
                if cached:
                    computing = set(self.env.protected(known[name])._ids)  # what is given a value just now keeps it
                    known[name]._invalidate_cache(self.env, [id_ for id_ in cached if id_ not in computing])

    @api.model
    def _get_fields_of_entries(self):
        """Names of the figures that are read from entries each time, and kept for the moment only. They are computed
        without saying that they depend on the entries' fields. Extend by ``super()``.

        :return set: names of fields that are not stored
        """
        return {'invoice_name', 'invoice_state', 'payment_state', 'invoice_count'}

    @api.model
    @tools.ormcache()
    def _get_forgotten_fields(self):
        """The figures that are read from entries, and those that depend on them and are not stored: what waits to be
        stored is not forgotten.

        :return list: names by model
        """
        found = defaultdict(set)
        for field in map(self._fields.get, self._get_fields_of_entries()):
            for follower in (field, *self.pool.get_dependent_fields(field)):
                if not follower.store:  # what is kept may wait to be written
                    found[follower.model_name].add(follower.name)
        return [(model, tuple(sorted(names))) for model, names in found.items()]
