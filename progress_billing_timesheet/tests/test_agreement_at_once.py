from functools import partial

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.progress_billing.tests.concurrency_common import ConcurrencyCommon

DAY = fields.Date.to_date('2026-01-31')


@tagged('post_install', '-at_install')
class TestAgreementAtOnce(ConcurrencyCommon):
    """Two users bill two contracts at the same moment: an agreement covers no more than its limit (AGR-2)."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = self._env(cr)
            other = env['progress.contract'].create(
                {
                    **self.vals,
                    'line_ids': [
                        Command.create(
                            {'name': "Work", 'original_amount': 1000, 'account_id': self.income_id, 'tax_ids': False}
                        )
                    ],
                }
            )
            other.action_open()
            agreement = env['progress.agreement'].create(
                {
                    'name': "Support",
                    'partner_id': self.vals['partner_id'],
                    'company_id': self.vals['company_id'],
                    'date_start': '2026-01-01',
                    'limit_hours': 5,
                }
            )
            self.other_id, self.agreement_id = other.id, agreement.id

    def _delete_contract(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            contract = env['progress.contract'].browse(self.other_id)
            contract.invoice_ids.unlink()
            contract.bill_ids.unlink()
            contract.unlink()
        result = super()._delete_contract()
        with self.registry.cursor() as cr:
            self._env(cr)['progress.agreement'].browse(self.agreement_id).unlink()
        return result

    def _use(self, contract_id, env):
        contract = env['progress.contract'].browse(contract_id)
        agreements = env['progress.agreement']
        item = {'kind': 'time', 'key': 1, 'hours': 4, 'amount': 400, 'date': DAY}
        contract._lock_for_billing()
        agreements._find_for(contract)._lock_for_use()
        shares = agreements._allocate(contract, [item], 500, date=DAY)
        line = contract.line_ids
        return (
            env['progress.bill']
            ._make_bills(
                [
                    {
                        **contract._prepare_run_bill_vals(line._get_run_key(), DAY),
                        'claims': [line._prepare_claim(500)],
                        **env['progress.bill']._prepare_agreement_vals(contract, shares, {line: 500}),
                    }
                ]
            )
            .ids
        )

    def test_two_contracts_at_once(self):
        results = self._at_once(partial(self._use, self.contract_id), partial(self._use, self.other_id))
        for result in results:
            self.assertNotIsInstance(result, Exception, result)
        with self.registry.cursor() as cr:
            agreement = self._env(cr)['progress.agreement'].browse(self.agreement_id)
            self.assertEqual(sorted(agreement.use_ids.mapped('hours')), [1, 4])
            self.assertEqual((agreement.used_hours, agreement.left_hours), (5, 0))
