from odoo import Command
from odoo.tests import tagged

from .test_agreement import AgreementCommon


@tagged('post_install', '-at_install')
class TestAgreementScreen(AgreementCommon):
    """The screen asks what agreements and down payments come to, and the bill is what it showed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.hourly_rate = 100
        cls.first, cls.second = cls._make_entry(6), cls._make_entry(4, cls.bob)
        cls.entries = cls.first | cls.second

    @classmethod
    def _sell(cls, amount, is_expense=False):
        """A line beside the schedule on an order of the project."""
        order = cls.orders.order([amount], confirm=False, project_id=cls.project.id)
        order.order_line.is_expense = is_expense
        order.action_confirm()
        order.order_line.qty_delivered = 1
        return order.order_line

    def _figures(self, wizard):
        return wizard.agreement_applied, wizard.down_payment_applied, wizard.net_amount

    def test_time(self):
        agreement = self._agree(hours=8)
        wizard = self._open(self.contract, self.entries, 2000)
        self.assertEqual(self._figures(wizard), (800, 0, 1200))
        wizard.action_continue()
        bill = wizard.bill_id
        self.assertEqual((bill.amount, bill.agreement_applied, bill.amount_due), (2000, 800, 1200))
        self.assertEqual((agreement.used_hours, agreement.left_hours), (8, 0))
        self.assertEqual(bill.entry_ids.mapped('covered_amount'), [480, 320])
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [600, 400])
        bill.invoice_id.unlink()
        self.assertEqual(agreement.left_hours, 8)

    def test_at_most_the_fee(self):
        self._agree(hours=40)
        wizard = self._open(self.contract, self.entries, 500)
        self.assertEqual(self._figures(wizard), (500, 0, 0))
        wizard.attach_time = False
        self.assertEqual(self._figures(wizard), (0, 0, 500))

    def test_expenses_and_products(self):
        """Covered in full a line stands at 0.00, and the order's own figures are right."""
        agreement = self._agree(amount=350, covers_time=False, covers_expenses=True, covers_products=True)
        expense, product = self._sell(300, True), self._sell(400)
        wizard = self._open(
            self.contract,
            amount=1000,
            expense_line_ids=[Command.set(expense.ids)],
            product_line_ids=[Command.set(product.ids)],
        )
        self.assertEqual((wizard.expense_amount, wizard.product_amount), (300, 400))
        self.assertEqual(self._figures(wizard), (350, 0, 1350))
        labels = [row['label'] for row in wizard.preview]
        self.assertTrue([label for label in labels if label.endswith("(Covered by agreement)")], labels)
        wizard.action_continue()
        bill = wizard.bill_id
        self.assertEqual(bill.sourced_line_ids.mapped('amount'), [0, 350])
        self.assertEqual(bill.agreement_use_ids.mapped('kind'), ['expense', 'product'])
        self.assertEqual((bill.amount_due, agreement.left_amount), (1350, 0))
        bill.invoice_id.action_post()
        self.assertEqual((bill.invoice_id.amount_untaxed, expense.qty_invoiced, product.qty_invoiced), (1350, 1, 1))

    def test_with_down_payments(self):
        """Net = fee + expenses + products − agreements − down payments."""
        self.contract.action_create_down_payment(2000)
        paid = self.contract.bill_ids
        paid.invoice_id.action_post()
        self._agree(hours=8)
        expense = self._sell(300, True)
        wizard = self._open(self.contract, self.entries, 2500, expense_line_ids=[Command.set(expense.ids)])
        self.assertEqual(self._figures(wizard), (800, 500, 1500))
        wizard.action_continue()
        bill = wizard.bill_id
        self.assertEqual((bill.down_payment_applied, bill.amount_due, paid.down_payment_left), (500, 1500, 1500))
        bill.invoice_id.action_post()
        self.assertEqual(bill.invoice_id.amount_untaxed, 1500)

    def test_final(self):
        """The final standard invoice: all that remains, hours covered, what is left of the down payment given back."""
        self.contract.action_create_down_payment(2000)
        self.contract.bill_ids.invoice_id.action_post()
        agreement = self._agree(hours=8)
        wizard = self._open(self.contract, self.entries, is_final=True)
        self.assertEqual(self._figures(wizard), (800, 2000, 7200))
        wizard.action_continue()
        bill = wizard.bill_id
        self.assertEqual((bill.kind, bill.invoice_id.amount_untaxed, agreement.used_hours), ('final', 7200, 8))
        bill.invoice_id.action_post()
        self.assertEqual((self.contract.state, self.contract.deposit_balance), ('closed', 0))

    def test_two_contracts_of_one_customer(self):
        """One agreement and one down payment for both: the second bill takes what the first left."""
        project = self.make.project(name="Barn")
        other = self.make.contract([1000], project=project, revenue_recognition='as_billed', hourly_rate=100)
        entry = self._make_entry(5, project_id=project.id, task_id=self._make_task(project).id)
        agreement = self._agree(hours=12)
        wizard = self.env['progress.bill.create'].create({'partner_id': self.customer.id, 'date': '2026-01-31'})
        for child in wizard.child_ids:
            entries = self.entries if child.contract_id == self.contract else entry
            child.write({'time_line_ids': [Command.set(entries.ids)], 'wip_bill_amount': 1000})
        wizard.action_continue()
        bills = (self.contract | other).bill_ids
        self.assertEqual(sorted(bills.mapped('agreement_applied')), [200, 1000])
        self.assertEqual((agreement.used_hours, agreement.left_hours), (12, 0))
