from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.mail.controllers.attachment import AttachmentController

from ..models.portal.progress_bill_upload import MAX_FILE


class ProgressHistoryFiles(AttachmentController):
    """Files that people outside the office add to a message on a bill's page: of the same kinds as uploads (PAG-8)."""

    @http.route()
    def mail_attachment_upload(self, ufile, thread_id, thread_model, is_pending=False, **kwargs):
        """Say what is wrong with a file where it is chosen, and keep nothing of it."""
        if thread_model == 'progress.bill' and not request.env.user._is_internal():
            bill = self._get_thread_with_access_for_post(thread_model, thread_id, **kwargs)
            # one byte more than allowed says that there is too much
            content = ufile.stream.read(MAX_FILE + 1)
            ufile.stream.seek(0)
            try:
                if bill:
                    bill._prepare_upload_vals(ufile.filename, content)
            except UserError as error:
                return request.make_json_response({'error': str(error)})
        return super().mail_attachment_upload(ufile, thread_id, thread_model, is_pending=is_pending, **kwargs)
