from . import test_agreement
from . import test_agreement_at_once
