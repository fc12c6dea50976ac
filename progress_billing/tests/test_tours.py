from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestTours(ProgressBillingCommon, HttpCase):
    """The way a person goes, in a real browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.env.ref('base.user_admin')
        cls.user.write(
            {
                'company_ids': [(4, cls.company.id)],
                'company_id': cls.company.id,
                'group_ids': [(4, cls.env.ref('account.group_account_manager').id)],
            }
        )

    def test_billing_tab(self):
        self.customer.name = "Tour Customer"
        # where there are project templates, New is a menu
        self.env['project.project'].search([('is_template', '=', True)]).active = False
        self.start_tour(
            '/odoo/action-project.open_view_project_all_config', 'progress_billing_tab', login='admin', timeout=180
        )
        project = self.env['project.project'].search([('name', '=', "Bridge Repair")])
        contract = project.progress_contract_id
        self.assertEqual(contract.line_ids.mapped('original_amount'), [10000, 5000.50])
        self.assertEqual(contract.line_ids.tax_ids, self.company.account_sale_tax_id)
        self.assertEqual(len(contract.invoice_ids), 1)
        self.assertRecordValues(
            contract.bill_ids, [{'state': 'invoiced', 'amount': 3750.13, 'title': "Start of works"}]
        )
        self.assertEqual(contract.deposit_balance, 3750.13)

    def test_final_invoice(self):
        contract = self.make.contract([1000, 500], self.tax_15)
        self.billing.bill(contract, '40%')
        self.start_tour(
            f'/odoo/action-progress_billing.action_progress_contract/{contract.id}',
            'progress_billing_final',
            login='admin',
            timeout=180,
        )
        self.assertEqual(contract.state, 'closed')
        self.assertDeposits(contract, 0)
        self.assertEqual(set(contract.bill_ids.mapped('state')), {'invoiced', 'cancelled'})

    def test_import_schedule(self):
        contract = self.make.contract([], do_open=False)
        self.start_tour(
            f'/odoo/action-progress_billing.action_progress_contract/{contract.id}',
            'progress_billing_import',
            login='admin',
            timeout=180,
        )
        self.assertEqual(
            contract.line_ids.mapped(lambda line: (line.display_type, line.name, line.original_amount)),
            [('line_section', "SITE WORKS", 0), (False, "Clearing", 4500), (False, "Excavation", 5920)],
        )

    def test_replace_plan(self):
        contract = self.make.contract([3000])
        self.env['progress.plan.wizard'].create(
            {'contract_id': contract.id, 'count': 3, 'start_date': '2026-06-01'}
        ).action_confirm()
        self.start_tour(
            f'/odoo/action-progress_billing.action_progress_contract/{contract.id}',
            'progress_billing_plan',
            login='admin',
            timeout=180,
        )
        self.assertEqual(contract.bill_ids.mapped('planned_amount'), [1500, 1500])
        first = contract.bill_ids.sorted('date')[0]
        self.assertEqual(first.date, fields.Date.add(fields.Date.today(), days=10))
