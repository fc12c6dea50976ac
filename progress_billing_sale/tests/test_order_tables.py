from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestOrderTables(ProgressSaleCommon):
    """Orders and their contracts, case by case."""

    def _plan_on(self, order, *rows):
        """Instalments on an order: title, share, and what makes them due."""
        return self.env['progress.order.plan'].create(
            [
                {'order_id': order.id, 'title': title, 'percent': percent, 'sequence': sequence, **vals}
                for sequence, (title, percent, vals) in enumerate(rows)
            ]
        )

    # === THE PLAN OF A QUOTATION === #

    def test_plan_by_milestones(self):
        """An instalment that waits for its title becomes a record that waits for the milestone of that name."""
        self.project.allow_billable = True
        there = self.env['project.milestone'].create({'project_id': self.project.id, 'name': "Roof"})
        order = self.orders.order([1000], confirm=False, project_id=self.project.id)
        self._plan_on(
            order,
            ("Roof", 20, {'trigger': 'manual'}),
            ("Keys", 30, {'trigger': 'manual'}),
            ("Start", 10, {'trigger': 'date'}),
        )
        order.action_confirm()
        contract = self.orders.set_up(order)
        roof, keys, start = contract.bill_ids.sorted('id')
        self.assertEqual((roof.milestone_id, keys.milestone_id.name), (there, "Keys"))
        self.assertEqual(keys.milestone_id.project_id, self.project)
        self.assertEqual((contract.bill_ids - start).mapped('trigger'), ['milestone'] * 2)
        self.assertEqual((start.trigger, start.milestone_id), ('date', self.env['project.milestone']))
        self.assertEqual((roof | keys | start).mapped('planned_amount'), [200, 300, 100])
        there.is_reached = True
        self.assertIn(roof, self.env['progress.bill'].search([('is_due', '=', True)]))
        self.assertNotIn(keys, self.env['progress.bill'].search([('is_due', '=', True)]))

    @freeze_time('2026-01-31 12:00:00')
    def test_due_dates(self):
        """Counted from the day of confirmation; months end when they end."""
        for offset, unit, due, text in (
            (0, 'days', '2026-01-31', "On confirmation"),
            (1, 'days', '2026-02-01', "1 day after confirmation"),
            (14, 'days', '2026-02-14', "14 days after confirmation"),
            (1, 'weeks', '2026-02-07', "1 week after confirmation"),
            (2, 'weeks', '2026-02-14', "2 weeks after confirmation"),
            (1, 'months', '2026-02-28', "1 month after confirmation"),
            (3, 'months', '2026-04-30', "3 months after confirmation"),
        ):
            with self.subTest(offset=offset, unit=unit):
                order = self.orders.order([1000], confirm=False)
                plan = self._plan_on(order, ("Part", 50, {'offset': offset, 'offset_unit': unit}))
                self.assertEqual(plan._get_due_text(), text)
                order.action_confirm()
                bill = self.orders.set_up(order).bill_ids
                self.assertRecordValues(bill, [{'date': fields.Date.to_date(due), 'planned_amount': 500}])

    def test_shares_are_written_as_people_write_them(self):
        order = self.orders.order([1000], confirm=False)
        for percents, total in (((40, 70), '110'), ((60.5, 60), '120.5'), ((50, 950), '1000')):
            rows = [(str(number), percent, {}) for number, percent in enumerate(percents)]
            self.assertRefused(lambda rows=rows: self._plan_on(order, *rows), f"not {total}%", error=ValidationError)

    def test_shares_refused(self):
        for percents, offset in (((50, 50.01), 0), ((0,), 0), ((-5, 10), 0), ((10,), -1)):
            with self.subTest(percents=percents, offset=offset):
                order = self.orders.order([1000], confirm=False)
                rows = [(str(number), percent, {'offset': offset}) for number, percent in enumerate(percents)]
                with self.assertRaisesRegex(ValidationError, "shares must be positive and come to 100% at most"):
                    self._plan_on(order, *rows)
                self.assertFalse(order.progress_plan_ids)

    def test_shares_of_awkward_orders(self):
        """Instalments that add up to 100 % add up to the order, whatever its cents."""
        for amount, percents, amounts in (
            (100, (33.33, 33.33, 33.34), [33.33, 33.33, 33.34]),
            (0.05, (50, 50), [0.03, 0.02]),
            (99.99, (25, 25, 25, 25), [25.0, 25.0, 24.99, 25.0]),
            (1000, (10,), [100]),
        ):
            with self.subTest(amount=amount):
                order = self.orders.order([amount], confirm=False)
                plan = self._plan_on(order, *((str(number), percent, {}) for number, percent in enumerate(percents)))
                self.assertEqual([round(one, 2) for one in plan.mapped('amount')], amounts)
                if sum(percents) == 100:
                    self.assertAlmostEqual(sum(plan.mapped('amount')), amount, 2)

    # === WHAT ODOO INVOICES BESIDE THE CONTRACT === #

    def test_native_invoices_by_quantity(self):
        """A line billed by quantity counts Odoo's own invoices in units too, draft and posted apart."""
        for policy, delivered in (('order', 0), ('delivery', 4)):
            with self.subTest(policy=policy):
                self.service.invoice_policy = policy
                order = self.orders.order([100], line_vals={'product_uom_qty': 10})
                if delivered:
                    order.order_line.qty_delivered = delivered
                contract = self.orders.set_up(order, 'as_billed') if policy == 'delivery' else None
                if contract:
                    self.assertEqual(contract.line_ids.billing_base, 'amount')
                    contract.action_cancel()
                move = self.orders.invoice(order, post=False)
                contract = contract or self.orders.set_up(order, 'as_billed')
                if contract.state == 'cancelled':
                    contract.action_draft()
                    contract.action_open()
                line = contract.line_ids
                invoiced = delivered or 10
                self.assertEqual((line.draft_amount, line.actual_amount), (invoiced * 100, 0))
                self.assertEqual((line.sale_draft_quantity, line.sale_actual_quantity), (invoiced, 0))
                move.action_post()
                self.assertEqual((line.draft_amount, line.actual_amount), (0, invoiced * 100))
                self.assertEqual((line.sale_draft_quantity, line.sale_actual_quantity), (0, invoiced))
                self.billing.credit(move)
                self.assertEqual((line.draft_amount, line.actual_amount), (0, 0))
                self.assertEqual((line.sale_draft_quantity, line.sale_actual_quantity), (0, 0))

    def test_nothing_to_invoice(self):
        """Whose business an order is says the message: Odoo's own, or that of its contract."""
        order = self.orders.order([100])
        self.orders.invoice(order)
        with self.assertRaisesRegex(UserError, "(?s)(nothing to invoice|Cannot create an invoice)"):
            order._create_invoices()
        billed = self.orders.order([100])
        self.orders.set_up(billed)
        with self.assertRaisesRegex(UserError, f"{billed.name}: progress billing bills what is left"):
            billed._create_invoices()

    def test_down_payments_that_cannot_be_deposits(self):
        """A down payment is refused where the contract has no room for it; nothing is left of the attempt."""
        for recognition in ('deposit', 'as_billed'):
            with self.subTest(recognition):
                order = self.orders.order([1000], self.tax_15)
                contract = self.orders.set_up(order, recognition)
                self.billing.bill(contract, '100%' if recognition == 'deposit' else '50%')
                before = order.invoice_ids
                if recognition == 'deposit':  # a deposit is billed work here
                    with self.assertRaisesRegex(UserError, "nothing left|WIP available"):
                        self.orders.down_payment(order, percent=10)
                    self.assertEqual(order.invoice_ids, before)
                self.billing.final(contract)
                with self.assertRaisesRegex(UserError, "takes no down payment any more"):
                    self.orders.down_payment(order, percent=10)

    def test_down_payment_of_two_taxes(self):
        """One down payment on lines of two taxes is one bill; its deposits come back with the final invoice."""
        tax_5 = self.make.tax("5 %", 5.0)
        for recognition in ('deposit', 'as_billed'):
            with self.subTest(recognition):
                order = self.orders.order([1000, 600], self.tax_15)
                order.order_line[1].tax_ids = tax_5
                move = self.orders.down_payment(order, percent=25)
                contract = self.orders.set_up(order, recognition)
                bill = contract.bill_ids
                self.assertEqual(len(bill), 1)
                self.assertEqual(bill.invoice_id, move)
                self.assertEqual(contract.actual_amount, 400 if recognition == 'deposit' else 0)
                self.assertEqual(contract.deposit_balance, 400)
                self.billing.final(contract)
                self.assertRecordValues(contract, [{'actual_amount': 1600, 'deposit_balance': 0, 'state': 'closed'}])
                taxes = self.company_data['default_account_tax_sale']
                self.assertEqual(self.books.of(order.invoice_ids)[taxes], (-180, -180))

    # === WHAT A CONTRACT SHOWS === #

    def test_orders_of_a_contract(self):
        """The button opens the order, or the list of several."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        action = contract.action_view_sale_orders()
        self.assertEqual((action['res_model'], action['res_id'], action['view_mode']), ('sale.order', order.id, 'form'))
        loose = self.make.contract([700])
        action = loose.action_view_sale_orders()
        self.assertEqual(self.env['sale.order'].search(action['domain']), self.env['sale.order'])

    def test_contract_drafted_again(self):
        """A cancelled contract comes back as long as its order lines stand on no other contract."""
        order = self.orders.order([1000])
        first = self.orders.set_up(order)
        first.action_cancel()
        self.assertFalse(order.order_line.is_progress_billed)
        first.action_draft()
        first.action_open()
        self.assertTrue(order.order_line.is_progress_billed)
        first.action_cancel()
        second = self.orders.set_up(order)
        self.assertNotEqual(first, second)
        with self.assertRaisesRegex(UserError, "two billing contracts|stands? on|already"):
            first.action_draft()
