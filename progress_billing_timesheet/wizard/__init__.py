from . import progress_bill_create
