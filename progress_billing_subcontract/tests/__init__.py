from . import test_claims
from . import test_owner
from . import test_pages
from . import test_roles
from . import test_subcontract_order
from . import test_ten_at_once
from . import test_vendor_cases
from . import test_vendor_schedule
