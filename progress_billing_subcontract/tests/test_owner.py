from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestOwner(ClaimCommon):
    """Pay when paid, seen: owner and subcontractors side by side, the owner's bill from approved claims."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls._bill_owner(retainage_percent=10)

    def _approved(self, work, stored='0'):
        bill = self._accepted()
        line = bill.line_ids[0]
        line.stored_retainage_percent = 10
        self._answer(bill, 'submit', **{**self._work(bill, work, '2000'), f'stored_{line.id}': stored})
        bill.action_approve()
        return bill

    def test_fill_the_owners_bill(self):
        """Work 10,000 and 2,000, 1,000 stored, 1,300 retained: the owner's pro forma says the same, once."""
        claim = self._approved('10000', '1000')
        self.project.action_bill_owner_from_claims()
        bill = self.owner.bill_ids
        self.assertRecordValues(
            bill.line_ids,
            [
                {'amount': 10000, 'stored_amount': 1000, 'retainage_amount': 1100},
                {'amount': 2000, 'stored_amount': 0, 'retainage_amount': 200},
            ],
        )
        self.assertEqual((bill.state, claim.owner_bill_ids), ('draft', bill))
        with self.assertRaisesRegex(UserError, "no approved claim waits"):
            self.project.action_bill_owner_from_claims()
        bill.action_cancel()
        self.project.action_bill_owner_from_claims()
        self.assertEqual(claim.owner_bill_ids, self.owner.bill_ids - bill)

    def test_order_of_the_schedule(self):
        """The owner's bill has its lines as the schedule has them, not as claims came in."""
        self._approved('10000')
        self.owner.line_ids[0].sequence = self.owner.line_ids[1].sequence + 1
        self.env.invalidate_all()
        self.project.action_bill_owner_from_claims()
        self.assertEqual(self.owner.bill_ids.line_ids.contract_line_id, self.owner.line_ids)

    def test_lines_without_an_owner(self):
        self.contract.line_ids.owner_line_id = False
        self._approved('1000')
        with self.assertRaisesRegex(UserError, "says on which line the owner is billed"):
            self.project.action_bill_owner_from_claims()

    def test_side_by_side(self):
        """15,000 claimed from the owner, 11,000 claimed by subs and certified: a margin of 4,000 on the first line."""
        self.owner.line_ids[0].pending_amount = 15000
        self.owner.action_run_billing()
        self._approved('11000')
        wizard = self.env['progress.margin.wizard'].browse(self.period.action_view_margin()['res_id'])
        first = wizard.line_ids.filtered(lambda row: row.contract_line_id == self.owner.line_ids[0])
        self.assertRecordValues(
            first,
            [{'owner_amount': 15000, 'claimed_amount': 11000, 'certified_amount': 11000, 'margin_amount': 4000}],
        )
        self.assertEqual((wizard.certified_amount, wizard.margin_amount), (13000, 2000))

    def test_owners_side_is_closed(self):
        """Who sees the subcontracts alone gets no figure of the owner's by the dialog."""
        self.owner.line_ids[0].pending_amount = 15000
        self.owner.action_run_billing()
        self._approved('11000')
        values = {'project_id': self.project.id, 'period_id': self.period.id}
        wizard = self.env['progress.margin.wizard'].with_user(self.sub_reader).create(values)
        self.assertEqual((wizard.owner_amount, sum(wizard.line_ids.mapped('owner_amount'))), (0, 0))
        self.assertEqual(wizard.certified_amount, 13000)

    def test_names_of_this_project_alone(self):
        """The dialog names the owner's lines of its project: a caller does not read those of others by it."""
        secret = self.make.contract([100], project=self.make.project(name="Secret"))
        secret.line_ids.name = "Confidential works"
        rows = self.env['progress.margin.wizard.line'].with_user(self.sub_reader)
        wizard = rows.env['progress.margin.wizard'].create({'project_id': self.project.id})
        self.assertRefused(
            lambda: rows.create({'wizard_id': wizard.id, 'contract_line_id': secret.line_ids.id}),
            "cannot be set",
            error=AccessError,
        )
        self.assertRefused(
            lambda: wizard.write({'line_ids': [Command.create({'contract_line_id': secret.line_ids.id})]}),
            "cannot be set",
            error=AccessError,
        )

    def test_payments_and_schedule(self):
        claim = self._approved('10000')
        claim.invoice_id.action_post()
        self.env.flush_all()
        rows = self.env['progress.payment.schedule'].search([('contract_id', '=', self.contract.id)])
        self.assertEqual(sum(rows.mapped('amount')), -12000)
        self.billing.pay(claim.invoice_id, 5000)
        self.assertEqual((claim.paid_amount, claim.residual_amount, claim.claim_status), (5000, 7000, 'billed'))

    # === THE OWNER'S BILL, CORNER BY CORNER === #

    def _fill(self):
        before = self.owner.bill_ids
        self.project.action_bill_owner_from_claims()
        return self.owner.bill_ids - before

    def _owner_by_quantity(self, quantity, price):
        owner = self.make.by_quantity(quantity, price, use_pro_forma=True, retainage_percent=10)
        self.contract.line_ids[0].owner_line_id = owner.line_ids
        return owner

    def test_a_line_by_quantity(self):
        """10,000 certified at 400 a metre: 25 m. Retainage goes along; what is stored cannot, and that is said."""
        owner = self._owner_by_quantity(200, 400)
        self._approved('10000', '1000')
        self._fill()
        bill = owner.bill_ids
        self.assertRecordValues(
            bill.line_ids,
            [{'quantity': 25, 'amount': 10000, 'stored_amount': 0, 'retainage_amount': 1100, 'contract_id': owner.id}],
        )
        self.assertEqual(self.owner.bill_ids.line_ids.mapped('amount'), [2000], "The other line goes on its own bill.")
        note = bill.message_ids.filtered(lambda message: "materials stored" in (message.body or ''))
        self.assertRegex(note.body, "Line 1 is billed by quantity: materials stored of .+1,000.00 are not on this bill")
        bill.action_release()
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, receivable=8900, retainage=1100, income=-10000)
        self.assertRecordValues(bill.invoice_id.invoice_line_ids[:1], [{'quantity': 25, 'price_unit': 400}])

    def test_the_nearest_quantity(self):
        """1,000 at 300 a metre are 3.33 m: 999.00. A second claim of 500 makes 1,500 of them: 5 m on the same draft."""
        owner = self._owner_by_quantity(200, 300)
        self.contract.line_ids[1].owner_line_id = False
        bill = self._accepted()
        self._answer(bill, 'submit', **self._work(bill, '1000'))
        bill.action_approve()
        self._fill()
        self.assertRecordValues(owner.bill_ids.line_ids, [{'quantity': 3.33, 'amount': 999, 'retainage_amount': 100}])
        self.assertFalse(
            owner.bill_ids.message_ids.filtered(lambda message: "materials stored" in (message.body or ''))
        )
        self._claim(self.contract, 501)
        self._fill()
        self.assertRecordValues(owner.bill_ids.line_ids, [{'quantity': 5, 'amount': 1500, 'retainage_amount': 150.1}])

    def test_fractions_of_a_unit(self):
        """Three claims of 1,000 at 300 a metre, a bill each: 3.33, 3.34 and 3.33 m make 10 m, in the ledger too."""
        owner = self._owner_by_quantity(200, 300)
        self.contract.line_ids[1].owner_line_id = False
        for quantity, amount, receivable in ((3.33, 999, 899), (3.34, 1002, 902), (3.33, 999, 899)):
            self._claim(self.contract, 1000)
            before = owner.bill_ids
            self._fill()
            bill = owner.bill_ids - before
            self.assertRecordValues(bill.line_ids, [{'quantity': quantity, 'amount': amount}])
            bill.action_release()
            bill.invoice_id.action_post()
            self.assertLedger(bill.invoice_id, receivable=receivable, retainage=100, income=-amount)
        self.assertEqual(self.books.balance(self.income_account), -3000)
        self.assertRecordValues(owner.line_ids, [{'actual_quantity': 10, 'actual_amount': 3000}])

    def test_fractions_of_a_bill_that_was_cancelled(self):
        """What a bill could not take waits no more once that bill is gone, or its line: the claim itself does."""
        owner = self._owner_by_quantity(200, 300)
        self.contract.line_ids[1].owner_line_id = False
        self._claim(self.contract, 1000)
        for undo in (lambda bill: bill.action_cancel(), lambda bill: bill.line_ids.unlink()):
            before = owner.bill_ids
            self._fill()
            bill = (owner.bill_ids - before) or owner.bill_ids.filtered(lambda bill: bill.state == 'draft')
            self.assertRecordValues(bill.line_ids, [{'quantity': 3.33, 'amount': 999, 'owner_rest_amount': 1}])
            undo(bill)
        self._claim(self.contract, 1000)
        self._fill()
        bill = owner.bill_ids.filtered(lambda bill: bill.state == 'draft')
        self.assertRecordValues(bill.line_ids, [{'quantity': 6.67, 'amount': 2001, 'owner_rest_amount': -1}])

    def test_more_than_the_owners_line_is_worth(self):
        """80,000 are the owner's line: a claim beyond it is refused, and stays to be taken."""
        self.owner.line_ids[0].write({'original_amount': 9000})
        claim = self._approved('10000')
        self.assertRefused(self.project.action_bill_owner_from_claims, "cannot exceed", error=UserError)
        self.assertFalse(claim.owner_bill_ids)
        self.assertFalse(self.owner.bill_ids)

    def test_two_subcontractors_on_a_line(self):
        """10,000 and 3,000 of two subcontractors make 13,000 of the owner's first line; each is marked."""
        second = self._subcontract([5000], retainage_percent=10)
        second.line_ids.owner_line_id = self.owner.line_ids[0]
        first, other = self._approved('10000'), self._claim(second, 3000)
        bill = self._fill()
        self.assertEqual(bill.line_ids.mapped('amount'), [13000, 2000])
        self.assertEqual(bill.line_ids.mapped('retainage_amount'), [1300, 200])
        self.assertEqual((first | other).owner_bill_ids, bill)

    def test_stored_of_those_approved(self):
        """1,000 stored as approved, 700 of another subcontractor under review: the owner is billed 1,000 of them."""
        second = self._subcontract([5000])
        second.line_ids.owner_line_id = self.owner.line_ids[0]
        self._add_invoice_contact(second, self.mason)
        waiting = self._accepted(second)
        self._answer(waiting, 'submit', **{f'stored_{waiting.line_ids.id}': '700'})
        self._approved('10000', '1000')
        bill = self._fill()
        self.assertEqual(bill.line_ids.mapped('stored_amount'), [1000, 0])
        waiting.action_approve()
        self._fill()
        self.assertEqual(bill.line_ids.mapped('stored_amount'), [1700, 0])

    def test_what_is_certified_counts(self):
        """8,000 certified of 10,000: the owner is billed 8,000; what is under review or sent back waits."""
        bill = self._accepted()
        self._answer(bill, 'submit', **self._work(bill, '10000'))
        self.assertRefused(self.project.action_bill_owner_from_claims, "no approved claim waits")
        bill.line_ids.certified_amount = 8000
        bill.action_approve()
        self.assertEqual(self._fill().line_ids.mapped('amount'), [8000])

    def test_a_claim_after_the_owners_bill_left(self):
        """What was invoiced to the owner is not added to: the next claim goes on a new bill."""
        self._approved('10000')
        first = self._fill()
        first.action_release()
        self._claim(self.contract, 500)
        second = self._fill()
        self.assertEqual(second.line_ids.mapped('amount'), [500])
        self.assertEqual(first.line_ids.mapped('amount'), [10000, 2000])

    def test_without_pro_formas(self):
        """An owner's contract without pro formas gets a planned record that Create bills."""
        self.owner.use_pro_forma = False
        self._approved('10000')
        bill = self._fill()
        self.assertRecordValues(bill, [{'state': 'planned', 'trigger': 'manual', 'title': "Work of subcontractors"}])
        self.assertEqual(bill.line_ids.mapped('amount'), [10000, 2000])
        bill.action_create()
        self.assertEqual(bill.invoice_id.amount_untaxed, 10800)

    def test_stored_materials_are_installed(self):
        """1,000 stored by one claim and installed by the next: the owner's bill follows both."""
        self._approved('10000', '1000')
        first = self._fill()
        self.billing.to_ledger(first)
        self.contract.bill_ids.invoice_id.action_post()
        self.period.action_close()
        self.env['progress.billing.period'].create(
            {'project_id': self.project.id, 'date_start': '2026-04-01', 'date_end': '2026-04-30'}
        )
        with freeze_time('2026-04-10'):
            claim = self._accepted()
            line = claim.line_ids[0]
            self._answer(claim, 'submit', **{**self._work(claim, '1000'), f'stored_{line.id}': '0'})
            claim.action_approve()
            second = self._fill()
        self.assertRecordValues(second.line_ids, [{'amount': 1000, 'stored_amount': 0}])
        self.assertEqual(second.invoiced_amount, 0, "What was billed as stored is installed: nothing more is due.")

    def test_foreign_subcontractor(self):
        """7,000 of a currency at 7 for one of ours are 1,000 for the owner, at the rate of the claim's date."""
        foreign = self.setup_other_currency(
            'EUR', rates=[('2026-01-01', 3.0), ('2026-03-01', 7.0), ('2026-03-21', 9.0)]
        )
        sub = self._subcontract([70000], purchase_vals={'currency_id': foreign.id}, retainage_percent=10)
        sub.line_ids.owner_line_id = self.owner.line_ids[0]
        self._claim(sub, 7000)
        bill = self._fill()
        self.assertRecordValues(bill.line_ids, [{'amount': 1000, 'retainage_amount': 100}])
        wizard = self.env['progress.margin.wizard'].browse(self.project.action_view_margin()['res_id'])
        self.assertRecordValues(
            wizard.line_ids,
            [{'owner_amount': 1000, 'claimed_amount': 1000, 'certified_amount': 1000, 'margin_amount': 0}],
        )

    # === SIDE BY SIDE, CORNER BY CORNER === #

    def _margin(self, period=None):
        action = (
            (period or self.period).action_view_margin() if period is not False else self.project.action_view_margin()
        )
        return self.env['progress.margin.wizard'].browse(action['res_id'])

    def test_margin_by_line(self):
        """By line: certified less than claimed, a line the owner has not, one that only the owner has."""
        self.contract.line_ids[1].owner_line_id = False
        self.owner.line_ids[1].pending_amount = 700
        self.owner.action_run_billing()
        bill = self._accepted()
        line = bill.line_ids[0]
        self._answer(bill, 'submit', **{**self._work(bill, '10000', '2000'), f'stored_{line.id}': '500'})
        found = {
            row.name: (row.owner_amount, row.claimed_amount, row.certified_amount) for row in self._margin().line_ids
        }
        self.assertEqual(
            found,
            {
                '1 Line 1': (0, 10500, 0),
                '2 Line 2': (700, 0, 0),
                "Not on the owner's schedule": (0, 2000, 0),
            },
            "Nothing is certified before the review.",
        )
        bill.line_ids[0].certified_amount = 9000
        bill.action_approve()
        wizard = self._margin()
        found = {row.name: (row.claimed_amount, row.certified_amount, row.margin_amount) for row in wizard.line_ids}
        self.assertEqual(
            found,
            {
                '1 Line 1': (10500, 9500, -9500),
                '2 Line 2': (0, 0, 700),
                "Not on the owner's schedule": (2000, 2000, -2000),
            },
        )
        self.assertRecordValues(
            wizard,
            [{'owner_amount': 700, 'claimed_amount': 12500, 'certified_amount': 11500, 'margin_amount': -10800}],
        )

    def test_margin_of_a_period_alone(self):
        """Bills of other periods, cancelled ones and opening amounts are not in it; a month without bills is empty."""
        may = self.env['progress.billing.period'].create(
            {'project_id': self.project.id, 'date_start': '2026-05-01', 'date_end': '2026-05-31'}
        )
        claim = self._approved('10000')
        self.assertEqual(self._margin().certified_amount, 12000)
        self.assertRecordValues(self._margin(may), [{'certified_amount': 0, 'claimed_amount': 0, 'margin_amount': 0}])
        self.assertFalse(self._margin(may).line_ids)
        claim.invoice_id.unlink()
        claim.action_cancel()
        self.assertFalse(self._margin().line_ids)

    def test_what_was_paid_on_both_sides(self):
        self.owner.line_ids[0].pending_amount = 1000
        self.owner.action_run_billing()
        owner_invoice = self.billing.to_ledger(self.owner.bill_ids)
        self.billing.pay(owner_invoice, 300)
        claim = self._approved('10000')
        claim.invoice_id.action_post()
        self.billing.pay(claim.invoice_id, 5000)
        self.assertRecordValues(self._margin(), [{'owner_paid_amount': 300, 'subcontract_paid_amount': 5000}])

    def test_owner_lines_are_the_owners(self):
        """A line is billed on lines of its project's customer's contract: no other project's, no subcontract's."""
        line = self.contract.line_ids[0]
        other = self.make.as_billed([100], project=self.make.project(name="Other"))
        for wrong in (other.line_ids, self.contract.line_ids[1]):
            self.assertRefused(
                lambda wrong=wrong: line.write({'owner_line_id': wrong.id}), "is no line that the owner of"
            )
        self.assertEqual(line.owner_line_id, self.owner.line_ids[0])

    def test_fill_by_the_dialog(self):
        self._approved('1000')
        action = self._margin().action_bill_owner()
        self.assertEqual(action['res_id'], self.owner.bill_ids.id)

    def test_filling_takes_rights_of_the_owners_side(self):
        self._approved('1000')
        for user in (self.sub_manager, self.sub_reader):
            self.assertRefused(
                self.project.with_user(user).action_bill_owner_from_claims,
                regex="not allowed|access",
                error=AccessError,
            )

    # === RETAINAGE === #

    def test_bulk_release(self):
        second = self._subcontract([5000], retainage_percent=20)
        for contract in (self.contract, second):
            self._claim(contract, 5000, post=True)
        (self.contract | second).action_release_all_retainage()
        releases = (self.contract | second).bill_ids.filtered(lambda bill: bill.kind == 'retainage')
        self.assertEqual(sorted(releases.mapped('released_retainage_amount')), [500, 1000])
        self.assertEqual(set(releases.mapped('claim_status')), {'draft'})
        releases.action_submit()
        releases.action_approve()
        releases.invoice_id.action_post()
        self.assertRetained(self.contract, 0)
        self.assertLedger(releases.invoice_id, payable_retainage=1500, payable=-1500)
        self.assertRefused((self.contract | second).action_release_all_retainage, "No retainage is held")

    def test_release_on_the_page(self):
        """Of 1,000 held, 400 are claimed back with new work of 2,000: 200 withheld, 400 released."""
        self._claim(self.contract, 10000, post=True, date='2026-02-15')
        bill = self._accepted()
        line = bill.line_ids[0]
        given = {**self._work(bill, '2000'), f'release_{line.id}': '400'}
        self._answer(bill, 'claim', **given)
        self.assertEqual((line.retainage_amount, line.release_amount, bill.releases_retainage), (-200, 400, True))
        self._answer(bill, 'submit', **given)
        wizard = self.env['progress.review.wizard'].browse(bill.action_review()['res_id'])
        wizard.line_ids.release_amount = 300
        wizard.action_approve()
        self.assertEqual((bill.claim_status, bill.retainage_amount), ('approved_as_noted', -100))
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, expense=2000, input_tax=200, payable_retainage=100, payable=-2300)
        self.assertRetained(self.contract, 900)

    def test_release_only(self):
        self._claim(self.contract, 10000, post=True, date='2026-02-15')
        bill = self._accepted(invitation_type='retainage')
        with self.assertRaisesRegex(UserError, "cannot be released"):
            self._answer(bill, 'claim', **{f'release_{bill.line_ids.id}': '1001'})
        self._answer(bill, 'submit', **{f'release_{bill.line_ids.id}': '600'})
        bill.action_approve()
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, payable_retainage=600, payable=-600)

    def test_rates_are_the_administrators(self):
        bill = self._accepted()
        with self.assertRaisesRegex(Exception, "Only administrators of Subcontract Billing set the retainage"):
            bill.line_ids[0].with_user(self.standard_user).retainage_percent = 1
