from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ..models.period.progress_billing_period import UNITS
from ..models.period.progress_billing_period_series import LAST_YEAR, MAX_PERIODS
from ..models.period.res_company import MAX_DUE_DAYS
from ..tools import periods as spans


class ProgressPeriodWizard(models.TransientModel):
    """Make a project's billing periods in one go: from when, how long, how many."""

    _name = 'progress.period.wizard'
    _description = "Make Billing Periods"
    _inherit = 'progress.wizard.mixin'

    project_id = fields.Many2one('project.project', required=True)
    unit = fields.Selection(
        UNITS, string="Length", required=True, compute='_compute_unit', store=True, readonly=False, precompute=True
    )
    date_from = fields.Date(
        string="From", required=True, compute='_compute_date_from', store=True, readonly=False, precompute=True
    )
    mode = fields.Selection(
        [('count', "Number"), ('until', "Until")], string="How Many", default='count', required=True
    )
    count = fields.Integer(string="Periods", default=12)
    date_until = fields.Date(string="Until")
    due_days = fields.Integer(string="Due After (Days)", help="Days from the end of a period to its due date.")
    has_due_date = fields.Boolean(string="With Due Date")
    is_automatic = fields.Boolean(
        string="Go On by Itself", default=True, help="The next period is made before the last one ends."
    )
    preview = fields.Char(compute='_compute_preview')

    @api.depends('project_id')
    def _compute_unit(self):
        for wizard in self:
            policies = wizard.project_id.progress_contract_ids.mapped('period_policy')
            wizard.unit = wizard.unit or next((policy for policy in policies if policy != 'on_demand'), 'month')

    @api.depends('project_id', 'unit')
    def _compute_date_from(self):
        """After the last period; for the first ones where the calendar's month, week… begins."""
        for wizard in self:
            last = max(wizard.project_id.progress_period_ids.mapped('date_end'), default=None)
            company = wizard.project_id.company_id or self.env.company  # default of a shared project
            today = company._get_progress_today()
            unit = wizard.unit or 'month'
            wizard.date_from = last + timedelta(days=1) if last else spans.calendar_span(today, unit)[0]

    @api.depends('date_from', 'unit', 'mode', 'count', 'date_until')
    def _compute_preview(self):
        for wizard in self:
            found = wizard._get_spans()
            if not found or len(found) > MAX_PERIODS:
                wizard.preview = wizard._get_too_many_message() if found else False
                continue
            wizard.preview = self.env._(
                "%(count)s periods, %(start)s to %(end)s",
                count=len(found),
                start=format_date(self.env, found[0][0]),
                end=format_date(self.env, found[-1][1]),
            )

    @api.constrains('due_days', 'date_from')
    def _check_days(self):
        for wizard in self:
            if abs(wizard.due_days) > MAX_DUE_DAYS or wizard.date_from.year > LAST_YEAR:
                raise ValidationError(
                    self.env._(
                        "%(project)s: periods are due at most %(days)s days from their end, and start before %(year)s.",
                        project=wizard.project_id.display_name,
                        days=MAX_DUE_DAYS,
                        year=LAST_YEAR,
                    )
                )

    def _get_spans(self):
        """Start and end of the periods asked for, at most one too many; those that start after *until* are none."""
        if not self.date_from or not self.unit or self.date_from.year > LAST_YEAR:
            return []
        if self.mode == 'count':
            return spans.spans(self.date_from, min(max(self.count, 0), MAX_PERIODS + 1), self.unit)
        until = self.date_until or self.date_from - timedelta(days=1)
        found = []
        while len(found) <= MAX_PERIODS:
            [(start, end)] = spans.spans(self.date_from, 1, self.unit, skip=len(found))
            if start > until:
                break
            found.append((start, end))
        return found

    def _get_too_many_message(self):
        return self.env._("At most %s periods are made at once: enter fewer, or an earlier last day.", MAX_PERIODS)

    def action_confirm(self):
        """Make the periods.

        :return dict: the action that shows them
        :raises UserError: when there is none to make
        :raises ValidationError: when one overlaps a period of the project
        """
        self.ensure_one()
        if not self.project_id:
            raise UserError(self.env._("Choose a project first."))
        found = self._get_spans()
        if not found:
            raise UserError(
                self.env._("%s: enter how many periods, or a last day after the first.", self.project_id.display_name)
            )
        if len(found) > MAX_PERIODS:
            raise UserError(self._get_too_many_message())
        periods = self.env['progress.billing.period'].create(
            [
                {
                    'project_id': self.project_id.id,
                    'unit': self.unit if self.is_automatic else False,
                    'date_start': start,
                    'date_end': end,
                    'date_due': end + timedelta(days=self.due_days) if self.has_due_date else False,
                }
                for start, end in found
            ]
        )
        return dict(periods._get_period_action(), domain=[('project_id', '=', self.project_id.id)])
