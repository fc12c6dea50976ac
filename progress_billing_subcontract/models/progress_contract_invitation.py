from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.models.base.progress_actor import Actor


class ProgressContractInvitation(models.Model):
    """Subcontracts are invited to bill the current period of their project (SUB-5)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    is_retainage_open = fields.Boolean(
        string="Subcontractor Sets Retainage",
        tracking=True,
        help="The rate can be changed on the page of a claim. Else only the office sets it.",
    )

    # === ACTIONS === #

    def action_invite(self, invitation_type='all'):
        """Invite subcontractors to bill the current period; contacts of other contracts get the link to their page.

        Called again it asks once more who was invited or declined, and leaves alone who has answered.

        :param str invitation_type: ``all``, ``work`` or ``retainage``: what can be claimed on the page
        :return dict: a notification
        :raises RedirectWarning: for a contract without contacts
        :raises UserError: for one that cannot be billed, or a project without a period
        """
        subcontracts = self._get_subcontracts()
        rest = self - subcontracts
        action = super(ProgressContractInvitation, rest).action_invite() if rest or not subcontracts else None
        if subcontracts:
            subcontracts._check_may_keep_subcontracts()
            action = subcontracts._invite_to_bill(invitation_type)
        return action

    def action_invite_wizard(self):
        """The Invite to Bill button: asks what can be claimed, and says who cannot be invited.

        :return dict: the dialog
        """
        action = self.env['ir.actions.act_window']._for_xml_id(
            'progress_billing_subcontract.action_progress_invite_wizard'
        )
        return dict(action, context={'default_contract_ids': self.ids})

    # === BUSINESS === #

    def _invite_to_bill(self, invitation_type):
        """See :meth:`action_invite`.

        :return dict: a notification
        """
        self._check_invitation_type(invitation_type)
        self._check_can_bill()
        self._check_has_contacts()
        self._lock_for_billing()
        bills = self._ensure_invitations(invitation_type)
        waiting = bills.filtered(lambda bill: bill.state in ('planned', 'declined'))
        if not waiting:
            return self._get_answered_notification(bills)
        waiting._write_protected({'invitation_type': invitation_type})
        return waiting._invite(Actor.of(self.env.user))

    def _get_contact_context(self):
        """Nobody on a subcontractor's side approves: who claims is an invoice contact."""
        context = super()._get_contact_context()
        return dict(context, default_role='invoice') if self._is_subcontract() else context

    def _check_invitation_type(self, invitation_type):
        types = dict(self.env['progress.bill']._fields['invitation_type']._description_selection(self.env))
        if invitation_type not in list(types):  # by equality: a caller may send what has no hash
            raise UserError(
                self.env._("Choose one of %(types)s, not %(type)s.", types=', '.join(types), type=invitation_type)
            )

    def _get_answered_notification(self, bills):
        """That everybody has answered already."""
        message = self.env._(
            "Answered already: %s.",
            ', '.join(f'{bill.contract_id.display_name} ({bill._get_portal_state_label()})' for bill in bills),
        )
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {'type': 'info', 'message': message, 'next': {'type': 'ir.actions.act_window_close'}},
        }

    def _ensure_invitations(self, invitation_type):
        """The claims of the current period that an invitation is about; made where there are none.

        :param str invitation_type: see :meth:`action_invite`
        :raises UserError: without a period, or for retainage where none is held
        """
        bills, vals_list = self.env['progress.bill'], []
        kind = 'retainage' if invitation_type == 'retainage' else 'progress'
        for contract, period in self._get_invitation_periods().items():
            mine = contract.bill_ids.filtered(
                lambda bill, period=period: (
                    bill.period_id == period and bill.kind == kind and bill.state != 'cancelled'
                )
            )
            if mine:
                bills |= mine[-1:]
                continue
            if kind == 'retainage' and not any(contract._get_retainage_held().values()):
                raise UserError(self.env._("No retainage is held on %s.", contract.display_name))
            vals_list.append(contract._prepare_invitation_vals(period, kind, invitation_type))
        return bills | bills._create_protected(vals_list)

    def _prepare_invitation_vals(self, period, kind, invitation_type):
        """Values of an invitation. Extend it by ``super()`` and update the dict.

        :return dict: of ``progress.bill``
        """
        self.ensure_one()
        today = self.company_id._get_progress_today()
        return {
            'contract_id': self.id,
            'kind': kind,
            'period_id': period.id,
            'date': min(max(today, period.date_start), period.date_end),
            'title': period.name,
            'trigger': 'manual',
            'invitation_type': invitation_type,
        }

    def _get_invitation_periods(self):
        """The current billing period of the project of each contract; made where the contract says how.

        :return dict: periods by contract
        :raises UserError: where there is none, saying what to do
        """
        # sudo: progress.billing.period - whoever invites need not see the customer's side
        periods, found = self.env['progress.billing.period'].sudo(), {}
        current = periods._find_current(self.project_id).grouped('project_id')
        for contract in self:
            project = contract.project_id
            if project and project not in current and contract.period_policy != 'on_demand':
                today = contract.company_id._get_progress_today()
                current[project] = periods._make_for(project, today, contract.period_policy)
            if not current.get(project):
                raise UserError(
                    self.env._(
                        "%(contract)s: %(project)s has no open billing period. Add one first: subcontractors are "
                        "invited to bill a period.",
                        contract=contract.display_name,
                        project=project.display_name or self.env._("no project"),
                    )
                )
            found[contract] = current[project].with_env(self.env)
        return found

    def _get_invitation_blockers(self):
        """Reasons why this subcontract cannot be invited to bill. Extend by ``super()``.

        :return list: sentences that say what to do
        """
        self.ensure_one()
        reasons = self._get_billing_blockers()
        # sudo: progress.contact - whether somebody can be reached
        contacts = self.sudo().contact_ids.filtered(lambda contact: contact.role != 'reader')
        if not contacts:
            reasons.append(self.env._("Add an invoice contact."))
        elif not any(contacts.mapped('email')):
            reasons.append(self.env._("Enter the e-mail address of a contact."))
        return reasons

    def _get_portal_plan(self):
        """An invitation is shown among the claims; nothing else of the office's plans concerns subcontractors."""
        return self.env['progress.bill'] if self._is_subcontract() else super()._get_portal_plan()

    def _has_declined(self):
        """Whether the subcontractor declined the current period: that ends it."""
        self.ensure_one()
        # sudo: progress.billing.period - as above
        period = self.env['progress.billing.period'].sudo()._find_current(self.project_id)
        return bool(period) and any(bill.period_id == period and bill.state == 'declined' for bill in self.bill_ids)
