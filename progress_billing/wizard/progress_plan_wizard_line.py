from odoo import api, fields, models


class ProgressPlanWizardLine(models.TransientModel):
    """An instalment as it will be planned; dates, texts and weights can be changed before."""

    _name = 'progress.plan.wizard.line'
    _description = "Billing Plan Instalment"
    _inherit = 'progress.wizard.mixin'
    _parent_field = 'wizard_id'
    _order = 'date, id'

    wizard_id = fields.Many2one('progress.plan.wizard', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='wizard_id.currency_id')
    date = fields.Date(required=True)
    title = fields.Char()
    item_description = fields.Char()
    weight = fields.Float(
        default=1.0, digits=(16, 4), help="Instalments share the plan in proportion to their weights."
    )

    amount = fields.Monetary(compute='_compute_amount', help="Untaxed: what the instalment will bill.")

    @api.depends('weight', 'date', 'wizard_id.amount', 'wizard_id.line_ids.weight', 'wizard_id.line_ids.date')
    def _compute_amount(self):
        for wizard, lines in self.grouped('wizard_id').items():
            shares = wizard._get_shares()
            for line in lines:
                line.amount = float(shares.get(line, 0))

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
        }
