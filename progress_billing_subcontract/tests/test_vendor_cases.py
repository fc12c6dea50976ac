from odoo.tests import tagged

from odoo.addons.progress_billing.tests.side_cases import SideCases

from .common import SubcontractCommon


@tagged('post_install', '-at_install')
class TestVendorCases(SideCases, SubcontractCommon):
    """The cases of either side, turned round: a subcontractor bills us."""

    side_sign = -1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.side_accounts = {
            'partner': cls.payable_account,
            'result': cls.expense_account,
            'tax': cls.input_tax_account,
            'retainage': cls.payable_retainage_account,
            'deposit': cls.advance_account,
        }

    @classmethod
    def _side_contract(cls, amounts, taxes=None, **vals):
        purchase = {'currency_id': vals.pop('currency_id')} if 'currency_id' in vals else {}
        if taxes and any(taxes.mapped('price_include')):  # an order's prices have their tax in them
            amounts = [amount * (1 + sum(taxes.mapped('amount')) / 100) for amount in amounts]
        vals.setdefault('revenue_recognition', 'deposit')
        return cls._subcontract(amounts, taxes, purchase_vals=purchase, use_pro_forma=False, **vals)

    @classmethod
    def _side_tax(cls, name, amount, **vals):
        return cls._make_input_tax(name, amount, **vals)

    def test_owner_and_subcontractors_of_a_job(self):
        """The owner is billed 12,000 for what costs 10,000: both ledgers balance, the difference is the margin."""
        owner = self.make.as_billed([120000], retainage_percent=10)
        sub = self._side_contract([100000], retainage_percent=10, revenue_recognition='as_billed')
        billed, claimed = self.billing.draw(owner, 10).invoice_id, self.billing.draw(sub, 10).invoice_id
        self.assertLedger(billed, receivable=10800, retainage=1200, income=-12000)
        self.assertLedger(claimed, payable=-9000, payable_retainage=-1000, expense=10000)
        both = self.books.of(billed | claimed)
        self.assertEqual(-both[self.income_account][0] - both[self.expense_account][0], 2000)
        self.assertFalse(round(sum(balance for balance, _amount in both.values()), 2))
