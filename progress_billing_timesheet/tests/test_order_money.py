from odoo import Command
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestOrderMoney(ProgressTimesheetCommon):
    """Expenses and products from the order to the ledger and back: quantities, taxes, currencies (HRS-8, HRS-9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.as_billed([30000], hourly_rate=100)
        cls.project.sale_line_id = False
        cls.licence = cls.orders.product("Licence")
        cls.cable = cls.orders.product("Cable", invoice_policy='delivery')

    @classmethod
    def _sell(cls, *prices, taxes=None, product=None, project=None, quantity=1, **vals):
        """Lines of a confirmed order of the project."""
        line = {'product_id': (product or cls.licence).id, 'product_uom_qty': quantity}
        order = cls.orders.order(prices, taxes, line_vals=line, **{'project_id': (project or cls.project).id, **vals})
        return order.order_line

    def _bill(self, lines, amount=0, contract=None, **vals):
        ticked = {f'{kind}_line_ids': [Command.set(found.ids)] for kind, found in self._by_kind(lines)}
        return self._create_bill(contract or self.contract, None, amount, **ticked, **vals)

    def _by_kind(self, lines):
        expenses = lines.filtered('is_expense')
        return (('expense', expenses), ('product', lines - expenses))

    def _order_figures(self, lines):
        self.env.flush_all()
        self.env.invalidate_all()
        return [(line.qty_invoiced, line.qty_to_invoice) for line in lines]

    # === EVERY WAY BACK === #

    def test_every_way_back(self):
        """Two of a product and an expense: on the order they are invoiced while the bill stands, and free after it."""
        product, expense = self._sell(250, quantity=2), self._sell(80)
        expense.is_expense = True
        lines = product | expense
        held, free = [(2, 0), (1, 0)], [(0, 2), (0, 1)]
        for name, post, act, expected, live in (
            ("draft", False, lambda move: None, held, True),
            ("deleted", False, lambda move: move.unlink(), free, False),
            ("cancelled", False, lambda move: move.button_cancel(), free, False),
            ("and back", False, lambda move: (move.button_cancel(), move.button_draft()), held, True),
            ("posted", True, lambda move: None, held, True),
            ("reset", True, lambda move: move.button_draft(), held, True),
            ("reset and deleted", True, lambda move: (move.button_draft(), move.unlink()), free, False),
            ("credited in full", True, lambda move: self.billing.credit(move), free, False),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                bill = self._bill(lines, 1000)
                move, rows = bill.invoice_id, bill.entry_ids
                self.assertEqual(move.amount_untaxed, 1580)
                if post:
                    move.action_post()
                act(move)
                self.assertEqual(self._order_figures(lines), expected)
                self.assertEqual(rows.exists().mapped('is_live'), [live, live] if rows.exists() else [])
                offered = self.contract._get_order_lines_to_bill('product')
                self.assertEqual(offered, product.browse() if live else product)
                if live:
                    self.assertRefused(lambda: product.write({'product_uom_qty': 1}), "is on", "Delete, cancel")
                else:
                    again = self._bill(lines)
                    self.assertEqual(again.invoice_id.amount_untaxed, 580)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_pro_forma_and_the_order(self):
        """What a pro forma holds nobody else invoices; its invoice counts it once, its end gives it back."""
        self.contract.use_pro_forma = True
        lines = self._sell(250, 40, quantity=2)
        bill = self._bill(lines)
        self.assertEqual(self._order_figures(lines), [(0, 0), (0, 0)])
        self.assertEqual(bill.entry_ids.mapped('quantity'), [2, 2])
        lines[0].product_uom_qty = 5
        self.assertEqual(self._order_figures(lines), [(0, 3), (0, 0)])
        odoos = self.orders.invoice(lines.order_id)
        self.assertEqual(odoos.amount_untaxed, 750)
        bill.action_release()
        self.assertEqual(self._order_figures(lines), [(5, 0), (2, 0)])
        bill.invoice_id.unlink()
        self.assertEqual(self._order_figures(lines), [(3, 0), (0, 0)])
        bill.unlink()
        self.assertEqual(self._order_figures(lines), [(3, 2), (0, 2)])

    def test_several_lines_in_one_write(self):
        """One of three is on a bill: none changes; the sentence names it and its bill."""
        lines = self._sell(10, 20, 30, quantity=3)
        lines.mapped(lambda line: line.write({'name': f"Part {line.price_unit:.0f}"}))
        bill = self._bill(lines[1])
        message = self.assertRefused(lambda: lines.write({'product_uom_qty': 1}), "“Part 20” of", bill.display_name)
        self.assertNotIn("Part 10", message)
        self.assertEqual(set(lines.mapped('product_uom_qty')), {3})
        (lines - lines[1]).write({'product_uom_qty': 1})
        lines.write({'product_uom_qty': 3})
        bill.invoice_id.action_post()
        self.assertRefused(lambda: lines[1].write({'product_uom_qty': 2}), f"is on {bill.invoice_id.name}")

    def test_two_bills_of_one_line(self):
        """Quantities of both bills count, and both are named."""
        self.contract.use_pro_forma = True
        line = self._sell(10, product=self.cable, quantity=10)
        bills = self.env['progress.bill']
        for delivered in (3, 5):
            line.qty_delivered = delivered
            bills |= self._bill(line)
        self.assertEqual(bills.mapped('sourced_amount'), [30, 20])
        self.assertRefused(lambda: line.write({'qty_delivered': 4.99}), *bills.mapped('name'))
        line.qty_delivered = 5
        bills[1].unlink()
        line.qty_delivered = 3
        self.assertRefused(lambda: line.write({'qty_delivered': 2}), bills[0].name)

    # === TAXES === #

    def test_taxes(self):
        """Untaxed, tax and total on the invoice and in the ledger, prices with and without tax, several of them."""
        added = self.make.tax("20 %", 20.0)
        included = self.make.tax("21 % incl.", 21.0, price_include_override='tax_included')
        for name, taxes, prices, quantity, untaxed, tax in (
            ("none", None, (100,), 1, 100, 0),
            ("added", added, (100,), 1, 100, 20),
            ("added, three", added, (33.33,), 3, 99.99, 20),
            ("included", included, (100,), 1, 82.64, 17.36),
            ("included, three", included, (9.99,), 3, 24.77, 5.2),
            ("included, two lines", included, (100, 9.99), 1, 90.9, 19.09),
            ("included, large", included, (12345.67,), 1, 10203.03, 2142.64),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                lines = self._sell(*prices, taxes=taxes, quantity=quantity)
                wizard = self._open(self.contract, None, 500, product_line_ids=[Command.set(lines.ids)])
                self.assertEqual((wizard.product_amount, wizard.net_amount), (untaxed, 500 + untaxed))
                wizard.action_continue()
                move = wizard.bill_id.invoice_id
                self.assertEqual((move.amount_untaxed, round(move.amount_tax, 2)), (500 + untaxed, tax))
                self.assertEqual(round(move.amount_total - 500, 2), round(lines.order_id.amount_total, 2))
                move.action_post()
                self.assertLedgerLines(move, self.company_data['default_account_tax_sale'], -tax)
                self.assertLedgerLines(move, self.income_account, -500 - untaxed)
                self.assertEqual(self._order_figures(lines), [(quantity, 0)] * len(lines))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_covered_in_part_with_tax_included(self):
        """What an agreement leaves of 121.00 with 21 % in it: 60.00 and its tax, no more of the old price."""
        included = self.make.tax("21 % incl.", 21.0, price_include_override='tax_included')
        self.env['progress.agreement'].create(
            {
                'name': "Support",
                'partner_id': self.customer.id,
                'date_start': '2026-01-01',
                'covers_products': True,
                'limit_amount': 40,
            }
        )
        line = self._sell(121, taxes=included)
        bill = self._bill(line)
        self.assertEqual((bill.agreement_applied, bill.sourced_line_ids.amount), (40, 60))
        self.assertFalse(bill.sourced_line_ids.taxed_amount)
        self.assertEqual((bill.invoice_id.amount_untaxed, bill.invoice_id.amount_tax), (60, 12.6))
        self.assertIn("Covered by agreement", bill.sourced_line_ids.name)
        self.assertRecordValues(
            bill.entry_ids, [{'kind': 'product', 'value': 100, 'covered_amount': 40, 'quantity': 1}]
        )
        self.assertEqual(self._order_figures(line), [(1, 0)])

    def test_currencies(self):
        """An order in the contract's yen or dinars: whole yen, thousandths of a dinar, and the company's cents."""
        for code, rounding, price, quantity, untaxed in (
            ('JPY', 1, 333, 3, 999),
            ('KWD', 0.001, 0.333, 3, 0.999),
            ('KWD', 0.001, 10.0005, 1, 10.001),
        ):
            with self.subTest(code, price=price), self.env.cr.savepoint() as savepoint:
                self.env['decimal.precision'].search([('name', '=', 'Product Price')]).digits = 4
                currency = self.setup_other_currency(code, rounding=rounding, rates=[('2026-01-01', 2.0)])
                pricelist = self.env['product.pricelist'].create({'name': code, 'currency_id': currency.id})
                project = self.make.project(name=code)
                contract = self.make.as_billed([5000], project=project, currency_id=currency.id)
                line = self._sell(price, quantity=quantity, project=project, pricelist_id=pricelist.id)
                bill = self._bill(line, 100, contract=contract)
                move = bill.invoice_id
                self.assertEqual((move.currency_id, move.amount_untaxed), (currency, 100 + untaxed))
                self.assertEqual(bill.entry_ids.value, untaxed)
                move.action_post()
                self.assertLedgerLines(move, self.income_account, -round((100 + untaxed) / 2, 2))
                self.assertEqual(self._order_figures(line), [(quantity, 0)])
                savepoint.rollback()
                self.env.invalidate_all()

    # === WHAT IS ON THE INVOICE === #

    def test_invoice_line(self):
        """Product, unit, text, analytic account and link are the order line's."""
        dozen = self.env.ref('uom.product_uom_dozen')
        analytic = {str(self.analytic_account.id): 100}
        line = self._sell(120, quantity=2)
        line.write(
            {'product_uom_id': dozen.id, 'price_unit': 120, 'name': "Licences", 'analytic_distribution': analytic}
        )
        bill = self._bill(line, 500)
        self.assertRecordValues(
            bill.sourced_line_ids,
            [{'source': 'product', 'sale_line_id': line.id, 'quantity': 2, 'amount': 240, 'taxed_amount': 0}],
        )
        item = bill.invoice_id.invoice_line_ids.filtered('sale_line_ids')
        self.assertRecordValues(
            item,
            [
                {
                    'name': "Licences",
                    'product_id': self.licence.id,
                    'product_uom_id': dozen.id,
                    'quantity': 2,
                    'price_subtotal': 240,
                    'sale_line_ids': line.ids,
                    'analytic_distribution': analytic,
                    'progress_line_type': 'sourced',
                }
            ],
        )
        self.assertEqual(len(bill.invoice_id.invoice_line_ids), 2)

    # === FROM THE LIST OF ORDER LINES === #

    def test_order_of_the_projects_line(self):
        """An order that is tied to the project by the project's own line alone is offered, and opens the screen."""
        lines = self.orders.order([250, 40]).order_line
        self.assertFalse(lines.order_id.project_id)
        self.project.sale_line_id = lines[0]
        self.assertEqual(self.contract._get_order_lines_to_bill('product'), lines)
        wizard = self.env['progress.bill.create'].browse(lines.action_progress_bill()['res_id'])
        self.assertEqual((wizard.contract_id, wizard.product_line_ids), (self.contract, lines))
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.sourced_amount, 290)

    def test_orders_of_several_contracts(self):
        """Each line is ticked with the contract that offers it; of several customers none is opened."""
        shop = self.make.project(name="Shop")
        other = self.make.as_billed([900], project=shop)
        first, second = self._sell(250), self._sell(40, project=shop)
        second.is_expense = True
        wizard = self.env['progress.bill.create'].browse((first | second).action_progress_bill()['res_id'])
        mine, theirs = wizard.child_ids.sorted(lambda child: child.contract_id.id)
        self.assertEqual(
            (mine.contract_id, mine.product_line_ids, mine.expense_line_ids.ids), (self.contract, first, [])
        )
        self.assertEqual(
            (theirs.contract_id, theirs.product_line_ids.ids, theirs.expense_line_ids), (other, [], second)
        )
        self.assertEqual((wizard.product_amount, wizard.expense_amount, wizard.net_amount), (250, 40, 290))
        other.partner_id = self.customer.copy()
        self.assertRefused((first | second).action_progress_bill, "These are of several customers")
