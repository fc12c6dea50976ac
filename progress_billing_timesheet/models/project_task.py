from odoo import models


class ProjectTask(models.Model):
    """A task that moves to another project takes its time entries along: they are worth what that project says."""

    _inherit = 'project.task'

    def write(self, vals):
        result = super().write(vals)
        if 'project_id' in vals:
            # sudo: account.analytic.line - a rate follows from where hours are worked, whoever moves the task
            (self | self._get_all_subtasks()).sudo().timesheet_ids._take_progress_rates()
        return result
