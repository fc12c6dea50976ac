from odoo import fields, models


class ResCompany(models.Model):
    """How the last run on billing dates went."""

    _name = 'res.company'
    _inherit = 'res.company'

    progress_last_billing_run = fields.Datetime(string="Last Run on Billing Dates", readonly=True)
    progress_last_billing_run_result = fields.Char(string="Result of the Last Run on Billing Dates", readonly=True)
