from odoo.tests import freeze_time, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestAccountingPage(ProgressBillingCommon):
    """Every entry of docs/ACCOUNTING.md, account by account: debit less credit in company currency."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax_account = cls.company_data['default_account_tax_sale']

    def assertEntry(self, move, **expected):
        """The move is posted, balances, and has these amounts by account."""
        ledger = {account: sums[0] for account, sums in self.books.of(move).items()}
        self.assertEqual(ledger, {getattr(self, f'{name}_account'): amount for name, amount in expected.items()})
        self.assertEqual((move.state, round(sum(ledger.values()), 2)), ('posted', 0))

    def _assert_nothing_held(self, contract):
        self.assertEqual((contract.state, contract.deposit_balance, contract.retainage_balance), ('closed', 0, 0))
        self.assertEqual(
            (self.books.of_contract(contract), self.books.of_contract(contract, self.deposit_account)), (0, 0)
        )

    def test_whole_contract_by_deposits(self):
        """50,000 at 15 %, 10 % retainage: two deposits, final, release; both balance sheet accounts end at zero."""
        contract = self.make.contract([50000], self.tax_15, retainage_percent=10)
        for percent in (40, 80):
            bill = self.billing.draw(contract, percent)
            self.assertEntry(bill.invoice_id, receivable=21000, retainage=2000, deposit=-20000, tax=-3000)
        final = self.billing.final(contract)
        self.assertEntry(final, receivable=10500, retainage=1000, deposit=40000, income=-50000, tax=-1500)
        self.assertEqual((contract.state, contract.deposit_balance, contract.retainage_balance), ('closed', 0, 5000))
        release = self.billing.release(contract)
        self.assertEntry(release.invoice_id, receivable=5000, retainage=-5000)
        self._assert_nothing_held(contract)

    def test_whole_contract_as_billed(self):
        """The same contract with revenue on each invoice."""
        contract = self.make.as_billed([50000], self.tax_15, retainage_percent=10)
        for percent in (40, 80):
            bill = self.billing.draw(contract, percent)
            self.assertEntry(bill.invoice_id, receivable=21000, retainage=2000, income=-20000, tax=-3000)
        self.assertEntry(self.billing.final(contract), receivable=10500, retainage=1000, income=-10000, tax=-1500)
        self.assertEntry(self.billing.release(contract).invoice_id, receivable=5000, retainage=-5000)
        self._assert_nothing_held(contract)

    def test_tax_at_the_release(self):
        """The same deposits where the tax follows the release."""
        self.company.progress_retainage_tax = 'release'
        contract = self.make.contract([50000], self.tax_15, retainage_percent=10)
        for percent in (40, 80):
            bill = self.billing.draw(contract, percent)
            self.assertEntry(bill.invoice_id, receivable=20700, retainage=2000, deposit=-20000, tax=-2700)
        final = self.billing.final(contract)
        self.assertEntry(final, receivable=10350, retainage=1000, deposit=40000, income=-50000, tax=-1350)
        self.assertEntry(self.billing.release(contract).invoice_id, receivable=5750, retainage=-5000, tax=-750)
        self._assert_nothing_held(contract)

    def test_credit_note_and_correction(self):
        """A deposit credited in part; an invoice corrected from 20,000 to 18,000."""
        contract = self.make.contract([50000], self.tax_15)
        bill = self.billing.bill(contract, '20000')
        self.assertEntry(self.billing.credit(bill.invoice_id, 5000), receivable=-5750, deposit=5000, tax=750)
        self.assertDeposits(contract, 15000)
        contract = self.make.as_billed([50000], self.tax_15, retainage_percent=10)
        bill = self.billing.draw(contract, 40)
        bill.action_correct()
        bill.line_ids.amount = 18000
        invoice = self.billing.to_ledger(bill)
        credit = bill.move_ids.filtered('reversed_entry_id')
        self.assertEntry(credit, receivable=-21000, retainage=-2000, income=20000, tax=3000)
        self.assertEntry(invoice, receivable=18900, retainage=1800, income=-18000, tax=-2700)

    def test_certificates(self):
        """10,000 of 20,000 at 10 %: 9,500 certified on the line; or 8,100 of 9,000 in sum, due with the next."""
        contract = self.make.as_billed([20000], retainage_percent=10, use_pro_forma=True)
        bill = self.billing.draw(contract, 50)
        bill.line_ids.certified_amount = 9500
        self.assertEntry(self.billing.to_ledger(bill), receivable=8550, retainage=950, income=-9500)
        contract = self.make.as_billed([20000], retainage_percent=10, use_pro_forma=True)
        bill = self.billing.draw(contract, 50)
        bill.certified_amount = 8100
        self.assertEntry(self.billing.to_ledger(bill), receivable=8100, retainage=1900, income=-10000)
        self.assertEntry(
            self.billing.to_ledger(self.billing.draw(contract, 75)), receivable=5400, retainage=-400, income=-5000
        )

    @freeze_time('2026-03-15 12:00:00')
    def test_foreign_currency(self):
        """A deposit of 400 at 2.00 to the company's currency, the final of 1,000 at 1.25; the difference is a loss."""
        euro = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-03-01', 1.25)])
        contract = self.make.contract([1000], currency_id=euro.id)
        bill = self.billing.bill(contract, '400', '2026-01-31')
        self.assertEntry(bill.invoice_id, receivable=200, deposit=-200)
        final = self.billing.final(contract)
        self.assertEntry(final, receivable=480, deposit=320, income=-800)
        items = (bill.invoice_id | final).line_ids.filtered(lambda item: item.account_id == self.deposit_account)
        self.exchange_account = self.company.expense_currency_exchange_account_id
        exchange = (items.matched_debit_ids | items.matched_credit_ids).exchange_move_id
        self.assertEntry(exchange, deposit=-120, exchange=120)
        self.assertDeposits(contract, 0)


@tagged('post_install', '-at_install')
class TestHeldAtADate(ProgressBillingCommon):
    """CSH-6: what is held at a date: deposits less their credits and reversals, retainage less the oldest released."""

    def _held(self, contract, day, held='deposit'):
        wizard = self.env['progress.deposit.wizard'].create({'date': day, 'company_id': self.company.id, 'held': held})
        lines = wizard.line_ids.filtered(lambda line: line.bill_id.contract_id == contract)
        return [(str(line.date), line.amount, line.age) for line in lines.sorted('date')]

    def test_deposits(self):
        contract = self.make.contract([1000])
        first = self.billing.bill(contract, '400', '2026-01-31')
        self.billing.bill(contract, '200', '2026-02-28')
        self.billing.credit(first.invoice_id, 100, '2026-02-15')
        with freeze_time('2026-03-31 12:00:00'):
            self.billing.final(contract, date='2026-03-31')
        for day, expected in (
            ('2026-01-30', []),
            ('2026-02-14', [('2026-01-31', 400, 14)]),
            ('2026-02-28', [('2026-01-31', 300, 28), ('2026-02-28', 200, 0)]),
            ('2026-03-30', [('2026-01-31', 300, 58), ('2026-02-28', 200, 30)]),
            ('2026-03-31', []),
        ):
            with self.subTest(day):
                self.assertEqual(self._held(contract, day), expected)

    def test_retainage(self):
        contract = self.make.as_billed([10000], retainage_percent=10)
        for percent, day in ((40, '2026-01-31'), (70, '2026-02-28')):
            with freeze_time(f'{day} 12:00:00'):
                self.billing.draw(contract, percent, date=day)
        with freeze_time('2026-03-31 12:00:00'):
            self.billing.release(contract, 500)
        for day, expected in (
            ('2026-01-31', [('2026-01-31', 400, 0)]),
            ('2026-03-30', [('2026-01-31', 400, 58), ('2026-02-28', 300, 30)]),
            ('2026-03-31', [('2026-02-28', 200, 31)]),
        ):
            with self.subTest(day):
                self.assertEqual(self._held(contract, day, 'retainage'), expected)
