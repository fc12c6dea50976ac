"""What is done on subcontracts, and the lowest level of rights that does it; ``test_roles`` tries every cell."""

from odoo.addons.progress_billing.tests.role_table import Row, call, finds, page

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
    Row('plan_again', 'manager'),
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
    Row('enter_opening_amounts', 'manager'),
    Row('add_opening_amount', 'manager'),
    Row('change_opening_amount', 'manager'),
    Row('delete_opening_amount', 'manager'),
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

    def plan_again(self):
        self.case.invited.action_cancel()
        return call('progress.bill', 'action_plan_again', self.case.invited.ids)

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

    def _open_with(self, *amounts):
        """Values of opening amounts of a subcontract that nothing was billed of."""
        scheduled = self.case.fresh.line_ids.id
        lines = [(0, 0, {'contract_line_id': scheduled, 'amount': amount}) for amount in amounts]
        return {'contract_id': self.case.fresh.id, 'kind': 'opening', 'date': '2026-01-31', 'line_ids': lines}

    def enter_opening_amounts(self):
        return call('progress.bill', 'create', None, self._open_with(50))

    def add_opening_amount(self):
        bill = self.env['progress.bill'].create(self._open_with())
        vals = {'bill_id': bill.id, 'contract_line_id': self.case.fresh.line_ids.id, 'amount': 50}
        return call('progress.bill.line', 'create', None, vals)

    def change_opening_amount(self):
        bill = self.env['progress.bill'].create(self._open_with(50))
        return call('progress.bill', 'write', bill.ids, {'line_ids': [(1, bill.line_ids.id, {'amount': 60})]})

    def delete_opening_amount(self):
        bill = self.env['progress.bill'].create(self._open_with(50))
        return call('progress.bill.line', 'unlink', bill.line_ids.ids)

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
