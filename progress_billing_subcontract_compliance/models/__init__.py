from . import progress_contract
from . import progress_bill
from . import progress_backup
from . import progress_compliance
