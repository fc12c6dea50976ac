from odoo import models
from odoo.fields import Domain

#: whoever has one of these sees contracts of projects that only followers see
SEE_ALL_PROJECTS = ('project.group_project_manager', 'account.group_account_readonly', 'account.group_account_invoice')


class ResUsers(models.Model):
    """What a user sees of contracts: the domain of the record rules of all that belongs to one."""

    _name = 'res.users'
    _inherit = 'res.users'

    def _get_progress_domain(self, path=''):
        """Private contracts for those listed, contracts of projects for those who may see the project (PAG-11).

        Administrators see all of their side. Every model of what belongs to a contract has a global rule of it:
        ``user._get_progress_domain('contract_id.')``.

        :param str path: how the model comes to the contract, with a dot at its end
        :return list: a domain
        """
        self.ensure_one()
        named = Domain(f'{path}private_user_ids', 'in', self.ids) | Domain(
            f'{path}contact_ids.partner_id', 'in', self.partner_id.ids
        )
        seen = Domain(f'{path}is_private', '=', False) | named
        if not any(self.has_group(group) for group in SEE_ALL_PROJECTS):
            seen &= (
                Domain(f'{path}project_id', '=', False)
                | Domain(f'{path}project_id.privacy_visibility', 'in', ('employees', 'portal'))
                | Domain(f'{path}project_id.message_partner_ids', 'in', self.partner_id.ids)
            )
        contracts = self.env['progress.contract']
        if contracts._has_side_level('manager', self):
            seen |= Domain(f'{path}contract_type', '=', 'customer')
        if self.has_group('progress_billing.group_subcontract_manager'):
            seen |= Domain(f'{path}contract_type', '!=', 'customer')
        return list(seen)
