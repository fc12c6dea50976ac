import logging
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain

from odoo.addons.progress_billing.models.base.progress_scheduling_mixin import FAILURES
from odoo.addons.queue_job.exception import RetryableJobError

_logger = logging.getLogger(__name__)

LOCK_RETRY = 10  # seconds until a contract that somebody else works on is tried again
KEPT_DAYS = 90  # finished runs: what was billed stands on the contracts
VACUUM_BATCH = 100
SUMMARY_RETRY = 10  # seconds until it is asked again whether all parts are finished


class ProgressRun(models.Model):
    """A billing run on the workers: one job a contract, and one that sums up when all are finished."""

    _name = 'progress.run'
    _description = "Billing Run"
    _inherit = ['progress.guard.mixin']
    _rec_name = 'kind'
    _order = 'id desc'

    kind = fields.Selection(
        [('chosen', "Chosen Contracts"), ('progress.contract', "Billing Dates"), ('progress.bill', "Planned Records")],
        required=True,
        readonly=True,
        guarded=True,
    )
    user_id = fields.Many2one('res.users', string="Started By", required=True, readonly=True, guarded=True, index=True)
    date = fields.Date(string="Invoice Date", readonly=True, guarded=True)
    state = fields.Selection(
        [('running', "Running"), ('done', "Done")], required=True, default='running', readonly=True, guarded=True
    )
    summary = fields.Char(readonly=True, guarded=True)
    part_ids = fields.One2many('progress.run.part', 'run_id', string="Contracts", readonly=True, guarded=True)
    queued_count = fields.Integer(string="Queued", compute='_compute_counts')
    done_count = fields.Integer(string="Done", compute='_compute_counts')
    failed_count = fields.Integer(string="Failed", compute='_compute_counts')

    @api.depends('part_ids.state')
    def _compute_counts(self):
        parts = self.env['progress.run.part']
        groups = parts._read_group([('run_id', 'in', self.ids)], ['run_id', 'state'], ['__count'])
        counts = {(run, state): count for run, state, count in groups}
        for run in self:
            for state in ('queued', 'done', 'failed'):
                run[f'{state}_count'] = counts.get((run._origin, state), 0)

    # === STARTING === #

    @api.model
    def _start(self, contracts, kind='chosen', date=False):
        """Queue one job a contract, and the one that sums up.

        What waits for another run of its kind is not queued again: a run of chosen contracts says so, a
        scheduled one leaves it to the other.

        :param contracts: ``progress.contract``
        :param str kind: ``chosen``, or the model whose scheduled action it is
        :param date: the bills' date, of chosen contracts
        :return: the run, empty when there is nothing to queue
        """
        contracts.check_access('write')
        waiting = self.env['progress.run.part']._get_waiting_contracts(contracts, kind)
        if kind != 'chosen':
            contracts -= waiting
        if not contracts:
            return self
        sentence = self.env._("It is queued already, for another run.")
        parts = [
            Command.create(
                {'contract_id': contract.id, **({'state': 'failed', 'reason': sentence} if contract in waiting else {})}
            )
            for contract in contracts
        ]
        vals = {'kind': kind, 'user_id': self.env.uid, 'date': date, 'part_ids': parts}
        # sudo: progress.run - made by this method alone, after the user's right to bill was checked
        run = self.sudo()._create_protected([vals]).with_env(self.env)
        run.part_ids.filtered(lambda part: part.state == 'queued')._queue()
        run._queue_summary()
        return run

    def _queue_summary(self):
        self.ensure_one()
        self.with_delay(
            description=self.env._("Billing run: summary"),
            identity_key=f'progress_billing.run-{self.id}',
            priority=20,  # after the contracts
        )._summarize()

    def _get_form_action(self):
        """The page of the run."""
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing_queue_job.action_progress_run')
        return dict(action, res_id=self.id, views=[(False, 'form')], view_mode='form')

    def action_retry(self):
        """Queue the contracts that failed again.

        :return dict: the action that shows the run
        :raises UserError: when none has failed, or the run is not finished
        """
        self.ensure_one()
        self.check_access('read')
        failed = self.part_ids.filtered(lambda part: part.state == 'failed')
        if not failed or self.state != 'done':
            raise UserError(self.env._("There is nothing to try again: wait until the run is finished."))
        failed.contract_id.check_access('write')
        # sudo: progress.run - whoever may bill these contracts may try again
        failed.sudo()._write_protected({'state': 'queued', 'reason': False})
        self.sudo()._write_protected({'state': 'running', 'summary': False})
        failed._queue()
        self._queue_summary()
        return self._get_form_action()

    @api.autovacuum
    def _gc_finished_runs(self):
        """Delete runs that have been finished for long, with their contracts' rows (PRG-14).

        :return tuple: runs deleted, whether there are more
        """
        day = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        old = self.search([('state', '=', 'done'), ('write_date', '<', day)], order='id', limit=VACUUM_BATCH)
        old.unlink()
        return len(old), len(old) == VACUUM_BATCH

    # === IN THE JOBS === #

    def _bill(self, contract):
        """Bill what this run is about on one contract, in the transaction of its job.

        :return tuple: number of bills made, and the reasons why not
        :raises RetryableJobError: where somebody else works on it: the queue tries again
        """
        self.ensure_one()
        if self.kind == 'chosen':
            return self._try_to_bill(contract)
        model = self.env[self.kind]
        name = 'id' if self.kind == 'progress.contract' else 'contract_id'
        due = model.search(model._get_due_domain() & Domain(name, '=', contract.id))
        return self._try_to_bill(due) if due else (0, [])

    def _try_to_bill(self, records):
        """Bill these records of one contract, all or none; one by one where one of them is bad."""
        try:
            with self.env.cr.savepoint():
                if self.kind == 'chosen':
                    bills, _reasons = records._run_billing(date=self.date)
                else:
                    bills = records._run_scheduled()
                self.env.flush_all()
                return len(bills), []
        except LockError as error:
            raise RetryableJobError(str(error), seconds=LOCK_RETRY) from None
        except FAILURES as error:
            if len(records) > 1:
                results = [self._try_to_bill(record) for record in records]
                return sum(made for made, _reasons in results), [text for _made, texts in results for text in texts]
            if not isinstance(error, UserError):
                _logger.exception("Billing of %s failed unexpectedly", records)
            if self.kind != 'chosen':
                records._report_failed_run(str(error))
            return 0, [str(error)]

    def _summarize(self):
        """The last job: tell the result once, when every contract is finished.

        :return str: the result
        :raises RetryableJobError: while contracts are queued or billed: the queue asks again, as often as it takes
        """
        self.ensure_one()
        if self.state == 'done':
            return self.summary
        # sudo: progress.run - its own result; parts whose contracts the user sees no longer count too
        run = self.sudo()
        queued = run.part_ids.filtered(lambda part: part.state == 'queued')
        if queued._get_alive():
            raise RetryableJobError("contracts are queued", seconds=SUMMARY_RETRY, ignore_retry=True)
        queued._give_up()
        made, failed = sum(run.part_ids.mapped('bill_count')), run.failed_count
        summary = self.env._("%(made)s bills made, %(failed)s contracts failed", made=made, failed=failed)
        run._write_protected({'state': 'done', 'summary': summary})
        if self.kind != 'chosen':
            self.env[self.kind]._log_run(made, failed)
        self.user_id._bus_send(
            'simple_notification',
            {
                'type': 'warning' if failed else 'success',
                'title': self.env._("Billing run finished"),
                'message': summary,
            },
        )
        return summary
