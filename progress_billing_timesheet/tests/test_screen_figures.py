from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestScreenFigures(ProgressTimesheetCommon):
    """What the screen comes to, for one contract and for all of a customer, in whatever currency (HRS-3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.sale_line_id = False
        cls.contract = cls.make.contract([6000, 4000], hourly_rate=100)
        cls.entry, cls.late = cls._make_entry(6), cls._make_entry(3, cls.bob, date='2026-02-10')

    def _customer_screen(self, **vals):
        wizard = self.env['progress.bill.create'].create({'partner_id': self.customer.id, 'date': '2026-01-31', **vals})
        return wizard, *wizard.child_ids.sorted(lambda child: child.contract_id.id)

    def _currency(self, code, rounding=0.01, rate=2.0):
        return self.setup_other_currency(code, rounding=rounding, rates=[('2026-01-01', rate)])

    # === CURRENCIES === #

    def test_decimals(self):
        """In whole yen and in thousandths of a dinar, from the hours to the invoice."""
        for code, rounding, hours, value, amount, claims, adjustment in (
            ('JPY', 1, 1.255, 63, 101, [61, 40], 38),
            ('KWD', 0.001, 1.2555, 62.775, 100.001, [60.001, 40.0], 37.226),
        ):
            with self.subTest(currency=code):
                project = self.make.project(name=code)
                currency = self._currency(code, rounding)
                contract = self.make.contract([600, 400], project=project, currency_id=currency.id, hourly_rate=50)
                entry = self._make_entry(hours, project_id=project.id)
                wizard = self._open(contract, entry, amount)
                figures = wizard.total_time_amount, wizard.selected_time_amount, wizard.remaining_time_amount
                self.assertEqual(figures, (value, value, 0))
                self.assertEqual((wizard.wip_available, wizard.net_amount), (1000, amount))
                wizard.action_continue()
                bill = wizard.bill_id
                self.assertEqual(sum(bill.line_ids.mapped('amount')), amount)
                self.assertEqual(bill.line_ids.mapped('amount'), claims)
                self.assertEqual((bill.invoice_id.currency_id, bill.invoice_id.amount_untaxed), (currency, amount))
                self.assertEqual(round(bill.entry_adjustment, 4), adjustment)
                bill.invoice_id.action_post()
                # two to one of the company's
                self.assertLedgerLines(bill.invoice_id, self.deposit_account, -round(amount / 2, 2))
                self.assertRefused(
                    self._open(contract, None, round(1000 - amount + float(rounding), 3)).action_continue,
                    "cannot exceed WIP available",
                )

    def test_sums_over_currencies(self):
        """Two contracts in dollars and euros: the sums are in dollars at the date, hours are hours."""
        euro, shop = self._currency('EUR'), self.make.project(name="Shop")
        other = self.make.contract([2000], project=shop, currency_id=euro.id, hourly_rate=50)
        entry = self._make_entry(4, project_id=shop.id)
        wizard, first, second = self._customer_screen()
        self.assertEqual((first.currency_id, second.currency_id), (self.company.currency_id, euro))
        self.assertEqual((wizard.currency_id, wizard.company_id), (self.company.currency_id, self.company))
        wizard.tick_entries(True)
        first.wip_bill_amount, second.wip_bill_amount = 1000, 300
        self.assertRecordValues(
            wizard,
            [
                {
                    'total_hours': 10,
                    'selected_hours': 10,
                    'remaining_hours': 0,
                    'total_time_amount': 700,
                    'selected_time_amount': 700,
                    'remaining_time_amount': 0,
                    'remaining_fixed': 11000,
                    'wip_available': 11000,
                    'wip_bill_amount': 1150,
                    'net_amount': 1150,
                }
            ],
        )
        wizard.action_continue()
        self.assertEqual((second.bill_id.currency_id, second.bill_id.amount, other.wip_available), (euro, 300, 1700))
        self.assertEqual((entry.progress_bill_id, second.bill_id.entry_ids.value), (second.bill_id, 200))

    def test_all_in_one_foreign_currency(self):
        euro, customer = self._currency('EUR'), self.customer.copy()
        for name in ("Shop", "Mill"):
            project = self.make.project(name=name, partner_id=customer.id)
            self.make.contract([2000], project=project, currency_id=euro.id, partner_id=customer.id)
        wizard = self.env['progress.bill.create'].create({'partner_id': customer.id})
        self.assertEqual((wizard.currency_id, wizard.wip_available), (euro, 4000))

    def test_entries_in_another_currency(self):
        """Priced in dollars before the contract was in euros: converted at the entry's date, entry by entry."""
        euro, shop = self._currency('EUR'), self.make.project(name="Shop")
        self._make_map(self.ann, 120, project=shop)
        early = self._make_entry(2, project_id=shop.id) | self._make_entry(1, project_id=shop.id, date='2026-01-16')
        self.assertEqual(early.progress_currency_id, self.company.currency_id)
        contract = self.make.contract([9000], project=shop, currency_id=euro.id, hourly_rate=50)
        late = self._make_entry(1, self.bob, project_id=shop.id)
        wizard = self._open(contract, early, 800)
        figures = wizard.total_time_amount, wizard.selected_time_amount, wizard.remaining_time_amount
        self.assertEqual(figures, (960, 720, 240), "360 dollars are 720 euros")
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.entry_ids.mapped('value'), [480, 240])
        self.assertEqual(sum(wizard.bill_id.entry_ids.mapped('adjustment_amount')), 80)
        self.assertFalse(late.progress_bill_id)

    # === WHAT CHANGES ON THE SCREEN === #

    def test_another_date(self):
        """Hours after the date do not count and are not billed, though they stay ticked."""
        wizard = self._open(self.contract, self.entry | self.late, 100, date='2026-02-28')
        self.assertEqual((wizard.total_hours, wizard.selected_hours), (9, 9))
        wizard.date = '2026-02-09'
        self.assertEqual((wizard.total_hours, wizard.selected_hours, wizard.selected_time_amount), (6, 6, 600))
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.entry_ids.analytic_line_id, self.entry)
        self.assertFalse(self.late.progress_bill_id)

    def test_final_and_not(self):
        """All that remains while it is a final, whatever is sent along; then what stands is kept until it is typed."""
        wizard = self._open(self.contract, None, 500)
        for vals, amount in (
            ({'is_final': True}, 10000),
            ({'wip_bill_amount': 700}, 10000),
            ({'is_final': True, 'wip_bill_amount': 700}, 10000),
            ({'is_final': False, 'wip_bill_amount': 700}, 700),
            ({'is_final': False}, 700),
            ({'wip_bill_amount': 0}, 0),
            ({'wip_bill_amount': 250.004}, 250),
        ):
            with self.subTest(vals=vals):
                wizard.write(vals)
                self.assertEqual((wizard.wip_bill_amount, wizard.net_amount), (amount, amount))
        final = self._open(self.contract, None, 700, is_final=True)
        self.assertEqual(final.wip_bill_amount, 10000)

    def test_several_at_once(self):
        """One call over screens of which one makes a final: that one takes all that remains, the other what is said."""
        shop = self.make.project(name="Shop")
        other = self.make.contract([2000], project=shop)
        final, plain = self._open(self.contract, is_final=True), self._open(other)
        (final | plain).write({'wip_bill_amount': 300})
        self.assertEqual((final | plain).mapped('wip_bill_amount'), [10000, 300])
        both = self.env['progress.bill.create'].create(
            [
                {'contract_id': self.contract.id, 'date': '2026-01-31', 'is_final': True, 'wip_bill_amount': 5},
                {'contract_id': other.id, 'date': '2026-01-31', 'wip_bill_amount': 5},
            ]
        )
        self.assertEqual(both.mapped('wip_bill_amount'), [10000, 5])
        self.assertEqual(both.mapped('net_amount'), [10000, 5])

    def test_buttons(self):
        """The value of the hours as far as the fee goes, and all that remains; on each contract of a customer."""
        shop = self.make.project(name="Shop")
        other = self.make.contract([250], project=shop, hourly_rate=100)
        self._make_entry(4, project_id=shop.id)
        wizard, first, second = self._customer_screen()
        wizard.tick_entries(True)
        wizard.action_bill_selected()
        self.assertEqual((first.wip_bill_amount, second.wip_bill_amount, wizard.net_amount), (600, 250, 850))
        wizard.action_bill_remaining()
        self.assertEqual((first.wip_bill_amount, second.wip_bill_amount), (10000, 250))
        self._create_bill(other, None, 100)
        single = self._open(other)
        single.action_bill_remaining()
        self.assertEqual(single.wip_bill_amount, 150)
        single.action_bill_selected()
        self.assertEqual(single.wip_bill_amount, 0, "nothing is ticked")

    def test_what_is_said_once(self):
        """Date, final, attaching and charging are said for all contracts of a customer, or for one of them."""
        self.make.contract([2000], project=self.make.project(name="Shop"))
        wizard, first, second = self._customer_screen(attach_time=False, charge_adjustments_to_company=True)
        shared = ('attach_time', 'charge_adjustments_to_company', 'is_final')
        self.assertEqual([[child[name] for name in shared] for child in (first, second)], [[False, True, False]] * 2)
        self.assertEqual({child.date.isoformat() for child in wizard.child_ids}, {'2026-01-31'})
        wizard.write({'date': '2026-02-28', 'attach_time': True, 'is_final': True})
        self.assertEqual([[child[name] for name in shared] for child in (first, second)], [[True, True, True]] * 2)
        self.assertEqual({child.date.isoformat() for child in wizard.child_ids}, {'2026-02-28'})
        self.assertEqual(wizard.wip_bill_amount, 12000)
        second.is_final = False
        self.assertEqual((first.is_final, wizard.is_final), (True, True))

    # === TWO CONTRACTS OF ONE PROJECT === #

    def test_hours_of_a_project_count_once(self):
        """On a customer's screen a project's hours are with its first contract; alone each contract may bill them."""
        second_contract = self.make.contract([2000], hourly_rate=100)
        wizard, first, second = self._customer_screen()
        self.assertEqual((first.total_hours, second.total_hours, wizard.total_hours), (6, 0, 6))
        wizard.tick_entries(True)
        self.assertEqual((first.time_line_ids, second.time_line_ids.ids), (self.entry, []))
        self.assertEqual(len(wizard.read_entries()), 1)
        self.assertRefused(
            lambda: second.write({'time_line_ids': [Command.set(self.entry.ids)]}),
            "Work",
            "is on this screen with",
            self.contract.display_name,
            error=ValidationError,
        )
        self.assertEqual(self._open(second_contract, self.entry).selected_hours, 6)

    # === WHICH SCREEN === #

    def test_start(self):
        """What was chosen decides; nothing, a draft or somebody without a fee is refused."""
        start = self.env['progress.bill.create'].create({'date': '2026-01-31'})
        self.assertEqual(start.display_name, "Create Progress Bill")
        self.assertFalse(start.preview)
        self.assertRefused(start.action_start, "Choose a customer or a contract to bill")
        self.assertRefused(start.action_continue, "Choose a customer or a contract to bill")
        start.partner_id = self.customer
        self.assertEqual(start.action_start()['res_id'], start.id)
        self.assertEqual((start.child_ids.contract_id, start.wip_available), (self.contract, 10000))
        start.action_start()
        self.assertEqual(len(start.child_ids), 1, "asked twice, made once")
        self.assertIn(self.customer.name, start.display_name)
        single = self.env['progress.bill.create'].create({'contract_id': self.contract.id})
        self.assertEqual((single.action_start()['res_id'], single.partner_id), (single.id, self.customer))
        self.assertIn(self.contract.display_name, single.display_name)
        draft = self.make.contract([100], project=self.make.project(name="Draft"), do_open=False)
        unready = self.env['progress.bill.create'].create({'contract_id': draft.id})
        self.assertRefused(unready.action_start, "Start Billing")
        nobody = self.env['progress.bill.create'].create({})
        nobody.partner_id = self.customer.copy()
        self.assertRefused(nobody.action_start, "has no open contract with a fixed fee")

    def test_contracts_of_a_customer(self):
        """Open ones on projects, of the customer and their contacts, in the order they were made."""
        contact = self.env['res.partner'].create({'name': "Site office", 'parent_id': self.customer.id})
        shop, mill = self.make.project(name="Shop"), self.make.project(name="Mill")
        theirs = self.make.contract([2000], project=shop, partner_id=contact.id)
        self.make.contract([2000], project=mill, do_open=False)
        self.make.contract([2000], project=self.env['project.project'])
        self.make.contract([2000], project=self.make.project(name="Elsewhere"), partner_id=self.customer.copy().id)
        for partner in (self.customer, contact):
            self.assertEqual(partner._get_contracts_to_bill().ids, (self.contract | theirs).ids)
        theirs.action_create_final_invoice()
        self.assertEqual(self.customer._get_contracts_to_bill(), self.contract)
        self.assertEqual(self.customer._get_open_fixed_fees(), self.contract | theirs)

    # === BEFORE CONTINUE === #

    def _preview(self, wizard):
        return [(row['label'], row['amount'].replace('\xa0', ' '), row['kind']) for row in wizard.preview[1:]]

    def test_preview(self):
        """What the bill is made of, with and without hours, as a final, below zero and for nothing."""
        order = self.orders.order([80], project_id=self.project.id)
        order.order_line.name = "Train\nto the customer"
        ticked = {'product_line_ids': [Command.set(order.order_line.ids)]}
        net, head = "Net due, untaxed", [("Line 1", "$ 600.00", 'line'), ("Line 2", "$ 400.00", 'line')]
        hours = [("Hours attached, by value", "$ 600.00", 'note'), ("Adjustment", "$ 400.00", 'note')]
        for name, entries, amount, vals, expected in (
            ("nothing", None, 0, {}, [(net, "$ 0.00", 'total')]),
            ("fee", None, 1000, {}, [*head, (net, "$ 1,000.00", 'total')]),
            ("hours", self.entry, 1000, {}, [*head, (net, "$ 1,000.00", 'total'), *hours]),
            ("not attached", self.entry, 1000, {'attach_time': False}, [*head, (net, "$ 1,000.00", 'total')]),
            ("product", None, 0, ticked, [("Train", "$ 80.00", 'line'), (net, "$ 80.00", 'total')]),
            (
                "final",
                None,
                0,
                {'is_final': True},
                [("Line 1", "$ 6,000.00", 'line'), ("Line 2", "$ 4,000.00", 'line'), (net, "$ 10,000.00", 'total')],
            ),
        ):
            with self.subTest(name):
                self.assertEqual(self._preview(self._open(self.contract, entries, amount, **vals)), expected)

    def test_preview_is_the_bill(self):
        """Lines of the schedule, product and down payment as the bill has them, of a final too."""
        order = self.orders.order([80], project_id=self.project.id)
        self._create_bill(self.contract, None, 6000).invoice_id.action_post()
        self.contract.action_create_down_payment(500)
        self.contract.bill_ids.filtered(lambda bill: bill.kind == 'down_payment').invoice_id.action_post()
        for vals in ({'wip_bill_amount': 777.77}, {'is_final': True}):
            with self.subTest(vals=vals), self.env.cr.savepoint() as savepoint:
                wizard = self._open(self.contract, None, **vals, product_line_ids=[Command.set(order.order_line.ids)])
                claims = dict(wizard._get_preview_claims())
                net, total = wizard.net_amount, self._preview(wizard)[-1][1]
                wizard.action_continue()
                bill = wizard.bill_id
                billed = {line.contract_line_id.name: line.amount for line in bill.line_ids if line.contract_line_id}
                self.assertEqual({name: amount for name, amount in billed.items() if amount}, claims)
                self.assertEqual((bill.amount_due, total), (net, f"$ {net:,.2f}"))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_remarks(self):
        """Why it cannot be billed, what a final ends, and whether a pro forma comes first."""
        wizard = self._open(self.contract, None, 100)
        self.assertEqual((wizard.blockers, wizard.uses_pro_forma), ('', False))
        self.make.plan(self.contract, '10%', '2026-03-31')
        self.make.plan(self.contract, '10%', '2026-04-30')
        wizard = self._open(self.contract, None, 100)
        self.assertFalse(wizard.blockers)
        wizard.is_final = True
        self.assertEqual(wizard.blockers, "The final invoice cancels 2 planned bills (03/31/2026, 04/30/2026).")
        self.contract.use_pro_forma = True
        self.assertTrue(self._open(self.contract).uses_pro_forma)
        screen, _first = self._customer_screen()
        self.assertTrue(screen.uses_pro_forma)
        self.contract.action_create_final_invoice()
        self.assertIn("final", self._open(self.contract).blockers)

    def test_form_that_is_not_saved(self):
        """While it is typed a form shows what a saved one would, and nothing is written."""
        wizard = self._open(self.contract, self.entry, 100)
        spec = {name: {} for name in ('wip_bill_amount', 'net_amount', 'total_hours', 'selected_hours', 'preview')}
        for changed, expected in (
            ({'wip_bill_amount': 900}, {'net_amount': 900}),
            ({'is_final': True}, {'wip_bill_amount': 10000, 'net_amount': 10000}),
            ({'date': '2026-02-28'}, {'total_hours': 9}),
        ):
            with self.subTest(changed=changed):
                values = wizard.onchange(changed, list(changed), {name: {} for name in changed} | spec)['value']
                self.assertEqual({name: values[name] for name in expected}, expected)
        self.assertEqual((wizard.wip_bill_amount, wizard.is_final, wizard.total_hours), (100, False, 6))


@tagged('post_install', '-at_install')
class TestScreenOfCompanies(ProgressTimesheetCommon):
    """A customer of two companies: a screen over both, bills and hours each in its own (HRS-3, HRS-5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        data = cls.setup_other_company(name="Other Builders")
        cls.other_company = data['company']
        cls.contract = cls.make.contract([6000], hourly_rate=100)
        cls.shop = cls.make.project(name="Shop", company_id=cls.other_company.id)
        cls.there = cls.make.as_billed(
            [4000],
            project=cls.shop,
            company_id=cls.other_company.id,
            hourly_rate=50,
            line_vals={'account_id': data['default_account_revenue'].id},
        )
        cls.zoe = cls._make_employee("Zoe", company_id=cls.other_company.id)
        cls.here_entry = cls._make_entry(6)
        cls.there_entry = cls._make_entry(4, cls.zoe, project_id=cls.shop.id, company_id=cls.other_company.id)

    def _screen(self, *companies):
        companies = self.env['res.company'].concat(*companies)
        wizards = self.env['progress.bill.create'].with_context(allowed_company_ids=companies.ids)
        return wizards.create({'partner_id': self.customer.id, 'date': '2026-01-31'})

    def test_which_contracts(self):
        """Those of the companies that are shown."""
        for companies, contracts in (
            ((self.company,), self.contract),
            ((self.other_company,), self.there),
            ((self.company, self.other_company), self.contract | self.there),
        ):
            with self.subTest(companies=[company.name for company in companies]):
                self.assertEqual(self._screen(*companies).child_ids.contract_id, contracts)

    def test_bills_and_hours(self):
        """Each bill, invoice, row and line of the report is of its contract's company."""
        wizard = self._screen(self.company, self.other_company)
        wizard.tick_entries(True)
        self.assertEqual((wizard.total_hours, wizard.selected_hours, wizard.selected_time_amount), (10, 10, 800))
        wizard.action_bill_selected()
        wizard.action_continue()
        here, there = wizard.child_ids.sorted(lambda child: child.contract_id.id).bill_id
        for bill, company, entry, amount in (
            (here, self.company, self.here_entry, 600),
            (there, self.other_company, self.there_entry, 200),
        ):
            with self.subTest(company=company.name):
                self.assertEqual((bill.company_id, bill.invoice_id.company_id), (company, company))
                self.assertEqual((bill.entry_ids.analytic_line_id, bill.entry_ids.company_id), (entry, company))
                self.assertEqual((bill.amount, bill.entry_ids.value), (amount, amount))
                self.env.flush_all()
                row = self.env['progress.realisation'].search([('bill_id', '=', bill.id)])
                self.assertEqual((row.company_id, row.billed_amount), (company, amount))
        seen = self.env['progress.realisation'].with_user(self.reader).search([('partner_id', '=', self.customer.id)])
        self.assertEqual(seen.bill_id, here, "the reader works in one company")

    def test_orders_of_the_other_company(self):
        """An order of another company is not billed on a contract, though it is on its project."""
        self.project.company_id = self.shop.company_id = False
        self.project.sale_line_id = False
        order = self.orders.order([250], project_id=self.project.id)
        self.assertEqual(self.contract._get_order_lines_to_bill('product'), order.order_line)
        order.project_id = self.shop
        self.assertFalse(self.there._get_order_lines_to_bill('product'))
        self.assertFalse(self.contract._get_order_lines_to_bill('product'))

    def test_agreements_of_the_other_company(self):
        """What a customer agreed on with one company covers nothing of the other."""
        self.env['progress.agreement'].create(
            {
                'name': "Support",
                'partner_id': self.customer.id,
                'company_id': self.other_company.id,
                'date_start': '2026-01-01',
                'limit_hours': 3,
            }
        )
        wizard = self._screen(self.company, self.other_company)
        wizard.tick_entries(True)
        wizard.child_ids.write({'wip_bill_amount': 1000})
        first, second = wizard.child_ids.sorted(lambda child: child.contract_id.id)
        self.assertEqual((first.agreement_applied, second.agreement_applied, wizard.net_amount), (0, 150, 1850))
