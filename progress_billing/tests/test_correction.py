from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestCorrection(ProgressBillingCommon):
    """Correct: a new revision, a credit note for all of the old, a new invoice (REV-7, REV-8)."""

    def _invoiced(self, percent=50, amounts=(10000,), post=True, contract=None, **vals):
        """A released bill, posted unless told otherwise."""
        contract = contract or self.make.pro_forma(list(amounts), self.tax_15, **vals)
        bill = self.billing.run(contract, percent)
        bill.action_release()
        if post:
            bill.invoice_id.action_post()
        return bill

    def _release(self, bill, amount=None):
        if amount is not None:
            bill.line_ids[0].amount = amount
        bill.action_release()
        bill.invoice_id.action_post()
        return bill.invoice_id

    def test_ledger(self):
        """REV-7: invoice, credit note in full reconciled with it, new invoice; in both recognitions."""
        for recognition, account in (('as_billed', self.income_account), ('deposit', self.deposit_account)):
            with self.subTest(recognition):
                bill = self._invoiced(revenue_recognition=recognition)
                line, old = bill.line_ids.contract_line_id, bill.invoice_id
                bill.action_correct()
                credit = old.reversal_move_ids
                self.assertEqual((credit.state, credit.move_type, credit.amount_total), ('posted', 'out_refund', 5750))
                self.assertEqual((old.payment_state, credit.payment_state), ('reversed', 'paid'))
                self.assertEqual(self.books.of(old + credit), {})
                self.assertEqual((bill.state, bill.correction_number), ('draft', 1))
                self.assertBuckets(line, 0, 5000, 0, 50)
                new = self._release(bill, 4500)
                self.assertEqual(bill.move_ids, old + credit + new)
                self.assertEqual(credit.progress_invoice_type, old.progress_invoice_type)
                self.assertBuckets(line, 0, 0, 4500, 50)
                ledger = self.books.of(bill.move_ids)
                self.assertEqual(ledger[account], (-4500, -4500))
                self.assertEqual(ledger[self.receivable_account], (5175, 5175))

    def test_twice_without_harm(self):
        """A second click changes nothing; a second correction is a further revision."""
        bill = self._invoiced()
        bill.action_correct()
        bill.action_correct()
        self.assertEqual((len(bill.move_ids), bill.correction_number), (2, 1))
        self._release(bill, 4500)
        bill.action_correct()
        self._release(bill, 4000)
        self.assertEqual((len(bill.move_ids), bill.correction_number), (5, 2))
        self.assertBuckets(bill.line_ids.contract_line_id, 0, 0, 4000)
        self.assertEqual(self.books.of(bill.move_ids)[self.income_account], (-4000, -4000))

    def test_payment_comes_free(self):
        """REV-9: paid 5,000, new 4,500: the new invoice is paid, 500 stays as customer credit."""
        contract = self.make.pro_forma([10000])
        bill = self._invoiced(contract=contract)
        payment = self.billing.pay(bill.invoice_id)
        bill.action_correct()
        self._assert_open(payment, -5000)
        new = self._release(bill, 4500)
        self.assertIn(new.payment_state, ('paid', 'in_payment'))
        self.assertEqual(new.amount_residual, 0)
        self._assert_open(payment, -500)

    def test_part_payment_comes_free(self):
        """REV-9: 2,000 paid of 5,000, new 4,500: 2,500 stays due."""
        bill = self._invoiced(contract=self.make.pro_forma([10000]))
        payment = self.billing.pay(bill.invoice_id, 2000)
        bill.action_correct()
        new = self._release(bill, 4500)
        self.assertEqual((new.payment_state, new.amount_residual), ('partial', 2500))
        self._assert_open(payment, 0)

    def test_payment_and_project_manager(self):
        """REV-9: the payment comes free when the accountant posts the credit note."""
        bill = self._invoiced(contract=self.make.pro_forma([10000]))
        payment = self.billing.pay(bill.invoice_id)
        bill.with_user(self.billing_user).action_correct()
        self._assert_open(payment, 0)
        bill.move_ids.filtered('reversed_entry_id').with_user(self.accountant).action_post()
        self._assert_open(payment, -5000)
        new = self._release(bill, 4500)
        self.assertEqual(new.amount_residual, 0)
        self._assert_open(payment, -500)

    def _assert_open(self, payment, amount):
        lines = payment.move_id.line_ids.filtered(lambda line: line.account_id == self.receivable_account)
        self.assertEqual(lines.amount_residual, amount)

    def test_who_posts_the_credit_note(self):
        """REV-8: posted by who may; else a draft, and the revision waits for it."""
        bill = self._invoiced()
        old = bill.invoice_id
        with self.assertRaisesRegex(AccessError, "You are not allowed to modify"), self.env.cr.savepoint():
            bill.with_user(self.reader).action_correct()
        action = bill.with_user(self.billing_user).action_correct()
        self.assertEqual(action['res_model'], 'progress.bill')
        credit = old.reversal_move_ids
        self.assertEqual((credit.state, bill.state), ('draft', 'draft'))
        bill.with_user(self.billing_user).line_ids.amount = 4500
        with self.assertRaisesRegex(UserError, old.name), self.env.cr.savepoint():
            bill.action_release()
        credit.with_user(self.accountant).action_post()
        bill.with_user(self.billing_user).action_release()
        self.assertEqual(bill.invoice_id.state, 'draft')
        bill.invoice_id.with_user(self.accountant).action_post()
        self.assertBuckets(bill.line_ids.contract_line_id, 0, 0, 4500)
        other = self._invoiced()
        other.with_user(self.accountant).action_correct()
        self.assertEqual(other.move_ids.mapped('state'), ['posted'] * 2)

    def test_deleted_credit_note_is_made_again(self):
        """REV-8: an accountant deletes the draft credit note; Correct makes it again, release still waits."""
        bill = self._invoiced()
        bill.with_user(self.billing_user).action_correct()
        bill.move_ids.filtered('reversed_entry_id').unlink()
        with self.assertRaisesRegex(UserError, "Post the credit note of"), self.env.cr.savepoint():
            bill.action_release()
        bill.action_correct()
        self._release(bill, 4500)
        self.assertEqual(self.books.of(bill.move_ids)[self.income_account], (-4500, -4500))

    def test_credit_note_of_a_correction_is_in_full(self):
        """REV-8: a credit note cut to a part does not let the revision out."""
        bill = self._invoiced()
        bill.with_user(self.billing_user).action_correct()
        credit = bill.move_ids.filtered('reversed_entry_id')
        with self.assertRaisesRegex(UserError, "must credit the invoice"):
            credit.invoice_line_ids[:1].price_unit = 1
            credit.action_post()
            bill.action_release()

    def test_waiting_partial_credit_note(self):
        """A draft credit note from before the correction cannot credit the invoice a second time."""
        bill = self._invoiced()
        old = bill.invoice_id
        partial = old._reverse_moves([{'invoice_date': old.invoice_date}])
        partial.invoice_line_ids[:1].price_unit = 1000
        with self.assertRaisesRegex(UserError, "post or delete the draft credit note"):
            bill.action_correct()
            partial.action_post()

    def test_revision_is_not_dropped_before_the_credit_note(self):
        """Never overbilled: while the old invoice stands uncredited, the bill cannot be cancelled."""
        bill = self._invoiced(100)
        contract = bill.contract_id
        bill.with_user(self.billing_user).action_correct()
        with self.assertRaisesRegex(UserError, "Post the credit note of"):
            bill.action_cancel()
            bill.move_ids.filtered(lambda move: move.state == 'draft').unlink()
            contract.action_recalculate_pending()
            contract.action_run_billing()

    def test_cancelled_revision(self):
        """PRG-4, BIL-2: a revision cancelled after its credit note leaves nothing billed, gives back what was taken."""
        bill = self._invoiced()
        bill.action_correct()
        bill.action_cancel()
        line = bill.line_ids.contract_line_id
        self.assertEqual((line.draft_amount, line.actual_amount), (0, 0))
        self.assertEqual(self.books.of(bill.move_ids), {})
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            bill.unlink()

    def test_credit_note_of_a_correction_stays(self):
        """Once billed again, the credit note of the old revision cannot be undone."""
        bill = self._invoiced()
        old = bill.invoice_id
        bill.action_correct()
        self._release(bill, 10000)
        for act in (
            old.reversal_move_ids.button_draft,
            old.reversal_move_ids.button_cancel,
            old.button_draft,
            lambda: old._reverse_moves().action_post(),
        ):
            with (
                self.assertRaisesRegex(
                    UserError, "belongs to an earlier revision of its progress bill, which has been billed"
                ),
                self.env.cr.savepoint(),
            ):
                act()
        self.assertBuckets(bill.line_ids.contract_line_id, 0, 0, 10000)

    def test_refused(self):
        """REV-7: on draft invoices, pro formas, planned, partly credited, while a final exists."""
        draft, partly, final = self._invoiced(post=False), self._invoiced(), self._invoiced()
        pro_forma, planned = (
            self.billing.run(self.make.pro_forma([100]), 10),
            self.make.plan(self.make.pro_forma([100]), '10%'),
        )
        self.billing.credit(partly.invoice_id, 1000)
        self.billing.final(final.contract_id, post=False)
        for bill in (draft, partly, final, pro_forma, planned, final.contract_id.bill_ids - final):
            with self.subTest(bill=bill.display_name, state=bill.state):
                state, number = bill.state, len(bill.move_ids)
                with (
                    self.assertRaisesRegex(
                        UserError,
                        "has no posted invoice to correct|was credited in part|comes before the final invoice",
                    ),
                    self.env.cr.savepoint(),
                ):
                    bill.action_correct()
                self.env.invalidate_all()
                self.assertEqual((bill.state, len(bill.move_ids)), (state, number))

    def test_later_pro_forma_waits(self):
        """REV-7: 10,000: 2,000, 3,000, pro forma 2,000; no. 2 corrected to 2,500: no. 3 stays, 65 %, and waits."""
        contract = self.make.pro_forma([10000])
        line = contract.line_ids
        first, second = (self._invoiced(percent, contract=contract) for percent in (20, 50))
        third = self.billing.run(contract, 70)
        self.assertEqual(third.line_ids.total_completed_percent, 70)
        second.action_correct()
        with self.assertRaisesRegex(UserError, second.name), self.env.cr.savepoint():
            third.action_release()
        second.line_ids.amount = 2500
        self.assertEqual((third.amount, third.line_ids.total_completed_percent), (2000, 65))
        self._release(second)
        self.assertBuckets(line, 0, 2000, 4500, 70)
        self._release(third)
        self.assertBuckets(line, 0, 0, 6500, 70)
        contract.action_recalculate_pending()
        self.assertBuckets(line, 500, 0, 6500, 70)
        self.assertEqual(first.correction_number, 0)

    def test_final_after_a_correction(self):
        """The final is exact to the cent and the deposit account is zero."""
        contract = self.make.contract([100, 50], self.tax_15, use_pro_forma=True)
        bill = self._invoiced(100 / 3, contract=contract)
        self._invoiced(200 / 3, contract=contract)
        bill.action_correct()
        bill.line_ids[1].amount = 10
        self._release(bill, 33.34)
        held = contract.deposit_balance
        self.assertEqual(held, 33.34 + 10 + 33.34 + 16.66)
        final = self.billing.final(contract)
        self.assertAlmostEqual(final.amount_untaxed, 150 - held, 2)
        self.assertAlmostEqual(self.books.balance(self.income_account), -150, 2)
        self.assertDeposits(contract, 0)
        moves = contract.bill_ids.move_ids
        self.assertAlmostEqual(sum(moves.mapped('amount_tax_signed')), 22.5, 2)
        deposits = moves.line_ids.filtered(lambda line: line.account_id == self.deposit_account)
        self.assertTrue(all(deposits.mapped('reconciled')))

    def test_taxes_after_a_correction(self):
        """TAX-1: cumulative taxes leave the credited invoice out: 10.03 three times, the second corrected to itself."""
        self.company.tax_calculation_rounding_method = 'round_per_line'
        contract = self.make.pro_forma([30.09], self.tax_15)
        bills = [self._invoiced(100 * part / 3, contract=contract) for part in (1, 2)]
        bills[1].action_correct()
        self._release(bills[1])
        bills.append(self._invoiced(100, contract=contract))
        self.assertEqual([bill.invoice_id.amount_tax for bill in bills], [1.5, 1.51, 1.5])

    @freeze_time('2026-05-10')
    def test_dated_today(self):
        """REV-8: the credit note is dated today, whatever is locked before."""
        contract = self.make.pro_forma([1000])
        contract.line_ids.completed_percent = 50
        contract.action_run_billing(date='2026-02-28')
        bill = contract.bill_ids
        self._release(bill)
        self.company.fiscalyear_lock_date = '2026-03-31'
        bill.action_correct()
        credit = bill.move_ids.filtered('reversed_entry_id')
        self.assertEqual((credit.date.isoformat(), credit.invoice_date.isoformat()), ('2026-05-10', '2026-05-10'))
        self.assertEqual(credit.state, 'posted')

    def test_credit_note_bill_is_corrected(self):
        """A bill that was itself a credit note is corrected like any other."""
        contract = self.make.pro_forma([10000], self.tax_15)
        self._invoiced(80, contract=contract)
        bill = self._invoiced(50, contract=contract)
        self.assertEqual(bill.invoice_id.move_type, 'out_refund')
        bill.action_correct()
        self.assertEqual(bill.move_ids.filtered('reversed_entry_id').mapped('state'), ['posted'])
        new = self._release(bill, -2000)
        self.assertEqual((new.move_type, new.amount_untaxed), ('out_refund', 2000))
        self.assertBuckets(contract.line_ids, 0, 0, 6000)
        self.assertEqual(self.books.of(bill.contract_id.bill_ids.move_ids)[self.income_account], (-6000, -6000))

    def test_direct_bills_are_corrected(self):
        """A bill without pro forma is corrected too: it becomes one."""
        contract = self.make.as_billed([1000])
        bill = self.billing.run(contract, 50)
        bill.invoice_id.action_post()
        bill.action_correct()
        self.assertEqual(bill.state, 'draft')
        self._release(bill, 400)
        self.assertBuckets(contract.line_ids, 0, 0, 400)

    def test_planned_record_is_corrected(self):
        """Also a planned record, in deposit mode, by a lower amount on its lines."""
        contract = self.make.contract([1000, 1000], self.tax_15)
        bill = self.billing.bill(contract, '50%')
        bill.action_correct()
        self.assertEqual((bill.state, bill.line_ids.mapped('amount')), ('draft', [500, 500]))
        new = self._release(bill, 400)
        self.assertEqual((new.amount_untaxed, new.amount_tax), (900, 135))
        self.assertDeposits(contract, 900)

    def test_deposit_text_of_a_correction(self):
        """DEP-5: the DEPOSIT line of a corrected bill does not state a share that it no longer is."""
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '50%')
        bill.action_correct()
        new = self._release(bill, 400)
        self.assertNotIn("50", new.invoice_line_ids.name)

    def test_foreign_currency(self):
        """A correction in another currency at another rate leaves no residue on receivable or deposits."""
        euro = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-03-01', 4.0)])
        contract = self.make.contract([1000], use_pro_forma=True, currency_id=euro.id)
        with freeze_time('2026-01-15'):
            bill = self._invoiced(50, contract=contract)
        with freeze_time('2026-03-15'):
            bill.action_correct()
            self._release(bill, 400)
        self.assertEqual(contract.deposit_balance, 400)
        with freeze_time('2026-03-15'):
            self.billing.final(contract)
        self.assertEqual(self.books.balance(self.deposit_account, contract), 0)
        self.assertEqual(contract.deposit_balance, 0)
