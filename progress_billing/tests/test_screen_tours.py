from odoo import Command
from odoo.tests import HttpCase, tagged

from .common import ProgressBillingCommon

ACTIONS = '/odoo/action-progress_billing'


class ScreenCommon(ProgressBillingCommon, HttpCase):
    """A contract with a plan, and a user who may do everything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref('base.user_admin').write(
            {
                'company_ids': [(4, cls.company.id)],
                'company_id': cls.company.id,
                'group_ids': [(4, cls.env.ref('account.group_account_manager').id)],
            }
        )
        cls.project.name = "Quay Wall"
        cls.contract = cls.make.contract([10000], cls.tax_15, description="Quay Wall")
        cls.contract.bill_ids = [
            Command.create({'title': f"Instalment {number}", 'amt_pct': '25%', 'date': f'2040-0{number}-25'})
            for number in (1, 2)
        ]

    def _tour(self, url, name):
        self.start_tour(url, name, login='admin', timeout=180)


@tagged('post_install', '-at_install')
class TestScreenTours(ScreenCommon):
    """On the screen of a small laptop."""

    browser_size = '1366x768'

    def test_next_step(self):
        """From the tab's one button to the posted invoice, and on to the next instalment."""
        self._tour(f'/odoo/action-project.open_view_project_all_config/{self.project.id}', 'progress_billing_next_step')
        first, second = self.contract.bill_ids.sorted('date')
        self.assertEqual((first.invoice_state, second.state), ('posted', 'planned'))

    def test_lists_fit(self):
        """Amounts and numbers of large contracts are not cut off."""
        large = self.make.contract([1234567.89, 2345678.9], self.tax_15, description="Harbour Office, Second Phase")
        self.billing.bill(large, '40%').action_post_invoice()
        self.billing.bill(large, '10%')
        for action in ('action_progress_contract', 'action_progress_bill', 'action_progress_bill_planned'):
            self._tour(f'{ACTIONS}.{action}', 'progress_billing_list_fits')
        lines = [{'retainage_percent': 5}, {'stored_amount': 1000}]
        for line, vals in zip(large.line_ids, lines, strict=True):
            line.write(vals)
        large.line_ids = [
            Command.create(
                {
                    'name': "Sheet piles",
                    'billing_base': 'quantity',
                    'original_quantity': 12000,
                    'unit_price': 85,
                    'original_amount': 1020000,
                }
            )
        ]
        self._tour(f'{ACTIONS}.action_progress_contract/{large.id}', 'progress_billing_list_fits')

    def test_down_payment_asks(self):
        """A down payment says in lists and on its card what it asks for, as it takes nothing from the schedule."""
        self.contract.bill_ids.unlink()
        self.contract.action_create_down_payment(700, False)
        self.billing.bill(self.contract, '10%')
        self._tour(f'{ACTIONS}.action_progress_bill', 'progress_billing_down_payment_asks')

    def test_a_percentage_as_an_amount(self):
        """30 % of 10,000 typed as the amount of a down payment are 3,000; elsewhere it is no amount."""
        self._tour(f'{ACTIONS}.action_progress_contract/{self.contract.id}', 'progress_billing_share_refused')
        self._tour(f'{ACTIONS}.action_progress_contract/{self.contract.id}', 'progress_billing_share_typed')
        paid = self.contract.bill_ids.filtered(lambda bill: bill.kind == 'down_payment')
        self.assertEqual(paid.sourced_amount, 3000)
        self.assertEqual(self.contract.line_ids.pending_amount, 0)


@tagged('post_install', '-at_install')
class TestPhoneTours(ScreenCommon):
    """On a phone."""

    browser_size = '390x844'
    touch_enabled = True

    def test_cards(self):
        self._tour(f'{ACTIONS}.action_progress_bill_planned', 'progress_billing_phone')
        self._tour(f'{ACTIONS}.action_progress_contract', 'progress_billing_phone_contract')
