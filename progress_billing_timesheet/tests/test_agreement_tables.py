from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .test_agreement import AgreementCommon


@tagged('post_install', '-at_install')
class TestAgreementTables(AgreementCommon):
    """Which agreements cover what, to the cent and to the hour, and that no door passes a limit (AGR-1, AGR-2)."""

    # === WHICH === #

    def test_who_is_covered(self):
        """Each condition by itself: customer and their contacts, company, currency, project, archived, a limit."""
        stranger = self.customer.copy()
        contact = self.env['res.partner'].create({'name': "Site office", 'parent_id': self.customer.id})
        barn = self.make.project(name="Barn")
        euro = self.setup_other_currency('EUR')
        other_company = self.env['res.company'].create({'name': "Other"})
        for name, vals, covered in (
            ("customer", {}, True),
            ("contact", {'partner_id': contact.id}, True),
            ("stranger", {'partner_id': stranger.id}, False),
            ("project", {'project_ids': [Command.set(self.project.ids)]}, True),
            ("one of two projects", {'project_ids': [Command.set((self.project | barn).ids)]}, True),
            ("another project", {'project_ids': [Command.set(barn.ids)]}, False),
            ("another currency", {'currency_id': euro.id}, False),
            ("another company", {'company_id': other_company.id}, False),
            ("archived", {'active': False}, False),
            ("no limit", {'hours': 0}, False),
            ("a limit in amount", {'hours': 0, 'amount': 500}, True),
            ("nothing covered", {'covers_time': False}, False),
            ("ended", {'date_end': '2026-01-14'}, False),
            ("ends that day", {'date_end': '2026-01-15'}, True),
            ("starts that day", {'date_start': '2026-01-15'}, True),
            ("starts later", {'date_start': '2026-01-16'}, False),
        ):
            with self.subTest(name):
                agreement = self._agree(**{'hours': 10, **vals})
                self.assertEqual(self._shares([self._time(1)], 1000), [(agreement, '1 h', 1, 100)] if covered else [])
                agreement.unlink()

    def test_how_much(self):
        """Worked figures: items, fee, limits, and what comes off."""
        hour = self._time
        for name, items, fee, limits, expected in (
            ("all", [hour(5)], 2000, {'hours': 10}, [(5, 500)]),
            ("the last hours", [hour(5)], 2000, {'hours': 1.25}, [(1.25, 125)]),
            ("a third of an hour", [hour(1, 100)], 2000, {'hours': 0.33}, [(0.33, 33)]),
            ("fee smaller", [hour(5)], 333.33, {'hours': 10}, [(3.33, 333.33)]),
            ("fee shared", [hour(5), hour(5, 50)], 600, {'hours': 10}, [(5, 500), (2, 100)]),
            ("fee gone", [hour(5), hour(5)], 500, {'hours': 10}, [(5, 500)]),
            ("no fee", [hour(5)], 0, {'hours': 10}, []),
            ("amount", [hour(5)], 2000, {'amount': 499.99}, [(5, 499.99)]),
            ("amount first", [hour(5)], 2000, {'hours': 4, 'amount': 250}, [(2.5, 250)]),
            ("hours first", [hour(5)], 2000, {'hours': 2, 'amount': 250}, [(2, 200)]),
            ("no value", [hour(5, 0)], 2000, {'hours': 10}, []),
            ("credit", [hour(-2)], 2000, {'hours': 10}, []),
            ("no fee for costs", [self._cost(70)], 0, {'amount': 100}, [(0, 70)]),
            ("costs in full up to the limit", [self._cost(70), self._cost(70)], 0, {'amount': 100}, [(0, 70), (0, 30)]),
            ("costs need an amount", [self._cost(70)], 0, {'hours': 100}, []),
            ("time and costs", [hour(1), self._cost(70)], 80, {'amount': 100}, [(0.8, 80), (0, 20)]),
        ):
            with self.subTest(name):
                agreement = self._agree(covers_expenses=True, **limits)
                self.assertEqual([share[2:] for share in self._shares(items, fee)], expected)
                agreement.unlink()

    def test_currencies(self):
        """Whole yen, thousandths of a dinar."""
        for code, rounding, items, fee, expected in (
            ('JPY', 1, [self._time(1.5, 33)], 1000, (1, 33)),
            ('KWD', 0.001, [self._time(1.5, 0.333)], 1000, (1, 0.333)),
        ):
            with self.subTest(code):
                currency = self.setup_other_currency(code, rounding=rounding, rates=[('2026-01-01', 1.0)])
                self.contract = self.make.as_billed(
                    [1000], project=self.make.project(name=code), currency_id=currency.id
                )
                self._agree(hours=1, currency_id=currency.id)
                self.assertEqual([share[2:] for share in self._shares(items, fee)], [expected])

    def test_next_bill_takes_what_is_left(self):
        """Of 8 hours: 5, then 3, then none; the first gone, 5 again."""
        agreement, applied = self._agree(hours=8), []
        bills = self.env['progress.bill']
        for _number in range(3):
            bills |= self._bill_with([self._time(5)], 1000)
        applied = bills.mapped('agreement_applied')
        self.assertEqual((applied, agreement.left_hours, agreement.used_percent), ([500, 300, 0], 0, 100))
        bills[0].invoice_id.unlink()
        self.assertEqual((agreement.left_hours, agreement.used_amount), (5, 300))
        self.assertEqual(self._bill_with([self._time(9)], 1000).agreement_applied, 500)

    # === GIVEN BACK === #

    def test_every_way_back(self):
        """As with hours and down payments: what is gone gives back, what is credited in part does not."""
        for name, post, act, used in (
            ("draft", False, lambda move: None, 5),
            ("deleted", False, lambda move: move.unlink(), 0),
            ("cancelled", False, lambda move: move.button_cancel(), 0),
            ("posted", True, lambda move: None, 5),
            ("reset", True, lambda move: move.button_draft(), 5),
            ("reset and deleted", True, lambda move: (move.button_draft(), move.unlink()), 0),
            ("credited in full", True, lambda move: self.billing.credit(move), 0),
            ("credited in part", True, lambda move: self.billing.credit(move, 600), 5),
            ("undone", True, lambda move: self.billing.credit(move).button_draft(), 5),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                agreement = self._agree(hours=10)
                bill = self._bill_with([self._time(5)], 2000)
                if post:
                    bill.invoice_id.action_post()
                act(bill.invoice_id)
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual((agreement.used_hours, agreement.left_hours), (used, 10 - used))
                self.assertEqual(agreement.used_amount, used * 100)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_cancelled_and_back_over_the_limit(self):
        """A cancelled invoice does not come back over hours that were used elsewhere meanwhile."""
        agreement = self._agree(hours=5)
        bill = self._bill_with([self._time(5)], 2000)
        invoice = bill.invoice_id
        invoice.button_cancel()
        other = self._bill_with([self._time(3)], 2000)
        self.assertRefused(invoice.button_draft, regex="8.0 hours .* would be used", error=ValidationError)
        self.assertEqual((invoice.state, agreement.used_hours), ('cancel', 3))
        other.invoice_id.unlink()
        invoice.button_draft()
        self.assertEqual(agreement.used_hours, 5)

    def test_pro_forma(self):
        self.contract.use_pro_forma = True
        agreement = self._agree(hours=8)
        bill = self._bill_with([self._time(5)], 2000)
        self.assertEqual((bill.state, agreement.used_hours), ('draft', 5))
        bill.unlink()
        self.assertEqual((agreement.used_hours, agreement.use_ids.ids), (0, []))

    def test_at_a_date(self):
        """What is left at each date, by the bills' dates."""
        agreement = self._agree(hours=10, amount=2000)
        first = self._bill_with([self._time(3)], 1000)
        second = self._bill_with([self._time(4)], 1000)
        second.invoice_id.invoice_date = '2026-02-28'
        second._write_protected({'date': '2026-02-28'})
        self.assertEqual(first.date.isoformat(), '2026-01-31')
        for day, used in (('2026-01-30', 0), ('2026-01-31', 3), ('2026-02-27', 3), ('2026-02-28', 7), (None, 7)):
            with self.subTest(day=day):
                balance = agreement.get_balance(day)
                self.assertEqual(
                    (balance['used_hours'], balance['left_hours'], balance['used_amount'], balance['left_amount']),
                    (used, 10 - used, used * 100, 2000 - used * 100),
                )

    # === TERMS === #

    def test_terms_refused(self):
        """Each sentence, and that nothing changed."""
        agreement = self._agree(hours=10)
        for vals, sentence in (
            ({'date_end': '2025-12-31'}, "ends before it starts"),
            ({'limit_hours': -1}, "A limit of Support 2026 is negative"),
            ({'limit_amount': -0.01}, "A limit of Support 2026 is negative"),
        ):
            self.assertRefused(lambda vals=vals: agreement.write(vals), sentence, error=ValidationError)
        self._bill_with([self._time(5)], 2000)
        euro = self.setup_other_currency('EUR')
        for vals, sentence, error in (
            ({'limit_hours': 4.99}, "4.99 hours", ValidationError),
            ({'limit_hours': 0}, "would be used", ValidationError),
            ({'limit_hours': 0, 'limit_amount': 499}, "would be used", ValidationError),
            ({'limit_amount': 499.99}, "would be used", ValidationError),
            ({'partner_id': self.customer.copy().id}, "Customer of Support 2026 cannot change", UserError),
            ({'currency_id': euro.id}, "cannot change any more: it has been used", UserError),
        ):
            with self.subTest(vals=vals):
                self.assertRefused(lambda vals=vals: agreement.write(vals), sentence, error=error)
        self.assertEqual((agreement.limit_hours, agreement.limit_amount, agreement.partner_id), (10, 0, self.customer))
        agreement.write({'limit_hours': 5, 'limit_amount': 500, 'partner_id': self.customer.id})
        self.assertEqual((agreement.left_hours, agreement.left_amount), (0, 0))

    def test_deleted(self):
        """Used it is archived, no more; once its bill is gone it can be deleted."""
        agreement = self._agree(hours=10)
        bill = self._bill_with([self._time(5)], 2000)
        self.assertRefused(agreement.unlink, "has been used and cannot be deleted", "Archive it instead")
        agreement.active = False
        self.assertEqual(agreement.used_hours, 5)
        bill.invoice_id.unlink()
        bill.unlink()
        agreement.unlink()
        self.assertFalse(agreement.exists())

    # === ON THE SCREEN === #

    def test_screen_day_by_day(self):
        """The day of each hour decides, its rate what comes off; rows know their part."""
        self.contract.hourly_rate = 100
        january, february = self._make_entry(4), self._make_entry(4, self.bob, date='2026-02-10')
        self._agree(hours=5, date_end='2026-01-31')
        wizard = self._open(self.contract, january | february, 2000, date='2026-02-28')
        self.assertEqual((wizard.agreement_applied, wizard.net_amount), (400, 1600))
        wizard.action_continue()
        self.assertEqual(wizard.bill_id.entry_ids.mapped('covered_amount'), [400, 0])

    def test_screen_to_the_cent(self):
        """Three hours of 33.335 on one day, two covered: 66.67 over three rows, to the cent."""
        self.contract.hourly_rate = 33.33
        entries = self._make_entry(1) | self._make_entry(1) | self._make_entry(1)
        agreement = self._agree(hours=2)
        bill = self._create_bill(self.contract, entries, 500)
        covered = bill.entry_ids.mapped('covered_amount')
        self.assertEqual((bill.agreement_applied, round(sum(covered), 2)), (66.66, 66.66))
        self.assertEqual(covered, [22.22, 22.22, 22.22])
        self.assertEqual(agreement.left_hours, 0)

    def test_taxes_and_ledger(self):
        """Covered time comes off with the fee's tax: 2,000 − 500 at 15 %: receivable 1,725, tax 225, income 1,500."""
        contract = self.make.as_billed([10000], self.tax_15, hourly_rate=100)
        self._agree(hours=5)
        bill = self._create_bill(contract, self._make_entry(8), 2000)
        bill.invoice_id.action_post()
        self.assertLedgerLines(bill.invoice_id, self.receivable_account, 1725)
        self.assertLedgerLines(bill.invoice_id, self.income_account, -1500)
        self.assertLedgerLines(bill.invoice_id, self.company_data['default_account_tax_sale'], -225)
        self.assertEqual((contract.actual_amount, contract.wip_available), (2000, 8000))

    def test_two_of_one_screen(self):
        """Shares of two agreements on one bill: a line and a row each."""
        self.contract.hourly_rate = 100
        first = self._agree(hours=1, date_end='2026-06-30')
        second = self._agree(hours=10, name="More")
        bill = self._create_bill(self.contract, self._make_entry(4), 2000)
        self.assertEqual(
            [(use.agreement_id, use.hours, use.amount) for use in bill.agreement_use_ids],
            [(first, 1, 100), (second, 3, 300)],
        )
        self.assertEqual(sorted(bill.sourced_line_ids.mapped('amount')), [-300, -100])
        self.assertEqual(second.action_view_bills()['domain'], [('id', 'in', bill.ids)])
        self.assertEqual(second.bill_count, 1)
