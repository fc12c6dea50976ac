from . import progress_bill
from . import progress_bill_payment
from . import progress_payment_schedule
from . import progress_contract
from . import project_project
from . import progress_tab_mixin
