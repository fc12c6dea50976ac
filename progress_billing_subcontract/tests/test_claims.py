from odoo import Command
from odoo.exceptions import AccessError, RedirectWarning, UserError, ValidationError
from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestInvitations(ClaimCommon):
    """Invite to bill: once a period, accepted or declined, asked again, reminded."""

    def test_invite_accept(self):
        bill = self._invite()
        self.assertRecordValues(
            bill,
            [
                {
                    'state': 'planned',
                    'claim_status': 'invited',
                    'period_id': self.period.id,
                    'kind': 'progress',
                    'invitation_type': 'all',
                    'is_late_invitation': False,
                }
            ],
        )
        self.assertEqual(bill.notice_ids.mapped('kind'), ['invited'])
        self.assertEqual(self._invite(), bill.browse(), "Invited once a period.")
        self.assertEqual(len(bill.notice_ids), 1, "And told once a day.")
        self._answer(bill, 'accept')
        self.assertRecordValues(bill, [{'state': 'draft', 'claim_status': 'draft'}])
        self.assertEqual(bill.line_ids.contract_line_id, self.contract.line_ids)
        self.assertEqual(bill.answer_ids[:1].partner_id, self.mason)

    def test_decline_and_invite_again(self):
        bill = self._invite()
        self._answer(bill, 'decline', reason="Nothing done")
        self.assertRecordValues(bill, [{'claim_status': 'declined', 'decline_reason': "Nothing done"}])
        with self.assertRaisesRegex(UserError, "has answered already"):
            self._answer(bill, 'accept')
        self.assertEqual(self._invite(), bill.browse())
        self.assertRecordValues(bill, [{'claim_status': 'invited', 'decline_reason': False}])

    def test_without_contacts(self):
        self.contact.unlink()
        with self.assertRaisesRegex(RedirectWarning, "has no contacts") as refused:
            self.contract.action_invite()
        way_out = refused.exception.args[3]
        self.assertEqual(way_out, {'default_contract_id': self.contract.id, 'default_role': 'invoice'})

    def test_without_period(self):
        self.period.action_close()
        with self.assertRaisesRegex(UserError, "has no open billing period"):
            self.contract.action_invite()

    def test_late(self):
        self.period.date_due = '2026-03-10'
        action = self.contract.action_invite()
        bill = self.contract.bill_ids
        self.assertTrue(bill.is_late_invitation)
        self.assertEqual(action['params']['type'], 'warning')
        self.assertRegex(action['params']['message'], "The due date of the period has passed")

    def test_whole_project(self):
        """One contract after the other is invited; who has no contact is named, who declined is left alone."""
        second, third = (self._subcontract([1000]) for _number in range(2))
        self._add_invoice_contact(second, self.mason)
        action = self.project.action_invite_subcontracts('work')
        self.assertEqual(self.contract.bill_ids.invitation_type, 'work')
        self.assertEqual(second.bill_ids.claim_status, 'invited')
        self.assertFalse(third.bill_ids)
        self.assertIn(third.display_name, action['params']['message'])
        second.bill_ids.action_decline("No")
        self.project.action_invite_subcontracts()
        self.assertEqual(second.bill_ids.claim_status, 'declined')

    def test_only_administrators_invite(self):
        for user in (self.standard_user, self.sub_reader):
            with self.assertRaisesRegex(AccessError, "Only administrators"):
                self.contract.with_user(user).action_invite()

    def test_reminders(self):
        """From three days before the due date, who has not handed in is reminded once a day; who has, is not."""
        bill = self._invite()
        self.period.date_due = '2026-03-22'
        for _run in range(2):
            self.env['progress.bill']._cron_remind_contacts()
        self.assertEqual(
            bill.notice_ids.filtered(lambda notice: notice.kind == 'reminder').mapped('occasion'), ['2026-03-20']
        )
        bill.action_accept()
        bill.line_ids[0].amount = 100
        bill.action_submit()
        bill.notice_ids.filtered(lambda notice: notice.kind == 'reminder').sudo().unlink()
        self.env['progress.bill']._cron_remind_contacts()
        self.assertNotIn('reminder', bill.notice_ids.mapped('kind'))
        self.assertRefused(bill.action_remind, "There is nobody to remind")

    def test_no_run_bills_for_them(self):
        bill = self._invite()
        due = self.env['progress.bill']
        self.assertFalse(bill & due.search(due._get_due_domain()))

    def test_list_of_a_period(self):
        second = self._subcontract([1000])
        self._invite()
        self.env.flush_all()
        rows = self.env['progress.subcontract.status'].search([('period_id', '=', self.period.id)])
        found = {row.contract_id: (row.claim_status, row.blockers) for row in rows}
        self.assertEqual(found[self.contract], ('invited', False))
        self.assertEqual(found[second][0], 'not_invited')
        self.assertRegex(found[second][1], "Add an invoice contact")


@tagged('post_install', '-at_install')
class TestClaims(ClaimCommon):
    """The claim on the page, its review, and the vendor bill it becomes."""

    def test_units(self):
        """20,000 by amount, 25 % to date, 0.5 units of 40,000: draft, kept as entered."""
        bill = self._accepted()
        first, second = bill.line_ids
        given = self._work(bill, '15000.00', '25%')
        self._answer(bill, 'claim', **{**given, f'unit_{second.id}': 'percent'})
        self.assertEqual((first.amount, second.amount), (15000, 10000))
        self.assertEqual(bill.claim_status, 'draft')
        given = self._work(bill, '25', '0.5', unit='percent')
        self._answer(bill, 'claim', **{**given, f'unit_{second.id}': 'quantity'})
        self.assertEqual((first.amount, second.amount), (15000, 20000))
        self.assertEqual((first.retainage_amount, bill.current_payment_due), (1500, 31500))
        for text, sentence in (('abc', "is no number"), ('nan', "is no number"), ('101', "between 0 and 100")):
            with self.assertRaisesRegex(UserError, sentence):
                self._answer(bill, 'claim', **self._work(bill, text, unit='percent'))
        with self.assertRaisesRegex(UserError, "cannot exceed"):
            self._answer(bill, 'claim', **self._work(bill, '60001'))

    def test_submitted_once(self):
        bill = self._accepted()
        version = bill._get_version()
        given = {'vendor_reference': 'R-77', **self._work(bill, '6000')}
        self._answer(bill, 'submit', **given)
        self.assertRecordValues(
            bill,
            [
                {
                    'claim_status': 'under_review',
                    'amount': 6000,
                    'vendor_reference': 'R-77',
                    'submitted_by_partner_id': self.mason.id,
                    'is_on_behalf': False,
                }
            ],
        )
        self.assertEqual(len(bill.line_ids), 1, "What nothing is claimed of is not on the claim.")
        self.assertEqual(bill.activity_ids.summary, self.vendor.name)
        with self.assertRaisesRegex(UserError, "has answered already"):
            self._answer(bill, 'submit', version=version)
        with self.assertRaisesRegex(UserError, "cannot change"):
            bill.line_ids.amount = 1

    def test_nothing_is_claimed(self):
        bill = self._accepted()
        with self.assertRaisesRegex(UserError, "Nothing is claimed"):
            self._answer(bill, 'submit', **self._work(bill, '0', ''))

    def test_stored_materials(self):
        """4,000 of work and 1,000 stored, 10 % of both retained: 4,500 due."""
        bill = self._accepted()
        line = bill.line_ids[0]
        line.stored_retainage_percent = 10
        self._answer(bill, 'submit', **{**self._work(bill, '4000'), f'stored_{line.id}': '1000'})
        self.assertEqual((line.stored_amount, bill.invoiced_amount, bill.current_payment_due), (1000, 5000, 4500))
        bill.action_approve()
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, expense=5000, input_tax=500, payable_retainage=-500, payable=-5000)

    def test_type_limits_the_page(self):
        self._claim(self.contract, 10000, post=True, date='2026-02-15')
        bill = self._accepted(invitation_type='work')
        line = bill.line_ids[0]
        with self.assertRaisesRegex(UserError, "no claims of retainage"):
            self._answer(bill, 'claim', **{f'release_{line.id}': '100'})
        bill.action_cancel()
        release = self._accepted(invitation_type='retainage')
        self.assertEqual((release.kind, release.line_ids.contract_line_id), ('retainage', self.contract.line_ids[0]))
        with self.assertRaisesRegex(UserError, "retainage only"):
            self._answer(release, 'claim', **{f'work_{release.line_ids.id}': '100'})

    def test_rate_is_locked(self):
        bill = self._accepted()
        line = bill.line_ids[0]
        given = {**self._work(bill, '1000'), f'rate_{line.id}': '5'}
        with self.assertRaisesRegex(UserError, "is set by the office"):
            self._answer(bill, 'claim', **given)
        self.contract.is_retainage_open = True
        self._answer(bill, 'claim', **given)
        self.assertEqual((line.retainage_percent, line.retainage_amount), (5, 50))

    def test_invoice_number_once(self):
        first = self._accepted()
        self._answer(first, 'submit', vendor_reference='R-1', **self._work(first, '100'))
        second = self._subcontract([500])
        self._add_invoice_contact(second, self.mason)
        bill = self._accepted(second)
        with self.assertRaisesRegex(ValidationError, "is on .* already"):
            self._answer(bill, 'claim', vendor_reference=' R-1 ')
        self.init_invoice('in_invoice', partner=self.vendor, amounts=[5]).ref = 'R-2'
        with self.assertRaisesRegex(ValidationError, "is on .* already"):
            self._answer(bill, 'claim', vendor_reference='R-2')
        self._answer(bill, 'submit', vendor_reference='R-3', **self._work(bill, '100'))
        bill.action_approve()
        self.assertEqual(bill.invoice_id.ref, 'R-3')

    def test_in_their_name(self):
        """A Standard user claims in the subcontractor's name, and that shows."""
        bill = self._invite()
        mine = bill.with_user(self.standard_user)
        mine.action_accept()
        mine.line_ids[0].write({'amount': 5000})
        mine.action_submit()
        self.assertRecordValues(
            bill,
            [
                {
                    'claim_status': 'under_review',
                    'is_on_behalf': True,
                    'submitted_by_partner_id': self.standard_user.partner_id.id,
                }
            ],
        )
        self.assertTrue(bill.message_ids.filtered(lambda message: "in the name of Bricklayer" in (message.body or '')))
        with self.assertRaisesRegex(AccessError, "Only administrators"):
            mine.action_approve()

    # === REVIEW === #

    def _submitted(self, *texts):
        bill = self._accepted()
        self._answer(bill, 'submit', **self._work(bill, *texts))
        return bill

    def test_approved(self):
        """10,000 and 5,000 claimed: a draft vendor bill dated by the claim; billed when posted, paid when paid."""
        bill = self._submitted('10000', '5000')
        bill.date = '2026-03-15'
        bill.action_approve()
        self.assertRecordValues(
            bill.invoice_id, [{'state': 'draft', 'move_type': 'in_invoice', 'amount_untaxed': 13500}]
        )
        self.assertEqual((str(bill.invoice_id.invoice_date), bill.claim_status), ('2026-03-15', 'approved'))
        self.assertFalse(bill.activity_ids)
        bill.invoice_id.action_post()
        self.assertEqual(bill.claim_status, 'billed')
        self.assertLedger(bill.invoice_id, expense=15000, input_tax=1500, payable_retainage=-1500, payable=-15000)
        self.billing.pay(bill.invoice_id)
        self.assertEqual(bill.claim_status, 'paid')
        self.assertEqual(set(bill.notice_ids.mapped('kind')), {'invited', 'approved', 'released', 'paid'})

    def test_posted_at_once(self):
        self.company.progress_post_invoices = True
        bill = self._submitted('10000')
        bill.action_approve()
        self.assertEqual((bill.invoice_id.state, bill.claim_status), ('posted', 'billed'))

    def test_certify_less(self):
        bill = self._submitted('10000', '5000')
        wizard = self.env['progress.review.wizard'].browse(bill.action_review()['res_id'])
        self.assertFalse(wizard.has_release or wizard.has_stored)
        wizard.line_ids[0].certified_amount = 8000
        self.assertEqual(wizard.line_ids[0].difference_amount, 2000)
        wizard.action_approve()
        self.assertEqual((bill.claim_status, bill.invoiced_amount), ('approved_as_noted', 13000))
        self.assertRecordValues(
            bill.line_ids,
            [
                {'claimed_amount': 10000, 'certified_amount': 8000, 'difference_amount': 2000},
                {'claimed_amount': 5000, 'certified_amount': 5000, 'difference_amount': 0},
            ],
        )
        self.assertEqual(bill.invoice_id.amount_untaxed, 11700)

    def test_revise_and_resubmit(self):
        bill = self._submitted('10000', '5000')
        bill.line_ids[0].action_reject("The chimney is not done")
        with self.assertRaisesRegex(UserError, "is rejected"):
            bill.action_approve()
        bill.action_reject()
        self.assertRecordValues(bill, [{'claim_status': 'revise', 'state': 'rejected'}])
        self.assertRegex(bill.reject_reason, "Works 1: The chimney is not done")
        self.assertEqual(bill.line_ids[0].review_note, "The chimney is not done")
        self.assertIn('rejected', bill.notice_ids.mapped('kind'))
        self._answer(bill, 'submit', **self._work(bill, '9000', '5000'))
        self.assertEqual((bill.claim_status, bill.amount), ('under_review', 14000))
        self.assertEqual(bill.answer_ids.mapped('kind'), ['submit', 'submit'])
        self.assertTrue(bill.message_ids.filtered(lambda message: "Rejected: " in (message.body or '')))
        bill.action_approve()
        self.assertEqual(bill.claim_status, 'approved')

    def test_odd_type_of_an_invitation(self):
        for odd in (True, {}, ['all'], 'x', None):
            with self.subTest(odd=odd):
                self.assertRefused(lambda odd=odd: self.contract.action_invite(odd), "Choose one of all, work")

    def test_review_is_of_its_own_claim(self):
        """Lines of another claim are not certified along, whatever a caller puts into the dialog."""
        other = self._subcontract([5000], self.input_tax, retainage_percent=10)
        self._add_invoice_contact(other, self.mason)
        done = self._accepted(other)
        self._answer(done, 'submit', **self._work(done, '1000'))
        done.action_approve()
        bill = self._submitted('10000')
        wizard = self.env['progress.review.wizard'].browse(bill.action_review()['res_id'])
        foreign = {'bill_line_id': done.line_ids.id, 'certified_amount': 1000, 'retainage_percent': 50}
        self.assertRefused(
            lambda: wizard.write({'line_ids': [Command.create(foreign)]}), "is no line of", error=ValidationError
        )
        first = wizard.line_ids[0]
        self.assertRefused(lambda: first.write({'bill_line_id': done.line_ids.id}), "cannot be set", error=AccessError)
        self.assertRefused(lambda: wizard.write({'bill_id': done.id}), "cannot be set", error=AccessError)
        self.assertEqual(done.line_ids.retainage_percent, 10)
        wizard.action_approve()
        self.assertEqual((bill.claim_status, bill.invoiced_amount), ('approved', 10000))

    def test_send_back_by_the_dialog(self):
        bill = self._submitted('10000')
        wizard = self.env['progress.review.wizard'].browse(bill.action_review()['res_id'])
        wizard.line_ids.write({'decision': 'reject', 'note': "Wrong line"})
        self.assertRefused(wizard.action_approve, "A line is rejected")
        wizard.action_send_back()
        self.assertEqual(bill.claim_status, 'revise')
        self.assertEqual(bill.line_ids.contract_line_id, self.contract.line_ids, "All lines can be claimed again.")

    def test_negative_claim_is_a_refund(self):
        self._claim(self.contract, 10000, post=True, date='2026-02-15')
        bill = self._submitted('-2000')
        bill.action_approve()
        self.assertEqual(bill.invoice_id.move_type, 'in_refund')
        bill.invoice_id.action_post()
        self.assertLedger(bill.invoice_id, expense=-2000, input_tax=-200, payable_retainage=200, payable=2000)

    def test_office_steps_come_first(self):
        self.env['progress.approval.step'].create(
            {'contract_id': self.contract.id, 'name': "Head of projects", 'user_id': self.env.user.id}
        )
        bill = self._submitted('10000')
        bill.action_approve()
        self.assertEqual((bill.state, bill.claim_status), ('approved', 'approved'))
        bill.action_approve_step()
        bill.action_release()
        self.assertEqual(bill.invoice_id.amount_untaxed, 9000)

    def test_status_follows_in_one_transaction(self):
        """Paid once it is matched, billed again once that is undone: without anything else being read or written."""
        bill = self._claim(self.contract, 10000, post=True)
        self.assertEqual(bill.claim_status, 'billed')
        undoings = (
            lambda payment: bill.invoice_id.line_ids.remove_move_reconcile(),
            lambda payment: payment.move_id.line_ids.remove_move_reconcile(),
            lambda payment: self._partials(bill).unlink(),
            lambda payment: payment.action_cancel(),
        )
        for number, undo in enumerate(undoings):
            with self.subTest(number=number):
                payment = self.billing.pay(bill.invoice_id)
                self.assertEqual(bill.claim_status, 'paid')
                undo(payment)
                self.assertEqual(bill.claim_status, 'billed')
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(bill.claim_status, 'billed')

    def _partials(self, bill):
        return bill.invoice_id.line_ids.matched_debit_ids | bill.invoice_id.line_ids.matched_credit_ids

    def test_screens_of_their_own(self):
        action = self.contract.action_view_bills()
        claims = self.env.ref('progress_billing_subcontract.action_progress_subcontract_bill')
        self.assertEqual((action['id'], action['domain']), (claims.id, [('contract_id', 'in', self.contract.ids)]))
        owner = self.make.as_billed([100])
        self.assertNotEqual(owner.action_view_bills()['id'], claims.id)

    def test_not_invited(self):
        bill = self.env['progress.bill'].create({'contract_id': self.contract.id, 'date': '2026-03-20'})
        self.assertEqual(bill.claim_status, 'not_invited')

    def test_deletion(self):
        """Planned, draft, rejected and declined claims can be deleted, by administrators; what was approved cannot."""
        bill = self._accepted()
        with self.assertRaisesRegex(AccessError, "Only administrators"):
            bill.with_user(self.standard_user).unlink()
        bill.unlink()
        bill = self._submitted('100')
        self.assertRefused(bill.unlink, "cannot be deleted")
        bill.action_approve()
        self.assertRefused(bill.unlink, "cannot be deleted")
