from odoo import api, models


class ProjectProject(models.Model):
    """Who is billed on the tab is the project's customer where it has none."""

    _name = 'project.project'
    _inherit = 'project.project'

    @api.model_create_multi
    def create(self, vals_list):
        customers = [vals.get('progress_partner_id') for vals in vals_list]
        projects = super().create(vals_list)
        for project, customer in zip(projects, customers, strict=True):
            project._take_billed_customer(customer)
        return projects

    def write(self, vals):
        result = super().write(vals)
        self._take_billed_customer(vals.get('progress_partner_id'))
        return result

    def _take_billed_customer(self, partner_id):
        """Who is billed on the tab becomes the project's customer where it has none."""
        if partner_id:
            self.filtered(lambda project: not project.partner_id).partner_id = partner_id
