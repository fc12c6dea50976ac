from . import test_holds
from . import test_subcontract_compliance
