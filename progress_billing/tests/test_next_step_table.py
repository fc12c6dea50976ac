from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import ProgressBillingCommon

POSTING = 'odoo.addons.progress_billing.models.cash.progress_bill'


@tagged('post_install', '-at_install')
@freeze_time('2026-03-20 12:00:00')
class TestNextStepTable(ProgressBillingCommon):
    """What comes next, for each state a contract can be in: step, bill, words and what the button opens."""

    def assertNext(self, contract, step, text, bill=None, opens=None):
        contract.invalidate_recordset()
        self.assertEqual((contract.next_step, contract.next_step_text), (step, text))
        self.assertEqual(contract.next_bill_id, bill or self.env['progress.bill'])
        if opens:
            action = contract.action_next_step()
            self.assertEqual((action['res_model'], action.get('res_id') or None), opens)

    def test_not_open(self):
        """A draft and a cancelled contract have nothing to do; the button shows the contract."""
        contract = self.make.contract([1000], do_open=False)
        self.make.plan(contract, '50%')
        self.assertNext(contract, False, False, opens=('progress.contract', contract.id))
        contract.action_cancel()
        self.assertNext(contract, False, False)

    def test_planned(self):
        """A record that is due comes before what is pending, one of later after it; undated ones come last."""
        contract = self.make.contract([1000])
        undated = self.make.plan(contract, '5%', False)
        self.assertNext(contract, 'create', "Next: Planned record, $\xa050.00", undated)
        later = self.make.plan(contract, '10%', '2026-03-21', title="Roof")
        self.assertNext(contract, 'create', "Next: Roof, Mar 21, $\xa0100.00", later)
        contract.line_ids.pending_amount = 70
        self.assertNext(contract, 'run', "Next: Bill what is pending, $\xa070.00", opens=('progress.run.wizard', None))
        today = self.make.plan(contract, '20%', '2026-03-20', title="Walls")
        self.assertNext(contract, 'create', "Next: Walls, Mar 20, $\xa0200.00", today)
        earlier = self.make.plan(contract, '30%', '2025-12-31', title="Start")
        self.assertNext(contract, 'create', "Next: Start, Dec 31, 2025, $\xa0300.00", earlier)
        earlier.action_cancel()
        self.assertNext(contract, 'create', "Next: Walls, Mar 20, $\xa0200.00", today)
        contract.action_next_step()
        self.assertEqual((today.state, later.state, undated.state), ('invoiced', 'planned', 'planned'))

    def test_day_of_the_company(self):
        """What is due is due where the company is: in Auckland it is the 21st already."""
        contract = self.make.contract([1000])
        record = self.make.plan(contract, '10%', '2026-03-21', title="Roof")
        contract.line_ids.pending_amount = 70
        for zone, step in (('America/New_York', 'run'), ('Pacific/Auckland', 'create')):
            self.company.partner_id.tz = zone
            contract.invalidate_recordset()
            self.assertEqual(contract.next_step, step)
        self.assertEqual(contract.next_bill_id, record)

    def test_same_day(self):
        """Of two records of a day the one entered first comes first."""
        contract = self.make.contract([1000])
        first, _second = (self.make.plan(contract, '10%', '2026-05-01') for _each in range(2))
        self.assertEqual(contract.next_bill_id, first)

    def test_planned_opening_amounts_are_no_step(self):
        """What is taken over with a contract is not billed by the button."""
        contract = self.make.as_billed([1000], do_open=False)
        opening = self.env['progress.bill'].create(
            {
                'contract_id': contract.id,
                'kind': 'opening',
                'line_ids': [fields.Command.create({'contract_line_id': contract.line_ids.id, 'amount': 300})],
            }
        )
        contract.action_open()
        self.assertNotEqual(contract.next_bill_id, opening)
        self.assertNext(contract, 'claim', "Next: Create a bill", opens=('progress.claim.wizard', None))

    def test_drafts(self):
        """What is begun comes first, the oldest of it, in the words of its state; looking at it changes nothing."""
        contract = self.make.pro_forma([1000])
        second = self.make.plan(contract, '20%', '2026-02-28')
        first = self.make.plan(contract, '10%', '2026-01-31')
        (second | first).action_create()
        amount = "$\xa0100.00"
        for act, words, state in (
            (lambda: None, "Invoice pro forma", 'draft'),
            (first.action_submit, "Approve", 'submitted'),
            (lambda: first.action_reject("Roof"), "Revise", 'rejected'),
            (first.action_submit, "Approve", 'submitted'),
            (first.action_approve, "Invoice pro forma", 'approved'),
            (first.action_release, "Post invoice of", 'invoiced'),
        ):
            act()
            with self.subTest(state):
                self.assertNext(contract, 'show', f"Next: {words} {first.name}, {amount}", first)
                contract.action_next_step()
                self.assertEqual(first.state, state)
        first.action_post_invoice()
        self.assertNext(contract, 'show', f"Next: Invoice pro forma {second.name}, $\xa0200.00", second)

    def test_draft_without_a_number(self):
        """What has no number yet is called by its title."""
        contract = self.make.pro_forma([1000])
        bill = self.make.plan(contract, '10%', title="Shell")
        bill.action_create()
        bill._write_protected({'name': False})
        self.assertNext(contract, 'show', "Next: Invoice pro forma Shell, $\xa0100.00", bill)

    def test_final(self):
        """All billed, or all of the work done: the final invoice, with what is left for it."""
        billed = self.make.as_billed([1000])
        self.billing.draw(billed, 100)
        self.assertNext(billed, 'final', "Next: Final invoice")
        billed.action_next_step()
        self.assertTrue(billed.final_bill_id)
        done = self.make.contract([1000])
        self.billing.bill(done, '40%')
        done.line_ids.completed_percent = 100
        done.line_ids._write_protected({'pending_amount': 0})
        self.assertNext(done, 'final', "Next: Final invoice, $\xa0600.00")
        almost = self.make.contract([1000])
        almost.line_ids.completed_percent = 99.99
        almost.line_ids._write_protected({'pending_amount': 0})
        self.assertNext(almost, 'claim', "Next: Create a bill")

    def test_after_the_final(self):
        """What is held back is released; without retainage nothing is left to do."""
        contract = self.make.contract([1000], retainage_percent=10)
        final = self.billing.final(contract, post=False)
        self.assertNext(
            contract,
            'show',
            f"Next: Post invoice of {contract.final_bill_id.name}, $\xa01,000.00",
            contract.final_bill_id,
        )
        final.action_post()
        self.assertNext(
            contract, 'release', "Next: Release retainage, $\xa0100.00", opens=('progress.release.wizard', None)
        )
        self.billing.release(contract)
        self.assertNext(contract, False, False)
        plain = self.make.contract([1000])
        self.billing.final(plain)
        self.assertNext(plain, False, False)

    def test_retainage_alone_is_no_step_before_the_final(self):
        """While work goes on, what is held back waits."""
        contract = self.make.as_billed([1000], retainage_percent=10)
        self.billing.draw(contract, 50)
        self.assertNext(contract, 'claim', "Next: Create a bill")

    def test_seen_meanwhile(self):
        """Who presses the button of a bill that was billed meanwhile sees that bill, and bills nothing."""
        contract, other = self.make.contract([1000]), self.make.contract([500])
        first, second = self.make.plan(contract, '10%', '2026-01-31'), self.make.plan(contract, '20%', '2026-02-28')
        foreign = self.make.plan(other, '10%', '2026-01-31')
        seen = contract.with_context(active_model='progress.bill', active_id=first.id)
        first.action_create()
        first.action_post_invoice()
        action = seen.action_next_step()
        self.assertEqual((action['res_model'], action['res_id'], second.state), ('progress.bill', first.id, 'planned'))
        for context in (
            {'active_model': 'progress.bill', 'active_id': False},
            {'active_model': 'progress.bill', 'active_id': foreign.id},  # of another contract: nothing was seen here
            {'active_model': 'res.partner', 'active_id': first.id},
        ):
            with self.subTest(context), self.cr.savepoint() as savepoint:
                contract.with_context(**context).action_next_step()
                self.assertEqual(second.state, 'invoiced')
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertEqual(foreign.state, 'planned')

    def test_language(self):
        """Days and amounts as the reader writes them."""
        self.env['res.lang']._activate_lang('de_DE')
        contract = self.make.contract([10000])
        self.make.plan(contract, '12.5%', '2026-03-21', title="Dach")
        text = contract.with_context(lang='de_DE').next_step_text
        self.assertIn('21. März', text)
        self.assertIn('1.250,00', text)

    def test_billed(self):
        """Draft and invoiced together, of whatever bill."""
        contract = self.make.contract([1000])
        self.billing.bill(contract, '10%')
        self.billing.bill(contract, '20%', post=False)
        self.make.plan(contract, '30%')
        self.assertEqual((contract.draft_amount, contract.actual_amount, contract.billed_amount), (200, 100, 300))

    # === POSTING === #

    def test_who_posts(self):
        """Up to three colleagues of the company with invoicing rights, by name; of a bill that waits for them only."""
        contract = self.make.contract([1000])
        bill = self.billing.bill(contract, '10%', post=False)
        with patch(f'{POSTING}.NAMED', 0):
            self.assertEqual(bill.poster_names, "someone with invoicing rights")
        elsewhere = self.setup_other_company()['company']
        group = self.env.ref('account.group_account_invoice')
        (group.all_user_ids - self.env.user).sudo().active = False
        self.env.user.name = "Zoe"
        for name, company in (("Dora", self.company), ("Abel", elsewhere), ("Cleo", self.company)):
            new_test_user(
                self.env,
                login=f'poster_{name}',
                name=name,
                groups='account.group_account_invoice',
                company_id=company.id,
                company_ids=[fields.Command.set(company.ids)],
            )
        bill.invalidate_recordset(['poster_names'])
        self.assertEqual(bill.with_user(self.reader).poster_names, "Cleo, Dora, Zoe")
        with patch(f'{POSTING}.NAMED', 2):
            bill.invalidate_recordset(['poster_names'])
            self.assertEqual(bill.poster_names, "Cleo, Dora")
        bill.invoice_id.action_post()
        bill.invalidate_recordset(['poster_names'])
        self.assertFalse(bill.poster_names)
        self.assertFalse(self.make.plan(contract, '10%').poster_names)

    def test_undo(self):
        """Only draft invoices are undone; one that is none keeps the others as they were."""
        contract = self.make.contract([1000])
        posted = self.billing.bill(contract, '10%')
        draft = self.billing.bill(contract, '20%', '2026-02-28', post=False)
        planned = self.make.plan(contract, '10%')
        for bill in (posted, planned):
            self.assertRefused(
                (draft | bill).action_undo,
                f"{bill.display_name} has no draft invoice to undo. Credit a posted one instead.",
            )
            self.assertEqual((draft.state, draft.invoice_state), ('invoiced', 'draft'))
        self.assertEqual(draft.action_undo()['type'], 'ir.actions.act_window_close')
        self.assertEqual((draft.state, bool(draft.invoice_id)), ('planned', False))

    def test_post(self):
        """Posting what is posted already, or planned, does nothing and is no error."""
        contract = self.make.contract([1000])
        posted = self.billing.bill(contract, '10%')
        draft = self.billing.bill(contract, '20%', '2026-02-28', post=False)
        planned = self.make.plan(contract, '10%')
        (posted | draft | planned).action_post_invoice()
        self.assertEqual((posted | draft).mapped('invoice_state'), ['posted', 'posted'])
        self.assertEqual(planned.state, 'planned')

    # === FORECASTS === #

    def test_estimated_cost(self):
        """Nothing and more are costs, less is none; a copy has none."""
        contract = self.make.contract([1000], estimated_cost=0)
        self.assertRefused(
            lambda: contract.write({'estimated_cost': -0.01}),
            f"Estimated Cost of {contract.display_name} cannot be negative.",
            error=ValidationError,
        )
        contract.estimated_cost = 700
        self.assertFalse(contract.copy().estimated_cost)

    def test_expected_tax(self):
        """Of all lines, in what they are worth with change orders; of a contract without lines or taxes none."""
        tax_5 = self.make.tax("5 %", 5.0)
        contract = self.make.contract([1000, 1000], self.tax_15, do_open=False)
        self.assertEqual(contract.expected_tax_percent, 15)
        contract.line_ids[1].tax_ids = tax_5
        self.assertEqual(contract.expected_tax_percent, 10)
        contract.line_ids[1].tax_ids = False
        self.assertEqual(contract.expected_tax_percent, 7.5)
        contract.action_open()
        self.make.extra(contract, 1000)
        self.assertEqual(contract.expected_tax_percent, 10)
        self.assertEqual(self.make.contract([], do_open=False).expected_tax_percent, 0)
        unsaved = self.env['progress.contract'].new(
            {
                'company_id': self.company.id,
                'currency_id': self.company.currency_id.id,
                'line_ids': [
                    fields.Command.create(
                        {'name': "One", 'original_amount': 300, 'tax_ids': [fields.Command.link(self.tax_15.id)]}
                    ),
                    fields.Command.create({'name': "Two", 'original_amount': 100}),
                ],
            }
        )
        self.assertEqual(unsaved.expected_tax_percent, 11.25)
