from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestLedger(ProgressBillingCommon):
    def test_story_of_the_50000_project(self):
        """DEP-1: progress invoices of 20,000 and 20,000, a final one of 10,000."""
        contract = self.make.contract([50000], self.tax_15)
        first = self.billing.bill(contract, '20000', '2026-01-31')
        self.assertEqual(first.state, 'invoiced')
        self.assertRecordValues(
            first.invoice_id,
            [
                {
                    'move_type': 'out_invoice',
                    'amount_untaxed': 20000,
                    'amount_tax': 3000,
                    'progress_invoice_type': 'deposit',
                    'state': 'posted',
                    'progress_contract_id': contract.id,
                }
            ],
        )
        self.assertRecordValues(
            first.invoice_id.invoice_line_ids,
            [
                {
                    'name': f"Deposit 20,000.00 of House ({contract.name})",
                    'account_id': self.deposit_account.id,
                    'quantity': 1.0,
                    'price_unit': 20000,
                    'analytic_distribution': False,
                    'tax_ids': self.tax_15.ids,
                }
            ],
        )
        self.assertEqual(first.invoice_id.invoice_line_ids.product_id.default_code, 'DEPOSIT')
        self.billing.bill(contract, '40%', '2026-02-28')
        self.assertDeposits(contract, 40000)
        self.assertRecordValues(
            contract,
            [
                {
                    'original_amount': 50000,
                    'revised_amount': 50000,
                    'draft_amount': 0,
                    'actual_amount': 40000,
                    'wip_available': 10000,
                    'state': 'open',
                }
            ],
        )

        final = self.billing.final(contract, post=False)
        self.assertRecordValues(contract, [{'draft_amount': 10000, 'wip_available': 0, 'state': 'open'}])
        self.assertEqual((final.amount_untaxed, final.amount_tax, final.amount_total), (10000, 1500, 11500))
        final.action_post()
        self.assertEqual(contract.state, 'closed')
        ledger = self.books.of(final)
        self.assertEqual(ledger[self.receivable_account][0], 11500)
        self.assertEqual(ledger[self.income_account][0], -50000)
        self.assertEqual(ledger[self.deposit_account][0], 40000)
        self.assertDeposits(contract, 0)
        deposit_lines = contract.invoice_ids.line_ids.filtered(lambda line: line.account_id == self.deposit_account)
        self.assertTrue(all(deposit_lines.mapped('reconciled')))
        self.assertEqual(contract.actual_amount, 50000)

    def test_final_without_and_with_all_billed(self):
        nothing = self.make.contract([1000, 500], self.tax_15)
        final = self.billing.final(nothing)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (1500, 225))
        self.assertEqual(nothing.state, 'closed')
        everything = self.make.contract([1000, 500], self.tax_15)
        self.billing.bill(everything, '100%')
        final = self.billing.final(everything)
        self.assertEqual((final.amount_total, final.state, final.payment_state), (0, 'posted', 'paid'))
        self.assertEqual(self.books.of(final)[self.income_account][0], -1500)
        self.assertEqual(everything.state, 'closed')
        self.assertDeposits(everything, 0)

    def test_draft_buckets_and_delete(self):
        contract = self.make.contract([10000])
        bill = self.billing.bill(contract, '25%', post=False)
        self.assertRecordValues(
            contract, [{'draft_amount': 2500, 'actual_amount': 0, 'wip_available': 7500, 'deposit_balance': 0}]
        )
        bill.invoice_id.action_post()
        self.assertRecordValues(
            contract, [{'draft_amount': 0, 'actual_amount': 2500, 'wip_available': 7500, 'deposit_balance': 2500}]
        )
        bill.invoice_id.button_draft()
        self.assertRecordValues(contract, [{'draft_amount': 2500, 'actual_amount': 0}])
        bill.invoice_id.button_cancel()
        self.assertRecordValues(contract, [{'draft_amount': 0, 'actual_amount': 0}])
        self.assertEqual(bill.state, 'planned')
        bill.action_create()
        self.assertEqual((bill.state, contract.draft_amount), ('invoiced', 2500))
        bill.invoice_id.unlink()
        self.assertRecordValues(contract, [{'draft_amount': 0, 'actual_amount': 0}])
        self.assertRecordValues(bill, [{'state': 'planned', 'amount': 2500, 'invoice_id': False}])
        self.assertTrue(bill.generated_on)

    def test_order_of_life(self):
        contract = self.make.contract([50000], self.tax_15)
        first = self.billing.bill(contract, '20000', '2026-01-31')
        self.billing.bill(contract, '20000', '2026-02-28')
        final = self.billing.final(contract, post=False)
        for act in (
            first.invoice_id.button_draft,
            first.invoice_id.button_cancel,
            first.invoice_id._reverse_moves,
            lambda: first.invoice_id.write({'state': 'draft'}),
            first.action_cancel,
            first.unlink,
        ):
            with self.assertRaisesRegex(UserError, "comes before the final invoice"):
                act()
        final.action_post()
        with self.assertRaisesRegex(UserError, "It is closed"):
            self.billing.bill(contract, '1')
        with self.assertRaisesRegex(UserError, "It is closed"):
            contract.action_create_final_invoice()
        final.button_draft()
        self.assertEqual(contract.state, 'open')
        self.assertDeposits(contract, 40000)
        deposits = contract.invoice_ids.line_ids.filtered(lambda line: line.progress_line_type == 'deposit')
        self.assertFalse(any(deposits.mapped('reconciled')))
        final.unlink()
        self.assertRecordValues(contract, [{'state': 'open', 'actual_amount': 40000, 'final_invoice_id': False}])
        self.billing.credit(first.invoice_id)
        self.assertEqual(contract.actual_amount, 20000)

    def test_final_credited_reopens(self):
        contract = self.make.contract([50000], self.tax_15)
        self.billing.bill(contract, '20000', '2026-01-31')
        self.billing.bill(contract, '20000', '2026-02-28')
        final = self.billing.final(contract)
        credit = self.billing.credit(final)
        self.assertRecordValues(contract, [{'state': 'open', 'actual_amount': 40000, 'final_invoice_id': False}])
        self.assertDeposits(contract, 40000)
        self.assertEqual(self.books.balance(self.income_account), 0)
        second = self.billing.final(contract)
        self.assertEqual(second.amount_untaxed, 10000)
        self.assertDeposits(contract, 0)
        with self.assertRaisesRegex(UserError, "credits a final invoice, and"):
            credit.button_draft()

    def test_final_is_not_credited_in_part(self):
        contract = self.make.contract([50000])
        final = self.billing.final(contract)
        with self.assertRaisesRegex(UserError, "must credit the invoice"):
            self.billing.credit(final, 100)

    def test_credited_deposit_is_billable_again(self):
        contract = self.make.contract([50000], self.tax_15)
        bill = self.billing.bill(contract, '20000')
        credit = self.billing.credit(bill.invoice_id)
        self.assertEqual((contract.actual_amount, contract.wip_available, bill.state), (0, 50000, 'planned'))
        self.assertDeposits(contract, 0)
        bill.action_create()
        bill.invoice_id.action_post()
        self.assertEqual(contract.actual_amount, 20000)
        self.assertDeposits(contract, 20000)
        with self.assertRaisesRegex(
            UserError, "belongs to an earlier revision of its progress bill, which has been billed"
        ):
            credit.button_draft()
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (30000, 4500))
        self.assertDeposits(contract, 0)

    def test_partly_credited_deposit(self):
        contract = self.make.contract([30000, 20000], self.tax_15)
        bill = self.billing.bill(contract, '20000')
        credit = self.billing.credit(bill.invoice_id, 5000)
        self.assertEqual((contract.actual_amount, bill.state), (15000, 'invoiced'))
        self.assertEqual(contract.line_ids.mapped('actual_amount'), [9000, 6000])
        self.assertDeposits(contract, 15000)
        credit.button_cancel()
        self.assertDeposits(contract, 20000)
        self.billing.credit(bill.invoice_id, 5000)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (35000, 5250))
        self.assertDeposits(contract, 0)
        self.assertEqual(contract.state, 'closed')

    def test_credit_note_reversed_again(self):
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '400')
        credit = bill.invoice_id._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}], cancel=True)
        self.assertEqual((contract.actual_amount, bill.state), (0, 'planned'))
        again = credit._reverse_moves([{'invoice_date': '2026-02-16', 'date': '2026-02-16'}], cancel=True)
        self.assertEqual(again.move_type, 'out_invoice')
        self.assertEqual((contract.actual_amount, bill.state), (400, 'invoiced'))
        self.assertDeposits(contract, 400)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (600, 90))
        self.assertDeposits(contract, 0)

    def test_more_than_billed_is_not_credited(self):
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '400')
        with self.assertRaisesRegex(UserError, "would be billed of"):
            self.billing.credit(bill.invoice_id, 400.01)
        self.billing.credit(bill.invoice_id, 300)
        with self.assertRaisesRegex(UserError, "would be billed of"):
            self.billing.credit(bill.invoice_id, 100.01)
        self.billing.bill(contract, '500')
        with self.assertRaisesRegex(UserError, "More than .* was billed for would be credited"):
            self.billing.credit(bill.invoice_id, 100.01)

    def test_cumulative_tax(self):
        """TAX-1: 10.03 three times at 15 % takes 1.50, 1.51 and 1.50, as 30.09 does."""
        for method in ('round_per_line', 'round_globally'):
            self.company.tax_calculation_rounding_method = method
            contract = self.make.contract([30.09], self.tax_15)
            bills = [self.billing.bill(contract, '10.03', f'2026-0{month}-28') for month in (1, 2, 3)]
            self.assertEqual([bill.invoice_id.amount_tax for bill in bills], [1.50, 1.51, 1.50], method)
            final = self.billing.final(contract)
            self.assertEqual(final.amount_total, 0)

    def test_thirds(self):
        contract = self.make.contract([100.0, 100.0, 100.0])
        bill = self.billing.bill(contract, '100')
        self.assertEqual(bill.line_ids.mapped('amount'), [33.33, 33.34, 33.33])
        percents = self.make.contract([100.01])
        amounts = [self.billing.bill(percents, '25%').amount for _step in range(4)]
        self.assertEqual(amounts, [25.00, 25.01, 25.00, 25.00])
        self.assertEqual(percents.wip_available, 0)

    def test_several_taxes_in_one_deposit(self):
        tax_25 = self.make.tax("2.5 %", 2.5)
        included = self.make.tax("7 % incl.", 7.0, price_include_override='tax_included')
        contract = self.make.contract([3333.33, 3333.33, 1000.01, 500], do_open=False)
        lines = contract.line_ids
        lines[0].tax_ids = self.tax_15
        lines[1].tax_ids = self.tax_15 | tax_25
        lines[2].tax_ids = included
        contract.action_open()
        for number, share in enumerate(('33.333%', '20%', '1234.56'), 1):
            bill = self.billing.bill(contract, share, f'2026-0{number}-28')
            self.assertEqual(len(bill.invoice_id.invoice_line_ids), 4)
            self.assertEqual(bill.invoice_id.amount_untaxed, bill.amount)
        self.billing.credit(contract.bill_ids[1].invoice_id, 111.11)
        final = self.billing.final(contract)
        self.assertDeposits(contract, 0)
        whole = contract.invoice_ids
        expected = {self.tax_15: 1000.0, tax_25: 83.33, included: 70.0}
        for tax, amount in expected.items():
            lines = whole.line_ids.filtered(lambda line, tax=tax: line.tax_line_id == tax)
            self.assertEqual(round(-sum(lines.mapped('balance')), 2), amount, tax.name)
        self.assertEqual(final.progress_invoice_type, 'final')

    def test_price_included_only(self):
        included = self.make.tax("21 % incl.", 21.0, price_include_override='tax_included')
        contract = self.make.contract([1000.00], included)
        bill = self.billing.bill(contract, '33.33')
        self.assertEqual((bill.invoice_id.amount_untaxed, bill.invoice_id.amount_tax), (33.33, 7.00))
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (966.67, 203.00))
        self.assertDeposits(contract, 0)

    def test_tax_on_the_deposit_account(self):
        """A tax without an account posts on the line's own: the deposit account must still come to zero (TAX-6)."""
        tax = self.make.tax("Accountless 21 %", 21.0)
        tax.invoice_repartition_line_ids.account_id = False
        tax.refund_repartition_line_ids.account_id = False
        contract = self.make.contract([1000], tax)
        self.billing.bill(contract, '400')
        self.assertEqual(contract.deposit_balance, 400)
        self.billing.final(contract)
        self.assertEqual(self.books.balance(self.deposit_account, contract), 0)

    def test_foreign_currency(self):
        currency = self.setup_other_currency(
            'EUR', rates=[('2026-01-01', 2.0), ('2026-02-01', 1.6), ('2026-03-01', 1.25)]
        )
        contract = self.make.contract([1000.00, 333.33], self.tax_15, currency_id=currency.id)
        first = self.billing.bill(contract, '33.33%', '2026-01-10')
        second = self.billing.bill(contract, '20%', '2026-02-10')
        self.billing.credit(second.invoice_id, 100, '2026-02-20')
        self.assertEqual(first.invoice_id.currency_id, currency)
        self.assertEqual(self.books.of(first.invoice_id)[self.deposit_account], (-222.20, -444.40))
        final = self.billing.final(contract, date='2026-03-10')
        lines = contract.invoice_ids.line_ids.filtered(lambda line: line.account_id == self.deposit_account)
        self.assertEqual(round(sum(lines.mapped('amount_currency')), 2), 0)
        self.assertEqual(self.books.balance(self.deposit_account, contract), 0)
        self.assertTrue(all(lines.mapped('reconciled')))
        self.assertEqual(
            final.amount_untaxed, 722.27
        )  # 1333.33 less 53.33 % of it (711.06), 100.00 of which were credited
        self.assertEqual(second.amount, 266.66)
        # and back again: the exchange entries are reversed, the deposits stand
        final.button_draft()
        self.assertFalse(
            any(
                lines.filtered(
                    lambda line: line.progress_line_type == 'deposit' and line.move_id == first.invoice_id
                ).mapped('reconciled')
            )
        )
        final.action_post()
        self.assertEqual(self.books.balance(self.deposit_account, contract), 0)

    def test_yen_and_dinar(self):
        for name, amount, share, expected in (('JPY', 100001, '33.333%', 33333), ('KWD', 1000.001, '33.333%', 333.330)):
            currency = self.env['res.currency'].with_context(active_test=False).search([('name', '=', name)])
            currency.active = True
            currency.rounding = {'JPY': 1.0, 'KWD': 0.001}[name]
            self.env['res.currency.rate'].create(
                {'currency_id': currency.id, 'rate': 3.0, 'name': '2025-01-01', 'company_id': self.company.id}
            )
            contract = self.make.contract([amount], self.tax_15, currency_id=currency.id)
            bill = self.billing.bill(contract, share)
            self.assertEqual(bill.amount, expected)
            self.billing.final(contract)
            self.assertEqual(self.books.balance(self.deposit_account, contract), 0, name)

    def test_overbilled_warn_gives_back(self):
        """BIL-8: with a warning only, the final invoice gives the difference back."""
        self.company.progress_overbilling_policy = 'warn'
        contract = self.make.contract([1000], self.tax_15)
        self.billing.bill(contract, '1200')
        self.assertTrue(contract.is_overbilled)
        final = self.billing.final(contract)
        self.assertEqual((final.move_type, final.amount_untaxed, final.amount_tax), ('out_refund', 200, 30))
        ledger = self.books.of(final)
        self.assertEqual(ledger[self.income_account][0], -1000)
        self.assertEqual(ledger[self.deposit_account][0], 1200)
        self.assertEqual(ledger[self.receivable_account][0], -230)
        self.assertEqual(contract.state, 'closed')
        self.assertDeposits(contract, 0)

    def test_deductions(self):
        """BIL-6: the deduction not billed yet is named."""
        contract = self.make.contract([100000, -5000])
        self.assertEqual(contract.revised_amount, 95000)
        bill = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'line_ids': [Command.create({'contract_line_id': contract.line_ids[0].id, 'amount': 100000})],
            }
        )
        with self.assertRaises(UserError) as refused:
            bill.action_create()
        self.assertIn("Line 2", str(refused.exception))
        self.billing.bill(contract, '50%')
        self.assertEqual(contract.line_ids.mapped('actual_amount'), [50000, -2500])
        final = self.billing.final(contract)
        self.assertEqual(final.amount_untaxed, 47500)

    def test_opening_amounts(self):
        """DEP-16: taken over in mid-job, with deposits held and some recognised before."""
        items = self.env['account.move'].create(
            {
                'move_type': 'entry',
                'date': '2025-12-31',
                'line_ids': [
                    Command.create(
                        {'account_id': self.deposit_account.id, 'partner_id': self.customer.id, 'credit': 300}
                    ),
                    Command.create({'account_id': self.company_data['default_account_assets'].id, 'debit': 300}),
                ],
            }
        )
        items.action_post()
        held = items.line_ids.filtered('credit')
        contract = self.make.contract([600, 400], self.tax_15)
        opening = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'date': '2025-12-31',
                'opening_deposit_line_ids': [Command.set(held.ids)],
                'line_ids': [
                    Command.create({'contract_line_id': line.id, 'amount': amount})
                    for line, amount in zip(contract.line_ids, (300, 100), strict=True)
                ],
            }
        )
        self.assertEqual((opening.state, contract.actual_amount, contract.deposit_balance), ('invoiced', 400, 300))
        self.assertFalse(opening.invoice_ids)
        self.billing.bill(contract, '200')
        self.assertEqual(contract.deposit_balance, 500)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (400, 60))
        self.assertEqual(self.books.of(final)[self.income_account][0], -900)
        self.assertDeposits(contract, 0)
        self.assertTrue(held.reconciled)

    def test_analytic_only_on_recognition(self):
        self.project.account_id = self.analytic_account
        contract = self.make.contract([1000])
        self.assertEqual(contract.line_ids.analytic_distribution, {str(self.analytic_account.id): 100.0})
        self.env['account.analytic.distribution.model'].create(
            {'account_prefix': self.deposit_account.code, 'analytic_distribution': {self.analytic_account.id: 100}}
        )
        bill = self.billing.bill(contract, '400')
        self.assertFalse(bill.invoice_id.line_ids.analytic_line_ids)
        self.billing.final(contract)
        lines = self.env['account.analytic.line'].search([('account_id', '=', self.analytic_account.id)])
        self.assertEqual(lines.mapped('amount'), [1000])

    def test_locked_amounts(self):
        """BIL-13: amounts, accounts and taxes follow the bill; texts and further lines are free."""
        contract = self.make.contract([1000], self.tax_15)
        move = self.billing.bill(contract, '400', post=False).invoice_id
        line = move.invoice_line_ids
        for vals in (
            {'price_unit': 399},
            {'quantity': 2},
            {'tax_ids': [Command.clear()]},
            {'account_id': self.income_account.id},
            {'discount': 5},
        ):
            with self.assertRaisesRegex(UserError, "stands for the progress bill"):
                line.write(vals)
        with self.assertRaisesRegex(UserError, "stands for the progress bill"):
            line.unlink()
        line.name = "Deposit on the house"
        move.write(
            {
                'invoice_line_ids': [
                    Command.create(
                        {'name': "Stamps", 'price_unit': 5, 'account_id': self.income_account.id, 'tax_ids': False}
                    )
                ]
            }
        )
        move.action_post()
        self.assertEqual(contract.actual_amount, 400)
        self.assertDeposits(contract, 400)

    def test_draft_credit_notes_come_before_the_final(self):
        """DEP-14: drafts are posted or deleted first, credit notes too; later ones are refused (DEP-14)."""
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '400')
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}])
        with self.assertRaisesRegex(UserError, "post, invoice or delete these drafts before the final invoice"):
            contract.action_create_final_invoice()
        refund.unlink()
        final = self.billing.final(contract, post=False)
        named = f"comes before the final invoice {contract.final_bill_id.name} of"
        with self.assertRaisesRegex(UserError, named):  # a draft has no number yet
            bill.invoice_id._reverse_moves()
        final.unlink()
        self.billing.credit(bill.invoice_id)
        self.assertEqual(self.billing.final(contract).amount_untaxed, 1000)

    def test_planned_and_billed_are_kept_apart(self):
        """PLN-2: of the revised amount when the bill is created; the record keeps what was planned."""
        contract = self.make.contract([50000])
        first, second = self.make.plan(contract, '25%'), self.make.plan(contract, '25 %')
        first.action_create()
        self.assertEqual((first.planned_amount, first.amount), (12500, 12500))
        contract.line_ids.original_amount = 60000
        self.assertEqual((first.planned_amount, second.planned_amount), (12500, 15000))
        second.action_create()
        self.assertEqual((first.amount, second.amount, second.amt_pct), (12500, 15000, '25%'))
        self.assertEqual((first.planned_percent, second.planned_percent), (25, 25))

    def test_one_final_invoice(self):
        """A cancelled final invoice does not come back beside a newer one."""
        contract = self.make.contract([1000], self.tax_15)
        self.billing.bill(contract, '100%')
        first = self.billing.final(contract, post=False)
        first.button_cancel()
        second = self.billing.final(contract)
        with self.assertRaisesRegex(UserError, "has the final invoice"):
            first.button_draft()
        self.assertEqual((contract.final_invoice_id, contract.state), (second, 'closed'))
        self.assertDeposits(contract, 0)

    def test_credited_invoice_stays(self):
        """What a credit note stands on is neither reset nor deleted: the ledger would hold the credit alone."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '400')
        invoice = bill.invoice_id
        credit = self.billing.credit(invoice, 100)
        for act in (invoice.button_draft, invoice.button_cancel):
            with self.assertRaisesRegex(UserError, "is reversed by"):
                act()
        credit.button_draft()
        invoice.button_draft()
        with self.assertRaisesRegex(UserError, "is reversed by"):
            invoice.unlink()
        credit.unlink()
        invoice.unlink()
        self.assertEqual((contract.draft_amount, contract.actual_amount, bill.state), (0, 0, 'planned'))

    def test_taxes_by_unit(self):
        """A tax of 2.00 a unit comes to what an invoice of all units has."""
        tax = self.make.tax("Eco 2.00", 2.0, amount_type='fixed')
        contract = self.make.contract(
            [0],
            tax,
            line_vals={'billing_base': 'quantity', 'original_quantity': 10, 'unit_price': 100, 'original_amount': 1000},
        )
        bill = self.billing.bill(contract, '25%')
        self.assertEqual((bill.line_ids.quantity, bill.invoice_id.amount_tax), (2.5, 5))
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (750, 15))
        by_amount = self.make.contract([1000], tax)
        self.assertEqual(self.billing.bill(by_amount, '25%').invoice_id.amount_tax, 2)
        self.assertEqual(self.billing.bill(by_amount, '25%').invoice_id.amount_tax, 0)
        self.assertEqual(self.billing.final(by_amount).amount_tax, 0)

    def test_product_price_is_untaxed(self):
        """CON-5: the schedule is untaxed, also where the product's price is not."""
        included = self.make.tax("15 % incl.", 15.0, price_include_override='tax_included')
        product = self.env['product.product'].create(
            {'name': "Window", 'list_price': 115, 'taxes_id': [Command.set(included.ids)]}
        )
        line = self.env['progress.contract.line'].create(
            {
                'contract_id': self.make.contract([], do_open=False).id,
                'product_id': product.id,
                'billing_base': 'quantity',
                'original_quantity': 10,
            }
        )
        self.assertEqual((line.unit_price, line.original_amount, line.tax_ids), (100, 1000, included))

    def test_fixed_once_invoiced(self):
        """CON-4: also after all was credited, as the credit can be undone."""
        contract = self.make.contract([1000])
        self.billing.credit(self.billing.bill(contract, '400').invoice_id)
        for vals in ({'revenue_recognition': 'as_billed'}, {'currency_id': self.env.ref('base.CHF').id}):
            with self.assertRaisesRegex(UserError, "cannot change any more"):
                contract.write(vals)

    def test_line_of_undone_bills_can_go(self):
        contract = self.make.contract([1000, 500])
        self.billing.final(contract, post=False).unlink()
        contract.line_ids[1].unlink()
        self.assertEqual(contract.revised_amount, 1000)

    def test_reverse_charge(self):
        """Both legs of a reverse charge follow the bill's own amount."""
        tax = self.make.tax("Reverse charge 21 %", 21.0)
        tax.write(
            {
                'invoice_repartition_line_ids': [Command.create({'repartition_type': 'tax', 'factor_percent': -100.0})],
                'refund_repartition_line_ids': [Command.create({'repartition_type': 'tax', 'factor_percent': -100.0})],
            }
        )
        contract = self.make.contract([333.33, 666.67], tax)
        self.billing.bill(contract, '33.33%')
        second = self.billing.bill(contract, '20%')
        legs = second.invoice_id.line_ids.filtered('tax_line_id')
        self.assertEqual(sorted(legs.mapped('balance')), [-42, 42])
        self.billing.final(contract)
        self.assertDeposits(contract, 0)

    def test_warned_final_credited(self):
        """DEP-11: a final that is a credit note is taken back in full as well."""
        self.company.progress_overbilling_policy = 'warn'
        contract = self.make.contract([1000, 500])
        self.billing.bill(contract, '900')
        self.billing.bill(contract, '1200')
        final = self.billing.final(contract)
        self.assertEqual(final.move_type, 'out_refund')
        final._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}], cancel=True)
        self.assertEqual((contract.state, contract.actual_amount), ('open', 2100))
        self.assertDeposits(contract, 2100)

    def test_reset_credit_note_frees_the_deposit(self):
        """DEP-8: leaving posted takes the matching of the deposit with it."""
        currency = self.setup_other_currency(
            'EUR', rates=[('2026-01-01', 2.0), ('2026-02-01', 3.0), ('2026-03-01', 4.0)]
        )
        contract = self.make.contract([1000], currency_id=currency.id)
        bill = self.billing.bill(contract, '400', '2026-01-10')
        credit = self.billing.credit(bill.invoice_id)
        credit.button_draft()
        self.assertFalse(bill.invoice_id.invoice_line_ids.reconciled)
        with self.assertRaises(UserError) as refused:
            contract.action_create_final_invoice()
        self.assertIn(credit.display_name, str(refused.exception))
        credit.unlink()
        self.billing.final(contract, date='2026-03-10')
        self.assertEqual(self.books.balance(self.deposit_account, contract), 0)

    def test_bill_with_a_cancelled_invoice_stays(self):
        contract = self.make.contract([600, 400])
        bill = self.billing.bill(contract, '400', post=False)
        bill.invoice_id.button_cancel()
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            bill.unlink()
        contract.action_cancel()
        with self.assertRaisesRegex(UserError, "set it back to draft and start billing first"):
            bill.invoice_ids.button_draft()

    def test_journal_of_another_currency(self):
        currency = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0)])
        journal = self.env['account.journal'].create(
            {
                'name': "Sales EUR",
                'code': 'SEUR',
                'type': 'sale',
                'currency_id': currency.id,
                'company_id': self.company.id,
            }
        )
        move = self.billing.bill(self.make.contract([1000]), '400', post=False).invoice_id
        with self.assertRaisesRegex(UserError, "must stay in"):
            move.journal_id = journal

    def test_opening_deposit_stays_posted(self):
        entry = self.env['account.move'].create(
            {
                'move_type': 'entry',
                'date': '2025-12-31',
                'line_ids': [
                    Command.create(
                        {'account_id': self.deposit_account.id, 'partner_id': self.customer.id, 'credit': 300}
                    ),
                    Command.create({'account_id': self.company_data['default_account_assets'].id, 'debit': 300}),
                ],
            }
        )
        entry.action_post()
        contract = self.make.contract([1000])
        self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'opening_deposit_line_ids': [Command.set(entry.line_ids.filtered('credit').ids)],
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 300})],
            }
        )
        with self.assertRaisesRegex(UserError, "This entry stands for deposits held before on"):
            entry.button_draft()
        self.billing.final(contract)
        self.assertDeposits(contract, 0)

    def test_credit_note_of_a_draft(self):
        """A credit note is not posted while its invoice was reset to draft."""
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '400')
        credit = bill.invoice_id._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}])
        bill.invoice_id.button_draft()
        with self.assertRaisesRegex(UserError, "which is not posted"):
            credit.action_post()

    def test_change_order_with_credit(self):
        """CON-11: 10,000 billed 8,000, −3,000: refused, or billed back at once."""
        contract = self.make.contract([10000], self.tax_15)
        self.billing.bill(contract, '8000')
        change = self.env['progress.contract.change'].create(
            {
                'contract_id': contract.id,
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': -3000})],
            }
        )
        with self.assertRaisesRegex(UserError, "billed on it"):
            change.action_approve(credit=False)
        change.action_approve(credit=True)
        bill = contract.bill_ids.sorted('id')[-1]
        self.assertRecordValues(bill, [{'amount': -1000, 'state': 'invoiced'}])
        self.assertRecordValues(contract, [{'revised_amount': 7000, 'draft_amount': -1000, 'actual_amount': 8000}])
        self.assertRecordValues(
            bill.invoice_id, [{'move_type': 'out_refund', 'amount_untaxed': 1000, 'amount_tax': 150, 'state': 'draft'}]
        )
        bill.invoice_id.action_post()
        self.assertEqual((contract.actual_amount, contract.wip_available), (7000, 0))
        self.assertDeposits(contract, 7000)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_total, contract.state), (0, 'closed'))
        self.assertDeposits(contract, 0)
