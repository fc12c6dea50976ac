import secrets
from datetime import timedelta

from werkzeug.urls import url_encode

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import consteq

#: who may do what on the page, by role
ROLES_THAT_ANSWER = ('approver',)
ROLES_THAT_TALK = ('approver', 'invoice')
#: how long a visit counts as one
VISIT = timedelta(minutes=5)
#: of e-mails to contacts
CONTACT_LAYOUT = 'progress_billing.mail_notification_of_contact'


class ProgressContact(models.Model):
    """One person on one contract, who reads and answers on the page: by a link of their own, or logged in.

    The link's token is that person's: whatever is done with it was done by them. It is revoked by one click,
    and nobody reads it, not even an administrator.
    """

    _name = 'progress.contact'
    _description = "Contract Contact"
    _inherit = ['progress.guard.mixin']
    _order = 'contract_id, id'
    _rec_names_search = ['partner_id', 'contract_id']
    _fixed_fields = ('partner_id',)
    _parent_field = 'contract_id'
    _check_company_auto = True

    contract_id = fields.Many2one(
        'progress.contract', required=True, index=True, ondelete='cascade', check_company=True
    )
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True, guarded=True)
    partner_id = fields.Many2one(
        'res.partner', string="Person", required=True, index=True, ondelete='restrict', check_company=True
    )
    email = fields.Char(related='partner_id.email', string="E-mail")
    role = fields.Selection(
        [('approver', "Approver"), ('invoice', "Invoice Contact"), ('reader', "Reader")],
        default='approver',
        required=True,
        help="Approver: gets the bills, approves, certifies and signs them, and pays.\n"
        "Invoice Contact: gets the bills, disputes and pays them.\n"
        "Reader: sees the page and comments.",
    )
    active = fields.Boolean(default=True, help="The link of an archived contact is dead at once.")
    last_seen_on = fields.Datetime(string="Last Seen", guarded=True, readonly=True, copy=False)
    token = fields.Char(
        guarded=True,
        readonly=True,
        copy=False,
        required=True,
        groups=fields.NO_ACCESS,
        default=lambda self: secrets.token_urlsafe(32),
    )

    _unique_person = models.Constraint(
        'UNIQUE(contract_id, partner_id)', "This person is a contact of the contract already, maybe an archived one."
    )

    @api.depends('partner_id', 'contract_id')
    def _compute_display_name(self):
        for contact in self:
            contact.display_name = f'{contact.partner_id.display_name} ({contact.contract_id.name})'

    # === CRUD === #

    def write(self, vals):
        """Whoever comes back gets a new link: the old one stays dead."""
        returning = self.filtered(lambda contact: vals.get('active') and not contact.active)
        result = super().write(vals)
        for contact in returning.sudo():  # sudo: progress.contact - nobody reads or writes the token
            contact._write_protected({'token': secrets.token_urlsafe(32)})
        return result

    # === ACTIONS === #

    def action_revoke(self):
        """Kill the links of these contacts at once; what they did stays.

        :return dict: closes a dialog
        :raises AccessError: for users who may not change the contacts
        """
        self.check_access('write')
        self.write({'active': False})
        return {'type': 'ir.actions.act_window_close'}

    def action_send_link(self):
        """Send each contact the link to their page, by e-mail.

        :return dict: closes a dialog
        :raises UserError: naming contacts that are archived or have no e-mail address
        """
        self.check_access('write')
        self._check_can_be_reached()
        template = self.env.ref('progress_billing.mail_template_progress_contact')
        template.send_mail_batch(self.ids, email_layout_xmlid=CONTACT_LAYOUT)
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._("Sent to %s.", ', '.join(self.partner_id.mapped('display_name'))),
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    def get_portal_url(self):
        """The contact's own link to the statement of the contract: whoever has it acts as this contact.

        :return str: an absolute URL
        :raises AccessError: for users who may not manage contacts
        :raises UserError: for an archived contact
        """
        self.ensure_one()
        self.check_access('write')
        if not self.active:
            raise UserError(self.env._("The link of %s was revoked. Unarchive the contact first.", self.display_name))
        return self._get_portal_url(self.contract_id)

    # === BUSINESS === #

    def _get_portal_url(self, record):
        """This contact's link to a contract or bill, in e-mails to them."""
        self.ensure_one()
        token = self.sudo().token  # sudo: progress.contact - nobody reads the token; the link goes to its owner
        return f'{record.get_base_url()}{record._get_portal_path()}?{url_encode({"access_token": token})}'

    def _check_can_be_reached(self):
        for contact in self:
            if not contact.active:
                raise UserError(
                    self.env._("The link of %s was revoked. Unarchive the contact first.", contact.display_name)
                )
            if not contact.partner_id.email:
                raise UserError(
                    self.env._("%s has no e-mail address. Enter one first.", contact.partner_id.display_name)
                )

    @api.model
    def _find_by_token(self, contract, token):
        """The live contact of a contract whose link this is.

        :param contract: as superuser
        :param str token: as it came
        :return: a contact as superuser, or none
        """
        if not isinstance(token, str) or not token or not token.isascii():
            return self.sudo().browse()  # sudo: progress.contact - what a link may show does not depend on rights
        return contract.sudo().contact_ids.filtered(lambda contact: consteq(contact.token, token))

    @api.model
    def _find_by_user(self, user):
        """The live contacts that a logged-in person is, as superuser."""
        # sudo: progress.contact - people outside the office have no rights on the model
        return self.sudo().search([('partner_id', '=', user.partner_id.id)])

    def _may_answer(self):
        """Whether the contact approves, rejects, certifies and signs."""
        return bool(self) and self.role in ROLES_THAT_ANSWER

    def _may_talk(self):
        """Whether the contact disputes, uploads and pays."""
        return bool(self) and self.role in ROLES_THAT_TALK

    def _see(self):
        """Note that these contacts were on the page, once a visit."""
        now = fields.Datetime.now()
        seen = self.filtered(lambda contact: not contact.last_seen_on or contact.last_seen_on < now - VISIT)
        if seen:
            seen._write_protected({'last_seen_on': now})
