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

    def test_foreign_job_with_advance_and_retainage(self):
        """A down payment, odd claims and retainage at three rates: at the end nothing is left in either currency."""
        euro = self.setup_other_currency('EUR', rates=[('2026-01-01', 3.0), ('2026-02-01', 7.0), ('2026-03-01', 1.1)])
        sub = self._side_contract(
            [3333.33, 6666.68],
            self.input_tax,
            currency_id=euro.id,
            retainage_percent=7.5,
            revenue_recognition='as_billed',
        )
        sub.action_create_down_payment(1000.01)
        paid = sub.bill_ids
        paid.invoice_id.write({'invoice_date': '2026-01-10', 'date': '2026-01-10'})
        paid.invoice_id.action_post()
        for day, percents in (('2026-01-31', (33.33, 10)), ('2026-02-28', (66.67, 55.55)), ('2026-03-31', (100, 100))):
            self.billing.draw(sub, *percents, date=day)
        self.assertEqual((sub.actual_amount, sub.down_payment_balance), (10000.01, 0))
        self.assertEqual(sub.retainage_balance, 750)
        self.billing.release(sub)
        moves = sub.bill_ids.move_ids
        self.assertEqual(set(moves.mapped('state')), {'posted'})
        for move in moves:
            self.assertFalse(round(sum(move.line_ids.mapped('balance')), 2), move.name)
            self.assertFalse(round(sum(move.line_ids.mapped('amount_currency')), 2), move.name)
        for account in self.advance_account, self.payable_retainage_account:
            items = self.env['account.move.line'].search(
                [('account_id', '=', account.id), ('partner_id', '=', self.vendor.id), ('parent_state', '=', 'posted')]
            )
            self.assertTrue(items)
            self.assertFalse(round(sum(items.mapped('balance')), 2), account.name)
            self.assertFalse(round(sum(items.mapped('amount_currency')), 2), account.name)
            self.assertFalse(items.filtered(lambda item: not item.reconciled), account.name)
        self.assertEqual(sum(moves.mapped('amount_total')), 11000.01)

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
