from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .portal_common import PortalCommon


@tagged('post_install', '-at_install')
class TestPortalRights(PortalCommon):
    """Private contracts, projects one may see, and steps of approval."""

    def assertHidden(self, user):
        """By list, by RPC, by report and by URL."""
        for record in (self.contract, self.bill, self.contract.line_ids, self.bill.line_ids, self.contact):
            found = record.with_user(user).search([('id', 'in', record.ids)])
            self.assertFalse(found, record)
            with self.assertRaisesRegex(AccessError, "top-secret records"):
                record.with_user(user).read(['display_name'])
        self.authenticate(user.login, user.login)
        self.assertEqual(self._get(self.contract).status_code, 404)

    def test_private(self):
        self.bill.action_submit()
        self.contract.is_private = True
        for user in (self.reader, self.billing_user, self.accountant):
            with self.subTest(user.login):
                self.assertHidden(user)
        self.contract.with_user(self.manager).read(['name'])
        self.contract.private_user_ids = self.reader
        self.bill.with_user(self.reader).line_ids.read(['amount'])
        self.authenticate('billing_reader', 'billing_reader')
        self.assertEqual(self._get(self.contract).status_code, 200)
        self.logout()
        self.assertEqual(self._get(self.bill, contact=self.contact).status_code, 200)
        self._add_contact(self.billing_user.partner_id, 'reader')
        self.contract.with_user(self.billing_user).read(['name'])

    def test_projects_one_may_see(self):
        self.project.privacy_visibility = 'followers'
        plain = new_test_user(
            self.env, login='portal_reader', groups='progress_billing.group_readonly', company_id=self.company.id
        )
        self.assertHidden(plain)
        self.project.message_subscribe(partner_ids=plain.partner_id.ids)
        self.bill.with_user(plain).read(['name'])
        self.accountant.group_ids -= self.env.ref('project.group_project_manager')
        self.bill.with_user(self.accountant).read(['name'])

    def test_contacts_are_kept_by_administrators(self):
        vals = {'contract_id': self.contract.id, 'partner_id': self.architect.id}
        for user in (self.reader, self.billing_user, self.accountant):
            with self.assertRaisesRegex(AccessError, "You are not allowed to create"):
                self.env['progress.contact'].with_user(user).create(vals)
            with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
                self.contact.with_user(user).action_revoke()
        contact = self.env['progress.contact'].with_user(self.manager).create(vals)
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            contact.partner_id = self.bystander
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            contact.write({'token': 'x'})
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            self.env['progress.contact'].with_user(self.manager).create(
                {**vals, 'partner_id': self.bystander.id, 'token': 'x'}
            )

    def test_steps(self):
        boss = new_test_user(
            self.env, login='portal_boss', groups='progress_billing.group_readonly', company_id=self.company.id
        )
        with self.assertRaisesRegex(ValidationError, "need pro formas"):
            self.make.as_billed([100], approval_step_ids=[Command.create({'name': "Boss", 'user_id': boss.id})])
        self.contract.approval_step_ids = [
            Command.create({'name': "Site", 'user_id': self.billing_user.id, 'sequence': 1}),
            Command.create({'name': "Boss", 'user_id': boss.id, 'sequence': 2, 'above_amount': 1000}),
            Command.create({'name': "Board", 'group_id': self.env.ref('base.group_system').id, 'above_amount': 50000}),
        ]
        bill = self.billing.run(self.contract, 40)
        self.bill.action_cancel()
        self.assertEqual(bill.activity_ids.user_id, self.billing_user)
        with self.assertRaisesRegex(UserError, "0 of 2 steps approved; Site waits for"):
            bill.action_release()
        with self.assertRaisesRegex(AccessError, "it is not your turn"):
            bill.with_user(boss).action_approve_step()
        self.assertTrue(bill.with_user(self.billing_user).is_my_approval)
        bill.with_user(self.billing_user).action_approve_step()
        self.assertEqual(bill.activity_ids.user_id, boss)
        self.assertEqual(bill.approval_percent, 50)
        bill.with_user(boss).action_approve_step()
        self.assertFalse(bill.activity_ids)
        with self.assertRaisesRegex(UserError, "waits for no approval"):
            bill.with_user(boss).action_approve_step()
        bill.line_ids[0].amount -= 100
        with self.assertRaisesRegex(UserError, "0 of 2 steps approved"):
            bill.action_release()
        bill.with_user(self.billing_user).action_approve_step()
        bill.with_user(boss).action_approve_step()
        bill.action_release()
        self.assertEqual(bill.state, 'invoiced')

    def test_small_bill_skips_steps(self):
        self.contract.approval_step_ids = [
            Command.create({'name': "Boss", 'user_id': self.manager.id, 'above_amount': 9000})
        ]
        self.bill.action_release()
        self.assertEqual(self.bill.state, 'invoiced')
