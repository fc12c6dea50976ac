from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestLoweredDownPayment(ProgressTimesheetCommon):
    """Less of the customer's down payments than apply by themselves, said before Continue (DEP-21)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([10000], cls.tax_15)
        cls.kept = cls._pay_down(1000, restricted=True)
        cls.free = cls._pay_down(2000)

    @classmethod
    def _pay_down(cls, amount, restricted=False, contract=None):
        contract = contract or cls.contract
        before = contract.bill_ids
        contract.action_create_down_payment(amount, restricted)
        bill = contract.bill_ids - before
        bill.invoice_id.action_post()
        return bill

    def _uses(self, bill):
        return {use.down_payment_id: use.amount for use in bill.down_payment_use_ids if use.amount}

    def test_lowered_on_the_screen(self):
        """By itself 1,000 + 2,000 of 5,000; each sum typed is cut off the last, never beyond what applies by itself."""
        for most, uses in (
            (None, {self.kept: 1000, self.free: 2000}),
            (9999, {self.kept: 1000, self.free: 2000}),
            (3000, {self.kept: 1000, self.free: 2000}),
            (2999.99, {self.kept: 1000, self.free: 1999.99}),
            (1000, {self.kept: 1000}),
            (400.004, {self.kept: 400}),
            (0, {}),
        ):
            with self.subTest(most=most):
                wizard = self._open(self.contract, None, 5000)
                self.assertEqual((wizard.down_payment_available, wizard.down_payment_applied), (3000, 3000))
                if most is not None:
                    wizard.write({'lower_down_payment': True, 'down_payment_most': most})
                applied = sum(uses.values())
                self.assertEqual(
                    (wizard.down_payment_available, wizard.down_payment_applied, wizard.net_amount),
                    (3000, applied, round(5000 - applied, 2)),
                )
                wizard.action_continue()
                bill = wizard.bill_id
                due = round(5000 - applied, 2)
                self.assertEqual((self._uses(bill), bill.amount_due, bill.invoice_id.amount_untaxed), (uses, due, due))
                self.assertEqual(self.contract.down_payment_balance, round(3000 - applied, 2))
                bill.invoice_id.unlink()
                bill.unlink()

    def test_starts_with_what_applies(self):
        """Ticked, the field shows what applies; unticked, all applies again."""
        wizard = self._open(self.contract, None, 5000)
        wizard.lower_down_payment = True
        self.assertEqual((wizard.down_payment_most, wizard.down_payment_applied), (3000, 3000))
        wizard.down_payment_most = 500
        wizard.wip_bill_amount = 300
        self.assertEqual((wizard.down_payment_most, wizard.down_payment_applied, wizard.net_amount), (500, 300, 0))
        wizard.lower_down_payment = False
        wizard.wip_bill_amount = 5000
        self.assertEqual((wizard.down_payment_most, wizard.down_payment_applied), (0, 3000))

    def test_in_the_preview(self):
        """What the bill will look like follows, in a form that is not saved too."""
        wizard = self._open(self.contract, None, 5000, lower_down_payment=True, down_payment_most=700)
        rows = {row['label']: row['amount'].replace('\xa0', ' ') for row in wizard.preview}
        self.assertEqual((rows["Down payments applied"], rows["Net due, untaxed"]), ("$ -700.00", "$ 4,300.00"))
        spec = {'down_payment_most': {}, 'down_payment_applied': {}, 'net_amount': {}, 'preview': {}}
        values = wizard.onchange({'down_payment_most': 200}, ['down_payment_most'], spec)['value']
        self.assertEqual((values['down_payment_applied'], values['net_amount']), (200, 4800))
        values = wizard.onchange({'down_payment_most': 0}, ['down_payment_most'], spec)['value']
        self.assertEqual((values['down_payment_applied'], values['net_amount']), (0, 5000))

    def test_stays_on_the_pro_forma(self):
        """As if it had been lowered there: later changes apply no more, until somebody asks."""
        self.contract.use_pro_forma = True
        for most, uses in ((1500, {self.kept: 1000, self.free: 500}), (0, {})):
            with self.subTest(most=most):
                wizard = self._open(self.contract, None, 5000, lower_down_payment=True, down_payment_most=most)
                wizard.action_continue()
                bill = wizard.bill_id
                self.assertEqual((bill.state, self._uses(bill)), ('draft', uses))
                bill.line_ids.amount = 6000
                self.assertEqual(self._uses(bill), uses)
                bill.action_apply_down_payments()
                self.assertEqual(self._uses(bill), {self.kept: 1000, self.free: 2000})
                bill.unlink()

    def test_to_the_ledger(self):
        """5,000 with 500 taken off: receivable 5,175, the account holds 3,000 − 500 + 5,000."""
        wizard = self._open(self.contract, None, 5000, lower_down_payment=True, down_payment_most=500)
        wizard.action_continue()
        wizard.bill_id.invoice_id.action_post()
        self.assertLedgerLines(wizard.bill_id.invoice_id, self.receivable_account, 5175)
        self.assertLedgerLines(wizard.bill_id.invoice_id, self.deposit_account, -4500)
        self.assertDeposits(self.contract, 7500)
        self.assertEqual((self.kept.down_payment_left, self.free.down_payment_left), (500, 2000))

    def test_the_final_ends_its_own(self):
        """Less than the contract's own down payments cannot be applied on its final; of others it can."""
        other = self.make.contract([8000])
        elsewhere = self._pay_down(600, contract=other)
        wizard = self._open(self.contract, None, is_final=True, lower_down_payment=True, down_payment_most=2999.99)
        self.assertRefused(wizard.action_continue, "ends its down payments: at least", "3,000.00")
        self.assertFalse(self.contract.final_bill_id)
        wizard.down_payment_most = 3200
        self.assertEqual((wizard.down_payment_available, wizard.down_payment_applied), (3600, 3200))
        wizard.action_continue()
        self.assertEqual(self._uses(wizard.bill_id), {self.kept: 1000, self.free: 2000, elsewhere: 200})
        wizard.bill_id.invoice_id.action_post()
        self.assertEqual((self.contract.state, elsewhere.down_payment_left), ('closed', 400))

    def test_two_contracts_of_a_customer(self):
        """Each record has its own, and the sums follow."""
        other = self.make.contract([8000], project=self.make.project(name="Barn"))
        wizard = self.env['progress.bill.create'].create({'partner_id': self.customer.id, 'date': '2026-01-31'})
        first, second = wizard.child_ids.sorted(lambda child: child.contract_id.id)
        first.write({'wip_bill_amount': 4000, 'lower_down_payment': True, 'down_payment_most': 1100})
        second.write({'wip_bill_amount': 4000, 'lower_down_payment': True, 'down_payment_most': 100})
        self.assertEqual((wizard.down_payment_applied, wizard.net_amount), (1200, 6800))
        wizard.action_continue()
        self.assertEqual(self._uses(first.bill_id), {self.kept: 1000, self.free: 100})
        self.assertEqual(self._uses(second.bill_id), {self.free: 100})
        self.assertEqual((other.bill_ids.down_payment_applied, self.free.down_payment_left), (100, 1800))

    def test_refused(self):
        for amount in (-0.01, float('nan'), 'abc'):
            with self.subTest(amount=amount):
                self.assertRefused(
                    lambda amount=amount: self._open(
                        self.contract, None, 100, lower_down_payment=True, down_payment_most=amount
                    ),
                    regex="may not be negative|is not a number",
                    error=ValidationError,
                )

    def test_nothing_paid_down(self):
        stranger = self.customer.copy()
        contract = self.make.contract([500], partner_id=stranger.id)
        wizard = self._open(contract, None, 100, lower_down_payment=True, down_payment_most=50)
        self.assertEqual((wizard.down_payment_available, wizard.down_payment_applied, wizard.net_amount), (0, 0, 100))
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.amount_due, 100)
        self._pay_down(40, contract=contract)
        again = self._open(contract, None, 100, time_line_ids=[Command.clear()])
        self.assertEqual(again.down_payment_applied, 40)
