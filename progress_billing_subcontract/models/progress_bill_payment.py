from odoo import models


class ProgressBillPayment(models.Model):
    _name = 'progress.bill.payment'
    _inherit = ['progress.bill.payment', 'progress.claim.export.mixin']
