from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestCertificates(ProgressBillingCommon):
    """Certified in sum: a payment certificate less than the payment due (RET-18, RET-19)."""

    def _certify(self, bill, amount):
        bill.certified_amount = amount
        return self.billing.to_ledger(bill)

    def assertApplication(self, bill, previous, due, certified=None):
        figures = (bill.less_previous_certificates, bill.current_payment_due, bill.certified_amount)
        self.assertEqual(figures, (previous, due, due if certified is None else certified))

    def test_chain(self):
        """RET-19: three certificates in a row, each below what is due; the fourth pays all; nothing stays held back."""
        contract = self.make.pro_forma([40000], retainage_percent=10)
        held = 0
        for percent, previous, due, certified in (
            (25, 0, 9000, 8100),
            (50, 8100, 9900, 9000),
            (75, 17100, 9900, 5000),
        ):
            bill = self.billing.draw(contract, percent)
            self.assertApplication(bill, previous, due)
            move = self._certify(bill, certified)
            self.assertApplication(bill, previous, due, certified)
            self.assertLedger(move, receivable=certified, retainage=10000 - certified, income=-10000)
            held += 9000 - certified
            self.assertRetained(contract, percent * 40, held)
        last = self.billing.draw(contract, 100)
        self.assertApplication(last, 22100, 13900)
        self.assertEqual(last.earned_less_retainage, 36000)
        self.billing.to_ledger(last)
        self.assertRetained(contract, 4000)
        self.assertEqual(sum(contract.bill_ids.mapped('certified_amount')), 36000)
        self.billing.release(contract)
        self.assertEqual(self.books.of_contract(contract), 0)
        items = contract.bill_ids.move_ids.line_ids.filtered(lambda item: item.account_id == self.retainage_account)
        self.assertTrue(all(items.mapped('reconciled')))

    def test_nothing_certified(self):
        """RET-19: 0 = no receivable now: the invoice comes to 0, income stands, all falls due with the next bill."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        move = self._certify(self.billing.draw(contract, 50), 0)
        self.assertEqual((move.amount_total, move.payment_state), (0, 'paid'))
        self.assertLedger(move, retainage=10000, income=-10000)
        self.assertRetained(contract, 1000, 9000)
        second = self.billing.draw(contract, 60)
        self.assertApplication(second, 0, 10800)
        self.billing.to_ledger(second)
        self.assertRetained(contract, 1200)

    def test_without_retainage(self):
        """RET-19: certificates work on a contract without any retainage."""
        contract = self.make.pro_forma([20000])
        move = self._certify(self.billing.draw(contract, 50), 8100)
        self.assertLedger(move, receivable=8100, retainage=1900, income=-10000)
        self.assertRetained(contract, 0, 1900)
        second = self.billing.draw(contract, 75)
        self.assertApplication(second, 8100, 6900)
        self.billing.to_ledger(second)
        self.assertRetained(contract, 0)

    def test_tax_is_due_at_once(self):
        """RET-19, RET-9: the tax of the work claimed stands in both tax settings; the certificate is net of it."""
        for tax, total in (('now', 8100 + 1500), ('release', 8100 + 1350)):
            with self.subTest(tax):
                self.company.progress_retainage_tax = tax
                contract = self.make.pro_forma([20000], self.tax_15, retainage_percent=10)
                move = self._certify(self.billing.draw(contract, 50), 8100)
                self.assertEqual(move.amount_total, total)
                self.billing.to_ledger(self.billing.draw(contract, 100))
                self.billing.release(contract)
                moves = contract.bill_ids.move_ids
                self.assertEqual(sum(moves.mapped('amount_total')), 23000)
                self.assertEqual(sum(moves.mapped('amount_tax')), 3000)
                self.assertEqual(self.books.of_contract(contract), 0)

    def test_deposit_mode_and_final(self):
        """RET-19, RET-14: held back of a deposit falls due with the final; after the release every account is zero."""
        contract = self.make.contract([50000], retainage_percent=10, use_pro_forma=True)
        move = self._certify(self.billing.draw(contract, 40), 15000)
        self.assertLedger(move, receivable=15000, retainage=5000, deposit=-20000)
        self.assertDeposits(contract, 20000)
        final = self.billing.final(contract)
        self.assertLedger(final, receivable=30000, retainage=0, deposit=20000, income=-50000)
        self.assertRetained(contract, 5000)
        self.billing.release(contract)
        self.assertEqual((self.books.of_contract(contract), contract.retainage_balance), (0, 0))
        self.assertDeposits(contract, 0)

    def test_final_as_billed(self):
        """RET-19: held back before the final of an as-billed contract falls due with it."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        self._certify(self.billing.draw(contract, 50), 8100)
        final = self.billing.final(contract)
        self.assertLedger(final, receivable=9900, retainage=100, income=-10000)
        self.assertRetained(contract, 2000)

    def test_bounds(self):
        """RET-19: never above the claim, nor below nothing, nor a number that is none."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        for bad in (9000.01, -0.01, float('nan'), float('inf'), 'abc', '1e999', '8100x'):
            with (
                self.subTest(bad),
                self.assertRaisesRegex(
                    UserError,
                    "is not a number|is too large|the certified amount lies between nothing and the payment due of",
                ),
                self.env.cr.savepoint(),
            ):
                bill.write({'certified_amount': bad})
                self.env.flush_all()
        self.assertApplication(bill, 0, 9000)
        bill.write({'certified_amount': '8100'})
        self.assertApplication(bill, 0, 9000, 8100)
        bill.certified_amount = 9000
        self.assertFalse(bill.sum_certified)

    def test_who_certifies(self):
        """RET-20: managers only, by form and RPC; not the derived fields behind it; not once it is invoiced."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        for user in (self.billing_user, self.reader):
            for vals in ({'certified_amount': 100}, {'certified_sum': 100, 'sum_certified': True}):
                with (
                    self.subTest(user.login, vals=vals),
                    self.assertRaisesRegex(
                        AccessError,
                        "cannot be set|Only Progress Billing administrators|You are not allowed to modify",
                    ),
                    self.env.cr.savepoint(),
                ):
                    bill.with_user(user).write(vals)
        self.assertApplication(bill, 0, 9000)
        bill.action_submit()
        bill.certified_amount = 8500
        bill.action_approve()
        bill.certified_amount = 8100
        self.billing.to_ledger(bill)
        with self.assertRaisesRegex(UserError, "The status of"), self.env.cr.savepoint():
            bill.certified_amount = 8000
        self.assertApplication(bill, 0, 9000, 8100)

    def test_rejected_and_revised(self):
        """RET-18, RET-19: a claim that is revised is to be certified anew: the old certificate is not in its way."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        bill.action_submit()
        bill.certified_amount = 8100
        bill.action_reject("Too much")
        bill.line_ids.amount = 12000
        self.assertApplication(bill, 0, 10800)
        bill.action_submit()
        bill.action_approve()
        self.assertEqual(self.billing.to_ledger(bill).amount_total, 10800)
        self.assertRetained(contract, 1200)

    def test_claim_lowered_below_the_certificate(self):
        """RET-19: the certified amount is never above what is due."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        bill.certified_amount = 8100
        bill.line_ids.amount = 5000
        self.assertApplication(bill, 0, 4500)
        self.assertLedger(self.billing.to_ledger(bill), receivable=4500, retainage=500, income=-5000)

    def test_line_and_sum(self):
        """RET-18, RET-19: certified per line and in sum: work 9,000 accepted, due 8,100, certified 8,000."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        bill.line_ids.certified_amount = 9000
        self.assertApplication(bill, 0, 8100)
        self.assertLedger(self._certify(bill, 8000), receivable=8000, retainage=1000, income=-9000)
        second = self.billing.draw(contract, 50)
        self.assertApplication(second, 8000, 1000)

    def test_reset_and_recreate(self):
        """BIL-3, RET-19: draft invoice deleted: the certificate stands on the pro forma and can be changed again."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        bill.certified_amount = 8100
        bill.action_release()
        bill.invoice_id.unlink()
        self.assertApplication(bill, 0, 9000, 8100)
        bill.certified_amount = 8200
        self.assertEqual(self.billing.to_ledger(bill).amount_total, 8200)
        bill.invoice_id.button_draft()
        self.assertRetained(contract, 0)
        bill.invoice_id.action_post()
        self.assertRetained(contract, 1000, 800)

    def test_correct(self):
        """REV-7, RET-19: a corrected bill gives back what was held; the new revision may be certified anew."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        old = self._certify(bill, 8100)
        bill.action_correct()
        self.assertEqual(self.books.of(old + old.reversal_move_ids), {})
        self.assertRetained(contract, 0)
        bill.certified_amount = 8500
        self.assertLedger(self.billing.to_ledger(bill), receivable=8500, retainage=1500, income=-10000)
        self.assertRetained(contract, 1000, 500)

    def test_payment_of_a_certificate(self):
        """RET-19: paying what was certified settles the invoice; the rest is due with the next one only."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        move = self._certify(self.billing.draw(contract, 50), 8100)
        self.billing.pay(move)
        self.assertEqual((move.amount_residual, move.payment_state in ('paid', 'in_payment')), (0, True))
        self.billing.to_ledger(self.billing.draw(contract, 75))
        self.assertEqual(move.amount_residual, 0)
        self.assertRetained(contract, 1500)

    def test_release_keeps_to_its_amount(self):
        """RET-12: a release of 300 is an invoice of 300: what was held back waits for the next application of work."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        self._certify(self.billing.draw(contract, 50), 8100)
        release = self.billing.release(contract, 300)
        self.assertEqual(release.invoice_id.amount_total, 300)
        self.assertRetained(contract, 700, 900)

    def test_negative_bill(self):
        """RET-19: a bill that gives work back is due in full: nothing is to be certified, what was held back counts."""
        contract = self.make.pro_forma([20000], retainage_percent=10)
        self._certify(self.billing.draw(contract, 50), 8100)
        bill = self.billing.draw(contract, 40)
        self.assertApplication(bill, 8100, -900)
        with (
            self.assertRaisesRegex(UserError, "the certified amount lies between nothing and the payment due of"),
            self.env.cr.savepoint(),
        ):
            bill.certified_amount = -1000
        move = self.billing.to_ledger(bill)
        self.assertEqual((move.move_type, move.amount_total), ('out_refund', 900))
        self.assertRetained(contract, 800)

    def test_older_sheets(self):
        """APP-3: figures of certified bills stay as they were when later ones come."""
        contract = self.make.pro_forma([40000], retainage_percent=10)
        seen = {}
        for percent, certified in ((25, 8100), (50, 9000), (75, 9900)):
            bill = self.billing.draw(contract, percent)
            self._certify(bill, certified)
            seen[bill] = self._sheet(bill)
        self.billing.final(contract)
        self.billing.release(contract)
        for bill, sheet in seen.items():
            bill.invalidate_recordset()
            self.assertEqual(self._sheet(bill), sheet)

    def _sheet(self, bill):
        names = ('earned_less_retainage', 'less_previous_certificates', 'current_payment_due', 'certified_amount')
        return [bill[name] for name in (*names, 'retainage_total', 'completed_stored_amount', 'balance_to_finish')]

    def test_units_certified(self):
        """RET-18: of 4 units at 100 two and a half are certified: the line has billed as many, and no more."""
        contract = self.make.by_quantity(10, 100, use_pro_forma=True)
        line = contract.line_ids
        bill = self.billing.run(contract, pending_quantity=4)
        for certified, quantity in ((250, 2.5), (120, 1.2), (400, 4)):
            bill.line_ids.certified_amount = certified
            self.env.flush_all()
            self.assertEqual((bill.line_ids.invoiced_amount, bill.line_ids.invoiced_quantity), (certified, quantity))
            self.assertEqual((line.draft_amount, line.draft_quantity), (certified, quantity))
        bill.line_ids.certified_amount = 250
        self.assertEqual(contract.line_ids._get_quantity_left(), 7.5)
        self.assertEqual(self.billing.draw(contract, 100).line_ids.quantity, 7.5)
