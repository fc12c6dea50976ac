from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.progress_billing.controllers.portal import says_nothing
from odoo.addons.progress_billing.controllers.portal_answers import OWN_FORM, ProgressPortalAnswers


class SubcontractPortal(ProgressPortalAnswers):
    """The same pages, with what subcontractors answer."""

    def _get_message(self, done):
        messages = {
            'accept': request.env._("Thank you: enter your claim below."),
            'decline': request.env._("Thank you for your answer: nothing is claimed for this period."),
            'claim': request.env._("Your draft is saved. Submit it when it is complete."),
            'submit': request.env._("Thank you: your claim is submitted. You will hear from us."),
            'schedule': request.env._("Thank you: your schedule is kept."),
        }
        return messages.get(done) or super()._get_message(done)

    @http.route('/my/progress/contract/<int:contract_id>/schedule', **OWN_FORM)
    @says_nothing
    def propose_schedule(self, contract_id, access_token=None, answer=None, **given):
        """The subcontractor's own schedule of values."""
        contract, contact = self._open('progress.contract', contract_id, access_token)
        if self._is_reload():
            return self._go_to(contract, contact, access_token)
        if not contract.is_vendor_schedule or answer not in ('save', 'submit'):
            raise NotFound
        given = {name: self._clean(value) for name, value in given.items() if isinstance(value, str)}
        try:
            self._check_own_form(given.get('csrf_token'))
            actor = self._get_actor(contact)
            with request.env.cr.savepoint():
                contract._take_schedule(actor, contact, given, submit=answer == 'submit', address=self._get_address())
        except UserError as error:
            return self._render_contract(contract, contact, access_token, error=str(error), given=given)
        return self._go_to(contract, contact, access_token, 'schedule')
