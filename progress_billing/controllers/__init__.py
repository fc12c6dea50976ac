from . import schedule_template
