from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .test_agreement import AgreementCommon


@tagged('post_install', '-at_install')
class TestAgreementMoney(AgreementCommon):
    """Where what is covered is booked, in which currency, and who may agree on what (AGR-2, AGR-3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.hourly_rate = 100
        cls.project.sale_line_id = False
        cls.other_income = cls.income_account.copy({'name': "Other income"})

    def _agreement_lines(self, bill):
        return bill.sourced_line_ids.filtered(lambda line: line.source == 'agreement')

    # === THE LEDGER === #

    def test_accounts_and_taxes_of_the_fee(self):
        """Each account, tax and analytic account of the fee gives its part of what is covered, to the cent."""
        contract = self.make.as_billed([600, 300, 100], project=self.make.project(name="Shop"), hourly_rate=100)
        first, second, third = contract.line_ids
        analytic = {str(self.analytic_account.id): 100}
        second.write({'tax_ids': [Command.set(self.tax_15.ids)]})
        third.write({'account_id': self.other_income.id, 'analytic_distribution': analytic})
        self._agree(hours=1)
        entry = self._make_entry(1, project_id=contract.project_id.id)
        bill = self._create_bill(contract, entry, 500)
        found = [
            (line.amount, line.account_id, line.tax_ids, line.analytic_distribution or {})
            for line in self._agreement_lines(bill)
        ]
        none, project = self.tax_15.browse(), {str(contract.project_id.account_id.id): 100}
        self.assertEqual(
            found,
            [
                (-60, self.income_account, none, project),
                (-30, self.income_account, self.tax_15, project),
                (-10, self.other_income, none, analytic),
            ],
        )
        move = bill.invoice_id
        self.assertEqual((move.amount_untaxed, move.amount_tax), (400, 18))
        move.action_post()
        self.assertLedgerLines(move, self.other_income, -40)
        self.assertLedgerLines(move, self.income_account, -360)
        self.assertLedgerLines(move, self.receivable_account, 418)
        self.assertEqual((bill.amount, contract.wip_available, contract.actual_amount), (500, 500, 500))

    def test_parts_to_the_cent(self):
        """A third each of 100.00: 33.33, 33.34 and 33.33 on three accounts."""
        contract = self.make.as_billed([300, 300, 300], project=self.make.project(name="Shop"), hourly_rate=100)
        for line, account in zip(contract.line_ids, range(3), strict=True):
            line.account_id = self.income_account.copy({'name': f"Income {account}"})
        self._agree(hours=1)
        bill = self._create_bill(contract, self._make_entry(1, project_id=contract.project_id.id), 900)
        amounts = self._agreement_lines(bill).mapped('amount')
        self.assertEqual((sorted(amounts), round(sum(amounts), 2)), ([-33.34, -33.33, -33.33], -100))

    def test_lines_that_are_billed_already(self):
        """What is covered comes off the lines that have something left."""
        contract = self.make.as_billed([600, 400], project=self.make.project(name="Shop"), hourly_rate=100)
        contract.line_ids[1].account_id = self.other_income
        self.billing.draw(contract, 100, 0)
        self._agree(hours=1)
        bill = self._create_bill(contract, self._make_entry(1, project_id=contract.project_id.id), 400)
        lines = self._agreement_lines(bill)
        self.assertEqual([(line.amount, line.account_id) for line in lines], [(-100, self.other_income)])

    def test_every_way_back_from_the_screen(self):
        """Hours, amount and entries are free together when the bill goes, and used together while it stands."""
        agreement, entry = self._agree(hours=8, amount=700), self._make_entry(5)
        for name, post, act, used in (
            ("draft", False, lambda move: None, 5),
            ("deleted", False, lambda move: move.unlink(), 0),
            ("cancelled", False, lambda move: move.button_cancel(), 0),
            ("and back", False, lambda move: (move.button_cancel(), move.button_draft()), 5),
            ("reset", True, lambda move: move.button_draft(), 5),
            ("credited in full", True, lambda move: self.billing.credit(move), 0),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                bill = self._create_bill(self.contract, entry, 2000)
                move = bill.invoice_id
                if post:
                    move.action_post()
                act(move)
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual((agreement.used_hours, agreement.left_hours), (used, 8 - used))
                self.assertEqual((agreement.used_amount, agreement.left_amount), (used * 100, 700 - used * 100))
                self.assertEqual(bool(entry.progress_bill_id), bool(used))
                wizard = self._open(self.contract, None if used else entry, 2000)
                self.assertEqual(wizard.agreement_applied, 0 if used else 500)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_currencies_on_the_screen(self):
        """Whole yen, thousandths of a dinar; hours priced in dollars are covered in the contract's euros."""
        for code, rounding, rate, hours, limit, applied in (
            ('JPY', 1, 33, 1.5, {'hours': 1}, 33),
            ('JPY', 1, 33, 1.5, {'amount': 40}, 40),
            ('KWD', 0.001, 0.333, 1.5, {'hours': 1}, 0.333),
            ('KWD', 0.001, 10, 1.5, {'amount': 4.445}, 4.445),
        ):
            with self.subTest(code, limit=limit), self.env.cr.savepoint() as savepoint:
                currency = self.setup_other_currency(code, rounding=rounding, rates=[('2026-01-01', 1.0)])
                project = self.make.project(name=code)
                contract = self.make.as_billed([5000], project=project, currency_id=currency.id, hourly_rate=rate)
                agreement = self._agree(currency_id=currency.id, **limit)
                wizard = self._open(contract, self._make_entry(hours, project_id=project.id), 1000)
                self.assertEqual((wizard.agreement_applied, round(wizard.net_amount, 3)), (applied, 1000 - applied))
                wizard.action_continue()
                bill = wizard.bill_id
                self.assertEqual((bill.agreement_applied, agreement.used_amount), (applied, applied))
                self.assertEqual(round(bill.invoice_id.amount_untaxed, 3), 1000 - applied)
                savepoint.rollback()
                self.env.invalidate_all()
        euro, shop = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0)]), self.make.project(name="Shop")
        self._make_map(self.ann, 50, project=shop)
        entry = self._make_entry(4, project_id=shop.id)
        contract = self.make.as_billed([5000], project=shop, currency_id=euro.id)
        self._agree(hours=3, currency_id=euro.id)
        bill = self._create_bill(contract, entry, 1000)
        self.assertEqual((bill.agreement_applied, bill.entry_ids.covered_amount, bill.entry_ids.value), (300, 300, 400))

    def test_what_is_printed(self):
        """The line says which agreement and how many hours, in the customer's language."""
        self._agree(hours=1.5, name="Support")
        bill = self._create_bill(self.contract, self._make_entry(4), 2000)
        self.assertEqual(self._agreement_lines(bill).name, "Covered by Support: 1.50 hours")
        self.env['res.lang']._activate_lang('de_DE')
        self.customer.lang = 'de_DE'
        bill.invoice_id.unlink()
        bill.unlink()
        bill = self._create_bill(self.contract, self._make_entry(4), 2000)
        self.assertIn("1,50", self._agreement_lines(bill).name)

    # === WHICH ONE FIRST === #

    def test_order(self):
        """The project's own before the customer's, those that end first before others, then as they were made."""
        own, shop = {'project_ids': [Command.set(self.project.ids)]}, self.make.project(name="Shop")
        made = [
            self._agree(hours=1, name=name, **vals)
            for name, vals in (
                ("open end", {'date_end': False}),
                ("june", {'date_end': '2026-06-30'}),
                ("june again", {'date_end': '2026-06-30'}),
                ("may", {'date_end': '2026-05-31'}),
                ("own, open end", {'date_end': False, **own}),
                ("own, december", own),
                ("shop", {'project_ids': [Command.set(shop.ids)]}),
            )
        ]
        found = self.env['progress.agreement']._find_for(self.contract)
        names = ["own, december", "own, open end", "may", "june", "june again", "open end"]
        self.assertEqual(found.mapped('name'), names)
        self.assertNotIn(made[-1], found)
        bill = self._create_bill(self.contract, self._make_entry(2.5), 2000)
        self.assertEqual(
            [(use.agreement_id.name, use.hours) for use in bill.agreement_use_ids],
            [("own, december", 1), ("own, open end", 1), ("may", 0.5)],
        )
        strange = self.make.contract([1000], partner_id=self.customer.copy().id)
        self.assertFalse(self.env['progress.agreement']._find_for(strange))

    def test_only_what_is_attached(self):
        """Ticked and not attached, or without a fee, nothing is covered and nothing used."""
        agreement, entry = self._agree(hours=8), self._make_entry(5)
        for vals, applied in (({}, 500), ({'attach_time': False}, 0), ({'wip_bill_amount': 0}, 0)):
            with self.subTest(vals=vals):
                wizard = self._open(self.contract, entry, **{'amount': 2000, **self._amount(vals)})
                self.assertEqual(wizard.agreement_applied, applied)
        self._create_bill(self.contract, entry, 2000, attach_time=False)
        self.assertEqual((agreement.used_hours, agreement.use_ids.ids), (0, []))

    def _amount(self, vals):
        return {'amount' if name == 'wip_bill_amount' else name: value for name, value in vals.items()}

    # === TERMS === #

    def test_several_in_one_call(self):
        """Of three agreements one is used: what is fixed stays so on all, and the one that is used is named."""
        idle, used, returned = (self._agree(hours=9, name=name) for name in ("Idle", "Used", "Returned"))
        (idle | used).active = False
        gone = self._bill_with([self._time(1)], 500)
        self.assertEqual(gone.agreement_use_ids.agreement_id, returned)
        gone.invoice_id.button_cancel()
        returned.active, used.active = False, True
        self._bill_with([self._time(1)], 500)
        (idle | returned).active = True
        together, stranger = idle | returned | used, self.customer.copy()
        message = self.assertRefused(
            lambda: together.write({'partner_id': stranger.id}), "Customer of Used cannot change"
        )
        self.assertNotIn("Returned", message)
        self.assertEqual(together.partner_id, self.customer)
        (idle | returned).write({'partner_id': stranger.id})
        together.write({'note': "Seen", 'currency_id': self.company.currency_id.id})
        # those that are not used change, the one that is has it already
        together.write({'partner_id': self.customer.id})
        self.assertEqual(together.partner_id, self.customer)
        self.assertRefused(together.unlink, "Used has been used and cannot be deleted")
        self.assertEqual(len(together.exists()), 3)

    def test_company_and_limits_when_used(self):
        """Neither the company nor the limits go below what is used; both may while nothing is."""
        agreement = self._agree(hours=10, amount=2000)
        bill = self._bill_with([self._time(5)], 2000)
        other = self.env['res.company'].create({'name': "Other"})
        for vals, words, error in (
            ({'company_id': other.id}, ("cannot change",), UserError),
            ({'limit_hours': 4}, ("covers 4.0 hours", "5.0 hours", bill.display_name), ValidationError),
            ({'limit_amount': 400}, ("500.00", bill.display_name), ValidationError),
            ({'date_end': '2025-12-31'}, ("ends before it starts",), ValidationError),
        ):
            with self.subTest(vals=vals):
                self.assertRefused(lambda vals=vals: agreement.write(vals), *words, error=error)
        agreement.write({'date_end': agreement.date_start})
        bill.invoice_id.unlink()
        bill.unlink()
        agreement.write({'limit_hours': 4, 'limit_amount': 0})
        self.assertRecordValues(
            agreement,
            [{'used_hours': 0, 'left_hours': 4, 'used_amount': 0, 'left_amount': 0, 'used_percent': 0}],
        )

    def test_used_percent(self):
        """Of the limit that is nearer to its end; nothing where nothing is agreed on."""
        agreement = self._agree(hours=10, amount=2000)
        self._bill_with([self._time(4, 150)], 2000)
        for vals, percent in (
            ({}, 40),
            ({'limit_amount': 800}, 75),
            ({'limit_hours': 0}, 75),
            ({'limit_amount': 0, 'limit_hours': 8}, 50),
            ({'limit_hours': 4}, 100),
        ):
            with self.subTest(vals=vals):
                agreement.write(vals)
                self.assertEqual(agreement.used_percent, percent)

    def test_balance_refuses_what_is_no_date(self):
        agreement = self._agree(hours=10)
        for value in ('tomorrow', '2026-02-30', 5, {'a': 1}, ['2026-01-01'], True):
            with self.subTest(value=value):
                self.assertRefused(lambda value=value: agreement.get_balance(value), "is not a date")
        today = agreement.get_balance()
        self.assertEqual(today, agreement.get_balance(today['date']))

    # === WHO MAY === #

    def test_who_may(self):
        """Billers read, managers change; a bill uses it up whoever makes it; of other companies nobody sees any."""
        agreement = self._agree(hours=10)
        for user in (self.billing_user, self.reader):
            with self.subTest(user=user.login):
                mine = agreement.with_user(user)
                self.assertEqual(mine.get_balance()['left_hours'], 10)
                for act in (lambda mine=mine: mine.write({'limit_hours': 99}), mine.unlink, mine.copy):
                    self.assertRefused(act, regex="not allowed to", error=AccessError)
        plain = new_test_user(self.env, login='agreement_plain', groups='base.group_user', company_id=self.company.id)
        self.assertRefused(agreement.with_user(plain).get_balance, regex="not allowed to", error=AccessError)
        self._make_employee("Own", user_id=self.timesheet_user.id)
        entry = self._make_entry(2)
        wizard = self._open(self.contract, entry, 500)
        self.assertEqual(wizard.agreement_applied, 200)
        user_screen = self.env(user=self.billing_user)['progress.bill.create'].create(
            {'contract_id': self.contract.id, 'date': '2026-01-31', 'wip_bill_amount': 500}
        )
        self.assertEqual(user_screen.agreement_applied, 0, "nothing is ticked")
        other = self.env['res.company'].create({'name': "Other"})
        self.billing_user.company_ids |= other
        seen = self.env['progress.agreement'].with_user(self.billing_user)
        self.assertIn(agreement, seen.search([]))
        self.assertFalse(seen.with_context(allowed_company_ids=other.ids).search([]))

    def test_usage_of_private_contracts(self):
        """Who may not see a contract sees the agreement and its sums, not the bills behind them."""
        agreement = self._agree(hours=10)
        bill = self._bill_with([self._time(5)], 2000)
        uses = self.env['progress.agreement.use'].with_user(self.reader)
        found = [('bill_id', '=', bill.id)]
        self.assertEqual(uses.search(found), bill.agreement_use_ids)
        self.contract.is_private = True
        self.env.invalidate_all()
        self.assertFalse(uses.search(found))
        self.assertEqual(agreement.with_user(self.reader).get_balance('2026-12-31')['used_hours'], 5)

    def test_nobody_types_usage(self):
        agreement = self._agree(hours=10)
        bill = self._bill_with([self._time(5)], 2000)
        use = bill.agreement_use_ids
        for act in (
            lambda: use.write({'hours': 1}),
            lambda: use.write({'amount': 1}),
            lambda: use.write({'agreement_id': self._agree(hours=1).id}),
            lambda: agreement.write({'used_hours': 0}),
            lambda: agreement.write({'usage_version': 7}),
            lambda: use.create({'agreement_id': agreement.id, 'bill_id': bill.id, 'kind': 'time', 'hours': 1}),
        ):
            self.assertRefused(act, regex='.', error=AccessError)
        self.assertEqual((use.hours, use.amount, agreement.left_hours), (5, 500, 5))

    # === AT THE SAME TIME === #

    def test_lock_says_so(self):
        """Whoever takes an agreement's row leaves a mark, so that who waited for it starts over."""
        first, second = self._agree(hours=1), self._agree(hours=1)
        self.assertEqual((first | second).mapped('usage_version'), [0, 0])
        first._lock_for_use()
        (first | second)._lock_for_use()
        self.assertEqual((first | second).mapped('usage_version'), [2, 1])
        self.env['progress.agreement']._lock_for_use()
        before = first.usage_version
        self._open(self.contract, self._make_entry(1), 100)
        self.assertEqual(first.usage_version, before, "looked at only")
        invoice = self._create_bill(self.contract, self._make_entry(1), 100).invoice_id
        self.assertTakes(first, before)
        for act in (invoice.button_cancel, invoice.button_draft, invoice.action_post):
            with self.subTest(act.__name__):
                before = first.usage_version
                act()
                self.assertTakes(first, before)

    def assertTakes(self, agreement, before):
        """The agreement's row has been taken since its mark was ``before``."""
        self.env.invalidate_all()
        self.assertGreater(agreement.usage_version, before)
