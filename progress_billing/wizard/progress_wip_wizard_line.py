from odoo import fields, models


class ProgressWipWizardLine(models.TransientModel):
    """The work in progress of one project at the date of the report, in the company's currency."""

    _name = 'progress.wip.wizard.line'
    _description = "WIP Schedule Line"
    _inherit = 'progress.wizard.mixin'
    _parent_field = 'wizard_id'
    _order = 'name, id'

    wizard_id = fields.Many2one('progress.wip.wizard', required=True, ondelete='cascade')
    name = fields.Char(string="Project or Contract", readonly=True)
    project_id = fields.Many2one('project.project', readonly=True)
    contract_id = fields.Many2one('progress.contract', readonly=True, help="Where the project has a single one.")
    contract_names = fields.Char(string="Contracts", readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    currency_id = fields.Many2one(related='wizard_id.company_id.currency_id')
    revised_amount = fields.Monetary(string="Revised Contract", readonly=True)
    estimated_cost = fields.Monetary(readonly=True)
    estimated_profit = fields.Monetary(
        string="Estimated Gross Profit", readonly=True, help="Revised contract less estimated cost."
    )
    cost_to_date = fields.Monetary(readonly=True)
    percent_complete = fields.Float(
        string="Complete by Cost (%)",
        digits=(16, 2),
        aggregator=None,
        readonly=True,
        help="Cost to date of estimated cost.",
    )
    earned_revenue = fields.Monetary(readonly=True, help="Revised contract × complete by cost (%).")
    billed_amount = fields.Monetary(string="Invoiced to Date", readonly=True)
    overbilled_amount = fields.Monetary(string="Over-Billing", readonly=True, help="Invoiced above what is earned.")
    underbilled_amount = fields.Monetary(string="Under-Billing", readonly=True, help="Earned above what is invoiced.")
    profit_to_date = fields.Monetary(
        string="Gross Profit to Date", readonly=True, help="Earned revenue less cost to date."
    )
    backlog_amount = fields.Monetary(string="Backlog", readonly=True, help="Revised contract not earned yet.")
    is_estimate_missing = fields.Boolean(string="No Estimated Cost", readonly=True)

    def action_open_source(self):
        """The contract behind a row, to enter its estimated cost.

        :return dict: an action on ``progress.contract``
        """
        self.ensure_one()
        contracts = self.contract_id or self.project_id.progress_contract_ids
        return contracts._get_contract_action()
