from odoo import Command, fields
from odoo.tests import tagged

from .common import SubcontractCommon


@tagged('post_install', '-at_install')
class TestOrderDoors(SubcontractCommon):
    """What of an order is the subcontract's, and what stays Odoo's: line by line, door by door."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls._subcontract([1000, 200], cls.input_tax, retainage_percent=10)
        cls.order = cls.contract.purchase_order_ids
        cls.first, cls.second = cls.order.order_line

    def _free_second(self):
        """The second line is taken out of the subcontract's schedule: Odoo bills it."""
        self.contract.line_ids[1].unlink()
        return self.second

    # === DOORS === #

    def test_auto_complete_of_a_mixed_order(self):
        """Odoo completes a bill with its own lines, and leaves those of the subcontract out."""
        self._free_second()
        move = self.init_invoice('in_invoice', partner=self.vendor)
        move._add_purchase_order_lines(self.order.order_line)
        self.assertRecordValues(move.invoice_line_ids, [{'purchase_line_id': self.second.id, 'price_subtotal': 200}])

    def test_an_imported_bill(self):
        """A vendor's document that names the order is matched with orders of Odoo's own alone."""
        other = self._make_purchase([700])
        move = self.init_invoice('in_invoice', partner=self.vendor, amounts=[700])
        for references, total, method, lines in (
            ([other.name], 700, 'total_match', other.order_line),
            ([self.order.name], 1320, 'no_match', self.env['purchase.order.line']),
        ):
            with self.subTest(references=references):
                found = move._match_purchase_orders(references, self.vendor.id, total, False, 10)
                self.assertEqual((found[0], found[1]), (method, lines))

    def test_items_and_order_lines(self):
        """An item typed by hand stands for no line of the subcontract; a note and an item of a claim may."""
        self._free_second()
        move = self.init_invoice('in_invoice', partner=self.vendor, amounts=[5])
        item = move.invoice_line_ids
        self.assertRefused(
            lambda: item.write({'purchase_line_id': self.first.id}),
            "Works 1",
            self.order.display_name,
            self.contract.display_name,
        )
        item.purchase_line_id = self.second
        move.invoice_line_ids = [
            Command.create({'display_type': 'line_note', 'name': "See claim", 'purchase_line_id': self.first.id})
        ]
        note = move.invoice_line_ids.filtered(lambda one: one.display_type == 'line_note')
        self.assertEqual(note.purchase_line_id, self.first)
        claim = self._claim(self.contract, 100)
        self.assertEqual(claim.invoice_id.line_ids.purchase_line_id, self.first)

    def test_matching_screen(self):
        """It offers the free line and Odoo's own bills; bills of claims and their lines are not on it."""
        self._free_second()
        claim = self._claim(self.contract, 100, post=True)
        own = self.init_invoice('in_invoice', partner=self.vendor, amounts=[7], post=True)
        self.env.flush_all()
        offered = self.env['purchase.bill.line.match'].search([('partner_id', '=', self.vendor.id)])
        self.assertIn(self.second, offered.pol_id)
        self.assertNotIn(self.first, offered.pol_id)
        self.assertIn(own, offered.account_move_id)
        self.assertNotIn(claim.invoice_id, offered.account_move_id)
        match = self.env['purchase.bill.line.match']
        self.assertRefused(
            lambda: match._action_create_bill_from_po_lines(self.vendor, self.order.order_line),
            self.first.display_name,
            "Bill it there",
        )
        action = match._action_create_bill_from_po_lines(self.vendor, self.second)
        self.assertEqual(self.env['account.move'].browse(action['res_id']).amount_untaxed, 200)

    def test_bill_to_an_order(self):
        """Neither a claim's bill to another order, nor another bill to this one, while the subcontract stands."""
        other = self._make_purchase([700])
        claim = self._claim(self.contract, 100)
        own = self.init_invoice('in_invoice', partner=self.vendor, products=self.works)

        def wizard(move, order):
            dialog = self.env['bill.to.po.wizard'].with_context(active_ids=[-move.invoice_line_ids[0].id])
            return dialog.create({'purchase_order_id': order.id, 'partner_id': self.vendor.id})

        for move, order, name in (
            (claim.invoice_id, other, claim.invoice_id.display_name),
            (own, self.order, self.order.display_name),
        ):
            for door in ('action_add_to_po', 'action_add_downpayment'):
                with self.subTest(door=door, order=order.name):
                    message = self.assertRefused(getattr(wizard(move, order), door), "is billed in stages", name)
                    self.assertIn(self.contract.display_name, message)
        wizard(own, other).action_add_to_po()
        self.assertIn(other, own.invoice_line_ids.purchase_order_id)
        claim.invoice_id.unlink()
        claim.action_cancel()
        self.contract.action_cancel()
        again = self.init_invoice('in_invoice', partner=self.vendor, products=self.works)
        wizard(again, self.order).action_add_to_po()
        self.assertIn(self.order, again.invoice_line_ids.purchase_order_id)

    def test_create_bill_names_them(self):
        """Several orders at once: those of subcontracts are named with them, and nothing is billed."""
        other = self._make_purchase([700])
        both = self.order | other
        message = self.assertRefused(both.action_create_invoice, "the subcontract bills this order")
        self.assertIn(self.order.display_name, message)
        self.assertIn(self.contract.display_name, message)
        self.assertNotIn(other.display_name, message)
        self.assertFalse(other.invoice_ids)

    # === WORTH === #

    def test_what_does_not_change(self):
        """Product, quantity, unit, price, discount and taxes; the same value, other fields and free lines do."""
        self._free_second()
        unit = self.env.ref('uom.product_uom_dozen')
        second = self._make_input_tax("Input 5 %", 5.0)
        for name, value in (
            ('product_qty', 1.5),
            ('product_uom_id', unit.id),
            ('price_unit', 999.99),
            ('discount', 1),
            ('product_id', self._make_works("Other").id),
            ('tax_ids', [Command.set(second.ids)]),
            ('tax_ids', [Command.clear()]),
        ):
            with self.subTest(name=name):
                message = self.assertRefused(
                    lambda name=name, value=value: self.order.order_line.write({name: value}),
                    "Add a change order there",
                )
                self.assertIn(self.first._fields[name]._description_string(self.env), message)
                self.assertEqual(self.second.price_unit, 200)
        self.first.write({'tax_ids': [Command.set(self.input_tax.ids)], 'product_qty': 1, 'name': "Renamed"})
        self.second.write({'price_unit': 250, 'tax_ids': [Command.clear()]})
        self.assertEqual(self.second.price_subtotal, 250)

    def test_lines_added_by_hand(self):
        """Notes may be added, work may not, as long as the subcontract stands in whatever state."""
        vals = {'order_id': self.order.id, 'product_id': self.works.id, 'product_qty': 1, 'price_unit': 5}
        lines = self.env['purchase.order.line']
        for state in ('draft', 'open', 'closed'):
            self.contract._write_protected({'state': state})
            with self.subTest(state=state):
                self.assertRefused(lambda: lines.create(vals), "by a change order there", self.contract.display_name)
                lines.create({'order_id': self.order.id, 'display_type': 'line_note', 'name': "N", 'product_qty': 0})
        self.contract._write_protected({'state': 'cancelled'})
        self.assertTrue(lines.create(vals))
        other = self._make_purchase([5])
        mixed = [{**vals, 'order_id': other.id}, vals]
        self.contract._write_protected({'state': 'open'})
        self.assertRefused(lambda: lines.create(mixed), "by a change order there")
        self.assertEqual(len(other.order_line), 1)

    # === FIGURES === #

    def test_status_of_a_mixed_order(self):
        """To invoice while either has something left, invoiced once both have not."""
        self._free_second()
        steps = (
            (lambda: None, 'to invoice'),
            (lambda: self._claim(self.contract, 1000, post=True), 'to invoice'),
            (self._bill_the_rest, 'invoiced'),
        )
        for number, (step, status) in enumerate(steps):
            step()
            self.env.flush_all()
            self.env.invalidate_all()
            with self.subTest(step=number):
                self.assertEqual(self.order.invoice_status, status)

    def _bill_the_rest(self):
        action = self.order.action_create_invoice()
        move = self.env['account.move'].browse(action['res_id'])
        move.invoice_date = '2026-03-20'
        move.action_post()

    def test_billed_in_all(self):
        """By the subcontract alone, by both lines; an order of notes is billed by none."""
        self.assertTrue(self.order.is_progress_billed)
        self._free_second()
        self.assertFalse(self.order.is_progress_billed)
        notes = self._make_purchase([])
        self.assertFalse(notes.is_progress_billed)

    def test_statuses_of_lines(self):
        """Nothing, waiting and fully billed, by amounts; a closed subcontract has nothing to wait for."""
        self.assertEqual(self.order.order_line.mapped('progress_status'), ['to invoice', 'to invoice'])
        self._claim(self.contract, 999.99, 200, post=True)
        self.assertEqual(self.order.order_line.mapped('progress_status'), ['to invoice', 'invoiced'])
        self._claim(self.contract, 0.01, post=True)
        self.assertEqual(self.order.order_line.mapped('progress_status'), ['invoiced', 'invoiced'])
        self.assertEqual(self.order.order_line.mapped('progress_billed_amount'), [1000, 200])
        second = self._subcontract([50])
        self.assertEqual(second.purchase_order_ids.order_line.progress_status, 'to invoice')
        second.action_cancel()
        self.assertNotEqual(second.purchase_order_ids.order_line.progress_status, 'to invoice')

    def test_quantities_at_a_date(self):
        """A credited bill counts for what is left of it; drafts and undated ones count for nothing."""
        bill = self._claim(self.contract, 400, post=True, date='2026-01-31')
        self._claim(self.contract, 100, date='2026-02-28')
        day = fields.Date.to_date('2026-12-31')
        self.assertEqual(self.first._get_billed_at(day), 400)
        self.billing.credit(bill.invoice_id, 150)
        self.env.invalidate_all()
        self.assertEqual(self.first._get_billed_at(day), 250)
        self.assertEqual(self.second._get_billed_at(day), 0)
        quantities = self.order.order_line.with_context(accrual_entry_date='2026-12-31')._prepare_qty_invoiced()
        self.assertAlmostEqual(quantities[self.first], 0.25, 6)

    def test_what_odoo_takes_for_open(self):
        """Odoo counts a unit a bill, cancelled ones and credit notes left out, of bills on the project's account."""
        account = self.analytic_account
        self.assertEqual(self.first._get_odoo_amount_left(account), 1000)
        distribution = {str(account.id): 100}
        self.order.order_line.write({'analytic_distribution': distribution})
        self.contract.line_ids.write({'analytic_distribution': distribution})
        bill = self._claim(self.contract, 100, post=True)
        self.assertTrue(bill.invoice_id.line_ids.filtered('purchase_line_id').analytic_distribution)
        self.env.invalidate_all()
        self.assertEqual(self.first._get_odoo_amount_left(account), 0)
        self.assertEqual(self.second._get_odoo_amount_left(account), 200)
        other = account.copy()
        self.assertEqual(self.first._get_odoo_amount_left(other), 1000, "No bill is on that account.")

    # === LIFE === #

    def test_cancelled_order_ends_its_subcontract(self):
        """Draft and open ones; one that is cancelled already stays so."""
        for state in ('draft', 'open'):
            contract = self._subcontract([100])
            contract._write_protected({'state': state})
            contract.purchase_order_ids.button_cancel()
            with self.subTest(state=state):
                self.assertEqual(contract.state, 'cancelled')
        done = self._subcontract([100])
        done.action_cancel()
        done.purchase_order_ids.button_cancel()
        self.assertEqual((done.state, done.purchase_order_ids.state), ('cancelled', 'cancel'))

    def test_many_orders_to_cancel(self):
        """One with a claim keeps all of them, and is named with what bills it."""
        other = self._subcontract([100])
        bill = self._claim(self.contract, 10)
        orders = self.order | other.purchase_order_ids
        message = self.assertRefused(orders.button_cancel, "cannot be cancelled", self.order.display_name)
        self.assertIn(f"- {bill.display_name}", message)
        self.assertEqual((other.state, other.purchase_order_ids.state), ('open', 'purchase'))
