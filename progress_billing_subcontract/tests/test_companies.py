from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.progress_billing_subcontract.hooks import post_init_hook

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestSubcontractCompanies(ClaimCommon):
    """Two companies with subcontractors of their own, and with the same one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.setup_other_company(name="Second Builders")
        cls.theirs = cls.second['company']
        cls.theirs._set_up_progress_vendor_accounts()
        cls.env.user.company_ids |= cls.theirs

    def _their_purchase(self, amount, **vals):
        project = self.env['project.project'].create({'name': "Theirs", 'company_id': self.theirs.id})
        works = self._make_works("Their works")
        works.with_company(self.theirs).property_account_expense_id = self.second['default_account_expense']
        order = (
            self.env['purchase.order']
            .with_company(self.theirs)
            .create(
                {
                    'partner_id': self.vendor.id,
                    'company_id': self.theirs.id,
                    'project_id': project.id,
                    'order_line': [
                        Command.create(
                            {
                                'product_id': works.id,
                                'name': "Their works",
                                'product_qty': 1,
                                'price_unit': amount,
                                'tax_ids': [Command.clear()],
                            }
                        )
                    ],
                    **vals,
                }
            )
        )
        order.button_confirm()
        return order

    def _their_contract(self, amount=1000, **vals):
        order = self._their_purchase(amount)
        order.action_set_up_progress_billing()
        contract = order.progress_contract_id
        contract.write(vals)
        return contract

    def test_accounts_of_each(self):
        """A claim is billed in its company's journal and accounts, whichever company the user is in."""
        contract = self._their_contract()
        contract.action_set_retainage(10, all_lines=True)
        bill = self._claim(contract.with_company(self.company), 400, post=True)
        move = bill.invoice_id
        self.assertEqual((move.company_id, move.journal_id.company_id), (self.theirs, self.theirs))
        books = {account: sums[0] for account, sums in self.books.of(move).items()}
        self.assertEqual(
            books,
            {
                self.second['default_account_expense']: 400,
                self.theirs.progress_retainage_payable_account_id: -40,
                self.second['default_account_payable']: -360,
            },
        )

    def test_numbers_of_each(self):
        """An invoice number is taken in one company, and free in the other."""
        mine = self._accepted()
        mine.vendor_reference = 'R-1'
        contract = self._their_contract()
        theirs = self.env['progress.bill'].create(
            {'contract_id': contract.id, 'date': '2026-03-20', 'vendor_reference': 'R-1'}
        )
        self.assertEqual(theirs.vendor_reference, 'R-1')
        another = self.env['progress.bill'].create({'contract_id': contract.id, 'date': '2026-03-20'})
        self.assertRefused(lambda: another.write({'vendor_reference': 'R-1'}), "is on", error=UserError)

    def test_rights_of_each(self):
        """Who works in one company sees nothing of the other's, nor its rows."""
        contract = self._their_contract()
        status = self.env['progress.subcontract.status']
        self.period.copy({'project_id': contract.project_id.id})
        self.env.flush_all()
        self.assertTrue(status.search([('contract_id', '=', contract.id)]))
        for user in (self.sub_manager, self.standard_user, self.sub_reader):
            with self.subTest(user=user.login):
                self.assertRefused(
                    lambda user=user: contract.with_user(user).read(['name']),
                    regex="not allowed|[Aa]ccess",
                    error=AccessError,
                )
                self.assertFalse(status.with_user(user).search([('contract_id', '=', contract.id)]))
        self.sub_reader.company_ids |= self.theirs
        mine = contract.with_user(self.sub_reader).with_context(allowed_company_ids=(self.company | self.theirs).ids)
        self.assertTrue(mine.read(['name']))

    def test_billed_to_the_owner_by_another_company(self):
        """Their subcontract on our owner's contract: at our rates, by who may see both, and nothing of the other side
        for who sees one."""
        both = self.env(context={**self.env.context, 'allowed_company_ids': (self.company | self.theirs).ids})
        self.theirs.currency_id = self.setup_other_currency('EUR', rates=[('2020-01-01', 2.0)])
        shared = self.make.project(name="Shared", company_id=False).with_env(both)
        owner = self.make.contract([80000], project=shared, use_pro_forma=True)
        sub = self._their_purchase(10000, project_id=shared.id)
        sub.action_set_up_progress_billing()
        contract = sub.progress_contract_id.with_env(both)
        contract.line_ids.owner_line_id = owner.line_ids
        claim = self._claim(contract, 1000, post=True)
        self.assertEqual((claim.currency_id.name, claim.owner_left_amount), ('EUR', 1000))
        ours, theirs = (
            self._make_user(
                f'both_sides_{company.id}', 'progress_billing.group_manager,progress_billing.group_subcontract_manager'
            )
            for company in (self.company, self.theirs)
        )
        theirs.write({'company_id': self.theirs.id, 'company_ids': [Command.set(self.theirs.ids)]})
        for user, words in ((ours, "no approved claim waits"), (theirs, "access")):
            mine = shared.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertRefused(mine.action_bill_owner_from_claims, words)
        shared.action_bill_owner_from_claims()
        self.assertRecordValues(owner.bill_ids.line_ids, [{'amount': 500}])
        self.env.flush_all()
        self.env.invalidate_all()
        seen = claim.with_user(theirs).with_context(allowed_company_ids=self.theirs.ids)
        self.assertEqual((seen.owner_left_amount, seen.owner_bill_ids), (0, self.env['progress.bill']))
        seen.action_correct()
        self.assertTrue(owner.bill_ids.activity_ids, "Whoever bills the owner is told.")

    def test_invited_by_company(self):
        """Each project's period is its own: a subcontract of another company is not invited along."""
        contract = self._their_contract()
        self._add_invoice_contact(contract, self.mason)
        self.assertRefused((self.contract | contract).action_invite, "Theirs has no open billing period")
        self.assertFalse(self.contract.bill_ids, "All or none.")
        self.period.copy({'project_id': contract.project_id.id})
        (self.contract | contract).action_invite()
        self.assertEqual((self.contract | contract).bill_ids.mapped('company_id'), self.company | self.theirs)

    def test_unit_price_in_their_currency(self):
        """A product's cost is the company's, in the currency of the subcontract at today's rate."""
        foreign = self.setup_other_currency('CHF', rates=[('2026-01-01', 2.0)])
        self.works.standard_price = 30
        self.works.with_company(self.theirs).standard_price = 70
        self.works.description_purchase = "As agreed"
        contract = self._their_contract()
        self.assertEqual(contract._get_unit_price(self.works), 70)
        self.assertEqual(self.contract._get_unit_price(self.works), 30)
        sub = self._subcontract([100], purchase_vals={'currency_id': foreign.id})
        self.assertEqual(sub._get_unit_price(self.works), 60)
        self.assertEqual(sub._get_product_text(self.works), "Masonry\nAs agreed")
        self.works.description_purchase = False
        self.assertEqual(sub._get_product_text(self.works), "Masonry")

    def test_side(self):
        """Everything that is turned round for a subcontract, beside a customer's contract of the same company."""
        owner, sub, company = self.make.as_billed([100]), self.contract, self.company
        self.works.supplier_taxes_id = self.input_tax
        company.account_purchase_tax_id = self.input_tax
        zero = self._make_input_tax("Zero", 0.0)
        company.progress_vendor_retainage_tax_id = zero
        for name, arguments, theirs in (
            ('_get_move_type', (), 'in_invoice'),
            ('_get_ledger_sign', (), 1),
            ('_get_invoice_action_xmlid', (), 'account.action_move_in_invoice_type'),
            ('_get_tax_use', (), 'purchase'),
            ('_get_default_tax', (), self.input_tax),
            ('_get_product_taxes', (self.works,), self.input_tax),
            ('_get_held_tax', (), zero),
            ('_get_journal_type', (), 'purchase'),
            ('_get_result_group', (), 'expense'),
            ('_get_company_account', (), company.expense_account_id),
            ('_get_deposit_account_type', (), 'asset_current'),
            ('_get_retainage_account_type', (), 'liability_current'),
            ('_get_company_deposit_account', (), self.advance_account),
            ('_get_company_retainage_account', (), self.payable_retainage_account),
        ):
            with self.subTest(name=name):
                self.assertEqual(getattr(sub, name)(*arguments), theirs)
                self.assertNotEqual(getattr(owner, name)(*arguments), theirs)
        self.assertFalse(sub.browse()._is_subcontract())
        self.assertEqual(sub._get_project_blockers(), [])
        self.assertEqual(sub._get_portal_plan(), self.env['progress.bill'])

    def test_payment_terms(self):
        """Those of the vendor in the subcontract's company; a customer's contract has the customer's."""
        self.vendor.property_supplier_payment_term_id = self.pay_terms_b
        self.vendor.with_company(self.theirs).property_supplier_payment_term_id = self.pay_terms_a
        self.assertEqual(self.contract._get_payment_term(), self.pay_terms_b)
        contract = self._their_contract()
        self.assertEqual(contract.with_company(self.company)._get_payment_term(), self.pay_terms_a)
        self.customer.property_payment_term_id = self.pay_terms_a
        self.customer.property_supplier_payment_term_id = self.pay_terms_b
        self.assertEqual(self.make.as_billed([100])._get_payment_term(), self.pay_terms_a)

    # === ACCOUNTS === #

    def test_set_up_when_installed(self):
        """Companies with a chart get their accounts once; what is set stays, and one without a chart gets none."""
        bare = self.env['res.company'].create({'name': "No chart"})
        names = ['progress_vendor_deposit_account_id', 'progress_retainage_payable_account_id']
        kept = self.theirs.progress_vendor_deposit_account_id
        self.theirs.progress_retainage_payable_account_id = False
        installing = self.env(user=SUPERUSER_ID, context={})
        post_init_hook(installing)
        self.assertEqual(self.theirs.progress_vendor_deposit_account_id, kept)
        self.assertRecordValues(
            self.theirs.progress_retainage_payable_account_id,
            [{'account_type': 'liability_current', 'reconcile': True, 'company_ids': self.theirs.ids}],
        )
        self.assertFalse([bare[name] for name in names if bare[name]])
        before = [self.theirs[name] for name in names]
        post_init_hook(installing)
        self.assertEqual([self.theirs[name] for name in names], before)

    def test_accounts_in_the_settings(self):
        """The settings show and write the company's own."""
        account = self.payable_retainage_account.copy({'code': 'SUBX2'})
        settings = self.env['res.config.settings'].create({})
        self.assertEqual(settings.progress_retainage_payable_account_id, self.payable_retainage_account)
        settings.progress_retainage_payable_account_id = account
        settings.execute()
        self.assertEqual(self.company.progress_retainage_payable_account_id, account)
        bill = self._claim(self._subcontract([1000], retainage_percent=10), 100, post=True)
        self.assertIn(account, bill.invoice_id.line_ids.account_id)

    def test_free_codes(self):
        """A code that is taken is not taken again."""
        accounts = self.env['account.account'].with_company(self.theirs)
        self.theirs.progress_retainage_payable_account_id = False
        vals = self.theirs._prepare_progress_vendor_accounts()
        self.assertEqual(
            {name: (one['account_type'], one['reconcile']) for name, one in vals.items()},
            {
                'progress_vendor_deposit_account_id': ('asset_current', True),
                'progress_retainage_payable_account_id': ('liability_current', True),
            },
        )
        code = vals['progress_retainage_payable_account_id']['code']
        self.assertFalse(accounts.search([('code', '=', code)]))
        self.theirs._set_up_progress_vendor_accounts()
        self.assertEqual(self.theirs.progress_retainage_payable_account_id.with_company(self.theirs).code, code)
