from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import ProgressBillingCommon

TYPES = [('customer', "Customer"), ('subcontract', "Subcontract")]
#: what an addon for subcontracts overrides, all of it
VENDOR = {
    '_get_move_type': lambda contract: 'in_invoice',
    '_get_ledger_sign': lambda contract: 1,
    '_get_invoice_action_xmlid': lambda contract: 'account.action_move_in_invoice_type',
    '_get_payment_term': lambda contract: (
        contract.with_company(contract.company_id).partner_id.property_supplier_payment_term_id
    ),
    '_get_tax_use': lambda contract: 'purchase',
    '_get_default_tax': lambda contract: contract.company_id.account_purchase_tax_id,
    '_get_product_taxes': lambda contract, product: product.supplier_taxes_id,
    '_get_unit_price': lambda contract, product: product.with_company(contract.company_id).standard_price,
    '_get_product_text': lambda contract, product: product.description_purchase or product.display_name,
    '_get_journal_type': lambda contract: 'purchase',
    '_get_result_group': lambda contract: 'expense',
    '_get_company_account': lambda contract: contract.company_id.sudo().expense_account_id,
    '_get_deposit_account_type': lambda contract: 'asset_current',
    '_get_retainage_account_type': lambda contract: 'liability_current',
    '_get_company_deposit_account': lambda contract: contract.env['account.account'],
    '_get_company_retainage_account': lambda contract: contract.env['account.account'],
    '_get_held_tax': lambda contract: contract.env['account.tax'],
}


def turned_round(original, vendor):
    """A method as an addon would extend it: its own contracts are turned round, all others are left to ``super()``."""

    def method(self, *args):
        return vendor(self, *args) if self[:1].contract_type == 'subcontract' else original(self, *args)

    return method


@tagged('post_install', '-at_install')
class TestVendorSide(ProgressBillingCommon):
    """A probe of an addon: contracts that bill us, by the methods of the contract's side alone."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref('progress_billing.group_subcontract_manager')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._turn_round()
        accounts = cls.env['account.account'].create(
            [
                {'name': name, 'code': code, 'account_type': account_type, 'reconcile': True}
                for name, code, account_type in (
                    ("Deposits to Vendors", '129901', 'asset_current'),
                    ("Retainage Payable", '219901', 'liability_current'),
                )
            ]
        )
        cls.advance_account, cls.payable_retainage_account = accounts
        cls.expense_account = cls.company_data['default_account_expense']
        cls.payable_account = cls.company_data['default_account_payable']
        cls.input_tax_account = cls.company_data['default_account_tax_purchase']
        cls.input_tax = cls.make.tax("Input 10 %", 10.0, type_tax_use='purchase')
        parts = cls.input_tax.invoice_repartition_line_ids | cls.input_tax.refund_repartition_line_ids
        parts.filtered(lambda part: part.repartition_type == 'tax').account_id = cls.input_tax_account
        cls.vendor = cls.env['res.partner'].create({'name': "Bricklayer"})

    @classmethod
    def _turn_round(cls):
        contracts = cls.env.registry['progress.contract']
        patches = [
            patch.object(contracts, name, turned_round(getattr(contracts, name), vendor))
            for name, vendor in VENDOR.items()
        ]
        patches.append(
            patch.object(
                contracts,
                '_get_cash_sign_sql',
                lambda self, alias: SQL(
                    "CASE %s.contract_type WHEN 'subcontract' THEN -1 ELSE 1 END", SQL.identifier(alias)
                ),
            )
        )
        field = contracts._fields['contract_type']
        patches += [patch.object(field, 'selection', TYPES), patch.object(field, '_selection', dict(TYPES))]
        for one in patches:
            one.start()
            cls.addClassCleanup(one.stop)

    @classmethod
    def _subcontract(cls, amounts, taxes=None, **vals):
        return cls.make.contract(
            amounts,
            cls.input_tax if taxes is None else taxes,
            project=cls.env['project.project'],
            line_vals={'account_id': cls.expense_account.id},
            **{
                'contract_type': 'subcontract',
                'partner_id': cls.vendor.id,
                'deposit_account_id': cls.advance_account.id,
                'retainage_account_id': cls.payable_retainage_account.id,
                **vals,
            },
        )

    def _on(self, contract, account):
        return self.books.of_contract(contract, account)

    # === FROM DEPOSIT TO RELEASE === #

    def test_deposits_until_the_final_bill(self):
        """10,000 with 10 % retainage: deposits of 5,000 and 3,000, the rest with the final bill, and the release."""
        contract = self._subcontract([10000], retainage_percent=10)
        first = self.billing.draw(contract, 50)
        self.assertRecordValues(
            first.invoice_id,
            [
                {
                    'move_type': 'in_invoice',
                    'state': 'posted',
                    'journal_id': self.company_data['default_journal_purchase'].id,
                    'amount_untaxed': 4500,
                    'amount_tax': 500,
                    'progress_invoice_type': 'deposit',
                }
            ],
        )
        self.assertTrue(first.invoice_id.invoice_date, "No vendor bill is posted without its date.")
        self.assertLedger(first.invoice_id, advance=5000, input_tax=500, payable_retainage=-500, payable=-5000)
        second = self.billing.draw(contract, 80)
        self.assertLedger(second.invoice_id, advance=3000, input_tax=300, payable_retainage=-300, payable=-3000)
        self.assertEqual((contract.deposit_balance, contract.retainage_balance), (8000, 800))
        self.assertEqual((contract.actual_amount, contract.wip_available), (8000, 2000))
        final = self.billing.final(contract)
        self.assertLedger(final, expense=10000, advance=-8000, input_tax=200, payable_retainage=-200, payable=-2000)
        self.assertEqual((final.move_type, contract.state), ('in_invoice', 'closed'))
        self.assertEqual((self._on(contract, self.advance_account), contract.deposit_balance), (0, 0))
        advances = contract.invoice_ids.line_ids.filtered(lambda item: item.account_id == self.advance_account)
        self.assertTrue(all(advances.mapped('reconciled')))
        release = self.billing.release(contract, 400)
        self.assertLedger(release.invoice_id, payable_retainage=400, payable=-400)
        self.billing.release(contract)
        self.assertEqual(self._on(contract, self.payable_retainage_account), 0)
        self.assertRetained(contract, 0)
        held = contract.invoice_ids.line_ids.filtered(lambda item: item.account_id == self.payable_retainage_account)
        self.assertTrue(all(held.mapped('reconciled')))
        self.assertEqual(sum(contract.bill_ids.mapped('residual_amount')), 11000)

    def assertRetained(self, contract, held, holdback=0.0, msg=None):
        """A vendor's retainage is a liability."""
        figures = contract.retainage_balance, -self.books.of_contract(contract, self.payable_retainage_account)
        self.assertEqual(figures, (held, held), msg)

    def test_cost_as_billed(self):
        """Cost at once, a credit of a part, and the credit of all that is left."""
        contract = self._subcontract([10000, 2000], revenue_recognition='as_billed', retainage_percent=10)
        bill = self.billing.draw(contract, 50, 100)
        self.assertLedger(bill.invoice_id, expense=7000, input_tax=700, payable_retainage=-700, payable=-7000)
        refund = self.billing.credit(bill.invoice_id, 1000)
        self.assertEqual(refund.move_type, 'in_refund')
        self.assertEqual((bill.credited_amount, bill.credited_retainage_amount), (3000, 700))
        self.assertEqual(contract.actual_amount, 4000)
        self.assertEqual(self._on(contract, self.payable_retainage_account), 0)

    def test_credit_in_full(self):
        contract = self._subcontract([10000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        refund = self.billing.credit(bill.invoice_id)
        self.assertEqual(refund.move_type, 'in_refund')
        self.assertLedger(refund, advance=-5000, input_tax=-500, payable_retainage=500, payable=5000)
        self.assertEqual((bill.is_credited, contract.actual_amount, contract.deposit_balance), (True, 0, 0))
        self.assertRetained(contract, 0)

    def test_credit_of_a_final_bill(self):
        """The deposits stand again when the final bill is taken back, and a new one ends them."""
        contract = self._subcontract([10000])
        self.billing.draw(contract, 60)
        final = self.billing.final(contract)
        self.billing.credit(final)
        self.assertEqual((contract.state, contract.deposit_balance), ('open', 6000))
        self.assertEqual(self._on(contract, self.advance_account), 6000)
        again = self.billing.final(contract)
        self.assertLedger(again, expense=10000, advance=-6000, input_tax=400, payable=-4400)
        self.assertEqual(self._on(contract, self.advance_account), 0)

    def test_less_than_nothing(self):
        """What a change order takes back below what is billed is a vendor's credit note."""
        contract = self._subcontract([10000], revenue_recognition='as_billed')
        self.billing.draw(contract, 80)
        self.make.change(contract, {'contract_line_id': contract.line_ids.id, 'amount': -3000}, credit=True)
        credit = contract.bill_ids.sorted('id')[-1].invoice_id
        self.assertRecordValues(credit, [{'move_type': 'in_refund', 'amount_untaxed': 1000}])
        credit.action_post()
        self.assertLedger(credit, expense=-1000, input_tax=-100, payable=1100)
        self.assertEqual((contract.revised_amount, contract.actual_amount), (7000, 7000))

    def test_foreign_currency(self):
        """The final bill takes the deposits back at the rates they were paid at; the difference is exchange."""
        currency = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-02-01', 4.0)])
        contract = self._subcontract([1000], self.env['account.tax'], currency_id=currency.id)
        bill = self.billing.bill(contract, '400', '2026-01-15')
        self.assertEqual(self.books.of(bill.invoice_id)[self.advance_account], (200, 400))
        final = self.billing.final(contract, date='2026-02-15')
        ledger = self.books.of(final)
        self.assertEqual(ledger[self.advance_account], (-100, -400))
        self.assertEqual(ledger[self.expense_account], (250, 1000))
        self.assertEqual(ledger[self.payable_account], (-150, -600))
        self.assertEqual(self._on(contract, self.advance_account), 0)
        self.assertEqual(self.books.of_contract(contract, self.advance_account, 'amount_currency'), 0)

    def test_tax_with_the_release(self):
        """Retainage that is taxed when it is released, on the vendor's side."""
        self.company.progress_retainage_tax = 'release'
        contract = self._subcontract([10000], revenue_recognition='as_billed', retainage_percent=10)
        bill = self.billing.draw(contract, 100)
        self.assertLedger(bill.invoice_id, expense=10000, input_tax=900, payable_retainage=-1000, payable=-9900)
        release = self.billing.release(contract)
        self.assertLedger(release.invoice_id, input_tax=100, payable_retainage=1000, payable=-1100)

    def test_deposits_paid_before(self):
        """Deposits paid before the contract was entered are debits on an asset account."""
        entry = self.env['account.move'].create(
            {
                'date': '2026-01-01',
                'line_ids': [
                    Command.create(
                        {'account_id': account.id, 'partner_id': self.vendor.id, 'balance': balance, 'name': "Advance"}
                    )
                    for account, balance in ((self.advance_account, 3000), (self.payable_account, -3000))
                ],
            }
        )
        entry.action_post()
        contract = self._subcontract([10000], self.env['account.tax'])
        opening = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 3000})],
                'opening_deposit_line_ids': [
                    Command.set(entry.line_ids.filtered(lambda item: item.account_id == self.advance_account).ids)
                ],
            }
        )
        self.assertEqual((opening.opening_deposit_amount, contract.deposit_balance), (3000, 3000))
        final = self.billing.final(contract)
        self.assertLedger(final, expense=10000, advance=-3000, payable=-7000)
        self.assertEqual(self.books.balance(self.advance_account, contract), 0)

    # === WHAT THE CONTRACT STARTS WITH === #

    def test_defaults(self):
        self.vendor.property_supplier_payment_term_id = self.pay_terms_b
        product = self.env['product.product'].create(
            {
                'name': "Wall",
                'type': 'service',
                'standard_price': 80,
                'list_price': 120,
                'supplier_taxes_id': [Command.set(self.input_tax.ids)],
                'taxes_id': [Command.set(self.tax_15.ids)],
                'property_account_expense_id': self.expense_account.id,
            }
        )
        contract = self.env['progress.contract'].create(
            {'contract_type': 'subcontract', 'partner_id': self.vendor.id, 'company_id': self.company.id}
        )
        line = self.env['progress.contract.line'].create(
            {'contract_id': contract.id, 'product_id': product.id, 'original_quantity': 2}
        )
        self.assertRecordValues(
            contract,
            [
                {
                    'payment_term_id': self.pay_terms_b.id,
                    'default_tax_ids': self.company.account_purchase_tax_id.ids,
                    'tax_use': 'purchase',
                    'journal_type': 'purchase',
                    'deposit_account_type': 'asset_current',
                    'retainage_account_type': 'liability_current',
                }
            ],
        )
        self.assertRecordValues(
            line,
            [
                {
                    'tax_ids': self.input_tax.ids,
                    'unit_price': 80,
                    'original_amount': 160,
                    'tax_use': 'purchase',
                    'result_group': 'expense',
                }
            ],
        )
        self.assertEqual(line._get_result_account(), self.expense_account)
        change = self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create({'name': "More", 'product_id': product.id})]}
        )
        self.assertRecordValues(change.line_ids, [{'tax_ids': self.input_tax.ids, 'unit_price': 80}])

    def test_accounts_of_the_other_side_are_refused(self):
        contract = self._subcontract([1000], do_open=False)
        for name, account in (
            ('deposit_account_id', self.deposit_account),
            ('retainage_account_id', self.retainage_account),
        ):
            self.assertRefused(
                lambda name=name, account=account: contract.write({name: account.id}),
                "the contract or in the Progress Billing settings, or correct",
                error=ValidationError,
            )
        contract.deposit_account_id = False
        self.assertRefused(contract.action_open, "No customer deposit account is set")

    # === SEEN FROM ELSEWHERE === #

    def test_lists_and_actions(self):
        contract = self._subcontract([10000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        planned = self.make.plan(contract, '1000')
        action = bill.action_view_invoices()
        self.assertEqual(action['id'], self.env.ref('account.action_move_in_invoice_type').id)
        self.env.flush_all()
        expected = self.env['progress.payment.schedule'].search([('contract_id', '=', contract.id)])
        self.assertEqual(expected.filtered(lambda row: row.bill_id == planned).amount, -1100)
        self.assertEqual(expected.filtered(lambda row: row.bill_id == bill).amount, -5000)
        self.billing.pay(bill.invoice_id)
        self.assertEqual((bill.paid_amount, bill.residual_amount), (5000, 0))
        for held in ('deposit', 'retainage'):
            wizard = self.env['progress.deposit.wizard'].create(
                {'held': held, 'date': fields.Date.today(), 'company_id': self.company.id}
            )
            self.assertNotIn(bill, wizard.line_ids.bill_id, "The lists are of what customers gave and hold.")

    def test_customers_are_left_alone(self):
        contract = self.make.contract([1000], self.tax_15, retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        self.assertEqual(bill.invoice_id.move_type, 'out_invoice')
        self.assertLedger(bill.invoice_id, receivable=525, retainage=50, deposit=-500, tax=-75)

    @property
    def tax_account(self):
        return self.company_data['default_account_tax_sale']
