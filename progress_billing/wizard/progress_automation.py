from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

CRON = 'progress_billing.ir_cron_generate_progress_invoices'
MAX_INTERVAL = 1000
MAX_YEARS = 10


class ProgressAutomation(models.TransientModel):
    """The scheduled action as billing managers see it: on or off, next run, last result (PLN-12)."""

    _name = 'progress.automation'
    _description = "Automatic Progress Billing"
    _inherit = 'progress.wizard.mixin'

    active = fields.Boolean(string="Bill Due Records Automatically", default=lambda self: self._get_cron().active)
    interval_number = fields.Integer(
        string="Every", default=lambda self: self._get_cron().interval_number, required=True
    )
    interval_type = fields.Selection(
        [('minutes', "Minutes"), ('hours', "Hours"), ('days', "Days"), ('weeks', "Weeks"), ('months', "Months")],
        default=lambda self: self._get_cron().interval_type,
        required=True,
    )
    next_run = fields.Datetime(default=lambda self: self._get_cron().nextcall, required=True)
    last_run = fields.Datetime(compute='_compute_result')
    last_result = fields.Char(compute='_compute_result')
    billing_run = fields.Datetime(string="Last Run on Billing Dates", compute='_compute_result')
    billing_run_result = fields.Char(compute='_compute_result')
    due_count = fields.Integer(string="Due Now", compute='_compute_result')
    failed_count = fields.Integer(string="Failed", compute='_compute_result')

    def _get_cron(self):
        # sudo: ir.cron - billing managers may set this one job, see action_apply
        return self.env.ref(CRON).sudo()

    @api.depends_context('uid', 'company')
    def _compute_result(self):
        bills = self.env['progress.bill']
        company = self.env.company  # default: the report of the company at hand
        for wizard in self:
            wizard.last_run = company.progress_last_run
            wizard.last_result = company.progress_last_run_result
            wizard.billing_run = company.progress_last_billing_run
            wizard.billing_run_result = company.progress_last_billing_run_result
            wizard.due_count = bills.search_count(bills._get_due_domain())
            wizard.failed_count = bills.search_count([('run_state', '=', 'failed')])

    @api.constrains('interval_number', 'next_run')
    def _check_timing(self):
        """:raises ValidationError: for an interval or a next run that nobody can mean"""
        for wizard in self:
            if not 1 <= wizard.interval_number <= MAX_INTERVAL:
                raise ValidationError(
                    self.env._(
                        "The automatic billing runs every 1 to %s minutes, hours, days, weeks or months.", MAX_INTERVAL
                    )
                )
            if wizard.next_run > fields.Datetime.now() + relativedelta(years=MAX_YEARS):
                raise ValidationError(
                    self.env._(
                        "The next run must lie within %s years. To stop the automatic billing, switch it off.",
                        MAX_YEARS,
                    )
                )

    def _check_manager(self):
        if not self.env.user.has_group('progress_billing.group_manager'):
            raise AccessError(self.env._("Only Progress Billing administrators may change the automatic billing."))

    def action_apply(self):
        """Store on/off, interval and next run on the scheduled action.

        :return dict: closes the dialog
        :raises AccessError: for users who are no billing managers
        """
        self.ensure_one()
        self._check_manager()
        self._get_cron().write(
            {
                'active': self.active,
                'interval_number': self.interval_number,
                'interval_type': self.interval_type,
                'nextcall': self.next_run,
            }
        )
        return {'type': 'ir.actions.act_window_close'}

    def action_run(self):
        """Have the scheduled action run as soon as a worker is free.

        :return dict: a notification
        :raises AccessError: for users who are no billing managers
        """
        self._check_manager()
        self._get_cron()._trigger()
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._("The run starts within a minute. Results show on the records."),
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    def action_view_due(self):
        """The records that the next run bills.

        :return dict: an action on ``progress.bill``
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_bill')
        due = self.env['progress.bill'].search(self.env['progress.bill']._get_due_domain())
        return dict(action, domain=[('id', 'in', due.ids)])

    def action_view_failed(self):
        """The records that could not be billed, with their errors.

        :return dict: an action on ``progress.bill``
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_bill')
        return dict(action, domain=[('run_state', '=', 'failed')])
