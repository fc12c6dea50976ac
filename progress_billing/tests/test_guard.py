from odoo import Command, models
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ProgressBillingCommon

#: what our own code alone sets, by model. A new field that follows from others, or that a button decides, is
#: declared with ``guarded=True`` and named here.
PROTECTED = {
    'account.move': 'progress_bill_id progress_contract_id progress_invoice_type progress_revision',
    'account.move.line': 'progress_bill_line_id progress_deposit_bill_id progress_line_type',
    'project.milestone': (
        'billing_approval_note billing_approved_by_id billing_approved_on billing_approved_partner_id'
    ),
    'progress.bill': (
        'actual_amount amount answer_ids approval_ids approved_by_id approved_by_partner_id approved_on bucket '
        'draft_amount standing_planned_amount '
        'cancelled_with certified_sum change_id company_id correction_number credited_amount '
        'credited_holdback_amount credited_retainage_amount credited_sourced_amount currency_id '
        'dispute_reason disputed_by_partner_id disputed_on freed_payment_line_ids generated_on '
        'holdback_amount invoice_id invoiced_amount is_credited is_disputed issued_checksums name notice_ids '
        'down_payment_amount down_payment_applied down_payment_held down_payment_left down_payment_limits '
        'opening_deposit_amount payment_ids project_id restricted_to reject_reason retainage_amount '
        'retainage_step_percent '
        'review_round review_state revision run_date run_error run_state schedule_snapshot shared_on '
        'signature signature_requested_on signed_by signed_by_partner_id signed_file_id signed_fingerprint '
        'signed_on sourced_amount state sum_certified user_id'
    ),
    'progress.bill.line': (
        'actual_amount down_payment_line_id down_payment_use_id draft_amount '
        'account_id analytic_distribution bucket claimed_percent company_id contract_id credited_amount '
        'credited_quantity credited_retainage_amount edit_count invoiced_amount invoiced_quantity is_retainage_typed '
        'name pending_entry pending_quantity_taken pending_taken previous_stored_amount product_id retainage_formula '
        'retainage_tax_amounts review_note review_state source tax_amounts tax_ids'
    ),
    'progress.billing.period': 'bill_ids company_id state',
    'progress.approval.step': 'company_id',
    'progress.contact': 'company_id last_seen_on token',
    'progress.contract': (
        'actual_amount answer_ids base_state billed_amount billed_percent billing_version change_amount '
        'completed_percent deposit_balance down_payment_balance '
        'draft_amount expected_tax_percent final_bill_id final_invoice_id is_overbilled last_billing_date name '
        'original_amount pending_amount retainage_balance revised_amount run_date run_error run_state state '
        'wip_available'
    ),
    'progress.contract.change': (
        'amount approved_by_id approved_by_partner_id approved_on company_id currency_id name state'
    ),
    'progress.contract.change.line': 'company_id contract_id currency_id is_new_line state',
    'progress.contract.line': (
        'actual_amount actual_quantity bill_separately change_amount change_quantity company_id contract_state '
        'currency_id draft_amount draft_quantity edit_count progress_entry project_id revised_amount revised_quantity '
        'taxed_amount'
    ),
    'progress.down.payment.use': 'bill_id bucket company_id down_payment_id live_amount',
    'progress.retainage.step': 'company_id',
}


@tagged('post_install', '-at_install')
class TestGuard(ProgressBillingCommon):
    """Which fields callers may not set is said field by field, and the same to everybody."""

    def _get_guarded_models(self):
        return [
            self.env[name]
            for name in self.env.registry
            if hasattr(self.env[name], '_get_guarded_fields') and not self.env[name]._abstract
        ]

    def _is_ours(self, field, addon='progress_billing'):
        return field._modules and field._modules[0] == addon

    def test_protected_fields(self):
        """The list, so that a field that is protected, or is not any more, is noticed."""
        found = {}
        for model in self._get_guarded_models():
            names = {name for name in model._get_guarded_fields() if self._is_ours(model._fields[name])}
            if names and not model._transient:
                found[model._name] = names
        self.assertEqual(found, {name: set(names.split()) for name, names in PROTECTED.items()})

    def test_derived_fields_are_protected(self):
        """What is computed and stored, and not entered, is no caller's; nor is what is just readonly."""
        open_fields = [
            f'{model._name}.{name}'
            for model in self._get_guarded_models()
            for name, field in model._fields.items()
            if field.store
            and field.readonly
            and not model._transient
            and name not in models.MAGIC_COLUMNS
            and any(module.startswith('progress_billing') for module in field._modules)
            and name not in model._get_guarded_fields()
        ]
        self.assertFalse(open_fields, "Declare these with guarded=True, or let people write them.")

    def test_marked_channel(self):
        """Own values pass while they are set, for their model alone, and nothing stays open behind them."""
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%')
        bill._write_protected({'reject_reason': "No"})
        self.assertEqual(bill.reject_reason, "No")
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            bill.write({'reject_reason': "Yes"})
        with self.assertRaises(ZeroDivisionError), bill._setting_own([{'reject_reason': "x"}]):
            raise ZeroDivisionError
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            bill.write({'reject_reason': "Yes"})
        with bill._setting_own([{'reject_reason': "x"}]):
            with self.assertRaisesRegex(AccessError, "cannot be set"):
                bill.write({'review_state': 'approved'})
            with self.assertRaisesRegex(AccessError, "cannot be set"):
                contract.write({'name': "PC/0"})
            bill.reject_reason = "Perhaps"
        self.assertEqual(bill.reject_reason, "Perhaps")

    def test_own_lines(self):
        """Values of lines made along with a record are noted with it; a caller's context adds none."""
        contract = self.make.contract([1000])
        line = {'contract_line_id': contract.line_ids.id, 'amount': 100, 'pending_taken': 5}
        vals = {'contract_id': contract.id, 'review_state': 'draft', 'line_ids': [Command.create(line)]}
        bills = self.env['progress.bill'].with_context(default_title="Hack", default_revision=7)
        bill = bills._create_protected([vals])
        self.assertRecordValues(bill, [{'review_state': 'draft', 'title': False, 'revision': 0}])
        self.assertEqual((bill.line_ids.pending_taken, bill.env.context), (5, bills.env.context))
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            self.env['progress.bill'].create([vals])

    def test_writes_pass_every_extension(self):
        """Own values are written by ``write``: what addons add to that takes part."""
        contract = self.make.contract([1000])
        seen = []
        write = type(contract).write
        self.patch(type(contract), 'write', lambda records, vals: seen.append(set(vals)) or write(records, vals))
        contract._write_protected({'last_billing_date': '2026-01-31'})
        self.assertEqual(seen, [{'last_billing_date'}])
