import csv
import io

import xlsxwriter

from odoo import http
from odoo.http import request
from odoo.tools import file_open

CSV_TEMPLATE = 'progress_billing/static/import/schedule_of_values.csv'
XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'


class ScheduleTemplate(http.Controller):
    @http.route('/progress_billing/schedule_of_values.xlsx', type='http', auth='user', readonly=True)
    def schedule_of_values(self):
        """The import template of a schedule of values as a spreadsheet: the CSV one, with real numbers."""
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {'in_memory': True}) as book, file_open(CSV_TEMPLATE, 'r') as source:
            sheet = book.add_worksheet('Schedule of Values')
            bold, money = book.add_format({'bold': True}), book.add_format({'num_format': '#,##0.00'})
            sheet.set_column(0, 0, 12)
            sheet.set_column(1, 1, 48)
            sheet.set_column(2, 7, 16)
            sheet.freeze_panes(1, 0)
            for row, cells in enumerate(csv.reader(source)):
                for column, cell in enumerate(cells):
                    if row and cell.replace('.', '', 1).isdecimal() and column:
                        sheet.write_number(row, column, float(cell), money)
                    else:
                        sheet.write_string(row, column, cell, bold if not row else None)
        return request.make_response(
            buffer.getvalue(),
            [('Content-Type', XLSX_TYPE), ('Content-Disposition', http.content_disposition('schedule_of_values.xlsx'))],
        )
