from contextlib import suppress
from datetime import date
from decimal import Decimal

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import ProgressBillingCommon

NAN, INF = float('nan'), float('inf')


@tagged('post_install', '-at_install')
class TestBadInput(ProgressBillingCommon):
    """An error that says what is wrong, nothing half-written, never a traceback."""

    def _amounts(self, contract, texts, env=None):
        """``{text: planned amount}`` of planned records made with these texts."""
        bills = (env or self.env)['progress.bill']
        return {text: bills.create({'contract_id': contract.id, 'amt_pct': text}).planned_amount for text in texts}

    # === AMT/PCT === #

    def test_amt_pct_refused(self):
        """PLN-1: the text and the field are named, and nothing is planned."""
        contract = self.make.contract([10000])
        texts = [
            'abc',
            'NaN',
            'nan%',
            'inf',
            '-inf',
            'Infinity%',
            '1e999',
            '1e3',
            '1E5%',
            '-5%',
            '-5',
            '\u22125%',
            '- 5',
            '101%',
            '100.0000000001%',
            '0',
            '0%',
            '0.00',
            '0.000%',
            '1.234',
            '5.000,00',
            '5,00',
            '5,00%',
            '5 000',
            '5\u202f000',
            '1,23',
            '1,2345',
            '1,,000',
            ',500',
            '0,500',
            '5.',
            '.',
            ',',
            '%',
            '25%%',
            '25%5',
            '+5',
            '5-',
            '(5)',
            '$5',
            '0x10',
            '1_000',
            '\u0662\u0665%',
            '\u00bd',
            '9' * 40,
            '9' * 16 + '%',
            '0.001',
            '1.5.0',
            '1,000,00',
            '25 percent',
            "5'000",
            '5;6',
        ]
        for text in texts:
            with self.subTest(text=text):
                message = self.assertRefused(
                    lambda text=text: self.make.plan(contract, text), 'Amt/Pct', error=ValidationError
                )
                self.assertIn(text, message)
        self.assertFalse(contract.bill_ids)
        bill = self.make.plan(contract, '25%')
        for text in texts:
            with self.subTest(text=text), self.assertRaisesRegex(ValidationError, "Amt/Pct of"):
                bill.amt_pct = text
        self.assertRecordValues(bill, [{'amt_pct': '25%', 'planned_amount': 2500, 'state': 'planned'}])

    def test_amt_pct_accepted(self):
        contract = self.make.contract([10000])
        self.assertEqual(
            self._amounts(
                contract,
                [
                    '25%',
                    ' 25 % ',
                    '25\xa0%',
                    '5000',
                    '5,000',
                    '5,000.00',
                    '5000.5',
                    '33.333%',
                    '100%',
                    '0.01',
                    '.5%',
                    '100.000%',
                    '0.5%',
                ],
            ),
            {
                '25%': 2500,
                ' 25 % ': 2500,
                '25\xa0%': 2500,
                '5000': 5000,
                '5,000': 5000,
                '5,000.00': 5000,
                '5000.5': 5000.5,
                '33.333%': 3333.3,
                '100%': 10000,
                '0.01': 0.01,
                '.5%': 50,
                '100.000%': 10000,
                '0.5%': 50,
            },
        )

    def test_amt_pct_in_german(self):
        """PLN-1: read and shown in the language of whoever reads."""
        self.env['res.lang']._activate_lang('de_DE')
        contract = self.make.contract([10000])
        german = self.env(context={'lang': 'de_DE'})
        self.assertEqual(
            self._amounts(contract, ['5.000,00', '5000', '5.000', '12,5%', '12,5 %', '1.234', '5,5'], german),
            {'5.000,00': 5000, '5000': 5000, '5.000': 5000, '12,5%': 1250, '12,5 %': 1250, '1.234': 1234, '5,5': 5.5},
        )
        for text in ('5,000.00', '1,234', '5.00', '1.23', '5.000.0', '0.5%', '12.5%', '1.5'):
            with self.subTest(text=text):
                self.assertRefused(lambda text=text: self._amounts(contract, [text], german), 'Betrag/Prozent')
        bill = self.make.plan(contract, '1,234.50')
        self.assertEqual((bill.amt_pct, bill.with_env(german).amt_pct), ('1,234.50', '1.234,50'))
        half = self.make.plan(contract, '12.5%')
        self.assertEqual((half.amt_pct, half.with_env(german).amt_pct), ('12.5%', '12,5%'))
        bill.with_env(german).amt_pct = '1.234,50'
        self.assertEqual(bill.planned_amount, 1234.5)

    def test_amt_pct_in_the_callers_language(self):
        """PLN-1: a caller by RPC sends no language with the call; the user's own one counts."""
        self.env['res.lang']._activate_lang('de_DE')
        contract = self.make.contract([10000])
        german = new_test_user(
            self.env,
            login='billing_german',
            groups='progress_billing.group_user',
            company_id=self.company.id,
            lang='de_DE',
        )
        rpc = self.env(user=german, context={})
        self.assertEqual(self._amounts(contract, ['5.000,00', '12,5%'], rpc), {'5.000,00': 5000, '12,5%': 1250})
        self.assertRefused(lambda: self._amounts(contract, ['1,234'], rpc), '1,234')
        bill = self.make.plan(contract, '1234.50')
        self.assertEqual(bill.with_env(rpc).read(['amt_pct'])[0]['amt_pct'], '1.234,50')

    def test_amt_pct_in_french(self):
        """The narrow no-break space that French uses, and the spaces people type for it."""
        self.env['res.lang']._activate_lang('fr_FR')
        contract = self.make.contract([10000])
        french = self.env(context={'lang': 'fr_FR'})
        texts = ['5\u202f000,00', '5\xa0000,00', '5 000,00', '5000,00', '5\u2009000', '50\u202f%', '50\xa0%']
        self.assertEqual(self._amounts(contract, texts, french), dict.fromkeys(texts, 5000))
        for text in ('5 00,00', '50 00', '5.000', '5,000', '5  000', '5 000 0'):
            with self.subTest(text=text):
                self.assertRefused(lambda text=text: self._amounts(contract, [text], french), 'Amt/Pct')

    def test_amt_pct_shown_can_be_typed_again(self):
        """What a form shows is accepted when it comes back, whatever the language's grouping."""
        contract = self.make.contract([99999999])
        bill = self.make.plan(contract, '12345678.90')
        percent = self.make.plan(contract, '33.3333333333%')
        for code in (
            'en_US',
            'en_IN',
            'de_DE',
            'de_CH',
            'fr_FR',
            'es_ES',
            'pt_BR',
            'pl_PL',
            'ja_JP',
            'ar_001',
            'fa_IR',
        ):
            self.env['res.lang']._activate_lang(code)
            env = self.env(context={'lang': code})
            with self.subTest(lang=code):
                again = bill.with_env(env)
                again.amt_pct = again.amt_pct
                self.assertEqual(bill.planned_amount, 12345678.9)
                again = percent.with_env(env)
                again.amt_pct = again.amt_pct
                self.assertEqual(percent.planned_percent, 33.3333333333)

    def test_planned_amounts_by_number(self):
        """PLN-1: what Amt/Pct refuses is refused as a number too."""
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '25%')
        for vals in (
            {'planned_amount': -5},
            {'planned_amount': NAN},
            {'planned_amount': INF},
            {'planned_percent': -5},
            {'planned_percent': 101},
            {'planned_percent': NAN},
            {'planned_percent': INF},
        ):
            with self.subTest(vals=vals):
                self.assertRefused(
                    lambda vals=vals: bill.write(vals),
                    regex="is not a number|is too large|a planned percentage lies between",
                )
                self.assertRefused(
                    lambda vals=vals: bill.create({'contract_id': contract.id, **vals}),
                    regex="is not a number|is too large|a planned percentage lies between",
                )
        self.assertRecordValues(bill, [{'planned_amount': 250, 'planned_percent': 25}])

    # === AMOUNTS === #

    def test_amounts_of_the_schedule(self):
        contract = self.make.contract([1000], do_open=False)
        line = contract.line_ids
        for name in ('original_amount', 'original_quantity', 'unit_price', 'completed_percent', 'pending_amount'):
            for value in (NAN, INF, -INF):
                with self.subTest(name=name, value=value):
                    self.assertRefused(
                        lambda name=name, value=value: line.write({name: value}), regex="is not a number|is too large"
                    )
        for percent in (-0.01, 100.01, 1e15):
            with self.subTest(percent=percent):
                self.assertRefused(
                    lambda percent=percent: line.write({'completed_percent': percent}), 'Completed', 'Line 1'
                )
        self.assertRefused(lambda: line.write({'pending_amount': 1000.01}), 'Line 1')
        self.assertRefused(lambda: line.write({'pending_amount': -0.01}), 'Line 1')
        self.assertRecordValues(line, [{'original_amount': 1000, 'completed_percent': 0, 'pending_amount': 0}])

    def test_amounts_of_bill_lines(self):
        contract = self.make.contract([1000, 500])
        line = contract.line_ids[0]

        def bill(amount, **vals):
            made = self.env['progress.bill'].create(
                {
                    'contract_id': contract.id,
                    'line_ids': [Command.create({'contract_line_id': line.id, 'amount': amount, **vals})],
                }
            )
            made.action_create()
            return made

        for amount in (NAN, INF, -INF, -1, 1000.01):
            with self.subTest(amount=amount):
                self.assertRefused(
                    lambda amount=amount: bill(amount), regex="is not a number|is too large|would be billed of"
                )
        self.assertRefused(lambda: bill(1, quantity=NAN), 'Quantity')
        self.assertRefused(lambda: bill(0.004), 'enter an amount or a percentage')  # nothing once it is rounded
        self.assertEqual(bill(999.995).amount, 1000)  # in the currency's decimals

    def test_amounts_of_change_orders(self):
        contract = self.make.contract([1000])
        for vals in (
            {'amount': NAN},
            {'amount': INF},
            {'quantity': NAN},
            {'unit_price': NAN, 'billing_base': 'quantity'},
        ):
            with self.subTest(vals=vals):
                self.assertRefused(
                    lambda vals=vals: self.env['progress.contract.change'].create(
                        {'contract_id': contract.id, 'line_ids': [Command.create({'name': "More", **vals})]}
                    ),
                    regex="is not a number|is too large",
                )
        empty = self.env['progress.contract.change'].create({'contract_id': contract.id})
        self.assertRefused(empty.action_approve, empty.name)

    def test_amounts_beyond_reckoning(self):
        """SEC-7: what cannot be reckoned to the cent, or is no number at all, is refused; never a traceback."""
        contract = self.make.contract([1000], do_open=False)
        line = contract.line_ids
        for value in (1e300, -1e300, 1e16, 'abc'):
            for name in ('original_amount', 'unit_price', 'original_quantity'):
                with self.subTest(name=name, value=value):
                    vals = {name: value, **({} if name == 'original_amount' else {'billing_base': 'quantity'})}
                    self.assertRefused(lambda vals=vals: line.write(vals), regex="is not a number|is too large")
        for text in ('99999999999999.99', '999999999999999'):
            with self.subTest(text=text):
                try:
                    bill = self.make.plan(contract, text)
                except ValidationError:
                    continue
                self.assertEqual(f'{bill.planned_amount:.2f}', f'{Decimal(text):.2f}')

    # === WHAT A CONTRACT NEEDS === #

    def assertCannotBill(self, contract, *words):
        """Opening, or where it is open each door to an invoice, is refused with these words."""
        if contract.state == 'draft':
            self.assertRefused(contract.action_open, contract.name, *words)
            return
        bill = contract.bill_ids.filtered(lambda bill: bill.state == 'planned')[:1] or self.make.plan(contract, '10')
        self.assertRefused(bill.action_create, contract.name, *words)
        self.assertRefused(contract.action_create_final_invoice, contract.name, *words)
        self.assertFalse(contract.invoice_ids)

    def test_opening_needs(self):
        """CON-3: each reason by its name."""
        self.assertCannotBill(self.make.contract([0], do_open=False), "worth nothing")
        self.assertCannotBill(self.make.contract([100, -100], do_open=False), "worth nothing")
        self.assertCannotBill(self.make.contract([], do_open=False), "line")
        only_texts = self.make.contract([], do_open=False)
        only_texts.line_ids = [
            Command.create({'display_type': 'line_section', 'name': "Roof"}),
            Command.create({'display_type': 'line_note', 'name': "As agreed"}),
        ]
        self.assertCannotBill(only_texts, "line")
        bare = self.env['progress.contract'].create(
            {'company_id': self.company.id, 'line_ids': [Command.create({'name': "Work", 'original_amount': 5})]}
        )
        self.assertCannotBill(bare, "customer")
        nothing = self.env['progress.contract'].create({'company_id': self.company.id})
        self.assertCannotBill(nothing, "Set the customer.", "Enter at least one line")  # all of it at once

    def test_billing_method_and_bill_time(self):
        """CON-2: opening and every billing door name the field; a contract without a project skips it."""
        project = self.make.project(name="Hours")
        draft = self.make.contract([100], project=project, do_open=False)
        opened = self.make.contract([100], project=project)
        planned = self.make.plan(opened, '10%')
        opened.use_pro_forma = True
        pro_forma = self.make.plan(opened, '10%')
        pro_forma.action_create()
        opened.use_pro_forma = False
        for vals, field in (
            ({'billing_method': 'time_materials'}, "Billing Method"),
            ({'billing_method': 'none'}, "Billing Method"),
            ({'bill_time': 'not_billable'}, "Bill Time?"),
        ):
            with self.subTest(vals=vals):
                project.write({'billing_method': 'fixed_fee', 'bill_time': 'billable', **vals})
                self.assertRefused(draft.action_open, field, project.name)
                self.assertRefused(planned.action_create, field, project.name)
                self.assertRefused(pro_forma.action_release, field, project.name)
                self.assertRefused(opened.action_create_final_invoice, field, project.name)
        self.assertEqual((planned.state, pro_forma.state, draft.state), ('planned', 'draft', 'draft'))
        alone = self.make.contract([100], project=self.env['project.project'])
        self.billing.bill(alone, '10%')
        self.assertEqual(alone.actual_amount, 10)
        plain = self.env['project.project'].create({'name': "Plain"})
        self.assertEqual((plain.billing_method, plain.bill_time), ('none', 'billable'))

    def test_deposit_account(self):
        """DEP-3: none, or one that is no reconcilable liability: an error that says where to set it."""
        contract = self.make.contract([100])
        self.company.progress_deposit_account_id = False
        self.assertCannotBill(contract, "deposit account", "Progress Billing settings")
        self.company.progress_deposit_account_id = self.deposit_account
        self.deposit_account.reconcile = False
        self.assertCannotBill(contract, "reconciliation", self.deposit_account.code)
        self.deposit_account.reconcile = True
        self.company.progress_deposit_account_id = self.income_account
        self.assertCannotBill(contract, "Current Liabilities", self.income_account.code)
        self.company.progress_deposit_account_id = self.deposit_account
        self.deposit_account.active = False
        self.assertCannotBill(contract, self.deposit_account.code)
        self.deposit_account.active = True
        for account in (self.income_account, self.receivable_account):
            self.assertRefused(lambda account=account: contract.write({'deposit_account_id': account.id}), account.code)
        as_billed = self.make.contract([100], revenue_recognition='as_billed')
        self.company.progress_deposit_account_id = False
        self.billing.bill(as_billed, '10%')
        self.assertEqual(as_billed.actual_amount, 10)

    def test_products(self):
        product = self.env['product.product'].create({'name': "Roof", 'type': 'service'})
        contract = self.make.contract([100], line_vals={'product_id': product.id})
        product.active = False
        self.assertCannotBill(contract, "Roof")
        product.active = True
        deposit = self.env.ref('progress_billing.product_deposit')
        deposit.active = False
        self.assertCannotBill(contract, "DEPOSIT")
        deposit.write({'active': True, 'default_code': 'X'})
        self.assertCannotBill(contract, "DEPOSIT")

    def test_currency(self):
        """Without any exchange rate the invoice would be booked at 1:1."""
        currency = self.env['res.currency'].create({'name': 'XAA', 'symbol': 'XAA', 'rounding': 0.01})
        contract = self.make.contract([100], currency_id=currency.id, do_open=False)
        self.assertCannotBill(contract, "exchange rate", "XAA")
        rate = self.env['res.currency.rate'].create(
            {'currency_id': currency.id, 'rate': 2.0, 'name': '2999-01-01', 'company_id': self.company.id}
        )
        self.assertCannotBill(contract, "exchange rate", "XAA")
        rate.name = '2020-01-01'
        contract.action_open()
        rate.unlink()
        self.assertCannotBill(contract, "exchange rate", "XAA")
        self.env['res.currency.rate'].create(
            {'currency_id': currency.id, 'rate': 2.0, 'name': '2020-01-01', 'company_id': self.company.id}
        )
        currency.active = False
        self.assertCannotBill(contract, "XAA")

    def test_no_sales_journal(self):
        """No journal and no income account are errors that say so, not tracebacks."""
        contract = self.make.contract([100])
        bill = self.make.plan(contract, '10')
        journals = self.env['account.journal'].search([('type', '=', 'sale'), ('company_id', '=', self.company.id)])
        journals.active = False
        self.assertRefused(bill.action_create, "journal")
        journals.active = True
        journals.default_account_id = False
        self.company.income_account_id = False
        as_billed = self.make.contract([100], revenue_recognition='as_billed', line_vals={'account_id': False})
        self.assertRefused(self.make.plan(as_billed, '10').action_create, as_billed.name, "income account")

    # === STATES === #

    def test_draft_and_cancelled_contracts(self):
        contract = self.make.contract([100], do_open=False)
        bill = self.make.plan(contract, '10%')
        self.assertRefused(bill.action_create, contract.name, "draft")
        self.assertRefused(contract.action_create_final_invoice, contract.name, "draft")
        contract.action_cancel()
        self.assertEqual(bill.state, 'cancelled')
        with self.assertRaisesRegex(UserError, "It is cancelled"):
            bill.action_plan_again()
            bill.action_create()
        self.assertRefused(contract.action_create_final_invoice, "cancelled")
        self.assertRefused(contract.action_open, "cancelled")
        self.assertRefused(lambda: contract.line_ids.write({'original_amount': 5}), contract.name)
        contract.action_draft()
        contract.action_open()
        self.assertEqual(contract.state, 'open')

    def test_closed_contract(self):
        """RET-15: a closed contract takes nothing more."""
        contract = self.make.contract([100, 50])
        self.billing.bill(contract, '10%')
        change = self.env['progress.contract.change'].create(
            {'contract_id': contract.id, 'line_ids': [Command.create({'name': "More", 'amount': 10})]}
        )
        left = self.make.plan(contract, '10%')
        self.billing.final(contract)
        self.assertEqual(contract.state, 'closed')
        self.assertRefused(left.action_create, left.display_name, "Plan it again")
        self.assertRefused(contract.action_create_final_invoice, contract.name, "closed")
        for vals in (
            {'amt_pct': '1'},
            {'line_ids': [Command.create({'contract_line_id': contract.line_ids[0].id, 'amount': 0})]},
        ):
            with self.assertRaisesRegex(UserError, "It is closed"):
                self.env['progress.bill'].create({'contract_id': contract.id, **vals}).action_create()
        with self.assertRaisesRegex(UserError, "It is closed"):
            left.action_plan_again()
            left.action_create()
        fixed = "The schedule of values of .* cannot change"
        opening = {
            'contract_id': contract.id,
            'kind': 'opening',
            'line_ids': [Command.create({'contract_line_id': contract.line_ids[0].id, 'amount': 1})],
        }
        new_line = {'line_ids': [Command.create({'name': "x", 'original_amount': 1})]}
        for act, sentence in (
            (change.action_approve, "Its worth cannot change any more"),
            (contract.action_cancel, "cannot be cancelled while these stand"),
            (contract.action_draft, "has been billed and cannot go back to draft"),
            (contract.unlink, "has been billed and cannot be deleted"),
            (contract.action_open, "It is closed"),
            (lambda: contract.line_ids[0].write({'original_amount': 200}), fixed),
            (lambda: contract.line_ids[0].write({'unit_price': 7}), fixed),
            (contract.line_ids[0].unlink, fixed),
            (lambda: contract.write(new_line), fixed),
            (
                lambda: contract.write({'revenue_recognition': 'as_billed'}),
                "cannot change any more: it has been billed",
            ),
            (lambda: contract.write({'partner_id': self.partner_a.id}), "cannot change any more: it has been billed"),
            (lambda: self.env['progress.bill'].create(opening), "would be billed of"),
        ):
            self.assertRefused(act, regex=sentence)
        self.assertRecordValues(
            contract, [{'state': 'closed', 'revised_amount': 150, 'actual_amount': 150, 'draft_amount': 0}]
        )

    def test_twice(self):
        """BIL-21: every call can be made twice without harm, on doubled recordsets too, and returns an action."""
        contract = self.make.contract([1000], do_open=False)
        for _call in range(2):
            self.assertIn('type', contract.action_open())
        bill = self.make.plan(contract, '400')
        for _call in range(2):
            self.assertEqual(bill.action_create()['res_id'], bill.invoice_id.id)
        (bill + bill).action_create()
        self.assertEqual(len(bill.invoice_ids), 1)
        bill.invoice_id.action_post()
        self.assertIn('type', bill.action_create())
        contract.use_pro_forma = True
        pro_forma = self.make.plan(contract, '100')
        for _call in range(2):
            self.assertEqual(pro_forma.action_create()['res_model'], 'progress.bill')
        self.assertRecordValues(contract, [{'draft_amount': 100, 'actual_amount': 400}])
        for _call in range(2):
            self.assertEqual(pro_forma.action_release()['res_id'], pro_forma.invoice_id.id)
        self.assertEqual(len(pro_forma.invoice_ids), 1)
        pro_forma.invoice_id.action_post()
        first = contract.action_create_final_invoice()
        self.assertEqual(contract.action_create_final_invoice()['res_id'], first['res_id'])
        self.assertEqual(len(contract.bill_ids.filtered(lambda bill: bill.kind == 'final')), 1)
        contract.final_invoice_id.action_post()
        self.assertRefused(contract.action_create_final_invoice, "closed")
        other = self.make.contract([1])
        for _call in range(2):
            self.assertIn('type', other.action_cancel())

    def test_nothing_and_gone(self):
        """Calls on no record return an action; calls on a deleted one an error for people."""
        for model, methods in (
            ('progress.bill', ('action_create', 'action_release', 'action_cancel')),
            ('progress.contract', ('action_open', 'action_cancel', 'action_create_final_invoice')),
        ):
            for method in methods:
                with self.subTest(method=method):
                    self.assertIn('type', getattr(self.env[model], method)())
        contract = self.make.contract([1])
        bill = self.make.plan(contract, '1')
        bill.unlink()
        self.assertRefused(bill.action_create, 'does not exist or has been deleted')

    def test_all_or_nothing(self):
        """BIL-21: one bad record in a call of many leaves the good ones as they were."""
        good, bad = self.make.contract([1000]), self.make.contract([1000])
        bills = self.make.plan(good, '10%') + self.make.plan(bad, '1000.01') + self.make.plan(good, '20%')
        message = self.assertRefused(
            bills.action_create, "Invoice amount cannot exceed WIP available to bill.", bad.name
        )
        self.assertNotIn(good.name, message)
        self.assertEqual(bills.mapped('state'), ['planned'] * 3)
        self.assertFalse(
            bills.line_ids or bills.invoice_ids or any(bills.mapped('generated_on')) or any(bills.mapped('name'))
        )

    def test_half_written(self):
        """Where Odoo does not roll the call back, as inside a larger transaction, nothing is left either."""
        contract = self.make.contract([1000])
        bill = self.make.plan(contract, '1000.01')
        with suppress(UserError):
            bill.action_create()
        self.env.flush_all()
        self.assertRecordValues(bill, [{'state': 'planned', 'amount': 0, 'name': False, 'generated_on': False}])
        self.assertFalse(bill.line_ids)
        self.assertRecordValues(contract, [{'draft_amount': 0, 'wip_available': 1000}])

    def test_overplanned(self):
        """PLN-8: a plan over 100 % warns when it is planned and is refused on Create."""
        contract = self.make.contract([1000])
        plan = self.make.plan(contract, '60%') + self.make.plan(contract, '60%', '2026-02-28')
        self.assertRecordValues(contract, [{'is_overplanned': True, 'planned_amount': 1200, 'unplanned_amount': -200}])
        plan[0].action_create()
        self.assertRefused(
            plan[1].action_create, "Invoice amount cannot exceed WIP available to bill.", plan[1].display_name
        )
        plan[1].amt_pct = '40%'
        self.assertFalse(contract.is_overplanned)
        plan[1].action_create()
        self.assertEqual(contract.wip_available, 0)
        together = self.make.contract([1000])
        both = self.make.plan(together, '60%') + self.make.plan(together, '60%')
        self.assertRefused(both.action_create, "Invoice amount cannot exceed WIP available to bill.")

    def test_no_amount(self):
        contract = self.make.contract([1000])
        for vals in ({}, {'amt_pct': False}, {'amt_pct': ''}, {'amt_pct': '  '}):
            bill = self.env['progress.bill'].create({'contract_id': contract.id, **vals})
            self.assertRefused(bill.action_create, "Amt/Pct", bill.display_name)

    def test_bill_without_date(self):
        """A bill made by hand need not have a date: it is invoiced today, and the final invoice still works."""
        contract = self.make.contract([1000])
        undated = self.billing.bill(contract, '10%', False, trigger='manual')
        self.billing.bill(contract, '20%', '2026-01-31')
        self.assertEqual(undated.invoice_id.invoice_date, self.company._get_progress_today())
        self.billing.final(contract)
        self.assertDeposits(contract, 0)

    # === TOGETHER AS ONE BY ONE === #

    def test_percents_billed_in_one_call(self):
        """BIL-12: rounding is cumulative, whether records are billed one by one or together."""
        contract = self.make.contract([100.01])
        plan = self.env['progress.bill'].concat(
            *(self.make.plan(contract, '25%', f'2026-0{month}-28') for month in (1, 2, 3, 4))
        )
        plan.action_create()
        self.assertEqual(plan.mapped('amount'), [25.00, 25.01, 25.00, 25.00])
        halves = self.make.contract([100.01])
        plan = self.make.plan(halves, '50%') + self.make.plan(halves, '50%')
        plan.action_create()
        self.assertEqual(halves.wip_available, 0)

    def test_lines_billed_in_one_call(self):
        """BIL-11: the second record of a call spreads over what the first one left."""
        contract = self.make.contract([33.33, 33.34, 33.33, 0.05])
        plan = self.make.plan(contract, '50') + self.make.plan(contract, '50.05')
        plan.action_create()
        self.assertEqual(contract.wip_available, 0)
        self.assertEqual([line._get_amount_left() for line in contract.line_ids], [0, 0, 0, 0])
        units = self.make.by_quantity(4, 25)
        units.line_ids = [Command.create({'display_type': 'line_section', 'name': "Roof", 'sequence': 0})]
        bill = self.make.plan(units, '50')
        bill.action_create()
        self.assertEqual([(line.amount, line.quantity) for line in bill.line_ids], [(50, 2)])

    def test_taxes_billed_in_one_call(self):
        """TAX-1: 10.03 three times at 15 % takes 1.50, 1.51 and 1.50, in one call too."""
        contract = self.make.contract([30.09], self.tax_15)
        plan = self.env['progress.bill'].concat(
            *(self.make.plan(contract, '10.03', f'2026-0{month}-28') for month in (1, 2, 3))
        )
        plan.action_create()
        self.assertEqual(plan.mapped('invoice_id.amount_tax'), [1.50, 1.51, 1.50])

    # === AS ODOO'S OWN INVOICES DO === #

    @freeze_time('2026-06-10')
    def test_lock_date(self):
        """PER-7: due 31 May, May locked, billed 10 June: the invoice date stays, the entry moves into June."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.make.plan(contract, '10%', '2026-05-31')
        self.company.fiscalyear_lock_date = date(2026, 5, 31)
        bill.action_create()
        self.assertEqual(bill.invoice_id.invoice_date, date(2026, 5, 31))
        bill.invoice_id.action_post()
        self.assertRecordValues(bill.invoice_id, [{'invoice_date': date(2026, 5, 31), 'state': 'posted'}])
        self.assertGreater(bill.invoice_id.date, date(2026, 5, 31))
        self.assertEqual(contract.actual_amount, 100)

    @freeze_time('2026-06-10')
    def test_locked_deposit_stays(self):
        """A deposit in a locked period cannot be reset; the final invoice is made all the same."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '10%', '2026-05-31')
        self.company.fiscalyear_lock_date = date(2026, 5, 31)
        self.assertRefused(bill.invoice_id.button_draft, 'Global Lock Date')
        self.assertEqual(contract.actual_amount, 100)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (900, 135))
        self.assertDeposits(contract, 0)

    @freeze_time('2026-06-10')
    def test_payment_terms(self):
        terms = self.env['account.payment.term'].create(
            {
                'name': "Halves",
                'line_ids': [
                    Command.create({'value': 'percent', 'value_amount': 50, 'nb_days': 0}),
                    Command.create({'value': 'percent', 'value_amount': 50, 'nb_days': 30}),
                ],
            }
        )
        self.customer.property_payment_term_id = terms
        contract = self.make.contract([1000], self.tax_15)
        self.assertEqual(contract.payment_term_id, terms)
        bill = self.billing.bill(contract, '40%', '2026-06-01')
        self.assertEqual(bill.invoice_id.invoice_payment_term_id, terms)
        due = bill.invoice_id.line_ids.filtered(lambda line: line.account_id == self.receivable_account)
        self.assertEqual(
            sorted(zip(due.mapped('date_maturity'), due.mapped('balance'), strict=True)),
            [(date(2026, 6, 1), 230), (date(2026, 7, 1), 230)],
        )
        final = self.billing.final(contract)
        due = final.line_ids.filtered(lambda line: line.account_id == self.receivable_account)
        self.assertEqual(sum(due.mapped('balance')), 690)
        self.assertEqual(len(due), 2)

    def test_fiscal_position(self):
        """Taxes and income accounts of products are mapped as on Odoo's own invoices."""
        export = self.env['account.fiscal.position'].create({'name': "Export", 'company_id': self.company.id})
        exempt = self.make.tax(
            "Exempt",
            0.0,
            fiscal_position_ids=[Command.set(export.ids)],
            original_tax_ids=[Command.set(self.tax_15.ids)],
        )
        income = self.income_account.copy({'code': 'EXPINC', 'name': "Export income"})
        export.account_ids = [Command.create({'account_src_id': self.income_account.id, 'account_dest_id': income.id})]
        product = self.env['product.product'].create(
            {
                'name': "Roof",
                'type': 'service',
                'taxes_id': [Command.set(self.tax_15.ids)],
                'property_account_income_id': self.income_account.id,
            }
        )
        self.customer.property_account_position_id = export
        contract = self.env['progress.contract'].create(
            {
                'project_id': self.project.id,
                'partner_id': self.customer.id,
                'line_ids': [Command.create({'product_id': product.id, 'original_amount': 1000})],
            }
        )
        self.assertEqual((contract.fiscal_position_id, contract.line_ids.tax_ids), (export, exempt))
        contract.action_open()
        bill = self.billing.bill(contract, '40%')
        self.assertRecordValues(
            bill.invoice_id, [{'fiscal_position_id': export.id, 'amount_tax': 0, 'amount_untaxed': 400}]
        )
        self.assertEqual(bill.invoice_id.invoice_line_ids.account_id, self.deposit_account)
        final = self.billing.final(contract)
        self.assertEqual(self.books.of(final)[income][0], -1000)
        self.assertDeposits(contract, 0)

    def test_cash_rounding(self):
        """Rounding the total to five cents is the accountant's; the deposit and the figures keep their cents."""
        rounding = self.env['account.cash.rounding'].create(
            {
                'name': "Five cents",
                'rounding': 0.05,
                'strategy': 'add_invoice_line',
                'rounding_method': 'HALF-UP',
                'profit_account_id': self.income_account.id,
                'loss_account_id': self.company_data['default_account_expense'].id,
            }
        )
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '10.03', post=False)
        bill.invoice_id.invoice_cash_rounding_id = rounding
        bill.invoice_id.action_post()
        self.assertEqual((bill.invoice_id.amount_total, contract.actual_amount), (11.55, 10.03))
        self.assertDeposits(contract, 10.03)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (989.97, 148.50))
        self.assertDeposits(contract, 0)

    def test_payment_matched_and_reset(self):
        """A paid deposit that is reset leaves actual; it can be posted again, and the payment is still matched."""
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '400')
        move = bill.invoice_id
        self.env['account.payment.register'].with_context(active_model='account.move', active_ids=move.ids).create(
            {'payment_date': fields.Date.today()}
        )._create_payments()
        self.assertIn(move.payment_state, ('paid', 'in_payment'))
        move.button_draft()
        self.assertRecordValues(contract, [{'draft_amount': 400, 'actual_amount': 0, 'deposit_balance': 0}])
        move.action_post()
        self.assertDeposits(contract, 400)
        self.billing.final(contract)
        self.assertDeposits(contract, 0)
        self.assertEqual(self.books.balance(self.receivable_account, contract), 690)

    def test_rate_of_a_draft_changed(self):
        """TAX-2, DEP-7: date or rate of a draft deposit changed by hand; both currencies come to zero."""
        currency = self.setup_other_currency(
            'EUR', rates=[('2026-01-01', 2.0), ('2026-02-01', 1.6), ('2026-03-01', 1.25)]
        )
        contract = self.make.contract([1000.00, 333.33], self.tax_15, currency_id=currency.id)
        first = self.billing.bill(contract, '33.33%', '2026-01-10', post=False).invoice_id
        first.invoice_date = '2026-02-10'
        first.action_post()
        second = self.billing.bill(contract, '20%', '2026-02-10', post=False).invoice_id
        second.invoice_currency_rate = 3.0
        second.action_post()
        final = self.billing.final(contract, date='2026-03-10')
        self.assertEqual(self.books.balance(self.deposit_account, contract), 0)
        lines = contract.invoice_ids.line_ids.filtered(lambda line: line.account_id == self.deposit_account)
        self.assertEqual(round(sum(lines.mapped('amount_currency')), 2), 0)
        self.assertTrue(all(lines.mapped('reconciled')))
        self.assertEqual(final.amount_untaxed, 622.27)

    def test_tax_changed_on_the_way(self):
        """TAX-2: a changed rate or tax starts a new sum; the deposit is reversed with the tax it took."""
        tax = self.make.tax("Changing", 10.0)
        contract = self.make.contract([1000], tax)
        first = self.billing.bill(contract, '400').invoice_id
        self.assertEqual(first.amount_tax, 40)
        tax.amount = 20
        second = self.billing.bill(contract, '100').invoice_id
        self.assertEqual(second.amount_tax, 20)
        contract.line_ids.tax_ids = self.tax_15
        third = self.billing.bill(contract, '100').invoice_id
        self.assertEqual(third.amount_tax, 15)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (400, 150 - 40 - 20 - 15))
        self.assertDeposits(contract, 0)

    def test_archived_on_the_way(self):
        """A tax archived before the final counts on as on Odoo's own invoices; so does the customer."""
        contract = self.make.contract([1000], self.tax_15)
        self.billing.bill(contract, '400')
        self.tax_15.active = False
        self.customer.active = False
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (600, 90))
        self.assertDeposits(contract, 0)

    def test_other_deposit_account_on_the_way(self):
        """A deposit account changed between two deposits: each is reversed where it was booked."""
        contract = self.make.contract([1000])
        self.billing.bill(contract, '400')
        other = self.deposit_account.copy({'code': 'DEP2', 'name': "Other deposits", 'reconcile': True})
        self.company.progress_deposit_account_id = other
        self.billing.bill(contract, '100')
        self.assertEqual((self.books.balance(self.deposit_account), self.books.balance(other)), (-400, -100))
        self.billing.final(contract)
        self.assertEqual((self.books.balance(self.deposit_account), self.books.balance(other)), (0, 0))

    def test_hashed_journal(self):
        """DEP-11: locked entries allow only credit notes; a credited final reopens the contract."""
        self.company_data['default_journal_sale'].restrict_mode_hash_table = True
        contract = self.make.contract([1000], self.tax_15)
        bill = self.billing.bill(contract, '400')
        final = self.billing.final(contract)
        self.assertRefused(final.button_draft, 'locked journal entry')
        self.assertRefused(bill.invoice_id.button_draft, 'locked journal entry')
        self.billing.credit(final)
        self.assertEqual(contract.state, 'open')
        self.assertDeposits(contract, 400)
        self.assertEqual(self.billing.final(contract).amount_untaxed, 600)
        self.assertDeposits(contract, 0)

    def test_lines_by_hand_stay_out(self):
        """BIL-4: lines added to an invoice or credit note, and invoices by hand, never enter the figures."""
        contract = self.make.contract([1000], self.tax_15)
        extra = {'name': "Stamps", 'price_unit': 5, 'account_id': self.income_account.id, 'tax_ids': False}
        bill = self.billing.bill(contract, '400', post=False)
        bill.invoice_id.invoice_line_ids = [Command.create(extra)]
        bill.invoice_id.action_post()
        self.assertDeposits(contract, 400)
        by_hand = self.init_invoice('out_invoice', partner=self.customer, amounts=[70], post=True)
        self.assertEqual((contract.actual_amount, by_hand.progress_contract_id.id), (400, False))
        credit = bill.invoice_id._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}])
        credit.invoice_line_ids = [Command.create({**extra, 'price_unit': 7})]
        credit.action_post()
        self.assertEqual((contract.actual_amount, bill.state), (0, 'planned'))
        self.assertDeposits(contract, 0)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (1000, 150))

    def test_credit_notes_in_pieces(self):
        """A deposit credited in pieces down to nothing is billable again, to the cent."""
        contract = self.make.contract([100.01, 50], self.tax_15)
        bill = self.billing.bill(contract, '100.01')
        for amount in (33.33, 33.33, 33.35):
            self.billing.credit(bill.invoice_id, amount)
        self.assertRecordValues(contract, [{'actual_amount': 0, 'wip_available': 150.01, 'deposit_balance': 0}])
        self.assertEqual(contract.line_ids.mapped('actual_amount'), [0, 0])
        self.assertEqual(self.books.balance(self.deposit_account), 0)
        final = self.billing.final(contract)
        self.assertEqual((final.amount_untaxed, final.amount_tax), (150.01, 22.5))
        self.assertEqual(self.books.of(contract.invoice_ids)[self.income_account][0], -150.01)
