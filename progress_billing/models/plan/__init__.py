from . import progress_bill
from . import progress_bill_trigger
from . import progress_contract
from . import progress_plan_template
from . import progress_plan_template_line
from . import project_milestone
from . import progress_bill_line
from . import progress_tab_mixin
