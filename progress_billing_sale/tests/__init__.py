from . import test_order_figures
