from odoo import models


class AccountChartTemplate(models.AbstractModel):
    _inherit = 'account.chart.template'

    def _post_load_data(self, template_code, company, template_data):
        """Give a company the accounts of progress billing together with its chart of accounts."""
        result = super()._post_load_data(template_code, company, template_data)
        company = company or self.env.company  # default: as core does here
        company._set_up_progress_accounts()
        return result
