from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import ProgressBillingCommon

FIGURES = (
    'original_amount',
    'revised_amount',
    'pending_amount',
    'draft_amount',
    'actual_amount',
    'wip_available',
    'completed_percent',
    'billed_percent',
    'deposit_balance',
    'retainage_balance',
    'is_overbilled',
)
APPLICATION = (
    'completed_stored_amount',
    'retainage_total',
    'earned_less_retainage',
    'less_previous_certificates',
    'current_payment_due',
    'balance_to_finish',
)


@tagged('post_install', '-at_install')
class TestSourcedLines(ProgressBillingCommon):
    """What an addon bills beside the schedule of values: on the invoice and in what is due, nowhere else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expense_income_account = cls.income_account.copy({'name': "Expenses charged on", 'code': '400999'})
        cls.travel = cls.env['product.product'].create(
            {
                'name': "Travel",
                'type': 'service',
                'taxes_id': [Command.set(cls.tax_15.ids)],
                'property_account_income_id': cls.expense_income_account.id,
            }
        )

    @classmethod
    def _travel(cls, amount=100.0, **vals):
        return {'source': 'expense', 'product_id': cls.travel.id, 'amount': amount, 'name': "Travel in May", **vals}

    def _figures(self, contract):
        return {name: contract[name] for name in FIGURES}

    def _planned(self, contract, amt_pct='20000', sourced=()):
        bill = self.make.plan(contract, amt_pct)
        bill._add_sourced_lines(list(sourced))
        bill.action_create()
        return bill

    # === FROM ENTRY TO LEDGER AND BACK === #

    def test_deposit_mode(self):
        """Work is a deposit, an expense is income at once; the final invoice reverses the deposit alone."""
        with_it, without = (self.make.contract([50000], self.tax_15) for _number in range(2))
        bill = self._planned(with_it, sourced=[self._travel()])
        self._planned(without)
        self.assertEqual(self._figures(with_it), self._figures(without))
        self.assertEqual((bill.amount, bill.sourced_amount, bill.amount_due), (20000, 100, 20100))
        bill.invoice_id.action_post()
        without.bill_ids.invoice_id.action_post()
        self.assertEqual(self._figures(with_it), self._figures(without))
        self.assertLedger(bill.invoice_id, receivable=23115, deposit=-20000, expense_income=-100, **{'_tax': -3015})
        item = bill.invoice_id.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'sourced')
        self.assertRecordValues(
            item,
            [
                {
                    'name': "Travel in May",
                    'product_id': self.travel.id,
                    'tax_ids': self.tax_15.ids,
                    'price_subtotal': 100,
                    'progress_bill_line_id': bill.sourced_line_ids.id,
                }
            ],
        )
        self.assertEqual(bill.residual_amount, 23115)
        final = self.billing.final(with_it)
        self.assertLedger(final, receivable=34500, deposit=20000, income=-50000, **{'_tax': -4500})
        self.assertEqual((self.books.of_contract(with_it, self.deposit_account), with_it.deposit_balance), (0, 0))
        self.assertEqual((with_it.state, with_it.actual_amount), ('closed', 50000))

    def assertLedger(self, moves, **sums):
        tax = sums.pop('_tax', 0.0)
        self.tax_account = self.company_data['default_account_tax_sale']
        return super().assertLedger(moves, **sums, **({'tax': tax} if tax else {}))

    def test_as_billed_with_retainage(self):
        """Nothing is held back of an expense, and the application for payment does not know it."""
        with_it, without = (self.make.pro_forma([10000], self.tax_15, retainage_percent=10) for _number in range(2))
        bill, other = self.billing.run(with_it, 50), self.billing.run(without, 50)
        before = self._figures(with_it)
        bill._add_sourced_lines([self._travel(), self._travel(-40.0, source='agreement', name="Covered")])
        self.assertEqual(self._figures(with_it), before)
        self.assertEqual([bill[name] for name in APPLICATION], [other[name] for name in APPLICATION])
        self.assertEqual((bill.amount, bill.sourced_amount, bill.amount_due), (5000, 60, 4560))
        document = self.env['report.progress_billing.report_progress_bill']._get_document(bill)
        self.assertEqual(
            document['parts'],
            [("Work billed", 5000), ("Travel in May", 100), ("Covered", -40), ("Retainage withheld", -500)],
        )
        totals = document['tax_totals']
        self.assertEqual((totals['base_amount_currency'], totals['total_amount_currency']), (4560, 5319))
        self.billing.to_ledger(bill)
        self.billing.to_ledger(other)
        self.assertLedger(
            bill.invoice_id, receivable=5319, retainage=500, income=-5000, expense_income=-60, **{'_tax': -759}
        )
        self.assertEqual(self._figures(with_it), self._figures(without))
        self.assertEqual([bill[name] for name in APPLICATION], [other[name] for name in APPLICATION])
        self.assertEqual(
            [row['completed_stored'] for row in bill._get_application_rows()],
            [row['completed_stored'] for row in other._get_application_rows()],
        )

    def test_only_sourced_lines(self):
        for recognition in ('deposit', 'as_billed'):
            contract = self.make.contract([1000], self.tax_15, revenue_recognition=recognition)
            before = self._figures(contract)
            bill = self.make.plan(contract, False)
            bill._add_sourced_lines([self._travel()])
            bill.action_create()
            self.assertEqual((bill.state, bill.bucket, bill.amount, bill.amount_due), ('invoiced', 'draft', 0, 100))
            bill.invoice_id.action_post()
            self.assertLedger(bill.invoice_id, receivable=115, expense_income=-100, **{'_tax': -15})
            self.assertEqual(self._figures(contract), before)
            refund = self.billing.credit(bill.invoice_id, 30.0)
            self.assertEqual((bill.is_credited, bill.credited_sourced_amount, bill.amount_due), (False, 30, 70))
            self.assertLedger(refund, receivable=-34.5, expense_income=30, **{'_tax': 4.5})
            self.assertEqual(bill.state, 'invoiced')

    def test_made_at_once(self):
        """A bill that was never planned has its lines beside the schedule among its values."""
        contract = self.make.as_billed([1000], self.tax_15)
        line = contract.line_ids
        sourced = self.env['progress.bill.line']._prepare_sourced_vals(
            contract, self._travel(quantity=3.0, amount=99.0)
        )
        bill = self.env['progress.bill']._make_bills(
            [
                {
                    **contract._prepare_run_bill_vals(line._get_run_key()),
                    'claims': [line._prepare_claim(400)],
                    'sourced_line_ids': [Command.create(sourced)],
                }
            ]
        )
        item = bill.invoice_id.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'sourced')
        self.assertRecordValues(item, [{'quantity': 3.0, 'price_unit': 33.0, 'price_subtotal': 99.0}])
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, receivable=573.85, income=-400, expense_income=-99, **{'_tax': -74.85})
        self.assertEqual((contract.actual_amount, contract.wip_available), (400, 600))

    def test_price_included_tax_and_unit_price(self):
        tax = self.make.tax("19 % incl.", 19.0, price_include_override='tax_included')
        contract = self.make.as_billed([1000])
        bill = self.make.plan(contract, False)
        line = bill._add_sourced_lines([{**self._travel(), 'tax_ids': tax.ids}])
        self.assertEqual(line.amount, 100)
        vals = self.env['progress.bill.line']._prepare_sourced_vals(
            contract, {'source': 'product', 'product_id': self.travel.id, 'quantity': 3, 'unit_price': 33.335}
        )
        self.assertEqual(
            (vals['amount'], vals['name'], vals['account_id']), (100.01, "Travel", self.expense_income_account.id)
        )
        bill.action_create()
        self.assertEqual((bill.invoice_id.amount_untaxed, bill.invoice_id.amount_total), (100, 119))
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, receivable=119, expense_income=-100, **{'_tax': -19})

    def test_cumulative_taxes_do_not_know_them(self):
        """Thirds of 100.00 tax 19.00, whatever is billed beside them."""
        tax = self.make.tax("19 %", 19.0)
        contract = self.make.as_billed([100], tax)
        taxes = []
        for percent in (33.33, 66.67, 100):
            contract.line_ids.completed_percent = percent
            bill = self.make.plan(contract, False)
            bill._add_sourced_lines([{**self._travel(0.1), 'tax_ids': tax.ids}])
            bill.action_create()
            bill.invoice_id.action_post()
            contract.action_run_billing()
            run = contract.bill_ids.sorted('id')[-1]
            run.invoice_id.action_post()
            taxes.append(run.invoice_id.amount_tax)
        self.assertEqual(taxes, [6.33, 6.34, 6.33])

    # === UNDOING === #

    def test_credited_in_full(self):
        contract = self.make.contract([50000], self.tax_15)
        bill = self._planned(contract, sourced=[self._travel()])
        bill.invoice_id.action_post()
        self.billing.credit(bill.invoice_id)
        self.assertEqual((bill.state, bill.is_credited, bill.bucket), ('planned', True, False))
        self.assertEqual((bill.credited_amount, bill.credited_sourced_amount, bill.amount_due), (20000, 100, 0))
        self.assertEqual((contract.actual_amount, self.books.balance(self.expense_income_account, contract)), (0, 0))
        self.assertDeposits(contract, 0)

    def test_credited_in_part(self):
        """A credit of the deposit alone leaves the expense, and the other way round."""
        contract = self.make.contract([50000], self.tax_15)
        bill = self._planned(contract, sourced=[self._travel()])
        bill.invoice_id.action_post()
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}])
        refund.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'sourced').unlink()
        refund.action_post()
        self.assertEqual((bill.credited_amount, bill.credited_sourced_amount), (20000, 0))
        self.assertEqual((bill.is_credited, bill.amount_due, contract.actual_amount), (False, 100, 0))
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-02-16', 'date': '2026-02-16'}])
        refund.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'deposit').unlink()
        refund.action_post()
        self.assertEqual((bill.credited_sourced_amount, bill.is_credited, bill.amount_due), (100, True, 0))
        self.assertEqual(self.books.balance(self.expense_income_account, contract), 0)

    def test_more_than_billed_is_not_credited(self):
        contract = self.make.contract([50000], self.tax_15)
        bill = self._planned(contract, sourced=[self._travel()])
        bill.invoice_id.action_post()
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}])
        refund.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'sourced').price_unit = 101
        with self.assertRaisesRegex(UserError, "More than Travel in May"):
            refund.action_post()

    def test_draft_deleted_and_bill_deleted(self):
        contract = self.make.pro_forma([10000], self.tax_15)
        bill = self.billing.run(contract, 50)
        bill._add_sourced_lines([self._travel()])
        bill.action_release()
        bill.invoice_id.unlink()
        self.assertEqual((bill.state, bill.sourced_amount, bill.amount_due), ('draft', 100, 5100))
        lines = bill.sourced_line_ids
        bill.unlink()
        self.assertFalse(lines.exists())
        self.assertBuckets(contract.line_ids, 5000, 0, 0, 50)

    # === NOBODY TYPES THEM === #

    def test_callers_cannot_make_or_change_them(self):
        contract = self.make.pro_forma([10000])
        bill = self.billing.run(contract, 50)
        line = bill._add_sourced_lines([self._travel()])
        mine, his = bill.with_user(self.billing_user), line.with_user(self.billing_user)
        for act in (
            lambda: his.create({'bill_id': bill.id, **self._travel(), 'account_id': self.income_account.id}),
            lambda: mine.write({'sourced_line_ids': [Command.create(self._travel())]}),
            lambda: his.write({'amount': 5.0}),
            lambda: his.write({'name': "Other"}),
            his.unlink,
        ):
            self.assertRefused(act, regex="cannot be set|is billed beside the schedule of values", error=AccessError)
        self.assertRefused(lambda: his.create({'bill_id': bill.id, 'amount': 5.0}), "Nothing is no schedule line")
        self.assertEqual((bill.sourced_amount, bill.line_ids.amount), (100, 5000))

    def test_where_they_may_stand(self):
        contract = self.make.pro_forma([10000])
        bill = self.billing.run(contract, 50)
        bill.action_release()
        self.assertRefused(lambda: bill._add_sourced_lines([self._travel()]), "cannot change: its status is")
        opening = self.env['progress.bill'].create({'contract_id': self.make.as_billed([100]).id, 'kind': 'opening'})
        self.assertRefused(lambda: opening._add_sourced_lines([self._travel()]), "beside the schedule")
        foreign = self.env['account.account'].create(
            {
                'name': "Elsewhere",
                'code': '400998',
                'account_type': 'income',
                'company_ids': [Command.set(self.env['res.company'].create({'name': "Elsewhere"}).ids)],
            }
        )
        planned = self.make.plan(contract, False)
        self.assertRefused(
            lambda: planned._add_sourced_lines([self._travel(account_id=foreign.id)]), "Elsewhere", "company"
        )
        nameless = self.make.plan(contract, False)
        vals = {'source': 'expense', 'amount': 5.0}
        self.assertRefused(lambda: nameless._add_sourced_lines([vals]), "no description", error=ValidationError)

    # === ELSEWHERE === #

    def test_dashboard_and_wip(self):
        contract = self.make.as_billed([1000])
        bill = self.make.plan(contract, '400')
        bill._add_sourced_lines([self._travel()])
        bill.action_create()
        bill.invoice_id.action_post()
        self.assertEqual(
            contract._get_profitability_sections(self.company.currency_id), [('progress_revenue', 500, 600)]
        )
        wizard = self.env['progress.wip.wizard'].create({'date': '2026-12-31', 'company_id': self.company.id})
        row = wizard.line_ids.filtered(lambda line: line.contract_id == contract or line.project_id == self.project)
        self.assertEqual(row.billed_amount, 400)

    def test_expected_payments(self):
        contract = self.make.pro_forma([10000], self.tax_15)
        bill = self.billing.run(contract, 50)
        bill._add_sourced_lines([self._travel()])
        self.env.flush_all()
        schedule = self.env['progress.payment.schedule'].search([('bill_id', '=', bill.id)])
        self.assertEqual(sum(schedule.mapped('amount')), 5865)

    def test_foreign_currency(self):
        currency = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0)])
        contract = self.make.as_billed([1000], currency_id=currency.id)
        bill = self.make.plan(contract, '400')
        bill._add_sourced_lines([{**self._travel(), 'tax_ids': []}])
        bill.action_create()
        bill.invoice_id.action_post()
        self.assertEqual(self.books.of(bill.invoice_id)[self.expense_income_account], (-50.0, -100.0))
