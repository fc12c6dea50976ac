from odoo import Command
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestKeptDownPayment(ProgressTimesheetCommon):
    """Kept for an expense, a product or a time entry: it comes off the bill that bills that (DEP-24)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.as_billed([10000], hourly_rate=100)
        cls.project.sale_line_id = False
        cls.product = cls.orders.order(
            [250], project_id=cls.project.id, line_vals={'product_id': cls.orders.product("Licence").id}
        ).order_line
        cls.expense = cls.orders.order(
            [80], project_id=cls.project.id, line_vals={'is_expense': True, 'product_id': cls.orders.product("Trip").id}
        ).order_line
        cls.entry, cls.other = cls._make_entry(3), cls._make_entry(4, cls.bob)

    def _keep(self, amount, record):
        before = self.contract.bill_ids
        self.contract.action_create_down_payment(amount, restricted_to=f'{record._name},{record.id}')
        bill = self.contract.bill_ids - before
        bill.invoice_id.action_post()
        return bill

    def _screen(self, ticked, amount=1000):
        return self._open(
            self.contract,
            ticked.filtered(lambda one: True) if ticked._name == 'account.analytic.line' else None,
            amount,
            expense_line_ids=[Command.set((ticked & self.expense).ids if ticked._name == 'sale.order.line' else [])],
            product_line_ids=[Command.set((ticked & self.product).ids if ticked._name == 'sale.order.line' else [])],
        )

    def _uses(self, bill):
        return {use.down_payment_id: use.amount for use in bill.down_payment_use_ids if use.amount}

    def test_each_record(self):
        """Worked figures: what is paid down, what is ticked, what comes off on the screen and on the bill."""
        both = self.entry | self.other
        for name, record, paid_down, ticked, amount, applied in (
            ("product", self.product, 1000, self.product, 1000, 250),
            ("product, less paid", self.product, 100, self.product, 1000, 100),
            ("product not ticked", self.product, 1000, self.expense, 1000, 0),
            ("expense", self.expense, 1000, self.product | self.expense, 0, 80),
            ("entry", self.entry, 1000, both, 1000, 300),
            ("entry above the fee", self.entry, 1000, both, 120, 120),
            ("entry not ticked", self.entry, 1000, self.other, 1000, 0),
            ("line of the schedule", self.contract.line_ids, 600, both, 500, 500),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                paid = self._keep(paid_down, record)
                wizard = self._screen(ticked, amount)
                before = wizard.wip_bill_amount + wizard.expense_amount + wizard.product_amount
                self.assertEqual((wizard.down_payment_applied, wizard.net_amount), (applied, before - applied))
                wizard.action_continue()
                self.assertEqual(self._uses(wizard.bill_id), {paid: applied} if applied else {})
                self.assertEqual(wizard.bill_id.amount_due, before - applied)
                self.assertEqual(paid.down_payment_left, paid_down - applied)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_hours_not_attached(self):
        self._keep(1000, self.entry)
        wizard = self._screen(self.entry)
        wizard.attach_time = False
        self.assertEqual(wizard.down_payment_applied, 0)
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.down_payment_applied, 0)

    def test_with_an_agreement(self):
        """What an agreement covers is not paid twice."""
        self.env['progress.agreement'].create(
            {
                'name': "Support",
                'partner_id': self.customer.id,
                'date_start': '2026-01-01',
                'covers_products': True,
                'limit_amount': 400,
            }
        )
        paid = self._keep(1000, self.product)
        wizard = self._screen(self.product)
        self.assertEqual((wizard.agreement_applied, wizard.down_payment_applied, wizard.net_amount), (250, 0, 1000))
        wizard.bill_id.unlink()
        hours = self._keep(1000, self.entry)
        wizard = self._screen(self.entry)
        self.assertEqual((wizard.agreement_applied, wizard.down_payment_applied, wizard.net_amount), (300, 0, 700))
        wizard.action_continue()
        self.assertFalse(self._uses(wizard.bill_id))
        self.assertEqual((paid | hours).mapped('down_payment_left'), [1000, 1000])

    def test_what_it_can_be_kept_for(self):
        """Order lines beside the schedule and time entries of the project; nothing else's."""
        foreign = self.orders.order([5]).order_line
        stranger = self._make_entry(1, project_id=self.make.project(name="Barn").id)
        for record in (foreign, stranger):
            self.assertRefused(
                lambda record=record: self._keep(10, record), "is nothing that a down payment of", "Time Entries"
            )
        own = self.orders.order([300], project_id=self.make.project(name="Own").id)
        contract = self.orders.set_up(own)
        contract.action_open()
        self.assertRefused(
            lambda: contract.action_create_down_payment(10, restricted_to=f'sale.order.line,{own.order_line.id}'),
            "is nothing that a down payment of",
        )

    def test_dialog(self):
        wizard = self.env['progress.down.payment.wizard'].create(
            {
                'contract_id': self.contract.id,
                'amount': 30,
                'is_restricted': True,
                'order_line_id': self.product.id,
                'entry_id': self.entry.id,
            }
        )
        self.assertRefused(wizard.action_confirm, "is kept for one thing")
        wizard.entry_id = False
        wizard.action_confirm()
        self.assertEqual(self.contract.bill_ids.restricted_to, self.product)
