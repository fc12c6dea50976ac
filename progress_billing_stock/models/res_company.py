from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    progress_invoice_on_shipment = fields.Boolean(
        string="Auto-generate invoices on shipment",
        help="A delivery that is done makes a regular draft invoice of what was delivered, and a return its credit "
        "note. Orders that progress billing has billed first are left alone.",
    )
