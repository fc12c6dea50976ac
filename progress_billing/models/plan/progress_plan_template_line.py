from odoo import api, fields, models


class ProgressPlanTemplateLine(models.Model):
    """One instalment of a billing plan template."""

    _name = 'progress.plan.template.line'
    _description = "Billing Plan Template Line"
    _inherit = 'progress.guard.mixin'
    _parent_field = 'template_id'
    _order = 'template_id, sequence, id'

    template_id = fields.Many2one('progress.plan.template', required=True, index=True, ondelete='cascade')
    sequence = fields.Integer(default=10)
    title = fields.Char(translate=True)
    item_description = fields.Char(translate=True)
    percent = fields.Float(string="Share (%)", required=True, digits=(16, 4), help="In percent of the contract.")
    offset = fields.Integer(string="After", help="How long after the start of the plan.")
    offset_unit = fields.Selection(
        [('days', "Days"), ('weeks', "Weeks"), ('months', "Months")], default='months', required=True
    )

    @api.constrains('percent')
    def _check_percent(self):
        self.template_id._check_percent()
