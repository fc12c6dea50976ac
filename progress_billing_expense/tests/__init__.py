from . import test_employee_expenses
from . import test_mixed_walk
