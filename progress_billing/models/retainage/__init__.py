from . import progress_retainage_mixin
from . import progress_retainage_step
from . import progress_contract
from . import progress_contract_line
from . import progress_bill
from . import progress_bill_line
