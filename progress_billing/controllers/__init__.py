from . import application
from . import button
from . import schedule_template
from . import wip_schedule
from . import portal
from . import portal_answers
from . import portal_history
