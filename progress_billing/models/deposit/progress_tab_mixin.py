from odoo import fields, models

from ..contract.progress_tab_mixin import of_contract


class ProgressTabMixin(models.AbstractModel):
    """Deposits held, and the final invoice."""

    _name = 'progress.tab.mixin'
    _inherit = 'progress.tab.mixin'

    progress_deposit_account_id = of_contract(fields.Many2one, 'deposit_account_id', readonly=False)
    progress_deposit_balance = of_contract(fields.Monetary, 'deposit_balance')

    progress_down_payment_balance = of_contract(fields.Monetary, 'down_payment_balance')

    def action_down_payment_wizard(self):
        """Down Payment of the tab.

        :return dict: the dialog
        """
        return self._get_progress_contract().action_down_payment_wizard()

    def action_create_final_invoice(self):
        """Create Final Invoice of the tab; asks first where something is not complete.

        :return dict: the question, or the action that shows the final invoice
        """
        return self._get_progress_contract().action_final_wizard()
