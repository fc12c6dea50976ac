from . import progress_run_wizard
