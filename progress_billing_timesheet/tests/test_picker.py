from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.progress_billing.tests.queries import QueryAssertions, count_queries

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestPicker(QueryAssertions, ProgressTimesheetCommon):
    """The lists of the screen: what a group says is what it holds, and what is ticked is what was meant (HRS-3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([50000], hourly_rate=100)
        cls.project.sale_line_id = False
        cls.drawing = cls._make_task(name="Drawing")
        cls.cellar = cls._make_entry(4, date='2025-12-20', name="Cellar")
        cls.roof = cls._make_entry(2, date='2026-01-05', name="Plan of the roof")
        cls.call = cls._make_entry(3, cls.bob, date='2026-01-05', name="Call", task_id=cls.drawing.id)
        cls.loose = cls._make_entry(5, cls.bob, date='2026-01-31', name="Roof, no task", task_id=False)
        cls.gift = cls._make_entry(1, date='2026-01-10', name="Gift", so_line=False, is_so_line_edited=True)
        cls.late = cls._make_entry(9, date='2026-02-01', name="Later")
        cls.shown = cls.cellar | cls.roof | cls.call | cls.loose | cls.gift
        cls.billable = cls.shown - cls.gift

    def _entries(self, wizard, **kwargs):
        """What a list shows, as records."""
        return self.env['account.analytic.line'].browse([row['id'] for row in wizard.read_entries(**kwargs)])

    def _groups(self, wizard, group_by, **kwargs):
        return {
            row['label']: (row['count'], row['hours'], row['value'], row['billable'], row['ticked'])
            for row in wizard.read_entry_groups(group_by, **kwargs)
        }

    # === GROUPS === #

    def test_figures_of_groups(self):
        """How many, hours, value, how many can be ticked and how many are."""
        wizard = self._open(self.contract, self.roof | self.call)
        for group_by, expected in (
            (None, {"All entries": (5, 15, 1500, 4, 2)}),
            (False, {"All entries": (5, 15, 1500, 4, 2)}),
            ('employee_id', {"Ann": (3, 7, 700, 2, 1), "Bob": (2, 8, 800, 2, 1)}),
            ('task_id', {"Design": (3, 7, 700, 2, 1), "Drawing": (1, 3, 300, 1, 1), "None": (1, 5, 500, 1, 0)}),
            ('date:month', {"December 2025": (1, 4, 400, 1, 0), "January 2026": (4, 11, 1100, 3, 2)}),
            ('project_id', {self.project.name: (5, 15, 1500, 4, 2)}),
        ):
            with self.subTest(group_by=group_by):
                self.assertEqual(self._groups(wizard, group_by), expected)

    def test_groups_hold_what_they_say(self):
        """Each entry is in one group of each kind, and a group's page is as long as its count."""
        wizard = self._open(self.contract)
        for group_by in (None, 'employee_id', 'task_id', 'date:month', 'project_id'):
            with self.subTest(group_by=group_by):
                found = []
                for group in wizard.read_entry_groups(group_by):
                    rows = wizard.read_entries(group_by, group['key'])
                    figures = len(rows), sum(row['hours'] for row in rows), sum(row['billable'] for row in rows)
                    self.assertEqual(figures, (group['count'], group['hours'], group['billable']))
                    found += [row['id'] for row in rows]
                self.assertEqual(sorted(found), sorted(self.shown.ids))

    def test_ticking_a_group(self):
        """All of it that is billable and nothing else; unticked the same way."""
        wizard = self._open(self.contract)
        for group_by, label, expected in (
            (None, "All entries", self.billable),
            ('employee_id', "Ann", self.cellar | self.roof),
            ('task_id', "Drawing", self.call),
            ('task_id', "None", self.loose),
            ('date:month', "December 2025", self.cellar),
            ('date:month', "January 2026", self.roof | self.call | self.loose),
        ):
            with self.subTest(group_by=group_by, label=label):
                [key] = [row['key'] for row in wizard.read_entry_groups(group_by) if row['label'] == label]
                wizard.tick_entries(True, group_by=group_by, key=key)
                self.assertEqual(wizard.time_line_ids, expected)
                self.assertEqual(wizard.selected_hours, sum(expected.mapped('unit_amount')))
                self.assertEqual(self._groups(wizard, group_by)[label][4], len(expected))
                wizard.tick_entries(True)
                wizard.tick_entries(False, group_by=group_by, key=key)
                self.assertEqual(wizard.time_line_ids, self.billable - expected)
                wizard.tick_entries(False)
                self.assertFalse(wizard.time_line_ids)

    def test_ticked_twice(self):
        """What is ticked already is no error, and counts once."""
        wizard = self._open(self.contract)
        self.assertTrue(wizard.tick_entries(True, ids=self.roof.ids))
        wizard.tick_entries(True, ids=(self.roof | self.call).ids)
        self.assertEqual((wizard.selected_hours, wizard.time_line_ids), (5, self.roof | self.call))
        wizard.tick_entries(False, ids=self.loose.ids)
        self.assertEqual(wizard.selected_hours, 5)
        wizard.tick_entries(True, ids=[])
        self.assertEqual(wizard.selected_hours, 5, "none named, none ticked")

    def test_each_screen_has_its_own(self):
        one, other = self._open(self.contract, self.roof), self._open(self.contract, self.call)
        one.tick_entries(True)
        other.tick_entries(False)
        self.assertEqual((one.time_line_ids, other.time_line_ids), (self.billable, self.call.browse()))
        self.assertEqual(self._entries(other, shown='ticked'), self.call.browse())

    # === FILTERS AND SEARCH === #

    def test_filters(self):
        wizard = self._open(self.contract, self.roof | self.call)
        self.contract.hourly_rate = 0
        poor = self._make_entry(1, name="Nobody's price", date='2026-01-06')
        self.assertEqual(poor.progress_rate_source, 'none')
        for shown, expected in (
            ('all', self.shown | poor),
            ('ticked', self.roof | self.call),
            ('open', self.cellar | self.loose | self.gift | poor),
            ('no_rate', poor),
            ('non_billable', self.gift),
        ):
            with self.subTest(shown=shown):
                self.assertEqual(self._entries(wizard, shown=shown), expected.sorted(lambda one: (one.date, one.id)))
                [row] = wizard.read_entry_groups(shown=shown)
                self.assertEqual((row['count'], row['hours']), (len(expected), sum(expected.mapped('unit_amount'))))
        self.assertRefused(lambda: wizard.read_entries(shown='everything'), "Choose one of all, ticked", "everything")
        wizard.tick_entries(True, shown='no_rate')
        self.assertEqual(wizard.time_line_ids, self.roof | self.call | poor, "worth nothing, and billable")
        wizard.tick_entries(False, shown='ticked', search="roof")
        self.assertEqual(wizard.time_line_ids, self.call | poor)

    def test_search(self):
        """In description, employee and task, whatever the case; together with a group and a filter."""
        wizard = self._open(self.contract, self.roof)
        for search, expected in (
            ("ROOF", self.roof | self.loose),
            ("bob", self.call | self.loose),
            ("drawing", self.call),
            ("design", self.cellar | self.roof | self.gift),
            ("later", self.late.browse()),
            ("100%", self.late.browse()),
        ):
            with self.subTest(search=search):
                self.assertEqual(self._entries(wizard, search=search), expected.sorted(lambda one: (one.date, one.id)))
                groups = wizard.read_entry_groups('employee_id', search=search)
                self.assertEqual(sum(row['count'] for row in groups), len(expected))
        bobs = {'group_by': 'employee_id', 'key': self.bob.id}
        self.assertEqual(self._entries(wizard, search="roof", **bobs), self.loose)
        self.assertEqual(self._entries(wizard, search="roof", shown='open'), self.loose)
        wizard.tick_entries(True, search="design")
        self.assertEqual(wizard.time_line_ids, self.cellar | self.roof)

    def test_pages(self):
        """By date, then as they were entered; page after page, nothing twice."""
        wizard = self._open(self.contract)
        order = self.cellar | self.roof | self.call | self.gift | self.loose
        self.assertEqual(self._entries(wizard).ids, order.ids)
        pages = [self._entries(wizard, offset=offset, limit=2).ids for offset in (0, 2, 4, 6)]
        self.assertEqual(pages, [order[:2].ids, order[2:4].ids, order[4:].ids, []])
        self.assertEqual(self._entries(wizard, limit=10**9).ids, order.ids)
        self.assertFalse(self._entries(wizard, limit=0, offset=9))

    def test_what_a_row_says(self):
        wizard = self._open(self.contract, self.call)
        rows = {row['id']: row for row in wizard.read_entries()}
        self.assertEqual(
            rows[self.call.id],
            {
                'id': self.call.id,
                'date': '01/05/2026',
                'name': "Call",
                'hours': 3,
                'rate': 100,
                'value': 300,
                'billable': True,
                'ticked': True,
                'remark': '',
                'project': self.project.display_name,
                'employee': "Bob",
                'task': "Drawing",
            },
        )
        gift, loose = rows[self.gift.id], rows[self.loose.id]
        self.assertEqual((gift['billable'], gift['ticked'], gift['remark']), (False, False, "Non-billable."))
        self.assertEqual((loose['task'], loose['ticked']), ('', False))

    # === ORDER LINES === #

    def test_order_lines(self):
        """What is left of each with its price; ticked and unticked by kind, those of other orders not at all."""
        order = self.orders.order([250, 80], project_id=self.project.id)
        licence, trip = order.order_line
        trip.is_expense = True
        licence.product_uom_qty = 3
        licence.name = "Licence\nfor three people"
        foreign = self.orders.order([5]).order_line
        wizard = self._open(self.contract)
        self.assertEqual(
            wizard.read_order_lines('product'),
            [
                {
                    'id': licence.id,
                    'order': order.name,
                    'name': "Licence",
                    'quantity': 3,
                    'amount': 750,
                    'ticked': False,
                }
            ],
        )
        for kind, mine in (('product', licence), ('expense', trip)):
            with self.subTest(kind=kind):
                self.assertTrue(wizard.tick_order_lines(kind, True, (licence | trip | foreign).ids))
                self.assertEqual(wizard[f'{kind}_line_ids'], mine)
                self.assertEqual([row['ticked'] for row in wizard.read_order_lines(kind)], [True])
        self.assertEqual((wizard.product_amount, wizard.expense_amount, wizard.net_amount), (750, 80, 830))
        wizard.tick_order_lines('product', False, (licence | trip).ids)
        self.assertEqual((wizard.product_line_ids.ids, wizard.expense_line_ids), ([], trip))
        self.assertEqual((wizard.product_amount, wizard.net_amount), (0, 80))
        for name, args in (('read_order_lines', ('time',)), ('tick_order_lines', ('time', True, []))):
            self.assertRefused(
                lambda name=name, args=args: getattr(wizard, name)(*args), "Choose one of expense, product"
            )

    # === WHO SEES WHAT === #

    def test_without_timesheets(self):
        """Who may bill and sees no hours bills by the sums: no list, no tick."""
        wizard = self.env(user=self.billing_user)['progress.bill.create'].create(
            {'contract_id': self.contract.id, 'date': '2026-01-31'}
        )
        self.assertEqual((wizard.total_hours, wizard.total_time_amount), (15, 1500))
        self.assertEqual((wizard.read_entries(), wizard.read_entry_groups('employee_id')), ([], []))
        for ticked in (True, False):
            self.assertRefused(
                lambda ticked=ticked: wizard.tick_entries(ticked), regex="not allowed to access", error=AccessError
            )
        self.assertRefused(
            lambda: wizard.write({'time_line_ids': [Command.set(self.roof.ids)]}),
            regex="allowed|access",
            error=AccessError,
        )
        self.assertFalse(wizard.sudo().time_line_ids)

    def test_own_entries_only(self):
        """A timesheet user's groups, pages and ticks are of their own entries; the sums are everybody's."""
        own = self._make_employee("Own", user_id=self.timesheet_user.id)
        mine = self._make_entry(2, own, name="Mine")
        wizard = self.env(user=self.timesheet_user)['progress.bill.create'].create(
            {'contract_id': self.contract.id, 'date': '2026-01-31'}
        )
        self.assertEqual(self._groups(wizard, 'employee_id'), {"Own": (1, 2, 200, 1, 0)})
        self.assertFalse(wizard.read_entries('employee_id', self.bob.id))
        wizard.tick_entries(True)
        self.assertEqual((wizard.time_line_ids.sudo(), wizard.total_hours, wizard.selected_hours), (mine, 17, 2))
        self.assertRefused(
            lambda: wizard.write({'time_line_ids': [Command.link(self.call.id)]}),
            regex="allowed|access",
            error=AccessError,
        )

    # === COST === #

    def test_queries(self):
        """A page, its groups and a tick take the same queries for few entries and for many."""
        task = self._make_task(name="Counted")
        screen = self._open(self.contract)

        def spend(number):
            values = {'project_id': self.project.id, 'task_id': task.id, 'employee_id': self.ann.id, 'unit_amount': 1}
            entries = self.env['account.analytic.line'].create(
                [{**values, 'name': f"Counted {one}", 'date': '2026-01-15'} for one in range(number)]
            )
            group = {'group_by': 'task_id', 'key': task.id}

            def act():
                self.assertEqual(len(screen.read_entries(**group)), number)
                screen.read_entry_groups('employee_id')
                screen.tick_entries(True, **group)
                self.assertEqual(screen.selected_hours, number)
                screen.tick_entries(False, **group)

            queries = count_queries(self.env, act)
            entries.unlink()
            return queries

        self.assertRowsFree(spend, 60)

    def test_queries_of_order_lines(self):
        """A list of expenses or products, and the amounts ticked."""
        screen = self._open(self.contract)

        def spend(number):
            order = self.orders.order([10] * number, project_id=self.project.id)

            def act():
                self.assertEqual(len(screen.read_order_lines('product')), number)
                screen.tick_order_lines('product', True, order.order_line.ids)
                self.assertEqual(screen.product_amount, 10 * number)

            queries = count_queries(self.env, act)
            screen.tick_order_lines('product', False, order.order_line.ids)
            order._action_cancel()
            return queries

        self.assertRowsFree(spend, 120)
