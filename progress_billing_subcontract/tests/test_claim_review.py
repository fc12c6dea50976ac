from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .claim_common import AcceptedClaimCommon


@tagged('post_install', '-at_install')
class TestClaimReview(AcceptedClaimCommon):
    """The review of a claim, in the dialog and line by line; and the status that people see."""

    # === REVIEW === #

    def _review(self, *texts, **given):
        self._send('submit', **self._work(self.bill, *texts), **given)
        return self.env['progress.review.wizard'].browse(self.bill.action_review()['res_id'])

    def test_dialog_shows_what_was_claimed(self):
        self.first.stored_amount = 300
        wizard = self._review('10000', '5000', **{f'stored_{self.first.id}': '300'})
        self.assertRecordValues(
            wizard.line_ids,
            [
                {
                    'name': "Works 1",
                    'scheduled_amount': 60000,
                    'claimed_amount': 10000,
                    'stored_amount': 300,
                    'certified_amount': 10000,
                    'difference_amount': 0,
                    'retainage_percent': 10,
                    'decision': 'approve',
                    'note': False,
                },
                {
                    'name': "Works 2",
                    'scheduled_amount': 40000,
                    'claimed_amount': 5000,
                    'stored_amount': 0,
                    'certified_amount': 5000,
                    'difference_amount': 0,
                    'retainage_percent': 10,
                    'decision': 'approve',
                    'note': False,
                },
            ],
        )
        self.assertFalse(wizard.has_rejected)

    def test_certified_at_its_edges(self):
        """Nothing up to what was claimed; more, or less than nothing, is refused and leaves the claim under review."""
        wizard = self._review('10000', '5000')
        line = wizard.line_ids[0]
        for amount in (10000.01, -1):
            with self.subTest(amount=amount):
                line.certified_amount = amount
                self.assertRefused(
                    wizard.action_approve, "lies between nothing and the claim of", error=ValidationError
                )
                self.assertEqual(self.bill.claim_status, 'under_review')
        line.certified_amount = 0
        wizard.action_approve()
        self.assertRecordValues(self.bill, [{'claim_status': 'approved_as_noted', 'invoiced_amount': 5000}])
        self.assertEqual(self.bill.reviewed_amount, 5000)

    def test_rate_of_the_review(self):
        """5 % instead of 10 % is withheld: approved as noted, though every amount stands."""
        wizard = self._review('10000')
        wizard.line_ids.retainage_percent = 5
        wizard.action_approve()
        self.assertRecordValues(
            self.bill, [{'claim_status': 'approved_as_noted', 'retainage_amount': 500, 'is_noted': True}]
        )
        self.assertEqual(self.bill.invoice_id.amount_untaxed, 9500)

    def test_columns_of_the_review(self):
        """Stored materials have a column where some are claimed: the note needs the room."""
        wizard = self._review('1000', **{f'stored_{self.first.id}': '500'})
        self.assertTrue(wizard.has_stored)

    def test_release_of_the_review(self):
        """What was asked for, or less: 400 asked, 400.01 and −1 are refused, 0 leaves all of it held."""
        self._held()
        wizard = self._review('2000', **{f'release_{self.first.id}': '400'})
        self.assertTrue(wizard.has_release)
        for amount in (400.01, -1):
            with self.subTest(amount=amount):
                wizard.line_ids.release_amount = amount
                self.assertRefused(wizard.action_approve, "release what was claimed, or less")
        wizard.line_ids.release_amount = 0
        wizard.action_approve()
        self.assertRecordValues(self.bill, [{'claim_status': 'approved_as_noted', 'retainage_amount': 200}])

    def test_send_back_says_why(self):
        """A rejected line needs a note; the mail and the page have each of them, and the note of the whole."""
        wizard = self._review('10000', '5000')
        wizard.line_ids[0].decision = 'reject'
        self.assertTrue(wizard.has_rejected)
        self.assertRefused(wizard.action_send_back, "Say why, so that the line can be revised")
        self.assertEqual(self.bill.claim_status, 'under_review')
        wizard.line_ids[0].note = "Not done yet"
        wizard.note = "See you on site"
        wizard.action_send_back()
        self.assertEqual(self.bill.reject_reason, "See you on site\nWorks 1: Not done yet")
        self.assertEqual(self.bill.line_ids.mapped('review_state'), ['rejected', 'open'])
        self._send('submit', **self._work(self.bill, '9000', '5000'))
        self.assertEqual(self.bill.line_ids.mapped('review_state'), ['open', 'open'])
        self.assertFalse(any(self.bill.line_ids.mapped('review_note')))
        self.assertEqual(self.bill.review_round, 2)
        self.assertRegex(str(self.bill.message_ids.mapped('body')), "Claim 2: .*14,000.00 of work")

    def test_dialog_is_called_as_its_button(self):
        """A claim is sent back, a bill of a customer rejected: by name of the dialog, and of its button."""
        customers = self.make.contract([100.0])
        bill = self.env['progress.bill'].create({'contract_id': customers.id})
        for record, name, sends_back in ((self.bill, "Send Back", True), (bill, "Reject", False)):
            action = record.action_reject_wizard()
            self.assertEqual(action['name'], name)
            wizard = self.env['progress.reject.wizard'].with_context(**action['context'])
            self.assertEqual(Form(wizard).sends_back, sends_back)

    def test_nothing_to_send_back(self):
        wizard = self._review('10000')
        self.assertRefused(wizard.action_send_back, "Say why")
        self.assertRefused(self.bill.action_reject, "Say why")
        self.assertEqual(self.bill.claim_status, 'under_review')

    def test_lines_are_reviewed_under_review_only(self):
        for act in (self.first.action_approve, lambda: self.first.action_reject("No"), self.bill.action_review):
            self.assertRefused(act, "is not under review: its status is")
        self._send('submit', **self._work(self.bill, '10'))
        self.first.action_reject("No")
        self.assertRefused(self.bill.action_approve, "cannot be approved: Works 1 is rejected")
        self.first.action_approve()
        self.assertFalse(self.first.review_note)
        self.bill.action_approve()
        self.assertEqual(self.bill.claim_status, 'approved')

    def test_decided_on_what_is_shown(self):
        """Sent back by somebody else and handed in anew: a dialog of the claim before decides nothing."""
        wizard = self._review('10000')
        self.bill.action_reject("More")
        self._send('submit', **self._work(self.bill, '12000', '700'))
        for act in (wizard.action_approve, wizard.action_send_back):
            self.assertRefused(act, "has been changed since you opened this dialog", self.bill.name)
        self.assertRecordValues(self.bill, [{'claim_status': 'under_review', 'invoiced_amount': 12700}])
        wizard = self.env['progress.review.wizard'].browse(self.bill.action_review()['res_id'])
        wizard.action_approve()
        self.assertRecordValues(self.bill, [{'claim_status': 'approved', 'invoiced_amount': 12700}])

    def test_many_at_once(self):
        """From the list: claims approved and sent back together, each with its own notes."""
        other = self._accepted(self._other())
        self._answer(other, 'submit', **self._work(other, '50'))
        self._send('submit', **self._work(self.bill, '100'))
        both = self.bill | other
        for bill, note in ((self.bill, "First"), (other, "Second")):
            bill.line_ids.action_reject(note)
        both.action_reject()
        self.assertEqual(both.mapped('reject_reason'), ["Works 1: First", "Works 1: Second"])
        both.action_submit()
        both.action_approve()
        self.assertEqual(both.mapped('claim_status'), ['approved', 'approved'])
        self.assertEqual(both.invoice_id.mapped('amount_untaxed'), [90, 50])

    # === STATUSES === #

    def test_statuses(self):
        """One status over claim and bill, step by step."""
        bill = self.bill
        steps = (
            ('draft', lambda: None),
            ('under_review', lambda: self._send('submit', **self._work(bill, '1000'))),
            ('revise', lambda: bill.action_reject("Less")),
            ('under_review', bill.action_submit),
            ('approved', bill.action_approve),
            ('billed', lambda: bill.invoice_id.action_post()),
            ('billed', lambda: self.billing.pay(bill.invoice_id, 300)),
            ('paid', lambda: self.billing.pay(bill.invoice_id)),
        )
        for status, step in steps:
            step()
            self.assertEqual(bill.claim_status, status)
        with self.subTest(of="opening amounts"):
            opening = self._claim_of('opening')
            self.assertFalse(opening.claim_status)
        owner = self.make.pro_forma([100])
        owner.line_ids.pending_amount = 10
        owner.action_run_billing()
        self.assertFalse(owner.bill_ids.claim_status, "A customer's bill has none.")

    def _claim_of(self, kind):
        other = self._subcontract([500])
        return self.env['progress.bill']._create_protected(
            [{'contract_id': other.id, 'kind': kind, 'date': '2026-01-31', 'review_state': 'draft'}]
        )

    def test_status_after_a_cancelled_claim_or_bill(self):
        self._send('submit', **self._work(self.bill, '1000'))
        self.bill.action_approve()
        self.bill.invoice_id.unlink()
        self.assertEqual(self.bill.claim_status, 'approved')
        self.bill.action_cancel()
        self.assertFalse(self.bill.claim_status)
        self.assertFalse(
            self.env['progress.subcontract.status'].search([('bill_id', '=', self.bill.id)]),
            "It is in no period's list.",
        )

    def test_list_says_what_is_certified_after_the_review(self):
        rows = self.env['progress.subcontract.status']
        self._send('submit', **self._work(self.bill, '1000'))
        self.env.flush_all()
        row = rows.search([('bill_id', '=', self.bill.id)])
        self.assertRecordValues(row, [{'claimed_amount': 1000, 'certified_amount': 0, 'claim_status': 'under_review'}])
        self.assertEqual(self.bill.reviewed_amount, 0)
        self.first.certified_amount = 800
        self.bill.action_approve()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertRecordValues(
            row,
            [{'claimed_amount': 1000, 'certified_amount': 800, 'amount_due': 720, 'claim_status': 'approved_as_noted'}],
        )
        self.assertEqual(row.action_open_claim()['res_id'], self.bill.id)

    def test_list_of_those_without_a_claim(self):
        """A subcontract without a claim has a row in each period of its project while it is open."""
        other = self._other()
        self.env.flush_all()
        domain = [('contract_id', '=', other.id)]
        row = self.env['progress.subcontract.status'].search(domain)
        self.assertRecordValues(
            row, [{'claim_status': 'not_invited', 'bill_id': False, 'blockers': False, 'period_id': self.period.id}]
        )
        self.assertEqual(row.action_open_claim()['res_id'], other.id)
        self.assertEqual(row.action_invite()['context'], {'default_contract_ids': other.ids})
        self.assertRefused(row.action_remind, "There is nobody to remind")
        other.action_cancel()
        self.env.flush_all()
        self.assertFalse(row.search(domain))
