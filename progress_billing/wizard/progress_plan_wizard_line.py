from odoo import fields, models


class ProgressPlanWizardLine(models.TransientModel):
    """An instalment as it will be planned; dates, texts and weights can be changed before."""

    _name = 'progress.plan.wizard.line'
    _description = "Billing Plan Instalment"
    _inherit = 'progress.wizard.mixin'
    _parent_field = 'wizard_id'
    _order = 'date, id'

    wizard_id = fields.Many2one('progress.plan.wizard', required=True, ondelete='cascade')
    date = fields.Date(required=True)
    title = fields.Char()
    item_description = fields.Char()
    weight = fields.Float(
        default=1.0, digits=(16, 4), help="Instalments share the plan in proportion to their weights."
    )

    def _prepare_bill_vals(self, amount):
        """Values of the planned record.

        :param float amount: untaxed share of the plan
        """
        self.ensure_one()
        return {
            'contract_id': self.wizard_id.contract_id.id,
            'date': self.date,
            'title': self.title,
            'item_description': self.item_description,
            'planned_amount': amount,
            'plan_weight': self.weight,
            'plan_number': self.wizard_id.id,
            'plan_percent': self.wizard_id.percent,
        }
