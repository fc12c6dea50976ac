from datetime import date

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestDepositTerms(ProgressBillingCommon):
    """Where deposits are booked, what they are called, and whose they are (DEP-3, DEP-5, DEP-12)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([1000, 500])

    def _account(self, code, **vals):
        return self.deposit_account.copy({'code': code, 'name': code, 'reconcile': True, **vals})

    # === ACCOUNT AND PRODUCT === #

    def test_account(self):
        """The contract's, else the rule's, else the company's."""
        rule = self.env['progress.billing.rule'].create({'name': "Rule", 'deposit_account_id': self._account('DR').id})
        plain = self.env['progress.billing.rule'].create({'name': "Plain"})
        own = self._account('DC')
        for given, of_contract, expected in (
            (None, False, self.deposit_account),
            (plain, False, self.deposit_account),
            (rule, False, rule.deposit_account_id),
            (rule, own, own),
            (None, own, own),
        ):
            with self.subTest(rule=given and given.name, own=bool(of_contract)):
                self.contract.deposit_account_id = of_contract
                self.assertEqual(self.contract._get_deposit_account(given), expected)

    def test_what_an_account_needs(self):
        """An active, reconcilable current liability in no other currency; each is said with its code."""
        euro = self.setup_other_currency('EUR')
        sentence = "cannot hold deposits: it must be an active account of type Current Liabilities that allows"
        for code, vals, words in (
            ('DA', {'reconcile': False}, sentence),
            ('DB', {'account_type': 'income', 'reconcile': False}, sentence),
            ('DC', {'account_type': 'liability_non_current'}, sentence),
            ('DD', {'active': False}, sentence),
            ('DE', {'currency_id': euro.id}, "is kept in EUR: choose one without a currency of its own."),
        ):
            with self.subTest(code=code):
                account = self._account(code)
                account.write(vals)
                self.company.progress_deposit_account_id = account
                message = self.assertRefused(self.contract._get_deposit_account, code, words)
                self.assertIn(self.contract.name, message)
                if 'currency_id' not in vals:
                    self.assertRefused(
                        lambda account=account: self.contract.write({'deposit_account_id': account.id}),
                        sentence,
                        error=ValidationError,
                    )
        in_euro = self.make.contract([10], currency_id=euro.id, do_open=False)
        self.assertEqual(in_euro._get_deposit_account().code, 'DE')
        self.company.progress_deposit_account_id = False
        self.assertRefused(
            self.contract._get_deposit_account,
            "No customer deposit account is set: choose it on the contract, or in the Progress Billing settings of "
            f"{self.company.name}.",
        )

    def test_product(self):
        """The shipped product DEPOSIT, else an active one of that code, shared or of the company."""
        shipped = self.env.ref('progress_billing.product_deposit')
        elsewhere = self.env['res.company'].create({'name': "Elsewhere"})
        self.assertEqual(self.contract._find_deposit_product(), shipped)
        product = self.env['product.product'].sudo()
        theirs = product.create({'name': "Theirs", 'default_code': 'DEPOSIT', 'company_id': elsewhere.id})
        self.assertEqual(self.contract._find_deposit_product(), shipped)
        shipped.default_code = 'OTHER'
        self.assertFalse(self.contract._find_deposit_product())
        self.assertRefused(
            self.contract._get_deposit_account,
            "There is no active product with the internal reference DEPOSIT: create or unarchive it.",
        )
        mine = product.create({'name': "Mine", 'default_code': 'DEPOSIT', 'company_id': self.company.id})
        self.assertEqual(self.contract._find_deposit_product(), mine)
        mine.active = False
        self.assertFalse(self.contract._find_deposit_product())
        shipped.default_code = 'DEPOSIT'
        self.assertEqual(self.contract._find_deposit_product(), shipped)
        self.assertTrue(theirs)

    def test_accounts_of_companies(self):
        """A company gets its account once; a branch uses its parent's."""
        account = self.deposit_account
        self.company._set_up_progress_deposit_account()
        self.assertEqual(self.company.progress_deposit_account_id, account)
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        branch.progress_deposit_account_id = False
        branch._set_up_progress_deposit_account()
        self.assertEqual(branch.progress_deposit_account_id, account)
        self.company.progress_deposit_account_id = False
        self.company._set_up_progress_deposit_account()
        made = self.company.progress_deposit_account_id
        self.assertRecordValues(made, [{'account_type': 'liability_current', 'reconcile': True}])
        self.assertNotEqual(made, account)
        self.assertEqual(made.company_ids, self.company)

    # === TEXTS === #

    def test_labels(self):
        """Typed, or the share and the job; without a job the contract alone."""
        alone = self.make.contract([1000], project=self.env['project.project'])
        described = self.make.contract([1000], project=self.env['project.project'], description="Barn")
        for contract, vals, label in (
            (self.contract, {'amt_pct': '25%'}, "Deposit 25 % of House ({name})"),
            (self.contract, {'amt_pct': '33.5%'}, "Deposit 33.5 % of House ({name})"),
            (self.contract, {'amt_pct': '100'}, "Deposit 100.00 of House ({name})"),
            (self.contract, {'amt_pct': '10', 'item_description': "Advance"}, "Advance"),
            (alone, {'amt_pct': '25%'}, "Deposit 25 % of {name}"),
            (described, {'amt_pct': '50'}, "Deposit 50.00 of Barn ({name})"),
        ):
            with self.subTest(vals=vals, label=label):
                bill = self.billing.bill(contract, vals.pop('amt_pct'), post=False, **vals)
                self.assertEqual(bill.invoice_id.invoice_line_ids.name, label.format(name=contract.name))

    def test_labels_of_other_currencies(self):
        """As many decimals as the currency has, in the customer's language."""
        self.env['res.lang']._activate_lang('de_DE')
        self.customer.lang = 'de_DE'
        for code, amount, shown in (('JPY', '50000', "50.000"), ('KWD', '1234.567', "1.234,567")):
            with self.subTest(currency=code):
                currency = self.setup_other_currency(code, rounding={'JPY': 1.0, 'KWD': 0.001}[code])
                contract = self.make.contract([100000], currency_id=currency.id)
                bill = self.billing.bill(contract, amount, post=False)
                self.assertIn(f" {shown} ", bill.invoice_id.invoice_line_ids.name)

    # === WHOSE === #

    def test_one_customer(self):
        """Lines for others are named before anything is billed; a contact of the customer is no other."""
        other = self.env['res.partner'].create({'name': "Other"})
        contact = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id})
        contract = self.make.contract([100, 200], do_open=False)
        contract.line_ids[0].partner_id = contact
        self.assertFalse(contract.blockers)
        contract.line_ids[1].partner_id = other
        contract.invalidate_recordset(['blockers'])
        sentence = (
            "Deposits are held for one customer, Builder's Customer, but these lines are for others: 2 Line 2. Give "
            "them a contract of their own, or recognise revenue as billed."
        )
        self.assertEqual(contract.blockers, sentence)
        self.assertRefused(contract.action_open, sentence)
        contract.revenue_recognition = 'as_billed'
        contract.action_open()
        self.assertEqual(contract.state, 'open')

    def test_bill_for_another(self):
        """A bill of a deposit contract is for its customer, or for one of their contacts."""
        other = self.env['res.partner'].create({'name': "Other"})
        contact = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id})
        bill = self.make.plan(self.contract, '10')
        bill.partner_id = contact
        self.assertRefused(
            lambda: bill.write({'partner_id': other.id}),
            f"is for Other, but {self.contract.name} holds deposits of Builder's Customer.",
            error=ValidationError,
        )
        nobodys = self.make.contract([10], project=self.env['project.project'], partner_id=False, do_open=False)
        plan = self.make.plan(nobodys, '5')
        self.assertRefused(
            lambda: plan.write({'partner_id': other.id}),
            f"is for Other, but {nobodys.name} holds deposits of nobody yet.",
            error=ValidationError,
        )
        free = self.make.plan(self.make.as_billed([10]), '5')
        free.partner_id = other

    # === OPENING AMOUNTS === #

    def _held(self, amount, account=None, day='2025-12-31', post=True, **vals):
        """A journal item that stands for deposits taken before."""
        move = self.env['account.move'].create(
            {
                'move_type': 'entry',
                'date': day,
                'line_ids': [
                    Command.create(
                        {
                            'account_id': (account or self.deposit_account).id,
                            'partner_id': self.customer.id,
                            'credit': amount,
                            **vals,
                        }
                    ),
                    Command.create({'account_id': self.company_data['default_account_assets'].id, 'debit': amount}),
                ],
            }
        )
        if post:
            move.action_post()
        return move.line_ids.filtered('credit')

    def _opening(self, contract, amounts, *items):
        return self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'date': '2025-12-31',
                'line_ids': [
                    Command.create({'contract_line_id': line.id, 'amount': amount})
                    for line, amount in zip(contract.line_ids, amounts, strict=False)
                ],
                'opening_deposit_line_ids': [Command.set([item.id for item in items])],
            }
        )

    def test_items_that_can_be_held(self):
        """Each thing an item has to be, one at a time (DEP-17)."""
        euro = self.setup_other_currency('EUR')
        contact = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id})
        other = self.env['res.partner'].create({'name': "Other"})
        matched = self._held(10)
        back = self.env['account.move'].create(
            {
                'move_type': 'entry',
                'line_ids': [
                    Command.create(
                        {'account_id': self.deposit_account.id, 'partner_id': self.customer.id, 'debit': 10}
                    ),
                    Command.create({'account_id': self.company_data['default_account_assets'].id, 'credit': 10}),
                ],
            }
        )
        back.action_post()
        (matched | back.line_ids.filtered('debit')).reconcile()
        ours = self.billing.bill(self.make.contract([10]), '10').invoice_id.invoice_line_ids
        bill = self.env['progress.bill'].new({'contract_id': self.contract.id})
        for name, item, can in (
            ("posted and open", self._held(10), True),
            ("of a contact", self._held(10, partner_id=contact.id), True),
            ("of nobody", self._held(10, partner_id=False), True),
            ("a draft", self._held(10, post=False), False),
            ("matched", matched, False),
            ("one of our invoices", ours, False),
            ("in another currency", self._held(10, currency_id=euro.id, amount_currency=-20), False),
            ("of another customer", self._held(10, partner_id=other.id), False),
            ("of another kind", self._held(10, account=self.income_account), False),
            ("on an account that is not matched", self._held(10, account=self._account('DN', reconcile=False)), False),
        ):
            with self.subTest(name):
                self.assertEqual(bool(bill._can_be_opening_deposit(item)), can)

    def test_more_held_than_billed(self):
        held = self._held(300)
        self.assertRefused(
            lambda: self._opening(self.contract, [299.99], held),
            "the deposits held before are more than what was billed before. Correct the opening amounts of the lines.",
            error=ValidationError,
        )
        opening = self._opening(self.contract, [200, 100], held)
        self.assertRecordValues(opening, [{'amount': 300, 'opening_deposit_amount': 300, 'state': 'invoiced'}])
        self.assertRegex(opening.name, r'\d+$')

    def test_what_was_income_before(self):
        """What was billed before and not held was income; the final books the rest, by line (DEP-16)."""
        contract = self.make.contract([1000, 500], self.tax_15)
        self._opening(contract, [400, 200], self._held(300))
        first, second = contract.line_ids
        self.assertEqual(dict(contract._get_recognised_amounts()), {first.id: 200, second.id: 100})
        [deposit] = contract._get_open_deposits()
        self.assertEqual((deposit['net'], deposit['account']), (300, self.deposit_account))
        self.assertEqual(deposit['amounts'], {self.tax_15.id: [300, 45]})
        final = self.billing.final(contract)
        self.assertLedger(final, receivable=1035, deposit=300, income=-1200, tax=-135)
        self.assertEqual(self.books.balance(self.deposit_account), 0)
        self.assertEqual(contract.state, 'closed')

    def assertLedger(self, moves, **sums):
        self.tax_account = self.company_data['default_account_tax_sale']
        return super().assertLedger(moves, **sums)

    def test_deposits_on_two_accounts(self):
        """Items on several accounts are each reversed where they stand, in thirds to the cent."""
        other = self._account('D2')
        contract = self.make.contract([100, 100, 100])
        self._opening(contract, [50, 50, 50], self._held(100), self._held(50, account=other))
        self.assertEqual(contract.deposit_balance, 150)
        final = self.billing.final(contract)
        self.assertEqual((self.books.balance(self.deposit_account), self.books.balance(other)), (0, 0))
        self.assertEqual(final.amount_untaxed, 150)

    def test_too_late(self):
        """Opening amounts come before anything is billed, and on a living contract."""
        cancelled, billed = self.make.contract([10]), self.make.contract([10])
        cancelled.action_cancel()
        self.billing.bill(billed, '5', post=False)
        for contract in (cancelled, billed):
            self.assertRefused(
                lambda contract=contract: self._opening(contract, [1]),
                f"{contract.name} takes no opening amounts any more: it has been billed, or is no longer open.",
            )
        draft = self.make.contract([10], do_open=False)
        first, second = self._opening(draft, [1]), self._opening(draft, [2])
        self.assertEqual((draft.actual_amount, (first | second).mapped('state')), (3, ['invoiced'] * 2))

    def test_entry_stays(self):
        """The entry of a deposit held before stays posted while the contract counts on it."""
        held = self._held(300)
        opening = self._opening(self.contract, [400], held)
        self.assertRefused(
            held.move_id.button_draft,
            f"This entry stands for deposits held before on {opening.display_name} of {self.contract.display_name}.",
        )
        opening.opening_deposit_line_ids = False
        held.move_id.button_draft()
        self.assertEqual((held.parent_state, self.contract.deposit_balance), ('draft', 0))

    # === BALANCE AND FINAL === #

    def test_balance(self):
        """What is held at each step of a contract's life, whatever is recognised when."""
        for recognition, steps in (
            ('deposit', [0, 0, 400, 300, 300, 0]),
            ('as_billed', [0, 0, 0, 0, 0, 0]),
        ):
            contract = self.make.contract([1000], revenue_recognition=recognition)
            found = [contract.deposit_balance]
            bill = self.billing.bill(contract, '400', post=False)
            found.append(contract.deposit_balance)
            bill.invoice_id.action_post()
            found.append(contract.deposit_balance)
            self.billing.credit(bill.invoice_id, 100)
            found.append(contract.deposit_balance)
            final = self.billing.final(contract, post=False)
            found.append(contract.deposit_balance)
            final.action_post()
            found.append(contract.deposit_balance)
            with self.subTest(recognition):
                self.assertEqual(found, steps)

    def test_drafts_before_the_final(self):
        """Drafts of invoices and of credit notes, and pro formas, are named (DEP-14)."""
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '400')
        refund = bill.invoice_id._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}])
        draft = self.billing.bill(contract, '100', post=False)
        message = self.assertRefused(
            contract.action_create_final_invoice,
            f"{contract.name}: post, invoice or delete these drafts before the final invoice: ",
        )
        self.assertTrue(message.endswith(f"{draft.display_name}, {refund.display_name}."))
        draft.invoice_id.unlink()
        refund.unlink()
        contract.action_create_final_invoice()
        self.assertEqual(contract.final_invoice_id.state, 'draft')

    def test_the_final_bill(self):
        """One final bill of all that is left, cancelled with its invoice; a second one is refused (DEP-10)."""
        contract = self.make.contract([1000, -100], partner_shipping_id=self.customer.id)
        self.billing.bill(contract, '400')
        final = self.billing.final(contract, post=False)
        bill = contract.final_bill_id
        self.assertRecordValues(
            bill,
            [
                {
                    'kind': 'final',
                    'title': "Final Invoice",
                    'partner_id': self.customer.id,
                    'partner_shipping_id': self.customer.id,
                    'amount': 500,
                    'review_state': 'cancelled',
                    'date': self.company._get_progress_today(),
                }
            ],
        )
        self.assertEqual((contract.final_invoice_id, contract.final_invoice_ids), (final, final))
        self.assertRefused(
            lambda: self.billing.bill(contract, '1'), f"Its final invoice {bill.name} exists: delete it first."
        )
        final.action_post()
        self.assertRefused(
            contract.action_create_final_invoice, f"It is closed: its final invoice {final.name} is posted."
        )
        self.billing.credit(final)
        self.assertRecordValues(contract, [{'state': 'open', 'final_bill_id': False, 'final_invoice_id': False}])
        again = self.billing.final(contract, post=False)
        self.assertNotEqual(again, final)

    def test_changed_since_the_draft(self):
        """A deposit that changed since the final was made: make it again (DEP-9)."""
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '400')
        final = self.billing.final(contract, post=False)
        reversal = final.invoice_line_ids.filtered(lambda item: item.progress_line_type == 'deposit_reversal')
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move_line SET amount_currency = 300 WHERE id = %s", reversal.ids)
        reversal.invalidate_recordset()
        self.assertRefused(
            lambda: contract._check_final_is_current(contract.final_bill_id),
            f"The deposits of {contract.display_name} have changed since the final invoice was made. Delete the draft",
        )
        self.env.cr.execute("UPDATE account_move_line SET amount_currency = 400 WHERE id = %s", reversal.ids)
        reversal.invalidate_recordset()
        contract._check_final_is_current(contract.final_bill_id)
        self.assertTrue(bill)

    def test_finals_of_customers(self):
        """As billed, each customer and location has a final; the contract is closed by the last (DEP-12)."""
        other, site = (self.env['res.partner'].create({'name': name}) for name in ("Other", "Site"))
        contract = self.make.as_billed([10, 20, 30, 40])
        _first, second, third, fourth = contract.line_ids
        second.partner_id = other
        (third | fourth).partner_shipping_id = site
        contract.action_create_final_invoice()
        finals = contract._get_final_bills()
        self.assertEqual(
            {(bill.partner_id, bill.partner_shipping_id): bill.amount for bill in finals},
            {
                (self.customer, site.browse()): 10,
                (other, site.browse()): 20,
                (self.customer, site): 70,
            },
        )
        self.assertEqual(contract.final_invoice_ids, finals.invoice_id)
        for bill in finals[:-1]:
            bill.invoice_id.action_post()
            self.assertEqual(contract.state, 'open')
        finals[-1].invoice_id.action_post()
        self.assertEqual(contract.state, 'closed')


@tagged('post_install', '-at_install')
class TestDownPaymentTerms(ProgressBillingCommon):
    """A down payment's lines, texts and doors (DEP-20), and what is left of a customer's."""

    def test_lines(self):
        """A line for each set of taxes, by what is left to bill, else by what was agreed; deductions take no part."""
        other = self.make.tax("5 %", 5.0)
        contract = self.make.contract([600, 300, 100, -50], self.tax_15)
        contract.line_ids[2].tax_ids = other
        for billed, amounts in ((None, {self.tax_15: 90, other: 10}), ('950', {self.tax_15: 90, other: 10})):
            if billed:
                self.billing.bill(contract, billed)
            lines = contract._prepare_down_payment_lines(100)
            found = {tuple(vals['tax_ids'][0][2]): vals['amount'] for vals in lines}
            with self.subTest(billed=billed):
                self.assertEqual(found, {tuple(tax.ids): amount for tax, amount in amounts.items()})
        self.assertEqual({vals['source'] for vals in lines}, {'down_payment'})
        self.assertEqual({vals['account_id'] for vals in lines}, {self.deposit_account.id})

    def test_cents_and_yen(self):
        """Shares are whole units, and come to the amount."""
        taxes = [self.make.tax(f"{rate} %", rate) for rate in (5.0, 7.0)]
        contract = self.make.contract([100, 100, 100])
        for line, tax in zip(contract.line_ids, taxes, strict=False):
            line.tax_ids = tax
        self.assertEqual([vals['amount'] for vals in contract._prepare_down_payment_lines(100)], [33.33, 33.34, 33.33])
        yen = self.setup_other_currency('JPY', rounding=1.0)
        contract = self.make.contract([100, 100, 100], currency_id=yen.id)
        contract.line_ids[0].tax_ids = taxes[0]
        self.assertEqual([vals['amount'] for vals in contract._prepare_down_payment_lines(100)], [33, 67])
        contract.action_create_down_payment(33.4)
        self.assertEqual(contract.bill_ids.sourced_amount, 33)
        self.assertRefused(
            lambda: contract.action_create_down_payment(0.4),
            f"The down payment of {contract.display_name} needs an amount above zero.",
        )

    def test_worth_nothing(self):
        contract = self.make.contract([100, -100], do_open=False)
        contract.line_ids[0].unlink()
        self.assertRefused(
            lambda: contract._prepare_down_payment_lines(10),
            f"{contract.display_name} is worth nothing that a down payment could be for.",
        )

    def test_texts(self):
        """The job and the contract, in the customer's language; the contract alone where there is no job."""
        for contract, text in (
            (self.make.contract([100]), "Down payment for House ({name})"),
            (self.make.contract([100], project=self.env['project.project']), "Down payment for {name}"),
        ):
            contract.action_create_down_payment(10)
            bill = contract.bill_ids
            self.assertRecordValues(bill, [{'title': "Down Payment", 'kind': 'down_payment', 'is_restricted': False}])
            self.assertEqual(bill.sourced_line_ids.name, text.format(name=contract.name))

    def _pay_down(self, contract, amount, restricted=False):
        before = contract.bill_ids
        contract.action_create_down_payment(amount, restricted)
        bill = contract.bill_ids - before
        bill.invoice_id.action_post()
        return bill

    def test_balance_of_a_customer(self):
        """Of all contracts, contacts included, in the currency of the company at hand; cancelled ones do not count."""
        euro = self.setup_other_currency('EUR', rates=[('2020-01-01', 2.0)])
        contact = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id})
        stranger = self.env['res.partner'].create({'name': "Nobody"})
        contract = self.make.contract([1000])
        self._pay_down(contract, 100)
        self._pay_down(self.make.contract([1000], currency_id=euro.id, partner_id=contact.id), 50)
        contract.action_create_down_payment(7)
        contract.bill_ids[-1].invoice_id.unlink()
        self.env.invalidate_all()
        for partner, balance, count in ((self.customer, 125, 2), (contact, 125, 2), (stranger, 0, 0)):
            with self.subTest(partner=partner.name):
                self.assertEqual(
                    (partner.progress_down_payment_balance, partner.progress_down_payment_count), (balance, count)
                )

    def test_of_a_customer(self):
        """On the one open contract there is; with several, or none, it says so."""
        self.customer = self.env['res.partner'].create({'name': "Fresh"})
        self.assertRefused(
            lambda: self.customer.action_create_down_payment(5),
            "Fresh has no open contract that a down payment could be for.",
        )
        first = self.make.contract([1000], partner_id=self.customer.id)
        ended = self.make.contract([1000], partner_id=self.customer.id)
        self.billing.final(ended, post=False)
        self.make.contract([1000], partner_id=self.customer.id, do_open=False)
        self.assertEqual(self.customer._get_progress_contracts_to_bill(), first)
        self.customer.action_create_down_payment(5)
        self.assertEqual(first.bill_ids.sourced_amount, 5)
        second = self.make.contract([1000], partner_id=self.customer.id)
        self.assertRefused(
            lambda: self.customer.action_create_down_payment(5),
            "Fresh has several open contracts: create the down payment on one of "
            f"{second.display_name}, {first.display_name}.",
        )

    def test_which_may_be_taken(self):
        """Kept for the contract first, then the oldest; a final ends its own before others; of nobody else."""
        contract, other = self.make.contract([1000]), self.make.contract([1000])
        late, early, kept, elsewhere = (
            self._pay_down(other, 10),
            self._pay_down(other, 20),
            self._pay_down(contract, 30, restricted=True),
            self._pay_down(other, 40, restricted=True),
        )
        late._write_protected({'date': '2026-05-01'})
        early._write_protected({'date': '2026-04-01'})
        mine = self._pay_down(contract, 50)
        mine._write_protected({'date': '2026-06-01'})
        final = self.env['progress.bill'].new({'contract_id': contract.id, 'kind': 'final'})
        for bill, expected in ((None, [kept, early, late, mine]), (final, [kept, mine, early, late])):
            with self.subTest(final=bool(bill)):
                self.assertEqual(list(contract._get_down_payments(self.customer, bill)), expected)
        stranger = self.env['res.partner'].create({'name': "Nobody"})
        self.assertFalse(contract._get_down_payments(stranger))
        self.assertNotIn(elsewhere, contract._get_down_payments(self.customer))

    def test_absorbed_share(self):
        """In proportion to what is billed to date; all with the bill that bills the rest; all of others' at once."""
        contract, other = self.make.as_billed([1000]), self.make.as_billed([1000])
        paid = self._pay_down(contract, 300)
        for absorption, of, net, amount in (
            ('pro_rata', contract, 500, 150),
            ('pro_rata', contract, 0.01, 0),
            ('pro_rata', contract, 999.99, 300),
            ('pro_rata', contract, 1000, 300),
            ('last', contract, 999.99, 0),
            ('last', contract, 1000, 300),
            ('last', other, 500, 300),
            ('pro_rata', other, 500, 300),
            ('pro_rata', other, 100, 100),
        ):
            with self.subTest(absorption=absorption, own=of == contract, net=net):
                contract.down_payment_absorption = absorption
                found = of._allocate_down_payments(net, net)
                self.assertEqual(found, {paid: amount} if amount else {})

    def test_below_zero_with_tax(self):
        """No bill falls below zero, with tax neither: more tax on the down payment takes less of it."""
        contract = self.make.contract([1000])
        with_tax = self.make.contract([1000], self.tax_15)
        paid = self._pay_down(with_tax, 200)
        for net, total, amount in ((100, 100, 86.95), (100, 115, 100), (100, 0, 0), (500, 500, 200)):
            with self.subTest(net=net, total=total):
                found = contract._allocate_down_payments(net, total=total)
                self.assertEqual(
                    {bill: float(taken) for bill, taken in found.items()}, {paid: amount} if amount else {}
                )

    def test_kept_for_its_contract(self):
        """Only a down payment is kept, and only while no other contract has taken of it."""
        contract, other = self.make.contract([1000]), self.make.contract([1000])
        paid = self._pay_down(contract, 100)
        bill = self.billing.bill(other, '500')
        sentence = "cannot be kept for its contract alone: it is no down payment, or is applied on other contracts"
        for record in (paid, bill):
            self.assertRefused(
                lambda record=record: record.write({'is_restricted': True}), sentence, error=ValidationError
            )
        self.assertRefused(lambda: self.billing.credit(paid.invoice_id), f"is applied on {bill.display_name}, and only")
        self.billing.credit(bill.invoice_id)
        paid.is_restricted = True
        self.assertEqual(paid.down_payment_left, 100)

    def test_deleted_or_cancelled(self):
        """What is applied keeps a down payment; its name and the bills are said."""
        contract = self.make.pro_forma([1000])
        contract.action_create_down_payment(100)
        paid = contract.bill_ids
        paid.action_release()
        paid.invoice_id.action_post()
        bill = self.billing.run(contract, 50)
        with self.assertRaises(UserError) as refused:
            paid._check_can_undo()
        self.assertEqual(
            str(refused.exception),
            f"The down payment {paid.display_name} is applied on {bill.display_name}: take it off there first.",
        )
        bill.action_cancel()
        paid._check_can_undo()

    def test_uses(self):
        """What is applied is of a down payment, on a bill that can take it, and never less than nothing."""
        contract = self.make.pro_forma([1000])
        plan = self.make.plan(contract, '10')
        uses = self.env['progress.down.payment.use'].sudo()
        self.assertRefused(
            lambda: uses._create_protected([{'down_payment_id': plan.id, 'bill_id': plan.id, 'amount': 5}]),
            f"{plan.display_name} cannot be applied on {plan.display_name}.",
            error=ValidationError,
        )

    def test_dated_today(self):
        """The bill of a down payment is of the day where the company is."""
        contract = self.make.contract([100])
        contract.action_create_down_payment(10)
        self.assertEqual(contract.bill_ids.date, self.company._get_progress_today())
        self.assertIsInstance(contract.bill_ids.date, date)
