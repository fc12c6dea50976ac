from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.progress_billing.models.base.progress_actor import Actor

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestVendorSchedule(ClaimCommon):
    """The subcontractor's own schedule: adds up, accepted, locked."""

    def _propose(self, *parts, submit=True):
        """Send the form of the page: description and amount of parts of the first line."""
        line, given = self.contract.line_ids[0], {'version': self.contract.sudo()._get_schedule_version()}
        for number, (name, amount) in enumerate(parts):
            given.update({f'name_{line.id}_{number}': name, f'amount_{line.id}_{number}': amount})
        contract, contact = self.contract.sudo(), self.contact.sudo()
        contract._take_schedule(Actor(self.mason), contact, given, submit=submit)

    def test_off(self):
        with self.assertRaisesRegex(UserError, "switch it on first"):
            self._propose(("Walls", '60000'))

    def test_adds_up(self):
        self.contract.is_vendor_schedule = True
        with self.assertRaisesRegex(UserError, "come to .+50,000.00, not to .+60,000.00"):
            self._propose(("Walls", '30000'), ("Chimney", '20000'))
        self._propose(("Walls", '30000'), ("Chimney", '20000'), submit=False)
        self.assertEqual(self.contract.vendor_schedule_state, 'draft')
        self.assertRegex(self.contract.vendor_schedule_rest, "not to .+60,000.00")
        self._propose(("Walls", '40000.01'), ("Chimney", '19999.99'))
        self.assertEqual(self.contract.vendor_schedule_state, 'submitted')
        with self.assertRaisesRegex(UserError, "cannot change"):
            self._propose(("Walls", '60000'))

    def test_accepted_is_locked(self):
        self.contract.is_vendor_schedule = True
        with self.assertRaisesRegex(UserError, "schedule of values first"):
            self.contract.action_invite()
        self._propose(("Walls", '40000.01'), ("Chimney", '19999.99'))
        order = self.contract.purchase_order_ids
        self.contract.action_accept_schedule()
        self.assertRecordValues(
            self.contract.line_ids.sorted('sequence'),
            [
                {'name': "Walls", 'revised_amount': 40000.01, 'purchase_line_id': order.order_line[0].id},
                {'name': "Chimney", 'revised_amount': 19999.99, 'purchase_line_id': order.order_line[0].id},
                {'name': "Works 2", 'revised_amount': 40000, 'purchase_line_id': order.order_line[1].id},
            ],
        )
        self.assertEqual(order.amount_untaxed, 100000)
        with self.assertRaisesRegex(UserError, "cannot change"):
            self.contract.vendor_schedule_ids[0].amount = 1
        bill = self._accepted()
        self.assertEqual(len(bill.line_ids), 3)
        self._answer(bill, 'submit', **self._work(bill, '10000', '5000'))
        bill.action_approve()
        bill.invoice_id.action_post()
        self.assertOrder(order, 0.25, 'to invoice')

    def test_sent_back(self):
        self.contract.is_vendor_schedule = True
        self._propose(("Walls", '60000'))
        self.contract.action_reject_schedule("More detail, please")
        self.assertRecordValues(
            self.contract, [{'vendor_schedule_state': 'rejected', 'vendor_schedule_note': "More detail, please"}]
        )
        self._propose(("Walls", '50000'), ("Chimney", '10000'))

    def test_only_administrators(self):
        self.contract.is_vendor_schedule = True
        self._propose(("Walls", '60000'))
        for user in (self.standard_user, self.sub_reader):
            with self.assertRaisesRegex(AccessError, "Only administrators"):
                self.contract.with_user(user).action_accept_schedule()


@tagged('post_install', '-at_install')
class TestVendorScheduleByQuantity(ClaimCommon):
    """Lines by quantity: the parts have quantity and unit price of their own, and come to the line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.metre = cls.env.ref('uom.product_uom_meter')
        walls = cls._make_works("Walls", uom_id=cls.metre.id)
        order = cls._make_purchase([50], cls.input_tax, line_vals={'product_qty': 100, 'product_id': walls.id})
        order.action_set_up_progress_billing()
        cls.order, cls.wall = order, order.progress_contract_id
        cls.wall.line_ids.billing_base = 'quantity'
        cls.wall.is_vendor_schedule = True
        cls.waller = cls._add_invoice_contact(cls.wall, cls.mason)

    def _propose(self, *parts, submit=True, **given):
        """Send parts of the line as the page does: description, quantity and unit price, as typed."""
        line = self.wall.line_ids[0]
        given = {'version': self.wall.sudo()._get_schedule_version(), **given}
        for number, (name, quantity, price) in enumerate(parts):
            given[f'name_{line.id}_{number}'] = name
            given[f'quantity_{line.id}_{number}'] = quantity
            given[f'price_{line.id}_{number}'] = price
        self.wall.sudo()._take_schedule(Actor(self.mason), self.waller.sudo(), given, submit=submit)

    def test_quantity_times_price(self):
        """100 m at 50: 60 at 40 and 40 at 64.99 come to 4,999.60, 40 at 65 to 5,000."""
        line = self.wall.line_ids
        self.assertRecordValues(
            line, [{'billing_base': 'quantity', 'revised_quantity': 100, 'unit_price': 50, 'revised_amount': 5000}]
        )
        self.assertEqual(self.wall._get_divisible_lines(), line)
        for parts, words in (
            ([("Footing", '60', '40'), ("Wall", '40', '64.99')], ("4,999.60", "5,000.00")),
            ([("Footing", '60', ''), ("Wall", '40', '65')], ("2,600.00", "5,000.00")),
            ([("Footing", '-60', '40')], ("-2,400.00", "5,000.00")),
            ([("Footing", 'sixty', '40')], ("Footing", "is no number")),
            ([("", '60', '4O')], ("Works 1", "is no number")),
        ):
            with self.subTest(parts=parts):
                self.assertRefused(lambda parts=parts: self._propose(*parts), *words)
                self.assertFalse(self.wall.vendor_schedule_ids)
        self._propose(("Footing", '60', '40'), ("Wall", '40', '65'), ("", '', ''), submit=False)
        self.assertFalse(self.wall.vendor_schedule_rest)
        self.assertRecordValues(
            self.wall.vendor_schedule_ids,
            [
                {'name': "Footing", 'quantity': 60, 'unit_price': 40, 'amount': 2400, 'product_uom_id': self.metre.id},
                {'name': "Wall", 'quantity': 40, 'unit_price': 65, 'amount': 2600, 'product_uom_id': self.metre.id},
            ],
        )

    def test_an_amount_is_no_quantity(self):
        line = self.wall.line_ids
        self._propose(submit=False, **{f'name_{line.id}_0': "Lump", f'amount_{line.id}_0': '5000'})
        self.assertEqual(self.wall.vendor_schedule_ids.amount, 0)
        self.assertRegex(self.wall.vendor_schedule_rest, "come to .+0.00, not to .+5,000.00")
        vals = {'contract_id': self.wall.id, 'contract_line_id': line.id, 'name': "Lump"}
        lines = self.env['progress.vendor.schedule.line']
        odd = {**vals, 'quantity': 2, 'unit_price': 3, 'amount': 7}
        self.assertRefused(lambda: lines.create(odd), "Lump", "is quantity × unit price")
        part = lines.create({**vals, 'quantity': 0.33, 'unit_price': 10.05})
        self.assertEqual(part.amount, 3.32)
        part.quantity = 100
        self.assertEqual(part.amount, 1005)
        self.assertRefused(lambda: part.write({'amount': 1}), "is billed by quantity")

    def test_accepted(self):
        """The parts are billed by quantity, each at its own price, in the line's unit; the order follows amounts."""
        self._propose(("Footing", '60', '40'), ("Wall", '40', '65'))
        self.wall.action_accept_schedule()
        footing, wall = self.wall.line_ids.sorted('sequence')
        same = {
            'billing_base': 'quantity',
            'product_uom_id': self.metre.id,
            'purchase_line_id': self.order.order_line.id,
        }
        self.assertRecordValues(
            footing | wall,
            [
                {'name': "Footing", 'revised_quantity': 60, 'unit_price': 40, 'revised_amount': 2400, **same},
                {'name': "Wall", 'revised_quantity': 40, 'unit_price': 65, 'revised_amount': 2600, **same},
            ],
        )
        self.assertEqual((self.order.amount_untaxed, self.order.order_line.product_qty), (5000, 100))
        bill = self._accepted(self.wall)
        self._answer(bill, 'submit', **self._work(bill, '30', '10', unit='quantity'))
        self.assertEqual(bill.line_ids.mapped('amount'), [1200, 650])
        bill.action_approve()
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, expense=1850, input_tax=185, payable=-2035)
        self.assertOrder(self.order, 37, 'to invoice')

    def test_change_order_after_parts(self):
        """10 m more of the wall are 650, not 500: the order's price follows, for one quantity has two prices now."""
        self._propose(("Footing", '60', '40'), ("Wall", '40', '65'))
        self.wall.action_accept_schedule()
        wall = self.wall.line_ids.sorted('sequence')[1]
        self.make.change(self.wall, {'contract_line_id': wall.id, 'quantity': 10})
        self.assertEqual(wall.revised_amount, 3250)
        self.assertEqual((self.order.amount_untaxed, self.order.order_line.product_qty), (5650, 100))

    def test_change_order_of_one_price(self):
        self.make.change(self.wall, {'contract_line_id': self.wall.line_ids.id, 'quantity': 10})
        self.assertEqual((self.order.amount_untaxed, self.order.order_line.product_qty), (5500, 110))
        self.assertFalse(self.wall._get_divisible_lines(), "A line with a change order is not divided any more.")

    def test_changed_meanwhile(self):
        self._propose(("Footing", '60', '40'), submit=False)
        version = self.wall._get_schedule_version()
        self.wall.vendor_schedule_ids.write({'quantity': 40, 'unit_price': 60})
        self.assertNotEqual(self.wall._get_schedule_version(), version, "The same amount, and other words.")
        self.assertRefused(lambda: self._propose(version=version), "has been changed since you opened this page")
