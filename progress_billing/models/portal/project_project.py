from odoo import models


class ProjectProject(models.Model):
    """A private contract is no figure of the project's dashboard but for who sees it."""

    _name = 'project.project'
    _inherit = 'project.project'

    def _get_shown_contracts(self):
        shown = super()._get_shown_contracts()
        private = shown.filtered('is_private')
        return shown - (private - private.with_env(self.env)._filtered_access('read').with_env(shown.env))
