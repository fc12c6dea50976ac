from . import progress_contract
