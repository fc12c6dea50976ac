from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestEdits(ProgressBillingCommon):
    """Two people at one record: what somebody else changed since is not overwritten without a word."""

    def _save(self, record, vals, seen):
        """Save a change as a form does that was loaded after ``seen`` edits."""
        record.web_save({**vals, 'edit_seen': seen + 1}, {'edit_count': {}})
        self.env.flush_all()

    def assertOutdated(self, record, vals, seen):
        self.assertRefused(lambda: self._save(record, vals, seen), "changed by somebody else")
        self.env.invalidate_all()

    def test_schedule_line(self):
        """Percentages and amounts of a schedule line."""
        line = self.make.contract([1000, 500]).line_ids[0]
        for name, mine, theirs in (
            ('completed_percent', 30, 40),
            ('pending_amount', 300, 400),
            ('stored_amount', 10, 20),
            ('original_amount', 1100, 1200),
        ):
            with self.subTest(name=name):
                seen = line.edit_count
                line[name] = theirs
                self.assertOutdated(line, {name: mine}, seen)
                self.assertEqual(line[name], theirs)
                self._save(line, {name: mine}, line.edit_count)
                self.assertEqual(line[name], mine)

    def test_schedule_in_the_contract(self):
        """Lines edited in the contract, or on the Billing tab: only those that somebody else changed are refused."""
        contract = self.make.contract([1000, 500])
        line, other = contract.line_ids
        rows = [[1, line.id, {'completed_percent': 30, 'edit_seen': 1}]]
        other.completed_percent = 10
        contract.web_save({'line_ids': rows}, {})
        self.assertEqual((line.completed_percent, other.completed_percent), (30, 10))
        for record, name in ((contract, 'line_ids'), (self.project, 'progress_line_ids')):
            self.project.progress_contract_id = contract
            self.assertRefused(
                lambda record=record, name=name: record.web_save({name: rows}, {}), "changed by somebody else"
            )

    def test_what_billing_does_is_no_edit(self):
        contract = self.make.as_billed([1000])
        line = contract.line_ids
        line.completed_percent = 50
        seen = line.edit_count
        bill = self.billing.run(contract)
        bill.invoice_id.action_post()
        self._save(line, {'completed_percent': 60}, seen)
        self.assertBuckets(line, 100, 0, 500, 60)

    def test_callers_that_send_nothing(self):
        """Other programs write as ever; lists that change many lines at once too."""
        lines = self.make.contract([1000, 500]).line_ids
        lines.write({'completed_percent': 10})
        lines[0].write({'completed_percent': 20})
        lines.write({'completed_percent': 30, 'edit_seen': 1})
        self.assertEqual(lines.mapped('completed_percent'), [30, 30])

    def test_claim_of_a_pro_forma(self):
        line = self.billing.run(self.make.pro_forma([1000]), 50).line_ids
        line.amount = 400
        self.assertOutdated(line, {'amount': 450}, line.edit_count - 1)
        self.assertEqual(line.amount, 400)
        self._save(line, {'amount': 450}, line.edit_count)
        self.assertEqual(line.amount, 450)


@tagged('post_install', '-at_install')
class TestEditTour(ProgressBillingCommon, HttpCase):
    """In the browser: the form says what it has seen."""

    def test_two_at_a_form(self):
        line = self.make.contract([1000]).line_ids
        self.env.ref('base.user_admin').company_ids |= self.company
        self.env.ref('base.user_admin').company_id = self.company
        self.start_tour(f'/odoo/progress.contract.line/{line.id}', 'progress_billing_edit_tour', login='admin')
        self.env.invalidate_all()
        self.assertEqual(line.completed_percent, 40)


@tagged('post_install', '-at_install')
class TestWithoutSense(ProgressBillingCommon):
    """What makes no sense is refused when it is entered, and not when somebody stumbles over it."""

    def test_archived_journal(self):
        """A bill that nobody could post is not made."""
        journal = self.company_data['default_journal_sale'].copy({'name': "Old", 'code': 'OLD'})
        contract = self.make.contract([1000], journal_id=journal.id)
        journal.active = False
        bill = self.make.plan(contract, '10%')
        self.assertRefused(bill.action_create, "is archived: choose another")
        self.assertIn("archived", contract.blockers)
        draft = self.make.contract([1000], journal_id=journal.id, do_open=False)
        self.assertRefused(draft.action_open, "is archived")

    def test_schedule_of_the_automatic_run(self):
        soon = fields.Datetime.now() + relativedelta(days=1)
        for vals in (
            {'interval_number': 10**9},
            {'interval_number': 0},
            {'interval_number': -5},
            {'next_run': '9999-12-31 00:00:00'},
        ):
            with self.subTest(vals=vals):
                self.assertRefused(
                    lambda vals=vals: self.env['progress.automation'].create({'next_run': soon, **vals}),
                    "automatic billing",
                )

    def test_final_of_nothing(self):
        """An empty draft has no final invoice, and says so."""
        contract = self.env['progress.contract'].create({'partner_id': self.customer.id, 'company_id': self.company.id})
        self.assertRefused(contract.action_create_final_invoice, "It is a draft")
        empty = self.make.contract([1000])
        empty.line_ids.unlink()
        self.assertRefused(empty.action_create_final_invoice, "at least one line")

    def test_closed_contract_stays(self):
        contract = self.make.contract([1000], self.tax_15)
        self.billing.final(contract)
        self.assertEqual(contract.state, 'closed')
        line = contract.line_ids
        for vals in (
            {'tax_ids': False},
            {'completed_percent': 50},
            {'pending_amount': 5},
            {'stored_amount': 5},
            {'original_amount': 900},
            {'account_id': False},
        ):
            with self.subTest(vals=vals):
                self.assertRefused(
                    lambda vals=vals: line.write(vals), regex="takes no progress any more|The schedule of values of"
                )
        export = self.env['account.fiscal.position'].create({'name': "Export", 'company_id': self.company.id})
        self.assertRefused(lambda: contract.write({'fiscal_position_id': export.id}), "is closed")

    def test_taxes_of_a_draft(self):
        """A draft's tax is what its lines say: 1,200.00 is not posted as 0.01."""
        contract = self.make.contract([8000], self.tax_15)
        move = self.billing.final(contract, post=False)
        self.assertEqual(move.amount_tax, 1200)
        totals = move.tax_totals
        totals['subtotals'][0]['tax_groups'][0]['tax_amount_currency'] = 0.01
        self.assertRefused(
            lambda: (move.write({'tax_totals': totals}), move.action_post()), "are not those of its progress bill"
        )
        move.action_post()
        self.assertEqual(move.amount_total, 9200)

    def test_taxes_with_a_line_by_hand(self):
        """Lines that people add have their taxes too."""
        contract = self.make.contract([1000], self.tax_15)
        move = self.billing.bill(contract, '50%', post=False).invoice_id
        move.write(
            {'invoice_line_ids': [(0, 0, {'name': "Fee", 'price_unit': 10, 'tax_ids': [(6, 0, self.tax_15.ids)]})]}
        )
        move.action_post()
        self.assertEqual((move.amount_untaxed, move.amount_tax), (510, 76.5))

    def test_unit_of_a_line(self):
        """Another unit would price the line anew."""
        contract = self.make.contract([1000], self.tax_15)
        move = self.billing.bill(contract, '50%', post=False).invoice_id
        dozen = self.env.ref('uom.product_uom_dozen')
        self.assertRefused(lambda: move.invoice_line_ids.write({'product_uom_id': dozen.id}), "stands for")
        self.assertEqual(move.amount_total, 575)

    def test_deposit_matched_by_hand(self):
        """A deposit that was matched with another entry is named, and not left open behind the final invoice."""
        contract = self.make.contract([5000])
        bill = self.billing.bill(contract, '2000')
        deposit = bill.invoice_id.line_ids.filtered(lambda item: item.account_id == self.deposit_account)
        entry = self.env['account.move'].create(
            {
                'move_type': 'entry',
                'journal_id': self.company_data['default_journal_misc'].id,
                'line_ids': [
                    (0, 0, {'account_id': self.deposit_account.id, 'partner_id': self.customer.id, 'debit': 2000}),
                    (0, 0, {'account_id': self.income_account.id, 'credit': 2000}),
                ],
            }
        )
        entry.action_post()
        other = entry.line_ids.filtered('debit')
        final = self.billing.final(contract, post=False)
        (deposit + other).reconcile()
        self.assertRefused(final.action_post, entry.name)
        final.unlink()
        self.assertRefused(contract.action_create_final_invoice, entry.name)
        (deposit + other).remove_move_reconcile()
        self.billing.final(contract)
        self.assertEqual(self.books.balance(self.deposit_account), 2000)  # the entry by hand, for whoever made it

    def test_deposit_credited_at_another_rate(self):
        """The exchange entry of a deposit and its credit note is Odoo's: it stops no final invoice (DEP-19)."""
        foreign = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-02-01', 4.0)])
        contract = self.make.contract([1000], currency_id=foreign.id)
        move = self.billing.bill(contract, '400').invoice_id
        move._reverse_moves([{'invoice_date': '2026-02-15', 'date': '2026-02-15'}], cancel=True)
        deposit = move.line_ids.filtered(lambda item: item.account_id == self.deposit_account)
        self.assertTrue(deposit.reconciled and deposit.matched_debit_ids.exchange_move_id)
        self.billing.final(contract)
        self.assertEqual(contract.state, 'closed')
        self.assertEqual(self.books.of_contract(contract, self.deposit_account), 0)

    def test_deposit_matched_with_another_contract(self):
        """Two contracts that end in one call: what one's deposit was matched with is not the other's (DEP-19)."""
        first, second = self.make.contract([1000]), self.make.contract([1000])
        deposit = self.billing.bill(first, '400').invoice_id
        credit = self.billing.credit(self.billing.bill(second, '400').invoice_id)
        items = (deposit | credit).line_ids.filtered(lambda item: item.account_id == self.deposit_account)
        items.remove_move_reconcile()  # the credit note, from what it took back
        items.reconcile()
        self.assertRefused((first | second).action_create_final_invoice, "are matched with", credit.name)
