from odoo import models


class ResPartner(models.Model):
    """A customer whose open contracts are billed in one go."""

    _inherit = 'res.partner'

    def _get_contracts_to_bill(self):
        """Contracts of a customer with a fixed fee that can be billed now, in the order they were made."""
        return self._get_open_fixed_fees().filtered(lambda contract: not contract._get_billing_blockers())

    def _get_open_fixed_fees(self):
        """Open contracts of a customer on projects, whether they can be billed now or not."""
        self.ensure_one()
        contracts = self.env['progress.contract'].search(
            [
                ('partner_id', 'child_of', self.commercial_partner_id.id),
                ('contract_type', '=', 'customer'),
                ('state', '=', 'open'),
            ],
            order='id',
        )
        return contracts.filtered('project_id')

    def action_progress_bill(self):
        """Create Progress Bill for a customer: one bill for each of their contracts.

        :return dict: the screen
        :raises UserError: where no contract can be billed
        """
        self.ensure_one()
        return self.env['progress.bill.create'].create({'partner_id': self.id})._get_screen_action()
