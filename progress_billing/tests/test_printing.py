import io

import openpyxl
from lxml import html as lxml_html

from odoo.tests import HttpCase, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestPrinting(ProgressBillingCommon, HttpCase):
    """What the customer reads: on the printed invoice, and on the portal (BIL-22)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([6000, 4000], cls.tax_15)
        cls.billing.bill(cls.contract, '20%', title="Start of works", description="As agreed in our letter.")
        cls.second = cls.billing.bill(
            cls.contract, '2,500.00', '2026-02-28', item_description="Instalment on the shell"
        )

    def _print(self, move):
        html, _kind = self.env['ir.actions.report']._render_qweb_html('account.report_invoice_with_payments', move.ids)
        return html.decode()

    def test_deposit(self):
        first = self._print(self.contract.bill_ids.sorted('id')[0].invoice_id)
        for text in (
            "Progress bill no.",
            "Start of works",
            "As agreed in our letter.",
            "Deposit 20 % of",
            "Where the contract stands",
        ):
            self.assertIn(text, first)
        self.assertEqual(first.count("As agreed in our letter."), 1)
        report = self.env['report.progress_billing.report_progress_bill']
        self.assertEqual(
            report._get_summary(self.second)['total'],
            {
                'original': 10000,
                'change': 0,
                'revised': 10000,
                'before': 2000,
                'now': 2500,
                'to_date': 4500,
                'left': 5500,
            },
        )
        second = self._print(self.second.invoice_id)
        self.assertIn("Instalment on the shell", second)
        self.assertNotIn("Line 1", second)
        self.contract.summary_by_line = True
        self.assertIn("Line 1", self._print(self.second.invoice_id))

    def test_final_lists_its_deposits(self):
        final = self.billing.final(self.contract)
        self.assertEqual(
            [(row['number'], row['net'], row['tax']) for row in final._get_progress_deposit_rows()],
            [
                (bill.invoice_id.name, net, tax)
                for bill, net, tax in zip(self.contract.bill_ids.sorted('id'), (2000, 2500), (300, 375), strict=False)
            ],
        )
        html = self._print(final)
        for text in ("Final invoice", "Deposits invoiced before", self.second.invoice_id.name):
            self.assertIn(text, html)

    def test_units(self):
        """A lump sum is printed without a unit, a quantity in the schedule's unit alone."""
        self.env.user.group_ids += self.env.ref('uom.group_uom')
        service = self.env['product.product'].create({'name': "Works", 'type': 'service'})
        contract = self.make.as_billed([1000], line_vals={'product_id': service.id})
        lump_sum = lxml_html.fromstring(self._print(self.billing.bill(contract, '10%').invoice_id))
        quantities = [cell.text_content().split() for cell in lump_sum.xpath('//td[@name="td_quantity"]')]
        self.assertEqual(quantities, [['1.00']])
        contract = self.make.by_quantity(100, 5)
        contract.line_ids.write(
            {'product_id': service.id, 'product_uom_id': self.env.ref('uom.product_uom_square_meter').id}
        )
        measured = lxml_html.fromstring(self._print(self.billing.bill(contract, '10%').invoice_id))
        quantities = [cell.text_content().split() for cell in measured.xpath('//td[@name="td_quantity"]')]
        self.assertEqual(quantities, [['10.00', 'm²']])

    def test_portal_page(self):
        """The customer's page of the invoice opens by its token, without any right on bills or contracts."""
        invoice = self.second.invoice_id
        response = self.url_open(f'/my/invoices/{invoice.id}?access_token={invoice._portal_ensure_token()}')
        self.assertEqual(response.status_code, 200)
        response = self.url_open(
            f'/my/invoices/{invoice.id}?access_token={invoice._portal_ensure_token()}&report_type=html'
        )
        self.assertIn("Where the contract stands", response.text)
        self.assertIn("Instalment on the shell", response.text)

    def test_import_template(self):
        """The spreadsheet offered on the import screen opens, with numbers as numbers."""
        self.authenticate('admin', 'admin')
        response = self.url_open('/progress_billing/schedule_of_values.xlsx')
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        self.assertEqual([cell.value for cell in sheet[1]][:2], ['Item', 'Description'])
        self.assertEqual(sheet['G3'].value, 4500)

    def test_ordinary_invoice_is_untouched(self):
        html = self._print(self.init_invoice('out_invoice', partner=self.customer, amounts=[100], post=True))
        self.assertNotIn("Where the contract stands", html)
