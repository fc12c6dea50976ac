from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon

WIP = "Invoice amount cannot exceed WIP available to bill."


@tagged('post_install', '-at_install')
class TestCreateScreen(ProgressTimesheetCommon):
    """Both reconciliations, what is billed, and what is refused."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([30000, 20000], cls.tax_15, hourly_rate=100)
        cls.ann_entries = cls._make_entry(6) | cls._make_entry(2, date='2026-01-20')
        cls.bob_entry = cls._make_entry(4, cls.bob)
        cls.late = cls._make_entry(10, date='2026-02-20')

    # === FIGURES === #

    def test_reconciliations(self):
        self.project.sale_line_id = self.orders.order([50000]).order_line
        self.task.sale_line_id = False
        self.ann_entries.so_line = self.project.sale_line_id
        free = self._make_entry(3, so_line=False, is_so_line_edited=True)
        self.bob_entry.so_line = self.project.sale_line_id
        wizard = self._open(self.contract, self.ann_entries, 5000)
        self.assertFalse(free.is_progress_billable)
        self.assertRecordValues(
            wizard,
            [
                {
                    'total_hours': 15,
                    'selected_hours': 8,
                    'remaining_hours': 7,
                    'total_time_amount': 1500,
                    'selected_time_amount': 800,
                    'remaining_time_amount': 700,
                    'remaining_fixed': 50000,
                    'wip_available': 50000,
                    'wip_bill_amount': 5000,
                    'expense_amount': 0,
                    'product_amount': 0,
                    'agreement_applied': 0,
                    'down_payment_applied': 0,
                    'net_amount': 5000,
                }
            ],
        )
        wizard.date = '2026-02-28'
        self.assertEqual((wizard.total_hours, wizard.selected_hours), (25, 8))
        wizard.wip_bill_amount = 6000
        self.assertEqual((wizard.remaining_fixed, wizard.wip_available), (50000, 50000))

    def test_three_months(self):
        """50,000: 20,000, 20,000 and the final of 10,000; the contract is closed and its deposits are gone."""
        for amount in (20000, 20000):
            bill = self._create_bill(self.contract, None, amount)
            bill.invoice_id.action_post()
        wizard = self._open(self.contract, self.ann_entries | self.bob_entry, is_final=True)
        self.assertEqual((wizard.wip_bill_amount, wizard.net_amount), (10000, 10000))
        action = wizard.action_continue()
        self.assertEqual((action['res_model'], action['res_id']), ('account.move', wizard.bill_id.invoice_id.id))
        final = wizard.bill_id
        self.assertEqual((final.kind, final.amount, final.date.isoformat()), ('final', 10000, '2026-01-31'))
        self.assertEqual(self.bob_entry.timesheet_invoice_id, final.invoice_id)
        self.assertEqual(sum(final.entry_ids.mapped('adjustment_amount')), 8800)
        final.invoice_id.action_post()
        self.assertLedgerLines(final.invoice_id, self.income_account, -50000)
        self.assertLedgerLines(final.invoice_id, self.deposit_account, 40000)
        self.assertEqual((self.contract.state, self.contract.deposit_balance), ('closed', 0))
        with self.assertRaisesRegex(UserError, "cannot be billed"):
            self._open(self.contract, amount=1).action_continue()
        with self.assertRaisesRegex(UserError, "comes before the final invoice"):
            bill.invoice_id.button_draft()
        final.invoice_id._reverse_moves([{'date': '2026-03-15'}], cancel=True)
        self.assertFalse(self.bob_entry.timesheet_invoice_id)
        self.assertEqual(self.contract.state, 'open')

    def test_what_the_bill_looks_like(self):
        wizard = self._open(self.contract, self.ann_entries, 5000)
        rows = [(row['label'], row['amount'].replace('\xa0', ' '), row['kind']) for row in wizard.preview]
        self.assertEqual(
            rows,
            [
                (self.contract.display_name, '', 'head'),
                ("Line 1", "$ 3,000.00", 'line'),
                ("Line 2", "$ 2,000.00", 'line'),
                ("Net due, untaxed", "$ 5,000.00", 'total'),
                ("Hours attached, by value", "$ 800.00", 'note'),
                ("Adjustment", "$ 4,200.00", 'note'),
            ],
        )
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.line_ids.mapped('amount'), [3000, 2000])
        self.assertEqual(wizard.bill_id.invoice_id.amount_total, 5750)

    def test_pro_forma(self):
        self.contract.use_pro_forma = True
        wizard = self._open(self.contract, self.ann_entries, 5000)
        action = wizard.action_continue()
        self.assertEqual((action['res_model'], action['res_id']), ('progress.bill', wizard.bill_id.id))
        self.assertEqual(wizard.bill_id.state, 'draft')

    def test_down_payment_shows_and_applies(self):
        self.contract.action_create_down_payment(3000)
        paid = self.contract.bill_ids.filtered(lambda bill: bill.kind == 'down_payment')
        paid.invoice_id.action_post()
        wizard = self._open(self.contract, None, 5000)
        self.assertEqual((wizard.down_payment_applied, wizard.net_amount), (3000, 2000))
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.down_payment_applied, 3000)
        self.assertEqual(wizard.bill_id.invoice_id.amount_untaxed, 2000)
        wizard = self._open(self.contract, None, 2000)
        self.assertEqual((wizard.down_payment_applied, wizard.net_amount), (0, 2000))

    # === REFUSED === #

    def test_never_more_than_available(self):
        with self.assertRaisesRegex(UserError, WIP) as caught:
            self._open(self.contract, self.ann_entries, 50000.01).action_continue()
        self.assertEqual(str(caught.exception).count(self.contract.display_name), 1, "named once")
        self.assertFalse(self.ann_entries.progress_bill_id)
        self.assertFalse(self.contract.bill_ids)
        self._create_bill(self.contract, None, 40000)
        with self.assertRaisesRegex(UserError, WIP):
            self._open(self.contract, None, 10001).action_continue()

    def test_bad_input(self):
        with self.assertRaisesRegex(ValidationError, "may not be negative"):
            self._open(self.contract, None, -5)
        with self.assertRaisesRegex(ValidationError, "is not a number"):
            self._open(self.contract, None, float('nan'))
        with self.assertRaisesRegex(UserError, "There is nothing to bill on"):
            self._open(self.contract, self.ann_entries).action_continue()
        with self.assertRaisesRegex(UserError, "Choose a customer or a contract"):
            self.env['progress.bill.create'].create({}).action_continue()
        project = self.make.project(name="Hourly", billing_method='time_materials')
        with self.assertRaisesRegex(UserError, "Progress billing is for fixed-fee projects"):
            project.action_progress_bill()
        with self.assertRaisesRegex(UserError, "These have none: Hourly"):
            self._make_entry(1, project_id=project.id).action_progress_bill()
        draft = self.make.contract([100], project=self.make.project(name="Draft"), do_open=False)
        with self.assertRaisesRegex(UserError, "choose Start Billing first"):
            draft.action_progress_bill()

    def test_odd_arguments_of_the_lists(self):
        """What a caller sends to the lists is read, or refused in a sentence."""
        wizard = self._open(self.contract)
        for name, given, sentence in (
            ('read_entries', {'offset': 'x'}, "is not a number"),
            ('read_entries', {'offset': -1}, "zero or more"),
            ('read_entries', {'limit': None}, "is not a number"),
            ('read_entries', {'limit': -5}, "zero or more"),
            ('read_entries', {'group_by': 'employee_id', 'key': {'a': 1}}, "is no list of records"),
            ('read_entries', {'group_by': 'task_id', 'key': 'x'}, "is no list of records"),
            ('read_entries', {'group_by': 'date:month', 'key': False}, "is no date"),
            ('read_entries', {'group_by': 'date:month', 'key': '9999-12-01'}, ''),
            ('tick_entries', {'ticked': True, 'ids': 5}, "is no list of records"),
            ('tick_entries', {'ticked': True, 'ids': ['x']}, "is no list of records"),
            ('tick_entries', {'ticked': True, 'ids': [{}]}, "is no list of records"),
            ('tick_order_lines', {'kind': 'product', 'ticked': True, 'ids': ['x']}, "is no list of records"),
            ('tick_order_lines', {'kind': 'product', 'ticked': True, 'ids': {'a': 1}}, "is no list of records"),
            ('tick_order_lines', {'kind': ['product'], 'ticked': True, 'ids': []}, "Choose one of"),
        ):
            with self.subTest(name=name, given=given):
                if sentence:
                    self.assertRefused(lambda name=name, given=given: getattr(wizard, name)(**given), sentence)
                else:
                    self.assertEqual(getattr(wizard, name)(**given), [])
        wizard.tick_entries(True, ids=[False])
        self.assertFalse(wizard.time_line_ids)

    # === TICKING === #

    def test_pages_groups_and_ticks(self):
        wizard = self._open(self.contract)
        groups = wizard.read_entry_groups('employee_id')
        self.assertEqual(
            [(group['label'], group['count'], group['hours'], group['value'], group['ticked']) for group in groups],
            [("Ann", 2, 8, 800, 0), ("Bob", 1, 4, 400, 0)],
        )
        rows = wizard.read_entries('employee_id', groups[0]['key'])
        self.assertEqual([row['id'] for row in rows], self.ann_entries.sorted('date').ids)
        self.assertEqual((rows[0]['rate'], rows[0]['value'], rows[0]['ticked']), (100, 600, False))
        wizard.tick_entries(True, group_by='employee_id', key=groups[0]['key'])
        self.assertEqual((wizard.selected_hours, wizard.time_line_ids), (8, self.ann_entries))
        wizard.tick_entries(False, ids=self.ann_entries[:1].ids)
        self.assertEqual(wizard.selected_hours, 2)
        self.assertEqual(len(wizard.read_entries(shown='ticked')), 1)
        self.assertEqual(len(wizard.read_entries(shown='open')), 2)
        wizard.tick_entries(True)
        self.assertEqual((wizard.selected_hours, wizard.remaining_hours), (12, 0))
        wizard.tick_entries(True, ids=self.late.ids)
        self.assertEqual(wizard.selected_hours, 12)
        months = wizard.read_entry_groups('date:month')
        self.assertEqual([(group['label'], group['key']) for group in months], [("January 2026", '2026-01-01')])
        self.assertEqual(len(wizard.read_entries('date:month', '2026-01-01', limit=2)), 2)
        self.assertEqual([group['label'] for group in wizard.read_entry_groups('task_id')], ["Design"])
        self.assertEqual(len(wizard.read_entries(search="bob")), 1)
        with self.assertRaisesRegex(UserError, "Choose one of"):
            wizard.read_entry_groups('amount')

    def test_non_billable_is_shown_and_never_ticked(self):
        self.project.sale_line_id = self.orders.order([50000]).order_line
        wizard = self._open(self.contract)
        hidden = self.bob_entry
        hidden.write({'so_line': False, 'is_so_line_edited': True})
        wizard.tick_entries(True)
        row = next(row for row in wizard.read_entries() if row['id'] == hidden.id)
        self.assertEqual((row['billable'], row['ticked'], row['remark']), (False, False, "Non-billable."))
        self.assertNotIn(hidden, wizard.time_line_ids)

    # === DOORS === #

    def test_from_lists_and_tabs(self):
        wizards = self.env['progress.bill.create']
        wizard = wizards.browse(self.ann_entries.action_progress_bill()['res_id'])
        self.assertEqual((wizard.contract_id, wizard.time_line_ids), (self.contract, self.ann_entries))
        wizard = wizards.browse(self.project.action_progress_bill()['res_id'])
        self.assertEqual(wizard.contract_id, self.contract)
        start = wizards.create({'partner_id': self.customer.id})
        self.assertEqual(start.action_start()['res_id'], start.id)

    def test_customer_one_bill_a_contract(self):
        other_project = self.make.project(name="Shop")
        other = self.make.contract([8000], project=other_project, hourly_rate=50)
        task = self._make_task(other_project)
        entry = self._make_entry(5, project_id=other_project.id, task_id=task.id)
        wizard = self.env['progress.bill.create'].browse(self.customer.action_progress_bill()['res_id'])
        wizard.date = '2026-01-31'
        self.assertEqual(wizard.child_ids.contract_id, self.contract | other)
        self.assertEqual((wizard.total_hours, wizard.total_time_amount, wizard.wip_available), (17, 1450, 58000))
        wizard.tick_entries(True)
        first, second = wizard.child_ids.sorted(lambda child: child.contract_id.id)
        self.assertEqual((first.time_line_ids, second.time_line_ids), (self.ann_entries | self.bob_entry, entry))
        with self.assertRaisesRegex(UserError, "for each contract"):
            wizard.wip_bill_amount = 5
        first.wip_bill_amount, second.wip_bill_amount = 1200, 300
        self.assertEqual((wizard.wip_bill_amount, wizard.net_amount), (1500, 1500))
        self.assertEqual(len([row for row in wizard.preview if row['kind'] == 'head']), 2)
        action = wizard.action_continue()
        bills = wizard.child_ids.bill_id
        self.assertEqual(set(action['domain'][0][2]), set(bills.invoice_id.ids))
        amounts = {bill.contract_id: bill.amount for bill in bills}
        self.assertEqual(amounts, {self.contract: 1200, other: 300})
        self.assertEqual(entry.timesheet_invoice_id, second.bill_id.invoice_id)

    def test_selection_of_several_contracts(self):
        other_project = self.make.project(name="Shop")
        other = self.make.contract([8000], project=other_project)
        entry = self._make_entry(5, project_id=other_project.id)
        wizard = self.env['progress.bill.create'].browse((entry | self.bob_entry).action_progress_bill()['res_id'])
        wizard.date = '2026-01-31'
        self.assertEqual(wizard.selected_hours, 9)
        other.partner_id = self.env['res.partner'].create({'name': "Somebody Else"})
        with self.assertRaisesRegex(UserError, "These are of several customers"):
            (entry | self.bob_entry).action_progress_bill()
        with self.assertRaisesRegex(UserError, "has no open contract with a fixed fee"):
            self.env['res.partner'].create({'name': "Nobody"}).action_progress_bill()

    # === ADJUSTMENTS === #

    def test_adjustments(self):
        """600 + 400, billed 1,500: +300 and +200, or +500 for the company; less than the value is less."""
        entries = self.ann_entries[:1] | self.bob_entry
        bill = self._create_bill(self.contract, entries, 1500)
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [300, 200])
        bill.invoice_id.unlink()
        bill = self._create_bill(self.contract, entries, 1500, charge_adjustments_to_company=True)
        self.assertRecordValues(
            bill.entry_ids,
            [
                {'kind': 'time', 'employee_id': self.ann.id, 'adjustment_amount': 0},
                {'kind': 'time', 'employee_id': self.bob.id, 'adjustment_amount': 0},
                {'kind': 'adjustment', 'employee_id': False, 'adjustment_amount': 500},
            ],
        )
        bill.invoice_id.unlink()
        bill = self._create_bill(self.contract, entries, 900.01)
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [-59.99, -40])

    def test_adjustments_to_the_cent_and_by_hours(self):
        thirds = self._make_entry(1) | self._make_entry(1) | self._make_entry(1)
        bill = self._create_bill(self.contract, thirds, 400)
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [33.33, 33.34, 33.33])
        self.contract.hourly_rate = 0
        worthless = self._make_entry(1) | self._make_entry(3)
        bill = self._create_bill(self.contract, worthless, 100)
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [25, 75])

    def test_nothing_in_the_profit(self):
        before = self.project._get_profitability_items(with_action=False)['costs']
        self._create_bill(self.contract, self.ann_entries, 5000).invoice_id.action_post()
        self.assertEqual(self.project._get_profitability_items(with_action=False)['costs'], before)

    def test_by_rpc(self):
        """Lists of commands and plain values are all that a caller needs."""
        wizard = self.env['progress.bill.create'].create(
            {
                'contract_id': self.contract.id,
                'date': '2026-01-31',
                'time_line_ids': [Command.set(self.ann_entries.ids)],
                'wip_bill_amount': 700,
                'attach_time': True,
                'charge_adjustments_to_company': False,
            }
        )
        self.assertEqual(wizard.read(['selected_hours'])[0]['selected_hours'], 8)
        self.assertEqual(wizard.action_continue()['res_model'], 'account.move')
