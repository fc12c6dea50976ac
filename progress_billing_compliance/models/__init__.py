"""Documents that hold up a contract's bills, and backups of bills.

compliance   what is asked for, of whom, until when, and what it holds up
waivers      documents that whoever is paid signs with a bill
backups      bills and their files in one PDF, made in the background
"""

from . import progress_compliance_type
from . import progress_compliance
from . import progress_compliance_waiver
from . import res_partner
from . import progress_contract
from . import progress_bill
from . import progress_bill_waiver
from . import progress_backup
from . import progress_billing_period
