from datetime import date
from itertools import product

from odoo import Command, fields
from odoo.tests import freeze_time, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-20 12:00:00')
class TestPaymentSchedule(ProgressBillingCommon):
    """Expected dates and amounts of what is billed, drafted and planned (CSH-2)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schedule = cls.env['progress.payment.schedule']
        cls.term = cls._make_term([('percent', 30, 'days_after', 0, '10'), ('percent', 70, 'days_after', 30, '10')])

    @classmethod
    def _make_term(cls, lines):
        return cls.env['account.payment.term'].create(
            {
                'name': "Term",
                'line_ids': [
                    Command.create(
                        {
                            'value': value,
                            'value_amount': amount,
                            'delay_type': delay,
                            'nb_days': days,
                            'days_next_month': on_the,
                        }
                    )
                    for value, amount, delay, days, on_the in lines
                ],
            }
        )

    def _rows(self, records):
        self.env.invalidate_all()  # nothing tells the cache that a query would give something else
        found = self.schedule.search(
            [('contract_id' if records._name == 'progress.contract' else 'bill_id', 'in', records.ids)]
        )
        return [(str(row.date), row.status, row.amount) for row in found]

    def test_from_plan_to_payment(self):
        """One bill of 33.33 % of 1,000 + 15 %: planned, pro forma, draft, posted, paid."""
        contract = self.make.contract([1000], self.tax_15, payment_term_id=self.term.id, use_pro_forma=True)
        bill = self.make.plan(contract, '33.33%', '2026-03-01')

        def parts(status):
            return [('2026-03-01', status, 114.99), ('2026-03-31', status, 268.31)]

        self.assertEqual(self._rows(contract), parts('planned'))
        bill.action_create()
        self.assertEqual(self._rows(contract), parts('pro_forma'))
        bill.action_release()
        self.assertEqual(self._rows(contract), parts('draft'))
        bill.invoice_id.action_post()
        self.assertEqual(self._rows(contract), parts('billed'))
        wizard = (
            self.env['account.payment.register']
            .with_context(active_model='account.move', active_ids=bill.invoice_id.ids)
            .create({'amount': 200})
        )
        wizard._create_payments()
        self.assertEqual(self._rows(contract), [('2026-03-31', 'billed', 183.30)])
        self.assertEqual(sum(row[2] for row in self._rows(contract)), bill.residual_amount)

    def test_retained(self):
        """What a pro forma retains is not expected yet, as on its invoice, whenever its tax is due."""
        for when in ('now', 'release'):
            self.env.company.progress_retainage_tax = when
            contract = self.make.contract(
                [1000], self.tax_15, retainage_percent=10, revenue_recognition='as_billed', use_pro_forma=True
            )
            bill = self.make.plan(contract, '50%', '2026-03-01')
            bill.action_create()
            expected = [row[2] for row in self._rows(contract)]
            self.assertEqual(expected, [525.0 if when == 'now' else 517.5])
            bill.action_release()
            self.assertEqual([row[2] for row in self._rows(contract)], expected)

    def test_planned_less_retainage(self):
        """What will be retained is not expected when it is planned: 10 % of one line, 5 % of another as large."""
        for when in ('now', 'release'):
            self.env.company.progress_retainage_tax = when
            contract = self.make.as_billed([1000, 1000], self.tax_15, use_pro_forma=True)
            contract.line_ids[0].retainage_percent = 10
            contract.line_ids[1].retainage_percent = 5
            bill = self.make.plan(contract, '50%', '2026-03-01')
            expected = [row[2] for row in self._rows(contract)]
            self.assertEqual(expected, [1075.0 if when == 'now' else 1063.75])
            bill.action_create()
            self.assertEqual([row[2] for row in self._rows(contract)], expected)

    def test_deposits_retain_nothing(self):
        """A planned deposit is expected whole: nothing is retained of deposits."""
        contract = self.make.contract([1000], self.tax_15)
        self.make.plan(contract, '50%', '2026-03-01')
        self.assertEqual([row[2] for row in self._rows(contract)], [575.0])

    def test_nothing_claimed_is_no_payment(self):
        """A record that says no amount yet is no expected payment."""
        contract = self.make.pro_forma([1000])
        bill = self.env['progress.bill'].create({'contract_id': contract.id, 'date': '2026-03-01'})
        self.assertFalse(self._rows(contract))
        bill.amt_pct = '50'
        self.assertEqual([row[2] for row in self._rows(contract)], [50.0])

    def test_same_as_odoo(self):
        """The split of planned amounts is that of ``account.payment.term``, date by date and cent by cent."""
        delays = [
            ('days_after', 0, '10'),
            ('days_after', 45, '10'),
            ('days_after_end_of_month', 10, '10'),
            ('days_after_end_of_next_month', 5, '10'),
            ('days_end_of_month_on_the', 0, '0'),
            ('days_end_of_month_on_the', 15, '10'),
            ('days_end_of_month_on_the', 0, '31'),
            ('days_end_of_month_on_the', 0, '31'),
        ]
        shares = [
            [('percent', 100)],
            [('percent', 33.333), ('percent', 33.333), ('percent', 33.334)],
            [('fixed', 50), ('percent', 12.5), ('percent', 87.5)],
            [('percent', 40), ('fixed', 7.77), ('percent', 60)],
        ]
        contract = self.make.contract([100000], self.tax_15)
        for (delay, days, on_the), share in product(delays, shares):
            lines = [(value, amount, delay, days + 7 * number, on_the) for number, (value, amount) in enumerate(share)]
            contract.payment_term_id = term = self._make_term(lines)
            for day, amount in (('2026-01-31', '1,000.01'), ('2028-02-29', '333.33'), ('2026-12-15', '99.99')):
                bill = self.make.plan(contract, amount, day)
                net = bill.planned_amount
                tax = contract.currency_id.round(net * 0.15)
                expected = term._compute_terms(
                    fields.Date.to_date(day), contract.currency_id, self.company, tax, tax, 1, net, net
                )
                self.assertEqual(
                    sorted((row[0], row[2]) for row in self._rows(bill)),
                    sorted((str(line['date']), round(line['foreign_amount'], 2)) for line in expected['line_ids']),
                    (delay, days, on_the, share, day),
                )
                bill.unlink()

    def test_no_term_no_date(self):
        contract = self.make.contract([1000], payment_term_id=False)
        self.make.plan(contract, '10%', '2026-05-01')
        undated = self.make.plan(contract, '20%', False)
        self.assertEqual(self._rows(contract), [('2026-05-01', 'planned', 100.0), ('False', 'planned', 200.0)])
        undated.period_id = self.env['progress.billing.period'].create(
            {'project_id': self.project.id, 'date_start': '2026-06-01', 'date_end': '2026-06-30'}
        )
        self.assertEqual(self._rows(undated), [('2026-06-30', 'planned', 200.0)])
        undated.period_id.date_due = '2026-07-05'
        self.assertEqual(self._rows(undated), [('2026-07-05', 'planned', 200.0)])

    def test_what_is_not_expected(self):
        """Cancelled records, cancelled contracts, and what the final invoice replaced."""
        contract = self.make.contract([1000], payment_term_id=False)
        self.make.plan(contract, '10%').action_cancel()
        gone = self.make.contract([1000], do_open=False)
        self.make.plan(gone, '10%')
        self.assertEqual(len(self._rows(gone)), 1)
        gone.action_cancel()
        self.assertFalse(self._rows(contract + gone))
        credited = self.billing.bill(contract, '50%', '2026-03-01')
        refund = self.billing.credit(credited.invoice_id)
        if not credited.invoice_id.line_ids.filtered('reconciled'):
            (credited.invoice_id + refund).line_ids.filtered(
                lambda line: line.account_id.account_type == 'asset_receivable'
            ).reconcile()
        self.assertEqual([row[1] for row in self._rows(contract)], ['planned'])

    def test_credit_is_money_out(self):
        contract = self.make.contract([1000], payment_term_id=False)
        bill = self.billing.bill(contract, '50%', '2026-03-01')
        self.billing.credit(bill.invoice_id, 100, '2026-03-10')
        total = sum(row[2] for row in self._rows(contract))
        self.assertEqual((total, bill.residual_amount), (400, 400))

    def test_company_currency(self):
        """Booked amounts as in the ledger, planned ones at today's rate: never at a future one."""
        euro = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-03-15', 4.0), ('2026-06-01', 8.0)])
        contract = self.make.contract([1000], currency_id=euro.id, payment_term_id=False)
        self.billing.bill(contract, '50%', '2026-03-01')
        self.make.plan(contract, '20%', '2026-07-01')
        rows = self.schedule.search([('contract_id', '=', contract.id)])
        self.assertRecordValues(
            rows,
            [
                {'amount': 500, 'amount_company': 250, 'currency_id': euro.id, 'status': 'billed'},
                {'amount': 200, 'amount_company': 50, 'currency_id': euro.id, 'status': 'planned'},
            ],
        )
        self.assertEqual(rows.company_currency_id, self.company.currency_id)

    def test_expected_tax(self):
        """Taxes of the schedule's lines, weighted, on top also where the tax is included in prices."""
        included = self.make.tax("7 % incl.", 7.0, price_include_override='tax_included')
        contract = self.make.contract([1000], self.tax_15)
        self.assertAlmostEqual(contract.expected_tax_percent, 15)
        contract.write(
            {
                'line_ids': [
                    Command.create(
                        {
                            'name': "Land",
                            'original_amount': 3000,
                            'account_id': self.income_account.id,
                            'tax_ids': [Command.set(included.ids)],
                        }
                    )
                ]
            }
        )
        self.assertAlmostEqual(contract.expected_tax_percent, 9)  # (150 + 210) / 4000
        self.assertEqual(self.make.contract([1000], line_vals={'tax_ids': False}).expected_tax_percent, 0)

    def test_group_and_read(self):
        """By month, for whoever may read bills; ids are unique and stay."""
        contract = self.make.contract([1000], self.tax_15, payment_term_id=self.term.id)
        self.make.plan(contract, '10%', '2026-05-10')
        self.billing.bill(contract, '20%', '2026-03-01')
        own, domain = self.schedule.with_user(self.reader), [('contract_id', '=', contract.id)]
        rows = own.search(domain)
        self.assertEqual(len(set(rows.ids)), 4)
        self.assertTrue(rows[0].display_name)
        groups = own._read_group(domain, ['date:month'], ['amount_company:sum'])
        self.assertEqual(
            [(month, round(amount, 2)) for month, amount in groups],
            [(date(2026, 3, 1), 230.0), (date(2026, 5, 1), 34.5), (date(2026, 6, 1), 80.5)],
        )
        self.assertEqual(rows[0].action_open_bill()['res_model'], 'progress.bill')
        self.assertEqual(own.browse(rows.ids).mapped('amount'), rows.mapped('amount'))
