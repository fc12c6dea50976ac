from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestDownPaymentTables(ProgressTimesheetCommon):
    """What the screen says is applied is what the bill applies, less if somebody says so (DEP-21, DEP-23, DEP-24)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.sale_line_id = False
        cls.contract = cls.make.contract([6000, 4000], hourly_rate=100)

    def _pay_down(self, contract, amount, restricted=False, **kwargs):
        before = contract.bill_ids
        contract.action_create_down_payment(amount, restricted, **kwargs)
        bill = contract.bill_ids - before
        bill.invoice_id.action_post()
        return bill

    def _uses(self, bill):
        return {use.down_payment_id: use.amount for use in bill.down_payment_use_ids if use.amount}

    def _abroad(self, code, rounding):
        currency = self.setup_other_currency(code, rounding=rounding, rates=[('2026-01-01', 2.0)])
        return self.make.contract([5000], project=self.make.project(name=code), currency_id=currency.id)

    def test_currencies(self):
        """Whole yen and thousandths of a dinar, typed and applied; a down payment of another currency is none."""
        self._pay_down(self.contract, 900)
        for code, rounding, paid, most, applied in (
            ('JPY', 1, 333, 100.4, 100),
            ('JPY', 1, 333, 100.5, 101),
            ('JPY', 1, 333, None, 333),
            ('KWD', 0.001, 33.333, 10.0014, 10.001),
            ('KWD', 0.001, 33.333, 33.334, 33.333),
        ):
            with self.subTest(code, most=most), self.env.cr.savepoint() as savepoint:
                contract = self._abroad(code, rounding)
                down_payment = self._pay_down(contract, paid)
                vals = {} if most is None else {'lower_down_payment': True, 'down_payment_most': most}
                wizard = self._open(contract, None, 1000, **vals)
                self.assertEqual((wizard.down_payment_available, wizard.down_payment_applied), (paid, applied))
                self.assertEqual(round(wizard.net_amount, 3), round(1000 - applied, 3))
                wizard.action_continue()
                self.assertEqual(self._uses(wizard.bill_id), {down_payment: applied})
                self.assertEqual(round(wizard.bill_id.invoice_id.amount_untaxed, 3), round(1000 - applied, 3))
                self.assertEqual(round(down_payment.down_payment_left, 3), round(paid - applied, 3))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_lowered_in_their_order(self):
        """Kept for a thing first, then for the contract, then the oldest: what is said is cut off at the end."""
        entry = self._make_entry(3)
        free, kept = self._pay_down(self.contract, 500), self._pay_down(self.contract, 400, True)
        thing = self._pay_down(self.contract, 1000, restricted_to=f'account.analytic.line,{entry.id}')
        for most, uses in (
            (None, {thing: 300, kept: 400, free: 500}),
            (1199, {thing: 300, kept: 400, free: 499}),
            (650, {thing: 300, kept: 350}),
            (300, {thing: 300}),
            (299.99, {thing: 299.99}),
            (0, {}),
        ):
            with self.subTest(most=most), self.env.cr.savepoint() as savepoint:
                vals = {} if most is None else {'lower_down_payment': True, 'down_payment_most': most}
                wizard = self._open(self.contract, entry, 5000, **vals)
                self.assertEqual(wizard.down_payment_available, 1200)
                self.assertEqual(wizard.net_amount, round(5000 - sum(uses.values()), 2))
                wizard.action_continue()
                self.assertEqual(self._uses(wizard.bill_id), uses)
                limits = wizard.bill_id.down_payment_limits
                if most is None:
                    self.assertFalse(limits)
                else:
                    self.assertEqual({int(key) for key in limits}, set((thing | kept | free).ids), "zero is said too")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_with_expenses_agreement_and_hours(self):
        """Net of what an agreement covers, expenses on top: never below zero."""
        self.env['progress.agreement'].create(
            {'name': "Support", 'partner_id': self.customer.id, 'date_start': '2026-01-01', 'limit_hours': 4}
        )
        order = self.orders.order([250], project_id=self.project.id)
        entry = self._make_entry(6)
        self._pay_down(self.contract, 5000)
        ticked = {'product_line_ids': [Command.set(order.order_line.ids)]}
        for amount, vals, covered, applied, net in (
            (1000, {}, 400, 600, 0),
            (1000, ticked, 400, 850, 0),
            (300, ticked, 300, 250, 0),
            (1000, {**ticked, 'lower_down_payment': True, 'down_payment_most': 100}, 400, 100, 750),
            (1000, {'attach_time': False}, 0, 1000, 0),
        ):
            with self.subTest(amount=amount, vals=vals), self.env.cr.savepoint() as savepoint:
                wizard = self._open(self.contract, entry, amount, **vals)
                figures = wizard.agreement_applied, wizard.down_payment_applied, wizard.net_amount
                self.assertEqual(figures, (covered, applied, net))
                wizard.action_continue()
                bill = wizard.bill_id
                self.assertEqual((bill.agreement_applied, bill.down_payment_applied, bill.amount_due), figures)
                self.assertEqual(bill.invoice_id.amount_untaxed, net)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_the_final(self):
        """It ends what is its own: the least is named, to the cent; ticked and more than enough, all is applied."""
        self._pay_down(self.contract, 700)
        for most, refused in ((0, True), (699.99, True), (700, False), (9999, False)):
            with self.subTest(most=most), self.env.cr.savepoint() as savepoint:
                wizard = self._open(self.contract, None, is_final=True, lower_down_payment=True, down_payment_most=most)
                self.assertEqual((wizard.down_payment_applied, wizard.net_amount), (700, 9300))
                if refused:
                    self.assertRefused(wizard.action_continue, self.contract.display_name, "at least", "700.00")
                    self.assertFalse(self.contract.final_bill_id)
                else:
                    wizard.action_continue()
                    self.assertEqual(wizard.bill_id.down_payment_applied, 700)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_several_screens_in_one_call(self):
        """A negative sum on one of two stops both, and names its contract."""
        other = self.make.contract([500], project=self.make.project(name="Shop"))
        both = self._open(self.contract) | self._open(other)
        self.assertRefused(
            lambda: both.write({'lower_down_payment': True, 'down_payment_most': -1}),
            "may not be negative",
            error=ValidationError,
        )
        both.write({'lower_down_payment': True, 'down_payment_most': 5})
        self.assertEqual(both.mapped('down_payment_most'), [5, 5])
        both.write({'lower_down_payment': False})
        self.assertEqual(both.mapped('down_payment_most'), [0, 0])

    def test_kept_for_what_is_billed_already(self):
        """A dialog keeps for what can still be billed; another contract clears what was chosen."""
        entry = self._make_entry(3)
        dialog = self.env['progress.down.payment.wizard'].new({'contract_id': self.contract.id, 'entry_id': entry.id})
        self.assertEqual(dialog.project_id, self.project)
        other = self.make.contract([500], project=self.make.project(name="Shop"))
        dialog.contract_id = other
        dialog._onchange_contract_id()
        self.assertFalse(dialog.entry_id or dialog.order_line_id)
        wizard = self.env['progress.down.payment.wizard'].create(
            {'contract_id': self.contract.id, 'amount': 50, 'is_restricted': True, 'entry_id': entry.id}
        )
        wizard.action_confirm()
        self.assertEqual(self.contract.bill_ids.restricted_to, entry)
