from functools import partial

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import ProgressBillingCommon


class DownPaymentCommon(ProgressBillingCommon):
    """Helpers to take down payments and to see where they are applied."""

    @classmethod
    def _pay_down(cls, contract, amount, restricted=False, post=True, date=None):
        before = contract.bill_ids
        contract.action_create_down_payment(amount, restricted)
        bill = contract.bill_ids - before
        if not bill.invoice_id:
            bill.action_release()
        if date:
            bill._write_protected({'date': date})
            bill.invoice_id.invoice_date = date
        if post:
            bill.invoice_id.action_post()
        return bill

    def _uses(self, bill):
        return {use.down_payment_id: use.amount for use in bill.down_payment_use_ids}

    def assertLedger(self, moves, **sums):
        tax = sums.pop('_tax', 0.0)
        self.tax_account = self.company_data['default_account_tax_sale']
        return super().assertLedger(moves, **sums, **({'tax': tax} if tax else {}))


@tagged('post_install', '-at_install')
class TestDownPayments(DownPaymentCommon):
    """Money paid before: a deposit, taken off later bills, never beyond what is left."""

    def test_odd_arguments(self):
        """What is no amount is refused in a sentence, and what our own code sets is not set by others."""
        contract = self.make.as_billed([100])
        for odd in (True, [False], {'a': 1}, 'x', '١٢', float('nan'), float('inf'), '1e999', -5, 0, 0.001, 1e18):
            with self.subTest(amount=odd):
                self.assertRefused(lambda odd=odd: contract.action_create_down_payment(odd), regex='.')
        for odd in ('no', 'False', [], {}, 2, 'x'):
            with self.subTest(restricted=odd):
                self.assertRefused(lambda odd=odd: contract.action_create_down_payment(5, odd), "Say yes or no")
        paid = self._pay_down(contract, 10)
        bill = self.billing.bill(contract, '20')
        use = bill.down_payment_use_ids
        for vals in ({'bill_id': paid.id}, {'down_payment_id': bill.id}, {'live_amount': 1}, {'company_id': 1}):
            with self.subTest(vals=vals):
                act = partial(use.write, vals)
                self.assertRefused(act, regex="cannot be set|given once", error=AccessError)
        for amount in (float('nan'), -1, '1e5', 1e18):
            with self.subTest(use=amount):
                self.assertRefused(lambda amount=amount: use.write({'amount': amount}), regex='.')

    # === AS BILLED === #

    def test_pro_rata(self):
        """10,000 on 100,000: 25,000 take 2,500; with 20,000 more to bill the next 25,000 take 1,666.67 (DEP-21)."""
        contract = self.make.as_billed([100000], self.tax_15)
        paid = self._pay_down(contract, 10000)
        self.assertEqual(
            (paid.kind, paid.state, paid.invoice_id.progress_invoice_type), ('down_payment', 'invoiced', 'deposit')
        )
        self.assertLedger(paid.invoice_id, receivable=11500, deposit=-10000, _tax=-1500)
        self.assertEqual((contract.draft_amount, contract.actual_amount, contract.wip_available), (0, 0, 100000))
        self.assertEqual((contract.down_payment_balance, contract.deposit_balance), (10000, 10000))
        bill = self.billing.bill(contract, '25000')
        self.assertEqual(self._uses(bill), {paid: 2500})
        self.assertEqual((bill.amount, bill.down_payment_applied, bill.amount_due), (25000, 2500, 22500))
        self.assertLedger(bill.invoice_id, receivable=25875, deposit=2500, income=-25000, _tax=-3375)
        self.make.extra(contract, 20000)
        bill = self.billing.bill(contract, '25000', '2026-02-28')
        self.assertEqual(self._uses(bill), {paid: 1666.67})
        self.assertEqual((paid.down_payment_left, contract.down_payment_balance), (5833.33, 5833.33))
        self.assertDeposits(contract, 5833.33)
        final = self.billing.final(contract)
        self.assertLedger(final, receivable=73791.67, deposit=5833.33, income=-70000, _tax=-9625)
        self.assertDeposits(contract, 0)
        self.assertEqual((contract.state, contract.down_payment_balance), ('closed', 0))
        self.assertEqual(
            final._get_progress_deposit_rows(),
            [{'number': paid.invoice_id.name, 'date': paid.invoice_id.invoice_date, 'net': 5833.33, 'tax': 875}],
        )
        self.assertEqual(self.books.balance(self.tax_account, None), -120000 * 0.15)

    def test_the_accounting_page(self):
        """The table of docs/ACCOUNTING.md, and what it says of deposits."""
        contract = self.make.as_billed([1000], self.tax_15)
        paid = self._pay_down(contract, 200)
        self.assertLedger(paid.invoice_id, receivable=230, deposit=-200, _tax=-30)
        bill = self.billing.bill(contract, '500')
        self.assertLedger(bill.invoice_id, receivable=460, deposit=100, income=-500, _tax=-60)
        self.assertLedger(self.billing.final(contract), receivable=460, deposit=100, income=-500, _tax=-60)
        self.assertDeposits(contract, 0)
        contract = self.make.contract([1000], self.tax_15)
        self._pay_down(contract, 200)
        self.billing.bill(contract, '500')
        self.assertDeposits(contract, 500)

    def test_on_the_last_bill(self):
        contract = self.make.as_billed([1000], self.tax_15, down_payment_absorption='last')
        paid = self._pay_down(contract, 300)
        first, last = self.billing.bill(contract, '600'), self.billing.bill(contract, '400', '2026-02-28')
        self.assertEqual((self._uses(first), self._uses(last)), ({}, {paid: 300}))
        self.assertLedger(last.invoice_id, receivable=115, deposit=300, income=-400, _tax=-15)
        self.assertDeposits(contract, 0)

    def test_bill_smaller_than_the_down_payment(self):
        """On the last bill: what it is too small for is left to the final, which gives it back."""
        contract = self.make.as_billed([1000], self.tax_15, down_payment_absorption='last')
        paid = self._pay_down(contract, 500)
        self.billing.bill(contract, '900')
        last = self.billing.bill(contract, '100', '2026-02-28')
        self.assertEqual((self._uses(last), last.invoice_id.move_type), ({paid: 100}, 'out_invoice'))
        self.assertEqual((last.amount_due, last.invoice_id.amount_total), (0, 0))
        final = self.billing.final(contract)
        self.assertEqual((final.move_type, final.amount_total), ('out_refund', 460))
        self.assertLedger(final, receivable=-460, deposit=400, _tax=60)
        self.assertDeposits(contract, 0)

    def test_cumulative_to_the_cent(self):
        """Thirds: uses and their taxes add up to the down payment's."""
        tax = self.make.tax("19 %", 19.0)
        contract = self.make.as_billed([100], tax)
        paid = self._pay_down(contract, 10)
        taxes, uses = [], []
        for percent in (33.33, 66.67, 100):
            bill = self.billing.draw(contract, percent)
            uses.append(self._uses(bill).get(paid, 0))
            line = bill.sourced_line_ids
            taxes.append(line.tax_amounts['amounts'][str(tax.id)][2])
        self.assertEqual((uses, taxes), ([3.33, 3.34, 3.33], [-0.63, -0.64, -0.63]))
        self.assertEqual((round(sum(uses), 2), round(sum(taxes), 2)), (10, -1.9))
        self.assertDeposits(contract, 0)

    def test_several_taxes_and_price_included(self):
        """One line for each set of taxes, and each gives its own tax back."""
        included = self.make.tax("21 % incl.", 21.0, price_include_override='tax_included')
        contract = self.make.as_billed([600, 300, 100], self.tax_15)
        contract.line_ids[1].tax_ids = included
        contract.line_ids[2].tax_ids = False
        paid = self._pay_down(contract, 100)
        items = paid.invoice_id.invoice_line_ids
        self.assertEqual(
            [(item.price_subtotal, item.tax_ids.ids, item.price_total) for item in items],
            [(60, self.tax_15.ids, 69), (30, included.ids, 36.3), (10, [], 10)],
        )
        bill = self.billing.bill(contract, '50%')
        self.assertEqual(self._uses(bill), {paid: 50})
        self.assertLedger(bill.invoice_id, receivable=518.85, deposit=50, income=-500, _tax=-68.85)
        final = self.billing.final(contract)
        self.assertLedger(final, receivable=518.85, deposit=50, income=-500, _tax=-68.85)
        self.assertDeposits(contract, 0)

    def test_retainage_and_expenses(self):
        """What is held back is not there to be taken off; what is billed beside the schedule is."""
        contract = self.make.pro_forma([1000], self.tax_15, retainage_percent=10, down_payment_absorption='last')
        paid = self._pay_down(contract, 2000)
        bill = self.billing.run(contract, 100)
        self.assertEqual((self._uses(bill), bill.amount_due), ({paid: 900}, 0))
        bill._add_sourced_lines(
            [
                {
                    'source': 'expense',
                    'amount': 50,
                    'name': "Travel",
                    'account_id': self.income_account.id,
                    'tax_ids': self.tax_15.ids,
                }
            ]
        )
        self.assertEqual((self._uses(bill), bill.amount_due), ({paid: 950}, 0))
        self.billing.to_ledger(bill)
        self.assertEqual((bill.invoice_id.move_type, bill.invoice_id.amount_untaxed), ('out_invoice', 0))
        self.assertGreaterEqual(bill.invoice_id.amount_total, 0)

    # === DEPOSITS === #

    def test_deposit_contract(self):
        """Taken off a deposit it turns into one: the account holds what the customer has paid, no more (DEP-22)."""
        contract = self.make.contract([50000], self.tax_15)
        paid = self._pay_down(contract, 5000)
        self.assertDeposits(contract, 5000)
        bill = self.billing.bill(contract, '20000')
        self.assertEqual((self._uses(bill), contract.draft_amount + contract.actual_amount), ({paid: 5000}, 20000))
        self.assertLedger(bill.invoice_id, receivable=17250, deposit=-15000, _tax=-2250)
        self.assertDeposits(contract, 20000)
        final = self.billing.final(contract)
        self.assertLedger(final, receivable=34500, deposit=20000, income=-50000, _tax=-4500)
        self.assertDeposits(contract, 0)

    def test_left_at_the_final(self):
        """What was not applied ends with its contract: the deposit and the down payment are reversed (DEP-23)."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '400')
        paid = self._pay_down(contract, 300)
        final = self.billing.final(contract, post=False)
        self.assertEqual((paid.down_payment_left, contract.deposit_balance), (0, 700))
        final.action_post()
        self.assertLedger(final, receivable=345, deposit=700, income=-1000, _tax=-45)
        self.assertDeposits(contract, 0)
        self.assertEqual(
            [row['number'] for row in final._get_progress_deposit_rows()],
            [bill.invoice_id.name, paid.invoice_id.name],
        )
        self.billing.credit(final)
        self.assertEqual((contract.state, paid.down_payment_left), ('open', 300))
        self.assertDeposits(contract, 700)
        self.billing.final(contract)
        self.assertDeposits(contract, 0)

    def test_more_than_the_contract_is_worth(self):
        contract = self.make.contract([1000], self.tax_15)
        self._pay_down(contract, 1500)
        final = self.billing.final(contract)
        self.assertEqual(final.move_type, 'out_refund')
        self.assertLedger(final, receivable=-575, deposit=1500, income=-1000, _tax=75)
        self.assertDeposits(contract, 0)

    def test_foreign_currency(self):
        """Applied at another rate: nothing is left on the account in either currency (DEP-7)."""
        currency = self.setup_other_currency(
            'EUR', rates=[('2026-01-01', 2.0), ('2026-02-01', 4.0), ('2026-03-01', 5.0)]
        )
        contract = self.make.as_billed([1000], currency_id=currency.id)
        paid = self._pay_down(contract, 200, date='2026-01-10')
        self.assertEqual(self.books.of(paid.invoice_id)[self.deposit_account], (-100.0, -200.0))
        bill = self.billing.bill(contract, '500', '2026-02-10')
        self.assertEqual(self.books.of(bill.invoice_id)[self.deposit_account], (25.0, 100.0))
        self.billing.final(contract, '2026-03-10')
        self.assertEqual(self.books.balance(self.deposit_account, contract), 0)
        items = self.env['account.move.line'].search([('account_id', '=', self.deposit_account.id)])
        self.assertFalse(items.filtered(lambda item: item.parent_state == 'posted' and not item.reconciled))

    # === WHICH ONE, AND HOW MUCH === #

    def test_order_and_other_contracts(self):
        """Kept for the contract first, then the oldest of the customer, wherever they were paid."""
        other, contract = self.make.as_billed([5000]), self.make.contract([1000])
        new = self._pay_down(other, 100)
        old = self._pay_down(other, 200, date='2026-01-01')
        foreign = self._pay_down(other, 400, restricted=True)
        mine = self._pay_down(contract, 150, restricted=True)
        bill = self.billing.bill(contract, '400')
        self.assertEqual(self._uses(bill), {mine: 150, old: 200, new: 50})
        self.assertEqual(list(self._uses(bill)), [mine, old, new])
        self.assertLedger(bill.invoice_id, deposit=0)
        self.assertEqual((other.down_payment_balance, contract.down_payment_balance), (450, 0))
        self.assertEqual((foreign.down_payment_left, self.customer.progress_down_payment_balance), (400, 450))
        self.assertEqual(contract.deposit_balance, 400)
        self.assertEqual(other.deposit_balance, 450)
        self.billing.final(contract)
        self.billing.final(other)
        self.assertEqual(self.books.balance(self.deposit_account, contract), 0)

    def test_another_customer_or_currency(self):
        currency = self.setup_other_currency('EUR')
        stranger = self.customer.copy()
        self._pay_down(self.make.as_billed([1000]), 100)
        for vals in ({'partner_id': stranger.id}, {'currency_id': currency.id}):
            bill = self.billing.bill(self.make.contract([1000], **vals), '500')
            self.assertFalse(self._uses(bill))
        contact = self.env['res.partner'].create({'name': "Site office", 'parent_id': self.customer.id})
        bill = self.billing.bill(self.make.contract([1000], partner_id=contact.id), '500')
        self.assertEqual(bill.down_payment_applied, 100)

    def test_not_posted_or_credited(self):
        contract = self.make.contract([1000])
        paid = self._pay_down(contract, 300, post=False)
        self.assertFalse(self._uses(self.billing.bill(contract, '100')))
        paid.invoice_id.action_post()
        self.billing.credit(paid.invoice_id, 100)
        self.assertEqual((paid.down_payment_amount, paid.down_payment_left), (200, 200))
        bill = self.billing.bill(contract, '500')
        self.assertEqual(self._uses(bill), {paid: 200})

    def test_lowered_by_hand(self):
        """Less, never more than by itself; what a person left stays with later changes and the invoice."""
        contract = self.make.contract([1000], use_pro_forma=True)
        paid = self._pay_down(contract, 300)
        bill = self.make.plan(contract, '500')
        bill.action_create()
        use = bill.with_user(self.billing_user).down_payment_use_ids
        self.assertEqual((use.amount, paid.down_payment_left), (300, 0))
        use.amount = 120
        self.assertEqual((self._uses(bill), paid.down_payment_left, bill.amount_due), ({paid: 120}, 180, 380))
        self.assertRefused(
            lambda: bill.down_payment_use_ids.write({'amount': 301}), regex="At most .*300.00 of the down payment"
        )
        self.assertRefused(lambda: bill.down_payment_use_ids.write({'amount': -1}), "negative", error=ValidationError)
        bill.line_ids.amount = 400
        self.assertEqual(self._uses(bill), {paid: 120})
        bill.action_apply_down_payments()
        self.assertEqual(self._uses(bill), {paid: 300})
        bill.line_ids.amount = 250
        self.assertEqual((self._uses(bill), bill.amount_due), ({paid: 250}, 0))
        bill.down_payment_use_ids.amount = 50
        bill.action_release()
        self.assertEqual((self._uses(bill), bill.invoice_id.amount_total), ({paid: 50}, 200))
        self.assertRefused(lambda: bill.down_payment_use_ids.write({'amount': 10}), "cannot change")

    def test_lowered_in_the_form(self):
        """Two rows of one bill, in the form that shows them."""
        contract = self.make.contract([1000], use_pro_forma=True)
        first, second = self._pay_down(contract, 100), self._pay_down(contract, 200)
        bill = self.make.plan(contract, '500')
        bill.action_create()
        with Form(bill.with_user(self.billing_user)) as form:
            for number, amount in enumerate((30, 70)):
                with form.down_payment_use_ids.edit(number) as row:
                    row.amount = amount
        self.assertEqual((self._uses(bill), bill.amount_due), ({first: 30, second: 70}, 400))
        bill.action_apply_down_payments()
        self.assertEqual(self._uses(bill), {first: 100, second: 200})

    # === GIVEN BACK === #

    def test_given_back(self):
        """Deleted, cancelled, reset, credited in full: the rows stay, and count no more."""
        contract = self.make.contract([1000])
        paid = self._pay_down(contract, 300)
        bill = self.billing.bill(contract, '500', post=False)
        self.assertEqual(paid.down_payment_left, 0)
        bill.invoice_id.unlink()
        self.assertEqual(paid.down_payment_left, 300)
        bill.action_create()
        bill.invoice_id.action_post()
        self.assertEqual(paid.down_payment_left, 0)
        refund = self.billing.credit(bill.invoice_id)
        self.assertEqual((bill.is_credited, paid.down_payment_left), (True, 300))
        self.assertDeposits(contract, 300)
        other = self.billing.bill(contract, '200', '2026-03-31')
        self.assertEqual(self._uses(other), {paid: 200})
        self.assertRefused(refund.button_draft, regex="of the down payment .* is applied on")

    def test_credited_in_part(self):
        """A credit note gives back what it takes of the line, and nothing where it leaves it out."""
        contract = self.make.contract([1000], self.tax_15)
        paid = self._pay_down(contract, 300)
        bill = self.billing.bill(contract, '500')
        self.billing.credit(bill.invoice_id, 400)
        self.assertEqual((bill.credited_amount, bill.is_credited, paid.down_payment_left), (400, False, 300))
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-02-16', 'date': '2026-02-16'}])
        refund.button_cancel()
        self.assertEqual(paid.down_payment_left, 300)
        self.billing.final(contract)
        self.assertDeposits(contract, 0)

    def test_the_down_payment_stays_while_applied(self):
        contract = self.make.contract([1000])
        paid = self._pay_down(contract, 300)
        bill = self.billing.bill(contract, '500')
        for act in (
            paid.invoice_id.button_draft,
            paid.invoice_id.button_cancel,
            lambda: self.billing.credit(paid.invoice_id),
            lambda: self.billing.credit(paid.invoice_id, 1),
        ):
            self.assertRefused(act, regex="of the down payment .* is applied on")
        self.assertRefused(
            lambda: paid.write({'kind': 'progress'}), regex="not allowed|cannot be set|given once", error=AccessError
        )
        other = self._pay_down(contract, 50)
        other.is_restricted = True
        self.assertRefused(lambda: bill.write({'is_restricted': True}), "it is no down payment", error=ValidationError)
        elsewhere = self.make.contract([1000])
        other.is_restricted = False
        self.billing.bill(elsewhere, '500')
        self.assertRefused(
            lambda: other.write({'is_restricted': True}), "on other contracts already", error=ValidationError
        )

    # === DOORS === #

    def test_refusals(self):
        contract = self.make.contract([1000])
        for amount, error in (
            (0, "above zero"),
            (-5, "above zero"),
            ('abc', "not a number"),
            (float('nan'), "not a number"),
        ):
            self.assertRefused(lambda amount=amount: contract.action_create_down_payment(amount), regex=error)
        self.assertRefused(
            lambda: contract.with_user(self.reader).action_create_down_payment(5),
            regex="not allowed|cannot be set|given once",
            error=AccessError,
        )
        self.assertRefused(
            lambda: self.env['progress.bill'].create({'contract_id': contract.id, 'kind': 'down_payment'}),
            "made by its own button only",
            error=AccessError,
        )
        draft = self.make.contract([1000], do_open=False)
        self.assertRefused(lambda: draft.action_create_down_payment(5), "cannot be billed")
        paid = self._pay_down(contract, 100)
        bill = self.billing.bill(contract, '500', post=False)
        uses = self.env['progress.down.payment.use'].with_user(self.billing_user)
        self.assertRefused(
            lambda: uses.create({'bill_id': bill.id, 'down_payment_id': paid.id, 'amount': 5}),
            regex="not allowed|cannot be set|given once",
            error=AccessError,
        )
        self.assertRefused(
            lambda: uses.browse(bill.down_payment_use_ids.id).unlink(),
            regex="not allowed|cannot be set|given once",
            error=AccessError,
        )
        for name, value in (('live_amount', 0), ('down_payment_id', bill.id)):
            self.assertRefused(
                lambda name=name, value=value: bill.down_payment_use_ids.write({name: value}),
                regex="not allowed|cannot be set|given once",
                error=AccessError,
            )
        self._final_blocked(contract)

    def _final_blocked(self, contract):
        contract.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft').action_post()
        self.billing.final(contract, post=False)
        self.assertRefused(lambda: contract.action_create_down_payment(5), "final invoice")

    def test_project_customer_and_dialog(self):
        contract = self.make.contract([1000], project=self.make.project(name="Barn"))
        action = contract.project_id.with_user(self.billing_user).action_create_down_payment(100, restricted=True)
        paid = contract.bill_ids
        self.assertEqual((action['res_model'], action['res_id'], paid.is_restricted), ('progress.bill', paid.id, True))
        self.customer.action_create_down_payment(50)
        self.assertEqual(contract.bill_ids.mapped('sourced_amount'), [100, 50])
        action = self.customer.action_down_payment_wizard()
        wizard = self.env[action['res_model']].with_context(**action['context']).create({'amount': 25})
        self.assertEqual(wizard.contract_id, contract)
        wizard.action_confirm()
        self.assertEqual(len(contract.bill_ids), 3)
        self.make.contract([1000])
        self.assertRefused(lambda: self.customer.action_create_down_payment(50), "several open contracts")
        stranger = self.customer.copy()
        self.assertRefused(lambda: stranger.action_create_down_payment(50), "no open contract")
        self.assertEqual(
            self.env['progress.bill'].search(self.customer.action_view_down_payments()['domain']), contract.bill_ids
        )

    def test_pro_forma_and_deletion(self):
        contract = self.make.pro_forma([1000], self.tax_15)
        contract.action_create_down_payment(200)
        paid = contract.bill_ids
        self.assertEqual(
            (paid.state, paid.bucket, paid.sourced_amount, paid.down_payment_left), ('draft', 'draft', 200, 0)
        )
        report = self.env['report.progress_billing.report_progress_bill']
        document = report._get_document(paid)
        self.assertEqual(report._get_heading(paid), f"Down payment of {contract.display_name}")
        self.assertEqual(document['tax_totals']['total_amount_currency'], 230)
        paid.unlink()
        paid = self._pay_down(contract, 200)
        bill = self.billing.run(contract, 50)
        document = report._get_document(bill)
        self.assertEqual(bill._get_bill_position(), 1)
        self.assertEqual(document['tax_totals']['total_amount_currency'], 460)
        self.assertEqual([amount for _label, amount in document['parts']], [500, -100])
        bill.unlink()
        self.assertEqual((paid.down_payment_left, paid.down_payment_used_ids.ids), (200, []))

    def test_approval_steps(self):
        """A down payment takes the steps of its amount."""
        contract = self.make.pro_forma([1000])
        contract.approval_step_ids = [
            Command.create({'name': "Head", 'above_amount': 150, 'user_id': self.env.user.id})
        ]
        contract.action_create_down_payment(200)
        paid = contract.bill_ids
        self.assertEqual(paid._get_approval_steps(), contract.approval_step_ids)
        self.assertRefused(paid.action_release, "is not approved yet")

    def test_deposit_list_and_wip(self):
        contract = self.make.as_billed([1000])
        paid = self._pay_down(contract, 300, date='2026-01-05')
        self.billing.bill(contract, '500', '2026-02-10')
        for date, left in (('2026-01-31', 300), ('2026-02-28', 150)):
            lines = self.env['progress.deposit.wizard'].create({'date': date, 'company_id': self.company.id}).line_ids
            self.assertRecordValues(lines, [{'bill_id': paid.id, 'amount': left}])
        wizard = self.env['progress.wip.wizard'].create({'date': '2026-12-31', 'company_id': self.company.id})
        row = wizard.line_ids.filtered(lambda line: line.contract_id == contract or line.project_id == self.project)
        self.assertEqual(row.billed_amount, 500)
        self.assertEqual(
            contract._get_profitability_sections(self.company.currency_id),
            [('progress_revenue', 500, 500), ('progress_deposits', 150, -150)],
        )

    def test_allocation_writes_nothing(self):
        """What a screen asks before there is a bill."""
        contract, other = self.make.as_billed([1000]), self.make.contract([1000])
        paid = self._pay_down(contract, 300)
        self.assertEqual(contract._allocate_down_payments(500, 500), {paid: 150})
        self.assertEqual(contract._allocate_down_payments(1200, 1000), {paid: 300})
        self.assertEqual(other._allocate_down_payments(200), {paid: 200})
        self.assertEqual(other._allocate_down_payments(200, limits={paid.id: 20}), {paid: 20})
        self.assertEqual(other._allocate_down_payments(200, limits={}), {})
        self.assertEqual(paid.down_payment_left, 300)
