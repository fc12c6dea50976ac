from odoo import Command
from odoo.tests import tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestOrderLinks(ProgressSaleCommon):
    """What ties invoices, change orders and dashboards to order lines (SAL-2, SAL-4, SAL-5)."""

    def _get_links(self, move, line_type):
        """Order lines that the invoice's lines of a type are tied to, line by line."""
        items = move.invoice_line_ids.filtered(lambda item: item.progress_line_type == line_type)
        return [item.sale_line_ids for item in items]

    # === HEADER OF AN INVOICE === #

    def test_header(self):
        """Team, source and reference are those of Odoo's own invoice of the order; what the contract says stands."""
        team = self.env['crm.team'].create({'name': "Builders"})
        source = self.env['utm.source'].create({'name': "Fair"})
        order = self.orders.order([1000], team_id=team.id, source_id=source.id, client_order_ref="PO 77")
        contract = self.orders.set_up(order)
        move = self.billing.bill(contract, '10%').invoice_id
        self.assertRecordValues(move, [{'team_id': team.id, 'source_id': source.id}])
        self.assertIn("PO 77", move.ref)
        self.assertTrue(move.invoice_origin.startswith(f'{order.name}, '))

    def test_header_of_two_orders(self):
        """What the orders agree in is on the invoice, what they do not is left open; both are its origin."""
        teams = self.env['crm.team'].create([{'name': "One"}, {'name': "Two"}])
        source = self.env['utm.source'].create({'name': "Fair"})
        orders = [
            self.orders.order([100], project_id=self.project.id, team_id=team.id, source_id=source.id) for team in teams
        ]
        contract = self.orders.set_up(orders[0])
        self.orders.set_up(orders[1])
        bill = self.billing.bill(contract, '10%', post=False)
        vals = bill._prepare_invoice_vals(bill._get_invoice_taxes())
        self.assertEqual(vals['source_id'], source.id)
        self.assertNotIn('team_id', vals)
        self.assertEqual(vals['invoice_origin'].split(', ')[:2], [order.name for order in orders])

    def test_header_without_orders(self):
        """A bill of the contract's own lines has nothing of the order beside it."""
        contract = self.make.contract([500])
        order = self.orders.order([1000], project_id=self.project.id, client_order_ref="PO 77")
        self.orders.set_up(order)
        contract.revenue_recognition = 'as_billed'
        contract.line_ids[0].pending_amount = 100
        bill = self.billing.run(contract)
        vals = bill._prepare_invoice_vals(bill._get_invoice_taxes())
        self.assertNotIn(order.name, vals['invoice_origin'])
        self.assertNotIn('transaction_ids', vals)

    # === LINES OF AN INVOICE === #

    def test_revenue_lines(self):
        """A line of the invoice is tied to the order line its schedule line stands for; the contract's own to none."""
        contract = self.make.contract([500], revenue_recognition='as_billed')
        order = self.orders.order([1000, 300], project_id=self.project.id)
        self.orders.set_up(order, 'as_billed')
        move = self.billing.bill(contract, '10%').invoice_id
        nothing = self.env['sale.order.line']
        self.assertEqual(self._get_links(move, 'revenue'), [nothing, *order.order_line])

    def test_deposit_lines(self):
        """A deposit is tied to the first line of each order with its taxes."""
        orders = [self.orders.order([100, 200, 300], project_id=self.project.id) for _each in range(2)]
        for order in orders:
            order.order_line[2].tax_ids = self.tax_15
        contract = self.orders.set_up(orders[0])
        self.orders.set_up(orders[1])
        move = self.billing.bill(contract, '10%').invoice_id
        firsts = [order.order_line[0] for order in orders], [order.order_line[2] for order in orders]
        expected = [self.env['sale.order.line'].union(*lines) for lines in firsts]
        self.assertEqual(self._get_links(move, 'deposit'), expected)
        final = self.billing.final(contract)
        reversed_links = self._get_links(final, 'deposit_reversal')
        self.assertEqual(reversed_links, expected)

    def test_reversal_of_a_down_payment(self):
        """The reversal of Odoo's own down payment is tied to its own order line, by taxes."""
        order = self.orders.order([1000, 600])
        order.order_line[0].tax_ids = self.tax_15
        self.orders.down_payment(order, percent=10)
        down = order.order_line.filtered(lambda line: line.is_downpayment and not line.display_type)
        self.assertEqual(len(down), 2)
        contract = self.orders.set_up(order)
        final = self.billing.final(contract)
        for line in down:
            items = final.invoice_line_ids.filtered(lambda item, line=line: line in item.sale_line_ids)
            self.assertEqual((len(items), items.tax_ids), (1, line.tax_ids))
        self.assertEqual(down.mapped('qty_to_invoice'), [0, 0])

    def test_title_of_given_back_down_payments(self):
        """The final of a contract billed as billed gives its down payments back under a title, others have none."""
        title = "Down payments invoiced before"
        for down_payment, shown in ((True, True), (False, False)):
            with self.subTest(down_payment=down_payment):
                order = self.orders.order([1000])
                if down_payment:
                    self.orders.down_payment(order, percent=10)
                contract = self.orders.set_up(order, 'as_billed')
                final = self.billing.final(contract)
                self.assertEqual(title in final.invoice_line_ids.mapped('name'), shown)
                self.assertEqual(final.amount_untaxed, 900 if down_payment else 1000)

    def test_what_odoo_billed_is_billed_before(self):
        """The breakdown below the invoice counts Odoo's own invoices as billed before."""
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([100], line_vals={'product_uom_qty': 10})
        order.order_line.qty_delivered = 2
        self.orders.invoice(order)
        contract = self.orders.set_up(order, 'as_billed')
        bill = self.billing.bill(contract, '300')
        report = self.env['report.progress_billing.report_progress_bill']
        row = report._get_rows(bill)[0]
        self.assertEqual((row['before'], row['now'], row['to_date'], row['left']), (200, 300, 500, 500))

    # === DOWN PAYMENTS === #

    def test_credited_down_payment(self):
        """A down payment credited in full is no deposit any more, in both recognitions; in part it is what is left."""
        for recognition in ('deposit', 'as_billed'):
            with self.subTest(recognition):
                order = self.orders.order([1000])
                move = self.orders.down_payment(order, percent=30)
                contract = self.orders.set_up(order, recognition)
                bill = contract.bill_ids
                self.assertEqual((bill.bucket, contract.deposit_balance), ('actual', 300))
                self.billing.credit(move, 100)
                self.assertEqual((bill.bucket, contract.deposit_balance), ('actual', 200))
                self.billing.credit(move, 200)
                self.assertEqual((bill.bucket, contract.deposit_balance), (False, 0))
                self.billing.final(contract)
                self.assertEqual((contract.deposit_balance, contract.state), (0, 'closed'))

    def test_reset_down_payment(self):
        """Reset to draft it is held no more, posted again it is."""
        order = self.orders.order([1000])
        move = self.orders.down_payment(order, percent=30)
        contract = self.orders.set_up(order, 'as_billed')
        self.assertEqual(contract.deposit_balance, 300)
        move.button_draft()
        self.assertEqual((contract.deposit_balance, contract.bill_ids.bucket), (0, 'draft'))
        move.action_post()
        self.assertEqual(contract.deposit_balance, 300)

    def test_values_of_the_bill(self):
        """The bill of a down payment: its date, customer and words, made by nobody's run."""
        order = self.orders.order([1000])
        move = self.orders.down_payment(order, percent=30, post=False)
        move.invoice_date = '2026-02-10'
        move.action_post()
        for recognition, kind, amount in (('deposit', 'progress', 300), ('as_billed', 'down_payment', 0)):
            contract = self.orders.set_up(order, recognition)
            with self.subTest(recognition):
                bill = contract.bill_ids
                self.assertRecordValues(
                    bill,
                    [
                        {
                            'kind': kind,
                            'title': "Down Payment",
                            'trigger': 'manual',
                            'is_sale_down_payment': True,
                            'invoice_id': move.id,
                            'partner_id': self.customer.id,
                            'amount': amount,
                            'state': 'invoiced',
                        }
                    ],
                )
                self.assertEqual(str(bill.date), '2026-02-10')
                self.assertTrue(bill.name)
            contract.action_cancel()

    def test_spread(self):
        """A down payment goes on the order's own lines of its taxes, by what is left of them, to the cent."""
        contract = self.make.contract([5000])
        order = self.orders.order([100, 200, 300], project_id=self.project.id)
        order.order_line[2].tax_ids = self.tax_15
        self.orders.down_payment(order, amount=100)
        self.orders.set_up(order)
        by_line = {line.contract_line_id.name: line.amount for line in contract.bill_ids.line_ids}
        self.assertNotIn("Line 1", by_line)
        self.assertAlmostEqual(by_line["Works 2"], 2 * by_line["Works 1"], 1)
        self.assertEqual(round(sum(by_line.values()), 2), contract.actual_amount)
        untaxed = contract.bill_ids.invoice_id.amount_untaxed
        self.assertEqual(contract.actual_amount, untaxed)

    def test_wizard(self):
        """Odoo's wizard on an order with a contract; without one, with a cancelled one, or for its own invoice."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        move = self.orders.down_payment(order, percent=10)
        self.assertEqual(move.progress_contract_id, contract)
        self.assertEqual(contract.actual_amount, 100)
        contract.action_cancel()
        plain = self.orders.down_payment(order, percent=10)
        self.assertFalse(plain.progress_contract_id)
        mixed = self.orders.order([500])
        self.orders.set_up(mixed)
        mixed.order_line = [Command.create({'product_id': self.service.id, 'price_unit': 70, 'tax_ids': [(5,)]})]
        mixed.progress_contract_id.change_ids.action_cancel()
        wizard = self.env['sale.advance.payment.inv'].create(
            {'sale_order_ids': [Command.set(mixed.ids)], 'advance_payment_method': 'delivered'}
        )
        native = wizard._create_invoices(mixed)
        self.assertEqual(native.amount_untaxed, 70)
        self.assertFalse(native.progress_contract_id)

    def test_refused_after_the_final(self):
        """The message names order and contract; no invoice is made, whether the final is posted or a draft."""
        for post in (False, True):
            with self.subTest(post=post):
                order = self.orders.order([1000])
                contract = self.orders.set_up(order)
                self.billing.final(contract, post=post)
                before = order.invoice_ids
                self.assertRefused(
                    lambda order=order: self.orders.down_payment(order, percent=10),
                    f"{order.name} takes no down payment any more: {contract.display_name} has its final invoice.",
                )
                self.assertEqual(order.invoice_ids, before)

    # === THE GATE OF ODOO'S OWN INVOICES === #

    def test_native_invoice_under_a_final(self):
        """While a final invoice exists, draft too, Odoo's own invoice of the order neither goes nor changes state."""
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([100], line_vals={'product_uom_qty': 10})
        order.order_line.qty_delivered = 2
        native = self.orders.invoice(order)
        contract = self.orders.set_up(order)
        self.billing.final(contract, post=False)
        sentence = f"{native.display_name} bills what {contract.display_name} bills, which has the final invoice"
        forced = native.with_context(force_delete=True)  # Odoo's own, which lets posted ones go
        for act in (native.button_draft, native.button_cancel, forced.unlink):
            self.assertRefused(act, sentence, "Delete, cancel or credit the final invoice first.")
        self.assertEqual((native.state, contract.actual_amount), ('posted', 200))
        contract.final_bill_id.invoice_id.unlink()
        native.button_draft()
        self.assertEqual((native.state, contract.draft_amount), ('draft', 200))
        self.assertRefused(
            contract.action_create_final_invoice, "these come before the final invoice", native.display_name
        )
        native.unlink()
        self.assertEqual(contract.draft_amount, 0)

    def test_before_the_final(self):
        """Drafts of Odoo's and proposals are named together; cancelled ones stand in nobody's way."""
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([100], line_vals={'product_uom_qty': 10})
        order.order_line.qty_delivered = 2
        native = self.orders.invoice(order, post=False)
        contract = self.orders.set_up(order)
        order.order_line.price_unit = 110
        change = contract.change_ids
        self.assertRefused(
            contract.action_create_final_invoice,
            f"{contract.display_name}: these come before the final invoice",
            native.display_name,
            change.display_name,
        )
        native.button_cancel()
        change.action_cancel()
        contract.action_create_final_invoice()
        self.assertTrue(contract.final_bill_id)

    def test_other_invoices_pass(self):
        """Invoices of orders without a contract, of a cancelled one and of nobody's order know no gate."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        contract.action_cancel()
        native = self.orders.invoice(order)
        native.button_draft()
        native.action_post()
        loose = self.init_invoice('out_invoice', partner=self.customer, amounts=[100], post=True)
        loose.button_draft()
        self.assertEqual(loose.state, 'draft')

    def test_too_much_beside_the_contract(self):
        """What Odoo invoices cannot pass the worth of the order either; its credit note always can be posted."""
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([100], line_vals={'product_uom_qty': 10})
        order.order_line.qty_delivered = 5
        native = self.orders.invoice(order, post=False)
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '50%')
        native.invoice_line_ids.price_unit = 100.01
        self.assertRefused(native.action_post, "WIP available")
        self.assertEqual(native.state, 'draft')
        native.invoice_line_ids.price_unit = 100
        native.action_post()
        self.assertEqual((contract.actual_amount, contract.wip_available), (1000, 0))
        self.billing.credit(native, 20)  # of five units
        self.assertEqual(contract.wip_available, 100)

    # === FIGURES OF ODOO'S OWN INVOICES === #

    def test_units_and_signs(self):
        """Dozens count in the order line's unit; a credit note takes off."""
        dozen, unit = self.env.ref('uom.product_uom_dozen'), self.env.ref('uom.product_uom_unit')
        bricks = self.orders.product("Bricks", type='consu', uom_id=unit.id)
        order = self.orders.order(
            [10], line_vals={'product_id': bricks.id, 'product_uom_qty': 36, 'product_uom_id': unit.id}
        )
        native = self.orders.invoice(order, post=False)
        item = native.invoice_line_ids
        item.write({'product_uom_id': dozen.id, 'quantity': 2, 'price_unit': 120})
        line = order.order_line
        self.assertEqual(item._get_quantity_for_order(line), 24)
        self.assertEqual(
            (item._get_amount_for_order(line), item._get_amount_for_order(line, 'price_total')), (240, 240)
        )
        native.action_post()
        refund = self.billing.credit(native)
        item = refund.invoice_line_ids
        self.assertEqual((item._get_quantity_for_order(line), item._get_amount_for_order(line)), (-24, -240))

    def test_with_tax(self):
        """With taxes an invoice counts in full; in another currency at the rate of its day."""
        order = self.orders.order([1000], self.tax_15)
        native = self.orders.invoice(order)
        item, line = native.invoice_line_ids, order.order_line
        self.assertEqual(item._get_amount_for_order(line, 'price_total'), 1150)
        euro = self.setup_other_currency('EUR', rates=[('2016-01-01', 2.0), ('2026-03-01', 4.0)])
        other = self.orders.order([1000], self.tax_15)
        move = self.orders.invoice(other, post=False)
        for day, amount in (('2026-02-28', 500), ('2026-03-01', 250)):
            move.write({'currency_id': euro.id, 'invoice_date': day})
            move.invoice_line_ids.price_unit = 1000
            with self.subTest(day):
                self.assertEqual(move.invoice_line_ids._get_amount_for_order(other.order_line), amount)
                taxed = move.invoice_line_ids._get_amount_for_order(other.order_line, 'price_total')
                self.assertAlmostEqual(taxed, amount * 1.15)

    # === CHANGES === #

    def test_proposal_keeps_what_people_added(self):
        """A proposal in step with its order leaves lines alone that somebody added, and lives while one is there."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        order.order_line.price_unit = 1100
        change = contract.change_ids
        change.line_ids = [Command.create({'name': "By hand", 'amount': 5})]
        order.order_line.price_unit = 1200
        self.assertEqual(sorted(change.line_ids.mapped('amount')), [5, 200])
        order.order_line.price_unit = 1000
        self.assertEqual(change.line_ids.mapped('name'), ["By hand"])
        change.line_ids.unlink()
        order.order_line.price_unit = 1001
        order.order_line.price_unit = 1000
        self.assertFalse(change.exists())

    def test_new_line_of_an_order(self):
        """A line added to the order comes on the schedule with product, taxes and analytics of the order line."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        distribution = {str(self.analytic_account.id): 100}
        order.order_line = [
            Command.create(
                {
                    'product_id': self.service.id,
                    'name': "Fence",
                    'price_unit': 70,
                    'tax_ids': [Command.set(self.tax_15.ids)],
                    'analytic_distribution': distribution,
                }
            )
        ]
        new = order.order_line[-1]
        self.assertTrue(new.is_progress_billed)
        self.assertRecordValues(
            contract.change_ids, [{'sale_order_id': order.id, 'amount': 70, 'description': f"Changes of {order.name}"}]
        )
        self.assertEqual((order.progress_proposal_amount, order.progress_has_proposal), (70, True))
        contract.change_ids.action_approve()
        line = contract.line_ids[-1]
        self.assertRecordValues(
            line,
            [
                {
                    'name': "Fence",
                    'sale_line_id': new.id,
                    'product_id': self.service.id,
                    'tax_ids': self.tax_15.ids,
                    'analytic_distribution': distribution,
                    'revised_amount': 70,
                    'billing_base': 'amount',
                }
            ],
        )
        self.assertEqual((order.progress_proposal_amount, order.progress_has_proposal), (0, False))

    def test_changes_shown(self):
        """The button opens the one draft, else all that were proposed."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        for price in (1100, 1200):
            order.order_line.price_unit = price
            contract.change_ids.filtered(lambda change: change.state == 'draft').action_approve()
        action = order.action_view_progress_changes()
        self.assertEqual(self.env['progress.contract.change'].search(action['domain']), contract.change_ids)
        order.order_line.price_unit = 1300
        draft = contract.change_ids.filtered(lambda change: change.state == 'draft')
        action = order.action_view_progress_changes()
        self.assertEqual((action['res_id'], action['view_mode']), (draft.id, 'form'))

    def test_words_change_nothing(self):
        """Names, sections and dates of an order are no change of its worth."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        order.order_line.name = "Other words"
        order.order_line = [Command.create({'display_type': 'line_section', 'name': "Title"})]
        order.commitment_date = '2026-05-01'
        self.assertFalse(contract.change_ids)

    def test_billed_lines_stay(self):
        """A billed line is refused by name; one on a draft contract goes with its schedule line."""
        order = self.orders.order([1000, 200])
        contract = self.orders.set_up(order)
        bill = self.billing.bill(contract, '20%', post=False)
        self.assertRefused(
            order.order_line[0]._unlink_except_progress_billed,
            f"Works 1 cannot be deleted, these bill it: {bill.display_name}.",
        )
        self.company.progress_deposit_account_id = False
        other = self.orders.order([100, 50])
        draft = self.orders.set_up(other)
        self.assertEqual(draft.state, 'draft')
        other.order_line[1]._unlink_except_progress_billed()
        self.assertEqual(draft.line_ids.mapped('name'), ["Works 1"])

    # === DASHBOARD === #

    def test_project_is_billable(self):
        """A fixed-fee project takes orders."""
        project = self.make.project(allow_billable=False, billing_method='none')
        self.assertFalse(project.allow_billable)
        project.billing_method = 'fixed_fee'
        self.assertTrue(project.allow_billable)
        other = self.make.project(allow_billable=False, billing_method='time_materials')
        self.assertFalse(other.allow_billable)

    def test_native_items(self):
        """Odoo's own posted invoices on the schedule; no drafts, none of ours."""
        self.service.invoice_policy = 'delivery'
        order = self.orders.order([100], line_vals={'product_uom_qty': 10}, project_id=self.project.id)
        order.order_line.qty_delivered = 2
        native = self.orders.invoice(order)
        order.order_line.qty_delivered = 3
        self.orders.invoice(order, post=False)
        contract = self.orders.set_up(order, 'as_billed')
        self.billing.bill(contract, '10%')
        items = native.invoice_line_ids
        self.assertEqual(contract._get_native_items(), items)
        self.assertEqual(self.project._get_already_included_profitability_invoice_line_ids()[-len(items) :], items.ids)

    def test_orders_of_the_dashboard(self):
        """Order lines that a contract bills are left out of Odoo's own row, others stay in it."""
        order = self.orders.order([1000], project_id=self.project.id)
        contract = self.orders.set_up(order)
        plain = self.orders.order([500], project_id=self.project.id)
        domain = self.project._get_profitability_sale_order_items_domain()
        found = self.env['sale.order.line'].search(domain)
        self.assertNotIn(order.order_line, found)
        self.assertIn(plain.order_line, found)
        contract.action_cancel()
        found = self.env['sale.order.line'].search(self.project._get_profitability_sale_order_items_domain())
        self.assertIn(order.order_line, found)
