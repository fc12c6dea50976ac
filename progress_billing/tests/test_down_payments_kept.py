from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .test_down_payments import DownPaymentCommon


@tagged('post_install', '-at_install')
class TestKeptForOneRecord(DownPaymentCommon):
    """Money that was paid for one thing comes off that alone (DEP-24)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.as_billed([300, 700], cls.tax_15)
        cls.first, cls.second = cls.contract.line_ids

    def _keep(self, amount, record, contract=None, post=True):
        contract = contract or self.contract
        before = contract.bill_ids
        contract.action_create_down_payment(amount, restricted_to=f'{record._name},{record.id}')
        bill = contract.bill_ids - before
        if post:
            bill.invoice_id.action_post()
        return bill

    def test_line_of_the_schedule(self):
        """500 kept for a line of 300: 200 with the bill that bills 200 of it, then 100, the rest with the final."""
        paid = self._keep(500, self.first)
        self.assertEqual((paid.is_restricted, paid.restricted_to, paid.restricted_name), (True, self.first, "1 Line 1"))
        self.second.completed_percent = 50
        self.assertFalse(self._uses(self.billing.run(self.contract)), "nothing of the line is billed")
        self.contract.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft').action_post()
        self.first.completed_percent = 66.67
        bill = self.billing.run(self.contract)
        self.assertEqual((bill.amount, self._uses(bill)), (200.01, {paid: 200.01}))
        self.assertLedger(bill.invoice_id, income=-200.01, deposit=200.01, receivable=0)
        bill.invoice_id.action_post()
        self.assertEqual((paid.down_payment_left, self.customer.progress_down_payment_balance), (299.99, 299.99))
        final = self.billing.final(self.contract)
        self.assertLedger(final, income=-449.99, deposit=299.99, receivable=172.5, _tax=-22.5)
        self.assertDeposits(self.contract, 0)

    def test_before_all_others(self):
        """For the line, for the contract, then the oldest; each takes what the one before left of the bill."""
        free = self._pay_down(self.make.contract([100]), 400, date='2026-01-01')
        mine = self._pay_down(self.contract, 100, restricted=True, date='2026-01-02')
        kept = self._keep(50, self.second)
        again = self._keep(800, self.second)
        self.assertEqual(
            list(self.contract._get_down_payments(self.customer)), [kept, again, mine, free], "kept, then the oldest"
        )
        self.contract.down_payment_absorption = 'last'
        self.second.completed_percent = 100
        bill = self.billing.run(self.contract)
        self.assertEqual(self._uses(bill), {kept: 50, again: 650})
        bill.invoice_id.unlink()
        self.first.completed_percent = 100
        bill = self.contract.bill_ids.filtered(lambda one: one.kind == 'progress' and one.state != 'cancelled')
        bill.unlink()
        bill = self.billing.run(self.contract)
        self.assertEqual(self._uses(bill), {kept: 50, again: 650, mine: 100, free: 200})

    def test_never_in_proportion(self):
        """Billed as billed a contract takes its own in proportion, but what is kept for a line as far as it goes."""
        kept = self._keep(100, self.first)
        self.first.completed_percent = 50
        self.assertEqual(self._uses(self.billing.run(self.contract)), {kept: 100})

    def test_not_on_other_contracts(self):
        kept = self._keep(100, self.first)
        other = self.make.contract([300])
        self.assertFalse(self._uses(self.billing.bill(other, '200')))
        self.assertRefused(lambda: kept.write({'is_restricted': False}), "is kept for 1 Line 1", error=ValidationError)
        self.assertTrue(kept.is_restricted)

    def test_line_that_is_gone(self):
        """Its line deleted, it waits for the final, or is credited."""
        contract = self.make.contract([300, 700])
        line = contract.line_ids[0]
        kept = self._keep(100, line, contract)
        contract.line_ids[0].unlink()
        self.assertFalse(kept.restricted_name)
        self.assertFalse(self._uses(self.billing.bill(contract, '200')))
        self.billing.final(contract)
        self.assertEqual(kept.down_payment_left, 0)

    def test_what_it_can_be_kept_for(self):
        """Whatever a caller sends: a record of this contract, or a sentence and nothing made."""
        other = self.make.contract([100])
        for value in (
            f'progress.contract.line,{other.line_ids.id}',
            'progress.contract.line,0',
            'progress.contract.line,99999999',
            'progress.contract.line,-1',
            'progress.contract.line,',
            'progress.contract.line',
            f'res.partner,{self.customer.id}',
            f'progress.contract,{self.contract.id}',
            'x',
            True,
            7,
            [self.first.id],
            {'id': self.first.id},
        ):
            with self.subTest(value=value):
                self.assertRefused(
                    lambda value=value: self.contract.action_create_down_payment(50, restricted_to=value),
                    "is nothing that a down payment of",
                    self.contract.display_name,
                )
        self.assertFalse(self.contract.bill_ids)
        self.contract.action_create_down_payment(50, restricted_to='')
        self.assertEqual((self.contract.bill_ids.is_restricted, self.contract.bill_ids.restricted_to), (False, None))

    def test_doors(self):
        """The dialog, the project and the customer take it too."""
        contract = self.make.contract([100], project=self.make.project(name="Barn"), partner_id=self.customer.copy().id)
        line = contract.line_ids
        value = f'progress.contract.line,{line.id}'
        contract.project_id.action_create_down_payment(10, restricted_to=value)
        contract.partner_id.action_create_down_payment(20, restricted_to=value)
        wizard = self.env['progress.down.payment.wizard'].create(
            {'contract_id': contract.id, 'amount': 30, 'is_restricted': True, 'contract_line_id': line.id}
        )
        wizard.action_confirm()
        wizard.is_restricted = False
        wizard.action_confirm()
        self.assertEqual(contract.bill_ids.mapped('restricted_to'), [line] * 3 + [None])
        self.assertEqual(contract.bill_ids.mapped('is_restricted'), [True, True, True, False])
