from . import test_native_invoices
from . import test_order_changes
from . import test_order_figures
