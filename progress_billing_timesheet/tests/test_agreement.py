from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import ProgressTimesheetCommon, prepare_agreement_vals


class AgreementCommon(ProgressTimesheetCommon):
    """Agreements, and bills on which they are used as a screen would."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([10000], revenue_recognition='as_billed')

    @classmethod
    def _agree(cls, hours=0.0, amount=0.0, **vals):
        return cls.env['progress.agreement'].create(
            {
                'name': "Support 2026",
                'partner_id': cls.customer.id,
                'date_start': '2026-01-01',
                'date_end': '2026-12-31',
                'limit_hours': hours,
                'limit_amount': amount,
                **vals,
            }
        )

    @classmethod
    def _time(cls, hours, rate=100.0, **vals):
        return {
            'kind': 'time',
            'key': f'{hours} h',
            'hours': hours,
            'amount': hours * rate,
            'date': cls._day('2026-01-15'),
            **vals,
        }

    @classmethod
    def _cost(cls, amount, kind='expense', **vals):
        return {'kind': kind, 'key': f'{kind} {amount}', 'amount': amount, 'date': cls._day('2026-01-15'), **vals}

    @classmethod
    def _day(cls, text):
        return cls.env['progress.bill']._fields['date'].to_date(text)

    def _allocate(self, items, fee=0.0):
        return self.env['progress.agreement']._allocate(
            self.contract, items, fee, date=self._day('2026-01-31')
        )

    def _shares(self, items, fee=0.0):
        """``(agreement, key, hours, amount)`` of what is covered."""
        return [
            (share['agreement'], share['key'], float(share['hours']), float(share['amount']))
            for share in self._allocate(items, fee)
        ]

    def _bill_with(self, items, fee, contract=None):
        """A bill of a part of the fee, with what agreements cover of the items."""
        contract = contract or self.contract
        shares = self.env['progress.agreement']._allocate(contract, items, fee, date=self._day('2026-01-31'))
        line = contract.line_ids
        vals = prepare_agreement_vals(contract, shares)
        return self.env['progress.bill']._make_bills(
            [
                {
                    **contract._prepare_run_bill_vals(line._get_run_key(), self._day('2026-01-31')),
                    'claims': [line._prepare_claim(fee)],
                    **vals,
                }
            ]
        )


@tagged('post_install', '-at_install')
class TestAgreement(AgreementCommon):
    """What a customer agreed on in advance is taken off, up to its limit."""

    # === HOW MUCH === #

    def test_time_at_most_the_fee(self):
        """5 h × 100 of a fee of 2,000: 500; 30 h × 100 of the same: 2,000 and 20 hours (AGR-1)."""
        agreement = self._agree(hours=40)
        self.assertEqual(self._shares([self._time(5)], 2000), [(agreement, '5 h', 5, 500)])
        self.assertEqual(self._shares([self._time(30)], 2000), [(agreement, '30 h', 20, 2000)])
        self.assertEqual(self._shares([self._time(5)], 0), [])

    def test_limits(self):
        """In hours, in amount, both, none."""
        items = [self._time(6), self._time(8, 50.0)]
        for limits, expected in (
            ({'hours': 10}, [(6, 600), (4, 200)]),
            ({'amount': 700}, [(6, 600), (2, 100)]),
            ({'hours': 7, 'amount': 10000}, [(6, 600), (1, 50)]),
            ({'hours': 100, 'amount': 450}, [(4.5, 450)]),
            ({}, []),
        ):
            agreement = self._agree(**limits)
            self.assertEqual([share[2:] for share in self._shares(items, 5000)], expected, limits)
            agreement.unlink()

    def test_expenses_and_products(self):
        """In full up to the limit in amount; a limit in hours alone covers none of them."""
        items = [self._cost(300), self._cost(400, 'product')]
        agreement = self._agree(amount=500, covers_time=False, covers_expenses=True, covers_products=True)
        self.assertEqual(
            [share[1:] for share in self._shares(items)], [('expense 300', 0, 300), ('product 400', 0, 200)]
        )
        agreement.covers_expenses = False
        self.assertEqual([share[1:] for share in self._shares(items)], [('product 400', 0, 400)])
        agreement.write({'limit_amount': 0, 'limit_hours': 10})
        self.assertEqual(self._shares(items), [])

    def test_which_agreement(self):
        """Those of the project first, then those that end first; what one leaves open the next may cover."""
        late, soon = self._agree(amount=1000), self._agree(amount=100, date_end='2026-06-30')
        mine = self._agree(hours=2, project_ids=[Command.set(self.project.ids)])
        self.assertEqual(
            self._shares([self._time(10)], 5000),
            [(mine, '10 h', 2, 200), (soon, '10 h', 1, 100), (late, '10 h', 7, 700)],
        )
        self._agree(hours=9, project_ids=[Command.set(self.make.project(name="Barn").ids)])
        self._agree(hours=9, partner_id=self.customer.copy().id)
        self._agree(hours=9, active=False)
        self._agree(hours=9, currency_id=self.setup_other_currency('EUR').id)
        self.assertEqual(len(self._shares([self._time(50)], 5000)), 3)

    def test_period(self):
        """The day of the entry decides, the bill's where it has none."""
        agreement = self._agree(hours=40, date_start='2026-01-10', date_end='2026-01-20')
        inside, outside = self._time(1), self._time(2, date=self._day('2026-01-21'))
        self.assertEqual(self._shares([inside, outside], 5000), [(agreement, '1 h', 1, 100)])
        self.assertEqual(self._shares([self._time(3, date=False)], 5000), [])
        agreement.date_end = False
        self.assertEqual(len(self._shares([inside, outside, self._time(3, date=False)], 5000)), 3)

    def test_what_has_no_value(self):
        self._agree(hours=40, amount=1000)
        self.assertEqual(self._shares([self._time(5, 0.0), self._time(0), self._cost(-50)], 2000), [])

    # === ON THE BILL === #

    def test_bill(self):
        """The fee stays and counts in full; covered time comes off on its own line (AGR-3)."""
        agreement = self._agree(hours=40)
        bill = self._bill_with([self._time(5)], 2000)
        self.assertEqual((bill.amount, bill.agreement_applied, bill.amount_due), (2000, 500, 1500))
        self.assertEqual((self.contract.draft_amount, self.contract.wip_available), (2000, 8000))
        bill.invoice_id.action_post()
        self.assertEqual(
            [
                (line.name, line.price_subtotal)
                for line in bill.invoice_id.invoice_line_ids
                if line.display_type == 'product'
            ],
            [("1 Line 1", 2000), ("Covered by Support 2026: 5.00 hours", -500)],
        )
        self.assertEqual(
            (agreement.used_hours, agreement.left_hours, agreement.used_amount, agreement.used_percent),
            (5, 35, 500, 12.5),
        )

    def test_taxes_of_the_fee(self):
        """Covered time comes off with the taxes and on the accounts of the fee; deposits stay whole."""
        contract = self.make.contract([600, 400], self.tax_15)
        contract.line_ids[1].tax_ids = False
        self._agree(amount=100)
        shares = self.env['progress.agreement']._allocate(contract, [self._time(1)], 500, date=self._day('2026-01-31'))
        lines = contract._prepare_covered_time(shares)
        self.assertEqual(
            [(line['amount'], line['tax_ids'], line['account_id']) for line in lines],
            [(-60, self.tax_15.ids, self.income_account.id), (-40, [], self.income_account.id)],
        )

    # === GIVEN BACK === #

    def test_given_back(self):
        """Deleted, cancelled, credited in full; not by a credit note in part (AGR-2)."""
        agreement = self._agree(hours=10)
        bill = self._bill_with([self._time(5)], 2000)
        self.assertEqual(agreement.used_hours, 5)
        bill.invoice_id.unlink()
        self.assertEqual((agreement.used_hours, agreement.left_hours), (0, 10))
        bill = self._bill_with([self._time(5)], 2000)
        bill.invoice_id.button_cancel()
        self.assertEqual(agreement.used_hours, 0)
        bill = self._bill_with([self._time(5)], 2000)
        bill.invoice_id.action_post()
        self.billing.credit(bill.invoice_id, 700)
        self.assertEqual(agreement.used_hours, 5)
        other = self._bill_with([self._time(5)], 2000)
        other.invoice_id.action_post()
        refund = self.billing.credit(other.invoice_id)
        self.assertEqual((other.is_credited, agreement.used_hours), (True, 5))
        last = self._bill_with([self._time(5)], 2000)
        self.assertEqual(agreement.left_hours, 0)
        self.assertRefused(refund.button_draft, regex="15.0 hours .* would be used", error=ValidationError)
        last.invoice_id.unlink()
        refund.button_draft()
        self.assertEqual(agreement.used_hours, 10)

    def test_balance_at_a_date(self):
        agreement = self._agree(hours=40)
        self._bill_with([self._time(5)], 2000)
        self.assertEqual(
            agreement.with_user(self.reader).get_balance('2026-01-30'),
            {
                'date': '2026-01-30',
                'used_hours': 0,
                'used_amount': 0,
                'left_hours': 40,
                'left_amount': 0,
                'used_percent': 0,
            },
        )
        self.assertEqual(agreement.get_balance('2026-01-31')['left_hours'], 35)
        for odd in ('soon', True, 12, {'day': 1}, ['2026-01-31'], '2026-13-45'):
            with self.subTest(date=odd):
                self.assertRefused(lambda odd=odd: agreement.get_balance(odd), "is not a date")

    # === NEVER BEYOND THE LIMIT === #

    def test_constraint(self):
        """Whatever the caller reckoned: more than agreed on is refused, and nothing is made."""
        agreement = self._agree(hours=4)
        share = {'agreement': agreement, 'kind': 'time', 'key': 1, 'hours': 5, 'amount': 500}
        line = self.contract.line_ids
        vals = {
            **self.contract._prepare_run_bill_vals(line._get_run_key()),
            'claims': [line._prepare_claim(2000)],
            **prepare_agreement_vals(self.contract, [share]),
        }
        self.assertRefused(
            lambda: self.env['progress.bill']._make_bills([vals]), regex="4.0 hours", error=ValidationError
        )
        self.assertFalse(self.contract.bill_ids)

    def test_terms(self):
        agreement = self._agree(hours=10)
        self._bill_with([self._time(5)], 2000)
        self.assertRefused(lambda: agreement.write({'limit_hours': 4}), "would be used", error=ValidationError)
        self.assertRefused(lambda: agreement.write({'limit_hours': -1}), "negative", error=ValidationError)
        self.assertRefused(
            lambda: agreement.write({'date_end': '2025-12-31'}), "before it starts", error=ValidationError
        )
        self.assertRefused(lambda: agreement.write({'partner_id': self.customer.copy().id}), "has been used")
        self.assertRefused(agreement.unlink, "Archive it instead")
        agreement.limit_hours = 5
        self.assertEqual(agreement.used_percent, 100)

    def test_rights(self):
        agreement = self._agree(hours=10)
        bill = self._bill_with([self._time(5)], 2000)
        use = bill.agreement_use_ids
        mine = use.with_user(self.billing_user)
        for act in (
            lambda: agreement.with_user(self.billing_user).write({'limit_hours': 50}),
            lambda: mine.write({'hours': 1}),
            mine.unlink,
            lambda: use.write({'hours': 1}),
            lambda: mine.create({'agreement_id': agreement.id, 'bill_id': bill.id, 'kind': 'time', 'hours': 1}),
            lambda: agreement.write({'used_hours': 1}),
        ):
            self.assertRefused(act, regex="not allowed|cannot be set|given once", error=AccessError)
        self.assertEqual(agreement.with_user(self.reader).left_hours, 5)
