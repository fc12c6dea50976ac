from datetime import date

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from .common import ProgressBillingCommon


class PlanCommon(ProgressBillingCommon):
    def _wizard(self, contract, **vals):
        return self.env['progress.plan.wizard'].create({'contract_id': contract.id, 'start_date': '2026-01-31', **vals})

    def _lay_out(self, contract, **vals):
        before = contract.bill_ids
        self._wizard(contract, **vals).action_confirm()
        return (contract.bill_ids - before).sorted('date')


@tagged('post_install', '-at_install')
@freeze_time('2026-01-15')
class TestReplacePlan(PlanCommon):
    """A plan is laid out anew in one step, with its dates and amounts seen before."""

    def test_six_to_three(self):
        """Six instalments become three: what is billed stays, the rest is shared out anew."""
        contract = self.make.contract([12000])
        plan = self._lay_out(contract, count=6)
        plan[0].action_create()
        wizard = self._wizard(contract, count=3)
        self.assertRecordValues(
            wizard, [{'replace_planned': True, 'replaced_amount': 10000, 'amount': 10000, 'plan_error': False}]
        )
        self.assertEqual(wizard.replaced_bill_ids, plan[1:])
        self.assertEqual(wizard.line_ids.sorted('date').mapped('amount'), [3333.33, 3333.34, 3333.33])
        wizard.action_confirm()
        self.assertFalse(plan[1:].exists())
        self.assertEqual(
            contract.bill_ids.sorted('date').mapped(lambda bill: (bill.state, bill.planned_amount)),
            [('invoiced', 2000), ('planned', 3333.33), ('planned', 3333.34), ('planned', 3333.33)],
        )
        self.assertRecordValues(contract, [{'planned_amount': 10000, 'unplanned_amount': 0, 'is_overplanned': False}])
        # the plan still follows the contract
        contract.line_ids.original_amount = 15000
        planned = contract.bill_ids.filtered(lambda bill: bill.state == 'planned').sorted('date')
        self.assertEqual(planned.mapped('planned_amount'), [4333.33, 4333.34, 4333.33])

    def test_beside_a_plan(self):
        """Where part is not planned yet, the plan is added unless somebody says replace; some may be kept."""
        contract = self.make.contract([1000])
        first = self._lay_out(contract, count=2, percent=40)
        wizard = self._wizard(contract, count=1)
        self.assertRecordValues(wizard, [{'replace_planned': False, 'amount': 600}])
        wizard.replace_planned = True
        self.assertEqual((wizard.replaced_bill_ids, wizard.amount), (first, 1000))
        wizard.replaced_bill_ids -= first[0]
        self.assertEqual(wizard.amount, 800)
        wizard.action_confirm()
        self.assertEqual(contract.bill_ids.sorted('planned_amount').mapped('planned_amount'), [200, 800])

    def test_typed_and_once_billed_records(self):
        """Typed records are replaced like others; one that had an invoice is kept, cancelled, for its history."""
        contract = self.make.contract([1000])
        typed = self.make.plan(contract, '25%')
        once = self.billing.bill(contract, '75%', post=False)
        once.invoice_id.unlink()
        self._wizard(contract, count=4).action_confirm()
        self.assertFalse(typed.exists())
        self.assertEqual(once.state, 'cancelled')
        self.assertEqual(contract.planned_amount, 1000)

    def test_preview_in_a_form(self):
        """Dates and amounts follow what is typed, before anything is saved."""
        contract = self.make.contract([1000.01])
        with Form(self.env['progress.plan.wizard'].with_context(default_contract_id=contract.id)) as form:
            form.start_date = date(2026, 1, 31)
            form.count = 3
            self.assertEqual(
                [(str(line['date']), line['amount']) for line in form.line_ids._records],
                [('2026-01-31', 333.34), ('2026-02-28', 333.33), ('2026-03-31', 333.34)],
            )
            with form.line_ids.edit(2) as line:
                line.weight = 2
            self.assertEqual([line['amount'] for line in form.line_ids._records], [250.0, 250.01, 500.0])
            form.percent = 50
            self.assertEqual(sum(line['amount'] for line in form.line_ids._records), 500.01)

    def test_billed_in_the_meantime(self):
        """A record that was billed since the dialog was opened is not replaced, and nothing is changed."""
        contract = self.make.contract([1000])
        plan = self._lay_out(contract, count=2)
        wizard = self._wizard(contract, count=1)
        self.assertEqual(wizard.replaced_bill_ids, plan)
        plan[0].action_create()
        with self.assertRaisesRegex(UserError, "is not planned any more: its status is “Invoiced”"):
            wizard.action_confirm()
        self.assertEqual(plan.exists().mapped('state'), ['invoiced', 'planned'])
        other = self.make.plan(self.make.contract([50]), '10%')
        wizard = self._wizard(contract, count=1, replace_planned=True)
        wizard.replaced_bill_ids = other
        with self.assertRaisesRegex(UserError, "is not planned any more"):
            wizard.action_confirm()
        self.assertTrue(other.exists())

    def test_what_nobody_can_mean(self):
        """Numbers and dates beyond sense get a sentence, in the dialog and when it is confirmed; nothing is planned."""
        contract = self.make.contract([1000])
        for vals, sentence in (
            ({'percent': 1e9}, "at most 100% of the contract"),
            ({'percent': 100.01}, "at most 100% of the contract"),
            ({'percent': -1}, "at most 100% of the contract"),
            ({'interval': 10**9}, "within 50 years"),
            ({'interval': 10**9, 'interval_unit': 'days'}, "within 50 years"),
            ({'start_date': '9999-12-01'}, "within 50 years"),
            ({'start_date': '0001-01-01'}, "within 50 years"),
            ({'count': 10**6}, "1 to 240 instalments"),
            ({'count': 240, 'interval': 12}, "within 50 years"),
            ({'count': 0}, "1 to 240 instalments"),
            ({'interval': 0}, "1 or more"),
        ):
            with self.subTest(vals=vals):
                wizard = self._wizard(contract, **vals)
                self.assertIn(sentence, wizard.plan_error)
                with self.assertRaisesRegex(UserError, sentence):
                    wizard.action_confirm()
        for vals in ({'interval': 10**12}, {'count': float('inf')}, {'interval': '1e5'}, {'count': '\u0661\u0662'}):
            with self.subTest(vals=vals), self.assertRaisesRegex(ValidationError, "is not a number|is too large"):
                self._wizard(contract, **vals)
        wizard = self._wizard(contract)
        wizard.line_ids[0].date = '9999-01-01'
        with self.assertRaisesRegex(UserError, "must lie within 50 years"):
            wizard.action_confirm()
        self.assertFalse(contract.bill_ids)

    def test_template_offsets(self):
        template = self.env['progress.plan.template'].create(
            {'name': "House", 'line_ids': [fields.Command.create({'percent': 50, 'title': "On order"})]}
        )
        for offset in (10**9, -1):
            with self.assertRaisesRegex(ValidationError, "On order of the billing plan House"):
                template.line_ids.offset = offset
                self.env.flush_all()

    def test_automation(self):
        """The scheduled action takes an interval and a next run that can be meant."""
        cron = self.env.ref('progress_billing.ir_cron_generate_progress_invoices')
        before = (cron.interval_number, cron.nextcall)
        for vals, sentence in (
            ({'interval_number': 10**9}, "every 1 to 1000"),
            ({'interval_number': 0}, "every 1 to 1000"),
            ({'next_run': '9999-01-01 00:00:00'}, "within 10 years"),
        ):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, sentence):
                self.env['progress.automation'].create(vals).action_apply()
        self.assertEqual((cron.interval_number, cron.nextcall), before)


@tagged('post_install', '-at_install')
@freeze_time('2026-01-15')
class TestShiftPlan(PlanCommon):
    """Planned dates are moved together."""

    def _shift(self, action, days):
        wizard = self.env['progress.shift.wizard'].with_context(**action['context']).create({'days': days})
        return wizard

    def test_whole_plan(self):
        contract = self.make.contract([900])
        plan = self._lay_out(contract, count=3)
        plan[0].action_create()
        wizard = self._shift(contract.action_shift_plan(), 10)
        self.assertEqual(
            wizard.line_ids.mapped(lambda line: (str(line.date), str(line.new_date), line.planned_amount)),
            [('2026-02-28', '2026-03-10', 300), ('2026-03-31', '2026-04-10', 300)],
        )
        wizard.action_confirm()
        self.assertEqual([str(day) for day in plan.mapped('date')], ['2026-01-31', '2026-03-10', '2026-04-10'])
        self.assertEqual(plan.mapped('planned_amount'), [300, 300, 300])

    def test_some_of_several_contracts(self):
        first, second = (
            self.make.plan(self.make.contract([100]), '10%'),
            self.make.plan(self.make.contract([100]), '20%'),
        )
        billed = self.billing.bill(self.make.contract([100]), '10%')
        self._shift((first | second | billed).action_shift_dates(), -31).action_confirm()
        self.assertEqual(
            [str(day) for day in (first | second | billed).mapped('date')], ['2025-12-31', '2025-12-31', '2026-01-31']
        )
        with self.assertRaisesRegex(UserError, "No planned record"):
            billed.action_shift_dates()

    def test_refused(self):
        bill = self.make.plan(self.make.contract([100]), '10%')
        for days in (10**9, -(10**9), 20000):
            with self.subTest(days=days):
                wizard = self._shift(bill.action_shift_dates(), days)
                self.assertTrue(wizard.shift_error)
                self.assertFalse(wizard.line_ids.new_date)
                with self.assertRaisesRegex(UserError, "within 50 years"):
                    wizard.action_confirm()
        wizard = self._shift(bill.action_shift_dates(), 5)
        bill.action_create()
        with self.assertRaisesRegex(UserError, "not planned any more"):
            wizard.action_confirm()
        self.assertEqual(str(bill.date), '2026-01-31')


@tagged('post_install', '-at_install')
class TestFinalUndone(PlanCommon):
    """Undoing what ended a plan gives its records back; those a person cancelled stay cancelled."""

    def setUp(self):
        super().setUp()
        self.contract = self.make.contract([1000], self.tax_15)
        self.plan = self._lay_out(self.contract, count=4)
        self.plan[0].action_create()
        self.plan[0].invoice_id.action_post()
        self.plan[1].action_cancel()

    def assertPlan(self, states):
        self.assertEqual(self.plan.mapped('state'), states)

    def test_draft_final_deleted(self):
        final = self.billing.final(self.contract, post=False)
        self.assertPlan(['invoiced', 'cancelled', 'cancelled', 'cancelled'])
        final.unlink()
        self.assertPlan(['invoiced', 'cancelled', 'planned', 'planned'])
        self.assertEqual(self.contract.planned_amount, 500)
        # and again, with one of them cancelled by a person in between
        self.plan[2].action_cancel()
        self.billing.final(self.contract, post=False).unlink()
        self.assertPlan(['invoiced', 'cancelled', 'cancelled', 'planned'])

    def test_final_cancelled(self):
        final = self.billing.final(self.contract, post=False)
        final.button_cancel()
        self.assertPlan(['invoiced', 'cancelled', 'planned', 'planned'])

    def test_final_credited(self):
        """The final credited in full gives the records back; they are billed as planned."""
        final = self.billing.final(self.contract)
        self.billing.credit(final)
        self.assertPlan(['invoiced', 'cancelled', 'planned', 'planned'])
        self.assertEqual(self.contract.state, 'open')
        self.plan[2].action_create()
        self.plan[2].invoice_id.action_post()
        self.assertLedger(self.plan[2].invoice_id, {self.deposit_account: -250})
        self.assertEqual(self.contract.actual_amount, 500)

    def assertLedger(self, moves, expected):
        ledger = self.books.of(moves)
        self.assertEqual({account: ledger[account][0] for account in expected}, expected)

    def test_credit_taken_back(self):
        """A final that stands again, because its credit note was a mistake, ends the plan again."""
        final = self.billing.final(self.contract)
        credit = self.billing.credit(final)
        self.assertPlan(['invoiced', 'cancelled', 'planned', 'planned'])
        credit.button_draft()
        self.assertPlan(['invoiced', 'cancelled', 'cancelled', 'cancelled'])
        credit.unlink()
        self.assertEqual(self.contract.state, 'closed')
        self.assertPlan(['invoiced', 'cancelled', 'cancelled', 'cancelled'])

    def test_planned_again_by_hand(self):
        """A record planned again by a person is theirs: a later final ends it, and gives it back."""
        self.billing.final(self.contract, post=False).unlink()
        self.plan[1].action_plan_again()
        self.billing.final(self.contract, post=False).unlink()
        self.assertPlan(['invoiced', 'planned', 'planned', 'planned'])

    def test_contract_cancelled_and_set_to_draft(self):
        contract = self.make.contract([300])
        plan = self._lay_out(contract, count=3)
        plan[0].action_cancel()
        contract.action_cancel()
        self.assertEqual(plan.mapped('state'), ['cancelled'] * 3)
        contract.action_draft()
        self.assertEqual(plan.mapped('state'), ['cancelled', 'planned', 'planned'])
