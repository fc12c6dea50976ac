import threading
from datetime import date
from functools import partial

import psycopg2

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger


@tagged('post_install', '-at_install')
class TestPeriodConcurrency(BaseCase):
    """Two sessions at once about one period, each with its own transaction.

    What is made here is committed, and deleted again at the end.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.addClassCleanup(cls._delete_everything)
        with cls.registry.cursor() as cr:
            env = cls._env(cr)
            company = env.ref('base.main_company')
            accounts = env['account.account'].with_company(company)
            income, deposits = accounts.create(
                [
                    {
                        'name': "Period income",
                        'code': 'PBPER1',
                        'account_type': 'income',
                        'company_ids': [Command.set(company.ids)],
                    },
                    {
                        'name': "Period deposits",
                        'code': 'PBPER2',
                        'account_type': 'liability_current',
                        'reconcile': True,
                        'company_ids': [Command.set(company.ids)],
                    },
                ]
            )
            partner = env['res.partner'].create({'name': "Period customer"})
            project = env['project.project'].create(
                {'name': "Period project", 'company_id': company.id, 'partner_id': partner.id}
            )
            project.billing_method = 'fixed_fee'
            contract = project.progress_contract_id
            contract.write(
                {
                    'use_pro_forma': True,
                    'deposit_account_id': deposits.id,
                    'period_policy': 'month',
                    'line_ids': [
                        Command.create(
                            {'name': "Work", 'original_amount': 1000, 'account_id': income.id, 'tax_ids': False}
                        )
                    ],
                }
            )
            contract.action_open()
            cls.project_id, cls.contract_id = project.id, contract.id
            cls.made = [('account.account', (income + deposits).ids), ('res.partner', partner.ids)]

    @classmethod
    def _env(cls, cr):
        return api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})

    @classmethod
    def _delete_everything(cls):
        with cls.registry.cursor() as cr:
            env = cls._env(cr)
            contract = env['progress.contract'].browse(cls.contract_id)
            contract.bill_ids.action_cancel()
            contract.bill_ids.unlink()
            env['project.project'].browse(cls.project_id).unlink()
            for model, ids in cls.made:
                env[model].browse(ids).unlink()

    def _at_once(self, *calls):
        """Run the calls in sessions that all have their snapshot before one of them writes."""
        barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

        def work(number, call):
            with self.registry.cursor() as cr:
                env = self._env(cr)
                cr.execute("SELECT 1")
                first = [True]

                def attempt():
                    env['progress.billing.period'].search_count([])
                    if first:
                        first.clear()
                        barrier.wait(30)
                    return call(env)

                try:
                    results[number] = retrying(attempt, env)
                except (UserError, psycopg2.Error) as error:
                    results[number] = error

        threads = [threading.Thread(target=partial(work, *pair)) for pair in enumerate(calls)]
        with mute_logger('odoo.service.model', 'odoo.sql_db'):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        return results

    def test_overlap(self):
        def make(env, start, end):
            return (
                env['progress.billing.period']
                .create({'project_id': self.project_id, 'date_start': start, 'date_end': end})
                .id
            )

        results = self._at_once(
            lambda env: make(env, date(2026, 1, 1), date(2026, 1, 31)),
            lambda env: make(env, date(2026, 1, 15), date(2026, 2, 15)),
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
