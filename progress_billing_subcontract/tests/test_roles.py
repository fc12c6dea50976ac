from odoo.exceptions import AccessError
from odoo.tests import tagged

from .claim_common import ClaimCommon

#: what a role may do: task, None, Read Only, Standard, Administrator
TASKS = [
    ('read_claims', False, True, True, True),
    ('preview_claim', False, True, True, True),
    ('claim_in_their_name', False, False, True, True),
    ('submit', False, False, True, True),
    ('release_retainage', False, False, True, True),
    ('forward', False, False, True, True),
    ('add_contact', False, False, False, True),
    ('invite', False, False, False, True),
    ('remind', False, False, False, True),
    ('review_line', False, False, False, True),
    ('approve', False, False, False, True),
    ('send_back', False, False, False, True),
    ('certify', False, False, False, True),
    ('set_retainage', False, False, False, True),
    ('set_retainage_of_a_claim', False, False, False, True),
    ('change_the_schedule', False, False, False, True),
    ('switch_vendor_schedule', False, False, False, True),
    ('switch_payments_tab', False, False, False, True),
    ('delete_claim', False, False, False, True),
    ('cancel_subcontract', False, False, False, True),
    ('make_periods', False, False, False, True),
]
ROLES = ('none', 'reader', 'standard', 'manager')


@tagged('post_install', '-at_install')
class TestRoles(ClaimCommon):
    """The table of roles, cell by cell, as calls of a user of that role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            'none': cls._make_user('sub_none', 'base.group_user'),
            'reader': cls.sub_reader,
            'standard': cls.standard_user,
            'manager': cls.sub_manager,
        }
        cls._claim(cls.contract, 1000, post=True, date='2026-02-15')

    def _submitted(self):
        bill = self._accepted()
        bill.line_ids[0].amount = 500
        bill.action_submit()
        return bill

    def _try(self, task, user):
        getattr(self, f'_do_{task}')(lambda record: record.with_user(user))

    def _do_read_claims(self, by):
        by(self.contract.bill_ids).read(['name', 'claim_status', 'amount'])

    def _do_preview_claim(self, by):
        by(self.contract.bill_ids[0]).check_access('read')
        by(self.contract.bill_ids[0]).action_preview_page()

    def _do_claim_in_their_name(self, by):
        by(self._accepted()).line_ids[0].write({'amount': 100})

    def _do_submit(self, by):
        bill = self._accepted()
        bill.line_ids[0].amount = 100
        by(bill).action_submit()

    def _do_release_retainage(self, by):
        by(self.contract).action_release_retainage(10)

    def _do_forward(self, by):
        by(self._submitted()).action_forward('a@example.com')

    def _do_add_contact(self, by):
        partner = self.env['res.partner'].create({'name': "New"})
        by(self.env['progress.contact']).create({'contract_id': self.contract.id, 'partner_id': partner.id})

    def _do_invite(self, by):
        by(self.contract).action_invite()

    def _do_remind(self, by):
        by(self._invite()).action_remind()

    def _do_review_line(self, by):
        by(self._submitted()).line_ids.action_reject("No")

    def _do_approve(self, by):
        by(self._submitted()).action_approve()

    def _do_send_back(self, by):
        by(self._submitted()).action_reject("No")

    def _do_certify(self, by):
        by(self._submitted()).line_ids.write({'certified_amount': 1})

    def _do_set_retainage(self, by):
        by(self.contract).action_set_retainage(5)

    def _do_set_retainage_of_a_claim(self, by):
        by(self._accepted()).line_ids[0].write({'retainage_percent': 1})

    def _do_change_the_schedule(self, by):
        by(self.contract).line_ids[0].write({'name': "Other"})

    def _do_switch_vendor_schedule(self, by):
        by(self.contract).write({'is_vendor_schedule': True})

    def _do_switch_payments_tab(self, by):
        by(self.contract).write({'has_payments_tab': False})

    def _do_delete_claim(self, by):
        by(self._accepted()).unlink()

    def _do_cancel_subcontract(self, by):
        by(self._subcontract([100])).action_cancel()

    def _do_make_periods(self, by):
        by(self.env['progress.billing.period']).create(
            {'project_id': self.project.id, 'date_start': '2026-05-01', 'date_end': '2026-05-31'}
        )

    def test_table(self):
        for task, *allowed in TASKS:
            for role, may in zip(ROLES, allowed, strict=True):
                with self.subTest(task=task, role=role), self.env.cr.savepoint() as savepoint:
                    try:
                        self._try(task, self.users[role])
                        self.env.flush_all()
                        found, why = True, ''
                    except AccessError as error:
                        found, why = False, str(error)
                    self.assertEqual(found, may, why)
                    savepoint.rollback()
                self.env.invalidate_all(flush=False)

    def test_customers_side_is_closed(self):
        """Whoever sees what the work costs need not see what the customer pays."""
        owner = self.make.as_billed([100])
        with self.assertRaisesRegex(AccessError, "not allowed|access"):
            owner.with_user(self.sub_manager).read(['revised_amount'])
        with self.assertRaisesRegex(AccessError, "not allowed|access"):
            self.contract.with_user(self.billing_user).read(['revised_amount'])

    def test_private(self):
        self.contract.is_private = True
        for user in (self.sub_reader, self.standard_user):
            with self.assertRaisesRegex(AccessError, "not allowed|access"):
                self.contract.with_user(user).read(['name'])
        self.contract.private_user_ids = self.sub_reader
        self.assertTrue(self.contract.with_user(self.sub_reader).read(['name']))
        self.env.flush_all()
        status = self.env['progress.subcontract.status'].with_user(self.standard_user)
        self.assertFalse(status.search([('contract_id', '=', self.contract.id)]))

    def test_portal_users_call_nothing(self):
        portal = self._make_user('sub_portal', 'base.group_portal')
        bill = self._accepted()
        for method in ('action_submit', 'action_accept', 'action_approve', 'action_invite', 'action_remind'):
            with self.assertRaisesRegex(AccessError, "not allowed|access"):
                getattr(bill.with_user(portal), method)()
