import io

from odoo import models
from odoo.tools.pdf import PdfFileReader

APPLICATION = 'progress_billing.report_progress_application'
DENSITIES = (1.0, 0.85, 0.7)


class IrActionsReport(models.Model):
    _inherit = 'ir.actions.report'

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Applications for payment: each on its own paper, and as issued once it is."""
        if not res_ids or self._get_report(report_ref).report_name != APPLICATION:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        bills = self.env['progress.bill'].browse(dict.fromkeys(res_ids))
        bills.check_access('read')
        bills._check_application()
        streams = {}
        for bill in bills:
            content = bill._get_issued_file('pdf').raw
            if not content:
                content = self._render_application(bill, data)
                bill._issue_application(content)
            streams[bill.id] = {'stream': io.BytesIO(content), 'attachment': None}
        return streams

    def _render_application(self, bill, data):
        """The PDF of one application, on its paper; less full where the printer needs more pages than planned."""
        paper = bill.contract_id._get_application_setting('paper')
        report = self.env.ref(f'progress_billing.action_report_progress_application_{paper}')
        for density in DENSITIES:
            streams = self._render_qweb_pdf_prepare_streams(report, {**(data or {}), 'density': density}, [bill.id])
            content = streams[bill.id]['stream'].getvalue()
            planned = len(bill._in_customer_language()._get_application_document(density)['pages'])
            if len(PdfFileReader(io.BytesIO(content)).pages) <= planned:
                break
        return content
