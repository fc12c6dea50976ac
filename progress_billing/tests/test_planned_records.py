from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import ProgressBillingCommon

DUE = 'progress_billing.mail_activity_bill_due'


@tagged('post_install', '-at_install')
class TestPlannedRecords(ProgressBillingCommon):
    """A planned record: what is typed, what it is worth now, and until when it can be planned anew (PLN-1, PLN-2)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([1000])

    # === AMT/PCT === #

    def test_why_not(self):
        """Each reason has its own sentence, with an example in the reader's notation (PLN-1)."""
        self.env['res.lang']._activate_lang('de_DE')
        for lang, text, reason in (
            ('en_US', 'abc', "it is not a number. Type a percentage or an amount, as in 25% / 5,000.00."),
            ('en_US', '-5', "it may not be negative."),
            ('en_US', '0', "it may not be zero."),
            ('en_US', '0%', "it may not be zero."),
            ('en_US', '100.01%', "it may not be over 100%."),
            ('en_US', '5.000,00', "it can be read in two ways. Type it as in 25% / 5,000.00."),
            ('en_US', '5.001', "it has more decimals than the currency. Type it as in 25% / 5,000.00."),
            ('en_US', '9' * 20, "it is too large."),
        ):
            with self.subTest(lang=lang, text=text):
                contract = self.contract.with_context(lang=lang)
                message = self.assertRefused(
                    lambda contract=contract, text=text: contract.write(
                        {'bill_ids': [Command.create({'title': "Roof", 'amt_pct': text})]}
                    ),
                    f"cannot be “{text}”: {reason}",
                    error=ValidationError,
                )
                self.assertTrue(message.startswith("Amt/Pct of Roof"))
        german = self.contract.with_context(lang='de_DE')
        self.assertRefused(
            lambda: german.write({'bill_ids': [Command.create({'title': "Roof", 'amt_pct': 'abc'})]}),
            "25% / 5.000,00",
            error=ValidationError,
        )
        self.assertFalse(self.contract.bill_ids)

    def test_shown(self):
        """A percentage is shown as one, an amount with the currency's decimals, nothing as nothing."""
        yen = self.setup_other_currency('JPY', rounding=1.0)
        in_yen = self.make.contract([100000], currency_id=yen.id)
        for contract, typed, shown in (
            (self.contract, '25%', "25%"),
            (self.contract, '33.3333%', "33.3333%"),
            (self.contract, '1,000', "1,000.00"),
            (self.contract, '0.5', "0.50"),
            (in_yen, '5000', "5,000"),
            (self.contract, False, False),
        ):
            with self.subTest(typed=typed):
                bill = self.make.plan(contract, typed)
                bill.invalidate_recordset(['amt_pct'])
                self.assertEqual(bill.amt_pct, shown)

    def test_typed_over(self):
        """An amount takes the place of a percentage and the reverse; cleared, neither is left."""
        bill = self.make.plan(self.contract, '25%')
        bill.plan_weight = 2
        for typed, percent, amount in (('300', 0, 300), ('50%', 50, 500), ('10', 0, 10), ('', 0, 0), ('5%', 5, 50)):
            bill.amt_pct = typed
            with self.subTest(typed=typed):
                self.assertRecordValues(
                    bill, [{'planned_percent': percent, 'planned_amount': amount, 'plan_weight': 0}]
                )

    def test_bounds(self):
        """0 and 100 % are planned, beyond is refused; amounts are not negative."""
        bill = self.make.plan(self.contract, '10')
        sentence = (
            f"{bill.display_name}: a planned percentage lies between 0 and 100, a planned amount is not negative."
        )
        for vals, fits in (
            ({'planned_percent': 100}, True),
            ({'planned_percent': 0}, True),
            ({'planned_amount': 0}, True),
            ({'planned_percent': 100.001}, False),
            ({'planned_percent': -0.001}, False),
            ({'planned_amount': -0.01}, False),
        ):
            with self.subTest(vals=vals):
                if fits:
                    bill.write(vals)
                else:
                    self.assertRefused(lambda vals=vals: bill.write(vals), sentence, error=ValidationError)

    @freeze_time('2026-01-15')
    def test_dates_that_can_be_meant(self):
        """Within fifty years of today, to the day (PLN-14)."""
        today = fields.Date.to_date('2026-01-15')
        bill = self.make.plan(self.contract, '10', title="Roof")
        for days, fits in ((366 * 50, True), (-366 * 50, True), (366 * 50 + 1, False), (-366 * 50 - 1, False)):
            day = today + timedelta(days=days)
            with self.subTest(days=days):
                if fits:
                    bill.date = day
                else:
                    self.assertRefused(
                        lambda day=day: bill.write({'date': day}),
                        "Roof: the date ",
                        "is not within 50 years of today.",
                        error=ValidationError,
                    )
        bill.date = False

    # === WHAT IT IS WORTH === #

    def test_steps(self):
        """Percentages are steps in the order of their dates: thirds come to the whole, cancelled ones left out."""
        contract = self.make.contract([100])
        third, first, second = (
            self.make.plan(contract, percent, day)
            for percent, day in (('33.3333%', '2026-03-31'), ('33.3333%', '2026-01-31'), ('33.3334%', '2026-02-28'))
        )
        self.assertEqual((first | second | third).mapped('planned_amount'), [33.33, 33.34, 33.33])
        first.date = '2026-04-30'
        self.assertEqual(round(sum((first | second | third).mapped('planned_amount')), 2), 100)
        halves = self.make.contract([0.01])
        one, two = self.make.plan(halves, '50%'), self.make.plan(halves, '50%')
        self.assertEqual((one.planned_amount, two.planned_amount), (0.01, 0))
        one.action_cancel()
        two.date = '2026-05-31'
        self.assertEqual(two.planned_amount, 0.01)

    def test_what_is_billed_comes_first(self):
        """On Create a percentage is the next step after what is billed, whatever its date (PLN-2)."""
        contract = self.make.contract([100.01])
        late, early = self.make.plan(contract, '50%', '2026-05-31'), self.make.plan(contract, '50%', '2026-01-31')
        self.assertEqual((early.planned_amount, late.planned_amount), (50.01, 50))
        late.action_create()
        self.assertEqual((late.amount, early._get_amount_to_bill()), (50.01, 50))
        early.action_create()
        self.assertEqual(contract.wip_available, 0)

    def test_sums_of_a_contract(self):
        """Planned, not planned and planned too much, at their corners (PLN-8)."""
        for planned, billed, expected in (
            ([], None, (0, 1000, 0, False)),
            (['1000'], None, (1000, 0, 0, False)),
            (['999.99'], None, (999.99, 0.01, 0, False)),
            (['1000.01'], None, (1000.01, -0.01, 0.01, True)),
            (['60%', '60%'], None, (1200, -200, 200, True)),
            (['600'], '400', (600, 0, 0, False)),
            ([], '1000', (0, 0, 0, False)),
        ):
            with self.subTest(planned=planned, billed=billed):
                contract = self.make.contract([1000])
                if billed:
                    self.billing.bill(contract, billed)
                for amount in planned:
                    self.make.plan(contract, amount)
                figures = (contract.planned_amount, contract.unplanned_amount, contract.overplanned_amount)
                self.assertEqual((*(round(figure, 2) for figure in figures), contract.is_overplanned), expected)
        self.company.progress_overbilling_policy = 'warn'
        contract = self.make.contract([1000])
        self.billing.bill(contract, '1200')
        self.assertEqual(
            (contract.unplanned_amount, contract.overplanned_amount, contract.is_overplanned), (-200, 0, False)
        )

    def test_planned_anew(self):
        """What is billed is not planned any more; the same values sent again are no plan (PLN-2)."""
        contract = self.make.contract([1000], use_pro_forma=True)
        bill = self.make.plan(contract, '100')
        for prepare, editable in (
            (lambda: None, True),
            (bill.action_create, True),
            (bill.action_submit, False),
            (lambda: bill.action_reject("No"), True),
            (lambda: (bill.action_submit(), bill.action_approve(), bill.action_release()), False),
        ):
            prepare()
            with self.subTest(state=bill.state):
                bill.write({'planned_amount': bill.planned_amount, 'partner_id': bill.partner_id.id})
                if editable:
                    bill.planned_amount += 1
                else:
                    self.assertRefused(
                        lambda: bill.write({'planned_amount': bill.planned_amount + 1}),
                        f"{bill.display_name} cannot be planned anew: its status is “{bill._get_state_label()}”.",
                    )
                bill.title = "Always"

    def test_counted_once(self):
        """In sums a record counts as planned until it is cancelled."""
        bill = self.make.plan(self.contract, '100')
        self.assertEqual(bill.standing_planned_amount, 100)
        bill.action_create()
        self.assertEqual(bill.standing_planned_amount, 100)
        bill.invoice_id.unlink()
        bill.action_cancel()
        self.assertEqual((bill.standing_planned_amount, bill.planned_amount), (0, 100))
        bill.action_plan_again()
        self.assertEqual((bill.state, bill.standing_planned_amount), ('planned', 100))

    def test_rows_left_empty(self):
        """A row that somebody added to the plan and left alone is no record; one that says something is."""
        line = Command.create({'contract_line_id': self.contract.line_ids.id, 'amount': 5})
        for vals, made in (
            ({}, False),
            ({'date': '2026-01-31'}, False),
            ({'date': '2026-01-31', 'trigger': 'manual', 'partner_id': self.customer.id}, False),
            ({'kind': 'opening'}, True),
            ({'title': "Roof"}, True),
            ({'amt_pct': '5%'}, True),
            ({'planned_amount': 5}, True),
            ({'planned_percent': 5}, True),
            ({'description': "x"}, True),
            ({'item_description': "x"}, True),
            ({'line_ids': [line]}, True),
        ):
            with self.subTest(vals=vals):
                contract = self.make.contract([1000])
                if 'line_ids' in vals:
                    scheduled = contract.line_ids.id
                    vals = {'line_ids': [Command.create({'contract_line_id': scheduled, 'amount': 5})]}
                contract.write({'bill_ids': [Command.create(vals)], 'description': "Barn"})
                self.assertEqual((len(contract.bill_ids), contract.description), (int(made), "Barn"))
        contract = self.env['progress.contract'].create(
            {
                'partner_id': self.customer.id,
                'bill_ids': [Command.create({'date': '2026-01-31'}), Command.create({'title': "Roof"})],
            }
        )
        self.assertEqual(contract.bill_ids.mapped('title'), ["Roof"])
        contract.write({'bill_ids': [Command.update(contract.bill_ids.id, {'title': False})]})
        self.assertFalse(contract.bill_ids.title)

    def test_needs_an_amount(self):
        bill = self.make.plan(self.contract, False)
        self.assertRefused(
            bill.action_create,
            f"{bill.display_name}: enter an amount or a percentage of the contract in Amt/Pct.",
        )
        zero = self.make.plan(self.contract, False)
        zero.line_ids = [Command.create({'contract_line_id': self.contract.line_ids.id, 'amount': 0})]
        self.assertRefused(zero.action_create, "enter an amount or a percentage")
        self.assertEqual((bill | zero).mapped('state'), ['planned', 'planned'])

    # === PLANS THAT FOLLOW === #

    def _lay_out(self, contract, **vals):
        before = contract.bill_ids
        self.env['progress.plan.wizard'].create(
            {'contract_id': contract.id, 'start_date': '2026-01-31', **vals}
        ).action_confirm()
        return (contract.bill_ids - before).sorted('date')

    def test_weights_that_follow(self):
        """A plan follows by its weights, and credit notes give back to what is still open (PLN-7)."""
        contract = self.make.contract([1000])
        wizard = self.env['progress.plan.wizard'].create({'contract_id': contract.id, 'start_date': '2026-01-31'})
        for line, weight in zip(wizard.line_ids.sorted('date'), (1, 2, 1), strict=True):
            line.weight = weight
        wizard.action_confirm()
        plan = contract.bill_ids.sorted('date')
        self.assertEqual(plan.mapped('planned_amount'), [250, 500, 250])
        plan[0].action_create()
        plan[0].invoice_id.action_post()
        self.make.extra(contract, 150)
        self.assertEqual(plan.mapped('planned_amount'), [250, 600, 300])
        self.billing.credit(plan[0].invoice_id, 90)
        self.make.extra(contract, 0.01)
        self.assertEqual(plan.mapped('planned_amount'), [250, 660.01, 330])
        plan[1].action_cancel()
        self.make.extra(contract, 0.01)
        self.assertEqual(plan.mapped('planned_amount'), [250, 660.01, 990.02])

    def test_given_back(self):
        """A record that had an invoice once is a person's: the plan leaves it alone."""
        contract = self.make.contract([900])
        plan = self._lay_out(contract, count=3)
        plan[0].action_create()
        plan[0].invoice_id.unlink()
        self.assertEqual(plan[0].state, 'planned')
        self.make.extra(contract, 90)
        self.assertEqual(plan.mapped('planned_amount'), [300, 345, 345])

    def test_undone_with_the_contract(self):
        """Cancelled with the contract and given back with it; what a person cancelled stays so."""
        contract = self.make.contract([900], do_open=False)
        plan = self._lay_out(contract, count=3)
        plan[0].action_cancel()
        contract.action_cancel()
        self.assertEqual(plan.mapped('state'), ['cancelled'] * 3)
        self.assertEqual(plan.mapped('cancelled_with'), [False, 'contract', 'contract'])
        plan[2].action_cancel()
        self.assertFalse(plan[2].cancelled_with)
        contract.action_draft()
        self.assertEqual(plan.mapped('state'), ['cancelled', 'planned', 'cancelled'])


@tagged('post_install', '-at_install')
@freeze_time('2026-03-15 12:00:00')
class TestDueRecords(ProgressBillingCommon):
    """When a record is due, and who is told (PLN-3, PLN-10, PLN-11)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['progress.bill'].search([('state', '=', 'planned')]).unlink()
        cls.contract = cls.make.contract([1000], user_id=cls.accountant.id)
        cls.milestone = cls.env['project.milestone'].create({'name': "Roof", 'project_id': cls.project.id})

    def _plan(self, day=False, **vals):
        return self.make.plan(self.contract, '10', day, **vals)

    def test_triggers(self):
        """A date unless a milestone was chosen, or a person; without its milestone it is a date again."""
        for vals, trigger in (
            ({}, 'date'),
            ({'trigger': 'manual'}, 'manual'),
            ({'milestone_id': self.milestone.id}, 'milestone'),
            ({'milestone_id': self.milestone.id, 'trigger': 'manual'}, 'manual'),
        ):
            with self.subTest(vals=vals):
                self.assertEqual(self._plan('2026-01-31', **vals).trigger, trigger)
        record = self._plan(milestone_id=self.milestone.id)
        record.milestone_id = False
        self.assertEqual(record.trigger, 'date')
        record.trigger = 'manual'
        record.milestone_id = self.milestone
        self.assertEqual(record.trigger, 'milestone')
        self.assertEqual(self.billing.run(self.make.as_billed([10]), 50).trigger, 'manual')
        self.assertRecordValues(record.copy(), [{'milestone_id': False, 'trigger': 'manual'}])

    def test_due(self):
        """By date, by milestone, approved where that is asked for; never by hand, billed, ended or without a date."""
        reached, approved = (
            self.milestone.create({'name': name, 'project_id': self.project.id, 'is_reached': True})
            for name in ("Reached", "Approved")
        )
        approved.action_approve_billing("By phone")
        draft = self.make.contract([10], do_open=False)
        cases = (
            (self._plan('2026-03-15'), True),
            (self._plan('2026-03-16'), False),
            (self._plan('2020-01-01'), True),
            (self._plan(), False),
            (self._plan('2026-01-31', trigger='manual'), False),
            (self._plan(milestone_id=self.milestone.id), False),
            (self._plan('2026-01-31', milestone_id=self.milestone.id), False),
            (self._plan(milestone_id=reached.id), True),
            (self._plan(milestone_id=reached.id, requires_approval=True), False),
            (self._plan(milestone_id=approved.id, requires_approval=True), True),
            (self.make.plan(draft, '5', '2026-01-31'), False),
        )
        cancelled, once = self._plan('2026-01-31'), self._plan('2026-01-31')
        cancelled.action_cancel()
        once.action_create()
        once.invoice_id.unlink()
        cases += ((cancelled, False), (once, False))
        bills = self.env['progress.bill'].concat(*(bill for bill, _due in cases))
        due = self.env['progress.bill'].concat(*(bill for bill, is_due in cases if is_due))
        for bill, is_due in cases:
            with self.subTest(date=bill.date, trigger=bill.trigger, state=bill.state):
                self.assertEqual(bill.is_due, is_due)
        ours = [('id', 'in', bills.ids)]
        self.assertEqual(set(bills.search([('is_due', '=', True), *ours])), set(due))
        self.assertEqual(set(bills.search([('is_due', '=', False), *ours])), set(bills - due))
        self.assertEqual(set(bills.search([('is_due', '!=', True), *ours])), set(bills - due))
        self.billing.final(self.contract, post=False)
        self.assertFalse(bills.search([('is_due', '=', True), *ours]))

    def _reminders(self, record):
        return record.activity_search([DUE])

    def test_who_is_told(self):
        """The responsible person, once; nobody any more where it is not due, or billed."""
        record = self._plan(milestone_id=self.milestone.id)
        self.assertFalse(self._reminders(record))
        self.milestone.is_reached = True
        reminder = self._reminders(record)
        self.assertEqual((reminder.user_id, reminder.summary), (self.accountant, "Roof is reached: bill it"))
        for vals in ({'requires_approval': True}, {'trigger': 'date', 'milestone_id': False}):
            record.write(vals)
            self.assertFalse(self._reminders(record), vals)
            record.write({'requires_approval': False, 'milestone_id': self.milestone.id})
            self.assertEqual(len(self._reminders(record)), 1)
        self.milestone.is_reached = False
        self.assertFalse(self._reminders(record))
        self.milestone.is_reached = True
        record.action_create()
        self.assertFalse(self._reminders(record))
        record.invoice_id.unlink()
        self.milestone.write({'is_reached': False})
        self.milestone.write({'is_reached': True})
        self.assertFalse(self._reminders(record), "what was billed once is left to people")

    def test_told_when_opened(self):
        """A milestone that was reached while the contract was a draft counts from Start Billing on."""
        contract = self.make.contract([1000], do_open=False)
        self.milestone.is_reached = True
        record = self.make.plan(contract, '10', False, milestone_id=self.milestone.id)
        self.assertFalse(self._reminders(record))
        contract.action_open()
        self.assertEqual(len(self._reminders(record)), 1)

    def test_what_a_milestone_bills(self):
        """Planned and billed records in the currency of the project's company; cancelled ones do not count."""
        euro = self.setup_other_currency('EUR', rates=[('2020-01-01', 2.0)])
        abroad = self.make.contract([1000], currency_id=euro.id)
        self.assertRecordValues(
            self.milestone, [{'progress_amount': 0, 'progress_currency_id': self.company.currency_id.id}]
        )
        tied = {'milestone_id': self.milestone.id}
        self.make.plan(abroad, '100', False, **tied)
        billed = self._plan(**tied)
        billed.action_create()
        self._plan(**tied).action_cancel()
        self.milestone.invalidate_recordset()
        self.assertEqual(self.milestone.progress_amount, 60)

    def test_milestones_stay(self):
        """One that makes something due is neither deleted nor moved, and says what; a free one may go."""
        other = self.make.project(name="Other")
        record = self._plan(milestone_id=self.milestone.id, title="Roof is on")
        for act, sentence in (
            (self.milestone.unlink, "Roof cannot be deleted: it makes these due: "),
            (lambda: self.milestone.write({'project_id': other.id}), "Roof cannot move to another project: it makes "),
        ):
            self.assertRefused(act, sentence, record.display_name, "Give them another trigger first.")
        self.milestone.write({'project_id': self.project.id})
        record.trigger, record.milestone_id = 'date', False
        self.milestone.project_id = other
        self.milestone.unlink()

    def test_approval_shown(self):
        """Wanted only where something asks for it, approved once somebody has."""
        self.assertEqual(self.milestone.billing_approval, 'none')
        record = self._plan(milestone_id=self.milestone.id)
        self.assertEqual(self.milestone.billing_approval, 'none')
        record.requires_approval = True
        self.assertEqual(self.milestone.billing_approval, 'wanted')
        self.assertRefused(
            lambda: self.milestone.action_approve_billing("By phone"),
            "Roof is not reached yet. Mark it as reached first.",
        )
        self.milestone.is_reached = True
        self.assertRefused(
            lambda: self.milestone.action_approve_billing(" "),
            "Note how the customer approved: by whom, when, in which message.",
        )
        self.milestone.action_approve_billing("By phone")
        self.assertEqual(self.milestone.billing_approval, 'approved')
        self.assertEqual(self.milestone.billing_approved_partner_id, self.env.user.partner_id)
        self.assertRefused(
            lambda: self.milestone.write({'billing_approved_on': False}),
            "A milestone is approved by its button, not by writing the approval.",
            error=AccessError,
        )

    def test_milestones_of_other_projects(self):
        """A record's milestone is one of its project's, and it has to be chosen."""
        other = self.milestone.create({'name': "Else", 'project_id': self.make.project(name="Other").id})
        alone = self.make.contract([10], project=self.env['project.project'])
        for contract, name in ((self.contract, "House"), (alone, "no project")):
            self.assertRefused(
                lambda contract=contract: self.make.plan(contract, '5', milestone_id=other.id),
                f"Else is no milestone of {name}, the project of {contract.display_name}.",
                error=ValidationError,
            )
        record = self._plan()
        self.assertRefused(
            lambda: record.write({'trigger': 'milestone'}),
            f"{record.display_name}: choose the milestone that makes the record due.",
            error=ValidationError,
        )

    def test_failed_runs(self):
        """The error stands on the record with one activity, until it is billed."""
        record = self._plan('2026-01-31')
        for message in ("First", "Second"):
            record._report_failed_run(message)
        activity = record.activity_search(['progress_billing.mail_activity_billing_failed'])
        self.assertRecordValues(record, [{'run_state': 'failed', 'run_error': "Second"}])
        self.assertEqual((activity.user_id, activity.summary), (self.accountant, "Automatic billing failed"))
        record.action_create()
        self.assertRecordValues(record, [{'run_state': False, 'run_error': False}])
        self.assertFalse(record.activity_search(['progress_billing.mail_activity_billing_failed']))
        self.assertEqual(record.copy().run_state, False)

    def test_result_of_a_run(self):
        """How many bills were made and how many failed, on every company at work."""
        self._plan('2026-01-31')
        bad = self._plan('2026-02-28')
        bad.write({'planned_amount': 2000})
        archived = self.env['res.company'].create({'name': "Gone"})
        archived.active = False
        made, failed = self.contract.bill_ids._run_batch()
        self.assertEqual((made, failed), (1, bad))
        self.env['progress.bill']._log_run(made, len(failed))
        self.assertEqual(self.company.progress_last_run_result, "1 bills made, 1 failed")
        self.assertFalse(archived.progress_last_run_result)

    def test_days_of_companies(self):
        """Today is the company's day, else its user's, else that of the clock."""
        for zone, now, day in (
            ('Pacific/Auckland', '2026-03-31 12:00:00', '2026-04-01'),
            ('America/New_York', '2026-04-01 02:00:00', '2026-03-31'),
            (False, '2026-03-31 12:00:00', '2026-03-31'),
        ):
            with self.subTest(zone=zone), freeze_time(now):
                self.company.partner_id.tz = zone
                self.env.user.tz = False
                self.assertEqual(str(self.company._get_progress_today()), day)


@tagged('post_install', '-at_install')
class TestPlanTemplates(ProgressBillingCommon):
    """A plan to be used again (PLN-9)."""

    def _template(self, *percents, **vals):
        lines = [Command.create({'percent': percent}) for percent in percents]
        return self.env['progress.plan.template'].create({'name': "House", 'line_ids': lines, **vals})

    def test_shares(self):
        """Positive, and 100 % at most; decimals add up as they are typed."""
        for percents, total in (((60, 40), 100), ((33.3333, 33.3333, 33.3334), 100), ((0.0001,), 0.0001), ((), 0)):
            with self.subTest(percents=percents):
                self.assertEqual(self._template(*percents).percent, total)
        for percents, shown in (((60, 40.0001), "100.0001"), ((0,), "0.0"), ((-5, 50), "45.0")):
            with self.subTest(percents=percents):
                self.assertRefused(
                    lambda percents=percents: self._template(*percents),
                    f"The shares of the billing plan House must be positive and come to 100% at most, not {shown}%.",
                    error=ValidationError,
                )

    def test_offsets(self):
        """How long after the start: not before it, and within fifty years."""
        template = self._template(50)
        line = template.line_ids
        for offset, unit, fits in (
            (0, 'days', True),
            (18300, 'days', True),
            (18301, 'days', False),
            (2614, 'weeks', True),
            (2615, 'weeks', False),
            (590, 'months', True),
            (591, 'months', False),
            (-1, 'days', False),
        ):
            with self.subTest(offset=offset, unit=unit):
                vals = {'offset': offset, 'offset_unit': unit}
                if fits:
                    line.write(vals)
                else:
                    self.assertRefused(
                        lambda vals=vals: line.write(vals),
                        f"An instalment of the billing plan House comes {offset} {unit.title()} after its start: that",
                        error=ValidationError,
                    )
        line.write({'title': "Roof", 'offset': 0})
        self.assertRefused(lambda: line.write({'offset': -1}), "Roof of the billing plan House", error=ValidationError)

    def test_copied_archived_deleted(self):
        """A copy has the lines, an archived one is not offered, a deleted one takes its lines along."""
        template = self._template(60, 40)
        copy = template.copy()
        self.assertEqual(copy.line_ids.mapped('percent'), [60, 40])
        template.active = False
        self.assertEqual(self.env['progress.plan.template'].search([('id', 'in', (template | copy).ids)]), copy)
        lines = copy.line_ids
        copy.unlink()
        self.assertFalse(lines.exists())
        self.assertEqual(template.name_search("House"), [])

    def test_parent_and_rights(self):
        """A line stays with its template; Standard users use templates and do not make them."""
        first, second = self._template(60), self._template(10)
        self.assertRefused(lambda: first.line_ids.write({'template_id': second.id}), "is given once", error=AccessError)
        user = new_test_user(
            self.env, login='template_user', groups='progress_billing.group_user', company_id=self.company.id
        )
        self.assertEqual(first.with_user(user).percent, 60)
        for act in (
            lambda: first.with_user(user).write({'name': "Mine"}),
            lambda: first.line_ids.with_user(user).write({'percent': 1}),
            lambda: first.with_user(user).copy(),
        ):
            self.assertRefused(act, regex="not allowed", error=UserError)

    def test_in_the_callers_language(self):
        """Names and texts are translated; what is planned has the text of who plans."""
        self.env['res.lang']._activate_lang('de_DE')
        template = self._template(100)
        template.line_ids.title = "Roof"
        german = template.with_context(lang='de_DE')
        german.name, german.line_ids.title = "Haus", "Dach"
        self.assertEqual((template.name, german.name, template.line_ids.title), ("House", "Haus", "Roof"))
        contract = self.make.contract([100])
        wizard = self.env['progress.plan.wizard'].with_context(lang='de_DE')
        wizard.create({'contract_id': contract.id, 'template_id': template.id}).action_confirm()
        self.assertEqual(contract.bill_ids.title, "Dach")
