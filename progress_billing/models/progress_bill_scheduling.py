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


class ProgressBillScheduling(models.AbstractModel):
    """The scheduled action that bills what is due (001, SPEC §3).

    In batches, committed one by one: a killed run resumes where it stopped. A batch with a bad
    record is rolled back and billed record by record, so that only the bad one stays behind,
    with its error on it.
    """

    _name = 'progress.bill.scheduling'
    _description = "Progress Bill Scheduling"

    @api.model
    def _cron_generate_progress_invoices(self):
        """Auto-Generate Progress Billing Invoices: bill every planned record that is due on an open contract.

        Records that were billed once are left to people (``generated_on``, RULES A2); records
        that another transaction holds are left to the next run.
        """
        cron, domain = self.env['ir.cron'], self._get_due_domain()
        cron._commit_progress(remaining=self.search_count(domain))
        seen, made, failed = [], 0, 0
        while batch := self.search(
            domain & Domain('id', 'not in', seen), limit=BATCH_SIZE, order='run_date NULLS FIRST, date, id'
        ):
            seen += batch.ids
            done, bad = self.browse(batch.ids)._generate_batch()
            made, failed = made + len(done), failed + len(bad)
            left = self.search_count(domain & Domain('id', 'not in', seen))
            if not cron._commit_progress(len(batch), remaining=left):
                break  # out of time: the runner calls again
        self._log_run(made, failed)
        cron._commit_progress()

    @api.model
    def _get_due_domain(self):
        """Planned records to bill now, by each company's own date (RULES 1.20).

        :return Domain: on ``progress.bill``; glue addons widen it with their own triggers
        """
        due = Domain.FALSE
        for company in self.env['res.company'].search([('active', '=', True)]):
            due |= Domain('company_id', '=', company.id) & Domain('date', '<=', company._get_progress_today())
        return due & Domain(
            [
                ('state', '=', 'planned'),
                ('kind', 'in', ('progress', 'down_payment')),
                ('trigger', '=', 'date'),
                ('generated_on', '=', False),
                ('contract_id.state', '=', 'open'),
                ('contract_id.final_bill_id', '=', False),
            ]
        )

    def _generate_batch(self):
        """Bill one batch, or its records one by one where one of them is bad.

        :return tuple: the records billed, and those that failed; records another transaction
            holds are in neither
        """
        locked = self.try_lock_for_update(allow_referencing=True).filtered_domain(self._get_due_domain())
        if not locked:
            return locked, locked
        result = locked._try_generate()
        if result is None:
            _logger.info("A record of this batch cannot be billed: billing its %s records one by one.", len(locked))
            done = failed = self.browse()
            for bill in locked:
                error = bill._try_generate(report=True)
                done, failed = (done, failed | bill) if error is None else (done | error, failed)
            return done, failed
        return result, self.browse()

    def _try_generate(self, report=False):
        """Bill these records, all or none.

        :param bool report: put the error on the record
        :return: the records billed: all, or none where somebody else billed on the contract
            meanwhile (the next run takes them); ``None`` when they cannot be billed
        """
        try:
            with self.env.cr.savepoint():
                self._generate_scheduled()
        except psycopg2.errors.SerializationFailure:
            self.env.cr.rollback()
            return self.browse()
        except FAILURES as error:
            if report:
                if not isinstance(error, UserError):
                    _logger.exception("Billing of %s failed unexpectedly", self)
                self._report_failed_run(str(error))
            return None
        return self

    def _generate_scheduled(self):
        """What the Create link does, for all of a batch at once."""
        self.contract_id._lock_for_billing()
        self._generate()
        self.env.flush_all()

    def _report_failed_run(self, message):
        """Put the error on the record, with one activity; both go when the record is billed."""
        self.ensure_one()
        self._write_protected({'run_state': 'failed', 'run_error': message, 'run_date': fields.Datetime.now()})
        activity_type = 'progress_billing.mail_activity_billing_failed'
        if not self.activity_search([activity_type]):
            self.activity_schedule(
                activity_type,
                user_id=(self.user_id or self.env.user).id,
                note=message,
                summary=self.env._("Automatic billing failed"),
            )

    @api.model
    def _log_run(self, made, failed):
        """Keep the result of the run for the settings (RULES 1.21)."""
        result = self.env._("%(made)s bills made, %(failed)s failed", made=made, failed=failed)
        # sudo: res.company - the job's user need not be an administrator to keep its result
        self.env['res.company'].sudo().search([('active', '=', True)]).write(
            {'progress_last_run': fields.Datetime.now(), 'progress_last_run_result': result}
        )
