from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.progress_billing.models.period.progress_billing_period_series import ProgressBillingPeriodSeries

from .common import ProgressBillingCommon

CRON = 'progress_billing.ir_cron_make_billing_periods'
ACTIVITY = 'progress_billing.mail_activity_period_failed'
LOGGER = 'odoo.addons.progress_billing.models.period.progress_billing_period_series'


@tagged('post_install', '-at_install')
class TestPeriods(ProgressBillingCommon):
    """Billing periods of a project, and what they mean for bills (PER-1, PER-3, PER-7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.periods = cls.env['progress.billing.period']
        cls.manager = new_test_user(
            cls.env, login='billing_manager', groups='progress_billing.group_manager', company_id=cls.company.id
        )

    def _period(self, start, end, project=None, **vals):
        return self.periods.create(
            {'project_id': (project or self.project).id, 'date_start': start, 'date_end': end, **vals}
        )

    def _year(self, project=None, **vals):
        wizard = self.env['progress.period.wizard'].create(
            {'project_id': (project or self.project).id, 'unit': 'month', 'date_from': '2026-01-01', **vals}
        )
        action = wizard.action_confirm()
        return self.periods.search(action['domain'], order='date_start')

    def _spans(self, periods):
        return [(str(period.date_start), str(period.date_end)) for period in periods.sorted('date_start')]

    # === THE PERIODS === #

    def test_names(self):
        cases = {
            ('2026-03-01', '2026-03-31'): "March 2026",
            ('2026-04-01', '2026-06-30'): "Q2 2026",
            ('2027-01-01', '2027-12-31'): "2027",
            ('2028-01-03', '2028-01-09'): "01/03/2028 – 01/09/2028",
        }
        for (start, end), name in cases.items():
            self.assertEqual(self._period(start, end).name, name)
        mine = self._period('2029-01-01', '2029-01-31', name="Kick-off")
        mine.date_end = '2029-02-15'
        self.assertEqual(mine.name, "Kick-off")
        march = self.periods.search([('name', '=', "March 2026")])
        march.date_end = '2026-03-30'
        self.assertEqual(march.name, "03/01/2026 – 03/30/2026")

    def test_never_overlap(self):
        """PER-1: not by a record, not in one call, not by a changed date; other projects are free."""
        self._period('2026-01-01', '2026-01-31')
        february = self._period('2026-02-01', '2026-02-28')
        for start, end in (
            ('2026-01-31', '2026-02-01'),
            ('2026-01-10', '2026-01-10'),
            ('2025-12-01', '2026-12-31'),
            ('2026-02-28', '2026-03-31'),
        ):
            with self.assertRaisesRegex(ValidationError, "overlaps"), self.cr.savepoint():
                self._period(start, end)
        with self.assertRaisesRegex(ValidationError, "overlaps"), self.cr.savepoint():
            self.periods.create(
                [
                    {'project_id': self.project.id, 'date_start': '2026-05-01', 'date_end': '2026-05-31'},
                    {'project_id': self.project.id, 'date_start': '2026-05-31', 'date_end': '2026-06-30'},
                ]
            )
        with self.assertRaisesRegex(ValidationError, "overlaps"), self.cr.savepoint():
            february.date_start = '2026-01-31'
        with self.assertRaisesRegex(ValidationError, "ends after it starts"), self.cr.savepoint():
            self._period('2026-08-02', '2026-08-01')
        self._period('2026-01-15', '2026-02-15', project=self.make.project(name="Other"))
        self._period('2026-03-01', '2026-03-01')  # one day is a period

    def test_current(self):
        """PER-2: the open one that contains today, else the oldest open one; one for each project."""
        january, february, march = (
            self._period('2026-01-01', '2026-01-31'),
            self._period('2026-02-01', '2026-02-28'),
            self._period('2026-03-01', '2026-03-31'),
        )
        other = self._period('2026-02-10', '2026-02-20', project=self.make.project(name="Other"))
        for day, current in (('2026-02-28', february), ('2026-03-01', march), ('2026-07-01', january)):
            with freeze_time(f'{day} 12:00:00'):
                self.env.invalidate_all()
                found = self.periods.search([('is_current', '=', True)])
                self.assertEqual(found & (january + february + march), current)
                self.assertIn(other, found)
                self.assertEqual((january + february + march).filtered('is_current'), current)
                self.assertNotIn(current, self.periods.search([('is_current', '=', False)]))
        january.action_close()
        with freeze_time('2026-01-15 12:00:00'):
            self.env.invalidate_all()
            self.assertTrue(february.is_current)
        (february + march).action_close()
        self.assertFalse((january + february + march).filtered('is_current'))

    def test_current_time_zone(self):
        """Today is today where the company is."""
        january, february = self._period('2026-01-01', '2026-01-31'), self._period('2026-02-01', '2026-02-28')
        with freeze_time('2026-02-01 05:00:00'):
            self.company.partner_id.tz = 'Pacific/Pago_Pago'  # still January there
            self.assertTrue(january.is_current)
            self.company.partner_id.tz = 'Pacific/Auckland'
            self.env.invalidate_all()
            self.assertTrue(february.is_current)

    def test_wizard(self):
        """Automatic periods: weeks, months on their day, month ends, quarters, years; with due dates."""
        self.assertEqual(
            self._spans(self._year(count=3, has_due_date=True, due_days=5)),
            [('2026-01-01', '2026-01-31'), ('2026-02-01', '2026-02-28'), ('2026-03-01', '2026-03-31')],
        )
        self.assertEqual(
            self.periods.search([('project_id', '=', self.project.id)], order='date_start').mapped('date_due'),
            [date(2026, 2, 5), date(2026, 3, 5), date(2026, 4, 5)],
        )
        with self.assertRaisesRegex(ValidationError, "overlaps"), self.cr.savepoint():
            self._year(count=1)
        cases = [
            ('week', '2026-12-28', [('2026-12-28', '2027-01-03'), ('2027-01-04', '2027-01-10')]),
            ('month', '2026-01-26', [('2026-01-26', '2026-02-25'), ('2026-02-26', '2026-03-25')]),
            ('month', '2026-01-31', [('2026-01-31', '2026-02-27'), ('2026-02-28', '2026-03-30')]),
            ('month', '2026-01-30', [('2026-01-30', '2026-02-27'), ('2026-02-28', '2026-03-29')]),
            ('quarter', '2026-10-01', [('2026-10-01', '2026-12-31'), ('2027-01-01', '2027-03-31')]),
            ('year', '2026-07-01', [('2026-07-01', '2027-06-30'), ('2027-07-01', '2028-06-30')]),
        ]
        for unit, start, expected in cases:
            project = self.make.project(name=f"{unit} {start}")
            self.assertEqual(self._spans(self._year(project, unit=unit, date_from=start, count=2)), expected)
        project = self.make.project(name="Until")
        self.assertEqual(len(self._year(project, mode='until', date_until='2026-06-01')), 6)
        for vals in ({'count': 531, 'unit': 'week'}, {'mode': 'until', 'unit': 'week', 'date_until': '2037-01-01'}):
            wizard = self.env['progress.period.wizard'].create({'project_id': self.project.id, **vals})
            message = self.assertRefused(wizard.action_confirm, "At most 530 periods are made at once")
            self.assertEqual(wizard.preview, message, "It says so before the button is pressed.")
        for vals in ({'count': 0}, {'count': -3}, {'mode': 'until'}, {'mode': 'until', 'date_until': '2025-12-31'}):
            with self.assertRaisesRegex(UserError, "enter how many periods, or a last day after the first"):
                self._year(self.make.project(name="Nothing"), **vals)

    def test_wizard_defaults(self):
        with freeze_time('2026-05-20 12:00:00'):
            contract = self.make.contract([100], period_policy='quarter')
            wizard = self.env['progress.period.wizard'].create({'project_id': self.project.id, 'count': 2})
            self.assertEqual((wizard.unit, wizard.date_from), ('quarter', date(2026, 4, 1)))
            self.assertEqual(wizard.preview, "2 periods, 04/01/2026 to 09/30/2026")
            wizard.action_confirm()
            again = self.env['progress.period.wizard'].create({'project_id': self.project.id})
            self.assertEqual(again.date_from, date(2026, 10, 1))
        self.assertEqual(contract.period_count, 2)

    # === BILLS === #

    def test_given_by_the_date(self):
        """PER-3: required where the policy asks for it, and given by the date."""
        january, february = self._period('2026-01-01', '2026-01-31'), self._period('2026-02-01', '2026-02-28')
        contract = self.make.contract([1000], period_policy='month')
        self.assertEqual(self.billing.bill(contract, '10%', '2026-01-01').period_id, january)
        self.assertEqual(self.billing.bill(contract, '10%', '2026-01-31').period_id, january)
        self.assertEqual(self.billing.bill(contract, '10%', '2026-02-01').period_id, february)
        planned = self.make.plan(contract, '10%', '2026-03-01')
        self.assertFalse(planned.period_id)
        with self.assertRaisesRegex(UserError, "no billing period of House contains 03/01/2026"), self.cr.savepoint():
            planned.action_create()
        self.assertRecordValues(planned, [{'state': 'planned', 'amount': 0, 'name': False, 'period_id': False}])
        self.assertRecordValues(january, [{'bill_count': 2, 'draft_count': 0, 'billed_amount': 200}])

    def test_on_demand(self):
        """PER-3: nothing is required on demand; a closed period takes none all the same."""
        contract = self.make.contract([1000])
        self.assertFalse(self.billing.bill(contract, '10%', '2026-01-31').period_id)
        february = self._period('2026-02-01', '2026-02-28')
        self.assertFalse(self.billing.bill(contract, '10%', '2026-03-01').period_id)
        self.assertEqual(self.billing.bill(contract, '10%', '2026-02-01').period_id, february)
        february.action_close()
        with self.assertRaisesRegex(UserError, "February 2026 .* is closed and takes no bills"):
            self.make.plan(contract, '10%', '2026-02-28').action_create()

    def test_contract_without_project(self):
        """Periods belong to projects: a contract without one has none, whatever its policy."""
        contract = self.make.contract([1000], project=self.env['project.project'], period_policy='month')
        self.assertFalse(self.billing.bill(contract, '10%').period_id)

    def test_closed(self):
        """A closed period takes no bill: by Create, by a pro forma, by the final invoice, by a chosen period."""
        january = self._period('2026-01-01', '2026-01-31')
        self._period('2026-02-01', '2026-02-28')
        january.action_close()
        for vals in ({}, {'use_pro_forma': True}):
            contract = self.make.contract([1000], period_policy='month', **vals)
            planned = self.make.plan(contract, '10%', '2026-01-31', period_id=january.id)  # planning is fine
            with self.assertRaisesRegex(UserError, "is closed and takes no bills"), self.cr.savepoint():
                planned.action_create()
            self.assertEqual(planned.state, 'planned')
            planned.write({'date': '2026-02-01'})
            self.assertFalse(planned.period_id)
            planned.action_create()
            self.assertEqual(planned.period_id.name, "February 2026")
        with freeze_time('2026-01-20 12:00:00'):
            final = self.make.contract([1000], period_policy='month')
            with self.assertRaisesRegex(UserError, "is closed"), self.cr.savepoint():
                final.action_create_final_invoice()
        january.action_reopen()
        with freeze_time('2026-01-20 12:00:00'):
            final.action_create_final_invoice()
        self.assertEqual(final.final_bill_id.period_id, january)

    def test_date_outside_chosen_period(self):
        january, february = self._period('2026-01-01', '2026-01-31'), self._period('2026-02-01', '2026-02-28')
        contract = self.make.contract([1000], use_pro_forma=True)
        wrong = self.make.plan(contract, '10%', '2026-02-01', period_id=january.id)
        with self.assertRaisesRegex(UserError, "its date 02/01/2026 lies outside its billing period January 2026"):
            wrong.action_create()
        right = self.make.plan(contract, '10%', '2026-01-31')
        right.action_create()
        with self.assertRaisesRegex(UserError, "lies outside"), self.cr.savepoint():
            right.period_id = february
        right.write({'period_id': february.id, 'date': '2026-02-15'})
        self.assertEqual(right.period_id, february)
        right.date = '2026-01-15'  # the period follows
        self.assertEqual(right.period_id, january)
        other = self._period('2026-01-01', '2026-01-31', project=self.make.project(name="Other"))
        with self.assertRaisesRegex(ValidationError, "belongs to another project"), self.cr.savepoint():
            right.period_id = other

    def test_close_with_drafts(self):
        """PER-5: a period with pro formas or draft invoices can't be closed."""
        january = self._period('2026-01-01', '2026-01-31')
        contract = self.make.contract([1000], use_pro_forma=True)
        bill = self.make.plan(contract, '10%', '2026-01-31')
        bill.action_create()
        with self.assertRaisesRegex(UserError, f"drafts first: {bill.name}"):
            january.action_close()
        bill.action_release()
        with self.assertRaisesRegex(UserError, "drafts first"):
            january.action_close()
        bill.invoice_id.action_post()
        january.action_close()
        january.action_close()  # twice without harm
        self.assertEqual(january.state, 'closed')

    def test_nothing_leaves_a_closed_period(self):
        """No reset, cancel, move or change of date without reopening; a credit note of today is fine."""
        january, february = self._period('2026-01-01', '2026-01-31'), self._period('2026-02-01', '2026-02-28')
        contract = self.make.contract([1000], period_policy='month')
        bill = self.billing.bill(contract, '10%', '2026-01-31')
        january.action_close()
        for act in (
            bill.invoice_id.button_draft,
            bill.invoice_id.button_cancel,
            lambda: bill.invoice_id.write({'state': 'draft'}),
            lambda: bill.write({'period_id': february.id, 'date': '2026-02-01'}),
            lambda: bill.write({'period_id': False}),
            lambda: bill.write({'date': '2026-01-30'}),
        ):
            with self.assertRaisesRegex(UserError, "January 2026, which is closed"), self.cr.savepoint():
                act()
        bill.write({'date': '2026-01-31', 'title': "Same date"})
        self.billing.credit(bill.invoice_id)
        self.assertEqual((bill.state, bill.period_id), ('planned', january))
        with self.assertRaisesRegex(UserError, "is closed"), self.cr.savepoint():
            bill.action_create()
        bill.date = '2026-02-15'
        bill.action_create()
        self.assertEqual(bill.period_id, february)

    def test_delete_from_closed_period(self):
        """A cancelled pro forma is part of its period's history; a planned record is not."""
        january = self._period('2026-01-01', '2026-01-31')
        contract = self.make.contract([1000], use_pro_forma=True)
        bill, planned = (
            self.make.plan(contract, '10%', '2026-01-31'),
            self.make.plan(contract, '10%', period_id=january.id),
        )
        bill.action_create()
        bill.action_cancel()
        january.action_close()
        with self.assertRaisesRegex(UserError, "is closed"), self.cr.savepoint():
            bill.unlink()
        planned.unlink()
        january.action_reopen()
        bill.unlink()

    def test_dates_with_bills(self):
        """PER-1: dates with bills can't exclude them; a used period is not deleted."""
        january = self._period('2026-01-01', '2026-01-31')
        contract = self.make.contract([1000])
        self.billing.bill(contract, '10%', '2026-01-10')
        january.write({'date_start': '2026-01-10', 'date_end': '2026-01-10'})
        january.write({'date_start': '2026-01-05', 'date_end': '2026-01-20'})
        for vals in ({'date_start': '2026-01-11'}, {'date_end': '2026-01-09'}):
            with self.assertRaisesRegex(ValidationError, "would exclude"), self.cr.savepoint():
                january.write(vals)
        with self.assertRaisesRegex(UserError, "cannot be deleted: it has bills"):
            january.unlink()
        january.action_close()
        with self.assertRaisesRegex(UserError, "reopen it before you change its dates"):
            january.date_end = '2026-01-25'
        empty = self._period('2026-06-01', '2026-06-30')
        empty.action_close()
        with self.assertRaisesRegex(UserError, "reopen it before you delete it"):
            empty.unlink()
        empty.action_reopen()
        empty.unlink()

    def test_opening_amounts_have_no_period(self):
        self._period('2026-01-01', '2026-01-31').action_close()
        contract = self.make.contract([1000], period_policy='month', do_open=False)
        line = contract.line_ids
        opening = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'date': '2026-01-15',
                'line_ids': [Command.create({'contract_line_id': line.id, 'amount': 100})],
            }
        )
        self.assertEqual((opening.state, opening.period_id), ('invoiced', self.periods))

    # === AUTOMATIC === #

    @freeze_time('2026-03-20 12:00:00')
    def test_first_periods_come_by_themselves(self):
        """Where the project has no periods, or an automatic series ended, billing goes on in the next one."""
        contract = self.make.contract([1000], period_policy='month')
        first = self.billing.bill(contract, '10%', '2026-01-31').period_id
        self.assertRecordValues(
            first, [{'date_start': date(2026, 1, 1), 'date_end': date(2026, 1, 31), 'unit': 'month'}]
        )
        later = self.billing.bill(contract, '10%', '2026-03-15').period_id
        self.assertEqual(later.name, "March 2026")
        self.assertEqual(len(self.project.progress_period_ids), 3)
        with self.assertRaisesRegex(UserError, "no billing period"):
            self.make.plan(contract, '10%', '2025-12-31').action_create()

    def _run(self):
        with self.enter_registry_test_mode():
            self.env.ref(CRON).method_direct_trigger()
        self.env.invalidate_all()

    def test_scheduled_action(self):
        """The next period is made in time, once, for open contracts billed by period only."""
        contract = self.make.contract([1000], period_policy='month')
        idle, archived = self.make.project(name="Idle"), self.make.project(name="Archived")
        draft = self.make.project(name="Draft")
        self.make.contract([1000], project=idle)
        self.make.contract([1000], project=draft, do_open=False, period_policy='week')
        self.make.contract([1000], project=archived, period_policy='week')
        archived.active = False
        for day, expected in (
            ('2026-01-15', 1),
            ('2026-01-15', 1),
            ('2026-01-24', 1),
            ('2026-01-25', 2),
            ('2026-01-31', 2),
            ('2026-04-30', 5),
        ):
            with freeze_time(f'{day} 12:00:00'):
                self._run()
            self.assertEqual(len(contract.project_id.progress_period_ids), expected, day)
        self.assertEqual(self._spans(contract.project_id.progress_period_ids)[-1], ('2026-05-01', '2026-05-31'))
        self.assertFalse((idle + archived + draft).progress_period_ids)

    def test_automatic_periods_are_due(self):
        """Periods made by a bill or by the scheduled action have a due date: as the company says, or as before."""
        self.company.progress_period_due_days = 5
        contract = self.make.contract([1000], period_policy='month')
        self.billing.bill(contract, '10%', '2026-01-31')
        first = self.project.progress_period_ids
        self.assertEqual(first.date_due, date(2026, 2, 5))
        self.company.progress_period_due_days = 0
        with freeze_time('2026-02-25 12:00:00'):
            self._run()
        later = (self.project.progress_period_ids - first).sorted('date_start')
        self.assertEqual(later.mapped('date_due'), [date(2026, 3, 5), date(2026, 4, 5)])
        later[-1].date_due = False
        with freeze_time('2026-03-28 12:00:00'):
            self._run()
        self.assertEqual(self.project.progress_period_ids.sorted('date_start')[-1].date_due, date(2026, 4, 30))
        with self.assertRaisesRegex(ValidationError, "3660 days"):
            self.company.progress_period_due_days = 10**6

    def test_scheduled_action_keeps_the_anchor(self):
        """A series from the 30th loses the day in February only."""
        self.make.contract([1000], period_policy='month')
        self._year(date_from='2026-01-30', count=1, has_due_date=True, due_days=3)
        with freeze_time('2026-04-15 12:00:00'):
            self._run()
        self.assertEqual(
            self._spans(self.project.progress_period_ids),
            [('2026-01-30', '2026-02-27'), ('2026-02-28', '2026-03-29'), ('2026-03-30', '2026-04-29')],
        )
        last = self.project.progress_period_ids.sorted('date_start')[-1]
        self.assertEqual(last.date_due, date(2026, 5, 2))

    def test_scheduled_action_after_periods_by_hand(self):
        self.make.contract([1000], period_policy='week')
        self._period('2026-01-05', '2026-01-18')
        with freeze_time('2026-01-19 12:00:00'):
            self._run()
        self.assertEqual(
            self._spans(self.project.progress_period_ids),
            [('2026-01-05', '2026-01-18'), ('2026-01-19', '2026-01-25'), ('2026-01-26', '2026-02-01')],
        )

    @freeze_time('2026-03-20 12:00:00')
    def test_scheduled_action_survives(self):
        """A project that fails gets one activity, which goes with success; the others go on."""
        bad, good = self.make.project(name="Bad"), self.make.project(name="Good")
        self.make.contract([1000], project=bad, period_policy='month')
        self.make.contract([1000], project=good, period_policy='month')
        make = ProgressBillingPeriodSeries._make_for

        def broken(records, project, day, unit):
            if project == bad:
                make(records, project, day, unit)  # half-way through
                raise UserError(self.env._("Out of order"))
            return make(records, project, day, unit)

        with patch.object(ProgressBillingPeriodSeries, '_make_for', broken), mute_logger(LOGGER):
            self._run()
            self._run()
        self.assertEqual(len(good.progress_period_ids), 1)
        self.assertFalse(bad.progress_period_ids)
        activities = bad.activity_search([ACTIVITY])
        self.assertEqual((len(activities), "Out of order" in activities.note), (1, True))
        self._run()
        self.assertEqual(len(bad.progress_period_ids), 1)
        self.assertFalse(bad.activity_search([ACTIVITY]))

    @freeze_time('2026-03-20 12:00:00')
    def test_billing_run_and_closed_period(self):
        """PER-7: the scheduled billing keeps the error on the record of the closed period; the rest are billed."""
        contract = self.make.contract([1000], period_policy='month')
        january = self._period('2026-01-01', '2026-01-31')
        self._period('2026-02-01', '2026-02-28')
        january.action_close()
        wrong, fine = self.make.plan(contract, '10%', '2026-01-31'), self.make.plan(contract, '10%', '2026-02-28')
        with self.enter_registry_test_mode():
            self.env.ref('progress_billing.ir_cron_generate_progress_invoices').method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((fine.state, fine.period_id.name), ('invoiced', "February 2026"))
        self.assertEqual((wrong.state, wrong.run_state), ('planned', 'failed'))
        self.assertIn("January 2026", wrong.run_error)

    @freeze_time('2026-02-15 12:00:00')
    def test_run_billing(self):
        """The billing run and bills made at once pass the same gate."""
        january, february = self._period('2026-01-01', '2026-01-31'), self._period('2026-02-01', '2026-02-28')
        contract = self.make.contract([1000], period_policy='month')
        contract.line_ids.pending_amount = 100
        january.action_close()
        with self.assertRaisesRegex(UserError, "January 2026 .* is closed"), self.cr.savepoint():
            contract.action_run_billing('2026-01-31')
        with self.assertRaisesRegex(UserError, "January 2026 .* is closed"), self.cr.savepoint():
            contract.action_create_bill('percent', {'percent': 10, 'date': '2026-01-31'})
        contract.action_run_billing()
        self.assertEqual(contract.bill_ids.period_id, february)

    def test_correct_in_closed_period(self):
        """A bill of a closed period is corrected after it has been reopened."""
        january = self._period('2026-01-01', '2026-01-31')
        contract = self.make.contract([1000], period_policy='month', use_pro_forma=True)
        bill = self.make.plan(contract, '10%', '2026-01-31')
        bill.action_create()
        bill.action_release()
        bill.invoice_id.action_post()
        january.action_close()
        with self.assertRaisesRegex(UserError, "January 2026"), self.cr.savepoint():
            bill.action_correct()
        self.assertEqual(bill.bucket, 'actual')
        january.action_reopen()
        bill.action_correct()
        self.assertEqual(bill.bucket, 'draft')

    @freeze_time('2026-06-10 12:00:00')
    def test_accounting_lock_is_no_billing_period(self):
        """PER-7: a locked accounting month shifts the date of the entry, and says nothing about billing."""
        self.company.sale_lock_date = '2026-05-31'
        contract = self.make.contract([1000], period_policy='month')
        self._period('2026-05-01', '2026-05-31')
        bill = self.billing.bill(contract, '10%', '2026-05-31')
        self.assertEqual(bill.invoice_id.invoice_date, date(2026, 5, 31))
        self.assertEqual(bill.invoice_id.date.month, 6)
        self.assertEqual(bill.period_id.name, "May 2026")

    # === RIGHTS === #

    def test_rights(self):
        """PER-5: administrators make and edit periods; users close them; readers read; nobody sets the state."""
        period = self._period('2026-01-01', '2026-01-31')
        vals = {'project_id': self.project.id, 'date_start': '2026-02-01', 'date_end': '2026-02-28'}
        for user in (self.reader, self.billing_user):
            own = self.periods.with_user(user)
            own.browse(period.id).read(['name', 'is_current', 'bill_count', 'billed_amount'])
            for act in (
                lambda own=own: own.create(vals),
                lambda own=own: own.browse(period.id).write({'name': "X"}),
                lambda own=own: own.browse(period.id).unlink(),
                lambda user=user: (
                    self.env['progress.period.wizard'].with_user(user).create({'project_id': self.project.id})
                ),
            ):
                with self.assertRaisesRegex(AccessError, "You are not allowed to"), self.cr.savepoint():
                    act()
        with self.assertRaisesRegex(AccessError, "Only users of progress billing close a billing period"):
            period.with_user(self.reader).action_close()
        period.with_user(self.billing_user).action_close()
        self.assertEqual(period.state, 'closed')
        with self.assertRaisesRegex(AccessError, "Only administrators of progress billing reopen a billing period"):
            period.with_user(self.billing_user).action_reopen()
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            period.with_user(self.manager).write({'state': 'open'})
        period.with_user(self.manager).action_reopen()
        made = self.periods.with_user(self.manager).create(vals)
        with self.assertRaisesRegex(AccessError, "is given once"):
            made.write({'project_id': self.make.project(name="Other").id})

    @freeze_time('2026-01-15 12:00:00')
    def test_billing_user_gets_automatic_period(self):
        """Whoever bills need not be allowed to make periods."""
        contract = self.make.contract([1000], period_policy='month')
        bill = self.make.plan(contract, '10%', '2026-01-15')
        bill.with_user(self.billing_user).action_create()
        self.assertEqual(bill.period_id.name, "January 2026")

    @freeze_time('2026-01-15 12:00:00')
    def test_private_project(self):
        """Who sees the contract but not its project still reads its periods and the WIP schedule."""
        self.project.privacy_visibility = 'followers'
        contract = self.make.contract([1000], period_policy='month')
        self._period('2026-01-01', '2026-01-31')
        bill = self.billing.bill(contract, '10%', '2026-01-15', post=False)
        self.env.invalidate_all()
        own = contract.with_user(self.billing_user)
        self.assertEqual((own.period_count, own.current_period_id), (1, bill.period_id))
        with self.assertRaisesRegex(UserError, "of House cannot be closed"):
            bill.period_id.with_user(self.billing_user).action_close()
        wizard = self.env['progress.wip.wizard'].with_user(self.reader).create({'company_id': self.company.id})
        self.assertTrue(wizard)

    def test_far_dates(self):
        """No date makes a traceback."""
        contract = self.make.contract([1000], period_policy='month')
        for day in ('9999-12-31', '9001-01-01'):
            with (
                self.assertRaisesRegex(UserError, "no billing period of|is not within 50 years of today"),
                self.cr.savepoint(),
            ):
                self.make.plan(contract, '10%', day).action_create()
        for vals in ({'date_from': '9999-12-01'}, {'has_due_date': True, 'due_days': 10**8}):
            with self.assertRaisesRegex(ValidationError, "periods are due at most"), self.cr.savepoint():
                self._year(**vals)

    def test_multi_company(self):
        """Another company's periods are not seen, and do not stand in the way."""
        other = self.setup_other_company()['company']
        stranger = new_test_user(
            self.env, login='stranger', groups='progress_billing.group_manager', company_id=other.id
        )
        mine = self._period('2026-01-01', '2026-01-31')
        self.assertFalse(self.periods.with_user(stranger).search([('id', '=', mine.id)]))
        with self.assertRaisesRegex(AccessError, "top-secret records"):
            mine.with_user(stranger).action_close()
        shared = self.make.project(name="Shared", company_id=False)
        period = self._period('2026-01-01', '2026-01-31', project=shared)
        self.assertTrue(self.periods.with_user(stranger).search([('id', '=', period.id)]))
