from odoo import models


class ProgressTabMixin(models.AbstractModel):
    """Create Progress Bill on the Billing tab of projects and orders."""

    _name = 'progress.tab.mixin'
    _inherit = 'progress.tab.mixin'

    def action_progress_bill(self):
        """Create Progress Bill of the tab: hours, expenses and products of its contract.

        :return dict: the screen
        """
        return self._get_progress_contract().action_progress_bill()
