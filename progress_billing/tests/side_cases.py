"""Cases that hold on either side of a contract: written once, for whoever is billed."""

from odoo.addons.progress_billing.tools import money

#: Completed (%) of two lines and materials stored on the first, period by period
TEN_PERIODS = [
    (10, 0, 1000),
    (20, 10, 2000),
    (30, 25, 500),
    (40, 33, 0),
    (50, 40, 1500),
    (60, 50, 1500),
    (70, 66, 0),
    (80, 75, 800),
    (90, 90, 0),
    (97, 95, 0),
]


class SideCases:
    """The life of a contract, with ledger lines. A subclass says whose contract it is.

    Figures are a customer's: ``partner`` is a debit, ``result`` a credit. ``side_sign`` is -1 where that is turned
    round; ``side_accounts`` has the account of each.
    """

    side_sign = 1
    side_accounts = {}

    @classmethod
    def _side_contract(cls, amounts, taxes=None, **vals):
        """A contract that is open, whose bills are invoiced at once."""
        raise NotImplementedError

    @classmethod
    def _side_tax(cls, name, amount, **vals):
        """A tax of this side."""
        raise NotImplementedError

    # === CHECKS === #

    def assertSide(self, moves, msg=None, **expected):
        """What the moves come to on each account, in the currency of the contract, as a customer's would."""
        items = moves.line_ids
        found = {
            name: round(
                self.side_sign * sum(items.filtered(lambda i, a=account: i.account_id == a).mapped('amount_currency')),
                3,
            )
            for name, account in self.side_accounts.items()
        }
        self.assertEqual(
            {name: amount for name, amount in found.items() if amount},
            {name: round(float(amount), 3) for name, amount in expected.items() if amount},
            msg,
        )
        self.assertFalse(round(sum(items.mapped('balance')), 3))

    def _posted(self, contract):
        return contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')

    # === THE CASES === #

    def test_ten_periods(self):
        """Work, stored materials, a change order, a release, a correction, the final and the rest of the retainage.

        60,000 and 40,000, 10 % of work and 5 % of stored materials held, 15 % tax; 10,000 more from the fifth period.
        """
        tax = self._side_tax("15 % for ten", 15.0)
        contract = self._side_contract(
            [60000, 40000], tax, revenue_recognition='as_billed', retainage_percent=10, stored_retainage_percent=5
        )
        first, second = contract._get_billable_lines()
        released = 0.0
        for number, (one, two, stored) in enumerate(TEN_PERIODS, 1):
            if number == 5:
                self.make.change(contract, {'contract_line_id': first.id, 'amount': 10000})
            first.stored_amount = stored
            bill = self.billing.draw(contract, one, two)
            self.assertEqual(bill.bucket, 'actual', number)
            if number == 6:
                self.billing.release(contract, 1000)
                released = 1000.0
            if number == 7:  # 500 less on the second line, which the next period catches up with
                bill.action_correct()
                line = bill.line_ids.filtered(lambda line: line.contract_line_id == second)
                line.amount -= 500
                self.billing.to_ledger(bill)
            worth = first.revised_amount
            work = worth * one / 100 + 40000 * two / 100 - (500 if number == 7 else 0)
            held = work / 10 + stored / 20 - released
            gross = work + stored
            self.assertSide(
                self._posted(contract),
                f"period {number}",
                result=-gross,
                tax=-gross * 0.15,
                retainage=held,
                partner=gross * 1.15 - held,
            )
            self.assertEqual(round(contract.retainage_balance, 2), round(held, 2))
        self.billing.final(contract)
        self.assertSide(self._posted(contract), result=-110000, tax=-16500, retainage=10000, partner=116500)
        self.billing.release(contract)
        self.assertSide(self._posted(contract), result=-110000, tax=-16500, partner=126500)
        self.assertEqual((contract.state, contract.retainage_balance, contract.wip_available), ('closed', 0, 0))
        held = self._posted(contract).line_ids.filtered(lambda item: item.account_id == self.side_accounts['retainage'])
        self.assertTrue(all(held.mapped('reconciled')))

    def test_deposits_until_the_final(self):
        """20,000 + 20,000 of 50,000 as deposits, 10 % held; the final recognises all of it."""
        contract = self._side_contract([50000], self._side_tax("10 % for deposits", 10.0), retainage_percent=10)
        for percent in (40, 80):
            bill = self.billing.draw(contract, percent)
            self.assertSide(bill.invoice_id, deposit=-20000, tax=-2000, retainage=2000, partner=20000)
        final = self.billing.final(contract)
        self.assertSide(final, result=-50000, deposit=40000, tax=-1000, retainage=1000, partner=10000)
        self.assertEqual((contract.deposit_balance, contract.state), (0, 'closed'))
        self.billing.release(contract)
        self.assertSide(self._posted(contract), result=-50000, tax=-5000, partner=55000)

    def test_several_taxes_and_a_price_with_tax(self):
        """Two taxes on one line, a price-included one on another: thirds of 100.00 end at each tax of the whole."""
        plain = self._side_tax("15 % of several", 15.0) | self._side_tax("2.5 % of several", 2.5)
        included = self._side_tax("21 % included", 21.0, price_include_override='tax_included')
        for taxes, whole in ((plain, 17.5), (included, 21.0)):
            with self.subTest(taxes=taxes.mapped('name')):
                contract = self._side_contract([100], taxes, revenue_recognition='as_billed')
                for percent in (33.333333, 66.666667, 100):
                    self.billing.draw(contract, percent)
                self.assertSide(self._posted(contract), result=-100, tax=-whole, partner=100 + whole)

    def test_three_currencies(self):
        """Two decimals, none and three: what is held comes back to the unit, in both currencies."""
        for code, worth in (('EUR', 1000.01), ('JPY', 100001), ('BHD', 1000.001)):
            with self.subTest(currency=code):
                currency = self.setup_other_currency(code, rates=[('2025-01-01', 2.0), ('2026-11-01', 4.0)])
                contract = self._side_contract(
                    [worth], revenue_recognition='as_billed', retainage_percent=10, currency_id=currency.id
                )
                for percent in (33.333333, 66.666667, 100):
                    self.billing.draw(contract, percent)
                held = float(money.round_to(money.to_decimal(worth) / 10, currency.rounding))
                self.assertSide(self._posted(contract), result=-worth, retainage=held, partner=worth - held)
                self.billing.release(contract)
                self.assertSide(self._posted(contract), result=-worth, partner=worth)
                account = self.side_accounts['retainage']
                self.assertEqual(self.books.of_contract(contract, account), 0)
                self.assertEqual(self.books.of_contract(contract, account, 'amount_currency'), 0)

    def test_steps_and_a_cap(self):
        """100,000 at 10 %, 5 % of the whole balance from half on; a cap of 3,000 on another one."""
        steps = [(0, 0, {'completed_percent': 50, 'retainage_percent': 5})]
        contract = self._side_contract(
            [100000], revenue_recognition='as_billed', retainage_percent=10, retainage_step_ids=steps
        )
        for percent, held in ((40, 4000), (60, 3000), (100, 5000)):
            self.billing.draw(contract, percent)
            self.assertEqual(contract.retainage_balance, held, percent)
        capped = self._side_contract(
            [100000], revenue_recognition='as_billed', retainage_percent=10, retainage_cap_percent=3
        )
        for percent, held in ((20, 2000), (40, 3000), (100, 3000)):
            self.billing.draw(capped, percent)
            self.assertEqual(capped.retainage_balance, held, percent)

    def test_credit_of_a_bill(self):
        """What is credited in full is billed again, and its retainage with it."""
        contract = self._side_contract([10000], revenue_recognition='as_billed', retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        self.billing.credit(bill.invoice_id)
        self.assertSide(self._posted(contract))
        self.assertEqual((contract.actual_amount, contract.retainage_balance), (0, 0))
        self.billing.draw(contract, 60)
        self.assertSide(self._posted(contract), result=-6000, retainage=600, partner=5400)
