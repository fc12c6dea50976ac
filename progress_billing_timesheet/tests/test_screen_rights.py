import logging
import time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import ProgressTimesheetCommon

_logger = logging.getLogger(__name__)


@tagged('post_install', '-at_install')
class TestScreenRights(ProgressTimesheetCommon):
    """Sums are the same for every user, entries those one may see; and thousands of them are no burden."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([50000], hourly_rate=100)
        cls.own = cls.env['hr.employee'].create(
            {'name': "Own", 'user_id': cls.timesheet_user.id, 'company_id': cls.company.id}
        )
        cls.mine, cls.theirs = cls._make_entry(2, cls.own), cls._make_entry(3, cls.bob)

    def test_same_sums_for_everyone(self):
        wizard = self.env(user=self.timesheet_user)['progress.bill.create'].create(
            {'contract_id': self.contract.id, 'date': '2026-01-31'}
        )
        self.assertEqual((wizard.total_hours, wizard.total_time_amount), (5, 500))
        self.assertEqual([row['id'] for row in wizard.read_entries()], self.mine.ids)
        wizard.tick_entries(True)
        self.assertEqual((wizard.selected_hours, wizard.remaining_hours), (2, 3))
        wizard.tick_entries(True, ids=self.theirs.ids)
        self.assertEqual(wizard.selected_hours, 2)
        wizard.wip_bill_amount = 200
        wizard.action_continue()
        self.assertEqual((self.mine.progress_bill_id, bool(self.theirs.progress_bill_id)), (wizard.bill_id, False))

    def test_billing_user_without_timesheets(self):
        wizard = self.env(user=self.billing_user)['progress.bill.create'].create(
            {'contract_id': self.contract.id, 'date': '2026-01-31', 'wip_bill_amount': 100}
        )
        self.assertEqual(wizard.total_hours, 5)
        self.assertFalse(wizard.read_order_lines('expense'))
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.amount, 100)

    def test_not_for_others(self):
        wizard = self._open(self.contract)
        with self.assertRaisesRegex(AccessError, "Create Progress Bill"):
            wizard.with_user(self.reader).action_continue()
        with self.assertRaisesRegex(AccessError, "Create Progress Bill"):
            wizard.with_user(self.timesheet_user).read_entries()
        outsider = new_test_user(self.env, login='hours_outsider', groups='hr_timesheet.group_hr_timesheet_user')
        with self.assertRaisesRegex(AccessError, "Create Progress Bill"):
            self.env(user=outsider)['progress.bill.create'].create({'contract_id': self.contract.id})

    def test_timesheet_users_work_as_before(self):
        """People without billing rights enter, change and see their hours."""
        user = new_test_user(
            self.env, login='hours_plain', groups='hr_timesheet.group_hr_timesheet_user', company_id=self.company.id
        )
        self._make_employee("Plain", user_id=user.id)
        entry = self.env(user=user)['account.analytic.line'].create(
            {'name': "Work", 'project_id': self.project.id, 'unit_amount': 2, 'date': '2026-01-15'}
        )
        entry.unit_amount = 3
        self.assertFalse(entry._is_readonly())
        self.assertEqual(entry.sudo().progress_value, 300)

    def test_five_thousand_entries(self):
        """Opening takes a second, a tick a fraction of one, and Continue bills them all; an agreement covers some."""
        agreement = self.env['progress.agreement'].create(
            {
                'name': "Support",
                'partner_id': self.customer.id,
                'date_start': '2026-01-01',
                'limit_hours': 300,
                'limit_amount': 25000,
            }
        )
        entries = self.env['account.analytic.line'].create(
            [
                {
                    'name': f"Work {number}",
                    'project_id': self.project.id,
                    'task_id': self.task.id,
                    'employee_id': (self.ann if number % 3 else self.bob).id,
                    'unit_amount': 1,
                    'date': f'2026-01-{number % 28 + 1:02d}',
                }
                for number in range(5000)
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        spec = {
            name: {}
            for name in (
                'date',
                'total_hours',
                'selected_hours',
                'total_time_amount',
                'selected_time_amount',
                'wip_available',
                'agreement_applied',
                'down_payment_applied',
                'down_payment_available',
                'net_amount',
                'preview',
                'warning_text',
                'blockers',
            )
        }
        start = time.perf_counter()
        wizard = self.env['progress.bill.create'].browse(self.contract.action_progress_bill()['res_id'])
        wizard.write({'date': '2026-01-31', 'wip_bill_amount': 40000})
        wizard.web_read(spec)
        wizard.read_entry_groups('employee_id')
        wizard.read_entries('employee_id', self.ann.id)
        opened = time.perf_counter() - start
        self.env.invalidate_all()
        start = time.perf_counter()
        wizard.tick_entries(True, ids=entries[:1].ids)
        wizard.web_read(spec)
        one = time.perf_counter() - start
        start = time.perf_counter()
        wizard.tick_entries(True)
        wizard.web_read(spec)
        everything = time.perf_counter() - start
        self.assertEqual((wizard.selected_hours, wizard.selected_time_amount), (5005, 500500))
        with self.assertQueryCount(60):
            wizard.onchange({'wip_bill_amount': 39000}, ['wip_bill_amount'], spec | {'wip_bill_amount': {}})
        self.assertEqual((wizard.agreement_applied, wizard.net_amount), (25000, 15000))
        start = time.perf_counter()
        wizard.action_continue()
        self.env.flush_all()
        billed = time.perf_counter() - start
        self.assertEqual((len(wizard.bill_id.entry_ids), agreement.used_hours), (5002, 250))
        self.assertEqual(round(sum(wizard.bill_id.entry_ids.mapped('covered_amount')), 2), 25000)
        self.assertAlmostEqual(sum(wizard.bill_id.entry_ids.mapped('adjustment_amount')), 40000 - 500500, places=2)
        _logger.info(
            "5000 entries: open %.2f s, tick %.3f s, all %.3f s, continue %.1f s", opened, one, everything, billed
        )
        self.assertLess(opened, 2 * 3)
        self.assertLess(one, 0.2 * 5)
