from . import progress_bill
