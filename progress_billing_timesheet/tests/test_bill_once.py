import threading
from functools import partial

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger


@tagged('post_install', '-at_install')
class TestBillOnce(BaseCase):
    """Two people bill the same hours at the same moment, on two contracts of one project.

    What is made here is committed, and deleted again at the end.
    """

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = self._env(cr)
            company = env.ref('base.main_company')
            account = env['account.account'].with_company(company)
            income, deposits, receivable = account.create(
                [
                    {
                        'name': f"Hours once {code}",
                        'code': f'PBHRS{number}',
                        'account_type': code,
                        'reconcile': code != 'income',
                        'company_ids': [Command.set(company.ids)],
                    }
                    for number, code in enumerate(('income', 'liability_current', 'asset_receivable'))
                ]
            )
            journal = env['account.journal'].create(
                {
                    'name': "Hours once",
                    'code': 'PBHRS',
                    'type': 'sale',
                    'company_id': company.id,
                    'default_account_id': income.id,
                }
            )
            partner = env['res.partner'].create({'name': "Hours once"})
            partner.with_company(company).property_account_receivable_id = receivable
            project = env['project.project'].create(
                {
                    'name': "Hours once",
                    'partner_id': partner.id,
                    'company_id': company.id,
                    'billing_method': 'fixed_fee',
                }
            )
            project.progress_contract_ids.unlink()
            contracts = env['progress.contract'].create(
                [
                    {
                        'project_id': project.id,
                        'partner_id': partner.id,
                        'company_id': company.id,
                        'journal_id': journal.id,
                        'deposit_account_id': deposits.id,
                        'hourly_rate': 100,
                        'line_ids': [
                            Command.create(
                                {'name': "Fee", 'original_amount': 1000, 'account_id': income.id, 'tax_ids': False}
                            )
                        ],
                    }
                    for _number in range(2)
                ]
            )
            contracts.action_open()
            employee = env['hr.employee'].create({'name': "Once", 'company_id': company.id})
            entry = env['account.analytic.line'].create(
                {
                    'name': "Work",
                    'project_id': project.id,
                    'employee_id': employee.id,
                    'unit_amount': 2,
                    'date': '2026-01-15',
                }
            )
            wizards = env['progress.bill.create'].create(
                [
                    {
                        'contract_id': contract.id,
                        'date': '2026-01-31',
                        'wip_bill_amount': 300,
                        'time_line_ids': [Command.set(entry.ids)],
                    }
                    for contract in contracts
                ]
            )
            self.contract_ids, self.wizard_ids, self.entry_id = contracts.ids, wizards.ids, entry.id
            self.made = [
                ('account.account', (income | deposits | receivable).ids),
                ('res.partner', partner.ids),
                ('account.journal', journal.ids),
                ('hr.employee', employee.ids),
                ('project.project', project.ids),
            ]
        self.addCleanup(self._delete_everything)

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})

    def _delete_everything(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            contracts = env['progress.contract'].browse(self.contract_ids)
            contracts.invoice_ids.unlink()
            contracts.bill_ids.unlink()
            env['progress.bill.create'].browse(self.wizard_ids).unlink()
            env['account.analytic.line'].browse(self.entry_id).unlink()
            contracts.unlink()
            for model, ids in reversed(self.made):
                env[model].browse(ids).exists().unlink()

    def _continue(self, number, barrier, results):
        threading.current_thread().dbname = self.registry.db_name
        with self.registry.cursor() as cr:
            env = self._env(cr)
            env['account.analytic.line'].browse(self.entry_id).read(['progress_bill_id'])
            barrier.wait(timeout=20)
            try:
                wizard = self.wizard_ids[number]
                results[number] = retrying(partial(self._act, env, wizard), env)
            except UserError as error:
                cr.rollback()
                results[number] = error

    def _act(self, env, wizard):
        return env['progress.bill.create'].browse(wizard).action_continue()

    def test_two_users_at_once(self):
        barrier, results = threading.Barrier(2), [None, None]
        threads = [threading.Thread(target=self._continue, args=(number, barrier, results)) for number in range(2)]
        with mute_logger('odoo.sql_db', 'odoo.service.model'):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=60)
        errors = [result for result in results if isinstance(result, Exception)]
        self.assertEqual(len(errors), 1, results)
        self.assertRegex(str(errors[0]), "“Work” of 01/15/2026 has been billed on")
        with self.registry.cursor() as cr:
            rows = self._env(cr)['progress.bill.entry'].search([('analytic_line_id', '=', self.entry_id)])
            self.assertEqual(len(rows.filtered('is_live')), 1)
            self.assertEqual(rows.analytic_line_id.timesheet_invoice_id, rows.filtered('is_live').bill_id.invoice_id)
