import random

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestRunAndFinal(ProgressBillingCommon):
    """Runs, and the final invoices after them."""

    def test_two_customers_two_finals(self):
        """DEP-12: as billed, A 60 / B 40: one final each; the contract closes when both are posted."""
        other = self.env['res.partner'].create({'name': "B"})
        task = self.env['project.task'].create({'name': "T", 'project_id': self.project.id, 'partner_id': other.id})
        contract = self.make.as_billed([60, 40], self.tax_15)
        contract.line_ids[1].task_id = task
        bills = self.billing.run(contract, 50)
        self.assertEqual(bills.invoice_id.mapped('amount_untaxed'), [30, 20])
        bills.invoice_id.action_post()
        contract.action_create_final_invoice()
        finals = contract.final_invoice_ids
        self.assertEqual(
            sorted(finals.mapped(lambda move: (move.amount_untaxed, move.partner_id.name))),
            [(20, "B"), (30, self.customer.name)],
        )
        with self.assertRaisesRegex(UserError, "Its final invoice"), self.env.cr.savepoint():
            contract.line_ids[0].completed_percent = 60
            contract.action_run_billing()
        finals[0].action_post()
        self.assertEqual(contract.state, 'open')
        finals[1].action_post()
        self.assertEqual((contract.state, contract.actual_amount), ('closed', 100))
        self.assertEqual(self.books.balance(self.income_account), -100)

    def test_deposit_contract_has_one_customer(self):
        """DEP-12: deposit mode: checked on opening; locations split progress bills, not the final."""
        other = self.env['res.partner'].create({'name': "B"})
        site = self.env['res.partner'].create({'name': "Site", 'parent_id': self.customer.id, 'type': 'delivery'})
        contract = self.make.contract([60, 40], do_open=False)
        contract.line_ids[1].partner_id = other
        with self.assertRaisesRegex(UserError, "Line 2"), self.env.cr.savepoint():
            contract.action_open()
        contract.line_ids[1].write({'partner_id': self.customer.id, 'partner_shipping_id': site.id})
        contract.action_open()
        bills = self.billing.run(contract, 50)
        self.assertEqual(len(bills), 2)
        bills.invoice_id.action_post()
        self.assertEqual(self.billing.final(contract).amount_untaxed, 50)
        self.assertDeposits(contract, 0)

    def test_more_than_all_was_billed(self):
        """BIL-8: warn, revised 1,000, billed 1,200: the final gives 200 back, in both recognitions."""
        self.company.progress_overbilling_policy = 'warn'
        for recognition in ('deposit', 'as_billed'):
            with self.subTest(recognition):
                contract = self.make.as_billed([1000], revenue_recognition=recognition)
                before = self.books.balance(self.income_account)
                self.billing.run(contract, 120).invoice_id.action_post()
                self.assertEqual(contract.wip_available, -200)
                final = self.billing.final(contract)
                self.assertEqual((final.move_type, final.amount_untaxed), ('out_refund', 200))
                ledger = self.books.of(final)
                self.assertEqual(ledger[self.receivable_account], (-200, -200))
                if recognition == 'deposit':
                    self.assertEqual(ledger[self.deposit_account], (1200, 1200))
                    self.assertEqual(ledger[self.income_account], (-1000, -1000))
                else:
                    self.assertEqual(ledger[self.income_account], (200, 200))
                self.assertEqual(self.books.balance(self.income_account) - before, -1000)

    def test_analytic_distribution(self):
        """DEP-4: income of a run carries the project's distribution, deposits never, distribution models included."""
        self.project.account_id = self.analytic_account
        self.env['account.analytic.distribution.model'].create(
            {'partner_id': self.customer.id, 'analytic_distribution': {str(self.analytic_account.id): 100}}
        )
        for recognition, expected in (('as_billed', {str(self.analytic_account.id): 100}), ('deposit', False)):
            with self.subTest(recognition):
                contract = self.make.as_billed([1000], revenue_recognition=recognition)
                bill = self.billing.run(contract, 50)
                self.assertEqual(bill.invoice_id.invoice_line_ids.analytic_distribution, expected)
                bill.invoice_id.action_post()
                bill.action_correct()
                bill.action_release()
                for move in bill.move_ids:
                    self.assertEqual(move.invoice_line_ids.analytic_distribution, expected)

    def test_types_of_moves(self):
        """BIL-20: invoice_ids are all moves, credit notes included, which keep the type."""
        for recognition, kind in (('as_billed', 'progress'), ('deposit', 'deposit')):
            contract = self.make.as_billed([1000], revenue_recognition=recognition)
            bill = self.billing.run(contract, 50)
            bill.invoice_id.action_post()
            credit = self.billing.credit(bill.invoice_id)
            self.assertEqual(bill.invoice_ids.mapped('progress_invoice_type'), [kind, kind])
            self.assertIn(credit, bill.invoice_ids)
            self.assertEqual(credit.progress_contract_id, contract)

    def test_send(self):
        """REV-10: the composer with template and PDF, before release too, also for many; by administrators."""
        contract = self.make.pro_forma([1000])
        bills = self.billing.run(contract, 10) | self.billing.run(contract, 20)
        mine = bills.with_user(self.billing_user)
        self.assertRefused(mine.action_send, "Only administrators e-mail", error=AccessError)
        manager = new_test_user(
            self.env, login='sends', groups='progress_billing.group_manager', company_id=self.company.id
        )
        action = bills[0].with_user(manager).action_send()
        self.assertEqual(action['res_model'], 'mail.compose.message')
        self.assertTrue(action['context']['default_template_id'])
        composer = self.env['mail.compose.message'].with_user(manager).with_context(**action['context']).create({})
        self.assertIn(bills[0].name, composer.subject)
        composer._action_send_mail()
        message = bills[0].message_ids[0]
        self.assertIn(self.customer, message.partner_ids)
        self.assertTrue(message.attachment_ids)
        bills.action_send()

    def test_random_lives(self):
        """PRG-12: whatever is done in whatever order, figures and ledger agree, and 100 % is exactly the whole."""
        self.tax_7 = self.make.tax("7 %", 7)
        for seed in range(4):
            with self.subTest(seed):
                self._live(random.Random(seed))

    def _live(self, dice):
        recognition = dice.choice(('as_billed', 'deposit'))
        account = self.income_account if recognition == 'as_billed' else self.deposit_account
        taxes = dice.choice((self.tax_15, self.tax_15 + self.tax_7, self.env['account.tax']))
        contract = self.make.as_billed(
            [round(dice.uniform(10, 999), 2) for _ in range(3)],
            taxes,
            revenue_recognition=recognition,
            use_pro_forma=dice.random() < 0.5,
            partner_id=self.env['res.partner'].create({'name': "Lively"}).id,
        )
        log = []
        for _ in range(14):
            act = dice.choice(
                (
                    self._enter,
                    self._enter,
                    self._bill_pending,
                    self._bill_pending,
                    self._post,
                    self._post,
                    self._undo,
                    self._give_credit,
                    self._correct,
                )
            )
            log.append(act.__name__)
            try:
                with self.env.cr.savepoint():
                    act(contract, dice)
            except UserError as error:
                log.append(str(error))
            self._check(contract, account, log)
        for _ in range(2):
            contract.bill_ids.filtered(lambda bill: bill.state == 'draft').action_release()
            contract.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft').action_post()
            contract.line_ids.write({'completed_percent': 100})
            if contract.pending_amount or any(contract.line_ids.mapped('pending_amount')):
                contract.action_run_billing()
        contract.bill_ids.filtered(lambda bill: bill.state == 'draft').action_release()
        contract.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft').action_post()
        self._check(contract, account, log)
        self.assertEqual(contract.line_ids.mapped('actual_amount'), contract.line_ids.mapped('revised_amount'), log)
        whole = self.make.as_billed(contract.line_ids.mapped('revised_amount'), taxes)
        tax = self.billing.run(whole, 100).invoice_id.amount_tax
        moves = contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted')
        self.assertAlmostEqual(sum(moves.mapped('amount_tax_signed')), tax, 2, log)
        self.billing.final(contract)
        self.assertEqual(contract.state, 'closed')
        self.assertEqual(self.books.balance(self.deposit_account, contract), 0, log)
        self.assertAlmostEqual(self._of(contract, self.income_account), -contract.revised_amount, 2, log)

    def _of(self, contract, account):
        lines = contract.bill_ids.move_ids.filtered(lambda move: move.state == 'posted').line_ids
        return round(sum(lines.filtered(lambda line: line.account_id == account).mapped('balance')), 2)

    def _check(self, contract, account, log):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertAlmostEqual(self._of(contract, account), -contract.actual_amount, 2, log)
        for line in contract.line_ids:
            self.assertLessEqual(round(line.draft_amount + line.actual_amount, 2), line.revised_amount, log)
            self.assertGreaterEqual(round(line.draft_amount + line.actual_amount, 2), 0, log)
        drafts = sum(
            bill.invoiced_amount - bill.credited_amount for bill in contract.bill_ids if bill.bucket == 'draft'
        )
        self.assertAlmostEqual(contract.draft_amount, drafts, 2, log)

    def _enter(self, contract, dice):
        dice.choice(contract.line_ids).completed_percent = dice.choice((0, 33.333, 50, 100 / 3, 66.6, 99.99, 100))

    def _bill_pending(self, contract, dice):
        contract.action_run_billing()

    def _post(self, contract, dice):
        bills = contract.bill_ids.filtered(lambda bill: bill.state == 'draft')
        bills.action_release()
        dice.choice(
            contract.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft') or [self.env['account.move']]
        ).action_post()

    def _undo(self, contract, dice):
        move = dice.choice(contract.bill_ids.invoice_id or [self.env['account.move']])
        if move.state == 'posted':
            move.button_draft()
        if dice.random() < 0.5:
            move.button_cancel()
        else:
            move.unlink()

    def _give_credit(self, contract, dice):
        move = dice.choice(
            contract.bill_ids.invoice_id.filtered(lambda move: move.state == 'posted') or [self.env['account.move']]
        )
        if move:
            self.billing.credit(move, dice.choice((None, round(abs(move.invoice_line_ids[0].price_unit) / 3, 2))))

    def _correct(self, contract, dice):
        bill = dice.choice(
            contract.bill_ids.filtered(lambda bill: bill.state == 'invoiced') or [contract.bill_ids.browse()]
        )
        bill.action_correct()
        if bill and dice.random() < 0.7:
            bill.line_ids[0].amount = round(bill.line_ids[0].amount * 0.9, 2)


@tagged('post_install', '-at_install')
class TestRunCurrencies(ProgressBillingCommon):
    """Yen and dinar on the ledger, at the contract's currency."""

    def test_yen_and_dinar(self):
        """Two taxes, thirds: amounts and taxes have the currency's decimals; the whole is exact."""
        for name, rounding, amount, decimals in (('JPY', 1.0, 1001, 0), ('KWD', 0.001, 100.001, 3)):
            with self.subTest(name):
                currency = self.env['res.currency'].with_context(active_test=False).search([('name', '=', name)])
                currency.write({'active': True, 'rounding': rounding})
                self.env['res.currency.rate'].create(
                    {'name': '2020-01-01', 'rate': 3, 'currency_id': currency.id, 'company_id': self.company.id}
                )
                taxes = self.tax_15 + self.make.tax(f"7.5 {name}", 7.5)
                contract = self.make.as_billed([amount, amount], taxes, currency_id=currency.id)
                whole = self.make.as_billed([amount, amount], taxes, currency_id=currency.id)
                for percent in (100 / 3, 200 / 3, 100):
                    self.billing.run(contract, percent).invoice_id.action_post()
                for move in contract.invoice_ids:
                    for figure in (move.amount_untaxed, move.amount_tax, move.amount_total):
                        self.assertAlmostEqual(figure, round(figure, decimals), 9)
                total = self.billing.run(whole, 100).invoice_id
                self.assertAlmostEqual(sum(contract.invoice_ids.mapped('amount_untaxed')), 2 * amount, 6)
                self.assertAlmostEqual(sum(contract.invoice_ids.mapped('amount_tax')), total.amount_tax, 6)

    def test_quantity_with_price_included_tax(self):
        """CON-5, BIL-10: 3 × 33.335 with 21 % included: subtotals 33.34, 33.33, 33.34; line text and units true."""
        tax = self.make.tax("Included", 21, price_include_override='tax_included')
        contract = self.make.by_quantity(3, 33.335, tax)
        for amount in (33.34, 33.33, 33.34):
            move = self.billing.run(contract, pending_quantity=1).invoice_id
            self.assertEqual((move.amount_untaxed, move.invoice_line_ids.quantity), (amount, 1))
            move.action_post()
        self.assertAlmostEqual(sum(contract.invoice_ids.mapped('amount_tax')), 21, 2)

    def test_credit_of_a_mixed_run(self):
        """BIL-24: a run with a negative line on a positive bill, quantities too, posts as it stands."""
        contract = self.make.by_quantity(10, 20, self.tax_15)
        self.env['progress.contract.line'].create(
            {
                'contract_id': contract.id,
                'name': "Work",
                'original_amount': 1000,
                'tax_ids': [Command.set(self.tax_15.ids)],
            }
        )
        by_quantity, work = contract.line_ids
        self.billing.run(contract, 60).invoice_id.action_post()
        by_quantity.pending_quantity, work.completed_percent = -2, 100
        move = self.billing.run(contract).invoice_id
        self.assertEqual((move.move_type, move.amount_untaxed), ('out_invoice', 360))
        move.action_post()
        by_quantity.pending_quantity, work.pending_amount = -2, -100
        move = self.billing.run(contract).invoice_id
        self.assertEqual((move.move_type, move.amount_untaxed), ('out_refund', 140))
        self.assertEqual(sorted(move.invoice_line_ids.mapped('quantity')), [1, 2])
        move.action_post()
        self.assertEqual((by_quantity.actual_quantity, by_quantity.actual_amount, work.actual_amount), (2, 40, 900))
