from odoo import models
from odoo.exceptions import UserError


class ProjectProject(models.Model):
    """The billing run over projects."""

    _name = 'project.project'
    _inherit = 'project.project'

    def action_run_billing(self):
        """Bill what is pending on the contracts of these projects (SPEC §3).

        :return dict: the action that shows the invoices or bills made
        :raises UserError: when none of them has anything to bill, saying why
        """
        return self._get_contracts_to_run().action_run_billing()

    def action_run_billing_wizard(self):
        """Run Project Billing of the tab and of a list of projects: shows first what will be made.

        :return dict: the preview
        """
        return self._get_contracts_to_run().action_run_billing_wizard()

    def _get_contracts_to_run(self):
        """Customer contracts that a run over these projects is about.

        :raises UserError: where there is none
        """
        contracts = self.progress_contract_ids.filtered(
            lambda contract: contract.contract_type == 'customer' and contract.state != 'cancelled'
        )
        if not contracts:
            raise UserError(
                self.env._(
                    "%s has no billing contract. Set up progress billing first.",
                    ', '.join(self.mapped('display_name')),
                )
            )
        # contracts that are done are no news, where others can be billed
        return contracts.filtered(lambda contract: contract.state != 'closed') or contracts
