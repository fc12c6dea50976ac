from . import progress_application_report
