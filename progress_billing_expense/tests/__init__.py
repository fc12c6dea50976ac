from . import test_employee_expenses
