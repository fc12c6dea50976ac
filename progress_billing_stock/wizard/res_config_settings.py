from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    progress_invoice_on_shipment = fields.Boolean(related='company_id.progress_invoice_on_shipment', readonly=False)
