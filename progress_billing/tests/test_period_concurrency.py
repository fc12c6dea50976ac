from datetime import date

import psycopg2

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .concurrency_common import ConcurrencyCommon


@tagged('post_install', '-at_install')
class TestPeriodConcurrency(ConcurrencyCommon):
    """Two sessions at once about one period."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.registry.cursor() as cr:
            project = cls._env(cr)['project.project'].create(
                {
                    'name': "Period project",
                    'company_id': cls.vals['company_id'],
                    'partner_id': cls.vals['partner_id'],
                    'billing_method': 'fixed_fee',
                }
            )
            project.progress_contract_id.unlink()
            cls.project_id = project.id
            cls.vals |= {'project_id': project.id, 'use_pro_forma': True, 'period_policy': 'month'}
            cls.made.append(('project.project', project.ids))

    def test_overlap(self):
        def make(env, start, end):
            return (
                env['progress.billing.period']
                .create({'project_id': self.project_id, 'date_start': start, 'date_end': end})
                .id
            )

        results = self._at_once(
            lambda env: make(env, date(2028, 1, 1), date(2028, 1, 31)),
            lambda env: make(env, date(2028, 1, 15), date(2028, 2, 15)),
        )
        self.assertEqual(sorted(type(result) for result in results if not isinstance(result, int)), [ValidationError])

    def test_close_and_bill(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            period = env['progress.billing.period'].create(
                {'project_id': self.project_id, 'date_start': date(2027, 1, 1), 'date_end': date(2027, 1, 31)}
            )
            bill = env['progress.bill'].create(
                {'contract_id': self.contract_id, 'amt_pct': '10%', 'date': date(2027, 1, 15)}
            )
            period_id, bill_id = period.id, bill.id
        results = self._at_once(
            lambda env: bool(env['progress.billing.period'].browse(period_id).action_close()),
            lambda env: bool(env['progress.bill'].browse(bill_id).action_create()),
        )
        self.assertEqual(sorted(map(str, map(type, results))), sorted(map(str, (bool, UserError))), results)
        self.assertFalse([result for result in results if isinstance(result, psycopg2.Error)])
        with self.registry.cursor() as cr:
            env = self._env(cr)
            closed = env['progress.billing.period'].browse(period_id).state == 'closed'
            self.assertEqual(env['progress.bill'].browse(bill_id).bucket, False if closed else 'draft')
