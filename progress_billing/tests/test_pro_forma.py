from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestProForma(ProgressBillingCommon):
    """Pro formas: amounts and percentages, release, deletion, order."""

    def test_run_stops_at_the_pro_forma(self):
        """REV-1: run, Create link and Create on a contract make pro formas; only the final makes an invoice."""
        contract = self.make.pro_forma([10000], self.tax_15)
        action = contract.with_user(self.billing_user).action_create_bill('percent', {'percent': 10})
        self.assertEqual(action['res_model'], 'progress.bill')
        self.billing.run(contract, 25)
        planned = self.make.plan(contract, '10%')
        planned.action_create()
        self.assertEqual(contract.bill_ids.mapped('state'), ['draft'] * 3)
        self.assertFalse(contract.invoice_ids)
        self.assertEqual(contract.draft_amount, 3500)
        for bill in contract.bill_ids.sorted(lambda bill: (bill.date, bill.id)):
            bill.action_release()
        contract.invoice_ids.action_post()
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, contract.bill_ids[-1:].kind), (6500, 'final'))

    def test_cron_with_pro_forma(self):
        """REV-1: 10,000, 25 % due: draft 2,500, no move; release makes the move; the final is 7,500."""
        contract = self.make.contract([10000], use_pro_forma=True)
        bill = self.make.plan(contract, '25%', '2026-01-01')
        with self.enter_registry_test_mode():
            self.env.ref('progress_billing.ir_cron_generate_progress_invoices').method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((bill.state, contract.draft_amount, contract.invoice_ids.ids), ('draft', 2500, []))
        bill.action_release()
        self.assertEqual((bill.state, bill.invoice_id.amount_untaxed), ('invoiced', 2500))
        bill.invoice_id.action_post()
        self.assertEqual(self.billing.final(contract).amount_untaxed, 7500)
        self.assertDeposits(contract, 0)

    def test_editing_leaves_pending_and_percent(self):
        """REV-2: 1,000 at 50 %: cut to 400, raised to 600: pending stays 0, % 50; deleted: pending 500 again."""
        contract = self.make.pro_forma([1000])
        line = contract.line_ids
        for amount in (400, 600):
            with self.subTest(amount):
                bill = self.billing.run(contract, 50)
                bill.line_ids.amount = amount
                self.assertBuckets(line, 0, amount, 0, 50)
                self.assertAlmostEqual(bill.line_ids.total_completed_percent, amount / 10)
                bill.unlink()
                self.assertBuckets(line, 500, 0, 0, 50)

    def test_credit_leaves_pending(self):
        """REV-2: crediting a posted invoice lowers actual and leaves pending; Recalculate then shows 500."""
        contract = self.make.pro_forma([1000])
        line = contract.line_ids
        bill = self.billing.run(contract, 50)
        bill.action_release()
        bill.invoice_id.action_post()
        self.billing.credit(bill.invoice_id)
        self.assertBuckets(line, 0, 0, 0, 50)
        self.assertEqual(bill.state, 'cancelled')
        bill.action_cancel()
        self.assertBuckets(line, 0, 0, 0, 50)
        contract.action_recalculate_pending()
        self.assertBuckets(line, 500, 0, 0, 50)

    def test_credited_record_is_cancelled(self):
        """REV-2: cancelling or deleting a planned record whose invoice was credited moves no pending."""
        contract = self.make.as_billed([1000])
        line = contract.line_ids
        line.completed_percent = 50
        bill = self.billing.bill(contract, '300')
        self.assertBuckets(line, 0, 0, 300, 50)
        self.billing.credit(bill.invoice_id)
        self.assertEqual(bill.state, 'planned')
        bill.action_cancel()
        self.assertBuckets(line, 0, 0, 0, 50)

    def test_given_back_where_nothing_was_entered(self):
        """PRG-4: cancel and delete give back what the bill took, once; not where something was entered since."""
        contract = self.make.pro_forma([1000])
        line = contract.line_ids
        bill = self.billing.run(contract, 50)
        bill.action_cancel()
        self.assertBuckets(line, 500, 0, 0, 50)
        line.pending_amount = 0
        bill.action_cancel()
        bill.unlink()
        self.assertBuckets(line, 0, 0, 0)
        for entered, pending in ((30, -200), (70, 200), (50, 0)):
            with self.subTest(entered):
                bill = self.billing.run(contract, 50)
                line.completed_percent = entered
                bill.action_cancel()
                self.assertBuckets(line, pending, 0, 0, entered)
                line.pending_amount = 0

    def test_given_back_after_a_later_bill(self):
        """PRG-4: what was entered and billed since is not mixed with what an older pro forma took."""
        contract = self.make.pro_forma([1000])
        line = contract.line_ids
        first = self.billing.run(contract, 50)
        self.billing.run(contract, 70)
        first.action_cancel()
        self.assertBuckets(line, 0, 200, 0, 70)

    def test_quantity_given_back(self):
        """PRG-1 on lines by quantity."""
        contract = self.make.by_quantity(10, 20, use_pro_forma=True)
        line = contract.line_ids
        self.billing.run(contract, pending_quantity=4).unlink()
        self.assertEqual((line.pending_quantity, line.pending_amount, line.completed_percent), (4, 80, 40))

    def test_total_completed_percent_follows(self):
        """REV-3: (draft + actual of the line, later bills too) / revised; and drives the amount."""
        contract = self.make.pro_forma([3000])
        first = self.billing.run(contract, 20)
        second = self.billing.run(contract, 50)
        self.assertEqual(first.line_ids.total_completed_percent, 50)
        second.line_ids.amount = 600
        self.assertEqual((first | second).line_ids.mapped('total_completed_percent'), [40, 40])
        second.line_ids.total_completed_percent = 100 / 3
        self.assertEqual(second.line_ids.amount, 400)
        second.line_ids.total_completed_percent = 45.5
        self.assertEqual((second.line_ids.amount, first.line_ids.total_completed_percent), (765, 45.5))
        first.action_release()
        first.invoice_id.action_post()
        self.assertEqual(second.line_ids.total_completed_percent, 45.5)
        self.assertEqual(contract.line_ids.completed_percent, 50)

    def test_total_completed_percent_in_the_form(self):
        """Each follows the other in the form, before saving, and what was typed is what is saved."""
        contract = self.make.pro_forma([3000, 1000])
        first = self.billing.run(contract, 20)
        bill = self.billing.run(contract, 50)
        with Form(bill) as form:
            with form.line_ids.edit(0) as line:
                line.amount = 300
                self.assertEqual(line.total_completed_percent, 30)
                line.total_completed_percent = 40
                self.assertEqual(line.amount, 600)
                line.amount = 333.33
            with form.line_ids.edit(1) as line:
                line.total_completed_percent = 33.333
                self.assertEqual(line.amount, 133.33)
        self.assertEqual(bill.line_ids.mapped('amount'), [333.33, 133.33])
        self.assertEqual(contract.line_ids.mapped('draft_amount'), [933.33, 333.33])
        self.assertEqual(first.line_ids.mapped('amount'), [600, 200])
        self.assertBuckets(contract.line_ids[0], 0, 933.33, 0, 50)

    def test_quantity_lines(self):
        """PRG-3: amount follows quantity and %, its own entry is refused."""
        contract = self.make.by_quantity(3, 33.335, use_pro_forma=True)
        self.billing.run(contract, pending_quantity=1)
        line = self.billing.run(contract, pending_quantity=1).line_ids
        self.assertEqual((line.quantity, line.amount), (1, 33.33))
        line.quantity = 2
        self.assertEqual((line.amount, line.total_completed_percent), (66.67, 100))
        line.total_completed_percent = 50
        self.assertEqual((line.quantity, line.amount), (0.5, 16.66))
        with self.assertRaisesRegex(UserError, "is billed by quantity"), self.env.cr.savepoint():
            line.with_user(self.billing_user).amount = 20
        with Form(line.bill_id) as form, form.line_ids.edit(0) as edited:
            edited.quantity = 1
            self.assertEqual(edited.amount, 33.33)
        self.assertEqual((line.quantity, line.amount), (1, 33.33))
        with self.assertRaisesRegex(UserError, "would be billed of"), self.env.cr.savepoint():
            line.quantity = 2.01
        with Form(line.bill_id) as form, form.line_ids.edit(0) as edited:
            edited.total_completed_percent = 50
            self.assertEqual((edited.quantity, edited.amount), (0.5, 16.66))
        self.assertEqual((line.quantity, line.amount), (0.5, 16.66))

    def test_release_exactly(self):
        """REV-6: the invoice has the pro forma's amounts; twice without harm; tax and accounts right."""
        contract = self.make.pro_forma([1000, 500], self.tax_15)
        bill = self.billing.run(contract, 50)
        bill.line_ids[0].amount = 433.33
        bill.action_release()
        move = bill.invoice_id
        self.assertEqual(move.invoice_line_ids.mapped('price_subtotal'), [433.33, 250])
        bill.action_release()
        self.assertEqual((bill.move_ids, move.state), (move, 'draft'))
        with self.assertRaisesRegex(UserError, "The lines of"), self.env.cr.savepoint():
            bill.line_ids[0].amount = 1
        move.action_post()
        self.assertEqual(self.books.of(move)[self.income_account][0], -683.33)
        self.assertAlmostEqual(self.books.of(move)[self.receivable_account][0], 683.33 + 102.5, 2)
        self.assertEqual(contract.line_ids.mapped('actual_amount'), [433.33, 250])

    def test_deleted_draft_invoice(self):
        """BIL-3: a pro forma bill goes back to its state before release and still holds draft."""
        contract = self.make.pro_forma([1000])
        line = contract.line_ids
        bill = self.billing.run(contract, 50)
        for approve in (False, True):
            with self.subTest(approve=approve):
                if approve:
                    bill.action_submit()
                    bill.action_approve()
                bill.action_release()
                self.assertBuckets(line, 0, 500, 0)
                bill.invoice_id.unlink()
                self.assertEqual(bill.state, 'approved' if approve else 'draft')
                self.assertBuckets(line, 0, 500, 0, 50)
        bill.action_release()
        self.assertEqual(bill.invoice_id.amount_untaxed, 500)

    def test_oldest_first(self):
        """REV-5: releases go oldest first, by date and number; together in one call too."""
        contract = self.make.pro_forma([1000])
        first, second = self.billing.run(contract, 20), self.billing.run(contract, 50)
        with self.assertRaisesRegex(UserError, first.name):
            second.action_release()
        self.assertEqual(second.state, 'draft')
        (second + first).action_release()
        self.assertEqual((first + second).mapped('state'), ['invoiced'] * 2)
        third, fourth = self.billing.run(contract, 60), self.billing.run(contract, 70)
        for act in (third.action_submit, lambda: third.action_reject("no")):
            act()
            with self.assertRaisesRegex(UserError, "it comes before"), self.env.cr.savepoint():
                fourth.action_release()
        third.action_cancel()
        fourth.action_release()

    def test_pro_forma_is_within_the_contract(self):
        """BIL-5 never overbilled: the pro forma counts; 1,000.01 of 1,000 is refused at the door."""
        contract = self.make.pro_forma([1000])
        line = self.billing.run(contract, 50).line_ids
        line.amount = 1000
        with self.assertRaisesRegex(UserError, "WIP available"), self.env.cr.savepoint():
            line.amount = 1000.01
        with self.assertRaisesRegex(UserError, "The draft credit of"), self.env.cr.savepoint():
            line.amount = -0.01
        for value in ('abc', float('nan'), float('inf'), '1e999'):
            for name in ('amount', 'total_completed_percent', 'certified_amount', 'quantity'):
                with (
                    self.subTest(name=name, value=value),
                    self.assertRaisesRegex(UserError, "is not a number|is too large"),
                    self.env.cr.savepoint(),
                ):
                    line[0].write({name: value})
        for percent in (-1, 101):
            with (
                self.subTest(percent),
                self.assertRaisesRegex(UserError, "would be billed of"),
                self.env.cr.savepoint(),
            ):
                line.total_completed_percent = percent
        self.env.invalidate_all()
        self.assertEqual(line.amount, 1000)

    def test_deletable_states(self):
        """BIL-19: planned, pro forma, rejected, cancelled can be deleted; submitted, approved, invoiced cannot."""
        contract = self.make.pro_forma([1000])
        user = self.billing_user

        def bill(*acts):
            record = self.billing.run(contract, 10)
            for act in acts:
                getattr(record, act)()
            return record

        for acts in (('action_submit',), ('action_submit', 'action_approve'), ('action_release',)):
            record = bill(*acts)
            with self.subTest(acts), self.assertRaisesRegex(UserError, "cannot be deleted"), self.env.cr.savepoint():
                record.with_user(user).unlink()
            if record.invoice_id:
                record.invoice_id.unlink()
            record.action_cancel()
        for acts in ((), ('action_cancel',)):
            with self.subTest(acts):
                bill(*acts).with_user(user).unlink()
        rejected = bill('action_submit')
        rejected.action_reject("wrong")
        rejected.with_user(user).unlink()
        self.assertBuckets(contract.line_ids, 100, 0, 0, 10)

    def test_no_final_with_pro_formas(self):
        """DEP-14: the final refuses while pro formas stand, and names them."""
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 10)
        with self.assertRaisesRegex(UserError, bill.name):
            contract.action_create_final_invoice()

    def test_release_on_a_changed_contract(self):
        """CON-2: making the invoice is a billing door: closed for a project that is no fixed fee any more."""
        project = self.make.project(name="Changed")
        contract = self.make.pro_forma([1000], project=project)
        bill = self.billing.run(contract, 10)
        project.bill_time = 'not_billable'
        with self.assertRaisesRegex(UserError, "Changed"):
            bill.action_release()


@tagged('post_install', '-at_install')
class TestReview(ProgressBillingCommon):
    """Submit, approve, reject, certify (RET-20, RET-18)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.pro_forma([10000], cls.tax_15)
        cls.scheduled = cls.contract.line_ids
        cls.bill = cls.billing.run(cls.contract, 50)

    def test_states(self):
        """REV-4: draft → submitted → approved → invoiced; all count as draft; twice without harm."""
        bill = self.bill
        for act, state in (('action_submit', 'submitted'), ('action_approve', 'approved')):
            action = getattr(bill, act)()
            getattr(bill, act)()
            self.assertEqual((bill.state, action['res_model']), (state, 'progress.bill'))
            self.assertBuckets(self.scheduled, 0, 5000, 0)
        self.assertEqual(bill.approved_by_id, self.env.user)
        self.assertTrue(bill.approved_on)
        bill.action_release()
        self.assertEqual(bill.state, 'invoiced')

    def test_reject_and_resubmit(self):
        """REV-4: rejected with a reason is editable and comes back; submitted and approved are not editable."""
        bill = self.bill
        bill.action_submit()
        with self.assertRaisesRegex(UserError, "The lines of"), self.env.cr.savepoint():
            bill.line_ids.amount = 1
        for reason in (False, '', '  '):
            with (
                self.subTest(reason),
                self.assertRaisesRegex(UserError, "Say why, so that the bill can be revised"),
                self.env.cr.savepoint(),
            ):
                bill.action_reject(reason)
        bill.action_reject("Wall is not done")
        self.assertEqual((bill.state, bill.reject_reason), ('rejected', "Wall is not done"))
        self.assertIn("Wall is not done", bill.message_ids[0].body)
        self.assertBuckets(self.scheduled, 0, 5000, 0)
        for act in (bill.action_release, bill.action_approve):
            with (
                self.assertRaisesRegex(UserError, "No invoice can be made of|cannot be approved"),
                self.env.cr.savepoint(),
            ):
                act()
        bill.line_ids.amount = 4000
        bill.action_submit()
        self.assertEqual((bill.state, bill.reject_reason), ('submitted', False))
        with self.assertRaisesRegex(UserError, "No invoice can be made of"), self.env.cr.savepoint():
            bill.action_release()
        bill.action_approve()
        with self.assertRaisesRegex(UserError, "The lines of"), self.env.cr.savepoint():
            bill.line_ids.amount = 1
        with self.assertRaisesRegex(UserError, "cannot be submitted"), self.env.cr.savepoint():
            bill.action_submit()
        bill.action_release()
        self.assertEqual(bill.invoice_id.amount_untaxed, 4000)

    def test_who_may(self):
        """REV-4: users submit, managers approve, reject and certify; states cannot be written."""
        mine = self.bill.with_user(self.billing_user)
        with self.assertRaisesRegex(AccessError, "You are not allowed to modify"), self.env.cr.savepoint():
            self.bill.with_user(self.reader).action_submit()
        mine.action_submit()
        for act in (
            mine.action_approve,
            lambda: mine.action_reject("no"),
            lambda: mine.line_ids.write({'certified_amount': 1}),
            lambda: mine.write({'review_state': 'approved'}),
            lambda: mine.write({'state': 'approved'}),
            lambda: mine.write({'approved_by_id': self.env.user.id}),
            lambda: mine.line_ids.write({'pending_taken': 9}),
            lambda: mine.line_ids.write({'invoiced_amount': 9}),
        ):
            with (
                self.assertRaisesRegex(
                    AccessError, "cannot be set|Only Progress Billing administrators approve, reject or certify"
                ),
                self.env.cr.savepoint(),
            ):
                act()
        self.assertEqual(self.bill.state, 'submitted')

    def test_wrong_states(self):
        """A step that cannot be taken says why, naming the bill."""
        planned = self.make.plan(self.contract, '10%')
        invoiced = self.billing.bill(self.make.as_billed([1000]), '10%')
        for bill in planned + invoiced:
            for act in (bill.action_submit, bill.action_approve, lambda bill=bill: bill.action_reject("no")):
                with (
                    self.subTest(bill.state),
                    self.assertRaisesRegex(UserError, bill.contract_id.name if bill == planned else bill.name),
                ):
                    act()
        with self.assertRaisesRegex(UserError, "No invoice can be made of"):
            planned.action_release()

    def test_certified_per_line(self):
        """RET-18: claim 5,000, certified 4,500: claim stays, everything else takes 4,500; next at 80 %: 3,500."""
        bill, line = self.bill, self.bill.line_ids
        bill.action_submit()
        line.certified_amount = 4500
        self.assertBuckets(self.scheduled, 0, 4500, 0, 50)
        self.assertEqual((line.amount, bill.amount, line.total_completed_percent), (5000, 5000, 45))
        bill.action_approve()
        bill.action_release()
        bill.invoice_id.action_post()
        self.assertEqual((bill.invoice_id.amount_untaxed, bill.invoice_id.amount_tax), (4500, 675))
        self.assertEqual(self.books.of(bill.invoice_id)[self.income_account][0], -4500)
        self.assertBuckets(self.scheduled, 0, 0, 4500, 50)
        second = self.billing.run(self.contract, 80)
        self.assertEqual(second.amount, 3500)
        self.billing.credit(bill.invoice_id)
        self.assertBuckets(self.scheduled, 0, 3500, 0, 80)
        self.assertEqual(bill.state, 'cancelled')

    def test_certified_bounds(self):
        """RET-18: between nothing and the claim; before the invoice only; a changed claim is certified anew."""
        bill, line = self.bill, self.bill.line_ids
        for amount in (-0.01, 5000.01):
            with (
                self.subTest(amount),
                self.assertRaisesRegex(UserError, "the certified amount lies between nothing and the claim of"),
                self.env.cr.savepoint(),
            ):
                line.certified_amount = amount
        line.certified_amount = 0
        self.assertBuckets(self.scheduled, 0, 0, 0, 50)
        line.amount = 6000
        self.assertEqual(line.certified_amount, 6000)
        line.certified_amount = 5500
        bill.action_release()
        with self.assertRaisesRegex(UserError, "The status of"):
            line.certified_amount = 5000

    def test_certified_units(self):
        """RET-18 on lines by quantity: the invoice has the certified amount to the cent, the last bill clears it."""
        contract = self.make.by_quantity(3, 33.335, use_pro_forma=True)
        scheduled = contract.line_ids
        bill = self.billing.run(contract, pending_quantity=2)
        bill.line_ids.certified_amount = 50
        bill.action_release()
        bill.invoice_id.action_post()
        self.assertEqual((bill.invoice_id.amount_untaxed, scheduled.actual_amount), (50, 50))
        rest = self.billing.run(contract, 100)
        rest.action_release()
        rest.invoice_id.action_post()
        self.assertEqual((scheduled.actual_amount, scheduled.actual_quantity), (100.01, 3))
        self.assertEqual(rest.invoice_id.amount_untaxed, 50.01)

    def test_certified_deposit(self):
        """RET-18 in deposit mode: the deposit takes what was certified."""
        contract = self.make.contract([10000], self.tax_15, use_pro_forma=True)
        bill = self.billing.run(contract, 50)
        bill.line_ids.certified_amount = 4500
        bill.action_release()
        bill.invoice_id.action_post()
        self.assertDeposits(contract, 4500)
        self.assertEqual(self.billing.final(contract).amount_untaxed, 5500)
        self.assertDeposits(contract, 0)

    def test_final_blocks_review(self):
        """DEP-10: nothing earlier changes while a final exists."""
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 10)
        bill.action_release()
        bill.invoice_id.action_post()
        self.billing.final(contract, post=False)
        for act in (bill.action_correct, bill.action_cancel, lambda: contract.action_run_billing()):
            with (
                self.assertRaisesRegex(UserError, "comes before the final invoice|Its final invoice"),
                self.env.cr.savepoint(),
            ):
                act()

    def test_many_at_once(self):
        """All calls work on recordsets."""
        contracts = self.env['progress.contract'].concat(*(self.make.pro_forma([1000]) for _ in range(3)))
        contracts.line_ids.write({'completed_percent': 10})
        contracts.action_run_billing()
        bills = contracts.bill_ids
        bills.action_submit()
        bills.action_approve()
        bills.action_release()
        bills.invoice_ids.action_post()
        self.assertEqual(bills.mapped('state'), ['invoiced'] * 3)
        self.assertEqual(contracts.mapped('actual_amount'), [100] * 3)
        bills.action_correct()
        self.assertEqual(bills.mapped('state'), ['draft'] * 3)

    def test_line_typed_by_a_caller(self):
        """Lines by RPC: another contract's line, a section, the same line twice."""
        other = self.make.pro_forma([1000])
        section = self.env['progress.contract.line'].create(
            {'contract_id': self.contract.id, 'display_type': 'line_section', 'name': "S"}
        )
        mine = self.bill.with_user(self.billing_user)
        for line in other.line_ids + section:
            with self.assertRaisesRegex(UserError, "is no schedule line of"), self.env.cr.savepoint():
                mine.line_ids = [Command.create({'contract_line_id': line.id, 'amount': 1})]
