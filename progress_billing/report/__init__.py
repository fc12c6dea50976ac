from . import progress_application_report
from . import bill_summary
