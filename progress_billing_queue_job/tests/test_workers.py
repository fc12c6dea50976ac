import os
import time
import unittest

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.progress_billing.tests.concurrency_common import ConcurrencyCommon

from .workers import Workers

CONTRACTS, WORKERS = 16, 2
PATIENCE = 40  # seconds until the test gives up


@unittest.skipUnless(hasattr(os, 'fork'), "Workers are processes that are forked, and this system has no fork.")
@tagged('post_install', '-at_install')
class TestWorkers(ConcurrencyCommon):
    """Workers are processes that die in the middle of a run (PRG-13); all is committed, and deleted at the end."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = self._env(cr)
            line = {'name': "Work", 'original_amount': 1000, 'account_id': self.income_id, 'tax_ids': False}
            contracts = env['progress.contract'].create(
                [{**self.vals, 'revenue_recognition': 'as_billed', 'line_ids': [Command.create(line)]}] * CONTRACTS
            )
            contracts.action_open()
            contracts.line_ids.completed_percent = 30
            self.ids, self.run_id = contracts.ids, False
        self.addCleanup(self._delete_run)
        self.workers = Workers(self.registry.db_name, pause=0.1)
        self.addCleanup(self.workers.kill)

    def _delete_run(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            run = env['progress.run'].browse(self.run_id)
            jobs = [*run.part_ids.mapped('job_uuid'), *self._get_summary_uuids(env)]
            env['queue.job'].search([('uuid', 'in', jobs)]).unlink()
            run.unlink()
            contracts = env['progress.contract'].browse(self.ids)
            contracts.invoice_ids.filtered(lambda move: move.state == 'posted').button_draft()
            contracts.invoice_ids.unlink()
            contracts.bill_ids.unlink()
            contracts.unlink()

    def _get_summary_uuids(self, env):
        key = f'progress_billing.run-{self.run_id}'
        return env['queue.job'].search([('identity_key', '=', key)]).mapped('uuid')

    def _count(self):
        """Contracts that are billed, as committed, and jobs that were started."""
        with self.registry.cursor() as cr:
            env = self._env(cr)
            parts = env['progress.run'].browse(self.run_id).part_ids
            jobs = env['queue.job'].search([('uuid', 'in', parts.mapped('job_uuid')), ('state', '=', 'started')])
            return len(parts.filtered(lambda part: part.state == 'done')), len(jobs)

    def _kill_after(self, done):
        """Kill the workers when so many contracts are billed and others are being billed.

        :return int: jobs that died
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            billed, started = self._count()
            if billed >= done and started:
                break
            time.sleep(0.02)
        self.workers.kill()
        return len(self.workers.requeue_dead())

    @mute_logger('odoo.addons.queue_job.controllers.main')
    def test_killed_twice(self):
        """Nothing is lost, nothing is billed twice."""
        with self.registry.cursor() as cr:
            env = self._env(cr)
            self.run_id = env['progress.run']._start(env['progress.contract'].browse(self.ids)).id
        died = 0
        for done in (CONTRACTS // 4, CONTRACTS // 2):
            self.workers.start(WORKERS)
            died += self._kill_after(done)
            self.assertLess(self._count()[0], CONTRACTS, "killed too late to say anything")
        self.assertTrue(died, "no worker died while it billed")
        self.workers.start(WORKERS)
        self.assertTrue(self.workers.wait(PATIENCE))
        with self.registry.cursor() as cr:
            env = self._env(cr)
            run, contracts = env['progress.run'].browse(self.run_id), env['progress.contract'].browse(self.ids)
            self.assertEqual([len(contract.bill_ids) for contract in contracts], [1] * CONTRACTS)
            self.assertEqual([len(contract.invoice_ids) for contract in contracts], [1] * CONTRACTS)
            billed = [contract.draft_amount + contract.actual_amount for contract in contracts]
            self.assertEqual(billed, [300] * CONTRACTS)
            self.assertEqual((run.done_count, run.queued_count, run.failed_count), (CONTRACTS, 0, 0))
            run._summarize()
            self.assertEqual(run.summary, f"{CONTRACTS} bills made, 0 contracts failed")
