from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestContractFields(ProgressBillingCommon):
    """What a contract starts with, what follows from what, and what stays as it is."""

    def _new(self, **vals):
        return self.env['progress.contract'].create({'company_id': self.company.id, **vals})

    # === WHAT IT STARTS WITH === #

    def test_follows_the_project(self):
        """Customer and company come from the project; what was given stays, but for the company."""
        other = self.env['res.partner'].create({'name': "Other"})
        contract = self._new(project_id=self.project.id)
        self.assertRecordValues(
            contract,
            [
                {
                    'partner_id': self.customer.id,
                    'company_id': self.company.id,
                    'currency_id': self.company.currency_id.id,
                    'user_id': self.env.uid,
                    'state': 'draft',
                    'revenue_recognition': 'deposit',
                    'use_pro_forma': False,
                }
            ],
        )
        self.assertEqual(self._new(project_id=self.project.id, partner_id=other.id).partner_id, other)
        contract.partner_id = other
        contract.project_id = self.make.project(name="Barn")
        self.assertEqual(contract.partner_id, other)
        without = self._new()
        self.assertFalse(without.partner_id)
        without.project_id = self.project
        self.assertEqual(without.partner_id, self.customer)

    def test_currency_stays(self):
        """The currency is the company's unless it is given, and is not taken back by another project."""
        euro = self.setup_other_currency('EUR')
        contract = self._new(currency_id=euro.id)
        contract.project_id = self.project
        self.assertEqual(contract.currency_id, euro)

    def test_terms_of_the_customer(self):
        """Payment term and fiscal position are the customer's in the contract's company, and follow the next one's."""
        term = self.env['account.payment.term'].create({'name': "30 days"})
        export = self.env['account.fiscal.position'].create({'name': "Export", 'company_id': self.company.id})
        self.customer.with_company(self.company).write(
            {'property_payment_term_id': term.id, 'property_account_position_id': export.id}
        )
        contract = self._new(partner_id=self.customer.id)
        self.assertRecordValues(contract, [{'payment_term_id': term.id, 'fiscal_position_id': export.id}])
        contract.partner_id = self.env['res.partner'].create({'name': "Plain"})
        self.assertRecordValues(contract, [{'payment_term_id': False, 'fiscal_position_id': False}])
        given = self._new(partner_id=self.customer.id, payment_term_id=False, fiscal_position_id=False)
        self.assertRecordValues(given, [{'payment_term_id': False, 'fiscal_position_id': False}])

    def test_terms_of_the_location(self):
        """The fiscal position of the place where the work is comes before the customer's own."""
        home, abroad = (
            self.env['account.fiscal.position'].create({'name': name, 'company_id': self.company.id})
            for name in ("Home", "Abroad")
        )
        site = self.env['res.partner'].create({'name': "Site", 'property_account_position_id': abroad.id})
        self.customer.property_account_position_id = home
        contract = self._new(partner_id=self.customer.id)
        self.assertEqual(contract.fiscal_position_id, home)
        contract.partner_shipping_id = site
        self.assertEqual(contract.fiscal_position_id, abroad)

    def test_default_taxes(self):
        """Lines start with the company's sales tax, as the fiscal position maps it."""
        self.company.account_sale_tax_id = self.tax_15
        export = self.env['account.fiscal.position'].create({'name': "Export", 'company_id': self.company.id})
        exempt = self.make.tax(
            "Exempt",
            0.0,
            fiscal_position_ids=[Command.set(export.ids)],
            original_tax_ids=[Command.set(self.tax_15.ids)],
        )
        contract = self._new(partner_id=self.customer.id)
        self.assertEqual(contract.default_tax_ids, self.tax_15)
        contract.fiscal_position_id = export
        self.assertEqual(contract.default_tax_ids, exempt)
        self.company.account_sale_tax_id = False
        contract.invalidate_recordset(['default_tax_ids'])
        self.assertFalse(contract.default_tax_ids)

    def test_number(self):
        """Numbers are drawn from the company's series, whatever a caller sends, one for each contract."""
        contracts = self.env['progress.contract'].create(
            [{'company_id': self.company.id, 'name': "PC/0"}, {'company_id': self.company.id}]
        )
        first, second = contracts.mapped('name')
        self.assertNotIn("PC/0", (first, second))
        self.assertNotEqual(first, second)
        self.assertRegex(first, r'^PC/\d{4}/\d+$')

    def test_names(self):
        contract = self._new(project_id=self.project.id)
        self.assertEqual((contract.display_name, contract._get_job_name()), (contract.name, "House"))
        contract.description = "North wing"
        self.assertEqual((contract.display_name, contract._get_job_name()), (f"{contract.name} North wing", "House"))
        contract.project_id = False
        self.assertEqual(contract._get_job_name(), "North wing")
        contract.description = False
        self.assertEqual((contract.display_name, contract._get_job_name()), (contract.name, ''))
        self.assertEqual(
            self.env['progress.contract'].name_search(contract.name), [(contract.id, contract.display_name)]
        )

    def test_found_by(self):
        """By all that its name shows, and by what people know it by: job and customer (CON-16)."""
        firm = self.env['res.partner'].create({'name': "Quixote Windmills"})
        contract = self._new(
            project_id=self.make.project(name="Zanzibar tower").id, partner_id=firm.id, description="Northern wing"
        )
        contract.line_ids = [Command.create({'name': "Scaffolding", 'item_number': "Z.77", 'original_amount': 5})]
        change = self.make.change(contract, {'name': "Lift", 'amount': 1}, approve=False)
        change.description = "A lift more"
        for record, words in (
            (contract, (contract.name, "northern", "zanzibar", "quixote")),
            (contract.line_ids[0], ("z.77", "scaffold")),
            (change, (change.name, "a lift")),
        ):
            for word in words:
                with self.subTest(record=record, word=word):
                    self.assertIn(record.id, [found for found, _name in record.name_search(word)])
        self.assertFalse(contract.name_search("Nobody's job"))

    # === TOTALS === #

    def test_totals(self):
        """Sums of the lines that carry amounts, saved or not; deductions count, titles do not."""
        lines = [
            Command.create({'display_type': 'line_section', 'name': "House"}),
            Command.create({'name': "Walls", 'original_amount': 1000}),
            Command.create({'name': "Discount", 'original_amount': -100.01}),
            Command.create({'display_type': 'line_note', 'name': "As agreed"}),
        ]
        contract = self._new(partner_id=self.customer.id, line_ids=lines)
        unsaved = self.env['progress.contract'].new({'company_id': self.company.id, 'line_ids': lines})
        for record in (contract, unsaved):
            self.assertEqual((record.original_amount, record.change_amount, record.revised_amount), (899.99, 0, 899.99))
        self.assertEqual(len(contract._get_billable_lines()), 2)
        empty = self._new()
        self.assertRecordValues(
            empty,
            [
                {
                    'original_amount': 0,
                    'revised_amount': 0,
                    'wip_available': 0,
                    'billed_percent': 0,
                    'is_overbilled': False,
                }
            ],
        )
        self.assertEqual((empty._get_last_sequence(), empty.bill_count, empty.invoice_count), (0, 0, 0))

    def test_figures_of_what_is_billed(self):
        """Available and Billed (%) at the corners: nothing, all, a deduction, worth nothing."""
        for amounts, billed, available, percent in (
            ([1000, 500], None, 1500, 0),
            ([1000, 500], '1500', 0, 100),
            ([1000, 500], '0.01', 1499.99, 0.01 / 15),
            ([1000, -400], '150', 450, 25),
        ):
            with self.subTest(amounts=amounts, billed=billed):
                contract = self.make.contract(amounts)
                if billed:
                    self.billing.bill(contract, billed)
                self.assertEqual(round(contract.wip_available, 2), available)
                self.assertAlmostEqual(contract.billed_percent, percent, 6)
                self.assertFalse(contract.is_overbilled)
        nothing = self.make.contract([0], do_open=False)
        self.assertEqual((nothing.billed_percent, nothing.is_overbilled), (0, False))

    def test_another_currency(self):
        """A contract is worth whole units of its currency: one with fewer decimals than its lines have is refused."""
        yen = self.setup_other_currency('JPY', rounding=1.0)
        by_amount, by_quantity = (
            self.make.contract([100, 100.5], do_open=False),
            self.make.by_quantity(3, 33.335, do_open=False),
        )
        for contract, line in ((by_amount, "2 Line 2"), (by_quantity, "1 Line 1")):
            self.assertRefused(
                lambda contract=contract: contract.write({'currency_id': yen.id}),
                f"{contract.name} cannot be in JPY, which has fewer decimals than these lines: {line}. Round their",
            )
        by_amount.line_ids[1].original_amount = 101
        by_quantity.line_ids.unit_price = 33
        for contract, worth in ((by_amount, 201), (by_quantity, 99)):
            contract.currency_id = yen
            self.assertRecordValues(
                contract, [{'currency_id': yen.id, 'revised_amount': worth, 'wip_available': worth}]
            )
        made = self.make.contract([100.4, 100.5], do_open=False, currency_id=yen.id)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((made.line_ids.mapped('original_amount'), made.revised_amount), ([100, 101], 201))

    # === WHAT STAYS === #

    def test_company_stays(self):
        """A draft moves into the books of another company; an open one stays, by a project of that company too."""
        branch = self.env['res.company'].create({'name': "Elsewhere"})
        there = self.make.project(name="There", company_id=branch.id)
        draft = self._new()
        draft.company_id = branch
        self.assertEqual(draft.company_id, branch)
        contract = self.make.contract([1000], project=self.env['project.project'])
        contract.company_id = self.company  # nothing changes
        for vals in ({'company_id': branch.id}, {'project_id': there.id}):
            with self.subTest(vals=vals):
                self.assertRefused(
                    lambda vals=vals: contract.write(vals),
                    f"{contract.name} is open and stays with {self.company.name}",
                )
        self.assertEqual((contract.company_id, contract.project_id.ids), (self.company, []))

    def test_taxes_of_a_closed_contract_stay(self):
        contract = self.make.contract([1000], partner_shipping_id=self.customer.id)
        contract.partner_shipping_id = False  # open
        self.billing.final(contract)
        export = self.env['account.fiscal.position'].create({'name': "Export", 'company_id': self.company.id})
        for name, value, label in (
            ('fiscal_position_id', export.id, "Fiscal Position"),
            ('partner_shipping_id', self.customer.id, "Location"),
        ):
            with self.subTest(name=name):
                self.assertRefused(
                    lambda name=name, value=value: contract.write({name: value}),
                    f"{label} of {contract.name} cannot change any more: it is closed",
                )
                contract.write({name: False})  # as it is
        contract.description = "Done"

    def test_fixed_once_billed(self):
        """What invoices were made with stays, also when they were credited; the same value is no change (CON-4)."""
        euro = self.setup_other_currency('EUR')
        other = self.env['res.partner'].create({'name': "Other"})
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '400')
        cases = (
            ('revenue_recognition', 'as_billed', "Revenue Recognition"),
            ('currency_id', euro.id, "Currency"),
            ('partner_id', other.id, "Customer"),
            ('project_id', self.make.project(name="Barn").id, "Project"),
        )
        for state in ('posted', 'credited'):
            for name, value, label in cases:
                with self.subTest(name=name, state=state):
                    self.assertRefused(
                        lambda name=name, value=value: contract.write({name: value}),
                        f"{label} of {contract.name} cannot change any more: it has been billed",
                    )
            if state == 'posted':
                self.billing.credit(bill.invoice_id)
        contract.write({name: contract._fields[name].convert_to_write(contract[name], contract) for name, *_ in cases})
        contract.write({'description': "Barn", 'use_pro_forma': True, 'user_id': False})
        planned = self.make.contract([1000])
        self.make.plan(planned, '50%')
        planned.revenue_recognition = 'as_billed'  # planned is not billed
        opening = self.make.contract([1000])
        self.env['progress.bill'].create(
            {
                'contract_id': opening.id,
                'kind': 'opening',
                'line_ids': [Command.create({'contract_line_id': opening.line_ids.id, 'amount': 5})],
            }
        )
        self.assertRefused(lambda: opening.write({'currency_id': euro.id}), "it has been billed")

    # === LIFE === #

    def test_copy(self):
        """The schedule is copied as it was agreed; orders, bills, states and numbers are not (SEC-3)."""
        contract = self.make.by_quantity(10, 12.5, description="Windows", user_id=self.billing_user.id)
        self.make.change(contract, {'name': "More", 'amount': 50})
        self.billing.bill(contract, '25')
        contract.line_ids[0].completed_percent = 40
        copy = contract.copy()
        self.assertRecordValues(
            copy,
            [
                {
                    'state': 'draft',
                    'description': "Windows",
                    'partner_id': self.customer.id,
                    'project_id': self.project.id,
                    'user_id': self.env.uid,
                    'original_amount': 125,
                    'change_amount': 0,
                    'revised_amount': 125,
                    'draft_amount': 0,
                    'actual_amount': 0,
                    'bill_ids': [],
                    'change_ids': [],
                    'final_bill_id': False,
                }
            ],
        )
        self.assertNotEqual(copy.name, contract.name)
        self.assertRecordValues(
            copy.line_ids,
            [
                {
                    'billing_base': 'quantity',
                    'original_quantity': 10,
                    'unit_price': 12.5,
                    'completed_percent': 0,
                    'tax_ids': [],
                },
                {
                    'billing_base': 'amount',
                    'original_quantity': 0,
                    'unit_price': 0,
                    'completed_percent': 0,
                    'tax_ids': [],
                },
            ],
        )

    def test_life(self):
        """Draft, open, cancelled and back, as often as nothing is billed."""
        contract = self.make.contract([1000], do_open=False)
        for method, state in (
            ('action_open', 'open'),
            ('action_draft', 'draft'),
            ('action_draft', 'draft'),
            ('action_cancel', 'cancelled'),
            ('action_cancel', 'cancelled'),
            ('action_draft', 'draft'),
            ('action_open', 'open'),
            ('action_open', 'open'),
            ('action_cancel', 'cancelled'),
        ):
            self.assertEqual(getattr(contract, method)()['res_id'], contract.id)
            self.assertEqual(contract.state, state, method)
        self.assertRefused(contract.action_open, "It is cancelled: set it back to draft first.")

    def test_undo_asks_for_what_stands(self):
        """What was billed keeps a contract from draft and from cancelled, and is named; opening amounts do not."""
        contract = self.make.contract([1000])
        self.make.plan(contract, '10%')
        bill = self.billing.bill(contract, '400', post=False)
        for _state in ('draft', 'posted'):
            self.assertRefused(contract.action_draft, f"{contract.name} has been billed and cannot go back to draft.")
            message = self.assertRefused(contract.action_cancel, f"cancelled while these stand: {bill.display_name}.")
            self.assertNotIn("Planned", message)
            if bill.invoice_id.state == 'draft':
                bill.invoice_id.action_post()
        self.assertEqual(contract.state, 'open')
        self.billing.credit(bill.invoice_id)
        contract.action_cancel()
        self.assertEqual(contract.state, 'cancelled')

    def test_delete(self):
        """What was never billed goes with its plan, undone bills and orders (BIL-19); what was billed stays."""
        for prepare in (
            lambda contract: self.make.plan(contract, '10%'),
            lambda contract: self.make.extra(contract, 50),
            lambda contract: self.make.change(contract, {'name': "More", 'amount': 50}),
            lambda contract: self.make.extra(contract, 50).action_cancel(),
            lambda contract: self.env['progress.bill'].create(
                {
                    'contract_id': contract.id,
                    'line_ids': [Command.create({'contract_line_id': contract.line_ids[0].id, 'amount': 5})],
                }
            ),
            lambda contract: self.billing.bill(contract, '10%', post=False).invoice_id.unlink(),
            lambda contract: self.billing.run(contract, 50).invoice_id.unlink(),
        ):
            contract = self.make.contract([1000, 500])
            prepare(contract)
            parts = [contract, contract.line_ids, contract.bill_ids, contract.change_ids, contract.change_ids.line_ids]
            self.env.flush_all()
            contract.unlink()
            self.env.invalidate_all()
            self.assertEqual([len(part.exists()) for part in parts], [0] * 5)
        billed = self.make.contract([1000])
        bill = self.billing.bill(billed, '400')
        self.billing.credit(bill.invoice_id)
        self.assertRefused(billed.unlink, f"{billed.name} has been billed and cannot be deleted. Cancel it instead.")
        cancelled = self.make.contract([1000])
        self.billing.bill(cancelled, '400', post=False).invoice_id.button_cancel()
        self.assertRefused(cancelled.unlink, "has been billed and cannot be deleted")

    @freeze_time('2026-03-15')
    def test_blockers_shown(self):
        """The form lists every reason at once; nothing stands there where the contract can be billed (CON-3)."""
        project = self.make.project(name="Barn", partner_id=False, billing_method='time_materials')
        contract = self._new(project_id=project.id)
        self.assertEqual(
            contract.blockers.split('\n'),
            [
                "Set Billing Method of the project Barn to Fixed Fee.",
                "Set the customer.",
                "Enter at least one line in the schedule of values.",
            ],
        )
        project.write({'billing_method': 'fixed_fee', 'bill_time': 'not_billable'})
        contract.write({'partner_id': self.customer.id, 'line_ids': [Command.create({'name': "x"})]})
        self.assertEqual(
            contract.blockers.split('\n'),
            [
                "Set Bill Time? of the project Barn to Billable.",
                "The contract is worth nothing: enter amounts in the schedule of values.",
            ],
        )
        project.bill_time = 'billable'
        contract.line_ids.original_amount = 5
        self.assertFalse(contract.blockers)
        contract.action_open()
        self.assertFalse(contract.blockers)
        contract.action_cancel()
        self.assertEqual(contract.blockers, "It is cancelled: set it back to draft first.")

    def test_blockers_of_records(self):
        """Archived products, journals and currencies are named."""
        yen = self.setup_other_currency('JPY', rounding=1.0)
        products = self.env['product.product'].create([{'name': name, 'type': 'service'} for name in ("Roof", "Door")])
        journal = self.company_data['default_journal_sale'].copy({'code': 'PBJ'})
        journal.name = "Projects"
        contract = self.make.contract([100, 100], do_open=False, currency_id=yen.id, journal_id=journal.id)
        for line, product in zip(contract.line_ids, products, strict=True):
            line.product_id = product
        self.assertFalse(contract.blockers)
        products.active = journal.active = False
        yen.active = False
        contract.invalidate_recordset(['blockers'])
        self.assertEqual(
            contract.blockers.split('\n'),
            [
                "Replace or unarchive these products: Roof, Door.",
                "The journal Projects is archived: choose another one, or unarchive it.",
                "The currency JPY is archived: activate it.",
            ],
        )
        self.assertRefused(
            contract.action_open,
            f"{contract.name} cannot be billed:",
            "- Replace or unarchive these products: Roof, Door.",
            "- The journal Projects is archived",
        )
        self.assertEqual(contract.state, 'draft')

    def test_several_at_once(self):
        """One call opens many or none, and says for each contract why not."""
        good = self.make.contract([1000], do_open=False)
        bad = self._new(partner_id=self.customer.id)
        worse = self._new()
        message = self.assertRefused(
            (good | bad | worse).action_open,
            f"{bad.name} cannot be billed:\n- Enter at least one line in the schedule of values.",
            f"{worse.name} cannot be billed:\n- Set the customer.\n- Enter at least one line",
        )
        self.assertNotIn(good.name, message)
        self.assertEqual((good | bad | worse).mapped('state'), ['draft'] * 3)

    # === IMPORTED AND TYPED === #

    def test_import(self):
        """Contracts with their lines come in from a file, by names; a bad row says which."""
        columns = ['description', 'partner_id', 'line_ids/name', 'line_ids/original_amount', 'line_ids/item_number']
        loaded = self.env['progress.contract'].load(
            columns,
            [
                ["Barn", "Builder's Customer", "Walls", '700', 'A'],
                ['', '', "Roof", '300.5', 'B'],
            ],
        )
        self.assertFalse(loaded['messages'])
        contract = self.env['progress.contract'].browse(loaded['ids'])
        self.assertRecordValues(
            contract, [{'description': "Barn", 'partner_id': self.customer.id, 'original_amount': 1000.5}]
        )
        self.assertEqual(contract.line_ids.mapped('display_name'), ["A Walls", "B Roof"])
        for column, value, sentence in (
            ('state', 'open', "cannot be set"),
            ('revised_amount', '5', "cannot be set"),
            ('partner_id', "Nobody at all", "No matching record found"),
        ):
            with self.subTest(column=column):
                refused = self.env['progress.contract'].load(['description', column], [["Shed", value]])
                self.assertFalse(refused['ids'])
                self.assertIn(sentence, refused['messages'][0]['message'])

    def test_form(self):
        """In the form: customer and terms follow the project before anything is saved."""
        term = self.env['account.payment.term'].create({'name': "30 days"})
        self.customer.property_payment_term_id = term
        with Form(self.env['progress.contract']) as form:
            form.project_id = self.project
            self.assertEqual((form.partner_id, form.payment_term_id), (self.customer, term))
        self.assertEqual(form.record.state, 'draft')


@tagged('post_install', '-at_install')
class TestSideOfAContract(ProgressBillingCommon):
    """What follows from a customer being billed: prices, taxes, accounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.as_billed([1000], do_open=False)
        cls.product = cls.env['product.product'].create(
            {'name': "Window", 'type': 'service', 'lst_price': 115.0, 'taxes_id': False}
        )

    def test_side(self):
        self.assertRecordValues(
            self.contract,
            [
                {
                    'tax_use': 'sale',
                    'journal_type': 'sale',
                    'result_group': 'income',
                    'deposit_account_type': 'liability_current',
                    'retainage_account_type': 'asset_current',
                }
            ],
        )
        self.assertEqual((self.contract._get_move_type(), self.contract._get_ledger_sign()), ('out_invoice', -1))

    def test_untaxed_price(self):
        """List prices enter the schedule without tax, in the contract's currency, unrounded (CON-5)."""
        euro = self.setup_other_currency('EUR', rates=[('2020-01-01', 2.0)])
        included = self.make.tax("15 % incl.", 15.0, price_include_override='tax_included')
        other_company = self.env['res.company'].create({'name': "Elsewhere"})
        foreign = self.env['account.tax'].create(
            {
                'name': "Foreign",
                'amount': 50,
                'company_id': other_company.id,
                'price_include_override': 'tax_included',
                'country_id': self.company.account_fiscal_country_id.id,
                'tax_group_id': self.env['account.tax.group']
                .create({'name': "Foreign", 'company_id': other_company.id})
                .id,
            }
        )
        in_euro = self.make.contract([1000], do_open=False, currency_id=euro.id)
        for taxes, contract, price in (
            (self.env['account.tax'], self.contract, 115),
            (self.tax_15, self.contract, 115),
            (included, self.contract, 100),
            (foreign, self.contract, 115),
            (included | foreign, self.contract, 100),
            (included, in_euro, 200),
        ):
            with self.subTest(taxes=taxes.mapped('name'), currency=contract.currency_id.name):
                self.product.sudo().taxes_id = taxes
                self.env.invalidate_all()
                self.assertAlmostEqual(self.product._get_progress_unit_price(contract), price, 9)
        self.product.sudo().write({'taxes_id': [Command.set(included.ids)], 'lst_price': 10})
        self.assertAlmostEqual(self.product._get_progress_unit_price(self.contract), 10 / 1.15, 9)

    def test_result_account(self):
        """Account of the line, else of the product or its category, of the journal, of the company."""
        line = self.contract.line_ids
        accounts = [
            self.income_account.copy({'code': f'INC{number}', 'name': f"Income {number}"}) for number in range(5)
        ]
        of_company, of_journal, of_category, of_product, of_line = accounts
        journals = self.env['account.journal'].search([('company_id', '=', self.company.id), ('type', '=', 'sale')])
        line.account_id = False
        journals.default_account_id = False
        self.company.income_account_id = False
        self.product.categ_id = self.env['product.category'].create({'name': "Windows"})
        self.assertRefused(
            line._get_result_account, f"1 Line 1 of {self.contract.name} has no income account: set it on the line"
        )
        own = journals[:1].copy({'code': 'OWN', 'name': "Own", 'default_account_id': False})

        def set_own():
            own.default_account_id = of_journal
            self.contract.journal_id = own

        for act, expected in (
            (lambda: self.company.write({'income_account_id': of_company.id}), of_company),
            (lambda: journals.write({'default_account_id': of_company.id}), of_company),
            (set_own, of_journal),
            (lambda: line.write({'product_id': self.product.id}), of_company),  # a product's last resort
            (lambda: self.product.categ_id.write({'property_account_income_categ_id': of_category.id}), of_category),
            (lambda: self.product.write({'property_account_income_id': of_product.id}), of_product),
            (lambda: line.write({'account_id': of_line.id}), of_line),
        ):
            act()
            with self.subTest(expected=expected.name):
                self.assertEqual(line._get_result_account(), expected)

    def test_mapped_accounts(self):
        """A fiscal position maps the product's account, not one that a person chose on the line."""
        abroad = self.income_account.copy({'code': 'INCX', 'name': "Abroad"})
        position = self.env['account.fiscal.position'].create(
            {
                'name': "Export",
                'company_id': self.company.id,
                'account_ids': [
                    Command.create({'account_src_id': self.income_account.id, 'account_dest_id': abroad.id})
                ],
            }
        )
        self.contract.fiscal_position_id = position
        self.product.property_account_income_id = self.income_account
        line = self.contract.line_ids
        line.product_id = self.product
        self.assertEqual(line._get_result_account(), self.income_account)
        line.account_id = False
        self.assertEqual(line._get_result_account(), abroad)

    def test_levels_of_rights(self):
        """Whether somebody is Read Only, Standard or Admin on the side of all these contracts."""
        manager = new_test_user(
            self.env, login='side_manager', groups='progress_billing.group_manager', company_id=self.company.id
        )
        outsider = new_test_user(self.env, login='side_outsider', groups='base.group_user', company_id=self.company.id)
        none = self.env['progress.contract']
        for user, levels in (
            (manager, (True, True, True)),
            (self.billing_user, (True, True, False)),
            (self.reader, (True, False, False)),
            (outsider, (False, False, False)),
        ):
            for contracts in (self.contract, none, self.contract.with_user(outsider)):
                with self.subTest(user=user.login, contracts=contracts):
                    found = tuple(contracts._has_side_level(level, user) for level in ('readonly', 'user', 'manager'))
                    self.assertEqual(found, levels)
        self.assertFalse(self.contract.with_user(self.reader)._has_side_level('user'))
        self.assertTrue(self.contract.with_user(self.billing_user).sudo()._has_side_level('user'))


@tagged('post_install', '-at_install')
class TestScheduleLines(ProgressBillingCommon):
    """A line of the schedule of values: from what is typed to what it is worth."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.as_billed([1000], do_open=False)
        cls.lines = cls.env['progress.contract.line']
        cls.product = cls.env['product.product'].create(
            {
                'name': "Window",
                'default_code': 'WIN',
                'description_sale': "Double glazed",
                'type': 'service',
                'lst_price': 100.0,
                'taxes_id': [Command.set(cls.tax_15.ids)],
            }
        )

    def _line(self, **vals):
        return self.lines.create({'contract_id': self.contract.id, **vals})

    def test_from_a_product(self):
        """Name, unit, price and taxes are the product's where nothing was typed."""
        line = self._line(product_id=self.product.id, original_quantity=3)
        self.assertRecordValues(
            line,
            [
                {
                    'name': "[WIN] Window\nDouble glazed",
                    'display_name': "[WIN] Window",
                    'product_uom_id': self.product.uom_id.id,
                    'unit_price': 100,
                    'original_amount': 300,
                    'billing_base': 'amount',
                    'tax_ids': self.tax_15.ids,
                }
            ],
        )
        typed = self._line(product_id=self.product.id, name="Mine", unit_price=90, original_quantity=2)
        self.assertRecordValues(typed, [{'name': "Mine", 'unit_price': 90, 'original_amount': 180}])
        line.product_id = self.product.copy({'name': "Door", 'list_price': 70.0, 'taxes_id': False})
        self.assertRecordValues(
            line,
            [{'name': "[WIN] Window\nDouble glazed", 'unit_price': 100, 'tax_ids': self.tax_15.ids}],
        )

    def test_price_of_another_unit(self):
        """A price is by the unit that the line has."""
        dozen = self.env.ref('uom.product_uom_dozen')
        line = self.lines.new(
            {'contract_id': self.contract.id, 'product_uom_id': dozen.id, 'product_id': self.product.id}
        )
        line.product_uom_id = dozen
        line._compute_unit_price()
        self.assertEqual(line.unit_price, 1200)

    def test_worth(self):
        """Quantity times price is the amount; an amount typed alone stands; a title is worth nothing."""
        for vals, original, revised in (
            ({'original_amount': 100}, 100, 100),
            ({'original_quantity': 3, 'unit_price': 33.335}, 100.01, 100.01),
            ({'original_quantity': 3, 'unit_price': 33.335, 'billing_base': 'quantity'}, 100.01, 100.01),
            ({'original_quantity': 3}, 0, 0),
            ({'unit_price': 5}, 0, 0),
            ({'original_quantity': -3, 'unit_price': 5}, -15, -15),
            ({'billing_base': 'quantity'}, 0, 0),
            ({'display_type': 'line_section'}, 0, 0),
            ({'original_quantity': 0.333, 'unit_price': 3, 'billing_base': 'quantity'}, 0.99, 0.99),
        ):
            with self.subTest(vals=vals):
                line = self._line(name="x", **vals)
                self.assertEqual((line.original_amount, line.revised_amount), (original, revised))

    def test_empty_cells(self):
        """An empty cell of a file says nothing: base and amount are as if they were not there."""
        for empty in (False, None, ''):
            with self.subTest(empty=empty):
                line = self._line(
                    name="x", billing_base=empty, original_amount=empty, original_quantity=2, unit_price=5
                )
                self.assertRecordValues(line, [{'billing_base': 'amount', 'original_amount': 10}])

    def test_amount_of_a_quantity(self):
        """A line by quantity is worth its quantity times its price, and nothing else is taken."""
        line = self._line(name="x", billing_base='quantity', original_quantity=3, unit_price=5)
        self.assertRefused(
            lambda: line.write({'original_amount': 14}),
            "x is billed by quantity: its amount is quantity × unit price. Change those instead.",
            error=ValidationError,
        )
        line.original_amount = 15
        line.original_quantity = 4
        self.assertEqual(line.original_amount, 20)

    def test_titles_carry_nothing(self):
        section = self._line(display_type='line_section', name="House", tax_ids=[Command.set(self.tax_15.ids)])
        self.assertEqual((section.tax_ids.ids, section.original_amount), ([], 0))
        self.assertFalse(section.analytic_distribution)
        note = self.lines.new(
            {'contract_id': self.contract.id, 'display_type': 'line_note', 'product_id': self.product}
        )
        self.assertFalse(note.tax_ids)

    def test_taxes(self):
        """Taxes of the product, else of the account, of the company and the tax use, as the position maps them."""
        purchase = self.tax_15.copy({'type_tax_use': 'purchase', 'name': "Purchase"})
        account = self.income_account.copy({'code': 'TAXED', 'name': "Taxed"})
        account.tax_ids = self.tax_15 | purchase
        other = self.make.tax("5 %", 5.0)
        self.assertEqual(self._line(name="x", account_id=account.id).tax_ids, self.tax_15)
        product = self.product.create({'name': "Door", 'taxes_id': [Command.set(other.ids)]})
        both = self._line(name="x", account_id=account.id, product_id=product.id)
        self.assertEqual(both.tax_ids, other)
        typed = self._line(name="x", tax_ids=[Command.set(other.ids)])
        typed.account_id = self.income_account
        self.assertEqual(typed.tax_ids, other)
        export = self.env['account.fiscal.position'].create({'name': "Export", 'company_id': self.company.id})
        exempt = self.make.tax(
            "Exempt",
            0.0,
            fiscal_position_ids=[Command.set(export.ids)],
            original_tax_ids=[Command.set(other.ids)],
        )
        self.contract.fiscal_position_id = export
        self.assertEqual((both.tax_ids, typed.tax_ids), (exempt, other))

    def test_partners(self):
        """Customer and location are the contract's until a line has its own; the contract's next one is taken over."""
        site = self.env['res.partner'].create({'name': "Site"})
        line = self.contract.line_ids
        self.assertEqual((line.partner_id, line.partner_shipping_id.ids), (self.customer, []))
        line.partner_id = site
        self.contract.partner_shipping_id = site
        self.assertEqual((line.partner_id, line.partner_shipping_id), (site, site))
        self.assertEqual(self._line(name="x").partner_shipping_id, site)

    def test_analytic_account_of_the_project(self):
        """Lines take the project's account unless they have one."""
        own = self.analytic_account.copy({'name': "Own"})
        self.project.account_id = self.analytic_account
        contract = self.make.contract([10], do_open=False)
        self.assertEqual(contract.line_ids.analytic_distribution, {str(self.analytic_account.id): 100})
        line = self.lines.create({'contract_id': contract.id, 'name': "x", 'analytic_distribution': {str(own.id): 100}})
        self.assertEqual(line.analytic_distribution, {str(own.id): 100})
        self.assertFalse(
            self.make.contract([10], do_open=False, project=self.make.project()).line_ids.analytic_distribution
        )

    def test_names(self):
        for vals, shown, label in (
            ({'name': "Roof"}, "Roof", "Roof"),
            ({'name': "Roof\nof slate", 'item_number': "2.1"}, "2.1 Roof", "2.1 Roof\nof slate"),
        ):
            line = self._line(**vals)
            self.assertEqual((line.display_name, line._get_invoice_label()), (shown, label))
        self.assertRefused(
            lambda: self._line(name=" "),
            f"Every line of {self.contract.name} needs a description.",
            error=ValidationError,
        )

    def test_order(self):
        """Lines stand where their sequence says, and in the order they came."""
        first, second = self._line(name="A", sequence=5), self._line(name="B", sequence=5)
        third = self._line(name="C", sequence=1)
        self.contract.invalidate_recordset()
        self.assertEqual(self.contract.line_ids, third | first | second | self.contract.line_ids[-1])
        self.assertEqual(self.contract._get_last_sequence(), 10)

    def test_used_lines_stay(self):
        """What bills or orders refer to is not deleted; what was undone goes with its claims."""
        contract = self.make.contract([1000, 500, 300])
        ordered, billed, undone = contract.line_ids
        self.make.change(contract, {'contract_line_id': ordered.id, 'amount': 10}, approve=False)
        bill = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'line_ids': [Command.create({'contract_line_id': line.id, 'amount': 10}) for line in (billed, undone)],
            }
        )
        bill.action_create()
        for line in (ordered, billed):
            self.assertRefused(
                line.unlink, f"{line.display_name} cannot be deleted: bills or change orders refer to it."
            )
        bill.invoice_id.unlink()
        undone.unlink()
        self.assertEqual(bill.line_ids.contract_line_id, billed)
        self.assertEqual(contract.revised_amount, 1510 - 10)

    def test_schedule_of_an_ended_contract(self):
        """After the final, and on a cancelled contract, amounts stay and texts do not."""
        final, cancelled = self.make.contract([1000]), self.make.contract([1000])
        self.billing.final(final, post=False)
        cancelled.action_cancel()
        for contract in (final, cancelled):
            line = contract.line_ids
            for act in (
                lambda line=line: line.write({'original_amount': 5}),
                lambda line=line: line.write({'account_id': False}),
                lambda line=line: line.write({'tax_ids': [Command.set(self.tax_15.ids)]}),
                line.unlink,
                lambda contract=contract: self.lines.create({'contract_id': contract.id, 'name': "x"}),
            ):
                self.assertRefused(
                    act, f"The schedule of values of {contract.name} cannot change: it has a final invoice, or is"
                )
            line.name = "Renamed"
            self.lines.create({'contract_id': contract.id, 'name': "Remark", 'display_type': 'line_note'})

    def test_units_of_an_amount(self):
        """How many units an amount stands for: all of them for the whole worth, none on a line by amount."""
        by_quantity, by_amount = self.make.by_quantity(3, 33.335, do_open=False).line_ids, self.contract.line_ids
        self.assertEqual(by_quantity._get_units_of(100.01), 3)
        self.assertAlmostEqual(by_quantity._get_units_of(33.335), 1, 9)
        self.assertEqual((by_amount._get_units_of(500), by_amount._get_tax_worth()), (0, ()))
        free = self._line(name="x", billing_base='quantity', original_quantity=3)
        self.assertEqual((free._get_units_of(0), free._get_units_of(5)), (0, 0))

    def test_quantity_left(self):
        contract = self.make.by_quantity(10, 12.5)
        line = contract.line_ids
        for percent, quantity, amount in ((0, 10, 125), (30, 7, 87.5), (100, 0, 0)):
            if percent:
                self.billing.run(contract, percent)
            self.assertEqual((line._get_quantity_left(), line._get_amount_left()), (quantity, amount))
        self.assertEqual(self.contract.line_ids._get_quantity_left(), 0)
        fresh = self.make.by_quantity(3, 33.335).line_ids
        for amount, quantity in ((100.01, 3), (33.34, 1), (50, 1.5), (0, 0)):
            self.assertEqual(fresh._get_quantity_for(amount), quantity, amount)

    def test_price_further(self):
        """The amount of units on top of what is billed: three at 33.335 are 33.34, 33.33 and 33.34 (BIL-10)."""
        contract = self.make.by_quantity(3, 33.335)
        line, amounts = contract.line_ids, []
        for percent in (100 / 3, 200 / 3, 100):
            amounts.append(line._price_further(1))
            self.billing.run(contract, percent)
        self.assertEqual(amounts, [33.34, 33.33, 33.34])
