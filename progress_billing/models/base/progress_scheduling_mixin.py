import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

BATCH_SIZE = 50
#: what a bad record may raise, its own extensions included; anything else is no fault of a record
FAILURES = (
    UserError,
    ValidationError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    psycopg2.IntegrityError,
    psycopg2.DataError,
)
ACTIVITY_FAILED = 'progress_billing.mail_activity_billing_failed'


class ProgressSchedulingMixin(models.AbstractModel):
    """Records that a scheduled action bills when they are due.

    In batches, committed one by one: a killed run resumes where it stopped. A batch with a bad
    record is rolled back and billed record by record, so that only the bad one stays behind,
    with its error on it. Models give :meth:`_get_due_domain` and :meth:`_run_scheduled`.
    """

    _name = 'progress.scheduling.mixin'
    _description = "Scheduled Billing"

    run_state = fields.Selection([('failed', "Failed")], string="Last Run", readonly=True, copy=False, guarded=True)
    run_error = fields.Text(string="Last Run's Error", readonly=True, copy=False, guarded=True)
    run_date = fields.Datetime(string="Last Run On", readonly=True, copy=False, guarded=True)

    # === FOR EACH MODEL === #

    @api.model
    def _get_due_domain(self):
        """The records to bill now.

        :return Domain: on the model
        """
        raise NotImplementedError

    def _run_scheduled(self):
        """Bill these records, all or none.

        :return: the bills made
        """
        raise NotImplementedError

    # === THE RUN === #

    @api.model
    def _run_due_records(self):
        """Bill all records that are due, in batches. Records that another transaction holds are left for later.

        :return tuple: how many bills were made, how many records failed
        """
        cron, domain = self.env['ir.cron'], self._get_due_domain()
        cron._commit_progress(remaining=self.search_count(domain))
        seen, made, failed = [], 0, 0
        while batch := self.search(
            domain & Domain('id', 'not in', seen), limit=BATCH_SIZE, order=f'run_date NULLS FIRST, {self._due_order}'
        ):
            seen += batch.ids
            done, bad = self.browse(batch.ids)._run_batch()
            made, failed = made + done, failed + len(bad)
            left = self.search_count(domain & Domain('id', 'not in', seen))
            if not cron._commit_progress(len(batch), remaining=left):
                break  # out of time: the runner calls again
        self._log_run(made, failed)
        cron._commit_progress()
        return made, failed

    @api.model
    def _get_due_date_domain(self, name):
        """A date has come where the record's company is (PLN-3).

        :param str name: the date field
        """
        due = Domain.FALSE
        for company in self.env['res.company'].search([('active', '=', True)]):
            due |= Domain('company_id', '=', company.id) & Domain(name, '<=', company._get_progress_today())
        return due

    def _run_batch(self):
        """Bill one batch, or its records one by one where one of them is bad.

        :return tuple: number of bills made, and the records that failed; records another
            transaction holds are left out
        """
        locked = self.try_lock_for_update(allow_referencing=True).filtered_domain(self._get_due_domain())
        if not locked:
            return 0, locked
        made = locked._try_run()
        if made is not None:
            return made, self.browse()
        _logger.info("A record of this batch cannot be billed: billing its %s records one by one.", len(locked))
        done, failed = 0, self.browse()
        for record in locked:
            made = record._try_run(report=True)
            done, failed = done + (made or 0), failed | record if made is None else failed
        return done, failed

    def _try_run(self, report=False):
        """Bill these records, all or none.

        :param bool report: put the error on the record
        :return: number of bills made; 0 where somebody else billed meanwhile (the next run takes
            them), ``None`` when they cannot be billed
        """
        try:
            with self.env.cr.savepoint():
                made = len(self._run_scheduled())
                self.env.flush_all()
        except psycopg2.errors.SerializationFailure:
            self.env.cr.rollback()
            return 0
        except FAILURES as error:
            if report:
                if not isinstance(error, UserError):
                    _logger.exception("Billing of %s failed unexpectedly", self)
                self._report_failed_run(str(error))
            return None
        return made

    def _report_failed_run(self, message):
        """Put the error on the record, with one activity; both go when the record is billed."""
        self.ensure_one()
        self._write_protected({'run_state': 'failed', 'run_error': message, 'run_date': fields.Datetime.now()})
        if not self.activity_search([ACTIVITY_FAILED]):
            self.activity_schedule(
                ACTIVITY_FAILED,
                user_id=(self.user_id or self.env.user).id,
                note=message,
                summary=self.env._("Automatic billing failed"),
            )

    def _clear_failed_run(self):
        """Take the error and its activity off records that were billed."""
        failed = self.filtered('run_state')
        if failed:
            failed._write_protected({'run_state': False, 'run_error': False})
            failed.activity_unlink([ACTIVITY_FAILED])

    @api.model
    def _log_run(self, made, failed):
        """Keep the result of the run for the settings (PLN-12)."""
        result = self.env._("%(made)s bills made, %(failed)s failed", made=made, failed=failed)
        self.env['res.company']._keep_run_result('progress_last_run', result)
