"""One reading of numbers for every door: what people type, what callers send, what files hold.

A number is finite, written in ASCII digits and in the notation of whoever wrote it; what can be
read in two ways is refused, because a thousand read as a unit is an invoice gone wrong.

>>> parse('1,234.50', '.', ',')
Decimal('1234.50')
>>> check('12.5', low=0)
Decimal('12.5')
>>> read_cell('($1,234.56)')
Reading(value=Decimal('-1234.56'), is_percent=False)
"""

import contextlib
import re
import unicodedata
from collections import Counter, namedtuple
from decimal import Decimal, InvalidOperation

MAX_DIGITS = 13  # before the decimal point: floats hold cents exactly up to here
LIMIT = Decimal(10) ** MAX_DIGITS

#: reasons of a refusal; the caller turns them into a message in the user's language
NOT_A_NUMBER, AMBIGUOUS, TOO_LARGE, TOO_PRECISE, TOO_SMALL, OVER_LIMIT = (
    'not_a_number',
    'ambiguous',
    'too_large',
    'too_precise',
    'too_small',
    'over_limit',
)

#: decimal point and thousands separator of whoever wrote a number; spaces and apostrophes are all alike
Notation = namedtuple('Notation', 'decimal_point thousands_sep')
POINT, COMMA = Notation('.', ','), Notation(',', '.')

#: a number of a file, and whether it was written as a percentage
Reading = namedtuple('Reading', 'value is_percent')

_APOSTROPHES = "'\u2019\u02bc\u00b4`"
_DASHES = '-\u2010\u2011\u2012\u2013\u2014\u2212'
_CURRENCY_WORDS = r'(?:[A-Z]{3}|S?Fr\.?|kr\.?|zł|Kč|Ft|lei|Rs\.?|RM|R)'


class NumberError(ValueError):
    """Why something is not the number it should be; ``reason`` is one of the constants above."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


# === WHAT PEOPLE TYPE === #


def parse(text, decimal_point, thousands_sep='', grouping=(3, 0)):
    """Read an unsigned number in the notation of a language.

    :param str text: what was typed, for example ``5,000.00``
    :param str decimal_point: the language's decimal point
    :param str thousands_sep: the language's thousands separator, may be empty
    :param grouping: sizes of the digit groups from the right, 0 repeats the one before, -1 ends
    :return Decimal: with the decimals that were typed
    :raises NumberError: ``NOT_A_NUMBER``, ``AMBIGUOUS`` where it may be another notation, ``TOO_LARGE``

    >>> parse('5.000,00', ',', '.')
    Decimal('5000.00')
    >>> parse('1,50', '.', ',')
    Traceback (most recent call last):
    ...
    progress_billing.tools.numbers.NumberError: ambiguous
    >>> parse('\u0661\u0662', '.', ',')
    Traceback (most recent call last):
    ...
    progress_billing.tools.numbers.NumberError: not_a_number
    """
    body, thousands_sep = re.sub(r'\s', ' ', text).strip(), re.sub(r'\s', ' ', thousands_sep or '')
    whole, point, fraction = body.partition(decimal_point)
    if thousands_sep and thousands_sep in whole:
        groups = whole.split(thousands_sep)
        if not all(_is_digits(group) for group in groups):
            raise NumberError(NOT_A_NUMBER)
        if not is_grouped(groups, grouping):
            raise NumberError(AMBIGUOUS)
        whole = ''.join(groups)
    if not _is_digits(whole + fraction) or (point and not fraction):
        looks_grouped = re.fullmatch(r"[0-9.,' ]+", body) and re.search('[0-9]', body)
        raise NumberError(AMBIGUOUS if looks_grouped else NOT_A_NUMBER)
    value = Decimal(f'{whole or 0}.{fraction or 0}') if point else Decimal(whole)
    return _within(value, None, LIMIT)


def is_grouped(groups, grouping):
    """Whether the digits are grouped as the language does it; nobody groups a number that starts with 0.

    >>> is_grouped(['1', '23', '456'], (3, 2, 0)), is_grouped(['5', '00'], (3, 0)), is_grouped(['0', '500'], (3, 0))
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


def _is_digits(text):
    return text.isdecimal() and text.isascii()


# === WHAT CALLERS SEND === #


def check(value, low=None, high=None, places=None):
    """The number a caller sent for a field, as the decimal it shows.

    A text is taken as programs write numbers: ASCII digits, a point, no exponent, no separators.
    ``False`` and ``None`` are Odoo's empty number.

    :param value: int, float, Decimal, text, ``False`` or ``None``
    :param low: smallest value allowed
    :param high: largest value allowed; never more than can be reckoned to the cent
    :param int places: decimals allowed
    :return Decimal: finite, within the range
    :raises NumberError: ``NOT_A_NUMBER``, ``TOO_SMALL``, ``OVER_LIMIT``, ``TOO_LARGE``, ``TOO_PRECISE``

    >>> check(0.1), check(False), check('-12.50', low=-100)
    (Decimal('0.1'), Decimal('0'), Decimal('-12.50'))
    >>> for value in ('1e5', '\u0661\u0662', float('nan'), True, [], '1,5'):
    ...     try:
    ...         check(value)
    ...     except NumberError as error:
    ...         print(error.reason)
    not_a_number
    not_a_number
    not_a_number
    not_a_number
    not_a_number
    not_a_number
    >>> check(float('inf'))
    Traceback (most recent call last):
    ...
    progress_billing.tools.numbers.NumberError: too_large
    >>> check(101, low=0, high=100)
    Traceback (most recent call last):
    ...
    progress_billing.tools.numbers.NumberError: over_limit
    """
    number = _to_number(value)
    if number.is_nan():
        raise NumberError(NOT_A_NUMBER)
    if number.is_infinite():
        raise NumberError(TOO_LARGE)
    if places is not None and -number.normalize().as_tuple().exponent > places:
        raise NumberError(TOO_PRECISE)
    return _within(number, low, high)


def _to_number(value):
    if value is None or value is False:
        return Decimal(0)
    if isinstance(value, str) and not re.fullmatch(r'-?[0-9]+(\.[0-9]+)?', value):
        raise NumberError(NOT_A_NUMBER)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise NumberError(NOT_A_NUMBER)
    try:
        return Decimal(str(value))
    except InvalidOperation:  # pragma: no cover - every text let through above is a decimal
        raise NumberError(NOT_A_NUMBER) from None


def _within(number, low, high):
    if abs(number) >= LIMIT:
        raise NumberError(TOO_LARGE)
    if low is not None and number < Decimal(str(low)):
        raise NumberError(TOO_SMALL)
    if high is not None and number > Decimal(str(high)):
        raise NumberError(OVER_LIMIT)
    return number


# === WHAT FILES HOLD === #


def read_cell(text, notation=POINT):
    """Read a number as people write it into spreadsheets and price lists.

    Currency signs and codes, ``%``, brackets or a minus on either side, and the separators of the
    notation are understood; a lone dash is the accountant's nought.

    :param str text: the cell
    :param Notation notation: of the column, see :func:`guess_notation`
    :return Reading: the value, and whether it was a percentage
    :raises NumberError: ``NOT_A_NUMBER``, ``AMBIGUOUS``, ``TOO_LARGE``

    >>> [str(read_cell(text).value) for text in ('USD 1,234.50', '1,234.50-', '(5)', ' - ', "1'234.50 Fr.")]
    ['1234.50', '-1234.50', '-5', '0', '1234.50']
    >>> [str(read_cell(text, COMMA).value) for text in ('1.234,56 €', '1 234,56', '−3,5')]
    ['1234.56', '1234.56', '-3.5']
    >>> read_cell('25 %')
    Reading(value=Decimal('25'), is_percent=True)
    >>> read_cell('1,50')
    Traceback (most recent call last):
    ...
    progress_billing.tools.numbers.NumberError: ambiguous
    """
    body, negative, is_percent = _strip_signs(text)
    if not body and negative:
        return Reading(Decimal(0), is_percent)
    value = _read_digits(body, notation)
    return Reading(-value if negative else value, is_percent)


def _strip_signs(text):
    """Digits and separators of a cell, whether it is negative, whether it is a percentage."""
    body = re.sub(r'\s', ' ', text).strip()
    negative = is_percent = False
    for _round in range(4):  # $ (1,234.00), (25 %), -$5: in whatever order
        before = body
        if body.startswith('(') and body.endswith(')'):
            body, negative = body[1:-1].strip(), True
        if body.endswith('%'):
            body, is_percent = body[:-1].strip(), True
        body = ''.join(char for char in body if unicodedata.category(char) != 'Sc').strip()
        body = re.sub(rf'^{_CURRENCY_WORDS}(?=[\s\d(.{_DASHES}])|(?<=[\s\d).{_DASHES}]){_CURRENCY_WORDS}$', '', body)
        body = body.strip()
        if body[:1] and body[0] in _DASHES:
            body, negative = body[1:].strip(), True
        elif body[-1:] and body[-1] in _DASHES:
            body, negative = body[:-1].strip(), True
        elif body.startswith('+'):
            body = body[1:].strip()
        if body == before:
            break
    return body, negative, is_percent


def _read_digits(body, notation):
    """The number, with its thousands grouped by the notation's separator, a space or an apostrophe."""
    point = notation.decimal_point
    whole = body.partition(point)[0]
    apostrophe = re.search(f'[{_APOSTROPHES}]', whole)
    if apostrophe and '.' not in whole and ',' not in whole:
        return parse(re.sub(f'[{_APOSTROPHES}]', "'", body), point, "'")
    if ' ' in whole:
        return parse(body, point, ' ')
    if body.startswith(point):
        body = f'0{body}'  # .50
    return parse(body, point, notation.thousands_sep)


def guess_notation(texts, default=POINT):
    """The notation in which a column of texts is written, as far as its cells tell.

    A cell tells where it holds both separators, or one of them twice, or one in a place where no
    thousands can be. Cells that would do in either notation are left to the others.

    :param texts: the cells
    :param Notation default: the reader's own, where no cell tells
    :return: the notation, ``None`` where the cells contradict each other

    >>> guess_notation(['1.234,56', '5.000']).decimal_point, guess_notation(['1,234', '0.5']).decimal_point
    (',', '.')
    >>> guess_notation(['1,234'], COMMA) == COMMA, guess_notation(['12,50', '12.50'])
    (True, None)
    """
    votes = Counter(filter(None, (_get_vote(_strip_signs(text)[0]) for text in texts)))
    if len(votes) > 1:
        return None
    return next(iter(votes), default)


def _get_vote(body):
    """The only notation that reads a cell, ``None`` where both or neither do."""
    readings = []
    for notation in (POINT, COMMA):
        with contextlib.suppress(NumberError):
            _read_digits(body, notation)
            readings.append(notation)
    return next(iter(readings)) if len(readings) == 1 else None
