from werkzeug.exceptions import NotFound
from werkzeug.urls import url_encode

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.base.progress_actor import Actor
from ..models.portal.progress_bill_upload import MAX_FILE, MAX_FILES
from .portal import ProgressPortal, says_nothing

#: where a page sends its own forms: opened again it shows the page, and the form's token is checked in the answer,
#: so that an old one ends in a sentence
OWN_FORM = {'type': 'http', 'auth': 'public', 'methods': ['GET', 'POST'], 'website': True, 'csrf': False}


class ProgressPortalAnswers(ProgressPortal):
    """What contacts send back from their pages. Whatever stands in the way is a sentence on the page."""

    def _get_actor(self, contact):
        """Whoever answers, as business methods take it.

        :raises UserError: for internal users who are no contact themselves: they answer in the office's screens
        """
        user = request.env.user
        if user._is_internal() and contact.partner_id != user.partner_id:
            raise UserError(
                request.env._("You are logged in as an employee: answer for the customer in the office's screens.")
            )
        return Actor(contact.partner_id, request.env['res.users'] if user._is_public() else user)

    def _check_own_form(self, csrf_token):
        """The form comes from our page, as it stands: checked here, so that it ends in a sentence on the page.

        :raises UserError: for a page that has been open for longer than its session
        """
        if not request.validate_csrf(csrf_token):
            raise UserError(
                request.env._(
                    "Nothing was changed: this page has been open for too long. Read it again, and send it once more."
                )
            )

    def _get_address(self):
        return request.httprequest.remote_addr or ''

    def _is_reload(self):
        """The address of an answer was opened again, not sent: the page is shown, nothing is done."""
        return request.httprequest.method != 'POST'

    def _go_to(self, record, contact, access_token, done=''):
        query = {'done': done, **({'access_token': contact.token} if contact and access_token else {})}
        return request.redirect(f'{record._get_portal_path()}?{url_encode(query)}')

    @http.route('/my/progress/bill/<int:bill_id>/answer', **OWN_FORM)
    @says_nothing
    def answer(self, bill_id, access_token=None, answer=None, **given):
        """Approve, certify less, reject, dispute, withdraw."""
        bill, contact = self._open('progress.bill', bill_id, access_token)
        if self._is_reload():
            return self._go_to(bill, contact, access_token)
        if answer not in bill._get_answer_takers():
            raise NotFound
        given = {name: self._clean(value) for name, value in given.items() if isinstance(value, str)}
        try:
            self._check_own_form(given.get('csrf_token'))
            actor = self._get_actor(contact)
            with request.env.cr.savepoint():
                bill._take_answer(answer, actor, contact, given, self._get_address())
        except UserError as error:
            return self._render_bill(bill, contact, access_token, error=str(error), given=given, answer=answer)
        return self._go_to(bill, contact, access_token, answer)

    @http.route('/my/progress/bill/<int:bill_id>/sign', type='jsonrpc', auth='public', website=True)
    def sign(self, bill_id, access_token=None, version=None, name=None, signature=None):
        """What Odoo's signature form sends. The page is loaded again whatever comes of it: its button is used up."""
        query = request.httprequest.args
        access_token, version = access_token or query.get('access_token'), version or query.get('version')
        try:
            bill, contact = self._open('progress.bill', bill_id, access_token)
        except NotFound:
            return {'error': request.env._("This link is not valid any more.")}
        values = {'done': 'sign', **({'access_token': access_token} if access_token else {})}
        try:
            actor = self._get_actor(contact)
            with request.env.cr.savepoint():
                bill._take_signature(actor, contact, self._clean(name or ''), signature, version, self._get_address())
        except UserError as error:
            request.session['progress_error'] = str(error)
            values['done'] = 'error'
        return {'force_refresh': True, 'redirect_url': f'{bill._get_portal_path()}?{url_encode(values)}'}

    @http.route('/my/progress/bill/<int:bill_id>/upload', **OWN_FORM)
    @says_nothing
    def upload(self, bill_id, access_token=None, csrf_token=None, **_given):
        """Files from the contact."""
        bill, contact = self._open('progress.bill', bill_id, access_token)
        if self._is_reload():
            return self._go_to(bill, contact, access_token)
        files = [file for file in request.httprequest.files.getlist('files') if file.filename]
        try:
            self._check_own_form(csrf_token)
            actor = self._get_actor(contact)
            with request.env.cr.savepoint():
                # one byte more than allowed says that there is too much
                given = [(file.filename, file.stream.read(MAX_FILE + 1)) for file in files[: MAX_FILES + 1]]
                bill._take_uploads(actor, contact, given, self._get_address())
        except UserError as error:
            return self._render_bill(bill, contact, access_token, error=str(error))
        return self._go_to(bill, contact, access_token, 'upload')

    @http.route('/my/progress/bill/<int:bill_id>/preview', type='jsonrpc', auth='public', website=True)
    def preview(self, bill_id, access_token=None, given=None):
        """What would be due with the amounts typed so far."""
        try:
            bill, contact = self._open('progress.bill', bill_id, access_token)
        except NotFound:
            return {'error': request.env._("This link is not valid any more.")}
        given = {
            name: self._clean(value)
            for name, value in (given if isinstance(given, dict) else {}).items()
            if isinstance(value, str)
        }
        try:
            return bill._preview_certificate(self._get_actor(contact), given)
        except UserError as error:
            return {'error': str(error)}

    @http.route('/my/progress/contract/<int:contract_id>/milestone/<int:milestone_id>', **OWN_FORM)
    @says_nothing
    def approve_milestone(self, contract_id, milestone_id, access_token=None, note='', csrf_token=None, **_given):
        """Approve a milestone that was reached."""
        contract, contact = self._open('progress.contract', contract_id, access_token)
        if self._is_reload():
            return self._go_to(contract, contact, access_token)
        milestone = contract._get_portal_milestones().filtered(lambda milestone: milestone.id == milestone_id)
        if not milestone:
            raise NotFound
        try:
            self._check_own_form(csrf_token)
            actor = self._get_actor(contact)
            with request.env.cr.savepoint():
                milestone._take_approval(contract, actor, contact, self._clean(note), self._get_address())
        except UserError as error:
            return self._render_contract(contract, contact, access_token, error=str(error))
        return self._go_to(contract, contact, access_token, 'milestone')
