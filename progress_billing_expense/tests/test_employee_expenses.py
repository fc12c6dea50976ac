from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.progress_billing_timesheet.tests.common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestEmployeeExpenses(ProgressTimesheetCommon):
    """From what an employee spent to the customer's invoice and back, on top of a fixed fee (HRS-14)."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref('hr_expense.group_hr_expense_manager')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.orders.order([30000], project_id=cls.project.id)
        cls.contract = cls.orders.set_up(cls.order, 'as_billed')
        cls.contract.action_open()
        cls.hotel = cls._make_category("Hotel", 'cost', 'delivery')

    # === FIXTURES === #

    @classmethod
    def _make_category(cls, name, policy, invoiced, **vals):
        return cls.orders.product(
            name,
            expense_policy=policy,
            invoice_policy=invoiced,
            can_be_expensed=True,
            list_price=95.0,
            standard_price=0.0,
            supplier_taxes_id=False,
            **vals,
        )

    @classmethod
    def _spend(cls, amount=80.0, product=None, state='posted', order=True, **vals):
        """An expense, as far on its way as ``state`` says."""
        expense = cls.env['hr.expense'].create(
            {
                'name': "Night in town",
                'employee_id': cls.ann.id,
                'company_id': cls.company.id,
                'product_id': (product or cls.hotel).id,
                'total_amount_currency': amount,
                'date': '2026-01-10',
                'payment_mode': 'own_account',
                'tax_ids': [Command.clear()],
                'sale_order_id': cls.order.id if order else False,
                'analytic_distribution': {str(cls.project.account_id.id): 100},
                **vals,
            }
        )
        if state != 'draft':
            expense.action_submit()
        if state == 'refused':
            expense._do_refuse("Too dear")
        if state in ('approved', 'posted') and expense.state == 'submitted':
            expense._do_approve()
        if state == 'posted':
            cls._post(expense)
        return expense

    @classmethod
    def _post(cls, expense):
        if expense.payment_mode == 'company_account':
            expense.action_post()
        else:
            expense._post_without_wizard()

    def _screen(self, expenses):
        """The screen that the list of expenses opens."""
        return self.env['progress.bill.create'].browse(expenses.action_progress_bill()['res_id'])

    def _bill(self, expenses, amount=0.0):
        wizard = self._screen(expenses)
        wizard.wip_bill_amount = amount
        wizard.action_continue()
        return wizard.bill_id

    # === BILLED === #

    def test_each_policy(self):
        """At cost 80, at the sales price 95; whole, once, and right on the order, whatever decides about invoicing."""
        cases = [
            (policy, invoiced, price)
            for policy, price in (('cost', 80), ('sales_price', 95))
            for invoiced in ('delivery', 'order')
        ]
        expenses = self.env['hr.expense']
        for policy, invoiced, price in cases:
            with self.subTest(policy=policy, invoiced=invoiced):
                expense = self._spend(product=self._make_category(f"{policy} {invoiced}", policy, invoiced))
                line = expense.sale_order_line_id
                self.assertEqual((line.price_unit, line.qty_to_invoice, line.is_expense), (price, 1, True))
                self.assertFalse(line.is_progress_billed)
                expenses |= expense
        lines = expenses.sale_order_line_id
        wizard = self._screen(expenses)
        self.assertEqual((wizard.contract_id, wizard.expense_line_ids), (self.contract, lines))
        wizard.wip_bill_amount = 1000
        self.assertEqual((wizard.expense_amount, wizard.net_amount), (350, 1350))
        wizard.action_continue()
        bill = wizard.bill_id
        self.assertEqual((bill.amount, bill.sourced_amount), (1000, 350))
        bill.invoice_id.action_post()
        self.assertLedgerLines(bill.invoice_id, self.income_account, -1350)
        self.assertLedgerLines(bill.invoice_id, self.receivable_account, 1350)
        self.assertEqual(set(lines.mapped('qty_invoiced')), {1})
        self.assertEqual(set(lines.mapped('qty_to_invoice')), {0})
        self.assertEqual(sum(lines.mapped('untaxed_amount_invoiced')), 350)
        self.assertEqual(self.contract.wip_available, 29000)
        for expense in expenses:
            self.assertRefused(expense.action_progress_bill, "has been billed on", bill.invoice_id.name)

    def test_paid_by_the_company(self):
        expense = self._spend(payment_mode='company_account')
        self.assertEqual(expense.state, 'paid')
        bill = self._bill(expense)
        self.assertEqual(bill.entry_ids.mapped('value'), [80])
        self.assertEqual(expense.sale_order_line_id.qty_to_invoice, 0)

    def test_final_takes_them_along(self):
        expense = self._spend()
        wizard = self._screen(expense)
        wizard.is_final = True
        self.assertEqual(wizard.net_amount, 30080)
        wizard.action_continue()
        final = wizard.bill_id.invoice_id
        final.action_post()
        self.assertLedgerLines(final, self.income_account, -30080)
        self.assertEqual(self.contract.state, 'closed')

    def test_covered_by_an_agreement(self):
        """At 0.00, and the order knows that it is invoiced."""
        agreement = self.env['progress.agreement'].create(
            {
                'name': "Travel",
                'partner_id': self.customer.id,
                'date_start': '2026-01-01',
                'covers_time': False,
                'covers_expenses': True,
                'limit_amount': 100,
            }
        )
        expense = self._spend()
        wizard = self._screen(expense)
        wizard.wip_bill_amount = 500
        self.assertEqual((wizard.agreement_applied, wizard.net_amount), (80, 500))
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.sourced_line_ids.mapped('amount'), [0])
        self.assertEqual((agreement.left_amount, expense.sale_order_line_id.qty_invoiced), (20, 1))

    def test_odoo_bills_them_as_before(self):
        """The order's own invoice takes an expense that no progress bill has."""
        expense = self._spend()
        invoice = self.order._create_invoices()
        self.assertEqual(invoice.invoice_line_ids.sale_line_ids, expense.sale_order_line_id)
        self.assertEqual(invoice.amount_untaxed, 80)
        self.assertRefused(expense.action_progress_bill, "has been billed on", self.order.name)

    def test_dashboard_counts_them_once(self):
        """Cost 80, revenue 80 in Odoo's row of expenses, and the fee in ours."""
        expense = self._spend()
        self._bill(expense, 1000).invoice_id.action_post()
        items = self.project._get_profitability_items(with_action=False)
        rows = {row['id']: row['invoiced'] for row in items['revenues']['data']}
        self.assertEqual((rows['expenses'], rows['progress_revenue']), (80, 1000))
        self.assertEqual(items['revenues']['total']['invoiced'], 1080)
        self.assertEqual(items['costs']['total']['billed'], -80)

    # === REFUSED === #

    def test_what_cannot_be_billed(self):
        """Each with its reason, and no screen is opened."""
        private = self._make_category("Lunch", 'no', 'order')
        cases = (
            (self._spend(state='draft'), "is not posted"),
            (self._spend(state='submitted'), "is not posted"),
            (self._spend(state='approved'), "is not posted"),
            (self._spend(state='refused'), "is not posted"),
            (self._spend(order=False), "is on no customer's order"),
            (self._spend(product=private), "is on no customer's order"),
        )
        good = self._spend()
        screens = self.env['progress.bill.create'].search_count([])
        for expense, sentence in cases:
            with self.subTest(state=expense.state, product=expense.product_id.name):
                self.assertRefused(expense.action_progress_bill, sentence, "Night in town", "Ann")
                self.assertRefused((expense | good).action_progress_bill, sentence)
        self.assertEqual(self.env['progress.bill.create'].search_count([]), screens)

    def test_order_without_a_contract(self):
        order = self.orders.order([500])
        expense = self._spend(sale_order_id=order.id)
        self.assertRefused(expense.action_progress_bill, order.name, "bill it by Create Invoice")

    def test_rights(self):
        """Billing needs the right to bill and to read the order; an employee has neither."""
        expense = self._spend()
        employee = new_test_user(
            self.env,
            login='expense_employee',
            groups='hr_expense.group_hr_expense_manager',
            company_id=self.company.id,
        )
        both = new_test_user(
            self.env,
            login='expense_biller',
            groups='hr_expense.group_hr_expense_manager,progress_billing.group_user,'
            'sales_team.group_sale_salesman_all_leads',
            company_id=self.company.id,
        )
        for user, offered in ((employee, False), (both, True)):
            bindings = self.env(user=user)['ir.actions.actions'].get_bindings('hr.expense').get('action', ())
            self.assertEqual("Progress Bill" in [binding['name'] for binding in bindings], offered)
        self.assertRefused(expense.with_user(employee).action_progress_bill, regex='.', error=AccessError)
        self.assertRefused(expense.with_user(self.billing_user).action_progress_bill, regex='.', error=AccessError)
        action = expense.with_user(both).action_progress_bill()
        wizard = self.env(user=both)['progress.bill.create'].browse(action['res_id'])
        self.assertEqual(wizard.expense_amount, 80)

    # === TAKEN BACK === #

    def test_stays_while_its_bill_lives(self):
        """Reset, reversed or deleted, its order line would be nothing under the bill: refused, and nothing changes."""
        expense = self._spend()
        move, line = expense.account_move_id, expense.sale_order_line_id
        bill = self._bill(expense)
        for state in ('draft', 'posted'):
            for act in (
                move.button_draft,
                lambda: move._reverse_moves([{'date': '2026-02-01'}], cancel=True),
                move.button_cancel,
            ):
                self.assertRefused(act, "Night in town", "is on", "Delete, cancel or credit that first")
                self.assertEqual((line.qty_delivered, line.expense_ids, move.state), (1, expense, 'posted'))
            if state == 'draft':
                bill.invoice_id.action_post()
        bill.invoice_id._reverse_moves([{'date': '2026-02-15'}], cancel=True)
        move.button_draft()
        self.assertEqual((line.qty_delivered, line.qty_to_invoice), (0, 0))

    def test_posted_again(self):
        """After its bill is gone: on a second order line, which alone is offered."""
        expense = self._spend()
        old = expense.sale_order_line_id
        self._bill(expense).invoice_id.unlink()
        expense.account_move_id.button_draft()
        self.assertRefused(expense.action_progress_bill, "is on no customer's order")
        expense.account_move_id.action_post()
        new = expense.sale_order_line_id
        self.assertNotEqual(old, new)
        wizard = self._screen(expense)
        self.assertEqual([row['id'] for row in wizard.read_order_lines('expense')], new.ids)
        self.assertFalse(wizard.warning_text)

    def test_reset_after_odoo_billed_it(self):
        """Odoo lets it go, and the screen tells."""
        expense = self._spend()
        self.order._create_invoices().action_post()
        expense.account_move_id.button_draft()
        text = self._open(self.contract).warning_text
        self.assertRegex(text, "vendor bill or expense was reset since.*Night in town")

    def test_reversed_is_no_refund_of_a_vendor(self):
        """Odoo takes the order line back with the expense, which waits to be posted again."""
        expense = self._spend()
        line = expense.sale_order_line_id
        expense.account_move_id._reverse_moves([{'date': '2026-02-01', 'invoice_date': '2026-02-01'}], cancel=True)
        self.assertEqual((line.qty_to_invoice, expense.state), (0, 'approved'))
        self.assertRegex(self._open(self.contract).warning_text, "^To be charged on, and not posted yet: Ann: Night")

    # === TOLD OF === #

    def test_warnings(self):
        """What came to no order and what waits to be posted, with names and amounts; nothing where all is well."""
        self._spend()
        self.assertFalse(self._open(self.contract).warning_text)
        self._spend(61, name="Taxi", order=False)
        self._spend(62, name="Bus", state='approved')
        self._spend(63, name="Plane", state='draft')
        self._spend(64, name="Ship", order=False, analytic_distribution=False)
        private = self._make_category("Lunch", 'no', 'order')
        self._spend(65, name="Soup", product=private, order=False)
        lost, waiting = self._open(self.contract).warning_text.replace('\xa0', ' ').split('\n')
        self.assertRegex(lost, r"^Not charged on: Ann: Taxi \$ 61.00\. No Customer to Reinvoice")
        self.assertEqual(waiting, "To be charged on, and not posted yet: Ann: Bus $ 62.00.")

    def test_companies(self):
        """What was spent in a company that is not shown is not told of, though it is on the project's account."""
        elsewhere = self.env['res.company'].create({'name': "Elsewhere"})
        there = self.env['base'].sudo().with_company(elsewhere).env
        zoe = there['hr.employee'].create({'name': "Zoe", 'company_id': elsewhere.id})
        expense = there['hr.expense'].create(
            {
                'name': "Boat",
                'employee_id': zoe.id,
                'company_id': elsewhere.id,
                'product_id': self.hotel.id,
                'total_amount_currency': 70,
                'date': '2026-01-10',
                'payment_mode': 'own_account',
                'tax_ids': [Command.clear()],
                'analytic_distribution': {str(self.project.account_id.id): 100},
            }
        )
        for shown, found in ((self.company, expense.browse()), (self.company | elsewhere, expense)):
            contract = self.contract.with_context(allowed_company_ids=shown.ids).sudo()
            self.assertEqual(contract._get_project_expenses([]), found)

    def test_names_of_those_one_may_read(self):
        """Who bills and may not read an expense learns how many there are, not whose and what for."""
        self._spend(61, name="Taxi", order=False)
        self._spend(62, name="Bus", state='approved')
        reset = self._spend(63, name="Clinic")
        self.order._create_invoices().action_post()
        reset.account_move_id.button_draft()
        seller = new_test_user(
            self.env,
            login='expense_seller',
            groups='progress_billing.group_user,sales_team.group_sale_salesman_all_leads',
            company_id=self.company.id,
        )
        hidden = "%s that you may not read"
        for user, lost, waiting, again in (
            (self.env.user, "Ann: Clinic .*Ann: Taxi", "Ann: Bus", "Clinic"),
            (seller, hidden % 2, hidden % 1, "Clinic"),
            (self.billing_user, hidden % 2, hidden % 1, "Clinic"),
        ):
            with self.subTest(user=user.login):
                wizard = self.env(user=user)['progress.bill.create'].create({'contract_id': self.contract.id})
                text = wizard.warning_text.replace('\xa0', ' ')
                self.assertRegex(text, f"Not charged on: {lost}")
                self.assertRegex(text, f"not posted yet: {waiting}")
                self.assertRegex(text, f"was reset since: .*{again}")
                for name in ("Ann", "Taxi", "Bus", "61.00", "62.00") if user != self.env.user else ():
                    self.assertNotIn(name, text.replace("Ann: Clinic", ''))

    def test_nothing_to_invoice_and_not_billed(self):
        """What the order has nothing to invoice of is not said to be billed."""
        expense = self._spend()
        line = expense.sale_order_line_id
        line.qty_delivered = 0
        self.assertEqual((line.qty_to_invoice, line.qty_invoiced), (0, 0))
        message = self.assertRefused(
            expense.action_progress_bill, "Night in town", "Ann", self.order.name, "nothing to"
        )
        self.assertNotIn("has been billed", message)
        line.qty_delivered = 1
        self.order._create_invoices()
        self.assertRefused(expense.action_progress_bill, "has been billed on", self.order.name)

    def test_several_at_once(self):
        """One that was billed among three: the sentence names it, and no screen is opened."""
        first, billed, third = (self._spend(name=name) for name in ("Taxi", "Bus", "Train"))
        bill = self._bill(billed)
        message = self.assertRefused(
            (first | billed | third).action_progress_bill, "“Bus” of Ann has been billed on", bill.display_name
        )
        self.assertNotIn("Taxi", message)
        wizard = self._screen(first | third)
        self.assertEqual(wizard.expense_line_ids, (first | third).sale_order_line_id)
        self.assertEqual(wizard.expense_amount, 160)
