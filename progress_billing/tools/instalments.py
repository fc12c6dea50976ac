"""Dates of a billing plan, without the ORM.

>>> from datetime import date
>>> [str(day) for day in dates(date(2026, 2, 28), 3, 1, 'months')]
['2026-02-28', '2026-03-31', '2026-04-30']
"""

import calendar
from datetime import date, timedelta


def add_months(day, months, anchor_end=False):
    """The same day of a later month, or its last day.

    >>> from datetime import date
    >>> str(add_months(date(2026, 1, 30), 1)), str(add_months(date(2026, 1, 30), 2))
    ('2026-02-28', '2026-03-30')
    >>> str(add_months(date(2026, 4, 30), 1, anchor_end=True))
    '2026-05-31'
    """
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return day.replace(year=year, month=month, day=last if anchor_end else min(day.day, last))


def is_month_end(day):
    """Whether ``day`` is the last one of its month.

    >>> from datetime import date
    >>> is_month_end(date(2028, 2, 29)), is_month_end(date(2026, 4, 29))
    (True, False)
    """
    return day.day == calendar.monthrange(day.year, day.month)[1]


def dates(start, count, interval, unit):
    """``count`` dates from ``start`` on, ``interval`` days, weeks or months apart.

    A plan in months that starts on a month's last day stays on the last days (PLN-6).

    :param date start: first date
    :param str unit: ``days``, ``weeks`` or ``months``
    """
    if unit == 'months':
        anchor = is_month_end(start)
        return [add_months(start, step * interval, anchor) for step in range(count)]
    days = interval * (7 if unit == 'weeks' else 1)
    return [start + timedelta(days=step * days) for step in range(count)]


YEARS = 50
MAX_DAYS = 366 * YEARS


def is_within(start, steps, unit, today=None):
    """Whether a plan that ends ``steps`` units after ``start`` stays within what can be meant: years around today.

    >>> from datetime import date
    >>> today = date(2026, 1, 1)
    >>> is_within(date(2026, 1, 31), 24, 'months', today), is_within(date(2026, 1, 31), 10**9, 'days', today)
    (True, False)
    >>> is_within(date(9999, 1, 1), 0, 'days', today)
    False
    """
    today = today or date.today()
    days = steps * {'days': 1, 'weeks': 7, 'months': 31}[unit]
    return days >= 0 and abs((start - today).days) <= MAX_DAYS and (start - today).days + days <= MAX_DAYS


PERIOD_MONTHS = {'month': 1, 'quarter': 3, 'year': 12}


def period_end(day, period):
    """The last day of the week, month, quarter or year that ``day`` lies in; weeks end on Sunday.

    >>> from datetime import date
    >>> [str(period_end(date(2026, 5, 6), period)) for period in ('week', 'month', 'quarter', 'year')]
    ['2026-05-10', '2026-05-31', '2026-06-30', '2026-12-31']
    """
    if period == 'week':
        return day + timedelta(days=6 - day.weekday())
    months = PERIOD_MONTHS[period]
    return add_months(day.replace(day=1), months - 1 - (day.month - 1) % months, anchor_end=True)


def next_period(day, period):
    """The same day one period later; a month's last day stays on last days.

    >>> from datetime import date
    >>> [str(next_period(date(2026, 2, 28), period)) for period in ('week', 'month', 'quarter', 'year')]
    ['2026-03-07', '2026-03-31', '2026-05-31', '2027-02-28']
    """
    if period == 'week':
        return day + timedelta(days=7)
    return add_months(day, PERIOD_MONTHS[period], anchor_end=is_month_end(day))
