from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
class TestOrderContract(ProgressSaleCommon):
    """Which contract an order comes on, and with what (SAL-1)."""

    def _order_on_project(self, amount=1000, **vals):
        return self.orders.order([amount], project_id=self.project.id, **vals)

    # === WHICH CONTRACT === #

    def test_shared_where_it_fits(self):
        """Company, currency, customer and fiscal position agree, and the contract still takes lines: else a new one."""
        position = self.env['account.fiscal.position'].create({'name': "Abroad", 'company_id': self.company.id})
        other = self.env['res.partner'].create({'name': "Somebody else"})
        euro = self.setup_other_currency('EUR', rates=[('2016-01-01', 2.0)])
        euros = self.env['product.pricelist'].create({'name': "Euro", 'currency_id': euro.id})
        branch = self.env['res.partner'].create({'name': "Branch", 'parent_id': self.customer.id, 'type': 'invoice'})
        for name, vals, shared in (
            ("the same", {}, True),
            ("an address of the customer", {'partner_invoice_id': branch.id}, True),
            ("another customer", {'partner_id': other.id}, False),
            ("another bill payer", {'partner_invoice_id': other.id}, False),
            ("another fiscal position", {'fiscal_position_id': position.id}, False),
            ("another currency", {'pricelist_id': euros.id}, False),
        ):
            with self.subTest(name):
                contract = self.make.contract([500], project=self.make.project())
                order = self.orders.order([1000], project_id=contract.project_id.id, **vals)
                self.assertEqual(self.orders.set_up(order) == contract, shared)
                self.assertEqual(len(contract.line_ids), 2 if shared else 1)
                self.assertEqual(order.progress_contract_id.project_id, contract.project_id)

    def test_not_shared_once_it_is_done(self):
        """A closed or cancelled contract, and one with a final invoice, takes no order."""
        for name in ('closed', 'draft final', 'cancelled'):
            with self.subTest(name):
                contract = self.make.contract([500], project=self.make.project())
                if name == 'cancelled':
                    contract.action_cancel()
                else:
                    self.billing.final(contract, post=name == 'closed')
                order = self.orders.order([1000], project_id=contract.project_id.id)
                self.assertNotEqual(self.orders.set_up(order), contract)
                self.assertEqual(len(contract.line_ids), 1)

    def test_blank_contract_becomes_the_orders(self):
        """What a project started with and nobody filled takes the order's customer, terms and words."""
        project = self.make.project()
        blank = self.env['progress.contract'].create(
            {'project_id': project.id, 'partner_id': self.customer.id, 'company_id': self.company.id}
        )
        self.assertTrue(blank._is_blank())
        other = self.env['res.partner'].create({'name': "Somebody else"})
        order = self.orders.order([1000], project_id=project.id, partner_id=other.id, client_order_ref="PO 5")
        self.assertEqual(self.orders.set_up(order), blank)
        self.assertRecordValues(
            blank, [{'partner_id': other.id, 'description': "PO 5", 'revised_amount': 1000, 'state': 'open'}]
        )

    def test_what_is_blank(self):
        """A line, a bill, a change order or its opening: each makes it somebody's."""
        contract = self.make.contract([], do_open=False)
        self.assertTrue(contract._is_blank())
        change = self.make.change(contract, {'name': "Extra", 'amount': 5}, approve=False)
        self.assertFalse(contract._is_blank())
        change.unlink()
        self.assertTrue(contract._is_blank())
        self.assertFalse(self.make.contract([5], do_open=False)._is_blank())
        self.assertFalse(self.make.contract([5])._is_blank())

    def test_of_two_contracts_the_one_shown(self):
        """Of several that fit the one the project's tab shows is taken."""
        project = self.make.project()
        first, second = (self.make.contract([500], project=project) for _each in range(2))
        project.progress_contract_id = first
        self.assertEqual(self.orders.set_up(self.orders.order([100], project_id=project.id)), first)
        project.progress_contract_id = second
        self.assertEqual(self.orders.set_up(self.orders.order([100], project_id=project.id)), second)

    def test_without_project(self):
        """An order without a project has a contract without one."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        self.assertFalse(contract.project_id)
        self.assertEqual(contract.description, order.name)
        self.assertEqual(contract.user_id, self.env.user)

    def test_header(self):
        """Addresses, terms, journal and manager of the contract are the order's and its project's."""
        place = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id, 'type': 'delivery'})
        journal = self.company_data['default_journal_sale'].copy({'name': "Works", 'code': 'WRK'})
        terms = self.env.ref('account.account_payment_term_15days')
        self.project.user_id = self.billing_user
        order = self._order_on_project(partner_shipping_id=place.id, journal_id=journal.id, payment_term_id=terms.id)
        contract = self.orders.set_up(order)
        self.assertRecordValues(
            contract,
            [
                {
                    'partner_id': self.customer.id,
                    'partner_shipping_id': place.id,
                    'journal_id': journal.id,
                    'payment_term_id': terms.id,
                    'user_id': self.billing_user.id,
                    'project_id': self.project.id,
                }
            ],
        )
        self.assertIn(contract.name, order.message_ids[0].body)

    # === WHICH LINES === #

    def test_lines_left_out(self):
        """Expenses, nothing ordered and down payments are not on the schedule; sections, notes and free lines are."""
        order = self.orders.order([1000, 70, 30], confirm=False)
        order.order_line[1].is_expense = True
        order.order_line[2].product_uom_qty = 0
        order.order_line = [
            Command.create({'display_type': 'line_note', 'name': "Note", 'sequence': 50}),
            Command.create({'product_id': self.service.id, 'name': "Free", 'price_unit': 0, 'sequence': 51}),
        ]
        order.action_confirm()
        self.orders.down_payment(order, percent=10)
        contract = self.orders.set_up(order)
        self.assertEqual(contract.line_ids.mapped('name'), ["Works 1", "Note", "Free"])
        self.assertEqual(contract.line_ids.mapped('revised_amount'), [1000, 0, 0])

    def test_order_of_lines(self):
        """The schedule has the order's lines in their sequence, behind what stands there."""
        contract = self.make.contract([500])
        order = self._order_on_project()
        order.order_line.sequence = 20
        order.order_line = [
            Command.create({'product_id': self.service.id, 'name': "First", 'price_unit': 5, 'sequence': 1})
        ]
        self.orders.set_up(order)
        lines = contract.line_ids.sorted(lambda line: (line.sequence, line.id))
        self.assertEqual(lines.mapped('name'), ["Line 1", "First", "Works 1"])

    def test_units(self):
        """The worth by unit; goods billed as delivered count what went out, where that is more."""
        goods = self.orders.product("Bricks", type='consu', invoice_policy='delivery')
        for product, ordered, delivered, units in (
            (self.service, 4, 0, 4),
            (self.service, 4, 6, 4),
            (goods, 4, 2, 4),
            (goods, 4, 6, 6),
        ):
            with self.subTest(product=product.name, delivered=delivered):
                order = self.orders.order([25], line_vals={'product_uom_qty': ordered, 'product_id': product.id})
                order.order_line.qty_delivered = delivered
                line = self.orders.set_up(order).line_ids
                self.assertEqual((line.original_quantity, line.unit_price), (units, 25))
                self.assertEqual(line.revised_amount, units * 25)

    def test_nothing_to_bill(self):
        """Only notes and nothing ordered: refused by the order's name, and no contract is left."""
        order = self.orders.order([1000])
        order.order_line.product_uom_qty = 0
        contracts = self.env['progress.contract']
        before = contracts.search_count([])
        self.assertRefused(
            order.action_set_up_progress_billing, f"{order.name} has no lines that can be billed in stages."
        )
        self.assertEqual(contracts.search_count([]), before)
        self.assertFalse(order.progress_contract_id)

    def test_half_of_several(self):
        """One of two orders that cannot be set up leaves both as they were."""
        good, draft = self.orders.order([1000]), self.orders.order([500], confirm=False)
        self.assertRefused(
            (good | draft).action_set_up_progress_billing,
            f"{draft.name} is not confirmed. Confirm it first; a quotation carries its billing plan until then.",
        )
        self.assertFalse(good.progress_contract_id)

    def test_time_and_materials(self):
        project = self.make.project(billing_method='time_materials')
        order = self.orders.order([1000], project_id=project.id)
        self.assertRefused(
            order.action_set_up_progress_billing,
            f"{order.name} belongs to the project {project.display_name}, which bills time and materials.",
        )
        self.assertEqual(project.billing_method, 'time_materials')

    def test_blocked(self):
        """Where something is missing the contract stays a draft, for somebody to mend and open."""
        self.company.progress_deposit_account_id = False
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        self.assertEqual(contract.state, 'draft')
        self.assertTrue(order.is_progress_billed)
        self.company.progress_deposit_account_id = self.deposit_account
        contract.action_open()
        self.assertEqual(contract.state, 'open')

    # === THE BUTTON OF THE CONTRACT === #

    def test_orders_of_the_contract(self):
        """One order opens, several are listed, and they are counted for whoever may not see them too."""
        first, second = self._order_on_project(), self._order_on_project(500)
        contract = self.orders.set_up(first)
        self.assertEqual(contract.sale_order_count, 1)
        self.orders.set_up(second)
        self.assertEqual(contract.with_user(self.billing_user).sale_order_count, 2)
        action = contract.action_view_sale_orders()
        self.assertEqual(self.env['sale.order'].search(action['domain'], order='id'), first | second)
        self.assertNotIn('res_id', {key for key, value in action.items() if value})

    # === STANDING BILLS === #

    def test_standing_bills(self):
        """What claims something of an order: bills with an amount on its lines, down payments of Odoo's own not."""
        first, second = self._order_on_project(), self._order_on_project(500)
        self.orders.down_payment(first, percent=10)
        contract = self.orders.set_up(first, 'as_billed')
        self.orders.set_up(second)
        self.assertFalse(contract._get_standing_bills())
        contract.line_ids[0].pending_amount = 200
        bill = self.billing.run(contract)
        self.assertEqual(contract._get_standing_bills(), bill)
        self.assertEqual(contract._get_standing_bills(first), bill)
        self.assertFalse(contract._get_standing_bills(second))
        bill.invoice_id.action_post()
        self.assertEqual(contract._get_standing_bills(first), bill)
        self.billing.credit(bill.invoice_id)
        self.assertFalse(contract._get_standing_bills(first))

    def test_what_stands_in_the_way(self):
        """The refusal lists bills with their states: a pro forma, a draft invoice, a posted one by its number."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        contract.use_pro_forma = True
        bill = self.make.plan(contract, '20%')
        bill.action_create()
        for act, label in (
            (lambda: None, "({})".format("Pro Forma")),
            (bill.action_release, "({})".format("Draft")),
            (lambda: bill.invoice_id.action_post(), "(Posted)"),
        ):
            act()
            with self.subTest(label):
                message = self.assertRefused(
                    order.action_cancel, f"{order.name} cannot be cancelled, these bill it:", label
                )
                self.assertIn(f"\n- {bill._get_standing_label()}\n", message)
        self.assertEqual(bill._get_standing_label(), f"{bill.display_name}: {bill.invoice_id.name} (Posted)")
        self.assertEqual((order.state, contract.state), ('sale', 'open'))

    # === CANCELLING === #

    def test_cancelling_the_contract_with_bills(self):
        """While a bill stands the contract is not cancelled, and its down payments stay deposits."""
        order = self.orders.order([1000])
        move = self.orders.down_payment(order, percent=10)
        contract = self.orders.set_up(order)
        bill = self.billing.bill(contract, '20%')
        self.assertRefused(contract.action_cancel, "cannot be cancelled while these stand:", bill.display_name)
        self.assertEqual(contract.state, 'open')
        self.assertEqual(move.progress_bill_id.contract_id, contract)
        self.assertTrue(move.invoice_line_ids[0].progress_deposit_bill_id)

    def test_deleting_the_contract_gives_back(self):
        """A draft contract that is deleted leaves the down payment to Odoo as it was, analytics included."""
        order = self.orders.order([1000])
        order.order_line.analytic_distribution = {str(self.analytic_account.id): 100}
        move = self.orders.down_payment(order, percent=10)
        line = move.invoice_line_ids.filtered(lambda item: item.display_type == 'product')
        before = line.analytic_distribution
        self.company.progress_deposit_account_id = False  # it stays a draft
        contract = self.orders.set_up(order)
        self.assertFalse(line.analytic_distribution)
        self.assertEqual(line.progress_line_type, 'deposit')
        contract.unlink()
        self.assertFalse(move.progress_bill_id)
        self.assertRecordValues(
            line, [{'progress_line_type': False, 'progress_deposit_bill_id': False, 'analytic_distribution': before}]
        )

    def test_order_with_lines_of_the_contracts_own(self):
        """A contract that bills other things too survives its only order; the order's lines are proposed to go."""
        contract = self.make.contract([500])
        order = self._order_on_project()
        self.orders.set_up(order)
        order.action_cancel()
        self.assertEqual((order.state, contract.state), ('cancel', 'open'))
        self.assertRecordValues(contract.change_ids, [{'state': 'draft', 'amount': -1000, 'sale_order_id': order.id}])
        self.assertEqual(contract.change_ids.description, f"Changes of {order.name}")
        contract.change_ids.action_approve()
        self.assertEqual(contract.revised_amount, 500)

    def test_cancelled_contract_is_left_alone(self):
        """A cancelled contract hears nothing of its order's changes, and cancelling the order again is fine."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        contract.action_cancel()
        order.order_line.price_unit = 1200
        self.assertFalse(contract.change_ids)
        order.action_cancel()
        self.assertEqual(order.state, 'cancel')
        self.assertFalse(contract.change_ids)

    def test_closed_contract_keeps_its_cancelled_order(self):
        """After the final invoice nothing is proposed; the order cannot go while it is billed."""
        order = self.orders.order([1000])
        contract = self.orders.set_up(order)
        self.billing.final(contract)
        self.assertRefused(order.action_cancel, "cannot be cancelled, these bill it:")
        self.assertFalse(contract.change_ids)

    # === THE TAB === #

    def test_tab_without_contract(self):
        """What is typed on the tab of an order without a contract is refused by its name; nothing typed is fine."""
        order = self.orders.order([1000])
        self.assertRefused(
            lambda: order.write({'progress_period_policy': 'month'}),
            f"{order.name} has no billing contract yet: choose Set Up Progress Billing first.",
        )
        order.write({'progress_period_policy': False})
        contract = self.orders.set_up(order)
        order.write({'progress_period_policy': 'month', 'client_order_ref': "PO 9"})
        self.assertEqual((contract.period_policy, order.client_order_ref), ('month', "PO 9"))

    def test_plan_template(self):
        """Choosing a template lays out its instalments; taking it off leaves what is there."""
        template, other = self.env['progress.plan.template'].create(
            [
                {
                    'name': "Halves",
                    'line_ids': [
                        Command.create({'title': "Start", 'percent': 50, 'item_description': "Down", 'offset': 2}),
                        Command.create({'percent': 50, 'offset_unit': 'weeks'}),
                    ],
                },
                {'name': "One", 'line_ids': [Command.create({'percent': 100})]},
            ]
        )
        order = self.orders.order([1000], confirm=False, progress_plan_template_id=template.id)
        self.assertRecordValues(
            order.progress_plan_ids,
            [
                {'sequence': 1, 'title': "Start", 'percent': 50, 'item_description': "Down", 'offset': 2},
                {'sequence': 2, 'title': "Instalment 2", 'percent': 50, 'item_description': False, 'offset': 0},
            ],
        )
        self.assertEqual(order.progress_plan_ids.mapped('offset_unit')[1], 'weeks')
        order.progress_plan_template_id = False
        self.assertEqual(len(order.progress_plan_ids), 2)
        order.progress_plan_template_id = other
        self.assertEqual(order.progress_plan_ids.mapped('title'), ["Instalment 1"])

    def test_plan_of_a_part(self):
        """On a contract that bills more than the order the instalments are amounts, not shares of all."""
        self.make.contract([500])
        order = self._order_on_project(confirm=False)
        order.progress_plan_ids = [Command.create({'title': "Start", 'percent': 30})]
        order.action_confirm()
        contract = self.orders.set_up(order)
        bill = contract.bill_ids
        self.assertRecordValues(bill, [{'planned_percent': 0, 'planned_amount': 300, 'title': "Start"}])
        alone = self.orders.order([1000], confirm=False)
        alone.progress_plan_ids = [Command.create({'title': "Start", 'percent': 30})]
        alone.action_confirm()
        bill = self.orders.set_up(alone).bill_ids
        self.assertRecordValues(bill, [{'planned_percent': 30, 'planned_amount': 300}])
        self.assertEqual(alone.progress_plan_ids.bill_id, bill)

    def test_plan_over_all(self):
        """Shares of 100 % are fine, of a ten-thousandth more not; the message says what they come to."""
        order = self.orders.order([1000], confirm=False)
        order.progress_plan_ids = [
            Command.create({'title': "A", 'percent': 66.6667}),
            Command.create({'title': "B", 'percent': 33.3333}),
        ]
        message = self.assertRefused(
            lambda: order.progress_plan_ids[0].write({'percent': 66.6668}),
            f"The billing plan of {order.name}: shares must be positive",
            error=ValidationError,
        )
        self.assertIn("not 100.0001%", message)
