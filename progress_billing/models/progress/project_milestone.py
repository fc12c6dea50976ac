from odoo import api, fields, models

from ..contract.progress_tab_mixin import READERS


class ProjectMilestone(models.Model):
    """Schedule lines that are done when a milestone is reached."""

    _name = 'project.milestone'
    _inherit = 'project.milestone'

    progress_line_ids = fields.One2many(
        'progress.contract.line', 'milestone_id', string="Schedule of Values Lines", groups=READERS
    )

    @api.depends('progress_line_ids.revised_amount')
    def _compute_progress_amount(self):
        return super()._compute_progress_amount()

    def _get_progress_amounts(self):
        lines = [(line.currency_id, line.revised_amount) for line in self.progress_line_ids]
        return super()._get_progress_amounts() + lines

    @api.depends('progress_line_ids.requires_approval')
    def _compute_billing_approval(self):
        return super()._compute_billing_approval()

    def _get_progress_records(self):
        return [*super()._get_progress_records(), self.progress_line_ids]

    def _on_progress_trigger(self):
        """Lines that follow a milestone are done with it."""
        # sudo: progress.contract.line - whoever works on the project need not bill
        lines = self.sudo().progress_line_ids
        lines.filtered(lambda line: line.progress_source == 'milestone')._follow_source()
        return super()._on_progress_trigger()
