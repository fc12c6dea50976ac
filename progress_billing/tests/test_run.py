from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestFormulas(ProgressBillingCommon):
    """Completed (%) and pending drive each other (PRG-1, PRG-2, PRG-3)."""

    def test_amount_line(self):
        """PRG-2: pending = revised × % − draft − actual; quantities are 0 on amount lines."""
        contract = self.make.as_billed([50000])
        line = contract.line_ids
        line.completed_percent = 30
        self.assertBuckets(line, 15000, 0, 0)
        self.billing.run(contract)
        self.assertBuckets(line, 0, 15000, 0, 30)
        line.completed_percent = 50
        self.assertBuckets(line, 10000, 15000, 0)
        contract.invoice_ids.action_post()
        self.assertBuckets(line, 10000, 0, 15000)
        line.pending_amount = 5000
        self.assertBuckets(line, 5000, 0, 15000, 40)
        line.completed_percent = 20
        self.assertBuckets(line, -5000, 0, 15000)
        self.assertEqual((line.pending_quantity, line.draft_quantity, line.actual_quantity), (0, 0, 0))

    def test_quantity_line(self):
        """PRG-3: quantity drives amount and %; the amount itself is refused (PRG-3)."""
        contract = self.make.by_quantity(200, 12.5)
        line = contract.line_ids
        line.pending_quantity = 50
        self.assertBuckets(line, 625, 0, 0, 25)
        line.completed_percent = 30
        self.assertEqual((line.pending_quantity, line.pending_amount), (60, 750))
        with self.assertRaisesRegex(UserError, "is billed by quantity"):
            line.pending_amount = 100
        self.billing.run(contract)
        self.assertEqual((line.pending_quantity, line.draft_quantity, line.draft_amount), (0, 60, 750))
        self.assertRecordValues(
            contract.invoice_ids.invoice_line_ids, [{'quantity': 60, 'price_unit': 12.5, 'price_subtotal': 750}]
        )
        line.pending_quantity = -10
        self.assertBuckets(line, -125, 750, 0, 25)

    def test_percent_is_kept_unrounded(self):
        """PRG-2: a typed pending of 123.45 on 1,234,567.89 comes back as 123.45, by form and by RPC."""
        for amount, pending in ((1234567.89, 123.45), (1e9, 0.01), (98765432109.87, 123.45)):
            with self.subTest(amount=amount):
                contract = self.make.as_billed([amount])
                contract.line_ids.write({'pending_amount': pending})
                self.assertBuckets(contract.line_ids, pending, 0, 0)
                contract.line_ids.pending_amount = 0
                with Form(contract) as form, form.line_ids.edit(0) as line:
                    line.pending_amount = pending
                self.assertBuckets(contract.line_ids, pending, 0, 0)
                contract.action_recalculate_pending()
                self.assertBuckets(contract.line_ids, pending, 0, 0)

    def test_form_drives_both_ways(self):
        """PRG-2: at the moment of entry, before saving."""
        contract = self.make.as_billed([1000, 500])
        with Form(contract) as form:
            with form.line_ids.edit(0) as line:
                line.completed_percent = 25
                self.assertEqual(line.pending_amount, 250)
                line.pending_amount = 333.33
                self.assertAlmostEqual(line.completed_percent, 33.333, 6)
            with form.line_ids.edit(1) as line:
                line.completed_percent = 10
        self.assertEqual(contract.line_ids.mapped('pending_amount'), [333.33, 50])
        self.assertEqual(contract.pending_amount, 383.33)

    def test_pending_is_what_was_asked(self):
        """PRG-1: a planned record without progress leaves pending 0, not −20,000; 60 % of 50,000 then makes 10,000."""
        contract = self.make.contract([50000])
        self.billing.bill(contract, '20000')
        self.assertBuckets(contract.line_ids, 0, 0, 20000)
        contract.line_ids.completed_percent = 60
        self.assertBuckets(contract.line_ids, 10000, 0, 20000)
        self.billing.bill(contract, '5000')
        self.assertBuckets(contract.line_ids, 0, 0, 25000, 60)
        contract.action_recalculate_pending()
        self.assertBuckets(contract.line_ids, 5000, 0, 25000, 60)

    def test_change_order_moves_pending(self):
        """PRG-1: a change order recalculates lines whose % was entered, and no others."""
        contract = self.make.as_billed([1000, 1000])
        entered, untouched = contract.line_ids
        entered.completed_percent = 50
        self._change(contract, entered, 200)
        self._change(contract, untouched, 200)
        self.assertBuckets(entered, 600, 0, 0, 50)
        self.assertBuckets(untouched, 0, 0, 0, 0)

    def test_change_order_after_billing_with_nothing_entered(self):
        """PRG-1: a line whose % was never entered keeps pending 0 though it was billed."""
        contract = self.make.as_billed([1000])
        self.billing.bill(contract, '300')
        self._change(contract, contract.line_ids, 100)
        self.assertBuckets(contract.line_ids, 0, 0, 300)

    def _change(self, contract, line, amount):
        change = self.env['progress.contract.change'].create(
            {
                'contract_id': contract.id,
                'line_ids': [Command.create({'contract_line_id': line.id, 'amount': amount})],
            }
        )
        change.action_approve()
        return change

    def test_thirds_and_decimals(self):
        """BIL-9: 100 % after any sequence leaves exactly the revised amount, in any currency."""
        yen, dinar = (
            self.env['res.currency'].with_context(active_test=False).search([('name', '=', name)])
            for name in ('JPY', 'KWD')
        )
        for currency in (yen, dinar):
            currency.active = True
            self.env['res.currency.rate'].create(
                {'name': '2020-01-01', 'rate': 2, 'currency_id': currency.id, 'company_id': self.company.id}
            )
        dinar.rounding = 0.001
        for currency, amount, steps, expected in (
            (self.env.company.currency_id, 100, (100 / 3, 200 / 3, 100), (33.33, 33.34, 33.33)),
            (self.env.company.currency_id, 0.01, (50, 99, 100), (0.01, 0, 0)),
            (self.env.company.currency_id, 1234.57, (12.345, 45.678, 100), (152.41, 411.52, 670.64)),
            (yen, 1001, (50, 75, 100), (501, 250, 250)),
            (dinar, 100, (100 / 3, 200 / 3, 100), (33.333, 33.334, 33.333)),
        ):
            with self.subTest(currency=currency.name, amount=amount):
                contract = self.make.as_billed([amount], currency_id=currency.id)
                taken = []
                for step in steps:
                    contract.line_ids.completed_percent = step
                    taken.append(contract.line_ids.pending_amount)
                    if taken[-1]:
                        self.billing.run(contract)
                        contract.invoice_ids.filtered(lambda move: move.state == 'draft').action_post()
                self.assertEqual([round(amount, 3) for amount in taken], list(expected))
                self.assertBuckets(contract.line_ids, 0, 0, amount, 100)
                self.assertEqual(sum(contract.invoice_ids.mapped('amount_untaxed')), amount)

    def test_typed_amount_is_taken_as_is(self):
        """BIL-9: 100.00 in thirds, second typed 30.00: 33.33, 30.00, 36.67."""
        contract = self.make.as_billed([100])
        line = contract.line_ids
        self.billing.run(contract, 100 / 3)
        line.pending_amount = 30
        self.billing.run(contract)
        self.billing.run(contract, 100)
        self.assertEqual(contract.bill_ids.sorted('id').mapped('amount'), [33.33, 30, 36.67])

    def test_units_are_cumulative(self):
        """BIL-10: 3 × 33.335 (revised 100.01): 33.34, 33.33, 33.34, on move lines of 1 unit each."""
        contract = self.make.by_quantity(3, 33.335)
        line = contract.line_ids
        self.assertEqual(line.revised_amount, 100.01)
        for amount in (33.34, 33.33, 33.34):
            bill = self.billing.run(contract, pending_quantity=1)
            self.assertEqual(bill.amount, amount)
            self.assertRecordValues(
                bill.invoice_id.invoice_line_ids, [{'quantity': 1, 'price_unit': amount, 'price_subtotal': amount}]
            )
            bill.invoice_id.action_post()
        self.assertEqual((line.actual_quantity, line.actual_amount), (3, 100.01))

    def test_cumulative_tax(self):
        """TAX-1: 10.03 three times at 15 %: 1.50, 1.51, 1.50 rounded per line; also with an included tax."""
        self.company.tax_calculation_rounding_method = 'round_per_line'
        contract = self.make.as_billed([30.09], self.tax_15)
        for tax in (1.5, 1.51, 1.5):
            bill = self.billing.run(contract, pending_amount=10.03)
            self.assertEqual((bill.invoice_id.amount_untaxed, bill.invoice_id.amount_tax), (10.03, tax))
            bill.invoice_id.action_post()

    def test_two_taxes_and_price_included(self):
        """TAX-3: a price-included tax, alone and beside another: net is the bill's amount; taxes add up."""
        included = self.make.tax("Included", 21, price_include_override='tax_included')
        for taxes in (included, self.tax_15 + self.make.tax("7 %", 7), included + self.tax_15):
            with self.subTest(taxes=taxes.mapped('name')):
                contract = self.make.as_billed([100], taxes)
                whole = self.make.as_billed([100], taxes)
                total = self.billing.run(whole, 100).invoice_id
                for percent in (100 / 3, 200 / 3, 100):
                    self.billing.run(contract, percent).invoice_id.action_post()
                moves = contract.invoice_ids
                self.assertEqual(sorted(moves.mapped('amount_untaxed')), [33.33, 33.33, 33.34])
                self.assertAlmostEqual(sum(moves.mapped('amount_tax')), total.amount_tax, 2)
                self.assertEqual(total.amount_untaxed, 100)

    def test_bad_entries(self):
        """Not between 0 and 100, NaN, no number, too large; more than is left; nothing written."""
        contract = self.make.as_billed([1000])
        line = contract.line_ids
        line.completed_percent = 10
        for vals, sentence in (
            ({'completed_percent': -1}, "It must be between 0 and 100"),
            ({'completed_percent': 101}, "It must be between 0 and 100"),
            ({'completed_percent': 'abc'}, "is not a number"),
            ({'completed_percent': float('nan')}, "is not a number"),
            ({'completed_percent': 'NaN'}, "is not a number"),
            ({'completed_percent': float('inf')}, "is too large"),
            ({'completed_percent': '1e999'}, "is not a number"),
            ({'pending_amount': float('nan')}, "is not a number"),
            ({'pending_amount': 'abc'}, "is not a number"),
            ({'pending_amount': 1000.01}, "It must be between 0 and 100"),
            ({'pending_amount': -0.01}, "It must be between 0 and 100"),
            ({'pending_quantity': float('nan')}, "is not a number"),
            ({'draft_amount': 1}, "Draft of .* cannot be set"),
            ({'actual_amount': 1}, "Invoiced of .* cannot be set"),
        ):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, sentence):
                line.with_user(self.billing_user).write(vals)
            self.env.invalidate_all()
            self.assertBuckets(line, 100, 0, 0, 10)

    def test_warn_policy(self):
        """BIL-8: where the company warns only, more than 100 % is legal."""
        self.company.progress_overbilling_policy = 'warn'
        contract = self.make.as_billed([1000])
        self.billing.run(contract, 120)
        self.assertBuckets(contract.line_ids, 0, 1200, 0, 120)
        self.assertEqual(contract.wip_available, -200)

    def test_line_worth_nothing(self):
        """What is pending on a line worth 0 cannot be billed, and says so."""
        contract = self.make.as_billed([1000, 0])
        with self.assertRaisesRegex(UserError, "would be billed of"):
            contract.line_ids[1].pending_amount = 10
            contract.action_run_billing()

    def test_deduction_line(self):
        """BIL-6: lines +100,000 and −5,000: 100,000 alone refused, both together fine."""
        contract = self.make.as_billed([100000, -5000])
        work, deduction = contract.line_ids
        work.completed_percent = 100
        with self.assertRaisesRegex(UserError, "Line 2"), self.env.cr.savepoint():
            contract.action_run_billing()
        deduction.completed_percent = 100
        self.assertBuckets(deduction, -5000, 0, 0)
        bill = self.billing.run(contract)
        self.assertEqual(
            (bill.amount, bill.invoice_id.amount_untaxed, bill.invoice_id.move_type), (95000, 95000, 'out_invoice')
        )


@tagged('post_install', '-at_install')
class TestRun(ProgressBillingCommon):
    """Run Project Billing and its grouping (PRG-5, PRG-7, PRG-8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rules = cls.env['progress.billing.rule'].create(
            [
                {'name': "Works", 'invoice_group': 'A'},
                {'name': "More works", 'invoice_group': 'A'},
                {'name': "Extras", 'invoice_group': 'B'},
            ]
        )

    def _tasks(self, *vals_list, project=None):
        project = project or self.project
        return self.env['project.task'].create(
            [{'name': f"Task {number}", 'project_id': project.id, **vals} for number, vals in enumerate(vals_list, 1)]
        )

    def _contract_of(self, tasks, amount=1000, **vals):
        contract = self.make.as_billed([amount] * len(tasks), do_open=False, **vals)
        for line, task in zip(contract.line_ids, tasks, strict=True):
            line.task_id = task
        contract.action_open()
        contract.line_ids.write({'completed_percent': 50})
        return contract

    def _groups(self, bills):
        """Item numbers of each bill."""
        return sorted(''.join(sorted(bill.line_ids.mapped('item_number'))) for bill in bills)

    def test_run_makes_one_invoice(self):
        """Unit price, amounts, taxes and accounts on the invoice; draft up, pending 0, % stays."""
        contract = self.make.as_billed([1000, 500, 300], self.tax_15)
        first, second, third = contract.line_ids
        first.completed_percent, second.completed_percent = 50, 100
        action = contract.action_run_billing()
        move = contract.invoice_ids
        self.assertEqual((action['res_model'], action['res_id']), ('account.move', move.id))
        self.assertEqual((move.state, move.progress_invoice_type), ('draft', 'progress'))
        self.assertEqual(move.invoice_line_ids.mapped('price_subtotal'), [500, 500])
        move.action_post()
        ledger = self.books.of(move)
        self.assertEqual(ledger[self.income_account], (-1000, -1000))
        self.assertEqual(ledger[self.receivable_account], (1150, 1150))
        self.assertBuckets(first, 0, 0, 500, 50)
        self.assertBuckets(third, 0, 0, 0, 0)
        self.assertEqual(move.invoice_line_ids.progress_bill_line_id, contract.bill_ids.line_ids)
        with self.assertRaisesRegex(UserError, contract.name):
            contract.action_run_billing()

    def test_run_in_deposit_mode(self):
        """A run of a deposit contract books deposits, by tax set, and the final is exact."""
        contract = self.make.contract([1000, 500], self.tax_15)
        contract.line_ids[1].tax_ids = False
        self.billing.run(contract, 50).invoice_id.action_post()
        ledger = self.books.of(contract.invoice_ids)
        self.assertEqual(ledger[self.deposit_account][0], -750)
        self.assertEqual(ledger[self.receivable_account][0], 825)
        self.assertEqual(len(contract.invoice_ids.invoice_line_ids), 2)
        self.assertFalse(contract.invoice_ids.invoice_line_ids.filtered('analytic_distribution'))
        self.billing.run(contract, 40).invoice_id.action_post()
        self.assertEqual(contract.invoice_ids[-1:].move_type, 'out_refund')
        self.assertDeposits(contract, 600)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (900, 90))
        self.assertDeposits(contract, 0)

    def test_group_by_invoice_group(self):
        """PRG-5: rules of one invoice group share an invoice, each other group has its own."""
        tasks = self._tasks(*({'billing_rule_id': rule.id} for rule in self.rules), {})
        contract = self._contract_of(tasks)
        self.assertEqual(contract.line_ids.billing_rule_id[:3], self.rules)
        contract.action_run_billing()
        self.assertEqual(self._groups(contract.bill_ids), ['12', '3', '4'])
        self.assertEqual(len(contract.invoice_ids), 3)
        self.assertEqual(contract.draft_amount, 2000)

    def test_rule_of_task_contract_and_line(self):
        """PRG-6: the line's own, the task's, the contract's, the shipped one, in that order; archived ones too."""
        default = self.env.ref('progress_billing.progress_billing_rule_default')
        contract = self._contract_of(self._tasks({}))
        line = contract.line_ids
        contract.billing_rule_id = False
        self.assertEqual(line.billing_rule_id, default)
        contract.billing_rule_id = self.rules[0]
        self.assertEqual(line.billing_rule_id, self.rules[0])
        line.task_id.billing_rule_id = self.rules[1]
        self.assertEqual(line.billing_rule_id, self.rules[1])
        line.billing_rule_id = self.rules[2]
        self.assertEqual(line.billing_rule_id, self.rules[2])
        line.billing_rule_id = False
        self.assertEqual(line.billing_rule_id, self.rules[1])
        self.rules.active = False
        contract.action_run_billing()
        self.assertEqual(contract.draft_amount, 500)

    def test_group_by_customer_and_location(self):
        """PRG-5: customer and customer location of the task split the run; the invoices say so."""
        other = self.env['res.partner'].create({'name': "Other"})
        site = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id, 'type': 'delivery'})
        contract = self._contract_of(self._tasks({}, {'partner_id': other.id}, {'partner_shipping_id': site.id}, {}))
        contract.action_run_billing()
        self.assertEqual(self._groups(contract.bill_ids), ['14', '2', '3'])
        by_group = {self._groups(bill)[0]: bill.invoice_id for bill in contract.bill_ids}
        self.assertEqual([by_group[key].partner_id for key in ('14', '2', '3')], [self.customer, other, self.customer])
        self.assertEqual(by_group['3'].partner_shipping_id, site)

    def test_bill_separately(self):
        """PRG-5: each task with Bill Separately has an invoice of its own, its lines together."""
        first, second, third = self._tasks({'bill_separately': True}, {'bill_separately': True}, {})
        contract = self._contract_of((first, first, second, third, third))
        contract.action_run_billing()
        self.assertEqual(self._groups(contract.bill_ids), ['12', '3', '45'])

    def test_negative_group_is_a_credit_note(self):
        """BIL-24: a group that comes to less than nothing becomes a credit note; posted, it lowers actual."""
        contract = self.make.as_billed([1000, 500], self.tax_15)
        first, second = contract.line_ids
        self.billing.run(contract, 60).invoice_id.action_post()
        first.pending_amount, second.pending_amount = -400, 100
        bill = self.billing.run(contract)
        move = bill.invoice_id
        self.assertEqual((move.move_type, move.amount_untaxed, move.amount_tax), ('out_refund', 300, 45))
        self.assertBuckets(first, 0, -400, 600)
        move.action_post()
        self.assertBuckets(first, 0, 0, 200)
        self.assertBuckets(second, 0, 0, 400)
        self.assertEqual(self.books.of(move)[self.income_account], (300, 300))
        self.billing.run(contract, 100).invoice_id.action_post()
        self.assertEqual(contract.actual_amount, 1500)
        self.assertEqual(self.books.balance(self.income_account), -1500)

    def test_bounds_of_a_credit(self):
        """BIL-6: revised 1,000, billed 600: −700 refused, −600 fine."""
        contract = self.make.as_billed([1000])
        line = contract.line_ids
        self.billing.run(contract, 60).invoice_id.action_post()
        with self.assertRaisesRegex(UserError, "It must be between 0 and 100"), self.env.cr.savepoint():
            line.pending_amount = -700
            contract.action_run_billing()
        line.pending_amount = -600
        self.billing.run(contract).invoice_id.action_post()
        self.assertBuckets(line, 0, 0, 0, 0)

    def test_undone_below_nothing(self):
        """BIL-6: 600 asked for, 500 given back: the 600 stay while the 500 do, drafts and posted ones alike."""
        contract = self.make.as_billed([1000])
        line = contract.line_ids
        asked, given = self.billing.run(contract, 60), self.billing.run(contract, 10)
        (asked | given).invoice_id.action_post()
        asked.invoice_id.button_draft()
        message = self.assertRefused(asked.invoice_id.unlink, line.display_name, "-500", "Undo first")
        self.assertIn(contract._show_amount(-500), message)
        self.assertRefused(asked.action_undo, line.display_name, "Undo first")
        self.assertBuckets(line, 0, 600, -500, 10)
        given.invoice_id.button_draft()
        given.invoice_id.unlink()
        asked.invoice_id.unlink()
        self.assertEqual((line.draft_amount, line.actual_amount), (0, 0))

    def test_pro_forma_undone_below_nothing(self):
        """BIL-6: nor is a pro forma cancelled, deleted, or rid of its line; both together are."""
        contract = self.make.pro_forma([1000, 100])
        asked = self.billing.draw(contract, 60, 10)
        given = self.billing.draw(contract, 10, 20)
        scheduled = contract.line_ids[0]
        claim = asked.line_ids.filtered(lambda line: line.contract_line_id == scheduled)
        for act in (asked.action_cancel, asked.unlink, claim.unlink):
            self.assertRefused(act, scheduled.display_name, "Undo first")
        asked.line_ids[1:].unlink()
        (asked | given).action_cancel()
        self.assertEqual((contract.draft_amount, set((asked | given).mapped('state'))), (0, {'cancelled'}))

    def test_deduction_undone(self):
        """BIL-6: bills of a deduction, and of what it is taken from, are undone in either order."""
        for first, second in ((0, 1), (1, 0)):
            contract = self.make.pro_forma([1000, -50])
            contract.line_ids[1].partner_shipping_id = self.customer.copy()
            bills = self.billing.draw(contract, 100, 100)
            bills[first].action_cancel()
            bills[second].action_cancel()
            self.assertEqual(contract.draft_amount, 0)

    def test_draft_credit_makes_no_room(self):
        """BIL-7: actual 1,000, draft −300: +300 waits until the credit is posted; then the credit stays."""
        contract = self.make.as_billed([1000])
        line = contract.line_ids
        self.billing.run(contract, 100).invoice_id.action_post()
        credit = self.billing.run(contract, 70).invoice_id
        line.completed_percent = 100
        with self.assertRaisesRegex(UserError, "The draft credit of"), self.env.cr.savepoint():
            contract.action_run_billing()
        credit.action_post()
        self.billing.run(contract).invoice_id.action_post()
        self.assertBuckets(line, 0, 0, 1000, 100)
        for act in (credit.button_draft, credit.button_cancel):
            with self.assertRaisesRegex(UserError, "The draft credit of"), self.env.cr.savepoint():
                act()

    def test_zero_lines(self):
        """PRG-7: all lines under such a rule, finished ones too; a contract of zeros gets its zero bill."""
        self.rules[0].create_zero_lines = True
        for vals in ({}, {'revenue_recognition': 'deposit'}):
            with self.subTest(vals):
                contract = self.make.as_billed([1000, 500, 200], self.tax_15, billing_rule_id=self.rules[0].id, **vals)
                contract.line_ids[0].completed_percent = 100
                bill = self.billing.run(contract)
                self.assertEqual(bill.line_ids.mapped('amount'), [1000, 0, 0])
                if not vals:
                    self.assertEqual(bill.invoice_id.invoice_line_ids.mapped('price_subtotal'), [1000, 0, 0])
                bill.invoice_id.action_post()
                zero = self.billing.run(contract)
                self.assertEqual((zero.line_ids.mapped('amount'), zero.invoice_id.amount_total), ([0, 0, 0], 0))
                zero.invoice_id.action_post()
                self.assertEqual((contract.actual_amount, zero.state), (1000, 'invoiced'))

    def test_zero_quantity_line(self):
        """PRG-7: unit price, quantity 0."""
        self.rules[0].create_zero_lines = True
        contract = self.make.by_quantity(10, 20, billing_rule_id=self.rules[0].id)
        bill = self.billing.run(contract)
        self.assertRecordValues(
            bill.invoice_id.invoice_line_ids, [{'quantity': 0, 'price_unit': 20, 'price_subtotal': 0}]
        )
        bill.invoice_id.action_post()
        self.assertEqual(contract.line_ids.actual_quantity, 0)

    def test_sections_are_skipped(self):
        """PRG-7: sections take no part in the run, even under a zero-line rule; they head their lines."""
        self.rules[0].create_zero_lines = True
        contract = self.make.as_billed([1000], billing_rule_id=self.rules[0].id)
        self.env['progress.contract.line'].create(
            {'contract_id': contract.id, 'display_type': 'line_section', 'name': "Works", 'sequence': 1}
        )
        contract.line_ids.write({'completed_percent': 50})
        bill = self.billing.run(contract)
        self.assertEqual(len(bill.line_ids), 1)
        self.assertEqual(bill.invoice_id.invoice_line_ids.mapped('name'), ["Works", "1 Line 1"])

    def test_description_and_account_of_the_rule(self):
        """PRG-6: the rule's template is the invoice line's text; its account is booked."""
        account = self.income_account.copy({'code': '400777', 'name': "Works"})
        self.rules[0].write(
            {
                'description_template': "{item}: {description}, {percent} of {contract}",
                'account_source': 'rule',
                'account_id': account.id,
            }
        )
        contract = self.make.as_billed([1000], billing_rule_id=self.rules[0].id)
        self.billing.run(contract, 25)
        self.assertRecordValues(
            contract.invoice_ids.invoice_line_ids,
            [{'name': f"1: Line 1, 25 % of {contract.name}", 'account_id': account.id}],
        )
        for template in ('{0}', '{item.__class__}', '{x}', '{', '{item!r}', '{item:>10}'):
            with (
                self.subTest(template),
                self.assertRaisesRegex(ValidationError, "The invoice line text of the billing rule"),
                self.env.cr.savepoint(),
            ):
                self.rules[0].description_template = template

    def test_braces_in_texts(self):
        """A description with braces is text, not a template."""
        self.rules[0].description_template = "{description}"
        contract = self.make.as_billed([1000], billing_rule_id=self.rules[0].id)
        contract.line_ids.name = "Wall {item} {0} %s"
        self.billing.run(contract, 25)
        self.assertEqual(contract.invoice_ids.invoice_line_ids.name, "Wall {item} {0} %s")

    def test_run_on_many(self):
        """PRG-8: what cannot be billed is skipped and named; an error only where none can."""
        good, empty, draft, closed, cancelled = (
            self.make.as_billed([1000], do_open=number != 2) for number in range(5)
        )
        (good + draft + cancelled).line_ids.write({'completed_percent': 50})
        self.billing.final(closed)
        cancelled.action_cancel()
        with patch.object(type(self.env.user), '_bus_send', autospec=True) as send:
            (good + empty + draft + closed + cancelled).action_run_billing()
        self.assertEqual([len(contract.bill_ids) for contract in (good, empty, draft, cancelled)], [1, 0, 0, 0])
        message = str(send.call_args)
        for contract in empty + draft + closed + cancelled:
            self.assertIn(contract.name, message)
        self.assertNotIn(good.name, message)
        with self.assertRaises(UserError) as error:
            (empty + draft + closed + cancelled).action_run_billing()
        for contract in empty + draft + closed + cancelled:
            self.assertIn(contract.name, str(error.exception))
        with self.assertRaisesRegex(UserError, "There is no billing contract here to bill"):
            self.env['progress.contract'].action_run_billing()

    def test_one_bad_contract(self):
        """PRG-8: nothing half-written when one of many cannot be billed; the steps of a long run bill the rest."""
        good, bad = self.make.as_billed([1000, -100]), self.make.as_billed([1000, -100])
        good.line_ids.write({'completed_percent': 100})
        bad.line_ids[0].completed_percent = 100  # the deduction is not billed: refused (BIL-6)
        result = (good + bad).run_billing_step()
        self.assertEqual(result['bill_ids'], good.bill_ids.ids)
        self.assertEqual((len(good.bill_ids), len(bad.bill_ids)), (1, 0))
        self.assertEqual(result['skipped'][0][0], bad.display_name)
        self.assertBuckets(bad.line_ids[0], 1000, 0, 0)

    def test_preview(self):
        """PRG-8: a preview says what will be made, and why the rest is not; then makes just that."""
        tasks = self._tasks({'billing_rule_id': self.rules[0].id}, {'billing_rule_id': self.rules[2].id})
        good, empty = self._contract_of(tasks), self.make.as_billed([1000])
        wizard = self.env['progress.run.wizard'].create({'contract_ids': [Command.set((good + empty).ids)]})
        self.assertEqual((wizard.bill_count, wizard.skipped_count), (2, 1))
        self.assertEqual(wizard.line_ids.filtered('outcome').mapped('amount'), [500, 500])
        self.assertIn('pending', wizard.line_ids.filtered('reason').reason)
        self.assertFalse(good.bill_ids)
        wizard.date = '2026-02-03'
        wizard.action_run()
        self.assertEqual(good.bill_ids.mapped('date'), [date(2026, 2, 3)] * 2)

    def test_run_on_project_and_tasks(self):
        """On contracts, projects or tasks; tasks bill their own lines only."""
        project = self.make.project(name="Tasks")
        first, second, untied = self._tasks({}, {}, {}, project=project)
        contract = self._contract_of((first, second), project=project)
        first.action_run_billing()
        self.assertEqual(self._groups(contract.bill_ids), ['1'])
        self.assertBuckets(contract.line_ids[1], 500, 0, 0)
        for tasks in (first, untied):
            with (
                self.assertRaisesRegex(UserError, "No schedule line is tied to|Nothing is pending"),
                self.env.cr.savepoint(),
            ):
                tasks.action_run_billing()
        action = project.action_run_billing()
        self.assertEqual(action['res_model'], 'account.move')
        self.assertEqual(self._groups(contract.bill_ids), ['1', '2'])
        with self.assertRaisesRegex(UserError, "Nothing is pending"):
            project.action_run_billing()
        with self.assertRaisesRegex(UserError, "Enter at least one line in the schedule of values"):
            self.make.project(name="None").action_run_billing()

    def test_project_must_be_fixed_fee(self):
        """CON-2: the run is a billing door too."""
        project = self.make.project(name="TM")
        contract = self.make.as_billed([1000], project=project)
        contract.line_ids.completed_percent = 50
        for vals in (
            {'billing_method': 'time_materials'},
            {'bill_time': 'not_billable', 'billing_method': 'fixed_fee'},
        ):
            project.write(vals)
            with self.assertRaisesRegex(UserError, "TM"), self.env.cr.savepoint():
                contract.action_run_billing()

    def test_rights(self):
        """Public methods check access; a project manager makes draft invoices and sees the bills."""
        contract = self.make.as_billed([1000])
        contract.line_ids.completed_percent = 50
        outsider = new_test_user(self.env, login='outsider', groups='base.group_user', company_id=self.company.id)
        for user in (self.reader, outsider):
            for act in (
                lambda mine: mine.action_run_billing(),
                lambda mine: mine.run_billing_step(),
                lambda mine: mine.action_recalculate_pending(),
                lambda mine: mine.action_create_bill('remaining'),
                lambda mine: mine.line_ids.write({'completed_percent': 1}),
            ):
                with (
                    self.subTest(user=user.login),
                    self.assertRaisesRegex(AccessError, "You are not allowed to"),
                    self.env.cr.savepoint(),
                ):
                    act(contract.with_user(user))
        action = contract.with_user(self.billing_user).action_run_billing()
        self.assertEqual(action['res_model'], 'progress.bill')
        self.assertEqual(contract.invoice_ids.state, 'draft')
        with self.assertRaisesRegex(AccessError, "You don't have the access rights to post an invoice"):
            contract.with_user(self.billing_user).bill_ids.invoice_ids.action_post()

    def test_post_at_once(self):
        """BIL-18: posted where the company says so and the acting user may; else a draft that says so."""
        self.company.progress_post_invoices = True
        for user, state in ((self.accountant, 'posted'), (self.billing_user, 'draft')):
            with self.subTest(user=user.login):
                contract = self.make.as_billed([1000])
                contract.line_ids.completed_percent = 50
                contract.with_user(user).action_run_billing()
                self.assertEqual(contract.invoice_ids.state, state)
        self.assertIn("billing_user", ' '.join(contract.invoice_ids.message_ids.mapped('body')))

    def test_dates_of_callers(self):
        """Dates come as strings; what is none gets a clear error; never dated in the future."""
        with freeze_time('2026-03-15'):
            contract = self.make.as_billed([1000])
            contract.line_ids.completed_percent = 10
            for value in ('abc', '2026-13-45', 5, ['2026-01-01']):
                with (
                    self.subTest(value),
                    self.assertRaisesRegex(UserError, "write it as in 2026-12-31"),
                    self.env.cr.savepoint(),
                ):
                    contract.action_run_billing(date=value)
            contract.action_run_billing(date='2026-02-28')
            self.assertEqual(contract.invoice_ids.invoice_date, date(2026, 2, 28))
            later = self.make.as_billed([1000])
            later.line_ids.completed_percent = 10
            later.action_run_billing(date='2026-12-31')
            self.assertEqual(later.invoice_ids.invoice_date, date(2026, 3, 15))

    def test_create_bill_modes(self):
        """PRG-9: all that remains, one % of every line, own amount or % or quantity a line."""
        contract = self.make.as_billed([1000, 500])
        first, second = contract.line_ids
        contract.action_create_bill('percent', {'percent': 10})
        self.assertEqual(contract.line_ids.mapped('draft_amount'), [100, 50])
        contract.action_create_bill(
            'lines',
            {
                'lines': [
                    {'contract_line_id': first.id, 'amount': 33.33},
                    {'contract_line_id': second.id, 'percent': 20},
                ],
                'date': '2026-01-15',
                'title': "March",
            },
        )
        self.assertEqual(contract.line_ids.mapped('draft_amount'), [133.33, 150])
        self.assertIn("March", contract.bill_ids.mapped('title'))
        contract.action_create_bill('remaining')
        self.assertEqual(contract.line_ids.mapped('draft_amount'), [1000, 500])
        with self.assertRaisesRegex(UserError, "has nothing left to bill"):
            contract.action_create_bill('remaining')

    def test_create_bill_percent_adds_up(self):
        """Percentages are one series at every door: thirds as 33.33, 33.34, 33.33, and eighths clear every line."""
        contract = self.make.as_billed([100])
        for _step in range(3):
            contract.action_create_bill('percent', {'percent': 33.3333})
        self.assertEqual(contract.bill_ids.sorted('id').mapped('amount'), [33.33, 33.34, 33.33])
        contract = self.make.as_billed([0.10, 0.10, 99.99])
        for _step in range(8):
            contract.action_create_bill('percent', {'percent': 12.5})
        self.assertEqual(contract.line_ids.mapped('draft_amount'), [0.10, 0.10, 99.99])
        income = contract.invoice_ids.line_ids.filtered(lambda item: item.account_id == self.income_account)
        self.assertEqual(round(-sum(income.mapped('balance')), 2), 100.19)

    def test_create_bill_percent_after_other_doors(self):
        """A planned record, a typed amount, a typed percentage of a line, a credit: the series goes on exactly."""
        contract = self.make.as_billed([100])
        self.make.plan(contract, '33.3333%').action_create()
        contract.action_create_bill('percent', {'percent': 33.3333})
        self.make.plan(contract, '33.3333%').action_create()
        self.assertEqual(contract.bill_ids.sorted('id').mapped('amount'), [33.33, 33.34, 33.33])
        contract = self.make.pro_forma([100])
        contract.action_create_bill('percent', {'percent': 33.3333})
        contract.bill_ids.line_ids.amount = 30
        contract.action_create_bill('percent', {'percent': 33.3333})
        self.assertEqual(contract.bill_ids.sorted('id').mapped('amount'), [30, 33.33])
        claim = {'contract_line_id': contract.line_ids.id, 'percent': 36.6667}
        contract.action_create_bill('lines', {'lines': [claim]})
        self.assertEqual(contract.line_ids.draft_amount, 100)
        contract = self.make.by_quantity(10, 33.335)
        for _step in range(3):
            contract.action_create_bill('percent', {'percent': 33.3333})
        self.assertEqual(contract.line_ids.draft_quantity, 10)
        self.assertEqual(contract.line_ids.draft_amount, contract.line_ids.revised_amount)

    def test_create_bill_percent_in_the_dialog(self):
        """Percentages typed line by line in the dialog go on as percentages."""
        contract = self.make.as_billed([100])
        for _step in range(3):
            with (
                Form(
                    self.env['progress.claim.wizard'].with_context(
                        default_contract_id=contract.id, default_mode='lines'
                    )
                ) as dialog,
                dialog.line_ids.edit(0) as line,
            ):
                line.percent = 33.3333
            dialog.record.action_confirm()
        self.assertEqual(contract.bill_ids.sorted('id').mapped('amount'), [33.33, 33.34, 33.33])

    @mute_logger('odoo.sql_db')
    def test_create_bill_bad_input(self):
        """SEC-7: odd values from RPC callers get a UserError, and nothing is made."""
        contract, other = self.make.as_billed([1000]), self.make.as_billed([1000])
        line = contract.line_ids.id
        for mode, values, sentence in (
            ('unknown', {}, "Choose one of remaining, percent, lines"),
            (None, None, "Choose one of remaining, percent, lines"),
            ('percent', {}, "is not a number"),
            ('percent', {'percent': 'abc'}, "is not a number"),
            ('percent', {'percent': None}, "is not a number"),
            ('percent', {'percent': 'NaN'}, "is not a number"),
            ('percent', {'percent': float('nan')}, "is not a number"),
            ('percent', {'percent': '1e999'}, "is not a number"),
            ('percent', {'percent': -5}, "A percentage must be more than 0 and at most 100"),
            ('percent', {'percent': 0}, "A percentage must be more than 0 and at most 100"),
            ('percent', {'percent': 101}, "A percentage must be more than 0 and at most 100"),
            ('percent', 'abc', "should be a set of named values"),
            ('percent', {'percent': 10, 'date': 'abc'}, "is no date: write it as in"),
            ('lines', {}, "has nothing left to bill"),
            ('lines', {'lines': 'abc'}, "is no list of claims"),
            ('lines', {'lines': [{}]}, "is no schedule line of"),
            ('lines', {'lines': [{'contract_line_id': line}]}, "is not a number"),
            ('lines', {'lines': [{'contract_line_id': line, 'amount': 'abc'}]}, "is not a number"),
            ('lines', {'lines': [{'contract_line_id': line, 'amount': float('nan')}]}, "is not a number"),
            ('lines', {'lines': [{'contract_line_id': line, 'amount': 1000.01}]}, "would be billed of"),
            ('lines', {'lines': [{'contract_line_id': line, 'amount': -1}]}, "would be billed of"),
            (
                'lines',
                {'lines': [{'contract_line_id': line, 'percent': 101}]},
                "A percentage must be more than 0 and at most 100",
            ),
            (
                'lines',
                {'lines': [{'contract_line_id': line, 'amount': 1}, {'contract_line_id': line, 'amount': 1}]},
                "can stand only once on a bill",
            ),
            ('lines', {'lines': [{'contract_line_id': other.line_ids.id, 'amount': 1}]}, "is no schedule line of"),
            ('lines', {'lines': [{'contract_line_id': 999999999, 'amount': 1}]}, "is no schedule line of"),
            ('lines', {'lines': [line]}, "should be a set of named values"),
        ):
            with self.subTest(mode=mode, values=values), self.assertRaisesRegex(UserError, sentence):
                contract.action_create_bill(mode, values)
            self.env.invalidate_all()
            self.assertFalse(contract.bill_ids)

    def test_nothing_claimed_by_hand(self):
        """PRG-9: a claim of nothing makes no bill."""
        contract = self.make.as_billed([1000])
        with self.assertRaisesRegex(UserError, "has nothing left to bill"):
            contract.action_create_bill('lines', {'lines': [{'contract_line_id': contract.line_ids.id, 'amount': 0}]})

    def test_double_run(self):
        """BIL-17: a run that saw pending amounts before another billed them bills nothing again."""
        contract = self.make.as_billed([1000])
        contract.line_ids.completed_percent = 60
        contract.line_ids.mapped('pending_amount')
        contract.action_run_billing()
        with self.assertRaisesRegex(UserError, "Nothing is pending"):
            contract.with_user(self.accountant).action_run_billing()
        self.assertEqual(len(contract.invoice_ids), 1)

    def test_lines_of_two_companies(self):
        """SEC-4: one run over contracts of two companies keeps them apart."""
        other = self.setup_other_company()
        project = self.make.project(name="Abroad", company_id=other['company'].id)
        mine = self.make.as_billed([1000])
        theirs = self.env['progress.contract'].create(
            {
                'project_id': project.id,
                'partner_id': self.customer.id,
                'company_id': other['company'].id,
                'revenue_recognition': 'as_billed',
                'line_ids': [Command.create({'name': "L", 'original_amount': 400})],
            }
        )
        theirs.action_open()
        both = mine + theirs
        both.line_ids.write({'completed_percent': 50})
        both.action_run_billing()
        self.assertEqual([contract.invoice_ids.company_id for contract in both], [self.company, other['company']])
        self.assertEqual(
            [contract.invoice_ids.journal_id.company_id for contract in both], [self.company, other['company']]
        )
        self.assertEqual([contract.draft_amount for contract in both], [500, 200])


@tagged('post_install', '-at_install')
class TestRunOnBillingDate(ProgressBillingCommon):
    """`_cron_run_billing` (PRG-10, SEC-1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['progress.contract'].search([('next_billing_date', '!=', False)]).write({'period_policy': 'on_demand'})
        cls.cron = cls.env.ref('progress_billing.ir_cron_run_billing')

    def _cron(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    @freeze_time('2026-01-10 12:00:00')
    def test_first_date(self):
        """PRG-10: the end of the period at hand; none on demand; a chosen day stays."""
        for policy, day in (
            ('on_demand', False),
            ('week', date(2026, 1, 11)),
            ('month', date(2026, 1, 31)),
            ('quarter', date(2026, 3, 31)),
            ('year', date(2026, 12, 31)),
        ):
            with self.subTest(policy):
                self.assertEqual(self.make.as_billed([1000], period_policy=policy).next_billing_date, day)
        contract = self.make.as_billed([1000], period_policy='month', next_billing_date='2026-01-20')
        self.assertEqual(contract.next_billing_date, date(2026, 1, 20))
        contract.period_policy = 'on_demand'
        self.assertFalse(contract.next_billing_date)

    def test_due_contracts(self):
        """Bills what is pending on contracts that are due, never twice; month ends stay month ends."""
        with freeze_time('2026-01-31 12:00:00'):
            due, empty, later, demand, draft = (
                self.make.as_billed([1000], do_open=number != 4, **vals)
                for number, vals in enumerate(
                    [{'period_policy': 'month'}] * 2 + [{'period_policy': 'quarter'}, {}, {'period_policy': 'month'}]
                )
            )
            (due + later + demand + draft).line_ids.write({'completed_percent': 30})
            self._cron()
            self._cron()
            self.assertEqual([len(each.bill_ids) for each in (due, empty, later, demand, draft)], [1, 0, 0, 0, 0])
            self.assertEqual((due.last_billing_date, due.next_billing_date), (date(2026, 1, 31), date(2026, 2, 28)))
            self.assertEqual((empty.last_billing_date, empty.next_billing_date), (False, date(2026, 2, 28)))
            self.assertEqual(due.invoice_ids.invoice_date, date(2026, 1, 31))
            self.assertFalse((due + empty).filtered('run_error'))
            due.line_ids.completed_percent = 50
            self._cron()
            self.assertEqual(len(due.bill_ids), 1)
        with freeze_time('2026-02-28 12:00:00'):
            self._cron()
            self.assertEqual(len(due.bill_ids), 2)
            self.assertEqual(due.next_billing_date, date(2026, 3, 31))

    @freeze_time('2026-01-31 12:00:00')
    def test_bad_one_stays_behind(self):
        """Error and one activity on the bad one, the rest go on; cleared on success."""
        good, bad = (self.make.as_billed([1000, -100], period_policy='month') for _ in range(2))
        good.line_ids.write({'completed_percent': 100})
        bad.line_ids[0].completed_percent = 100
        self._cron()
        self._cron()
        self.assertEqual((len(good.bill_ids), len(bad.bill_ids)), (1, 0))
        self.assertIn("WIP available", bad.run_error)
        self.assertEqual((bad.run_state, len(bad.activity_ids)), ('failed', 1))
        self.assertEqual(bad.next_billing_date, date(2026, 1, 31))
        bad.line_ids[1].completed_percent = 100
        self._cron()
        self.assertEqual((len(bad.bill_ids), bad.run_state, bad.run_error, len(bad.activity_ids)), (1, False, False, 0))

    @freeze_time('2026-01-20 12:00:00')
    def test_run_by_hand(self):
        """A run by hand before the date leaves the next date; pro formas stop at the pro forma (REV-1)."""
        contract = self.make.pro_forma([1000], period_policy='month')
        self.billing.run(contract, 10)
        self.assertEqual(
            (contract.last_billing_date, contract.next_billing_date), (date(2026, 1, 20), date(2026, 1, 31))
        )
        contract.line_ids.completed_percent = 30
        with freeze_time('2026-02-02 12:00:00'):
            self._cron()
        self.assertEqual(contract.bill_ids.mapped('state'), ['draft', 'draft'])
        self.assertEqual((contract.draft_amount, contract.invoice_ids.ids), (300, []))
        self.assertEqual(contract.next_billing_date, date(2026, 2, 28))

    @freeze_time('2026-01-31 12:00:00')
    def test_results_of_two_jobs(self):
        """PLN-12: the result of the planned records' job shown in the settings is its own, not the run's."""
        contract = self.make.as_billed([1000])
        self.make.plan(contract, '10%', '2026-01-01')
        self.env.ref('progress_billing.ir_cron_generate_progress_invoices')
        with self.enter_registry_test_mode():
            self.env.ref('progress_billing.ir_cron_generate_progress_invoices').method_direct_trigger()
        self.env.invalidate_all()
        result = self.company.progress_last_run_result
        self._cron()
        self.assertEqual(self.company.progress_last_run_result, result)
