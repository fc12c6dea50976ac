"""Spans of billing periods, without the ORM.

>>> from datetime import date
>>> [(str(start), str(end)) for start, end in spans(date(2026, 1, 1), 2, 'month')]
[('2026-01-01', '2026-01-31'), ('2026-02-01', '2026-02-28')]
"""

from datetime import timedelta

from .instalments import add_months, is_month_end

MONTHS = {'month': 1, 'quarter': 3, 'year': 12}
DAY = timedelta(days=1)


def start_of(first, number, unit):
    """Start of the ``number``-th period of a series that began on ``first``.

    A series that starts on a month's last day stays on last days.

    >>> from datetime import date
    >>> str(start_of(date(2026, 1, 31), 1, 'month')), str(start_of(date(2026, 1, 30), 2, 'month'))
    ('2026-02-28', '2026-03-30')
    >>> str(start_of(date(2026, 3, 2), 2, 'week'))
    '2026-03-16'
    """
    if unit == 'week':
        return first + timedelta(weeks=number)
    return add_months(first, number * MONTHS[unit], is_month_end(first))


def spans(first, count, unit, skip=0):
    """``(start, end)`` of ``count`` periods of a series, without gaps.

    :param date first: start of the series
    :param str unit: ``week``, ``month``, ``quarter`` or ``year``
    :param int skip: periods at the beginning to leave out

    >>> from datetime import date
    >>> [str(end) for _start, end in spans(date(2026, 1, 26), 3, 'month')]
    ['2026-02-25', '2026-03-25', '2026-04-25']
    """
    return [
        (start_of(first, number, unit), start_of(first, number + 1, unit) - DAY) for number in range(skip, skip + count)
    ]


def calendar_span(day, unit):
    """The calendar's own week (from Monday), month, quarter or year around ``day``.

    >>> from datetime import date
    >>> [str(edge) for edge in calendar_span(date(2026, 5, 15), 'quarter')]
    ['2026-04-01', '2026-06-30']
    >>> [str(edge) for edge in calendar_span(date(2026, 11, 22), 'week')]
    ['2026-11-16', '2026-11-22']
    """
    if unit == 'week':
        start = day - timedelta(days=day.weekday())
    else:
        months = MONTHS[unit]
        start = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return start, start_of(start, 1, unit) - DAY
