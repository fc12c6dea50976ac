from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestOwnerLives(ClaimCommon):
    """What was billed to the owner is given back or billed again whatever becomes of claim, bill, line and project."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls._bill_owner(retainage_percent=10)
        cls.tax_account = cls.make.tax_account

    def _fill(self, user=None):
        before = self.owner.bill_ids
        self.project.with_user(user or self.env.user).action_bill_owner_from_claims()
        return self.owner.bill_ids - before

    def _store(self, contract, work, stored, **vals):
        """A claim of the first line that leaves materials stored: approved and billed."""
        before = contract.bill_ids
        scheduled = contract._get_billable_lines()[:1]
        contract.action_create_bill('lines', {'lines': [{'contract_line_id': scheduled.id, 'amount': 1}], **vals})
        claim = contract.bill_ids - before
        claim.line_ids.write({'amount': work, 'stored_amount': stored})
        self._approve(claim)
        claim.invoice_id.action_post()
        return claim

    def _approve(self, claim):
        claim.action_submit()
        claim.action_approve()

    def _second(self, **vals):
        second = self._subcontract([5000], **vals)
        second.line_ids.owner_line_id = self.owner.line_ids[0]
        return second

    # === CLAIMS AND BILLS THAT GO === #

    def test_a_line_revised_to_nothing(self):
        """1,000 and 500 billed to the owner, the 500 corrected to 0: the ledger of the owner's side has 1,000 left."""
        claim = self._claim(self.contract, 1000, 500, post=True)
        self.billing.to_ledger(self._fill())
        claim.action_correct()
        claim.line_ids[1].amount = 0
        self._approve(claim)
        claim.invoice_id.action_post()
        self.assertEqual(self.contract.actual_amount, 1000)
        bill = self._fill()
        self.assertRecordValues(bill.line_ids, [{'amount': -500, 'retainage_amount': -50}])
        self.assertLedger(self.billing.to_ledger(bill), income=500, tax=75, retainage=-50, receivable=-525)
        self.assertEqual(self.owner.actual_amount, 1000)

    def test_a_claim_revised_to_nothing(self):
        """A claim that asks for nothing any more is not handed in: cancelled, it is given back."""
        claim = self._claim(self.contract, 1000, post=True)
        self.billing.to_ledger(self._fill())
        claim.action_correct()
        claim.line_ids.amount = 0
        self.assertRefused(claim.action_submit, "Nothing is claimed on")
        claim.action_cancel()
        self.assertEqual(self._fill().line_ids.mapped('amount'), [-1000])

    def test_a_line_removed(self):
        """A line that the owner was billed for is set to 0, not removed; one of a bill that was cancelled is free."""
        claim = self._claim(self.contract, 1000, 500, post=True)
        bill = self._fill()
        claim.action_correct()
        line = claim.line_ids[1]
        for act in (line.unlink, lambda: claim.write({'line_ids': [Command.delete(line.id)]})):
            self.assertRefused(act, "The owner was billed for", claim.display_name, "Enter 0")
        bill.action_cancel()
        line.unlink()
        self._approve(claim)
        self.assertEqual(self._fill().line_ids.mapped('amount'), [1000])

    def test_a_claim_deleted(self):
        """Nor is the claim deleted: it is cancelled, and what the owner was billed is given back."""
        claim = self._claim(self.contract, 1000)
        self.billing.to_ledger(self._fill())
        claim.invoice_id.unlink()
        claim.action_cancel()
        self.assertRefused(claim.unlink, "The owner was billed for", claim.display_name)
        self.assertEqual(self._fill().line_ids.mapped('amount'), [-1000])

    def test_declined_while_it_is_revised(self):
        claim = self._claim(self.contract, 1000, post=True)
        self.billing.to_ledger(self._fill())
        claim.action_correct()
        claim.action_decline("Not ours")
        self.assertEqual(self._fill().line_ids.mapped('amount'), [-1000])

    def test_a_line_of_the_owners_bill_removed(self):
        """What stood on a line that was taken off the owner's bill waits again."""
        claim = self._claim(self.contract, 1000, 500)
        bill = self._fill()
        bill.line_ids[0].unlink()
        self.assertEqual((claim.owner_left_amount, claim.owner_bill_ids), (1000, bill))
        self._fill()
        self.assertEqual(sorted(bill.line_ids.mapped('amount')), [500, 1000])

    def test_the_owners_bill_credited(self):
        """In part nothing waits again: that was agreed with the owner; in full all of it does."""
        claim = self._claim(self.contract, 1000, post=True)
        bill = self._fill()
        refund = self.billing.credit(self.billing.to_ledger(bill), 300)
        self.assertEqual((claim.owner_left_amount, bill.state), (0, 'invoiced'))
        refund.button_draft()
        refund.button_cancel()
        self.billing.credit(bill.invoice_id)
        self.assertEqual((claim.owner_left_amount, bill.state), (1000, 'cancelled'))

    def test_a_rate_of_the_owner_that_changed(self):
        """10 % of 1,500 held, 20 % from now on: each line is on the bill once, with the rest of its retainage."""
        self._claim(self.contract, 1000, 500, post=True)
        self.billing.to_ledger(self._fill())
        self.owner.action_set_retainage(20, all_lines=True)
        self._claim(self.contract, 100, 50)
        bill = self._fill()
        self.assertRecordValues(bill.line_ids, [{'amount': 100}, {'amount': 50}])
        self.assertEqual(bill.line_ids.contract_line_id, self.owner.line_ids)

    # === MATERIALS STORED === #

    def test_stored_while_it_is_revised(self):
        """1,000 stored stay billed while their claim is corrected and another subcontractor's work is billed."""
        claim = self._store(self.contract, 0, 1000)
        self.billing.to_ledger(self._fill())
        claim.action_correct()
        claim.line_ids.stored_amount = 600
        self._claim(self._second(), 300)
        bill = self._fill()
        self.assertRecordValues(bill.line_ids, [{'amount': 300, 'stored_amount': 1000}])
        self.billing.to_ledger(bill)
        self.assertEqual(self.owner.actual_amount, 1300)
        self._approve(claim)
        self.billing.to_ledger(self._fill())
        self.assertEqual(self.owner.actual_amount, 900)

    def test_stored_of_who_is_not_seen(self):
        """1,000 stored on a private subcontract stay billed when who may not see it bills another's work."""
        second = self._second()
        self._store(second, 0, 1000)
        self.billing.to_ledger(self._fill())
        second.is_private = True
        user = self._make_user('filler', 'progress_billing.group_manager,progress_billing.group_subcontract_readonly')
        self.assertNotIn(second, self.project.with_user(user).subcontract_ids)
        self._claim(self.contract, 300)
        self.assertRecordValues(self._fill(user).line_ids, [{'amount': 300, 'stored_amount': 1000}])

    def test_stored_on_a_line_that_moves(self):
        """1,000 stored are billed on one of the owner's lines: the line moves once they are installed, not before."""
        self._store(self.contract, 0, 1000)
        line = self.contract.line_ids[0]
        line.owner_line_id = self.owner.line_ids[1]
        line.owner_line_id = self.owner.line_ids[0]
        self.billing.to_ledger(self._fill())
        for owner_line_id in (self.owner.line_ids[1].id, False):
            self.assertRefused(
                lambda owner_line_id=owner_line_id: line.write({'owner_line_id': owner_line_id}),
                "materials stored on",
                line.display_name,
            )
        self._store(self.contract, 1000, 0)
        self.billing.to_ledger(self._fill())
        line.owner_line_id = self.owner.line_ids[1]
        self._claim(self.contract, 300, post=True)
        self.billing.to_ledger(self._fill())
        self.assertEqual(self.owner.line_ids.mapped('actual_amount'), [1000, 300])

    def test_stored_and_credited_in_part(self):
        """300 of 1,000 stored credited, 50 of 100 after 900 were installed: the owner is given back just that."""
        claim = self._store(self.contract, 0, 1000)
        self.billing.to_ledger(self._fill())
        self.billing.credit(claim.invoice_id, 300)
        self.billing.to_ledger(self._fill())
        self.assertEqual((self.contract.actual_amount, self.owner.actual_amount), (700, 700))
        second = self._second()
        self._store(second, 0, 900)
        self.billing.to_ledger(self._fill())
        claim = self._store(second, 1000, 0)
        self.billing.to_ledger(self._fill())
        self.billing.credit(claim.invoice_id, 50)
        self.billing.to_ledger(self._fill())
        self.assertEqual((second.actual_amount, self.owner.actual_amount), (950, 1650))

    def test_stored_in_another_currency(self):
        """1,000 stored at 2 are 500, and stay 500 whatever the rate is when the next claim is billed."""
        foreign = self.setup_other_currency('CHF', rates=[('2026-01-01', 2.0), ('2026-03-01', 4.0)])
        sub = self._second(purchase_vals={'currency_id': foreign.id})
        self._store(sub, 0, 1000, date='2026-02-10')
        bill = self._fill()
        self.assertEqual(bill.line_ids.stored_amount, 500)
        self.billing.to_ledger(bill)
        self._claim(self.contract, 300)
        self.assertRecordValues(self._fill().line_ids, [{'amount': 300, 'stored_amount': 500}])

    # === WHAT IS NOT THE OWNER'S === #

    def test_opening_amounts(self):
        """5,000 claimed before Odoo are on the owner's opening amounts, or were never theirs: no bill takes them."""
        opening = {'contract_line_id': self.contract.line_ids[0].id, 'amount': 5000}
        bill = self.env['progress.bill'].create(
            {'contract_id': self.contract.id, 'kind': 'opening', 'line_ids': [Command.create(opening)]}
        )
        self.assertEqual(bill.owner_left_amount, 0)
        self.assertRefused(self.project.action_bill_owner_from_claims, "no approved claim waits")
        self._claim(self.contract, 1000)
        self.assertEqual(self._fill().line_ids.mapped('amount'), [1000])

    def test_deposits_of_a_subcontract(self):
        """Claims that are deposits until the final invoice: 400, then the rest of 1,000, once."""
        sub = self._subcontract([1000], revenue_recognition='deposit')
        sub.line_ids.owner_line_id = self.owner.line_ids[0]
        self._claim(sub, 400, post=True)
        self._fill()
        self.billing.final(sub)
        self._fill()
        self.assertEqual(self.owner.bill_ids.line_ids.mapped('amount'), [1000])

    def test_of_one_project(self):
        """Neither side leaves the project while lines of one are billed on lines of the other."""
        other = self.make.project(name="Other")
        for contract in (self.owner, self.contract):
            with self.subTest(contract=contract.display_name):
                self.assertRefused(
                    lambda contract=contract: contract.write({'project_id': other.id}), "Clear Billed to the Owner On"
                )
        self.contract.line_ids.owner_line_id = False
        (self.owner | self.contract).write({'project_id': other.id})

    def test_rows_leave_by_administrators(self):
        """What the owner has of claims is exported by whoever exports claims."""
        claim = self._claim(self.contract, 1000)
        self._fill()
        readers = 'progress_billing.group_manager,progress_billing.group_subcontract_readonly,base.group_allow_export'
        user = self._make_user('rows', readers)
        row = claim.line_ids.owner_share_ids
        for records, path in ((row, 'amount'), (claim.line_ids, 'owner_share_ids/amount')):
            self.assertRefused(
                lambda records=records, path=path: records.with_user(user).export_data([path]),
                regex="export",
                error=AccessError,
            )
