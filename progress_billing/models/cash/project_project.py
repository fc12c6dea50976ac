from odoo import api, fields, models

from ..contract.project_project import _of_contract


class ProjectProject(models.Model):
    """The Billing tab's one button: what comes next on the contract shown there."""

    _name = 'project.project'
    _inherit = 'project.project'

    progress_billed_amount = _of_contract(fields.Monetary, 'billed_amount')
    progress_next_step_text = _of_contract(fields.Char, 'next_step_text')
    progress_next_bill_id = _of_contract(fields.Many2one, 'next_bill_id')

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

    def action_progress_next_step(self):
        """The tab's button: what comes next on its contract.

        :return dict: see ``progress.contract`` ``action_next_step``
        """
        self.ensure_one()
        return self._ensure_progress_contract().action_next_step()

    def action_release_progress_retainage(self):
        """Release Retainage of the tab.

        :return dict: the dialog
        """
        self.ensure_one()
        return self._ensure_progress_contract().action_release_retainage_wizard()
