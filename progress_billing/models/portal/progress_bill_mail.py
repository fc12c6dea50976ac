from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize, email_split

from ..bill.progress_bill import ENDED_STATES
from .progress_contact import ROLES_THAT_TALK

#: how many days before the period's due date reminders begin
REMIND_DAYS = 3


class ProgressBillMail(models.Model):
    """What contacts hear by e-mail, each with their own link, and nothing twice."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    notice_ids = fields.One2many(
        'progress.notice', 'bill_id', string="Notices", readonly=True, guarded=True, copy=False
    )
    review_round = fields.Integer(
        guarded=True, readonly=True, copy=False, aggregator=None, help="How often the claim was handed in."
    )
    signature_requested_on = fields.Datetime(guarded=True, readonly=True, copy=False)

    may_request_signature = fields.Boolean(compute='_compute_may_request_signature')

    @api.depends('contract_id')
    @api.depends_context('uid')
    def _compute_may_request_signature(self):
        for bill in self:
            bill.may_request_signature = bill.contract_id._may_do('request_signature')

    # === ACTIONS === #

    def action_send(self):
        """Send bills: to the contacts, each with their own link; by Odoo's composer where a contract has none.

        :return dict: the composer, or a notification
        :raises AccessError: for users who may not e-mail bills
        """
        self._check_may_send()
        if not self.sudo().contract_id.contact_ids:  # sudo: progress.contact - whether there are any
            return super().action_send()
        return self._send_to_contacts('sent')

    def action_invite(self):
        """Show bills to their contacts, and send each their own link.

        :return dict: a notification
        :raises RedirectWarning: where a contract has no contacts
        :raises AccessError: for users who may not e-mail bills
        """
        self._check_may_send()
        return self._send_to_contacts('invited')

    def action_request_signature(self):
        """Ask the approvers to sign bills on their page; pro formas are submitted by it.

        :return dict: a notification
        :raises RedirectWarning: where a contract has no contacts
        :raises AccessError: for users who may not ask for signatures
        :raises UserError: for a bill that cannot be signed, or is already
        """
        self._check_may_bill()
        self.contract_id._check_may_do(
            'request_signature', self.env._("Only administrators ask for signatures. Ask one of them.")
        )
        for bill in self:
            if not bill._is_to_be_signed():
                raise UserError(
                    self.env._(
                        "%(bill)s cannot be signed: it is signed already, or its status is “%(state)s”.",
                        bill=bill.display_name,
                        state=bill._get_state_label(),
                    )
                )
        self._check_has_recipients('signature', ('approver',))
        self._write_protected({'signature_requested_on': fields.Datetime.now()})
        self.filtered(lambda bill: bill.state == 'draft').action_submit()
        return self._send_to_contacts('signature', roles=('approver',))

    def action_forward(self, email):
        """Send the PDF of bills to any address; without a link, for that is a contact's own.

        :param str email: one address, or several with commas
        :return dict: a notification
        :raises UserError: for what is no address
        """
        self._check_may_bill()
        text = self._read_text(email)
        addresses = [email_normalize(part) for part in email_split(text)]
        named = all(address and not address.startswith('@') for address in addresses)
        if not addresses or not named or len(addresses) != len([part for part in text.split(',') if part.strip()]):
            raise UserError(self.env._("“%s” is no e-mail address.", text[:80]))
        values = {'email_to': ', '.join(addresses), 'recipient_ids': [], 'partner_ids': []}
        for template, bills in self.grouped(lambda bill: bill._get_mail_template()).items():
            # sudo: mail.template - the bills' own e-mail
            template.sudo().send_mail_batch(bills.ids, email_values=values)
        note = self.env._("Forwarded to %s.", ', '.join(addresses))
        self._message_log_batch(bodies=dict.fromkeys(self.ids, note))
        return self._get_sent_notification(addresses)

    def action_forward_wizard(self):
        """The Forward button: asks for the address.

        :return dict: the dialog
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_forward_wizard')
        return dict(action, context={'default_bill_ids': self.ids})

    def action_preview_page(self):
        """Show the page as contacts see it.

        :return dict: the action that shows it
        """
        self.ensure_one()
        return {'type': 'ir.actions.act_url', 'url': self._get_portal_path(), 'target': 'new'}

    def _send_to_contacts(self, kind, roles=ROLES_THAT_TALK):
        """Send what a button sends: once a day and contact."""
        self._check_sendable()
        self._check_has_recipients(kind, roles)
        self.filtered(lambda bill: not bill.shared_on)._write_protected({'shared_on': fields.Datetime.now()})
        today = str(fields.Date.context_today(self))
        # sudo: progress.notice - nobody writes them by hand
        notices = self.env['progress.notice'].sudo()._announce(self, kind, lambda _bill: today, roles)
        self.browse(notices.bill_id.ids)._message_log_batch(
            {
                bill.id: self.env._("Sent to %s.", ', '.join(sent.partner_id.mapped('display_name')))
                for bill, sent in notices.grouped('bill_id').items()
            }
        )
        return self._get_sent_notification(notices.partner_id.mapped('display_name'))

    def _get_recipients(self, kind, roles):
        """The contacts who get an e-mail of this bill once they see it: who have an address. Extend by ``super()``.

        :param str kind: of the notice
        :param roles: of contacts who get it
        :return: ``progress.contact``
        """
        self.ensure_one()
        contacts = self.contract_id.contact_ids
        found = contacts.filtered(lambda contact: contact.role in roles and contact.partner_id.email)
        return found.with_prefetch(contacts._prefetch_ids)  # those of the other bills too

    def _check_has_recipients(self, kind, roles):
        """:raises RedirectWarning: for a contract without contacts; UserError where none of them would get it"""
        self.contract_id._check_has_contacts()
        for bill in self.sudo():  # sudo: progress.contact - whether anybody gets it does not depend on who asks
            if bill._get_recipients(kind, roles):
                continue
            values = {'bill': bill.display_name, 'contract': bill.contract_id.display_name}
            if kind == 'signature':
                raise UserError(
                    self.env._(
                        "Nobody would be asked to sign %(bill)s: none of the contacts of %(contract)s who may sign has "
                        "an e-mail address. Add one, or give them theirs.",
                        **values,
                    )
                )
            raise UserError(
                self.env._(
                    "Nobody would get %(bill)s: no approver or invoice contact of %(contract)s has an e-mail address. "
                    "Add one, or give them theirs.",
                    **values,
                )
            )

    def _make_mail_attachments(self):
        """The PDFs that go along with bills that are sent: printed one by one, for each has its own paper and files."""
        return self.env['ir.attachment'].create(
            [
                {
                    'name': f'{bill._get_application_file_name()}.pdf',
                    'raw': bill._get_portal_pdf(),
                    'mimetype': 'application/pdf',
                    'res_model': bill._name,
                    'res_id': bill.id,
                }
                for bill in self
            ]
        )

    def _has_document(self):
        """Whether there is a document of this bill that may be sent, or passed on."""
        self.ensure_one()
        return self.state not in ('planned', *ENDED_STATES) and self.kind != 'opening'

    def _check_sendable(self):
        for bill in self:
            if not bill._has_document():
                raise UserError(
                    self.env._(
                        "%(bill)s cannot be sent: its status is “%(state)s”.",
                        bill=bill.display_name,
                        state=bill._get_state_label(),
                    )
                )

    def _get_sent_notification(self, names):
        message = self.env._("Sent to %s.", ', '.join(names)) if names else self.env._("Sent already today.")
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success' if names else 'warning',
                'message': message,
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    # === WHAT FOLLOWS FROM A STEP === #

    def _announce(self, kind):
        """Tell the contacts of a step, once a revision and review."""
        # sudo: progress.notice - nobody writes them by hand
        self.env['progress.notice'].sudo()._announce(self.sudo(), kind, lambda bill: bill._get_occasion())

    def _get_occasion(self):
        """What there is one notice of each kind of: a claim as it was handed in."""
        self.ensure_one()
        return f'{self.correction_number}/{self.review_round}'

    def _submit(self, actor):
        fresh = self.filtered(lambda bill: bill.state != 'submitted')
        result = super()._submit(actor)
        for bill in fresh:
            bill._write_protected({'review_round': bill.review_round + 1})
        # whoever is asked to sign gets that e-mail alone
        fresh.filtered(lambda bill: not bill.signature_requested_on)._announce('submitted')
        return result

    def _approve(self, actor, note=''):
        fresh = self.filtered(lambda bill: bill.state != 'approved')
        result = super()._approve(actor, note)
        fresh._announce('approved')
        return result

    def _reject(self, actor, reason):
        fresh = self.filtered(lambda bill: bill.state != 'rejected')
        result = super()._reject(actor, reason)
        fresh._write_protected({'signature_requested_on': False})
        fresh._announce('rejected')
        return result

    # === REMINDERS === #

    @api.model
    def _cron_remind_contacts(self):
        """Remind approvers of bills that wait, from three days before their period's due date: once a day.

        An answer or a dispute ends it. A pro forma waits once it was sent.
        """
        self._remind_contacts(self._get_reminder_domain(), ('approver',))

    @api.model
    def _get_reminder_domain(self):
        """Bills that wait for their approvers' answer, whatever their date. Extend by ``super()``.

        :return Domain: on ``progress.bill``
        """
        waiting = Domain('state', '=', 'submitted') | (Domain('state', '=', 'draft') & Domain('shared_on', '!=', False))
        return waiting & Domain('is_disputed', '=', False)

    @api.model
    def _remind_contacts(self, domain, roles):
        """Remind the contacts of bills whose period is due soon, once a day.

        :param Domain domain: which bills wait for them
        :param tuple roles: of the contacts
        """
        for company in self.env['res.company'].search([('active', '=', True)]):
            today = company._get_progress_today()
            bills = self.search(
                domain
                & Domain(
                    [
                        ('company_id', '=', company.id),
                        ('period_id.date_due', '>=', today),
                        ('period_id.date_due', '<=', today + timedelta(days=REMIND_DAYS)),
                    ]
                )
            )
            # sudo: progress.notice - nobody writes them by hand
            self.env['progress.notice'].sudo()._announce(
                bills, 'reminder', lambda _bill, today=today: str(today), roles
            )
