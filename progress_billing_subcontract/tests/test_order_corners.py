from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SubcontractCommon


@tagged('post_install', '-at_install')
class TestOrderCorners(SubcontractCommon):
    """What an order gives its subcontract, what it may not do any more, and what its figures say of it."""

    # === SET UP === #

    def test_sections_notes_and_down_payments(self):
        """Sections and notes come along in their order; Odoo's own down payments do not."""
        order = self._make_purchase([100, 200], confirm=False)
        lines = self.env['purchase.order.line']
        base = {'order_id': order.id, 'product_qty': 0}
        lines.create({**base, 'name': "Ground floor", 'display_type': 'line_section', 'sequence': 1})
        lines.create({**base, 'name': "As drawn", 'display_type': 'line_note', 'sequence': 30})
        order.button_confirm()
        lines.create({**base, 'name': "Paid before", 'is_downpayment': True, 'price_unit': 50, 'sequence': 40})
        order.action_set_up_progress_billing()
        self.assertEqual(
            [(line.name, line.display_type, line.revised_amount) for line in order.progress_contract_id.line_ids],
            [
                ("Ground floor", 'line_section', 0),
                ("Works 1", False, 100),
                ("Works 2", False, 200),
                ("As drawn", 'line_note', 0),
            ],
        )

    def test_nothing_to_bill_in_stages(self):
        order = self._make_purchase([])
        self.env['purchase.order.line'].create(
            {'order_id': order.id, 'name': "Note", 'display_type': 'line_note', 'product_qty': 0}
        )
        self.assertRefused(order.action_set_up_progress_billing, "has no lines that can be billed in stages")
        self.assertFalse(order.progress_contract_id)

    def test_several_orders_at_once(self):
        """Each order becomes a subcontract of its own; where one cannot, none does."""
        orders = self._make_purchase([100]) | self._make_purchase([200])
        draft = self._make_purchase([300], confirm=False)
        self.assertRefused((orders | draft).action_set_up_progress_billing, "is not confirmed")
        self.assertFalse(orders.progress_contract_id)
        action = orders.action_set_up_progress_billing()
        self.assertEqual(len(orders.progress_contract_id), 2)
        self.assertEqual(action['domain'], [('id', 'in', orders.progress_contract_id.ids)])

    def test_worth_by_discount_and_tax(self):
        """What the vendor asks for without tax, less discount: to the cent of the order."""
        inside = self._make_input_tax("Inside 10 %", 10.0, price_include_override='tax_included')
        second = self._make_input_tax("Input 5 %", 5.0)
        for name, price, taxes, vals, worth in (
            ("plain", 1000, self.env['account.tax'], {}, 1000),
            ("discount", 1000, self.input_tax, {'discount': 12.5}, 875),
            ("tax inside", 1100, inside, {}, 1000),
            ("tax inside less discount", 1100, inside, {'discount': 10}, 900),
            ("two taxes", 1000, self.input_tax | second, {}, 1000),
            ("quantity", 33.33, self.input_tax, {'product_qty': 3}, 99.99),
            ("odd cents", 0.015, self.input_tax, {'product_qty': 333}, 5),
        ):
            with self.subTest(name=name):
                contract = self._subcontract([price], taxes, purchase_vals={'line_vals': vals})
                order = contract.purchase_order_ids
                self.assertEqual(order.order_line.tax_ids, taxes)
                self.assertAlmostEqual(contract.revised_amount, worth, 2)
                self.assertEqual(contract.revised_amount, order.amount_untaxed)
                bill = self._claim(contract, contract.revised_amount, post=True)
                self.assertEqual(bill.invoice_id.amount_total, order.amount_total)
                self.assertOrder(order, order.order_line.product_qty, 'invoiced')

    def test_vendors_terms_and_address(self):
        """The vendor's invoice address, bank account, terms and fiscal position are the subcontract's."""
        address = self.env['res.partner'].create({'name': "Billing", 'parent_id': self.vendor.id, 'type': 'invoice'})
        bank = self.env['res.partner.bank'].create(
            {'acc_number': 'DE02 1203 0000', 'partner_id': self.vendor.id, 'allow_out_payment': True}
        )
        position = self.env['account.fiscal.position'].create({'name': "Abroad", 'company_id': self.company.id})
        order = self._make_purchase([1000], fiscal_position_id=position.id, partner_ref="Offer 7")
        order.payment_term_id = self.pay_terms_b
        order.action_set_up_progress_billing()
        contract = order.progress_contract_id
        self.assertRecordValues(
            contract,
            [
                {
                    'partner_id': address.id,
                    'fiscal_position_id': position.id,
                    'payment_term_id': self.pay_terms_b.id,
                    'description': "Offer 7",
                }
            ],
        )
        move = self._claim(contract, 100).invoice_id
        self.assertRecordValues(
            move,
            [{'partner_bank_id': bank.id, 'fiscal_position_id': position.id, 'commercial_partner_id': self.vendor.id}],
        )

    def test_project_of_another_company(self):
        """A project that another company keeps is not the subcontract's."""
        other = self.env['res.company'].create({'name': "Elsewhere"})
        order = self._make_purchase([100])
        self.env['project.project'].browse(order.project_id.id).company_id = self.company
        order.action_set_up_progress_billing()
        self.assertEqual(order.progress_contract_id.project_id, self.project)
        vals = order._prepare_progress_contract_vals()
        self.assertEqual(vals['project_id'], self.project.id)
        order.project_id = self.env['project.project'].create({'name': "Theirs", 'company_id': other.id})
        self.assertFalse(order._prepare_progress_contract_vals()['project_id'])

    # === WHAT THE ORDER MAY NOT DO === #

    def test_head_stays(self):
        """Vendor, currency and fiscal position are the subcontract's as long as it stands; the same value is none."""
        contract = self._subcontract([1000])
        order = contract.purchase_order_ids
        euro = self.setup_other_currency('EUR')
        position = self.env['account.fiscal.position'].create({'name': "Abroad", 'company_id': self.company.id})
        for name, value in (
            ('partner_id', self.customer.id),
            ('currency_id', euro.id),
            ('fiscal_position_id', position.id),
        ):
            with self.subTest(name=name):
                label = order._fields[name].string
                self.assertRefused(
                    lambda name=name, value=value: order.write({name: value}), label, "Cancel the subcontract first"
                )
                order.write({name: order[name].id})
        contract.action_cancel()
        order.write({'fiscal_position_id': position.id})

    def test_who_is_told_by_name(self):
        contract = self._subcontract([1000])
        self.assertRefused(
            lambda: contract.purchase_order_ids.order_line.write({'is_progress_billed': False}),
            "follows from its billing contract",
            error=AccessError,
        )

    def test_back_to_draft(self):
        """An order with claims that stand goes neither back to draft nor away."""
        contract = self._subcontract([1000])
        order, bill = contract.purchase_order_ids, self._claim(contract, 100)
        for state in ('cancel', 'draft'):
            self.assertRefused(
                lambda state=state: order.write({'state': state}), "Delete or credit them first", bill.name
            )
        self.assertEqual((order.state, contract.state), ('purchase', 'open'))

    def test_cancelled_contract_frees_the_order(self):
        """Odoo bills an order again once its subcontract is cancelled; that does not come back then."""
        contract = self._subcontract([1000])
        order = contract.purchase_order_ids
        contract.action_cancel()
        self.assertFalse(order.order_line.is_progress_billed)
        order.order_line.price_unit = 900
        order.action_create_invoice()
        self.assertEqual(order.invoice_ids.amount_untaxed, 900)
        second = self._subcontract([50])
        second.action_cancel()
        own = second.purchase_order_ids
        own.action_set_up_progress_billing()
        self.assertRefused(second.action_draft, "stands on two billing contracts")

    def test_back_to_the_order_it_was_made_of(self):
        """A cancelled subcontract comes back while its order is as it was: not changed, billed or cancelled."""

        def cancelled():
            contract = self._subcontract([1000, 400])
            contract.action_cancel()
            return contract, contract.purchase_order_ids

        contract, order = cancelled()
        contract.action_draft()
        contract.action_open()
        self.assertEqual((contract.state, order.is_progress_billed), ('open', True))
        contract, order = cancelled()
        order.order_line[0].price_unit = 700
        words = "Works 1 has changed", order.name, "Choose Set Up Subcontract on the order"
        self.assertRefused(contract.action_draft, *words)
        order.order_line[0].price_unit = 1000
        order.action_create_invoice()
        self.assertRefused(contract.action_draft, "Odoo itself has billed its lines meanwhile", "Delete these bills")
        order.invoice_ids.unlink()
        order.button_cancel()
        self.assertRefused(contract.action_draft, f"{order.name} is cancelled: confirm it again first")
        order.button_draft()
        order.button_confirm()
        contract.action_draft()
        self.assertEqual(contract.state, 'draft')

    def test_a_line_taken_out_of_the_schedule(self):
        """An order line that no schedule line stands for any more is Odoo's to bill; the rest is a note."""
        contract = self._subcontract([1000, 200])
        order = contract.purchase_order_ids
        contract.line_ids[1].unlink()
        self.assertEqual(order.order_line.mapped('is_progress_billed'), [True, False])
        self.assertFalse(order.is_progress_billed)
        order.action_create_invoice()
        move = order.invoice_ids
        self.assertEqual(move.amount_untaxed, 200)
        note = move.invoice_line_ids.filtered(lambda item: item.display_type == 'line_note')
        self.assertEqual(note.name, f"Works 1: billed in stages on {contract.display_name}")

    # === FIGURES === #

    def test_quantities_follow_amounts(self):
        """340 at 72.50: a claim of 12,325 is 170 of them; a credit takes them back."""
        contract = self._subcontract([72.5], purchase_vals={'line_vals': {'product_qty': 340}})
        order = contract.purchase_order_ids
        self.assertEqual(contract.revised_amount, 24650)
        bill = self._claim(contract, 12325, post=True)
        self.assertOrder(order, 170, 'to invoice')
        self.billing.credit(bill.invoice_id)
        self.assertOrder(order, 0, 'to invoice')

    def test_percent_is_of_amounts(self):
        """20,000 of 100,000 are 20 %; retainage takes nothing off what is billed."""
        contract = self._subcontract([100000], retainage_percent=10)
        order = contract.purchase_order_ids
        self._claim(contract, 20000, post=True)
        self.assertEqual((contract.billed_percent, order.progress_billed_percent), (20, 20))
        self.assertOrder(order, 0.2, 'to invoice')

    def test_closed_with_less(self):
        """A subcontract that ends below its worth leaves nothing to bill of its order."""
        contract = self._subcontract([1000])
        order = contract.purchase_order_ids
        self._claim(contract, 1000, post=True)
        self.billing.final(contract)
        self.assertEqual(contract.state, 'closed')
        self.assertOrder(order, 1, 'invoiced')

    def test_billed_at_a_date(self):
        """Odoo's accruals ask what was billed up to a day: posted bills dated up to it."""
        contract = self._subcontract([1000])
        line = contract.purchase_order_ids.order_line
        for day, amount in (('2026-01-31', 300), ('2026-02-28', 200)):
            bill = self._claim(contract, amount, post=True, date=day)
            self.assertEqual(str(bill.invoice_id.invoice_date), day)
        self._claim(contract, 100, date='2026-03-31')
        for day, amount in (('2026-01-30', 0), ('2026-01-31', 300), ('2026-02-28', 500), ('2026-12-31', 500)):
            with self.subTest(day=day):
                self.assertEqual(line._get_billed_at(fields.Date.to_date(day)), amount)
                quantities = line.with_context(accrual_entry_date=day)._prepare_qty_invoiced()
                self.assertAlmostEqual(quantities[line], amount / 1000, 6)

    def test_other_orders_are_odoos(self):
        order = self._make_purchase([500])
        order.action_create_invoice()
        self.assertEqual(order.order_line.qty_invoiced, 1)
        self.assertFalse(order.order_line.progress_status)
        self.assertEqual(order.order_line.progress_billed_amount, 0)

    def test_bills_of_an_order(self):
        """Bills of claims are among the order's, corrected and refunded ones too."""
        contract = self._subcontract([1000])
        order, bill = contract.purchase_order_ids, self._claim(contract, 400, post=True)
        bill.action_correct()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(order.invoice_ids, bill.move_ids)
        self.assertEqual(order.invoice_count, 2)

    # === CHANGE ORDERS === #

    def test_change_orders_of_taxed_prices(self):
        """With the tax in the price the order follows without tax: a new line and a change come to the cent."""
        inside = self._make_input_tax("Inside 10 %", 10.0, price_include_override='tax_included')
        contract = self._subcontract([1100], inside)
        order = contract.purchase_order_ids
        self.make.change(contract, {'contract_line_id': contract.line_ids.id, 'amount': 500})
        self.assertRecordValues(order.order_line, [{'price_unit': 1650, 'price_subtotal': 1500}])
        self.make.change(contract, {'name': "Chimney", 'amount': 2000, 'tax_ids': [Command.set(inside.ids)]})
        self.assertEqual(order.amount_untaxed, contract.revised_amount)
        self.assertEqual((order.amount_untaxed, order.amount_total), (3500, 3850))

    def test_units_at_the_agreed_price(self):
        """40 m more of 80 m at 50: the vendor's price list, cheaper from 100 m, without discount, changes nothing."""
        sellers = self.env['product.supplierinfo']
        for name, tiers, discount in (("tiers", (50, 40), 0), ("discount", (50,), 10), ("typed", (30,), 0)):
            with self.subTest(name):
                works = self._make_works(name)
                vals = {'partner_id': self.vendor.id, 'product_tmpl_id': works.product_tmpl_id.id}
                sellers.create([{**vals, 'price': price, 'min_qty': 1 + 99 * step} for step, price in enumerate(tiers)])
                line = {'product_id': works.id, 'product_qty': 80, 'discount': discount}
                order = self._make_purchase([50], line_vals=line)
                order.action_set_up_progress_billing()
                contract = order.progress_contract_id
                contract.line_ids.billing_base = 'quantity'
                self.make.change(contract, {'contract_line_id': contract.line_ids.id, 'quantity': 40})
                worth = 120 * (50 - 50 * discount / 100)
                self.assertEqual((contract.revised_amount, order.amount_untaxed), (worth, worth))
                self.assertRecordValues(
                    order.order_line, [{'product_qty': 120, 'price_unit': 50, 'discount': discount, 'name': "Works 1"}]
                )

    def test_taking_work_out(self):
        """A change order that takes all of a line leaves its order line at nothing, and another one brings it back."""
        contract = self._subcontract([1000, 400])
        order, line = contract.purchase_order_ids, contract.line_ids[1]
        self.make.change(contract, {'contract_line_id': line.id, 'amount': -400})
        self.assertEqual((order.order_line[1].price_subtotal, order.amount_untaxed), (0, 1000))
        self.make.change(contract, {'contract_line_id': line.id, 'amount': 250})
        self.assertEqual((order.order_line[1].price_subtotal, order.amount_untaxed), (250, 1250))
        inside = self._make_input_tax("Inside 10 %", 10.0, price_include_override='tax_included')
        contract = self._subcontract([1100], inside, purchase_vals={'line_vals': {'discount': 10}})
        self.make.change(contract, {'contract_line_id': contract.line_ids.id, 'amount': -900})
        self.make.change(contract, {'contract_line_id': contract.line_ids.id, 'amount': 450})
        self.assertEqual(contract.purchase_order_ids.amount_untaxed, 450, "With its discount, and the tax in the price")

    def test_change_below_what_is_claimed(self):
        contract = self._subcontract([1000])
        order = contract.purchase_order_ids
        self._claim(contract, 800, post=True)
        with self.assertRaisesRegex(UserError, "billed"):
            self.make.change(contract, {'contract_line_id': contract.line_ids.id, 'amount': -300})
        self.assertEqual(order.amount_untaxed, 1000)

    # === ACCOUNTS === #

    def test_accounts_of_companies(self):
        """A new company gets accounts of the vendors' side; a branch uses its parent's; what is set stays."""
        company = self.company
        accounts = company.progress_vendor_deposit_account_id, company.progress_retainage_payable_account_id
        self.assertEqual([account.account_type for account in accounts], ['asset_current', 'liability_current'])
        self.assertEqual([account.reconcile for account in accounts], [True, True])
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': company.id})
        branch._set_up_progress_vendor_accounts()
        self.assertEqual(branch.progress_retainage_payable_account_id, accounts[1])
        company._set_up_progress_vendor_accounts()
        self.assertEqual(
            (company.progress_vendor_deposit_account_id, company.progress_retainage_payable_account_id), accounts
        )
        company.progress_retainage_payable_account_id = False
        company._set_up_progress_vendor_accounts()
        self.assertNotEqual(company.progress_retainage_payable_account_id, accounts[1], "Made anew, with a free code.")
        self.assertNotEqual(company.progress_retainage_payable_account_id.code, accounts[1].code)

    def test_retainage_without_an_account(self):
        self.company.progress_retainage_payable_account_id = False
        contract = self._subcontract([1000], retainage_percent=10)
        with self.assertRaisesRegex(UserError, "account"):
            self._claim(contract, 100)
        self.assertFalse(contract.bill_ids.invoice_id)

    # === CURRENCIES === #

    def test_currencies_without_cents_and_with_mills(self):
        """A third of 1,000 in yen is 333, in dinar 333.333; retained 10 %; the ledger has both currencies."""
        for name, rounding, claim, retained in (('JPY', 1, 333, 33), ('KWD', 0.001, 333.333, 33.333)):
            with self.subTest(currency=name):
                currency = self.setup_other_currency(name, rounding=rounding, rates=[('2026-01-01', 2.0)])
                contract = self._subcontract([1000], purchase_vals={'currency_id': currency.id}, retainage_percent=10)
                self.assertEqual(contract.currency_id, currency)
                contract.action_create_bill(
                    'lines', {'lines': [{'contract_line_id': contract.line_ids.id, 'amount': 1000 / 3}]}
                )
                bill = contract.bill_ids
                self.assertAlmostEqual(bill.line_ids.amount, claim, 6)
                self.assertAlmostEqual(bill.retainage_amount, retained, 6)
                bill.action_submit()
                bill.action_approve()
                bill.invoice_id.action_post()
                books = self.books.of(bill.invoice_id)
                self.assertAlmostEqual(books[self.expense_account][1], claim, 6)
                self.assertAlmostEqual(books[self.payable_retainage_account][1], -retained, 6)
                self.assertAlmostEqual(books[self.payable_account][1], retained - claim, 6)
                self.assertFalse(round(sum(balance for balance, _amount in books.values()), 2))
