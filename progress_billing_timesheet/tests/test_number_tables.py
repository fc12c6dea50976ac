from odoo import fields
from odoo.tests import tagged

from .common import InvoiceNumberCommon


@tagged('post_install', '-at_install')
class TestNumberTables(InvoiceNumberCommon):
    """Which numbers can be typed, in which journal, and what becomes of them afterwards (HRS-11)."""

    def _remark(self, number, **vals):
        wizard = self._open(self.contract, None, 100, invoice_number=number, **vals)
        return wizard.number_remark or '', wizard.leaves_numbers_out

    # === WHAT CAN BE TYPED === #

    def test_table(self):
        """What the screen says while it is typed is what Continue says."""
        number, following = self._number, self._number(2)
        for typed, gap, sentence, gap_alone in (
            (number(2), False, '', False),
            (f' {number(2)} ', False, '', False),
            (number(2), True, '', False),
            (number(3), False, "would leave out numbers", True),
            (number(3), True, '', False),
            (number(99999), True, '', False),
            (number(1), False, "is taken", False),
            (number(1), True, "is taken", False),
            (number(0), False, "is below the last one", False),
            (f'{self.prefix}2', True, "is no number of the journal", False),
            (f'{self.prefix}', True, "is no number of the journal", False),
            (f'{number(2)}A', True, "is no number of the journal", False),
            (f'X{number(2)}', True, "is no number of the journal", False),
            ('2', True, "is no number of the journal", False),
            ('%s', True, "is no number of the journal", False),
            ('{seq}', True, "is no number of the journal", False),
        ):
            with self.subTest(typed=typed, gap=gap), self.env.cr.savepoint() as savepoint:
                remark, only_gap = self._remark(typed, accept_number_gap=gap)
                self.assertEqual(only_gap, gap_alone)
                wizard = self._open(self.contract, None, 100, invoice_number=typed, accept_number_gap=gap)
                if sentence:
                    self.assertIn(sentence, remark)
                    self.assertIn(following, remark)
                    self.assertEqual(self.assertRefused(wizard.action_continue, sentence), remark)
                    self.assertFalse(wizard.bill_id)
                else:
                    self.assertFalse(remark)
                    wizard.action_continue()
                    self.assertEqual(wizard.bill_id.invoice_id.name, typed.strip())
                    self.assertFalse(wizard.number_remark, "its own number is not taken by another")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_blanks_around_it(self):
        """Whoever makes the bill: the number is kept without them."""
        number = self._number(2)
        bill = self.make.plan(self.contract, '1%', invoice_number=f' {number} ')
        self.assertEqual(bill.invoice_number, number)

    def test_nothing_typed(self):
        """Empty, or nothing but blanks: the journal's next one."""
        for typed in (False, '', '   '):
            with self.subTest(typed=typed), self.env.cr.savepoint() as savepoint:
                self.assertEqual(self._remark(typed), ('', False))
                bill = self._create_bill(self.contract, None, 100, invoice_number=typed)
                bill.invoice_id.action_post()
                self.assertEqual(bill.invoice_id.name, self._number(2))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_of_another_year(self):
        """The invoice's own date decides; one after today is numbered by today."""
        bill = self._create_bill(self.contract, None, 100, date='2025-06-30', invoice_number='INV/2025/00001')
        self.assertEqual((bill.invoice_id.name, bill.date.isoformat()), ('INV/2025/00001', '2025-06-30'))
        bill.invoice_id.action_post()
        self.assertEqual(bill.invoice_id.name, 'INV/2025/00001')
        remark, _gap = self._remark('INV/2025/00001', date='2025-07-31')
        self.assertIn("is taken. The next one of", remark)
        remark, _gap = self._remark(self._number(2), date='2025-07-31')
        self.assertIn("INV/2025/00002", remark)
        year = fields.Date.today().year
        wizard = self._open(self.contract, None, 100, date=f'{year + 2}-01-31', invoice_number=f'INV/{year + 2}/00001')
        self.assertIn("is no number of the journal", wizard.number_remark)

    def test_drafts_do_not_count(self):
        """A draft of somebody else without a number takes none."""
        other = self.make.contract([500], project=self.make.project(name="Shop"))
        self._create_bill(other, None, 100)
        self.assertEqual(self._remark(self._number(2)), ('', False))

    def test_a_customers_screen(self):
        """A number is one contract's: typed there it is that bill's, the other takes the next one."""
        other = self.make.contract([500], project=self.make.project(name="Shop"))
        wizard = self.env['progress.bill.create'].create(
            {'partner_id': self.customer.id, 'date': '2026-01-31', 'invoice_number': 'XYZ'}
        )
        self.assertFalse(wizard.number_remark, "none of a contract")
        first, second = wizard.child_ids.sorted(lambda child: child.contract_id.id)
        (first | second).write({'wip_bill_amount': 100})
        first.invoice_number = self._number(2)
        wizard.action_continue()
        self.assertEqual(first.bill_id.invoice_id.name, self._number(2))
        (first | second).bill_id.invoice_id.action_post()
        self.assertEqual(second.bill_id.invoice_id.name, self._number(3))
        self.assertEqual(other.bill_ids, second.bill_id)

    def test_two_contracts_one_number(self):
        """The same number on both: neither bill is made."""
        self.make.contract([500], project=self.make.project(name="Shop"))
        wizard = self.env['progress.bill.create'].create({'partner_id': self.customer.id, 'date': '2026-01-31'})
        wizard.child_ids.write({'wip_bill_amount': 100, 'invoice_number': self._number(2)})
        before = self.env['progress.bill'].search_count([])
        self.assertRefused(wizard.action_continue, f"The number {self._number(2)} is taken")
        self.assertEqual(self.env['progress.bill'].search_count([]), before)

    # === ON A BILL === #

    def test_on_a_pro_forma(self):
        """Typed, changed and cleared until there is an invoice; checked when that is made."""
        self.contract.use_pro_forma = True
        bill = self._create_bill(self.contract, None, 100, invoice_number=self._number(2))
        bill.invoice_number = self._number(7)
        self.assertRefused(bill.action_release, "would leave out numbers")
        self.assertFalse(bill.invoice_id)
        bill.accept_number_gap = True
        bill.action_release()
        self.assertEqual(bill.invoice_id.name, self._number(7))
        for vals in ({'invoice_number': self._number(8)}, {'accept_number_gap': False}, {'invoice_number': False}):
            self.assertRefused(lambda vals=vals: bill.write(vals), bill.display_name, "cannot be typed any more")
        bill.invoice_id.unlink()
        bill.invoice_number = False
        bill.action_release()
        bill.invoice_id.action_post()
        self.assertEqual(bill.invoice_id.name, self._number(2))

    def test_several_bills_at_once(self):
        """One of two has an invoice: neither is changed."""
        self.contract.use_pro_forma = True
        made = self._create_bill(self.contract, None, 100)
        made.action_release()
        waiting = self._create_bill(self.contract, None, 100)
        self.assertRefused(
            lambda: (made | waiting).write({'invoice_number': self._number(9)}), made.display_name, "cannot be typed"
        )
        self.assertFalse(waiting.invoice_number)
        self.assertRefused(
            lambda: waiting.write({'invoice_number': 'ABC'}) and waiting.action_release(), "is no number"
        )

    def test_posting(self):
        """The number typed is that of the ledger; a date of another year is refused, not numbered anew."""
        bill = self._create_bill(self.contract, None, 100, invoice_number=self._number(2))
        move = bill.invoice_id
        self.assertEqual(move._get_typed_numbers(), move)
        self.assertFalse(self.first._get_typed_numbers())
        move.invoice_date = '2025-12-31'
        self.assertRefused(move.action_post, self._number(2), "does not fit the date")
        self.assertEqual(move.state, 'draft')

    def test_posting_several(self):
        """With and without a number in one go; one that was taken stops all and is named."""
        plain = self.make.contract([500], project=self.make.project(name="Shop"))
        typed = self._create_bill(self.contract, None, 100, invoice_number=self._number(2)).invoice_id
        other = self._create_bill(plain, None, 100).invoice_id
        (typed | other).action_post()
        self.assertEqual((typed.name, other.name), (self._number(2), self._number(3)))
        late = self._create_bill(self.contract, None, 100, invoice_number=self._number(4))
        stranger = self._create_bill(plain, None, 100).invoice_id
        stranger.name = self._number(4)
        stranger.action_post()
        another = self._create_bill(plain, None, 100).invoice_id
        message = self.assertRefused((late.invoice_id | another).action_post, "has been taken meanwhile")
        self.assertIn(late.display_name, message)
        self.assertEqual((late.invoice_id | another).mapped('state'), ['draft', 'draft'])

    def test_credit_note_has_its_own(self):
        """What credits an invoice with a typed number takes the next one of its own."""
        bill = self._create_bill(self.contract, None, 100, invoice_number=self._number(2))
        bill.invoice_id.action_post()
        refund = self.billing.credit(bill.invoice_id)
        self.assertFalse(refund._get_typed_numbers())
        self.assertNotEqual(refund.name, self._number(2))
        self.assertEqual(bill.invoice_id.name, self._number(2))
