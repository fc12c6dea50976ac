from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import money


class ProgressPlanTemplate(models.Model):
    """A billing plan to be used again: shares of the contract, days or months apart."""

    _name = 'progress.plan.template'
    _description = "Billing Plan Template"
    _inherit = 'progress.guard.mixin'
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Leave empty for all companies.")
    line_ids = fields.One2many('progress.plan.template.line', 'template_id', copy=True)
    percent = fields.Float(compute='_compute_percent', string="Planned (%)", digits=(16, 4))

    @api.depends('line_ids.percent')
    def _compute_percent(self):
        for template in self:
            template.percent = float(sum((money.to_decimal(line.percent) for line in template.line_ids), money.ZERO))

    @api.constrains('line_ids')
    def _check_percent(self):
        for template in self:
            if template.percent > 100 or any(line.percent <= 0 for line in template.line_ids):
                raise ValidationError(
                    self.env._(
                        "The shares of the billing plan %(name)s must be positive and come to 100%% at most, not "
                        "%(percent)s%%.",
                        name=template.name,
                        percent=template.percent,
                    )
                )
