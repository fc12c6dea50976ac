from . import progress_bill_create
from . import progress_bill_create_lines
from . import progress_bill_create_picker
from . import progress_bill_create_bill
from . import progress_bill_create_agreement
from . import progress_bill_create_down_payment
from . import progress_bill_create_number
from . import progress_down_payment_wizard
