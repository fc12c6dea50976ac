from odoo import Command
from odoo.exceptions import AccessError
from odoo.modules import get_module_path
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools import SQL

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestOwnerShares(ClaimCommon):
    """What is left for the owner follows from what was billed: revised claims, moved lines, bills undone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls._bill_owner(retainage_percent=10)

    def _fill(self):
        before = self.owner.bill_ids
        self.project.action_bill_owner_from_claims()
        return self.owner.bill_ids - before

    def _revise(self, claim, *amounts):
        """The claim is corrected: other amounts, approved and billed again."""
        claim.invoice_id.filtered(lambda move: move.state == 'draft').action_post()
        claim.action_correct()
        for line, amount in zip(claim.line_ids, amounts, strict=True):
            line.amount = amount
        claim.action_submit()
        claim.action_approve()

    def _assert_nothing_waits(self):
        self.assertRefused(self.project.action_bill_owner_from_claims, "no approved claim waits")

    def test_revised_upwards(self):
        """1,000 billed to the owner, corrected to 1,250.01: 250.01 more, once; nothing while it is being revised."""
        claim = self._claim(self.contract, 1000, 500, post=True)
        self.billing.to_ledger(self._fill())
        claim.action_correct()
        claim.line_ids[0].amount = 1250.01
        self._assert_nothing_waits()
        claim.action_submit()
        claim.action_approve()
        bill = self._fill()
        self.assertRecordValues(bill.line_ids, [{'amount': 250.01, 'retainage_amount': 25}])
        self._assert_nothing_waits()
        bill.action_cancel()
        self.assertEqual(self._fill().line_ids.mapped('amount'), [250.01], "That is free again, and that alone.")

    def test_revised_downwards(self):
        """1,000 billed, corrected to 700, then to 900: 300 back, then 200 more, each with its retainage."""
        claim = self._claim(self.contract, 1000, post=True)
        self.billing.to_ledger(self._fill())
        for amount, expected in ((700, {'amount': -300, 'retainage_amount': -30}), (900, {'amount': 200})):
            self._revise(claim, amount)
            bill = self._fill()
            self.assertRecordValues(bill.line_ids, [expected])
            self.billing.to_ledger(bill)
            self._assert_nothing_waits()
        self.assertEqual(self.owner.actual_amount, 900)

    def test_revised_while_the_owners_bill_is_a_draft(self):
        """The draft that has the claim follows it: one row for the claim and the bill."""
        claim = self._claim(self.contract, 1000, post=True)
        bill = self._fill()
        self._revise(claim, 1100)
        self.assertFalse(self._fill())
        self.assertRecordValues(bill.line_ids, [{'amount': 1100, 'retainage_amount': 110}])
        self.assertRecordValues(
            claim.line_ids.owner_share_ids,
            [{'bill_id': bill.id, 'amount': 1100, 'retainage_amount': 110, 'owner_amount': 1100}],
        )

    # === MOVED === #

    def test_moved_to_another_line(self):
        """Billed on one line of the owner's contract, then moved: what is revised goes where the owner was billed."""
        claim = self._claim(self.contract, 1000, post=True)
        first = self._fill()
        self.billing.to_ledger(first)
        self.contract.line_ids[0].owner_line_id = self.owner.line_ids[1]
        self.billing.credit(claim.invoice_id)
        bill = self._fill()
        self.assertRecordValues(
            bill.line_ids, [{'contract_line_id': first.line_ids.contract_line_id.id, 'amount': -1000}]
        )

    def test_moved_to_another_contract(self):
        """1,000 on a contract of the owner, revised to 1,200 and 900 on the next: 200 there, given back there alone."""
        claim = self._claim(self.contract, 1000, post=True)
        self.billing.to_ledger(self._fill())
        following = self.make.pro_forma([80000, 50000])
        for sub, owner in zip(self.contract.line_ids, following.line_ids, strict=True):
            sub.owner_line_id = owner
        self._revise(claim, 1200)
        self.project.action_bill_owner_from_claims()
        self.assertEqual(following.bill_ids.line_ids.mapped('amount'), [200])
        self.billing.to_ledger(following.bill_ids)
        self._revise(claim, 900)
        self.project.action_bill_owner_from_claims()
        self.assertEqual(following.bill_ids.line_ids.mapped('amount'), [200, -200])
        self._assert_nothing_waits()
        self.assertEqual(len(self.owner.bill_ids), 1)

    def test_no_line_of_the_owner(self):
        """Without a line of the owner nothing more is billed, and nothing given back."""
        claim = self._claim(self.contract, 1000, post=True)
        self.billing.to_ledger(self._fill())
        self.contract.line_ids.owner_line_id = False
        self.billing.credit(claim.invoice_id)
        self._assert_nothing_waits()

    # === UNDONE === #

    def test_a_bill_that_comes_back(self):
        """1,000 on a bill that was cancelled are on the next; where the first is billed after all, one goes back."""
        self.owner.use_pro_forma = False
        claim = self._claim(self.contract, 1000)
        first = self._fill()
        first.action_cancel()
        second = self._fill()
        self.assertEqual((claim.owner_bill_ids, claim.owner_left_amount), (second, 0))
        first.action_plan_again()
        self.assertEqual((claim.owner_bill_ids, claim.owner_left_amount), (first | second, -1000))
        bill = self._fill() or (first | second)
        self.assertEqual(sum((first | second | bill).line_ids.mapped('amount')), 1000)
        self._assert_nothing_waits()

    def test_materials_stored(self):
        """1,000 stored, corrected to 600: the owner's next bill says 600."""
        claim = self._accepted()
        line = claim.line_ids[0]
        self._answer(claim, 'submit', **{**self._work(claim, '500'), f'stored_{line.id}': '1000'})
        claim.action_approve()
        claim.invoice_id.action_post()
        self.billing.to_ledger(self._fill())
        claim.action_correct()
        line.stored_amount = 600
        claim.action_submit()
        claim.action_approve()
        bill = self._fill()
        self.assertRecordValues(bill.line_ids, [{'amount': 0, 'stored_amount': 600}])
        self.assertEqual(bill.invoiced_amount, -400)
        self._assert_nothing_waits()

    def test_credited_in_part(self):
        """300 of a vendor bill of 1,000 credited by hand, with 30 of its retainage: the owner gets it back."""
        claim = self._claim(self.contract, 1000, post=True)
        self.billing.to_ledger(self._fill())
        refund = claim.invoice_id._reverse_moves([{'invoice_date': claim.date, 'date': claim.date}])
        amounts = {1000: 300, 100: 30}
        for line in refund.invoice_line_ids:
            line.price_unit = amounts[round(line.price_unit)]
        refund.action_post()
        self.assertRecordValues(self._fill().line_ids, [{'amount': -300, 'retainage_amount': -30}])
        self._assert_nothing_waits()

    def test_exact_in_another_currency(self):
        """100.00 at 3 are 33.33, 200.00 are 66.67: after a revision the owner has 66.67, and 0.00 after a credit."""
        foreign = self.setup_other_currency('CHF', rates=[('2026-01-01', 3.0)])
        sub = self._subcontract([8000], purchase_vals={'currency_id': foreign.id})
        sub.line_ids.owner_line_id = self.owner.line_ids[0]
        claim = self._claim(sub, 100, post=True, date='2026-02-15')
        for amount, billed in ((None, 33.33), (200, 66.67), (100.01, 33.34)):
            if amount:
                self._revise(claim, amount)
            bill = self._fill()
            self.billing.to_ledger(bill)
            with self.subTest(amount=amount):
                self.assertAlmostEqual(self.owner.actual_amount, billed, 6)
        claim.invoice_id.action_post()
        self.billing.credit(claim.invoice_id)
        self.billing.to_ledger(self._fill())
        self.assertAlmostEqual(self.owner.actual_amount, 0, 6)
        self._assert_nothing_waits()

    # === RIGHTS === #

    def test_rows_are_for_readers_of_both_sides(self):
        """Of who reads one side, nobody sees what the other side has; nobody writes rows."""
        self._claim(self.contract, 1000)
        bill = self._fill()
        both = self._make_user(
            'both_readers', 'progress_billing.group_readonly,progress_billing.group_subcontract_readonly'
        )
        one = self._make_user('owner_reader', 'progress_billing.group_readonly')
        rows = self.env['progress.bill.line.owner']
        own = [('bill_id', '=', bill.id)]
        self.assertEqual(rows.with_user(both).search(own).mapped('amount'), [1000])
        self.assertFalse(rows.with_user(one).search(own))
        self.assertRefused(lambda: rows.with_user(self.sub_manager).search(own), 'not allowed', error=AccessError)
        row = rows.search(own)
        for user in (both, self.env.user, self.sub_manager):
            for act in (
                lambda user=user: row.with_user(user).write({'amount': 1}),
                lambda user=user: row.with_user(user).unlink(),
                lambda user=user: row.with_user(user).copy(),
            ):
                self.assertRefused(act, regex='not allowed|cannot be set|cannot be copied', error=AccessError)
        self.assertRefused(lambda: row.sudo().write({'amount': 1}), "cannot be set", error=AccessError)
        self.assertRefused(
            lambda: row.claim_line_id.sudo().write({'owner_share_ids': [Command.update(row.id, {'bill_id': False})]}),
            "cannot be set",
            error=AccessError,
        )

    def test_a_private_contract_of_the_owner(self):
        """Who may not see the owner's contract reads the claim, without the bills that have it."""
        claim = self._claim(self.contract, 1000)
        bill = self._fill()
        self.owner.write({'is_private': True})
        both = self._make_user(
            'private_reader', 'progress_billing.group_readonly,progress_billing.group_subcontract_readonly'
        )
        self.assertEqual(claim.owner_bill_ids, bill)
        self.assertFalse(claim.with_user(both).owner_bill_ids)
        self.assertEqual(claim.with_user(both).read(['owner_left_amount'])[0]['owner_left_amount'], 0)

    # === OLDER DATABASES === #

    def _migrate(self, *statements):
        self.env.flush_all()
        for statement in statements:
            self.env.cr.execute(statement)
        script = get_module_path('progress_billing_subcontract') + '/migrations/19.0.1.2.0/post-owner_shares.py'
        load_script(script, 'post_owner_shares').migrate(self.env.cr, '19.0.1.0.0')
        self.env.flush_all()
        self.env.invalidate_all()

    def test_claims_billed_before_an_update(self):
        """Older databases kept the owner's bill on the claim: each line billed on it has it after the update."""
        self.contract.line_ids[1].owner_line_id = False
        claim = self._claim(self.contract, 1000, 500)
        bill = self._fill()
        claim.line_ids.owner_share_ids.sudo().unlink()
        self._migrate()
        self.assertFalse(claim.owner_bill_ids, "No column, nothing to take over.")
        self._migrate(
            "ALTER TABLE progress_bill ADD COLUMN owner_bill_id integer",
            SQL("UPDATE progress_bill SET owner_bill_id = %s WHERE id = %s", bill.id, claim.id),
        )
        self.assertEqual([line.owner_share_ids.bill_id for line in claim.line_ids], [bill, bill.browse()])
        self._assert_nothing_waits()

    def test_lines_billed_before_an_update(self):
        """Then on its lines, with the bill that gave it back: what was given back on the same bill comes to nothing."""
        claim = self._claim(self.contract, 1000, 500)
        bill = self._fill()
        claim.line_ids.owner_share_ids.sudo().unlink()
        following = self.make.pro_forma([50000])
        self.contract.line_ids[1].owner_line_id = following.line_ids
        first, second = claim.line_ids
        self._migrate(
            "ALTER TABLE progress_bill_line ADD COLUMN owner_bill_id integer, ADD COLUMN owner_credit_bill_id integer",
            SQL("UPDATE progress_bill_line SET owner_bill_id = %s WHERE bill_id = %s", bill.id, claim.id),
            SQL("UPDATE progress_bill_line SET owner_credit_bill_id = %s WHERE id = %s", bill.id, first.id),
        )
        self.assertRecordValues(first.owner_share_ids, [{'bill_id': bill.id, 'amount': 0, 'owner_amount': 0}])
        self.assertRecordValues(second.owner_share_ids, [{'bill_id': bill.id, 'amount': 500, 'owner_amount': 500}])
        self.assertEqual(claim.owner_left_amount, 1000)
