from datetime import date

from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-20 12:00:00')
class TestPeriodFigures(ProgressBillingCommon):
    """What a billing period shows, and where its buttons lead (PER-1 to PER-8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.periods = cls.env['progress.billing.period']
        cls.march = cls._period('2026-03-01', '2026-03-31')

    @classmethod
    def _period(cls, start, end, **vals):
        vals = {'project_id': cls.project.id, **vals}
        return cls.periods.create({'date_start': start, 'date_end': end, **vals})

    def test_figures(self):
        """Bills that stand and planned ones are counted; what they bill less what was credited is the amount."""
        contract = self.make.pro_forma([1000])
        planned = self.make.plan(contract, '5%', '2026-03-20', period_id=self.march.id)
        posted = self.make.plan(contract, '40%', '2026-03-05')
        draft = self.make.plan(contract, '10%', '2026-03-10')
        gone = self.make.plan(contract, '20%', '2026-03-15')
        for bill in (posted, draft, gone):
            bill.action_create()
        gone.action_cancel()
        self.assertEqual(gone.period_id, self.march)
        self.billing.to_ledger(posted)
        self.assertRecordValues(self.march, [{'bill_count': 3, 'draft_count': 1, 'billed_amount': 500}])
        self.billing.credit(posted.invoice_id, 150)
        self.assertEqual(self.march.billed_amount, 350)
        planned.action_cancel()
        self.assertEqual(self.march.bill_count, 2)

    def test_currencies(self):
        """Added up in the company's currency, at the rate of each bill's day."""
        euro = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-03-15', 4.0)])
        contract = self.make.pro_forma([1000], currency_id=euro.id)
        for day, amount in (('2026-03-14', 50), ('2026-03-15', 75)):
            self.make.plan(contract, '10%', day).action_create()
            self.assertEqual(self.march.billed_amount, amount)
        self.assertEqual(self.march.currency_id, self.company.currency_id)

    def test_empty(self):
        self.assertRecordValues(
            self.march, [{'bill_count': 0, 'draft_count': 0, 'billed_amount': 0, 'is_current': True}]
        )

    def test_edges(self):
        """Its first and its last day belong to it, their neighbours do not."""
        for day, inside in (('2026-02-28', False), ('2026-03-01', True), ('2026-03-31', True), ('2026-04-01', False)):
            self.assertEqual(self.march._contains(date.fromisoformat(day)), inside, day)
        contract = self.make.contract([1000])
        for day, inside in (('2026-02-28', False), ('2026-03-01', True), ('2026-03-31', True), ('2026-04-01', False)):
            with self.subTest(day):
                bill = self.make.plan(contract, '1%', day)
                bill.action_create()
                self.assertEqual(bill.period_id == self.march, inside)

    def test_titles(self):
        self.assertEqual(self.march.calendar_title, f"{self.project.display_name}: March 2026")
        self.assertEqual(self.march._format_span(), "03/01/2026 – 03/31/2026")

    def test_actions(self):
        """One period opens, several are listed; its bills are listed without filters of the menu."""
        april = self._period('2026-04-01', '2026-04-30')
        action = self.march.action_close()
        self.assertEqual((action['res_id'], action['view_mode'], action['context']), (self.march.id, 'form', {}))
        action = (self.march | april).action_close()
        self.assertEqual(self.periods.search(action['domain'], order='date_start'), self.march | april)
        (self.march | april).action_reopen()
        self.assertEqual((self.march | april).mapped('state'), ['open', 'open'])
        bill = self.billing.bill(self.make.contract([1000]), '10%', '2026-03-05')
        action = self.march.action_view_bills()
        self.assertEqual(self.env['progress.bill'].search(action['domain']), bill)
        self.assertEqual(action['context'], {})

    def test_actions_of_a_project(self):
        """The project's periods, and the dialog that makes more."""
        other = self.make.project(name="Other")
        self._period('2026-03-01', '2026-03-31', project_id=other.id)
        action = self.project.action_view_progress_periods()
        self.assertEqual(self.periods.search(action['domain']), self.march)
        self.assertEqual(action['context'], {'default_project_id': self.project.id})
        action = (self.project | other).action_view_progress_periods()
        self.assertEqual(len(self.periods.search(action['domain'])), 2)
        self.assertEqual(action['context'], {'default_project_id': False})
        action = self.project.action_make_progress_periods()
        self.assertEqual(
            (action['res_model'], action['context']),
            ('progress.period.wizard', {'default_project_id': self.project.id}),
        )
        self.assertEqual((self.project | other).mapped('progress_period_count'), [1, 1])
        contract = self.make.contract([1000])
        self.assertEqual((contract.period_count, contract.current_period_id), (1, self.march))
        self.assertEqual(contract.action_view_periods()['domain'], [('project_id', 'in', self.project.ids)])

    def test_dates_of_a_closed_period(self):
        """Sent back as they are they change nothing; other words may be written."""
        self.march.action_close()
        self.march.write({'date_start': '2026-03-01', 'date_end': date(2026, 3, 31), 'name': "Third"})
        self.assertEqual(self.march.name, "Third")
        for vals in ({'date_start': '2026-03-02'}, {'date_end': '2026-03-30'}):
            self.assertRefused(
                lambda vals=vals: self.march.write(vals), "Third is closed: reopen it before you change its dates."
            )
        self.march.date_due = '2026-04-10'

    def test_own_name_stays(self):
        """A name that came from the dates follows them, unless another is written along."""
        self.march.write({'date_start': '2026-03-02', 'name': "Mine"})
        self.assertEqual(self.march.name, "Mine")
        self.march.date_end = '2026-03-30'
        self.assertEqual(self.march.name, "Mine")
        quarter = self._period('2026-07-01', '2026-09-30')
        self.assertEqual(quarter.name, "Q3 2026")
        quarter.date_end = '2026-07-31'
        self.assertEqual(quarter.name, "July 2026")

    def test_period_of_another_project(self):
        """A bill takes no period of another project, also where the contract moves."""
        other = self.make.project(name="Other")
        foreign = self._period('2026-03-01', '2026-03-31', project_id=other.id)
        bill = self.make.plan(self.make.contract([1000]), '10%', '2026-03-05')
        self.assertRefused(
            lambda: bill.write({'period_id': foreign.id}),
            "the billing period March 2026 belongs to another project, Other.",
            error=ValidationError,
        )
        self.assertFalse(bill.period_id)

    def test_chosen_period(self):
        """A planned record may wait in any period; its date leads it out, and a bill stays where its date is."""
        april = self._period('2026-04-01', '2026-04-30')
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%', '2026-03-05', period_id=april.id)
        self.assertEqual(bill.period_id, april)
        self.assertRefused(
            bill.action_create,
            "its date 03/05/2026 lies outside its billing period April 2026 (04/01/2026 – 04/30/2026).",
        )
        bill.date = '2026-03-06'
        self.assertFalse(bill.period_id, "the date decides anew")
        bill.action_create()
        self.assertEqual(bill.period_id, self.march)

    def test_no_period_of_the_day(self):
        """Billed by period, a day outside the periods somebody made is refused by project and day."""
        contract = self.make.contract([1000], period_policy='month')
        bill = self.make.plan(contract, '10%', '2026-05-05')
        self.assertRefused(
            bill.action_create,
            ": no billing period of House contains 05/05/2026. Change the date of the bill",
        )
        self.assertEqual((bill.state, len(self.project.progress_period_ids)), ('planned', 1))

    def test_closed_period_is_named(self):
        """The refusal names bill, period and span, for a period found by the date and a chosen one."""
        self.march.action_close()
        for vals in ({}, {'period_id': self.march.id}):
            bill = self.make.plan(self.make.contract([1000]), '10%', '2026-03-05', **vals)
            self.assertRefused(
                bill.action_create,
                ": the billing period March 2026 (03/01/2026 – 03/31/2026) is closed",
                "have an administrator reopen the period",
            )
            self.assertEqual(bill.state, 'planned')

    def test_deleting(self):
        """A period with bills is kept, by their names, five of them at most; an empty open one goes."""
        contract = self.make.contract([1000])
        bills = [self.make.plan(contract, '1%', '2026-03-05', period_id=self.march.id) for _each in range(6)]
        message = self.assertRefused(self.march.unlink, "March 2026 cannot be deleted: it has bills (")
        self.assertEqual(message.count("Planned"), 5)
        self.env['progress.bill'].concat(*bills).unlink()
        self.march.unlink()
        self.assertFalse(self.march.exists())

    def test_due_days(self):
        """So many days after the end, before it where less than nothing, at most ten years."""
        for days, due in ((0, '2026-03-31'), (10, '2026-04-10'), (-5, '2026-03-26')):
            self.company.progress_period_due_days = days
            self.assertEqual(str(self.company._get_progress_period_due(date(2026, 3, 31))), due)
        self.company.progress_period_due_days = 3660
        self.company.progress_period_due_days = -3660
        for days in (3661, -3661):
            self.assertRefused(
                lambda days=days: self.company.write({'progress_period_due_days': days}),
                f"{self.company.display_name}: the bills of a period are due at most 3660 days from its end.",
                error=ValidationError,
            )

    def test_shortest_unit(self):
        """Of several contracts on a project the shortest period counts; closed and on-demand ones do not."""
        project = self.make.project(name="Busy")
        for policy in ('year', 'week', 'month', 'on_demand'):
            self.make.contract([1000], project=project, period_policy=policy)
        self.assertEqual(self.periods._get_scheduled_units()[project], 'week')
        weekly = project.progress_contract_ids.filtered(lambda contract: contract.period_policy == 'week')
        weekly.action_cancel()
        self.assertEqual(self.periods._get_scheduled_units()[project], 'month')
        project.progress_contract_ids.filtered(lambda contract: contract.state == 'open').period_policy = 'on_demand'
        self.assertNotIn(project, self.periods._get_scheduled_units())

    def test_series(self):
        """A series goes on where it ended: same unit, same day, as many days due; never what is covered."""
        first = self._period('2026-04-01', '2026-04-30', unit='month', date_due='2026-05-07')
        self.assertFalse(first._continue_until(date(2026, 4, 30)))
        later = first._continue_until(date(2026, 6, 1))
        self.assertEqual(
            [(str(one.date_start), str(one.date_end), str(one.date_due), one.unit) for one in later],
            [('2026-05-01', '2026-05-31', '2026-06-07', 'month'), ('2026-06-01', '2026-06-30', '2026-07-07', 'month')],
        )
        self.assertFalse(self.periods._make_for(self.project, date(2026, 6, 30), 'month'), "covered already")
        found = self.periods._make_for(self.project, date(2026, 7, 15), 'month')
        self.assertEqual((str(found.date_start), str(found.date_end)), ('2026-07-01', '2026-07-31'))

    def test_by_hand_is_not_continued(self):
        """Periods made by hand end where somebody ended them."""
        self.assertFalse(self.periods._make_for(self.project, date(2026, 4, 15), 'month'))
        self.assertEqual(self.project.progress_period_ids, self.march)

    def test_moving_bills(self):
        """A changed date brings a billed bill into the period of that day; the same date moves nothing."""
        april = self._period('2026-04-01', '2026-04-30')
        bill = self.make.plan(self.make.pro_forma([1000]), '10%', '2026-03-05')
        bill.action_create()
        self.assertEqual(bill.period_id, self.march)
        bill.date = '2026-04-02'
        self.assertEqual(bill.period_id, april)
        bill.date = '2026-03-06'
        self.assertEqual(bill.period_id, self.march)
        self.assertRefused(lambda: bill.write({'period_id': april.id}), "lies outside its billing period April 2026")

    def test_who_closes(self):
        """The periods of another session's bills: readers close none, and nothing is half done."""
        april = self._period('2026-04-01', '2026-04-30')
        self.make.plan(self.make.pro_forma([1000]), '10%', '2026-04-05').action_create()
        message = self.assertRefused(
            (self.march | april).action_close, "April 2026 of House cannot be closed", error=UserError
        )
        self.assertIn(april.bill_ids.display_name, message)
        self.assertEqual((self.march | april).mapped('state'), ['open', 'open'])
