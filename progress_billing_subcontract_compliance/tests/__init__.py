from . import test_subcontract_compliance
