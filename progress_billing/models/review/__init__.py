from . import progress_bill
from . import account_move
