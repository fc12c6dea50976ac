from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestAttach(ProgressTimesheetCommon):
    """Hours on a bill: linked, locked, billed once, and free again when it goes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([50000], hourly_rate=100)
        cls.first, cls.second = cls._make_entry(6), cls._make_entry(4, cls.bob)

    def _attached(self, amount=1500, **vals):
        return self._create_bill(self.contract, self.first | self.second, amount, **vals)

    def assertFree(self, *, again=True):
        entries = self.first | self.second
        self.assertFalse(entries.timesheet_invoice_id)
        self.assertFalse(entries.progress_bill_id)
        self.first.unit_amount = 6.0
        if again:
            wizard = self._open(self.contract)
            self.assertEqual(wizard.total_hours, 10)

    # === ATTACHED === #

    def test_linked_to_the_invoice(self):
        bill = self._attached()
        self.assertEqual((bill.amount, bill.state, bill.kind), (1500, 'invoiced', 'progress'))
        self.assertEqual((self.first | self.second).timesheet_invoice_id, bill.invoice_id)
        self.assertRecordValues(
            bill.entry_ids,
            [
                {'employee_id': self.ann.id, 'hours': 6, 'value': 600, 'adjustment_amount': 300},
                {'employee_id': self.bob.id, 'hours': 4, 'value': 400, 'adjustment_amount': 200},
            ],
        )
        bill.invoice_id.action_post()
        self.assertLedgerLines(bill.invoice_id, self.deposit_account, -1500)

    def test_locked_whatever_the_policy(self):
        bill = self._attached()
        other = self._make_task(name="Other")
        changes = {'unit_amount': 1, 'employee_id': self.bob.id, 'task_id': other.id, 'date': '2026-01-01'}
        for state in ('draft', 'posted'):
            for name, value in changes.items():
                with self.assertRaisesRegex(UserError, "is attached to .* and cannot change"):
                    self.first.write({name: value})
            with self.assertRaisesRegex(UserError, "is attached to"):
                self.first.unlink()
            self.assertTrue(self.first._is_readonly())
            if state == 'draft':
                bill.invoice_id.action_post()
        self.first.name = "What it was"

    def test_pro_forma_holds_them(self):
        self.contract.use_pro_forma = True
        bill = self._attached()
        self.assertEqual((bill.state, self.first.progress_bill_id), ('draft', bill))
        with self.assertRaisesRegex(UserError, "is attached to"):
            self.first.unit_amount = 1
        self.assertEqual(self._open(self.contract).total_hours, 0)
        bill.line_ids.amount = 1000
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [0, 0])
        bill.action_release()
        self.assertEqual(self.first.timesheet_invoice_id, bill.invoice_id)
        bill.invoice_id.unlink()
        self.assertEqual((bill.state, self.first.progress_bill_id), ('draft', bill))
        bill.unlink()
        self.assertFree()

    # === FREE AGAIN === #

    def test_free_when_the_draft_is_deleted(self):
        self._attached().invoice_id.unlink()
        self.assertFree()

    def test_free_when_cancelled(self):
        bill = self._attached()
        bill.invoice_id.button_cancel()
        self.assertFree()
        with self.assertRaisesRegex(UserError, "have been billed on .* since"):
            self._attached()
            bill.invoice_ids.button_draft()

    def test_free_on_full_credit_by_any_door(self):
        for cancel in (True, False):
            bill = self._attached()
            bill.invoice_id.action_post()
            credit = bill.invoice_id._reverse_moves([{'date': '2026-02-15'}], cancel=cancel)
            if not cancel:
                self.assertEqual(self.first.timesheet_invoice_id, bill.invoice_id)
                credit.action_post()
            self.assertFree()
        bill = self._attached()
        bill.invoice_id.action_post()
        wizard = self.env['account.move.reversal'].with_context(
            active_model='account.move', active_ids=bill.invoice_id.ids
        )
        action = wizard.create({'journal_id': bill.invoice_id.journal_id.id}).refund_moves()
        self.env['account.move'].browse(action['res_id']).action_post()
        self.assertFree()

    def test_not_free_on_a_partial_credit(self):
        """Odoo frees the hours of an order line at any credit note."""
        line = self.orders.order([50000], project_id=self.project.id).order_line
        (self.first | self.second).so_line = line
        bill = self._attached()
        bill.invoice_id.action_post()
        refund = bill.invoice_id._reverse_moves([{'date': '2026-02-15'}])
        refund.invoice_line_ids[:1].write({'price_unit': 500})
        refund.invoice_line_ids[:1].sale_line_ids = line
        refund.action_post()
        self.assertEqual((self.first | self.second).timesheet_invoice_id, bill.invoice_id)
        self.assertEqual(self.first.progress_bill_id, bill)
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [0, 0])

    def test_credit_undone_takes_them_back(self):
        bill = self._attached()
        bill.invoice_id.action_post()
        credit = bill.invoice_id._reverse_moves([{'date': '2026-02-15'}], cancel=True)
        self.assertFree()
        credit.button_draft()
        self.assertEqual(self.first.timesheet_invoice_id, bill.invoice_id)
        credit.action_post()
        self.assertFree()
        again = self._attached()
        with self.assertRaisesRegex(UserError, f"Hours of {bill.name} have been billed on {again.name} since"):
            credit.button_draft()

    def test_correction_keeps_them(self):
        bill = self._attached()
        bill.invoice_id.action_post()
        bill.action_correct()
        self.assertEqual((bill.state, self.first.progress_bill_id), ('draft', bill))
        self.assertFalse(self.first.timesheet_invoice_id)
        bill.action_release()
        self.assertEqual(self.first.timesheet_invoice_id, bill.invoice_id)

    # === ONCE === #

    def test_not_twice(self):
        early, late = (self._open(self.contract, self.first, 100) for _number in range(2))
        early.action_continue()
        with self.assertRaisesRegex(ValidationError, f"has been billed on {early.bill_id.name}"):
            late.action_continue()
        with self.assertRaisesRegex(ValidationError, "has been billed on"):
            self._open(self.contract, self.first)
        self.assertEqual(early.action_continue()['res_id'], early.bill_id.invoice_id.id)

    def test_odoo_does_not_bill_them_again(self):
        """Hours on a line billed by the hour are not delivered any more once a fee has billed them."""
        hourly = self.orders.product(
            "By the hour", uom_id=self.hour.id, invoice_policy='delivery', service_type='timesheet'
        )
        line = self.orders.order([100], line_vals={'product_id': hourly.id}).order_line
        (self.first | self.second).so_line = line
        self.assertEqual(line.qty_delivered, 10)
        bill = self._create_bill(self.contract, self.first, 600)
        self.assertEqual((line.qty_delivered, line.qty_to_invoice), (4, 4))
        invoice = line.order_id._create_invoices()
        self.assertEqual(self.first.timesheet_invoice_id, bill.invoice_id)
        self.assertEqual(self.second.timesheet_invoice_id, invoice)
        self.assertEqual(self._open(self.contract).total_hours, 0)

    def test_unticked_attach(self):
        bill = self._attached(attach_time=False)
        self.assertFalse(bill.entry_ids)
        self.assertFree()

    # === WHAT CAN BE TICKED === #

    def test_what_cannot_be_ticked(self):
        other = self._make_entry(1, project_id=self.make.project().id)
        late = self._make_entry(1, date='2026-03-01')
        self.project.sale_line_id = self.orders.order([50000]).order_line
        unbillable = self._make_entry(1, so_line=False, is_so_line_edited=True)
        for entry, text in (
            (other, "is no time entry of the project"),
            (unbillable, "is non-billable"),
            (late, "is after the invoice date"),
        ):
            with self.assertRaisesRegex(ValidationError, text):
                self._open(self.contract, entry, 100, date='2026-02-01')

    def test_nobody_types_rows(self):
        bill = self._attached()
        rows = bill.entry_ids.with_user(self.billing_user)
        for act, sentence in (
            (lambda: rows.create({'bill_id': bill.id}), "is given once"),
            (lambda: rows.bill_id.write({'entry_ids': [Command.create({'hours': 5})]}), "cannot be set"),
            (lambda: rows.sudo().write({'value': 5}), "cannot be set"),
            (lambda: rows.write({'date': '2026-01-01'}), "cannot be set"),
            (rows.unlink, "Entry on a Progress Bill"),
        ):
            with self.assertRaisesRegex(AccessError, sentence):
                act()
        with self.assertRaisesRegex(UserError, "is attached to"):
            self.first.write({'timesheet_invoice_id': False})
