from contextlib import suppress

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestChanges(ProgressBillingCommon):
    """Change orders, progress entered on the schedule, and opening amounts (PRG-1, CON-10, DEP-16)."""

    def _change(self, contract, *lines, approve=True):
        change = self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create(vals) for vals in lines]}
        )
        if approve:
            change.action_approve()
        return change

    # === CHANGE ORDERS === #

    def test_additions_and_deductions(self):
        """CON-9: approved ones add to lines or add lines; drafts count nothing; the contract's totals follow."""
        contract = self.make.contract([1000, 500], self.tax_15)
        line = contract.line_ids[0]
        change = self._change(
            contract,
            {'contract_line_id': line.id, 'amount': 200},
            {'contract_line_id': contract.line_ids[1].id, 'amount': -100},
            {'name': "Garage", 'item_number': "3", 'amount': 300, 'tax_ids': [Command.set(self.tax_15.ids)]},
            approve=False,
        )
        self.assertEqual((change.amount, contract.revised_amount), (400, 1500))
        change.action_approve()
        self.assertRecordValues(
            contract, [{'original_amount': 1500, 'change_amount': 400, 'revised_amount': 1900, 'wip_available': 1900}]
        )
        self.assertEqual(contract.line_ids.mapped('revised_amount'), [1200, 400, 300])
        self.assertRecordValues(
            contract.line_ids[2],
            [
                {
                    'name': "Garage",
                    'original_amount': 0,
                    'change_amount': 300,
                    'tax_ids': self.tax_15.ids,
                    'item_number': "3",
                }
            ],
        )
        self.assertRecordValues(change, [{'state': 'approved', 'approved_by_id': self.env.user.id}])
        change.action_approve()
        self.assertEqual((len(contract.line_ids), contract.revised_amount), (3, 1900))
        bill = self.billing.bill(contract, '50%')
        self.assertEqual((bill.amount, bill.invoice_id.amount_tax), (950, 142.5))
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (950, 142.5))
        self.assertEqual(self.books.of(final)[self.income_account][0], -1900)
        self.assertDeposits(contract, 0)

    def test_below_billed(self):
        """CON-10: no approval or cancelling takes a line below what is billed on it, drafts included."""
        contract = self.make.contract([10000, 500])
        line = contract.line_ids[0]
        bill = self.env['progress.bill'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create({'contract_line_id': line.id, 'amount': 8000})]}
        )
        bill.action_create()
        for billed in ('draft', 'posted'):
            with self.subTest(billed=billed):
                refused = self._change(contract, {'contract_line_id': line.id, 'amount': -2000.01}, approve=False)
                with self.assertRaises(UserError) as error:
                    refused.action_approve()
                self.assertIn("Line 1", str(error.exception))
                self.assertEqual((refused.state, contract.revised_amount), ('draft', 10500))
                refused.unlink()
            if bill.invoice_id.state == 'draft':
                bill.invoice_id.action_post()
        fits = self._change(contract, {'contract_line_id': line.id, 'amount': -2000})
        self.assertEqual((line.revised_amount, contract.wip_available), (8000, 500))
        fits.action_cancel()
        more = self._change(contract, {'contract_line_id': line.id, 'amount': 1000}, {'name': "Garage", 'amount': 100})
        self.billing.bill(contract, '3600')
        self.assertEqual(contract.wip_available, 0)
        with self.assertRaisesRegex(UserError, "would be billed of"):
            more.action_cancel()
        self.assertRecordValues(contract, [{'revised_amount': 11600, 'actual_amount': 11600}])
        self.assertEqual(more.state, 'approved')

    def test_hand_edits_below_billed(self):
        """The schedule edited by hand obeys the same bound."""
        contract = self.make.contract([1000, 500])
        self.billing.bill(contract, '600')
        for vals in (
            {'original_amount': 399.99},
            {'original_amount': 0},
            {'original_amount': -1},
            {'billing_base': 'quantity'},
        ):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "would be billed of"):
                contract.line_ids[0].write(vals)
        contract.line_ids[0].original_amount = 400
        self.assertEqual(contract.wip_available, 300)

    def test_after_the_final(self):
        """CON-10: refused while a final invoice exists, draft included; allowed again once it is gone."""
        contract = self.make.contract([1000])
        approved = self._change(contract, {'name': "Garage", 'amount': 100})
        waiting = self._change(contract, {'name': "Barn", 'amount': 50}, approve=False)
        final = self.billing.final(contract, post=False)
        for state in ('draft', 'posted'):
            with self.subTest(final=state):
                for act in (waiting.action_approve, approved.action_cancel):
                    with self.assertRaisesRegex(UserError, "Change order"):
                        act()
            if state == 'draft':
                final.action_post()
        self.billing.credit(final)
        waiting.action_approve()
        self.assertEqual((contract.state, contract.revised_amount), ('open', 1150))
        self.assertEqual(self.billing.final(contract).amount_untaxed, 1150)

    def test_approved_orders_stay(self):
        contract = self.make.contract([1000])
        change = self._change(contract, {'contract_line_id': contract.line_ids.id, 'amount': 100})
        for act in (
            change.unlink,
            change.line_ids.unlink,
            lambda: change.line_ids.write({'amount': 5}),
            lambda: change.write({'line_ids': [Command.create({'name': "More", 'amount': 5})]}),
            lambda: change.write({'line_ids': [Command.clear()]}),
        ):
            with self.assertRaisesRegex(UserError, "Change order"):
                act()
        self.assertEqual(contract.revised_amount, 1100)
        change.action_cancel()
        self.assertEqual(contract.revised_amount, 1000)
        change.action_draft()
        change.line_ids.amount = 70
        change.action_approve()
        self.assertEqual(contract.revised_amount, 1070)
        for _call in range(2):
            self.assertIn('type', change.action_cancel())
        self.assertEqual(contract.revised_amount, 1000)

    def test_new_line_approved_twice(self):
        """An order that added a line, cancelled and approved again, adds it once."""
        contract = self.make.contract([1000])
        change = self._change(contract, {'name': "Garage", 'amount': 100})
        change.action_cancel()
        self.assertEqual(contract.revised_amount, 1000)
        change.action_draft()
        change.action_approve()
        self.assertEqual(contract.revised_amount, 1100)
        self.assertEqual(len(contract.line_ids), 2)
        self.billing.bill(contract, '100%')
        self.assertEqual(contract.wip_available, 0)

    def test_by_quantity(self):
        """BIL-10: on quantity lines the order adds quantity; the amount is cumulative, no cent lost."""
        contract = self.make.contract([], do_open=False)
        contract.line_ids = [
            Command.create(
                {
                    'name': "Tiles",
                    'billing_base': 'quantity',
                    'original_quantity': 3,
                    'unit_price': 33.335,
                    'account_id': self.income_account.id,
                    'tax_ids': False,
                }
            )
        ]
        contract.action_open()
        line = contract.line_ids
        self.assertEqual(line.revised_amount, 100.01)
        self._change(contract, {'contract_line_id': line.id, 'quantity': 2})
        self.assertRecordValues(
            line, [{'revised_quantity': 5, 'revised_amount': 166.68, 'change_amount': 66.67, 'change_quantity': 2}]
        )
        self.assertEqual(contract.change_ids.amount, 66.67)
        self.billing.bill(contract, '60%')
        with self.assertRaisesRegex(UserError, "billed on it"):
            self._change(contract, {'contract_line_id': line.id, 'quantity': -3})
        self.billing.bill(contract, '40%')
        self.assertEqual((contract.wip_available, line.actual_quantity), (0, 5))

    def test_mixed_order_in_one_call(self):
        """Orders of several contracts in one call are approved together or not at all."""
        good, bad = self.make.contract([1000]), self.make.contract([1000])
        self.billing.bill(bad, '100%')
        orders = self._change(good, {'contract_line_id': good.line_ids.id, 'amount': 50}, approve=False) + self._change(
            bad, {'contract_line_id': bad.line_ids.id, 'amount': -50}, approve=False
        )
        with self.assertRaisesRegex(UserError, "billed on it"):
            orders.action_approve()
        self.assertEqual((orders.mapped('state'), good.revised_amount), (['draft', 'draft'], 1000))

    def test_order_needs(self):
        contract, other = self.make.contract([1000]), self.make.contract([5])
        for vals in ({'amount': 5}, {'contract_line_id': other.line_ids.id, 'amount': 5}):
            with (
                self.subTest(vals=vals),
                self.assertRaisesRegex(UserError, "is no schedule line of|A new line of change order"),
            ):
                self._change(contract, vals)
        section = self.env['progress.contract.line'].create(
            {'contract_id': contract.id, 'display_type': 'line_section', 'name': "Roof"}
        )
        with self.assertRaisesRegex(UserError, "is no schedule line of"):
            self._change(contract, {'contract_line_id': section.id, 'amount': 5})
        contract.action_cancel()
        with self.assertRaisesRegex(UserError, "Change order"):
            self._change(contract, {'contract_line_id': contract.line_ids[0].id, 'amount': 5})

    # === PROGRESS === #

    def test_pending_is_what_was_entered(self):
        """PRG-1: nothing moves pending but its entry, a change order on a line with a percentage, and billing."""
        contract = self.make.contract([50000])
        line = contract.line_ids
        self.billing.bill(contract, '20000')
        self.assertRecordValues(line, [{'pending_amount': 0, 'completed_percent': 0}])
        line.completed_percent = 60
        self.assertRecordValues(line, [{'pending_amount': 10000, 'completed_percent': 60}])
        self._change(contract, {'contract_line_id': line.id, 'amount': 10000})
        self.assertRecordValues(line, [{'pending_amount': 16000, 'completed_percent': 60}])
        self.assertEqual((contract.pending_amount, contract.completed_percent), (16000, 60))
        line.pending_amount = 4000
        self.assertRecordValues(line, [{'pending_amount': 4000, 'completed_percent': 40}])
        with self.assertRaisesRegex(UserError, "It must be between 0 and 100"):
            line.pending_amount = 40000.01

    def test_typed_pending_comes_back(self):
        """PRG-2: 123.45 typed on 1,234,567.89 comes back as 123.45."""
        line = self.make.contract([1234567.89]).line_ids
        line.pending_amount = 123.45
        line.completed_percent = line.completed_percent
        self.assertEqual(line.pending_amount, 123.45)

    def test_change_order_without_percentage(self):
        """PRG-1: a line whose percentage was never entered keeps its pending."""
        contract = self.make.contract([1000, 500])
        self._change(contract, {'contract_line_id': contract.line_ids[0].id, 'amount': 100})
        self.assertEqual(contract.line_ids.mapped('pending_amount'), [0, 0])

    # === OPENING AMOUNTS === #

    def _opening(self, contract, amount, **vals):
        return self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'date': '2025-12-31',
                'line_ids': [Command.create({'contract_line_id': contract.line_ids[0].id, 'amount': amount})],
                **vals,
            }
        )

    def test_opening_amounts_come_first(self):
        """DEP-16: opening amounts are refused once anything was billed, drafts included."""
        contract = self.make.contract([1000])
        planned = self.make.plan(contract, '10%')
        opening = self._opening(contract, 200)
        self.assertRecordValues(contract, [{'actual_amount': 200, 'wip_available': 800}])
        planned.action_create()
        for billed in ('draft', 'posted'):
            with self.subTest(billed=billed), self.assertRaisesRegex(UserError, "takes no opening amounts any more"):
                self._opening(contract, 100)
            if billed == 'draft':
                planned.invoice_id.action_post()
        self.billing.final(contract)
        for act in (
            opening.unlink,
            opening.action_cancel,
            lambda: opening.line_ids.write({'amount': 5}),
            opening.line_ids.unlink,
        ):
            with self.assertRaisesRegex(UserError, "comes before the final invoice"):
                act()
        self.assertEqual(contract.actual_amount, 1000)

    def test_opening_bounds(self):
        """BIL-6: not negative, not more than the line is worth, no invoice by the back door."""
        contract = self.make.contract([1000])
        for amount in (-1, 1000.01):
            with self.subTest(amount=amount), self.assertRaisesRegex(UserError, "would be billed of"):
                self._opening(contract, amount)
                self.env.flush_all()
        opening = self._opening(contract, 1000)
        for act in (opening.action_create, opening.action_release):
            act()
        self.assertFalse(opening.invoice_ids)
        with self.assertRaisesRegex(UserError, "is available"):
            self.billing.bill(contract, '0.01')
        opening.line_ids.amount = 600
        self.assertEqual(contract.wip_available, 400)
        opening.unlink()
        self.assertEqual((contract.actual_amount, contract.wip_available), (0, 1000))

    def _held(self, amount, **vals):
        """Posted journal items that stand for deposits taken before."""
        move = self.env['account.move'].create(
            {
                'move_type': 'entry',
                'date': '2025-12-31',
                'line_ids': [
                    Command.create(
                        {
                            'account_id': self.deposit_account.id,
                            'partner_id': self.customer.id,
                            'credit': amount,
                            **vals,
                        }
                    ),
                    Command.create({'account_id': self.company_data['default_account_assets'].id, 'debit': amount}),
                ],
            }
        )
        move.action_post()
        return move.line_ids.filtered(lambda line: line.account_id == self.deposit_account)

    def test_opening_deposits(self):
        """DEP-17: journal items chosen are open, posted, on a reconcilable liability, and chosen once."""
        contract, other = self.make.contract([1000]), self.make.contract([1000])
        held = self._held(300)
        chosen = {'opening_deposit_line_ids': [Command.set(held.ids)]}
        opening = self._opening(contract, 400, **chosen)
        self.assertEqual((opening.opening_deposit_amount, contract.deposit_balance), (300, 300))
        for amount, items in ((299.99, held), (400, self._held(100)[:0])):
            if items:
                with self.assertRaisesRegex(
                    UserError, "deposits held before are posted, unreconciled"
                ):  # more held than billed before
                    self._opening(other, amount, **chosen)
        with self.assertRaisesRegex(UserError, "deposits held before are posted, unreconciled"):  # the same item twice
            self._opening(other, 400, **chosen)
            self.env.flush_all()
        draft = (
            self.env['account.move']
            .create(
                {
                    'move_type': 'entry',
                    'date': '2025-12-31',
                    'line_ids': [
                        Command.create({'account_id': self.deposit_account.id, 'credit': 5}),
                        Command.create({'account_id': self.company_data['default_account_assets'].id, 'debit': 5}),
                    ],
                }
            )
            .line_ids[0]
        )
        debit = held.move_id.line_ids - held
        own = self.billing.bill(self.make.contract([500]), '100').invoice_id.line_ids.filtered(
            lambda line: line.account_id == self.deposit_account
        )
        for items in (draft, debit, own):
            with (
                self.subTest(items=items),
                self.assertRaisesRegex(UserError, "deposits held before are posted, unreconciled"),
            ):
                self._opening(other, 400, opening_deposit_line_ids=[Command.set(items.ids)])
                self.env.flush_all()

    def test_opening_deposit_of_another_customer(self):
        """The deposits of a contract are its customer's: reversing another one's would leave both balances wrong."""
        contract = self.make.contract([1000])
        held = self._held(300, partner_id=self.partner_a.id)
        with self.assertRaisesRegex(UserError, "deposits held before are posted, unreconciled"):
            self._opening(contract, 400, opening_deposit_line_ids=[Command.set(held.ids)])
            self.env.flush_all()

    def test_opening_deposit_entry_reset(self):
        """A journal item that stands for a deposit cannot be pulled from under the contract unnoticed."""
        contract = self.make.contract([1000])
        held = self._held(300)
        opening = self._opening(contract, 400, opening_deposit_line_ids=[Command.set(held.ids)])
        with suppress(UserError), self.env.cr.savepoint():
            held.move_id.button_draft()
            held.move_id.unlink()
        self.env.invalidate_all()
        posted = -sum(
            opening.opening_deposit_line_ids.filtered(lambda line: line.parent_state == 'posted').mapped('balance')
        )
        self.assertEqual((opening.opening_deposit_amount, contract.deposit_balance), (posted, posted))

    def test_opening_in_as_billed(self):
        """Taken over in mid-job as billed: the final bills the rest, what was income before is not booked again."""
        contract = self.make.contract([1000], self.tax_15, revenue_recognition='as_billed')
        self._opening(contract, 400)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (600, 90))
        self.assertEqual(self.books.of(final)[self.income_account][0], -600)
        self.assertEqual((contract.state, contract.deposit_balance), ('closed', 0))
