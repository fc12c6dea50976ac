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
