from . import hr_expense
from . import progress_contract
