from . import test_attach
from . import test_entry_value
