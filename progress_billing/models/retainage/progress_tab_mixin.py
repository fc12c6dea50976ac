from odoo import fields, models

from ..contract.progress_tab_mixin import of_contract


class ProgressTabMixin(models.AbstractModel):
    """What is held back."""

    _name = 'progress.tab.mixin'
    _inherit = 'progress.tab.mixin'

    progress_retainage_balance = of_contract(fields.Monetary, 'retainage_balance')

    def action_release_progress_retainage(self):
        """Release Retainage of the tab.

        :return dict: the dialog
        """
        return self._get_progress_contract().action_release_retainage_wizard()
