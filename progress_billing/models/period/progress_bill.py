from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ..bill.progress_bill import STANDING_STATES


class ProgressBillPeriods(models.Model):
    """The billing period of a bill: an open one that contains its date (PER-3, PER-7).

    Records are planned into any period; when they are billed the period must be open. A closed
    period takes no bill, and none leaves it.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    period_id = fields.Many2one(
        'progress.billing.period',
        string="Billing Period",
        index='btree_not_null',
        ondelete='restrict',
        copy=False,
        domain="[('project_id', '=', project_id), ('state', '=', 'open')]",
        help="Given by the date when the bill is made, unless chosen before.",
    )

    @api.constrains('period_id', 'project_id')
    def _check_period_project(self):
        for bill in self:
            period = bill.period_id.sudo()  # sudo: progress.billing.period - its project only
            if period and period.project_id != bill.project_id:
                raise ValidationError(
                    self.env._(
                        "%(bill)s: the billing period %(period)s belongs to another project, %(project)s.",
                        bill=bill.display_name,
                        period=period.name,
                        project=period.project_id.display_name,
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        bills = super().create(vals_list)
        bills.filtered(lambda bill: bill.review_state in STANDING_STATES)._assign_periods()
        return bills

    def write(self, vals):
        moving = self._get_moving(vals)
        result = super().write(vals)
        if moving:
            if 'period_id' not in vals:
                stale = moving.filtered(
                    lambda bill: bill.period_id and not bill.period_id._contains(bill._get_period_date())
                )
                stale.period_id = False
            moving.filtered('bucket')._assign_periods()
        if vals.get('review_state') in STANDING_STATES:
            self._assign_periods()
        return result

    def _get_moving(self, vals):
        """Bills whose date or period changes by writing ``vals``.

        :raises UserError: when one of them would leave a closed period
        """
        names = [name for name in ('date', 'period_id') if name in vals]
        values = {name: self._fields[name].convert_to_cache(vals[name], self) for name in names}
        moving = self.filtered(
            lambda bill: any(
                bill._fields[name].convert_to_cache(bill[name], bill) != value for name, value in values.items()
            )
        )
        moving.filtered('bucket')._check_period_left()
        return moving

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed_period(self):
        self.filtered(lambda bill: bill.bucket or bill.name)._check_period_left()

    def _check_period_left(self):
        """:raises UserError: for a bill of a closed period, naming both"""
        for bill in self:
            period = bill.period_id.sudo()  # sudo: progress.billing.period - its state only
            if period.state == 'closed':
                raise UserError(
                    self.env._(
                        "%(bill)s belongs to %(period)s, which is closed: an administrator has to reopen the period "
                        "first.",
                        bill=bill.display_name,
                        period=period.name,
                    )
                )

    # === BUSINESS === #

    def _create_invoices(self, actor=None):
        self._assign_periods()
        return super()._create_invoices(actor)

    def _get_period_date(self):
        """The day that decides about the period."""
        self.ensure_one()
        return self.date or self.company_id._get_progress_today()

    def _needs_period(self):
        """Whether the bill cannot be made without a period (PER-3)."""
        self.ensure_one()
        return self.contract_id.period_policy != 'on_demand'

    def _assign_periods(self):
        """Give these bills the period of their date, and refuse those whose period takes no bills.

        :raises UserError: naming the bill, and the period that is closed, missing or not the date's
        """
        todo = self.filtered(lambda bill: bill.kind != 'opening' and (bill.project_id or bill.period_id))
        if not todo:
            return
        found = todo._find_periods()
        for bill in todo:
            # sudo: progress.billing.period - a closed period is closed for everyone
            period = bill.period_id.sudo() or found.get(bill) or bill._make_period()
            bill._check_period(period)
            if period != bill.period_id.sudo():  # sudo: progress.billing.period - as above
                bill._write_protected({'period_id': period.id})
        todo.period_id.sudo()._lock()  # sudo: progress.billing.period - whoever bills takes part in the lock

    def _find_periods(self):
        """``{bill: period of its date}``, in one search."""
        open_bills = self.filtered(lambda bill: not bill.period_id)
        days = {bill: bill._get_period_date() for bill in open_bills}
        if not days:
            return {}
        # sudo: progress.billing.period - a closed period is closed for everyone
        periods = self.env['progress.billing.period'].sudo()
        by_project = periods.search(
            [
                ('project_id', 'in', open_bills.project_id.ids),
                ('date_start', '<=', max(days.values())),
                ('date_end', '>=', min(days.values())),
            ]
        ).grouped('project_id')
        result = {}
        for bill, day in days.items():
            mine = by_project.get(bill.project_id.sudo(), periods)  # sudo: project.project - as a key only
            match = mine.filtered(lambda period, day=day: period._contains(day))
            if match:
                result[bill] = match
        return result

    def _make_period(self):
        """The period that the scheduled action has not made yet, where they come by themselves."""
        periods = self.env['progress.billing.period']
        if not self._needs_period():
            return periods
        return periods._make_for(self.project_id, self._get_period_date(), self.contract_id.period_policy)

    def _check_period(self, period):
        """:raises UserError: when ``period`` cannot take this bill"""
        self.ensure_one()
        values = {
            'bill': self.display_name,
            'date': format_date(self.env, self._get_period_date()),
            'project': self.project_id.sudo().display_name,  # sudo: project.project - its name only
        }
        if not period:
            if self._needs_period():
                raise UserError(
                    self.env._(
                        "%(bill)s: no billing period of %(project)s contains %(date)s. Change the date of the bill, "
                        "or add a period.",
                        **values,
                    )
                )
            return
        values.update(period=period.name, span=period._format_span())
        if period.state == 'closed':
            raise UserError(
                self.env._(
                    "%(bill)s: the billing period %(period)s (%(span)s) is closed and takes no bills. Change the date "
                    "of the bill or its period, or have an administrator reopen the period.",
                    **values,
                )
            )
        if not period._contains(self._get_period_date()):
            raise UserError(
                self.env._(
                    "%(bill)s: its date %(date)s lies outside its billing period %(period)s (%(span)s). Change the "
                    "date or the period.",
                    **values,
                )
            )
