"""What is to be held back of work and stored materials, without the ORM (RET-5, RET-2).

All amounts are decimals of one contract; percentages are of the amounts they are said to be of.
"""

from .money import HUNDRED, ZERO, round_to, spread, to_decimal


def uncapped(work_percent, work, stored_percent, stored):
    """Retainage of one line by its rates alone, unrounded.

    >>> uncapped(10, 7000, 5, 1000)
    Decimal('750')
    """
    return (to_decimal(work_percent) * to_decimal(work) + to_decimal(stored_percent) * to_decimal(stored)) / HUNDRED


def step_percent(base_percent, steps, completed_percent):
    """The rate that holds once ``completed_percent`` of the contract is complete.

    :param steps: ``(from percent complete, rate)`` pairs in any order

    >>> [step_percent(10, [(50, 5), (75, 0)], done) for done in (49.99, 50, 80)]
    [Decimal('10'), Decimal('5'), Decimal('0')]
    """
    rate = to_decimal(base_percent)
    for start, percent in sorted((to_decimal(start), to_decimal(percent)) for start, percent in steps):
        if to_decimal(completed_percent) >= start:
            rate = percent
    return rate


def average_percent(base_percent, steps, completed_percent, *, on_balance):
    """The rate that contract rate and steps come to over all that is complete.

    :param bool on_balance: a step's rate holds for the whole balance, else for what comes after it

    >>> average_percent(10, [(50, 5)], 80, on_balance=True) * 1000
    Decimal('5000')
    >>> average_percent(10, [(50, 5)], 80, on_balance=False) * 1000
    Decimal('8125.000')
    >>> average_percent(0, [(50, 10)], 80, on_balance=False)
    Decimal('3.75')
    """
    base, done = to_decimal(base_percent), to_decimal(completed_percent)
    if on_balance or not done:
        return step_percent(base, steps, done)
    bounds = sorted((to_decimal(start), to_decimal(percent)) for start, percent in steps)
    total, start, rate = ZERO, ZERO, base
    for bound, percent in [*bounds, (done, ZERO)]:
        reached = min(max(bound, start), done)
        total += (reached - start) * rate
        start, rate = reached, percent if bound <= done else rate
    return total / done


def step_factor(base_percent, steps, completed_percent, *, on_balance):
    """By how much the steps lower (or raise) what the lines' own rates come to; 1 where the contract has none.

    :param bool on_balance: a step's rate holds for the whole balance, else for what comes after it

    >>> step_factor(10, [(50, 5)], 80, on_balance=True) * 8000
    Decimal('4000.0')
    >>> step_factor(10, [(50, 5)], 80, on_balance=False) * 8000
    Decimal('6500.0000')
    """
    base, done = to_decimal(base_percent), to_decimal(completed_percent)
    if not base or not steps or not done:
        return to_decimal(1)
    return average_percent(base, steps, done, on_balance=on_balance) / base


def step_rate(base_percent, own_percent, steps, completed_percent, *, on_balance):
    """The rate for the work of a line: a step is a rate of its own where neither contract nor line has one.

    >>> step_rate(0, 0, [(50, 10)], 60, on_balance=True), step_rate(0, 10, [(50, 5)], 60, on_balance=True)
    (Decimal('10'), Decimal('10'))
    """
    base, own = to_decimal(base_percent), to_decimal(own_percent)
    if base or own or not steps:
        return own
    return average_percent(base, steps, completed_percent, on_balance=on_balance)


def targets(parts, factor, cap, unit):
    """What is to be held on each line.

    :param list parts: what the lines' own rates come to, unrounded
    :param factor: of the steps, 1 without
    :param cap: the most that is held on the whole contract, ``None`` without; shared by amount
    :param unit: smallest unit of the currency

    >>> targets([600, 400], 1, None, '0.01'), targets([6000, 4000], 1, 5000, '0.01')
    ([Decimal('600.00'), Decimal('400.00')], [Decimal('3000.00'), Decimal('2000.00')])
    """
    parts = [to_decimal(part) for part in parts]
    total = sum(parts, ZERO) * to_decimal(factor)
    capped = cap is not None and total > to_decimal(cap)
    if not capped and to_decimal(factor) == 1:
        return [round_to(part, unit) for part in parts]
    if not sum(parts, ZERO):
        return [ZERO for _part in parts]
    return spread(round_to(to_decimal(cap) if capped else total, unit), parts, unit)


def withhold(target, formula_before, held_before, *, changed, bound=None, mirrored=False):
    """What this bill withholds: positive withheld, negative given back; never more than is held.

    :param target: what is to be held by the rates
    :param formula_before: what was to be held by the rates before, so that releases and typed
        differences stay
    :param held_before: what is held
    :param bool changed: the rate changed, so that the balance follows it
    :param bound: the most that can be given back, where later bills gave back already
    :param bool mirrored: a deduction, of which less than nothing is held

    >>> withhold(6000, 5000, 3000, changed=False), withhold(2500, 5000, 5000, changed=True)
    (Decimal('1000'), Decimal('-2500'))
    >>> withhold(0, 1000, 200, changed=False), withhold(-50, 0, 0, changed=False, mirrored=True)
    (Decimal('-200'), Decimal('-50'))
    """
    amount = to_decimal(target) - to_decimal(held_before if changed else formula_before)
    held = to_decimal(held_before if bound is None else bound)
    return min(amount, -held) if mirrored else max(amount, -held)
