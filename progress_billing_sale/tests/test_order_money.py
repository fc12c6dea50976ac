from odoo import Command
from odoo.tests import tagged

from odoo.addons.progress_billing.tests.queries import count_queries

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestOrderMoney(ProgressSaleCommon):
    """Awkward cents: mixed and included taxes, discounts, foreign currency, currencies without decimals."""

    def _check_whole_life(self, order, recognition, shares=('33.33%', '20%')):
        """Bill, credit a part, bill, final: the order is invoiced to the cent, deposits are gone."""
        contract = self.orders.set_up(order, recognition)
        total, untaxed = order.amount_total, order.amount_untaxed
        self.assertAlmostEqual(contract.revised_amount, untaxed, 6)
        for number, share in enumerate(shares):
            bill = self.billing.bill(contract, share)
            if not number:
                self.billing.credit(bill.invoice_id, order.currency_id.round(1))
        self.env.invalidate_all()
        self.assertAlmostEqual(order.amount_invoiced + order.amount_to_invoice, total, 6)
        posted = sum(order.invoice_ids.mapped('amount_total_in_currency_signed'))
        self.assertAlmostEqual(order.amount_invoiced, posted, 6)
        final = self.billing.final(contract)
        self.env.invalidate_all()
        self.assertFigures(order, total, 0, 'invoiced')
        self.assertAlmostEqual(sum(order.invoice_ids.mapped('amount_total_in_currency_signed')), total, 6)
        self.assertAlmostEqual(sum(order.order_line.mapped('untaxed_amount_invoiced')), untaxed, 6)
        if recognition == 'deposit':
            self.assertDeposits(contract, 0)
        return final

    def test_mixed_taxes_and_discounts(self):
        taxes = [self.tax_15, self.make.tax("7 %", 7), self.tax_15 | self.make.tax("2.5 %", 2.5), None]
        for recognition in ('deposit', 'as_billed'):
            with self.subTest(recognition=recognition):
                order = self.orders.order([333.33, 1234.57, 99.99, 0.37])
                for line, tax in zip(order.order_line, taxes, strict=True):
                    line.write({'tax_ids': [Command.set(tax.ids if tax else [])], 'discount': 12.5})
                self._check_whole_life(order, recognition)

    def test_price_included_tax(self):
        tax = self.make.tax("21 % included", 21, price_include_override='tax_included')
        for recognition in ('deposit', 'as_billed'):
            with self.subTest(recognition=recognition):
                order = self.orders.order([1210, 99.99], tax)
                self.assertEqual(order.amount_total, 1309.99)
                self._check_whole_life(order, recognition)

    def test_price_included_tax_to_the_cent(self):
        """What the whole order is taxed in Odoo, in every split: 100.00 is 82.64 + 17.36, three thirds are 550.00."""
        tax = self.make.tax("21 % included", 21, price_include_override='tax_included')
        for rounding in ('round_per_line', 'round_globally'):
            self.company.tax_calculation_rounding_method = rounding
            for recognition in ('deposit', 'as_billed'):
                for prices, shares in (
                    ([100], ()),
                    ([100], ('33.33%', '33.33%')),
                    ([183.33, 183.33, 183.34], ()),
                    ([183.33, 183.33, 183.34], ('12.5%', '50%')),
                    ([0.99, 1.01, 99.95], ('10%', '10%', '10%', '10%')),
                ):
                    with self.subTest(rounding, recognition=recognition, prices=prices, shares=shares):
                        order = self.orders.order(prices, tax)
                        contract = self.orders.set_up(order, recognition)
                        for share in shares:
                            self.billing.bill(contract, share)
                        self.billing.final(contract)
                        moves = contract.invoice_ids
                        self.assertEqual(round(sum(moves.mapped('amount_total')), 2), order.amount_total)
                        self.assertEqual(round(sum(moves.mapped('amount_tax')), 2), order.amount_tax)
                        income = moves.line_ids.filtered(lambda item: item.account_id == self.income_account)
                        self.assertEqual(round(-sum(income.mapped('balance')), 2), order.amount_untaxed)
                        self.assertDeposits(contract, 0)
                        self.env.invalidate_all()
                        self.assertEqual(order.invoice_status, 'invoiced')

    def test_price_included_tax_of_a_changed_order(self):
        """A change order takes the order's tax with it."""
        tax = self.make.tax("21 % included", 21, price_include_override='tax_included')
        order = self.orders.order([100], tax)
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '50%')
        order.order_line.price_unit = 133.33
        contract.change_ids.action_approve()
        self.assertEqual(contract.line_ids.taxed_amount, 133.33)
        self.billing.final(contract)
        self.assertEqual(round(sum(contract.invoice_ids.mapped('amount_total')), 2), 133.33)

    def test_foreign_currency(self):
        currency = self.setup_other_currency('EUR', rates=[('2016-01-01', 2.0), ('2026-01-01', 0.8)])
        pricelist = self.env['product.pricelist'].create({'name': "Euro", 'currency_id': currency.id})
        for recognition in ('deposit', 'as_billed'):
            with self.subTest(recognition=recognition):
                order = self.orders.order([1000.01], self.tax_15, pricelist_id=pricelist.id)
                self.assertEqual(order.currency_id, currency)
                self._check_whole_life(order, recognition)

    def test_yen(self):
        currency = self.setup_other_currency('JPY', rounding=1.0, rates=[('2016-01-01', 110.0)])
        pricelist = self.env['product.pricelist'].create({'name': "Yen", 'currency_id': currency.id})
        for recognition in ('deposit', 'as_billed'):
            with self.subTest(recognition=recognition):
                order = self.orders.order([33333, 77777], self.tax_15, pricelist_id=pricelist.id)
                self._check_whole_life(order, recognition)

    def test_deduction_line(self):
        """A discount as a line of its own."""
        order = self.orders.order([1000, -100], self.tax_15)
        self._check_whole_life(order, 'deposit')

    def test_free_line(self):
        order = self.orders.order([1000, 0])
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '50%')
        self.assertFigures(order, 500, 500, 'to invoice')
        self.billing.final(contract)
        self.assertFigures(order, 1000, 0, 'invoiced')

    def test_down_payment_with_mixed_taxes(self):
        """Odoo's own down payment on several sets of taxes, then ours, to the cent."""
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([333.33, 1234.57, 99.99])
        order.order_line[0].tax_ids = self.tax_15
        order.order_line[1].tax_ids = self.make.tax("7 %", 7)
        order.order_line[2].tax_ids = False
        self.orders.down_payment(order, percent=33.33)
        for recognition in ('as_billed', 'deposit'):
            contract = self.orders.set_up(order, recognition)
            if recognition == 'as_billed':
                contract.action_cancel()
        self.billing.bill(contract, '25%')
        self.billing.final(contract)
        self.assertDeposits(contract, 0)
        self.assertFigures(order, order.amount_total, 0, 'invoiced', 3)

    def test_down_payment_of_other_taxes(self):
        """The order's taxes changed since: both items of the down payment are spread over the same lines, and count."""
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([600, 400])
        work, seven = order.order_line, self.make.tax("7 %", 7)
        work[0].tax_ids, work[1].tax_ids = self.tax_15, self.tax_15 | seven
        move = self.orders.down_payment(order, percent=10)
        work.tax_ids = self.make.tax("9 %", 9)
        lines = self.orders.set_up(order, 'deposit').bill_ids.line_ids
        self.assertEqual([line.amount for line in lines], [60, 40])
        taken = {}
        for line in lines:
            for tax, (_rate, _base, amount) in line.tax_amounts['amounts'].items():
                taken[int(tax)] = round(taken.get(int(tax), 0) + amount, 2)
        self.assertEqual(taken, {self.tax_15.id: 15, seven.id: 2.8})
        self.assertEqual(move.amount_tax, 17.8)

    def test_drafted_credit_of_a_down_payment(self):
        """A credit note takes a down payment off what is held once it is posted, not before."""
        self.company.downpayment_account_id = self.deposit_account
        order = self.orders.order([1000])
        move = self.orders.down_payment(order, percent=10)
        contract = self.orders.set_up(order, 'as_billed')
        self.assertEqual(contract.deposit_balance, 100)
        credit = move._reverse_moves([{'invoice_date': move.invoice_date}])
        self.env.invalidate_all()
        self.assertEqual(contract.deposit_balance, 100)
        credit.action_post()
        self.env.invalidate_all()
        self.assertEqual(contract.deposit_balance, 0)

    def test_queries_of_orders_without_a_contract(self):
        """Figures of ordinary orders cost the same number of queries, however many lines they have."""

        def count(lines):
            order = self.orders.order([10] * lines)
            move = self.orders.invoice(order)

            def post_anew():
                move.button_draft()
                move.action_post()
                self.env.flush_all()
                order.order_line.mapped('amount_to_invoice')

            return count_queries(self.env, post_anew)

        count(2)  # warms the caches
        few, many = count(3), count(30)
        self.assertLessEqual(many, few + 5)

    def test_queries_of_a_bill(self):
        """A bill of a contract with an order costs no query for each line."""

        def count(lines):
            order = self.orders.order([10] * lines)
            contract = self.orders.set_up(order)
            bill = self.make.plan(contract, '10%')

            def create_and_post():
                bill.action_create()
                bill.invoice_id.action_post()
                self.env.flush_all()
                order.order_line.mapped('amount_to_invoice')

            return count_queries(self.env, create_and_post)

        count(2)  # warms the caches
        few, many = count(3), count(30)
        self.assertLessEqual(many, few + 12)
