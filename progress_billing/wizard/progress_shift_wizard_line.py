from odoo import api, fields, models


class ProgressShiftWizardLine(models.TransientModel):
    """A planned record with the date it will have."""

    _name = 'progress.shift.wizard.line'
    _description = "Move Planned Dates Line"
    _inherit = 'progress.wizard.mixin'

    wizard_id = fields.Many2one('progress.shift.wizard', required=True, ondelete='cascade')
    bill_id = fields.Many2one('progress.bill', string="Planned Record", required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='bill_id.currency_id')
    date = fields.Date(related='bill_id.date', string="Date Now")
    new_date = fields.Date(compute='_compute_new_date')
    planned_amount = fields.Monetary(related='bill_id.planned_amount')

    @api.depends('wizard_id.days', 'bill_id.date')
    def _compute_new_date(self):
        for line in self:
            if line.date and not line.wizard_id.shift_error:
                line.new_date = fields.Date.add(line.date, days=line.wizard_id.days)
            else:
                line.new_date = False
