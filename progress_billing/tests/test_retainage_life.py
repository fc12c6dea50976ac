from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestRetainageUndo(ProgressBillingCommon):
    """What is undone: reset, cancel, delete, credit, correct."""

    def test_reset_and_delete(self):
        """BIL-2, BIL-3: reset moves held to draft, delete gives it up; a new bill withholds the same again."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        self.assertRetained(contract, 500)
        bill.invoice_id.button_draft()
        self.assertRetained(contract, 0)
        self.assertEqual(contract.line_ids.retainage_balance, 500)
        bill.invoice_id.action_post()
        self.assertRetained(contract, 500)
        bill.invoice_id.button_draft()
        bill.invoice_id.unlink()
        self.assertEqual((contract.line_ids.retainage_balance, bill.state), (0, 'cancelled'))
        again = self.billing.draw(contract, 50)
        self.assertLedger(again.invoice_id, receivable=4500, retainage=500, income=-5000)
        self.assertRetained(contract, 500)

    def test_cancel_draft(self):
        """BIL-2: a cancelled draft invoice holds nothing."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        bill = self.billing.draw(contract, 50, post=False)
        self.assertEqual(contract.line_ids.retainage_balance, 500)
        bill.invoice_id.button_cancel()
        self.assertEqual(contract.line_ids.retainage_balance, 0)

    def test_credit_in_full(self):
        """RET-2: a credit in full gives the retainage back; the account is zero, reconciled; the next bill takes it."""
        for recognition, account in (('as_billed', 'income'), ('deposit', 'deposit')):
            with self.subTest(recognition):
                contract = self.make.contract([10000], retainage_percent=10, revenue_recognition=recognition)
                bill = self.billing.draw(contract, 50)
                credit = self.billing.credit(bill.invoice_id)
                self.assertEqual(self.books.of(bill.move_ids), {})
                self.assertEqual((credit.amount_total, bill.state), (4500, 'cancelled'))
                self.assertRetained(contract, 0)
                contract.action_recalculate_pending()
                second = self.billing.draw(contract, 50)
                self.assertLedger(second.invoice_id, receivable=4500, retainage=500, **{account: -5000})
                self.assertRetained(contract, 500)

    def test_credit_in_part(self):
        """RET-2: a credit of a part with its part of the retainage; the next bill withholds for the new work only."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-12-01'}])
        income, held = (
            refund.invoice_line_ids.filtered(lambda line, name=name: line.progress_line_type == name)
            for name in ('revenue', 'retainage')
        )
        refund.write({'invoice_line_ids': [(1, income.id, {'price_unit': 1000}), (1, held.id, {'price_unit': 100})]})
        refund.action_post()
        self.assertLedger(bill.move_ids, receivable=3600, retainage=400, income=-4000)
        self.assertRetained(contract, 400)
        contract.action_recalculate_pending()
        second = self.billing.draw(contract, 60)
        self.assertEqual((second.invoiced_amount, second.retainage_amount), (2000, 200))
        self.assertEqual((second.less_previous_certificates, second.current_payment_due), (3600, 1800))
        self.assertEqual(second.earned_less_retainage, 5400)

    def test_credit_in_part_without_retainage(self):
        """A credit that leaves the retainage standing: contract and ledger hold the same, cash adds up."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-12-01'}])
        refund.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'retainage').unlink()
        refund.action_post()
        self.assertEqual(refund.amount_total, 5000)
        self.assertRetained(contract, self.books.of_contract(contract))
        self._release_all_of(contract)

    def _release_all_of(self, contract):
        """Final and release bring every account of the contract to zero but receivable and income."""
        contract.line_ids.write({'completed_percent': 100})
        self.billing.final(contract)
        if sum(contract._get_retainage_held().values()):
            self.billing.release(contract)
        self.assertEqual(self.books.of_contract(contract), 0)
        self.assertEqual(contract.retainage_balance, 0)
        self.assertEqual(self.books.of_contract(contract, self.income_account), -contract.revised_amount)
        self.assertEqual(self.books.of_contract(contract, self.receivable_account), contract.revised_amount)

    def test_credit_of_stored_in_part(self):
        """RET-16: a partly credited bill with materials: completed and stored is what is billed."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        contract.line_ids.stored_amount = 1000
        bill = self.billing.draw(contract, 30)
        self.assertEqual((bill.invoiced_amount, bill.retainage_amount), (4000, 300))
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-12-01'}])
        refund.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'retainage').unlink()
        refund.invoice_line_ids.price_unit = 1000
        refund.action_post()
        self.assertEqual(contract.line_ids.actual_amount, 3000)
        self.assertEqual(bill.completed_stored_amount, 3000)
        self.assertEqual(bill.current_payment_due, bill.earned_less_retainage - bill.less_previous_certificates)

    def test_credit_of_a_bill_whose_retainage_was_released(self):
        """RET-13: held is never negative: a bill whose retainage was released is not undone before the release."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        release = self.billing.release(contract)
        acts = (
            lambda: self.billing.credit(bill.invoice_id),
            lambda: (bill.invoice_id.button_draft(), bill.invoice_id.button_cancel()),
            bill.action_correct,
        )
        for number, act in enumerate(acts):
            with self.subTest(number):
                self.assertRefused(act, "retainage that was released would not be held any more")
        self.billing.credit(release.invoice_id)
        self.billing.credit(bill.invoice_id)
        self.assertRetained(contract, 0)

    def test_release_of_what_is_not_posted(self):
        """RET-12: what is released is never more than was held: a draft invoice's retainage is not held yet."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        self.billing.draw(contract, 50, post=False)
        with self.assertRaisesRegex(UserError, "No retainage is held on"), self.env.cr.savepoint():
            release = self.billing.release(contract, post=False)
            release.invoice_id.action_post()
        self.assertEqual(contract.retainage_balance, 0)

    def test_pro_forma_deleted_below_its_release(self):
        """RET-13: a release takes what posted invoices hold: a pro forma beside it goes, and nothing is held."""
        contract = self.make.pro_forma([10000], retainage_percent=10)
        self.billing.to_ledger(self.billing.draw(contract, 30))
        bill = self.billing.draw(contract, 50)
        release = self.billing.release(contract, post=False)
        bill.unlink()
        self.billing.to_ledger(release)
        self.assertLedger(release.invoice_id, receivable=300, retainage=-300)
        self.assertRetained(contract, 0)

    def test_credit_of_a_release(self):
        """RET-2: a credited release is held again, and released again; the account comes to zero, all reconciled."""
        contract = self.make.as_billed([10000, 5000], retainage_percent=10)
        self.billing.draw(contract, 50, 100)
        release = self.billing.release(contract, 600)
        self.assertRetained(contract, 400)
        self.billing.credit(release.invoice_id)
        self.assertEqual((release.state, release.bucket), ('cancelled', False))
        self.assertRetained(contract, 1000)
        again = self.billing.release(contract)
        self.assertLedger(again.invoice_id, receivable=1000, retainage=-1000)
        self.assertRetained(contract, 0)
        items = contract.bill_ids.move_ids.line_ids.filtered(lambda item: item.progress_line_type == 'retainage')
        self.assertTrue(all(items.mapped('reconciled')))

    def test_partial_credit_of_a_release(self):
        """RET-2: 200 credited of a release of 600: 600 are held again of 1,000, spread like the release."""
        contract = self.make.as_billed([10000, 5000], retainage_percent=10)
        self.billing.draw(contract, 50, 100)
        release = self.billing.release(contract, 600)
        self.billing.credit(release.invoice_id, 200)
        self.assertEqual((release.state, contract.line_ids.mapped('retainage_balance')), ('invoiced', [300, 300]))
        self.assertRetained(contract, 600)
        with self.assertRaisesRegex(UserError, "cannot be released on"), self.env.cr.savepoint():
            self.billing.release(contract, 600.01)
        self.billing.release(contract)
        self.assertRetained(contract, 0)

    def test_partial_credit_of_a_bill_without_work(self):
        """RET-2: a bill that only gives back retainage, credited in part, is not credited in full."""
        contract = self.make.as_billed([10000, 5000], retainage_percent=10)
        self.billing.draw(contract, 50, 0)
        contract.action_set_retainage(5, all_lines=True)
        contract.line_ids[1].pending_amount = 0
        contract.line_ids.billing_rule_id.create_zero_lines = True
        bill = self.billing.draw(contract, 50, 0)
        self.assertEqual((bill.invoiced_amount, bill.retainage_amount), (0, -250))
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-12-01'}])
        refund.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'retainage').price_unit = 100
        refund.action_post()
        self.assertEqual(bill.state, 'invoiced')
        self.assertRetained(contract, 350)

    def test_credit_of_final(self):
        """DEP-11: a final with retainage credited in full: 4,000 held, 40,000 deposits, open; then a new final."""
        contract = self.make.contract([50000], retainage_percent=10)
        for percent in (40, 80):
            self.billing.draw(contract, percent)
        final = self.billing.final(contract)
        self.assertRetained(contract, 5000)
        self.billing.credit(final)
        self.assertEqual(contract.state, 'open')
        self.assertRetained(contract, 4000)
        self.assertDeposits(contract, 40000)
        again = self.billing.final(contract)
        self.assertLedger(again, receivable=9000, retainage=1000, deposit=40000, income=-50000)
        self.assertRetained(contract, 5000)
        self.billing.release(contract)
        self.assertRetained(contract, 0)
        self.assertDeposits(contract, 0)

    def test_final_deleted(self):
        """DEP-11: a deleted draft final gives up what it would withhold."""
        contract = self.make.contract([50000], retainage_percent=10)
        self.billing.draw(contract, 40)
        final = self.billing.final(contract, post=False)
        self.assertEqual(contract.line_ids.retainage_balance, 5000)
        final.unlink()
        self.assertEqual(contract.line_ids.retainage_balance, 2000)
        self.assertRetained(contract, 2000)

    def test_correct(self):
        """REV-7: Correct credits invoice and retainage; the revision withholds anew; a later bill stays."""
        contract = self.make.pro_forma([10000], self.tax_15, retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        old = self.billing.to_ledger(bill)
        later = self.billing.draw(contract, 70)
        bill.action_correct()
        self.assertEqual(self.books.of(old + old.reversal_move_ids), {})
        bill.line_ids.amount = 4000
        new = self.billing.to_ledger(bill)
        self.assertEqual(new.amount_total, 4000 + 600 - 400)
        self.assertRetained(contract, 400)
        self.billing.to_ledger(later)
        self.assertEqual((later.retainage_amount, later.line_ids.previous_amount), (200, 4000))
        self.assertEqual((later.less_previous_certificates, later.current_payment_due), (3600, 1800))
        self.assertRetained(contract, 600)

    def test_correct_with_certified_sum(self):
        """RET-19: corrected after the next bill took what was held back: later bills keep theirs, nothing is stuck."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        bill.certified_amount = 8100
        self.billing.to_ledger(bill)
        second = self.billing.draw(contract, 75)
        self.assertLedger(self.billing.to_ledger(second), receivable=5400, retainage=-400, income=-5000)
        bill.action_correct()
        bill.line_ids.amount = 9000
        self.billing.to_ledger(bill)
        self.assertRetained(contract, 1400, self.books.of_contract(contract, types=['holdback']))
        self._release_all_of(contract)

    def test_credit_with_certified_sum(self):
        """RET-19: a bill with something held back, credited after the next one took that: nothing is stuck."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        bill.certified_amount = 8100
        self.billing.to_ledger(bill)
        self.billing.to_ledger(self.billing.draw(contract, 75))
        self.billing.credit(bill.invoice_id)
        self.assertRetained(contract, 500, self.books.of_contract(contract, types=['holdback']))
        self._release_all_of(contract)

    def test_partial_credit_with_certified_sum(self):
        """RET-19: part of the work credited, what was held back stands: it falls due with the next bill still."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        bill.certified_amount = 8100
        self.billing.to_ledger(bill)
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-12-01'}])
        refund.invoice_line_ids.filtered(lambda line: line.progress_line_type != 'revenue').unlink()
        refund.invoice_line_ids.price_unit = 1000
        refund.action_post()
        self._release_all_of(contract)

    def test_partial_credit_with_its_holdback(self):
        """RET-19: a credit note that takes back what was held back, too: that does not fall due again."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        bill.certified_amount = 8100
        self.billing.to_ledger(bill)
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-12-01'}])
        for line in refund.invoice_line_ids:
            line.price_unit = {'revenue': 2000, 'retainage': 200, 'holdback': 900}[line.progress_line_type]
        refund.action_post()
        self.assertEqual(refund.amount_total, 900)
        self._release_all_of(contract)

    def test_partial_credit_of_two_tax_sets(self):
        """RET-9: tax on release, +100 and −100 on lines of other taxes: it posts, and is credited in part."""
        self.company.progress_retainage_tax = 'release'
        contract = self.make.pro_forma([10000, 10000], retainage_percent=10)
        contract.line_ids[0].tax_ids = self.tax_15
        self.billing.to_ledger(self.billing.draw(contract, 50, 50))
        bill = self.billing.draw(contract, 60, 60)
        bill.line_ids[0].retainage_amount = 100
        bill.line_ids[1].retainage_amount = -100
        invoice = self.billing.to_ledger(bill)
        self.assertEqual(invoice.amount_untaxed, 2000)
        refund = invoice._reverse_moves([{'invoice_date': '2026-12-01'}])
        held = refund.invoice_line_ids.filtered(lambda line: line.progress_line_type == 'retainage')
        self.assertEqual(len(held), 2)
        (refund.invoice_line_ids - held.filtered(lambda line: line.price_subtotal > 0)).unlink()
        refund.action_post()
        self.assertRetained(contract, self.books.of_contract(contract, types=['retainage']))


@tagged('post_install', '-at_install')
class TestRetainageEntry(ProgressBillingCommon):
    """Typed values, rates per line, releases by line, pending."""

    def test_release_leaves_pending(self):
        """PRG-1: a release bills no work: what is pending stays pending."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        self.billing.draw(contract, 50)
        contract.line_ids.completed_percent = 60
        release = self.billing.release(contract, 100)
        self.assertBuckets(contract.line_ids, 1000, 0, 5000, 60)
        self.assertEqual(release.invoiced_amount, 0)
        self.assertEqual(self.billing.draw(contract).invoiced_amount, 1000)

    def test_release_leaves_stored(self):
        """RET-16: a release says nothing of stored materials: they stand, and cost nothing."""
        contract = self.make.as_billed([10000], retainage_percent=10, stored_retainage_percent=10)
        contract.line_ids.stored_amount = 1000
        self.billing.draw(contract, 50)
        release = self.billing.release(contract, 100)
        self.assertEqual((release.invoiced_amount, release.completed_stored_amount), (0, 6000))
        bill = self.billing.draw(contract, 60)
        self.assertEqual((bill.invoiced_amount, bill.completed_stored_amount, bill.retainage_amount), (1000, 7000, 100))

    def _type(self, line, **vals):
        line.write(vals)
        self.billing.to_ledger(line.bill_id)

    def test_release_pro_forma_edited(self):
        """A release on a pro forma takes no more than is held, whatever is typed."""
        contract = self.make.pro_forma([10000, 5000], retainage_percent=10)
        self.billing.to_ledger(self.billing.draw(contract, 100, 50))
        release = self.billing.release(contract, 300, post=False)
        release.line_ids[0].retainage_amount = -500
        for amount in (-1000.01, 1):
            with self.subTest(amount):
                self.assertRefused(
                    lambda amount=amount: self._type(release.line_ids[0], retainage_amount=amount), "of retainage"
                )
        self.assertEqual(self.billing.to_ledger(release).amount_total, 560)
        self.assertRetained(contract, 690)

    def test_release_pro_forma_takes_no_work(self):
        """What a release would bill as work has no invoice line: refused."""
        contract = self.make.pro_forma([10000], retainage_percent=10)
        self.billing.to_ledger(self.billing.draw(contract, 50))
        release = self.billing.release(contract, post=False)
        for vals in ({'amount': 1000}, {'stored_amount': 500}, {'total_completed_percent': 70}):
            with self.subTest(vals=vals):
                self.assertRefused(lambda vals=vals: self._type(release.line_ids, **vals), "releases retainage")
        self.assertBuckets(contract.line_ids, 0, 0, 5000)

    def test_release_line_added(self):
        """Lines added to a release obey the same bound."""
        contract = self.make.pro_forma([10000, 5000], retainage_percent=10)
        self.billing.to_ledger(self.billing.draw(contract, 50, 0))
        release = self.billing.release(contract, 100, post=False)
        with self.assertRaisesRegex(UserError, "of retainage"), self.env.cr.savepoint():
            line = contract.line_ids[1]
            release.write({'line_ids': [Command.create({'contract_line_id': line.id, 'retainage_amount': -50})]})
            self.billing.to_ledger(release)
        self.assertGreaterEqual(min(contract.line_ids.mapped('retainage_balance')), 0)

    def test_release_wizard_by_line(self):
        """RET-12: release by line: 200 of 1,000 and 50 of 250; more than a line holds, negatives and NaN refused."""
        contract = self.make.as_billed([10000, 5000], retainage_percent=10)
        self.billing.draw(contract, 100, 50)
        for bad, sentence in (
            (-1, "Line 2 holds .*250.00: .*-1.00 cannot be released"),
            (250.01, "Line 2 holds .*250.00: .*250.01 cannot be released"),
            (float('nan'), "is not a number"),
            (float('inf'), "is too large"),
        ):
            wizard = self.env['progress.release.wizard'].create({'contract_id': contract.id, 'mode': 'lines'})
            line = wizard.line_ids[1]  # made now, by the user: not later, by whoever flushes
            with self.subTest(bad), self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
                line.amount = bad
                wizard.action_confirm()
        wizard = self.env['progress.release.wizard'].create({'contract_id': contract.id, 'mode': 'lines'})
        self.assertEqual((wizard.held_amount, wizard.line_ids.mapped('held_amount')), (1250, [1000, 250]))
        wizard.line_ids[0].amount = 200
        wizard.line_ids[1].amount = 50
        wizard.action_confirm()
        bill = contract.bill_ids.filtered(lambda bill: bill.kind == 'retainage')
        self.assertEqual(bill.line_ids.mapped('retainage_amount'), [-200, -50])
        self.assertLedger(self.billing.to_ledger(bill), receivable=250, retainage=-250)
        self.assertRetained(contract, 1000)

    def test_release_on_a_progress_bill(self):
        """RET-12, RET-3: a negative amount typed on a progress bill releases, stays released, and has its bound."""
        contract = self.make.pro_forma([10000], retainage_percent=10)
        self.billing.to_ledger(self.billing.draw(contract, 50))
        bill = self.billing.draw(contract, 60)
        with self.assertRaisesRegex(UserError, "of retainage"), self.env.cr.savepoint():
            bill.line_ids.retainage_amount = -500.01
        bill.line_ids.retainage_amount = -400
        self.assertEqual((bill.releases_retainage, bill.released_retainage_amount), (True, 400))
        self.assertLedger(self.billing.to_ledger(bill), receivable=1400, retainage=-400, income=-1000)
        self.assertRetained(contract, 100)
        third = self.billing.draw(contract, 70)
        self.assertEqual((third.retainage_amount, third.retainage_total), (100, 200))

    def test_rate_of_one_bill_line(self):
        """RET-1: 5 % on one pro forma gives back on its line; the next bill has the schedule's 10 % and catches up."""
        contract = self.make.pro_forma([10000, 10000], retainage_percent=10)
        self.billing.to_ledger(self.billing.draw(contract, 50, 50))
        bill = self.billing.draw(contract, 60, 60)
        bill.line_ids[0].retainage_percent = 5
        self.assertEqual(bill.line_ids.mapped('retainage_amount'), [-200, 100])
        self.billing.to_ledger(bill)
        self.assertEqual(contract.line_ids.mapped('retainage_balance'), [300, 600])
        third = self.billing.draw(contract, 70, 70)
        self.assertEqual(third.line_ids.mapped('retainage_amount'), [400, 100])

    def test_rate_after_a_typed_amount(self):
        """RET-3: a typed amount stands while the claim changes; a rate entered after it computes again."""
        contract = self.make.pro_forma([10000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        bill.line_ids.retainage_amount = 123.45
        bill.line_ids.amount = 4000
        self.assertEqual(bill.retainage_amount, 123.45)
        bill.line_ids.retainage_percent = 20
        self.assertEqual(bill.retainage_amount, 800)
        bill.line_ids.retainage_amount = 0
        self.assertLedger(self.billing.to_ledger(bill), receivable=4000, income=-4000)

    def test_rates_are_copied(self):
        """RET-1: contract → line → bill line; 0 means none, also where the contract has a rate."""
        contract = self.make.as_billed([1000], retainage_percent=10, stored_retainage_percent=5)
        line = self.env['progress.contract.line'].create(
            {'contract_id': contract.id, 'name': "None held", 'original_amount': 1000, 'retainage_percent': 0}
        )
        self.assertEqual((line.retainage_percent, line.stored_retainage_percent), (0, 5))
        contract.action_set_retainage(20)
        self.assertEqual(contract.line_ids.mapped('retainage_percent'), [10, 0])
        bill = self.billing.draw(contract, 50, 50)
        self.assertEqual(bill.line_ids.mapped('retainage_amount'), [50, 0])
        bill.invoice_id.button_draft()
        line.retainage_percent = 30
        self.assertEqual(bill.line_ids.mapped('retainage_percent'), [10, 0])

    def test_bad_rates(self):
        """Rates that are no numbers, negative or over 100, on contract, line, bill line, step and cap."""
        contract = self.make.pro_forma([1000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        for bad, sentence in (
            ('abc', "is not a number"),
            (float('nan'), "is not a number"),
            (float('inf'), "is too large"),
            (-0.01, "must be between 0 and 100"),
            (100.01, "must be between 0 and 100"),
            ('1e999', "is not a number"),
        ):
            for record, name in (
                (contract, 'retainage_percent'),
                (contract, 'stored_retainage_percent'),
                (contract, 'retainage_cap_percent'),
                (contract.line_ids, 'retainage_percent'),
                (bill.line_ids, 'stored_retainage_percent'),
            ):
                with self.subTest(bad, name=name), self.assertRaisesRegex(UserError, sentence):
                    record.write({name: bad})
                    self.env.flush_all()
            with (
                self.subTest(bad, name='step'),
                self.assertRaisesRegex(UserError, "A retainage step of|is not a number|is too large"),
                self.env.cr.savepoint(),
            ):
                step = {'completed_percent': 50, 'retainage_percent': bad}
                contract.write({'retainage_step_ids': [Command.create(step)]})
                self.env.flush_all()
            with (
                self.subTest(bad, name='action'),
                self.assertRaisesRegex(UserError, "is not a number|is too large|It must be between 0 and 100"),
                self.env.cr.savepoint(),
            ):
                contract.action_set_retainage(bad, all_lines=True)
        for bad in ('abc', float('nan'), float('inf'), '1e999'):
            for name in ('retainage_amount', 'stored_amount'):
                with (
                    self.subTest(bad, name=name),
                    self.assertRaisesRegex(UserError, "is not a number|is too large"),
                    self.env.cr.savepoint(),
                ):
                    bill.line_ids.write({name: bad})
                    self.env.flush_all()
        with self.assertRaisesRegex(UserError, "Materials stored on"), self.env.cr.savepoint():
            bill.line_ids.stored_amount = -1

    def test_typed_above_the_work(self):
        """RET-3: a typed amount above the claim is the user's; the bill is a credit note and the ledger balances."""
        contract = self.make.pro_forma([10000], retainage_percent=10)
        bill = self.billing.draw(contract, 10)
        bill.line_ids.retainage_amount = 1500
        move = self.billing.to_ledger(bill)
        self.assertEqual(move.move_type, 'out_refund')
        self.assertLedger(move, receivable=-500, retainage=1500, income=-1000)
        self.assertRetained(contract, 1500)
        self.billing.release(contract)
        self.assertRetained(contract, 0)

    def test_rights(self):
        """BIL-18, SEC-10: billing takes no accounting rights; releasing and setting retainage an administrator."""
        manager = new_test_user(
            self.env, login='releases', groups='progress_billing.group_manager', company_id=self.company.id
        )
        for tax in ('now', 'release'):
            with self.subTest(tax):
                self.company.progress_retainage_tax = tax
                contract = self.make.as_billed([10000], self.tax_15, retainage_percent=10)
                mine = contract.with_user(self.billing_user)
                mine.line_ids.completed_percent = 50
                mine.action_run_billing()
                contract.bill_ids.invoice_id.action_post()
                with self.assertRaisesRegex(AccessError, "You are not allowed to modify"), self.env.cr.savepoint():
                    contract.with_user(self.reader).action_release_retainage()
                with self.assertRaisesRegex(AccessError, "You are not allowed to modify"), self.env.cr.savepoint():
                    contract.with_user(self.reader).action_set_retainage(5)
                self.assertRefused(
                    lambda mine=mine: mine.action_release_retainage(100),
                    "Only administrators release",
                    error=AccessError,
                )
                self.assertRefused(
                    lambda mine=mine: mine.action_set_retainage(5), "Only administrators set", error=AccessError
                )
                action = contract.with_user(manager).action_release_retainage(100)
                self.assertEqual(action['res_model'], 'progress.bill')
                release = contract.bill_ids.filtered(lambda bill: bill.kind == 'retainage')
                self.assertEqual(release.invoice_id.state, 'draft')
                release.invoice_id.with_user(self.accountant).action_post()
                self.assertRetained(contract, 400)


@tagged('post_install', '-at_install')
class TestRetainageCustomers(ProgressBillingCommon):
    """Several customers and locations: each holds back its own (DEP-12, RET-21)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_customer = cls.env['res.partner'].create({'name': "Other Customer"})

    def _shared(self, **vals):
        contract = self.make.as_billed([60000, 40000], **{'retainage_percent': 10, 'do_open': False, **vals})
        contract.line_ids[1].partner_id = self.other_customer
        contract.action_open()
        return contract

    def _by_customer(self, bills):
        return [
            bills.filtered(lambda bill, who=who: bill.partner_id == who) for who in (self.customer, self.other_customer)
        ]

    def test_draw_and_release(self):
        """RET-21: two invoices, two releases; what is matched on the retainage account is one customer's."""
        contract = self._shared()
        bills = self._by_customer(self.billing.draw(contract, 50, 50))
        for bill, receivable, held in zip(bills, (27000, 18000), (3000, 2000), strict=True):
            self.assertEqual(bill.invoice_id.amount_total, receivable)
            self.assertEqual(bill.retainage_amount, held)
        releases = self._by_customer(self.billing.release(contract, post=False))
        self.assertEqual([bill.invoice_id.amount_total for bill in releases], [3000, 2000])
        releases[1].invoice_id.action_post()
        items = bills[0].invoice_id.line_ids.filtered(lambda item: item.progress_line_type == 'retainage')
        self.assertEqual(items.amount_residual, 3000)
        releases[0].invoice_id.action_post()
        self.assertRetained(contract, 0)

    def test_changed_rate(self):
        """RET-4, RET-21: a lowered rate gives back to whom it was withheld from, on their own bill."""
        contract = self._shared()
        self.billing.draw(contract, 50, 50)
        contract.action_set_retainage(5, all_lines=True)
        bill = self.billing.draw(contract, 60)
        self.assertEqual(bill.partner_id, self.customer)
        self.assertEqual(bill.line_ids.contract_line_id.partner_id, self.customer)
        self.assertEqual(bill.retainage_amount, 1800 - 3000)
        self.assertEqual(contract.line_ids.mapped('retainage_balance'), [1800, 2000])

    def test_step_and_finals(self):
        """RET-5, RET-21: a step reached by one customer's final leaves the other's retainage to the other's final."""
        contract = self._shared(retainage_step_ids=[Command.create({'completed_percent': 60, 'retainage_percent': 5})])
        self.billing.draw(contract, 50, 50)
        contract.action_create_final_invoice()
        finals = self._by_customer(contract.bill_ids.filtered(lambda bill: bill.kind == 'final'))
        for final, who in zip(finals, (self.customer, self.other_customer), strict=True):
            self.assertEqual(final.line_ids.contract_line_id.partner_id, who)
        self.assertEqual([final.retainage_amount for final in finals], [0, 0])
        for final in finals:
            final.invoice_id.action_post()
        self.assertEqual(contract.state, 'closed')
        self.assertRetained(contract, 5000)

    def test_cap(self):
        """RET-7, RET-21: the cap is shared by both; each bill carries its own customer's lines only."""
        contract = self._shared(retainage_cap_percent=5)
        self.billing.draw(contract, 100)
        for bill in self._by_customer(self.billing.draw(contract, 100, 100)):
            self.assertLessEqual(set(bill.line_ids.contract_line_id.partner_id.ids), set(bill.partner_id.ids))

    def test_certificate(self):
        """RET-19, DEP-12: what one customer does not certify falls due with their next application, not the other's."""
        contract = self._shared(use_pro_forma=True)
        mine, theirs = self._by_customer(self.billing.draw(contract, 50, 50))
        self.assertEqual((mine.current_payment_due, theirs.current_payment_due), (27000, 18000))
        mine.certified_amount = 20000
        self.assertEqual((theirs.current_payment_due, theirs.less_previous_certificates), (18000, 0))
        self.assertEqual(self.billing.to_ledger(mine).amount_total, 20000)
        self.assertEqual(self.billing.to_ledger(theirs).amount_total, 18000)
        after = self.billing.draw(contract, 60)
        self.assertEqual((after.current_payment_due, after.less_previous_certificates), (5400 + 7000, 20000))

    def test_locations(self):
        """RET-21: locations have bills of their own: a lowered rate gives back on each, and a release makes two."""
        sites = self.env['res.partner'].create(
            [{'name': name, 'parent_id': self.customer.id, 'type': 'delivery'} for name in ("North", "South")]
        )
        contract = self.make.as_billed([1000, 1000], retainage_percent=10, do_open=False)
        for line, site in zip(contract.line_ids, sites, strict=True):
            line.partner_shipping_id = site
        contract.action_open()
        self.assertEqual(self.billing.draw(contract, 50, 50).mapped('retainage_amount'), [50, 50])
        releases = self.billing.release(contract)
        self.assertEqual(releases.mapped('retainage_amount'), [-50, -50])
        self.assertRetained(contract, 0)


@tagged('post_install', '-at_install')
class TestRetainageMoney(ProgressBillingCommon):
    """Currencies, taxes, payments, accounts and settings that change meanwhile (RET-8, TAX-3, RET-9)."""

    def _currency(self, name, rounding=0.01):
        currency = self.setup_other_currency(name, rates=[('2026-01-01', 2.0), ('2026-03-01', 4.0)])
        currency.rounding = rounding
        return currency

    def _foreign(self, currency, amounts, taxes=None, **vals):
        return self.make.pro_forma(amounts, taxes, currency_id=currency.id, retainage_percent=10, **vals)

    def _at(self, bill, date):
        bill.date = date
        return self.billing.to_ledger(bill)

    def assertZero(self, contract, account):
        for field in ('balance', 'amount_currency'):
            self.assertEqual(self.books.of_contract(contract, account, field), 0, field)

    def test_nothing_to_match(self):
        """RET-23: Odoo is asked to match once something was released, not with each bill that withholds."""
        contract = self.make.as_billed([1000], retainage_percent=10)
        with patch.object(type(self.env['account.move.line']), 'reconcile') as reconcile:
            for percent in (50, 100):
                self.billing.draw(contract, percent)
            reconcile.assert_not_called()
            self.billing.release(contract)
            reconcile.assert_called()

    def test_exchange_difference(self):
        """RET-23: withheld at 2, released at 4: the account is zero in both currencies, the difference is booked."""
        contract = self._foreign(self._currency('EUR'), [1000.01])
        self._at(self.billing.draw(contract, 50), '2026-02-01')
        self.assertEqual((contract.retainage_balance, self.books.of_contract(contract)), (50, 25))
        self._at(self.billing.draw(contract, 100), '2026-03-15')
        releases = [
            self._at(self.billing.release(contract, amount, post=False), '2026-04-01') for amount in (33.33, None)
        ]
        self.assertEqual([move.amount_total for move in releases], [33.33, 66.67])
        self.assertZero(contract, self.retainage_account)
        items = contract.bill_ids.move_ids.line_ids.filtered(lambda item: item.progress_line_type == 'retainage')
        self.assertTrue(all(items.mapped('reconciled')))
        self.assertEqual(contract.retainage_balance, 0)

    def test_exchange_difference_undone(self):
        """DEP-8: a release reset and deleted leaves what was held at its own rate, and is made again."""
        contract = self._foreign(self._currency('EUR'), [1000])
        self._at(self.billing.draw(contract, 50), '2026-02-01')
        release = self.billing.release(contract, post=False)
        self._at(release, '2026-04-01')
        release.invoice_id.button_draft()
        self.assertEqual(
            (self.books.of_contract(contract), self.books.of_contract(contract, field='amount_currency')), (25, 50)
        )
        release.invoice_id.action_post()
        self.assertZero(contract, self.retainage_account)
        release.invoice_id._reverse_moves([{'invoice_date': '2026-05-01'}], cancel=True)
        self.assertEqual(contract.retainage_balance, 50)
        self._at(self.billing.release(contract, post=False), '2026-05-01')
        self.assertZero(contract, self.retainage_account)

    def test_exchange_difference_of_a_certificate(self):
        """RET-19: held back at 2, due at 4: the account is zero in both currencies."""
        contract = self._foreign(self._currency('EUR'), [1000])
        bill = self.billing.draw(contract, 50)
        bill.certified_amount = 400
        self._at(bill, '2026-02-01')
        self._at(self.billing.draw(contract, 100), '2026-03-15')
        self._at(self.billing.release(contract, post=False), '2026-04-01')
        self.assertZero(contract, self.retainage_account)

    def test_other_decimals(self):
        """TAX-7: yen and dinar: held in the currency's own decimals, releases in parts add up."""
        for name, rounding, amount, held, part in (('JPY', 1.0, 3333, 333, 111), ('KWD', 0.001, 33.335, 3.334, 1.111)):
            with self.subTest(name):
                contract = self._foreign(self._currency(name, rounding), [amount], self.tax_15)
                for percent in (33, 66, 100):
                    self._at(self.billing.draw(contract, percent), '2026-02-01')
                self.assertEqual(contract.retainage_balance, held)
                totals = [
                    self._at(self.billing.release(contract, some, post=False), '2026-02-01').amount_total
                    for some in (part, part, None)
                ]
                self.assertAlmostEqual(sum(totals), held, 4)
                self.assertZero(contract, self.retainage_account)

    def test_price_included_tax(self):
        """TAX-3, RET-9: a price-included tax: net and tax as without; in both tax settings 11,500 in all, 1,500 tax."""
        tax = self.make.tax("15 % included", 15.0, price_include_override='tax_included')
        for setting, first in (('now', 5750 - 500), ('release', 5750 - 575)):
            with self.subTest(setting):
                self.company.progress_retainage_tax = setting
                contract = self.make.as_billed([10000], tax, retainage_percent=10)
                bill = self.billing.draw(contract, 50)
                self.assertEqual((bill.invoice_id.amount_total, bill.invoice_id.amount_untaxed), (first, 4500))
                self.billing.draw(contract, 100)
                self.billing.release(contract)
                moves = contract.bill_ids.move_ids
                self.assertEqual(sum(moves.mapped('amount_tax')), 1500)
                self.assertEqual(sum(moves.mapped('amount_total')), 11500)
                self.assertRetained(contract, 0)

    def test_two_taxes_on_release(self):
        """RET-9, TAX-1: 15 % + 2.5 %, thirds, releases in parts: every cent of tax once, in both recognitions."""
        self.company.progress_retainage_tax = 'release'
        taxes = self.tax_15 | self.make.tax("2.5 %", 2.5)
        for recognition in ('as_billed', 'deposit'):
            with self.subTest(recognition):
                contract = self.make.contract(
                    [1000.03, 333.33], taxes, retainage_percent=7.5, revenue_recognition=recognition
                )
                for percent in (33.33, 66.67):
                    self.billing.draw(contract, percent, percent)
                self.billing.final(contract)
                for amount in (33.33, 33.34, None):
                    self.billing.release(contract, amount)
                moves = contract.bill_ids.move_ids
                self.assertEqual(round(sum(moves.mapped('amount_untaxed')), 2), 1333.36)
                by_tax = {
                    tax: round(-sum(moves.line_ids.filtered(lambda i, t=tax: i.tax_line_id == t).mapped('balance')), 2)
                    for tax in taxes
                }
                self.assertEqual(list(by_tax.values()), [200.0, 33.33])
                self.assertRetained(contract, 0)
                self.assertEqual(self.books.of_contract(contract), 0)
                self.assertDeposits(contract, 0)

    def test_tax_without_account_on_release(self):
        """TAX-6: a tax without an account lands on the retainage account and is matched there as well."""
        self.company.progress_retainage_tax = 'release'
        self.tax_15.invoice_repartition_line_ids.account_id = False
        self.tax_15.refund_repartition_line_ids.account_id = False
        contract = self._foreign(self._currency('EUR'), [1000], self.tax_15)
        self._at(self.billing.draw(contract, 50), '2026-02-01')
        self._at(self.billing.release(contract, post=False), '2026-04-01')
        self.assertZero(contract, self.retainage_account)

    def test_tax_setting_changed_meanwhile(self):
        """RET-10: what was withheld with its tax is released with it, whatever the company says since."""
        for before, after in (('release', 'now'), ('now', 'release')):
            with self.subTest(before):
                self.company.progress_retainage_tax = before
                contract = self.make.as_billed([10000], self.tax_15, retainage_percent=10)
                self.billing.draw(contract, 100)
                self.company.progress_retainage_tax = after
                self.billing.release(contract)
                self.assertEqual(sum(contract.bill_ids.move_ids.mapped('amount_tax')), 1500)

    def test_account_changed_meanwhile(self):
        """RET-23: what is held is released from the account it was withheld on, whatever the contract says since."""
        other = self.retainage_account.copy({'code': '1RET2'})
        contract = self.make.as_billed([10000], retainage_percent=10)
        self.billing.draw(contract, 50)
        contract.retainage_account_id = other
        self.billing.release(contract)
        self.assertEqual((self.books.of_contract(contract), self.books.of_contract(contract, other)), (0, 0))

    def test_account_of_contract(self):
        """RET-8: the contract's own account; receivables and accounts that do not reconcile are refused."""
        other = self.retainage_account.copy({'code': '1RET3'})
        contract = self.make.as_billed([10000], retainage_percent=10, retainage_account_id=other.id)
        self.billing.draw(contract, 50)
        self.assertEqual((self.books.of_contract(contract), self.books.of_contract(contract, other)), (0, 500))
        for account in (self.receivable_account, self.income_account):
            self.assertRefused(
                lambda account=account: contract.write({'retainage_account_id': account.id}), "cannot hold retainage"
            )

    def test_no_account(self):
        """No account: the error says where to set it, and nothing is billed."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        self.company.progress_retainage_account_id = False
        contract.line_ids.completed_percent = 50
        self.assertRefused(contract.action_run_billing, "retainage account")
        self.assertEqual(contract.line_ids.pending_amount, 5000)

    def test_payment_of_the_net(self):
        """RET-8: paying the net settles the invoice; what is held stays on its own account."""
        contract = self.make.as_billed([10000], self.tax_15, retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        self.billing.pay(bill.invoice_id)
        self.assertIn(bill.invoice_id.payment_state, ('paid', 'in_payment'))
        self.assertEqual(bill.invoice_id.amount_residual, 0)
        self.assertRetained(contract, 500)
        release = self.billing.release(contract)
        self.assertEqual(release.invoice_id.amount_residual, 500)

    def test_retainage_of_everything(self):
        """100 % retainage: an invoice of nothing but tax, all of it released later."""
        contract = self.make.as_billed([10000], self.tax_15, retainage_percent=100)
        bill = self.billing.draw(contract, 50)
        self.assertEqual(bill.invoice_id.amount_total, 750)
        self.billing.release(contract)
        self.assertRetained(contract, 0)

    def test_analytic(self):
        """RET-8: retainage carries no analytics: the income line has it all."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        contract.line_ids.analytic_distribution = {str(self.analytic_account.id): 100}
        self.billing.draw(contract, 50)
        self.billing.release(contract)
        entries = contract.bill_ids.move_ids.line_ids.analytic_line_ids
        self.assertEqual(entries.mapped('amount'), [5000])

    def test_quantity_lines(self):
        """BIL-10: lines by quantity: 3 × 33.335 of 100.01, 10 %: held 10.00 after three, price × quantity untouched."""
        contract = self.make.by_quantity(3, 33.335, retainage_percent=10)
        kept = []
        for quantity in (1, 1, 1):
            contract.line_ids.pending_quantity = quantity
            kept.append(self.billing.draw(contract).retainage_amount)
        self.assertEqual(round(sum(kept), 2), 10.00)
        self.assertRetained(contract, 10)
        self.billing.release(contract)
        self.assertRetained(contract, 0)


@tagged('post_install', '-at_install')
class TestRetainageRules(ProgressBillingCommon):
    """Steps, caps, bases, openings, finals."""

    def _steps(self, *pairs):
        return [Command.create({'completed_percent': start, 'retainage_percent': rate}) for start, rate in pairs]

    def test_step_at_the_boundary(self):
        """RET-5: a step holds from its percentage on: 49.99 % is before it, 50 % is not."""
        for mode, before, at in (('balance', 4999, 2500), ('after', 4999, 5000)):
            with self.subTest(mode):
                contract = self.make.as_billed(
                    [100000], retainage_percent=10, retainage_step_mode=mode, retainage_step_ids=self._steps((50, 5))
                )
                self.billing.draw(contract, 49.99)
                self.assertRetained(contract, before)
                self.billing.draw(contract, 50)
                self.assertRetained(contract, at)

    def test_two_steps_at_once(self):
        """RET-5: one bill that passes two steps: 10 % to 50, 5 % to 75, 0 after: 0 of the balance, 6,250 after."""
        for mode, held in (('balance', 0), ('after', 6250)):
            with self.subTest(mode):
                contract = self.make.as_billed(
                    [100000],
                    retainage_percent=10,
                    retainage_step_mode=mode,
                    retainage_step_ids=self._steps((75, 0), (50, 5)),
                )
                self.billing.draw(contract, 40)
                self.assertRetained(contract, 4000)
                self.billing.draw(contract, 80)
                self.assertRetained(contract, held)
                self.billing.draw(contract, 100)
                self.assertRetained(contract, held)

    def test_step_and_release(self):
        """RET-2: a release stays released until a whole-balance step sets the adjustment to 0."""
        contract = self.make.as_billed([100000], retainage_percent=10, retainage_step_ids=self._steps((50, 5)))
        self.billing.draw(contract, 40)
        self.billing.release(contract, 3500)
        self.billing.draw(contract, 45)
        self.assertRetained(contract, 1000)
        self.billing.draw(contract, 60)
        self.assertRetained(contract, 3000)

    def test_step_back(self):
        """RET-5: work taken back below the step: the rate before it holds again."""
        contract = self.make.as_billed([100000], retainage_percent=10, retainage_step_ids=self._steps((50, 5)))
        self.billing.draw(contract, 60)
        self.assertRetained(contract, 3000)
        self.billing.draw(contract, 40)
        self.assertRetained(contract, 4000)

    def test_step_and_change_order(self):
        """RET-5: percent complete is of the revised sum: an order that takes it below the step brings the rate back."""
        contract = self.make.as_billed([100000], retainage_percent=10, retainage_step_ids=self._steps((50, 5)))
        self.billing.draw(contract, 50)
        self.assertRetained(contract, 2500)
        contract.line_ids.completed_percent = 50
        self.make.extra(contract, 100000)
        bill = self.billing.draw(contract, 30)
        self.assertEqual(bill.retainage_amount, 6000 - 2500)

    def test_steps_with_stored_and_lines(self):
        """RET-5: completed and stored decide; lines with other rates move in the same proportion."""
        contract = self.make.as_billed(
            [60000, 40000],
            retainage_percent=10,
            stored_retainage_percent=4,
            retainage_step_ids=self._steps((50, 5)),
        )
        contract.line_ids[1].retainage_percent = 20
        contract.line_ids[0].stored_amount = 10000
        self.billing.draw(contract, 50, 25)
        self.assertRetained(contract, (3000 + 400 + 2000) / 2)

    def test_step_is_removed(self):
        """RET-5, RET-2: steps dropped from the contract: the next bill catches up to the contract's rate."""
        contract = self.make.as_billed([100000], retainage_percent=10, retainage_step_ids=self._steps((50, 5)))
        self.billing.draw(contract, 60)
        contract.retainage_step_ids.unlink()
        self.billing.draw(contract, 70)
        self.assertRetained(contract, 7000)

    def test_step_without_a_rate(self):
        """A step is a rate of its own: 10 % from half of 100,000 without any rate before it."""
        for mode, held, later in (('balance', 6000, 8000), ('after', 1000, 3000)):
            with self.subTest(mode):
                contract = self.make.as_billed(
                    [100000], retainage_step_mode=mode, retainage_step_ids=self._steps((50, 10))
                )
                self.billing.draw(contract, 40)
                self.assertRetained(contract, 0)
                bill = self.billing.draw(contract, 60)
                self.assertRetained(contract, held)
                self.assertLedger(bill.invoice_id, receivable=20000 - held, retainage=held, income=-20000)
                self.billing.draw(contract, 80)
                self.assertRetained(contract, later)

    def test_step_leaves_the_rate_of_a_line(self):
        """Where the contract has no rate, that of a line stands, and a step is for the other lines."""
        for mode, held in (('balance', 6000), ('after', 6000)):
            with self.subTest(mode):
                contract = self.make.as_billed(
                    [100000], retainage_step_mode=mode, retainage_step_ids=self._steps((50, 5))
                )
                contract.line_ids.retainage_percent = 10
                self.billing.draw(contract, 60)
                self.assertRetained(contract, held)
        contract = self.make.as_billed([60000, 40000], retainage_step_ids=self._steps((50, 5)))
        contract.line_ids[1].retainage_percent = 10
        self.billing.draw(contract, 50, 75)
        self.assertEqual(contract.line_ids.mapped('retainage_balance'), [1500, 3000])

    def test_rate_of_a_bill_line_alone(self):
        """A rate that stands on a bill line alone is withheld, where neither contract nor schedule has any."""
        contract = self.make.pro_forma([100])
        bill = self.billing.draw(contract, 50)
        bill.line_ids.retainage_percent = 20
        self.assertEqual(bill.retainage_amount, 10)
        self.assertLedger(self.billing.to_ledger(bill), receivable=40, retainage=10, income=-50)
        bill = self.billing.draw(contract, 100)
        self.assertEqual(bill.retainage_amount, -10, "the schedule says 0 again: the balance follows")

    def test_cap_of_different_rates(self):
        """RET-7: cap 5 % of 100,000, in proportion to uncapped 6,000 and 8,000: 2,142.86 and 2,857.14."""
        contract = self.make.as_billed([60000, 40000], retainage_percent=10, retainage_cap_percent=5)
        contract.line_ids[1].retainage_percent = 20
        self.billing.draw(contract, 100, 100)
        self.assertEqual(contract.line_ids.mapped('retainage_balance'), [2142.86, 2857.14])
        self.assertRetained(contract, 5000)

    def test_cap_raised_by_a_change_order(self):
        """RET-7: the cap is of the revised sum: 5 % of 150,000 once an order added 50,000, lowered again by −30,000."""
        contract = self.make.as_billed([100000], retainage_percent=10, retainage_cap_percent=5)
        self.billing.draw(contract, 80)
        self.assertRetained(contract, 5000)
        self.make.extra(contract, 50000)
        self.billing.draw(contract, 70)
        self.assertRetained(contract, 7500)
        self.make.extra(contract, -30000)
        self.billing.draw(contract, 90)
        self.assertRetained(contract, 6000)

    def test_banner_under_a_cap(self):
        """What only moves between lines, as a cap shares it out, is no release: the banner follows the net."""
        contract = self.make.pro_forma([50000, 50000], retainage_percent=10, retainage_cap_percent=5)
        self.billing.to_ledger(self.billing.draw(contract, 100, 0))
        bill = self.billing.draw(contract, 100, 50)
        self.assertEqual(sorted(bill.line_ids.mapped('retainage_amount')), [-1666.67, 1666.67])
        self.assertEqual((bill.releases_retainage, bill.released_retainage_amount), (False, 0))
        self.assertLedger(self.billing.to_ledger(bill), receivable=25000, income=-25000)

    def test_cap_and_release(self):
        """RET-2, RET-7: what was released does not come back under the cap."""
        contract = self.make.as_billed([100000], retainage_percent=10, retainage_cap_percent=5)
        self.billing.draw(contract, 60)
        self.billing.release(contract, 2000)
        self.billing.draw(contract, 80)
        self.assertRetained(contract, 3000)

    def test_taxed_base(self):
        """RET-9: base with tax: 10 % of 5,750, no tax on the retainage, release 575."""
        contract = self.make.as_billed([10000], self.tax_15, retainage_percent=10, retainage_base='taxed')
        bill = self.billing.draw(contract, 50)
        self.assertEqual((bill.retainage_amount, bill.invoice_id.amount_total), (575, 5175))
        release = self.billing.release(contract)
        self.assertEqual(release.invoice_id.amount_total, 575)
        self.company.progress_retainage_base = 'untaxed'
        self.assertRefused(
            lambda: self.company.write({'progress_retainage_tax': 'release'}),
            "Retainage of the amount with tax means that the tax is due at once",
        )

    def test_opening(self):
        """RET-22: opening retained 700 of 8,000 work (rate: 800): less previous 7,300; the difference stays."""
        contract = self.make.as_billed([20000], retainage_percent=10)
        self._opening(contract, 8000, 700)
        self.assertEqual((contract.retainage_balance, contract.line_ids.retainage_balance), (700, 700))
        bill = self.billing.draw(contract, 50)
        self.assertRecordValues(
            bill,
            [
                {
                    'retainage_amount': 200,
                    'less_previous_certificates': 7300,
                    'completed_stored_amount': 10000,
                    'retainage_total': 900,
                    'earned_less_retainage': 9100,
                    'current_payment_due': 1800,
                }
            ],
        )
        self.assertLedger(bill.invoice_id, receivable=1800, retainage=200, income=-2000)
        release = self.billing.release(contract)
        self.assertEqual(release.invoice_id.amount_total, 900)
        self.assertEqual(contract.retainage_balance, 0)

    def _opening(self, contract, amount, held, **vals):
        line = {'contract_line_id': contract.line_ids[0].id, 'amount': amount, 'retainage_amount': held}
        return self.env['progress.bill'].create(
            {'contract_id': contract.id, 'kind': 'opening', 'line_ids': [Command.create(line)], **vals}
        )

    def test_opening_comes_first(self):
        """RET-22: opening amounts come before every bill, whatever date they were entered on."""
        contract = self.make.as_billed([20000], retainage_percent=10)
        self._opening(contract, 8000, 700)
        bill = self.billing.bill(contract, '2000', '2026-01-31')
        self.assertEqual((bill.less_previous_certificates, bill.current_payment_due), (7300, 1800))
        self.assertEqual((bill.line_ids.previous_amount, bill.retainage_total), (8000, 900))

    def test_opening_changed(self):
        """RET-22: opening retainage can be put right, not below 0, and not below what was released of it."""
        contract = self.make.as_billed([20000], retainage_percent=10)
        opening = self._opening(contract, 8000, 700)
        opening.line_ids.retainage_amount = 800
        self.assertEqual(contract.retainage_balance, 800)
        self.assertRefused(lambda: opening.line_ids.write({'retainage_amount': -1}), "of retainage")
        self.billing.release(contract)
        self.assertRefused(
            lambda: opening.line_ids.write({'retainage_amount': 100}),
            "retainage that was released would not be held any more",
        )
        self.assertRefused(opening.unlink, "retainage that was released would not be held any more")

    def test_opening_lowered_rate(self):
        """RET-4: a changed rate sets the opening difference to 0 as well."""
        contract = self.make.as_billed([20000], retainage_percent=10)
        self._opening(contract, 8000, 700)
        contract.action_set_retainage(5, all_lines=True)
        self.assertEqual(self.billing.draw(contract, 50).retainage_amount, -200)

    def test_final_withholds_its_rest(self):
        """RET-14, RET-17: the final withholds on its own rest in both recognitions; closed contracts release only."""
        for recognition in ('as_billed', 'deposit'):
            with self.subTest(recognition):
                contract = self.make.contract(
                    [6000, 4000], self.tax_15, retainage_percent=10, revenue_recognition=recognition
                )
                self.billing.draw(contract, 50, 25)
                final = self.billing.final(contract)
                self.assertEqual(final.progress_bill_id.line_ids.mapped('retainage_amount'), [300, 300])
                self.assertRetained(contract, 1000)
                self.assertRefused(contract.action_run_billing, "It is closed")
                for amount, held in ((400, 600), (None, 0)):
                    self.billing.release(contract, amount)
                    self.assertRetained(contract, held)
                self.assertRefused(contract.action_release_retainage, "No retainage is held on")
                self.assertEqual(sum(contract.bill_ids.move_ids.mapped('amount_total')), 11500)
                self.assertDeposits(contract, 0)

    def test_release_while_the_final_is_a_draft(self):
        """RET-15, DEP-10: no release between a draft final and its posting."""
        contract = self.make.contract([10000], retainage_percent=10)
        self.billing.draw(contract, 50)
        self.billing.final(contract, post=False)
        self.assertRefused(contract.action_release_retainage, "Its final invoice is a draft")

    def test_draft_release_before_the_final(self):
        """A draft release is posted or deleted before the final."""
        contract = self.make.contract([10000], retainage_percent=10)
        self.billing.draw(contract, 50)
        release = self.billing.release(contract, post=False)
        self.assertRefused(
            contract.action_create_final_invoice, "post, invoice or delete these drafts before the final invoice"
        )
        release.invoice_id.action_post()
        self.billing.final(contract)
        self.assertRetained(contract, 500)
        self.assertRefused(release.invoice_id.button_draft, "comes before the final invoice")

    def test_zero_final(self):
        """DEP-13: all billed: the final of nothing posts, withholds nothing more and closes."""
        contract = self.make.contract([10000], self.tax_15, retainage_percent=10)
        self.billing.draw(contract, 100)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_total, contract.state), (0, 'closed'))
        self.assertRetained(contract, 1000)

    def test_overbilled_final(self):
        """BIL-8: the company warns, 1,200 billed of 1,000: the final gives back its retainage too."""
        self.company.progress_overbilling_policy = 'warn'
        for recognition in ('as_billed', 'deposit'):
            with self.subTest(recognition):
                contract = self.make.contract([1000], retainage_percent=10, revenue_recognition=recognition)
                self.billing.draw(contract, 120)
                final = self.billing.final(contract)
                self.assertEqual((final.move_type, final.amount_total), ('out_refund', 180))
                self.assertRetained(contract, 100)
                self.billing.release(contract)
                self.assertEqual(self.books.of_contract(contract, self.receivable_account), 1000)

    def test_stored_goes_back(self):
        """RET-16: stored material taken away: a credit note, with its retainage."""
        contract = self.make.as_billed([10000], retainage_percent=10, stored_retainage_percent=5)
        contract.line_ids.stored_amount = 1000
        bill = self.billing.draw(contract)
        self.assertLedger(bill.invoice_id, receivable=950, retainage=50, income=-1000)
        contract.line_ids.stored_amount = 0
        back = self.billing.draw(contract)
        self.assertEqual(back.invoice_id.move_type, 'out_refund')
        self.assertLedger(back.invoice_id, receivable=-950, retainage=-50, income=1000)
        self.assertRetained(contract, 0)

    def test_stored_on_a_bill_that_is_undone(self):
        """RET-16: 1,000 stored on two bills, the first of them credited: the next bill asks for them again, once."""
        contract = self.make.as_billed([10000])
        contract.line_ids.stored_amount = 1000
        first = self.billing.draw(contract)
        self.billing.draw(contract, 30)
        self.assertEqual((contract.actual_amount, contract.line_ids.billed_stored_amount), (4000, 1000))
        self.billing.credit(first.invoice_id)
        self.assertEqual((contract.actual_amount, contract.line_ids.billed_stored_amount), (3000, 0))
        bill = self.billing.draw(contract, 30)
        self.assertRecordValues(bill.line_ids, [{'amount': 0, 'stored_amount': 1000, 'previous_stored_amount': 0}])
        self.assertLedger(bill.invoice_id, receivable=1000, income=-1000)
        contract.line_ids.stored_amount = 0
        self.billing.draw(contract, 40)
        self.assertEqual(contract.actual_amount, 4000)
        self.assertEqual(self.books.of_contract(contract, self.income_account), -4000)

    def test_stored_on_a_bill_that_is_backdated(self):
        """RET-16: 1,000 stored, then a bill dated before says 1,000 too: the next one takes back what is too much."""
        contract = self.make.as_billed([10000])
        contract.line_ids.stored_amount = 1000
        self.billing.draw(contract, date='2026-03-31')
        self.billing.draw(contract, 30, date='2026-02-28')
        self.billing.draw(contract, 50, date='2026-04-30')
        self.assertEqual(contract.actual_amount, 6000)
        self.assertEqual(self.books.of_contract(contract, self.income_account), -6000)

    def test_backdated_bill(self):
        """BIL-9: a bill dated before earlier ones takes what the rates say; the sum of all is right."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        self.billing.draw(contract, 50, date='2026-03-31')
        bill = self.billing.draw(contract, 70, date='2026-02-28')
        self.assertEqual(bill.retainage_amount, 200)
        self.billing.draw(contract, 80, date='2026-04-30')
        self.assertRetained(contract, 800)

    def test_planned_amounts(self):
        """Planned records withhold like a run; thirds of 100.00 at 10 % come to 10.00."""
        contract = self.make.contract([100], retainage_percent=10)
        kept = [self.billing.bill(contract, amount).retainage_amount for amount in ('33.33', '33.34', '33.33')]
        self.assertEqual(round(sum(kept), 2), 10)
        self.billing.final(contract)
        self.billing.release(contract)
        self.assertRetained(contract, 0)
