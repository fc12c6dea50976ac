from . import progress_contract
from . import progress_agreement
from . import progress_agreement_use
from . import progress_agreement_contract
from . import progress_agreement_bill
from . import progress_agreement_move
