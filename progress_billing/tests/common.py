from contextlib import contextmanager

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from . import prepared_companies


class ProgressBillingCommon(AccountTestInvoicingCommon):
    """A company with a chart of accounts, a fixed-fee project, and helpers that read the ledger."""

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
        if set(create_values) <= {'name'} and not (cls.country_code or cls.chart_template):
            company = prepared_companies.take(cls.env, create_values.get('name', "Test Company"))
        return company or super()._create_company(**create_values)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data['company']
        cls.deposit_account = cls.company.progress_deposit_account_id
        cls.receivable_account = cls.company_data['default_account_receivable']
        cls.income_account = cls.company_data['default_account_revenue']
        cls.tax_15 = cls._make_tax("15 %", 15.0)
        cls.customer = cls.env['res.partner'].create({'name': "Builder's Customer"})
        cls.analytic_account = cls.env['account.analytic.account'].create(
            {
                'name': "House",
                'plan_id': cls.env.ref('analytic.analytic_plan_projects').id,
                'company_id': cls.company.id,
            }
        )
        cls.project = cls._make_project()
        cls.billing_user = new_test_user(
            cls.env, login='billing_user', groups='progress_billing.group_user', company_id=cls.company.id
        )
        cls.accountant = new_test_user(
            cls.env,
            login='billing_accountant',
            groups='account.group_account_user,progress_billing.group_user',
            company_id=cls.company.id,
        )
        cls.reader = new_test_user(
            cls.env, login='billing_reader', groups='progress_billing.group_readonly', company_id=cls.company.id
        )

    # === FIXTURES === #

    @classmethod
    def _make_tax(cls, name, amount, **vals):
        tax = cls.env['account.tax'].create(
            {
                'name': name,
                'amount': amount,
                'amount_type': 'percent',
                'type_tax_use': 'sale',
                'company_id': cls.company.id,
                'country_id': cls.company.account_fiscal_country_id.id,
                **vals,
            }
        )
        parts = tax.invoice_repartition_line_ids | tax.refund_repartition_line_ids
        parts.filtered(lambda part: part.repartition_type == 'tax').account_id = cls.company_data[
            'default_account_tax_sale'
        ]
        return tax

    @classmethod
    def _make_project(cls, **vals):
        return cls.env['project.project'].create(
            {
                'name': "House",
                'partner_id': cls.customer.id,
                'company_id': cls.company.id,
                'billing_method': 'fixed_fee',
                'bill_time': 'billable',
                **vals,
            }
        )

    @classmethod
    def _make_contract(cls, amounts, taxes=None, *, project=None, do_open=True, line_vals=None, **vals):
        """A contract with one line for each amount."""
        contract = cls.env['progress.contract'].create(
            {
                'project_id': (cls.project if project is None else project).id,
                'partner_id': cls.customer.id,
                'company_id': cls.company.id,
                'line_ids': [
                    Command.create(
                        {
                            'name': f"Line {number}",
                            'item_number': str(number),
                            'original_amount': amount,
                            'account_id': cls.income_account.id,
                            'tax_ids': [Command.set((taxes or cls.env['account.tax']).ids)],
                            **(line_vals or {}),
                        }
                    )
                    for number, amount in enumerate(amounts, 1)
                ],
                **vals,
            }
        )
        if do_open:
            contract.action_open()
        return contract

    @classmethod
    def _plan(cls, contract, amt_pct, date='2026-01-31', **vals):
        return cls.env['progress.bill'].create({'contract_id': contract.id, 'amt_pct': amt_pct, 'date': date, **vals})

    @classmethod
    def _bill(cls, contract, amt_pct, date='2026-01-31', post=True, **vals):
        """Plan, create and post a progress bill."""
        bill = cls._plan(contract, amt_pct, date, **vals)
        bill.action_create()
        if post:
            bill.invoice_id.action_post()
        return bill

    @classmethod
    def _final(cls, contract, date=None, post=True):
        contract.action_create_final_invoice()
        move = contract.final_invoice_id
        if date:
            move.invoice_date = date
        if post:
            move.action_post()
        return move

    @classmethod
    def _credit(cls, move, amount=None, date='2026-02-15'):
        """A posted credit note, in full or of a net amount of its first line."""
        refund = move._reverse_moves([{'invoice_date': fields.Date.to_date(date), 'date': fields.Date.to_date(date)}])
        if amount is not None:
            refund.invoice_line_ids[:1].write({'price_unit': amount})
        refund.action_post()
        return refund

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

    # === READING THE LEDGER === #

    def _ledger(self, moves):
        """``{account: (debit less credit in company currency, in document currency)}`` of the moves, without zeros."""
        result = {}
        for line in moves.line_ids:
            if line.account_id:
                balance, amount = result.get(line.account_id, (0.0, 0.0))
                result[line.account_id] = (round(balance + line.balance, 6), round(amount + line.amount_currency, 6))
        return {account: sums for account, sums in result.items() if sums != (0.0, 0.0)}

    def _balance(self, account, contract=None):
        """Posted balance of an account in company currency, exchange entries included."""
        domain = [('account_id', '=', account.id), ('parent_state', '=', 'posted')]
        if contract:
            domain.append(('partner_id', 'child_of', contract.partner_id.commercial_partner_id.id))
        return round(sum(self.env['account.move.line'].search(domain).mapped('balance')), 6)

    def assertDeposits(self, contract, balance):
        """The deposit account holds ``balance`` (a liability is positive) for the contract's customer."""
        self.assertEqual(self._balance(self.deposit_account, contract), -balance)
        self.assertEqual(contract.deposit_balance, balance)
