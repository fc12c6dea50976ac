from . import progress_contract
from . import progress_contract_profitability
from . import progress_bill
from . import progress_contract_final
from . import progress_bill_opening
from . import account_move
from . import res_company
from . import project_project
