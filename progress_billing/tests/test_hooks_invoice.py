"""Hooks of the invoice: extended as an addon would, their answer is what the ledger gets."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.bill.account_move_line import LineType
from .test_hooks import HooksCommon


@tagged('post_install', '-at_install')
class TestHooksOfInvoices(HooksCommon):
    """What is asked and announced between a claim and its invoice."""

    def test_making_an_invoice(self):
        """Announced before, kept with, and taxed by: each once, for the bills that are invoiced."""
        contract = self.make.as_billed([1000], self.tax_15)

        def keep(result, bill):
            return {**result, 'item_description': f'Revision {result["revision"]}'}

        with (
            self._extended('progress.bill', '_before_invoices') as before,
            self._extended('progress.bill', '_prepare_invoiced_vals', keep),
            self._extended('progress.bill', '_get_invoice_taxes') as taxes,
            self._extended('progress.bill', '_keep_taxes') as kept,
        ):
            bill = self.billing.run(contract, 50)
        self.assertEqual((before, taxes, kept[0][0]), ([(bill,)], [(bill,)], bill))
        self.assertEqual([line['_bill_line'] for line in kept[0][1]['work']], [bill.line_ids])
        self.assertEqual(bill.item_description, "Revision 1")

    def test_taxes_are_asked_for_without_a_trace(self):
        """Whoever asks what an invoice would take changes nothing."""
        bill = self.billing.run(self.make.pro_forma([1000], self.tax_15, retainage_percent=10), 50)
        self.company.progress_retainage_tax = 'release'
        taxes = bill._get_invoice_taxes()
        self.assertEqual(set(taxes), {'work', 'retainage'})
        bill._prepare_invoice_vals(taxes)
        self.assertFalse(bill.line_ids.tax_amounts or bill.line_ids.retainage_tax_amounts)
        bill._keep_taxes(taxes)
        self.assertEqual(bill.line_ids.tax_amounts['amounts'], {str(self.tax_15.id): [15.0, 500.0, 75.0]})
        self.assertEqual(bill.line_ids.retainage_tax_amounts['amounts'], {str(self.tax_15.id): [15.0, -50.0, -7.5]})

    def test_lines_by_invoice_type(self):
        """Each type of invoice has its method; lines of any type are extended in one place."""
        for recognition, name in (
            ('deposit', '_prepare_deposit_line_list'),
            ('as_billed', '_prepare_progress_line_list'),
        ):
            contract = self.make.contract([1000], revenue_recognition=recognition)

            def renamed(result, bill, _taxes, name=name):
                return [{**vals, 'name': name} for vals in result]

            with self._extended('progress.bill', name, renamed):
                bill = self.billing.bill(contract, '40%', post=False)
                other = self.billing.run(contract, 90)
            self.assertEqual((bill | other).invoice_id.invoice_line_ids.mapped('name'), [name, name])
            (bill | other).invoice_id.action_post()
            with self._extended('progress.bill', '_prepare_final_line_list') as calls:
                self.billing.final(contract)
            self.assertEqual(len(calls), 1)

    def test_lines_of_every_invoice(self):
        contract = self.make.as_billed([1000])
        note = {'display_type': 'line_note', 'name': "Thank you"}
        with self._extended('progress.bill', '_prepare_invoice_line_list', lambda result, *_: [*result, note]):
            bill = self.billing.run(contract, 50)
        self.assertEqual(bill.invoice_id.invoice_line_ids.mapped('name'), ["1 Line 1", "Thank you"])

    def test_what_the_ledger_must_take(self):
        bill = self.billing.run(self.make.as_billed([1000]), 50)
        with (
            self._extended('progress.bill', '_get_expected_amounts', lambda result, _: {**result, 'fee': 10.0}),
            self.assertRaisesRegex(UserError, "not those of its progress bill"),
        ):
            bill.invoice_id.action_post()

    def test_a_type_of_line(self):
        """A type that an addon adds is checked, billed and matched as the table says."""
        items = self.env['account.move.line']
        fee = LineType('result', expected='total', scheduled=True, section='progress_revenue')
        with self._extended('account.move.line', '_get_progress_line_types', lambda result, _: {**result, 'fee': fee}):
            self.assertIn('fee', items._get_progress_types(scheduled=True))
            self.assertNotIn('fee', items._get_progress_types(analytic=True))
        self.assertEqual(items._get_progress_types(account='retainage'), ['retainage', 'holdback'])
        self.assertEqual(
            items._get_progress_types(account='deposit'),
            ['deposit', 'deposit_reversal', 'down_payment', 'down_payment_use'],
        )
        names = set(dict(items._fields['progress_line_type'].selection))
        self.assertEqual(set(items._get_progress_line_types()), names, "Every type is in the table.")

    def test_deposit_lines(self):
        contract, account = self.make.contract([1000, 500]), self.deposit_account.copy({'code': '211998'})

        def own_account(result, _bill, lines):
            return {**result, lines[0].id: account}

        with (
            self._extended('progress.bill', '_get_deposit_accounts', own_account),
            self._extended('progress.bill', '_get_deposit_share_text', lambda result, _: f'{result}, half,'),
        ):
            bill = self.billing.bill(contract, '50%', post=False)
        items = bill.invoice_id.invoice_line_ids
        self.assertRecordValues(
            items,
            [
                {'account_id': account.id, 'price_subtotal': 500},
                {'account_id': self.deposit_account.id, 'price_subtotal': 250},
            ],
        )
        for item in items:
            self.assertTrue(item.name.startswith("Deposit 50 %, half, of "))

    def test_held_lines(self):
        contract = self.make.as_billed([1000], retainage_percent=10)

        def named(result, _bill, _taxes):
            return [{**vals, 'name': "Kept until the roof is on"} for vals in result]

        with self._extended('progress.bill', '_prepare_held_line_list', named):
            bill = self.billing.run(contract, 50)
        self.assertIn("Kept until the roof is on", bill.invoice_id.invoice_line_ids.mapped('name'))

    def test_lines_beside_the_schedule(self):
        """An addon says what its lines are on the invoice; the amount due is extended in one place."""
        bill = self.billing.run(self.make.pro_forma([1000]), 50)
        bill._add_sourced_lines(
            [{'source': 'product', 'name': "Door", 'amount': 80, 'account_id': self.income_account.id}]
        )
        self.assertEqual(bill.amount_due, 580)
        with self._extended('progress.bill', '_get_amount_due', lambda result, _: result - 30):
            bill.invalidate_recordset(['amount_due'])
            self.assertEqual(bill.amount_due, 550)
        with (
            self._extended('progress.bill.line', '_get_progress_line_type', lambda *_: 'revenue'),
            self._extended(
                'progress.bill.line', '_prepare_sourced_item_vals', lambda result, *_: {**result, 'name': "Oak door"}
            ),
        ):
            bill.action_release()
        item = bill.invoice_id.invoice_line_ids[-1]
        self.assertRecordValues(item, [{'name': "Oak door", 'progress_line_type': 'revenue', 'price_subtotal': 80}])

    def test_side_of_the_lists(self):
        """The lists of what is held are of customers; an addon lists another side by its own types."""
        bill = self.billing.bill(self.make.contract([1000]), '40%')
        values = {'date': '2026-12-31', 'company_id': self.company.id}
        self.assertIn(bill, self.env['progress.deposit.wizard'].create(values).line_ids.bill_id)
        with patch.object(self.env.registry['progress.deposit.wizard'], '_get_contract_types', lambda self: ['other']):
            self.assertFalse(self.env['progress.deposit.wizard'].create(values).line_ids)

    def test_a_document_of_the_other_side(self):
        """Accounts, taxes and journal are asked of the contract: here a single answer is changed."""
        contract, other = self.make.as_billed([1000]), self.income_account.copy({'code': '400998'})
        contract.line_ids.account_id = False
        with self._extended('progress.contract', '_get_journal_account', lambda *_: other):
            bill = self.billing.run(contract, 50)
        self.assertEqual(bill.invoice_id.invoice_line_ids.account_id, other)
        with self._extended('progress.contract', '_get_default_tax', lambda *_: self.tax_15):
            contract.invalidate_recordset(['default_tax_ids'])
            self.assertEqual(contract.default_tax_ids, self.tax_15)
        line = self.env['progress.contract.line'].create(
            {'contract_id': contract.id, 'name': "More", 'tax_ids': [Command.clear()]}
        )
        self.assertEqual((line.tax_use, line.result_group), ('sale', 'income'))
