from . import test_holds
from . import test_subcontract_compliance
from . import test_waivers_of_claims
