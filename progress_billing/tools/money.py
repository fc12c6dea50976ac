"""Exact money: spreading, cumulative rounding and percentages, without the ORM.

Everything here works on :class:`decimal.Decimal`. The smallest unit of the currency
(``0.01`` for the dollar, ``1`` for the yen, ``0.001`` for the dinar) is always an
argument, because currency precision is data. Rounding is half away from zero.

>>> spread('100.00', [1, 1, 1], '0.01')
[Decimal('33.33'), Decimal('33.34'), Decimal('33.33')]
"""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)


def to_decimal(value):
    """Return ``value`` as the decimal number it shows, not as the binary one it is stored as.

    >>> to_decimal(0.1)
    Decimal('0.1')
    >>> to_decimal('12.50')
    Decimal('12.50')
    """
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


def round_to(value, unit):
    """Round ``value`` to a multiple of ``unit``, half away from zero.

    >>> round_to('0.005', '0.01'), round_to('-0.005', '0.01')
    (Decimal('0.01'), Decimal('-0.01'))
    >>> round_to('1234.5', 1)
    Decimal('1235')
    >>> round_to('1.03', '0.05')
    Decimal('1.05')
    """
    value, unit = to_decimal(value), to_decimal(unit)
    return (value / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit


def spread(total, weights, unit):
    """Share ``total`` over ``weights`` so that the shares add up to it exactly.

    Each share is the rounded cumulative figure less what the earlier ones took, so no
    share is off by more than one unit and the last one needs no correction. A negative
    weight takes its share with its own sign.

    :param total: amount to share out, a multiple of ``unit``
    :param weights: what each place is entitled to, in any measure
    :param unit: smallest unit of the currency
    :raises ZeroDivisionError: when there is something to share and no weight to carry it

    >>> spread('20.00', ['10', '30', '-10'], '0.01')
    [Decimal('6.67'), Decimal('20.00'), Decimal('-6.67')]
    >>> spread(100, [1, 1, 1], 1)
    [Decimal('33'), Decimal('34'), Decimal('33')]
    >>> spread(0, [0, 0], '0.01')
    [Decimal('0'), Decimal('0')]
    """
    total, weights = to_decimal(total), [to_decimal(weight) for weight in weights]
    whole = sum(weights, ZERO)
    if not total:
        return [ZERO for _weight in weights]
    if not whole:
        raise ZeroDivisionError("nothing to spread the amount over")
    shares, running, taken = [], ZERO, ZERO
    for weight in weights:
        running += weight
        cumulative = round_to(total * running / whole, unit)
        shares.append(cumulative - taken)
        taken = cumulative
    return shares


def percent_of(percent, base, unit):
    """``percent`` of ``base``, rounded to ``unit``.

    >>> percent_of('33.333', 1000000, '0.01')
    Decimal('333330.00')
    """
    return round_to(to_decimal(percent) * to_decimal(base) / HUNDRED, unit)


def percent_step(percent_before, percent, base, unit):
    """What ``percent`` of ``base`` comes to after ``percent_before`` of it were taken.

    Steps that add up to 100 % add up to ``base``: no cent is lost on the way.

    >>> [percent_step(done, 25, '100.01', '0.01') for done in (0, 25, 50, 75)]
    [Decimal('25.00'), Decimal('25.01'), Decimal('25.00'), Decimal('25.00')]
    """
    before = to_decimal(percent_before)
    return percent_of(before + to_decimal(percent), base, unit) - percent_of(before, base, unit)


def ratio_percent(part, whole):
    """How many percent ``part`` is of ``whole``; 0 where there is no whole.

    >>> ratio_percent(1, 8), ratio_percent(1, 0)
    (Decimal('12.5'), Decimal('0'))
    """
    whole = to_decimal(whole)
    return to_decimal(part) * HUNDRED / whole if whole else ZERO


def room_left(revised, billed, amount, unit):
    """How far ``billed + amount`` lies outside the span from 0 to ``revised``.

    0 means the amount may be billed. The span is mirrored where ``revised`` is negative
    (a deduction), so a deduction is billed by negative amounts.

    >>> room_left(1000, 600, 400, '0.01'), room_left(1000, 600, '400.01', '0.01')
    (Decimal('0'), Decimal('0.01'))
    >>> room_left(1000, 600, -700, '0.01'), room_left(-50, 0, -50, '0.01')
    (Decimal('-100.00'), Decimal('0'))
    """
    revised = to_decimal(revised)
    reached = round_to(to_decimal(billed) + to_decimal(amount), unit)
    low, high = min(revised, ZERO), max(revised, ZERO)
    if reached > high:
        return reached - high
    return reached - low if reached < low else ZERO


def is_far_inside(revised, reached):
    """Whether ``reached``, in binary floats, surely lies in the span that :func:`room_left` asks about.

    Close to its ends the floats do not decide: ask :func:`room_left` there.

    >>> is_far_inside(1000.0, 600.0), is_far_inside(1000.0, 1000.0), is_far_inside(-50.0, -20.0)
    (True, False, True)
    """
    margin = max(1.0, abs(revised) * 1e-9)
    return min(revised, 0.0) + margin < reached < max(revised, 0.0) - margin
