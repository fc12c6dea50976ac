from odoo.tests import tagged

from .common import ProgressBillingCommon
from .side_cases import SideCases


@tagged('post_install', '-at_install')
class TestCustomerCases(SideCases, ProgressBillingCommon):
    """The cases of either side, with a customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.side_accounts = {
            'partner': cls.receivable_account,
            'result': cls.income_account,
            'tax': cls.company_data['default_account_tax_sale'],
            'retainage': cls.retainage_account,
            'deposit': cls.deposit_account,
        }

    @classmethod
    def _side_contract(cls, amounts, taxes=None, **vals):
        return cls.make.contract(amounts, taxes, **vals)

    @classmethod
    def _side_tax(cls, name, amount, **vals):
        return cls.make.tax(name, amount, **vals)
