from odoo import models

from ...report.whole_rows import keep_rows_whole


class IrActionsReport(models.Model):
    _name = 'ir.actions.report'
    _inherit = 'ir.actions.report'

    def _prepare_html(self, html, report_model=False):
        """No printer divides a row of a table that is marked for it (BIL-29)."""
        return super()._prepare_html(keep_rows_whole(html), report_model=report_model)
