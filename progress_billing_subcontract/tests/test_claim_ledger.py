from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestClaimLedger(ClaimCommon):
    """What a claim is in the ledger: for each tax, currency and sign; and each of its items."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inside = cls._make_input_tax("Inside 10 %", 10.0, price_include_override='tax_included')
        cls.second = cls._make_input_tax("Input 5 %", 5.0)
        cls.none = cls.env['account.tax']

    def _post(self, contract, *amounts, **vals):
        return self._claim(contract, *amounts, post=True, **vals).invoice_id

    def test_one_claim(self):
        """Taxes of the claim are those of its lines; what is held is net of tax, and the tax is due at once."""
        for name, prices, taxes, rate, claimed, expected in (
            ("plain", [1000], self.none, 0, [400], {'expense': 400, 'payable': -400}),
            ("taxed", [1000], self.input_tax, 0, [400], {'expense': 400, 'input_tax': 40, 'payable': -440}),
            (
                "held",
                [1000],
                self.input_tax,
                10,
                [400],
                {'expense': 400, 'input_tax': 40, 'payable_retainage': -40, 'payable': -400},
            ),
            ("tax inside", [1100], self.inside, 0, [400], {'expense': 400, 'input_tax': 40, 'payable': -440}),
            (
                "tax inside, held",
                [1100],
                self.inside,
                10,
                [400],
                {'expense': 400, 'input_tax': 40, 'payable_retainage': -40, 'payable': -400},
            ),
            (
                "two taxes",
                [1000],
                self.input_tax | self.second,
                10,
                [400],
                {'expense': 400, 'input_tax': 60, 'payable_retainage': -40, 'payable': -420},
            ),
            (
                "odd cents",
                [1000],
                self.input_tax,
                7.5,
                [333.33],
                {'expense': 333.33, 'input_tax': 33.33, 'payable_retainage': -25, 'payable': -341.66},
            ),
            (
                "two lines",
                [1000, 500],
                self.input_tax,
                10,
                [400, 50],
                {'expense': 450, 'input_tax': 45, 'payable_retainage': -45, 'payable': -450},
            ),
            (
                "the second line alone",
                [1000, 500],
                self.input_tax,
                10,
                [0, 500],
                {'expense': 500, 'input_tax': 50, 'payable_retainage': -50, 'payable': -500},
            ),
        ):
            with self.subTest(name=name):
                contract = self._subcontract(prices, taxes, **({'retainage_percent': rate} if rate else {}))
                move = self._post(contract, *claimed)
                self.assertEqual(move.move_type, 'in_invoice')
                self.assertLedger(move, **expected)
                self.assertEqual(contract.actual_amount, sum(claimed))
                self.assertRetained(contract, -expected.get('payable_retainage', 0))

    def test_each_item(self):
        """Accounts, sides, partner and taxes of every item; the order's line on the work alone."""
        contract = self._subcontract([1000, 500], self.input_tax, retainage_percent=10)
        order, move = contract.purchase_order_ids, self._post(contract, 400, 50)
        works = move.line_ids.filtered('purchase_line_id')
        self.assertRecordValues(
            works.sorted('price_unit', reverse=True),
            [
                {
                    'name': works[0].name,
                    'account_id': self.expense_account.id,
                    'debit': 400,
                    'credit': 0,
                    'tax_ids': self.input_tax.ids,
                    'tax_line_id': False,
                    'partner_id': self.vendor.id,
                    'purchase_line_id': order.order_line[0].id,
                    'quantity': 1,
                },
                {
                    'name': works[1].name,
                    'account_id': self.expense_account.id,
                    'debit': 50,
                    'credit': 0,
                    'tax_ids': self.input_tax.ids,
                    'tax_line_id': False,
                    'partner_id': self.vendor.id,
                    'purchase_line_id': order.order_line[1].id,
                    'quantity': 1,
                },
            ],
        )
        rest = move.line_ids - works
        held = rest.filtered(lambda item: item.account_id == self.payable_retainage_account)
        self.assertEqual((sum(held.mapped('credit')), sum(held.mapped('debit'))), (45, 0))
        self.assertEqual(held.partner_id, self.vendor)
        self.assertFalse(held.tax_ids)
        self.assertRecordValues(
            rest.filtered('tax_line_id'),
            [
                {
                    'account_id': self.input_tax_account.id,
                    'tax_line_id': self.input_tax.id,
                    'debit': 45,
                    'credit': 0,
                    'tax_base_amount': 450,
                }
            ],
        )
        self.assertRecordValues(
            rest.filtered(lambda item: item.display_type == 'payment_term'),
            [{'account_id': self.payable_account.id, 'debit': 0, 'credit': 450, 'partner_id': self.vendor.id}],
        )

    def test_less_than_before(self):
        """After 1,000 and 500: 300 less of one line and 200 more of the other are a refund of 100 in all."""
        contract = self._subcontract([1000, 500], self.input_tax, retainage_percent=10)
        self._post(contract, 800, 200)
        move = self._post(contract, -300, 200)
        self.assertEqual(move.move_type, 'in_refund')
        self.assertLedger(move, expense=-100, input_tax=-10, payable_retainage=10, payable=100)
        self.assertEqual([line.actual_amount for line in contract.line_ids], [500, 400])
        self.assertRetained(contract, 90)
        self.assertOrder(contract.purchase_order_ids, 0.5, 'to invoice')

    def test_nothing_in_all(self):
        """As much less of one line as more of the other: a bill of nothing, and each line has moved."""
        contract = self._subcontract([1000, 500], self.input_tax)
        self._post(contract, 800)
        move = self._post(contract, -200, 200)
        self.assertEqual(move.amount_total, 0)
        self.assertEqual([line.actual_amount for line in contract.line_ids], [600, 200])
        self.assertLedger(move)

    def test_below_nothing(self):
        contract = self._subcontract([1000], self.input_tax)
        self._post(contract, 300)
        self.assertRefused(lambda: self._claim(contract, -300.01), regex="cannot|less than")
        self._post(contract, -300)
        self.assertEqual((contract.actual_amount, self.books.balance(self.expense_account, contract)), (0, 0))

    def test_by_quantity(self):
        """25 of 100 m at 50: 1,250, of which 125 are held; the bill says 25 × 50, the order 25."""
        contract = self._subcontract(
            [50], self.input_tax, purchase_vals={'line_vals': {'product_qty': 100}}, retainage_percent=10
        )
        line = contract.line_ids
        line.billing_base = 'quantity'
        self.assertRecordValues(line, [{'original_quantity': 100, 'unit_price': 50, 'revised_amount': 5000}])
        contract.action_create_bill('lines', {'lines': [{'contract_line_id': line.id, 'quantity': 25}]})
        bill = contract.bill_ids
        bill.action_submit()
        bill.action_approve()
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, expense=1250, input_tax=125, payable_retainage=-125, payable=-1250)
        item = bill.invoice_id.line_ids.filtered('purchase_line_id')
        self.assertRecordValues(item, [{'quantity': 25, 'price_unit': 50, 'price_subtotal': 1250}])
        self.assertOrder(contract.purchase_order_ids, 25, 'to invoice')

    def test_certified_by_quantity(self):
        """30 m claimed, 1,000 certified: 20 m are billed, and the order says 20."""
        contract = self._subcontract([50], self.input_tax, purchase_vals={'line_vals': {'product_qty': 100}})
        contract.line_ids.billing_base = 'quantity'
        self._add_invoice_contact(contract, self.mason)
        bill = self._accepted(contract)
        self._answer(bill, 'submit', **self._work(bill, '30', unit='quantity'))
        self.assertRecordValues(bill.line_ids, [{'quantity': 30, 'amount': 1500}])
        wizard = self.env['progress.review.wizard'].browse(bill.action_review()['res_id'])
        wizard.line_ids.certified_amount = 1000
        wizard.action_approve()
        bill.invoice_id.action_post()
        self.assertEqual(bill.claim_status, 'billed')
        self.assertLedger(bill.invoice_id, expense=1000, input_tax=100, payable=-1100)
        self.assertOrder(contract.purchase_order_ids, 20, 'to invoice')

    def test_foreign_claim(self):
        """700 at 7 for one of ours: 100 in the books at the claim's date, 50 at the next one's 14."""
        foreign = self.setup_other_currency('CHF', rates=[('2026-01-01', 7.0), ('2026-02-10', 14.0)])
        contract = self._subcontract(
            [7000], self.input_tax, purchase_vals={'currency_id': foreign.id}, retainage_percent=10
        )
        for day, ours in (('2026-02-01', 100), ('2026-02-15', 50)):
            with self.subTest(day=day):
                move = self._post(contract, 700, date=day)
                self.assertEqual((move.currency_id, str(move.invoice_date)), (foreign, day))
                books = self.books.of(move)
                self.assertEqual(books[self.expense_account], (ours, 700))
                self.assertEqual(books[self.input_tax_account], (ours / 10, 70))
                self.assertEqual(books[self.payable_retainage_account], (-ours / 10, -70))
                self.assertEqual(books[self.payable_account], (-ours, -700))
        self.assertEqual((contract.actual_amount, contract.retainage_balance), (1400, 140))

    def test_the_page_in_currencies(self):
        """What a contact types is rounded as the subcontract's currency is: no sen, three digits of a dinar."""
        for name, rounding, text, worth, stored in (
            ('JPY', 1, '333.5', 334, 12),
            ('KWD', 0.001, '333.3335', 333.334, 12.346),
        ):
            with self.subTest(currency=name):
                currency = self.setup_other_currency(name, rounding=rounding, rates=[('2026-01-01', 2.0)])
                contract = self._subcontract([1000], purchase_vals={'currency_id': currency.id})
                self._add_invoice_contact(contract, self.mason)
                bill = self._accepted(contract)
                line = bill.line_ids
                self._answer(bill, 'claim', **{**self._work(bill, text), f'stored_{line.id}': '12.3456'})
                self.assertAlmostEqual(line.amount, worth, 6)
                self.assertAlmostEqual(line.stored_amount, stored, 6)
                self._answer(bill, 'claim', **self._work(bill, '0.3335', unit='quantity'))
                self.assertAlmostEqual(line.amount, currency.round(333.5), 6)

    def test_an_advance(self):
        """2,000 in advance is an asset until the work is claimed; each half of the work takes half of it off."""
        contract = self._subcontract([10000], self.input_tax, use_pro_forma=False)
        contract.action_create_down_payment(2000)
        paid = contract.bill_ids
        paid.invoice_id.action_post()
        self.assertLedger(paid.invoice_id, advance=2000, input_tax=200, payable=-2200)
        self.assertEqual(contract.down_payment_balance, 2000)
        self.assertOrder(contract.purchase_order_ids, 0, 'to invoice')
        for percent, left in ((50, 1000), (100, 0)):
            bill = self.billing.draw(contract, percent)
            self.assertLedger(bill.invoice_id, expense=5000, advance=-1000, input_tax=400, payable=-4400)
            self.assertEqual(contract.down_payment_balance, left)
        self.assertEqual(self.books.balance(self.advance_account, contract), 0)

    def test_its_own_account(self):
        """A schedule line's own account and cost project are on the item; the retainage tax is the vendors' side's."""
        account = self.expense_account.copy({'code': 'SUBX1'})
        zero = self._make_input_tax("Zero", 0.0)
        self.company.progress_vendor_retainage_tax_id = zero
        contract = self._subcontract([1000], self.input_tax, retainage_percent=10)
        contract.line_ids.write({'account_id': account.id})
        move = self._post(contract, 400)
        self.assertEqual(move.line_ids.filtered('purchase_line_id').account_id, account)
        held = move.line_ids.filtered(
            lambda item: item.account_id == self.payable_retainage_account and item.display_type == 'product'
        )
        self.assertEqual(held.tax_ids, zero)
