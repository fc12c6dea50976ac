from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestRates(ProgressTimesheetCommon):
    """Every way in which the rate of an hour is named, and when it is looked for (HRS-1, HRS-2)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([50000], hourly_rate=70)
        cls.lump = cls.orders.order([50000]).order_line
        cls.timed = {price: cls._make_line(price) for price in (120, 90, 80)}
        cls.cancelled = cls._make_line(999)
        cls.cancelled.order_id._action_cancel()
        cls.empty = cls.env['sale.order.line']

    def _set_prices(self, mapped, task, project):
        # Odoo fills in the map and the tasks from the project: ours come last
        self.project.sale_line_employee_ids.unlink()
        self.project.sale_line_id = project
        if mapped:
            self.project.sale_line_employee_ids = [
                Command.create({'employee_id': self.ann.id, 'sale_line_id': mapped.id})
            ]
        self.task.sale_line_id = task

    def test_first_that_is_sold_in_time(self):
        """Employee, task, project, contract, nothing: a fixed price or a cancelled order is passed over."""
        timed, lump, gone, none = self.timed, self.lump, self.cancelled, self.empty
        for mapped, task, project, hourly, expected in (
            (timed[120], timed[90], timed[80], 70, (120, 'employee')),
            (lump, timed[90], timed[80], 70, (90, 'task')),
            (gone, timed[90], timed[80], 70, (90, 'task')),
            (none, timed[90], timed[80], 70, (90, 'task')),
            (none, lump, timed[80], 70, (80, 'project')),
            (none, gone, timed[80], 70, (80, 'project')),
            (lump, lump, timed[80], 70, (80, 'project')),
            (lump, lump, lump, 70, (70, 'contract')),
            (none, none, gone, 70, (70, 'contract')),
            (none, none, none, 70, (70, 'contract')),
            (lump, lump, lump, 0, (0, 'none')),
            (none, none, none, 0, (0, 'none')),
        ):
            with self.subTest(mapped=mapped.price_unit, task=task.price_unit, project=project.price_unit, rate=hourly):
                self._set_prices(mapped, task, project)
                self.contract.hourly_rate = hourly
                entry = self._make_entry(3)
                self.assertEqual((entry.progress_rate, entry.progress_rate_source), expected)
                self.assertEqual(entry.progress_value, 3 * expected[0])
                if entry.is_progress_billable:
                    self.assertEqual(bool(entry._get_rate_remark()), expected[1] == 'none')

    def test_the_map_is_by_employee(self):
        self._set_prices(self.timed[120], self.lump, self.timed[80])
        self.assertEqual((self._make_entry(1).progress_rate, self._make_entry(1, self.bob).progress_rate), (120, 80))

    def test_units_discounts_and_taxes(self):
        """900 a day of 8 hours, less 10 %, 20 % included: 84.375 an hour."""
        included = self.make.tax("20 % incl.", 20.0, price_include_override='tax_included')
        added = self.make.tax("20 %", 20.0)
        for price, uom, discount, taxes, rate in (
            (100, self.hour, 0, None, 100),
            (900, self.day, 0, None, 112.5),
            (900, self.day, 10, None, 101.25),
            (900, self.day, 10, included, 84.375),
            (900, self.day, 10, added, 101.25),
            (100, self.hour, 100, None, 0),
            (100, self.env.ref('uom.product_uom_unit'), 0, None, None),
        ):
            with self.subTest(price=price, uom=uom.name, discount=discount, tax=taxes and taxes.name):
                product = self.orders.product("Works", uom_id=uom.id)
                line = self._make_line(price, product, taxes=taxes)
                line.discount = discount
                found = line._get_hourly_price()
                self.assertEqual(found if found is None else round(found, 6), rate)
        self.assertIsNone(self.empty._get_hourly_price())

    def test_a_rate_of_zero_is_a_rate(self):
        """Sold at 0.00 an hour is worth 0, and the contract's rate is not asked."""
        self._set_prices(self._make_line(0), self.lump, self.lump)
        entry = self._make_entry(3)
        self.assertEqual((entry.progress_rate, entry.progress_rate_source), (0, 'employee'))
        self.assertFalse(entry._get_rate_remark())

    def test_currencies(self):
        """Rates are in the contract's currency at the entry's date; values in its decimals."""
        for code, decimals, hours, expected in (
            ('JPY', 1, 1.255, 63),  # 50 × 1.255 = 62.75
            ('KWD', 0.001, 1.2555, 62.775),
            ('EUR', 0.01, 1.2555, 62.78),  # 62.775 rounded half up
        ):
            with self.subTest(currency=code):
                currency = self.setup_other_currency(code, rounding=decimals, rates=[('2026-01-01', 0.5)])
                project = self.make.project(name=code)
                self.make.contract([5000], project=project, currency_id=currency.id, hourly_rate=50)
                entry = self._make_entry(hours, project_id=project.id)
                self.assertEqual((entry.progress_currency_id, entry.progress_rate), (currency, 50))
                self.assertEqual(entry.progress_value, expected)
                project.sale_line_employee_ids = [
                    Command.create({'employee_id': self.ann.id, 'sale_line_id': self.timed[120].id})
                ]
                self.assertEqual(self._make_entry(1, project_id=project.id).progress_rate, 60, "120 at 0.5")

    def test_when_it_is_looked_for(self):
        """When an entry is made or gets another employee, task or project; not when hours, text or prices change."""
        self._set_prices(self.timed[120], self.timed[90], self.timed[80])
        other_task = self._make_task(name="Other")
        other_task.sale_line_id = self.timed[80]
        entry = self._make_entry(2)
        self.timed[120].price_unit = 500
        entry.write({'unit_amount': 3, 'name': "Longer"})
        self.assertEqual((entry.progress_rate, entry.progress_value), (120, 360))
        entry.employee_id = self.bob
        self.assertEqual(entry.progress_rate, 90)
        entry.task_id = other_task
        self.assertEqual(entry.progress_rate, 80)
        plain = self.make.project(name="Plain", billing_method='none')
        entry.write({'project_id': plain.id, 'task_id': False})
        self.assertEqual((entry.progress_rate, entry.progress_rate_source, entry.progress_value), (0, False, 0))
        self.assertFalse(entry.progress_currency_id)
        entry.write({'project_id': self.project.id, 'task_id': self.task.id})
        self.assertEqual(entry.progress_rate, 90)
        self.assertEqual(entry.copy().progress_rate, 90)

    def test_update_rates(self):
        """Asked for: of free entries up to the date, of this project; those on a bill and later ones keep theirs."""
        self._set_prices(self.timed[120], self.lump, self.lump)
        barn = self.make.project(name="Barn")
        barn.sale_line_id = self.lump
        self.make.contract([100], project=barn, hourly_rate=10)
        free, billed, later = self._make_entry(1), self._make_entry(1), self._make_entry(1, date='2026-02-15')
        elsewhere = self._make_entry(1, project_id=barn.id, task_id=self._make_task(barn).id)
        bill = self._create_bill(self.contract, billed, 500)
        self.timed[120].price_unit = 130
        barn.progress_contract_id.hourly_rate = 20
        wizard = self._open(self.contract)
        before = (free | billed | later | elsewhere).mapped('progress_rate')
        self.assertEqual(before, [120, 120, 120, 10])
        wizard.action_update_rates()
        self.assertEqual((free | billed | later | elsewhere).mapped('progress_rate'), [130, 120, 120, 10])
        self.assertEqual(bill.entry_ids.value, 120)
        self.assertRefused(
            self._open(self.contract).with_user(self.reader).action_update_rates, "Create", error=AccessError
        )
        bill.invoice_id.unlink()
        wizard.action_update_rates()
        self.assertEqual(billed.progress_rate, 130)

    def test_billable(self):
        """As Odoo has it: without an order line, where there is one to have, or taken off by hand, it is not."""
        line = self.lump
        for project_line, vals, expected in (
            (self.empty, {}, True),
            (line, {'so_line': line.id}, True),
            (line, {'so_line': line.id, 'is_so_line_edited': True}, True),
            (line, {'so_line': False, 'is_so_line_edited': True}, False),
            (self.empty, {'so_line': False, 'is_so_line_edited': True}, False),
        ):
            with self.subTest(project=bool(project_line), vals=vals):
                self.project.sale_line_id = project_line
                self.task.sale_line_id = project_line
                self.assertEqual(self._make_entry(1, **vals).is_progress_billable, expected)
        self.project.sale_line_id = line
        entry = self._make_entry(1, so_line=line.id)
        wizard = self._open(self.contract, entry)
        entry.write({'so_line': False, 'is_so_line_edited': True})
        wizard.invalidate_recordset()
        self.assertEqual((wizard.selected_hours, len(wizard._get_time_lines())), (0, 0), "ticked before, and no more")


@tagged('post_install', '-at_install')
class TestAdjustmentTables(ProgressTimesheetCommon):
    """What the fee is above or below the value of its hours, shared to the cent (HRS-6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([50000], hourly_rate=100)

    def _entries(self, contract, hours):
        entries = self.env['account.analytic.line']
        for one in hours:
            entries |= self._make_entry(one, project_id=contract.project_id.id, task_id=False)
        return entries

    def test_shares(self):
        """Worked figures, in currencies of 0, 2 and 3 decimals: they add up to what is to be shared."""
        for code, rounding, rate, hours, fee, shares in (
            (None, 0.01, 100, (6, 4), 1500, [300, 200]),
            (None, 0.01, 100, (6, 4), 1000, [0, 0]),
            (None, 0.01, 100, (6, 4), 900.01, [-59.99, -40]),
            (None, 0.01, 100, (1, 1, 1), 400, [33.33, 33.34, 33.33]),
            (None, 0.01, 100, (1, 1, 1), 300.01, [0, 0.01, 0]),
            (None, 0.01, 0, (1, 3), 100, [25, 75]),
            (None, 0.01, 0, (0, 0), 100, [50, 50]),
            (None, 0.01, 100, (0, 4), 500, [0, 100]),
            (None, 0.01, 100, (-2, 4), 300, [-100, 200]),
            ('JPY', 1, 100, (1, 1, 1), 400, [33, 34, 33]),
            ('JPY', 1, 100, (2, 1), 310, [7, 3]),
            ('KWD', 0.001, 100, (1, 1, 1), 400, [33.333, 33.334, 33.333]),
        ):
            with self.subTest(currency=code, rate=rate, hours=hours, fee=fee):
                vals = {}
                if code:
                    currency = self.setup_other_currency(code, rounding=rounding, rates=[('2026-01-01', 1.0)])
                    vals['currency_id'] = currency.id
                project = self.make.project(name=f"{code} {fee}")
                contract = self.make.contract([50000], project=project, hourly_rate=rate, **vals)
                bill = self._create_bill(contract, self._entries(contract, hours), fee)
                found = bill.entry_ids.mapped('adjustment_amount')
                self.assertEqual([round(share, 4) for share in found], shares)
                self.assertEqual(round(sum(found), 4), round(fee - sum(bill.entry_ids.mapped('value')), 4))
                self.assertEqual(bill.entry_adjustment, round(sum(found), 4))
                self.assertEqual(bill.entry_hours, sum(hours))

    def test_for_the_company(self):
        """One row, of nobody; none where no hours are attached."""
        entries = self._entries(self.contract, (6, 4))
        bill = self._create_bill(self.contract, entries, 900, charge_adjustments_to_company=True)
        row = bill.entry_ids.filtered(lambda one: one.kind == 'adjustment')
        self.assertRecordValues(
            row, [{'employee_id': False, 'hours': 0, 'value': 0, 'adjustment_amount': -100, 'analytic_line_id': False}]
        )
        self.assertEqual((row.name, row.company_id), (self.company.name, self.company))
        self.assertEqual(set((bill.entry_ids - row).mapped('adjustment_amount')), {0})
        for vals in ({'attach_time': False}, {}):
            bill = self._create_bill(self.contract, None, 900, charge_adjustments_to_company=True, **vals)
            self.assertFalse(bill.entry_ids)

    def test_follows_the_bill(self):
        """A pro forma cut, a credit in part, a credit in full."""
        self.contract.use_pro_forma = True
        bill = self._create_bill(self.contract, self._entries(self.contract, (6, 4)), 1500)
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [300, 200])
        bill.line_ids.amount = 1400
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [240, 160])
        self.billing.to_ledger(bill)
        self.billing.credit(bill.invoice_id, 400)
        self.assertEqual(bill.entry_ids.mapped('adjustment_amount'), [0, 0])
        self.assertTrue(bill.entry_ids[0].is_live)

    def test_expenses_have_none(self):
        """Beside the fee nothing is adjusted."""
        order = self.orders.order([250])
        order.project_id = self.project
        self.project.sale_line_id = False
        bill = self._create_bill(
            self.contract,
            self._entries(self.contract, (6, 4)),
            1500,
            product_line_ids=[Command.set(order.order_line.ids)],
        )
        self.assertEqual(
            [(row.kind, row.value, row.adjustment_amount) for row in bill.entry_ids],
            [('time', 600, 300), ('time', 400, 200), ('product', 250, 0)],
        )
        self.assertEqual((bill.entry_value, bill.entry_adjustment), (1000, 500))


@tagged('post_install', '-at_install')
class TestRealisationTable(ProgressTimesheetCommon):
    """The report adds up to the bills, whatever their state and currency (HRS-7)."""

    def test_against_the_bills(self):
        """A draft, a posted one, one credited in part, one credited in full, one deleted, one without hours."""
        contract = self.make.contract([50000], hourly_rate=100)
        bills = self.env['progress.bill']
        for number in range(5):
            entry = self._make_entry(number + 1, self.ann if number % 2 else self.bob)
            bills |= self._create_bill(contract, entry, 1000, charge_adjustments_to_company=number == 3)
        self._create_bill(contract, None, 1000)
        bills[1:4].invoice_id.action_post()
        self.billing.credit(bills[2].invoice_id, 250)
        self.billing.credit(bills[3].invoice_id)
        bills[4].invoice_id.unlink()
        live = bills[:3]
        self.env.flush_all()
        report = self.env['progress.realisation']
        rows = report._read_group(
            [('contract_id', '=', contract.id)],
            ['bill_id'],
            ['hours:sum', 'value:sum', 'billed_amount:sum', 'adjustment_amount:sum'],
        )
        self.assertEqual(
            {bill: tuple(sums) for bill, *sums in rows},
            {live[0]: (1, 100, 1000, 900), live[1]: (2, 200, 1000, 800), live[2]: (3, 300, 750, 450)},
        )
        for bill in live:
            self.assertEqual(bill.entry_value + bill.entry_adjustment, bill.invoiced_amount - bill.credited_amount)
        months = report._read_group([('contract_id', '=', contract.id)], ['date:month'], ['hours:sum'])
        self.assertEqual([(month.isoformat(), hours) for month, hours in months], [('2026-01-01', 6)])
        row = report.search([('bill_id', '=', live[0].id)])
        self.assertEqual((row.employee_id, row.task_id, row.bill_date.isoformat()), (self.bob, self.task, '2026-01-31'))
        self.assertEqual(row.action_open_bill()['res_id'], live[0].id)

    def test_rates_of_the_invoice(self):
        """In the company's currency: by the invoice's own rate where there is one, else the day's."""
        currency = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-01-20', 4.0)])
        project = self.make.project(name="Abroad")
        contract = self.make.contract([9000], project=project, currency_id=currency.id, hourly_rate=100)
        contract.use_pro_forma = True
        entry = self._make_entry(2, project_id=project.id)
        bill = self._create_bill(contract, entry, 300, date='2026-01-31')
        report = self.env['progress.realisation']

        def figures():
            self.env.flush_all()
            self.env.invalidate_all()
            row = report.search([('bill_id', '=', bill.id)])
            return row.value, row.billed_amount, row.adjustment_amount, row.currency_id

        self.assertEqual(figures(), (50, 75, 25, self.company.currency_id))
        bill.action_release()
        bill.invoice_id.invoice_currency_rate = 3.0
        self.assertEqual(figures(), (66.67, 100, 33.33, self.company.currency_id))
