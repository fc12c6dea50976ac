from . import progress_contact
from . import progress_answer
from . import progress_contract
from . import progress_bill
from . import progress_bill_answer
from . import project_milestone
from . import account_move
