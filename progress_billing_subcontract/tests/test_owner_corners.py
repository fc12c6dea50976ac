from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestOwnerCorners(ClaimCommon):
    """The owner's bill and the margin at their edges: which claims, which lines, which currency, whose eyes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls._bill_owner()

    def _fill(self, project=None):
        before = self.owner.bill_ids
        (project or self.project).action_bill_owner_from_claims()
        return self.owner.bill_ids - before

    def _margin(self, period=None, user=None):
        values = {'project_id': self.project.id, 'period_id': period.id if period else False}
        return self.env['progress.margin.wizard'].with_user(user or self.env.user).create(values)

    # === WHICH CLAIMS === #

    def test_which_claims(self):
        """Approved and billed ones; nothing of drafts, of what is under review or sent back, declined, cancelled."""
        bill = self._accepted()
        bill.line_ids[0].amount = 100
        for state, taken in (
            ('planned', False),
            ('draft', False),
            ('submitted', False),
            ('rejected', False),
            ('declined', False),
            ('cancelled', False),
            ('approved', True),
        ):
            bill._write_protected({'review_state': state})
            with self.subTest(state=state):
                self.assertEqual(bool(bill._get_claims_for_owner()[0]), taken)
        self.assertFalse(self.owner.bill_ids._get_claims_for_owner()[0])
        bill._write_protected({'review_state': 'approved'})
        taker = self.make.plan(self.owner, '1%')
        taker._take_owner_shares(bill.line_ids._get_shares_to_bill())
        for state, free in (('planned', False), ('declined', True), ('cancelled', True)):
            taker._write_protected({'review_state': state})
            with self.subTest(taker=state):
                self.assertEqual(bool(bill._get_claims_for_owner()[0]), free)

    def test_owners_bill_deleted(self):
        """The claim waits again once the bill that took it is gone."""
        claim = self._claim(self.contract, 1000)
        bill = self._fill()
        self.assertEqual(claim.owner_bill_ids, bill)
        bill.unlink()
        self.assertFalse(claim.owner_bill_ids)
        self.assertEqual(self._fill().line_ids.mapped('amount'), [1000])

    def test_negative_claims(self):
        """1,000 billed to the owner, then 400 taken back by the subcontractor: the next bill takes them off."""
        self._claim(self.contract, 1000, post=True)
        self.billing.to_ledger(self._fill())
        self._claim(self.contract, -400, post=True)
        bill = self._fill()
        self.assertEqual(bill.line_ids.mapped('amount'), [-400])
        self.assertEqual(self.billing.to_ledger(bill).move_type, 'out_refund')

    def test_credited_after_the_owner_was_billed(self):
        """1,000 billed to the owner, credited: 1,000 back, or 300 with 700 claimed again; once."""
        claim = self._claim(self.contract, 1000, post=True)
        first = self._fill()
        self.billing.to_ledger(first)
        self.billing.credit(claim.invoice_id)
        self.assertEqual(claim.state, 'cancelled')
        back = self._fill()
        self.assertEqual(back.line_ids.mapped('amount'), [-1000])
        self.assertRefused(self.project.action_bill_owner_from_claims, "no approved claim waits")
        back.action_cancel()
        second = self._claim(self.contract, 700, post=True)
        again = self._fill()
        self.assertEqual(again.line_ids.mapped('amount'), [-300])
        self.assertEqual((claim.owner_bill_ids, second.owner_bill_ids), (first | again, again))
        self.assertEqual(claim.line_ids.owner_share_ids.mapped('amount'), [1000, -1000, -1000])
        self.assertRefused(self.project.action_bill_owner_from_claims, "no approved claim waits")

    def test_credited_while_the_owners_bill_is_a_draft(self):
        """What was credited comes off the draft that has it; a draft that is deleted owes nothing back."""
        claim = self._claim(self.contract, 1000, 200, post=True)
        bill = self._fill()
        self.billing.credit(claim.invoice_id)
        self._claim(self.contract, 900)
        self.assertFalse(self._fill())
        self.assertEqual(bill.line_ids.mapped('amount'), [900, 0])
        bill.unlink()
        self.assertEqual(self._fill().line_ids.mapped('amount'), [900])

    def test_revised_after_the_owner_was_billed(self):
        """Corrected, or sent back by whoever takes a step of approval: a to-do on the owner's bill, which stays."""
        claim = self._claim(self.contract, 1000, post=True)
        bill = self._fill()
        self.owner.user_id = self.billing_user
        claim.with_user(self.sub_manager).action_correct()
        self.assertRecordValues(
            bill.activity_ids, [{'user_id': self.billing_user.id, 'summary': f"{claim.display_name} is being revised"}]
        )
        self.assertEqual(bill.line_ids.mapped('amount'), [1000])
        other = self._subcontract([500])
        other.line_ids.owner_line_id = self.owner.line_ids[0]
        self._claim(other, 50, post=True).action_correct()
        self.assertEqual(len(bill.activity_ids), 1, "The owner was not billed for that one.")

    def test_two_owners(self):
        """Lines billed to two contracts of the project: a bill on each, each claim marked by one that has its lines."""
        second = self.make.pro_forma([5000])
        self.contract.line_ids[1].owner_line_id = second.line_ids
        claim = self._claim(self.contract, 1000, 500)
        action = self.project.action_bill_owner_from_claims()
        self.assertEqual(self.owner.bill_ids.line_ids.mapped('amount'), [1000])
        self.assertEqual(second.bill_ids.line_ids.mapped('amount'), [500])
        both = self.owner.bill_ids | second.bill_ids
        self.assertEqual(claim.owner_bill_ids, both)
        self.assertEqual(action['domain'], [('id', 'in', both.ids)])
        self.assertRefused(self.project.action_bill_owner_from_claims, "no approved claim waits")
        for contract, amount in ((self.owner, 1000), (second, 500)):
            before = contract.bill_ids
            before[-1:].action_cancel()
            self.project.action_bill_owner_from_claims()
            with self.subTest(contract=contract.name):
                self.assertEqual((contract.bill_ids - before).line_ids.mapped('amount'), [amount], "That part alone.")
        self.assertEqual((len(self.owner.bill_ids), len(second.bill_ids)), (2, 2))

    def test_an_owner_who_comes_later(self):
        """What was on none of the owner's lines is billed once it is; the rest of the claim is not billed again."""
        self.contract.line_ids[1].owner_line_id = False
        claim = self._claim(self.contract, 1000, 500)
        first = self._fill()
        second = self.make.pro_forma([5000])
        self.contract.line_ids[1].owner_line_id = second.line_ids
        self.project.action_bill_owner_from_claims()
        self.assertEqual(second.bill_ids.line_ids.mapped('amount'), [500])
        self.assertEqual(claim.owner_bill_ids, first | second.bill_ids)
        self.assertEqual(first.line_ids.mapped('amount'), [1000])

    def test_a_line_of_the_owner_that_comes_later(self):
        """500 of the pool on none of the owner's lines, then on a further line of the same contract: 500 are billed."""
        self.contract.line_ids[1].owner_line_id = False
        self._claim(self.contract, 1000, 500)
        self.billing.to_ledger(self._fill())
        self.contract.line_ids[1].owner_line_id = self.owner.line_ids[1]
        self.assertEqual(self._fill().line_ids.mapped('amount'), [500])
        self.assertRefused(self.project.action_bill_owner_from_claims, "no approved claim waits")

    def test_another_contract_of_the_owner(self):
        """What one contract of the owner was billed for is not billed on the one that follows it."""
        claim = self._claim(self.contract, 1000, 500)
        bill = self._fill()
        following = self.make.pro_forma([80000])
        self.contract.line_ids.owner_line_id = following.line_ids
        self.assertRefused(self.project.action_bill_owner_from_claims, "no approved claim waits")
        self._claim(self.contract, 30)
        self.project.action_bill_owner_from_claims()
        self.assertEqual(following.bill_ids.line_ids.mapped('amount'), [30])
        self.assertEqual(claim.owner_bill_ids, bill)

    def test_only_lines_with_an_owner(self):
        """Work the owner has no line for stays with us; the claim is taken all the same."""
        self.contract.line_ids[1].owner_line_id = False
        claim = self._claim(self.contract, 1000, 500)
        bill = self._fill()
        self.assertEqual(bill.line_ids.contract_line_id, self.owner.line_ids[0])
        self.assertEqual(bill.line_ids.amount, 1000)
        self.assertEqual(claim.owner_bill_ids, bill)

    def test_added_to_what_was_typed(self):
        """The owner's draft with 700 of our own work takes the claim beside it; retainage typed there stays."""
        self.owner.line_ids[0].pending_amount = 700
        self.owner.action_run_billing()
        draft = self.owner.bill_ids
        draft.line_ids.retainage_amount = 7
        self._claim(self.contract, 1000)
        self.assertFalse(self._fill(), "No bill beside the draft.")
        self.assertRecordValues(draft.line_ids, [{'amount': 1700, 'retainage_amount': 107}])

    def test_which_draft(self):
        """The last pro forma that is a draft: not one that was handed in, and no release of retainage."""
        self.assertFalse(self.owner._get_owner_draft())
        for _number in range(2):
            self.owner.line_ids[0].pending_amount = 10
            self.owner.action_run_billing()
        first, last = self.owner.bill_ids.sorted('id')
        self.assertEqual(self.owner._get_owner_draft(), last)
        last.action_submit()
        self.assertEqual(self.owner._get_owner_draft(), first)
        last._write_protected({'review_state': 'draft', 'kind': 'retainage'})
        self.assertNotEqual(self.owner._get_owner_draft(), last)

    def test_owner_lines_of_others(self):
        """A section, a line of another project and a subcontract's own are refused by name."""
        section = self.env['progress.contract.line'].create(
            {'contract_id': self.owner.id, 'name': "Ground floor", 'display_type': 'line_section'}
        )
        line = self.contract.line_ids[0]
        for wrong in (section, self.make.as_billed([1], project=self.make.project(name="Other")).line_ids, line):
            with self.subTest(wrong=wrong.display_name):
                self.assertRefused(
                    lambda wrong=wrong: line.write({'owner_line_id': wrong.id}),
                    "is no line that the owner of",
                    self.project.display_name,
                )
        homeless = self._subcontract([5], purchase_vals={'project_id': False})
        self.assertRefused(
            lambda: homeless.line_ids.write({'owner_line_id': self.owner.line_ids[0].id}), homeless.display_name
        )

    # === CURRENCIES === #

    def test_converted_at_the_claims_date(self):
        """800 at 8 on the claim's day are 100 for the owner, whatever the rate is when the bill is filled."""
        foreign = self.setup_other_currency(
            'CHF', rates=[('2026-01-01', 2.0), ('2026-02-01', 8.0), ('2026-03-01', 4.0)]
        )
        sub = self._subcontract([8000], purchase_vals={'currency_id': foreign.id}, retainage_percent=10)
        line = sub.line_ids
        line.owner_line_id = self.owner.line_ids[0]
        claim = self._claim(sub, 800, date='2026-02-15')
        self.assertEqual(claim.line_ids._convert_for_owner(800, self.owner.line_ids[0]), 100)
        bill = self._fill()
        self.assertRecordValues(bill.line_ids, [{'amount': 100, 'retainage_amount': 10}])
        self.assertEqual(line._convert_stored_for_owner(self.owner.line_ids[0]), 0)

    def test_paid_in_their_currency(self):
        """What was paid is in the project's currency, at the rate of each bill's date."""
        foreign = self.setup_other_currency('CHF', rates=[('2026-01-01', 2.0), ('2026-03-01', 4.0)])
        sub = self._subcontract([8000], purchase_vals={'currency_id': foreign.id})
        for day in ('2026-02-15', '2026-03-15'):
            bill = self._claim(sub, 400, post=True, date=day)
            self.billing.pay(bill.invoice_id)
        self.assertRecordValues(
            self._margin(), [{'subcontract_paid_amount': 300, 'owner_paid_amount': 0, 'certified_amount': 300}]
        )

    # === THE MARGIN === #

    def test_rows_in_the_owners_order(self):
        """By the owner's schedule, what is on none of it last; lines with nothing on them are left out."""
        self.owner.line_ids[1].sequence = 1
        self.owner.line_ids[0].sequence = 2
        second = self._subcontract([900])
        self._claim(self.contract, 100, 200)
        self._claim(second, 50)
        wizard = self._margin()
        self.assertEqual(wizard.line_ids.mapped('name'), ["2 Line 2", "1 Line 1", "Not on the owner's schedule"])
        self.assertEqual(wizard.line_ids.mapped('certified_amount'), [200, 100, 50])
        self.assertEqual(wizard.line_ids.mapped('margin_amount'), [-200, -100, -50])
        self.assertEqual((wizard.certified_amount, wizard.margin_amount), (350, -350))

    def test_credited_claims(self):
        """What was credited is neither certified nor billed any more; what was claimed stays claimed."""
        bill = self._claim(self.contract, 1000, post=True)
        self.owner.line_ids[0].pending_amount = 1500
        self.owner.action_run_billing()
        invoice = self.billing.to_ledger(self.owner.bill_ids)
        self.assertRecordValues(
            self._margin(), [{'owner_amount': 1500, 'certified_amount': 1000, 'margin_amount': 500}]
        )
        self.billing.credit(bill.invoice_id, 400)
        self.billing.credit(invoice, 500)
        self.assertRecordValues(
            self._margin(),
            [{'owner_amount': 1000, 'claimed_amount': 1000, 'certified_amount': 600, 'margin_amount': 400}],
        )

    def test_stored_materials_in_it(self):
        """Materials stored are claimed once: what the claim before had stored comes off."""
        bill = self._accepted()
        line = bill.line_ids[0]
        self._answer(bill, 'submit', **{**self._work(bill, '1000'), f'stored_{line.id}': '300'})
        self.assertEqual(self._margin().claimed_amount, 1300)
        bill.action_approve()
        bill.invoice_id.action_post()
        self.assertRecordValues(self._margin(), [{'claimed_amount': 1300, 'certified_amount': 1300}])

    def test_a_period_or_all(self):
        """Opened from the period it is of that period; from the project of the current one, of all where none is."""
        feb = self.period.copy({'date_start': '2026-02-01', 'date_end': '2026-02-28', 'date_due': '2026-03-05'})
        self._claim(self.contract, 100, period_id=self.period.id)
        second = self._subcontract([500])
        self._claim(second, 30, period_id=feb.id, date='2026-02-10')
        wizards = self.env['progress.margin.wizard']
        for action, period, amount in (
            (self.period.action_view_margin(), self.period, 100),
            (feb.action_view_margin(), feb, 30),
            (self.project.action_view_margin(), self.period, 100),
        ):
            wizard = wizards.browse(action['res_id'])
            with self.subTest(period=period.name):
                self.assertEqual((wizard.period_id, wizard.claimed_amount), (period, amount))
        wizard = wizards.browse(self.period.action_view_margin()['res_id'])
        wizard.period_id = feb
        self.assertEqual((wizard.claimed_amount, wizard.line_ids.certified_amount), (30, 30))
        wizard.period_id = False
        self.assertEqual(wizard.claimed_amount, 130)

    def test_eyes(self):
        """Each sees their side: readers of subcontracts no owner's figure, readers of both everything."""
        self.owner.line_ids[0].pending_amount = 1500
        self.owner.action_run_billing()
        self._claim(self.contract, 1000)
        both = self._make_user(
            'eyes_both', 'progress_billing.group_readonly,progress_billing.group_subcontract_readonly'
        )
        for user, owner in ((self.sub_reader, 0), (both, 1500)):
            with self.subTest(user=user.login):
                wizard = self._margin(user=user)
                self.assertEqual((wizard.owner_amount, wizard.certified_amount), (owner, 1000))
        portal = self._make_user('eyes_portal', 'base.group_portal')
        self.assertRefused(
            self.period.with_user(portal).action_view_margin, regex="not allowed|access", error=AccessError
        )

    def test_a_dialog_is_its_users(self):
        """What was reckoned for somebody who sees both sides is found by nobody else: neither it nor its rows."""
        self.owner.line_ids[0].pending_amount = 1500
        self.owner.action_run_billing()
        wizard = self._margin()
        self.assertEqual(sum(wizard.line_ids.mapped('owner_amount')), 1500)
        for records in (wizard, wizard.line_ids):
            theirs = records.with_user(self.sub_reader)
            with self.subTest(model=records._name):
                self.assertFalse(theirs.search([('id', 'in', records.ids)]))
                self.assertRefused(theirs.read, regex="not allowed|access", error=AccessError)

    def test_dialogs_of_all_addons_are_their_users(self):
        """Odoo shows a dialog's record to whoever has rights on its model: each of ours says that it is its user's."""
        names = [name for name, model in self.env.registry.items() if name.startswith('progress.') and model._transient]
        rules = self.env['ir.rule'].search([('model_id.model', 'in', names), ('domain_force', 'like', 'create_uid')])
        self.assertGreater(len(names), 6)
        self.assertEqual(sorted(set(names) - set(rules.model_id.mapped('model'))), [])

    def test_nobody_writes_figures(self):
        """Rows are reckoned: a caller sets none, and names no lines of other projects."""
        self._claim(self.contract, 1000)
        wizard = self._margin(user=self.sub_reader)
        row = wizard.line_ids[:1]
        self.assertRefused(
            lambda: row.write({'contract_line_id': self.owner.line_ids[1].id}), "cannot be set", error=AccessError
        )
        self.assertEqual(row.certified_amount, 1000)

    # === RETAINAGE === #

    def test_release_of_customers_alone(self):
        """The button of subcontracts says on which nothing is held, and takes rights to change them."""
        self.assertRefused(
            self.contract.action_release_all_retainage, "No retainage is held on", self.contract.display_name
        )
        self._claim(self.contract, 1000, post=True)
        self.assertRefused(
            self.contract.with_user(self.sub_reader).action_release_all_retainage,
            regex="not allowed|access",
            error=AccessError,
        )
        self.contract.with_user(self.standard_user).action_release_all_retainage()
        release = self.contract.bill_ids.filtered(lambda bill: bill.kind == 'retainage')
        self.assertRecordValues(release, [{'claim_status': 'draft', 'released_retainage_amount': 100}])

    def test_change_orders_of_the_owner(self):
        """A further line of the owner's takes what a subcontract's new line costs."""
        self.make.change(self.owner, {'name': "Pool", 'amount': 9000})
        self.make.change(self.contract, {'name': "Pool", 'amount': 7000, 'tax_ids': [Command.set(self.input_tax.ids)]})
        pool = self.contract.line_ids[2]
        pool.owner_line_id = self.owner.line_ids[2]
        self._claim(self.contract, 0, 0, 7000)
        bill = self._fill()
        self.assertRecordValues(bill.line_ids, [{'contract_line_id': self.owner.line_ids[2].id, 'amount': 7000}])
        self.assertEqual(pool.owner_line_id.subcontract_line_ids, pool)
