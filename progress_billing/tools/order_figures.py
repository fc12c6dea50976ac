"""Figures of an order line that is billed in stages, from amounts: money first, quantities follow.

>>> quantity_of('33333', '100000', '1')
Decimal('0.33333')
>>> quantity_of('20000', '100000', '5')
Decimal('1')
>>> [get_status(billed, '100', '0.01') for billed in ('0', '99.7', '100', '120')]
['to invoice', 'to invoice', 'invoiced', 'invoiced']
>>> get_status('-100', '-100', '0.01')
'invoiced'
"""

from .money import ZERO, round_to, to_decimal


def quantity_of(billed, worth, quantity):
    """How many units an amount stands for: its share of what the line is worth, not rounded.

    :param billed: untaxed
    :param worth: of the line, untaxed; none has no units
    :param quantity: that the line is worth that much for
    """
    worth = to_decimal(worth)
    return to_decimal(quantity) * to_decimal(billed) / worth if worth else ZERO


def get_status(billed, worth, unit, *, is_done=False):
    """Whether all of a line is billed, as Odoo's orders call it.

    :param billed: on drafts and posted invoices, untaxed
    :param worth: of the line, untaxed
    :param unit: the currency's smallest
    :param bool is_done: whether nothing more comes, for a line that is worth nothing
    """
    worth, billed = round_to(worth, unit), round_to(billed, unit)
    if not worth and not billed:
        return 'invoiced' if is_done else 'no'
    done = billed >= worth if worth >= 0 else billed <= worth
    return 'invoiced' if done else 'to invoice'
