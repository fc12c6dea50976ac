import io
import re

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

HEAD_ROW = 3
FORMULAS = {
    'completed_stored': '=D{row}+E{row}+F{row}',
    'percent': '=IF(C{row}=0,0,G{row}/C{row})',
    'balance': '=C{row}-G{row}',
}
FACTS = ('number', 'revision', 'bill', 'date', 'period', 'project', 'contract', 'customer', 'contractor', 'currency')
PAPER_CODES = {'letter': 1, 'a4': 9}  # of the file format


class ApplicationXlsx:
    """The application for payment as a spreadsheet: data are numbers, what follows from them are formulas.

    :param report: ``report.progress_billing.report_progress_application``, in the customer's language
    :param bill: ``progress.bill``
    """

    def __init__(self, report, bill):
        self.report, self.bill, self.env = report, bill, report.env
        # by letter; the last column tells retainage on stored materials from the rest
        self.sheet = (*report._get_letters(), 'retainage_stored')
        self.letters = {key: xl_col_to_name(column) for column, key in enumerate(self.sheet)}

    def build(self):
        """The workbook, in the customer's language: summary and continuation sheet.

        :return bytes: a file in the format of Excel
        """
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {'in_memory': True}) as book:
            formats = self._get_formats(book)
            names = [self._get_sheet_name(name) for name in (self.env._("Summary"), self.env._("Continuation Sheet"))]
            if names[0] == names[1]:  # a translation may make them the same
                names[1] = f'{names[1][:29]} 2'
            summary, sheet = (book.add_worksheet(name) for name in names)
            for page in (summary, sheet):
                page.set_paper(PAPER_CODES[self.bill.contract_id._get_application_setting('paper')])
                page.set_footer(f'&L{self._get_footer_text()}&R&P / &N')
                page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
            total_row = self._write_continuation(sheet, formats)
            self._write_summary(summary, formats, f"'{names[1]}'!{{}}{total_row}")
        return buffer.getvalue()

    def _get_sheet_name(self, name):
        """A name that the file format takes for a worksheet."""
        return re.sub(r"[\[\]:*?/\\']", ' ', name)[:31]

    def _get_footer_text(self):
        """Number and contract; an ampersand would be a code."""
        return self.bill._get_application_file_name().replace('&', '&&')[:200]

    def _get_formats(self, book):
        digits = self.bill.currency_id.decimal_places
        money = '#,##0' + ('.' + '0' * digits if digits else '')
        base = {'valign': 'top'}
        return {
            'title': book.add_format({'bold': True, 'font_size': 14}),
            'text': book.add_format({**base, 'text_wrap': True}),
            'label': book.add_format({**base, 'font_color': '#666666'}),
            'head': book.add_format(
                {'bold': True, 'text_wrap': True, 'bottom': 1, 'valign': 'top', 'bg_color': '#EEEEEE'}
            ),
            'section': book.add_format({**base, 'bold': True, 'text_wrap': True}),
            'money': book.add_format({**base, 'num_format': money}),
            'percent': book.add_format({**base, 'num_format': '0.00%'}),
            'strong_text': book.add_format({**base, 'bold': True, 'top': 1, 'text_wrap': True}),
            'strong_money': book.add_format({**base, 'bold': True, 'top': 1, 'num_format': money}),
            'strong_percent': book.add_format({**base, 'bold': True, 'top': 1, 'num_format': '0.00%'}),
        }

    # === CONTINUATION self.sheet === #

    def _write_continuation(self, sheet, formats):
        """Sections, lines, subtotals and the grand total.

        :return int: the row of the grand total, as the spreadsheet counts
        """
        heads, rows = self.report._get_heads(), self.report._get_rows(self.bill)
        columns = self.report._get_columns(self.bill)
        sheet.write_string(0, 0, self.env._("Continuation Sheet"), formats['title'])
        sheet.write_string(1, 0, self.bill._get_application_file_name())
        for column, key in enumerate(self.sheet):
            sheet.write_string(HEAD_ROW, column, heads[key], formats['head'])
        for index, row in enumerate(rows):
            self._write_sheet_row(sheet, HEAD_ROW + 1 + index, row, formats)
        last = HEAD_ROW + 1 + len(rows)
        total = dict(self.report._sum_rows(rows), style='subtotal', item='', name=self.env._("Grand total"), first=0)
        self._write_sheet_row(sheet, last, total, formats)
        self._lay_out_continuation(sheet, last, columns)
        return last + 1

    def _lay_out_continuation(self, sheet, last, columns):
        sheet.set_column(0, 0, 9)
        sheet.set_column(1, 1, 46)
        for column, key in enumerate(self.sheet[2:], 2):
            shown = key in columns or (key == 'retainage_stored' and {'stored', 'retainage'} <= set(columns))
            sheet.set_column(column, column, 9 if key == 'percent' else 16, None, {'hidden': not shown})
        sheet.freeze_panes(HEAD_ROW + 1, 2)
        sheet.repeat_rows(HEAD_ROW)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.print_area(0, 0, last, len(self.sheet) - 2)

    def _write_sheet_row(self, sheet, index, row, formats):
        """One row; a subtotal adds up the lines from its ``first`` row on, other subtotals apart."""
        is_sum = row['style'] == 'subtotal'
        text = formats['strong_text' if is_sum else 'section' if row['style'] == 'title' else 'text']
        sheet.write_string(index, 0, row['item'], text)
        sheet.write_string(index, 1, row['name'], text)
        if row['style'] == 'title':
            return
        for column, key in enumerate(self.sheet[2:], 2):
            value, kind = float(row[key]), 'money'
            if key == 'percent':
                value, kind = value / 100, 'percent'
            style = formats[f'strong_{kind}' if is_sum else kind]
            formula = FORMULAS.get(key)
            if is_sum and key != 'percent':
                letter, first = self.letters[key], HEAD_ROW + 2 + row['first']
                formula = f'=SUBTOTAL(9,{letter}{first}:{letter}{index})' if index >= first else '=0'
            if formula:
                sheet.write_formula(index, column, formula.format(row=index + 1), style, value)
            else:
                sheet.write_number(index, column, value, style)

    # === SUMMARY === #

    def _write_summary(self, sheet, formats, total):
        """Facts, numbered lines and change orders.

        :param str total: reference to the grand total of a column
        """
        sheet.write_string(0, 0, self.env._("Application for Payment"), formats['title'])
        facts = self.report._get_facts(self.bill)
        row = 2
        for key in FACTS:
            sheet.write_string(row, 0, facts[key][0], formats['label'])
            sheet.write_string(row, 1, facts[key][1], formats['text'])
            row += 1
        cells = self._write_summary_lines(sheet, row + 1, formats, total)
        self._write_changes(sheet, max(cells.values()) + 2, formats, cells['change_amount'])
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, 1, 56)
        sheet.set_column(2, 3, 20)
        sheet.freeze_panes(2, 0)
        sheet.fit_to_pages(1, 1)

    def _write_summary_lines(self, sheet, row, formats, total):
        """The numbered lines: rows of the spreadsheet by field of the bill."""
        lines = self.report._get_summary(self.bill)
        cells = {line['key']: row + 1 + index for index, line in enumerate(lines)}
        at = {key: f'C{cell}' for key, cell in cells.items()}
        formulas = {
            'revised_amount': '={original_amount}+{change_amount}',
            'completed_stored_amount': '=' + total.format('G'),
            'retainage_work_amount': f'={total.format("J")}-{total.format("K")}',
            'retainage_stored_amount': '=' + total.format('K'),
            'retainage_total': '={retainage_work_amount}+{retainage_stored_amount}',
            'earned_less_retainage': '={completed_stored_amount}-{retainage_total}',
            'current_payment_due': '={earned_less_retainage}-{less_previous_certificates}',
            'balance_to_finish': '={revised_amount}-{earned_less_retainage}',
        }
        for index, line in enumerate(lines, row):
            strong = 'strong_' if line['style'] in ('strong', 'due') else ''
            sheet.write_string(index, 0, line['number'], formats[f'{strong}text'])
            sheet.write_string(index, 1, line['label'], formats[f'{strong}text'])
            formula = formulas.get(line['key'])
            if formula:
                sheet.write_formula(index, 2, formula.format(**at), formats[f'{strong}money'], line['value'])
            else:
                sheet.write_number(index, 2, line['value'], formats[f'{strong}money'])
        return cells

    def _write_changes(self, sheet, row, formats, change_cell):
        """The change orders; the net change of the summary follows from them where it is their sum."""
        changes = self.report._get_changes(self.bill)
        for column, head in enumerate(changes['heads'], 1):
            sheet.write_string(row, column, head, formats['head'])
        for index, (label, *amounts) in enumerate(changes['rows'], row + 1):
            sheet.write_string(index, 1, label, formats['text'])
            for column, amount in enumerate(amounts, 2):
                sheet.write_number(index, column, amount, formats['money'])
        total = row + 1 + len(changes['rows'])
        label, *amounts = changes['total']
        sheet.write_string(total, 1, label, formats['strong_text'])
        for column, amount in enumerate(amounts, 2):
            letter = xl_col_to_name(column)
            formula = f'=SUM({letter}{row + 2}:{letter}{total})'
            sheet.write_formula(total, column, formula, formats['strong_money'], amount)
        label, net = changes['net']
        sheet.write_string(total + 1, 1, label, formats['strong_text'])
        sheet.write_formula(total + 1, 2, f'=C{total + 1}-D{total + 1}', formats['strong_money'], net)
        if not self.bill.currency_id.compare_amounts(net, self.bill.change_amount):
            sheet.write_formula(change_cell - 1, 2, f'=C{total + 2}', formats['money'], self.bill.change_amount)
