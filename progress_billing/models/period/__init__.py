from . import res_company
from . import progress_billing_period
from . import progress_billing_period_series
from . import progress_bill
from . import progress_contract
from . import project_project
from . import account_move
