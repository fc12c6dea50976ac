from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..models.base.progress_actor import Actor
from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestActor(ProgressBillingCommon):
    """Who acts is a parameter: code with all rights neither signs nor posts in the system's name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.progress_post_invoices = True
        cls.contact = cls.env['res.partner'].create({'name': "Site Manager", 'parent_id': cls.customer.id})
        cls.by_contact = Actor(cls.contact)

    def _system(self, records):
        """The records as a page without a login has them."""
        return records.with_user(SUPERUSER_ID).sudo()

    def _claim(self, **vals):
        contract = self.make.pro_forma([10000], retainage_percent=10, **vals)
        return self.billing.run(contract, 50)

    def assertAuthor(self, record, partner):
        authors = record.message_ids.filtered(lambda message: message.body or message.tracking_value_ids).author_id
        self.assertIn(partner, authors)

    def test_approved_by_a_contact(self):
        bill = self._claim()
        self._system(bill)._submit(self.by_contact)
        self._system(bill)._approve(self.by_contact, "As agreed on site")
        self.env.flush_all()
        self.assertRecordValues(
            bill, [{'state': 'approved', 'approved_by_id': False, 'approved_by_partner_id': self.contact.id}]
        )
        self.assertFalse(bill.invoice_id)
        approval = bill.message_ids.filtered(lambda message: "As agreed" in (message.body or ''))
        self.assertEqual(approval.author_id, self.contact)

    def test_rejected_by_a_contact(self):
        bill = self._claim()
        bill.action_submit()
        with self.assertRaisesRegex(UserError, "Say why"):
            self._system(bill)._reject(self.by_contact, " ")
        self._system(bill)._reject(self.by_contact, "Too much")
        self.assertRecordValues(bill, [{'state': 'rejected', 'reject_reason': "Too much"}])
        self.assertEqual(bill.message_ids.filtered(lambda msg: "Too much" in (msg.body or '')).author_id, self.contact)

    def test_certified_by_a_contact(self):
        bill = self._claim()
        system = self._system(bill)
        system._certify_lines(self.by_contact, {system.line_ids: 4000})
        self.assertRecordValues(bill.line_ids, [{'amount': 5000, 'certified_amount': 4000}])
        system._certify_sum(self.by_contact, 3000)
        self.assertRecordValues(bill, [{'sum_certified': True, 'certified_sum': 3000, 'certified_amount': 3000}])
        bill.action_release()
        self.assertRecordValues(bill.invoice_id, [{'amount_untaxed': 3000, 'state': 'posted'}])  # by an accountant
        with self.assertRaisesRegex(UserError, "is certified while"):
            system._certify_sum(self.by_contact, 2000)
        with self.assertRaisesRegex(UserError, "is certified while"):
            system._certify_lines(self.by_contact, {system.line_ids: 2000})

    def test_nobody_posts_by_all_rights(self):
        """The company posts at once: a contact's release stays a draft, an accountant's is posted."""
        bill = self._claim()
        self._system(bill)._release(self.by_contact)
        self.assertEqual(bill.invoice_id.state, 'draft')
        self.assertIn("Site Manager", ''.join(bill.invoice_id.message_ids.mapped('body')))
        claim = [{**bill.contract_id._prepare_run_bill_vals(bill.contract_id.line_ids._get_run_key()), 'claims': []}]
        direct = self.make.pro_forma([1000], use_pro_forma=False)
        claim[0].update(contract_id=direct.id, claims=[direct.line_ids._prepare_claim(amount=100.0)])
        made = self._system(self.env['progress.bill'])._make_bills(claim, self.by_contact)
        self.assertEqual(made.invoice_id.state, 'draft')
        other = self._claim()
        self._system(other)._release(Actor.of(self.accountant))
        self.assertEqual(other.invoice_id.state, 'posted')

    def test_sudo_of_a_user_posts_nothing(self):
        """A server action of somebody who may not post leaves a draft."""
        bill = self._claim()
        bill.with_user(self.billing_user).sudo().action_release()
        self.assertEqual(bill.invoice_id.state, 'draft')

    def test_milestone_approved_by_a_contact(self):
        milestone = self.env['project.milestone'].create(
            {'name': "Roof", 'project_id': self.project.id, 'is_reached': True}
        )
        with self.assertRaisesRegex(UserError, "how the customer approved"):
            self._system(milestone)._approve_billing(self.by_contact, '')
        self._system(milestone)._approve_billing(self.by_contact, "on the portal")
        self.assertRecordValues(
            milestone,
            [
                {
                    'billing_approved_by_id': False,
                    'billing_approved_partner_id': self.contact.id,
                    'billing_approval_note': "on the portal",
                }
            ],
        )

    def test_change_order_approved_by_a_contact(self):
        contract = self.make.contract([1000])
        change = self.make.change(contract, {'contract_line_id': contract.line_ids.id, 'amount': 100}, approve=False)
        self._system(change)._approve(self.by_contact)
        self.assertRecordValues(
            change, [{'state': 'approved', 'approved_by_id': False, 'approved_by_partner_id': self.contact.id}]
        )
        self.assertEqual(contract.revised_amount, 1100)

    def test_one_gate(self):
        """Approving, rejecting, certifying a sum or a line: for administrators, one sentence."""
        bill = self._claim()
        bill.action_submit()
        mine = bill.with_user(self.billing_user)
        for act in (
            mine.action_approve,
            lambda: mine.action_reject("no"),
            lambda: mine.write({'certified_amount': 5}),
            lambda: mine.line_ids.write({'certified_amount': 5}),
        ):
            self.assertRefused(act, "approve, reject or certify", error=AccessError)

    def test_users_sign_as_themselves(self):
        manager = new_test_user(
            self.env, login='reviewer', groups='progress_billing.group_manager', company_id=self.company.id
        )
        bill = self._claim()
        bill.with_user(manager).action_approve()
        self.assertRecordValues(bill, [{'approved_by_id': manager.id, 'approved_by_partner_id': manager.partner_id.id}])
        bill.action_release()
        bill.invoice_id.filtered(lambda move: move.state == 'draft').action_post()
        bill.action_correct()
        self.assertRecordValues(bill, [{'approved_by_id': False, 'approved_by_partner_id': False}])
