from odoo import fields, models

from ..contract.progress_tab_mixin import of_contract


class ProgressTabMixin(models.AbstractModel):
    """How far the work is, what is asked to be billed next, and when."""

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
        return self._get_progress_contract().action_create_bill_wizard()

    def action_run_billing(self):
        """Bill what is pending on the contracts of these records.

        :return dict: the action that shows the invoices or bills made
        :raises UserError: when none of them has anything to bill, saying why
        """
        self._check_saved()
        return self._get_contracts_to_run().action_run_billing()

    def action_run_billing_wizard(self):
        """Run Project Billing of the tab and of a list: shows first what will be made.

        :return dict: the preview
        :raises UserError: for a record that is not saved yet
        """
        self._check_saved()
        return self._get_contracts_to_run().action_run_billing_wizard()

    def _get_contracts_to_run(self):
        """Contracts that a run over these records is about. Extend where there are several.

        :raises UserError: where there is none
        """
        contracts = self.progress_contract_id
        return contracts or self[:1]._get_progress_contract()
