from odoo import models

from ...tools import money


class ProgressBillSummary(models.Model):
    """What a bill tells the customer: contract sum, changes, billed before, now, to date, left (RULES 1.28)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    def _get_earlier_bills(self):
        """Bills of the contract that count and come before this one, by date, then by number."""
        self.ensure_one()
        return self.contract_id.bill_ids.filtered(
            lambda bill: bill.bucket and bill != self and bill._get_order_key() < self._get_order_key()
        )

    def _get_summary_rows(self, *, for_document=False):
        """Rows of the breakdown: one for the contract, or one for each schedule line, by contract.

        :param bool for_document: the item number stands in a column of its own
        :return list: dicts with ``line``, ``item``, ``name``, ``section`` and, untaxed in the contract's currency,
            ``original``, ``change``, ``revised``, ``before``, ``now``, ``to_date`` and ``left``
        """
        self.ensure_one()
        contract, currency = self.contract_id, self.currency_id
        before = self._sum_by_line(self._get_earlier_bills())
        now = self._sum_by_line(self)
        rows = []
        for line in contract.line_ids.sorted(lambda line: (line.sequence, line.id)):
            if line.display_type == 'line_note':
                continue
            row = {
                'line': line,
                'item': line.item_number or '',
                'name': line.name if for_document else line._get_invoice_label(),
                'section': bool(line.display_type),
            }
            if not line.display_type:
                row.update(
                    original=line.original_amount,
                    change=line.change_amount,
                    revised=line.revised_amount,
                    before=before.get(line, 0.0),
                    now=now.get(line, 0.0),
                )
                row['to_date'] = currency.round(row['before'] + row['now'])
                row['left'] = currency.round(row['revised'] - row['to_date'])
            rows.append(row)
        return rows

    def _get_summary_total(self, rows):
        """The sum of the breakdown's rows.

        :param list rows: of :meth:`_get_summary_rows`
        """
        keys = ('original', 'change', 'revised', 'before', 'now', 'to_date', 'left')
        return {key: self.currency_id.round(sum(row[key] for row in rows if not row['section'])) for key in keys}

    def _sum_by_line(self, bills):
        """Net amounts billed by schedule line."""
        totals = {}
        for line in bills.line_ids:
            totals[line.contract_line_id] = (
                totals.get(line.contract_line_id, 0.0) + line.invoiced_amount - line.credited_amount
            )
        return totals

    def _get_document_title(self):
        """What the printed bill is called; glue addons and kinds of bills add theirs."""
        return self.env._("Pro Forma Invoice")

    def _get_document_values(self):
        """What the printed pro forma shows: the lines this bill touches, their totals and the taxes.

        :return dict: ``title``, ``rows``, ``total``, ``sourced``, ``has_items``, ``untaxed``, ``taxes``, ``amount_total``
        """
        self.ensure_one()
        touched = self.line_ids.contract_line_id
        rows = [row for row in self._get_summary_rows(for_document=True) if row['section'] or row['line'] in touched]
        rows = [
            row
            for row, following in zip(rows, [*rows[1:], {'section': True}], strict=True)
            if not (row['section'] and following['section'])
        ]
        for row in rows:
            row['percent'] = float(money.ratio_percent(row.get('to_date', 0.0), row.get('revised', 0.0)))
        net, amounts = self.env['progress.tax.engine']._merge(self._get_line_taxes() + self._get_sourced_taxes())
        taxes = [
            {'name': self.env['account.tax'].browse(tax).name, 'amount': amount}
            for tax, (_base, amount) in amounts.items()
        ]
        return {
            'title': self._get_document_title(),
            'rows': rows,
            'total': self._get_summary_total(rows),
            'sourced': [{'name': line.name, 'amount': line.amount} for line in self.sourced_line_ids],
            'has_items': any(row['item'] for row in rows),
            'untaxed': self.currency_id.round(net),
            'taxes': taxes,
            'amount_total': self.currency_id.round(net + sum(tax['amount'] for tax in taxes)),
        }

    def _get_bill_position(self):
        """Which of the contract's bills this is: 1 for the first."""
        return len(self._get_earlier_bills()) + 1
