from . import test_demo_cycle
from . import test_ledger
