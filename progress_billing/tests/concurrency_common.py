import threading
from functools import partial

import psycopg2

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger


class ConcurrencyCommon(BaseCase):
    """Two sessions at once, each with its own transaction.

    What is made here is committed, and deleted again at the end.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.addClassCleanup(cls._delete_everything)
        cls.made = []
        with cls.registry.cursor() as cr:
            env = cls._env(cr)
            company = env.ref('base.main_company')
            accounts = (
                env['account.account']
                .with_company(company)
                .create(
                    [
                        {
                            'name': f"Concurrency {code}",
                            'code': f'PBCON{number}',
                            'account_type': kind,
                            'reconcile': number != 2,
                            'company_ids': [Command.set(company.ids)],
                        }
                        for number, (code, kind) in enumerate(
                            (
                                ("receivable", 'asset_receivable'),
                                ("income", 'income'),
                                ("deposits", 'liability_current'),
                            ),
                            1,
                        )
                    ]
                )
            )
            receivable, income, deposits = accounts
            journal = (
                env['account.journal']
                .with_company(company)
                .create(
                    {
                        'name': "Concurrency",
                        'code': 'PBCON',
                        'type': 'sale',
                        'company_id': company.id,
                        'default_account_id': income.id,
                    }
                )
            )
            partner = env['res.partner'].create({'name': "Concurrent customer"})
            partner.with_company(company).property_account_receivable_id = receivable
            cls.vals = {
                'partner_id': partner.id,
                'company_id': company.id,
                'journal_id': journal.id,
                'deposit_account_id': deposits.id,
            }
            cls.income_id = income.id
            cls.made = [
                ('account.account', accounts.ids),
                ('res.partner', partner.ids),
                ('account.journal', journal.ids),
            ]

    @classmethod
    def _env(cls, cr):
        return api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})

    @classmethod
    def _delete_everything(cls):
        with cls.registry.cursor() as cr:
            env = cls._env(cr)
            for model, ids in reversed(cls.made):
                env[model].browse(ids).exists().unlink()

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            contract = self._env(cr)['progress.contract'].create(
                {
                    **self.vals,
                    'line_ids': [
                        Command.create(
                            {'name': "Work", 'original_amount': 1000, 'account_id': self.income_id, 'tax_ids': False}
                        )
                    ],
                }
            )
            contract.action_open()
            bills = self._env(cr)['progress.bill'].create(
                [{'contract_id': contract.id, 'amt_pct': '60%', 'date': '2026-01-31'} for _number in range(2)]
            )
            self.contract_id, self.bill_ids = contract.id, bills.ids
        self.addCleanup(self._delete_contract)

    def _delete_contract(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            contract = env['progress.contract'].browse(self.contract_id)
            for move in contract.invoice_ids.sorted('id', reverse=True):
                if move.state == 'posted':
                    move.button_draft()
                move.unlink()
            contract.bill_ids.unlink()
            contract.unlink()

    def _bill(self, cr, number=0):
        return self._env(cr)['progress.bill'].browse(self.bill_ids[number])

    def _look(self):
        """``(draft, actual, number of invoices)`` as committed."""
        with self.registry.cursor() as cr:
            contract = self._env(cr)['progress.contract'].browse(self.contract_id)
            return contract.draft_amount, contract.actual_amount, len(contract.invoice_ids)

    def _at_once(self, *acts):
        """Run the acts at the same time, each in a transaction that has read the contract before the others write.

        :return list: what each returned or raised, after Odoo's own retries
        """
        barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

        def run(number, act):
            threading.current_thread().dbname = self.registry.db_name
            with self.registry.cursor() as cr:
                env = self._env(cr)
                env['progress.contract'].browse(self.contract_id).read(['wip_available', 'state'])
                env['progress.bill'].browse(self.bill_ids).read(['state'])
                barrier.wait(timeout=20)
                try:
                    results[number] = retrying(partial(act, env), env)
                except (UserError, psycopg2.Error) as error:  # looked at by the test
                    cr.rollback()
                    results[number] = error

        threads = [threading.Thread(target=run, args=entry) for entry in enumerate(acts)]
        with mute_logger('odoo.sql_db', 'odoo.service.model'):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=60)
        return results

    def _create(self, number, env):
        return env['progress.bill'].browse(self.bill_ids[number]).action_create()
