from datetime import date

import psycopg2

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestPlan(ProgressBillingCommon):
    """Billing plans: instalments, weights, templates, percents and what follows a changed contract."""

    def _wizard(self, contract, **vals):
        return self.env['progress.plan.wizard'].create({'contract_id': contract.id, 'start_date': '2026-01-31', **vals})

    def _lay_out(self, contract, **vals):
        """Confirm a plan and return its records by date."""
        before = contract.bill_ids
        self._wizard(contract, **vals).action_confirm()
        return (contract.bill_ids - before).sorted('date')

    # === LAYING OUT === #

    def test_equal_instalments(self):
        """PLN-6: N equal instalments, to the cent, month end to month end."""
        contract = self.make.contract([10000])
        plan = self._lay_out(contract, count=3)
        self.assertEqual(plan.mapped('planned_amount'), [3333.33, 3333.34, 3333.33])
        self.assertEqual(plan.mapped('date'), [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)])
        self.assertEqual(plan.mapped('state'), ['planned'] * 3)
        self.assertRecordValues(
            contract, [{'planned_amount': 10000, 'unplanned_amount': 0, 'is_overplanned': False, 'draft_amount': 0}]
        )
        for bill in plan:
            bill.action_create()
        self.assertEqual(contract.wip_available, 0)

    def test_month_end_anchor(self):
        """PLN-6: anchored to month end where it starts there; else the same day, or a shorter month's last."""
        contract = self.make.contract([1200])
        for start, unit, interval, expected in (
            ('2026-02-28', 'months', 1, ['2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']),
            ('2028-02-29', 'months', 1, ['2028-02-29', '2028-03-31', '2028-04-30', '2028-05-31']),
            ('2026-01-30', 'months', 1, ['2026-01-30', '2026-02-28', '2026-03-30', '2026-04-30']),
            ('2026-11-30', 'months', 3, ['2026-11-30', '2027-02-28', '2027-05-31', '2027-08-31']),
            ('2026-01-15', 'months', 12, ['2026-01-15', '2027-01-15', '2028-01-15', '2029-01-15']),
            ('2026-12-28', 'weeks', 1, ['2026-12-28', '2027-01-04', '2027-01-11', '2027-01-18']),
            ('2026-02-27', 'days', 1, ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02']),
        ):
            with self.subTest(start=start, unit=unit):
                wizard = self._wizard(contract, start_date=start, interval_unit=unit, interval=interval, count=4)
                self.assertEqual(wizard.line_ids.sorted('date').mapped(lambda line: str(line.date)), expected)
                self.assertEqual(wizard.is_month_end, start in ('2026-02-28', '2028-02-29', '2026-11-30'))

    def test_weights(self):
        """Weighted instalments share the plan in proportion, to the cent."""
        contract = self.make.contract([1000.01])
        wizard = self._wizard(contract, count=3)
        for line, weight in zip(wizard.line_ids.sorted('date'), (1, 2, 4), strict=True):
            line.weight = weight
        wizard.action_confirm()
        plan = contract.bill_ids.sorted('date')
        self.assertEqual(plan.mapped('planned_amount'), [142.86, 285.72, 571.43])
        self.assertEqual(contract.planned_amount, 1000.01)

    def test_part_of_the_contract(self):
        contract = self.make.contract([1000])
        plan = self._lay_out(contract, count=2, percent=30)
        self.assertEqual(plan.mapped('planned_amount'), [150, 150])
        self.assertEqual(self._wizard(contract).percent, 70)
        self.billing.bill(contract, '20%')
        self.assertEqual(self._wizard(contract).percent, 50)
        rest = self._lay_out(contract, count=1)
        self.assertEqual(rest.planned_amount, 500)
        self.assertFalse(contract.is_overplanned)

    @freeze_time('2026-01-15')
    def test_template(self):
        """A template's shares and offsets from the start of the plan; a month end start stays on month ends."""
        template = self.env['progress.plan.template'].create(
            {
                'name': "House",
                'line_ids': [
                    Command.create({'title': "On order", 'percent': 30, 'offset': 0}),
                    Command.create({'title': "Roof", 'percent': 50, 'offset': 1, 'item_description': "Roof is on"}),
                    Command.create({'title': "Two weeks after", 'percent': 15, 'offset': 2, 'offset_unit': 'weeks'}),
                ],
            }
        )
        self.assertEqual(template.percent, 95)
        contract = self.make.contract([2000.01])
        plan = self._lay_out(contract, template_id=template.id)
        self.assertEqual(
            plan.mapped(lambda bill: (str(bill.date), bill.title, bill.planned_amount)),
            [
                ('2026-01-31', "On order", 600.00),
                ('2026-02-14', "Two weeks after", 300.00),
                ('2026-02-28', "Roof", 1000.01),
            ],
        )
        self.assertEqual(contract.planned_amount, 1900.01)
        self.assertEqual(plan[2].item_description, "Roof is on")

    def test_template_refuses(self):
        """Shares are positive and come to 100 % at most, by whatever door."""
        template = self.env['progress.plan.template'].create(
            {
                'name': "House",
                'line_ids': [Command.create({'percent': 60}), Command.create({'percent': 40, 'offset': 1})],
            }
        )
        for act in (
            lambda: template.write({'line_ids': [Command.create({'percent': 0.01})]}),
            lambda: template.line_ids[0].write({'percent': 61}),
            lambda: template.line_ids[0].write({'percent': -1}),
            lambda: template.line_ids[0].write({'percent': 0}),
            lambda: template.line_ids.create({'template_id': template.id, 'percent': 5}),
            lambda: template.line_ids[0].write({'percent': float('nan')}),
        ):
            with self.assertRaisesRegex(UserError, "is not a number|The shares of the billing plan"):
                act()
                self.env.flush_all()

    def test_wizard_refuses(self):
        contract = self.make.contract([1000])
        for vals, sentence in (
            ({'count': 0}, "A plan has 1 to 240 instalments"),
            ({'count': -1}, "A plan has 1 to 240 instalments"),
            ({'interval': 0}, "days, weeks or months apart"),
            ({'interval': -1}, "days, weeks or months apart"),
            ({'percent': 0}, "nothing is left to plan"),
            ({'percent': -5}, "bills more than 0% and at most 100%"),
            ({'percent': float('nan')}, "is not a number"),
            ({'percent': float('inf')}, "is too large"),
        ):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, sentence):
                self._lay_out(contract, **vals)
        for weight in (0, -1, float('nan')):
            with (
                self.subTest(weight=weight),
                self.assertRaisesRegex(
                    UserError, "a plan needs at least one instalment, and positive weights|is not a number"
                ),
            ):
                wizard = self._wizard(contract)
                wizard.line_ids[0].write({'weight': weight})
                wizard.action_confirm()
        self.assertFalse(contract.bill_ids)
        self.billing.bill(contract, '100%')
        with self.assertRaisesRegex(UserError, "nothing is left to plan"):
            self._lay_out(contract)

    def test_wizard_in_a_form(self):
        contract = self.make.contract([900])
        action = contract.action_plan_wizard()
        with Form(self.env['progress.plan.wizard'].with_context(**action['context'])) as form:
            form.start_date = date(2026, 1, 31)
            form.count = 3
            self.assertEqual(form.amount, 900)
        form.save().action_confirm()
        self.assertEqual(contract.bill_ids.sorted('date').mapped('planned_amount'), [300, 300, 300])

    def test_ended_contracts_are_not_planned(self):
        """A plan on a contract that takes no bills is no plan: closed or cancelled contracts refuse the wizard."""
        cancelled, closed = self.make.contract([1000]), self.make.contract([1000])
        cancelled.action_cancel()
        self.billing.final(closed)
        for contract in (cancelled, closed):
            with (
                self.subTest(state=contract.state),
                self.assertRaisesRegex(UserError, "has a final invoice, or is cancelled"),
            ):
                self._lay_out(contract, percent=10)

    # === PLANNED AND BILLED === #

    def test_percent_is_of_the_contract_when_created(self):
        """PLN-2: planned and billed amounts are kept apart."""
        contract = self.make.contract([10000])
        bill = self.make.plan(contract, '25%')
        contract.line_ids.original_amount = 12000
        self.assertEqual(bill.planned_amount, 3000)
        bill.action_create()
        contract.line_ids.original_amount = 20000
        self.assertRecordValues(bill, [{'planned_amount': 3000, 'amount': 3000, 'amt_pct': '25%'}])
        with self.assertRaisesRegex(UserError, "cannot be planned anew"):
            bill.amt_pct = '30%'
        bill.invoice_id.unlink()
        bill.action_create()
        self.assertEqual(bill.amount, 5000)

    def test_changed_plan_of_a_deleted_bill(self):
        """BIL-3: a person plans a deleted bill anew and creates it again."""
        contract = self.make.contract([10000])
        bill = self.billing.bill(contract, '25%', post=False)
        bill.invoice_id.unlink()
        bill.amt_pct = '40%'
        bill.action_create()
        self.assertEqual((bill.amount, contract.draft_amount), (4000, 4000))
        bill.invoice_id.unlink()
        bill.amt_pct = '100'
        bill.action_create()
        self.assertRecordValues(bill, [{'amount': 100, 'planned_amount': 100}])

    def test_cancelled_records(self):
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '60%')
        bill.action_cancel()
        self.assertEqual((contract.planned_amount, contract.unplanned_amount), (0, 1000))
        with self.assertRaisesRegex(UserError, "cannot be billed"):
            bill.action_create()
        bill.action_plan_again()
        bill.action_create()
        self.assertEqual(contract.draft_amount, 600)

    def test_final_cancels_what_is_planned(self):
        """Records still open are cancelled by the final; undoing it gives them back."""
        contract = self.make.contract([1000])
        plan = self._lay_out(contract, count=2)
        plan[0].action_create()
        with self.assertRaisesRegex(UserError, "post, invoice or delete these drafts before the final invoice"):
            contract.action_create_final_invoice()
        plan[0].invoice_id.action_post()
        final = self.billing.final(contract)
        self.assertEqual(plan.mapped('state'), ['invoiced', 'cancelled'])
        final.button_draft()
        final.unlink()
        self.assertEqual((plan.mapped('state'), contract.state), (['invoiced', 'planned'], 'open'))

    def test_bill_with_lines_of_its_own(self):
        """A planned record with lines bills them as they are."""
        contract = self.make.contract([1000, 500], self.tax_15)
        bill = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'date': '2026-01-31',
                'line_ids': [Command.create({'contract_line_id': contract.line_ids[1].id, 'amount': 123.45})],
            }
        )
        self.assertEqual(contract.draft_amount, 0)
        bill.action_create()
        self.assertEqual(contract.line_ids.mapped('draft_amount'), [0, 123.45])
        self.assertEqual(bill.invoice_id.amount_untaxed, 123.45)
        twice = self.env['progress.bill'].create({'contract_id': contract.id})
        with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.errors.UniqueViolation):  # by RPC: its message
            twice.line_ids = [
                Command.create({'contract_line_id': contract.line_ids[0].id, 'amount': 1}) for _line in range(2)
            ]
            self.env.flush_all()

    # === A CHANGED CONTRACT === #

    def _change(self, contract, amount):
        change = self.env['progress.contract.change'].create(
            {
                'contract_id': contract.id,
                'line_ids': [Command.create({'contract_line_id': contract.line_ids[0].id, 'amount': amount})],
            }
        )
        change.action_approve()
        return change

    def test_plan_follows_a_change(self):
        """PLN-7: open records of a plan are spread again; billed ones keep what was planned and billed."""
        contract = self.make.contract([9000])
        plan = self._lay_out(contract, count=3)
        plan[0].action_create()
        change = self._change(contract, 900)
        self.assertEqual(plan.mapped('planned_amount'), [3000, 3450, 3450])
        self.assertEqual(plan[0].amount, 3000)
        self.assertEqual((contract.planned_amount, contract.unplanned_amount), (6900, 0))
        change.action_cancel()
        self.assertEqual(plan.mapped('planned_amount'), [3000, 3000, 3000])

    def test_typed_records_and_a_change(self):
        """PLN-7: typed amounts stay, typed percents follow by themselves, and neither is part of a plan."""
        contract = self.make.contract([10000])
        typed, percent = self.make.plan(contract, '1000'), self.make.plan(contract, '25%')
        plan = self._lay_out(contract, count=2)
        self.assertEqual(plan.mapped('planned_amount'), [3250, 3250])
        self._change(contract, 2000)
        self.assertEqual((typed.planned_amount, percent.planned_amount), (1000, 3000))
        self.assertEqual(plan.mapped('planned_amount'), [3900, 3900])  # 65 % of 12,000
        plan[0].amt_pct = '100'
        self._change(contract, 1000)
        self.assertEqual(plan.mapped('planned_amount'), [100, 8350])

    def test_percents_follow(self):
        """Amt/Pct keeps the percentage, the amount follows the revised contract, both ways."""
        contract = self.make.contract([10000])
        bill = self.make.plan(contract, '33.333%')
        change = self._change(contract, -2500)
        self.assertRecordValues(bill, [{'amt_pct': '33.333%', 'planned_amount': 2499.98}])
        change.action_cancel()
        self.assertEqual(bill.planned_amount, 3333.3)

    def test_two_plans(self):
        """Two plans of one contract are spread again each on its own."""
        contract = self.make.contract([10000])
        first = self._lay_out(contract, count=2, percent=40)
        second = self._lay_out(contract, count=2, percent=60, start_date='2026-06-30')
        self._change(contract, 1000)
        self.assertEqual(first.mapped('planned_amount'), [2200, 2200])
        self.assertEqual(second.mapped('planned_amount'), [3300, 3300])

    def test_shrinking_below_the_plan(self):
        """A contract that shrinks below what is billed of the plan leaves nothing to the open records."""
        contract = self.make.contract([9000])
        plan = self._lay_out(contract, count=3)
        plan[0].action_create()
        plan[1].action_create()
        self._change(contract, -3000)
        self.assertEqual(plan.mapped('planned_amount'), [3000, 3000, 0])
        self._change(contract, 1500)
        self.assertEqual(plan[2].planned_amount, 1500)

    def test_plan_after_the_schedule_was_edited(self):
        """The schedule edited by hand moves the plan as a change order does."""
        contract = self.make.contract([9000], do_open=False)
        plan = self._lay_out(contract, count=3)
        contract.line_ids.original_amount = 6000
        self.assertEqual(plan.mapped('planned_amount'), [2000, 2000, 2000])
        contract.line_ids = [Command.create({'name': "More", 'original_amount': 300})]
        self.assertEqual(plan.mapped('planned_amount'), [2100, 2100, 2100])
        contract.line_ids[1].unlink()
        self.assertEqual(plan.mapped('planned_amount'), [2000, 2000, 2000])
