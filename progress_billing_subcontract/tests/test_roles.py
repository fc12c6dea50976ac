import re

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from odoo.addons.progress_billing.tests.role_table import LEVELS, RoleTable

from .claim_common import ClaimCommon
from .subcontract_tasks import TABLE, SubcontractTasks


@tagged('post_install', '-at_install')
class TestSubcontractRoles(ClaimCommon, HttpCase):
    """The table of roles of subcontracts, cell by cell, over the wire."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.make.as_billed([100])
        contracts = [cls._subcontract([500], retainage_percent=10) for _number in range(6)]
        cls.drafted, cls.submitted, cls.rejected, cls.approved, cls.posted, cls.invited = (
            cls._claimed(contract, status) for contract, status in zip(contracts, range(6), strict=True)
        )
        cls.contact = cls.submitted.contract_id.contact_ids
        cls.paid_contract = cls.posted.contract_id
        cls.fresh = cls._subcontract([500])
        cls._add_invoice_contact(cls.fresh, cls.mason)

    @classmethod
    def _claimed(cls, contract, status):
        """A claim of 100: draft, submitted, sent back, approved, posted; the last is invited only."""
        cls._add_invoice_contact(contract, cls.mason)
        bill = cls._invite(contract)
        if status == 5:
            return bill
        bill.action_accept()
        bill.line_ids.amount = 100
        if status:
            bill.action_submit()
        if status == 2:
            bill.action_reject("Too much")
        if status > 2:
            bill.action_approve()
        if status == 4:
            bill.invoice_id.action_post()
        return bill

    def test_table(self):
        RoleTable(
            self,
            SubcontractTasks(self),
            prefix='progress_billing.group_subcontract_',
            everybody=('base.group_allow_export',),
        ).check(TABLE)

    def test_every_task_is_in_the_table(self):
        tasks = {name for name in vars(SubcontractTasks) if not name.startswith('_')}
        self.assertEqual(tasks, {row.task for row in TABLE})
        self.assertEqual(len(TABLE), len(tasks), "each once")

    # === CONTACTS === #

    def _post(self, bill, **data):
        """An answer from the page, of whoever is logged in."""
        text = self.url_open(bill._get_portal_path(), timeout=60).text
        csrf, version = re.search(r'csrf_token: "([^"]+)"', text), re.search(r'name="version" value="([^"]+)"', text)
        data = {'csrf_token': csrf and csrf.group(1), 'version': version and version.group(1), **data}
        return self.url_open(f'{bill._get_portal_path()}/answer', data=data, timeout=60)

    def test_contacts_of_any_level(self):
        """An invoice contact accepts, claims and submits on the page, whatever their level; it is not in their name."""
        groups = {level: f'progress_billing.group_subcontract_{level}' for level in LEVELS[1:]}
        for level, group in {'portal': 'base.group_portal', 'none': 'base.group_user', **groups}.items():
            with self.subTest(level=level), self.env.cr.savepoint() as savepoint:
                user = self._make_user(f'contact_{level}', group)
                self.authenticate(user.login, user.login)
                bill = self.invited
                contract = bill.contract_id
                seen = 200 if level in groups else 404
                self.assertEqual(self.url_open(bill._get_portal_path()).status_code, seen)
                if level in groups:
                    self.assertIn("You are logged in as an employee", self._post(bill, answer='accept').text)
                self._add_invoice_contact(contract, user.partner_id)
                self.env.flush_all()
                self.assertIn("enter your claim below", self._post(bill, answer='accept').text)
                self.env.invalidate_all()
                work = {f'work_{bill.line_ids.id}': '50'}
                self.assertIn("your claim is submitted", self._post(bill, answer='submit', **work).text)
                self.env.invalidate_all()
                self.assertRecordValues(
                    bill,
                    [{'state': 'submitted', 'submitted_by_partner_id': user.partner_id.id, 'is_on_behalf': False}],
                )
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    def test_the_spreadsheet_from_the_page(self):
        """The page is no way round: the office downloads claims as administrators, contacts as ever."""
        path = f'{self.submitted._get_portal_path()}/xlsx'
        for user, allowed in ((self.sub_reader, False), (self.standard_user, False), (self.sub_manager, True)):
            with self.subTest(user=user.login):
                self.authenticate(user.login, user.login)
                answer = self.url_open(path, timeout=60)
                self.assertEqual('Content-Disposition' in answer.headers, allowed)
                self.assertEqual("Only administrators of Subcontract Billing export claims" in answer.text, not allowed)
        self.authenticate(None, None)
        answer = self.url_open(f'{path}?access_token={self.contact.sudo().token}', timeout=60)
        self.assertIn('Content-Disposition', answer.headers)

    def test_a_contact_revises_what_others_may_not(self):
        """What was sent back is not a Standard user's, unless they are a contact."""
        line, bill = self.rejected.line_ids, self.rejected.with_user(self.standard_user)
        words = "What was sent back is revised by the subcontractor's contacts"
        self.assertRefused(lambda: line.with_user(self.standard_user).write({'amount': 7}), words, error=AccessError)
        self.assertRefused(bill.action_submit, words, error=AccessError)
        contact = self._add_invoice_contact(bill.contract_id.sudo(), self.standard_user.partner_id, role='reader')
        self.assertRefused(bill.action_submit, words, error=AccessError)
        contact.role = 'invoice'
        line.with_user(self.standard_user).amount = 7
        bill.action_submit()
        self.assertRecordValues(self.rejected, [{'state': 'submitted', 'amount': 7, 'is_on_behalf': False}])

    # === OTHER LIMITS === #

    def test_customers_need_no_subcontract_rights(self):
        """What takes an administrator of subcontracts is free to Standard users of the customer's side, as before."""
        owner = self.make.pro_forma([100], use_pro_forma=True)
        owner.line_ids.pending_amount = 10
        owner.action_run_billing()
        bill = owner.bill_ids.with_user(self.billing_user)
        bill.env.user.group_ids += self.env.ref('base.group_allow_export')
        bill.export_data(['name'])
        bill.action_application_xlsx()
        bill.action_release()
        self.assertEqual(owner.bill_ids.state, 'invoiced')

    def test_who_takes_a_vendor_bill_back(self):
        """Who may delete vendor bills takes one back here as an administrator of subcontracts only."""
        rights = 'account.group_account_invoice,progress_billing.group_subcontract_'
        users = {level: self._make_user(f'undo_{level}', rights + level) for level in ('user', 'manager')}
        if not users['user'].has_group('progress_billing.group_subcontract_manager'):
            undo = self.approved.with_user(users['user']).action_undo
            self.assertRefused(undo, "Only administrators", "take vendor bills of claims back", error=AccessError)
        self.approved.with_user(users['manager']).action_undo()
        self.assertRecordValues(self.approved, [{'invoice_id': False, 'claim_status': 'approved'}])

    def test_claims_of_a_subcontract_with_periods(self):
        """The next billing date follows a claim of whoever may claim."""
        self.contract.period_policy = 'month'
        mine = self.contract.with_user(self.standard_user)
        mine.action_create_bill('lines', {'lines': [{'contract_line_id': self.contract.line_ids[1].id, 'amount': 5}]})
        self.assertTrue(self.contract.next_billing_date)

    def test_customers_side_is_closed(self):
        """Whoever sees what the work costs need not see what the customer pays."""
        with self.assertRaisesRegex(AccessError, "not allowed|access"):
            self.owner.with_user(self.sub_manager).read(['revised_amount'])
        with self.assertRaisesRegex(AccessError, "not allowed|access"):
            self.contract.with_user(self.billing_user).read(['revised_amount'])

    def test_private(self):
        """By record, by list and by address: only who is on the list, and administrators."""
        bill = self.submitted
        contract = bill.contract_id
        contract.is_private = True
        self.env.flush_all()
        status = self.env['progress.subcontract.status']
        for user in (self.sub_reader, self.standard_user):
            with self.assertRaisesRegex(AccessError, "not allowed|access"):
                contract.with_user(user).read(['name'])
            with self.assertRaisesRegex(AccessError, "not allowed|access"):
                bill.with_user(user).read(['name'])
            self.assertFalse(status.with_user(user).search([('contract_id', '=', contract.id)]))
            self.authenticate(user.login, user.login)
            self.assertEqual(self.url_open(bill._get_portal_path()).status_code, 404)
        contract.private_user_ids = self.sub_reader
        self.env.flush_all()
        self.assertTrue(contract.with_user(self.sub_reader).read(['name']))
        self.assertTrue(status.with_user(self.sub_reader).search([('contract_id', '=', contract.id)]))
        self.authenticate(self.sub_reader.login, self.sub_reader.login)
        self.assertEqual(self.url_open(bill._get_portal_path()).status_code, 200)
        self.assertTrue(contract.with_user(self.sub_manager).read(['name']))

    def test_administrators_see_private_contracts_of_their_side_alone(self):
        for model in ('progress.bill', 'progress.bill.line', 'progress.down.payment.use', 'progress.retainage.step'):
            with self.subTest(model=model):
                domain = self.env['ir.rule'].with_user(self.sub_manager)._compute_domain(model, 'read')
                self.assertIn('is_private', str(domain))

    def test_portal_users_call_nothing(self):
        portal = self._make_user('sub_portal', 'base.group_portal')
        bill = self.drafted
        for method in (
            'action_submit',
            'action_accept',
            'action_approve',
            'action_invite',
            'action_remind',
            'action_undo',
        ):
            with self.assertRaisesRegex(AccessError, "not allowed|access"):
                getattr(bill.with_user(portal), method)()
