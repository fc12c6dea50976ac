from . import test_attach
from . import test_bill_once
from . import test_create_screen
from . import test_entry_value
from . import test_expenses
from . import test_invoice_number
from . import test_realisation
from . import test_screen_rights
