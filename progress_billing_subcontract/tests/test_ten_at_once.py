from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.progress_billing.models.base.progress_actor import Actor
from odoo.addons.progress_billing.tests.concurrency_common import ConcurrencyCommon

NUMBER = 10


@tagged('post_install', '-at_install')
class TestTenAtOnce(ConcurrencyCommon):
    """Ten subcontractors of one project claim in the same period at the same moment."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = self._env(cr)
            company = env['res.company'].browse(self.vals['company_id'])
            expense, retainage = (
                env['account.account']
                .with_company(company)
                .create(
                    [
                        {
                            'name': f"Concurrency {kind}",
                            'code': f'PBCON{kind[:4]}',
                            'account_type': kind,
                            'reconcile': kind != 'expense',
                            'company_ids': [Command.set(company.ids)],
                        }
                        for kind in ('expense', 'liability_current')
                    ]
                )
            )
            journal = (
                env['account.journal']
                .with_company(company)
                .create({'name': "Concurrent purchases", 'code': 'PBCOP', 'type': 'purchase', 'company_id': company.id})
            )
            project = env['project.project'].create({'name': "Ten at once", 'company_id': company.id})
            period = env['progress.billing.period'].create(
                {'project_id': project.id, 'date_start': '2026-01-01', 'date_end': '2026-12-31'}
            )
            partners = env['res.partner'].create([{'name': f"Sub {number}"} for number in range(NUMBER)])
            contracts = env['progress.contract'].create(
                [
                    {
                        'contract_type': 'subcontract',
                        'partner_id': partner.id,
                        'project_id': project.id,
                        'company_id': company.id,
                        'journal_id': journal.id,
                        'retainage_account_id': retainage.id,
                        'revenue_recognition': 'as_billed',
                        'use_pro_forma': True,
                        'retainage_percent': 10,
                        'line_ids': [
                            Command.create(
                                {'name': "W", 'original_amount': 1000, 'account_id': expense.id, 'tax_ids': False}
                            )
                        ],
                    }
                    for partner in partners
                ]
            )
            contracts.action_open()
            bills = env['progress.bill']._create_protected(
                [
                    {
                        'contract_id': contract.id,
                        'period_id': period.id,
                        'date': '2026-03-20',
                        'invited_on': '2026-03-01',
                    }
                    for contract in contracts
                ]
            )
            bills._accept(Actor.of(env.user))
            self.claim_ids = bills.ids
            self.made_here = [
                ('account.account', (expense | retainage).ids),
                ('account.journal', journal.ids),
                ('res.partner', partners.ids),
                ('project.project', project.ids),
                ('progress.billing.period', period.ids),
                ('progress.contract', contracts.ids),
            ]
        self.addCleanup(self._delete_here)

    def _delete_here(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            env['progress.bill'].browse(self.claim_ids).action_cancel()
            env['progress.bill'].browse(self.claim_ids).unlink()
            for model, ids in reversed(self.made_here):
                env[model].browse(ids).exists().unlink()

    def test_ten_at_once(self):
        def claim(number):
            def act(env):
                bill = env['progress.bill'].browse(self.claim_ids[number])
                bill.contract_id._lock_for_billing()
                line = bill.line_ids
                given = {f'work_{line.id}': str(100 + number), 'vendor_reference': f'T-{number}'}
                bill._take_submission(Actor(bill.partner_id), given)
                return bill.state

            return act

        results = self._at_once(*map(claim, range(NUMBER)))
        self.assertEqual(results, ['submitted'] * NUMBER)
        with self.registry.cursor() as cr:
            bills = self._env(cr)['progress.bill'].browse(self.claim_ids)
            self.assertEqual(bills.mapped('amount'), [100.0 + number for number in range(NUMBER)])
            self.assertEqual(set(bills.mapped('claim_status')), {'under_review'})
            self.assertEqual(bills.mapped('contract_id.draft_amount'), bills.mapped('amount'))

    def _leave_project(self):
        with self.registry.cursor() as cr:
            owner = self._env(cr)['progress.contract'].browse(self.contract_id)
            owner.bill_ids.filtered(lambda bill: bill.state == 'draft').action_cancel()
            owner.bill_ids.filtered(lambda bill: bill.state == 'cancelled').unlink()
            owner.line_ids.subcontract_line_ids.owner_line_id = False
            owner.project_id = False

    def test_owner_billed_at_once(self):
        """Two users fill the owner's bill from the same claims at the same moment: each line of them is billed once."""
        with self.registry.cursor() as cr:
            env = self._env(cr)
            owner = env['progress.contract'].browse(self.contract_id)
            claims = env['progress.bill'].browse(self.claim_ids)
            claims.project_id.write({'allow_billable': True, 'billing_method': 'fixed_fee'})
            owner.write({'project_id': claims.project_id.id, 'use_pro_forma': True})
            self.addCleanup(self._leave_project)
            claims.contract_id.line_ids.write({'owner_line_id': owner.line_ids.id})
            for number, claim in enumerate(claims):
                claim.line_ids.amount = 10 + number
            claims._write_protected({'review_state': 'approved'})

        def fill(env):
            return env['progress.bill'].browse(self.claim_ids).project_id.action_bill_owner_from_claims()['res_id']

        results = self._at_once(fill, fill)
        refusals = [result for result in results if isinstance(result, UserError)]
        self.assertEqual(len(refusals), 1, results)
        self.assertIn("no approved claim waits", str(refusals[0]))
        with self.registry.cursor() as cr:
            bills = self._env(cr)['progress.contract'].browse(self.contract_id).bill_ids
            self.assertEqual(sum(bills.filtered(lambda bill: bill.state == 'draft').mapped('amount')), 145)
