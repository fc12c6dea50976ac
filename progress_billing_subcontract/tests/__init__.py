from . import test_subcontract_order
