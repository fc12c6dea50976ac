from contextlib import suppress
from functools import partial

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ProgressBillingCommon


class RolledBack(Exception):
    """Takes back what a test tried."""


@tagged('post_install', '-at_install')
class TestMultiCompany(ProgressBillingCommon):
    """Companies keep apart: accounts, products, taxes, rules, currencies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_data = cls.setup_other_company(name="Other Builders")
        cls.other = cls.other_data['company']
        cls.other_user = new_test_user(
            cls.env,
            login='billing_other',
            groups='progress_billing.group_user',
            company_id=cls.other.id,
            company_ids=[Command.set(cls.other.ids)],
        )
        cls.other_reader = new_test_user(
            cls.env,
            login='billing_other_reader',
            groups='progress_billing.group_readonly',
            company_id=cls.other.id,
            company_ids=[Command.set(cls.other.ids)],
        )

    def _other_contract(self, amounts, **vals):
        project = self.env['project.project'].create(
            {
                'name': "Other house",
                'partner_id': self.customer.id,
                'company_id': self.other.id,
                'billing_method': 'fixed_fee',
            }
        )
        contract = self.env['progress.contract'].create(
            {
                'project_id': project.id,
                'partner_id': self.customer.id,
                'company_id': self.other.id,
                'line_ids': [
                    Command.create(
                        {
                            'name': "Work",
                            'original_amount': amount,
                            'tax_ids': False,
                            'account_id': self.other_data['default_account_revenue'].id,
                        }
                    )
                    for amount in amounts
                ],
                **vals,
            }
        )
        contract.action_open()
        return contract

    def _bare_project(self):
        """A project without the empty contract it gets at its creation."""
        project = self.make.project(name="Barn")
        project.progress_contract_ids.unlink()
        return project

    def test_own_account_journal_and_currency(self):
        """Each company bills on its own deposit account and journal, whatever company the user is in."""
        self.assertTrue(self.other.progress_deposit_account_id)
        self.assertNotEqual(self.other.progress_deposit_account_id, self.deposit_account)
        contract = self._other_contract([1000])
        env = self.env(context={'allowed_company_ids': (self.company + self.other).ids})
        bill = self.make.plan(contract.with_env(env), '40%')
        bill.action_create()
        move = bill.invoice_id
        self.assertEqual((move.company_id, move.journal_id.company_id), (self.other, self.other))
        self.assertEqual(move.invoice_line_ids.account_id, self.other.progress_deposit_account_id)
        self.assertEqual(move.line_ids.account_id.company_ids, self.other)
        move.action_post()
        final = self.billing.final(contract)
        self.assertEqual((final.company_id, final.amount_untaxed, contract.state), (self.other, 600, 'closed'))
        self.assertEqual(self.books.balance(self.other.progress_deposit_account_id), 0)

    def test_both_in_one_call(self):
        """One call bills contracts of two companies, each in its own."""
        ours, theirs = self.make.contract([1000], self.tax_15), self._other_contract([500])
        env = self.env(context={'allowed_company_ids': (self.company + self.other).ids})
        bills = self.make.plan(ours.with_env(env), '10%') + self.make.plan(theirs.with_env(env), '10%')
        bills.action_create()
        self.assertEqual(bills.mapped('invoice_id.company_id'), self.company + self.other)
        self.assertEqual(bills.mapped('amount'), [100, 50])
        self.assertRecordValues(
            bills.invoice_id.journal_id, [{'company_id': self.company.id}, {'company_id': self.other.id}]
        )

    def assertTakenBack(self, act, message):
        """``act`` is refused; where it is not, what it did is taken back and the test fails."""
        try:
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                act()
                self.env.flush_all()
                raise RolledBack
        except UserError:
            return
        except RolledBack:
            self.fail(message)

    def test_wrong_company(self):
        """SEC-4: partner, product, tax, account, journal, terms and project of another company are refused by name."""
        contract = self.make.contract([1000], do_open=False)
        foreign_customer = self.env['res.partner'].create({'name': "Theirs", 'company_id': self.other.id})
        foreign_product = self.env['product.product'].create({'name': "Theirs", 'company_id': self.other.id})
        for record, vals in (
            (contract, {'partner_id': foreign_customer.id}),
            (contract, {'partner_shipping_id': foreign_customer.id}),
            (contract, {'deposit_account_id': self.other.progress_deposit_account_id.id}),
            (contract, {'journal_id': self.other_data['default_journal_sale'].id}),
            (contract.line_ids, {'product_id': foreign_product.id}),
            (contract.line_ids, {'account_id': self.other_data['default_account_revenue'].id}),
            (contract.line_ids, {'tax_ids': [Command.set(self.other_data['default_tax_sale'].ids)]}),
        ):
            with self.subTest(vals=vals):
                self.assertTakenBack(lambda record=record, vals=vals: record.write(vals), f"wrote {vals}")
        contract.action_open()
        bill = self.make.plan(contract, '10%')
        self.assertTakenBack(lambda: bill.write({'partner_id': foreign_customer.id}), "foreign customer on a bill")
        other = self._other_contract([5])
        self.assertTakenBack(
            lambda: bill.line_ids.create({'bill_id': bill.id, 'contract_line_id': other.line_ids.id, 'amount': 5}),
            "a line of another contract",
        )
        change = self.env['progress.contract.change'].create(
            {
                'contract_id': contract.id,
                'line_ids': [
                    Command.create(
                        {
                            'name': "Theirs",
                            'amount': 5,
                            'tax_ids': [Command.set(self.other_data['default_tax_sale'].ids)],
                        }
                    )
                ],
            }
        )
        self.assertTakenBack(change.action_approve, "a foreign tax by a change order")

    def _move_and_bill(self, contract, vals):
        contract.write(vals)
        contract.action_open()
        self.make.plan(contract, '10%').action_create()

    def test_contract_moves_to_another_company(self):
        """A draft may move; what it carries of its old company is refused before anything is billed."""
        foreign_project = self.env['project.project'].create(
            {'name': "Theirs", 'company_id': self.other.id, 'billing_method': 'fixed_fee'}
        )
        for vals in ({'project_id': foreign_project.id}, {'company_id': self.other.id}):
            with self.subTest(vals=vals):
                contract = self.make.contract([1000], self.tax_15, do_open=False)
                self.assertTakenBack(
                    partial(self._move_and_bill, contract, vals), "billed with accounts and taxes of another company"
                )

    def test_settings_take_own_accounts(self):
        """A deposit account of another company is refused where it is set, or when a contract would use it."""
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%')

        def set_and_bill():
            self.company.progress_deposit_account_id = self.other.progress_deposit_account_id
            bill.action_create()

        self.assertTakenBack(set_and_bill, "billed on an account of another company")

    def test_company_is_fixed_once_billed(self):
        contract = self.make.contract([1000])
        self.billing.bill(contract, '10%')
        with self.assertRaisesRegex(UserError, "cannot change any more"):
            contract.company_id = self.other
        with suppress(UserError), self.env.cr.savepoint():
            self.project.company_id = self.other
            self.env.flush_all()
        self.assertEqual((contract.company_id, contract.invoice_ids.company_id), (self.company, self.company))
        self.billing.final(contract)
        self.assertDeposits(contract, 0)

    def test_rules_hide_other_companies(self):
        """No record of another company is read, written, billed or planned, whatever door."""
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '10%')
        change = self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create({'name': "More", 'amount': 5})]}
        )
        template = self.env['progress.plan.template'].create({'name': "Ours", 'company_id': self.company.id})
        records = (contract, contract.line_ids, bill, change, change.line_ids, template)
        with mute_logger('odoo.addons.base.models.ir_rule', 'odoo.models'):
            for record in records:
                theirs = record.with_user(self.other_user)
                with self.subTest(record=record):
                    self.assertFalse(theirs.search([('id', 'in', record.ids)]))
                    with self.assertRaisesRegex(AccessError, "top-secret records"):
                        theirs.invalidate_recordset()
                        theirs.read(['display_name'])
            for act in (
                bill.with_user(self.other_user).action_create,
                contract.with_user(self.other_user).action_create_final_invoice,
                contract.with_user(self.other_user).action_cancel,
                change.with_user(self.other_user).action_approve,
                lambda: (
                    self.env['progress.bill']
                    .with_user(self.other_user)
                    .create({'contract_id': contract.id, 'amt_pct': '5%'})
                ),
                lambda: (
                    self.env['progress.contract.line']
                    .with_user(self.other_user)
                    .create({'contract_id': contract.id, 'name': "x"})
                ),
                lambda: (
                    self.env['progress.contract.change'].with_user(self.other_user).create({'contract_id': contract.id})
                ),
            ):
                with self.assertRaisesRegex(AccessError, "top-secret records"):
                    act()
                    self.env.flush_all()
        self.assertEqual((bill.state, contract.state, change.state), ('planned', 'open', 'draft'))

    def test_wizards_respect_the_rules(self):
        contract = self.make.contract([1000])
        with mute_logger('odoo.addons.base.models.ir_rule'):
            with self.assertRaisesRegex(AccessError, "top-secret records"):
                self.env['progress.plan.wizard'].with_user(self.other_user).create(
                    {'contract_id': contract.id, 'count': 2}
                ).action_confirm()
                self.env.flush_all()
            with self.assertRaisesRegex(AccessError, "top-secret records"):
                self.env['progress.final.wizard'].with_user(self.other_user).create(
                    {'contract_id': contract.id}
                ).action_confirm()
        self.assertFalse(contract.bill_ids)

    def test_deposit_list_shows_own_company_only(self):
        """The list of open deposits reads the ledger as superuser: not of companies the user may not see."""
        contract = self.make.contract([1000])
        self.billing.bill(contract, '40%')
        wizard = self.env['progress.deposit.wizard'].create({'date': '2026-12-31', 'company_id': self.company.id})
        self.assertEqual(wizard.line_ids.mapped('amount'), [400])
        for user in (self.other_reader, self.other_user):
            with self.subTest(user=user.login):
                try:
                    with mute_logger('odoo.addons.base.models.ir_rule'), self.env.cr.savepoint():
                        theirs = (
                            self.env['progress.deposit.wizard']
                            .with_user(user)
                            .create({'date': '2026-12-31', 'company_id': self.company.id})
                        )
                        amounts = theirs.line_ids.mapped('amount')
                except UserError:
                    amounts = []
                self.assertFalse(amounts, f"{user.login} sees the deposits of another company")

    def test_readers_wizards_are_their_own(self):
        """A transient list is read by whoever made it."""
        contract = self.make.contract([1000])
        self.billing.bill(contract, '40%')
        wizard = self.env['progress.deposit.wizard'].create({'date': '2026-12-31', 'company_id': self.company.id})
        lines = wizard.line_ids
        self.env.invalidate_all()
        with mute_logger('odoo.addons.base.models.ir_rule'), self.assertRaisesRegex(AccessError, "top-secret records"):
            lines.with_user(self.other_reader).read(['amount'])

    def test_a_project_that_companies_share(self):
        """The tab shows each company's people their own contract, and its buttons and fields go there (CON-6)."""
        shared = self.env['project.project'].create(
            {'name': "Shared", 'company_id': False, 'partner_id': self.customer.id, 'billing_method': 'fixed_fee'}
        )
        shared.progress_contract_ids.unlink()
        ours = self.make.contract([1000], project=shared)
        theirs = self._other_contract([500], project_id=shared.id)
        theirs.with_context(allowed_company_ids=(self.company | self.other).ids).action_show_in_project()
        for user, contract in ((self.billing_user, ours), (self.other_user, theirs)):
            with self.subTest(user=user.login):
                self.env.flush_all()
                self.env.invalidate_all()
                project = shared.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
                row = project.web_read({'progress_revised_amount': {}, 'progress_currency_id': {}})[0]
                self.assertEqual(row['progress_revised_amount'], contract.revised_amount)
                self.assertEqual(project._get_progress_contract(), contract)
                project.write({'progress_bill_ids': [Command.create({'amt_pct': '10%', 'date': '2026-05-31'})]})
                self.assertEqual(contract.bill_ids.planned_amount, contract.revised_amount / 10)
        both = self.billing_user
        both.company_ids |= self.other
        project = shared.with_user(both)
        for companies, contract in ((self.company, ours), (self.other, theirs), (self.company | self.other, theirs)):
            switched = project.with_context(allowed_company_ids=companies.ids)
            self.assertEqual(switched.progress_shown_contract_id, contract, companies.mapped('name'))

    def test_two_contracts_on_a_project(self):
        """CON-6: several customer contracts on one project, each with figures and a final of its own."""
        project = self._bare_project()
        first = self.make.contract([1000], self.tax_15, project=project)
        second = self.make.contract([500], project=project)
        second.action_show_in_project()
        self.billing.bill(first, '40%')
        self.billing.bill(second, '100%')
        self.assertEqual((first.actual_amount, second.actual_amount), (400, 500))
        final = self.billing.final(second)
        self.assertEqual((final.amount_total, second.state, first.state), (0, 'closed', 'open'))
        self.assertEqual(project.progress_contract_id, first)
        self.assertFalse(project.is_fully_billed)
        self.assertEqual((first.deposit_balance, self.books.balance(self.deposit_account)), (400, -400))
        final = self.billing.final(first)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (600, 90))
        self.assertEqual(self.books.balance(self.deposit_account), 0)
        self.assertTrue(project.is_fully_billed)
        deposits = (first + second).invoice_ids.line_ids.filtered(lambda line: line.account_id == self.deposit_account)
        self.assertTrue(all(deposits.mapped('reconciled')))
        for contract in (first, second):
            mine = contract.invoice_ids.line_ids.filtered(lambda line: line.account_id == self.deposit_account)
            self.assertEqual(
                len(mine.full_reconcile_id), 1, "deposits of one contract are matched with its own final only"
            )

    def test_last_contract_closed_bills_nothing(self):
        """CON-7: when the last open customer contract closes, no door bills the project until one reopens."""
        project = self._bare_project()
        contract = self.make.contract([1000], project=project)
        bill = self.make.plan(contract, '1')
        final = self.billing.final(contract)
        self.assertTrue(project.is_fully_billed)
        for act in (
            bill.action_create,
            contract.action_create_final_invoice,
            lambda: self.make.plan(contract, '1').action_create(),
        ):
            with self.assertRaisesRegex(UserError, "cannot be billed"):
                act()
        final.button_draft()
        self.assertFalse(project.is_fully_billed)

    # === THE PROJECT'S TAB === #

    def test_tab_creates_the_contract(self):
        """CON-8: lines typed in the Billing tab of a new or an unbilled project are not lost."""
        lines = [
            Command.create({'name': "Roof", 'original_amount': 700}),
            Command.create({'name': "Walls", 'original_amount': 300}),
        ]
        project = self.env['project.project'].create(
            {'name': "Barn", 'partner_id': self.customer.id, 'billing_method': 'fixed_fee', 'progress_line_ids': lines}
        )
        self.assertEqual((project.progress_contract_id.revised_amount, project.progress_revised_amount), (1000, 1000))
        self.assertEqual(project.progress_line_ids.mapped('original_amount'), [700, 300])
        later = self.env['project.project'].create({'name': "Shed", 'partner_id': self.customer.id})
        self.assertFalse(later.progress_contract_id)
        with self.assertRaisesRegex(UserError, "Progress billing is for fixed-fee projects"):
            later.write({'progress_line_ids': lines})
        later.write({'billing_method': 'fixed_fee', 'progress_line_ids': lines})
        self.assertEqual(later.progress_revised_amount, 1000)
        with self.assertRaisesRegex(UserError, "Progress billing is for fixed-fee projects"):
            self.env['project.project'].create({'name': "Hours", 'progress_line_ids': lines})
        later.write({'progress_line_ids': [Command.update(later.progress_line_ids[0].id, {'original_amount': 800})]})
        self.assertEqual(later.progress_contract_id.revised_amount, 1100)
        later.write(
            {'progress_line_ids': [Command.delete(later.progress_line_ids[1].id)], 'progress_use_pro_forma': True}
        )
        self.assertRecordValues(later.progress_contract_id, [{'revised_amount': 800, 'use_pro_forma': True}])

    def test_tab_writes_the_contract_shown(self):
        """The tab's lines go to the contract it shows, and to no other."""
        first = self.make.contract([1000])
        second = self.make.contract([500])
        second.action_show_in_project()
        self.project.write({'progress_line_ids': [Command.create({'name': "More", 'original_amount': 50})]})
        self.assertEqual((first.revised_amount, second.revised_amount), (1000, 550))
        first.action_show_in_project()
        self.assertEqual(self.project.progress_contract_id, first)
        self.project.write({'progress_line_ids': [Command.create({'name': "More", 'original_amount': 5})]})
        self.assertEqual((first.revised_amount, second.revised_amount), (1005, 550))
        self.project.write({'progress_bill_ids': [Command.create({'amt_pct': '10%', 'date': '2026-05-31'})]})
        self.assertRecordValues(first.bill_ids, [{'planned_amount': 100.5, 'state': 'planned'}])

    def test_tab_shows_an_open_contract(self):
        """CON-6: newest open one first; the empty draft a project starts with gives way to it."""
        project = self.make.project(name="Barn")
        start = project.progress_contract_id
        self.assertEqual(start.state, 'draft')
        contract = self.make.contract([1000], project=project)
        self.assertEqual(project.progress_contract_id, contract)

    def test_tab_shows_no_foreign_contract(self):
        """The contract a project shows is one of its own."""
        self.make.contract([1000])
        elsewhere = self.make.contract([500], project=self.make.project(name="Elsewhere"))
        with self.assertRaisesRegex(UserError, "Choose a billing contract of the project"):
            self.project.progress_contract_id = elsewhere
            self.env.flush_all()

    def test_partner_change_on_the_project(self):
        """A customer changed on the project does not reach a billed contract."""
        contract = self.make.contract([1000])
        self.billing.bill(contract, '10%')
        self.project.partner_id = self.partner_a
        self.assertEqual((contract.partner_id, contract.bill_ids.partner_id), (self.customer, self.customer))
        final = self.billing.final(contract)
        self.assertEqual(final.partner_id, self.customer)
        self.assertDeposits(contract, 0)

    def test_moving_the_project(self):
        """A billed contract stays with its project."""
        contract = self.make.contract([1000])
        self.billing.bill(contract, '10%')
        with self.assertRaisesRegex(UserError, "cannot change any more"):
            contract.project_id = self.make.project(name="Elsewhere")
