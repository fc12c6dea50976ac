from . import account_move_reversal
from . import progress_automation
from . import progress_deposit_wizard
from . import progress_deposit_wizard_line
from . import progress_final_wizard
from . import progress_plan_wizard
from . import progress_plan_wizard_line
from . import res_config_settings
