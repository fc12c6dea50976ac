"""The rooms of the addon, in the order in which they may know each other.

Each room is about one subject and extends the models of the rooms before it, as another addon would::

    base         technical, used by several rooms: guard, scheduled runs, tax engine
    contract     what a job is worth: contract, schedule of values, change orders, the project
    bill         a claim and its invoice: bill, bill line, the gate on invoices
    deposit      deposits, opening amounts, the final invoice
    plan         what is to be billed when: planned records, templates, milestones
    progress     how far the work is, and the billing run
    review       pro forma, approval, correction
    retainage    held back, stored, certified
    application  the application for payment
    period       billing periods
    cash         paid, open, expected
    portal       contacts and their page: what people outside the office see and answer

A room names only what it or a room above it in this list defines; what an earlier room has to tell a later one it
announces by a hook (see ``readme/DEVELOP.md``). ``tests/test_rooms.py`` holds the arrows.
"""

from . import base
from . import contract
from . import bill
from . import deposit
from . import plan
from . import progress
from . import review
from . import retainage
from . import application
from . import period
from . import cash
from . import portal
