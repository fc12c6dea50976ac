from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime


class ProjectMilestone(models.Model):
    """Customers approve milestones on their page ("every milestone approved")."""

    _inherit = 'project.milestone'

    def _take_approval(self, contract, actor, contact, note='', address=''):
        """Do what a contact answered: approve a reached milestone, once.

        :param contract: whose page it is
        :param Actor actor: the contact
        :param contact: ``progress.contact``
        :raises UserError: with what stands in the way, or happened meanwhile
        """
        self.ensure_one()
        contract._lock_for_billing()
        if not contact._may_answer():
            raise AccessError(
                self.env._("You read this page; others answer for the customer. Write a message instead.")
            )
        if self.billing_approved_on:
            raise UserError(
                self.env._(
                    "Nothing was changed: %(who)s has approved %(milestone)s already, on %(when)s.",
                    who=self.billing_approved_partner_id.name or self.billing_approved_by_id.name,
                    milestone=self.name,
                    when=format_datetime(self.env, self.billing_approved_on, dt_format='short'),
                )
            )
        self._approve_billing(actor, note or self.env._("On the customer's page, by %s.", actor.name))
        self.env['progress.answer'].create(
            {
                'contract_id': contract.id,
                'milestone_id': self.id,
                'contact_id': contact.id,
                'partner_id': actor.partner.id,
                'user_id': actor.user.id,
                'kind': 'milestone',
                'address': address,
                'note': note,
            }
        )
