from odoo import models


class ProjectProject(models.Model):
    """Entries of a project have a value from the day it is billed for a fixed fee."""

    _inherit = 'project.project'

    def _set_up_fixed_fee(self):
        result = super()._set_up_fixed_fee()
        projects = self.filtered(lambda project: project.billing_method == 'fixed_fee')
        # sudo: account.analytic.line - a rate follows from prices, whatever its reader may write
        entries = self.env['account.analytic.line'].sudo()
        for project in projects.sudo():  # sudo: as above
            missing = entries.search([('project_id', '=', project.id), ('progress_rate_source', '=', False)])
            missing._update_progress_rates(project.progress_contract_id)
        return result

    def _get_already_included_profitability_invoice_line_ids(self):
        """Products beside the schedule are in the row of their order lines, not in that of invoices too."""
        items = self._get_billed_contracts()._get_ordered_items()
        return [*super()._get_already_included_profitability_invoice_line_ids(), *items.ids]
