from . import progress_contract
from . import progress_contract_profitability
from . import progress_bill
