from odoo import fields, models


class ProgressContractRun(models.AbstractModel):
    _name = 'progress.contract.run'
    _description = "Billing Run of a Contract"

    period_policy = fields.Selection(
        [
            ('on_demand', "On Demand"),
            ('week', "Weekly"),
            ('month', "Monthly"),
            ('quarter', "Quarterly"),
            ('year', "Yearly"),
        ],
        string="Billing Period",
        default='on_demand',
        required=True,
        tracking=True,
    )
