from . import bill_to_po_wizard
from . import progress_invite_wizard
from . import progress_margin_wizard
from . import progress_margin_wizard_line
from . import progress_review_wizard
from . import progress_review_wizard_line
from . import progress_schedule_reject_wizard
from . import res_config_settings
