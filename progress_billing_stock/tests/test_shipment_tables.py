from odoo.tests import tagged

from .test_shipments import ShipmentCommon


@tagged('post_install', '-at_install')
class TestShipmentTables(ShipmentCommon):
    """What a delivery or a return invoices, case by case."""

    def _credits(self, order):
        return order.invoice_ids.filtered(lambda move: move.move_type == 'out_refund')

    def test_units(self):
        """Ordered in dozens and moved in units: the invoice is in the order's unit and price."""
        dozen = self.env.ref('uom.product_uom_dozen')
        for ordered, delivered, returned, invoiced, credited in (
            (2, 24, 0, 24000, 0),
            (2, 12, 0, 12000, 0),
            (2, 6, 0, 6000, 0),
            (2, 24, 12, 24000, 12000),
            (2, 12, 3, 12000, 3000),
        ):
            with self.subTest(ordered=ordered, delivered=delivered, returned=returned):
                order = self.orders.order(
                    [12000],
                    line_vals={
                        'product_id': self.goods.id,
                        'product_uom_qty': ordered,
                        'product_uom_id': dozen.id,
                        'price_unit': 12000,
                        'technical_price_unit': 0,
                    },
                )
                picking = self._deliver(order, delivered)
                invoice = order.invoice_ids
                self.assertRecordValues(invoice, [{'amount_untaxed': invoiced, 'move_type': 'out_invoice'}])
                self.assertEqual(invoice.invoice_line_ids.product_uom_id, dozen)
                self.assertEqual(invoice.invoice_line_ids.quantity, delivered / 12)
                invoice.action_post()
                if returned:
                    self._return(picking, returned)
                self.assertEqual(sum(self._credits(order).mapped('amount_untaxed')), credited)

    def test_returns(self):
        """Credited is what was invoiced and is refunded, whatever else comes back."""
        for delivered, refund, returned, credited in (
            (6, True, 2, 2000),
            (6, True, 6, 6000),
            (6, False, 2, 0),
            (1, True, 1, 1000),
        ):
            with self.subTest(delivered=delivered, refund=refund, returned=returned):
                order = self._order()
                picking = self._deliver(order, delivered)
                order.invoice_ids.action_post()
                self._return(picking, returned, to_refund=refund)
                self.assertEqual(sum(self._credits(order).mapped('amount_untaxed')), credited)
                self.assertEqual(order.order_line.qty_delivered, delivered - (returned if refund else 0))

    def test_returned_before_it_is_posted(self):
        """A draft invoice counts as well: what comes back is credited, not taken off the draft."""
        order = self._order()
        picking = self._deliver(order, 6)
        invoice = order.invoice_ids
        self._return(picking, 2)
        credit = self._credits(order)
        self.assertRecordValues(invoice, [{'state': 'draft', 'amount_untaxed': 6000}])
        self.assertRecordValues(credit, [{'state': 'draft', 'amount_untaxed': 2000, 'reversed_entry_id': False}])
        (invoice | credit).action_post()
        self.assertEqual(self.books.of(invoice | credit)[self.income_account], (-4000, -4000))
        self.assertFigures(order, 4000, 0, 'no', 2)

    def test_credit_note_names_its_invoice(self):
        """Of one invoice it is the credit note; of two it cannot say which."""
        for deliveries, named in (((6,), True), ((3, 3), False)):
            with self.subTest(deliveries=deliveries):
                order = self._order()
                pickings = [self._deliver(order, quantity) for quantity in deliveries]
                order.invoice_ids.action_post()
                invoices = order.invoice_ids
                self._return(pickings[0], 2)
                credit = self._credits(order)
                self.assertEqual(credit.reversed_entry_id, invoices if named else self.env['account.move'])
                self.assertEqual(credit.amount_untaxed, 2000)

    def test_nothing_is_credited_under_a_final_invoice(self):
        """SAL-9: what comes back after the final invoice is people's business, until the final is undone."""
        order = self._order()
        contract = self.orders.set_up(order)
        picking = self._deliver(order, 10)
        order.invoice_ids.action_post()
        final = self.billing.final(contract, post=False) if contract.wip_available else None
        self.assertFalse(final, "all was shipped and invoiced")
        order = self._order()
        contract = self.orders.set_up(order)
        picking = self._deliver(order, 4)
        order.invoice_ids.action_post()
        self.billing.bill(contract, '3000')
        self.billing.final(contract)
        before = order.invoice_ids
        self._return(picking, 1)
        self.assertEqual(order.invoice_ids, before)

    def test_contracts_that_do_not_stand_in_the_way(self):
        """A contract that was cancelled, or on which nothing was billed, leaves shipments to Odoo."""
        for how, made in (('none', [2000]), ('open', [2000]), ('cancelled', [2000]), ('billed', [])):
            with self.subTest(how=how):
                order = self._order()
                if how != 'none':
                    contract = self.orders.set_up(order)
                if how == 'cancelled':
                    contract.action_cancel()
                if how == 'billed':
                    self.billing.bill(contract, '3000')
                before = order.invoice_ids
                self._deliver(order, 2)
                self.assertEqual((order.invoice_ids - before).mapped('amount_untaxed'), made)

    def test_several_lines(self):
        """One invoice for all that is on the delivery, in the order's sequence; what was not delivered is left out."""
        order = self._order(quantity=10, price=1000)
        second, third = self.env['sale.order.line'].create(
            [
                {
                    'order_id': order.id,
                    'product_id': self.goods.id,
                    'name': name,
                    'sequence': sequence,
                    'product_uom_qty': 4,
                    'price_unit': price,
                    'technical_price_unit': 0,
                    'tax_ids': False,
                }
                for name, sequence, price in (("First of all", 1, 50), ("Not yet", 99, 70))
            ]
        )
        picking = order.picking_ids.filtered(lambda picking: picking.state not in ('done', 'cancel'))
        picking.action_assign()
        for move in picking.move_ids:
            move.quantity = 0 if move.sale_line_id == third else 2
        picking.move_ids.filtered('quantity').picked = True
        self._validate(picking)
        self.assertRecordValues(
            order.invoice_ids.invoice_line_ids.sorted('sequence'),
            [
                {'sale_line_ids': second.ids, 'quantity': 2, 'price_subtotal': 100},
                {
                    'sale_line_ids': order.order_line.filtered(lambda line: line.price_unit == 1000).ids,
                    'quantity': 2,
                    'price_subtotal': 2000,
                },
            ],
        )

    def test_trace(self):
        """The invoice says which delivery made it, in the customer's language and the order's journal and terms."""
        self.env['res.lang']._activate_lang('fr_FR')
        self.customer.lang = 'fr_FR'
        term = self.env.ref('account.account_payment_term_30days')
        order = self._order(payment_term_id=term.id, client_order_ref="PO 17")
        picking = self._deliver(order, 2)
        invoice = order.invoice_ids
        self.assertRecordValues(
            invoice,
            [
                {
                    'invoice_origin': order.name,
                    'ref': "PO 17",
                    'invoice_payment_term_id': term.id,
                    'partner_id': self.customer.id,
                    'company_id': self.company.id,
                }
            ],
        )
        self.assertIn(picking.name, ' '.join(invoice.message_ids.mapped('body')))

    def test_deliveries_of_other_things(self):
        """A transfer without an order, and an order of a company that does not want it, make no invoice."""
        self.env['stock.quant']._update_available_quantity(self.goods, self.warehouse.lot_stock_id, 10)
        count = self.env['account.move'].search_count([])
        picking = self.env['stock.picking'].create(
            {
                'picking_type_id': self.warehouse.out_type_id.id,
                'location_id': self.warehouse.lot_stock_id.id,
                'location_dest_id': self.env.ref('stock.stock_location_customers').id,
                'move_ids': [
                    (
                        0,
                        0,
                        {
                            'product_id': self.goods.id,
                            'product_uom_qty': 3,
                            'location_id': self.warehouse.lot_stock_id.id,
                            'location_dest_id': self.env.ref('stock.stock_location_customers').id,
                        },
                    )
                ],
            }
        )
        picking.action_confirm()
        picking.move_ids.write({'quantity': 3, 'picked': True})
        self._validate(picking)
        self.assertEqual(picking.state, 'done')
        self.assertEqual(self.env['account.move'].search_count([]), count)
