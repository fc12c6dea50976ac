import base64
import io
import re
import shutil
import subprocess
import tempfile
from decimal import ROUND_HALF_UP, Decimal
from unittest import skipUnless
from unittest.mock import patch

import openpyxl

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..report.application_pages import HEAD_WIDTH, PAGE_LINES, PAGE_WIDTH
from ..tools import page_layout
from .common import ProgressBillingCommon

SUMMARY = (
    'original_amount',
    'change_amount',
    'revised_amount',
    'completed_stored_amount',
    'retainage_work_amount',
    'retainage_stored_amount',
    'retainage_total',
    'earned_less_retainage',
    'less_previous_certificates',
    'current_payment_due',
    'balance_to_finish',
)
REPORT = 'progress_billing.action_report_progress_application'
CAN_PRINT = bool(shutil.which('wkhtmltopdf') and shutil.which('pdftotext'))


def cents(value, unit='0.01'):
    return Decimal(value).quantize(Decimal(unit), rounding=ROUND_HALF_UP)


class ByHand:
    """A contract reckoned by hand: every figure of every application, without the addon."""

    def __init__(self, worths, rate, stored_rate):
        self.original = dict(worths)
        self.worth = dict(worths)
        self.rate, self.stored_rate = Decimal(rate), Decimal(stored_rate)
        self.work = dict.fromkeys(worths, Decimal(0))
        self.stored = dict.fromkeys(worths, Decimal(0))
        self.held = dict.fromkeys(worths, Decimal(0))
        self.formula = dict.fromkeys(worths, Decimal(0))
        self.certified = Decimal(0)
        self.changed = False

    def change(self, **amounts):
        for key, amount in amounts.items():
            for figures in (self.original, self.worth, self.work, self.stored, self.held, self.formula):
                figures.setdefault(key, Decimal(0))
            self.worth[key] += Decimal(amount)

    def bill(self, percents, stored):
        for key, percent in percents.items():
            self.work[key] = cents(self.worth[key] * Decimal(percent) / 100)
        for key, amount in stored.items():
            self.stored[key] = Decimal(amount)
        for key in self.worth:
            target = cents((self.rate * self.work[key] + self.stored_rate * self.stored[key]) / 100)
            before = self.held[key] if self.changed else self.formula[key]
            self.held[key] += max(target - before, -self.held[key])
            self.formula[key] = target
        self.changed = False
        return self.apply()

    def release(self, amount):
        whole, running, taken = sum(self.held.values()), Decimal(0), Decimal(0)
        for key, kept in list(self.held.items()):
            running += kept
            share = cents(Decimal(amount) * running / whole) - taken
            taken += share
            self.held[key] -= share
        return self.apply()

    def apply(self):
        on_stored = Decimal(0)
        for key, kept in self.held.items():
            weights = self.rate * self.work[key], self.stored_rate * self.stored[key]
            on_stored += cents(kept * weights[1] / sum(weights)) if sum(weights) else 0
        original, worth = sum(self.original.values()), sum(self.worth.values())
        completed, held = sum(self.work.values()) + sum(self.stored.values()), sum(self.held.values())
        earned = completed - held
        figures = (
            original,
            worth - original,
            worth,
            completed,
            held - on_stored,
            on_stored,
            held,
            earned,
            self.certified,
            earned - self.certified,
            worth - earned,
        )
        self.certified = earned
        return [float(figure) for figure in figures]


class Sheet:
    """The spreadsheet, recalculated from its data: what a spreadsheet program would show."""

    def __init__(self, content):
        self.formulas = openpyxl.load_workbook(io.BytesIO(content))
        self.cached = openpyxl.load_workbook(io.BytesIO(content), data_only=True)

    def value(self, sheet, cell):
        content = self.formulas[sheet][cell].value
        if not isinstance(content, str) or self.formulas[sheet][cell].data_type != 'f':
            return Decimal(str(content or 0))
        formula = content[1:]
        guarded = re.fullmatch(r'IF\((\w+)=0,0,(\w+)/\1\)', formula)
        if guarded:
            whole, part = (self.value(sheet, name) for name in guarded.groups())
            return part / whole if whole else Decimal(0)
        added = re.fullmatch(r'(?:SUM|SUBTOTAL)\((?:9,)?([A-Z])(\d+):\1(\d+)\)', formula)
        if added:
            letter, first, last = added.groups()
            rows = [f'{letter}{row}' for row in range(int(first), int(last) + 1)]
            return sum(
                (self.value(sheet, row) for row in rows if 'SUBTOTAL' not in str(self.formulas[sheet][row].value)),
                Decimal(0),
            )
        total = Decimal(0)
        for sign, other, cell in re.findall(r"([+-]?)(?:'([^']+)'!)?([A-Z]+\d+)", formula):
            total += self.value(other or sheet, cell) * (-1 if sign == '-' else 1)
        return total

    def get_formulas(self):
        """``(sheet, cell, recalculated, as cached)`` of every formula."""
        for sheet in self.formulas:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == 'f':
                        cached = self.cached[sheet.title][cell.coordinate].value
                        yield sheet.title, cell.coordinate, self.value(sheet.title, cell.coordinate), cached


class ApplicationCommon(ProgressBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env['report.progress_billing.report_progress_application']

    def _enter(self, contract, percents, stored):
        """Enter what is done and stored by item number, run, and post."""
        for line in contract._get_billable_lines():
            vals = {}
            if line.item_number in stored:
                vals['stored_amount'] = float(stored[line.item_number])
            if line.item_number in percents:
                vals['completed_percent'] = float(percents[line.item_number])
            if vals:
                line.write(vals)
        before = contract.bill_ids
        contract.action_run_billing()
        bill = contract.bill_ids - before
        bill.invoice_id.action_post()
        return bill

    def _read(self, bill):
        return [round(bill[name], 6) for name in SUMMARY]

    def _print(self, bill):
        """The PDF, from the printer itself."""
        report = bill.env['ir.actions.report']
        with mute_logger('odoo.addons.base.models.ir_actions_report'):
            streams = report._render_qweb_pdf_prepare_streams(REPORT, {}, bill.ids)
        return streams[bill.id]['stream'].getvalue()

    def _read_pdf(self, content):
        """The text of a PDF, page by page."""
        with tempfile.NamedTemporaryFile(suffix='.pdf') as file:
            file.write(content)
            file.flush()
            text = subprocess.run(
                ['pdftotext', '-layout', file.name, '-'], capture_output=True, text=True, check=True
            ).stdout
        return text.split('\f')[:-1]

    def _make_long_contract(self, **vals):
        """200 lines in ten sections; every seventh has a long description."""
        lines = []
        for section in range(1, 11):
            lines.append({'display_type': 'line_section', 'name': f"Division {section}"})
            for number in range(1, 21):
                text = f"Work {section}.{number}"
                if number % 7 == 0:
                    text += " supplied and installed complete with all fixings, protection and cleaning" * 3
                lines.append(
                    {
                        'name': text,
                        'item_number': f'{section:02}.{number:03}',
                        'original_amount': 1000 + 13.37 * len(lines),
                        'account_id': self.income_account.id,
                    }
                )
        commands = [Command.create(dict(line, sequence=index)) for index, line in enumerate(lines)]
        return self.make.as_billed([], line_ids=commands, **vals)


@tagged('post_install', '-at_install')
class TestApplicationFigures(ApplicationCommon):
    """Ten periods against figures reckoned by hand."""

    def _check(self, contract, bill, expected, label):
        self.assertEqual(
            dict(zip(SUMMARY, self._read(bill), strict=True)), dict(zip(SUMMARY, expected, strict=True)), label
        )
        rows = self.report._get_rows(bill)
        lines = [row for row in rows if row['style'] == 'line']
        total = self.report._sum_rows(rows)
        self.assertEqual(float(total['scheduled']), bill.revised_amount, label)
        self.assertEqual(float(total['completed_stored']), bill.completed_stored_amount, label)
        self.assertEqual(float(total['retainage']), bill.retainage_total, label)
        self.assertEqual(float(total['retainage_stored']), bill.retainage_stored_amount, label)
        for row in lines:
            self.assertEqual(row['previous'] + row['work'] + row['stored'], row['completed_stored'], label)
            self.assertEqual(row['scheduled'] - row['completed_stored'], row['balance'], label)
        self.assertEqual(bill.invoice_id.amount_total_in_currency_signed, bill.current_payment_due, label)

    def _check_xlsx(self, bill):
        book = Sheet(bill._build_application_xlsx())
        formulas = list(book.get_formulas())
        self.assertGreater(len(formulas), 20)
        for sheet, cell, value, cached in formulas:
            self.assertAlmostEqual(float(value), cached or 0, 6, f'{bill.name} {sheet} {cell}')
        summary = book.formulas['Summary']
        shown = {row[0].value: book.value('Summary', row[2].coordinate) for row in summary.iter_rows() if row[0].value}
        numbers = ('1', '2', '3', '4', '5a', '5b', '5', '6', '7', '8', '9')
        self.assertEqual([round(float(shown[number]), 6) for number in numbers], self._read(bill))

    def test_ten_periods(self):
        """Stored materials move into work, a change order, a lower rate, a release: all lines of all periods."""
        worths = {'1': '60000', '2': '40000', '3': '25000.50', '4': '33333.33'}
        hand = ByHand({key: Decimal(worth) for key, worth in worths.items()}, 10, 5)
        contract = self.make.as_billed(
            [float(worth) for worth in worths.values()], retainage_percent=10, stored_retainage_percent=5
        )
        periods = [
            ({'1': 5, '2': 3}, {'3': 4000}),
            ({'1': '12.5', '2': 10, '3': 8}, {'3': '3150.25', '4': 7000}),
            ({'1': 20, '3': '33.3333'}, {'3': 0, '4': 9500}),
            ({'1': 35, '2': 25, '4': 15, '5': 40}, {'4': '6000.01'}),
            ({'1': 50, '2': 40, '4': 45}, {'4': 0, '1': 1500}),
            ({'2': 55, '3': 60, '5': 70}, {'1': '1499.99'}),
            ({'1': 65, '2': 70}, {'1': 0}),
            ({'3': 80, '4': '77.7777', '5': 100}, {'2': 2500}),
            ({'1': 90, '2': 95}, {'2': 0}),
            ({'1': 100, '2': 100, '3': 100, '4': 100}, {}),
        ]
        applications = []
        for number, (percents, stored) in enumerate(periods, 1):
            if number == 4:
                change = self.env['progress.contract.change'].create(
                    {
                        'contract_id': contract.id,
                        'line_ids': [
                            Command.create({'name': "Extra stairs", 'item_number': '5', 'amount': 12500}),
                            Command.create({'contract_line_id': contract.line_ids[1].id, 'amount': -2000}),
                        ],
                    }
                )
                change.action_approve()
                hand.change(**{'5': 12500, '2': -2000})
            if number == 6:
                contract.action_set_retainage(5, all_lines=True)
                hand.rate, hand.changed = Decimal(5), True
            bill = self._enter(contract, percents, stored)
            applications.append((bill, hand.bill(percents, stored)))
            if number == 8:
                before = contract.bill_ids
                contract.action_release_retainage(1000)
                release = contract.bill_ids - before
                release.invoice_id.action_post()
                applications.append((release, hand.release(1000)))
            for bill, expected in applications:  # earlier ones are as they were
                self._check(contract, bill, expected, f'period {number}, {bill.name}')
        bills = [bill for bill, _expected in applications]
        self.assertEqual(round(sum(bill.current_payment_due for bill in bills), 2), bills[-1].earned_less_retainage)
        self.assertEqual(round(sum(contract.line_ids.mapped('revised_amount')), 2), bills[-1].revised_amount)
        self.assertEqual([bill._get_bill_position() for bill in bills], list(range(1, 12)))
        self.assertEqual(bills[3]._get_change_summary()['current'], (12500, 2000))
        self.assertEqual(bills[4]._get_change_summary()['previous'], (12500, 2000))
        for bill in bills:
            self._check_xlsx(bill)

    def test_certified_and_credited(self):
        """RET-18: less certified on a line and in sum; line 8 is still line 6 less line 7; a credit gives back."""
        contract = self.make.pro_forma([10000, 10000], retainage_percent=10)
        contract.line_ids[0].completed_percent = 50
        contract.action_run_billing()
        first = contract.bill_ids
        first.line_ids.certified_amount = 4500
        first.certified_amount = 4000
        self.assertEqual([line['value'] for line in self.report._get_summary(first)[-1:]], [4000])
        first.action_release()
        first.invoice_id.action_post()
        contract.line_ids[1].completed_percent = 30
        contract.action_run_billing()
        second = contract.bill_ids - first
        second.action_release()
        second.invoice_id.action_post()
        for bill in (first, second):
            self.assertEqual(
                bill.current_payment_due,
                round(bill.earned_less_retainage - bill.less_previous_certificates, 2),
            )
            self._check_xlsx(bill)
        self.assertEqual((second.less_previous_certificates, second.current_payment_due), (4000, 2700 + 50))

    def test_property(self):
        """Whatever is entered: rows add up to the header, dues to what is earned; three currencies."""
        yen, dinar = (
            self.env['res.currency'].with_context(active_test=False).search([('name', '=', name)])
            for name in ('JPY', 'KWD')
        )
        (yen + dinar).active = True
        yen.rounding, dinar.rounding = 1, 0.001
        self.env['res.currency.rate'].create(
            [
                {'currency_id': currency.id, 'rate': 2, 'name': '2020-01-01', 'company_id': self.company.id}
                for currency in (yen, dinar)
            ]
        )
        for currency, digits in ((self.company.currency_id, 2), (yen, 0), (dinar, 3)):
            worths = [round(worth, digits) for worth in (3333.337, 777.777, 12345.678)]
            contract = self.make.as_billed(
                worths, currency_id=currency.id, retainage_percent=7.5, stored_retainage_percent=2.5
            )
            bills = contract.bill_ids
            for step in range(1, 5):
                percents = {str(line): min(90, step * (11.1 + 9 * line)) for line in (1, 2, 3)}
                bills |= self._enter(contract, percents, {'3': round(step * 111.111, digits)})
            for bill in bills:
                total = self.report._sum_rows(self.report._get_rows(bill))
                self.assertEqual(float(total['completed_stored']), bill.completed_stored_amount)
                self.assertEqual(float(total['retainage']), bill.retainage_total)
                self._check_xlsx(bill)
            due = currency.round(sum(bill.current_payment_due for bill in bills))
            self.assertEqual(due, bills[-1].earned_less_retainage)
            document = self.report._get_document(bills[-1])
            decimals = document['summary'][0]['text'].rpartition('.')[2] if digits else ''
            self.assertEqual(len(decimals), digits, document['summary'][0]['text'])


@tagged('post_install', '-at_install')
class TestApplicationPages(ApplicationCommon):
    """What is printed: pages, totals, columns, papers, languages, texts (APP-7)."""

    def _number(self, text):
        return Decimal(text.replace(',', ''))

    def test_pages_add_up(self):
        """200 lines in sections: nothing is lost, and page totals add up to the grand total."""
        contract = self._make_long_contract(retainage_percent=10)
        contract._get_billable_lines().completed_percent = 12.5
        bill = self.billing.run(contract)
        for paper in ('a4', 'letter'):
            contract.application_paper = paper
            document = self.report._get_document(bill)
            sheets = [page for page in document['pages'] if page['kind'] == 'sheet']
            self.assertGreater(len(sheets), 5)
            shown = [row['item'] for page in sheets for row in page['rows'] if row['style'] == 'line']
            self.assertEqual(shown, contract._get_billable_lines().mapped('item_number'))
            grand = sheets[-1]['totals'][-1]
            self.assertEqual([len(page['totals']) for page in sheets], [1] * (len(sheets) - 1) + [2])
            for key in ('scheduled', 'work', 'completed_stored', 'balance', 'retainage'):
                pages = sum(self._number(page['totals'][0]['cells'][key]) for page in sheets)
                self.assertEqual(pages, self._number(grand['cells'][key]), key)
            subtotals = [row for page in sheets for row in page['rows'] if row['style'] == 'subtotal']
            self.assertEqual(len(subtotals), 10)
            self.assertEqual(
                sum(self._number(row['cells']['scheduled']) for row in subtotals),
                self._number(grand['cells']['scheduled']),
            )
            for page in sheets:
                self.assertNotEqual(page['rows'][-1]['style'], 'title', "no title alone at the foot")

    @skipUnless(CAN_PRINT, "wkhtmltopdf or pdftotext is missing")
    def test_pdf(self):
        """The printer agrees: as many pages as planned, heads and totals on each, all lines there."""
        contract = self._make_long_contract(retainage_percent=10)
        contract._get_billable_lines().completed_percent = 12.5
        bill = self.billing.run(contract)
        for paper in ('a4', 'letter'):
            contract.application_paper = paper
            planned = self.report._get_document(bill)['pages']
            pages = self._read_pdf(self._print(bill))
            self.assertEqual(len(pages), len(planned))
            self.assertIn("Application for Payment", pages[0])
            for number, (page, plan) in enumerate(zip(pages, planned, strict=True), 1):
                self.assertIn(f'Page {number} of {len(pages)}', page)
                if plan['kind'] != 'sheet':
                    continue
                for text in (
                    "Continuation Sheet",
                    "Description of work",
                    "Scheduled",
                    "Retainage",
                    "Total of this page",
                ):
                    self.assertIn(text, page)
                for total in plan['totals']:
                    self.assertIn(total['cells']['scheduled'], page)
            whole = '\n'.join(pages)
            for item in contract._get_billable_lines().mapped('item_number'):
                self.assertIn(item, whole)
            for line in self.report._get_document(bill)['summary']:
                self.assertIn(line['text'], pages[0])
            self.assertIn("Grand total", pages[-1])

    @skipUnless(CAN_PRINT, "wkhtmltopdf or pdftotext is missing")
    def test_printer_needs_more_room(self):
        """Pages become less full where they do not fit: heads and totals stay on each."""
        contract = self._make_long_contract(retainage_percent=10)
        bill = self.billing.run(contract, 12.5)
        with patch.dict(PAGE_LINES, {'a4': 60}):
            contract.application_paper = 'a4'
            pages = self._read_pdf(self._print(bill))
            self.assertGreater(len(pages), len(self.report._get_document(bill)['pages']))
        for number, page in enumerate(pages, 1):
            self.assertIn(f'Page {number} of {len(pages)}', page)
        self.assertTrue(all("Total of this page" in page for page in pages[1:]))

    def test_columns(self):
        """Stored materials and retainage are shown where they are used, or as company and contract say."""
        contract = self.make.as_billed([1000, 2000])
        bill = self.billing.run(contract, 10)
        self.assertEqual(
            self.report._get_columns(bill),
            ('scheduled', 'previous', 'work', 'completed_stored', 'percent', 'balance'),
        )
        self.company.progress_application_stored_column = 'show'
        self.assertIn('stored', self.report._get_columns(bill))
        contract.write({'application_stored_column': 'hide', 'application_retainage_column': 'show'})
        self.assertNotIn('stored', self.report._get_columns(bill))
        self.assertIn('retainage', self.report._get_columns(bill))
        book = openpyxl.load_workbook(io.BytesIO(bill._build_application_xlsx()))
        self.assertTrue(book['Continuation Sheet'].column_dimensions['F'].hidden)

    def test_heads_whole(self):
        """Short figures leave the heads room: no word of them is divided."""
        bill = self.billing.run(self.make.as_billed([900], retainage_percent=10), 20)
        document = self.report._get_document(bill)
        widths, whole = document['layout']['widths'], PAGE_WIDTH[document['paper']]
        word = page_layout.get_head_width("applications") * HEAD_WIDTH
        self.assertIn("applications", document['heads']['previous'])
        self.assertGreater(widths['previous'] * whole / 100, word)

    def test_settings(self):
        """Paper, texts and signatures: the contract's, else the company's, else ours."""
        contract = self.make.as_billed([1000])
        bill = self.billing.run(contract, 10)
        self.company.paperformat_id = self.env.ref('base.paperformat_us')
        self.assertEqual(self.report._get_document(bill)['paper'], 'letter')
        self.company.progress_application_paper = 'a4'
        self.assertEqual(self.report._get_document(bill)['paper'], 'a4')
        contract.application_paper = 'letter'
        self.assertEqual(self.report._get_document(bill)['paper'], 'letter')
        self.assertIn("We declare", self.report._get_texts(bill)['statement'])
        self.company.progress_application_statement = "The company states."
        self.assertEqual(self.report._get_texts(bill)['statement'], "The company states.")
        contract.write(
            {
                'application_statement': "We state.",
                'application_signatures': "Builder: Jane\nArchitect\nNotary: 12:30 <b>",
                'application_terms': '\n'.join(f'Clause {number}' for number in range(120)),
            }
        )
        document = self.report._get_document(bill)
        self.assertEqual(document['texts']['statement'], "We state.")
        self.assertEqual(document['texts']['statement_blocks'], [("Builder", "Jane")])
        self.assertEqual(document['texts']['certificate_blocks'], [("Architect", ""), ("Notary", "12:30 <b>")])
        terms = [page['text'] for page in document['pages'] if page['kind'] == 'terms']
        self.assertGreater(len(terms), 1)
        self.assertEqual('\n'.join(terms), contract.application_terms)
        contract.application_statement = "Long words. " * 400
        kinds = [page['kind'] for page in self.report._get_document(bill)['pages']]
        self.assertEqual(kinds[:2], ['summary', 'texts'])
        html = self.env['ir.actions.report']._render_qweb_html(REPORT, bill.ids)[0].decode()
        self.assertIn("Architect", html)

    def test_language(self):
        """Figures and dates as the customer writes them."""
        self.env['res.lang']._activate_lang('de_DE')
        self.customer.lang = 'de_DE'
        contract = self.make.as_billed([12345.67])
        bill = self.billing.run(contract, 10)
        html = self.env['ir.actions.report']._render_qweb_html(REPORT, bill.ids)[0].decode()
        self.assertIn('12.345,67', html)

    def test_empty_and_odd_lines(self):
        """Sections without lines are left out; lines worth nothing divide by nothing; texts are texts."""
        contract = self.make.as_billed([1000, 0])
        contract.write(
            {
                'line_ids': [
                    Command.create({'display_type': 'line_section', 'name': "Empty", 'sequence': 900}),
                    Command.create({'display_type': 'line_note', 'name': "A note", 'sequence': 901}),
                ]
            }
        )
        contract.line_ids[0].write({'name': '=HYPERLINK("http://x.example";"y")', 'item_number': '=1+1'})
        bill = self.billing.run(contract, 10)
        rows = self.report._get_rows(bill)
        self.assertEqual([row['style'] for row in rows], ['line', 'line'])
        self.assertEqual(rows[1]['percent'], 0)
        book = Sheet(bill._build_application_xlsx())
        cells = book.formulas['Continuation Sheet']
        self.assertEqual((cells['A5'].data_type, cells['B5'].data_type), ('s', 's'))
        self.assertEqual(cells['B5'].value, contract.line_ids[0].name)
        self.assertEqual(cells['H6'].value, '=IF(C6=0,0,G6/C6)')
        self.assertEqual(cells.freeze_panes, 'C5')
        self.assertEqual(cells.print_title_rows, '$4:$4')
        self.assertEqual(book.formulas.sheetnames, ['Summary', 'Continuation Sheet'])

    def test_planned(self):
        """Planned records and opening amounts are no applications."""
        contract = self.make.as_billed([1000])
        planned = self.make.plan(contract, '10%')
        with self.assertRaisesRegex(UserError, "is no application for payment"):
            planned.action_application_xlsx()
        with self.assertRaisesRegex(UserError, "is no application for payment"):
            self.report._get_document(planned)


@tagged('post_install', '-at_install')
class TestApplicationFiles(ApplicationCommon, HttpCase):
    """Sent, kept as issued, and who may see them (REV-10, APP-5)."""

    def _get_files(self, bill):
        return self.env['ir.attachment'].search([('res_model', '=', bill._name), ('res_id', '=', bill.id)])

    @skipUnless(CAN_PRINT, "wkhtmltopdf or pdftotext is missing")
    def test_kept_as_issued(self):
        """The file of no. 2 stays when no. 1 is corrected; a revision has files of its own; drafts are not kept."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        first, second = (self.billing.run(contract, percent) for percent in (20, 50))
        first.invoice_id.action_post()
        self._print(second)
        self.assertFalse(self._get_files(second), "a draft invoice may still change")
        second.invoice_id.action_post()
        issued = self._print(second.with_user(self.reader))
        files = self._get_files(second)
        self.assertEqual({name.rpartition('.')[2] for name in files.mapped('name')}, {'pdf', 'xlsx'})
        self.assertTrue(all('Rev 0' in name for name in files.mapped('name')))
        self.assertEqual(self._print(second), issued)
        xlsx = second._get_application_xlsx()
        first.action_correct()
        first.line_ids.amount = 2500
        self.assertNotEqual(second._build_application_xlsx(), xlsx)
        self.assertEqual(second._get_application_xlsx(), xlsx)
        self.assertEqual(self._print(second), issued)
        first.action_release()
        first.invoice_id.action_post()
        self._print(first)
        self.assertTrue(all('Rev 1' in name for name in self._get_files(first).mapped('name')))
        contract.line_ids.completed_percent = 80
        self.billing.run(contract)
        self.assertEqual(self._print(second), issued)

    def test_send(self):
        """The e-mail of an application has PDF and spreadsheet; other contracts send their pro forma."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        bill = self.billing.run(contract, 20)
        bill.invoice_id.action_post()
        self.customer.email = 'customer@example.com'
        action = bill.action_send()
        template = self.env.ref('progress_billing.mail_template_progress_application')
        self.assertEqual(action['context']['default_template_id'], template.id)
        composer = self.env['mail.compose.message'].with_context(**action['context']).create({})
        names = composer.attachment_ids.mapped('name')
        self.assertTrue(any(name.endswith('.xlsx') for name in names), names)
        self.assertEqual(len(names), 2)
        composer._action_send_mail()
        sent = bill.message_ids.attachment_ids
        self.assertEqual(len(sent), 2)
        self.assertEqual(set(sent.mapped('res_id')), {bill.id})
        self.assertTrue(all('Rev 0' in name for name in sent.mapped('name')))
        plain = self.make.as_billed([1000])
        other = self.billing.run(plain, 10)
        self.assertNotEqual(other._get_mail_template(), template)
        plain.application_use = 'always'
        self.assertEqual(other._get_mail_template(), template)
        contract.application_use = 'never'
        self.assertNotEqual(bill._get_mail_template(), template)

    def test_rights(self):
        """Readers print and download; portal users, the public and other companies do not."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        bill = self.billing.run(contract, 20)
        url = f'/progress_billing/application/{bill.id}'
        page = f'/report/html/progress_billing.report_progress_application/{bill.id}'
        self.authenticate(self.reader.login, self.reader.login)
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        openpyxl.load_workbook(io.BytesIO(response.content))
        self.assertIn('Rev%200', response.headers['Content-Disposition'])
        self.assertIn("Application for Payment", self.url_open(page).text)
        second = self.billing.run(contract, 30)
        response = self.url_open(f'/progress_billing/application/{bill.id},{second.id}')
        self.assertEqual(response.headers['Content-Type'], 'application/zip')
        self.assertEqual(self.url_open('/progress_billing/application/0').status_code, 404)
        self.assertEqual(self.url_open('/progress_billing/application/x').status_code, 404)
        portal = new_test_user(self.env, login='application_portal', groups='base.group_portal')
        stranger = new_test_user(
            self.env,
            login='application_stranger',
            groups='progress_billing.group_readonly',
            company_id=self.env['res.company'].create({'name': "Elsewhere"}).id,
        )
        for user in (portal, stranger):
            with self.subTest(user.login), mute_logger('odoo.http', 'odoo.addons.base.models.ir_rule'):
                self.authenticate(user.login, user.login)
                self.assertIn(self.url_open(url).status_code, (403, 404))
                self.assertNotIn("Continuation Sheet", self.url_open(page).text)
                with self.assertRaisesRegex(AccessError, "top-secret records|You are not allowed to access"):
                    self._print(bill.with_user(user))
                with self.assertRaisesRegex(AccessError, "top-secret records|You are not allowed to access"):
                    bill.with_user(user)._get_application_xlsx()
        self.authenticate(None, None)
        self.assertIn('/web/login', self.url_open(url).url)

    @skipUnless(CAN_PRINT, "wkhtmltopdf or pdftotext is missing")
    def test_issued_files_stay(self):
        """What was issued is neither overwritten nor moved, renamed, published or deleted, by whatever door."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        bill = self.billing.run(contract, 20)
        other = self.billing.run(contract, 30)
        bill.invoice_id.action_post()
        issued = self._print(bill)
        files = self._get_files(bill)
        self.assertEqual(set(files.mapped('checksum')), bill._get_issued_checksums())
        admin = self.env.ref('base.user_admin')
        admin.group_ids |= self.env.ref('progress_billing.group_manager')
        admin.company_ids |= self.company
        changes = (
            {'datas': base64.b64encode(b'forged')},
            {'raw': b'forged'},
            {'db_datas': b'forged'},
            {'name': "Other.pdf"},
            {'mimetype': 'text/plain'},
            {'type': 'url', 'url': 'https://example.com'},
            {'res_id': other.id},
            {'res_model': 'progress.contract', 'res_id': contract.id},
            {'res_field': 'name'},
            {'public': True},
        )
        for user in (self.billing_user, admin):
            mine = files.with_user(user).with_company(self.company)
            for vals in changes:
                for records in (mine, mine.sudo()):
                    with self.subTest(user=user.login, vals=vals, su=records.env.su):
                        self.assertStays(records.write, vals)
            self.assertStays(mine.unlink)
            self.assertStays(mine.sudo()._delete_and_notify)
        self.assertEqual(self._print(bill), issued)
        files.with_user(self.billing_user).description = "Sent by post"
        files[0].with_user(self.billing_user).raw = files[0].raw
        note = (
            self.env['ir.attachment']
            .with_user(self.billing_user)
            .create({'name': files[0].name, 'raw': b'by hand', 'res_model': bill._name, 'res_id': bill.id})
        )
        self.assertEqual(self._print(bill), issued, "a file of the same name is not the one that was issued")
        note.raw = b'changed'
        note.unlink()
        files.with_user(SUPERUSER_ID).unlink()
        self.assertTrue(self._print(bill), "the superuser may; it is issued anew")

    def assertStays(self, act, *args):
        """Refused with the sentence about issued files."""
        with self.assertRaisesRegex(UserError, "was issued for .* and stays as it is"), self.env.cr.savepoint():
            act(*args)

    @skipUnless(CAN_PRINT, "wkhtmltopdf or pdftotext is missing")
    def test_found_again_whatever_its_name(self):
        """The customer reads another language, an earlier bill is gone: the file of this revision is still the one."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        first, second = (self.billing.run(contract, percent) for percent in (20, 50))
        second.invoice_id.action_post()
        issued = self._print(second)
        first.invoice_id.unlink()
        self.env['res.lang']._activate_lang('de_DE')
        self.customer.lang = 'de_DE'
        self.assertEqual(second._get_bill_position(), 1)
        self.assertEqual(self._print(second), issued)
        report = self.env.ref(REPORT)
        self.assertTrue(report.attachment_use)
        content = report.with_context(force_report_rendering=True)._render_qweb_pdf(REPORT, second.ids)[0]
        self.assertEqual(self._read_pdf(content), self._read_pdf(issued))
        self.assertEqual(len(self._get_files(second)), 2)

    def test_files_are_protected(self):
        """Nobody sets which files were issued from outside."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        bill = self.billing.run(contract, 20)
        forged = self.env['ir.attachment'].create({'name': 'x.pdf', 'datas': base64.b64encode(b'x')})
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            bill.with_user(self.billing_user).write({'issued_checksums': {'1': {'pdf': forged.checksum}}})
