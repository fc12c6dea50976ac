from odoo import models


class ProjectProject(models.Model):
    """The plan on the Billing tab of a project."""

    _name = 'project.project'
    _inherit = 'project.project'

    def action_shift_progress_plan(self):
        """Move the dates of what is planned on the contract of the tab.

        :return dict: the dialog
        """
        self.ensure_one()
        return self._ensure_progress_contract().action_shift_plan()
