from . import test_backup_corners
from . import test_backups
from . import test_compliance
from . import test_compliance_corners
from . import test_lists
from . import test_waivers
