from odoo.tests import HttpCase, new_test_user, tagged

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


@tagged('post_install', '-at_install')
class TestHoursPage(ProgressTimesheetCommon, HttpCase):
    """The customer's page of an invoice, and what it leads to (HRS-12)."""

    def test_view_timesheets(self):
        """Shown where the contract shows hours; else neither the button nor anything behind it."""
        contact = self.env['res.partner'].create({'name': "Cleo", 'parent_id': self.customer.id})
        visitor = new_test_user(self.env, login='hours_visitor', groups='base.group_portal', partner_id=contact.id)
        self.project.privacy_visibility = 'portal'
        self.project.message_subscribe(partner_ids=self.customer.ids + contact.ids)
        contract = self.make.contract([5000], hourly_rate=100)
        entry = self._make_entry(6, name="Drawing the plan")
        self._make_entry(1, name="Not billed yet")
        invoice = self._create_bill(contract, entry, 500).invoice_id
        invoice.action_post()
        order = self.orders.order([700])
        other = order._create_invoices()
        other.action_post()
        entries = f'/my/timesheets?search_in=invoice&search={invoice.name}'
        self.authenticate(visitor.login, visitor.login)
        for shown in (False, True, False):
            contract.show_hours = shown
            with self.subTest(shown=shown):
                page = self.url_open(invoice.get_portal_url()).text
                self.assertIn(invoice.name, page)
                self.assertEqual("View Timesheets" in page, shown)
                listed = self.url_open(entries).text
                self.assertEqual("Drawing the plan" in listed, shown)
                self.assertNotIn("Not billed yet", listed)
        self.assertTrue(other._shows_hours(), "Odoo's own invoices are as they were")
