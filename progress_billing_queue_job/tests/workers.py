"""Workers of the queue as processes that can be killed: what the OCA's runner and its workers do to a job,
without a server. Used by the tests of this addon and by the benchmark; everything here is committed.
"""

import os
import signal
import threading
import time
import traceback

from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api, sql_db
from odoo.modules.registry import Registry

from odoo.addons.queue_job import jobrunner
from odoo.addons.queue_job.controllers.main import RunJobController
from odoo.addons.queue_job.jobrunner.runner import Database

CHANNEL = 'root.progress_billing'
NEXT_JOB = """
UPDATE queue_job SET state = 'enqueued', date_enqueued = now() AT TIME ZONE 'utc' WHERE id = (
    SELECT id FROM queue_job
    WHERE state = 'pending' AND channel = %s AND (eta IS NULL OR eta <= now() AT TIME ZONE 'utc')
    ORDER BY priority, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING uuid
"""


class Workers:
    """Processes that perform the jobs of a database until none is left.

    :param str database: its name; its registry is loaded in this process
    :param pause: seconds between a job's work and its commit
    """

    def __init__(self, database, pause=0.0):
        self.database, self.pause, self.pids = database, pause, set()
        # nobody else performs jobs: a server that serves the tests has the OCA's runner in a thread
        if jobrunner.runner_thread:
            jobrunner.runner_thread.stop()
            jobrunner.runner_thread.join()
            jobrunner.runner_thread = None

    def start(self, count):
        """Start so many of them."""
        for _number in range(count):
            pid = os.fork()
            if not pid:
                self._live()
            self.pids.add(pid)

    def kill(self):
        """SIGKILL to each: none of them can put anything in order. Comes back when the database has seen it."""
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        for pid in self.pids:
            os.waitpid(pid, 0)
        names, deadline = [f'odoo-{pid}' for pid in self.pids], time.monotonic() + 10
        self.pids.clear()
        while names and self._end_connections(names) and time.monotonic() < deadline:
            time.sleep(0.05)

    def _end_connections(self, names):
        """End what the database still does for processes that are dead: it would see by itself, but later.

        :param list names: of connections, which Odoo gives them by its process
        :return bool: whether there were any
        """
        with Registry(self.database).cursor() as cr:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ANY(%s)"
            cr.execute(query, [names])
            return bool(cr.fetchall())

    def wait(self, seconds):
        """Wait until all have ended by themselves.

        :return bool: whether they did, without an error; what is left after ``seconds`` is killed
        """
        fine, deadline = True, time.monotonic() + seconds
        while self.pids and time.monotonic() < deadline:
            for pid in list(self.pids):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    self.pids.discard(pid)
                    fine = fine and status == 0
            time.sleep(0.02)
        fine = fine and not self.pids
        self.kill()
        return fine

    def requeue_dead(self):
        """What the runner does when it starts, and then from time to time: jobs that nobody works on any more are to be
        done again. It takes the database a moment to see that the other end of a connection is dead.
        """
        found, deadline = [], time.monotonic() + 10
        while (more := self._requeue_once()) or time.monotonic() < deadline and self._has_started():
            found += more
            time.sleep(0.05)
        return found

    def _has_started(self):
        with Registry(self.database).cursor() as cr:
            cr.execute(
                "SELECT 1 FROM queue_job WHERE state IN ('enqueued', 'started') AND channel = %s LIMIT 1", [CHANNEL]
            )
            return bool(cr.fetchone())

    def _requeue_once(self):
        with Registry(self.database).cursor() as cr:
            try:
                # it waits ten seconds, lest it takes a job given away a moment ago: nobody is there to take one
                cr.execute(
                    "UPDATE queue_job SET date_enqueued = date_enqueued - INTERVAL '1 minute'"
                    " WHERE state IN ('enqueued', 'started') AND channel = %s",
                    [CHANNEL],
                    log_exceptions=False,
                )
                cr.execute(Database._query_requeue_dead_jobs(None), log_exceptions=False)
            except TransactionRollbackError:  # a dead worker's last word: look again
                cr.rollback()
                return []
            return [uuid for (uuid,) in cr.fetchall()]

    # === IN THE PROCESS === #

    def _live(self):
        """The life of a worker: it never comes back."""
        status = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            registry = self._reconnect()
            while self._work(registry):
                pass
            status = 0
        except BaseException:  # noqa: BLE001  # pylint: disable=broad-except
            traceback.print_exc()
        finally:
            os._exit(status)

    def _reconnect(self):
        """The registry of the parent, on connections of this process."""
        threading.current_thread().dbname = self.database
        sql_db._Pool = sql_db._Pool_readonly = None  # as Odoo's own workers: the parent's stay the parent's
        registry = Registry(self.database)
        registry._db, registry._db_readonly = sql_db.db_connect(self.database), None
        return registry

    def _work(self, registry):
        """One job.

        :return bool: whether there was one
        """
        with registry.cursor() as cr:
            try:
                cr.execute(NEXT_JOB, [CHANNEL], log_exceptions=False)
            except TransactionRollbackError:  # another worker took it
                cr.rollback()
                return True
            found = cr.fetchone()
            if not found:
                return self._wait_for_later(cr)
            cr.commit()  # pylint: disable=invalid-commit  # a worker: what it took is taken
            env = api.Environment(cr, SUPERUSER_ID, {})
            job = RunJobController._acquire_job(env, found[0])
            if job:
                if self.pause:
                    self._slow(job)
                RunJobController._runjob(env, job)
            return True

    def _wait_for_later(self, cr):
        """Wait a moment where a contract is to be tried again; the summary waits for others and is not waited for.

        :return bool: whether there is something to wait for
        """
        cr.execute(
            "SELECT 1 FROM queue_job WHERE state = 'pending' AND channel = %s AND method_name = '_perform' LIMIT 1",
            [CHANNEL],
        )
        later = bool(cr.fetchone())
        if later:
            time.sleep(0.1)
        return later

    def _slow(self, job):
        """Have a job wait between its work and its commit."""
        perform = job.perform

        def performed():
            result = perform()
            job.env.flush_all()
            time.sleep(self.pause)
            return result

        job.perform = performed
