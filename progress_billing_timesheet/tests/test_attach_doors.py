from odoo.fields import Domain
from odoo.tests import new_test_user, tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestAttachDoors(ProgressTimesheetCommon):
    """Every door by which a bill comes, stands and goes, and where its hours are afterwards (HRS-4, HRS-5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([50000], hourly_rate=100)
        cls.entry = cls._make_entry(6)

    def _attached(self, **vals):
        return self._create_bill(self.contract, self.entry, 500, **vals)

    def _state(self, bill):
        """Where the entry is: on the bill or not, on its invoice or not, and whether it can be billed."""
        self.env.flush_all()
        self.env.invalidate_all()
        entry = self.entry
        free = entry.search_count(entry._get_progress_free_domain() & Domain('id', '=', entry.id))
        self.assertEqual(bool(free), entry._is_free_for_progress(), "both ways to ask agree")
        invoice = bool(bill.invoice_id) and entry.timesheet_invoice_id == bill.invoice_id
        return entry.progress_bill_id == bill, invoice, bool(free)

    # === HOW IT GOES === #

    def test_every_way_back(self):
        """Deleted, cancelled, credited in full by each door: free. In part, or undone again: not."""

        def by_another_addon(move):
            """A credit note written by hand that names what it credits."""
            refund = move._reverse_moves([{'date': '2026-02-15', 'invoice_date': '2026-02-15'}])
            refund._post(soft=False)

        def in_two_parts(move):
            self.billing.credit(move, 200)
            self.billing.credit(move, 300)

        def and_back(move):
            self.billing.credit(move).button_draft()

        held, free, kept = (True, True, False), (False, False, True), (True, False, False)
        for name, post, act, expected in (
            ("nothing", False, lambda move: None, held),
            ("posted", True, lambda move: None, held),
            ("draft deleted", False, lambda move: move.unlink(), free),
            ("draft cancelled", False, lambda move: move.button_cancel(), free),
            ("cancelled and back", False, lambda move: (move.button_cancel(), move.button_draft()), held),
            ("reset to draft", True, lambda move: move.button_draft(), held),
            ("reset and deleted", True, lambda move: (move.button_draft(), move.unlink()), free),
            ("reset and cancelled", True, lambda move: (move.button_draft(), move.button_cancel()), free),
            ("credited in full", True, lambda move: self.billing.credit(move), free),
            ("reversed at once", True, lambda move: move._reverse_moves([{}], cancel=True), free),
            ("credited by another addon", True, by_another_addon, free),
            ("in two parts that are all", True, in_two_parts, free),
            ("in part", True, lambda move: self.billing.credit(move, 499.99), held),
            ("credit not posted", True, lambda move: move._reverse_moves([{}]), held),
            ("credit undone", True, and_back, held),
            ("corrected", True, lambda move: move.progress_bill_id.action_correct(), kept),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                bill = self._attached()
                if post:
                    bill.invoice_id.action_post()
                act(bill.invoice_id)
                self.assertEqual(self._state(bill), expected)
                if expected == free:
                    self.entry.unit_amount = 6.5
                else:
                    self.assertRefused(lambda: self.entry.write({'unit_amount': 6.5}), "is attached to")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_pro_forma(self):
        """Held without an invoice; rejected it is held still; cancelled it is not."""
        self.contract.use_pro_forma = True
        for name, act, expected in (
            ("made", lambda bill: None, (True, False, False)),
            ("submitted", lambda bill: bill.action_submit(), (True, False, False)),
            ("invoiced", lambda bill: bill.action_release(), (True, True, False)),
            ("invoice deleted", lambda bill: (bill.action_release(), bill.invoice_id.unlink()), (True, False, False)),
            ("deleted", lambda bill: bill.unlink(), (False, False, True)),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                bill = self._attached()
                act(bill)
                if name == "deleted":
                    self.assertFalse(self.entry.progress_bill_id)
                    self.assertTrue(self.entry._is_free_for_progress())
                else:
                    self.assertEqual(self._state(bill), expected)
                savepoint.rollback()
                self.env.invalidate_all()

    # === WHILE IT STANDS === #

    def test_locked_fields(self):
        """What it was billed for cannot change whatever the policy of its order line; the text may."""
        hourly = self.orders.product(
            "By the hour", uom_id=self.hour.id, invoice_policy='delivery', service_type='timesheet'
        )
        lines = {
            'ordered': self.orders.order([500], line_vals={'product_id': self.consulting.id}).order_line,
            'delivered': self.orders.order([500], line_vals={'product_id': hourly.id}).order_line,
            'none': self.env['sale.order.line'],
        }
        other = self._make_task(name="Other")
        barn = self.make.project(name="Barn")
        changes = {
            'unit_amount': 1,
            'employee_id': self.bob.id,
            'task_id': other.id,
            'project_id': barn.id,
            'date': '2026-01-02',
            'so_line': self.orders.order([1]).order_line.id,
        }
        for policy, line in lines.items():
            entry = self._make_entry(3, so_line=line.id)
            bill = self._create_bill(self.contract, entry, 100)
            before = entry.read(list(changes))
            for state in ('draft', 'posted'):
                for name, value in changes.items():
                    with self.subTest(policy=policy, state=state, field=name):
                        self.assertRefused(
                            lambda entry=entry, name=name, value=value: entry.write({name: value}),
                            "is attached to",
                            "Delete, cancel or credit that first",
                        )
                self.assertRefused(entry.unlink, "is attached to", bill._get_billed_name())
                self.assertTrue(entry._is_readonly())
                if state == 'draft':
                    bill.invoice_id.action_post()
            self.assertEqual(entry.read(list(changes)), before)
            entry.name = "Its text"

    def test_others_cannot_free_it(self):
        """Its link is no field to write, for its employee neither; Odoo's own code may."""
        bill = self._attached()
        user = new_test_user(
            self.env, login='hours_owner', groups='hr_timesheet.group_timesheet_manager', company_id=self.company.id
        )
        for value in (False, self.orders.order([5]).invoice_ids.id):
            self.assertRefused(
                lambda value=value: self.entry.with_user(user).write({'timesheet_invoice_id': value}),
                "is attached to",
                bill.name,
            )
        self.assertEqual(self.entry.timesheet_invoice_id, bill.invoice_id)

    # === BILLED ONCE === #

    def test_odoo_invoices_hold_it_too(self):
        """On an invoice of Odoo's own it is not there to tick, draft or posted; cancelled or reversed it is."""
        hourly = self.orders.product(
            "By the hour", uom_id=self.hour.id, invoice_policy='delivery', service_type='timesheet'
        )
        for name, act, hours in (
            ("draft", lambda move: None, 0),
            ("posted", lambda move: move.action_post(), 0),
            ("cancelled", lambda move: move.button_cancel(), 6),
            ("deleted", lambda move: move.unlink(), 6),
            ("reversed", lambda move: (move.action_post(), move._reverse_moves([{}], cancel=True)), 6),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                line = self.orders.order([100], line_vals={'product_id': hourly.id}).order_line
                self.entry.so_line = line
                invoice = line.order_id._create_invoices()
                self.assertEqual(self.entry.timesheet_invoice_id, invoice)
                act(invoice)
                wizard = self._open(self.contract)
                self.assertEqual(wizard.total_hours, hours)
                self.assertEqual(self.entry._is_free_for_progress(), bool(hours))
                if hours:
                    bill = self._attached()
                    self.assertEqual(self.entry.timesheet_invoice_id, bill.invoice_id)
                else:
                    self.assertRefused(self._attached, "has been billed on", error=Exception)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_taken_between_ticking_and_continue(self):
        """What was ticked and changed meanwhile is refused, or left out where it is no longer billable."""
        for name, act, sentence in (
            ("billed", lambda: self._attached(), "has been billed on"),
            ("moved", lambda: self.entry.write({'project_id': self.make.project(name="B").id}), "is no time entry"),
            ("later", lambda: self.entry.write({'date': '2026-03-01'}), "is after the invoice date"),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                wizard = self._open(self.contract, self.entry, 300)
                act()
                before = self.contract.bill_ids
                if name == "billed":
                    self.assertRefused(wizard.action_continue, sentence, error=Exception)
                    self.assertEqual(self.contract.bill_ids, before)
                else:
                    wizard.action_continue()
                    self.assertFalse(wizard.bill_id.entry_ids, "nothing of another project or time is on the bill")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_credit_cannot_be_undone_over_another_bill(self):
        """Cancelled invoice back to draft, credit note back to draft: refused once the hours are elsewhere."""
        for name, go, back in (
            ("cancelled", lambda move: move.button_cancel(), lambda move, _gone: move.button_draft()),
            ("credited", lambda move: self.billing.credit(move), lambda _move, gone: gone.button_draft()),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                bill = self._attached()
                if name == "credited":
                    bill.invoice_id.action_post()
                invoice = bill.invoice_id
                gone = go(invoice)
                other = self._create_bill(self.contract, self.entry, 100)
                self.assertRefused(
                    lambda back=back, invoice=invoice, gone=gone: back(invoice, gone),
                    f"Hours of {bill.name} have been billed on {other.name} since",
                )
                self.assertEqual(self.entry.timesheet_invoice_id, other.invoice_id)
                other.invoice_id.unlink()
                self.env.flush_all()
                back(invoice, gone)
                self.assertEqual(self._state(bill), (True, True, False))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_from_the_list(self):
        """Actions > Progress Bill: those that cannot be billed are not ticked, strangers are refused by name."""
        self._attached()
        fresh = self._make_entry(2)
        wizard = self.env['progress.bill.create'].browse((self.entry | fresh).action_progress_bill()['res_id'])
        self.assertEqual(wizard.time_line_ids, fresh)
        stranger = self._make_entry(1, project_id=self.make.project(name="Stranger", billing_method='none').id)
        self.assertRefused((fresh | stranger).action_progress_bill, "These have none: Stranger")
        no_project = self.env['account.analytic.line'].create({'name': "Cost", 'account_id': self.analytic_account.id})
        self.assertRefused(no_project.action_progress_bill, "no project")

    def test_row_of_an_entry(self):
        """What the row keeps: who, what, when, and what it was worth then."""
        bill = self._attached()
        self.assertRecordValues(
            bill.entry_ids,
            [
                {
                    'kind': 'time',
                    'analytic_line_id': self.entry.id,
                    'employee_id': self.ann.id,
                    'task_id': self.task.id,
                    'name': "Work",
                    'hours': 6,
                    'value': 600,
                    'covered_amount': 0,
                    'is_live': True,
                    'contract_id': self.contract.id,
                    'project_id': self.project.id,
                }
            ],
        )
        self.entry.name = "Another text"
        self.assertEqual(bill.entry_ids.name, "Work")
