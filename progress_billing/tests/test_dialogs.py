"""Dialogs: what they start with, what they show while something is typed, and what their button does."""

from datetime import date, datetime, timedelta

from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .common import ProgressBillingCommon

CLOSE = {'type': 'ir.actions.act_window_close'}


class DialogCommon(ProgressBillingCommon):
    """Helpers that open a dialog as its button does."""

    def _open(self, action, **vals):
        """The dialog of an action, with what a person entered."""
        self.assertEqual((action['type'], action['target']), ('ir.actions.act_window', 'new'))
        return self.env[action['res_model']].with_context(**action['context']).create(vals)


@tagged('post_install', '-at_install')
class TestClaimDialog(DialogCommon):
    """Create on an open contract: all that remains, one percentage, or line by line."""

    def test_starts_with(self):
        contract = self.make.as_billed([1000, 500])
        contract.line_ids = [Command.create({'display_type': 'line_section', 'name': "House", 'sequence': 1})]
        contract.line_ids[-1].sequence = 2
        with freeze_time('2026-03-15 12:00:00'):
            dialog = self._open(contract.action_create_bill_wizard())
        self.assertRecordValues(
            dialog, [{'mode': 'percent', 'percent': 0, 'amount': 0, 'wip_available': 1500, 'date': date(2026, 3, 15)}]
        )
        self.assertEqual(dialog.line_ids.mapped('contract_line_id'), contract._get_billable_lines())
        self.assertEqual(dialog.line_ids.mapped('amount_left'), contract._get_billable_lines().mapped('amount_left'))

    def test_amount_shown(self):
        """What the bill will come to, in each of the three ways; nothing for a percentage that is none."""
        contract = self.make.as_billed([1000, 500.01])
        self.billing.bill(contract, '150')
        dialog = self._open(contract.action_create_bill_wizard())
        for vals, amount in (
            ({'mode': 'percent', 'percent': 50}, 750.01),
            ({'percent': 100}, 1500.01),
            ({'percent': 100.01}, 0),
            ({'percent': -1}, 0),
            ({'percent': 0}, 0),
            ({'mode': 'remaining'}, 1350.01),
            ({'mode': 'lines'}, 0),
        ):
            with self.subTest(vals=vals):
                dialog.write(vals)
                self.assertEqual(round(dialog.amount, 2), amount)
        dialog.line_ids[0].amount = 12.5
        dialog.line_ids[1].amount = 7.5
        self.assertEqual(dialog.amount, 20)
        self.assertEqual(len(contract.bill_ids), 1)

    def test_each_way(self):
        """The bill has the date and title typed, and only lines that claim something."""
        for vals, lines, amounts in (
            ({'mode': 'remaining'}, {}, [1000, 500]),
            ({'mode': 'percent', 'percent': 10}, {}, [100, 50]),
            ({'mode': 'lines'}, {1: {'amount': 70}}, [70]),
            ({'mode': 'lines'}, {0: {'percent': 25, 'amount': 250}, 1: {'percent': 25, 'amount': 100}}, [250, 100]),
        ):
            with self.subTest(vals=vals, lines=lines):
                contract = self.make.as_billed([1000, 500])
                dialog = self._open(contract.action_create_bill_wizard(), date='2026-02-03', title="February", **vals)
                for at, typed in lines.items():
                    dialog.line_ids[at].write(typed)
                action = dialog.action_confirm()
                bill = contract.bill_ids
                self.assertEqual(bill.line_ids.mapped('amount'), amounts)
                self.assertRecordValues(bill, [{'date': date(2026, 2, 3), 'title': "February"}])
                self.assertEqual(action['res_id'], bill.invoice_id.id)

    def test_quantities(self):
        """Units typed are priced cumulatively; a percentage turns into units."""
        contract = self.make.by_quantity(3, 33.335)
        with Form(self.env['progress.claim.wizard'].with_context(default_contract_id=contract.id)) as form:
            form.mode = 'lines'
            with form.line_ids.edit(0) as line:
                line.quantity = 1
                self.assertEqual(line.amount, 33.34)
                line.percent = 100
                self.assertEqual((line.quantity, line.amount), (3, 100.01))
                line.quantity = 2
                self.assertEqual(line.amount, 66.67)
        form.record.action_confirm()
        self.assertRecordValues(contract.bill_ids.line_ids, [{'quantity': 2, 'amount': 66.67}])
        by_amount = self.make.as_billed([1000])
        with Form(self.env['progress.claim.wizard'].with_context(default_contract_id=by_amount.id)) as form:
            form.mode = 'lines'
            with form.line_ids.edit(0) as line:
                line.percent = 12.5
                self.assertEqual((line.amount, line.quantity), (125, 0))

    def test_refused(self):
        contract = self.make.as_billed([1000])
        for vals, typed, sentence in (
            ({'percent': 0}, {}, "A percentage must be more than 0 and at most 100, not 0."),
            ({'percent': 101}, {}, "A percentage must be more than 0 and at most 100, not 101."),
            ({'percent': 100.25}, {}, "A percentage must be more than 0 and at most 100, not 100.25."),
            ({'percent': 100.0001}, {}, "A percentage must be more than 0 and at most 100, not 100.0001."),
            ({'mode': 'lines'}, {}, "has nothing left to bill"),
            ({'mode': 'lines'}, {'amount': 1000.01}, "would be billed of"),
        ):
            with self.subTest(vals=vals, typed=typed):
                dialog = self._open(contract.action_create_bill_wizard(), **vals)
                dialog.line_ids.write(typed)
                self.assertRefused(dialog.action_confirm, sentence)
        self.assertFalse(contract.bill_ids)


@tagged('post_install', '-at_install')
class TestRunDialog(DialogCommon):
    """What a run will make, and what it will not, before it is made."""

    def _preview(self, contracts, **vals):
        return self.env['progress.run.wizard'].create({'contract_ids': [Command.set(contracts.ids)], **vals})

    def test_outcomes(self):
        """An invoice, a credit note where less than nothing is pending, a pro forma where they are used."""
        invoice, credit, pro_forma = self.make.as_billed([1000]), self.make.as_billed([1000]), self.make.pro_forma([50])
        nothing, draft = self.make.as_billed([1000]), self.make.as_billed([1000], do_open=False)
        self.billing.draw(credit, 50)
        for contract, percent in ((invoice, 30), (credit, 40), (pro_forma, 100)):
            contract.line_ids.completed_percent = percent
        preview = self._preview(invoice | credit | pro_forma | nothing | draft)
        found = {line.contract_id: (line.outcome, line.amount, line.line_count) for line in preview.line_ids}
        self.assertEqual(
            found,
            {
                invoice: ('invoice', 300, 1),
                credit: ('credit_note', -100, 1),
                pro_forma: ('pro_forma', 50, 1),
                nothing: (False, 0, 0),
                draft: (False, 0, 0),
            },
        )
        reasons = {line.contract_id: line.reason for line in preview.line_ids if line.reason}
        self.assertEqual(
            reasons,
            {
                nothing: "Nothing is pending: enter Completed (%) or a pending amount first.",
                draft: "It is a draft: choose Start Billing first.",
            },
        )
        self.assertEqual((preview.bill_count, preview.skipped_count), (3, 2))
        self.assertEqual(preview.summary, "Documents to be made: 3. Contracts that cannot be billed: 2.")
        self.assertEqual(self._preview(invoice).summary, "Documents to be made: 1.")
        self.assertEqual(preview.line_ids.partner_id, self.customer)

    def test_makes_what_it_shows(self):
        contract = self.make.as_billed([1000])
        contract.line_ids.completed_percent = 30
        preview = self._preview(contract, date='2026-02-03')
        action = preview.action_run()
        self.assertRecordValues(contract.bill_ids, [{'amount': 300, 'date': date(2026, 2, 3)}])
        self.assertEqual(action['res_id'], contract.bill_ids.invoice_id.id)
        self.assertRefused(preview.action_run, "Nothing is pending")

    def test_long_runs(self):
        """More contracts than one call takes are billed step by step by the page; tasks never are that many."""
        contracts = self.env['progress.contract'].concat(
            *(self.make.as_billed([10], do_open=False) for _number in range(21))
        )
        action = self._preview(contracts, date='2026-02-03').action_run()
        self.assertEqual(
            (action['type'], action['tag'], action['target']), ('ir.actions.client', 'progress_billing.run', 'new')
        )
        self.assertEqual(action['params'], {'contract_ids': contracts.ids, 'date': '2026-02-03', 'step': 20})
        self.assertRefused(self._preview(contracts[:20]).action_run, "It is a draft")
        task = self.env['project.task'].create({'name': "x", 'project_id': self.project.id})
        self.assertRefused(
            self._preview(contracts, task_ids=[Command.set(task.ids)]).action_run,
            regex="It is a draft|No schedule line",
        )

    def test_lines_of_tasks(self):
        """With tasks, only their lines are shown and billed."""
        tasks = self.env['project.task'].create(
            [{'name': name, 'project_id': self.project.id} for name in ("Roof", "Walls")]
        )
        contract = self.make.as_billed([1000, 500])
        for line, task in zip(contract.line_ids, tasks, strict=True):
            line.write({'task_id': task.id, 'completed_percent': 50})
        preview = self._preview(contract, task_ids=[Command.set(tasks[1].ids)])
        self.assertEqual((preview.line_ids.amount, preview.line_ids.line_count), (250, 1))
        preview.action_run()
        self.assertEqual(contract.line_ids.mapped('draft_amount'), [0, 250])


@tagged('post_install', '-at_install')
class TestPlanDialog(DialogCommon):
    """Laying out a plan: the corners of what is typed."""

    def _plan(self, contract, **vals):
        return self._open(contract.action_plan_wizard(), **{'start_date': '2026-01-31', **vals})

    def _template(self, *lines):
        return self.env['progress.plan.template'].create(
            {'name': "House", 'line_ids': [Command.create(vals) for vals in lines]}
        )

    def test_starts_with(self):
        """Three instalments of what is neither billed nor planned, a month apart, from today."""
        with freeze_time('2026-03-15 12:00:00'):
            contract = self.make.contract([1000])
            dialog = self._open(contract.action_plan_wizard())
            self.assertRecordValues(
                dialog,
                [
                    {
                        'count': 3,
                        'interval': 1,
                        'interval_unit': 'months',
                        'start_date': date(2026, 3, 15),
                        'is_month_end': False,
                        'percent': 100,
                        'amount': 1000,
                        'replace_planned': False,
                        'replaced_amount': 0,
                        'plan_error': False,
                    }
                ],
            )
            self.assertEqual(
                dialog.line_ids.sorted('date').mapped('title'),
                ["Instalment 1 of 3", "Instalment 2 of 3", "Instalment 3 of 3"],
            )
            self.assertEqual(dialog.action_confirm(), CLOSE)
        self.assertRecordValues(
            contract.bill_ids.sorted('date'),
            [{'title': f"Instalment {number} of 3", 'plan_weight': 1, 'plan_percent': 100} for number in (1, 2, 3)],
        )
        self.assertEqual(set(contract.bill_ids.mapped('plan_number')), {dialog.id})

    def test_month_end(self):
        """Only months that start on a last day stay on last days."""
        contract = self.make.contract([1000])
        for vals, expected in (
            ({'start_date': '2026-01-31'}, True),
            ({'start_date': '2026-01-30'}, False),
            ({'start_date': '2028-02-28'}, False),
            ({'start_date': '2028-02-29'}, True),
            ({'interval_unit': 'weeks'}, False),
            ({'interval_unit': 'days'}, False),
        ):
            with self.subTest(vals=vals):
                self.assertEqual(self._plan(contract, **vals).is_month_end, expected)

    def test_numbers_at_their_bounds(self):
        """1 and 240 instalments, 100 % and the least of percentages are plans; one step further is none."""
        contract = self.make.contract([1000])
        for vals, error in (
            ({'count': 1}, False),
            ({'count': 240}, False),
            ({'count': 241}, "A plan has 1 to 240 instalments."),
            ({'interval': 1}, False),
            ({'interval': 0}, "The instalments must be 1 or more days, weeks or months apart."),
            ({'percent': 100}, False),
            ({'percent': 0.0001}, False),
            ({'percent': 100.0001}, "A plan bills more than 0% and at most 100% of the contract."),
            ({'percent': -0.0001}, "A plan bills more than 0% and at most 100% of the contract."),
        ):
            with self.subTest(vals=vals):
                self.assertEqual(self._plan(contract, **vals).plan_error, error)
        dialog = self._plan(contract, percent=0.0001)
        self.assertEqual(dialog.amount, 0)
        self.assertRefused(
            dialog.action_confirm,
            f"{contract.name}: nothing is left to plan. Replace planned records, or enter a percentage.",
        )
        self.assertRefused(
            self._plan(contract, count=241).action_confirm, f"{contract.name}: A plan has 1 to 240 instalments."
        )

    @freeze_time('2026-01-15')
    def test_fifty_years(self):
        """The last instalment is the one that has to lie within fifty years."""
        contract = self.make.contract([1000])
        for vals, within in (
            ({'count': 2, 'interval': 18000, 'interval_unit': 'days'}, True),
            ({'count': 2, 'interval': 18300, 'interval_unit': 'days'}, False),
            ({'count': 1, 'interval': 18300, 'interval_unit': 'days'}, True),
            ({'count': 3, 'interval': 9000, 'interval_unit': 'days'}, True),
            ({'count': 2, 'interval': 2500, 'interval_unit': 'weeks'}, True),
            ({'count': 2, 'interval': 2700, 'interval_unit': 'weeks'}, False),
        ):
            with self.subTest(vals=vals):
                dialog = self._plan(contract, **vals)
                self.assertEqual(bool(dialog.plan_error), not within)
                self.assertEqual(len(dialog.line_ids), vals['count'] if within else 0)

    def test_no_instalments(self):
        """Lines taken out, or weights that are none, plan nothing."""
        contract = self.make.contract([1000])
        sentence = f"{contract.name}: a plan needs at least one instalment, and positive weights."
        empty = self._plan(contract)
        empty.line_ids = [Command.clear()]
        self.assertRefused(empty.action_confirm, sentence)
        for weight in (0, -1):
            dialog = self._plan(contract)
            dialog.line_ids[1].weight = weight
            self.assertEqual(dialog.line_ids.mapped('amount'), [0, 0, 0])
            self.assertRefused(dialog.action_confirm, sentence)
        dialog = self._plan(contract)
        dialog.line_ids[0].write({'date': '2999-01-01', 'title': "Far"})
        self.assertRefused(
            dialog.action_confirm, f"{contract.name}: the date of Far must lie within 50 years of today."
        )
        self.assertFalse(contract.bill_ids)

    def test_ended_contract(self):
        for end in ('cancelled', 'draft final'):
            contract = self.make.contract([1000])
            dialog = self._plan(contract)
            if end == 'cancelled':
                contract.action_cancel()
            else:
                self.billing.final(contract, post=False)
            self.assertRefused(
                dialog.action_confirm,
                f"{contract.name} has a final invoice, or is cancelled: nothing more is planned on it.",
            )

    @freeze_time('2026-01-15')
    def test_from_a_template(self):
        """Shares, texts and days of the template; the start decides, and what is planned is of the whole contract."""
        template = self._template(
            {'percent': 30, 'title': "On order"},
            {'percent': 20.5, 'offset': 10, 'offset_unit': 'days', 'item_description': "Roof"},
            {'percent': 40, 'offset': 1, 'offset_unit': 'months'},
        )
        contract = self.make.contract([1000])
        dialog = self._plan(contract, template_id=template.id)
        self.assertRecordValues(dialog, [{'percent': 90.5, 'amount': 905, 'plan_error': False}])
        self.assertEqual(
            [(str(line.date), line.weight, line.title, line.item_description, line.amount) for line in dialog.line_ids],
            [
                ('2026-01-31', 30, "On order", False, 300),
                ('2026-02-10', 20.5, False, "Roof", 205),
                ('2026-02-28', 40, False, False, 400),
            ],
        )
        dialog.start_date = '2026-02-15'
        self.assertEqual([str(line.date) for line in dialog.line_ids], ['2026-02-15', '2026-02-25', '2026-03-15'])
        dialog.start_date = '2076-02-01'
        self.assertEqual((bool(dialog.plan_error), len(dialog.line_ids)), (True, 0))

    def test_which_are_replaced(self):
        """Planned progress records, all or those chosen; billed and cancelled ones and down payments never."""
        contract = self.make.contract([1000])
        first, second = self.make.plan(contract, '100'), self.make.plan(contract, '200')
        self.make.plan(contract, '50').action_cancel()
        self.billing.bill(contract, '300')
        dialog = self._plan(contract)
        self.assertRecordValues(
            dialog, [{'planned_ids': (first | second).ids, 'replace_planned': False, 'amount': 400, 'percent': 40}]
        )
        dialog.replaced_bill_ids = first  # chosen, but not to be replaced
        dialog.replace_planned = False
        self.assertEqual((dialog.replaced_bill_ids.ids, dialog.amount), ([], 400))
        dialog.replace_planned = True
        self.assertRecordValues(dialog, [{'replaced_amount': 300, 'amount': 700, 'percent': 70}])
        dialog.action_confirm()
        self.assertFalse((first | second).exists())
        self.assertEqual(contract.planned_amount, 700)
        self.assertEqual(contract.unplanned_amount, 0)

    def test_the_same_plan_again(self):
        """Sharing out the rest of one plan goes on with it; a part of it is a plan of its own (PLN-13)."""
        contract = self.make.contract([1200])
        self._plan(contract, count=4, percent=50).action_confirm()
        first = contract.bill_ids
        number = first[0].plan_number
        first.sorted('date')[0].action_create()
        again = self._plan(contract, count=2, replace_planned=True, percent=37.5)
        self.assertEqual(again.amount, 450)
        again.action_confirm()
        again = contract.bill_ids - first
        self.assertEqual((set(again.mapped('plan_number')), again[0].plan_percent), ({number}, 50))
        self.assertEqual(again.mapped('planned_amount'), [225, 225])
        other = self._plan(contract, count=1, replace_planned=True, percent=30)
        other.action_confirm()
        new = contract.bill_ids.filtered(lambda bill: bill.state == 'planned')
        self.assertEqual((new.plan_number, new.plan_percent, new.planned_amount), (other.id, 30, 360))

    def test_no_decimals_and_three(self):
        """Instalments are whole units of the contract's currency."""
        for code, worth, expected in (
            ('JPY', 100000, [33333, 33334, 33333]),
            ('KWD', 1000, [333.333, 333.334, 333.333]),
        ):
            with self.subTest(currency=code):
                currency = self.setup_other_currency(code, rounding={'JPY': 1.0, 'KWD': 0.001}[code])
                contract = self.make.contract([worth], currency_id=currency.id)
                self._plan(contract).action_confirm()
                self.assertEqual(contract.bill_ids.sorted('date').mapped('planned_amount'), expected)


@tagged('post_install', '-at_install')
@freeze_time('2026-01-15')
class TestShiftDialog(DialogCommon):
    """Moving planned dates."""

    def test_moves_each_by_its_own_date(self):
        contract = self.make.contract([1000])
        bills = self.env['progress.bill'].concat(
            *(self.make.plan(contract, '10', day) for day in ('2026-01-31', '2026-01-31', '2026-12-31'))
        )
        undated = self.make.plan(contract, '10', False, trigger='manual')
        dialog = self._open(contract.action_shift_plan())
        self.assertEqual((dialog.days, dialog.bill_ids, dialog.shift_error), (7, bills, False))
        dialog.days = -31
        self.assertEqual([str(line.new_date) for line in dialog.line_ids], ['2025-12-31', '2025-12-31', '2026-11-30'])
        self.assertEqual(dialog.action_confirm(), CLOSE)
        self.assertEqual(bills.mapped(lambda bill: str(bill.date)), ['2025-12-31', '2025-12-31', '2026-11-30'])
        self.assertFalse(undated.date)

    def test_bounds(self):
        """Fifty years from today, to the day, and both ways."""
        bill = self.make.plan(self.make.contract([1000]), '10', '2026-01-15')
        most = 366 * 50
        for days, within in ((most, True), (most + 1, False), (-most, True), (-most - 1, False), (0, True)):
            with self.subTest(days=days):
                dialog = self._open(bill.action_shift_dates(), days=days)
                self.assertEqual(not dialog.shift_error, within)
                if not within:
                    self.assertRefused(
                        dialog.action_confirm,
                        "The dates must stay within 50 years of today: move them by fewer days.",
                    )
        self.assertEqual(str(bill.date), '2026-01-15')

    def test_nothing_to_move(self):
        contract = self.make.contract([1000])
        for make in (
            lambda: self.env['progress.bill'],
            lambda: self.make.plan(contract, '10', False, trigger='manual'),
            lambda: self.billing.bill(contract, '10'),
        ):
            bills = make()
            self.assertRefused(bills.action_shift_dates, "No planned record with a date is among these")
        self.assertRefused(contract.action_shift_plan, "only their dates can move")

    def test_billed_in_the_meantime(self):
        """One record that is not planned any more keeps all of them where they were."""
        contract = self.make.contract([1000])
        first, second = self.make.plan(contract, '10'), self.make.plan(contract, '20')
        dialog = self._open(contract.action_shift_plan(), days=3)
        second.action_cancel()
        refusal = f"{second.display_name} is not planned any more: its status is “Cancelled”."
        self.assertRefused(dialog.action_confirm, refusal)
        self.assertEqual((str(first.date), str(second.date)), ('2026-01-31', '2026-01-31'))


@tagged('post_install', '-at_install')
class TestSmallDialogs(DialogCommon):
    """Dialogs that ask one question."""

    def test_final(self):
        """Shows what would be cut short, and makes the final invoice."""
        contract = self.make.contract([1000])
        planned = self.make.plan(contract, '10%')
        self.make.plan(contract, '5%').action_cancel()
        self.billing.bill(contract, '400')
        dialog = self._open(contract.action_final_wizard())
        self.assertRecordValues(
            dialog,
            [
                {
                    'bill_ids': planned.ids,
                    'revised_amount': 1000,
                    'wip_available': 600,
                    'deposit_balance': 400,
                    'completed_percent': 0,
                }
            ],
        )
        action = dialog.action_confirm()
        self.assertEqual((action['res_id'], planned.state), (contract.final_invoice_id.id, 'cancelled'))

    def test_final_asks_nothing_while_drafts_stand(self):
        """Drafts stand in the way of the final invoice: the button says so, before it asks."""
        contract = self.make.contract([1000])
        self.make.plan(contract, '10%')
        draft = self.billing.bill(contract, '400', post=False)
        self.assertRefused(contract.action_final_wizard, "post, invoice or delete these drafts", draft.display_name)

    def test_final_tells_what_it_does(self):
        """Only where revenue waits for the final invoice is any recognised by it, and a deposit reversed."""
        view = etree.fromstring(self.env['progress.final.wizard'].get_view(view_type='form')['arch'])
        sentences = {' '.join(p.text.split()): p.get('invisible') for p in view.iter('p')}
        self.assertEqual(
            [hidden for sentence, hidden in sentences.items() if "reverses every deposit" in sentence],
            ["revenue_recognition != 'deposit'"],
        )
        self.assertIn("revenue_recognition == 'deposit'", sentences.values())

    def test_final_without_a_question(self):
        """All is done and nothing planned: the button makes it at once, and shows it when pressed again."""
        contract = self.make.contract([1000])
        contract.line_ids.completed_percent = 100
        for _call in range(2):
            self.assertEqual(contract.action_final_wizard()['res_id'], contract.final_invoice_id.id)
        self.assertEqual(len(contract.bill_ids), 1)

    def test_final_names_waiting_change_orders(self):
        """A change order that is a draft can never be approved after the final invoice: the button asks first."""
        contract = self.make.contract([1000])
        contract.line_ids.completed_percent = 100
        waiting, cancelled = (self.make.change(contract, {'name': "More", 'amount': 50}, approve=False) for _ in '12')
        cancelled.action_cancel()
        dialog = self._open(contract.action_final_wizard())
        self.assertEqual(dialog.change_ids, waiting)
        dialog.action_confirm()
        self.assertRefused(waiting.action_approve, "has a final invoice")

    def test_reject(self):
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 40)
        bill.action_submit()
        dialog = self.env['progress.reject.wizard'].create({'bill_ids': [Command.set(bill.ids)], 'reason': "Too early"})
        self.assertEqual(dialog.action_confirm(), CLOSE)
        self.assertRecordValues(bill, [{'state': 'rejected', 'reject_reason': "Too early"}])

    def test_approval_of_milestones(self):
        """One note for all the milestones that were chosen."""
        milestones = self.env['project.milestone'].create(
            [{'name': name, 'project_id': self.project.id, 'is_reached': True} for name in ("Roof", "Walls")]
        )
        dialog = self._open(milestones.action_approve_billing_wizard(), note="  By letter ")
        self.assertEqual(dialog.milestone_ids, milestones)
        self.assertEqual(dialog.action_confirm(), CLOSE)
        self.assertEqual(milestones.mapped('billing_approval_note'), ["By letter", "By letter"])

    def test_retainage(self):
        """For all lines, or for those that come: the lines there are keep theirs."""
        for scope, of_line in (('all', (5, 2)), ('new', (10, 10))):
            with self.subTest(scope=scope):
                contract = self.make.as_billed([1000], retainage_percent=10, stored_retainage_percent=10)
                dialog = self.env['progress.retainage.wizard'].create(
                    {
                        'contract_id': contract.id,
                        'retainage_percent': 5,
                        'stored_retainage_percent': 2,
                        'scope': scope,
                    }
                )
                self.assertEqual(dialog.action_confirm(), CLOSE)
                line = contract.line_ids
                self.assertEqual((contract.retainage_percent, contract.stored_retainage_percent), (5, 2))
                self.assertEqual((line.retainage_percent, line.stored_retainage_percent), of_line)

    def test_release(self):
        """All that is held, an amount over the lines, or line by line."""
        for vals, typed, released in (
            ({'mode': 'all'}, None, [-50, -25]),
            ({'mode': 'amount', 'amount': 30}, None, [-20, -10]),
            ({'mode': 'lines'}, 10, [-10]),
        ):
            with self.subTest(vals=vals):
                contract = self.make.as_billed([1000, 500], retainage_percent=10)
                self.billing.draw(contract, 50, 50)
                dialog = self.env['progress.release.wizard'].create({'contract_id': contract.id, **vals})
                self.assertEqual((dialog.held_amount, dialog.line_ids.mapped('held_amount')), (75, [50, 25]))
                if typed:
                    dialog.line_ids[1].amount = typed
                before = contract.bill_ids
                action = dialog.action_confirm()
                bill = contract.bill_ids - before
                self.assertEqual(bill.line_ids.mapped('retainage_amount'), released)
                self.assertEqual((bill.kind, action['res_id']), ('retainage', bill.invoice_id.id))
        with Form(self.env['progress.release.wizard'].with_context(default_contract_id=contract.id)) as form:
            held = form.held_amount
        self.assertEqual((held, form.record.held_amount), (65, 65))  # after what was released above, and saved too
        nothing = self.env['progress.release.wizard'].create({'contract_id': self.make.as_billed([5]).id})
        self.assertEqual((nothing.held_amount, nothing.line_ids.ids), (0, []))
        with self.assertRaises(UserError) as refused:
            nothing.action_confirm()
        self.assertTrue(str(refused.exception))

    def test_down_payment_by_percentage(self):
        """A share of the contract is typed as such, and is the amount; an amount typed later is not that share."""
        contract = self.make.contract([3000.5, 1000], self.tax_15)
        with Form(self.env['progress.down.payment.wizard'].with_context(default_contract_id=contract.id)) as form:
            form.percent = 30
            self.assertEqual(form.amount, 1200.15)
            form.amount = 1000
            self.assertEqual(form.percent, 0)
            form.percent = 30
        form.record.action_confirm()
        self.assertEqual(contract.bill_ids.amount_due, 1200.15)

    def test_down_payment(self):
        """Another customer brings one of their contracts along; the same one, or their contact, keeps it."""
        mine, other = self.make.contract([1000]), self.env['res.partner'].create({'name': "Other"})
        contact = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id})
        older, newer = (self.make.contract([1000], partner_id=other.id) for _number in range(2))
        with Form(self.env['progress.down.payment.wizard'].with_context(default_contract_id=mine.id)) as form:
            for partner, contract in ((self.customer, mine), (contact, mine), (other, newer), (self.customer, mine)):
                form.partner_id = partner
                self.assertEqual(form.contract_id, contract)
            form.partner_id = other
            form.contract_id = older
            form.partner_id = contact
            form.partner_id = self.env['res.partner']
            self.assertEqual(form.contract_id, mine)
            form.amount = 100
            form.is_restricted = True
        form.record.action_confirm()
        self.assertRecordValues(mine.bill_ids, [{'kind': 'down_payment', 'sourced_amount': 100, 'is_restricted': True}])
        mine.bill_ids.invoice_id.action_post()
        self.assertEqual(self._open(mine.action_down_payment_wizard(), amount=5).left_amount, 100)

    def test_reversal(self):
        """Odoo's own dialog: a credit note, yes; a copy of our invoice, no; other invoices are left alone."""
        ours = self.billing.bill(self.make.contract([1000]), '400').invoice_id
        others = self.init_invoice('out_invoice', partner=self.customer, amounts=[70], post=True)

        def dialog(moves):
            wizards = self.env['account.move.reversal'].with_context(active_model='account.move', active_ids=moves.ids)
            return wizards.create({'journal_id': moves.journal_id.id})

        self.assertRefused(
            dialog(ours | others).modify_moves,
            f"{ours.display_name} were made from progress bills. Reverse them, then create the bills again",
        )
        self.assertFalse((ours | others).reversal_move_ids)
        dialog(others).modify_moves()
        self.assertTrue(others.reversal_move_ids)
        dialog(ours).reverse_moves()
        self.assertEqual(ours.reversal_move_ids.progress_bill_id, ours.progress_bill_id)


@tagged('post_install', '-at_install')
class TestAutomationDialog(DialogCommon):
    """The scheduled action as administrators see it (PLN-12)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cron = cls.env.ref('progress_billing.ir_cron_generate_progress_invoices')
        cls.env['progress.bill'].search([('state', '=', 'planned')]).unlink()

    def test_shows_the_action(self):
        self.cron.write(
            {'active': True, 'interval_number': 3, 'interval_type': 'weeks', 'nextcall': '2026-05-01 02:00:00'}
        )
        self.company.write(
            {'progress_last_run': '2026-04-30 02:00:00', 'progress_last_run_result': "2 bills made, 1 failed"}
        )
        dialog = self.env['progress.automation'].create({})
        self.assertRecordValues(
            dialog,
            [
                {
                    'active': True,
                    'interval_number': 3,
                    'interval_type': 'weeks',
                    'next_run': datetime(2026, 5, 1, 2),
                    'last_run': datetime(2026, 4, 30, 2),
                    'last_result': "2 bills made, 1 failed",
                }
            ],
        )

    def test_applied(self):
        """What is entered is what the scheduled action does."""
        soon = fields.Datetime.now().replace(microsecond=0) + timedelta(days=1)
        vals = {'active': False, 'interval_number': 2, 'interval_type': 'hours'}
        dialog = self.env['progress.automation'].create({**vals, 'next_run': soon})
        self.assertEqual(dialog.action_apply(), CLOSE)
        self.assertRecordValues(self.cron, [{**vals, 'nextcall': soon}])
        dialog.active = True
        dialog.action_apply()
        self.assertTrue(self.cron.active)

    def test_bounds(self):
        now = fields.Datetime.now()
        for vals, error in (
            ({'interval_number': 1}, None),
            ({'interval_number': 1000}, None),
            ({'interval_number': 1001}, "runs every 1 to 1000 minutes, hours, days, weeks or months."),
            ({'interval_number': 0}, "runs every 1 to 1000"),
            ({'next_run': now + timedelta(days=3600)}, None),
            ({'next_run': now + timedelta(days=3700)}, "The next run must lie within 10 years."),
        ):
            with self.subTest(vals=vals):
                if error:
                    self.assertRefused(
                        lambda vals=vals: self.env['progress.automation'].create(vals), error, error=ValidationError
                    )
                else:
                    self.assertTrue(self.env['progress.automation'].create(vals))

    def test_due_and_failed(self):
        """How many the next run bills, how many failed, and the lists of both."""
        contract = self.make.contract([1000])
        due, failed, _later = (
            self.make.plan(contract, '10', day) for day in ('2020-01-31', '2020-02-28', '2070-01-31')
        )
        failed._report_failed_run("No")
        dialog = self.env['progress.automation'].create({})
        self.assertEqual((dialog.due_count, dialog.failed_count), (2, 1))
        bills = self.env['progress.bill']
        self.assertEqual(bills.search(dialog.action_view_due()['domain']), due | failed)
        self.assertEqual(bills.search(dialog.action_view_failed()['domain']), failed)

    def test_run_now(self):
        """A trigger of the scheduled action, and a message that says so."""
        triggers = self.env['ir.cron.trigger'].sudo()
        before = triggers.search_count([('cron_id', '=', self.cron.id)])
        action = self.env['progress.automation'].create({}).action_run()
        self.assertEqual(triggers.search_count([('cron_id', '=', self.cron.id)]), before + 1)
        self.assertEqual(
            (action['type'], action['tag'], action['params']['type'], action['params']['next']),
            ('ir.actions.client', 'display_notification', 'success', CLOSE),
        )
        self.assertEqual(action['params']['message'], "The run starts within a minute. Results show on the records.")

    def test_for_administrators(self):
        """Who is none changes nothing, not even by a call on somebody else's dialog."""
        dialog = self.env['progress.automation'].create({'interval_number': 5})
        interval = self.cron.interval_number
        for method in ('action_apply', 'action_run'):
            for user in (self.billing_user, self.reader):
                with self.subTest(method=method, user=user.login):
                    self.assertRefused(
                        getattr(dialog.with_user(user).sudo(), method),
                        "Only Progress Billing administrators may change the automatic billing.",
                        error=AccessError,
                    )
        self.assertEqual(self.cron.interval_number, interval)
        manager = new_test_user(
            self.env, login='automat', groups='progress_billing.group_manager', company_id=self.company.id
        )
        self.env['progress.automation'].with_user(manager).create({'interval_number': 5}).action_apply()
        self.assertEqual(self.cron.interval_number, 5)


@tagged('post_install', '-at_install')
class TestListDialogs(DialogCommon):
    """Lists at a date: deposits and retainage held, work in progress."""

    def _held(self, day, **vals):
        return self.env['progress.deposit.wizard'].create({'date': day, 'company_id': self.company.id, **vals})

    def _opening(self, contract, amount, held, day='2025-12-31', account=None):
        """An opening bill whose deposit is on the ledger already."""
        move = self.env['account.move'].create(
            {
                'move_type': 'entry',
                'date': day,
                'line_ids': [
                    Command.create(
                        {
                            'account_id': (account or self.deposit_account).id,
                            'partner_id': self.customer.id,
                            'credit': held,
                        }
                    ),
                    Command.create({'account_id': self.company_data['default_account_assets'].id, 'debit': held}),
                ],
            }
        )
        move.action_post()
        return self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'date': day,
                'line_ids': [Command.create({'contract_line_id': contract.line_ids[0].id, 'amount': amount})],
                'opening_deposit_line_ids': [Command.set(move.line_ids.filtered('credit').ids)],
            }
        )

    def test_age(self):
        """Thirty days are the first thirty, and so on."""
        lines = self.env['progress.deposit.wizard.line']
        for age, bucket in (
            (-5, '0'),
            (0, '0'),
            (30, '0'),
            (31, '30'),
            (60, '30'),
            (61, '60'),
            (90, '60'),
            (91, '90'),
            (9999, '90'),
        ):
            with self.subTest(age=age):
                self.assertEqual(lines.new({'age': age}).age_bucket, bucket)

    def test_opening_deposits(self):
        """Deposits of before are held from their entry's date until the final invoice is posted."""
        contract = self.make.contract([1000])
        opening = self._opening(contract, 400, 300)
        for day, amounts in (('2025-12-30', []), ('2025-12-31', [300]), ('2026-02-15', [300])):
            with self.subTest(day=day):
                self.assertEqual(self._held(day).line_ids.mapped('amount'), amounts)
        line = self._held('2026-01-30').line_ids
        self.assertRecordValues(
            line,
            [
                {
                    'bill_id': opening.id,
                    'contract_id': contract.id,
                    'partner_id': self.customer.id,
                    'account_id': self.deposit_account.id,
                    'date': date(2025, 12, 31),
                    'age': 30,
                    'amount_currency': 300,
                }
            ],
        )
        final = self.billing.final(contract, post=False)
        final.invoice_date = '2026-03-01'
        self.assertEqual(self._held('2026-03-31').line_ids.mapped('amount'), [300])
        final.action_post()
        self.assertEqual(self._held('2026-02-28').line_ids.mapped('amount'), [300])
        self.assertFalse(self._held('2026-03-01').line_ids)

    def test_foreign_currency(self):
        """Held in the contract's currency and in the company's, as it was booked."""
        euro = self.setup_other_currency('EUR', rates=[('2020-01-01', 2.0)])
        contract = self.make.contract([1000], currency_id=euro.id)
        self.billing.bill(contract, '400', '2026-01-31')
        self.assertRecordValues(
            self._held('2026-01-31').line_ids,
            [{'amount': 200, 'amount_currency': 400, 'currency_id': euro.id, 'age': 0}],
        )

    def test_order_and_contracts(self):
        """By date; drafts and other accounts do not count."""
        first, second = self.make.contract([1000]), self.make.contract([1000])
        late = self.billing.bill(first, '100', '2026-02-28')
        early = self.billing.bill(second, '200', '2026-01-31')
        self.billing.bill(first, '300', '2026-01-15', post=False)
        self.billing.bill(self.make.as_billed([1000]), '500', '2026-01-15')
        self.assertEqual(self._held('2026-12-31').line_ids.bill_id, early | late)
        self.assertEqual(list(self._held('2026-12-31').line_ids.mapped('amount')), [200, 100])

    def test_retainage_due(self):
        """Aged from the day it is due, where the contract says one; a release goes against the oldest."""
        contract = self.make.as_billed([10000], retainage_percent=10)
        for percent, day in ((40, '2026-01-31'), (70, '2026-02-28')):
            with freeze_time(f'{day} 12:00:00'):
                self.billing.draw(contract, percent, date=day)
        lines = self._held('2026-03-31', held='retainage').line_ids
        self.assertEqual([(line.amount, line.age) for line in lines], [(400, 59), (300, 31)])
        contract.retainage_due_date = '2026-04-30'
        lines = self._held('2026-03-31', held='retainage').line_ids
        self.assertEqual(
            [(str(line.date), str(line.date_due), line.age) for line in lines],
            [('2026-01-31', '2026-04-30', -30), ('2026-02-28', '2026-04-30', -30)],
        )
        self.assertFalse(self._held('2026-03-31').line_ids)

    def test_shown_as_lists(self):
        """The list of the dialog's own lines, named by what it holds and its day."""
        for dialog, model, name in (
            (self._held('2026-03-31'), 'progress.deposit.wizard.line', "Customer Deposits at 03/31/2026"),
            (self._held('2026-03-31', held='retainage'), 'progress.deposit.wizard.line', "Retainage at 03/31/2026"),
            (
                self.env['progress.wip.wizard'].create({'date': '2026-03-31', 'company_id': self.company.id}),
                'progress.wip.wizard.line',
                "WIP Schedule at 03/31/2026",
            ),
        ):
            with self.subTest(name=name):
                action = dialog.action_print_list()
                self.assertEqual(
                    (action['res_model'], action['domain'], action['display_name']),
                    (model, [('wizard_id', '=', dialog.id)], name),
                )
                self.assertEqual(self.env[model].search(action['domain']), dialog.line_ids)

    def test_other_companies(self):
        """What is held, and the work of, a company that is not at hand is not shown."""
        other = self.env['res.company'].create({'name': "Elsewhere"})
        for model, sentence in (
            ('progress.deposit.wizard', "You cannot see what is held of Elsewhere."),
            ('progress.wip.wizard', "You cannot see the work in progress of Elsewhere."),
        ):
            for vals in ({}, {'held': 'retainage'}) if model == 'progress.deposit.wizard' else ({},):
                with self.subTest(model=model, vals=vals):
                    company = {'company_id': other.id, 'date': '2026-03-31'}
                    dialogs = self.env[model].sudo().with_context(allowed_company_ids=self.company.ids)
                    self.assertRefused(
                        lambda dialogs=dialogs, company=company, vals=vals: (
                            dialogs.create({**company, **vals}).line_ids
                        ),
                        sentence,
                        error=AccessError,
                    )

    def test_source_of_a_wip_row(self):
        """The contract behind a row, or the project's contracts."""
        project = self.make.project(name="Barn")
        first = project.progress_contract_id
        first.line_ids = [Command.create({'name': "Walls", 'original_amount': 5})]
        first.action_open()

        def get_action():
            wizard = self.env['progress.wip.wizard'].create({'date': '2999-12-31', 'company_id': self.company.id})
            return wizard.line_ids.filtered(lambda line: line.project_id == project).action_open_source()

        self.assertEqual((get_action()['res_model'], get_action()['res_id']), ('progress.contract', first.id))
        second = self.make.contract([5], project=project)
        self.assertEqual(self.env['progress.contract'].search(get_action()['domain']), second | first)


@tagged('post_install', '-at_install')
class TestPeriodDialog(DialogCommon):
    """Billing periods in one go: the corners of what is typed."""

    def _dialog(self, **vals):
        return self.env['progress.period.wizard'].create(
            {'project_id': self.project.id, 'unit': 'month', 'date_from': '2026-01-01', **vals}
        )

    def test_how_many(self):
        """By number, or until a day: the last period is the one that starts on it at the latest."""
        for vals, count in (
            ({'count': 1}, 1),
            ({'count': 12}, 12),
            ({'mode': 'until', 'date_until': '2026-01-01'}, 1),
            ({'mode': 'until', 'date_until': '2026-01-31'}, 1),
            ({'mode': 'until', 'date_until': '2026-02-01'}, 2),
            ({'mode': 'until', 'date_until': '2025-12-31'}, 0),
            ({'mode': 'until'}, 0),
            ({'count': 0}, 0),
            ({'count': -1}, 0),
        ):
            with self.subTest(vals=vals):
                dialog = self._dialog(**vals)
                self.assertEqual(len(dialog._get_spans()), count)
                self.assertEqual(bool(dialog.preview), bool(count))
        self.assertEqual(
            self._dialog(mode='until', date_until='2026-02-01').preview, "2 periods, 01/01/2026 to 02/28/2026"
        )

    def test_going_on_and_due(self):
        """Periods go on by themselves unless that was taken off, and are due where a day was asked for."""
        for vals, unit, due in (
            ({}, 'month', None),
            ({'is_automatic': False}, False, None),
            ({'due_days': 5}, 'month', None),
            ({'has_due_date': True, 'due_days': 5}, 'month', '2026-02-05'),
            ({'has_due_date': True}, 'month', '2026-01-31'),
            ({'has_due_date': True, 'due_days': -3}, 'month', '2026-01-28'),
        ):
            with self.subTest(vals=vals):
                project = self.make.project(name="Periods")
                action = self._dialog(project_id=project.id, count=1, **vals).action_confirm()
                period = self.env['progress.billing.period'].search(action['domain'])
                self.assertRecordValues(
                    period, [{'unit': unit, 'date_due': due and fields.Date.to_date(due), 'project_id': project.id}]
                )

    def test_after_the_last(self):
        """The first one starts with the calendar's month, the next where the last one ended."""
        with freeze_time('2026-05-20 12:00:00'):
            dialogs = self.env['progress.period.wizard']
            for unit, start in (('month', '2026-05-01'), ('quarter', '2026-04-01'), ('year', '2026-01-01')):
                dialog = dialogs.create({'project_id': self.project.id, 'unit': unit})
                self.assertEqual(str(dialog.date_from), start)
            self.assertEqual(dialogs.create({'project_id': self.project.id}).unit, 'month')
        self._dialog(count=2).action_confirm()
        self.assertEqual(
            str(self.env['progress.period.wizard'].create({'project_id': self.project.id}).date_from), '2026-03-01'
        )

    def test_refused(self):
        for vals, sentence in (
            ({'due_days': 3661}, "House: periods are due at most 3660 days from their end"),
            ({'due_days': -3661}, "periods are due at most 3660 days"),
            ({'date_from': '9990-01-01'}, "start before"),
        ):
            with self.subTest(vals=vals):
                self.assertRefused(lambda vals=vals: self._dialog(**vals), sentence, error=ValidationError)
        self.assertTrue(self._dialog(due_days=3660))
        self.assertRefused(
            self._dialog(count=0).action_confirm, "House: enter how many periods, or a last day after the first."
        )
        self.assertFalse(self.project.progress_period_ids)
