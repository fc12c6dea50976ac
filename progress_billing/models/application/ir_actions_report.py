from odoo import models
from odoo.tools.pdf import PdfFileReader

APPLICATION = 'progress_billing.report_progress_application'
DENSITIES = (1.0, 0.85, 0.7)


class IrActionsReport(models.Model):
    _inherit = 'ir.actions.report'

    def retrieve_attachment(self, record):
        """Applications are found by what they contain: their name changes with language and number.

        :param record: what is printed
        :return: its attachment, empty where it is to be printed anew
        """
        if self.report_name != APPLICATION:
            return super().retrieve_attachment(record)
        return record._get_issued_file('pdf')

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Applications for payment: each on its own paper, and as issued once it is.

        Pages become less full where the printer needs more of them than planned.
        """
        report = self._get_report(report_ref)
        if not res_ids or report.report_name != APPLICATION:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        bills = self.env['progress.bill'].browse(dict.fromkeys(res_ids))
        bills.check_access('read')
        bills._check_application()
        streams = {}
        for bill in bills:
            on_paper = report.new({'paperformat_id': bill._get_application_paperformat().id}, origin=report)
            for density in DENSITIES:
                options = {**(data or {}), 'density': density}
                stream = super()._render_qweb_pdf_prepare_streams(on_paper, options, res_ids=bill.ids)[bill.id]
                if stream['attachment'] or self._has_planned_pages(bill, stream['stream'], density):
                    break
            if not stream['attachment']:
                stream['attachment'] = bill._issue_application(stream['stream'].getvalue())
            streams[bill.id] = stream
        return streams

    def _has_planned_pages(self, bill, stream, density):
        """Whether the printer took as many pages as were planned, so that each has its head and its total."""
        document = self.env[f'report.{APPLICATION}']._of(bill)._get_document(bill, density)
        return len(PdfFileReader(stream).pages) <= len(document['pages'])
