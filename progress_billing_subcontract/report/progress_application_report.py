from odoo import models


class ReportProgressApplication(models.AbstractModel):
    """A claim is the subcontractor's application to us: the parties stand the other way round."""

    _inherit = 'report.progress_billing.report_progress_application'

    def _get_facts(self, bill):
        facts = super()._get_facts(bill)
        if not bill.contract_id._is_subcontract():
            return facts
        # sudo: res.partner - names on the document of a claim that may be read
        known = bill.sudo()
        return {
            **facts,
            'customer': (self.env._("To"), self._get_address(known.company_id.partner_id)),
            'contractor': (self.env._("Subcontractor"), self._get_address(known.partner_id)),
            'contract': (self.env._("Subcontract"), facts['contract'][1]),
        }
