import random

from odoo.exceptions import UserError
from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestOwnerWalk(ClaimCommon):
    """Lives of claims and of the owner's bills drawn at random: what is billed on one side is billed on the other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls._bill_owner(retainage_percent=5)
        cls.foreign = cls.setup_other_currency('CHF', rates=[('2026-01-01', 3.0), ('2026-02-01', 7.0)])
        cls.abroad = cls._subcontract([9000], purchase_vals={'currency_id': cls.foreign.id}, retainage_percent=10)
        cls.abroad.line_ids.owner_line_id = cls.owner.line_ids[0]
        cls.subs = cls.contract | cls.abroad

    # === WHAT PEOPLE DO === #

    def _do_claim(self, dice):
        contract = dice.choice(self.subs)
        amounts = [dice.randrange(-3000, 20000) / 100 for _line in contract.line_ids]
        before = contract.bill_ids
        pairs = zip(contract.line_ids, amounts, strict=True)
        lines = [{'contract_line_id': line.id, 'amount': amount} for line, amount in pairs]
        contract.action_create_bill('lines', {'lines': lines, 'date': dice.choice(('2026-01-15', '2026-02-15'))})
        self._enter_stored(contract.bill_ids - before, dice)
        self._approve(contract.bill_ids - before)

    def _enter_stored(self, claim, dice):
        for line in claim.line_ids:
            if dice.random() < 0.3:
                line.stored_amount = dice.choice((0, dice.randrange(10000) / 100))

    def _approve(self, claims):
        claims.action_submit()
        claims.action_approve()

    def _do_post(self, dice):
        self._pick(dice, self.subs.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft')).action_post()

    def _do_correct(self, dice):
        self._pick(dice, self.subs.bill_ids.filtered(lambda bill: bill.state == 'invoiced')).action_correct()

    def _do_revise(self, dice):
        claim = self._pick(dice, self.subs.bill_ids.filtered(lambda bill: bill.state == 'draft'))
        for line in claim.line_ids:
            if dice.random() < 0.6:
                line.amount = dice.choice((0, dice.randrange(-2000, 20000) / 100))
        self._enter_stored(claim, dice)
        if dice.random() < 0.7:
            self._approve(claim)

    def _do_credit(self, dice):
        move = self._pick(dice, self.subs.bill_ids.invoice_id.filtered(lambda move: move.state == 'posted'))
        refund = move._reverse_moves([{'invoice_date': '2026-03-01', 'date': '2026-03-01'}])
        if dice.random() < 0.6:
            share = dice.random()
            for line in refund.invoice_line_ids:
                line.price_unit = round(line.price_unit * share, 2)
        refund.action_post()

    def _do_cancel(self, dice):
        claim = self._pick(dice, self.subs.bill_ids)
        claim.invoice_id.filtered(lambda move: move.state == 'draft').unlink()
        claim.action_cancel()

    def _do_delete(self, dice):
        self._pick(dice, dice.choice((self.subs.bill_ids, self._get_undoable(), self.subs.bill_ids.line_ids))).unlink()

    def _do_fill(self, _dice):
        self.project.action_bill_owner_from_claims()

    def _do_owner_post(self, dice):
        bill = self._pick(dice, self.owner.bill_ids.filtered(lambda bill: bill.state in ('draft', 'approved')))
        self.billing.to_ledger(bill)

    def _do_owner_undo(self, dice):
        bill = self._pick(dice, self._get_undoable())
        if bill.invoice_id.state == 'posted':
            self.billing.credit(bill.invoice_id)
        else:
            bill.invoice_id.unlink()
            bill.action_cancel()

    def _do_remove_a_line(self, dice):
        self._pick(dice, self._get_undoable().filtered(lambda bill: bill.state == 'draft').line_ids).unlink()

    def _get_undoable(self):
        """Bills of the owner that say nothing of materials: later ones restate those, and are not made anew."""
        return self.owner.bill_ids.filtered(
            lambda bill: not any(line.stored_amount or line.previous_stored_amount for line in bill.line_ids)
        )

    def _pick(self, dice, records):
        if not records:
            raise UserError(self.env._("Nothing to pick"))
        return dice.choice(records)

    # === WHAT HOLDS === #

    def _live(self, seed, steps=25):
        dice, log = random.Random(seed), []
        acts = [name for name in dir(self) if name.startswith('_do_')]
        likely = ['_do_claim', '_do_fill', '_do_owner_post', '_do_post', '_do_revise'] * 2
        for _step in range(steps):
            name = dice.choice(acts + likely)
            try:
                with self.env.cr.savepoint():
                    getattr(self, name)(dice)
                    log.append(name)
            except UserError as error:
                log.append(f'{name}: {error}')
            self._check_ledgers(f'{seed}: {log}')
        self._settle()
        self._check_ledgers(f'{seed}: {log}')
        self._check_sides(f'{seed}: {log}')

    def _check_ledgers(self, msg):
        """The ledger has what each contract says it has, retainage too."""
        self.env.flush_all()
        self.env.invalidate_all()
        income = self.books.of_contract(self.owner, self.income_account)
        self.assertAlmostEqual(-income, self.owner.actual_amount, 2, msg)
        for sub in self.subs:
            cost = self.books.of_contract(sub, self.expense_account, field='amount_currency')
            self.assertAlmostEqual(cost, sub.actual_amount, 2, msg)
            held = self.books.of_contract(
                sub, self.payable_retainage_account, field='amount_currency', types=['retainage']
            )
            self.assertAlmostEqual(-held, sub.retainage_balance, 2, msg)
            lines = sub.line_ids
            self.assertAlmostEqual(sum(lines.mapped('actual_amount')), sub.actual_amount, 2, msg)

    def _settle(self):
        """Everything is approved, billed and posted on both sides."""
        for claim in self.subs.bill_ids.filtered(lambda bill: bill.state in ('draft', 'rejected')):
            try:
                with self.env.cr.savepoint():
                    self._approve(claim)
            except UserError:
                claim.action_cancel()
        self.subs.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft').action_post()
        self.owner.bill_ids.filtered(lambda bill: bill.state == 'draft' and not bill.line_ids).action_cancel()
        for bill in self.owner.bill_ids.filtered(lambda bill: bill.state in ('draft', 'approved')):
            self.billing.to_ledger(bill)
        if self.subs.bill_ids._get_claims_for_owner()[0]:
            self.project.action_bill_owner_from_claims()
            for bill in self.owner.bill_ids.filtered(lambda bill: bill.state == 'draft'):
                self.billing.to_ledger(bill)
        self.owner.bill_ids.invoice_id.filtered(lambda move: move.state == 'draft').action_post()

    def _check_sides(self, msg):
        """Each line of the owner has what was approved on the lines of subcontractors, less what was credited."""
        for owner in self.owner.line_ids:
            due, kept = 0.0, 0.0
            for line in owner.subcontract_line_ids.bill_line_ids.filtered('bucket'):
                due += line._convert_for_owner(line.certified_amount - line.credited_amount, owner)
                kept += line._convert_for_owner(line.retainage_amount - line.credited_retainage_amount, owner)
            for part in owner.subcontract_line_ids:
                due += part._convert_stored_for_owner(owner)
            self.assertAlmostEqual(owner.actual_amount, due, 2, msg)
        self.assertFalse(any(self.subs.bill_ids.mapped('owner_left_amount')), msg)

    def test_random_lives(self):
        for seed in (7, 13):
            with self.subTest(seed=seed), self.env.cr.savepoint():
                self._live(seed)
                self.env.invalidate_all()
