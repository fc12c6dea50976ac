from . import progress_billing_rule
from . import progress_contract
from . import progress_contract_line
from . import project_task
from . import progress_bill
from . import progress_bill_line
from . import project_milestone
from . import res_company
