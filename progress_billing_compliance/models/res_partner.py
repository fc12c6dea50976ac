from odoo import fields, models


class ResPartner(models.Model):
    _inherit = 'res.partner'

    progress_compliance_ids = fields.One2many(
        'progress.compliance',
        'commercial_partner_id',
        string="Compliance Documents",
        groups='progress_billing.group_readonly,progress_billing.group_subcontract_readonly',
        help="Of the firm and its people, for all contracts and for each.",
    )
