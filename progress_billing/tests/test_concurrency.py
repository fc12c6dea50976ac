from functools import partial

import psycopg2.errors

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .concurrency_common import ConcurrencyCommon

WIP = "Invoice amount cannot exceed WIP available to bill."


@tagged('post_install', '-at_install')
class TestConcurrency(ConcurrencyCommon):
    """Two sessions at once, each with its own transaction (BIL-17)."""

    # === ONE AFTER THE OTHER, ON OLD SNAPSHOTS === #

    def test_create_on_an_old_snapshot(self):
        """The second one read before the first committed: it fails, and on retry shows what the first one made."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            for cr in (first, second):
                self.assertEqual(self._bill(cr).state, 'planned')
            action = self._bill(first).action_create()
            first.commit()
            with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.errors.SerializationFailure):
                self._bill(second).action_create()
            second.rollback()
            self._env(second).transaction.reset()
            again = self._bill(second).action_create()
            self.assertEqual(again['res_id'], action['res_id'])
        self.assertEqual(self._look(), (600, 0, 1))

    def test_two_bills_on_an_old_snapshot(self):
        """Together they exceed what is available: a serialization error, and on retry an error."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            for cr in (first, second):
                self.assertEqual(self._bill(cr).contract_id.wip_available, 1000)
            self._bill(first, 0).action_create()
            first.commit()
            with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.errors.SerializationFailure):
                self._bill(second, 1).action_create()
            second.rollback()
            self._env(second).transaction.reset()
            with self.assertRaises(UserError) as refused:
                self._bill(second, 1).action_create()
            self.assertIn(WIP, str(refused.exception))
            second.rollback()
        self.assertEqual(self._look(), (600, 0, 1))

    def test_shrinking_the_schedule_on_an_old_snapshot(self):
        """A schedule line made smaller than what somebody else is billing on it just then."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            line = self._env(second)['progress.contract'].browse(self.contract_id).line_ids
            self.assertEqual(line.draft_amount, 0)
            self._bill(first).action_create()
            first.commit()
            with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.errors.SerializationFailure):
                line.original_amount = 500
                line.env.flush_all()
            second.rollback()
        self.assertEqual(self._look(), (600, 0, 1))

    def test_credit_and_final_on_an_old_snapshot(self):
        """A deposit credited while somebody makes the final invoice: one of them fails, none is counted twice."""
        with self.registry.cursor() as cr:
            self._bill(cr).action_create()
            self._bill(cr).invoice_id.action_post()
        with self.registry.cursor() as first, self.registry.cursor() as second:
            contract = self._env(second)['progress.contract'].browse(self.contract_id)
            self.assertEqual(contract.actual_amount, 600)
            self._bill(first).invoice_id._reverse_moves(
                [{'invoice_date': '2026-02-15', 'date': '2026-02-15'}], cancel=True
            )
            first.commit()
            with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.errors.SerializationFailure):
                contract.action_create_final_invoice()
            second.rollback()
        self.assertEqual(self._look(), (0, 0, 2))

    # === AT THE SAME TIME === #

    def test_create_twice_at_once(self):
        """Two users press Create on one record at the same moment: one invoice, and both see it."""
        results = self._at_once(partial(self._create, 0), partial(self._create, 0))
        for result in results:
            self.assertIsInstance(result, dict, result)
        self.assertEqual(results[0]['res_id'], results[1]['res_id'])
        self.assertEqual(self._look(), (600, 0, 1))

    def test_two_bills_at_once(self):
        """Two bills of 60 % at the same moment: one is made, the other is refused as overbilled."""
        results = self._at_once(partial(self._create, 0), partial(self._create, 1))
        errors = [result for result in results if isinstance(result, Exception)]
        self.assertEqual(len(errors), 1, results)
        self.assertIsInstance(errors[0], UserError)
        self.assertIn(WIP, str(errors[0]))
        self.assertEqual(self._look(), (600, 0, 1))

    def test_final_twice_at_once(self):
        """Two final invoices at the same moment are one."""

        def final(env):
            return env['progress.contract'].browse(self.contract_id).action_create_final_invoice()

        results = self._at_once(final, final)
        for result in results:
            self.assertIsInstance(result, dict, result)
        self.assertEqual(results[0]['res_id'], results[1]['res_id'])
        self.assertEqual(self._look(), (1000, 0, 1))
