from . import test_attach
from . import test_entry_value
from . import test_agreement
from . import test_agreement_at_once
from . import test_agreement_screen
