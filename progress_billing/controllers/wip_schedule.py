from odoo import http
from odoo.http import request

from ..report.wip_xlsx import WipXlsx
from .schedule_template import XLSX_TYPE


class WipSchedule(http.Controller):
    @http.route('/progress_billing/wip_schedule/<int:wizard_id>.xlsx', type='http', auth='user', readonly=True)
    def wip_schedule(self, wizard_id):
        """The WIP schedule that the user asked for, as a spreadsheet; nobody else's."""
        wizard = request.env['progress.wip.wizard'].search([('id', '=', wizard_id)])
        if not wizard:
            raise request.not_found()
        name = f'wip_schedule_{wizard.date}.xlsx'
        return request.make_response(
            WipXlsx(wizard).build(),
            [('Content-Type', XLSX_TYPE), ('Content-Disposition', http.content_disposition(name))],
        )
