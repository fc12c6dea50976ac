from odoo import api, fields, models

from ..contract.progress_tab_mixin import READERS


class ProgressProjectPeriods(models.Model):
    """The billing periods of a project."""

    _name = 'project.project'
    _inherit = 'project.project'

    progress_period_ids = fields.One2many(
        'progress.billing.period', 'project_id', string="Billing Periods", groups=READERS
    )
    # stored: each form of a project asks for it
    progress_period_count = fields.Integer(compute='_compute_progress_period_count', store=True, groups=READERS)

    @api.depends('progress_period_ids')
    def _compute_progress_period_count(self):
        for project in self:
            project.progress_period_count = len(project.progress_period_ids)

    def action_view_progress_periods(self):
        """The billing periods of these projects.

        :return dict: an action on ``progress.billing.period``
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_billing_period')
        return dict(
            action,
            domain=[('project_id', 'in', self.ids)],
            context={'default_project_id': self.id if len(self) == 1 else False},
        )

    def action_make_progress_periods(self):
        """Make Periods: asks from when, how long and how many.

        :return dict: the dialog
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_period_wizard')
        return dict(action, context={'default_project_id': self.id})
