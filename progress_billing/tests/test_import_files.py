import base64
import io
import re
import zipfile
from datetime import date

import openpyxl
from openpyxl.styles import Font

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..tools import schedule_file
from .common import ProgressBillingCommon

XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'


def workbook(rows, prepare=None, title='Schedule'):
    """An Excel file of these rows."""
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    if prepare:
        prepare(book.active)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def opendocument(rows):
    """An OpenDocument spreadsheet of these rows; percentages as floats with a ``%`` behind."""

    def cell(value):
        if value is None:
            return '<table:table-cell/>'
        if isinstance(value, (int, float)):
            return (
                f'<table:table-cell office:value-type="float" office:value="{value}">'
                '<text:p>~</text:p></table:table-cell>'
            )
        if value.endswith('%%'):
            return (
                f'<table:table-cell office:value-type="percentage" office:value="{value[:-2]}">'
                '<text:p>~</text:p></table:table-cell>'
            )
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    body = ''.join(f'<table:table-row>{"".join(map(cell, row))}</table:table-row>' for row in rows)
    content = (
        '<?xml version="1.0"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Sheet1">{body}<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="1024"/></table:table-row></table:table>'
        '</office:spreadsheet></office:body></office:document-content>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as archive:
        archive.writestr('mimetype', 'application/vnd.oasis.opendocument.spreadsheet')
        archive.writestr('content.xml', content)
    return buffer.getvalue()


class ImportCommon(ProgressBillingCommon):
    def setUp(self):
        super().setUp()
        self.contract = self.make.contract([], do_open=False)

    def _wizard(self, content, name='schedule.csv', **vals):
        content = content.encode() if isinstance(content, str) else content
        return self.env['progress.import.wizard'].create(
            {'contract_id': self.contract.id, 'file_data': base64.b64encode(content), 'file_name': name, **vals}
        )

    def _rows(self, wizard):
        """What was made of each row: number, kind, item, description, amount."""
        return [
            (line.row_number, line.kind, line.item_number or '', line.name or '', line.original_amount)
            for line in wizard.line_ids.sorted('row_number')
        ]

    def assertLines(self, wizard, expected):
        """Lines and sections that come in: ``(item, name, amount)``, sections without an amount."""
        found = [
            (item, name, None if kind != 'line' else amount)
            for _row, kind, item, name, amount in self._rows(wizard)
            if kind != 'skipped'
        ]
        self.assertEqual(found, expected)

    def _skipped(self, wizard):
        return {line.row_number: line.remark for line in wizard.line_ids.sorted('row_number') if line.kind == 'skipped'}


@tagged('post_install', '-at_install')
class TestImportFiles(ImportCommon):
    """Schedules of values as contractors keep them: no total is a line, and what is left out says why."""

    def test_total_row(self):
        """A TOTAL row does not double the contract."""
        wizard = self._wizard(
            'Item No.,Description of Work,Scheduled Value,% Complete\n'
            '1,Site works,46900,100%\n2,Structure,150000,25%\n3,Finishes,50000,\n,TOTAL,246900,\n'
        )
        self.assertLines(wizard, [('1', 'Site works', 46900), ('2', 'Structure', 150000), ('3', 'Finishes', 50000)])
        self.assertEqual(self._skipped(wizard), {1: "The headings.", 5: "A total."})
        self.assertRecordValues(
            wizard,
            [{'amount': 246900, 'stated_amount': 246900, 'difference': 0, 'line_count': 3, 'has_completed': True}],
        )
        wizard.action_import()
        self.assertEqual(self.contract.original_amount, 246900)
        self.assertEqual(self.contract.line_ids.mapped('completed_percent'), [100, 25, 0])

    def test_continuation_sheet(self):
        """A form like the G703: titles, a heading over several rows with merged cells, letters, percents as shares."""

        def prepare(sheet):
            sheet.merge_cells('A1:I1')
            sheet.merge_cells('D4:E4')
            for row in range(7, 11):
                sheet.cell(row, 8).number_format = '0.00%'
            sheet['I11'] = None

        wizard = self._wizard(
            workbook(
                [
                    ["CONTINUATION SHEET"],
                    ["Application for payment, containing the contractor's signed certification"],
                    [],
                    ["A", "B", "C", "WORK COMPLETED", None, "F", "G", None, "I"],
                    [
                        "ITEM\nNO.",
                        "DESCRIPTION OF WORK",
                        "SCHEDULED",
                        "FROM PREVIOUS",
                        "THIS",
                        "MATERIALS",
                        "TOTAL",
                        "%",
                        "RETAINAGE",
                    ],
                    [None, None, "VALUE", "APPLICATION (D + E)", "PERIOD", "STORED", "COMPLETED", "(G ÷ C)", None],
                    [1, "General conditions", 12000, 3000, 0, 0, 3000, 0.25, 300],
                    [2, "Concrete, footings\nand slab", 40500.5, 20250.25, 0, 0, 20250.25, 0.5, 2025.03],
                    [3, "Framing", 61250, 0, 0, 0, 0, 0, 0],
                    ["CO 1", "Credit: fence", -1500, 0, 0, 0, 0, 0, 0],
                    [None, "GRAND TOTAL", 112250.5, 23250.25, 0, 0, 23250.25, 0.2071, 2325.03],
                ],
                prepare,
            ),
            'g703.xlsx',
        )
        self.assertLines(
            wizard,
            [
                ('1', 'General conditions', 12000),
                ('2', 'Concrete, footings\nand slab', 40500.5),
                ('3', 'Framing', 61250),
                ('CO 1', 'Credit: fence', -1500),
            ],
        )
        self.assertEqual(
            wizard.line_ids.filtered(lambda line: line.kind == 'line').mapped('completed_percent'), [25, 50, 0, 0]
        )
        self.assertRecordValues(wizard, [{'amount': 112250.5, 'stated_amount': 112250.5, 'has_retainage': False}])
        self.assertEqual(self._skipped(wizard)[11], "A total.")
        wizard.action_import()
        self.assertEqual(self.contract.original_amount, 112250.5)

    def test_sections_and_subtotals(self):
        """Sections are guessed, subtotals and the grand total are left out."""
        wizard = self._wizard(
            workbook(
                [
                    ["Job 1204 Elm Street", None, None],
                    [],
                    ["Cost Code", "Description", "Amount"],
                    [None, "DIVISION 01 - GENERAL", None],
                    ["01-100", "Mobilization", 5000],
                    ["01-200", "Permits", 1200],
                    [None, "Subtotal Division 01", 6200],
                    [None, "DIVISION 03 - CONCRETE", None],
                    ["03-100", "Footings", 10000],
                    ["03-200", "Slab", 8000.55],
                    [None, "Total concrete", 18000.55],
                    [],
                    [None, "CONTRACT TOTAL", 24200.55],
                    [],
                    ["Prepared by J. Doe", None, None],
                ]
            ),
            'sov.xlsx',
        )
        self.assertLines(
            wizard,
            [
                ('', 'DIVISION 01 - GENERAL', None),
                ('01-100', 'Mobilization', 5000),
                ('01-200', 'Permits', 1200),
                ('', 'DIVISION 03 - CONCRETE', None),
                ('03-100', 'Footings', 10000),
                ('03-200', 'Slab', 8000.55),
            ],
        )
        self.assertEqual(
            self._skipped(wizard),
            {
                1: "Above the headings.",
                3: "The headings.",
                7: "A total.",
                11: "A total.",
                13: "A total.",
                15: "Text below the last line.",
            },
        )
        self.assertEqual(wizard.stated_amount, 24200.55)

    def test_formulas(self):
        """Results of formulas are read; a formula that was never calculated is named, and keeps the row out."""
        content = workbook(
            [
                ["Item", "Description", "Qty", "Unit Price", "Amount"],
                [1, "Doors", 4, 250, "=C2*D2"],
                [2, "Windows", None, None, "=SUM(X1:X9)"],
            ]
        )
        wizard = self._wizard(content, 'formulas.xlsx')
        self.assertLines(wizard, [('1', 'Doors', 1000), ('2', 'Windows', 0)])
        self.assertEqual(wizard.problem_count, 1)  # quantity times unit price is known without the formula
        with self.assertRaisesRegex(UserError, "Row 3 of the file, Windows: A formula without its result"):
            wizard.action_import()
        self.assertFalse(self.contract.line_ids)
        # a file that was saved by a spreadsheet program carries the results
        buffer = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, 'w') as target:
            for name in source.namelist():
                part = source.read(name)
                if name.endswith('sheet1.xml'):
                    for formula, result in ((b'C2*D2', b'1000'), (b'SUM(X1:X9)', b'99.5')):
                        part = re.sub(
                            rb'<f>' + re.escape(formula) + rb'</f><v ?(/>|></v>)',
                            b'<f>' + formula + b'</f><v>' + result + b'</v>',
                            part,
                        )
                target.writestr(name, part)
        wizard = self._wizard(buffer.getvalue(), 'formulas.xlsx')
        self.assertLines(wizard, [('1', 'Doors', 1000), ('2', 'Windows', 99.5)])
        self.assertFalse(wizard.problem_count)

    def test_negatives_and_currencies(self):
        """Brackets, minus signs on either side, currency signs and codes, numbers as text."""
        wizard = self._wizard(
            workbook(
                [
                    ["No.", "Scope", "Contract Amount"],
                    [1, "Roof", "$ 12,500.00"],
                    [2, "Allowance", "(2,500.00)"],
                    [3, "Credit", "1,000.00-"],
                    [4, "Doors", "USD 3,000.50"],
                    [5, "Nothing", "-"],
                    [6, "Painting", "included"],
                    [None, "Total", "12,000.50"],
                ]
            ),
            'text.xlsx',
        )
        self.assertLines(
            wizard,
            [
                ('1', 'Roof', 12500),
                ('2', 'Allowance', -2500),
                ('3', 'Credit', -1000),
                ('4', 'Doors', 3000.5),
                ('5', 'Nothing', 0),
                ('6', 'Painting', 0),
            ],
        )
        self.assertEqual(wizard.difference, 0)

    def test_german_windows_file(self):
        """Windows-1252 with semicolons, German numbers, lines that show their own sum, VAT below."""
        content = (
            'Angebot 2026-17;;;;;\r\nPos.;Bezeichnung;Menge;Einheit;Einheitspreis;Gesamtpreis\r\n'
            '1;Erdarbeiten;;;;10.420,00 €\r\n1.1;Baustelle einrichten;1;psch;4.500,00;4.500,00\r\n'
            '1.2;Aushub "Böschung";320;m³;18,50;5.920,00\r\n2;Rohbau;;;;28.400,50\r\n2.1;Fundamente;;;;28.400,50\r\n'
            ';Summe netto;;;;38.820,50\r\n;zzgl. MwSt. 19 %;;;;7.375,90\r\n'
            ';Gesamtbetrag brutto;;;;46.196,40\r\n;;;;;\r\n;;;;;\r\n'
        ).encode('cp1252')
        wizard = self._wizard(content, 'lv.csv')
        self.assertLines(
            wizard,
            [
                ('1', 'Erdarbeiten', None),
                ('1.1', 'Baustelle einrichten', 4500),
                ('1.2', 'Aushub "Böschung"', 5920),
                ('2', 'Rohbau', None),
                ('2.1', 'Fundamente', 28400.5),
            ],
        )
        self.assertEqual(list(self._skipped(wizard)), [1, 2, 8, 9, 10])
        self.assertEqual(self._skipped(wizard)[9], "A tax: the contract's amounts are untaxed.")
        self.assertRecordValues(wizard, [{'amount': 38820.5, 'stated_amount': 38820.5, 'has_quantity': True}])
        wizard.by_quantity = True
        wizard.action_import()
        self.assertEqual(
            self.contract.line_ids.filtered(lambda line: not line.display_type).mapped('billing_base'),
            ['quantity', 'quantity', 'amount'],
        )
        self.assertEqual(self.contract.original_amount, 38820.5)

    def test_utf16(self):
        """UTF-16 with tabs, as Excel saves *Unicode text*; apostrophes and spaces between thousands."""
        text = (
            "Poste\tDésignation\tMontant HT\r\n1\tGros œuvre\t1'234'567,80\r\n"
            "2\tSecond œuvre\t12 345,20\r\n\tTotal HT\t1 246 913,00\r\n"
        )
        for content in (text.encode('utf-16'), text.encode('utf-16-le')):
            wizard = self._wizard(content, 'dpgf.txt')
            self.assertLines(wizard, [('1', 'Gros œuvre', 1234567.8), ('2', 'Second œuvre', 12345.2)])
            self.assertEqual(wizard.stated_amount, 1246913)

    def test_languages(self):
        """The trade's words in every language."""
        for heading, total in (
            ('Pos;Beschreibung;Betrag;Leistungsstand', 'Gesamtsumme'),
            ('N°;Désignation des travaux;Montant du marché HT;% avancement', 'Total général'),
            ('Partida;Descripción;Importe;% ejecutado', 'Total'),
            ('Postnr.;Omschrijving;Bedrag;% gereed', 'Totaal'),
            ('N.;Descrizione dei lavori;Importo;% avanzamento', 'Totale complessivo'),
            ('Line;Scope of Work;Contract Value;Percent Complete', 'Sum Total'),
        ):
            with self.subTest(heading=heading):
                wizard = self._wizard(f'{heading}\n1;A;1.000,50;50\n2;B;2.000,00;\n;{total};3.000,50;\n')
                self.assertLines(wizard, [('1', 'A', 1000.5), ('2', 'B', 2000)])
                self.assertEqual(wizard.line_ids.mapped('completed_percent')[1], 50)
                self.assertTrue(wizard.has_heading)

    def test_hidden_rows(self):
        """Hidden rows are left out, unless the file's total counts them."""

        def hide(sheet):
            sheet.row_dimensions[3].hidden = True

        rows = [["Item", "Description", "Value"], [1, "Walls", 100], [2, "Alternate", 40], [3, "Roof", 60]]
        wizard = self._wizard(workbook([*rows, [None, "Total", 160]], hide), 'hidden.xlsx')
        self.assertLines(wizard, [('1', 'Walls', 100), ('3', 'Roof', 60)])
        self.assertEqual(self._skipped(wizard)[3], "Hidden in the file.")
        wizard = self._wizard(workbook([*rows, [None, "Total", 200]], hide), 'hidden.xlsx')
        self.assertLines(wizard, [('1', 'Walls', 100), ('2', 'Alternate', 40), ('3', 'Roof', 60)])
        # whoever wants it takes it in
        wizard = self._wizard(workbook(rows, hide), 'hidden.xlsx')
        wizard.line_ids.filtered(lambda line: line.row_number == 3).kind = 'line'
        self.assertEqual(wizard.amount, 200)

    def test_duplicates_and_retainage(self):
        """Item numbers that come twice are said; a retainage in percent comes in, one in money does not."""
        wizard = self._wizard(
            'Item;Description;Scheduled Value;Retainage %;Retainage\n1;Walls;1000;10%;100\n'
            '1;Walls again;500;5 %;25\n2;Roof;300;;\n'
        )
        self.assertIn("Row 2 has the same item number.", wizard.line_ids.mapped('remark'))
        wizard.action_import()
        self.assertEqual(self.contract.line_ids.mapped('retainage_percent'), [10, 5, 0])
        self.assertEqual(self.contract.original_amount, 1800)

    def test_opendocument(self):
        content = opendocument(
            [
                ["Schedule of values"],
                ["Item", "Description", "Amount", "% Complete"],
                ["1", "Walls", 1234.56, "0.25%%"],
                ["2", "Roof", 100, "1%%"],
                [None, "Total", 1334.56, None],
            ]
        )
        wizard = self._wizard(content, 'sov.ods')
        self.assertLines(wizard, [('1', 'Walls', 1234.56), ('2', 'Roof', 100)])
        self.assertEqual(wizard.line_ids.sorted('row_number').mapped('completed_percent'), [0, 0, 25, 100, 0])

    def test_dates_errors_and_other_cells(self):
        """Dates, errors and notes in columns that are not read do no harm; in the amount they are named."""
        wizard = self._wizard(
            workbook(
                [
                    ["Item", "Description", "Amount", "Start", "Ratio"],
                    [1, "Walls", 100, date(2026, 1, 5), "#DIV/0!"],
                    [2, "Roof", "#REF!", None, None],
                ]
            ),
            'errors.xlsx',
        )
        self.assertEqual(wizard.problem_count, 1)
        roof = wizard.line_ids.filtered(lambda line: line.item_number == '2')
        self.assertIn("“#REF!” is not a number", roof.remark)
        with Form(wizard) as form:
            with form.line_ids.edit(2) as line:
                line.original_amount = 50
        self.assertFalse(wizard.problem_count)
        wizard.action_import()
        self.assertEqual(self.contract.original_amount, 150)

    def test_what_reads_two_ways(self):
        """1.234 in a column that does not tell: refused, not guessed."""
        wizard = self._wizard('Item;Description;Amount\n1;Walls;1.234\n2;Roof;5.678\n')
        self.assertEqual(wizard.problem_count, 2)
        self.assertIn("can be read in two ways", wizard.line_ids.sorted('row_number')[1].remark)
        # another cell of the column tells
        wizard = self._wizard('Item;Description;Amount\n1;Walls;1.234\n2;Roof;5.678,50\n')
        self.assertEqual(wizard.amount, 6912.5)

    def test_pieces_of_work_with_the_word(self):
        """A lump sum, a provisional sum or a total station is work, even where the figures could be a sum."""
        wizard = self._wizard(
            'Item,Description,Amount\n1,Survey,500\n2,Total station survey,500\n3,Provisional sum,1000\n,Report,250\n'
            ',Transport,70\n4,Lump sum for signs,40\n'
        )
        self.assertEqual(wizard.line_count, 6)
        self.assertEqual(wizard.amount, 2360)

    def test_carried_forward(self):
        """Sums carried from page to page, headings printed again, an unnamed sum at the end."""
        wizard = self._wizard(
            'Item,Description,Amount\n1,Walls,100\n2,Roof,50\n,Carried forward,150\nItem,Description,Amount\n'
            ',Brought forward,150\n3,Doors,25\n,,175\n'
        )
        self.assertLines(wizard, [('1', 'Walls', 100), ('2', 'Roof', 50), ('3', 'Doors', 25)])
        self.assertEqual(wizard.amount, 175)

    def test_sums_by_other_names(self):
        """The contract sum, a collection, and what a claim takes off below the lines: none is one more line."""
        lines = [('1', 'Walls', 1000), ('2', 'Roof', 200)]
        head = 'Item,Description,Amount\n1,Walls,1000\n2,Roof,200\n'
        for rows in (
            ',Contract Sum,1200\n',
            ',Carried to Collection,1200\n',
            ',Less retainage 10%,-120\n,Net due,1080\n',
            ',Base Bid,1200\n,Less previous payments,-300\n',
        ):
            with self.subTest(rows=rows):
                wizard = self._wizard(head + rows)
                self.assertLines(wizard, lines)
                self.assertEqual(len(self._skipped(wizard)), 1 + rows.count('\n'))
        wizard = self._wizard('Item,Description,Amount\n1,Base Bid,1000\n2,Alternate 1,200\n')
        self.assertLines(wizard, [('1', 'Base Bid', 1000), ('2', 'Alternate 1', 200)])

    def test_total_that_does_not_fit(self):
        """A total that is not the sum is said, with both figures."""
        wizard = self._wizard('Item,Description,Amount\n1,Walls,100\n2,Roof,50\n,Total,160\n')
        self.assertRecordValues(wizard, [{'amount': 150, 'stated_amount': 160, 'difference': -10}])

    def test_without_headings(self):
        """A table without headings: the longest texts and the only amounts; else the person says it."""
        wizard = self._wizard('1;Walls of the house;100,50\n2;Roof;20,00\n')
        self.assertFalse(wizard.has_heading)
        self.assertEqual(wizard.amount, 120.5)
        wizard = self._wizard('Foo;Bar;Baz\nA;100;3\nB;200;4\n')
        self.assertEqual(wizard.amount, 0)
        with Form(wizard) as form:
            for index, name in enumerate(('name', 'original_amount')):
                with form.column_ids.edit(index) as column:
                    column.field_name = name
        self.assertEqual(wizard.amount, 300)

    def test_prices_and_quantities(self):
        """A price is of the unit where there are quantities; a quantity that is no number does not stop its amount."""
        wizard = self._wizard(
            'Scope;Qty;Unit;Price;Total\nDoors;4;pcs;250,00;1.000,00\nPaint;LS;;;500,00\n;;;;1.500,00\n'
        )
        self.assertLines(wizard, [('', 'Doors', 1000), ('', 'Paint', 500)])
        self.assertFalse(wizard.problem_count)
        self.assertEqual(wizard.line_ids.mapped('unit_price')[1], 250)
        self.assertIn("“LS” is left out", wizard.line_ids[2].remark)
        wizard = self._wizard('Scope;Price\nDoors;1.000,00\nPaint;500,00\n')
        self.assertEqual(wizard.amount, 1500)
        wizard = self._wizard('Scope;Qty;Price\nDoors;4;250,00\nPaint;some;10,00\n')
        self.assertEqual((wizard.amount, wizard.problem_count), (1000, 1))

    def test_thousands_without_quotes(self):
        """An amount that fell into two cells is no amount."""
        wizard = self._wizard('Item,Description,Amount\n1,Walls,1,234.50\n2,Roof,500.00\n')
        self.assertEqual(wizard.problem_count, 1)
        with self.assertRaisesRegex(UserError, "Row 2 of the file, Walls: More cells than there are headings"):
            wizard.action_import()

    def test_sheets(self):
        """The sheet with the schedule is found among others; another can be named."""
        book = openpyxl.Workbook()
        book.active.title = 'Cover'
        book.active.append(["Our company"])
        sheet = book.create_sheet('SOV')
        for row in (["Item", "Description", "Amount"], [1, "Walls", 10], [2, "Roof", 20]):
            sheet.append(row)
        other = book.create_sheet('Alternates')
        for row in (["Item", "Description", "Amount"], [1, "Pool", 99]):
            other.append(row)
        buffer = io.BytesIO()
        book.save(buffer)
        with Form(self.env['progress.import.wizard'].with_context(default_contract_id=self.contract.id)) as form:
            form.file_data = base64.b64encode(buffer.getvalue())
            self.assertEqual(form.amount, 30)
            with form.line_ids.edit(1) as line:
                line.original_amount = 15
            self.assertEqual(form.amount, 35)
            with form.column_ids.edit(0) as column:
                column.field_name = False
            self.assertEqual(form.amount, 30)
            self.assertEqual([line['item_number'] for line in form.line_ids._records], [False] * 3)
        form.save().action_import()
        self.assertEqual(self.contract.original_amount, 30)
        wizard = self._wizard(buffer.getvalue(), 'book.xlsx')
        self.assertRecordValues(
            wizard, [{'sheet_names': 'SOV (Cover, SOV, Alternates)', 'amount': 30, 'file_error': False}]
        )
        with Form(wizard) as form:
            form.sheet_name = 'Alternates'
        self.assertEqual(wizard.amount, 99)
        with Form(wizard) as form:
            form.sheet_name = 'Nowhere'
            self.assertEqual(form.file_error, "The file has no sheet “Nowhere”, but these: Cover, SOV, Alternates.")

    def test_saved_by_a_refused_import(self):
        """A dialog that was saved, as a refused Import does, says of the file what it said before."""
        opened = self.env['progress.import.wizard'].with_context(default_contract_id=self.contract.id)
        head = ["Item", "Description", "Scheduled Value"]
        with Form(opened) as form:
            form.file_data = base64.b64encode(workbook([head, [1, "Walls", 10], [2, "Roof", "tbd"]]))
            self.assertEqual((form.has_heading, form.read_sheet), (True, 'Schedule'))
        wizard = form.record
        self.assertEqual((wizard.has_heading, wizard.read_sheet), (True, 'Schedule'))
        self.assertRefused(wizard.action_import, "Row 3 of the file, Roof: “tbd” is not a number")
        with Form(wizard) as form, form.column_ids.edit(0) as column:
            column.field_name = False
        self.assertEqual(wizard.line_ids.mapped('item_number'), [False] * 3)
        with Form(opened) as form:
            form.file_data = base64.b64encode(workbook([head, [1, "Walls", 10], [2, "Roof", 20], ["", "Total", 31]]))
            self.assertEqual((form.stated_amount, form.difference), (31, -1))
        self.assertEqual((form.record.stated_amount, form.record.difference), (31, -1))

    def test_no_descriptions(self):
        """Columns that are recognised without the one of the descriptions: the dialog says so."""
        wizard = self._wizard('Item,What we shall build,Amount\n1,Walls,10\n')
        self.assertEqual((wizard.has_heading, wizard.has_name), (True, False))
        wizard = self._wizard('Item,Description of the works,Amount\n1,Walls,10\n')
        self.assertTrue(wizard.has_name)

    def test_files_that_cannot_be_read(self):
        """Every file that is none gets a sentence, and nothing is changed."""
        for content, sentence in (
            (b'%PDF-1.7 etc', "is a PDF"),
            (b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + b'\0' * 600, "old Excel workbook"),
            (b'PK\x03\x04broken', "cannot be read"),
            (workbook([["Item", "Description", "Amount"]])[:-300], "cannot be read"),
            (b'   \n \n', "is empty"),
            (workbook([]), "is empty"),
            (b'<html><table><tr><td>Item</td></tr></table></html>', "is a web page"),
            (b'\x00\x01\x02\x03\x7f\x80\x81' * 50, "cannot be read"),
            (('Item,Description,Amount\n' + '1,a,5\n' * (schedule_file.MAX_ROWS + 1)).encode(), "more than"),
        ):
            with self.subTest(sentence=sentence):
                wizard = self._wizard(content, 'file.xlsx')
                self.assertIn(sentence, wizard.file_error)
                with self.assertRaisesRegex(UserError, sentence):
                    wizard.action_import()
        with self.assertRaisesRegex(UserError, "no line to import"):
            self._wizard('Item,Description,Amount\n').action_import()
        self.assertFalse(self.contract.line_ids)

    def test_added_to_what_is_there(self):
        """Lines come below those of the contract, with its taxes; a contract with a final invoice takes none."""
        contract = self.contract = self.make.contract([500])
        wizard = self._wizard('Item,Description,Amount\n1,Walls,100\n')
        self.assertRecordValues(wizard, [{'contract_line_count': 1, 'amount_after': 600}])
        wizard.action_import()
        self.assertEqual(contract.line_ids.sorted('sequence').mapped('name'), ['Line 1', 'Walls'])
        self.assertEqual(contract.line_ids[-1].tax_ids, self.company.account_sale_tax_id)
        self.billing.final(contract)
        with self.assertRaisesRegex(UserError, "cannot change"):
            self._wizard('Item,Description,Amount\n1,Walls,100\n').action_import()

    def test_bold_sections(self):
        """In a styled sheet bold rows of text are sections, others are notes to the line above."""

        def style(sheet):
            for row in (2, 5):
                for cell in sheet[row]:
                    cell.font = Font(bold=True)

        wizard = self._wizard(
            workbook(
                [
                    ["Description", "Amount", "Item"],
                    ["Site works", None, None],
                    ["Clearing", 10, "1"],
                    ["Trees up to 30 cm", None, None],
                    ["Structure", None, None],
                    ["Walls", 20, "2"],
                ],
                style,
            ),
            'bold.xlsx',
        )
        self.assertEqual(
            [kind for _row, kind, _item, _name, _amount in self._rows(wizard)],
            ['skipped', 'section', 'line', 'note', 'section', 'line'],
        )


@tagged('post_install', '-at_install')
class TestImportOfOdoo(ImportCommon):
    """Odoo's own import of schedule lines does not double a contract either."""

    def _import(self, content, mimetype='text/csv', dryrun=False, options=None):
        lines = self.env['progress.contract.line'].with_context(**self.contract.action_view_lines()['context'])
        content = content.encode() if isinstance(content, str) else content
        wizard = (
            self.env['base_import.import']
            .with_context(**lines.env.context)
            .create({'res_model': lines._name, 'file': content, 'file_type': mimetype, 'file_name': 'schedule'})
        )
        options = {'has_headers': True, 'quoting': '"', 'separator': '', 'encoding': '', **(options or {})}
        preview = wizard.parse_preview(options)
        self.assertNotIn('error', preview)
        fields = [preview['matches'].get(index, [False])[0] for index in range(len(preview['headers']))]
        return fields, wizard.execute_import(fields, preview['headers'], preview['options'], dryrun=dryrun)

    def test_total_row(self):
        content = (
            'Smith house\n\nItem No.,Description of Work,Scheduled Value,% Complete\n,SITE,,\n'
            '1,Site works,"46,900.00",100%\n'
            '2,Structure,"$150,000.00",25%\n3,Finishes,"50,000.00",\n4,Credit,"(1,000.00)",\n,TOTAL,"245,900.00",\n'
        )
        fields, result = self._import(content, dryrun=True)
        self.assertEqual(fields, ['item_number', 'name', 'original_amount', 'completed_percent'])
        self.assertRegex(result['messages'][0]['message'], r'The lines come to 245,900.00.*row 9 “TOTAL”')
        self.assertEqual(result['messages'][0]['type'], 'warning')
        self.assertFalse(self.env['progress.contract.line'].search([('contract_id', '=', self.contract.id)]))
        self.contract.invalidate_recordset()
        _fields, result = self._import(content)
        self.assertFalse(result['messages'])
        self.assertEqual(
            self.contract.line_ids.mapped(lambda line: (line.display_type, line.name, line.original_amount)),
            [
                ('line_section', 'SITE', 0),
                (False, 'Site works', 46900),
                (False, 'Structure', 150000),
                (False, 'Finishes', 50000),
                (False, 'Credit', -1000),
            ],
        )
        self.assertEqual(self.contract.line_ids[2].completed_percent, 25)

    def test_in_batches(self):
        """Odoo imports long files in parts: rows that are left out do not shift them."""
        content = 'Item;Description;Amount\n' + ''.join(f'{number};Line;10,50\n' for number in range(1, 8))
        content += ';Subtotal;73,50\n' + ''.join(f'{number};Line;1,00\n' for number in range(8, 10)) + ';Total;75,50\n'
        skip = 0
        for _batch in range(9):
            _fields, result = self._import(content, options={'limit': 2, 'skip': skip})
            self.assertFalse(result['messages'])
            skip = result['nextrow']
            if not skip:
                break
        self.assertEqual(self.contract.line_ids.mapped('item_number'), [str(number) for number in range(1, 10)])
        self.assertEqual(self.contract.original_amount, 75.5)

    def test_bad_number(self):
        _fields, result = self._import('Item;Description;Amount\n1;Walls;5,00\n2;Roof;a lot\n')
        self.assertIn("Row 3: “a lot” is not a number", result['messages'][0]['message'])
        self.assertFalse(self.contract.line_ids)

    def test_other_models_are_left_alone(self):
        content = b'Name,Email\nTotal,total@example.com\n'
        wizard = self.env['base_import.import'].create(
            {'res_model': 'res.partner', 'file': content, 'file_type': 'text/csv', 'file_name': 'partners'}
        )
        options = {'has_headers': True, 'quoting': '"', 'separator': ','}
        result = wizard.execute_import(['name', 'email'], ['Name', 'Email'], options)
        self.assertEqual(self.env['res.partner'].browse(result['ids']).name, 'Total')
