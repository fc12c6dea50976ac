from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestRetainage(ProgressBillingCommon):
    """Retainage on work and stored materials: journals, steps, caps, releases."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retainage_account = cls.company.progress_retainage_account_id

    def _draw(self, contract, *percents, post=True):
        """Enter Completed (%) on the lines in their order, run, and post."""
        for line, percent in zip(contract.line_ids, percents, strict=False):
            line.completed_percent = percent
        before = contract.bill_ids
        contract.action_run_billing()
        bill = contract.bill_ids - before
        if post and bill.invoice_id:
            bill.invoice_id.action_post()
        return bill

    def assertLedger(self, moves, receivable, retainage, **others):
        ledger = {account: sums[0] for account, sums in self.books.of(moves).items()}
        expected = {self.receivable_account: receivable, self.retainage_account: retainage}
        for name, amount in others.items():
            expected[getattr(self, f'{name}_account')] = amount
        self.assertEqual(ledger, {account: amount for account, amount in expected.items() if amount})

    def test_deposits_and_final(self):
        """RET-14, RET-15: 50,000, 10 %, 20 + 20 + 10 thousand; final 9,000; release 5,000 on the closed contract."""
        contract = self.make.contract([50000], retainage_percent=10)
        for percent in (40, 80):
            bill = self._draw(contract, percent)
            self.assertLedger(bill.invoice_id, 18000, 2000, deposit=-20000)
        final = self.billing.final(contract)
        self.assertLedger(final, 9000, 1000, deposit=40000, income=-50000)
        self.assertEqual((contract.state, contract.retainage_balance), ('closed', 5000))
        contract.action_release_retainage()
        release = contract.bill_ids.filtered(lambda bill: bill.kind == 'retainage')
        release.invoice_id.action_post()
        self.assertLedger(release.invoice_id, 5000, -5000)
        self.assertEqual((contract.retainage_balance, self.books.balance(self.retainage_account)), (0, 0))
        with self.assertRaisesRegex(UserError, "release of retainage"), self.env.cr.savepoint():
            final.button_draft()
        with self.assertRaisesRegex(UserError, "undo the release of retainage"), self.env.cr.savepoint():
            final._reverse_moves(cancel=True)
        items = (contract.bill_ids.move_ids.line_ids).filtered(lambda item: item.account_id == self.retainage_account)
        self.assertTrue(all(items.mapped('reconciled')))
        release.invoice_id.button_draft()
        release.invoice_id.unlink()
        final.button_draft()
        self.assertEqual((contract.state, contract.retainage_balance), ('open', 4000))

    def test_certified_line(self):
        """RET-18: claim 5,000 of 10,000, certified 4,500, 10 %; next at 80 %: 3,500, due 3,150."""
        contract = self.make.as_billed([10000], retainage_percent=10, use_pro_forma=True)
        bill = self._draw(contract, 50)
        bill.line_ids.certified_amount = 4500
        bill.action_release()
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, 4050, 450, income=-4500)
        second = self._draw(contract, 80)
        self.assertEqual((second.line_ids.amount, second.current_payment_due), (3500, 3150))
        self.assertEqual(second.less_previous_certificates, 4050)

    def test_certified_sum(self):
        """RET-19: due 9,000, certified 8,100: 900 held back apart, due with the next bill of 5,000 work: 5,400."""
        contract = self.make.as_billed([20000], retainage_percent=10, use_pro_forma=True)
        bill = self._draw(contract, 50)
        self.assertEqual(bill.current_payment_due, 9000)
        with (
            self.assertRaisesRegex(UserError, "the certified amount lies between nothing and the payment due of"),
            self.env.cr.savepoint(),
        ):
            bill.certified_amount = 9000.01
        bill.certified_amount = 8100
        bill.action_release()
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, 8100, 1900, income=-10000)
        second = self._draw(contract, 75)
        self.assertEqual((second.current_payment_due, second.less_previous_certificates), (5400, 8100))
        second.action_release()
        second.invoice_id.action_post()
        self.assertLedger(second.invoice_id, 5400, -400, income=-5000)
        self.assertEqual(contract.retainage_balance, 1500)

    def test_release_stays_released(self):
        """RET-2: 50,000 at 10 %: held 5,000, release 2,000; +10,000 work withholds 1,000, not 3,000."""
        contract = self.make.as_billed([100000], retainage_percent=10)
        self._draw(contract, 50)
        contract.action_release_retainage(2000)
        contract.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft').action_post()
        bill = self._draw(contract, 60)
        self.assertEqual((bill.retainage_amount, contract.retainage_balance), (1000, 4000))

    def test_typed_stands(self):
        """RET-3: typed 500 for 1,000 in bill 2: held 1,500, bill 3 withholds 1,000."""
        contract = self.make.as_billed([100000], retainage_percent=10, use_pro_forma=True)
        for percent, typed in ((10, None), (20, 500), (30, None)):
            bill = self._draw(contract, percent)
            if typed:
                bill.line_ids.retainage_amount = typed
            bill.action_release()
            bill.invoice_id.action_post()
            self.assertEqual(bill.retainage_amount, typed or 1000)
        self.assertEqual(contract.retainage_balance, 2500)

    def test_changed_rate(self):
        """RET-4: a changed rate sets the adjustment to 0: lowered gives back, raised catches up, all lines do."""
        contract = self.make.as_billed([10000, 10000], retainage_percent=10)
        self._draw(contract, 50, 50)
        contract.action_set_retainage(5, all_lines=True)
        bill = self._draw(contract, 60)
        self.assertEqual(bill.retainage_amount, 5 * 110 - 1000)
        self.assertEqual(contract.line_ids.mapped('retainage_balance'), [300, 250])
        contract.action_set_retainage(10, all_lines=True)
        self.assertEqual(self._draw(contract, 70).retainage_amount, 1200 - 550)

    def test_steps_and_cap(self):
        """RET-5: 100,000 at 80 %, 10 % then 5 % from half: 4,000 on the whole balance, 6,500 on what comes after."""
        for mode, held in (('balance', 4000), ('after', 6500)):
            with self.subTest(mode):
                contract = self.make.as_billed(
                    [60000, 40000],
                    retainage_percent=10,
                    retainage_step_mode=mode,
                    retainage_step_ids=[(0, 0, {'completed_percent': 50, 'retainage_percent': 5})],
                )
                self._draw(contract, 40, 40)
                self.assertEqual(contract.retainage_balance, 4000)
                self._draw(contract, 80, 80)
                self.assertEqual(contract.retainage_balance, held)
        contract = self.make.as_billed([60000, 40000], retainage_percent=10, retainage_cap_percent=5)
        self._draw(contract, 100, 0)
        self.assertEqual(contract.retainage_balance, 5000)
        self._draw(contract, 100, 100)
        self.assertEqual(contract.line_ids.mapped('retainage_balance'), [3000, 2000])

    def test_release_in_parts(self):
        """RET-12: 300 over lines that hold 600 and 400 gives 180 and 120; 0 and too much are refused."""
        contract = self.make.as_billed([6000, 4000], retainage_percent=10)
        self._draw(contract, 100, 100)
        for amount in (0, -1, 1000.01, 'abc', float('nan')):
            with (
                self.subTest(amount),
                self.assertRaisesRegex(UserError, "cannot be released on|is not a number"),
                self.env.cr.savepoint(),
            ):
                contract.action_release_retainage(amount)
        contract.action_release_retainage(300)
        bill = contract.bill_ids.filtered(lambda bill: bill.kind == 'retainage')
        self.assertEqual(bill.line_ids.mapped('retainage_amount'), [-180, -120])
        self.assertTrue(bill.releases_retainage)
        contract.action_release_retainage()
        self.assertEqual(sum(contract.line_ids.mapped('retainage_balance')), 0)

    def test_taxes(self):
        """RET-9: 10,000 + 15 %, 10 %: tax now 10,500 + 1,000; on release, or base with tax, 10,350 + 1,150."""
        for tax, base, first, later in (
            ('now', 'untaxed', 10500, 1000),
            ('release', 'untaxed', 10350, 1150),
            ('now', 'taxed', 10350, 1150),
        ):
            with self.subTest(tax=tax, base=base):
                self.company.write({'progress_retainage_tax': tax, 'progress_retainage_base': base})
                contract = self.make.as_billed([10000], taxes=self.tax_15, retainage_percent=10)
                bill = self._draw(contract, 100)
                self.assertEqual(bill.invoice_id.amount_total, first)
                contract.action_release_retainage()
                release = contract.bill_ids - bill
                release.invoice_id.action_post()
                self.assertEqual(release.invoice_id.amount_total, later)
                self.assertEqual(bill.invoice_id.amount_tax + release.invoice_id.amount_tax, 1500)
        with (
            self.assertRaisesRegex(UserError, "Retainage of the amount with tax means that the tax is due at once"),
            self.env.cr.savepoint(),
        ):
            self.company.write({'progress_retainage_tax': 'release', 'progress_retainage_base': 'taxed'})

    def test_tax_of_a_release_in_halves(self):
        """Tax of what is released is cumulative on what is released: 8.25 in halves is 4.13 and 4.12."""
        self.company.progress_retainage_tax = 'release'
        for rounding in ('round_per_line', 'round_globally'):
            with self.subTest(rounding):
                self.company.tax_calculation_rounding_method = rounding
                contract = self.make.as_billed([550], taxes=self.tax_15, retainage_percent=10)
                self._draw(contract, 100)
                taxes = []
                for amount in (27.5, 27.5):
                    bills = contract.bill_ids
                    contract.action_release_retainage(amount)
                    release = (contract.bill_ids - bills).invoice_id
                    release.action_post()
                    taxes.append(release.amount_tax)
                self.assertEqual(taxes, [4.13, 4.12])
                self.assertEqual(round(sum(contract.invoice_ids.mapped('amount_tax')), 2), 82.5)
                self.assertEqual(contract.retainage_balance, 0)

    def _make_taxed_at_release(self):
        self.company.progress_retainage_tax = 'release'
        return self.make.as_billed([550], taxes=self.tax_15, retainage_percent=10)

    def _release_half(self, contract):
        before = contract.bill_ids
        contract.action_release_retainage(27.5)
        return contract.bill_ids - before

    def test_tax_of_a_release_that_was_deleted(self):
        """RET-11: a release whose draft was deleted takes no tax: 4.13 all the same, then 4.12."""
        contract = self._make_taxed_at_release()
        self._draw(contract, 100)
        gone = self._release_half(contract)
        gone.invoice_id.unlink()
        self.assertFalse(gone.bucket)
        taxes = []
        for _half in range(2):
            move = self._release_half(contract).invoice_id
            move.action_post()
            taxes.append(move.amount_tax)
        self.assertEqual(taxes, [4.13, 4.12])
        moves = contract.invoice_ids.filtered(lambda move: move.state == 'posted')
        self.assertEqual(round(sum(moves.line_ids.filtered('tax_line_id').mapped('balance')), 2), -82.5)

    def test_tax_withheld_by_a_bill_that_was_corrected(self):
        """RET-11: a bill that is corrected does not count what its own first invoice withheld: 4.13 both times."""
        contract = self._make_taxed_at_release()
        bill = self._draw(contract, 50)
        first = bill.invoice_id
        bill.action_correct()
        bill.action_release()
        self.assertNotEqual(bill.invoice_id, first)
        self.assertEqual([move.amount_tax for move in (first, bill.invoice_id)], [37.12, 37.12], "41.25 less 4.13")

    def test_tax_withheld_after_a_release(self):
        """RET-11: 27.50 withheld with 4.13 and released, 27.50 more withheld with 4.12: releases are another sum."""
        contract = self._make_taxed_at_release()
        self._draw(contract, 50)
        release = self._release_half(contract)
        release.invoice_id.action_post()
        self.assertEqual(release.invoice_id.amount_tax, 4.13)
        self._draw(contract, 100)
        bill = contract.bill_ids - release
        taxes = [round(move.amount_tax, 2) for move in bill.invoice_id.sorted('id')]
        self.assertEqual(taxes, [37.12, 37.13], "41.25 less 4.13, 41.25 less 4.12")

    def test_tax_on_release_in_deposit_mode(self):
        """RET-9, RET-14: tax on release: deposits' tax 2,700 twice, final 1,350, release 750: 7,500 in all."""
        self.company.progress_retainage_tax = 'release'
        contract = self.make.contract([50000], taxes=self.tax_15, retainage_percent=10)
        taxes = [self._draw(contract, percent).invoice_id.amount_tax for percent in (40, 80)]
        final = self.billing.final(contract)
        contract.action_release_retainage()
        release = contract.bill_ids.filtered(lambda bill: bill.kind == 'retainage').invoice_id
        release.action_post()
        self.assertEqual([*taxes, final.amount_tax, release.amount_tax], [2700, 2700, 1350, 750])

    def test_final_as_billed_with_stored(self):
        """RET-17: work 7,000 + stored 1,000 billed, held 750: final gross 2,000, withholds 250, receivable 1,750."""
        contract = self.make.as_billed([10000], retainage_percent=10, stored_retainage_percent=5)
        contract.line_ids.write({'completed_percent': 70, 'stored_amount': 1000})
        bill = self._draw(contract, 70)
        self.assertEqual((bill.invoiced_amount, bill.retainage_amount), (8000, 750))
        final = self.billing.final(contract)
        self.assertLedger(final, 1750, 250, income=-2000)
        contract.action_release_retainage()
        release = contract.bill_ids.filtered(lambda bill: bill.kind == 'retainage').invoice_id
        release.action_post()
        self.assertEqual([bill.invoice_id.amount_total, final.amount_total, release.amount_total], [7250, 1750, 1000])

    def test_work_and_stored(self):
        """RET-16: 3,000 work + 1,000 stored; at 50 % all installed: invoice 1,000, amount 2,000; left stored: 2,000."""
        for stored, invoiced in ((0, 1000), (1000, 2000)):
            with self.subTest(stored):
                contract = self.make.as_billed([10000])
                contract.line_ids.write({'completed_percent': 30, 'stored_amount': 1000})
                self._draw(contract, 30)
                self.assertEqual(contract.line_ids.actual_amount, 4000)
                contract.line_ids.stored_amount = stored
                contract.line_ids.completed_percent = 50
                self.assertEqual(contract.line_ids.pending_amount, invoiced)
                bill = self._draw(contract, 50)
                self.assertEqual((bill.line_ids.amount, bill.line_ids.invoiced_amount), (2000, invoiced))
        contract = self.make.as_billed([10000], retainage_percent=10, stored_retainage_percent=0)
        contract.line_ids.write({'completed_percent': 30, 'stored_amount': 1000})
        self._draw(contract, 30)
        contract.line_ids.write({'completed_percent': 40, 'stored_amount': 0})
        bill = self._draw(contract, 40)
        self.assertEqual((bill.invoiced_amount, bill.line_ids.amount, bill.retainage_amount), (0, 1000, 100))

    def test_application(self):
        """APP-1: the summary of three applications, earlier ones unchanged when a change order comes later."""
        contract = self.make.as_billed([60000, 40000], retainage_percent=10, stored_retainage_percent=5)
        contract.line_ids[0].stored_amount = 2000
        first = self._draw(contract, 20, 10)
        expected = {
            'original_amount': 100000,
            'change_amount': 0,
            'completed_stored_amount': 18000,
            'retainage_work_amount': 1600,
            'retainage_stored_amount': 100,
            'retainage_total': 1700,
            'earned_less_retainage': 16300,
            'less_previous_certificates': 0,
            'current_payment_due': 16300,
            'balance_to_finish': 83700,
        }
        self.assertRecordValues(first, [expected])
        self.assertEqual(first.invoice_id.amount_total, 16300)
        change = self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [(0, 0, {'name': "Extra", 'amount': 5000})]}
        )
        change.action_approve()
        second = self._draw(contract, 50, 10, 100)
        self.assertRecordValues(
            second,
            [
                {
                    'change_amount': 5000,
                    'revised_amount': 105000,
                    'completed_stored_amount': 30000 + 2000 + 4000 + 5000,
                    'retainage_total': 3000 + 100 + 400 + 500,
                    'less_previous_certificates': 16300,
                    'current_payment_due': 41000 - 4000 - 16300,
                }
            ],
        )
        self.assertRecordValues(first, [expected])
        line = second.line_ids[0]
        self.assertEqual(
            (line.previous_amount, line.amount, line.stored_amount, line.completed_stored_amount),
            (12000, 18000, 2000, 32000),
        )
        self.assertEqual(line.balance_to_finish, 28000)
        self.assertEqual(second._get_change_summary(), {'previous': (0, 0), 'current': (5000, 0)})
