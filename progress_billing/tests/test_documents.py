import re
import shutil
import subprocess
from unittest import skipUnless
from unittest.mock import patch

from lxml import html

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import BaseCase, freeze_time, tagged
from odoo.tools import mute_logger
from odoo.tools.translate import code_translations

from ..report.whole_rows import keep_rows_whole
from .common import ProgressBillingCommon


class DocumentCommon(ProgressBillingCommon):
    """Reads printed documents."""

    def _print(self, records):
        """The document's tree, as it is printed."""
        names = {
            'progress.bill': 'progress_billing.report_progress_bill',
            'account.move': 'account.report_invoice_with_payments',
        }
        content, _kind = self.env['ir.actions.report']._render_qweb_html(names[records._name], records.ids)
        return html.fromstring(content)

    def _read_rows(self, tree, name):
        """Texts of the cells of a block of a document, row by row."""
        rows = tree.xpath(f'//*[@name="{name}"]//tr')
        cells = [[' '.join(cell.text_content().split()) for cell in row.xpath('./td|./th')] for row in rows]
        return [[cell.replace('\ufeff', '').replace('$ ', '$').strip() for cell in row] for row in cells]

    def _read_figures(self, tree, name):
        """The last row of a block: its figures as numbers."""
        cells = self._read_rows(tree, name)[-1]
        return [float(re.sub(r'[^0-9.-]', '', cell)) for cell in cells if re.search(r'\d', cell)]

    def _read_totals(self, bill):
        """What a pro forma comes to: figures by label."""
        rows = self._read_rows(self._print(bill), 'progress_totals')
        return {label.partition(' on ')[0]: float(re.sub(r'[^0-9.-]', '', figure)) for label, figure in rows}


@tagged('post_install', '-at_install')
class TestProFormaFigures(DocumentCommon):
    """A pro forma says what its invoice will say: retainage, certificates and taxes included."""

    def assertIsInvoice(self, bill, **parts):
        """The pro forma's totals are those of the invoice made of it; ``parts`` are labels and amounts it tells."""
        kept = bill.line_ids.mapped('tax_amounts'), bill.holdback_amount, bill.revision
        totals = self._read_totals(bill.with_user(self.reader))
        self.assertEqual((bill.line_ids.mapped('tax_amounts'), bill.holdback_amount, bill.revision), kept)
        bill.action_release()
        move = bill.invoice_id
        sign = -1 if move.move_type == 'out_refund' else 1
        self.assertEqual(totals.pop("Total"), sign * move.amount_total)
        if move.amount_tax:
            self.assertEqual(totals.pop("Untaxed Amount"), sign * move.amount_untaxed)
        taxes = {group['group_name']: sign * group['tax_amount_currency'] for group in self._get_tax_groups(move)}
        self.assertEqual({label: totals.pop(label, None) for label in taxes}, taxes)
        self.assertEqual(totals, parts)
        move.action_post()
        self.assertEqual(self._read_totals(bill)["Total"], sign * move.amount_total, "the same after it")
        return move

    def _get_tax_groups(self, move):
        return [group for subtotal in move.tax_totals['subtotals'] for group in subtotal['tax_groups']]

    def test_plain(self):
        """Three thirds of 100.00 at 15 %: tax is cumulative on the pro forma too."""
        contract = self.make.pro_forma([100], self.tax_15)
        taxes = []
        for percent in (33.3333, 66.6667, 100):
            move = self.assertIsInvoice(self.billing.draw(contract, percent))
            taxes.append(move.amount_tax)
        self.assertEqual(sum(taxes), 15)

    def test_retainage(self):
        """100,000 at 50 %, 10 % held back, 15 % tax of all of it: 57,500 less 5,000."""
        contract = self.make.pro_forma([100000], self.tax_15, retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        move = self.assertIsInvoice(bill, **{"Work billed": 50000, "Retainage withheld": -5000})
        self.assertEqual(move.amount_total, 52500)
        self.assertLedger(move, receivable=52500, retainage=5000, income=-50000, tax=-7500)

    def test_retainage_taxed_at_release(self):
        """Tax follows the release: 45,000 and its tax, and what is released with its own."""
        self.company.progress_retainage_tax = 'release'
        contract = self.make.pro_forma([100000], self.tax_15, retainage_percent=10)
        move = self.assertIsInvoice(
            self.billing.draw(contract, 50), **{"Work billed": 50000, "Retainage withheld": -5000}
        )
        self.assertEqual(move.amount_total, 51750)
        release = self.billing.release(contract, 2000, post=False)
        move = self.assertIsInvoice(release, **{"Retainage released": 2000})
        self.assertEqual(move.amount_total, 2300)

    def test_certificate(self):
        """8,100 certified of 9,000 due: the rest is held back, and falls due with the next bill."""
        contract = self.make.pro_forma([40000], retainage_percent=10)
        bill = self.billing.draw(contract, 25)
        bill.certified_amount = 8100
        self.assertIsInvoice(
            bill, **{"Work billed": 10000, "Retainage withheld": -1000, "Held back: not certified": -900}
        )
        self.assertIsInvoice(
            self.billing.draw(contract, 50),
            **{"Work billed": 10000, "Retainage withheld": -1000, "Held back before, due now": 900},
        )

    def test_deposits_and_credit(self):
        """Recognition as deposits; what comes to less than nothing."""
        contract = self.make.contract([6000, 4000], self.tax_15, use_pro_forma=True)
        bill = self.make.plan(contract, '25%')
        bill.action_create()
        self.assertEqual(self.assertIsInvoice(bill).amount_total, 2875)
        contract = self.make.pro_forma([10000], self.tax_15)
        self.assertIsInvoice(self.billing.draw(contract, 80))
        change = self.make.change(contract, {'contract_line_id': contract.line_ids.id, 'amount': -5000}, approve=False)
        change.action_approve(credit=True)
        credit = self.env['progress.bill'].search([('change_id', '=', change.id)])
        move = self.assertIsInvoice(credit)
        self.assertEqual((move.move_type, move.amount_total), ('out_refund', 3450))

    @property
    def tax_account(self):
        return self.company_data['default_account_tax_sale']


@tagged('post_install', '-at_install')
class TestAsOf(DocumentCommon):
    """Whatever a document of a bill says about the contract is as of that bill, and stays so."""

    COLUMNS = ('original', 'change', 'before', 'now', 'to_date', 'left')

    def _stands(self, move):
        figures = self._read_figures(self._print(move), 'progress_summary')
        return dict(zip(self.COLUMNS, figures, strict=True))

    def test_later_change_order(self):
        """15,800 approved after the invoice is not on it, nor on its reprint; on the next invoice it is."""
        contract = self.make.contract([60000, 40000])
        first = self.billing.bill(contract, '20%')
        before = self._stands(first.invoice_id)
        self.assertEqual(
            before,
            {'original': 100000, 'change': 0, 'before': 0, 'now': 20000, 'to_date': 20000, 'left': 80000},
        )
        self.make.extra(contract, 15800)
        self.make.extra(contract, 500, name="New line")
        self.assertEqual(self._stands(first.invoice_id), before)
        second = self.billing.bill(contract, '10,000.00', '2026-02-28')
        self.assertEqual(
            self._stands(second.invoice_id),
            {'original': 100000, 'change': 16300, 'before': 20000, 'now': 10000, 'to_date': 30000, 'left': 86300},
        )
        contract.summary_by_line = True
        self.assertNotIn("New line", self._print(first.invoice_id).text_content())
        self.assertIn("New line", self._print(second.invoice_id).text_content())

    def test_later_credit_and_bill(self):
        """A credit note of an earlier bill, of the bill itself, and a bill dated before it, all of later."""
        contract = self.make.as_billed([100000])
        first = self.billing.bill(contract, '20,000.00', '2026-01-31')
        second = self.billing.bill(contract, '10,000.00', '2026-02-28')
        figures = self._stands(second.invoice_id)
        self.assertEqual((figures['before'], figures['now'], figures['left']), (20000, 10000, 70000))
        self.billing.credit(first.invoice_id, 5000)
        self.billing.credit(second.invoice_id, 1000)
        self.billing.bill(contract, '7,000.00', '2026-02-15')
        self.assertEqual(self._stands(second.invoice_id), figures)
        third = self.billing.bill(contract, '1,000.00', '2026-03-31')
        self.assertEqual(self._stands(third.invoice_id)['before'], 31000)

    def test_removed_line(self):
        """A line that was never billed and is deleted from the schedule stays on the documents it stood on."""
        contract = self.make.as_billed([1000, 400], summary_by_line=True)
        bill = self.billing.draw(contract, 50)
        contract.line_ids[1].unlink()
        self.assertEqual(self._stands(bill.invoice_id)['original'], 1400)
        self.assertIn("Line 2", self._print(bill.invoice_id).text_content())
        report = self.env['report.progress_billing.report_progress_application']
        rows = report._get_rows(bill)
        self.assertEqual([(row['name'], row['scheduled']) for row in rows], [("Line 1", 1000), ("Line 2", 400)])
        self.assertEqual(float(report._sum_rows(rows)['scheduled']), bill.revised_amount)

    def test_pro_forma(self):
        """A pro forma keeps the worth it was made with, and follows what was billed before it."""
        contract = self.make.pro_forma([1000])
        first = self.billing.draw(contract, 20)
        second = self.billing.draw(contract, 50)
        self.make.extra(contract, 100)
        rows = self._read_rows(self._print(second), 'progress_lines')
        self.assertEqual(rows[1][2:5], ['$1,000.00', '$200.00', '$300.00'])
        first.line_ids.amount = 250
        rows = self._read_rows(self._print(second), 'progress_lines')
        self.assertEqual(rows[1][2:5], ['$1,000.00', '$250.00', '$300.00'])


@tagged('post_install', '-at_install')
class TestWords(DocumentCommon):
    """Texts on documents: in the customer's language, whole sentences, the customer's words for the job."""

    def _translate(self, **terms):
        """German for these terms of the core."""
        self.env['res.lang']._activate_lang('de_DE')
        key = 'progress_billing', 'de_DE'
        known = code_translations.get_python_translations(*key)
        self.enterContext(patch.dict(code_translations.python_translations, {key: {**known, **terms}}))

    def test_deposit_names_the_job(self):
        contract = self.make.contract([10000])
        bill = self.billing.bill(contract, '25%')
        line = bill.invoice_id.invoice_line_ids
        self.assertEqual(line.name, f"Deposit 25 % of House ({contract.name})")
        self.assertFalse(line.product_uom_id, "a deposit is no number of units")
        alone = self.make.contract([10000], project=self.env['project.project'], description="Roof, Main Street 1")
        bill = self.billing.bill(alone, '1,250.00')
        self.assertEqual(
            bill.invoice_id.invoice_line_ids.name, f"Deposit 1,250.00 of Roof, Main Street 1 ({alone.name})"
        )
        typed = self.billing.bill(alone, '1,250.00', item_description="Second instalment")
        self.assertEqual(typed.invoice_id.invoice_line_ids.name, "Second instalment")

    def test_customer_language(self):
        """The scheduled action of an English system writes to a German customer in German."""
        self._translate(
            **{
                "Deposit %(share)s of %(job)s (%(contract)s)": "Anzahlung %(share)s für %(job)s (%(contract)s)",
                "Progress bill no. %(number)s of %(contract)s": "Abschlagsrechnung Nr. %(number)s zu %(contract)s",
            }
        )
        self.customer.lang = 'de_DE'
        contract = self.make.contract([10000])
        bill = self.make.plan(contract, '12.5%', '2026-01-01')
        with self.enter_registry_test_mode():
            self.env.ref('progress_billing.ir_cron_generate_progress_invoices').method_direct_trigger()
        self.env.invalidate_all()
        line = bill.invoice_id.invoice_line_ids
        self.assertEqual(line.name, f"Anzahlung 12,5 % für House ({contract.name})")
        text = self._print(bill.invoice_id).text_content()
        self.assertIn(f"Abschlagsrechnung Nr. 1 zu {contract.name}", text)

    def test_percent_in_line_text(self):
        self._translate()
        self.customer.lang = 'de_DE'
        contract = self.make.as_billed([8000])
        rule = self.env['progress.billing.rule'].create(
            {'name': "Told", 'description_template': "{description}: {percent}"}
        )
        contract.line_ids.billing_rule_id = rule
        bill = self.billing.draw(contract, 12.5)
        self.assertEqual(bill.invoice_id.invoice_line_ids.name, "Line 1: 12,5 %")

    def test_unit_is_the_line_s(self):
        """By quantity the line's unit; a lump sum has none, whatever its product is sold by."""
        dozen = self.env.ref('uom.product_uom_dozen')
        product = self.env['product.product'].create(
            {'name': "Door", 'type': 'service', 'uom_id': self.env.ref('uom.product_uom_hour').id}
        )
        contract = self.make.by_quantity(10, 120)
        contract.line_ids.write({'product_id': product.id, 'product_uom_id': dozen.id})
        contract.line_ids.unit_price = 120
        line = self.billing.draw(contract, 50).invoice_id.invoice_line_ids
        self.assertEqual((line.quantity, line.product_uom_id), (5, dozen))
        contract = self.make.as_billed([1000])
        contract.line_ids.product_id = product
        line = self.billing.draw(contract, 50).invoice_id.invoice_line_ids
        self.assertEqual((line.quantity, line.product_uom_id.ids), (1, []))


@tagged('post_install', '-at_install')
class TestMandatoryAnalytics(ProgressBillingCommon):
    """A plan that is mandatory on customer invoices: what carries no distribution by rule is exempt, nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.env['account.analytic.plan'].create(
            {
                'name': "Cost centres",
                'applicability_ids': [Command.create({'business_domain': 'invoice', 'applicability': 'mandatory'})],
            }
        )
        cls.centre = cls.env['account.analytic.account'].create({'name': "Site", 'plan_id': cls.plan.id})

    def _post(self, move):
        move.with_context(validate_analytic=True).action_post()
        return move

    def _mark(self, contract):
        contract.line_ids.analytic_distribution = {str(self.centre.id): 100}

    def test_deposit_and_final(self):
        contract = self.make.contract([10000], self.tax_15)
        self._mark(contract)
        deposit = self.billing.bill(contract, '25%', post=False).invoice_id
        self.assertFalse(any(deposit.line_ids.mapped('has_invalid_analytics')))
        self._post(deposit)
        final = self.billing.final(contract, post=False)
        self.assertFalse(any(final.line_ids.mapped('has_invalid_analytics')))
        self._post(final)
        self.assertDeposits(contract, 0)
        credit = final._reverse_moves([{'invoice_date': fields.Date.today()}])
        self._post(credit)
        self.assertDeposits(contract, 2500)

    def test_retainage_and_holdback(self):
        contract = self.make.pro_forma([10000], retainage_percent=10)
        self._mark(contract)
        bill = self.billing.draw(contract, 50)
        bill.certified_amount = 4000
        bill.action_release()
        self.assertFalse(any(bill.invoice_id.line_ids.mapped('has_invalid_analytics')))
        self._post(bill.invoice_id)
        self.assertRetained(contract, 500, 500)

    def test_income_is_asked(self):
        contract = self.make.as_billed([10000], retainage_percent=10)
        move = self.billing.draw(contract, 50, post=False).invoice_id
        marked = move.invoice_line_ids.filtered('has_invalid_analytics')
        self.assertEqual(marked.mapped('progress_line_type'), ['revenue'])
        with self.assertRaisesRegex(ValidationError, "100% analytic distribution"):
            self._post(move)
        marked.analytic_distribution = {str(self.centre.id): 100}
        self._post(move)
        self.assertEqual(move.state, 'posted')


@tagged('post_install', '-at_install')
@skipUnless(shutil.which('wkhtmltopdf') and shutil.which('pdftotext'), "wkhtmltopdf or pdftotext is missing")
class TestPageBreaks(DocumentCommon):
    """What the printer makes of long documents."""

    LONG = " supplied, delivered and installed complete with all fixings, protection and cleaning" * 3

    WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 4

    def _print_paper(self, report, records):
        with mute_logger('odoo.addons.base.models.ir_actions_report'):
            reports = self.env['ir.actions.report'].with_context(force_report_rendering=True)
            return reports._render_qweb_pdf(report, records.ids)[0]

    def _read_text(self, content, *options):
        command = ['pdftotext', *options, '-', '-']
        return subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode()

    def _print_pages(self, report, records):
        """Text of each page; nothing on it is beyond the edges."""
        content = self._print_paper(report, records)
        for page in html.fromstring(self._read_text(content, '-bbox')).iter('page'):
            words = [(float(word.get('xmin')), float(word.get('xmax'))) for word in page.iter('word')]
            self.assertGreaterEqual(min(left for left, _right in words), 0)
            self.assertLessEqual(max(right for _left, right in words), float(page.get('width')) + 1)
        return self._read_text(content, '-layout').split('\f')[:-1]

    def assertRowsWhole(self, pages, count):
        """Each row begins and ends on the same page, and its figures are there."""
        for number in range(1, count + 1):
            places = [[mark in page.split() for page in pages] for mark in (f'Begin{number}', f'End{number}')]
            self.assertEqual(places[0], places[1], f'row {number} is divided')
            self.assertIn(True, places[0])
        for page in pages:
            rows, figures = (len(re.findall(mark, page)) for mark in (r'Begin\d', r'300,000\.00'))
            self.assertGreaterEqual(figures, rows, page)

    def assertTogether(self, pages, *marks):
        """No page has one of these words without the others."""
        for page in pages:
            words = page.split()
            self.assertIn(sum(mark in words for mark in marks), (0, len(marks)), page)

    def _split(self, pages, heading):
        """Pages before and after a heading."""
        text = '\f'.join(pages)
        place = text.index(heading)
        return text[:place].split('\f'), text[place:].split('\f')

    def test_rows_are_not_divided(self):
        contract = self.make.pro_forma([1000000] * 40, self.tax_15, summary_by_line=True)
        for number, line in enumerate(contract.line_ids, 1):
            long = self.WORD if number % 10 == 5 else self.LONG if number % 3 else ''
            line.name = f"Begin{number} {long} End{number}"
        self.customer.name = "The Most Honourable " + self.WORD[:53] + " Development and Construction Consortium" * 3
        bill = self.billing.draw(contract, *[30] * 40)
        for paper in ('euro', 'us'):
            self.company.paperformat_id = self.env.ref(f'base.paperformat_{paper}')
            pages = self._print_pages('progress_billing.report_progress_bill', bill)
            self.assertGreater(len(pages), 2)
            self.assertRowsWhole(pages, 40)
            self.assertTogether(pages, 'End40', 'Untaxed')
        bill.action_release()
        for paper in ('euro', 'us'):
            self.company.paperformat_id = self.env.ref(f'base.paperformat_{paper}')
            pages = self._print_pages('account.report_invoice_with_payments', bill.invoice_id)
            lines, breakdown = self._split(pages, "Where the contract stands")
            self.assertRowsWhole(lines, 40)
            self.assertRowsWhole(breakdown, 40)

    def test_totals_stay_with_the_last_row(self):
        """However many rows there are, no page has the totals without the last of them, nor the heads alone."""
        counts = range(22, 36)
        contracts = self.env['progress.contract'].concat(
            *(self.make.as_billed([1000000] * 36, self.tax_15) for _count in counts)
        )
        for count, contract in zip(counts, contracts, strict=True):
            for number, line in enumerate(contract.line_ids, 1):
                line.name = f"Begin{number} End{number}"
            contract.line_ids[:count].completed_percent = 30
        contracts.action_run_billing()
        for count, contract in zip(counts, contracts, strict=True):
            pages = self._print_pages('account.report_invoice_with_payments', contract.invoice_ids)
            lines = self._split(pages, "Where the contract stands")[0]
            self.assertTogether(lines, f'End{count}', 'Untaxed')
            self.assertTogether(lines, 'Begin1', 'Quantity')


class TestWholeRows(BaseCase):
    """Tables of documents, taken apart (BIL-29)."""

    ROWS = """
        <tr class="o_line_section"><td colspan="2">Section</td><td><span class="text-nowrap">$ 3.00</span></td></tr>
        <tr><td>First</td><td>1</td><td>$ 1.00</td></tr>
        <tr><td>Second</td><td class="d-none">phone</td><td>1</td><td>$ 2.00</td></tr>"""
    TABLE = """<main><table {mark} class="o_main"><thead><tr><th>Description</th><th>Quantity</th><th>Amount</th></tr>
        </thead><tbody>{rows}</tbody></table>
        <div class="box"><div><div id="total">3.00</div></div><p>Thank you</p></div></main>"""

    def test_rows(self):
        document = self.TABLE.format(mark='data-progress-rows="1"', rows=self.ROWS).encode()
        root = html.fromstring(keep_rows_whole(document))
        blocks = [[' '.join(row.text_content().split()) for row in block.iter('tr')] for block in root.xpath('./div')]
        self.assertEqual(blocks[0], ["DescriptionQuantityAmount", "Section$ 3.00", "First1$ 1.00"])
        self.assertEqual(blocks[1], ["Second1$ 2.00"])
        self.assertEqual(root.xpath('./div[2]//*[@id="total"]/text()'), ["3.00"])
        self.assertEqual(root.xpath('./div[3]/@class'), ["box"])
        self.assertIn("Thank you", root.xpath('./div[3]')[0].text_content())
        widths = {tuple(table.xpath('./colgroup/col/@style')) for table in root.iter('table')}
        self.assertEqual(len(widths), 1, "the columns of all rows are as wide")

    def test_others_stay(self):
        for document in (self.TABLE.format(mark='', rows=self.ROWS), self.TABLE.format(mark='', rows='').encode()):
            self.assertIs(keep_rows_whole(document), document)

    def test_empty(self):
        document = self.TABLE.format(mark='data-progress-rows="1"', rows='')
        self.assertIn(b'id="total"', keep_rows_whole(document))


@tagged('post_install', '-at_install')
@freeze_time('2026-03-31 12:00:00')
class TestFinalDocument(DocumentCommon):
    def test_final(self):
        """The final invoice's heading and breakdown."""
        contract = self.make.contract([10000], self.tax_15)
        self.billing.bill(contract, '25%')
        final = self.billing.final(contract)
        text = self._print(final).text_content()
        self.assertIn(f"Final invoice of {contract.name}", text)
        figures = self._read_figures(self._print(final), 'progress_summary')
        self.assertEqual(figures, [10000, 0, 2500, 7500, 10000, 0])
