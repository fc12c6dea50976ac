from . import test_backups
from . import test_compliance
from . import test_waivers
