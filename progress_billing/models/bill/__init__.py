from . import progress_bill
from . import progress_bill_workflow
from . import progress_bill_generation
from . import progress_bill_invoicing
from . import progress_bill_line
from . import account_move
from . import account_move_checks
from . import account_move_line
