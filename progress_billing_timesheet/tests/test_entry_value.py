from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon


@tagged('post_install', '-at_install')
class TestEntryValue(ProgressTimesheetCommon):
    """What an hour is worth, and that it stays so."""

    def test_where_the_rate_comes_from(self):
        """10 h: 1,200 by the employee's line of 120; 1,125 by the task's line of 900 a day of 8 hours."""
        self.project.sale_line_id = self._make_line(80)
        self.task.sale_line_id = self._make_line(900, uom=self.day)
        by_task = self._make_entry(10)
        self._make_map(self.bob, 120)
        by_map = self._make_entry(10, self.bob)
        no_task = self._make_entry(10, task_id=False, project_id=self.project.id)
        self.assertRecordValues(
            by_map | by_task | no_task,
            [
                {'progress_rate': 120, 'progress_value': 1200, 'progress_rate_source': 'employee'},
                {'progress_rate': 112.5, 'progress_value': 1125, 'progress_rate_source': 'task'},
                {'progress_rate': 80, 'progress_value': 800, 'progress_rate_source': 'project'},
            ],
        )

    def test_lines_not_sold_in_time_do_not_count(self):
        """A fixed price is no rate: the contract's own is the last resort, then nothing, with the reason."""
        contract = self.make.contract([50000])
        lump = self.orders.order([50000]).order_line
        self.project.sale_line_id = self.task.sale_line_id = lump
        self.project.sale_line_employee_ids = [(0, 0, {'employee_id': self.ann.id, 'sale_line_id': lump.id})]
        entry = self._make_entry(3)
        self.assertEqual((entry.progress_rate_source, entry.progress_value), ('none', 0))
        self.assertRegex(entry._get_rate_remark(), "No rate: .* the contract has no hourly rate")
        contract.hourly_rate = 90
        self.assertEqual(entry.progress_value, 0)
        self._open(contract)
        self.assertEqual((entry.progress_rate_source, entry.progress_value), ('contract', 270))
        self.assertFalse(entry._get_rate_remark())

    def test_a_task_moves(self):
        """Its hours are worth what the new project says, nothing where that has no fixed fee; what is billed stays."""
        contract = self.make.contract([50000], hourly_rate=100)
        other = self.make.project(name="Other")
        self.make.contract([50000], project=other, hourly_rate=70)
        plain = self.env['project.project'].create({'name': "Plain", 'company_id': self.company.id})
        entry, billed = self._make_entry(2), self._make_entry(3)
        bill = self._create_bill(contract, billed, 100)
        for project, value, source in ((other, 140, 'contract'), (plain, 0, False), (other, 140, 'contract')):
            with self.subTest(project=project.name):
                self.task.project_id = project
                self.env.flush_all()
                self.env.invalidate_all()
                values = {'project_id': project.id, 'progress_value': value, 'progress_rate_source': source}
                self.assertRecordValues(entry, [values])
                self.assertRecordValues(billed, [{'project_id': self.project.id, 'progress_value': 300}])
        bill.invoice_id.unlink()
        self.assertRecordValues(billed, [{'project_id': other.id, 'progress_value': 210}])

    def test_rates_change_when_asked(self):
        contract = self.make.contract([50000], hourly_rate=90)
        line = self._make_map(self.ann, 120)
        free, billed = self._make_entry(2), self._make_entry(3)
        self._create_bill(contract, billed, 1000)
        line.price_unit = contract.hourly_rate = 130
        self.assertEqual((free | billed).mapped('progress_value'), [240, 360])
        wizard = self._open(contract)
        self.assertEqual((wizard.total_hours, wizard.total_time_amount), (2, 240))
        wizard.action_update_rates()
        self.assertEqual(wizard.total_time_amount, 260)
        self.assertEqual((free | billed).mapped('progress_value'), [260, 360])

    def test_another_employee_or_task_has_another_rate(self):
        self.make.contract([50000], hourly_rate=90)
        self._make_map(self.bob, 120)
        self.project.sale_line_id = self.task.sale_line_id = False
        entry = self._make_entry(2)
        self.assertEqual(entry.progress_value, 180)
        entry.employee_id = self.bob
        self.assertEqual(entry.progress_value, 240)
        entry.unit_amount = 3
        self.assertEqual(entry.progress_value, 360)

    def test_foreign_price_at_the_date_of_the_entry(self):
        currency = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-01-20', 4.0)])
        self.make.contract([50000])
        pricelist = self.env['product.pricelist'].create({'name': "EUR", 'currency_id': currency.id})
        order = self.orders.order([100], line_vals={'product_id': self.consulting.id}, pricelist_id=pricelist.id)
        self.task.sale_line_id = order.order_line
        early, late = self._make_entry(2, date='2026-01-10'), self._make_entry(2, date='2026-01-25')
        self.assertEqual((early | late).mapped('progress_value'), [100, 50])

    def test_discount_and_price_with_tax(self):
        tax = self.make.tax("20 % incl.", 20.0, price_include_override='tax_included')
        self.task.sale_line_id = self._make_line(120, taxes=tax)
        self.task.sale_line_id.discount = 10
        self.assertEqual(self._make_entry(2).progress_value, 180)

    def test_other_projects_have_no_value(self):
        project = self.make.project(billing_method='none')
        entry = self._make_entry(2, project_id=project.id)
        self.assertEqual((entry.progress_rate_source, entry.progress_value), (False, 0))
        self._make_map(self.ann, 50, project=project)
        project.action_set_up_progress_billing()
        self.assertEqual(entry.progress_value, 100)

    def test_nobody_types_values(self):
        entry = self._make_entry(2)
        for name in ('progress_rate', 'progress_value', 'is_progress_billable', 'progress_bill_id'):
            with self.assertRaisesRegex(AccessError, "cannot be set"):
                entry.write({name: 1})
