from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, single_email_re

#: how often a contact may forward in a day, so that the page is no relay for anybody's e-mail
FORWARDS_A_DAY = 5
TEMPLATE = 'progress_billing.mail_template_progress_forward'


class ProgressBillForward(models.Model):
    """A contact forwards the PDF of a bill they see to one address: our words, no link, a few times a day (PAG-15)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    def _get_answer_takers(self):
        return {**super()._get_answer_takers(), 'forward': self._take_forward}

    def _get_answer_note(self, kind, given):
        """Where it went, whatever else the form says."""
        if kind == 'forward':
            return email_normalize(given.get('email')) or False
        return super()._get_answer_note(kind, given)

    def _take_forward(self, actor, given):
        """Send the PDF to the address that a contact typed.

        :param Actor actor: the contact
        :param dict given: ``email``
        :raises UserError: for what is no address, or more than a few a day
        """
        self.ensure_one()
        self._check_sendable()
        text = self._read_text(given.get('email'))
        email = email_normalize(text)
        if not email or not single_email_re.fullmatch(email):
            raise UserError(self.env._("“%s” is no e-mail address. Enter one.", text[:80]))
        self._check_forwards(actor)
        # sudo: mail.template - the e-mail of an answer is sent whoever gave it
        template = self.env.ref(TEMPLATE).sudo().with_context(forwarder=actor.partner.name)
        values = {
            'email_to': email,
            'recipient_ids': [],
            'partner_ids': [],
            'reply_to': actor.partner.email_formatted or False,
            'attachment_ids': [fields.Command.link(file.id) for file in self._make_mail_attachments()],
        }
        template.send_mail_batch(self.ids, email_values=values)
        note = self.env._("%(who)s forwarded it to %(email)s.", who=actor.name, email=email)
        self._message_log(body=note, author_id=actor.partner.id)

    def _check_forwards(self, actor):
        """:raises UserError: for a contact who has forwarded often enough today; the contract is locked meanwhile"""
        since = fields.Datetime.now() - timedelta(days=1)
        # sudo: progress.answer - of all bills, whoever asks
        answers = self.env['progress.answer'].sudo()
        domain = [('kind', '=', 'forward'), ('partner_id', '=', actor.partner.id), ('create_date', '>', since)]
        if answers.search_count(domain) >= FORWARDS_A_DAY:
            raise UserError(
                self.env._(
                    "You have forwarded %s bills today. Download the PDF and send it yourself, or go on tomorrow.",
                    FORWARDS_A_DAY,
                )
            )
