"""Kinds of taxes, as Odoo names them."""

#: ``amount_type`` of a tax that is a mere percentage of the untaxed amount, unless it says more
PERCENTAGE = 'percent'
