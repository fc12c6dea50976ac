from odoo.exceptions import UserError
from odoo.tests import tagged

from . import test_concurrency


@tagged('post_install', '-at_install')
class TestRunConcurrency(test_concurrency.TestConcurrency):
    """Two runs, two releases, two corrections at once."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            contract = self._contract(self._env(cr))
            contract.bill_ids.unlink()
            contract.write({'revenue_recognition': 'as_billed'})
            contract.line_ids.completed_percent = 60
        self.bill_ids = []

    def _contract(self, env):
        return env['progress.contract'].browse(self.contract_id)

    def _pro_forma(self):
        with self.registry.cursor() as cr:
            contract = self._contract(self._env(cr))
            contract.use_pro_forma = True
            contract.action_run_billing()
            self.bill_ids = contract.bill_ids.ids

    def _bills(self, env):
        return env['progress.bill'].browse(self.bill_ids)

    def test_two_runs(self):
        """One bills what is pending, the other finds nothing pending any more."""
        results = self._at_once(*[lambda env: self._contract(env).action_run_billing()] * 2)
        self.assertEqual(len([result for result in results if isinstance(result, UserError)]), 1, results)
        self.assertEqual(self._look(), (600, 0, 1))

    def test_run_and_entry(self):
        """A percentage entered while the run bills is not lost: pending is what is entered less what was billed."""
        results = self._at_once(
            lambda env: self._contract(env).action_run_billing(),
            lambda env: self._contract(env).line_ids.write({'completed_percent': 80}),
        )
        with self.registry.cursor() as cr:
            line = self._contract(self._env(cr)).line_ids
            self.assertEqual(line.pending_amount + line.draft_amount, 800, results)

    def test_two_releases(self):
        """One pro forma, one invoice."""
        self._pro_forma()
        self._at_once(*[lambda env: self._bills(env).action_release()] * 2)
        self.assertEqual(self._look(), (600, 0, 1))

    def test_two_corrections(self):
        """One credit note."""
        self._pro_forma()
        with self.registry.cursor() as cr:
            bill = self._bills(self._env(cr))
            bill.action_release()
            bill.invoice_id.action_post()
        self._at_once(*[lambda env: self._bills(env).action_correct()] * 2)
        self.assertEqual(self._look(), (600, 0, 2))

    def test_release_and_cancel(self):
        """Either released or cancelled, never both."""
        self._pro_forma()
        self._at_once(lambda env: self._bills(env).action_release(), lambda env: self._bills(env).action_cancel())
        self.assertIn(self._look(), ((600, 0, 1), (0, 0, 0)))

    def test_edit_and_release(self):
        """The invoice has the amount the pro forma has."""
        self._pro_forma()
        self._at_once(
            lambda env: self._bills(env).action_release(),
            lambda env: self._bills(env).line_ids.write({'amount': 400}),
        )
        with self.registry.cursor() as cr:
            bill = self._bills(self._env(cr))
            self.assertEqual(bill.invoice_id.amount_untaxed, bill.amount)

    def _delete_contract(self):
        """Corrections leave documents that nobody may delete: these stay, with their contract, cancelled or not."""
        with self.registry.cursor() as cr:
            corrected = self._contract(self._env(cr)).bill_ids.move_ids.filtered('reversed_entry_id')
        if not corrected:
            super()._delete_contract()
            return
        with self.registry.cursor() as cr:
            env = self._env(cr)
            moves = self._contract(env).bill_ids.move_ids
            moves.line_ids.remove_move_reconcile()
            ids = tuple(moves.ids)
            env.flush_all()
            cr.execute("UPDATE account_move SET state = 'draft', progress_bill_id = NULL WHERE id IN %s", [ids])
            env.invalidate_all()
            moves.with_context(force_delete=True).unlink()
            contract = self._contract(env)
            cr.execute("DELETE FROM progress_bill_line WHERE contract_id = %s", [contract.id])
            cr.execute("DELETE FROM progress_bill WHERE contract_id = %s", [contract.id])
            env.invalidate_all()
            contract.unlink()


for name in dir(test_concurrency.TestConcurrency):  # its own tests run in its own class
    if name.startswith('test_') and name not in vars(TestRunConcurrency):
        setattr(TestRunConcurrency, name, None)
