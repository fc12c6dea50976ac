from odoo.tests import HttpCase, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestRunTour(ProgressBillingCommon, HttpCase):
    """A billing run as a person makes it, in a real browser."""

    def test_run(self):
        """Percentages, preview, pro forma, its two columns, release; then one percentage of every line."""
        user = self.env.ref('base.user_admin')
        user.write(
            {
                'company_ids': [(4, self.company.id)],
                'company_id': self.company.id,
                'group_ids': [(4, self.env.ref('account.group_account_manager').id)],
            }
        )
        self.project.name = "Quay Wall"
        contract = self.make.pro_forma([1000, 500, 300], self.tax_15)
        for line, name in zip(contract.line_ids, ("Piers", "Deck", "Railing"), strict=True):
            line.name = name
        self.start_tour(
            f'/odoo/action-project.open_view_project_all_config/{self.project.id}',
            'progress_billing_run',
            login='admin',
            timeout=180,
        )
        first, second = contract.bill_ids.sorted('id')
        self.assertRecordValues(first + second, [{'state': 'invoiced'}, {'state': 'draft'}])
        self.assertEqual(first.line_ids.mapped('amount'), [250, 250, 150])
        self.assertEqual(first.invoice_id.amount_untaxed, 650)
        self.assertEqual(second.line_ids.mapped('amount'), [100, 50, 30])
        self.assertEqual(contract.line_ids.mapped('completed_percent'), [30, 40, 50])
