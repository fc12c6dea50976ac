from . import base
from . import progress_bulk_mixin
from . import progress_edit_mixin
from . import progress_guard_mixin
from . import progress_scheduling_mixin
from . import progress_tax_engine
from . import progress_wizard_mixin
from . import res_company
