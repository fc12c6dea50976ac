from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools import numbers, schedule_file, schedule_rows

REASONS = {
    numbers.NOT_A_NUMBER,
    numbers.AMBIGUOUS,
    numbers.TOO_LARGE,
    numbers.TOO_PRECISE,
    numbers.TOO_SMALL,
    numbers.OVER_LIMIT,
}
CENTS = st.integers(-(10**12), 10**12).map(lambda units: Decimal(units).scaleb(-2))
WAYS = st.sampled_from(
    ['{}', '$ {}', '{} €', 'USD {}', '{} CHF', '  {}\t', '{}%', '£{}', "{} kr"],
)


def _written(value, notation, *, grouped):
    text = f'{abs(value):,.2f}' if grouped else f'{abs(value):.2f}'
    return text.replace(',', '\0').replace('.', notation.decimal_point).replace('\0', notation.thousands_sep)


@tagged('post_install', '-at_install')
class TestReading(BaseCase):
    """Properties of the reading of numbers and of schedules of values (no database)."""

    @settings(deadline=None)
    @given(value=CENTS, notation=st.sampled_from([numbers.POINT, numbers.COMMA]), grouped=st.booleans(), way=WAYS)
    def test_what_is_written_is_read(self, value, notation, grouped, way):
        """Whatever stands around it, an amount is read as it was written; negative on either side or in brackets."""
        text = _written(value, notation, grouped=grouped)
        shapes = [f'-{text}', f'{text}-', f'({text})', f'\u2212{text}'] if value < 0 else [text]
        for shape in shapes:
            found = numbers.read_cell(way.format(shape), notation)
            self.assertEqual(found, (value, '%' in way))
        self.assertIn(numbers.guess_notation([text]), (notation, numbers.POINT))
        if f'{notation.decimal_point}' in text and text.count(notation.thousands_sep):
            self.assertEqual(numbers.guess_notation([text]), notation)

    @settings(deadline=None, max_examples=500)
    @given(
        text=st.one_of(st.text(max_size=20), st.text(alphabet="0123456789.,' %-+()$€eENaninf\xa0\u0663/", max_size=14))
    )
    def test_any_text(self, text):
        """A finite number or a known reason, in both notations; never digits of another script."""
        for notation in (numbers.POINT, numbers.COMMA):
            try:
                value = numbers.read_cell(text, notation).value
            except numbers.NumberError as error:
                self.assertIn(error.reason, REASONS)
                continue
            self.assertTrue(value.is_finite() and abs(value) < numbers.LIMIT)
            self.assertFalse(any(char.isdigit() and not char.isascii() for char in text))
        numbers.guess_notation([text, text])

    @settings(deadline=None, max_examples=300)
    @given(
        value=st.one_of(
            st.floats(),
            st.integers(),
            st.decimals(),
            st.text(max_size=12),
            st.booleans(),
            st.none(),
            st.lists(st.none()),
        )
    )
    def test_what_callers_send(self, value):
        try:
            number = numbers.check(value, low=-100, high=100)
        except numbers.NumberError as error:
            self.assertIn(error.reason, REASONS)
        else:
            self.assertTrue(-100 <= number <= 100)

    @settings(deadline=None, max_examples=200)
    @given(content=st.one_of(st.binary(max_size=200), st.text(alphabet='Item,;\n\tAmount019.Total"%', max_size=200)))
    def test_any_file(self, content):
        """No file raises anything but the reason why it cannot be read."""
        content = content.encode() if isinstance(content, str) else content
        try:
            sheets = schedule_file.read(content)
        except schedule_file.FileError:
            return
        for rows in sheets.values():
            schedule_rows.interpret(rows)

    @settings(deadline=None, max_examples=150)
    @given(
        sections=st.lists(st.lists(CENTS, min_size=1, max_size=5), min_size=1, max_size=5),
        words=st.sampled_from([('Subtotal', 'Grand Total'), ('Zwischensumme', 'Gesamtsumme'), ('Total', 'TOTAL')]),
        notation=st.sampled_from([numbers.POINT, numbers.COMMA]),
    )
    def test_totals_never_count(self, sections, words, notation):
        """Whatever the lines are, sums below them add nothing."""

        def show(value):
            return f'{"-" if value < 0 else ""}{_written(value, notation, grouped=True)}'

        rows = ['Item;Description;Amount']
        for place, amounts in enumerate(sections, 1):
            rows.append(f';PART {chr(64 + place)};')
            rows += [f'{place}{number:02};Work;{show(amount)}' for number, amount in enumerate(amounts, 1)]
            rows.append(f';{words[0]} part {chr(64 + place)};{show(sum(amounts))}')
        total = sum(map(sum, sections))
        rows.append(f';{words[1]};{show(total)}')
        found = schedule_rows.interpret(schedule_file.read_csv('\n'.join(rows).encode()), notation=notation)
        self.assertEqual(found.amount, total)
        self.assertEqual(found.count, sum(map(len, sections)))
