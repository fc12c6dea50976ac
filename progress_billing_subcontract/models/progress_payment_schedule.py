from odoo import models


class ProgressPaymentSchedule(models.Model):
    """Expected payments of claims leave the house by administrators (SUB-16)."""

    _name = 'progress.payment.schedule'
    _inherit = ['progress.payment.schedule', 'progress.claim.export.mixin']
