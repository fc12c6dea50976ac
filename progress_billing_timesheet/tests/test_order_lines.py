from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestOrderLines(ProgressTimesheetCommon):
    """Products and expenses beside the fee: offered, billed, and what cannot go (HRS-8, HRS-9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.as_billed([30000], hourly_rate=100)
        cls.project.sale_line_id = False
        cls.by_order = cls.orders.product("Licence")
        cls.by_delivery = cls.orders.product("Cable", invoice_policy='delivery')

    @classmethod
    def _sell(cls, price=250.0, product=None, delivered=None, **vals):
        """A line of a confirmed order of the project."""
        line = {
            'product_id': (product or cls.by_order).id,
            'product_uom_qty': vals.pop('quantity', 1),
            **vals.pop('line', {}),
        }
        order = cls.orders.order([price], line_vals=line, **{'project_id': cls.project.id, **vals})
        if delivered is not None:
            order.order_line.qty_delivered = delivered
        return order.order_line

    def _offered(self, kind='product', contract=None):
        return (contract or self.contract)._get_order_lines_to_bill(kind)

    def _bill(self, *lines, kind='product', **vals):
        lines = self.env['sale.order.line'].browse([line.id for line in lines])
        return self._create_bill(self.contract, None, 0, **{f'{kind}_line_ids': [Command.set(lines.ids)]}, **vals)

    # === OFFERED === #

    def test_which_are_offered(self):
        """Each reason why a line is not there, one at a time."""
        stranger, contact = self.customer.copy(), self.customer.copy({'parent_id': self.customer.id})
        company_line = self._sell()
        self.assertEqual(self._offered(), company_line)
        self.assertFalse(self._offered('expense'))
        for name, change, offered in (
            ("nothing left", lambda line: self.orders.invoice(line.order_id), False),
            ("credited", lambda line: self.billing.credit(self.orders.invoice(line.order_id)), True),
            ("ordered more", lambda line: line.write({'product_uom_qty': 3}), True),
            ("cancelled", lambda line: line.order_id._action_cancel(), False),
            ("another customer", lambda line: line.order_id.write({'partner_invoice_id': stranger.id}), False),
            ("a contact of theirs", lambda line: line.order_id.write({'partner_invoice_id': contact.id}), True),
            ("another project", lambda line: line.order_id.write({'project_id': False}), False),
            ("project's own line", lambda line: self._own_line(line), True),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                line = self._sell(100)
                self.assertIn(line, self._offered())
                change(line)
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(line in self._offered(), offered)
                savepoint.rollback()
                self.env.invalidate_all()

    def _own_line(self, line):
        line.order_id.project_id = False
        self.project.sale_line_id = line

    def test_not_offered_from_the_start(self):
        """Quotations, sections, down payments, what is delivered later, hours sold by the hour."""
        hourly = self.orders.product(
            "By the hour", uom_id=self.hour.id, invoice_policy='delivery', service_type='timesheet'
        )
        quotation = self._sell(confirm=False)
        section = self._sell()
        section.order_id.order_line = [Command.create({'display_type': 'line_section', 'name': "Part"})]
        waiting = self._sell(product=self.by_delivery, delivered=0)
        timed = self._sell(product=hourly)
        self._make_entry(3).so_line = timed
        paid = self._sell()
        self.env['sale.advance.payment.inv'].create(
            {'sale_order_ids': [Command.set(paid.order_id.ids)], 'advance_payment_method': 'fixed', 'fixed_amount': 50}
        ).create_invoices()
        offered = self._offered()
        self.assertTrue(timed.qty_to_invoice)
        self.assertEqual(offered, section | paid)
        self.assertFalse(offered & (quotation | waiting | timed))

    def test_order_of_another_contract(self):
        """An order with a contract of its own is billed there, though its project is ours."""
        line = self._sell(project_id=False)
        contract = self.orders.set_up(line.order_id, 'as_billed')
        self.assertNotEqual(contract, self.contract)
        line.order_id.project_id = self.project
        line.order_id.order_line = [
            Command.create({'product_id': self.by_order.id, 'price_unit': 10, 'is_expense': True, 'tax_ids': False})
        ]
        expense = line.order_id.order_line - line
        contract.action_open()
        self.assertFalse(self._offered())
        self.assertNotIn(expense, self._offered('expense'))
        self.assertIn(expense, self._offered('expense', contract))

    # === BILLED === #

    def test_amounts(self):
        """Quantity left × price less discount, with the order's taxes, in the invoice and in the ledger."""
        for price, quantity, vals, untaxed, total in (
            (100, 3, {}, 300, 300),
            (33.335, 3, {}, 100.01, 100.01),
            (100, 3, {'discount': 12.5}, 262.5, 262.5),
            (100, 1, {'tax_ids': [Command.set(self.tax_15.ids)]}, 100, 115),
            (-20, 1, {}, -20, -20),
        ):
            with self.subTest(price=price, quantity=quantity, vals=vals), self.env.cr.savepoint() as savepoint:
                line = self._sell(price, quantity=quantity, line=vals)
                wizard = self._open(self.contract, None, 500, product_line_ids=[Command.set(line.ids)])
                self.assertEqual((wizard.product_amount, wizard.net_amount), (untaxed, 500 + untaxed))
                wizard.action_continue()
                invoice = wizard.bill_id.invoice_id
                self.assertEqual((invoice.amount_untaxed, invoice.amount_total), (500 + untaxed, 500 + total))
                invoice.action_post()
                self.assertLedgerLines(invoice, self.income_account, -500 - untaxed)
                self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (quantity, 0))
                self.assertEqual(line.untaxed_amount_invoiced, untaxed)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_the_rest_comes_back(self):
        """2 of 5 delivered: those are billed whole; the next delivery is offered alone."""
        line = self._sell(product=self.by_delivery, quantity=5, delivered=2)
        self._bill(line).invoice_id.action_post()
        self.assertFalse(self._offered())
        line.qty_delivered = 5
        self.assertEqual((self._offered(), line.qty_to_invoice), (line, 3))
        bill = self._bill(line)
        self.assertEqual((bill.sourced_amount, bill.entry_ids.quantity), (750, 3))

    def test_ticked_and_gone(self):
        """What somebody invoiced meanwhile is not billed again; then nothing may be left to bill."""
        line = self._sell()
        wizard = self._open(self.contract, None, 0, product_line_ids=[Command.set(line.ids)])
        self.orders.invoice(line.order_id)
        wizard.invalidate_recordset()
        self.assertEqual(wizard.product_amount, 0)
        self.assertRefused(wizard.action_continue, "There is nothing to bill on")

    def test_from_the_list(self):
        """Products and expenses go to their own lists; an order without a contract is refused by name."""
        product, expense = self._sell(), self._sell(80, line={'is_expense': True}, delivered=1)
        wizard = self.env['progress.bill.create'].browse((product | expense).action_progress_bill()['res_id'])
        self.assertEqual((wizard.product_line_ids, wizard.expense_line_ids), (product, expense))
        self.assertEqual((wizard.product_amount, wizard.expense_amount), (250, 80))
        other = self._sell(project_id=False)
        self.assertRefused((product | other).action_progress_bill, other.order_id.name, "bill it by Create Invoice")

    def test_two_contracts_of_a_project(self):
        """On a customer's screen each line is there once, on the first of them that is not billed."""
        second = self.make.as_billed([5000], hourly_rate=100)
        line = self._sell()
        self.assertEqual((self._offered(), self._offered(contract=second)), (line, line))
        wizard = self.env['progress.bill.create'].create({'partner_id': self.customer.id, 'date': '2026-01-31'})
        self.assertEqual(wizard.child_ids.contract_id, self.contract | second)
        self.assertEqual([row['id'] for row in wizard.read_order_lines('product')], line.ids)
        wizard.tick_order_lines('product', True, line.ids)
        self.assertEqual([child.product_line_ids for child in wizard.child_ids.sorted('id')], [line, line.browse()])
        self.assertEqual(wizard.product_amount, 250)
        wizard.action_continue()
        self.assertEqual(line.progress_entry_ids.bill_id.contract_id, self.contract)
        self.assertEqual((len(line.progress_entry_ids), line.qty_to_invoice), (1, 0))

    def test_an_order_behind_two_projects(self):
        """Each line of it is there once, on the first project's contract; from the list where the other is a draft."""
        other = self.make.project(name="Second house")
        second = self.make.as_billed([5000], project=other, hourly_rate=100)
        line = self._sell()
        other.sale_line_id = lines = self._sell(90, project_id=False)
        self._own_line(lines)
        self.assertEqual((self._offered() & lines, self._offered(contract=second)), (lines, lines))
        wizard = self.env['progress.bill.create'].create({'partner_id': self.customer.id, 'date': '2026-01-31'})
        read = [row['id'] for row in wizard.read_order_lines('product')]
        self.assertEqual(sorted(read), sorted((lines | line).ids))
        wizard.tick_order_lines('product', True, lines.ids)
        self.assertEqual([child.product_line_ids for child in wizard.child_ids.sorted('id')], [lines, lines.browse()])
        self.assertEqual(wizard.product_amount, sum(lines.mapped('price_subtotal')))
        second._write_protected({'state': 'draft'})
        self.assertTrue(lines.action_progress_bill()['res_id'])

    # === WHAT CANNOT GO === #

    def test_billed_quantity_stays(self):
        """Never below what live bills have; above, by the other quantity, and after the bill is gone it may change."""
        for product, name, other in (
            (self.by_order, 'product_uom_qty', 'qty_delivered'),
            (self.by_delivery, 'qty_delivered', 'product_uom_qty'),
        ):
            with self.subTest(name):
                self.contract.use_pro_forma = True
                line = self._sell(product=product, quantity=3, delivered=3)
                bill = self._bill(line)
                for quantity in (0, 2, 2.9999):
                    self.assertRefused(
                        lambda line=line, name=name, quantity=quantity: line.write({name: quantity}),
                        "is on",
                        bill.name,
                        "Delete, cancel or credit that first",
                    )
                self.assertEqual((line[name], line.qty_to_invoice), (3, 0))
                line[name] = 3
                line[name] = 4
                self.assertEqual(line.qty_to_invoice, 1)
                line[other] = 1
                bill.unlink()
                line[name] = 2
                self.assertEqual(line.qty_to_invoice, 2)

    def test_deleting_the_line(self):
        """A line on a live bill is not deleted, even of a cancelled order."""
        self.contract.use_pro_forma = True
        line = self._sell()
        bill = self._bill(line)
        line.order_id._action_cancel()
        self.assertRefused(line.unlink, "is on", bill.name)
        bill.unlink()
        line.unlink()

    def test_cancelling_the_order(self):
        """Odoo would cancel the draft invoice with its order, fee and hours included: that is refused by name."""
        line = self._sell()
        bill = self._bill(line)
        move, order = bill.invoice_id, line.order_id
        self.assertRefused(order._action_cancel, "the draft invoice of", bill.name)
        self.assertEqual((move.state, bill.state, order.state), ('draft', 'invoiced', 'sale'))
        move.action_post()
        order._action_cancel()
        self.assertEqual((move.state, bill.state, order.state), ('posted', 'invoiced', 'cancel'))

    # === OTHER CURRENCIES === #

    def test_order_in_another_currency(self):
        """Left out, and said so, with what to do; not where it has nothing to bill."""
        self.assertFalse(self._open(self.contract).warning_text)
        currency = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0)])
        pricelist = self.env['product.pricelist'].create({'name': "EUR", 'currency_id': currency.id})
        line = self._sell(pricelist_id=pricelist.id)
        self.assertEqual(line.currency_id, currency)
        self.assertFalse(self._offered())
        self.assertRegex(
            self._open(self.contract).warning_text,
            f"another currency than .*USD.*{line.order_id.name} .EUR.*Create Invoice on the order",
        )
        wizard = self._open(self.contract, None, 0)
        wizard.tick_order_lines('product', True, line.ids)
        self.assertFalse(wizard.product_line_ids)
        self.orders.invoice(line.order_id)
        self.assertFalse(self._open(self.contract).warning_text)

    def test_negative_amount_typed(self):
        self.assertRefused(lambda: self._open(self.contract, None, -1), "may not be negative", error=ValidationError)
