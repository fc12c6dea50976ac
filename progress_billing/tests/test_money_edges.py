from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import SQL

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestMoneyEdges(ProgressBillingCommon):
    """Figures where the simple case and the general one part: later bills, parts credited, entries changed in part."""

    # === FIGURES OF LINES === #

    def test_quantity_typed_on_a_later_bill(self):
        """What the bills before took comes off the price of all units, so that no cent is lost (BIL-10)."""
        contract = self.make.by_quantity(3, 33.335, use_pro_forma=True)
        first = self.billing.run(contract, pending_quantity=1)
        second = self.billing.run(contract, pending_quantity=1)
        self.assertEqual((first.line_ids.amount, second.line_ids.amount), (33.34, 33.33))
        second.line_ids.quantity = 2
        self.assertEqual(second.line_ids.amount, 66.67)
        self.assertRecordValues(contract.line_ids, [{'draft_quantity': 3, 'draft_amount': 100.01}])
        self.assertEqual(contract.wip_available, 0)

    def test_completed_after_a_credit_in_part(self):
        """What was credited is not complete any more, on the bill's own line and on those of later ones."""
        contract = self.make.as_billed([1000])
        bill = self.billing.bill(contract, '400')
        self.billing.credit(bill.invoice_id, 100)
        self.assertEqual(bill.line_ids.total_completed_percent, 30)
        later = self.billing.bill(contract, '200', '2026-02-28', post=False)
        self.assertEqual(later.line_ids.total_completed_percent, 50)

    def test_opening_amounts_cancelled(self):
        """Opening amounts count from the start, until their bill is cancelled (BIL-2)."""
        for recognition in ('as_billed', 'deposit'):
            with self.subTest(recognition):
                contract = self.make.contract([1000], revenue_recognition=recognition)
                line = Command.create({'contract_line_id': contract.line_ids.id, 'amount': 300})
                opening = self.env['progress.bill'].create(
                    {'contract_id': contract.id, 'kind': 'opening', 'date': '2026-01-01', 'line_ids': [line]}
                )
                self.assertEqual((opening.state, opening.bucket, contract.actual_amount), ('invoiced', 'actual', 300))
                opening.action_cancel()
                self.assertEqual((opening.state, opening.bucket), ('cancelled', False))
                self.assertEqual((contract.actual_amount, contract.wip_available), (0, 1000))
                self.assertLedger(self.billing.final(contract), receivable=1000, income=-1000)

    def test_stored_typed_on_the_bill(self):
        """Materials stored are what is there now: a bill claims them less what the bill before did (RET-16)."""
        contract = self.make.pro_forma([10000])
        contract.line_ids.stored_amount = 1000
        first = self.billing.run(contract, pending_amount=3000)
        self.assertEqual((first.line_ids.amount, first.invoiced_amount), (2000, 3000))
        first.line_ids.stored_amount = 500
        self.assertEqual(first.invoiced_amount, 2500)
        second = self.billing.run(contract, pending_amount=1000)
        claim = second.line_ids
        self.assertEqual((claim.amount, claim.stored_amount, claim.previous_stored_amount), (500, 1000, 500))
        claim.stored_amount = 200
        self.assertEqual((second.invoiced_amount, contract.draft_amount), (200, 2700))

    def test_quarters_that_do_not_divide(self):
        """Planned percentages take what they add to those before, in the plan and as they are billed (PLN-2)."""
        contract = self.make.as_billed([10.02])
        days = ('2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30')
        first, second, third, last = (self.make.plan(contract, '25%', day) for day in days)
        self.assertEqual((first | second | third | last).mapped('planned_amount'), [2.51, 2.5, 2.51, 2.5])
        third.action_create()  # out of turn: it is the first that is billed
        self.assertEqual(third.invoiced_amount, 2.51)
        for bill, amount in ((last, 2.5), (first, 2.51), (second, 2.5)):
            bill.action_create()
            self.assertEqual(bill.invoiced_amount, amount)
        self.assertEqual(contract.wip_available, 0)

    def test_units_without_a_price_are_billed(self):
        """A run takes a line for its units too, however it is asked (PRG-7)."""
        contract = self.make.as_billed([1000])
        free = self.env['progress.contract.line'].create(
            {
                'contract_id': contract.id,
                'name': "Samples",
                'billing_base': 'quantity',
                'original_quantity': 10,
                'account_id': self.income_account.id,
                'tax_ids': False,
            }
        )
        self.assertFalse(free._is_on_run() or contract.line_ids._filter_on_run())
        free.pending_quantity = 2
        self.assertEqual((free.pending_amount, free._is_on_run(), contract.line_ids._filter_on_run()), (0, True, free))
        bill = self.billing.run(contract)
        self.assertRecordValues(bill.line_ids, [{'contract_line_id': free.id, 'quantity': 2, 'amount': 0}])

    def test_next_date_follows_the_last(self):
        """A run that is late does not move the dates after it; without a date they follow the run (PRG-10)."""
        contract = self.make.as_billed([1000], period_policy='month')
        for before, done, after in (
            ('2026-01-31', '2026-02-10', '2026-02-28'),
            ('2026-02-28', '2026-02-28', '2026-03-31'),
            ('2026-04-30', '2026-03-10', '2026-04-30'),
            (False, '2026-02-10', '2026-03-10'),
        ):
            with self.subTest(before=before, done=done):
                contract.next_billing_date = before
                contract._advance_billing_date(fields.Date.to_date(done))
                self.assertEqual(contract.next_billing_date, fields.Date.to_date(after))

    def test_down_payment_for_what_is_left(self):
        """A down payment has the taxes of what is still to be billed (DEP-20)."""
        contract = self.make.as_billed([600, 400], self.tax_15)
        contract.line_ids[1].tax_ids = False
        self.billing.draw(contract, 100)
        contract.action_create_down_payment(100)
        paid = contract.bill_ids.filtered(lambda bill: bill.kind == 'down_payment')
        self.assertRecordValues(paid.sourced_line_ids, [{'amount': 100, 'tax_ids': []}])
        self.assertEqual(paid.invoice_id.amount_total, 100)

    def test_credit_of_a_change_order_takes_the_excess(self):
        """Of the lines that an order lowers, those that are billed above their new worth are credited (CON-11)."""
        contract = self.make.as_billed([1000, 1000])
        self.billing.draw(contract, 100, 50)
        high, low = contract.line_ids
        lowered = ({'contract_line_id': high.id, 'amount': -200}, {'contract_line_id': low.id, 'amount': -100})
        change = self.make.change(contract, *lowered, credit=True)
        credit = contract.bill_ids.filtered(lambda bill: bill.change_id == change)
        self.assertRecordValues(credit.line_ids, [{'contract_line_id': high.id, 'amount': -200}])
        self.assertEqual((credit.invoice_id.amount_total, contract.wip_available), (200, 400))

    # === THE ENTRY === #

    def _change(self, items, **columns):
        """Change items of a draft past all that guards them."""
        self.env.flush_all()
        for name, value in columns.items():
            self.env.execute_query(
                SQL(
                    "UPDATE account_move_line SET %(name)s = %(name)s + %(value)s WHERE id = ANY(%(ids)s) RETURNING id",
                    name=SQL.identifier(name),
                    value=value,
                    ids=items.ids,
                )
            )
        items.invalidate_recordset()

    def test_every_part_of_the_entry_holds(self):
        """What is shown, what the bill says, what its taxes come to: each alone keeps a draft from posting (BIL-13)."""
        for what in ('shown', 'billed', 'taxes'):
            with self.subTest(what):
                bill = self.billing.bill(self.make.as_billed([1000], self.tax_15), '400', post=False)
                move = bill.invoice_id
                own, tax = move.invoice_line_ids, move.line_ids.filtered('tax_line_id')
                partner = move.line_ids.filtered(lambda item: item.account_id == self.receivable_account)
                if what == 'shown':
                    self._change(own, price_subtotal=1)
                elif what == 'billed':
                    self._change(own, price_subtotal=1, price_total=1, amount_currency=-1, balance=-1, credit=1)
                    self._change(partner, amount_currency=1, balance=1, debit=1)
                else:
                    self._change(tax, amount_currency=-1, balance=-1, credit=1)
                    self._change(partner, amount_currency=1, balance=1, debit=1)
                self.assertRefused(move.action_post, "are not those of its progress bill", bill.display_name)
                self.assertEqual(move.state, 'draft')

    def test_credit_under_a_section(self):
        """A credit note shows sections as they are, and what it gives back as positive (BIL-24)."""
        contract = self.make.as_billed([], do_open=False)
        values = {'account_id': self.income_account.id, 'tax_ids': False}
        contract.line_ids = [
            Command.create({'name': "Roof", 'display_type': 'line_section', 'sequence': 1}),
            Command.create({'name': "Tiles", 'original_amount': 1000, 'sequence': 2, **values}),
        ]
        contract.action_open()
        self.billing.bill(contract, '100%')
        line = contract._get_billable_lines()
        self.make.change(contract, {'contract_line_id': line.id, 'amount': -200}, credit=True)
        credit = contract.invoice_ids.filtered(lambda move: move.move_type == 'out_refund')
        self.assertEqual(
            [(line.display_type, line.name, line.quantity, line.price_unit) for line in credit.invoice_line_ids],
            [('line_section', "Roof", 0, 0), ('product', "Tiles", 1, 200)],
        )
        self.assertEqual((credit.amount_total, contract.wip_available), (200, 0))

    # === THE FINAL INVOICE === #

    def test_credit_of_a_final_invoice_leaves(self):
        """What was billed since keeps the credit note posted, as long as it stands (DEP-11)."""
        contract = self.make.contract([1000])
        credit = self.billing.credit(self.billing.final(contract))
        later = self.billing.bill(contract, '400', '2026-02-28', post=False)
        self.assertRefused(credit.button_draft, "were billed since", later.display_name)
        later.invoice_id.unlink()
        credit.button_draft()
        self.assertEqual((credit.state, contract.actual_amount), ('draft', 1000))

    def test_credit_of_a_final_invoice_reversed(self):
        """The credit note reversed again, the final invoice stands (BIL-14)."""
        contract = self.make.as_billed([1000])
        final = self.billing.final(contract)
        credit = self.billing.credit(final)
        self.assertEqual((contract.state, contract.actual_amount), ('open', 0))
        self.billing.credit(credit)
        line = contract.final_bill_id.line_ids
        self.assertEqual((line.credited_amount, contract.actual_amount, contract.state), (0, 1000, 'closed'))

    def test_final_credited_without_all_of_its_tax(self):
        """In full means tax too (DEP-11)."""
        final = self.billing.final(self.make.as_billed([1000], self.tax_15))
        credit = final._reverse_moves()
        tax = credit.line_ids.filtered('tax_line_id')
        partner = credit.line_ids.filtered(lambda item: item.account_id == self.receivable_account)
        credit.line_ids = [
            Command.update(item.id, {'amount_currency': item.amount_currency + change})
            for item, change in ((tax, -1), (partner, 1))
        ]
        self.assertEqual((credit.amount_untaxed, credit.amount_total), (1000, 1149))
        self.assertRefused(credit.action_post, "must credit the invoice", final.display_name)

    def test_final_credited_otherwise(self):
        """In full means item by item: neither another line nor one by hand makes up for what is missing (DEP-11)."""
        for how in ('other line', 'by hand'):
            with self.subTest(how):
                final = self.billing.final(self.make.as_billed([600, 400], self.tax_15))
                credit = final._reverse_moves()
                first, second = credit.invoice_line_ids
                first.price_unit = 500
                if how == 'other line':
                    second.price_unit = 500
                else:
                    by_hand = {'name': "Fee", 'price_unit': 100, 'tax_ids': [Command.set(self.tax_15.ids)]}
                    credit.invoice_line_ids = [Command.create(by_hand)]
                self.assertEqual((credit.amount_untaxed, credit.amount_total), (1000, 1150))
                self.assertRefused(credit.action_post, "must credit the invoice", final.display_name)

    def test_final_credited_with_other_taxes(self):
        """In full means each tax: one does not make up for another (DEP-11)."""
        final = self.billing.final(self.make.as_billed([1000], self.tax_15 + self.make.tax("7 %", 7)))
        credit = final._reverse_moves()
        credit.line_ids = [
            Command.update(item.id, {'amount_currency': item.amount_currency + change})
            for item, change in zip(credit.line_ids.filtered('tax_line_id'), (-1, 1), strict=True)
        ]
        self.assertEqual((credit.amount_untaxed, credit.amount_total), (1000, 1220))
        self.assertRefused(credit.action_post, "must credit the invoice", final.display_name)
