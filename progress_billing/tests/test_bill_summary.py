from odoo import Command
from odoo.tests import tagged

from .common import ProgressBillingCommon

COLUMNS = ('original', 'change', 'revised', 'before', 'now', 'to_date', 'left')


@tagged('post_install', '-at_install')
class TestBillSummary(ProgressBillingCommon):
    """What the invoice and the pro forma tell of the contract, row by row (BIL-22)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env['report.progress_billing.report_progress_bill']

    def _read(self, rows):
        return [(row['item'], row['name'], *(row[column] for column in COLUMNS)) for row in rows if not row['section']]

    def _section(self, name, sequence, kind='line_section'):
        return Command.create({'display_type': kind, 'name': name, 'sequence': sequence})

    def _line(self, name, amount, sequence, **vals):
        account = {'account_id': self.income_account.id}
        return Command.create({'name': name, 'original_amount': amount, 'sequence': sequence, **account, **vals})

    def test_rows(self):
        """1,000 and 500, an order of 200 on the first: a quarter billed, then a half."""
        contract = self.make.as_billed([1000, 500])
        first = self.billing.draw(contract, 25, 0)
        self.make.extra(contract, 200)
        second = self.billing.draw(contract, 50, 20)
        rows = self.report._get_rows(second)
        self.assertEqual(
            self._read(rows),
            [('1', "1 Line 1", 1000, 200, 1200, 250, 350, 600, 600), ('2', "2 Line 2", 500, 0, 500, 0, 100, 100, 400)],
        )
        total = self.report._get_total(second, rows)
        self.assertEqual(tuple(total[column] for column in COLUMNS), (1500, 200, 1700, 250, 450, 700, 1000))
        rows = self.report._get_rows(first, for_document=True)
        self.assertEqual(
            self._read(rows),
            [('1', "Line 1", 1000, 0, 1000, 0, 250, 250, 750), ('2', "Line 2", 500, 0, 500, 0, 0, 0, 500)],
        )

    def test_credit_note_is_another_document(self):
        """An invoice goes on saying what it billed; the next one says what is left of it."""
        contract = self.make.as_billed([1000])
        first = self.billing.draw(contract, 50)
        self.billing.credit(first.invoice_id, 200)
        self.assertEqual(self._read(self.report._get_rows(first))[0][5:], (0, 500, 500, 500))
        second = self.billing.draw(contract, 60)
        self.assertEqual(self._read(self.report._get_rows(second))[0][5:], (300, 300, 600, 400))

    def test_sections(self):
        """A title stands while lines follow it: empty ones go, and a title keeps the subtitle it leads to."""
        contract = self.make.as_billed(
            [],
            line_ids=[
                self._section("Empty first", 1),
                self._section("Shell", 2),
                self._section("Nothing here", 3, 'line_subsection'),
                self._section("Walls", 4, 'line_subsection'),
                self._line("Bricks", 100, 5),
                self._section("Roof", 6, 'line_subsection'),
                self._line("Tiles", 50, 7),
                self._section("Notes only", 8),
                self._section("As discussed", 9, 'line_note'),
                self._section("Sub only", 10),
                self._section("Below it", 11, 'line_subsection'),
                self._section("Garden", 12),
                self._line("Lawn", 20, 13),
                self._section("Empty last", 14),
            ],
        )
        bill = self.billing.run(contract, 10)
        names = [row['name'] for row in self.report._get_rows(bill)]
        self.assertEqual(names, ["Shell", "Walls", "Bricks", "Roof", "Tiles", "Garden", "Lawn"])

    def test_sections_of_a_pro_forma(self):
        """A pro forma has the lines it touches, under their own titles, and the share billed of each."""
        contract = self.make.pro_forma(
            [],
            line_ids=[
                self._section("Shell", 1),
                self._line("Bricks", 100, 2, item_number='1'),
                self._section("Garden", 3),
                self._line("Lawn", 20, 4, item_number='2'),
            ],
        )
        bill = self.billing.draw(contract, 0, 25)
        document = self.report._get_document(bill)
        self.assertEqual([row['name'] for row in document['rows']], ["Garden", "Lawn"])
        self.assertEqual(document['rows'][1]['percent'], 25)
        self.assertEqual(document['columns'], ('revised', 'before', 'now', 'to_date'))
        self.assertTrue(document['has_items'])
        self.assertEqual((document['total']['revised'], document['total']['now']), (20, 5))
        self.assertEqual(document['title'], "Pro Forma Invoice")

    def test_no_item_numbers(self):
        """Without item numbers there is no column for them, and a name stands alone."""
        contract = self.make.pro_forma([], line_ids=[self._line("Lawn", 20, 1)])
        bill = self.billing.run(contract, 50)
        document = self.report._get_document(bill)
        self.assertFalse(document['has_items'])
        self.assertNotIn('item', document['widths'])
        self.assertEqual(self._read(self.report._get_rows(bill))[0][:2], ('', "Lawn"))

    def test_heads(self):
        """Heads of both documents: the invoice says so, and stands without the worth and the share."""
        bill = self.billing.draw(self.make.as_billed([1000]), 50)
        heads = self.report._get_heads()
        self.assertEqual(
            heads,
            {
                'item': "Item",
                'name': "Description",
                'original': "Original Contract",
                'change': "Change Orders",
                'revised': "Scheduled Value",
                'before': "Billed Before",
                'now': "This Bill",
                'to_date': "Billed to Date",
                'left': "Balance to Finish",
                'percent': "Billed (%)",
            },
        )
        summary = self.report._get_summary(bill)
        self.assertEqual(summary['columns'], ('original', 'change', 'before', 'now', 'to_date', 'left'))
        self.assertEqual(summary['heads'], {**heads, 'now': "This Invoice"})
        self.assertEqual(set(summary['widths']), {'name', *summary['columns']})
        self.assertAlmostEqual(sum(summary['widths'].values()), 100, 0)

    def test_headings(self):
        """Which bill of which contract; down payments bill no work and are not counted, a final has no number."""
        contract = self.make.contract([1000], description="The House")
        first, second = self.billing.bill(contract, '10%'), self.billing.bill(contract, '20%', '2026-02-28')
        name = contract.display_name
        self.assertEqual(self.report._get_heading(first), f"Progress bill no. 1 of {name}")
        self.assertEqual(self.report._get_heading(second), f"Progress bill no. 2 of {name}")
        self.billing.final(contract)
        self.assertEqual(self.report._get_heading(contract.final_bill_id), f"Final invoice of {name}")

    def test_removed_line(self):
        """A line that stood on the bill and is gone from the schedule keeps its row, last and not billed."""
        contract = self.make.as_billed([1000, 500])
        bill = self.billing.draw(contract, 50, 0)
        contract.line_ids[1].unlink()
        expected = [('1', 1000, 500, 500), ('2', 500, 0, 500)]
        for for_document, names in ((False, ["1 Line 1", "2 Line 2"]), (True, ["Line 1", "Line 2"])):
            rows = self.report._get_rows(bill, for_document=for_document)
            self.assertEqual([row['name'] for row in rows], names)
            self.assertEqual([(row['item'], row['original'], row['now'], row['left']) for row in rows], expected)
        later = self.billing.draw(contract, 60)
        self.assertEqual([row['name'] for row in self.report._get_rows(later)], ["1 Line 1"])

    def test_rounding(self):
        """Figures have the currency's decimals, and no binary rest: 0.1 + 0.2 is 0.3."""
        contract = self.make.as_billed([0.3])
        contract.line_ids.pending_amount = 0.1
        self.billing.to_ledger(self.billing.run(contract))
        contract.line_ids.pending_amount = 0.2
        bill = self.billing.run(contract)
        row = self.report._get_rows(bill)[0]
        self.assertEqual((row['before'], row['now'], row['to_date'], row['left']), (0.1, 0.2, 0.3, 0))
        for code, percent, amounts in (('JPY', 33.333, (333, 667)), ('KWD', 33.3333, (333.333, 666.667))):
            with self.subTest(code):
                currency = self.setup_other_currency(code, rates=[('2020-01-01', 2.0)])
                bill = self.billing.run(self.make.as_billed([1000], currency_id=currency.id), percent)
                row = self.report._get_rows(bill)[0]
                self.assertEqual((row['now'], row['left']), amounts)

    def test_deduction(self):
        """A line worth less than nothing is billed downwards, and is left below nothing."""
        contract = self.make.as_billed([1000, -100])
        bill = self.billing.draw(contract, 50, 50)
        rows = self._read(self.report._get_rows(bill))
        self.assertEqual([row[6:] for row in rows], [(500, 500, 500), (-50, -50, -50)])

    # === WHAT A PRO FORMA COMES TO === #

    def _get_parts(self, bill):
        return self.report._get_document(bill)['parts']

    def test_parts(self):
        """Work alone needs no telling apart; with retainage, certificates or deposits each part has a row."""
        plain = self.billing.run(self.make.pro_forma([1000], self.tax_15), 50)
        self.assertEqual(self._get_parts(plain), [])
        held = self.billing.run(self.make.pro_forma([1000], self.tax_15, retainage_percent=10), 50)
        self.assertEqual(self._get_parts(held), [("Work billed", 500), ("Retainage withheld", -50)])
        held.certified_amount = 300
        self.assertEqual(
            self._get_parts(held),
            [("Work billed", 500), ("Retainage withheld", -50), ("Held back: not certified", -150)],
        )

    def test_parts_of_two_taxes(self):
        """Work under several taxes is one row."""
        contract = self.make.pro_forma([1000, 400], self.tax_15, retainage_percent=10)
        contract.line_ids[1].tax_ids = self.make.tax("5 %", 5.0)
        bill = self.billing.run(contract, 50)
        self.assertEqual(self._get_parts(bill), [("Work billed", 700), ("Retainage withheld", -70)])
        totals = self.report._get_document(bill)['tax_totals']
        self.assertEqual((totals['base_amount'], totals['tax_amount'], totals['total_amount']), (630, 85, 715))

    def test_parts_of_a_release(self):
        """A release bills no work."""
        contract = self.make.pro_forma([1000], retainage_percent=10)
        self.billing.to_ledger(self.billing.run(contract, 50))
        release = self.billing.release(contract, 20, post=False)
        self.assertEqual(self._get_parts(release), [("Retainage released", 20)])
        self.assertEqual(self.report._get_document(release)['rows'], [])

    def test_nothing_is_written(self):
        """Printing a pro forma leaves it, and its lines, as they were."""
        contract = self.make.pro_forma([1000], self.tax_15, retainage_percent=10)
        bill = self.billing.run(contract, 50)
        self.env.flush_all()
        before = bill.read()[0], bill.line_ids.read()
        self.report._get_document(bill)
        self.report._get_summary(bill)
        self.env.invalidate_all()
        self.assertEqual((bill.read()[0], bill.line_ids.read()), before)

    def test_deposits_of_a_final(self):
        """The final lists its deposits with number, day, net, tax and total."""
        contract = self.make.contract([1000], self.tax_15)
        first = self.billing.bill(contract, '10%', '2026-01-31')
        second = self.billing.bill(contract, '333.33', '2026-02-28')
        final = self.billing.final(contract)
        rows = [
            (row['item'], row['name'], row['net'], row['tax'], row['total'])
            for row in self.report._get_deposit_rows(final)
        ]
        self.assertEqual(
            rows,
            [
                (first.invoice_id.name, "01/31/2026", 100, 15, 115),
                (second.invoice_id.name, "02/28/2026", 333.33, 50, 383.33),
            ],
        )
        self.assertEqual(self.report._get_deposit_rows(first.invoice_id), [])

    def test_report_values(self):
        """One document for each bill, in the language of its customer."""
        self.env['res.lang']._activate_lang('de_DE')
        self.customer.lang = 'de_DE'
        one, two = (self.billing.run(self.make.pro_forma([1000]), 50) for _each in range(2))
        values = self.report._get_report_values((one | two).ids)
        self.assertEqual(values['docs'], one | two)
        self.assertEqual(set(values['documents']), {one.id, two.id})
        self.assertEqual(self.report._of(one).env.lang, 'de_DE')
