from . import progress_bill
from . import progress_bill_trigger
from . import progress_plan_template
from . import progress_plan_template_line
from . import project_milestone
from . import progress_contract_plan
from . import progress_bill_generation
from . import progress_bill_line
