from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestSuperuser(ProgressBillingCommon):
    """Server actions, scheduled actions and portal pages act with all rights: they skip access, not meaning."""

    def test_quantity_is_priced(self):
        """100 x 50 at 50 %: 40 units are 2,000, whoever enters them; an amount is refused."""
        contract = self.make.by_quantity(100, 50, use_pro_forma=True)
        line = self.billing.run(contract, 50).line_ids
        self.assertEqual((line.quantity, line.amount), (50, 2500))
        with self.assertRaisesRegex(UserError, "billed by quantity"):
            line.sudo().amount = 10
        line.sudo().quantity = 40
        self.assertEqual((line.quantity, line.amount), (40, 2000))
        line.bill_id.action_release()
        item = line.bill_id.invoice_id.invoice_line_ids
        self.assertRecordValues(item, [{'quantity': 40, 'price_unit': 50, 'price_subtotal': 2000}])

    def test_line_made_as_superuser(self):
        """A line that code with all rights adds to a bill follows the rules of one that a person adds."""
        contract = self.make.by_quantity(100, 50)
        bill = self.env['progress.bill'].create({'contract_id': contract.id})
        vals = {'bill_id': bill.id, 'contract_line_id': contract.line_ids.id}
        with self.assertRaisesRegex(UserError, "billed by quantity"), self.env.cr.savepoint():
            bill.line_ids.sudo().create({**vals, 'amount': 10, 'quantity': 1})
        line = bill.line_ids.sudo().create({**vals, 'quantity': 40})
        self.assertEqual(line.amount, 2000)
        bill.action_create()
        extra = contract.line_ids.create({'contract_id': contract.id, 'name': "Roof", 'original_amount': 10})
        with self.assertRaisesRegex(UserError, "cannot change"):
            bill.line_ids.sudo().create({'bill_id': bill.id, 'contract_line_id': extra.id, 'amount': 1})

    def test_typed_retainage_stands(self):
        """What is typed stays at release: pro forma and invoice say the same."""
        contract = self.make.pro_forma([10000], retainage_percent=10)
        bill = self.billing.run(contract, 50)
        line = bill.line_ids
        self.assertEqual(line.retainage_amount, 500)
        line.sudo().retainage_amount = 700
        self.assertTrue(line.is_retainage_typed)
        bill.action_release()
        self.assertEqual((line.retainage_amount, bill.invoice_id.amount_total), (700, 4300))
        bill.invoice_id.action_post()
        self.assertRetained(contract, 700)

    def test_changed_claim_is_certified_anew(self):
        contract = self.make.pro_forma([10000])
        bill = self.billing.run(contract, 50)
        bill.certified_amount = 4000
        self.assertTrue(bill.sum_certified)
        bill.line_ids.sudo().amount = 4500
        self.assertFalse(bill.sum_certified)

    def test_states_and_figures_are_not_written(self):
        """What buttons decide and bills add up to is no matter of rights."""
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '40%')
        planned = self.make.plan(contract, '10%')
        change = self.env['progress.contract.change'].create({'contract_id': contract.id})
        milestone = self.env['project.milestone'].create({'name': "Roof", 'project_id': self.project.id})
        for record, vals in (
            (contract, {'state': 'closed'}),
            (contract, {'base_state': 'draft'}),
            (contract, {'actual_amount': 0}),
            (contract.line_ids, {'draft_amount': 5}),
            (bill, {'review_state': 'draft'}),
            (bill, {'name': 'PB/0'}),
            (planned, {'review_state': 'approved'}),
            (bill.line_ids, {'tax_amounts': {}}),
            (bill.line_ids, {'pending_taken': 5}),
            (change, {'state': 'approved'}),
            (bill.invoice_id, {'progress_bill_id': planned.id}),
            (bill.invoice_id.invoice_line_ids, {'progress_line_type': 'revenue'}),
            (milestone, {'billing_approved_on': '2026-01-01 00:00:00'}),
        ):
            with self.subTest(record=record, vals=vals):
                with self.assertRaisesRegex(AccessError, "."), self.env.cr.savepoint():
                    record.sudo().write(vals)
                    self.env.flush_all()
        for model, vals in (
            ('progress.bill', {'contract_id': contract.id, 'review_state': 'approved'}),
            ('progress.bill', {'contract_id': contract.id, 'kind': 'final'}),
            ('progress.contract', {'partner_id': self.customer.id, 'base_state': 'open'}),
            ('account.move', {'move_type': 'out_invoice', 'progress_bill_id': planned.id}),
        ):
            with self.subTest(model=model, vals=vals):
                with (
                    self.assertRaisesRegex(
                        AccessError, "A bill of kind|cannot be set|Only a progress bill makes its invoice"
                    ),
                    self.env.cr.savepoint(),
                ):
                    self.env[model].sudo().create(vals)

    def test_run_as_superuser_says_what_it_skips(self):
        """The reasons why contracts are not billed do not depend on rights."""
        contract = self.make.contract([1000])
        with self.assertRaisesRegex(UserError, "Nothing is pending"):
            contract.sudo().action_run_billing()

    def test_amounts_of_a_draft_as_superuser(self):
        """An invoice's lines stand for its bill's."""
        contract = self.make.contract([1000])
        move = self.billing.bill(contract, '40%', post=False).invoice_id
        with self.assertRaisesRegex(UserError, "stands for the progress bill"):
            move.sudo().write({'invoice_line_ids': [Command.update(move.invoice_line_ids.id, {'price_unit': 5})]})
