import re

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from odoo.addons.progress_billing.tests.role_table import LEVELS, RoleTable, Row, call, finds, page

from .claim_common import ClaimCommon

#: what each level does on subcontracts: rows are tasks, with the lowest level that does them
TABLE = (
    # reading, searching, lists, previews
    Row('read_subcontract', 'readonly'),
    Row('read_schedule', 'readonly'),
    Row('read_claim', 'readonly'),
    Row('search_and_group_claims', 'readonly'),
    Row('read_proposed_schedule', 'readonly'),
    Row('see_the_period', 'readonly'),
    Row('see_payments', 'readonly'),
    Row('see_payment_schedule', 'readonly'),
    Row('see_the_margin', 'readonly'),
    Row('preview_page', 'readonly'),
    Row('preview_statement', 'readonly'),
    Row('preview_document', 'readonly'),
    Row('preview_action', 'readonly'),
    # in the subcontractor's name
    Row('accept', 'user'),
    Row('decline', 'user'),
    Row('enter_claim', 'user'),
    Row('enter_invoice_number', 'user'),
    Row('submit', 'user'),
    Row('claim_by_dialog', 'user'),
    Row('release_retainage', 'user'),
    Row('release_all_retainage', 'user'),
    Row('advance_as_a_claim', 'user'),
    Row('forward', 'user'),
    Row('send', 'user'),
    Row('close_period', 'user'),
    # contacts, invitations, review
    Row('add_contact', 'manager'),
    Row('revoke_contact', 'manager'),
    Row('read_link', 'manager'),
    Row('invite', 'manager'),
    Row('invite_a_claim', 'manager'),
    Row('invite_the_project', 'manager'),
    Row('invite_by_dialog', 'manager'),
    Row('remind', 'manager'),
    Row('open_review', 'manager'),
    Row('approve_line', 'manager'),
    Row('reject_line', 'manager'),
    Row('certify', 'manager'),
    Row('approve', 'manager'),
    Row('send_back', 'manager'),
    Row('revise', 'manager'),
    Row('revise_by_adding', 'manager'),
    Row('revise_by_deleting', 'manager'),
    Row('revise_the_header', 'manager'),
    Row('resubmit', 'manager'),
    Row('request_signature', 'manager'),
    # vendor bills
    Row('bill_without_review', 'manager'),
    Row('bill_at_once', 'manager'),
    Row('run_at_once', 'manager'),
    Row('advance_at_once', 'manager'),
    Row('final_bill', 'manager'),
    Row('correct', 'manager'),
    Row('delete_claim', 'manager'),
    Row('cancel_claim', 'manager'),
    # exports
    Row('export_claims', 'manager'),
    Row('export_lines_of_claims', 'manager'),
    Row('export_the_period', 'manager'),
    Row('export_with_the_contract', 'manager'),
    Row('export_payments', 'manager'),
    Row('export_expected_payments', 'manager'),
    Row('ask_for_the_spreadsheet', 'manager'),
    Row('download_spreadsheet', 'manager'),
    # terms, schedules, settings
    Row('create_subcontract', 'manager'),
    Row('cancel_subcontract', 'manager'),
    Row('edit_schedule', 'manager'),
    Row('add_line', 'manager'),
    Row('delete_line', 'manager'),
    Row('add_change_order', 'manager'),
    Row('edit_change_order', 'manager'),
    Row('add_change_line', 'manager'),
    Row('approve_change_order', 'manager'),
    Row('cancel_change_order', 'manager'),
    Row('delete_change_order', 'manager'),
    Row('switch_vendor_schedule', 'manager'),
    Row('propose_schedule', 'manager'),
    Row('submit_schedule', 'manager'),
    Row('accept_schedule', 'manager'),
    Row('reject_schedule', 'manager'),
    Row('switch_payments_tab', 'manager'),
    Row('open_rates', 'manager'),
    Row('make_private', 'manager'),
    Row('set_retainage', 'manager'),
    Row('add_retainage_step', 'manager'),
    Row('set_retainage_of_a_claim', 'manager'),
    Row('add_approval_step', 'manager'),
    Row('make_period', 'manager'),
    Row('edit_period', 'manager'),
    Row('reopen_period', 'manager'),
    # takes the right to delete vendor bills beside
    Row('undo', None),
    # another side, or nobody
    Row('bill_the_owner', None),
    Row('read_the_owners_contract', None),
    Row('read_token', None),
    Row('write_status', None),
    Row('write_answer', None),
    Row('submit_as_somebody', None),
)


class SubcontractTasks:
    """How each task is done, on claims that wait in each status."""

    def __init__(self, case):
        self.case, self.env = case, case.env
        self.contract, self.contact, self.period = case.contract, case.contact, case.period

    # --- reading ---

    def read_subcontract(self):
        return call('progress.contract', 'read', self.contract.ids, ['name', 'revised_amount', 'has_payments_tab'])

    def read_schedule(self):
        return call('progress.contract.line', 'read', self.contract.line_ids.ids, ['original_amount'])

    def read_claim(self):
        return call('progress.bill', 'read', self.case.submitted.ids, ['name', 'claim_status', 'line_ids'])

    def search_and_group_claims(self):
        return call('progress.bill', 'formatted_read_group', None, [], ['claim_status'], ['claimed_amount:sum'])

    def read_proposed_schedule(self):
        return call('progress.vendor.schedule.line', 'search_read', None, [], ['name', 'amount'])

    def see_the_period(self):
        return finds('progress.subcontract.status', [('period_id', '=', self.period.id)])

    def see_payments(self):
        return call('progress.bill.payment', 'search_read', None, [], ['amount'])

    def see_payment_schedule(self):
        return finds('progress.payment.schedule', [('contract_id', '=', self.case.paid_contract.id)])

    def see_the_margin(self):
        return call('progress.billing.period', 'action_view_margin', self.period.ids)

    def preview_page(self):
        return page(self.case.submitted._get_portal_path())

    def preview_statement(self):
        return page(self.contract._get_portal_path())

    def preview_document(self):
        return page(f'/report/html/progress_billing.report_progress_bill/{self.case.submitted.id}')

    def preview_action(self):
        return call('progress.bill', 'read', self.case.drafted.ids, ['amount_due', 'invoiced_amount'])

    # --- in their name ---

    def accept(self):
        return call('progress.bill', 'action_accept', self.case.invited.ids)

    def decline(self):
        return call('progress.bill', 'action_decline', self.case.invited.ids, "Nothing done")

    def enter_claim(self):
        return call('progress.bill.line', 'write', self.case.drafted.line_ids[0].ids, {'amount': 150})

    def enter_invoice_number(self):
        return call('progress.bill', 'write', self.case.drafted.ids, {'vendor_reference': 'R-1'})

    def submit(self):
        return call('progress.bill', 'action_submit', self.case.drafted.ids)

    def claim_by_dialog(self):
        lines = [{'contract_line_id': self.contract.line_ids[1].id, 'amount': 5}]
        return call('progress.contract', 'action_create_bill', self.contract.ids, 'lines', {'lines': lines})

    def release_retainage(self):
        return call('progress.contract', 'action_release_retainage', self.case.paid_contract.ids, 10)

    def release_all_retainage(self):
        return call('progress.contract', 'action_release_all_retainage', self.case.paid_contract.ids)

    def advance_as_a_claim(self):
        return call('progress.contract', 'action_create_down_payment', self.contract.ids, 100)

    def forward(self):
        return call('progress.bill', 'action_forward', self.case.submitted.ids, 'a@example.com')

    def send(self):
        return call('progress.bill', 'action_send', self.case.submitted.ids)

    def close_period(self):
        vals = {'project_id': self.case.project.id, 'date_start': '2026-01-01', 'date_end': '2026-01-31'}
        return call('progress.billing.period', 'action_close', self.period.create(vals).ids)

    # --- contacts, invitations, review ---

    def add_contact(self):
        vals = {'contract_id': self.contract.id, 'partner_id': self.case.vendor.id}
        return call('progress.contact', 'create', None, vals)

    def revoke_contact(self):
        return call('progress.contact', 'action_revoke', self.contact.ids)

    def read_link(self):
        return call('progress.contact', 'get_portal_url', self.contact.ids)

    def invite(self):
        return call('progress.contract', 'action_invite', self.case.fresh.ids)

    def invite_a_claim(self):
        return call('progress.bill', 'action_invite', self.case.invited.ids)

    def invite_the_project(self):
        return call('project.project', 'action_invite_subcontracts', self.case.project.ids)

    def invite_by_dialog(self):
        return call('progress.invite.wizard', 'create', None, {'contract_ids': [(6, 0, self.case.fresh.ids)]})

    def remind(self):
        return call('progress.bill', 'action_remind', self.case.invited.ids)

    def open_review(self):
        return call('progress.bill', 'action_review', self.case.submitted.ids)

    def approve_line(self):
        return call('progress.bill.line', 'action_approve', self.case.submitted.line_ids.ids)

    def reject_line(self):
        return call('progress.bill.line', 'action_reject', self.case.submitted.line_ids.ids, "No")

    def certify(self):
        return call('progress.bill.line', 'write', self.case.submitted.line_ids.ids, {'certified_amount': 1})

    def approve(self):
        return call('progress.bill', 'action_approve', self.case.submitted.ids)

    def send_back(self):
        return call('progress.bill', 'action_reject', self.case.submitted.ids, "No")

    def revise(self):
        return call('progress.bill.line', 'write', self.case.rejected.line_ids[0].ids, {'amount': 150})

    def revise_by_adding(self):
        line = self.case.rejected.line_ids
        vals = {'bill_id': line.bill_id.id, 'contract_line_id': line.contract_line_id.id, 'amount': 50}
        line.unlink()
        return call('progress.bill.line', 'create', None, vals)

    def revise_by_deleting(self):
        return call('progress.bill.line', 'unlink', self.case.rejected.line_ids.ids)

    def revise_the_header(self):
        return call('progress.bill', 'write', self.case.rejected.ids, {'vendor_reference': "Changed"})

    def resubmit(self):
        return call('progress.bill', 'action_submit', self.case.rejected.ids)

    def request_signature(self):
        self.contact.role = 'approver'
        return call('progress.bill', 'action_request_signature', self.case.submitted.ids)

    # --- vendor bills ---

    def bill_without_review(self):
        return call('progress.bill', 'action_release', self.case.drafted.ids)

    def bill_at_once(self):
        self.case.fresh.use_pro_forma = False
        lines = [{'contract_line_id': self.case.fresh.line_ids.id, 'amount': 5}]
        return call('progress.contract', 'action_create_bill', self.case.fresh.ids, 'lines', {'lines': lines})

    def run_at_once(self):
        self.case.fresh.use_pro_forma = False
        self.case.fresh.line_ids.completed_percent = 10
        return call('progress.contract', 'action_run_billing', self.case.fresh.ids)

    def advance_at_once(self):
        self.case.fresh.use_pro_forma = False
        return call('progress.contract', 'action_create_down_payment', self.case.fresh.ids, 100)

    def final_bill(self):
        return call('progress.contract', 'action_create_final_invoice', self.case.fresh.ids)

    def correct(self):
        return call('progress.bill', 'action_correct', self.case.posted.ids)

    def undo(self):
        return call('progress.bill', 'action_undo', self.case.approved.ids)

    def delete_claim(self):
        return call('progress.bill', 'unlink', self.case.drafted.ids)

    def cancel_claim(self):
        return call('progress.bill', 'action_cancel', self.case.submitted.ids)

    # --- exports ---

    def export_claims(self):
        return call('progress.bill', 'export_data', self.case.submitted.ids, ['name', 'claimed_amount'])

    def export_lines_of_claims(self):
        return call('progress.bill.line', 'export_data', self.case.submitted.line_ids.ids, ['display_name', 'amount'])

    def export_the_period(self):
        rows = self.env['progress.subcontract.status'].search([('bill_id', 'in', self.case.submitted.ids)])
        return call('progress.subcontract.status', 'export_data', rows.ids, ['contract_id', 'claim_status'])

    def export_with_the_contract(self):
        contracts = self.case.submitted.contract_id
        return call('progress.contract', 'export_data', contracts.ids, ['name', 'bill_ids/name', 'bill_ids/amount'])

    def export_payments(self):
        self.case.billing.pay(self.case.posted.invoice_id, 1)
        rows = self.env['progress.bill.payment'].search([('bill_id', '=', self.case.posted.id)])
        return call('progress.bill.payment', 'export_data', rows.ids, ['bill_id', 'amount'])

    def export_expected_payments(self):
        rows = self.env['progress.payment.schedule'].search([('bill_id', '=', self.case.posted.id)])
        return call('progress.payment.schedule', 'export_data', rows.ids, ['bill_id', 'amount'])

    def ask_for_the_spreadsheet(self):
        return call('progress.bill', 'action_application_xlsx', self.case.submitted.ids)

    def download_spreadsheet(self):
        return page(f'/progress_billing/application/{self.case.submitted.id}')

    # --- terms, schedules, settings ---

    def create_subcontract(self):
        vals = {
            'contract_type': 'subcontract',
            'partner_id': self.case.vendor.id,
            'company_id': self.case.company.id,
            'line_ids': [(0, 0, {'name': "W", 'original_amount': 5})],
        }
        return call('progress.contract', 'create', None, vals)

    def cancel_subcontract(self):
        return call('progress.contract', 'action_cancel', self.case.fresh.ids)

    def edit_schedule(self):
        return call('progress.contract.line', 'write', self.contract.line_ids[0].ids, {'name': "Other"})

    def add_line(self):
        vals = {'contract_id': self.contract.id, 'name': "More", 'original_amount': 1}
        return call('progress.contract.line', 'create', None, vals)

    def delete_line(self):
        return call('progress.contract.line', 'unlink', self.case.fresh.line_ids.ids)

    def _change(self, approve=False):
        vals = {'contract_line_id': self.case.fresh.line_ids.id, 'amount': 5}
        return self.case.make.change(self.case.fresh, vals, approve=approve)

    def add_change_order(self):
        return call('progress.contract.change', 'create', None, {'contract_id': self.contract.id})

    def edit_change_order(self):
        return call('progress.contract.change', 'write', self._change().ids, {'description': "Other"})

    def add_change_line(self):
        vals = {'change_id': self._change().id, 'name': "Chimney", 'amount': 5}
        return call('progress.contract.change.line', 'create', None, vals)

    def approve_change_order(self):
        return call('progress.contract.change', 'action_approve', self._change().ids)

    def cancel_change_order(self):
        return call('progress.contract.change', 'action_cancel', self._change(approve=True).ids)

    def delete_change_order(self):
        return call('progress.contract.change', 'unlink', self._change().ids)

    def switch_vendor_schedule(self):
        return call('progress.contract', 'write', self.case.fresh.ids, {'is_vendor_schedule': True})

    def _propose(self, submit=True):
        fresh = self.case.fresh
        fresh.is_vendor_schedule = True
        vals = {'contract_id': fresh.id, 'contract_line_id': fresh.line_ids.id, 'name': "All", 'amount': 500}
        if not submit:
            return vals
        self.env['progress.vendor.schedule.line'].create(vals)
        fresh.action_submit_schedule()
        return fresh

    def propose_schedule(self):
        return call('progress.vendor.schedule.line', 'create', None, self._propose(submit=False))

    def submit_schedule(self):
        self.env['progress.vendor.schedule.line'].create(self._propose(submit=False))
        return call('progress.contract', 'action_submit_schedule', self.case.fresh.ids)

    def accept_schedule(self):
        return call('progress.contract', 'action_accept_schedule', self._propose().ids)

    def reject_schedule(self):
        return call('progress.contract', 'action_reject_schedule', self._propose().ids, "More detail")

    def switch_payments_tab(self):
        return call('progress.contract', 'write', self.contract.ids, {'has_payments_tab': False})

    def open_rates(self):
        return call('progress.contract', 'write', self.contract.ids, {'is_retainage_open': True})

    def make_private(self):
        return call('progress.contract', 'write', self.contract.ids, {'is_private': True})

    def set_retainage(self):
        return call('progress.contract', 'action_set_retainage', self.contract.ids, 5)

    def add_retainage_step(self):
        vals = {'contract_id': self.contract.id, 'completed_percent': 50, 'retainage_percent': 5}
        return call('progress.retainage.step', 'create', None, vals)

    def set_retainage_of_a_claim(self):
        return call('progress.bill.line', 'write', self.case.drafted.line_ids[0].ids, {'retainage_percent': 1})

    def add_approval_step(self):
        vals = {'contract_id': self.contract.id, 'name': "Head", 'user_id': self.env.user.id}
        return call('progress.approval.step', 'create', None, vals)

    def make_period(self):
        vals = {'project_id': self.case.project.id, 'date_start': '2026-05-01', 'date_end': '2026-05-31'}
        return call('progress.billing.period', 'create', None, vals)

    def edit_period(self):
        return call('progress.billing.period', 'write', self.period.ids, {'date_due': '2026-04-20'})

    def reopen_period(self):
        vals = {'project_id': self.case.project.id, 'date_start': '2026-01-01', 'date_end': '2026-01-31'}
        period = self.period.create(vals)
        period.action_close()
        return call('progress.billing.period', 'action_reopen', period.ids)

    # --- another side, or nobody ---

    def bill_the_owner(self):
        return call('project.project', 'action_bill_owner_from_claims', self.case.project.ids)

    def read_the_owners_contract(self):
        return call('progress.contract', 'read', self.case.owner.ids, ['revised_amount'])

    def read_token(self):
        return call('progress.contact', 'read', self.contact.ids, ['token'])

    def write_status(self):
        return call('progress.bill', 'write', self.case.submitted.ids, {'claim_status': 'approved'})

    def write_answer(self):
        vals = {'contract_id': self.contract.id, 'partner_id': self.case.mason.id, 'kind': 'submit'}
        return call('progress.answer', 'create', None, vals)

    def submit_as_somebody(self):
        return call('progress.bill', '_submit', self.case.drafted.ids, False)


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
