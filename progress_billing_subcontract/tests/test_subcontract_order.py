from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import SubcontractCommon


@tagged('post_install', '-at_install')
class TestSubcontractOrder(SubcontractCommon):
    """A purchase order becomes a subcontract, its figures follow amounts, and its other doors are closed."""

    def test_set_up(self):
        self.vendor.property_supplier_payment_term_id = self.pay_terms_b
        order = self._make_purchase([60000, 40000], self.input_tax)
        order.action_set_up_progress_billing()
        contract = order.progress_contract_id
        self.assertRecordValues(
            contract,
            [
                {
                    'contract_type': 'subcontract',
                    'state': 'open',
                    'partner_id': self.vendor.id,
                    'project_id': self.project.id,
                    'payment_term_id': self.pay_terms_b.id,
                    'revenue_recognition': 'as_billed',
                    'use_pro_forma': True,
                    'revised_amount': 100000,
                    'journal_type': 'purchase',
                }
            ],
        )
        self.assertEqual(contract.line_ids.purchase_line_id, order.order_line)
        self.assertEqual(contract.line_ids.tax_ids, self.input_tax)
        action = order.action_set_up_progress_billing()
        self.assertEqual((action['res_id'], len(self.project.subcontract_ids)), (contract.id, 1))
        self.assertFalse(self.project.progress_contract_ids & contract, "The customer's tab does not show it.")

    def test_set_up_needs_a_confirmed_order(self):
        draft = self._make_purchase([100], confirm=False)
        self.assertRefused(draft.action_set_up_progress_billing, "is not confirmed")

    def test_only_administrators_set_up(self):
        buyer = self._make_user('sub_buyer', 'progress_billing.group_subcontract_user,purchase.group_purchase_user')
        order = self._make_purchase([100])
        self.assertRefused(
            order.with_user(buyer).action_set_up_progress_billing, "Only administrators", error=AccessError
        )

    def test_ledger(self):
        """20,000 of 100,000 with 10 % retained: expense 20,000, tax 2,000, retainage payable 2,000, payable 20,000."""
        contract = self._subcontract([100000], self.input_tax, retainage_percent=10)
        bill = self._claim(contract, 20000, post=True)
        self.assertRecordValues(
            bill.invoice_id,
            [
                {
                    'move_type': 'in_invoice',
                    'state': 'posted',
                    'journal_id': self.company_data['default_journal_purchase'].id,
                    'invoice_date': bill.date,
                    'partner_id': self.vendor.id,
                }
            ],
        )
        self.assertLedger(bill.invoice_id, expense=20000, input_tax=2000, payable_retainage=-2000, payable=-20000)
        self.assertRetained(contract, 2000)

    # === FIGURES === #

    def test_figures_follow_amounts(self):
        """A third of 1 × 100,000 is 33,333.00, though 0.33 units are shown; 20,000 is 20 %."""
        contract = self._subcontract([100000])
        order = contract.purchase_order_ids
        self.assertOrder(order, 0, 'to invoice')
        bill = self._claim(contract, 33333)
        self.assertEqual(bill.invoice_id.amount_untaxed, 33333)
        self.assertOrder(order, 0.33, 'to invoice')
        self.assertEqual(order.order_line.progress_billed_amount, 33333)
        self.assertEqual(order.invoice_ids, bill.invoice_id)
        bill.invoice_id.action_post()
        self._claim(contract, 66666.99, post=True)
        self.assertOrder(order, 1, 'to invoice')
        self._claim(contract, 0.01, post=True)
        self.assertOrder(order, 1, 'invoiced')

    def test_costs_of_the_project(self):
        """Odoo takes each bill for a unit; the panel follows amounts: 20,000 billed, 80,000 to bill."""
        self.project.account_id = self.analytic_account
        contract = self._subcontract([100000])

        def costs():
            self.env.flush_all()
            self.env.invalidate_all()
            rows = self.project._get_profitability_items(False)['costs']
            row = next(row for row in rows['data'] if row['id'] == 'purchase_order')
            self.assertEqual(rows['total'], {'billed': row['billed'], 'to_bill': row['to_bill']})
            return row['billed'], row['to_bill']

        self.assertEqual(costs(), (0, -100000))
        bill = self._claim(contract, 20000)
        self.assertEqual(costs(), (0, -100000), "A draft is to be billed still.")
        bill.invoice_id.action_post()
        self.assertEqual(costs(), (-20000, -80000))
        self._claim(contract, 30000, post=True)
        self.assertEqual(costs(), (-50000, -50000))

    # === CHANGE ORDERS === #

    def test_worth_changes_by_change_order_only(self):
        contract = self._subcontract([100000, 50000])
        order, line = contract.purchase_order_ids, contract.purchase_order_ids.order_line[0]
        for locked in (False, True):
            order.locked = locked
            for vals in (
                {'price_unit': 90000},
                {'product_qty': 2},
                {'discount': 5},
                {'tax_ids': [Command.link(self.input_tax.id)]},
            ):
                self.assertRefused(lambda vals=vals: line.write(vals), "Add a change order")
        line.write({'price_unit': 100000, 'name': "Masonry, ground floor"})
        self.assertRefused(lambda: contract.line_ids[0].write({'original_amount': 1}), "follows from the order")
        self.make.change(contract, {'contract_line_id': contract.line_ids[0].id, 'amount': 5000})
        self.assertRecordValues(line, [{'price_unit': 105000, 'product_qty': 1, 'price_subtotal': 105000}])
        change = self.make.change(contract, {'name': "Chimney", 'amount': 2000})
        self.assertEqual(order.amount_untaxed, 157000)
        added = order.order_line.filtered(lambda each: each.name == "Chimney")
        self.assertRecordValues(added, [{'product_qty': 1, 'price_unit': 2000, 'is_progress_billed': True}])
        change.action_cancel()
        self.assertEqual(order.amount_untaxed, 155000)

    def test_lines_are_not_added_by_hand(self):
        contract = self._subcontract([100])
        vals = {'order_id': contract.purchase_order_ids.id, 'product_id': self.works.id, 'product_qty': 1}
        self.assertRefused(lambda: self.env['purchase.order.line'].create(vals), "by a change order there")

    # === OTHER DOORS === #

    def test_create_bill(self):
        order = self._subcontract([100000]).purchase_order_ids
        self.assertTrue(order.is_progress_billed)
        self.assertRefused(order.action_create_invoice, "the subcontract bills this order")
        other = self._make_purchase([500])
        move = self.env['account.move'].browse(other.action_create_invoice()['res_id'])
        self.assertEqual(move.amount_untaxed, 500)

    def test_auto_complete(self):
        order = self._subcontract([100000]).purchase_order_ids
        form = Form(self.env['account.move'].with_context(default_move_type='in_invoice'))
        form.partner_id = self.vendor
        form.purchase_vendor_bill_id = self.env['purchase.bill.union'].browse(-order.id)
        self.assertFalse(form.save().invoice_line_ids.purchase_line_id)

    def test_imported_bill(self):
        order = self._subcontract([100000]).purchase_order_ids
        move = self.init_invoice('in_invoice', partner=self.vendor, amounts=[100000])
        move._find_and_set_purchase_orders([order.name], self.vendor.id, 100000)
        self.assertFalse(move.invoice_line_ids.purchase_line_id)
        self.assertEqual(move.amount_untaxed, 100000)

    def test_matching(self):
        contract = self._subcontract([100000], retainage_percent=10)
        order, bill = contract.purchase_order_ids, self._claim(contract, 1000)
        self.env.flush_all()
        offered = self.env['purchase.bill.line.match'].search([('partner_id', '=', self.vendor.id)])
        self.assertFalse(offered.pol_id & order.order_line)
        self.assertFalse(offered.aml_id & bill.invoice_id.line_ids)
        move = self.init_invoice('in_invoice', partner=self.vendor, amounts=[100])
        self.assertRefused(
            lambda: move.invoice_line_ids.write({'purchase_line_id': order.order_line.id}), "subcontract"
        )
        with self.assertRaisesRegex(UserError, "Bill it there"):
            self.env['purchase.bill.line.match']._action_create_bill_from_po_lines(self.vendor, order.order_line)

    def test_bill_to_order(self):
        order = self._subcontract([100000]).purchase_order_ids
        move = self.init_invoice('in_invoice', partner=self.vendor, products=self.works)
        wizard = self.env['bill.to.po.wizard'].with_context(active_ids=[-move.invoice_line_ids[0].id])
        wizard = wizard.create({'purchase_order_id': order.id, 'partner_id': self.vendor.id})
        self.assertRefused(wizard.action_add_to_po, "is billed in stages")
        self.assertRefused(wizard.action_add_downpayment, "is billed in stages")

    # === CANCELLING === #

    def test_cancel(self):
        contract = self._subcontract([100000])
        order, bill = contract.purchase_order_ids, self._claim(contract, 1000)
        self.assertRefused(order.button_cancel, "cannot be cancelled, these bill it")
        bill.invoice_id.unlink()
        bill.action_cancel()
        order.button_cancel()
        self.assertEqual((order.state, contract.state), ('cancel', 'cancelled'))
        self.assertFalse(order.order_line.is_progress_billed)
        order.button_draft()
        order.button_confirm()
        order.action_set_up_progress_billing()
        self.assertNotEqual(order.progress_contract_id, contract)

    def test_billed_by_odoo_before(self):
        order = self._make_purchase([500])
        order.action_create_invoice()
        self.assertRefused(order.action_set_up_progress_billing, "has been billed already")
