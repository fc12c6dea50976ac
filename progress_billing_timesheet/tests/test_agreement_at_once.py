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
        self.sessions, self.others = [], []
        with self.registry.cursor() as cr:
            env = self._env(cr)
            company = {'company_id': self.vals['company_id']}
            employee = env['hr.employee'].create({'name': "Ann at once", **company})
            agreement = env['progress.agreement'].create(
                {
                    'name': "Support",
                    'partner_id': self.vals['partner_id'],
                    'date_start': '2026-01-01',
                    'limit_hours': 5,
                    **company,
                }
            )
            made = [self._make_session(env, employee, name) for name in ("House", "Barn")]
            self.sessions = [(contract.id, entry.id) for contract, entry in made]
            self.others = [
                ('progress.agreement', agreement.ids),
                ('hr.employee', employee.ids),
                ('project.project', [contract.project_id.id for contract, _entry in made]),
                ('progress.contract', [contract.id for contract, _entry in made]),
                ('account.analytic.line', [entry.id for _contract, entry in made]),
            ]
            self.agreement_id = agreement.id

    def _make_session(self, env, employee, name):
        """A contract and four hours on its project, for one of the two users."""
        company = {'company_id': self.vals['company_id']}
        project = env['project.project'].create(
            {'name': name, 'billing_method': 'fixed_fee', 'allow_timesheets': True, **company}
        )
        line = {'name': "Work", 'original_amount': 1000, 'account_id': self.income_id, 'tax_ids': False}
        contract = env['progress.contract'].create(
            {**self.vals, 'project_id': project.id, 'hourly_rate': 100, 'line_ids': [Command.create(line)]}
        )
        contract.action_open()
        entry = {'name': "Work", 'project_id': project.id, 'employee_id': employee.id, 'unit_amount': 4, 'date': DAY}
        return contract, env['account.analytic.line'].create(entry)

    def _delete_contract(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            contracts = env['progress.contract'].browse(contract for contract, _entry in self.sessions)
            contracts.invoice_ids.unlink()
            contracts.bill_ids.unlink()
            for model, ids in reversed(self.others):
                env[model].browse(ids).unlink()
        return super()._delete_contract()

    def _use(self, contract_id, entry_id, env):
        """Bill half of the fee, with the hours, on the screen."""
        wizard = env['progress.bill.create'].create(
            {
                'contract_id': contract_id,
                'date': DAY,
                'time_line_ids': [Command.set([entry_id])],
                'wip_bill_amount': 500,
            }
        )
        wizard.action_continue()

    def test_two_contracts_at_once(self):
        for result in self._at_once(*(partial(self._use, *session) for session in self.sessions)):
            self.assertNotIsInstance(result, Exception, result)
        with self.registry.cursor() as cr:
            agreement = self._env(cr)['progress.agreement'].browse(self.agreement_id)
            self.assertEqual(sorted(agreement.use_ids.mapped('hours')), [1, 4])
            self.assertEqual((agreement.used_hours, agreement.left_hours), (5, 0))
