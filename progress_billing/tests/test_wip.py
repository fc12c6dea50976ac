import io
from datetime import date

import openpyxl

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from ..report.wip_xlsx import WipXlsx
from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-06-30 12:00:00')
class TestWip(ProgressBillingCommon):
    """The WIP schedule: percent complete by cost against what is billed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.account_id = cls.analytic_account
        cls.expense_account = cls.company_data['default_account_expense']

    def _cost(self, amount, day='2026-03-31', account=None, **vals):
        return self.env['account.analytic.line'].create(
            {
                'name': "Cost",
                'account_id': (account or self.analytic_account).id,
                'amount': -amount,
                'date': day,
                'company_id': self.company.id,
                **vals,
            }
        )

    def _row(self, day='2026-06-30', user=None, **vals):
        wizard = (
            self.env['progress.wip.wizard']
            .with_user(user or self.env.user)
            .create({'date': day, 'company_id': self.company.id, **vals})
        )
        return wizard.line_ids.filtered(lambda line: line.project_id == self.project)

    def test_figures(self):
        """Contract 120,000, estimated cost 90,000, cost 36,000: 40 % complete, 48,000 earned, 50,000 billed."""
        contract = self.make.contract([120000], self.tax_15, estimated_cost=90000)
        self._cost(30000)
        self._cost(6000, '2026-05-01')
        self.billing.bill(contract, '50,000', '2026-04-30')
        expected = {
            'revised_amount': 120000,
            'estimated_cost': 90000,
            'estimated_profit': 30000,
            'cost_to_date': 36000,
            'percent_complete': 40,
            'earned_revenue': 48000,
            'billed_amount': 50000,
            'overbilled_amount': 2000,
            'underbilled_amount': 0,
            'profit_to_date': 12000,
            'backlog_amount': 72000,
            'is_estimate_missing': False,
            'contract_id': contract.id,
            'partner_id': self.customer.id,
            'currency_id': self.company.currency_id.id,
        }
        self.assertRecordValues(self._row(), [expected])
        self._cost(9000, '2026-06-01')
        self.assertRecordValues(
            self._row(),
            [
                {
                    'percent_complete': 50,
                    'earned_revenue': 60000,
                    'overbilled_amount': 0,
                    'underbilled_amount': 10000,
                    'profit_to_date': 15000,
                }
            ],
        )
        self.assertEqual(self._row().billed_amount, contract.actual_amount)

    def test_at_a_date(self):
        """Costs, invoices, credit notes and change orders count from their own dates on."""
        contract = self.make.contract([100000], estimated_cost=50000)
        self._cost(10000, '2026-02-10')
        self._cost(15000, '2026-04-10')
        bill = self.billing.bill(contract, '30,000', '2026-02-28')
        self.billing.bill(contract, '20,000', '2026-05-31')
        self.billing.credit(bill.invoice_id, 5000, '2026-03-15')
        change = self.env['progress.contract.change'].create(
            {
                'contract_id': contract.id,
                'date': '2026-05-01',
                'line_ids': [Command.create({'name': "Extra", 'amount': 20000})],
            }
        )
        change.action_approve()
        for day, revised, cost, billed, earned in (
            ('2026-02-28', 100000, 10000, 30000, 20000),
            ('2026-03-15', 100000, 10000, 25000, 20000),
            ('2026-04-30', 100000, 25000, 25000, 50000),
            ('2026-06-30', 120000, 25000, 45000, 60000),
        ):
            self.assertRecordValues(
                self._row(day),
                [{'revised_amount': revised, 'cost_to_date': cost, 'billed_amount': billed, 'earned_revenue': earned}],
            )
        self.assertEqual(self._row().billed_amount, contract.actual_amount)

    def test_no_estimate(self):
        """Shown as missing, 0 % complete, and no error."""
        contract = self.make.contract([1000])
        self._cost(300)
        self.billing.bill(contract, '10%', '2026-04-30')
        self.assertRecordValues(
            self._row(),
            [
                {
                    'is_estimate_missing': True,
                    'percent_complete': 0,
                    'earned_revenue': 0,
                    'overbilled_amount': 100,
                    'cost_to_date': 300,
                    'estimated_profit': 0,
                }
            ],
        )
        with self.assertRaisesRegex(ValidationError, "cannot be negative"):
            contract.estimated_cost = -1

    def test_capped(self):
        """Cost above the estimate is 100 %, refunds above the cost are 0 %; a loss shows."""
        self.make.contract([1000], estimated_cost=1200)
        line = self._cost(1500)
        self.assertRecordValues(
            self._row(),
            [{'percent_complete': 100, 'earned_revenue': 1000, 'estimated_profit': -200, 'profit_to_date': -500}],
        )
        line.write({'amount': 100, 'general_account_id': self.expense_account.id})
        self.assertRecordValues(self._row(), [{'percent_complete': 0, 'cost_to_date': -100}])

    def test_thirds(self):
        self.make.contract([1000], estimated_cost=3)
        self._cost(1)
        self.assertRecordValues(self._row(), [{'earned_revenue': 333.33, 'backlog_amount': 666.67}])

    def test_what_is_cost(self):
        """Vendor bills less refunds count; revenue, credit notes of revenue and gains by hand do not."""
        contract = self.make.contract(
            [1000],
            estimated_cost=1000,
            revenue_recognition='as_billed',
            line_vals={'analytic_distribution': {str(self.analytic_account.id): 100}},
        )
        bill = self.billing.bill(contract, '50%', '2026-04-30')
        self.billing.credit(bill.invoice_id, 100, '2026-05-15')
        for move_type, amount in (('in_invoice', 400), ('in_refund', 150)):
            self.env['account.move'].create(
                {
                    'move_type': move_type,
                    'partner_id': self.customer.id,
                    'invoice_date': '2026-05-01',
                    'invoice_line_ids': [
                        Command.create(
                            {
                                'name': "Bricks",
                                'price_unit': amount,
                                'quantity': 1,
                                'account_id': self.expense_account.id,
                                'tax_ids': False,
                                'analytic_distribution': {str(self.analytic_account.id): 100},
                            }
                        )
                    ],
                }
            ).action_post()
        draft = self.env['account.move'].create(
            {
                'move_type': 'in_invoice',
                'partner_id': self.customer.id,
                'invoice_date': '2026-05-01',
                'invoice_line_ids': [
                    Command.create(
                        {
                            'name': "Not posted",
                            'price_unit': 77,
                            'account_id': self.expense_account.id,
                            'tax_ids': False,
                            'analytic_distribution': {str(self.analytic_account.id): 100},
                        }
                    )
                ],
            }
        )
        self.assertEqual(draft.state, 'draft')
        self._cost(-999)
        self._cost(50)
        lines = self.env['account.analytic.line'].search([('account_id', '=', self.analytic_account.id)])
        self.assertEqual(sum(lines.mapped('amount')), 500 - 100 - 400 + 150 + 999 - 50)
        self.assertRecordValues(self._row(), [{'cost_to_date': 300, 'billed_amount': 400, 'percent_complete': 30}])

    def test_opening_and_final(self):
        """Taken over in mid-job, billed by deposits, finished: the billed column is the contract's at each step."""
        contract = self.make.contract([1000], self.tax_15, estimated_cost=500, do_open=False)
        self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'date': '2026-01-31',
                'line_ids': [Command.create({'contract_line_id': contract.line_ids.id, 'amount': 200})],
            }
        )
        contract.action_open()
        self.assertEqual((self._row().billed_amount, contract.actual_amount), (200, 200))
        self.billing.bill(contract, '30%', '2026-03-31')
        self.assertEqual((self._row().billed_amount, contract.actual_amount), (500, 500))
        self.billing.final(contract)
        self.assertFalse(self._row())
        self.assertEqual((self._row(include_closed=True).billed_amount, contract.actual_amount), (1000, 1000))
        self.assertEqual(self._row('2026-06-29').billed_amount, 500)

    def test_several_contracts_and_currencies(self):
        """A project's contracts are one row, in the company's currency at the rate of the date."""
        euro = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-06-01', 4.0)])
        self.make.contract([1000], estimated_cost=400)
        foreign = self.make.contract([2000], currency_id=euro.id, estimated_cost=100)
        self.billing.bill(foreign, '50%', '2026-03-31')
        self._cost(250)
        self.assertRecordValues(
            self._row(),
            [
                {
                    'revised_amount': 1500,
                    'estimated_cost': 500,
                    'percent_complete': 50,
                    'earned_revenue': 750,
                    'billed_amount': 250,
                    'contract_id': False,
                }
            ],
        )
        self.assertRecordValues(self._row('2026-05-31'), [{'revised_amount': 2000, 'billed_amount': 500}])

    def test_without_project(self):
        contract = self.make.contract([1000], project=self.env['project.project'], estimated_cost=100)
        vals = {'date': date(2100, 1, 1), 'company_id': self.company.id}  # the database knows no frozen time
        wizard = self.env['progress.wip.wizard'].create(vals)
        row = wizard.line_ids.filtered(lambda line: line.contract_id == contract)
        self.assertRecordValues(row, [{'name': contract.display_name, 'cost_to_date': 0, 'revised_amount': 1000}])

    def test_not_begun(self):
        """What was entered after the date, with nothing billed or spent by then, is not in it."""
        self.make.contract([1000], estimated_cost=100)
        self.assertFalse(self._row('2020-01-01'))
        self.assertTrue(self._row('2100-01-01'))
        self._cost(1, '2019-12-31')
        self.assertTrue(self._row('2020-01-01'))

    def test_rights(self):
        """Readers see it, of their companies only; everyone his own report; the estimate is the biller's."""
        contract = self.make.contract([1000], estimated_cost=100)
        self._cost(50)
        row = self._row(user=self.reader)
        self.assertEqual((row.cost_to_date, row.percent_complete), (50, 50))
        with self.assertRaisesRegex(AccessError, "top-secret records"):
            row.with_user(self.billing_user).read(['cost_to_date'])
        with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
            contract.with_user(self.reader).estimated_cost = 5
        contract.with_user(self.billing_user).estimated_cost = 200
        self.assertEqual(self._row().percent_complete, 25)
        other = self.setup_other_company()['company']
        with self.assertRaisesRegex(AccessError, "top-secret records"):
            wizard = self.env['progress.wip.wizard'].with_user(self.reader).create({'company_id': other.id})
            wizard.line_ids.mapped('name')
        stranger = new_test_user(
            self.env, login='stranger', groups='progress_billing.group_manager', company_id=other.id
        )
        wizard = self.env['progress.wip.wizard'].with_user(stranger).create({'company_id': other.id})
        self.assertFalse(wizard.line_ids)
        action = row.with_user(self.reader).action_open_source()
        self.assertEqual(action['res_model'], 'progress.contract')

    def test_spreadsheet(self):
        """Live formulas whose stored results are the report's figures."""
        self.make.contract([120000], estimated_cost=90000)
        self._cost(36000)
        self.make.contract([1000], project=self.make.project(name="=cmd|' /C calc'!A0"))
        wizard = self.env['progress.wip.wizard'].create({'date': date(2100, 1, 1), 'company_id': self.company.id})
        content = WipXlsx(wizard).build()
        formulas = openpyxl.load_workbook(io.BytesIO(content)).active
        values = openpyxl.load_workbook(io.BytesIO(content), data_only=True).active
        heads = [cell.value for cell in formulas[4]]
        rows = {values.cell(number, 1).value: number for number in range(5, values.max_row + 1)}
        number = rows["House"]
        shown = dict(zip(heads, [cell.value for cell in values[number]], strict=True))
        self.assertEqual(shown["Complete by Cost (%)"], 0.4)
        self.assertEqual((shown["Earned Revenue"], shown["Backlog"]), (48000, 72000))
        entered = dict(zip(heads, [cell.value for cell in formulas[number]], strict=True))
        self.assertEqual(entered["Cost To Date"], 36000)
        for head in ("Complete by Cost (%)", "Earned Revenue", "Over-Billing", "Under-Billing", "Backlog"):
            self.assertTrue(str(entered[head]).startswith('='), head)
        self.assertEqual(entered["Earned Revenue"], f'=ROUND(H{number}*D{number},2)')
        last = values.max_row
        self.assertEqual(values.cell(last, 1).value, "Total")
        self.assertEqual(formulas.cell(last, 4).value, f'=SUM(D5:D{last - 1})')
        self.assertEqual(values.cell(last, 4).value, sum(wizard.line_ids.mapped('revised_amount')))
        evil = [name for name in rows if name and name.startswith('=cmd')]
        self.assertEqual(formulas.cell(rows[evil[0]], 1).data_type, 's')


@tagged('post_install', '-at_install')
class TestWipDownload(ProgressBillingCommon, HttpCase):
    def test_download(self):
        """Over HTTP: one's own report only."""
        self.make.contract([1000], estimated_cost=100)
        wizard = self.env['progress.wip.wizard'].with_user(self.reader).create({'company_id': self.company.id})
        url = wizard.action_print_xlsx()['url']
        self.reader.password = 'billing_reader'
        self.billing_user.password = 'billing_user'
        self.authenticate('billing_reader', 'billing_reader')
        response = self.url_open(url)
        self.assertEqual((response.status_code, response.content[:2]), (200, b'PK'))
        self.authenticate('billing_user', 'billing_user')
        self.assertEqual(self.url_open(url).status_code, 404)
