from . import progress_run
from . import progress_run_part
from . import progress_scheduling_mixin
