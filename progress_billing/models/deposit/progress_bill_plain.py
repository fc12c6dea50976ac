from odoo import models
from odoo.tools import SQL

from ..base.progress_bulk_mixin import knows_methods
from ..base.progress_plain_taxes import PlainTaxes

#: from how many claims on it pays to ask the database for one bill alone
MANY_CLAIMS = 25
#: who extends one of these is asked claim by claim
TAX_HOOKS = frozenset({'_prepare_tax_entries', '_get_line_taxes', '_get_earlier_taxes'})
ENGINE_HOOKS = frozenset(
    {
        *('_base_lines', '_compute_taxes', '_compute_plain_taxes', '_are_plain_taxes', '_apply_cumulative_taxes'),
        *('_compute_plain_amounts', '_take_part_of_tax', '_read_taken'),
    }
)


class ProgressBillPlain(models.Model):
    """A deposit stands as one line on its invoice, however many claims it has: what they take is read of columns.

    For a contract's first bill; later ones take what their sums come to less what was taken, line by line.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    def _fetch_to_invoice(self):
        return super(ProgressBillPlain, self - self._filter_plain_deposits())._fetch_to_invoice()

    def _get_line_taxes(self):
        if not self._filter_plain_deposits():
            return super()._get_line_taxes()
        taken = self._take_plain_claims()
        if taken is None:
            return super()._get_line_taxes()
        return PlainTaxes(taken, [super()._get_line_taxes])

    def _filter_plain_deposits(self):
        """Those of these bills whose taxes hang on nothing but the amounts claimed."""
        engine = self.env['progress.tax.engine']
        if not (knows_methods(self, TAX_HOOKS) and knows_methods(engine, ENGINE_HOOKS)):
            return self.browse()
        return self.filtered(
            lambda bill: (
                bill.id
                and bill.kind == 'progress'
                and len(bill.line_ids) >= MANY_CLAIMS
                and bill._get_invoice_type() == 'deposit'
                and bill.company_id.tax_calculation_rounding_method == 'round_globally'
                and not any(other.bucket for other in bill.contract_id.bill_ids - bill)
            )
        )

    def _take_plain_claims(self):
        """What this bill's claims take of each tax.

        :return list: see ``progress.tax.engine._take_plain_claims``; ``None`` where their taxes are more than
            percentages of amounts without tax
        """
        engine, rows, sets = self.env['progress.tax.engine'], self._read_claims_to_tax(), {}
        for _line, scheduled, _amount, _quantity, key, _with_tax in rows:
            if key not in sets:
                sets[key] = self.env['progress.contract.line'].browse(scheduled).tax_ids
        taxes = self.env['account.tax'].concat(*sets.values())
        if any(with_tax for *_others, with_tax in rows) or not engine._are_plain(taxes):
            return None
        return engine._take_plain_claims(self.currency_id, rows, sets)

    def _read_claims_to_tax(self):
        """What the taxes of this bill's claims depend on, in one query.

        :return list: ids of the line and of its schedule line, amount, quantity where it is billed by quantity, a key
            of its taxes, and whether it was agreed with tax
        """
        lines, scheduled = self.env['progress.bill.line'], self.env['progress.contract.line']
        lines.flush_model(['bill_id', 'contract_line_id', 'source', 'invoiced_amount', 'invoiced_quantity'])
        scheduled.flush_model(['tax_ids', 'billing_base', 'taxed_amount'])
        field = scheduled._fields['tax_ids']
        return self.env.execute_query(
            SQL(
                "SELECT line.id, scheduled.id, COALESCE(line.invoiced_amount, 0)::float8,"
                " CASE WHEN scheduled.billing_base = 'quantity' THEN COALESCE(line.invoiced_quantity, 0)::float8"
                " ELSE 0::float8 END,"
                " (SELECT string_agg(rel.%(tax)s::text, ',' ORDER BY rel.%(tax)s) FROM %(table)s AS rel"
                " WHERE rel.%(line)s = scheduled.id), COALESCE(scheduled.taxed_amount, 0) <> 0"
                " FROM progress_bill_line AS line"
                " JOIN progress_contract_line AS scheduled ON scheduled.id = line.contract_line_id"
                " WHERE line.bill_id = %(bill)s AND line.source IS NULL ORDER BY line.id",
                line=SQL.identifier(field.column1),
                tax=SQL.identifier(field.column2),
                table=SQL.identifier(field.relation),
                bill=self.id,
            )
        )
