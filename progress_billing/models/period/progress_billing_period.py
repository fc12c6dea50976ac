from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ...tools import periods as spans

UNITS = [('week', "Week"), ('month', "Month"), ('quarter', "Quarter"), ('year', "Year")]


class ProgressBillingPeriod(models.Model):
    """When is billed: a span of days of a project that takes bills while it is open (PER-1, PER-3).

    The rules about bills are in ``progress_bill.py``, the scheduled action in ``progress_billing_period_series.py``.
    """

    _name = 'progress.billing.period'
    _description = "Billing Period"
    _inherit = [
        'progress.guard.mixin',
        'mail.thread',
    ]
    _order = 'date_start desc, id desc'
    _parent_field = 'project_id'
    _parent_access = 'read'

    name = fields.Char(compute='_compute_name', store=True, readonly=False, precompute=True, required=True)
    calendar_title = fields.Char(string="In the Calendar", compute='_compute_calendar_title')
    project_id = fields.Many2one('project.project', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='project_id.company_id', store=True, index=True, guarded=True)
    date_start = fields.Date(string="From", required=True, tracking=True, index=True)
    date_end = fields.Date(string="To", required=True, tracking=True)
    date_due = fields.Date(
        string="Due Date", tracking=True, help="The day by which the period's bills are to be handed in."
    )
    unit = fields.Selection(
        UNITS,
        string="Automatic",
        help="The next period is made by itself before this one ends. Empty: periods made by hand.",
    )
    state = fields.Selection(
        [('open', "Open"), ('closed', "Closed")],
        string="Status",
        default='open',
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
        guarded=True,
    )
    is_current = fields.Boolean(
        string="Current",
        compute='_compute_is_current',
        search='_search_is_current',
        help="The open period that contains today, else the oldest open one of the project.",
    )
    bill_ids = fields.One2many('progress.bill', 'period_id', string="Bills", readonly=True, guarded=True)
    bill_count = fields.Integer(compute='_compute_bill_figures', string="Number of Bills")
    draft_count = fields.Integer(compute='_compute_bill_figures', string="Drafts and Pro Formas")
    billed_amount = fields.Monetary(
        compute='_compute_bill_figures',
        string="Billed",
        help="Untaxed: drafts and invoices of the period, less credit notes, in the company's currency.",
    )
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')

    # === COMPUTE === #

    @api.depends('name', 'project_id.name')
    def _compute_calendar_title(self):
        for period in self:
            period.calendar_title = f'{period.project_id.display_name or ""}: {period.name}'

    @api.depends('date_start', 'date_end')
    def _compute_name(self):
        """A readable name, where nobody gives another one; ``write`` keeps it in step."""
        for period in self:
            if not period.name and period.date_start and period.date_end:
                period.name = period._get_default_name()

    def _get_default_name(self):
        """“March 2026”, “Q1 2026”, “2026”, or both dates of any other span."""
        start, end = self.date_start, self.date_end
        if (start, end) == spans.calendar_span(start, 'month'):
            return format_date(self.env, start, date_format='MMMM yyyy')
        if (start, end) == spans.calendar_span(start, 'quarter'):
            return format_date(self.env, start, date_format='QQQ yyyy')
        if (start, end) == spans.calendar_span(start, 'year'):
            return str(start.year)
        return f'{format_date(self.env, start)} – {format_date(self.env, end)}'

    @api.depends('company_id')
    def _compute_currency_id(self):
        for period in self:
            period.currency_id = period._get_company().currency_id

    @api.depends('state', 'date_start', 'date_end', 'project_id')
    def _compute_is_current(self):
        current = self._find_current(self.project_id)
        for period in self:
            period.is_current = period._origin in current

    def _search_is_current(self, operator, _value):
        if operator != 'in':
            return NotImplemented
        return [('id', 'in', self._find_current().ids)]

    @api.depends(
        'bill_ids.state',
        'bill_ids.bucket',
        'bill_ids.date',
        'bill_ids.invoiced_amount',
        'bill_ids.credited_amount',
    )
    def _compute_bill_figures(self):
        for period in self:
            bills = period.bill_ids.filtered(lambda bill: bill.bucket or bill.state == 'planned')
            standing = bills.filtered('bucket')
            period.bill_count = len(bills)
            period.draft_count = len(bills.filtered(lambda bill: bill.bucket == 'draft'))
            period.billed_amount = sum(
                bill.currency_id._convert(
                    bill.invoiced_amount - bill.credited_amount,
                    period.currency_id,
                    bill.company_id,
                    bill.date or period.date_end,
                )
                for bill in standing
            )

    # === CONSTRAINTS === #

    @api.constrains('date_start', 'date_end', 'project_id')
    def _check_dates(self):
        for period in self:
            if period.date_start > period.date_end:
                raise ValidationError(self.env._("%s: a billing period ends after it starts.", period.name))
        self._check_no_overlap()
        self._check_bills_stay()

    def _check_no_overlap(self):
        """Periods of a project never overlap (PER-1)."""
        self._lock_projects()
        # sudo: progress.billing.period - periods overlap whoever may see them
        others = self.sudo().search([('project_id', 'in', self.project_id.ids)])
        for period in self:
            for other in others:
                if (
                    other != period
                    and other.project_id == period.project_id
                    and other.date_start <= period.date_end
                    and period.date_start <= other.date_end
                ):
                    raise ValidationError(
                        self.env._(
                            "%(period)s (%(span)s) overlaps %(other)s (%(other_span)s) of %(project)s: change its "
                            "dates.",
                            period=period.name,
                            span=period._format_span(),
                            other=other.name,
                            other_span=other._format_span(),
                            project=period.project_id.display_name,
                        )
                    )

    def _check_bills_stay(self):
        """The dates of a period with bills cannot exclude them (PER-1)."""
        # sudo: progress.bill - the bills count whoever may see them
        for bill in self.sudo().bill_ids.filtered('bucket'):
            if not bill.period_id._contains(bill._get_period_date()):
                raise ValidationError(
                    self.env._(
                        "The dates of %(period)s (%(span)s) would exclude %(bill)s of %(date)s, which belongs to it.",
                        period=bill.period_id.name,
                        span=bill.period_id._format_span(),
                        bill=bill.display_name,
                        date=format_date(self.env, bill._get_period_date()),
                    )
                )

    # === CRUD === #

    def write(self, vals):
        names = [name for name in ('date_start', 'date_end') if name in vals]
        if not names:
            return super().write(vals)
        for period in self.filtered(lambda period: period.state == 'closed'):
            if any(period._differs(name, fields.Date.to_date(vals[name])) for name in names):
                raise UserError(self.env._("%s is closed: reopen it before you change its dates.", period.name))
        self._lock()
        by_dates = self.filtered(lambda period: period.name == period._get_default_name())
        result = super().write(vals)
        if 'name' not in vals:
            for period in by_dates:
                period.name = period._get_default_name()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for period in self:
            # sudo: progress.bill - the bills count whoever may see them
            bills = period.sudo().bill_ids
            if bills:
                raise UserError(
                    self.env._(
                        "%(period)s cannot be deleted: it has bills (%(bills)s).",
                        period=period.name,
                        bills=', '.join(bills[:5].mapped('display_name')),
                    )
                )
            if period.state == 'closed':
                raise UserError(self.env._("%s is closed: reopen it before you delete it.", period.name))

    # === ACTIONS === #

    def action_close(self):
        """Open → closed: the periods take no more bills, and none leaves them.

        Called again it changes nothing.

        :return dict: the action that shows the periods
        :raises UserError: while pro formas or draft invoices of a period are not posted or deleted (PER-5)
        """
        self._check_may_close()
        todo = self.filtered(lambda period: period.state == 'open')
        todo._lock()
        for period in todo:
            # sudo: progress.bill - drafts count whoever may see them
            drafts = period.sudo().bill_ids.filtered(lambda bill: bill.bucket == 'draft')
            if drafts:
                raise UserError(
                    self.env._(
                        "%(period)s of %(project)s cannot be closed: post, invoice or delete these drafts first: "
                        "%(drafts)s.",
                        period=period.name,
                        project=period.project_id.sudo().display_name,  # sudo: project.project - its name only
                        drafts=', '.join(drafts.mapped('display_name')),
                    )
                )
        # sudo: progress.billing.period - whoever bills may close and reopen what he sees, and change nothing else
        todo.sudo()._write_protected({'state': 'closed'})
        return self._get_period_action()

    def action_reopen(self):
        """Closed → open, by administrators of progress billing only (PER-5).

        :return dict: the action that shows the periods
        :raises AccessError: for anybody else
        """
        self._check_may_close()
        if not self.env.su and not self._has_level('manager'):
            raise AccessError(self.env._("Only administrators of progress billing reopen a billing period."))
        todo = self.filtered(lambda period: period.state == 'closed')
        todo._lock()
        # sudo: progress.billing.period - as above
        todo.sudo()._write_protected({'state': 'open'})
        return self._get_period_action()

    def action_view_bills(self):
        """The bills of these periods.

        :return dict: an action on ``progress.bill``
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_bill')
        return dict(action, domain=[('period_id', 'in', self.ids)], context={})

    def _get_period_action(self):
        shown = 'progress_billing.action_progress_billing_period'
        action = self.env['ir.actions.act_window']._for_progress_records(shown, self)
        return dict(action, context={})

    # === BUSINESS === #

    def _check_may_close(self):
        """Whoever bills may close a period he sees; reading is not enough."""
        self.check_access('read')
        if not self.env.su and not self._has_level('user'):
            raise AccessError(self.env._("Only users of progress billing close a billing period."))

    def _has_level(self, level):
        """Whether the user has a level of rights on either side: periods serve customer contracts and subcontracts.

        :param str level: see ``progress.contract`` ``_get_side_group``
        """
        groups = (f'progress_billing.group_{level}', f'progress_billing.group_subcontract_{level}')
        return any(self.env.user.has_group(group) for group in groups)

    def _lock(self):
        """Take the periods' rows, by a real update as in ``progress.contract`` ``_lock_for_billing``."""
        self._touch('progress_billing_period')

    def _lock_projects(self):
        """Let one session at a time add periods to a project, so that none overlap."""
        self.project_id.flush_recordset()
        self.browse()._touch('project_project', self.project_id.ids)

    def _touch(self, table, ids=None):
        ids = sorted(self.ids if ids is None else ids)
        if not ids:
            return
        self.flush_recordset()
        table = SQL.identifier(table)
        self.env.execute_query(SQL("SELECT id FROM %s WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", table, ids))
        self.env.execute_query(SQL("UPDATE %s SET write_uid = write_uid WHERE id = ANY(%s) RETURNING id", table, ids))

    def _get_company(self):
        return self.company_id or self.env.company  # default of a project that all companies share

    def _contains(self, day):
        self.ensure_one()
        return self.date_start <= day <= self.date_end

    def _format_span(self):
        self.ensure_one()
        return f'{format_date(self.env, self.date_start)} – {format_date(self.env, self.date_end)}'

    @api.model
    def _find_current(self, projects=None):
        """The current period of each project: the open one that contains today, else the oldest open one.

        :param projects: all that the user sees unless given
        :return: at most one period a project
        """
        domain = Domain('state', '=', 'open')
        if projects is not None:
            domain &= Domain('project_id', 'in', projects.ids)
        current = self.browse()
        for mine in self.search(domain, order='date_start').grouped('project_id').values():
            today = mine[0]._get_company()._get_progress_today()
            current |= mine.filtered(lambda period, today=today: period._contains(today))[:1] or mine[:1]
        return current
