import random
from decimal import ROUND_HALF_UP, Decimal

from odoo.tests import tagged

from .common import ProgressBillingCommon

CENT = Decimal('0.01')


def tax_of(net, rate):
    return (Decimal(str(round(net, 2))) * rate / 100).quantize(CENT, ROUND_HALF_UP)


@tagged('post_install', '-at_install')
class TestTaxAfterCredit(ProgressBillingCommon):
    """Credited in part by hand, at any amounts: the taxes of the contract are at most a cent off for each line."""

    def _credit_some(self, move, amounts):
        """A posted credit note with these net amounts on the lines of an invoice."""
        refund = move._reverse_moves([{'invoice_date': move.invoice_date, 'date': move.invoice_date}])
        for line, amount in zip(refund.invoice_line_ids, amounts, strict=True):
            line.price_unit = amount
        refund.action_post()

    def _get_taxes(self, contract):
        """What the ledger has of each tax, over all invoices and credit notes of a contract."""
        lines = contract.invoice_ids.filtered(lambda move: move.state == 'posted').line_ids
        taxes = {}
        for line in lines.filtered('tax_line_id'):
            taxes[line.tax_line_id] = taxes.get(line.tax_line_id, 0.0) - line.amount_currency
        return {tax: Decimal(str(round(amount, 2))) for tax, amount in taxes.items()}

    def _check(self, seed, method):
        dice = random.Random(seed)
        self.company.tax_calculation_rounding_method = method
        contract = self.make.as_billed([1000.03, 999.97, 777.77], self.tax_19)
        third = contract.line_ids[2]
        third.tax_ids = self.tax_7
        self.billing.draw(contract, *(dice.randint(1, 4000) / 100 for _line in range(3)))
        first = contract.bill_ids.invoice_id
        credited = [round(line.price_subtotal * dice.random(), 2) for line in first.invoice_line_ids]
        self._credit_some(first, credited)
        self.billing.draw(contract, *(dice.randint(4100, 9900) / 100 for _line in range(3)))
        net = [line.actual_amount for line in contract.line_ids]
        found = self._get_taxes(contract)
        if method == 'round_globally':
            expected = {self.tax_19: tax_of(net[0] + net[1], 19), self.tax_7: tax_of(net[2], 7)}
        else:
            expected = {self.tax_19: tax_of(net[0], 19) + tax_of(net[1], 19), self.tax_7: tax_of(net[2], 7)}
        for tax, lines in ((self.tax_19, 2), (self.tax_7, 1)):
            cents = abs(found[tax] - expected[tax]) / CENT
            self.assertLessEqual(cents, lines if method == 'round_per_line' else 1, f'{seed}: {net}, less {credited}')
        return found == expected

    def test_many_figures(self):
        self.tax_19, self.tax_7 = self.make.tax("19 %", 19.0), self.make.tax("7 %", 7.0)
        for method in ('round_per_line', 'round_globally'):
            exact = 0
            for seed in range(6):
                with self.subTest(method=method, seed=seed):
                    exact += self._check(seed, method)
            self.assertGreaterEqual(exact, 3, "Most come out to the cent.")

    def test_the_cent_does_not_grow(self):
        """Six bills more after a credit in part: what was off stays off by that, no more; the rest is cumulative."""
        self.tax_19 = self.make.tax("19 %", 19.0)
        for method in ('round_per_line', 'round_globally'):
            self.company.tax_calculation_rounding_method = method
            contract = self.make.as_billed([1000.03], self.tax_19)
            self.billing.draw(contract, 10.003)
            self._credit_some(contract.bill_ids.invoice_id, [33.33])
            for number in range(1, 7):
                self.billing.draw(contract, 10 + 13.337 * number)
                [found] = self._get_taxes(contract).values()
                cents = abs(found - tax_of(contract.line_ids.actual_amount, 19)) / CENT
                with self.subTest(method=method, number=number):
                    self.assertLessEqual(cents, 1)
