from psycopg2 import errors

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.progress_billing.tests.queries import QueryAssertions, count_queries

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestEntryRows(QueryAssertions, ProgressTimesheetCommon):
    """Rows that say what a bill was made of: who makes them, what they say, what they hold (HRS-4, HRS-5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.sale_line_id = False
        cls.contract = cls.make.contract([50000], hourly_rate=100)
        cls.entry, cls.other = cls._make_entry(6, name="Plan"), cls._make_entry(4, cls.bob, name="Call")
        cls.both = cls.entry | cls.other

    # === WHAT THEY SAY === #

    def test_rows(self):
        """Of each kind what it was, and of which contract; what changes afterwards on the order changes nothing."""
        order = self.orders.order([250, 80], project_id=self.project.id)
        product, expense = order.order_line
        expense.is_expense = True
        bill = self._create_bill(
            self.contract,
            self.both,
            1500,
            product_line_ids=[Command.set(product.ids)],
            expense_line_ids=[Command.set(expense.ids)],
            charge_adjustments_to_company=True,
        )
        nobody = {'employee_id': False, 'task_id': False, 'hours': 0, 'analytic_line_id': False}
        expected = [
            {
                'kind': 'time',
                'analytic_line_id': self.entry.id,
                'employee_id': self.ann.id,
                'task_id': self.task.id,
                'hours': 6,
                'value': 600,
                'name': "Plan",
                'order_line_id': False,
            },
            {'kind': 'time', 'employee_id': self.bob.id, 'hours': 4, 'value': 400, 'name': "Call"},
            {**nobody, 'kind': 'adjustment', 'name': self.company.name, 'value': 0, 'adjustment_amount': 500},
            {
                **nobody,
                'kind': 'expense',
                'order_line_id': expense.id,
                'quantity': 1,
                'value': 80,
                'name': expense.name,
            },
            {
                **nobody,
                'kind': 'product',
                'order_line_id': product.id,
                'quantity': 1,
                'value': 250,
                'name': product.name,
            },
        ]
        for row, values in zip(bill.entry_ids, expected, strict=True):
            with self.subTest(kind=values['kind'], name=values['name']):
                self.assertRecordValues(row, [values])
        rows = bill.entry_ids
        self.assertEqual(
            (rows.contract_id, rows.project_id, rows.company_id), (self.contract, self.project, self.company)
        )
        self.assertEqual([row.date.isoformat() for row in rows], ['2026-01-15'] * 2 + ['2026-01-31'] * 3)
        self.assertEqual(rows.mapped('display_name')[:2], ["Plan", "Call"])
        self.assertEqual((bill.entry_hours, bill.entry_value, bill.entry_adjustment), (10, 1000, 500))
        product.price_unit = 999
        self.entry.name = "Plan, second try"
        self.assertEqual((rows[0].name, rows[4].value), ("Plan", 250))
        self._make_map(self.ann, 333)
        self.entry._update_progress_rates(self.contract)
        self.assertEqual((self.entry.progress_rate, rows[0].value), (100, 600), "its rate stays while it is billed")

    def test_name_of_a_row_without_text(self):
        bill = self._create_bill(self.contract, self.entry, 100)
        row = bill.entry_ids
        row.sudo()._write_protected({'name': False})
        self.assertEqual(row.display_name, bill.display_name)

    def test_figures_of_several_bills(self):
        """Sums of each bill in one go: without hours, with hours, unsaved."""
        bills = self._create_bill(self.contract, self.entry, 1000) | self._create_bill(self.contract, self.other, 300)
        bills |= self._create_bill(self.contract, None, 100)
        self.env.flush_all()
        self.env.invalidate_all()
        figures = [(bill.entry_hours, bill.entry_value, bill.entry_adjustment) for bill in bills]
        self.assertEqual(figures, [(6, 600, 400), (4, 400, -100), (0, 0, 0)])
        self.assertEqual(self.env['progress.bill'].new({'contract_id': self.contract.id}).entry_hours, 0)

    def test_adjustments_with_what_is_covered(self):
        """An agreement takes off income, not what the fee billed: the adjustment is the fee's."""
        self.env['progress.agreement'].create(
            {'name': "Support", 'partner_id': self.customer.id, 'date_start': '2026-01-01', 'limit_hours': 5}
        )
        bill = self._create_bill(self.contract, self.both, 1500)
        self.assertEqual(bill.agreement_applied, 500)
        self.assertEqual(bill.entry_ids.mapped('covered_amount'), [300, 200])
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [300, 200])
        self.assertEqual(bill._get_billed_records()[self.entry], 300)

    # === WHO MAKES THEM === #

    def test_nobody_types_them(self):
        bill = self._create_bill(self.contract, self.entry, 1000)
        row = bill.entry_ids
        draft = {'bill_id': bill.id, 'kind': 'time', 'analytic_line_id': self.other.id, 'hours': 4, 'value': 400}
        for user in (self.env.user, self.billing_user):
            mine = row.with_user(user)
            for act in (
                lambda mine=mine: mine.create(draft),
                lambda mine=mine: mine.write({'value': 1}),
                lambda mine=mine: mine.write({'analytic_line_id': self.other.id}),
                lambda mine=mine: mine.write({'bill_id': False}),
                lambda mine=mine: mine.write({'is_live': False}),
                mine.unlink,
            ):
                with self.subTest(user=user.login):
                    self.assertRefused(act, regex='.', error=AccessError)
        self.assertRecordValues(row, [{'value': 600, 'analytic_line_id': self.entry.id, 'is_live': True}])
        self.assertFalse(self.other.progress_bill_id)

    def test_fields_of_entries(self):
        """What an entry is worth and where it is billed is nobody's to type, in one write or at creation."""
        bill = self._create_bill(self.contract, self.entry, 1000)
        for name, value in (
            ('progress_rate', 1),
            ('progress_rate_source', 'none'),
            ('progress_value', 1),
            ('progress_currency_id', self.env.ref('base.EUR').id),
            ('progress_bill_id', bill.id),
            ('is_progress_billable', False),
        ):
            with self.subTest(name):
                self.assertRefused(
                    lambda name=name, value=value: self.both.write({name: value}), regex='.', error=AccessError
                )
        self.assertEqual(self.both.mapped('progress_value'), [600, 400])
        self.assertEqual(self.other.progress_bill_id.ids, [])

    def test_once_in_the_database(self):
        """Whatever code does: one live row an entry; rows of bills that are gone do not count."""
        gone = self._create_bill(self.contract, self.entry, 100)
        gone.invoice_id.button_cancel()
        bill = self._create_bill(self.contract, self.entry, 200)
        third = self._create_bill(self.contract, None, 300)
        self.assertEqual(self.entry.progress_entry_ids.mapped('is_live'), [False, True])
        self.assertEqual(self.entry.progress_bill_id, bill)
        with (
            mute_logger('odoo.sql_db'),
            self.assertRaises(errors.UniqueViolation) as caught,
            self.env.cr.savepoint(),
        ):
            self.env['progress.bill.entry']._create_protected(
                [{'bill_id': third.id, 'kind': 'time', 'analytic_line_id': self.entry.id}]
            )
            self.env.flush_all()
        self.assertIn('entry_once', str(caught.exception))

    # === LOCKED === #

    def test_locked_in_one_write(self):
        """One of several entries is attached: none changes, by anybody, and its bill is named."""
        bill = self._create_bill(self.contract, self.entry, 1000)
        own = self._make_employee("Own", user_id=self.timesheet_user.id)
        barn = self.make.project(name="Barn")
        for vals in (
            {'unit_amount': 1},
            {'employee_id': own.id},
            {'project_id': barn.id, 'task_id': False},
            {'task_id': self._make_task(name="Other").id},
            {'date': '2026-01-16'},
        ):
            with self.subTest(vals=vals):
                message = self.assertRefused(lambda vals=vals: self.both.write(vals), "“Plan”", bill.display_name)
                self.assertNotIn("“Call”", message)
        self.assertRefused(self.both.unlink, "is attached to", "“Plan”")
        self.assertEqual(self.both.mapped('unit_amount'), [6, 4])
        self.both.write({'name': "Renamed"})
        self.other.unit_amount = 5
        bill.invoice_id.action_post()
        self.assertRefused(lambda: self.entry.write({'unit_amount': 1}), bill.invoice_id.name)
        plain = new_test_user(
            self.env, login='rows_plain', groups='hr_timesheet.group_hr_timesheet_approver', company_id=self.company.id
        )
        self.assertRefused(lambda: self.entry.with_user(plain).write({'timesheet_invoice_id': False}), "is attached to")

    def test_copies_are_free(self):
        """A copy of an attached entry, or of its bill, carries nothing of it."""
        bill = self._create_bill(self.contract, self.entry, 1000)
        copy = self.entry.copy()
        self.assertFalse(copy.progress_bill_id or copy.progress_entry_ids or copy.timesheet_invoice_id)
        self.assertTrue(copy._is_free_for_progress())
        self.assertEqual(len(bill.entry_ids), 1)

    # === COST === #

    def test_queries_of_continue(self):
        """A bill of many entries takes no more than two queries an entry more than one of few, gone again included."""

        def spend(number):
            entries = self.env['account.analytic.line'].create(
                [
                    {
                        'name': f"Work {one}",
                        'project_id': self.project.id,
                        'task_id': self.task.id,
                        'employee_id': self.ann.id,
                        'unit_amount': 1,
                        'date': '2026-01-15',
                    }
                    for one in range(number)
                ]
            )
            wizard = self._open(self.contract, entries, 10)

            def act():
                wizard.action_continue()
                self.env.flush_all()
                self.assertEqual(len(wizard.bill_id.entry_ids), number)
                wizard.bill_id.invoice_id.unlink()
                self.assertFalse(entries.progress_bill_id)

            return count_queries(self.env, act)

        self.assertRowsFree(spend, 700, each=2.0)

    def test_queries_of_rates(self):
        """Rates of many entries of one employee and task are found at once."""
        self._make_map(self.ann, 120)

        def spend(number):
            values = {'project_id': self.project.id, 'task_id': self.task.id, 'employee_id': self.ann.id}
            entries = self.env['account.analytic.line'].create(
                [{**values, 'name': "Work", 'unit_amount': 1, 'date': '2026-01-15'} for _one in range(number)]
            )
            self.project.sale_line_employee_ids.sale_line_id.price_unit += 10

            def act():
                entries._update_progress_rates(self.contract)

            queries = count_queries(self.env, act)
            self.assertEqual(len(set(entries.mapped('progress_rate'))), 1)
            entries.unlink()
            return queries

        self.assertRowsFree(spend, 60)
