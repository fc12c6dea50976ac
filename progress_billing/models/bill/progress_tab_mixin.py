from odoo import fields, models

from ..contract.progress_tab_mixin import of_contract


class ProgressTabMixin(models.AbstractModel):
    """What is billed of the contract, and what can still be."""

    _name = 'progress.tab.mixin'
    _inherit = 'progress.tab.mixin'

    progress_bill_ids = of_contract(fields.One2many, 'bill_ids', readonly=False)
    progress_draft_amount = of_contract(fields.Monetary, 'draft_amount')
    progress_actual_amount = of_contract(fields.Monetary, 'actual_amount')
    progress_wip_available = of_contract(fields.Monetary, 'wip_available')
    progress_billed_percent = of_contract(fields.Float, 'billed_percent')
    progress_is_overbilled = of_contract(fields.Boolean, 'is_overbilled')

    def action_view_progress_bills(self):
        """The progress bills of the contract of the tab.

        :return dict: an action on ``progress.bill``
        """
        return self._get_tab_contracts().action_view_bills()

    def action_view_progress_invoices(self):
        """The invoices of the contract of the tab.

        :return dict: an action on ``account.move``
        """
        return self._get_tab_contracts().action_view_invoices()
