from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, LockError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.progress_billing.tests.common import ProgressBillingCommon
from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import Job


class QueueJobCommon(ProgressBillingCommon):
    """Contracts with something to bill, and the jobs of a run, performed as a worker would."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['progress.contract'].search([('next_billing_date', '!=', False)]).write({'period_policy': 'on_demand'})

    def _contracts(self, number, **vals):
        contracts = self.env['progress.contract']
        for _number in range(number):
            contracts |= self.make.as_billed([1000], **vals)
        contracts.line_ids.write({'completed_percent': 30})
        return contracts

    def _get_records(self, run):
        """The jobs of a run that still have to be performed, the contracts' before the summary."""
        jobs = self.env['queue.job'].sudo().search([('state', '=', 'pending')], order='priority, id')
        return jobs.filtered(lambda job: job.records in (run, *run.part_ids))

    def _perform(self, records):
        """What a worker does with jobs, without its commits."""
        for record in records:
            job = Job.load(self.env, record.uuid)
            with self.env.cr.savepoint():
                job.perform()
            job.set_done()
            job.store()
        self.env.flush_all()
        self.env.invalidate_all()

    def _start(self, contracts, **kwargs):
        return self.env['progress.run']._start(contracts, **kwargs)


@tagged('post_install', '-at_install')
class TestRunOfChosenContracts(QueueJobCommon):
    """A long run of the user."""

    def test_long_run(self):
        """More contracts than one call takes: a job each with an identity key, and one that sums up once."""
        contracts = self._contracts(21)
        wizard = self.env['progress.run.wizard'].create({'contract_ids': contracts.ids, 'date': '2026-03-31'})
        action = wizard.action_run()
        run = self.env['progress.run'].browse(action['res_id'])
        self.assertEqual((action['res_model'], run.part_ids.contract_id), ('progress.run', contracts))
        self.assertEqual((run.queued_count, run.done_count, run.state), (21, 0, 'running'))
        jobs = self._get_records(run)
        self.assertEqual(len(jobs), 22)
        keys = [f'progress_billing.chosen-{contract.id}' for contract in contracts]
        self.assertEqual(jobs.mapped('identity_key'), [*keys, f'progress_billing.run-{run.id}'])
        self.assertEqual(set(jobs.mapped('channel')), {'root.progress_billing'})
        self.assertEqual(set(jobs[:-1].mapped('max_retries')), {10})
        self.assertFalse(contracts.bill_ids)
        with self.assertRaises(RetryableJobError):  # not finished
            run._summarize()
        with patch.object(self.env.registry['res.users'], '_bus_send') as told:
            self._perform(jobs)
            run._summarize()
        self.assertEqual([call.args[0] for call in told.call_args_list], ['simple_notification'])
        self.assertEqual([len(contract.bill_ids) for contract in contracts], [1] * 21)
        self.assertEqual(set(contracts.invoice_ids.mapped('invoice_date')), {wizard.date})
        self.assertEqual((run.queued_count, run.done_count, run.failed_count, run.state), (0, 21, 0, 'done'))
        self.assertEqual(run.summary, "21 bills made, 0 contracts failed")

    def test_short_run(self):
        """What one call takes is billed at once, as without this addon."""
        contracts = self._contracts(2)
        self.env['progress.run.wizard'].create({'contract_ids': contracts.ids}).action_run()
        self.assertEqual([len(contract.bill_ids) for contract in contracts], [1, 1])
        self.assertFalse(self.env['progress.run'].search([('part_ids.contract_id', 'in', contracts.ids)]))

    def test_failed(self):
        """A contract that cannot be billed says why, the others are billed; it can be tried again."""
        good, empty = self._contracts(1), self.make.as_billed([1000])
        run = self._start(good | empty)
        with self.assertRaisesRegex(UserError, "wait until the run is finished"):
            run.action_retry()
        self._perform(self._get_records(run))
        part = run.part_ids.filtered(lambda part: part.contract_id == empty)
        self.assertEqual((part.state, run.done_count, run.failed_count), ('failed', 1, 1))
        self.assertIn("Nothing is pending", part.reason)
        self.assertEqual(run.summary, "1 bills made, 1 contracts failed")
        empty.line_ids.completed_percent = 20
        run.action_retry()
        self.assertEqual((run.state, part.state), ('running', 'queued'))
        self._perform(self._get_records(run))
        self.assertEqual((run.state, part.state, part.reason), ('done', 'done', ''))
        self.assertEqual((len(good.bill_ids), len(empty.bill_ids)), (1, 1))

    def test_killed_worker(self):
        """PRG-13: a dead worker's job is started again: what was rolled back is billed, what was kept is not."""
        contract = self._contracts(1)
        run = self._start(contract)
        record = self._get_records(run)[:1]
        job = Job.load(self.env, record.uuid)
        job.set_started()
        job.store()

        class Killed(BaseException):
            pass

        with self.assertRaises(Killed), self.env.cr.savepoint():
            job.perform()
            raise Killed  # before the commit
        self.env.invalidate_all()
        self.assertEqual((run.part_ids.state, len(contract.bill_ids)), ('queued', 0))
        with self.assertRaises(RetryableJobError):  # the job is still to come
            run._summarize()
        for _time in range(2):  # the second after the commit, before the queue heard of it
            Job.load(self.env, record.uuid).set_pending()
            self._perform(record)
        self.assertEqual((run.part_ids.state, len(contract.bill_ids), contract.draft_amount), ('done', 1, 300))

    def test_two_runs(self):
        """A contract that waits in one run is not queued by another of its kind."""
        contract, other = self._contracts(1), self._contracts(1)
        first, second = self._start(contract), self._start(contract | other)
        self.assertEqual(len(self._get_records(first)), 2)
        self.assertEqual(second.part_ids.mapped('state'), ['failed', 'queued'])
        self.assertIn("queued already", second.part_ids[0].reason)
        self._perform(self._get_records(second) | self._get_records(first))
        self.assertEqual((len(contract.bill_ids), len(other.bill_ids)), (1, 1))

    def test_lock(self):
        """What somebody else works on is tried again, and has not failed."""
        run = self._start(self._contracts(1))

        def held(_contracts):
            raise LockError("Somebody works on it.")

        with (
            patch.object(self.env.registry['progress.contract'], '_lock_for_billing', held),
            self.assertRaisesRegex(RetryableJobError, "Somebody works on it"),
        ):
            run.part_ids._perform()
        self.assertEqual(run.part_ids.state, 'queued')
        run.part_ids._perform()
        self.assertEqual(run.part_ids.state, 'done')

    def test_job_given_up(self):
        """A job that the queue gave up tells its reason; one that was cancelled does not keep the run open."""
        run = self._start(self._contracts(2))
        failed, cancelled = run.part_ids
        self.env['queue.job'].sudo().search([('uuid', '=', cancelled.job_uuid)]).button_cancelled()
        failed._on_job_failed(exc_info="…", exc_name="Bug", exc_message="Max. retries (10) reached")
        run._summarize()
        self.assertEqual((failed.state, failed.reason), ('failed', "Max. retries (10) reached"))
        self.assertIn("was cancelled", cancelled.reason)
        self.assertEqual((run.state, run.summary), ('done', "0 bills made, 2 contracts failed"))

    def test_old_runs_are_deleted(self):
        """PRG-14: a finished run is kept for 90 days; one that is not finished stays."""
        contracts = self._contracts(2)
        finished, running = self._start(contracts[0]), self._start(contracts[1])
        self._perform(self._get_records(finished))
        parts = finished.part_ids
        self.env.flush_all()
        for days, kept in ((89, True), (91, False)):
            self.env.cr.execute(
                "UPDATE progress_run SET write_date = now() AT TIME ZONE 'utc' - %s * INTERVAL '1 day' WHERE id IN %s",
                [days, (finished.id, running.id)],
            )
            self.env.invalidate_all()
            self.env['progress.run'].sudo()._gc_finished_runs()
            self.assertEqual((bool(finished.exists()), bool(parts.exists())), (kept, kept))
        self.assertTrue(running.exists())
        self.assertEqual(len(contracts[0].bill_ids), 1)

    def test_rights(self):
        """Jobs act as whoever started the run; runs are seen by their users and administrators."""
        contract = self._contracts(1)
        mine = self.env['progress.run'].with_user(self.billing_user)
        run = mine._start(contract.with_user(self.billing_user))
        other = new_test_user(self.env, 'other', groups='progress_billing.group_user', company_id=self.company.id)
        reader = new_test_user(self.env, 'reader', groups='progress_billing.group_readonly', company_id=self.company.id)
        with self.assertRaisesRegex(AccessError, "not allowed to modify"):
            self.env['progress.run'].with_user(reader)._start(contract.with_user(reader))
        self.assertFalse(self.env['progress.run'].with_user(other).search([('id', '=', run.id)]))
        for values in ({'state': 'done'}, {'summary': "All fine"}):
            with self.assertRaisesRegex(AccessError, "cannot be set"):
                run.write(values)
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            mine.create({'kind': 'chosen', 'user_id': self.billing_user.id})
        self._perform(self._get_records(run))
        self.assertEqual(contract.bill_ids.create_uid, self.billing_user)


@tagged('post_install', '-at_install')
class TestScheduledActions(QueueJobCommon):
    """The scheduled actions queue what is due."""

    def _trigger(self, name):
        before = self.env['progress.run'].search([])
        with self.enter_registry_test_mode():
            self.env.ref(f'progress_billing.{name}').method_direct_trigger()
        self.env.invalidate_all()
        return self.env['progress.run'].search([]) - before

    @freeze_time('2026-01-31 12:00:00')
    def test_billing_dates(self):
        contracts = self._contracts(2, period_policy='month')
        run = self._trigger('ir_cron_run_billing')
        self.assertEqual((run.kind, run.part_ids.contract_id), ('progress.contract', contracts))
        self.assertFalse(contracts.bill_ids)
        self.assertFalse(self._trigger('ir_cron_run_billing'), "it waits already")
        self._perform(self._get_records(run))
        self.assertEqual([len(contract.bill_ids) for contract in contracts], [1, 1])
        self.assertEqual(self.company.progress_last_billing_run_result, "2 bills made, 0 contracts failed")
        self.assertFalse(self._trigger('ir_cron_run_billing'))
        self.assertEqual(self.company.progress_last_billing_run_result, "0 bills made, 0 contracts failed")

    @freeze_time('2026-03-15 12:00:00')
    def test_planned_records(self):
        """One job a contract bills all of its records; a bad one alone stays behind, with its error on it."""
        contracts = self.make.contract([1000]) | self.make.contract([1000])
        fine = [self.make.plan(contract, '10%', '2026-02-01') for contract in contracts for _number in range(2)]
        wrong = self.make.plan(contracts[0], '1000.01', '2026-02-02')
        run = self._trigger('ir_cron_generate_progress_invoices')
        self.assertEqual((run.kind, run.part_ids.contract_id), ('progress.bill', contracts))
        self._perform(self._get_records(run))
        self.assertEqual([bill.state for bill in fine], ['invoiced'] * 4)
        self.assertEqual((wrong.state, wrong.run_state), ('planned', 'failed'))
        self.assertEqual(run.part_ids.mapped('state'), ['failed', 'done'])
        self.assertEqual(run.part_ids[0].reason, wrong.run_error)
        self.assertEqual(self.company.progress_last_run_result, "4 bills made, 1 failed")

    @freeze_time('2026-01-31 12:00:00')
    def test_unexpected_failure(self):
        """A bug in an extension fails one contract."""
        contracts = self._contracts(2, period_policy='month')
        original = type(contracts)._run_scheduled

        def fail(records):
            if contracts[0] in records:
                raise ValueError("a bug in an extension")
            return original(records)

        run = self._trigger('ir_cron_run_billing')
        with (
            patch.object(type(contracts), '_run_scheduled', fail),
            mute_logger('odoo.addons.progress_billing_queue_job.models.progress_run'),
        ):
            self._perform(self._get_records(run))
        self.assertEqual(run.part_ids.mapped('state'), ['failed', 'done'])
        self.assertEqual(contracts.mapped('run_state'), ['failed', False])
