from odoo.tests import tagged

from .portal_common import PortalCommon
from .role_table import RoleTable, Row, call, finds, page

#: what each level does on customers' contracts: rows are tasks, with the lowest level that does them
TABLE = (
    # reading, searching, grouping, lists, previews
    Row('read_contract', 'readonly'),
    Row('read_schedule', 'readonly'),
    Row('read_bill', 'readonly'),
    Row('search_and_group_bills', 'readonly'),
    Row('read_payments', 'readonly'),
    Row('see_payment_schedule', 'readonly'),
    Row('see_deposits', 'readonly'),
    Row('see_wip', 'readonly'),
    Row('export_bills', 'readonly'),
    Row('preview_page', 'readonly'),
    Row('preview_statement', 'readonly'),
    Row('preview_document', 'readonly'),
    Row('download_spreadsheet', 'readonly'),
    # keeping contracts and schedules, billing
    Row('create_contract', 'user'),
    Row('start_billing', 'user'),
    Row('set_terms_of_a_draft', 'user'),
    Row('edit_schedule', 'user'),
    Row('enter_progress', 'user'),
    Row('plan_bill', 'user'),
    Row('create_planned_bill', 'user'),
    Row('run_billing', 'user'),
    Row('create_bill', 'user'),
    Row('down_payment', 'user'),
    Row('edit_claim', 'user'),
    Row('submit', 'user'),
    Row('release', 'user'),
    Row('delete_bill', 'user'),
    Row('correct', 'user'),
    Row('change_order', 'user'),
    Row('final_invoice', 'user'),
    Row('forward', 'user'),
    Row('note_dispute', 'user'),
    Row('copy_contract', 'user'),
    Row('close_period', 'user'),
    # what names the customer's invoice: e-mail, payment, printed form, retainage of all lines, signature
    Row('send', 'manager'),
    Row('send_many', 'manager'),
    Row('invite_to_bill', 'manager'),
    Row('invite_to_contract', 'manager'),
    Row('register_payment', 'manager'),
    Row('edit_printed_form', 'manager'),
    Row('create_with_printed_form', 'manager'),
    Row('set_retainage', 'manager'),
    Row('set_retainage_by_write', 'manager'),
    Row('add_retainage_step', 'manager'),
    Row('release_retainage', 'manager'),
    Row('release_retainage_by_dialog', 'manager'),
    Row('request_signature', 'manager'),
    # what is decided on the customer's behalf, and what is set up
    Row('approve', 'manager'),
    Row('reject', 'manager'),
    Row('certify_line', 'manager'),
    Row('certify_sum', 'manager'),
    Row('add_contact', 'manager'),
    Row('revoke_contact', 'manager'),
    Row('read_link', 'manager'),
    Row('add_approval_step', 'manager'),
    Row('make_period', 'manager'),
    Row('edit_period', 'manager'),
    Row('make_periods_by_dialog', 'manager'),
    Row('reopen_period', 'manager'),
    Row('make_billing_rule', 'manager'),
    Row('make_plan_template', 'manager'),
    Row('see_automation', 'manager'),
    # nobody
    Row('read_token', None),
    Row('write_state', None),
    Row('write_answer', None),
    Row('call_as_the_system', None),
)


class CustomerTasks:
    """How each task is done: prepared as superuser, done by whoever is asked to."""

    def __init__(self, case):
        self.case, self.env = case, case.env
        self.contract, self.bill = case.contract, case.bill

    # --- reading ---

    def read_contract(self):
        return call('progress.contract', 'read', self.contract.ids, ['name', 'revised_amount'])

    def read_schedule(self):
        return call('progress.contract.line', 'read', self.contract.line_ids.ids, ['original_amount'])

    def read_bill(self):
        return call('progress.bill', 'read', self.bill.ids, ['name', 'amount', 'line_ids'])

    def search_and_group_bills(self):
        return call('progress.bill', 'formatted_read_group', None, [], ['state'], ['amount:sum'])

    def read_payments(self):
        return call('progress.bill.payment', 'search_read', None, [], ['amount'])

    def see_payment_schedule(self):
        return finds('progress.payment.schedule', [('contract_id', '=', self.contract.id)])

    def see_deposits(self):
        return call('progress.deposit.wizard', 'create', None, {'company_id': self.case.company.id})

    def see_wip(self):
        return call('progress.wip.wizard', 'create', None, {'company_id': self.case.company.id})

    def export_bills(self):
        return call('progress.bill', 'export_data', self.bill.ids, ['name', 'amount'])

    def preview_page(self):
        self.bill.action_submit()
        return page(self.bill._get_portal_path())

    def preview_statement(self):
        return page(self.contract._get_portal_path())

    def preview_document(self):
        return page(f'/report/html/progress_billing.report_progress_bill/{self.bill.id}')

    def download_spreadsheet(self):
        return page(f'/progress_billing/application/{self.bill.id}')

    # --- billing ---

    def _contract_vals(self, **vals):
        line = {'name': "Work", 'original_amount': 1000, 'account_id': self.case.income_account.id}
        return {
            'partner_id': self.case.customer.id,
            'company_id': self.case.company.id,
            'line_ids': [(0, 0, line)],  # as programs write it
            **vals,
        }

    def _draft(self):
        return self.case.make.contract([1000], do_open=False, project=self.env['project.project'])

    def create_contract(self):
        return call('progress.contract', 'create', None, self._contract_vals(retainage_percent=5))

    def start_billing(self):
        return call('progress.contract', 'action_open', self._draft().ids)

    def set_terms_of_a_draft(self):
        return call('progress.contract', 'action_set_retainage', self._draft().ids, 5)

    def edit_schedule(self):
        return call('progress.contract.line', 'write', self.contract.line_ids[0].ids, {'name': "Other"})

    def enter_progress(self):
        return call('progress.contract.line', 'write', self.contract.line_ids[0].ids, {'completed_percent': 50})

    def plan_bill(self):
        return call('progress.bill', 'create', None, {'contract_id': self.contract.id, 'amt_pct': '10%'})

    def create_planned_bill(self):
        return call('progress.bill', 'action_create', self.case.make.plan(self.contract, '10%').ids)

    def run_billing(self):
        self.contract.line_ids.completed_percent = 60
        return call('progress.contract', 'action_run_billing', self.contract.ids)

    def create_bill(self):
        return call('progress.contract', 'action_create_bill', self.contract.ids, 'remaining')

    def down_payment(self):
        return call('progress.contract', 'action_create_down_payment', self.contract.ids, 100)

    def edit_claim(self):
        return call('progress.bill.line', 'write', self.bill.line_ids[0].ids, {'amount': 100})

    def submit(self):
        return call('progress.bill', 'action_submit', self.bill.ids)

    def release(self):
        return call('progress.bill', 'action_release', self.bill.ids)

    def delete_bill(self):
        return call('progress.bill', 'unlink', self.bill.ids)

    def correct(self):
        self.case.billing.to_ledger(self.bill)
        return call('progress.bill', 'action_correct', self.bill.ids)

    def change_order(self):
        change = self.case.make.change(self.contract, {'name': "More", 'amount': 100}, approve=False)
        return call('progress.contract.change', 'action_approve', change.ids)

    def final_invoice(self):
        self.case.billing.to_ledger(self.bill)
        return call('progress.contract', 'action_create_final_invoice', self.contract.ids)

    def forward(self):
        return call('progress.bill', 'action_forward', self.bill.ids, 'a@example.com')

    def note_dispute(self):
        self.bill.action_submit()
        return call('progress.bill', 'action_dispute', self.bill.ids, "By telephone")

    def copy_contract(self):
        self.contract.application_terms = "Ours"
        return call('progress.contract', 'copy', self.contract.ids)

    def _period(self):
        vals = {'project_id': self.case.project.id, 'date_start': '2026-05-01', 'date_end': '2026-05-31'}
        return self.env['progress.billing.period'].create(vals)

    def close_period(self):
        return call('progress.billing.period', 'action_close', self._period().ids)

    # --- the customer's invoice ---

    def send(self):
        return call('progress.bill', 'action_send', self.bill.ids)

    def send_many(self):
        self.contract.contact_ids.active = False  # by Odoo's composer
        return call('progress.bill', 'action_send', self.contract.bill_ids.ids)

    def invite_to_bill(self):
        return call('progress.bill', 'action_invite', self.bill.ids)

    def invite_to_contract(self):
        return call('progress.contract', 'action_invite', self.contract.ids)

    def register_payment(self):
        self.case.billing.to_ledger(self.bill)
        return call('progress.bill', 'action_register_payment', self.bill.ids)

    def edit_printed_form(self):
        return call('progress.contract', 'write', self.contract.ids, {'application_terms': "Ours"})

    def create_with_printed_form(self):
        return call('progress.contract', 'create', None, self._contract_vals(application_paper='a4'))

    def set_retainage(self):
        return call('progress.contract', 'action_set_retainage', self.contract.ids, 5, all_lines=True)

    def set_retainage_by_write(self):
        return call('progress.contract', 'write', self.contract.ids, {'retainage_cap_percent': 3})

    def add_retainage_step(self):
        vals = {'contract_id': self.contract.id, 'completed_percent': 50, 'retainage_percent': 5}
        return call('progress.retainage.step', 'create', None, vals)

    def release_retainage(self):
        self.case.billing.to_ledger(self.bill)
        return call('progress.contract', 'action_release_retainage', self.contract.ids, 10)

    def release_retainage_by_dialog(self):
        self.case.billing.to_ledger(self.bill)

        def deed(case, user):
            vals = {'contract_id': self.contract.id, 'mode': 'lines'}
            wizard = case.env['progress.release.wizard'].with_user(user).sudo().create(vals)
            wizard.line_ids[0].amount = 10
            return call('progress.release.wizard', 'action_confirm', wizard.ids)(case, user)

        return deed

    def request_signature(self):
        return call('progress.bill', 'action_request_signature', self.bill.ids)

    # --- decisions, set-up ---

    def _submitted(self):
        self.bill.action_submit()
        return self.bill

    def approve(self):
        return call('progress.bill', 'action_approve', self._submitted().ids)

    def reject(self):
        return call('progress.bill', 'action_reject', self._submitted().ids, "Too much")

    def certify_line(self):
        return call('progress.bill.line', 'write', self._submitted().line_ids[0].ids, {'certified_amount': 1})

    def certify_sum(self):
        return call('progress.bill', 'write', self._submitted().ids, {'certified_amount': 1})

    def add_contact(self):
        vals = {'contract_id': self.contract.id, 'partner_id': self.case.architect.id}
        return call('progress.contact', 'create', None, vals)

    def revoke_contact(self):
        return call('progress.contact', 'action_revoke', self.case.contact.ids)

    def read_link(self):
        return call('progress.contact', 'get_portal_url', self.case.contact.ids)

    def add_approval_step(self):
        vals = {'contract_id': self.contract.id, 'name': "Boss", 'user_id': self.case.manager.id}
        return call('progress.approval.step', 'create', None, vals)

    def make_period(self):
        vals = {'project_id': self.case.project.id, 'date_start': '2026-05-01', 'date_end': '2026-05-31'}
        return call('progress.billing.period', 'create', None, vals)

    def edit_period(self):
        return call('progress.billing.period', 'write', self._period().ids, {'date_due': '2026-06-10'})

    def make_periods_by_dialog(self):
        return call('progress.period.wizard', 'create', None, {'project_id': self.case.project.id, 'count': 2})

    def reopen_period(self):
        period = self._period()
        period.action_close()
        return call('progress.billing.period', 'action_reopen', period.ids)

    def make_billing_rule(self):
        return call('progress.billing.rule', 'create', None, {'name': "By task"})

    def make_plan_template(self):
        return call('progress.plan.template', 'create', None, {'name': "Thirds"})

    def see_automation(self):
        return call('progress.automation', 'create', None, {})

    # --- nobody ---

    def read_token(self):
        return call('progress.contact', 'read', self.case.contact.ids, ['token'])

    def write_state(self):
        return call('progress.bill', 'write', self.bill.ids, {'state': 'approved'})

    def write_answer(self):
        vals = {'contract_id': self.contract.id, 'partner_id': self.case.anna.id, 'kind': 'approve'}
        return call('progress.answer', 'create', None, vals)

    def call_as_the_system(self):
        return call('progress.bill', '_approve', self.bill.ids, False)


@tagged('post_install', '-at_install')
class TestCustomerRoles(PortalCommon):
    """The table of roles of the customer's side, cell by cell, over the wire."""

    def test_table(self):
        # whoever has rights on bills here has those of invoicing too: a refusal is then this addon's own
        tasks, everybody = CustomerTasks(self), ('base.group_allow_export',)
        RoleTable(self, tasks, everybody=everybody, extra=('account.group_account_invoice',)).check(TABLE)

    def test_every_task_is_in_the_table(self):
        tasks = {name for name in vars(CustomerTasks) if not name.startswith('_')}
        self.assertEqual(tasks, {row.task for row in TABLE})
        self.assertEqual(len(TABLE), len(tasks), "each once")
