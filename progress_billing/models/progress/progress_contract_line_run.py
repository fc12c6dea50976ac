from odoo import api, models
from odoo.tools import SQL

from ..base.progress_bulk_mixin import int_array, knows_methods

#: who extends one of these is asked line by line
RUN_HOOKS = ('_prepare_run_bill_line_vals', '_prepare_claim')


class ProgressContractLineRun(models.Model):
    """What a run asks of schedule lines, of all of them in one query.

    Each method stands for one that asks a single line, whose name it says: an addon that extends that one is asked line
    by line.
    """

    _name = 'progress.contract.line'
    _inherit = 'progress.contract.line'

    @api.model
    def _get_billing_fields(self):
        return [*super()._get_billing_fields(), 'billing_rule_id', 'task_id', 'bill_separately']

    @api.model
    def _get_spread_fields(self):
        return [*super()._get_spread_fields(), 'pending_amount', 'pending_quantity']

    # === ANSWERS === #

    def _filter_on_run(self):
        """Those of these lines that a run takes, see :meth:`_is_on_run`."""
        together = self._filter_together(('_is_on_run',))
        rows = together._ask_run([], self._get_run_condition()) if together else ()
        found = {line for (line,) in rows}
        found.update(line.id for line in self - together if line._is_on_run())
        return self.browse(line for line in self._ids if line in found)

    def _group_by_run_key(self):
        """Those of these lines that share a bill, in the order of the schedule; see :meth:`_get_run_key`.

        :return dict: ``{key: lines}`` by contract
        """
        if knows_methods(self, {'_get_run_key'}):
            columns = SQL(", ").join([SQL("line.contract_id"), *self._get_run_key_columns()])
            rows = self._ask_run([SQL("DENSE_RANK() OVER (ORDER BY %s)", columns)])
        else:
            rows = [(line.id, line.id) for line in self.sorted(lambda line: (line.sequence, line.id))]
        firsts, groups, result = {}, {}, {}
        for line_id, alike in rows:
            firsts.setdefault(alike, line_id)
        lines = self.browse(firsts.values())  # only these are read
        keys = {alike: (line.contract_id, line._get_run_key()) for alike, line in zip(firsts, lines, strict=True)}
        for line_id, alike in rows:
            groups.setdefault(keys[alike], []).append(line_id)
        for (contract, key), ids in groups.items():
            result.setdefault(contract, {})[key] = self.browse(ids).with_prefetch(self._ids)
        return result

    def _get_pending_blockers(self):
        """Why what is pending on these lines cannot be billed, see :meth:`_get_pending_blocker`.

        :return dict: sentences by contract
        """
        asked = self
        if self and knows_methods(self, {'_get_pending_blocker'}):
            near = SQL(
                "COALESCE(line.draft_amount, 0) + COALESCE(line.actual_amount, 0) + COALESCE(line.pending_amount, 0)"
                " NOT BETWEEN LEAST(COALESCE(line.revised_amount, 0), 0) AND GREATEST(line.revised_amount, 0)"
            )
            asked = self.browse(line for (line,) in self._ask_run([], near))
        reasons = {}
        for line in asked:
            reason = line._get_pending_blocker()
            if reason:
                reasons.setdefault(line.contract_id, []).append(reason)
        return reasons

    def _prepare_run_claims(self):
        """The claims of these lines on the bills of a run, see :meth:`_prepare_run_bill_line_vals`.

        :return dict: of ``progress.bill.line`` values by id of the line
        """
        together = self._filter_together(RUN_HOOKS)
        columns = self._get_run_claim_columns()
        rows = together._ask_run(list(columns.values())) if together else ()
        claims = {row[0]: dict(zip(('contract_line_id', *columns), row, strict=True)) for row in rows}
        return claims | {line.id: line._prepare_run_bill_line_vals() for line in self - together}

    # === QUERIES === #

    def _filter_together(self, hooks):
        """Those of these lines for which SQL may answer: nobody else has a say in ``hooks``. Extend by ``super()``."""
        return self if knows_methods(self, set(hooks)) else self.browse()

    def _ask_run(self, columns, condition=None):
        """Ask all these lines in one query.

        :param list columns: SQL, of ``line``, its ``rule`` and its ``currency``
        :param SQL condition: only of lines that meet it
        :return list: the id and the columns of each, in the order of the schedule
        """
        self.flush_model()
        self.env['progress.billing.rule'].flush_model(['create_zero_lines'])
        return self.env.execute_query(
            SQL(
                "SELECT %s FROM progress_contract_line AS line JOIN res_currency AS currency"
                " ON currency.id = line.currency_id LEFT JOIN progress_billing_rule AS rule"
                " ON rule.id = line.billing_rule_id WHERE line.id = ANY(%s) AND (%s)"
                " ORDER BY line.contract_id, line.sequence, line.id",
                SQL(", ").join([SQL("line.id"), *columns]),
                int_array(self._ids),
                condition or SQL("TRUE"),
            )
        )

    @api.model
    def _get_run_condition(self):
        """What :meth:`_is_on_run` asks of a line.

        :return SQL: see :meth:`_ask_run`
        """
        return SQL(
            "line.display_type IS NULL AND (line.pending_quantity <> 0"
            " OR ROUND(line.pending_amount / currency.rounding) <> 0 OR rule.create_zero_lines)"
        )

    @api.model
    def _get_run_key_columns(self):
        """Lines of one contract that agree in these have the same :meth:`_get_run_key`. Extend both by ``super()``.

        :return list: of SQL, see :meth:`_ask_run`
        """
        task = SQL("CASE WHEN line.bill_separately THEN line.task_id END")
        return [SQL("line.partner_id"), SQL("line.partner_shipping_id"), SQL("line.billing_rule_id"), task]

    @api.model
    def _get_run_claim_columns(self):
        """What :meth:`_prepare_run_bill_line_vals` says of a line. Extend both by ``super()``.

        :return dict: SQL by field of ``progress.bill.line``, see :meth:`_ask_run`
        """
        amount, quantity = SQL("COALESCE(line.pending_amount, 0)"), SQL("COALESCE(line.pending_quantity, 0)")
        return {
            'amount': amount,
            'quantity': quantity,
            'pending_taken': amount,
            'pending_quantity_taken': quantity,
            'pending_entry': SQL("COALESCE(line.progress_entry, 0)"),
        }
