import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import consteq, hmac

SHOWN_STATES = ('submitted', 'approved', 'rejected', 'invoiced')


class ProgressBillPortal(models.Model):
    """The bill's page for the contract's contacts: what it shows, and who writes in its history."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'
    _mail_post_token_field = 'portal_token'

    shared_on = fields.Datetime(
        string="Shown to the Customer",
        guarded=True,
        readonly=True,
        copy=False,
        help="When a pro forma was first sent: from then on the contacts see it on their page.",
    )
    portal_token = fields.Char(compute='_compute_portal_token', groups=fields.NO_ACCESS)

    def _compute_portal_token(self):
        """No bill has a token: its contacts have. What asks for one is answered with a word nobody knows."""
        for bill in self:
            bill.portal_token = secrets.token_urlsafe(32)

    # === BUSINESS === #

    def _get_portal_path(self):
        """Where the bill's page is, without the host."""
        self.ensure_one()
        return f'/my/progress/bill/{self.id}'

    def _get_portal_domain(self):
        """The bills that contacts see at all: what was sent or handed in, and what became of it."""
        shown = Domain('state', 'in', SHOWN_STATES) | (Domain('state', '=', 'draft') & Domain('shared_on', '!=', False))
        return shown & Domain('kind', '!=', 'opening') & Domain('contract_id.state', 'in', ('open', 'closed'))

    def _get_contact_domain(self, contacts):
        """The bills that contacts see: those of their own firm, where the contract bills several; else all.

        :param contacts: ``progress.contact``, as superuser
        :return Domain: on ``progress.bill``
        """
        domain = Domain.FALSE
        for contact in contacts:
            own = Domain('contract_id', '=', contact.contract_id.id)
            firm, firms = contact.partner_id.commercial_partner_id, contact.contract_id._get_portal_firms()
            if len(firms) > 1 and firm in firms:
                own &= Domain('partner_id.commercial_partner_id', '=', firm.id)
            domain |= own
        return domain & self._get_portal_domain()

    def _is_on_portal(self, contact):
        """Whether a contact sees this bill."""
        self.ensure_one()
        return bool(self.filtered_domain(self._get_contact_domain(contact)))

    def _get_portal_state_label(self):
        """The status in the customer's words."""
        self.ensure_one()
        if self.state == 'invoiced' and self.invoice_state == 'draft':
            return self.env._("Being Invoiced")
        labels = {
            'draft': self.env._("To Be Approved"),
            'submitted': self.env._("To Be Approved"),
            'invoiced': self.env._("Invoiced"),
        }
        return labels.get(self.state) or self._get_state_label()

    def _get_asked_amount(self):
        """What people outside the office are asked to approve, as certified.

        :return float: untaxed, in the contract's currency
        """
        self.ensure_one()
        return self.amount_due if self.asks_for == 'beside' else self.certified_amount

    def _get_portal_summary(self):
        """The application's summary as the page shows it; what asks for nothing of the schedule has none (PAG-17).

        :return list: dicts with ``key``, ``label``, ``amount`` and ``strong``
        """
        self.ensure_one()
        rows = [('amount_due', True)] if self.asks_for == 'beside' else [
            ('original_amount', False),
            ('change_amount', False),
            ('revised_amount', True),
            ('completed_stored_amount', False),
            ('retainage_total', False),
            ('earned_less_retainage', True),
            ('less_previous_certificates', False),
            ('current_payment_due', True),
            ('balance_to_finish', False),
        ]
        fields_info = self.fields_get([name for name, _strong in rows], ['string'])
        return [
            {'key': name, 'label': fields_info[name]['string'], 'amount': self[name], 'strong': strong}
            for name, strong in rows
        ]

    def _get_portal_rows(self):
        """The continuation sheet, with the lines marked on which work is claimed.

        :return list: see ``_get_application_rows``
        """
        self.ensure_one()
        return [dict(row, touched=bool(row['work'])) for row in self._get_application_rows()]

    def _get_portal_pdf(self):
        """The application for payment where the bill goes out as one, else the pro forma.

        :return bytes:
        """
        self.ensure_one()
        if self._uses_application():
            return self._get_application_pdf()
        report = 'progress_billing.action_report_progress_bill'
        # sudo: ir.actions.report - a document of this bill, for its contact
        return self.env['ir.actions.report'].sudo()._render_qweb_pdf(report, self.ids)[0]

    def _get_portal_invoice(self):
        """The posted invoice, as superuser.

        :raises UserError: where there is none
        """
        self.ensure_one()
        # sudo: account.move - the invoice of a bill that its contact sees
        invoice = self.sudo().invoice_id.filtered(lambda move: move.state == 'posted')
        if not invoice:
            raise UserError(self.env._("There is no invoice of %s yet.", self.display_name))
        return invoice

    def _is_paid_online(self):
        """Whether the page of its invoice takes payments: Odoo's payment app is there, and is told so."""
        self.ensure_one()
        # sudo: account.move - the invoice of a bill that its contact sees
        invoice = self.sudo().invoice_id
        return hasattr(invoice, '_has_to_be_paid') and invoice._has_to_be_paid()

    # === HISTORY === #

    def _sign_token(self, pid):
        """What proves on the page that a person is who writes: it is made from their contact's own token.

        It dies with the contact's link.
        """
        self.ensure_one()
        # sudo: progress.contact - nobody reads the token
        contact = self.sudo().contract_id.contact_ids.filtered(lambda contact: contact.partner_id.id == pid)
        if not contact or not self.sudo()._is_on_portal(contact):
            return secrets.token_urlsafe(32)
        # sudo: ir.config_parameter - the database's secret
        return hmac(self.env(su=True), 'progress.contact', (contact.token, self.id, contact.partner_id.id))

    def _get_history_token(self, contact):
        """What opens the bill's history to a contact: their name, and the proof that it is them."""
        self.ensure_one()
        return f'{contact.partner_id.id}-{self._sign_token(contact.partner_id.id)}'

    @api.model
    def _get_thread_with_access(self, thread_id, *, token=None, **kwargs):
        """The history is open to whoever has a contact's proof, as long as their link lives."""
        pid, _dash, signature = token.partition('-') if isinstance(token, str) else ('', '', '')
        if pid.isdecimal() and signature.isascii():
            # sudo: progress.bill - the proof is what gives access
            bill = self.browse(int(thread_id)).sudo().exists()
            if bill and consteq(signature, bill._sign_token(int(pid))):
                return bill
        return super()._get_thread_with_access(thread_id, **kwargs)
