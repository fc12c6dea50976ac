from odoo import fields, models

from ..contract.progress_tab_mixin import of_contract


class ProgressTabMixin(models.AbstractModel):
    """How far the contract of the tab is, and when it is billed."""

    _name = 'progress.tab.mixin'
    _inherit = 'progress.tab.mixin'

    progress_period_policy = of_contract(fields.Selection, 'period_policy', readonly=False)
    progress_next_billing_date = of_contract(fields.Date, 'next_billing_date', readonly=False)
    progress_pending_amount = of_contract(fields.Monetary, 'pending_amount')
    progress_completed_percent = of_contract(fields.Float, 'completed_percent')

    def action_create_progress_bill(self):
        """Create Bill of the tab: all that remains, one percentage, or line by line.

        :return dict: the dialog
        """
        self.ensure_one()
        return self._get_progress_contract().action_create_bill_wizard()
