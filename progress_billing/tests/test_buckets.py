from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestBuckets(ProgressBillingCommon):
    """Draft, actual and pending right after every act, at every door, for every user (BIL-2, BIL-3, BIL-4)."""

    def _contracts(self):
        """One of each kind: as billed and deposit, direct and pro forma."""
        for vals in (
            {},
            {'revenue_recognition': 'deposit'},
            {'use_pro_forma': True},
            {'revenue_recognition': 'deposit', 'use_pro_forma': True},
        ):
            yield self.make.as_billed([1000, 500], self.tax_15, **vals)

    def _invoice(self, contract, percent=60):
        bill = self.billing.run(contract, percent)
        bill.filtered(lambda bill: bill.state == 'draft').action_release()
        return bill.invoice_id

    def assertTotals(self, contract, pending, draft, actual):
        """The contract's totals are those of its lines."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertRecordValues(
            contract,
            [
                {
                    'pending_amount': pending,
                    'draft_amount': draft,
                    'actual_amount': actual,
                    'wip_available': 1500 - draft - actual,
                }
            ],
        )
        for name in ('pending_amount', 'draft_amount', 'actual_amount'):
            self.assertAlmostEqual(sum(contract.line_ids.mapped(name)), contract[name], 2)

    def test_life_of_an_invoice(self):
        """BIL-2: create, post, reset, cancel or delete; pro formas fall back to draft, direct bills give back."""
        for contract in self._contracts():
            move = self._invoice(contract)
            bill, kept = contract.bill_ids, 900 if contract.use_pro_forma else 0
            self.assertTotals(contract, 0, 900, 0)
            move.action_post()
            self.assertTotals(contract, 0, 0, 900)
            move.button_draft()
            self.assertTotals(contract, 0, 900, 0)
            move.action_post()
            self.assertTotals(contract, 0, 0, 900)
            move.button_draft()
            move.button_cancel()
            self.assertTotals(contract, 900 - kept, kept, 0)
            self.assertEqual(bill.state, 'draft' if kept else 'cancelled')
            if not kept:
                contract.action_run_billing()
                move = contract.bill_ids.invoice_id
                self.assertTotals(contract, 0, 900, 0)
                move.unlink()
                self.assertTotals(contract, 900, 0, 0)
                continue
            bill.action_release()
            bill.invoice_id.unlink()
            self.assertTotals(contract, 0, 900, 0)
            bill.action_cancel()
            self.assertTotals(contract, 900, 0, 0)

    def test_credit_in_full(self):
        """BIL-2, REV-2: a posted credit note moves actual down, a draft one does not; undone it comes back."""
        for contract in self._contracts():
            move = self._invoice(contract)
            move.action_post()
            credit = move._reverse_moves([{'invoice_date': move.invoice_date}])
            self.assertTotals(contract, 0, 0, 900)
            credit.action_post()
            self.assertTotals(contract, 0, 0, 0)
            self.assertEqual(contract.bill_ids.state, 'cancelled')
            credit.button_draft()
            self.assertTotals(contract, 0, 0, 900)
            credit.button_cancel()
            self.assertTotals(contract, 0, 0, 900)
            self.assertEqual(contract.bill_ids.state, 'invoiced')

    def test_credit_by_the_wizard(self):
        """Odoo's own Credit Note buttons: reverse, and reverse and create anew."""
        for contract in self._contracts():
            move = self._invoice(contract)
            move.action_post()
            wizard = self.env['account.move.reversal'].with_context(active_model='account.move', active_ids=move.ids)
            wizard.create({'journal_id': move.journal_id.id, 'date': move.date}).refund_moves()
            move.reversal_move_ids.action_post()
            self.assertTotals(contract, 0, 0, 0)

    def test_credit_in_part(self):
        """BIL-2, BIL-14: actual goes down by the part; the rest can be billed again, to the cent."""
        for contract in self._contracts():
            move = self._invoice(contract)
            move.action_post()
            credit = self.billing.credit(move, 100.01)
            part = 100.01 if contract.revenue_recognition == 'deposit' else 100.01 + 300  # other line in full
            self.assertTotals(contract, 0, 0, round(900 - part, 2))
            rest = self._invoice(contract, 100)
            self.assertEqual(rest.amount_untaxed, round(600 + part, 2))
            rest.action_post()
            self.assertTotals(contract, 0, 0, 1500)
            with self.assertRaisesRegex(UserError, "would be billed of"), self.env.cr.savepoint():
                credit.button_draft()

    def test_credit_of_one_line(self):
        """BIL-14: a credit of one line's part lowers this line alone (as billed)."""
        contract = self.make.as_billed([1000, 500], self.tax_15)
        move = self._invoice(contract)
        move.action_post()
        credit = move._reverse_moves([{'invoice_date': move.invoice_date}])
        credit.invoice_line_ids.filtered(lambda line: line.price_unit == 300).unlink()
        credit.invoice_line_ids.price_unit = 250
        credit.action_post()
        self.assertEqual(contract.line_ids.mapped('actual_amount'), [350, 300])

    def test_more_than_billed_is_not_credited(self):
        """BIL-6: credit notes take back what was billed and no more, in one or several."""
        contract = self.make.as_billed([1000, 500])
        move = self._invoice(contract)
        move.action_post()
        self.billing.credit(move, 400)
        with self.assertRaisesRegex(UserError, "would be billed of"), self.env.cr.savepoint():
            self.billing.credit(move, 400)
        self.assertEqual(contract.actual_amount, 200)

    def test_credited_quantities(self):
        """Quantities move with the amounts."""
        contract = self.make.by_quantity(10, 20)
        line = contract.line_ids
        bill = self.billing.run(contract, pending_quantity=6)
        self.assertEqual((line.draft_quantity, line.actual_quantity), (6, 0))
        bill.invoice_id.action_post()
        self.assertEqual((line.draft_quantity, line.actual_quantity), (0, 6))
        credit = bill.invoice_id._reverse_moves([{'invoice_date': bill.date}])
        credit.invoice_line_ids.quantity = 2
        credit.action_post()
        self.assertEqual((line.actual_quantity, line.actual_amount), (4, 80))
        line.completed_percent = 100
        self.assertEqual((line.pending_quantity, line.pending_amount), (6, 120))

    def test_in_bulk(self):
        """BIL-2: multi-record post, reset, cancel, delete and credit."""
        contracts = self.env['progress.contract'].concat(*(self.make.as_billed([1000, 500]) for _ in range(3)))
        contracts.line_ids.write({'completed_percent': 60})
        contracts.action_run_billing()
        moves = contracts.bill_ids.invoice_id

        def check(pending, draft, actual):
            for contract in contracts:
                self.assertTotals(contract, pending, draft, actual)

        check(0, 900, 0)
        moves.action_post()
        check(0, 0, 900)
        credits = moves._reverse_moves([{'invoice_date': move.invoice_date} for move in moves], cancel=True)
        self.assertEqual(set(credits.mapped('state')), {'posted'})
        check(0, 0, 0)
        credits.button_draft()
        check(0, 0, 900)
        credits.unlink()
        moves.button_draft()
        check(0, 900, 0)
        moves.button_cancel()
        check(900, 0, 0)
        contracts.action_run_billing()
        contracts.bill_ids.invoice_id.unlink()
        check(900, 0, 0)

    def test_several_bills_of_one_contract_in_bulk(self):
        """PRG-4: deleting two direct bills of one contract in one call gives back all that they took."""
        contract = self.make.as_billed([1000, 500])
        first, second = contract.line_ids
        first.completed_percent = 50
        contract.action_run_billing()
        second.completed_percent = 50
        contract.action_run_billing()
        contract.bill_ids.invoice_id.unlink()
        self.assertTotals(contract, 750, 0, 0)

    def test_different_users(self):
        """SEC-9: an accountant without billing rights posts, resets and deletes; the figures follow."""
        clerk = self._user('clerk', 'account.group_account_user')
        for contract in self._contracts():
            contract.line_ids.write({'completed_percent': 60})
            contract.with_user(self.billing_user).action_run_billing()
            if contract.use_pro_forma:
                contract.bill_ids.with_user(self.billing_user).action_release()
            move = contract.bill_ids.invoice_id.with_user(clerk)
            move.action_post()
            self.assertTotals(contract, 0, 0, 900)
            credit = move._reverse_moves([{'invoice_date': move.invoice_date}])
            credit.action_post()
            self.assertTotals(contract, 0, 0, 0)
            credit.button_draft()
            credit.unlink()
            move.button_draft()
            self.assertTotals(contract, 0, 900, 0)
            move.unlink()
            kept = 900 if contract.use_pro_forma else 0
            self.assertTotals(contract, 900 - kept, kept, 0)

    def _user(self, login, groups):
        user = self.billing_user.copy({'login': f'{login}@example.com', 'name': login})
        user.group_ids = [Command.set([self.env.ref('base.group_user').id, self.env.ref(groups).id])]
        return user

    def test_hand_written_documents_change_nothing(self):
        """BIL-4: invoices, credit notes, debit notes and lines added by hand never enter the figures."""
        contract = self.make.as_billed([1000, 500], self.tax_15)
        move = self._invoice(contract)
        vals = {
            'partner_id': self.customer.id,
            'invoice_date': fields.Date.to_date('2026-01-31'),
            'invoice_line_ids': [
                Command.create(
                    {
                        'name': "By hand",
                        'price_unit': 400,
                        'tax_ids': False,
                        'analytic_distribution': {str(self.project.account_id.id): 100}
                        if self.project.account_id
                        else False,
                    }
                )
            ],
        }
        for move_type in ('out_invoice', 'out_refund'):
            with self.subTest(move_type):
                self.env['account.move'].create(dict(vals, move_type=move_type)).action_post()
                self.assertTotals(contract, 0, 900, 0)
        move.invoice_line_ids = [Command.create({'name': "Extra", 'price_unit': 77, 'tax_ids': False})]
        move.action_post()
        self.assertEqual(move.amount_untaxed, 977)
        self.assertTotals(contract, 0, 0, 900)
        debit = move.with_context(include_business_fields=True).copy()  # as a debit note copies lines
        self.assertFalse(debit.line_ids.filtered('progress_line_type'))
        debit.action_post()
        self.assertTotals(contract, 0, 0, 900)
        credit = move._reverse_moves([{'invoice_date': move.invoice_date}])
        credit.invoice_line_ids.filtered('progress_bill_line_id').unlink()
        credit.action_post()
        self.assertTotals(contract, 0, 0, 900)
        self.assertEqual(contract.bill_ids.state, 'invoiced')

    def test_credit_with_a_line_by_hand(self):
        """BIL-4: a line added to a credit note by hand does not count."""
        contract = self.make.as_billed([1000, 500])
        move = self._invoice(contract)
        move.action_post()
        credit = move._reverse_moves([{'invoice_date': move.invoice_date}])
        credit.invoice_line_ids = [Command.create({'name': "Goodwill", 'price_unit': 50, 'tax_ids': False})]
        credit.action_post()
        self.assertTotals(contract, 0, 0, 0)

    def test_amounts_are_locked_on_the_invoice(self):
        """BIL-13: amount, account, tax and quantity of linked lines follow the bill; a changed draft is not posted."""
        contract = self.make.as_billed([1000, 500], self.tax_15)
        move = self._invoice(contract)
        for vals in ({'price_unit': 1}, {'quantity': 2}, {'discount': 10}):
            with (
                self.subTest(vals),
                self.assertRaisesRegex(UserError, "stands for the progress bill"),
                self.env.cr.savepoint(),
            ):
                move.invoice_line_ids[0].write(vals)
                move.action_post()
        self.env.invalidate_all()
        self.assertTotals(contract, 0, 900, 0)

    def test_run_after_every_act(self):
        """PRG-12: 100 % after run, credit, run, delete, run leaves exactly the revised amount, tax included."""
        contract = self.make.as_billed([33.33, 66.68], self.tax_15)
        first = self._invoice(contract, 100 / 3)
        first.action_post()
        self.billing.credit(first)
        second = self._invoice(contract, 200 / 3)
        second.unlink()
        third = self._invoice(contract, 77.7)
        third.action_post()
        last = self._invoice(contract, 100)
        last.action_post()
        self.assertEqual(contract.actual_amount, 100.01)
        self.assertEqual(contract.line_ids.mapped('actual_amount'), [33.33, 66.68])
        moves = contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')
        self.assertAlmostEqual(sum(moves.mapped('amount_untaxed_signed')), 100.01, 2)
        self.assertAlmostEqual(sum(moves.mapped('amount_tax_signed')), 15, 2)
