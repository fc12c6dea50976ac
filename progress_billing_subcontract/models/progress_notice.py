from odoo import models


class ProgressNotice(models.Model):
    """What subcontractors hear has words of its own."""

    _inherit = 'progress.notice'

    def _get_template_xmlid(self):
        if not self.contract_id._is_subcontract():
            return super()._get_template_xmlid()
        return f'progress_billing_subcontract.mail_template_progress_notice_{self.kind}'
