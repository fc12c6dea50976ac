import io
import zipfile

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .schedule_template import XLSX_TYPE


class Application(http.Controller):
    @http.route('/progress_billing/application/<string:ids>', type='http', auth='user')
    def application(self, ids):
        """Applications for payment as spreadsheets, of bills that the user may read; several as an archive."""
        wanted = [int(bill) for bill in ids.split(',') if bill.isdecimal()]
        bills = request.env['progress.bill'].search([('id', 'in', wanted)])
        if not bills:
            raise request.not_found()
        try:
            bills._check_download()
        except UserError as error:
            raise request.not_found(str(error)) from error
        files = [(f'{bill._get_application_file_name()}.xlsx', bill._get_application_xlsx()) for bill in bills]
        name, content = files[0]
        kind = XLSX_TYPE
        if len(files) > 1:
            name, content, kind = 'applications.zip', self._archive(files), 'application/zip'
        return request.make_response(
            content, [('Content-Type', kind), ('Content-Disposition', http.content_disposition(name))]
        )

    def _archive(self, files):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
            for number, (name, content) in enumerate(files, 1):
                archive.writestr(f'{number:02} {name}', content)
        return buffer.getvalue()
