from functools import partial

from odoo.tests import tagged

from .test_down_payments import DownPaymentCommon


@tagged('post_install', '-at_install')
class TestDownPaymentsTable(DownPaymentCommon):
    """Worked figures of whole jobs, from the money paid down to an account that is zero (DEP-21 … DEP-23)."""

    def test_whole_jobs(self):
        """What each bill takes of what was paid down, and what the final asks for."""
        as_billed, last = {'revenue_recognition': 'as_billed'}, {'down_payment_absorption': 'last'}
        for name, vals, worth, paid, bills, taken, final in (
            ("in proportion", as_billed, 1000, (100,), (250, 250), (25, 25), 450),
            ("in proportion, two", as_billed, 1000, (100, 50), (500,), (75,), 425),
            ("more than the job", as_billed, 1000, (1500,), (500,), (500,), -500),
            ("on the last", {**as_billed, **last}, 1000, (100,), (250, 250), (0, 0), 400),
            ("on the last, too small", {**as_billed, **last}, 1000, (300,), (900, 100), (0, 100), -200),
            ("deposits", {}, 1000, (100,), (60, 250), (60, 40), 690),
            ("deposits, all of it", {}, 1000, (1000,), (400,), (400,), 0),
            ("deposits, last is nothing to them", last, 1000, (100,), (60,), (60,), 900),
            ("a cent each", as_billed, 0.03, (0.02,), (0.01, 0.01), (0.01, 0), 0),
            ("whole yen", {**as_billed, 'currency': ('JPY', 1)}, 1000, (100,), (333, 333), (33, 34), 301),
            ("dinars", {**as_billed, 'currency': ('KWD', 0.001)}, 1, (0.1,), (0.333, 0.333), (0.033, 0.034), 0.301),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                vals = dict(vals)
                if code := vals.pop('currency', None):
                    rates = [('2026-01-01', 1.0)]
                    vals['currency_id'] = self.setup_other_currency(code[0], rounding=code[1], rates=rates).id
                contract = self.make.contract([worth], **vals)
                downs = [self._pay_down(contract, amount) for amount in paid]
                found = []
                for number, amount in enumerate(bills, 1):
                    before = contract.bill_ids
                    contract.line_ids.pending_amount = amount
                    contract.action_run_billing(date=f'2026-{number:02d}-28')
                    bill = contract.bill_ids - before
                    bill.invoice_id.action_post()
                    found.append(round(sum(self._uses(bill).values()), 3))
                    self.assertEqual(bill.amount_due, contract.currency_id.round(amount - found[-1]))
                self.assertEqual(found, [round(one, 3) for one in taken])
                left = sum(down.down_payment_left for down in downs)
                self.assertEqual(round(left, 3), round(sum(paid) - sum(taken), 3))
                move = self.billing.final(contract)
                sign = -1 if move.move_type == 'out_refund' else 1
                self.assertEqual(round(sign * move.amount_total, 3), final)
                self.assertEqual((contract.state, contract.deposit_balance), ('closed', 0))
                self.assertEqual(self.books.balance(self.deposit_account, contract), 0)
                self.assertEqual(set(down.down_payment_left for down in downs), {0})
                savepoint.rollback()
                self.env.invalidate_all()

    def test_every_way_back(self):
        """What a bill took of 300 comes back when it goes, and what a credit note takes of it."""
        for name, post, act, left in (
            ("draft", False, lambda move: None, 0),
            ("deleted", False, lambda move: move.unlink(), 300),
            ("cancelled", False, lambda move: move.button_cancel(), 300),
            ("cancelled and back", False, lambda move: (move.button_cancel(), move.button_draft()), 0),
            ("posted", True, lambda move: None, 0),
            ("reset", True, lambda move: move.button_draft(), 0),
            ("reset and deleted", True, lambda move: (move.button_draft(), move.unlink()), 300),
            ("credited", True, lambda move: self.billing.credit(move), 300),
            ("credited at once", True, lambda move: move._reverse_moves([{}], cancel=True), 300),
            ("credit undone", True, lambda move: self.billing.credit(move).button_draft(), 0),
            ("credit not posted", True, lambda move: move._reverse_moves([{}]), 0),
            ("corrected", True, lambda move: move.progress_bill_id.action_correct(), 0),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                contract = self.make.contract([1000], self.tax_15)
                paid = self._pay_down(contract, 300)
                bill = self.billing.bill(contract, '500', post=False)
                if post:
                    bill.invoice_id.action_post()
                act(bill.invoice_id)
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual((paid.down_payment_left, contract.down_payment_balance), (left, left))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_who_takes_it(self):
        """Each condition by itself: customer, contact, company, currency, side, restriction, something left."""
        home = self.make.contract([1000])
        contact = self.env['res.partner'].create({'name': "Site office", 'parent_id': self.customer.id})
        euro = self.setup_other_currency('EUR')
        for name, vals, restricted, taken in (
            ("the customer's", {}, False, 100),
            ("a contact's", {'partner_id': contact.id}, False, 100),
            ("another customer's", {'partner_id': self.customer.copy().id}, False, 0),
            ("another currency", {'currency_id': euro.id}, False, 0),
            ("kept for its contract", {}, True, 0),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self._pay_down(home, 100, restricted=restricted)
                bill = self.billing.bill(self.make.contract([1000], **vals), '500')
                self.assertEqual(bill.down_payment_applied, taken)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_oldest_first_by_date_then_number(self):
        contract = self.make.contract([1000])
        days = ('2026-01-03', '2026-01-01', '2026-01-02', '2026-01-01')
        third, first, fourth, second = (self._pay_down(contract, 100, date=day) for day in days)
        third, fourth = fourth, third
        self.assertEqual(list(contract._get_down_payments(self.customer)), [first, second, third, fourth])
        self.assertEqual(self._uses(self.billing.bill(contract, '250')), {first: 100, second: 100, third: 50})

    def test_locks_in_one_order(self):
        """The rows of all contracts whose money may be taken, smallest first, whoever bills."""
        first, second, third = (self.make.contract([1000]) for _number in range(3))
        stranger = self.make.contract([1000], partner_id=self.customer.copy().id)
        for contract in (first, third, stranger):
            self._pay_down(contract, 100)
        self._pay_down(second, 100, restricted=True)
        self.env.flush_all()
        contracts = first | second | third | stranger
        for mine, taken in (
            (second, first | second | third),
            (first, first | third),
            (stranger, stranger),
            (first | stranger, first | third | stranger),
            (first.browse(), first.browse()),
        ):
            with self.subTest(mine.mapped('name')):
                before = {contract: contract.billing_version for contract in contracts}
                with self.assertQueryCount(1 if mine else 0):
                    mine._lock_for_billing()
                self.assertEqual(contracts.filtered(lambda c, was=before: c.billing_version == was[c] + 1), taken)
                self.assertEqual(contracts.filtered(lambda c, was=before: c.billing_version != was[c]), taken)

    def test_refused_with_nothing_made(self):
        contract = self.make.contract([1000])
        before = self.env['account.move'].search_count([])
        for amount in (0, -1, 0.004, 'x', None, float('inf')):
            act = partial(contract.action_create_down_payment, amount)
            self.assertRefused(act, regex="above zero|not a number|too large")
        self.assertFalse(contract.bill_ids)
        self.assertEqual(self.env['account.move'].search_count([]), before)
