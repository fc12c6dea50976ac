from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    progress_vendor_deposit_account_id = fields.Many2one(
        related='company_id.progress_vendor_deposit_account_id', readonly=False
    )
    progress_retainage_payable_account_id = fields.Many2one(
        related='company_id.progress_retainage_payable_account_id', readonly=False
    )
    progress_vendor_retainage_tax_id = fields.Many2one(
        related='company_id.progress_vendor_retainage_tax_id', readonly=False
    )
