import logging
from datetime import timedelta

import psycopg2

from odoo import api, models

from ...tools import periods as spans
from ..base.progress_scheduling_mixin import FAILURES

_logger = logging.getLogger(__name__)

BATCH_SIZE = 100
LEAD_DAYS = 7
LAST_YEAR = 9000  # dates of later may be no typing error, but they have no next period
MAX_PERIODS = 530  # ten years of weeks at once
ACTIVITY = 'progress_billing.mail_activity_period_failed'
ORDER = ('week', 'month', 'quarter', 'year')


class ProgressBillingPeriodSeries(models.Model):
    """The next billing period, made in time by a scheduled action, and at once where a bill needs it.

    The action works in batches of projects, committed one by one. A project whose periods cannot be made gets
    an activity with the error; the others go on. Run again it makes nothing twice.
    """

    _name = 'progress.billing.period'
    _inherit = 'progress.billing.period'

    @api.model
    def _cron_make_next_periods(self):
        """Make the periods of projects with open contracts that are billed by period, a week ahead."""
        cron, units = self.env['ir.cron'], self._get_scheduled_units()
        projects = list(units)
        cron._commit_progress(remaining=len(projects))
        for start in range(0, len(projects), BATCH_SIZE):
            batch = projects[start : start + BATCH_SIZE]
            for project in batch:
                self._make_next_of(project, units[project])
            if not cron._commit_progress(len(batch), remaining=len(projects) - start - len(batch)):
                break

    @api.model
    def _get_scheduled_units(self):
        """``{project: unit}`` of active projects with an open contract billed by period; the shortest unit counts."""
        groups = self.env['progress.contract']._read_group(
            [('state', '=', 'open'), ('period_policy', '!=', 'on_demand'), ('project_id.active', '=', True)],
            ['project_id', 'period_policy'],
            order='project_id',
        )
        units = {}
        for project, unit in groups:
            units[project] = min(units.get(project, unit), unit, key=ORDER.index)
        return units

    @api.model
    def _make_next_of(self, project, unit):
        """Make the periods of one project, all or none; an error goes on the project."""
        try:
            with self.env.cr.savepoint():
                self._make_until_ahead(project, unit)
                self.env.flush_all()
        except psycopg2.errors.SerializationFailure:
            self.env.cr.rollback()  # somebody else adds periods at this moment: the next run looks again
        except FAILURES as error:
            _logger.warning("The next billing period of project %s cannot be made: %s", project.id, error)
            self._report_failed_project(project, str(error))
        else:
            project.activity_unlink([ACTIVITY])

    @api.model
    def _make_until_ahead(self, project, unit):
        """Make the period of today where there is none yet, and the next one from a week before."""
        own = self.env['progress.billing.period']
        today = (project.company_id or self.env.company)._get_progress_today()  # default of a shared project
        last = own.search([('project_id', '=', project.id)], order='date_end desc', limit=1)
        if not last:
            last = own._make_for(project, today, unit)
        last._continue_until(today + timedelta(days=LEAD_DAYS), unit)

    @api.model
    def _report_failed_project(self, project, message):
        if not project.activity_search([ACTIVITY]):
            project.activity_schedule(
                ACTIVITY,
                user_id=(project.user_id or self.env.user).id,
                note=message,
                summary=self.env._("The next billing period could not be made"),
            )

    # === SERIES === #

    @api.model
    def _make_for(self, project, day, unit):
        """The period that should be there by now: the first of a project, or the next ones of an automatic series.

        :param project: the project
        :param date day: the day that is to be covered
        :param str unit: the contract's policy
        :return: the period that contains ``day``; empty where periods are made by hand
        """
        # sudo: progress.billing.period - automatic periods come whoever bills
        own = self.sudo()
        if day.year > LAST_YEAR:
            return own.browse()
        last = own.search([('project_id', '=', project.id)], order='date_end desc', limit=1)
        if not last:
            start, end = spans.calendar_span(day, unit)
            return own.create(
                {
                    'project_id': project.id,
                    'unit': unit,
                    'date_start': start,
                    'date_end': end,
                    # default of a project that all companies share
                    'date_due': (project.company_id or self.env.company)._get_progress_period_due(end),
                }
            )
        if last.unit and last.date_end < day:
            return last._continue_until(day).filtered(lambda period: period._contains(day))
        return own.browse()

    def _continue_until(self, day, unit=False):
        """Make the periods that follow this one, up to the one that contains ``day``.

        :param date day: nothing is made where it is covered
        :param str unit: of the new ones, where this one was made by hand
        :return: the new periods, as many days due after their end as this one, else as the company says
        """
        self.ensure_one()
        unit = self.unit or unit
        first, company = self._get_series_start(unit), self._get_company()
        due = self.date_due and self.date_due - self.date_end
        number, vals_list, end = 0, [], self.date_end
        while end < day and len(vals_list) < MAX_PERIODS:
            [(start, stop)] = spans.spans(first, 1, unit, skip=number)
            number += 1
            if stop <= end:
                continue
            vals = {'project_id': self.project_id.id, 'unit': unit, 'date_end': stop}
            vals['date_start'] = max(start, end + timedelta(days=1))
            vals['date_due'] = stop + due if self.date_due else company._get_progress_period_due(stop)
            vals_list.append(vals)
            end = stop
        return self.create(vals_list)

    def _get_series_start(self, unit):
        """Where the series of this period began: its anchor, as a short month loses the day."""
        if self.unit != unit:
            return self.date_end + timedelta(days=1)
        earlier = self.search(
            [('project_id', '=', self.project_id.id), ('date_end', '<=', self.date_end)], order='date_end desc'
        )
        first = self
        for period in earlier - self:
            if period.unit != unit or period.date_end + timedelta(days=1) != first.date_start:
                break
            first = period
        return first.date_start
