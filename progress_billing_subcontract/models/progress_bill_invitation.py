from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.progress_billing.models.base.progress_actor import Actor
from odoo.addons.progress_billing.models.portal.progress_contact import ROLES_THAT_TALK


class ProgressBillInvitation(models.Model):
    """An invitation to bill: a planned claim of a period that its contacts accept or decline (SUB-5)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    invited_on = fields.Datetime(guarded=True, readonly=True, copy=False, tracking=True)
    answered_on = fields.Datetime(guarded=True, readonly=True, copy=False, help="When it was accepted or declined.")
    invitation_type = fields.Selection(
        [
            ('all', "Work, Materials and Retainage"),
            ('work', "Work and Materials"),
            ('retainage', "Retainage Only"),
        ],
        default='all',
        required=True,
        copy=False,
        tracking=True,
        guarded=True,
        help="What the subcontractor may claim on the page.",
    )
    decline_reason = fields.Text(guarded=True, readonly=True, copy=False)
    is_late_invitation = fields.Boolean(
        string="Invited Late", guarded=True, readonly=True, copy=False, help="After the due date of its period."
    )

    # === ACTIONS === #

    def action_invite(self):
        """Invite to bill: show claims to their contacts, and send each their own link; who declined is asked again.

        :return dict: a notification
        :raises RedirectWarning: where a contract has no contacts
        :raises UserError: for a claim that was answered already
        """
        claims = self._get_claims()
        rest = self - claims
        action = super(ProgressBillInvitation, rest).action_invite() if rest or not claims else None
        if claims:
            claims._check_may_review()
            action = claims._invite(Actor.of(self.env.user))
        return action

    def action_accept(self):
        """Accept invitations, in the subcontractors' name: the claims can be entered.

        :return dict: the action that shows the claims
        :raises AccessError: for users who may not claim
        :raises UserError: for what is no invitation, or has been handed in
        """
        self._check_may_bill()
        self._accept(Actor.of(self.env.user))
        return self._get_bill_action()

    def action_decline(self, reason=None):
        """Decline invitations, in the subcontractors' name: nothing is claimed for their period.

        :param str reason: why, optional
        :return dict: the action that shows the claims
        :raises AccessError: for users who may not claim
        :raises UserError: for what is no invitation, or has been handed in
        """
        self._check_may_bill()
        self._decline(Actor.of(self.env.user), reason)
        return self._get_bill_action()

    def action_remind(self):
        """Remind the contacts of invitations and drafts that wait for them, once a day.

        :return dict: a notification
        :raises UserError: where none of them waits for an answer
        """
        self._check_may_review()
        waiting = self.filtered_domain(self._get_waiting_domain())
        if not waiting:
            raise UserError(
                self.env._(
                    "There is nobody to remind: the subcontractors chosen have handed in, or are not invited yet."
                )
            )
        # sudo: progress.notice - nobody writes them by hand
        notices = self.env['progress.notice'].sudo()
        today = str(fields.Date.context_today(self))
        sent = notices._announce(waiting, 'reminder', lambda _bill: today)
        return self._get_sent_notification(sent.partner_id.mapped('display_name'))

    # === BUSINESS === #

    def _invite(self, actor):
        """See :meth:`action_invite`.

        :param Actor actor: who invites
        """
        for bill in self:
            if bill.state not in ('planned', 'declined'):
                raise UserError(
                    self.env._(
                        "%(bill)s has been answered already: its status is “%(status)s”.",
                        bill=bill.display_name,
                        status=bill._get_portal_state_label(),
                    )
                )
        # which another may have taken while one of these was declined
        self._check_vendor_references({bill: bill.vendor_reference for bill in self})
        self.contract_id._check_can_bill()
        self._check_has_recipients('invited', ROLES_THAT_TALK)
        late = self.filtered(
            lambda bill: bill.period_id.date_due and bill.period_id.date_due < bill.company_id._get_progress_today()
        )
        vals = {
            'review_state': 'planned',
            'invited_on': fields.Datetime.now(),
            'answered_on': False,
            'decline_reason': False,
        }
        late._write_as(actor, {**vals, 'is_late_invitation': True})
        (self - late)._write_as(actor, {**vals, 'is_late_invitation': False})
        return self._send_invitations(late)

    def _get_recipients(self, kind, roles):
        """Whoever claims signs: of subcontractors, invoice contacts are asked to sign as well."""
        asked = kind == 'signature' and self.contract_id._is_subcontract()
        return super()._get_recipients(kind, ROLES_THAT_TALK if asked else roles)

    def _send_invitations(self, late):
        """Write to the contacts, once a day, and say to whom; late invitations are said to be late."""
        today = str(fields.Date.context_today(self))
        # sudo: progress.notice - nobody writes them by hand
        notices = self.env['progress.notice'].sudo()._announce(self, 'invited', lambda _bill: today)
        self.browse(notices.bill_id.ids)._message_log_batch(
            {
                bill.id: self.env._("Invited to bill: %s.", ', '.join(sent.partner_id.mapped('display_name')))
                for bill, sent in notices.grouped('bill_id').items()
            }
        )
        action = self._get_sent_notification(notices.partner_id.mapped('display_name'))
        if late:
            action['params'].update(
                type='warning',
                message=self.env._(
                    "%(sent)s The due date of the period has passed: %(late)s.",
                    sent=action['params']['message'],
                    late=', '.join(late.contract_id.mapped('display_name')),
                ),
            )
        return action

    def _accept(self, actor):
        """See :meth:`action_accept`.

        :param Actor actor: who accepts
        """
        self._check_answerable(('planned', 'draft'))
        todo = self.filtered(lambda bill: bill.state == 'planned')
        todo.contract_id._check_can_bill()
        todo._draw_names()
        now = fields.Datetime.now()
        todo._write_as(actor, {'review_state': 'draft', 'answered_on': now, 'generated_on': now, 'shared_on': now})
        todo._fill_claim()

    def _decline(self, actor, reason):
        """See :meth:`action_decline`.

        :param Actor actor: who declines
        """
        self._check_answerable(('planned', 'draft', 'declined'))
        reason = self._read_text(reason)
        todo = self.filtered(lambda bill: bill.state != 'declined')
        # sudo: progress.bill.line - what was entered and never handed in, whoever declines
        entered = todo.filtered(lambda bill: bill.state == 'draft').sudo().line_ids
        entered._filter_not_billed_to_owner().unlink()
        vals = {'review_state': 'declined', 'answered_on': fields.Datetime.now(), 'decline_reason': reason or False}
        todo._write_as(actor, vals, body=reason and self.env._("Declined: %s", reason))

    def _check_answerable(self, states):
        for bill in self:
            if not bill.contract_id._is_subcontract() or bill.state not in states:
                raise UserError(
                    self.env._(
                        "%(bill)s is no invitation that waits for an answer: its status is “%(state)s”.",
                        bill=bill.display_name,
                        state=bill._get_state_label(),
                    )
                )

    # === REMINDERS === #

    def _get_waiting_domain(self):
        """Invitations and drafts that wait for their subcontractors."""
        invited = Domain('state', '=', 'planned') & Domain('invited_on', '!=', False)
        drafts = Domain('state', 'in', ('draft', 'rejected'))
        return Domain('contract_id.contract_type', '=', 'subcontract') & (invited | drafts)

    def _get_reminder_domain(self):
        """The office approves claims: their contacts are not asked to."""
        return super()._get_reminder_domain() & Domain('contract_id.contract_type', '!=', 'subcontract')

    def _cron_remind_contacts(self):
        """Remind subcontractors too who have not handed in yet."""
        result = super()._cron_remind_contacts()
        self._remind_contacts(self._get_waiting_domain(), ('invoice', 'approver'))
        return result

    def _announce(self, kind):
        """The office hears of claims that were handed in; their contacts know."""
        rest = self
        if kind == 'submitted':
            rest = self.filtered(lambda bill: not bill.contract_id._is_subcontract())
        return super(ProgressBillInvitation, rest)._announce(kind)
