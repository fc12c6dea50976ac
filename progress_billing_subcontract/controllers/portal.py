from odoo.http import request

from odoo.addons.progress_billing.controllers.portal_answers import ProgressPortalAnswers


class SubcontractPortal(ProgressPortalAnswers):
    """The same pages, with what subcontractors answer."""

    def _get_message(self, done):
        messages = {
            'accept': request.env._("Thank you: enter your claim below."),
            'decline': request.env._("Thank you for your answer: nothing is claimed for this period."),
            'claim': request.env._("Your draft is saved. Submit it when it is complete."),
            'submit': request.env._("Thank you: your claim is submitted. You hear from us."),
        }
        return messages.get(done) or super()._get_message(done)
