from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools import amt_pct, instalments, money

UNITS = st.sampled_from(['0.01', '1', '0.001', '0.05', '10'])
SEPARATORS = st.sampled_from(
    [('.', ','), (',', '.'), (',', '\u202f'), (',', '\xa0'), ('.', "'"), (',', ''), ('.', ''), ('\u066b', '\u066c')]
)
#: half a million is plenty of units to get rounding wrong with
WHOLES = st.integers(min_value=0, max_value=10**9)
SIGNED = st.integers(min_value=-(10**9), max_value=10**9)


def _amount(units, unit):
    return Decimal(units) * Decimal(unit)


def _written(value, places, point, thousands, *, grouped):
    """``value`` as a person of that language writes it."""
    text = f'{value:,.{places}f}' if grouped else f'{value:.{places}f}'
    return text.replace(',', '\0').replace('.', point).replace('\0', thousands)


@tagged('post_install', '-at_install')
class TestAmtPct(BaseCase):
    """Properties of the pure functions in ``tools`` (no database)."""

    # === AMT/PCT === #

    @settings(deadline=None)
    @given(
        units=st.integers(min_value=1, max_value=10**13 - 1),
        places=st.integers(0, 3),
        separators=SEPARATORS,
        grouped=st.booleans(),
    )
    def test_what_is_written_is_read(self, units, places, separators, grouped):
        """Every amount written in a language is read as that amount in it."""
        point, thousands = separators
        value = Decimal(units).scaleb(-places)
        text = _written(value, places, point, thousands, grouped=grouped)
        self.assertEqual(amt_pct.parse(text, point, thousands, places), ('amount', value))
        self.assertEqual(amt_pct.parse(f'  {text}\t', point, thousands, places), ('amount', value))

    @settings(deadline=None)
    @given(units=st.integers(min_value=1, max_value=100 * 10**10), separators=SEPARATORS)
    def test_percent_is_read_as_it_is_shown(self, units, separators):
        """A percentage with all its ten places survives being shown and read again."""
        point, thousands = separators
        value = Decimal(units).scaleb(-10)
        shown = amt_pct.format_percent(value, point)
        self.assertEqual(amt_pct.parse(shown, point, thousands, 2), ('percent', value))
        self.assertEqual(amt_pct.parse(shown.replace('%', '\xa0%'), point, thousands, 2), ('percent', value))

    @settings(deadline=None)
    @given(units=st.integers(min_value=100 * 10**10 + 1, max_value=10**16), separators=SEPARATORS)
    def test_over_hundred(self, units, separators):
        point, thousands = separators
        with self.assertRaises(amt_pct.AmtPctError) as refused:
            amt_pct.parse(f'{Decimal(units).scaleb(-10):f}%'.replace('.', point), point, thousands, 2)
        self.assertEqual(refused.exception.reason, amt_pct.OVER_HUNDRED)

    @settings(deadline=None, max_examples=500)
    @given(text=st.text(max_size=30), separators=SEPARATORS, places=st.integers(0, 3))
    def test_any_text(self, text, separators, places):
        """Whatever is typed is a number in bounds or a refusal with a known reason: never another error, never NaN."""
        point, thousands = separators
        self._check_outcome(text, point, thousands, places)

    @settings(deadline=None, max_examples=500)
    @given(
        text=st.text(alphabet="0123456789.,' %-+eENaninf\u202f\xa0\u0663", max_size=14),
        separators=SEPARATORS,
        places=st.integers(0, 3),
    )
    def test_nearly_numbers(self, text, separators, places):
        point, thousands = separators
        self._check_outcome(text, point, thousands, places)

    def _check_outcome(self, text, point, thousands, places):
        try:
            kind, value = amt_pct.parse(text, point, thousands, places)
        except amt_pct.AmtPctError as error:
            self.assertIn(
                error.reason,
                {
                    amt_pct.NOT_A_NUMBER,
                    amt_pct.NEGATIVE,
                    amt_pct.ZERO,
                    amt_pct.OVER_HUNDRED,
                    amt_pct.AMBIGUOUS,
                    amt_pct.TOO_PRECISE,
                    amt_pct.TOO_LARGE,
                },
            )
            return
        self.assertTrue(value.is_finite() and value > 0)
        self.assertEqual(kind == 'percent', text.strip().endswith('%'))
        if kind == 'percent':
            self.assertLessEqual(value, 100)
        self.assertNotRegex(text, r'[a-zA-Z+\-]')

    @settings(deadline=None)
    @given(units=st.integers(min_value=1, max_value=10**12 - 1), places=st.integers(0, 3))
    def test_no_text_means_two_amounts(self, units, places):
        """PLN-1: no text that one language reads as an amount is read as another amount in the other notation."""
        for grouped in (True, False):
            text = _written(Decimal(units).scaleb(-places), places, ',', '.', grouped=grouped)
            try:
                _kind, value = amt_pct.parse(text, '.', ',', 2)
            except amt_pct.AmtPctError:
                continue
            german = Decimal(units).scaleb(-places)
            if value != german:
                # the reader's own grouping: 1,234 is one thousand to the reader, whatever the writer meant
                self.assertRegex(text, r'^[1-9]\d{0,2}(,\d{3})+$')

    def test_reasons(self):
        """Each of the texts, with its reason."""
        for text, reason in (
            ('abc', amt_pct.NOT_A_NUMBER),
            ('NaN', amt_pct.NOT_A_NUMBER),
            ('1e999', amt_pct.NOT_A_NUMBER),
            ('-5%', amt_pct.NEGATIVE),
            ('\u22125', amt_pct.NEGATIVE),
            ('101%', amt_pct.OVER_HUNDRED),
            ('0', amt_pct.ZERO),
            ('0%', amt_pct.ZERO),
            ('0.00', amt_pct.ZERO),
            ('5.000,00', amt_pct.AMBIGUOUS),
            ('5,00', amt_pct.AMBIGUOUS),
            ('1.234', amt_pct.TOO_PRECISE),
            ('1' * 16, amt_pct.TOO_LARGE),
            ('33.33333333333%', amt_pct.TOO_PRECISE),
            ('', amt_pct.NOT_A_NUMBER),
            ('%', amt_pct.NOT_A_NUMBER),
            ('0,500', amt_pct.AMBIGUOUS),
            ('000,500', amt_pct.AMBIGUOUS),
        ):
            with self.subTest(text=text), self.assertRaises(amt_pct.AmtPctError) as refused:
                amt_pct.parse(text, '.', ',', 2)
            self.assertEqual(refused.exception.reason, reason, text)

    # === MONEY === #

    @settings(deadline=None)
    @given(total=SIGNED, weights=st.lists(WHOLES, min_size=1, max_size=12), unit=UNITS)
    def test_spread_adds_up(self, total, weights, unit):
        """No cent lost, none off by more than one unit, nothing without weight or against the total's sign."""
        total = _amount(total, unit)
        if not sum(weights):
            if total:
                self.assertRaises(ZeroDivisionError, money.spread, total, weights, unit)
            return
        shares = money.spread(total, weights, unit)
        self.assertEqual(sum(shares), total)
        for share, weight in zip(shares, weights, strict=True):
            exact = total * weight / sum(weights)
            self.assertLessEqual(abs(share - exact), Decimal(unit))
            self.assertEqual(share % Decimal(unit), 0)
            self.assertGreaterEqual(share * total, 0)
            if not weight:
                self.assertEqual(share, 0)

    @settings(deadline=None)
    @given(total=SIGNED, weights=st.lists(SIGNED, min_size=1, max_size=12), unit=UNITS)
    def test_spread_over_deductions(self, total, weights, unit):
        """Negative weights take their share with their own sign, and it still adds up (BIL-11)."""
        whole = sum(weights)
        if not whole:
            return
        total = _amount(total, unit)
        shares = money.spread(total, weights, unit)
        self.assertEqual(sum(shares), total)
        for share, weight in zip(shares, weights, strict=True):
            self.assertLessEqual(abs(share - total * weight / whole), Decimal(unit) * Decimal('1.000001'))

    @settings(deadline=None)
    @given(rest=st.lists(WHOLES, min_size=1, max_size=12), part=st.integers(0, 10**6), unit=UNITS)
    def test_spread_never_passes_what_is_left(self, rest, part, unit):
        """An amount within what is left puts no line above it: else a bill that fits would be refused."""
        rest = [_amount(units, unit) for units in rest]
        if not sum(rest):
            return
        total = money.round_to(sum(rest) * part / 10**6, unit)
        for share, left in zip(money.spread(total, rest, unit), rest, strict=True):
            self.assertTrue(0 <= share <= left, (total, rest))

    @settings(deadline=None)
    @given(base=SIGNED, unit=UNITS, cuts=st.lists(st.integers(0, 10**6), max_size=10))
    def test_percent_steps_add_up(self, base, unit, cuts):
        """BIL-12: 100 % after any sequence of partial bills is exactly the revised amount."""
        base = _amount(base, unit)
        marks = [Decimal(cut) / 10**4 for cut in sorted({0, *cuts, 10**6})]
        steps = [money.percent_step(low, high - low, base, unit) for low, high in zip(marks, marks[1:], strict=False)]
        self.assertEqual(sum(steps), base)
        self.assertTrue(all(step * base >= 0 for step in steps))

    @settings(deadline=None)
    @given(
        value=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6),
        unit=UNITS,
    )
    def test_rounding(self, value, unit):
        """Half away from zero, symmetric, idempotent, to a multiple of the unit."""
        rounded = money.round_to(value, unit)
        self.assertLessEqual(abs(rounded - value), Decimal(unit) / 2)
        self.assertEqual(rounded % Decimal(unit), 0)
        self.assertEqual(money.round_to(rounded, unit), rounded)
        self.assertEqual(money.round_to(-value, unit), -rounded)
        if abs(rounded - value) == Decimal(unit) / 2:
            self.assertGreater(abs(rounded), abs(value))

    @settings(deadline=None)
    @given(cents=st.integers(-(10**13), 10**13))
    def test_floats_are_read_as_shown(self, cents):
        """An amount that came from the database as a float is the decimal it shows."""
        value = Decimal(cents).scaleb(-2)
        self.assertEqual(money.to_decimal(float(value)), value)

    @settings(deadline=None)
    @given(revised=SIGNED, billed=SIGNED, amount=SIGNED, unit=UNITS)
    def test_room(self, revised, billed, amount, unit):
        """BIL-6: 0 exactly where what is billed lies between nothing and the worth, mirrored for deductions."""
        revised, billed, amount = (_amount(units, unit) for units in (revised, billed, amount))
        over = money.room_left(revised, billed, amount, unit)
        inside = min(revised, 0) <= billed + amount <= max(revised, 0)
        self.assertEqual(over == 0, inside)
        self.assertTrue(min(revised, 0) <= billed + amount - over <= max(revised, 0))
        self.assertEqual(money.room_left(-revised, -billed, -amount, unit), -over)

    # === DATES === #

    @settings(deadline=None)
    @given(
        start=st.dates(date(1990, 1, 1), date(2090, 1, 1)),
        count=st.integers(1, 40),
        interval=st.integers(1, 12),
        unit=st.sampled_from(['days', 'weeks', 'months']),
    )
    def test_plan_dates(self, start, count, interval, unit):
        """Ascending from the start; month ends stay month ends, other days the same day where the month has it."""
        days = instalments.dates(start, count, interval, unit)
        self.assertEqual((len(days), days[0]), (count, start))
        self.assertEqual(days, sorted(set(days)))
        if unit != 'months':
            return
        for number, day in enumerate(days):
            self.assertEqual((day.year * 12 + day.month) - (start.year * 12 + start.month), number * interval)
            if instalments.is_month_end(start):
                self.assertTrue(instalments.is_month_end(day))
            else:
                self.assertTrue(day.day == start.day or instalments.is_month_end(day))
