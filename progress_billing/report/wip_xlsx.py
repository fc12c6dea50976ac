import io

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from odoo.tools import format_date

HEAD_ROW = 3
#: column: field of the line, formula of its row (columns by field name), whether it is added up
FORMULAS = {
    'estimated_profit': '=IF({estimated_cost}>0,{revised_amount}-{estimated_cost},0)',
    'percent_complete': '=IF({estimated_cost}>0,MIN(1,MAX(0,{cost_to_date}/{estimated_cost})),0)',
    'earned_revenue': '=ROUND({percent_complete}*{revised_amount},{digits})',
    'overbilled_amount': '=MAX({billed_amount}-{earned_revenue},0)',
    'underbilled_amount': '=MAX({earned_revenue}-{billed_amount},0)',
    'profit_to_date': '={earned_revenue}-{cost_to_date}',
    'backlog_amount': '={revised_amount}-{earned_revenue}',
}
TEXTS = ('name', 'contract_names', 'partner_id')
NUMBERS = (
    'revised_amount',
    'estimated_cost',
    'estimated_profit',
    'cost_to_date',
    'percent_complete',
    'earned_revenue',
    'billed_amount',
    'overbilled_amount',
    'underbilled_amount',
    'profit_to_date',
    'backlog_amount',
)
COLUMNS = (*TEXTS, *NUMBERS)


class WipXlsx:
    """The WIP schedule as a spreadsheet: what is entered are numbers, what follows are formulas.

    :param wizard: ``progress.wip.wizard``
    """

    def __init__(self, wizard):
        self.wizard, self.env = wizard, wizard.env
        self.currency = wizard.company_id.currency_id

    def build(self):
        """The workbook.

        :return bytes: a file in the format of Excel
        """
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {'in_memory': True}) as book:
            digits = self.currency.decimal_places
            money = '#,##0' + ('.' + '0' * digits if digits else '')
            formats = {
                'money': book.add_format({'num_format': money}),
                'percent': book.add_format({'num_format': '0.00%'}),
                'head': book.add_format({'bold': True, 'text_wrap': True, 'bottom': 1, 'valign': 'top'}),
                'title': book.add_format({'bold': True, 'font_size': 14}),
                'total': book.add_format({'bold': True, 'top': 1, 'num_format': money}),
                'missing': book.add_format({'num_format': money, 'bg_color': '#FFF2CC'}),
            }
            sheet = book.add_worksheet(self.env._("WIP Schedule")[:31])
            self._write_head(sheet, formats)
            row = HEAD_ROW
            for line in self.wizard.line_ids:
                row += 1
                self._write_row(sheet, row, line, formats, digits)
            self._write_total(sheet, row + 1, formats)
        return buffer.getvalue()

    def _write_head(self, sheet, formats):
        line = self.wizard.line_ids.browse()
        sheet.write_string(0, 0, self.env._("WIP Schedule"), formats['title'])
        date = format_date(self.wizard.env, self.wizard.date)
        sheet.write_string(1, 0, f"{self.wizard.company_id.display_name}, {date}")
        sheet.write_string(1, len(TEXTS), self.currency.name)
        for column, name in enumerate(COLUMNS):
            sheet.write_string(HEAD_ROW, column, line._fields[name]._description_string(self.env), formats['head'])
        sheet.set_column(0, 0, 32)
        sheet.set_column(1, len(TEXTS) - 1, 20)
        sheet.set_column(len(TEXTS), len(COLUMNS) - 1, 15)
        sheet.freeze_panes(HEAD_ROW + 1, 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEAD_ROW)

    def _write_row(self, sheet, row, line, formats, digits):
        cells = {name: xl_rowcol_to_cell(row, column) for column, name in enumerate(COLUMNS)}
        for column, name in enumerate(TEXTS):
            value = line[name].display_name if name.endswith('_id') else line[name]
            sheet.write_string(row, column, value or '')
        for column, name in enumerate(NUMBERS, len(TEXTS)):
            value, style = line[name], formats['money']
            if name == 'percent_complete':
                value, style = value / 100, formats['percent']
            if name == 'estimated_cost' and line.is_estimate_missing:
                sheet.write_blank(row, column, None, formats['missing'])
            elif name in FORMULAS:
                sheet.write_formula(row, column, FORMULAS[name].format(digits=digits, **cells), style, value)
            else:
                sheet.write_number(row, column, value, style)

    def _write_total(self, sheet, row, formats):
        sheet.write_string(row, 0, self.env._("Total"), formats['total'])
        for column in range(1, len(TEXTS)):
            sheet.write_blank(row, column, None, formats['total'])
        for column, name in enumerate(NUMBERS, len(TEXTS)):
            if name == 'percent_complete' or not self.wizard.line_ids:
                sheet.write_blank(row, column, None, formats['total'])
                continue
            letter = xl_col_to_name(column)
            total = sum(self.wizard.line_ids.mapped(name))
            sheet.write_formula(row, column, f'=SUM({letter}{HEAD_ROW + 2}:{letter}{row})', formats['total'], total)
