from odoo import models


class ProgressCompliance(models.Model):
    """Waivers say what was certified: those of claims leave the house by administrators (SUB-16)."""

    _name = 'progress.compliance'
    _inherit = ['progress.compliance', 'progress.claim.export.mixin']
