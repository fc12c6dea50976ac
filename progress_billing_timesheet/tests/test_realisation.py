from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestRealisation(ProgressTimesheetCommon):
    """What hours are worth and what was billed of them, by whom; and what the customer sees of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([50000], hourly_rate=100)
        cls.entries = cls._make_entry(6) | cls._make_entry(4, cls.bob)

    def _report(self, by):
        self.env.flush_all()
        rows = self.env['progress.realisation']._read_group(
            [('contract_id', '=', self.contract.id)],
            [by],
            ['hours:sum', 'value:sum', 'billed_amount:sum', 'adjustment_amount:sum'],
        )
        return {key: tuple(sums) for key, *sums in rows}

    def test_by_employee(self):
        bill = self._create_bill(self.contract, self.entries, 1500)
        self.assertEqual(self._report('employee_id'), {self.ann: (6, 600, 900, 300), self.bob: (4, 400, 600, 200)})
        bill.invoice_id.action_post()
        self.assertEqual(self._report('project_id'), {self.project: (10, 1000, 1500, 500)})
        bill.invoice_id._reverse_moves([{'date': '2026-02-15'}], cancel=True)
        self.assertFalse(self._report('employee_id'))

    def test_company_has_no_employee(self):
        self._create_bill(self.contract, self.entries, 900, charge_adjustments_to_company=True)
        nobody = self.env['hr.employee']
        self.assertEqual(
            self._report('employee_id'),
            {self.ann: (6, 600, 600, 0), self.bob: (4, 400, 400, 0), nobody: (0, 0, -100, -100)},
        )

    def test_in_the_company_currency(self):
        currency = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0)])
        project = self.make.project(name="Abroad")
        contract = self.make.contract([1000], project=project, currency_id=currency.id, hourly_rate=100)
        entry = self._make_entry(2, project_id=project.id)
        self.assertEqual(entry.progress_currency_id, currency)
        self._create_bill(contract, entry, 300)
        self.contract = contract
        self.assertEqual(self._report('employee_id'), {self.ann: (2, 100, 150, 50)})

    def test_hours_on_the_customers_invoice(self):
        bill = self._create_bill(self.contract, self.entries, 1500)
        bill.invoice_id.action_post()
        report = self.env['ir.actions.report']
        for shown in (False, True):
            self.contract.show_hours = shown
            self.assertEqual(bill.invoice_id._get_hours_to_show(), self.entries if shown else self.entries.browse())
            html = report._render_qweb_html('account.account_invoices', bill.invoice_id.ids)[0].decode()
            self.assertEqual("Hours on this invoice" in html, shown)
            lines = self.env['account.analytic.line']
            domain = lines._timesheet_get_sale_domain(bill.invoice_id.line_ids.sale_line_ids, bill.invoice_id)
            self.assertEqual(lines.search(domain), self.entries if shown else lines)
