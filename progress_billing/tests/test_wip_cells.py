import io

import openpyxl

from odoo.tests import tagged

from ..report.wip_xlsx import WipXlsx
from .common import ProgressBillingCommon

COLUMNS = 14


@tagged('post_install', '-at_install')
class TestWipCells(ProgressBillingCommon):
    """The WIP schedule as a spreadsheet, cell by cell (CSH-3, CSH-4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.account_id = cls.analytic_account

    def _read(self, wizard, *, formulas=False):
        sheet = openpyxl.load_workbook(io.BytesIO(WipXlsx(wizard).build()), data_only=not formulas).active
        return sheet, [[cell.value for cell in row] for row in sheet.iter_rows()]

    def _make_wizard(self, **vals):
        return self.env['progress.wip.wizard'].create({'date': '2026-03-31', 'company_id': self.company.id, **vals})

    def test_row(self):
        """Contract 1,200, estimate 900, cost 300, billed 500: a third done, 400 earned, 100 too much billed."""
        contract = self.make.contract([1200], estimated_cost=900)
        self.env['account.analytic.line'].create(
            {
                'name': "Cost",
                'account_id': self.analytic_account.id,
                'amount': -300,
                'date': '2026-02-28',
                'company_id': self.company.id,
            }
        )
        self.billing.bill(contract, '500', '2026-02-28')
        sheet, rows = self._read(self._make_wizard())
        self.assertEqual(rows[0][0], "WIP Schedule")
        self.assertEqual(rows[1][0], f"{self.company.display_name}, 03/31/2026")
        self.assertEqual(rows[1][3], "USD")
        self.assertEqual(len(rows[3]), COLUMNS)
        [row] = [row for row in rows if row[0] == "House"]
        self.assertEqual(row[1:3], [contract.name, self.customer.name])
        self.assertEqual(
            [round(cell, 4) for cell in row[3:]], [1200, 900, 300, 300, 0.3333, 400, 500, 100, 0, 100, 800]
        )
        self.assertEqual(rows[-1][0], "Total")
        self.assertIsNone(rows[-1][7], "shares are not added up")
        self.assertEqual(sheet.freeze_panes, 'B5')
        self.assertEqual(sheet.print_title_rows, '$4:$4')

    def test_formulas(self):
        """What follows from other cells is a formula of its own row."""
        self.make.contract([1200], estimated_cost=900)
        sheet, rows = self._read(self._make_wizard(date='2100-01-01'), formulas=True)
        number = next(index for index, row in enumerate(rows, 1) if row[0] == "House")
        self.assertEqual(
            [cell for cell in rows[number - 1] if isinstance(cell, str) and cell.startswith('=')],
            [
                f'=IF(E{number}>0,D{number}-E{number},0)',
                f'=IF(E{number}>0,MIN(1,MAX(0,G{number}/E{number})),0)',
                f'=ROUND(H{number}*D{number},2)',
                f'=MAX(J{number}-I{number},0)',
                f'=MAX(I{number}-J{number},0)',
                f'=I{number}-G{number}',
                f'=D{number}-I{number}',
            ],
        )
        last = len(rows)
        self.assertEqual(rows[-1][3], f'=SUM(D5:D{last - 1})')
        self.assertEqual(sheet.cell(number, 8).number_format, '0.00%')
        self.assertEqual(sheet.cell(number, 4).number_format, '#,##0.00')

    def test_no_estimate(self):
        """A missing estimate is an empty cell that is marked, not a nought."""
        self.make.contract([1200])
        sheet, rows = self._read(self._make_wizard(date='2100-01-01'))
        number = next(index for index, row in enumerate(rows, 1) if row[0] == "House")
        cell = sheet.cell(number, 5)
        self.assertIsNone(cell.value)
        self.assertTrue(cell.fill.fgColor.rgb.endswith('FFF2CC'))
        self.assertEqual((rows[number - 1][7], rows[number - 1][8]), (0, 0))

    def test_nothing(self):
        """Without rows there are heads and an empty total, and no formula over nothing."""
        company = self.setup_other_company()['company']
        _sheet, rows = self._read(self._make_wizard(company_id=company.id), formulas=True)
        self.assertEqual(len(rows), 5)
        self.assertEqual(rows[-1], ["Total"] + [None] * (COLUMNS - 1))
