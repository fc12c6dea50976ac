import io

import openpyxl

from odoo import Command
from odoo.tests import tagged

from ..report.application_xlsx import ApplicationXlsx
from .test_application import ApplicationCommon


@tagged('post_install', '-at_install')
class TestApplicationWords(ApplicationCommon):
    """What an application for payment says beside its figures, line by line (APP-1, APP-7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({'street': "1 High Street", 'zip': "10001", 'city': "Springfield"})

    def test_facts(self):
        """Number, revision, date, period and parties, each with its label, in the order of the sheet."""
        contract = self.make.pro_forma([1000], description="The House")
        self.billing.bill(contract, '10%', '2026-01-31', post=False)
        self.billing.to_ledger(contract.bill_ids)
        period = self.env['progress.billing.period'].create(
            {'project_id': self.project.id, 'date_start': '2026-02-01', 'date_end': '2026-02-28'}
        )
        bill = self.make.plan(contract, '20%', '2026-02-15', title="Shell")
        bill.action_create()
        facts = self.report._get_facts(bill)
        self.assertEqual(
            list(facts),
            [
                'number',
                'revision',
                'bill',
                'date',
                'period',
                'contract',
                'project',
                'customer',
                'location',
                'contractor',
                'currency',
            ],
        )
        self.assertEqual(bill.period_id, period)
        self.assertEqual(
            {key: facts[key] for key in ('number', 'revision', 'bill', 'date', 'period', 'project', 'currency')},
            {
                'number': ("Application no.", '2'),
                'revision': ("Revision", '0'),
                'bill': ("Bill", bill.name),
                'date': ("Application date", '02/15/2026'),
                'period': ("Period", '02/01/2026 – 02/28/2026'),
                'project': ("Project", "House"),
                'currency': ("Amounts in", 'USD'),
            },
        )
        self.assertEqual(facts['contract'], ("Contract", contract.display_name))
        self.assertEqual(facts['customer'][0], "Owner")
        self.assertEqual(facts['contractor'][0], "Contractor")
        self.assertTrue(facts['contractor'][1].startswith(self.company.name))

    def test_facts_that_are_missing(self):
        """A bill without number, date, period or project says nothing there."""
        contract = self.make.pro_forma([1000], project=self.env['project.project'])
        bill = self.make.plan(contract, '20%', False)
        bill.action_create()
        bill._write_protected({'name': False})
        bill.date = False
        facts = self.report._get_facts(bill)
        for key in ('bill', 'date', 'period', 'project', 'location'):
            with self.subTest(key):
                self.assertEqual(facts[key][1], '')
        bill.title = "Shell"
        self.assertEqual(self.report._get_facts(bill)['bill'][1], "Shell")

    def test_addresses(self):
        """Firm, person and address, each line once and none empty."""
        firm = self.env['res.partner'].create({'name': "Owner Ltd", 'is_company': True})
        clerk = self.env['res.partner'].create(
            {'name': "Ann Clerk", 'parent_id': firm.id, 'type': 'other', 'street': "2 Low Road", 'city': "Springfield"}
        )
        for partner, lines in (
            (self.customer, ["Builder's Customer", "1 High Street", "Springfield  10001"]),
            (firm, ["Owner Ltd"]),
            (clerk, ["Owner Ltd", "Ann Clerk", "2 Low Road", "Springfield"]),
            (self.env['res.partner'].create({'name': "Bare"}), ["Bare"]),
        ):
            with self.subTest(partner.name):
                self.assertEqual(self.report._get_address(partner).split('\n'), lines)

    def test_location(self):
        """A location of its own is named; the customer's own address is not said twice."""
        site = self.env['res.partner'].create({'name': "Site", 'street': "3 Building Plot"})
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 20)
        for location, text in ((site, "Site\n3 Building Plot"), (self.customer, ''), (site.browse(), '')):
            bill._write_protected({'partner_shipping_id': location.id})
            self.assertEqual(self.report._get_facts(bill)['location'], ("Location", text))

    def test_summary(self):
        """Eleven numbered lines, with the words that explain them; what is certified comes after them."""
        contract = self.make.pro_forma([10000], retainage_percent=10, stored_retainage_percent=5)
        contract.line_ids.stored_amount = 2000
        bill = self.billing.run(contract, 30)
        lines = [
            (line['number'], line['label'], line['style'], line['value']) for line in self.report._get_summary(bill)
        ]
        self.assertEqual(
            lines,
            [
                ('1', "Original contract sum", '', 10000),
                ('2', "Net change by change orders", '', 0),
                ('3', "Contract sum to date (1 + 2)", 'strong', 10000),
                ('4', "Total completed and stored to date (column G)", '', 5000),
                ('5a', "Retainage on completed work", 'part', 300),
                ('5b', "Retainage on stored materials", 'part', 100),
                ('5', "Total retainage (5a + 5b)", '', 400),
                ('6', "Total earned less retainage (4 − 5)", 'strong', 4600),
                ('7', "Less previous certificates for payment", '', 0),
                ('8', "Current payment due (6 − 7)", 'due', 4600),
                ('9', "Balance to finish, including retainage (3 − 6)", '', 5400),
            ],
        )
        bill.certified_amount = 4000
        last = self.report._get_summary(bill)[-1]
        self.assertEqual(
            (last['number'], last['label'], last['style'], last['value']), ('', "Amount certified", 'due', 4000)
        )
        self.assertEqual(len(self.report._get_summary(bill)), 12)

    def test_changes(self):
        """Orders approved before the bill before this one, and since; drafts and cancelled ones are none."""
        contract = self.make.pro_forma([10000, 5000])
        first, second = contract.line_ids
        self.make.change(
            contract,
            {'contract_line_id': first.id, 'amount': 700},
            {'contract_line_id': second.id, 'amount': -200},
        )
        one = self.billing.run(contract, 10)
        self.make.extra(contract, 300)
        self.make.extra(contract, 9000).action_cancel()
        self.make.change(contract, {'contract_line_id': first.id, 'amount': 50}, approve=False)
        two = self.billing.run(contract, 20)
        expected = {
            one: ([("Approved in previous periods", 0, 0), ("Approved this period", 700, 200)], (700, 200), 500),
            two: ([("Approved in previous periods", 700, 200), ("Approved this period", 300, 0)], (1000, 200), 800),
        }
        for bill, (rows, total, net) in expected.items():
            with self.subTest(bill.name):
                changes = self.report._get_changes(bill)
                self.assertEqual(changes['heads'], ("Change orders", "Additions", "Deductions"))
                self.assertEqual(changes['rows'], rows)
                self.assertEqual(changes['total'], ("Totals", *total))
                self.assertEqual(changes['net'], ("Net change", net))
                self.assertEqual(bill.change_amount, net)

    def test_opening_amounts_are_no_bill_before(self):
        """Orders approved before the first bill are of its period, though amounts were taken over before."""
        contract = self.make.as_billed([10000], do_open=False)
        self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 3000})],
            }
        )
        contract.action_open()
        self.make.extra(contract, 500)
        bill = self.billing.run(contract, 50)
        self.assertEqual(bill._get_change_summary(), {'previous': (0, 0), 'current': (500, 0)})

    def test_heads(self):
        """Ten lettered columns; the letters stay whatever is shown."""
        self.assertEqual(''.join(self.report._get_letters().values()), 'ABCDEFGHIJ')
        heads = self.report._get_heads()
        self.assertEqual(
            [heads[key] for key in self.report._get_letters()],
            [
                "Item",
                "Description of work",
                "Scheduled value",
                "From previous applications",
                "This period",
                "Materials presently stored",
                "Total completed and stored to date",
                "%",
                "Balance to finish",
                "Retainage",
            ],
        )
        self.assertEqual(heads['retainage_stored'], "Retainage: of it on stored materials")

    def test_default_texts(self):
        """Where neither contract nor company say anything: statement, certificate, three who sign, no terms."""
        texts = self.report._get_texts(self.billing.run(self.make.pro_forma([1000]), 20))
        self.assertTrue(texts['statement'].startswith("We declare that the work and the stored materials listed"))
        self.assertTrue(texts['certificate'].startswith("We have looked at the work and at this application."))
        self.assertEqual(texts['terms'], '')
        self.assertEqual(texts['statement_blocks'], [("Contractor", self.company.name)])
        self.assertEqual(texts['certificate_blocks'], [("Certified by", ''), ("Owner", '')])

    def test_whose_settings(self):
        """Each setting is the contract's, else the company's, else a default of ours."""
        contract = self.make.pro_forma([1000])
        cases = (
            ('use', 'application_use', 'progress_application_use', 'auto', 'never', 'always'),
            ('stored', 'application_stored_column', 'progress_application_stored_column', 'auto', 'hide', 'show'),
            (
                'retainage',
                'application_retainage_column',
                'progress_application_retainage_column',
                'auto',
                'show',
                'hide',
            ),
            ('paper', 'application_paper', 'progress_application_paper', 'a4', 'letter', 'a4'),
            ('terms', 'application_terms', 'progress_application_terms', '', "Theirs", "Ours"),
            ('certificate', 'application_certificate', 'progress_application_certificate', None, "Theirs", "Ours"),
        )
        self.company.paperformat_id = self.env.ref('base.paperformat_euro')
        for key, own, inherited, default, of_company, of_contract in cases:
            with self.subTest(key):
                if default is not None:
                    self.assertEqual(contract._get_application_setting(key), default)
                self.company[inherited] = of_company
                self.assertEqual(contract._get_application_setting(key), of_company)
                contract[own] = of_contract
                self.assertEqual(contract._get_application_setting(key), of_contract)
                contract[own] = False
                self.assertEqual(contract._get_application_setting(key), of_company)

    def test_when_it_is_used(self):
        """By itself with retainage, stored materials (entered or billed) or an approved change order; else as said."""
        plain = self.make.pro_forma([1000])
        self.assertFalse(plain._uses_application())
        self.make.change(plain, {'contract_line_id': plain.line_ids.id, 'amount': 5}, approve=False)
        self.assertFalse(plain._uses_application(), "a draft order")
        self.make.extra(plain, 5)
        self.assertTrue(plain._uses_application())
        self.assertTrue(self.make.pro_forma([1000], retainage_percent=10)._uses_application())
        stored = self.make.pro_forma([1000])
        stored.line_ids.stored_amount = 100
        self.assertTrue(stored._uses_application(), "entered")
        bill = self.billing.run(stored)
        stored.line_ids.stored_amount = 0
        self.assertTrue(stored._uses_application(), "on a bill")
        self.billing.to_ledger(bill)
        for use, expected in (('never', False), ('always', True), ('auto', True)):
            stored.application_use = use
            self.assertEqual(stored._uses_application(), expected)
        self.company.progress_application_use = 'always'
        self.assertTrue(self.make.pro_forma([1000])._uses_application())

    def test_mail_template(self):
        """Applications have an e-mail of their own; other bills, planned records and mixed lots have the bill's."""
        ours = self.env.ref('progress_billing.mail_template_progress_application')
        plain = self.env.ref('progress_billing.mail_template_progress_bill')
        contract = self.make.pro_forma([1000], application_use='always')
        bill, planned = self.billing.run(contract, 20), self.make.plan(contract, '10%')
        other = self.billing.run(self.make.pro_forma([1000]), 20)
        for bills, template in (
            (bill, ours),
            (planned, plain),
            (other, plain),
            (bill | other, plain),
            (self.env['progress.bill'], plain),
        ):
            with self.subTest(bills.mapped('display_name')):
                self.assertEqual(bills._get_mail_template(), template)

    def test_file_name(self):
        """Position, number and revision; nothing a file name cannot have."""
        contract = self.make.pro_forma([1000])
        self.billing.to_ledger(self.billing.run(contract, 10))
        bill = self.billing.run(contract, 20)
        number = bill.name.replace('/', '-')
        self.assertEqual(bill._get_application_file_name(), f"Application for Payment 2 - {number} - Rev 0")
        self.assertNotIn('/', bill._get_application_file_name())
        self.billing.to_ledger(bill)
        bill.action_correct()
        self.assertTrue(bill._get_application_file_name().endswith("Rev 1"))

    def test_download(self):
        """The action names the bills; planned ones are refused by name, and none is left out silently."""
        contract = self.make.pro_forma([1000])
        bills = self.billing.run(contract, 10) | self.billing.run(contract, 20)
        action = bills.action_application_xlsx()
        self.assertEqual(action['url'], '/progress_billing/application/' + ','.join(map(str, bills.ids)))
        self.assertEqual((action['type'], action['target']), ('ir.actions.act_url', 'download'))
        planned = self.make.plan(contract, '10%')
        self.assertRefused(
            (bills | planned).action_application_xlsx,
            f"{planned.display_name} is no application for payment: create the bill first.",
        )


@tagged('post_install', '-at_install')
class TestApplicationCells(ApplicationCommon):
    """The spreadsheet, cell by cell: what is data and what is a formula (APP-6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.pro_forma(
            [],
            retainage_percent=10,
            stored_retainage_percent=5,
            line_ids=[
                Command.create({'display_type': 'line_section', 'name': "Shell  of it", 'sequence': 1}),
                cls._line("Walls", '1.1', 10000, 2),
                cls._line("Roof", '1.2', 6000, 3),
                Command.create({'display_type': 'line_section', 'name': "Garden", 'sequence': 4}),
                cls._line("Lawn", '2.1', 1000, 5),
            ],
        )
        cls.make.change(cls.contract, {'contract_line_id': cls.contract.line_ids[1].id, 'amount': 2000})
        cls.billing.to_ledger(cls.billing.draw(cls.contract, 25, 0, 0))
        walls, roof = cls.contract._get_billable_lines()[:2]
        roof.stored_amount = 1500
        cls.walls, cls.roof = walls, roof
        cls.bill = cls.billing.draw(cls.contract, 50, 0, 100)

    @classmethod
    def _line(cls, name, item, amount, sequence):
        return Command.create(
            {
                'name': name,
                'item_number': item,
                'original_amount': amount,
                'account_id': cls.income_account.id,
                'sequence': sequence,
            }
        )

    def _read(self, bill, sheet, *, formulas=False):
        book = openpyxl.load_workbook(io.BytesIO(bill._build_application_xlsx()), data_only=not formulas)
        return [[cell.value for cell in row] for row in book[sheet].iter_rows()]

    def test_rows(self):
        """Titles, lines and subtotals with their first rows, as figures by hand.

        Walls are worth 12,000: 3,000 before, 3,000 now, 600 held. Roof: 1,500 stored, 75 held. Lawn: 1,000, 100 held.
        """
        rows = [
            (row['style'], row['level'], row['item'], row['name'])
            + tuple(float(row[key]) for key in ('scheduled', 'previous', 'work', 'stored', 'retainage') if key in row)
            + ((row['first'],) if 'first' in row else ())
            for row in self.report._get_rows(self.bill)
        ]
        self.assertEqual(
            rows,
            [
                ('title', 1, '', "Shell  of it"),
                ('line', 1, '1.1', "Walls", 12000, 3000, 3000, 0, 600),
                ('line', 1, '1.2', "Roof", 6000, 0, 0, 1500, 75),
                ('subtotal', 1, '', "Subtotal Shell of it", 18000, 3000, 3000, 1500, 675, 1),
                ('title', 1, '', "Garden"),
                ('line', 1, '2.1', "Lawn", 1000, 0, 1000, 0, 100),
                ('subtotal', 1, '', "Subtotal Garden", 1000, 0, 1000, 0, 100, 5),
            ],
        )

    def test_continuation_sheet(self):
        """Values as a spreadsheet program shows them."""
        rows = self._read(self.bill, 'Continuation Sheet')
        self.assertEqual(rows[0][0], "Continuation Sheet")
        self.assertEqual(rows[1][0], self.bill._get_application_file_name())
        self.assertEqual(rows[3][:3], ["Item", "Description of work", "Scheduled value"])
        shown = [[round(cell, 10) if isinstance(cell, float) else cell for cell in row] for row in rows[4:]]
        self.assertEqual(
            shown,
            [
                ["", "Shell  of it"] + [None] * 9,
                ['1.1', "Walls", 12000, 3000, 3000, 0, 6000, 0.5, 6000, 600, 0],
                ['1.2', "Roof", 6000, 0, 0, 1500, 1500, 0.25, 4500, 75, 75],
                ["", "Subtotal Shell of it", 18000, 3000, 3000, 1500, 7500, 0.4166666667, 10500, 675, 75],
                ["", "Garden"] + [None] * 9,
                ['2.1', "Lawn", 1000, 0, 1000, 0, 1000, 1, 0, 100, 0],
                ["", "Subtotal Garden", 1000, 0, 1000, 0, 1000, 1, 0, 100, 0],
                ["", "Grand total", 19000, 3000, 4000, 1500, 8500, 0.4473684211, 10500, 775, 75],
            ],
        )

    def test_formulas(self):
        """Sums of a section take its lines, the grand total takes all of them and no subtotal twice."""
        rows = self._read(self.bill, 'Continuation Sheet', formulas=True)
        self.assertEqual(rows[5][6:9], ['=D6+E6+F6', '=IF(C6=0,0,G6/C6)', '=C6-G6'])
        self.assertEqual(rows[7][2], '=SUBTOTAL(9,C6:C7)')
        self.assertEqual(rows[10][2], '=SUBTOTAL(9,C10:C10)')
        self.assertEqual(rows[11][2], '=SUBTOTAL(9,C5:C11)')
        self.assertEqual(rows[11][7], '=IF(C12=0,0,G12/C12)')
        self.assertEqual(rows[11][9:], ['=SUBTOTAL(9,J5:J11)', '=SUBTOTAL(9,K5:K11)'])

    def test_summary_sheet(self):
        """Facts above, then the numbered lines, then the change orders."""
        rows = self._read(self.bill, 'Summary')
        self.assertEqual(rows[0][0], "Application for Payment")
        facts = self.report._get_facts(self.bill)
        order = (
            'number',
            'revision',
            'bill',
            'date',
            'period',
            'project',
            'contract',
            'customer',
            'contractor',
            'currency',
        )
        self.assertEqual([row[:2] for row in rows[2:12]], [[facts[key][0], facts[key][1]] for key in order])
        lines = rows[13:24]
        self.assertEqual([row[0] for row in lines], ['1', '2', '3', '4', '5a', '5b', '5', '6', '7', '8', '9'])
        self.assertEqual([row[2] for row in lines], [17000, 2000, 19000, 8500, 700, 75, 775, 7725, 2700, 5025, 11275])
        changes = [row[1:4] for row in rows[26:31]]
        self.assertEqual(
            changes,
            [
                ["Change orders", "Additions", "Deductions"],
                ["Approved in previous periods", 2000, 0],
                ["Approved this period", 0, 0],
                ["Totals", 2000, 0],
                ["Net change", 2000, None],
            ],
        )

    def test_summary_formulas(self):
        """What follows from other cells is a formula, what is data is a number."""
        rows = self._read(self.bill, 'Summary', formulas=True)
        self.assertEqual(
            [row[2] for row in rows[13:24]],
            [
                17000,
                '=C31',
                '=C14+C15',
                "='Continuation Sheet'!G12",
                "='Continuation Sheet'!J12-'Continuation Sheet'!K12",
                "='Continuation Sheet'!K12",
                '=C18+C19',
                '=C17-C20',
                2700,
                '=C21-C22',
                '=C16-C21',
            ],
        )
        self.assertEqual([row[2] for row in rows[29:31]], ['=SUM(C28:C29)', '=C30-D30'])

    def test_certified(self):
        """What was certified is a number below the others, and the change orders move down by a row."""
        self.bill.certified_amount = 4000
        rows = self._read(self.bill, 'Summary')
        self.assertEqual(rows[24][1:3], ["Amount certified", 4000])
        self.assertEqual(rows[27][1], "Change orders")

    def test_currencies(self):
        """Cells have the currency's decimals: none for yen, three for dinar."""
        for code, shown in (('JPY', '#,##0'), ('KWD', '#,##0.000')):
            with self.subTest(code):
                currency = self.setup_other_currency(code, rates=[('2020-01-01', 2.0)])
                bill = self.billing.run(self.make.pro_forma([1000], currency_id=currency.id), 50)
                book = openpyxl.load_workbook(io.BytesIO(bill._build_application_xlsx()))
                self.assertEqual(book['Continuation Sheet']['C5'].number_format, shown)
                self.assertEqual(book['Continuation Sheet']['H5'].number_format, '0.00%')

    def test_paper(self):
        """Letter or A4, one page wide, the sheet across."""
        for paper, code in (('a4', '9'), ('letter', '1')):
            self.contract.application_paper = paper
            book = openpyxl.load_workbook(io.BytesIO(self.bill._build_application_xlsx()))
            for sheet in book:
                self.assertEqual(str(sheet.page_setup.paperSize), code)
            sheet = book['Continuation Sheet']
            self.assertEqual(sheet.page_setup.orientation, 'landscape')
            self.assertTrue(sheet.sheet_properties.pageSetUpPr.fitToPage)
            self.assertEqual(sheet.page_setup.fitToHeight, 0)

    def test_sheet_names(self):
        """Names that the format takes: translations with signs of its own, long ones, and two that are one."""
        book = ApplicationXlsx(self.report, self.bill)
        for name, kept in (('Summary', 'Summary'), ("a[b]c:d*e?f/g\\h'i", 'a b c d e f g h i'), ('x' * 40, 'x' * 31)):
            self.assertEqual(book._get_sheet_name(name), kept)
        self.bill.sudo()._write_protected({'name': "A & B"})
        self.assertIn('A && B', book._get_footer_text())

    def test_used_columns(self):
        """Columns nobody uses are hidden and keep their letters."""

        def get_hidden():
            book = openpyxl.load_workbook(io.BytesIO(self.bill._build_application_xlsx()))
            shown = book['Continuation Sheet'].column_dimensions
            return {
                letter
                for dimension in shown.values()
                if dimension.hidden
                for letter in 'ABCDEFGHIJK'[dimension.min - 1 : dimension.max]
            }

        self.assertEqual(get_hidden(), set())
        for field, hidden in (('application_stored_column', 'FK'), ('application_retainage_column', 'JK')):
            self.contract[field] = 'hide'
            self.assertEqual(get_hidden(), set(hidden))
            self.contract[field] = False
