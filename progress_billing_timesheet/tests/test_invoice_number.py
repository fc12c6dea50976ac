from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import InvoiceNumberCommon


@tagged('post_install', '-at_install')
class TestInvoiceNumber(InvoiceNumberCommon):
    """A number somebody types: in the journal's pattern, above the last, free; or a sentence."""

    def test_next_one(self):
        bill = self._create_bill(self.contract, None, 100, invoice_number=self._number(2))
        self.assertEqual((bill.invoice_number, bill.invoice_id.name), (self._number(2), self._number(2)))
        bill.invoice_id.action_post()
        self.assertEqual(bill.invoice_id.name, self._number(2))
        other = self._create_bill(self.contract, None, 100)
        other.invoice_id.action_post()
        self.assertEqual(other.invoice_id.name, self._number(3))

    def test_refused(self):
        for number, text in (
            ('ABC-7', "is no number of the journal"),
            ('PLAIN', "is no number of the journal"),
            (self.prefix.replace('2026', '2025') + '00002', "is no number of the journal"),
            (f'{self.prefix}2', "is no number of the journal"),
            (self._number(1), f"is taken. The next one of .* is {self._number(2)}"),
            (self._number(9), "would leave out numbers"),
        ):
            with self.assertRaisesRegex(UserError, text):
                self._create_bill(self.contract, None, 100, invoice_number=number)
            wizard = self._open(self.contract, None, 100, invoice_number=number)
            self.assertRegex(wizard.number_remark, text)
            # what helps is shown where it helps
            self.assertEqual(wizard.leaves_numbers_out, number == self._number(9))
        bill = self._create_bill(self.contract, None, 100, invoice_number=self._number(9), accept_number_gap=True)
        self.assertEqual(bill.invoice_id.name, self._number(9))
        bill.invoice_id.action_post()
        with self.assertRaisesRegex(UserError, "is below the last one"):
            self._create_bill(self.contract, None, 100, invoice_number=self._number(5))

    def test_taken_before_release(self):
        self.contract.use_pro_forma = True
        bill = self._create_bill(self.contract, None, 100, invoice_number=self._number(2))
        self.assertEqual(bill.state, 'draft')
        other = self.make.contract([500])
        self.billing.bill(other, '100')
        with self.assertRaisesRegex(UserError, f"{self._number(2)} is taken"):
            bill.action_release()
        bill.invoice_number = self._number(3)
        bill.action_release()
        self.assertEqual(bill.invoice_id.name, self._number(3))
        with self.assertRaisesRegex(UserError, "cannot be typed any more"):
            bill.invoice_number = self._number(4)

    def test_taken_before_posting(self):
        bill = self._create_bill(self.contract, None, 100, invoice_number=self._number(2))
        other = self.make.contract([500])
        invoice = self.billing.bill(other, '100', post=False).invoice_id
        invoice.name = self._number(2)
        invoice.action_post()
        with self.assertRaisesRegex(UserError, f"The number {self._number(2)} of .* has been taken meanwhile"):
            bill.invoice_id.action_post()

    def test_correction_takes_a_new_one(self):
        bill = self._create_bill(self.contract, None, 100, invoice_number=self._number(2))
        bill.invoice_id.action_post()
        bill.action_correct()
        self.assertFalse(bill.invoice_number)
        bill.action_release()
        self.assertNotEqual(bill.invoice_id.name, self._number(2))
