from functools import partial

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .concurrency_common import ConcurrencyCommon


@tagged('post_install', '-at_install')
class TestDownPaymentsAtOnce(ConcurrencyCommon):
    """Two users bill two contracts of one customer at the same moment: the down payment is applied once (DEP-21)."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = self._env(cr)
            contracts = env['progress.contract'].create(
                [
                    {
                        **self.vals,
                        'line_ids': [
                            Command.create(
                                {
                                    'name': "Work",
                                    'original_amount': 1000,
                                    'account_id': self.income_id,
                                    'tax_ids': False,
                                }
                            )
                        ],
                    }
                    for _number in range(2)
                ]
            )
            contracts.action_open()
            contracts[0].action_create_down_payment(500)
            paid = contracts[0].bill_ids
            paid.invoice_id.action_post()
            bills = env['progress.bill'].create(
                {'contract_id': contracts[1].id, 'amt_pct': '400', 'date': '2026-01-31'}
            )
            bills |= env['progress.bill'].browse(self.bill_ids[0])
            self.other_ids, self.paid_id, self.bill_ids = contracts.ids, paid.id, bills.ids

    def _delete_contract(self):
        with self.registry.cursor() as cr:
            contracts = self._env(cr)['progress.contract'].browse([*self.other_ids[::-1], self.contract_id])
            moves = contracts.invoice_ids.sorted('id', reverse=True)
            moves.filtered(lambda move: move.state == 'draft').unlink()
            for move in moves.exists():
                move.button_draft()
                move.unlink()
            contracts.bill_ids.unlink()
            contracts.unlink()

    def _read(self):
        with self.registry.cursor() as cr:
            paid = self._env(cr)['progress.bill'].browse(self.paid_id)
            return paid.down_payment_left, sorted(paid.down_payment_used_ids.mapped('live_amount'))

    def test_two_contracts_at_once(self):
        """600 and 400 to bill, 500 paid down: one takes it all or 400, the other what is left."""
        results = self._at_once(partial(self._create, 0), partial(self._create, 1))
        for result in results:
            self.assertNotIsInstance(result, Exception, result)
        left, uses = self._read()
        self.assertEqual((left, sum(uses)), (0, 500))

    def test_credit_and_use_at_once(self):
        """The down payment is credited while somebody applies it: one of both is refused."""

        def credit(env):
            move = env['progress.bill'].browse(self.paid_id).invoice_id
            return move._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}], cancel=True).ids

        results = self._at_once(partial(self._create, 0), credit)
        errors = [result for result in results if isinstance(result, Exception)]
        left, uses = self._read()
        if errors:
            self.assertIsInstance(errors[0], UserError)
            self.assertEqual((left, sum(uses)), (100, 400))
        else:
            self.assertEqual((left, sum(uses)), (0, 0))
