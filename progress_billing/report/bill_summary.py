from odoo import api, models
from odoo.tools import format_date, formatLang

from ..tools import money, page_layout

KEYS = ('original', 'change', 'revised', 'before', 'now', 'to_date', 'left')


class ProgressBillSummary(models.AbstractModel):
    """What a bill tells the customer: where the contract stands as of this bill, and the pro forma.

    Addons that tell more extend these methods; the invoice and the pro forma show what they return.
    """

    _name = 'report.progress_billing.report_progress_bill'
    _description = "Pro Forma Invoice"

    @api.model
    def _get_report_values(self, docids, data=None):
        """What the template of the pro forma shows of each bill."""
        bills = self.env['progress.bill'].browse(docids)
        return {
            'doc_ids': docids,
            'doc_model': bills._name,
            'docs': bills,
            'documents': {bill.id: self._of(bill)._get_document(bill) for bill in bills},
        }

    def _of(self, bill):
        """This report in the language of a bill's customer."""
        return self.with_env(bill._in_customer_language().env)

    def _get_heading(self, bill):
        """What stands above the lines of the bill's invoice."""
        contract = bill.contract_id.display_name
        if bill.kind == 'final':
            return self.env._("Final invoice of %(contract)s", contract=contract)
        if bill.kind == 'down_payment':
            return self.env._("Down payment of %(contract)s", contract=contract)
        number = bill._get_bill_position()
        return self.env._("Progress bill no. %(number)s of %(contract)s", number=number, contract=contract)

    def _get_heads(self):
        """Heads of the columns, by column."""
        return {
            'item': self.env._("Item"),
            'name': self.env._("Description"),
            'original': self.env._("Original Contract"),
            'change': self.env._("Change Orders"),
            'revised': self.env._("Scheduled Value"),
            'before': self.env._("Billed Before"),
            'now': self.env._("This Bill"),
            'to_date': self.env._("Billed to Date"),
            'left': self.env._("Balance to Finish"),
            'percent': self.env._("Billed (%)"),
        }

    # === WHERE THE CONTRACT STANDS === #

    def _get_summary(self, bill):
        """The breakdown below an invoice: contract sum, changes, billed before, now, to date, left.

        :return dict: ``rows`` and ``total``, see :meth:`_get_rows` and :meth:`_get_total`; their ``columns``, the
            layout, see :meth:`_get_layout`, and the ``web_widths`` of the columns on a web page
        """
        bill = bill.with_env(self.env)
        rows = self._get_rows(bill)
        total = self._get_total(bill, rows)
        columns = ('original', 'change', 'before', 'now', 'to_date', 'left')
        heads = {**self._get_heads(), 'now': self.env._("This Invoice")}
        layout = self._get_layout(bill, (*rows, total), columns, heads)
        wide = layout['widths']
        if not bill.contract_id.summary_by_line:  # no names: on a web page, their room is for the amounts
            wide = {column: round(wide[column] + wide['name'] / len(columns), 2) for column in columns} | {'name': 0}
        return {'rows': rows, 'total': total, 'columns': columns, 'web_widths': wide, **layout}

    def _get_rows(self, bill, *, for_document=False):
        """Rows of the breakdown: sections and schedule lines, as they stood with the bill.

        :param bool for_document: the item number stands in a column of its own
        :return list: dicts with ``line``, ``item``, ``name``, ``section`` and, untaxed in the contract's currency,
            those of ``KEYS``
        """
        worths, before, now = bill._get_scheduled_values(), bill._get_billed_before(), bill._get_billed_now()
        lines = bill.contract_id.line_ids.filtered(lambda line: line.display_type != 'line_note')
        rows = []
        for line in lines.sorted(lambda line: (line.sequence, line.id)):
            if line.display_type or line in worths or line in before or line in now:
                name = line.name if for_document else line._get_invoice_label()
                row = {'line': line, 'item': line.item_number or '', 'name': name, 'section': bool(line.display_type)}
                if not line.display_type:
                    worth = worths.get(line, (0.0, 0.0))
                    row.update(self._prepare_amounts(bill, worth, before.get(line, 0.0), now.get(line, 0.0)))
                rows.append(row)
        rows += [
            {
                'line': lines.browse(),
                'item': item or '',
                'name': name if for_document or not item else f'{item} {name}',
                'section': False,
                **self._prepare_amounts(bill, (original, change), 0.0, 0.0),
            }
            for original, change, item, name in bill._get_removed_values()
        ]
        return self._drop_empty_sections(rows)

    def _prepare_amounts(self, bill, worth, before, now):
        """The figures of a row.

        :param tuple worth: original amount and changes
        """
        original, change = map(float, worth)
        revised, to_date = bill.currency_id.round(original + change), bill.currency_id.round(before + now)
        left = bill.currency_id.round(revised - to_date)
        return dict(zip(KEYS, (original, change, revised, before, now, to_date, left), strict=True))

    def _drop_empty_sections(self, rows):
        """Titles with nothing below them go; a title below a title stays where lines follow."""
        kept, has_lines = [], {}
        for row in reversed(rows):
            level = row['line'].display_type if row['section'] else False
            if not level:
                has_lines = dict.fromkeys(('line_section', 'line_subsection'), True)
            elif not has_lines.get(level):
                continue
            else:
                has_lines['line_subsection'] = False
                has_lines['line_section'] = level == 'line_subsection'
            kept.append(row)
        return kept[::-1]

    def _get_total(self, bill, rows):
        """The sum of the breakdown's rows."""
        return {key: bill.currency_id.round(sum(row[key] for row in rows if not row['section'])) for key in KEYS}

    def _get_deposit_rows(self, move):
        """The deposits that a final invoice reverses, as rows: number, date, and amounts.

        :return list: dicts with ``item``, ``name``, ``net``, ``tax`` and ``total``
        """
        return [
            {
                'item': row['number'],
                'name': format_date(self.env, row['date']),
                'net': row['net'],
                'tax': row['tax'],
                'total': move.currency_id.round(row['net'] + row['tax']),
            }
            for row in move._get_progress_deposit_rows()
        ]

    def _get_layout(self, bill, rows, columns, heads, **letters):
        """How the rows stand on paper: each is a table of its own, which no printer divides.

        :param columns: with amounts
        :param dict heads: of the columns
        :param letters: room that other columns take
        :return dict: ``widths`` of the columns in percent, ``scale`` of the type, the ``heads``, and the rows in
            ``blocks``, a title with the first row below it
        """
        for column in columns:
            amounts = [row[column] for row in rows if column in row]
            shown = (formatLang(self.env, amount, currency_obj=bill.currency_id) for amount in amounts)
            letters[column] = max(map(len, shown), default=8)
        letters = {column: max(room, page_layout.get_head_width(heads[column])) for column, room in letters.items()}
        widths, scale = page_layout.get_widths(letters)
        lines = [row for row in rows if 'section' in row]
        blocks = list(page_layout.get_blocks(lines, 'section'))
        return {'widths': widths, 'scale': scale, 'heads': heads, 'blocks': blocks}

    # === PRO FORMA === #

    def _get_document(self, bill):
        """What the printed pro forma shows: the lines this bill touches, and what its invoice comes to.

        :return dict: ``title``, ``rows``, ``total``, ``columns``, ``has_items``, ``parts`` (label and amount of what
            the untaxed amount consists of, where that is more than the work), ``tax_totals`` as on an invoice, and
            the layout, see :meth:`_get_layout`
        """
        bill = bill.with_env(self.env)
        touched = bill.line_ids.filtered(lambda line: line.amount or line.invoiced_amount).contract_line_id
        rows = self._get_rows(bill, for_document=True)
        rows = self._drop_empty_sections([row for row in rows if row['section'] or row['line'] in touched])
        for row in rows:
            row['percent'] = float(money.ratio_percent(row.get('to_date', 0.0), row.get('revised', 0.0)))
        total, columns = self._get_total(bill, rows), ('revised', 'before', 'now', 'to_date')
        items = {'item': min(max(len(row['item']) for row in rows), 12)} if any(row['item'] for row in rows) else {}
        base_lines = self._get_base_lines(bill)
        return {
            'title': bill._get_document_title(),
            'rows': rows,
            'total': total,
            'columns': columns,
            'has_items': bool(items),
            **self._get_layout(bill, (*rows, total), columns, self._get_heads(), percent=5, **items),
            'parts': self._get_parts(bill, base_lines),
            'tax_totals': self.env['account.tax']._get_tax_totals_summary(
                base_lines, bill.currency_id, bill.company_id
            ),
        }

    def _get_base_lines(self, bill):
        """What the bill's invoice is taxed: the one that stands, else the one to come. Nothing is written.

        :return list: base lines of Odoo's tax engine with their tax details; ``_line`` has ``name`` and
            ``progress_line_type`` of the invoice line
        """
        # sudo: account.move, account.tax - the figures of a document that may be printed
        bill = bill.sudo()
        move, taxes = bill.invoice_id, bill.env['account.tax']
        if move.move_type == bill._get_move_type():
            base_lines, _tax_lines = move._get_rounded_base_and_tax_lines()
            return [{**base_line, '_line': base_line['record']} for base_line in base_lines]
        base_lines = [
            taxes._prepare_base_line_for_taxes_computation(
                {
                    **{name: line.get(name) for name in ('quantity', 'price_unit', 'extra_tax_data')},
                    'tax_ids': taxes.browse(line['tax_ids'][0][2]),
                    'currency_id': bill.currency_id,
                    '_line': line,
                }
            )
            for line in bill._prepare_invoice_line_list(bill._get_invoice_taxes())
            if not line.get('display_type')
        ]
        taxes._add_tax_details_in_base_lines(base_lines, bill.company_id)
        taxes._round_base_lines_tax_details(base_lines, bill.company_id)
        return base_lines

    def _get_parts(self, bill, base_lines):
        """What the untaxed amount of the invoice to come consists of; nothing where it is the work alone.

        :return list: label and amount, untaxed
        """
        types = self.env['account.move.line']._get_progress_line_types()
        work, deposits = self.env._("Work billed"), self.env._("Deposits invoiced before")
        amounts = {}
        for base_line in base_lines:
            line, details = base_line['_line'], base_line['tax_details']
            line_type = types.get(line['progress_line_type'])
            label = line['name']
            if not line_type or line_type.scheduled:
                label = work if not line_type or line_type.claims else deposits
            net = details['total_excluded_currency'] + details['delta_total_excluded_currency']
            amounts[label] = amounts.get(label, 0.0) + net
        if not amounts.keys() - {work}:
            return []
        return [(label, bill.currency_id.round(amount)) for label, amount in amounts.items()]
