from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tests import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.base.tests.common import BaseCommon

from . import prepared
from .builders import Billing, Books, Make, make_project, make_tax


class ProgressBillingCommon(AccountTestInvoicingCommon):
    """A company with a chart of accounts, a fixed-fee project and its people, and what a test works with:
    ``make`` makes contracts, ``billing`` does what people do with them, ``books`` reads the ledger.
    """

    @classmethod
    def get_default_groups(cls):
        return (
            super().get_default_groups()
            | cls.env.ref('progress_billing.group_manager')
            | cls.env.ref('project.group_project_manager')
        )

    @classmethod
    def _create_company(cls, **create_values):
        """One that is made already, where it has what a new one would have."""
        company = cls.env['res.company']
        if prepared.attributes and set(create_values) <= {'name'} and not (cls.country_code or cls.chart_template):
            company = prepared.take_company(cls.env, create_values.get('name', "Test Company"))
        return company or super()._create_company(**create_values)

    @classmethod
    def setUpClass(cls):
        if prepared.attributes and not (cls.country_code or cls.chart_template):
            super(BaseCommon, cls).setUpClass()  # what Odoo's common classes do is done: on with those after them
            cls._take_prepared()
        else:
            super().setUpClass()
            cls._set_up_company()
        cls.make = Make(
            cls.env,
            company=cls.company,
            customer=cls.customer,
            house=cls.project,
            income_account=cls.income_account,
            tax_account=cls.company_data['default_account_tax_sale'],
        )
        cls.billing = Billing(cls.make)
        cls.books = Books(cls.env, cls.retainage_account)

    @classmethod
    def _take_prepared(cls):
        """What the set-up of Odoo's common classes and ours made, for all classes at once."""
        cls.env = cls.env['base'].with_context(**cls.default_env_context()).env
        cls.env = cls.env(user=prepared.take(cls.env)['user'])
        for name, value in prepared.take(cls.env).items():
            setattr(cls, name, value)
        groups = cls.get_default_groups() - cls.env.user.group_ids
        if groups:  # a glue addon's
            cls.env.user.group_ids += groups

    @classmethod
    def _set_up_company(cls):
        cls.company = cls.company_data['company']
        cls.deposit_account = cls.company.progress_deposit_account_id
        cls.retainage_account = cls.company.progress_retainage_account_id
        cls.receivable_account = cls.company_data['default_account_receivable']
        cls.income_account = cls.company_data['default_account_revenue']
        cls.customer = cls.env['res.partner'].create({'name': "Builder's Customer"})
        cls.analytic_account = cls.env['account.analytic.account'].create(
            {
                'name': "House",
                'plan_id': cls.env.ref('analytic.analytic_plan_projects').id,
                'company_id': cls.company.id,
            }
        )
        cls.project = make_project(cls.company, cls.customer)
        cls.tax_15 = make_tax(cls.company, cls.company_data['default_account_tax_sale'], "15 %", 15.0)
        company = {'company_id': cls.company.id}
        cls.billing_user, cls.accountant, cls.reader = (
            new_test_user(cls.env, login=login, groups=groups, **company)
            for login, groups in (
                ('billing_user', 'progress_billing.group_user'),
                ('billing_accountant', 'account.group_account_user,progress_billing.group_user'),
                ('billing_reader', 'progress_billing.group_readonly'),
            )
        )

    # === REFUSALS === #

    @contextmanager
    def assertRaisesRegex(self, error, sentence):
        """As Odoo's ``assertRaises``, which takes back what was tried; and the error says ``sentence``."""
        with self.assertRaises(error) as refused:
            yield refused
        self.assertRegex(str(refused.exception), sentence)

    def assertRefused(self, act, *words, error=UserError, regex=''):
        """``act`` is refused with a message that has each of ``words``, and leaves nothing behind whether it is or not.

        :param str regex: what the message says, where words do not do
        :return str: the message
        """
        self.assertTrue(words or regex, "say what the message says")
        with self.assertRaises(error) as refused:
            act()
            self.env.flush_all()
            self.fail("Not refused")
        message = str(refused.exception)
        for word in words:
            self.assertIn(word, message)
        if regex:
            self.assertRegex(message, regex)
        return message

    # === FIGURES === #

    def assertBuckets(self, line, pending, draft, actual, percent=None, msg=None):
        """Pending, draft and actual amount of a schedule line, and its Completed (%)."""
        figures = (line.pending_amount, line.draft_amount, line.actual_amount)
        self.assertEqual(tuple(round(figure, 4) for figure in figures), (pending, draft, actual), msg)
        if percent is not None:
            self.assertAlmostEqual(line.completed_percent, percent, 6, msg)

    def assertDeposits(self, contract, balance):
        """The deposit account holds ``balance`` (a liability is positive) for the contract's customer."""
        self.assertEqual(self.books.balance(self.deposit_account, contract), -balance)
        self.assertEqual(contract.deposit_balance, balance)

    def assertRetained(self, contract, held, holdback=0.0, msg=None):
        """The ledger holds what the contract says, and both hold ``held``."""
        figures = (
            round(contract.retainage_balance, 4),
            self.books.of_contract(contract, types=['retainage']),
            self.books.of_contract(contract, types=['holdback']),
        )
        self.assertEqual(figures, (held, held, holdback), msg)

    def assertLedger(self, moves, **sums):
        """Balances by account, in company currency: ``receivable=900, retainage=100, income=-1000``."""
        found = {account: round(balance[0], 4) for account, balance in self.books.of(moves).items() if balance[0]}
        names = {getattr(self, f'{name}_account'): amount for name, amount in sums.items() if amount}
        self.assertEqual(
            {key.display_name: v for key, v in found.items()}, {k.display_name: v for k, v in names.items()}
        )
