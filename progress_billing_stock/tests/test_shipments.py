from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.progress_billing_sale.tests.common import ProgressSaleCommon


class ShipmentCommon(ProgressSaleCommon):
    """A warehouse with goods, and what it does with an order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.progress_invoice_on_shipment = True
        cls.goods = cls.orders.product("Windows", type='consu', is_storable=True, invoice_policy='delivery')
        warehouse = cls.env['stock.warehouse'].search([('company_id', '=', cls.company.id)], limit=1)
        cls.warehouse = warehouse or cls.env['stock.warehouse'].create(
            {'name': "Yard", 'code': "YARD", 'company_id': cls.company.id}
        )
        cls.env['stock.quant']._update_available_quantity(cls.goods, cls.warehouse.lot_stock_id, 100)
        cls.storekeeper = new_test_user(
            cls.env, login='storekeeper', groups='stock.group_stock_user', company_id=cls.company.id
        )

    def _order(self, quantity=10, price=1000, fee=0, **vals):
        order = self.orders.order([price], line_vals={'product_id': self.goods.id, 'product_uom_qty': quantity}, **vals)
        if fee:
            order.order_line.create(
                {'order_id': order.id, 'product_id': self.service.id, 'price_unit': fee, 'tax_ids': [Command.clear()]}
            )
        return order

    def _deliver(self, order, quantity, user=None):
        """Deliver a part of what is open; a back-order takes the rest."""
        picking = order.picking_ids.filtered(lambda picking: picking.state not in ('done', 'cancel'))
        picking = picking.with_user(user or self.env.user)
        picking.action_assign()
        picking.move_ids.quantity = quantity
        picking.move_ids.picked = True
        self._validate(picking)
        return picking

    def _validate(self, picking):
        result = picking.button_validate()
        if isinstance(result, dict):  # asks whether there shall be a back-order
            Form.from_action(picking.env, result).save().process()

    def _return(self, picking, quantity, to_refund=True):
        wizard = self.env['stock.return.picking'].create({'picking_id': picking.id})
        wizard.product_return_moves.write({'quantity': quantity, 'to_refund': to_refund})
        back = wizard._create_return()
        back.move_ids.write({'quantity': quantity, 'picked': True})
        back.button_validate()
        return back


@tagged('post_install', '-at_install')
class TestShipments(ShipmentCommon):
    """Auto-generate invoices on shipment: unless billed in stages first, back-orders and returns."""

    def test_delivery_without_progress_billing(self):
        """A regular draft invoice of what was delivered, made by a storekeeper; the back-order makes the next."""
        order = self._order()
        self._deliver(order, 6, user=self.storekeeper)
        self.assertRecordValues(
            order.invoice_ids, [{'state': 'draft', 'move_type': 'out_invoice', 'amount_untaxed': 6000}]
        )
        self.assertEqual(order.order_line.qty_invoiced, 6)
        self._deliver(order, 4)
        self.assertEqual(order.invoice_ids.sorted('id').mapped('amount_untaxed'), [6000, 4000])
        order.invoice_ids.action_post()
        self.assertEqual(self.books.of(order.invoice_ids)[self.income_account], (-10000, -10000))
        self.assertFigures(order, 10000, 0, 'invoiced', 2)

    def test_preference_is_off(self):
        self.company.progress_invoice_on_shipment = False
        order = self._order()
        self._deliver(order, 6)
        self.assertFalse(order.invoice_ids)

    def test_billed_first_then_shipped(self):
        """SAL-9: no invoice for a shipment after the first progress invoice; a pro forma counts, a plan does not."""
        for how in ('planned', 'pro forma', 'draft', 'posted', 'credited'):
            with self.subTest(how=how):
                order = self._order()
                contract = self.orders.set_up(order)
                contract.use_pro_forma = how == 'pro forma'
                bill = self.make.plan(contract, '3000')
                if how != 'planned':
                    bill.action_create()
                if how in ('posted', 'credited'):
                    bill.invoice_id.action_post()
                if how == 'credited':
                    self.billing.credit(bill.invoice_id)
                before = order.invoice_ids
                self._deliver(order, 2)
                made = order.invoice_ids - before
                self.assertEqual(made.mapped('amount_untaxed'), [2000] if how in ('planned', 'credited') else [])

    def test_shipped_first_then_billed(self):
        """Order 10,000, shipped 2,000, deposit 3,000: final income 8,000, deposits 3,000, receivable 5,000."""
        order = self._order()
        contract = self.orders.set_up(order)
        self._deliver(order, 2)
        shipped = order.invoice_ids
        self.assertEqual(shipped.amount_untaxed, 2000)
        self.assertRecordValues(contract, [{'draft_amount': 2000, 'actual_amount': 0, 'wip_available': 8000}])
        shipped.action_post()
        self.assertRecordValues(contract, [{'draft_amount': 0, 'actual_amount': 2000, 'wip_available': 8000}])
        self.billing.bill(contract, '3000')
        self._deliver(order, 8)
        self.assertEqual(len(order.invoice_ids), 2)
        final = self.billing.final(contract)
        self.assertEqual(
            self.books.of(final),
            {
                self.receivable_account: (5000, 5000),
                self.deposit_account: (3000, 3000),
                self.income_account: (-8000, -8000),
            },
        )
        self.assertDeposits(contract, 0)
        self.assertFigures(order, 10000, 0, 'invoiced', 3)
        self.assertFalse(final.invoice_line_ids.filtered(lambda line: line.product_id.type == 'consu'))
        self.assertFalse(final.line_ids.filtered(lambda line: line.display_type == 'cogs'))

    def test_goods_and_a_fixed_fee(self):
        """Only what was delivered goes on the shipment's invoice; the fee stays with progress billing."""
        order = self._order(fee=5000)
        contract = self.orders.set_up(order)
        self._deliver(order, 2)
        self.assertRecordValues(
            order.invoice_ids.invoice_line_ids, [{'product_id': self.goods.id, 'quantity': 2, 'price_subtotal': 2000}]
        )
        order.invoice_ids.action_post()
        self.assertEqual(contract.line_ids.mapped('actual_amount'), [2000, 0])
        self.billing.bill(contract, '13000')
        self.assertFigures(order, 15000, 0, 'invoiced', 2)
        self.assertEqual(contract.line_ids.mapped('actual_amount'), [10000, 5000])

    def test_return(self):
        """What was invoiced and comes back is credited; what was not invoiced is not."""
        order = self._order()
        picking = self._deliver(order, 6)
        order.invoice_ids.action_post()
        self._return(picking, 2)
        credit = order.invoice_ids.filtered(lambda move: move.move_type == 'out_refund')
        self.assertRecordValues(credit, [{'state': 'draft', 'amount_untaxed': 2000}])
        self.assertEqual(credit.reversed_entry_id, order.invoice_ids - credit)
        credit.action_post()
        self.assertFigures(order, 4000, 0, 'no', 2)

    def test_return_after_progress_billing(self):
        """Shipped 2 and invoiced, billed in stages, shipped 3 without invoice, 4 returned: 1 was invoiced too much."""
        order = self._order()
        contract = self.orders.set_up(order)
        self._deliver(order, 2)
        shipped = order.invoice_ids
        shipped.action_post()
        self.billing.bill(contract, '3000')
        picking = self._deliver(order, 3)
        self.assertEqual(len(order.invoice_ids), 2)
        self._return(picking, 3)
        self.assertEqual(len(order.invoice_ids), 2)
        first = order.picking_ids.filtered(lambda picking: picking.state == 'done').sorted('id')[0]
        self._return(first, 1)
        credit = order.invoice_ids.filtered(lambda move: move.move_type == 'out_refund')
        self.assertEqual((credit.amount_untaxed, credit.reversed_entry_id), (1000, shipped))
        credit.action_post()
        self.assertEqual(contract.actual_amount, 4000)

    def test_ordered_quantities_invoiced_ahead(self):
        """Invoiced in full when ordered: deliveries make no invoice and no credit note, a return does."""
        self.goods.invoice_policy = 'order'
        order = self._order()
        self.orders.invoice(order)
        picking = self._deliver(order, 6)
        self.assertEqual(len(order.invoice_ids), 1)
        self._return(picking, 1, to_refund=False)
        self.assertEqual(len(order.invoice_ids), 1)
        self._return(picking, 2)
        self.assertEqual(order.invoice_ids.mapped('amount_untaxed'), [10000, 2000])

    def test_down_payment_taken_over_then_shipped(self):
        """SAL-9: a down payment of Odoo's own that became a deposit counts as billed in stages."""
        self.company.downpayment_account_id = self.deposit_account
        order = self._order()
        paid = self.orders.down_payment(order, percent=30)
        self.orders.set_up(order)
        self._deliver(order, 2)
        self.assertEqual(order.invoice_ids, paid)

    def test_down_payment_is_deducted_once_the_delivery_is_worth_it(self):
        self.company.downpayment_account_id = self.deposit_account
        order = self._order()
        self.orders.down_payment(order, percent=30)
        self._deliver(order, 2)
        self._deliver(order, 8)
        invoices = order.invoice_ids.sorted('id')
        self.assertEqual(invoices.mapped('amount_untaxed'), [3000, 2000, 5000])
        invoices[1:].action_post()
        self.assertEqual(self.books.balance(self.deposit_account), 0)
        self.assertFigures(order, 10000, 0, 'invoiced', 3)

    def test_more_delivered_than_ordered(self):
        """Invoiced as usual, and proposed to the schedule; posting waits for the change order."""
        order = self._order(quantity=2)
        contract = self.orders.set_up(order)
        self._deliver(order, 3)
        self.assertEqual(order.invoice_ids.amount_untaxed, 3000)
        self.assertEqual(contract.change_ids.amount, 1000)
        with self.assertRaisesRegex(UserError, "WIP available"):
            order.invoice_ids.action_post()
        contract.change_ids.action_approve()
        order.invoice_ids.action_post()
        self.assertRecordValues(contract, [{'actual_amount': 3000, 'wip_available': 0}])

    def test_invoice_that_cannot_be_made(self):
        """A delivery is not held up by its invoice: the salesperson gets an activity."""
        order = self._order()
        self.env['account.journal'].search([('type', '=', 'sale'), ('company_id', '=', self.company.id)]).active = False
        picking = self._deliver(order, 2)
        self.assertEqual(picking.state, 'done')
        self.assertFalse(order.invoice_ids)
        self.assertEqual(order.activity_ids.mapped('summary'), ["Delivery not invoiced"])
