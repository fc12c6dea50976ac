from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    progress_deposit_account_id = fields.Many2one(related='company_id.progress_deposit_account_id', readonly=False)
    progress_retainage_account_id = fields.Many2one(related='company_id.progress_retainage_account_id', readonly=False)
    progress_retainage_tax = fields.Selection(related='company_id.progress_retainage_tax', readonly=False)
    progress_retainage_base = fields.Selection(related='company_id.progress_retainage_base', readonly=False)
    progress_retainage_tax_id = fields.Many2one(related='company_id.progress_retainage_tax_id', readonly=False)
    progress_overbilling_policy = fields.Selection(related='company_id.progress_overbilling_policy', readonly=False)
    progress_post_invoices = fields.Boolean(related='company_id.progress_post_invoices', readonly=False)
    progress_period_due_days = fields.Integer(related='company_id.progress_period_due_days', readonly=False)
    progress_last_run = fields.Datetime(related='company_id.progress_last_run')
    progress_last_run_result = fields.Char(related='company_id.progress_last_run_result')
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
