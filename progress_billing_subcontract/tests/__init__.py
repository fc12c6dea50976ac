from . import test_claims
from . import test_subcontract_order
