from odoo import api, fields, models


class ProgressContractPeriods(models.Model):
    """The billing periods of a contract's project."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    period_count = fields.Integer(compute='_compute_period_count', compute_sudo=True)
    current_period_id = fields.Many2one('progress.billing.period', compute='_compute_period_count', compute_sudo=True)

    @api.depends('project_id.progress_period_ids.state')
    def _compute_period_count(self):
        current = self.env['progress.billing.period']._find_current(self.project_id).grouped('project_id')
        for contract in self:
            contract.period_count = len(contract.project_id.progress_period_ids)
            contract.current_period_id = current.get(contract.project_id)

    def action_view_periods(self):
        """The billing periods of the contract's project.

        :return dict: an action on ``progress.billing.period``
        """
        return self.project_id.action_view_progress_periods()
