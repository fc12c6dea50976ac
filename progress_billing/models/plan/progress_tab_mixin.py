from odoo import fields, models

from ..contract.progress_tab_mixin import of_contract


class ProgressTabMixin(models.AbstractModel):
    """What is planned, and what of the contract is not."""

    _name = 'progress.tab.mixin'
    _inherit = 'progress.tab.mixin'

    progress_planned_amount = of_contract(fields.Monetary, 'planned_amount')
    progress_unplanned_amount = of_contract(fields.Monetary, 'unplanned_amount')
    progress_overplanned_amount = of_contract(fields.Monetary, 'overplanned_amount')
    progress_is_overplanned = of_contract(fields.Boolean, 'is_overplanned')

    def action_plan_progress_billing(self):
        """Lay out the billing plan of the contract of the tab.

        :return dict: the plan wizard
        """
        return self._get_progress_contract().action_plan_wizard()

    def action_shift_progress_plan(self):
        """Move the dates of what is planned on the contract of the tab.

        :return dict: the dialog
        """
        return self._get_progress_contract().action_shift_plan()
