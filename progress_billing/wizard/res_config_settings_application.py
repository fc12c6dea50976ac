from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    progress_application_use = fields.Selection(related='company_id.progress_application_use', readonly=False)
    progress_application_paper = fields.Selection(related='company_id.progress_application_paper', readonly=False)
    progress_application_stored_column = fields.Selection(
        related='company_id.progress_application_stored_column', readonly=False
    )
    progress_application_retainage_column = fields.Selection(
        related='company_id.progress_application_retainage_column', readonly=False
    )
    progress_application_statement = fields.Text(related='company_id.progress_application_statement', readonly=False)
    progress_application_certificate = fields.Text(
        related='company_id.progress_application_certificate', readonly=False
    )
    progress_application_terms = fields.Text(related='company_id.progress_application_terms', readonly=False)
    progress_application_signatures = fields.Text(related='company_id.progress_application_signatures', readonly=False)
