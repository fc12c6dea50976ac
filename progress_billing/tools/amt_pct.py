"""Reading and writing the *Amt/Pct* field: one text that is a percentage or an amount.

The text is read with the separators of the reader's language and refused where it
could be read in two ways, because a thousand read as a unit is an invoice gone wrong.

>>> parse('25 %', '.', ',', 2)
('percent', Decimal('25'))
>>> parse('5,000.00', '.', ',', 2)
('amount', Decimal('5000.00'))
>>> parse('5.000,00', ',', '.', 2)
('amount', Decimal('5000.00'))
"""

import re
from decimal import Decimal

PERCENT_PLACES = 10
MAX_DIGITS = 13  # before the decimal point: floats hold cents exactly up to here

#: reasons of a refusal; the caller turns them into a message in the user's language
NOT_A_NUMBER, NEGATIVE, ZERO, OVER_HUNDRED, AMBIGUOUS, TOO_PRECISE, TOO_LARGE = (
    'not_a_number',
    'negative',
    'zero',
    'over_hundred',
    'ambiguous',
    'too_precise',
    'too_large',
)


class AmtPctError(ValueError):
    """Why a text is neither a percentage nor an amount; ``reason`` is one of the constants above."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def parse(text, decimal_point, thousands_sep, places, grouping=(3, 0)):
    """Read ``text``.

    :param str text: what was typed, for example ``25%`` or ``5,000.00``
    :param str decimal_point: the language's decimal point
    :param str thousands_sep: the language's thousands separator, may be empty
    :param int places: decimal places of the currency
    :param grouping: sizes of the digit groups from the right, 0 repeats the one before, -1 ends
    :return: ``('percent', value)`` with 0 < value <= 100, or ``('amount', value)``
    :raises AmtPctError: with the reason

    >>> parse('-5%', '.', ',', 2)
    Traceback (most recent call last):
    ...
    progress_billing.tools.amt_pct.AmtPctError: negative
    >>> parse('1.234', '.', ',', 2)
    Traceback (most recent call last):
    ...
    progress_billing.tools.amt_pct.AmtPctError: too_precise
    """
    body = re.sub(r'\s', ' ', text).strip()
    kind = 'amount'
    if body.endswith('%'):
        kind, body = 'percent', body[:-1].strip()
    if re.match(r'[-\u2212]\s*\d', body):
        raise AmtPctError(NEGATIVE)
    value = _read_number(body, decimal_point, re.sub(r'\s', ' ', thousands_sep or ''), grouping)
    _check_value(kind, value, places)
    return kind, value


def _read_number(body, decimal_point, thousands_sep, grouping):
    """The number ``body`` shows, or the reason why it shows none."""
    whole, point, fraction = body.partition(decimal_point)
    if thousands_sep and thousands_sep in whole:
        groups = whole.split(thousands_sep)
        if not all(group.isdecimal() and group.isascii() for group in groups):
            raise AmtPctError(NOT_A_NUMBER)
        if not _is_grouped(groups, grouping):
            raise AmtPctError(AMBIGUOUS)
        whole = ''.join(groups)
    digits = whole + fraction
    if not (digits.isdecimal() and digits.isascii()) or (point and not fraction):
        looks_grouped = re.fullmatch(r"[\d.,' ]+", body) and any(char.isdigit() for char in body)
        raise AmtPctError(AMBIGUOUS if looks_grouped else NOT_A_NUMBER)
    return Decimal(f'{whole or 0}.{fraction or 0}') if point else Decimal(whole)


def _is_grouped(groups, grouping):
    """Whether the digits are grouped as the language does it; nobody groups a number that starts with 0.

    >>> _is_grouped(['1', '23', '456'], (3, 2, 0)), _is_grouped(['5', '00'], (3, 0)), _is_grouped(['0', '500'], (3, 0))
    (True, False, False)
    """
    sizes, size = iter(grouping), 3
    for group in reversed(groups[1:]):
        following = next(sizes, 0)
        size = following or size
        if size < 0 or len(group) != size:
            return False
    size = next(sizes, 0) or size
    return 0 < len(groups[0]) and (size < 0 or len(groups[0]) <= size) and groups[0][0] != '0'


def _check_value(kind, value, places):
    if not value:
        raise AmtPctError(ZERO)
    if kind == 'percent' and value > 100:
        raise AmtPctError(OVER_HUNDRED)
    if value.adjusted() >= MAX_DIGITS:
        raise AmtPctError(TOO_LARGE)
    decimals = -value.normalize().as_tuple().exponent
    typed_decimals = -value.as_tuple().exponent
    if kind == 'percent' and decimals > PERCENT_PLACES:
        raise AmtPctError(TOO_PRECISE)
    # "5.000" on a two-decimal currency: five, or five thousand of another country?
    if kind == 'amount' and typed_decimals > places:
        raise AmtPctError(TOO_PRECISE)


def format_percent(value, decimal_point):
    """Write a percentage with just the digits it has.

    >>> format_percent(Decimal('33.3330'), ','), format_percent(Decimal('100'), '.')
    ('33,333%', '100%')
    """
    digits = f'{value:f}'
    if '.' in digits:
        digits = digits.rstrip('0').rstrip('.')
    return digits.replace('.', decimal_point) + '%'
