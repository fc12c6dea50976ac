import io

import openpyxl

from odoo.tests import tagged
from odoo.tools import file_open

from .common import ProgressBillingCommon

TEMPLATE = 'progress_billing/static/import/schedule_of_values.csv'


@tagged('post_install', '-at_install')
class TestImport(ProgressBillingCommon):
    """A schedule of values comes in through Odoo's own import."""

    def setUp(self):
        super().setUp()
        self.contract = self.make.contract([], do_open=False)

    def _import(self, content, mimetype, options=None):
        """What the import screen does with a file: guess the columns, then load it into the contract at hand."""
        lines = self.env['progress.contract.line'].with_context(**self.contract.action_view_lines()['context'])
        wizard = (
            self.env['base_import.import']
            .with_context(**lines.env.context)
            .create(
                {'res_model': 'progress.contract.line', 'file': content, 'file_type': mimetype, 'file_name': 'schedule'}
            )
        )
        options = {'has_headers': True, 'quoting': '"', 'separator': ',', **(options or {})}
        preview = wizard.parse_preview(options)
        self.assertNotIn('error', preview)
        matched = [
            preview['matches'].get(index, preview['matches'].get(str(index)))
            for index in range(len(preview['headers']))
        ]
        fields = [match[0] if match else False for match in matched]
        return wizard.execute_import(fields, preview['headers'], {**options, **preview['options']})

    def assertTemplate(self, result):
        self.assertFalse(result['messages'])
        self.assertRecordValues(
            self.contract.line_ids.sorted('id'),
            [
                {
                    'display_type': 'line_section',
                    'item_number': False,
                    'name': "Site works",
                    'billing_base': 'amount',
                    'original_amount': 0,
                },
                {
                    'display_type': False,
                    'item_number': '1.1',
                    'name': "Set-up and temporary services",
                    'billing_base': 'amount',
                    'original_amount': 4500,
                },
                {
                    'display_type': False,
                    'item_number': '1.2',
                    'name': "Excavation",
                    'billing_base': 'quantity',
                    'original_amount': 5920,
                },
                {
                    'display_type': 'line_section',
                    'item_number': False,
                    'name': "Structure",
                    'billing_base': 'amount',
                    'original_amount': 0,
                },
                {
                    'display_type': False,
                    'item_number': '2.1',
                    'name': "Foundations",
                    'billing_base': 'amount',
                    'original_amount': 28400,
                },
                {
                    'display_type': False,
                    'item_number': '2.2',
                    'name': "Ground floor slab",
                    'billing_base': 'quantity',
                    'original_amount': 8990,
                },
            ],
        )
        taxed = self.contract.line_ids.filtered(lambda line: not line.display_type)
        self.assertEqual(taxed.tax_ids, self.company.account_sale_tax_id)
        self.assertEqual(self.contract.original_amount, 47810)

    def test_csv_template(self):
        with file_open(TEMPLATE, 'rb') as source:
            self.assertTemplate(self._import(source.read(), 'text/csv'))

    def test_spreadsheet(self):
        book = openpyxl.Workbook()
        with file_open(TEMPLATE, 'r') as source:
            for row in source.read().splitlines():
                book.active.append([cell or None for cell in row.split(',')])
        buffer = io.BytesIO()
        book.save(buffer)
        self.assertTemplate(
            self._import(buffer.getvalue(), 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
        )

    def test_errors_name_their_row(self):
        content = (
            b"Item,Description,Progress Billing Base,Original Amount\n1,Walls,,1000\n2,Roof,Maybe,20\n3,Doors,,300\n"
        )
        result = self._import(content, 'text/csv')
        self.assertIn(1, [message.get('rows', {}).get('from') for message in result['messages']])
        content = b"Item,Description,Original Amount\n1,Walls,1000\n2,Roof,a lot\n3,Doors,300\n"
        result = self._import(content, 'text/csv')
        self.assertIn('original_amount', result['messages'][0]['message'])
        self.assertFalse(self.contract.line_ids)

    def test_templates_are_offered(self):
        addresses = [template['template'] for template in self.env['progress.contract.line'].get_import_templates()]
        self.assertEqual(len(addresses), 2)
