from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import instalments


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

    @api.constrains('offset', 'offset_unit')
    def _check_offset(self):
        for line in self:
            if not instalments.is_within(fields.Date.today(), line.offset, line.offset_unit):
                raise ValidationError(
                    self.env._(
                        "%(line)s of the billing plan %(name)s comes %(offset)s %(unit)s after its start: that must be "
                        "0 or more, and within 50 years.",
                        line=line.title or self.env._("An instalment"),
                        name=line.template_id.name,
                        offset=line.offset,
                        unit=dict(self._fields['offset_unit']._description_selection(self.env))[line.offset_unit],
                    )
                )
