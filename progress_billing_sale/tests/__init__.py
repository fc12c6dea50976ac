from . import test_native_invoices
from . import test_order_changes
from . import test_order_doors
from . import test_order_figures
from . import test_order_money
from . import test_order_rights
from . import test_order_tours
from . import test_project_and_plan
