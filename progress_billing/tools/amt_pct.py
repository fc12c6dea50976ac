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

from . import numbers
from .numbers import AMBIGUOUS, NOT_A_NUMBER, TOO_LARGE, TOO_PRECISE

PERCENT_PLACES = 10

#: reasons of a refusal beside those of :mod:`numbers`; the caller turns them into a message in the user's language
NEGATIVE, ZERO, OVER_HUNDRED = 'negative', 'zero', 'over_hundred'

#: why a text is neither a percentage nor an amount; ``reason`` is one of the constants above
AmtPctError = numbers.NumberError

__all__ = [
    'AMBIGUOUS',
    'NEGATIVE',
    'NOT_A_NUMBER',
    'OVER_HUNDRED',
    'PERCENT_PLACES',
    'TOO_LARGE',
    'TOO_PRECISE',
    'ZERO',
    'AmtPctError',
    'format_percent',
    'parse',
]


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
    progress_billing.tools.numbers.NumberError: negative
    >>> parse('1.234', '.', ',', 2)
    Traceback (most recent call last):
    ...
    progress_billing.tools.numbers.NumberError: too_precise
    """
    body = re.sub(r'\s', ' ', text).strip()
    kind = 'amount'
    if body.endswith('%'):
        kind, body = 'percent', body[:-1].strip()
    if re.match(r'[-\u2212]\s*\d', body):
        raise AmtPctError(NEGATIVE)
    value = numbers.parse(body, decimal_point, thousands_sep, grouping)
    _check_value(kind, value, places)
    return kind, value


def _check_value(kind, value, places):
    if not value:
        raise AmtPctError(ZERO)
    if kind == 'percent' and value > 100:
        raise AmtPctError(OVER_HUNDRED)
    decimals = -value.normalize().as_tuple().exponent
    typed_decimals = -value.as_tuple().exponent
    if kind == 'percent' and decimals > PERCENT_PLACES:
        raise AmtPctError(TOO_PRECISE)
    # "5.000" on a two-decimal currency: five, or five thousand of another country?
    if kind == 'amount' and typed_decimals > places:
        raise AmtPctError(TOO_PRECISE)


def format_percent(value, decimal_point):
    """Write a percentage with just the digits it has.

    >>> from decimal import Decimal
    >>> format_percent(Decimal('33.3330'), ','), format_percent(Decimal('100'), '.')
    ('33,333%', '100%')
    """
    digits = f'{value:f}'
    if '.' in digits:
        digits = digits.rstrip('0').rstrip('.')
    return digits.replace('.', decimal_point) + '%'
