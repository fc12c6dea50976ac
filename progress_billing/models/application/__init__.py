from . import res_company
from . import progress_contract
from . import progress_bill
from . import progress_bill_files
from . import progress_bill_line
from . import progress_contract_line
from . import ir_actions_report
from . import ir_attachment
