from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestProfitability(ProgressBillingCommon):
    """The project's dashboard shows what was earned, and deposits apart."""

    def _rows(self):
        items = self.project._get_profitability_items(with_action=False)['revenues']
        rows = {
            row['id']: (row['invoiced'], row['to_invoice']) for row in items['data'] if row['id'].startswith('progress')
        }
        return rows, (items['total']['invoiced'], items['total']['to_invoice'])

    def test_dashboard(self):
        self.project.account_id = self.analytic_account
        self.assertEqual(self._rows()[0], {})
        contract = self.make.contract([1000], self.tax_15)
        self.assertEqual(self._rows(), ({'progress_revenue': (0, 1000)}, (0, 1000)))
        self.billing.bill(contract, '40%')
        self.assertEqual(self._rows(), ({'progress_revenue': (0, 1000), 'progress_deposits': (400, -400)}, (400, 600)))
        self.billing.final(contract)
        self.assertEqual(self._rows(), ({'progress_revenue': (1000, 0)}, (1000, 0)))
        panel = self.project.with_user(self.accountant).get_panel_data()
        self.assertIn('progress_revenue', panel['profitability_labels'])
        row = next(row for row in panel['profitability_items']['revenues']['data'] if row['id'] == 'progress_revenue')
        self.assertEqual(row['action']['name'], 'action_profitability_items')
        action = self.project.action_profitability_items('progress_revenue', [('id', 'in', contract.invoice_ids.ids)])
        self.assertEqual(self.env['account.move'].search(action['domain']), contract.invoice_ids)
        self.project.with_user(self.billing_user).get_panel_data()
