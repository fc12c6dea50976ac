import json

from odoo import Command
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestTaxEngine(ProgressBillingCommon):
    """What the engine makes of amounts and taxes, before any bill: each figure can be worked out by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = cls.env['progress.tax.engine']
        cls.contract = cls.make.as_billed([1000])
        cls.included = cls.make.tax("21 % incl.", 21.0, price_include_override='tax_included')
        cls.each = cls.make.tax("2 a unit", 2.0, amount_type='fixed')

    def _line(self, amount, taxes, quantity=0.0, key=1, **values):
        return self.engine._base_line(self.contract, amount, taxes, quantity, _key=key, **values)

    def _computed(self, *base_lines):
        return self.engine._compute_taxes(list(base_lines), self.company)

    def _taxes(self, base_lines):
        """The tax of each line, all taxes of a line together."""
        return [
            round(sum(amount for _tax, _rate, _base, amount in taken.amounts), 3)
            for taken in self.engine._read_taken(base_lines)
        ]

    def _reverse_charge(self):
        tax = self.make.tax("Reverse 19 %", 19.0)
        leg = {'repartition_type': 'tax', 'factor_percent': -100, 'account_id': self.income_account.id}
        names = ('invoice_repartition_line_ids', 'refund_repartition_line_ids')
        tax.write({name: [Command.create(leg)] for name in names})
        return tax

    # === ONE LINE === #

    def test_amounts(self):
        """Amounts are untaxed whatever the tax says of prices; halves of a cent go up, with their sign."""
        group = self.env['account.tax'].create(
            {
                'name': "Both",
                'amount_type': 'group',
                'type_tax_use': 'sale',
                'company_id': self.company.id,
                'children_tax_ids': [Command.set((self.tax_15 | self.make.tax("5 %", 5.0)).ids)],
            }
        )
        for taxes, amount, expected in (
            (self.tax_15, 100, 15),
            (self.tax_15, -100, -15),
            (self.tax_15, 0, 0),
            (self.tax_15, 0.03, 0),
            (self.tax_15, 0.1, 0.02),
            (self.tax_15, -0.1, -0.02),
            (self.included, 100, 21),
            (self.included, 0.01, 0),
            (self.each, 100, 2),
            (self.each, 0, 2),
            (self.tax_15 | self.included, 100, 36),
            (group, 100, 20),
            (self.env['account.tax'], 100, 0),
        ):
            with self.subTest(taxes=taxes.mapped('name'), amount=amount):
                [line] = self._computed(self._line(amount, taxes))
                self.assertEqual(self._taxes([line]), [expected])
                self.assertEqual(self.engine._merge([line])[0], amount)

    def test_units(self):
        """A tax by the unit counts true units; a line billed by amount is one unit, however often it is billed."""
        for amount, quantity, expected in ((90, 3, 6), (90, 0.5, 1), (90, 0, 2), (-90, -2, -4)):
            with self.subTest(quantity=quantity):
                line = self._line(amount, self.each, quantity)
                self.assertEqual(self._taxes(self._computed(line)), [expected])
                self.assertEqual(line['price_unit'] * line['quantity'], amount)

    def test_no_decimals_and_three(self):
        """A yen has no parts, a dinar has a thousand: 15 % of 33 and of 33.333."""
        for code, amount, expected in (('JPY', 33, 5), ('JPY', 3, 0), ('KWD', 33.333, 5), ('KWD', 0.03, 0.005)):
            with self.subTest(currency=code, amount=amount):
                currency = self.setup_other_currency(code, rounding={'JPY': 1.0, 'KWD': 0.001}[code])
                contract = self.make.as_billed([1000], currency_id=currency.id, do_open=False)
                line = self.engine._base_line(contract, amount, self.tax_15)
                self.assertEqual(self._taxes(self._computed(line)), [expected])

    def test_reverse_charge(self):
        """Both legs of a reverse charge are on the invoice; what a bill takes is the first one."""
        tax = self._reverse_charge()
        [line] = self._computed(self._line(100, tax))
        self.assertEqual([data['is_reverse_charge'] for data in line['tax_details']['taxes_data']], [False, True])
        [taken] = self.engine._read_taken([line])
        self.assertEqual((taken.net, taken.base, taken.amounts), (100, 100, [(tax.id, 19.0, 100, 19)]))
        self.assertEqual(self.engine._merge([line]), (100, {tax.id: [100, 19]}))
        self.assertEqual(self.engine._sum_taxes([line], lambda _key, tax: tax.id), {tax.id: 19})

    def test_rounding_of_the_company(self):
        """Three times 0.10 at 15 %: by line 0.02 each, over the document 0.05 in all."""
        for method, expected in (('round_per_line', [0.02, 0.02, 0.02]), ('round_globally', [0.02, 0.02, 0.01])):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                lines = self._computed(*(self._line(0.1, self.tax_15, key=key) for key in range(3)))
                self.assertEqual(sorted(self._taxes(lines), reverse=True), expected)

    # === WORTH AGREED WITH TAX === #

    def test_part_of_an_agreed_tax(self):
        """A third of 100.00 that was agreed at 119.00 takes 6.33, whatever its rate gives; without taxes nothing."""
        for taxes, amount, expected in (
            (self.tax_15, 33.33, 6.33),
            (self.tax_15, 100, 19),
            (self.tax_15, -33.33, -6.33),
            (self.tax_15, 0, 0),
            (self.tax_15 | self.included, 50, 9.5),
            (self.env['account.tax'], 33.33, 0),
        ):
            with self.subTest(taxes=taxes.mapped('name'), amount=amount):
                [line] = self._computed(self._line(amount, taxes, _worth=(100, 119)))
                self.assertEqual(self._taxes([line]), [expected])

    def test_worths_of_an_order(self):
        """Lines of an order are worth what the order says in all, to the cent."""
        taxes = self.env['account.tax']
        for price, tax, untaxed, taxed in (
            (10, self.included, 24.79, 30),
            (10, self.tax_15, 30, 34.5),
            (0.1, self.tax_15, 0.3, 0.35),
        ):
            with self.subTest(price=price, tax=tax.name):

                def base_lines(price=price, tax=tax):
                    return [
                        taxes._prepare_base_line_for_taxes_computation(
                            None, currency_id=self.company.currency_id, price_unit=price, quantity=1.0, tax_ids=tax
                        )
                        | {'record': number}
                        for number in range(3)
                    ]

                self.company.tax_calculation_rounding_method = 'round_globally'
                for flag, total in ((False, untaxed), (True, taxed)):
                    worths = self.engine._get_worths(base_lines(), self.company, self.company.currency_id, taxed=flag)
                    self.assertEqual((list(worths), round(sum(worths.values()), 2)), ([0, 1, 2], total))

    # === CUMULATIVE === #

    def _cumulate(self, amount, taxes, *earlier, **values):
        """The tax of one bill line after earlier bills."""
        lines = self._computed(self._line(amount, taxes, **values))
        self.engine._apply_cumulative_taxes(lines, list(earlier), self.company)
        return self._taxes(lines)[0]

    def _taken(self, amount, tax, taken, key=1, rate=None, quantity=0.0, worth=()):
        """What an earlier bill took of a tax."""
        return key, tax, {tax.id: (tax.amount if rate is None else rate, amount, taken)}, quantity, worth

    def test_cumulative(self):
        """The tax of all so far, less what was taken (TAX-1): 1.50 of 10.03 leave 1.51 to the next 10.03."""
        tax, other = self.tax_15, self.make.tax("15 % too", 15.0)
        for name, earlier, expected in (
            ("nothing before", [], 1.5),
            ("the same line", [self._taken(10.03, tax, 1.5)], 1.51),
            ("twice", [self._taken(10.03, tax, 1.5), self._taken(10.03, tax, 1.51)], 1.5),
            ("another line of the document", [self._taken(10.03, tax, 1.5, key=2)], 1.51),
            ("another tax", [self._taken(10.03, other, 1.5)], 1.5),
            ("another rate of the tax", [self._taken(10.03, tax, 1.4, rate=14.0)], 1.5),
            ("a tax that was not taken", [(1, tax, {}, 0.0, ())], 1.5),
            ("given back", [self._taken(10.03, tax, 1.5), self._taken(-10.03, tax, -1.5)], 1.5),
            ("too much taken before", [self._taken(10.03, tax, 2)], 1.01),
        ):
            with self.subTest(name):
                self.assertEqual(self._cumulate(10.03, tax, *earlier), expected)

    def test_cumulative_by_line(self):
        """Where each line is rounded by itself, another line's cents are no business of this one."""
        self.company.tax_calculation_rounding_method = 'round_per_line'
        tax = self.tax_15
        self.assertEqual(self._cumulate(10.03, tax, self._taken(10.03, tax, 1.5)), 1.51)
        self.assertEqual(self._cumulate(10.03, tax, self._taken(10.03, tax, 1.5, key=2)), 1.5)

    def test_cumulative_units(self):
        """Units add up too: of three units two were taken, at 2.00 each; a line by amount stays one unit."""
        taken = self._taken(60, self.each, 4, quantity=2)
        self.assertEqual(self._cumulate(30, self.each, taken, quantity=1), 2)
        self.assertEqual(self._cumulate(30, self.each, self._taken(60, self.each, 2)), 0)
        other = self._taken(60, self.each, 4, key=2, quantity=2)
        self.assertEqual(self._cumulate(30, self.each, other, quantity=1), 2)

    def test_cumulative_worth(self):
        """Thirds of an agreed 119.00: 6.33, 6.34 and 6.33 of tax come to 19.00."""
        worth, taken, taxes = (100, 119), [], []
        for amount in (33.33, 33.34, 33.33):
            taxes.append(self._cumulate(amount, self.tax_15, *taken, _worth=worth))
            taken.append(self._taken(amount, self.tax_15, taxes[-1], worth=worth))
        self.assertEqual((taxes, round(sum(taxes), 2)), ([6.33, 6.34, 6.33], 19))

    # === KEPT AND FROZEN === #

    def test_kept(self):
        """What a bill line keeps is what the next bill reads, also where the line gives back."""
        both = self.tax_15 | self.each
        line, *others = self._computed(
            self._line(10.03, self.tax_15), self._line(1, both), self._line(7, both.browse())
        )
        key, other = (str(tax.id) for tax in both)
        self.assertEqual(
            [json.loads(text) for text in self.engine._format_kept_taxes(self.engine._read_taken([line, *others]))],
            [
                {'taxes': self.tax_15.ids, 'amounts': {key: [15.0, 10.03, 1.5]}},
                {'taxes': both.ids, 'amounts': {key: [15.0, 1, 0.15], other: [2.0, 1, 2]}},
                {'taxes': [], 'amounts': {}},
            ],
        )
        for sign, expected in ((1, (15.0, 10, 1.5)), (-1, (15.0, -10, -1.5))):
            kept = self.engine._prepare_taxes_to_keep(self.tax_15, {self.tax_15.id: (10, 1.5)}, sign)
            self.assertEqual(kept, {'taxes': self.tax_15.ids, 'amounts': {key: expected}})
        self.engine._give_kept_taxes(line, {'amounts': {key: (15.0, 10.03, 1.49)}})
        self.assertEqual(self._taxes([line]), [1.49])
        self.engine._give_kept_taxes(line, {'amounts': {}})
        self.assertEqual(self._taxes([line]), [1.49])

    def test_kept_of_a_reverse_charge(self):
        """The second leg follows the first on the invoice, and is not given the tax a line keeps."""
        tax = self._reverse_charge()
        [line] = self._computed(self._line(100, tax))
        self.engine._give_kept_taxes(line, {'amounts': {str(tax.id): (19.0, 100, 18)}})
        self.assertEqual([data['tax_amount_currency'] for data in line['tax_details']['taxes_data']], [18, -19])

    def test_merged(self):
        """Several lines in one: bases and taxes by tax."""
        lines = self._computed(self._line(100, self.tax_15), self._line(50, self.tax_15 | self.included, key=2))
        net, amounts = self.engine._merge(lines)
        self.assertEqual((net, amounts), (150, {self.tax_15.id: [150, 22.5], self.included.id: [50, 10.5]}))

    def test_frozen(self):
        """The price of an invoice line: net, with the taxes that are within a price, by quantity."""
        for taxes, amounts, quantity, price in (
            (self.tax_15, {self.tax_15.id: (100, 15)}, 1.0, 100),
            (self.included, {self.included.id: (100, 21)}, 1.0, 121),
            (self.included, {self.included.id: (100, 20.99)}, 4.0, 30.2475),
            (self.included, {}, 1.0, 100),
            (self.tax_15, {self.tax_15.id: (100, 15)}, -2.0, -50),
        ):
            with self.subTest(taxes=taxes.name, quantity=quantity):
                vals = self.engine._prepare_frozen_line_vals(
                    self.contract, taxes, 100, amounts, quantity=quantity, key='mine'
                )
                self.assertEqual((vals['quantity'], vals['price_unit'], vals['discount']), (quantity, price, 0))
                self.assertEqual(vals['tax_ids'], [Command.set(taxes.ids)])
                self.assertEqual('extra_tax_data' in vals, bool(amounts))
                if amounts:
                    frozen = vals['extra_tax_data']
                    self.assertEqual(
                        (frozen['computation_key'], frozen['quantity'], frozen['price_unit']), ('mine', quantity, price)
                    )
                    self.assertEqual(frozen['currency_id'], self.contract.currency_id.id)
                    self.assertEqual(
                        (frozen['manual_total_excluded_currency'], frozen['manual_tax_amounts']),
                        (
                            100,
                            {
                                str(tax): {'base_amount_currency': base, 'tax_amount_currency': taken}
                                for tax, (base, taken) in amounts.items()
                            },
                        ),
                    )
