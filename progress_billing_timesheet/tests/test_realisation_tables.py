from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import ProgressTimesheetCommon

FIGURES = ('hours', 'value', 'billed_amount', 'adjustment_amount')


@tagged('post_install', '-at_install')
class TestRealisationTables(ProgressTimesheetCommon):
    """The report in every currency and for everybody: it adds up, and shows no more than its bills (HRS-7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([50000], hourly_rate=100)
        cls.report = cls.env['progress.realisation']

    def _rows(self, bill):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.report.search([('bill_id', '=', bill.id)], order='id')

    def _figures(self, bill):
        return [tuple(round(row[name], 6) for name in FIGURES) for row in self._rows(bill)]

    def _abroad(self, code, rounding, rates, rate=100, **vals):
        """A contract in another currency, on a project of its own."""
        currency = self.setup_other_currency(code, rounding=rounding, rates=rates)
        project = self.make.project(name=code)
        return self.make.contract([90000], project=project, currency_id=currency.id, hourly_rate=rate, **vals)

    # === MONEY === #

    def test_adds_up_in_another_currency(self):
        """Value and adjustment are what was billed, to the cent, in each row."""
        contract = self._abroad('EUR', 0.01, [('2026-01-01', 3.0)])
        entries = self._make_entry(2, project_id=contract.project_id.id)
        entries |= self._make_entry(2, self.bob, project_id=contract.project_id.id)
        for fee, expected in (
            (200, [(2, 66.67, 33.33, -33.34), (2, 66.67, 33.33, -33.34)]),
            (500, [(2, 66.67, 83.33, 16.66), (2, 66.67, 83.33, 16.66)]),
            (400, [(2, 66.67, 66.67, 0), (2, 66.67, 66.67, 0)]),
        ):
            with self.subTest(fee=fee):
                bill = self._create_bill(contract, entries, fee)
                self.assertEqual(self._figures(bill), expected)
                for row in self._rows(bill):
                    self.assertEqual(round(row.value + row.adjustment_amount, 2), row.billed_amount)
                bill.invoice_id.unlink()

    def test_decimals_of_the_company(self):
        """Thousandths where the company's currency has them, whole units where it has none."""
        for code, rounding, rate, hours, fee, expected in (
            ('KWD', 0.001, 50, 1.2555, 100.001, (1.2555, 62.775, 100.001, 37.226)),
            ('JPY', 1, 50, 1.255, 101, (1.255, 63, 101, 38)),
        ):
            with self.subTest(currency=code), self.env.cr.savepoint() as savepoint:
                self.company.currency_id = self.setup_other_currency(code, rounding=rounding, rates=[])
                contract = self.make.contract([5000], project=self.make.project(name=code), hourly_rate=rate)
                self.assertEqual(contract.currency_id, self.company.currency_id)
                bill = self._create_bill(contract, self._make_entry(hours, project_id=contract.project_id.id), fee)
                self.assertEqual(self._figures(bill), [expected])
                savepoint.rollback()
                self.env.invalidate_all()

    def test_which_rate(self):
        """The invoice's own where there is one, else that of the bill's day, else the last before it, else one."""
        contract = self._abroad('EUR', 0.01, [('2026-01-10', 2.0), ('2026-01-20', 4.0)], use_pro_forma=True)
        for date, value in (('2026-01-10', 100), ('2026-01-19', 100), ('2026-01-20', 50), ('2026-02-28', 50)):
            with self.subTest(date=date):
                entry = self._make_entry(2, project_id=contract.project_id.id, date='2026-01-02')
                bill = self._create_bill(contract, entry, 200, date=date)
                self.assertFalse(bill.invoice_id)
                self.assertEqual(self._figures(bill), [(2, value, value, 0)])
                bill.action_release()
                bill.invoice_id.invoice_currency_rate = 8.0
                self.assertEqual(self._figures(bill), [(2, 25, 25, 0)])

    def test_rates_as_odoo_finds_them(self):
        """Of a pro forma: in proportion to the company's own rate; before the first rate of all, the first one."""
        contract = self._abroad('EUR', 0.01, [('2026-01-10', 8.0), ('2026-01-20', 16.0)], use_pro_forma=True)
        own = self.company.currency_id
        for date, own_rate, value in (('2026-01-15', False, 25), ('2026-01-05', False, 25), ('2026-01-15', 2.0, 50)):
            with self.subTest(date=date, own_rate=own_rate), self.env.cr.savepoint() as savepoint:
                if own_rate:
                    vals = {'currency_id': own.id, 'company_id': self.company.id, 'name': '2026-01-01'}
                    self.env['res.currency.rate'].create({**vals, 'rate': own_rate})
                entry = self._make_entry(2, project_id=contract.project_id.id, date='2026-01-02')
                bill = self._create_bill(contract, entry, 200, date=date)
                self.assertEqual(contract.currency_id._convert(200, own, self.company, bill.date), value)
                self.assertEqual(self._figures(bill), [(2, value, value, 0)])
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    def test_rate_of_another_company(self):
        """A company's own rate counts before one for all; another company's does not."""
        contract = self._abroad('EUR', 0.01, [('2026-01-01', 7.0)], use_pro_forma=True)
        other = self.env['res.company'].create({'name': "Other"})
        rates = self.env['res.currency.rate']
        bill = self._create_bill(contract, self._make_entry(2, project_id=contract.project_id.id), 200)
        contract.currency_id.rate_ids.unlink()
        values = {'currency_id': contract.currency_id.id, 'name': '2026-01-01'}
        for company, rate, value in ((other, 8.0, 200), (rates.browse().company_id, 4.0, 50), (self.company, 2.0, 100)):
            with self.subTest(company=company.name):
                rates.create({**values, 'company_id': company.id, 'rate': rate})
                self.assertEqual(self._figures(bill), [(2, value, value, 0)])

    # === WHICH ROWS === #

    def test_what_is_in_it(self):
        """Hours and what is charged to the company; neither products nor hours that are not attached."""
        self.project.sale_line_id = False
        order = self.orders.order([250], project_id=self.project.id)
        first, second = self._make_entry(6, name="Plan"), self._make_entry(4, self.bob)
        ticked = {'product_line_ids': [(6, 0, order.order_line.ids)]}
        bill = self._create_bill(self.contract, first | second, 1500, charge_adjustments_to_company=True, **ticked)
        self.assertEqual(self._figures(bill), [(6, 600, 600, 0), (4, 400, 400, 0), (0, 0, 500, 500)])
        rows = self._rows(bill)
        self.assertEqual(rows.mapped('kind'), ['time', 'time', 'adjustment'])
        self.assertEqual([row.employee_id for row in rows], [self.ann, self.bob, self.ann.browse()])
        self.assertEqual(rows.mapped('partner_id'), self.customer)
        self.assertEqual(
            (rows.contract_id, rows.project_id, rows.company_id), (self.contract, self.project, self.company)
        )
        self.assertEqual((rows[0].task_id, rows[0].date.isoformat()), (self.task, '2026-01-15'))
        self.assertEqual({row.bill_date.isoformat() for row in rows}, {'2026-01-31'})
        unattached = self._create_bill(self.contract, self._make_entry(1), 100, attach_time=False)
        self.assertFalse(self._rows(unattached))

    def test_comes_and_goes_with_the_bill(self):
        """Draft, posted, cancelled, back again, credited in part and in full."""
        bill = self._create_bill(self.contract, self._make_entry(6), 1000)
        move, stands, gone = bill.invoice_id, [(6, 600, 1000, 400)], []
        for name, act, expected in (
            ("draft", lambda: None, stands),
            ("cancelled", move.button_cancel, gone),
            ("back", move.button_draft, stands),
            ("posted", move.action_post, stands),
            ("in part", lambda: self.billing.credit(move, 250), [(6, 600, 750, 150)]),
            ("the rest", lambda: self.billing.credit(move, 750), gone),
        ):
            with self.subTest(name):
                act()
                self.assertEqual(self._figures(bill), expected)

    def test_open_the_bill(self):
        bill = self._create_bill(self.contract, self._make_entry(6), 1000)
        action = self._rows(bill).action_open_bill()
        self.assertEqual((action['res_model'], action['res_id']), ('progress.bill', bill.id))

    # === WHO SEES IT === #

    def test_who_reads_it(self):
        """Readers of bills; not timesheet users; of private contracts and closed projects those on them."""
        bill = self._create_bill(self.contract, self._make_entry(6), 1000)
        row = self._rows(bill)
        plain = new_test_user(
            self.env,
            login='realisation_plain',
            groups='hr_timesheet.group_hr_timesheet_user',
            company_id=self.company.id,
        )
        self.assertRefused(row.with_user(plain).read, regex="not allowed to access", error=AccessError)

        def seen(user):
            self.env.flush_all()
            self.env.invalidate_all()
            return bool(self.report.with_user(user).search([('bill_id', '=', bill.id)]))

        self.assertTrue(seen(self.reader))
        self.contract.is_private = True
        self.assertFalse(seen(self.reader))
        self.contract.private_user_ids = self.reader
        self.assertTrue(seen(self.reader))
        self.project.privacy_visibility = 'followers'
        self.assertFalse(seen(self.reader))
        self.project.message_subscribe(partner_ids=self.reader.partner_id.ids)
        self.assertTrue(seen(self.reader))
        other = self.env['res.company'].create({'name': "Other"})
        self.reader.company_ids |= other
        self.assertFalse(self.report.with_user(self.reader).with_context(allowed_company_ids=other.ids).search([]))
