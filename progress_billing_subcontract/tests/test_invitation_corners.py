from datetime import date

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .claim_common import TODAY, ClaimCommon


@tagged('post_install', '-at_install')
class TestInvitationCorners(ClaimCommon):
    """Invitations at the edges of periods, of what is held, and of who has answered."""

    def test_date_lies_in_the_period(self):
        """Today, or the nearer end of a period that is over or to come."""
        for today, expected in ((TODAY, '2026-03-20'), (date(2026, 4, 9), '2026-03-31')):
            with self.subTest(today=today), freeze_time(today), self.env.cr.savepoint() as savepoint:
                self.assertEqual(str(self._invite().date), expected)
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    def test_late_from_the_day_after(self):
        """On the due date it is in time; the day after it is late, and the page and the office say so."""
        for due, late in (('2026-03-20', False), ('2026-03-19', True)):
            with self.subTest(due=due), self.env.cr.savepoint() as savepoint:
                self.period.date_due = due
                warning = self.env['progress.invite.wizard'].create({'contract_ids': [Command.set(self.contract.ids)]})
                self.assertEqual("has passed" in (warning.warning or ''), late)
                self.assertEqual(self._invite().is_late_invitation, late)
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    def test_a_period_by_policy(self):
        """Where the contract bills by the month, the month is made; where on demand, nobody is invited without one."""
        self.period.unlink()
        self.assertRefused(self.contract.action_invite, "has no open billing period")
        self.contract.period_policy = 'month'
        bill = self._invite()
        self.assertEqual((str(bill.period_id.date_start), str(bill.period_id.date_end)), ('2026-03-01', '2026-03-31'))

    def test_without_a_project(self):
        self.contract.project_id = False
        self.assertRefused(self.contract.action_invite, "no project has no open billing period")

    def test_retainage_beside_work(self):
        """Retainage has an invitation of its own in the same period, once something is held."""
        self.assertRefused(lambda: self.contract.action_invite('retainage'), "No retainage is held")
        self._claim(self.contract, 10000, post=True, date='2026-02-15')
        work = self._invite()
        release = self._invite(invitation_type='retainage')
        self.assertEqual((work.kind, release.kind), ('progress', 'retainage'))
        self.assertEqual(work.invitation_type, 'all', "The other invitation stays what it was.")
        self.assertEqual(self._invite(invitation_type='retainage'), release.browse())

    def test_type_changes_while_it_waits(self):
        bill = self._invite()
        self.contract.action_invite('work')
        self.assertEqual(bill.invitation_type, 'work')
        bill.action_accept()
        action = self.contract.action_invite('all')
        self.assertEqual(bill.invitation_type, 'work', "Who has answered claims what they were asked for.")
        self.assertRegex(action['params']['message'], r"Answered already: .*\(Draft\)")

    def test_what_cannot_be_invited(self):
        """A subcontract that is a draft, or ended; a claim that was answered; a customer's bill that nobody accepts."""
        bill = self._accepted()
        self.assertRefused(bill.action_invite, "has been answered already: its status is “Draft”")
        self._submitted(bill)
        self.assertRefused(bill.action_accept, "is no invitation that waits for an answer")
        self.assertRefused(lambda: bill.action_decline("No"), "is no invitation that waits for an answer")
        draft = self._subcontract([100])
        draft.action_cancel()
        self._add_invoice_contact(draft, self.mason)
        self.assertRefused(draft.action_invite, draft.name)
        owner = self.make.pro_forma([100])
        plan = self.make.plan(owner, '10%')
        self.assertRefused(plan.action_accept, "is no invitation")

    def _submitted(self, bill):
        bill.line_ids[0].amount = 10
        bill.action_submit()
        return bill

    def test_accept_twice_is_once(self):
        bill = self._accepted()
        name, lines = bill.name, bill.line_ids
        bill.action_accept()
        self.assertEqual((bill.name, bill.line_ids), (name, lines))

    def test_declining_a_draft_drops_what_was_entered(self):
        """Nothing of it is claimed: the schedule is as if nobody had asked."""
        bill = self._accepted()
        bill.line_ids[0].amount = 5000
        self.assertEqual(self.contract.draft_amount, 5000)
        bill.action_decline()
        self.assertRecordValues(bill, [{'claim_status': 'declined', 'decline_reason': False, 'line_ids': []}])
        self.assertEqual(self.contract.draft_amount, 0)
        bill.action_decline("Again")
        self.assertFalse(bill.decline_reason, "It was declined already.")
        bill.action_invite()
        bill.action_accept()
        self.assertEqual(len(bill.line_ids), 2)

    def test_who_hears_of_it(self):
        """Invoice contacts and approvers with an address; readers, and who has none, do not."""
        people = self.env['res.partner'].create(
            [{'name': "Ann", 'email': 'ann@example.com'}, {'name': "Ben"}, {'name': "Cy", 'email': 'cy@example.com'}]
        )
        for partner, role in zip(people, ('approver', 'invoice', 'reader'), strict=True):
            self._add_invoice_contact(self.contract, partner, role)
        bill = self._invite()
        self.assertEqual(bill.notice_ids.partner_id, self.mason | people[0])

    def test_blockers_name_the_fix(self):
        """Each thing in the way is a sentence, in the list of the period as in the dialog."""
        self.assertEqual(self.contract._get_invitation_blockers(), [])
        self.mason.email = False
        self.assertEqual(self.contract._get_invitation_blockers(), ["Enter the e-mail address of a contact."])
        self.contact.role = 'reader'
        self.assertEqual(self.contract._get_invitation_blockers(), ["Add an invoice contact."])
        self.contract.is_vendor_schedule = True
        self.assertEqual(
            self.contract._get_invitation_blockers(),
            ["Add an invoice contact.", "Accept the subcontractor's schedule of values first."],
        )
        wizard = self.env['progress.invite.wizard'].create({'contract_ids': [Command.set(self.contract.ids)]})
        self.assertEqual(
            wizard.warning,
            f"{self.contract.display_name}: Add an invoice contact. "
            "Accept the subcontractor's schedule of values first.",
        )

    def test_dialog_invites_who_can_be(self):
        other = self._subcontract([100])
        both = self.contract | other
        action = both.action_invite_wizard()
        self.assertEqual(action['context'], {'default_contract_ids': both.ids})
        wizard = self.env['progress.invite.wizard'].create(
            {'contract_ids': [Command.set(both.ids)], 'invitation_type': 'work'}
        )
        wizard.action_confirm()
        self.assertEqual(self.contract.bill_ids.invitation_type, 'work')
        self.assertFalse(other.bill_ids)

    def test_project_without_anybody(self):
        empty = self.make.project(name="Empty")
        self.assertRefused(empty.action_invite_subcontracts, "Empty has no open subcontract.")
        self.contact.unlink()
        self.assertRefused(self.project.action_invite_subcontracts, "Add an invoice contact.")
        self.assertFalse(self.contract.bill_ids)

    def test_invite_from_the_period(self):
        action = self.period.action_invite_subcontracts()
        self.assertEqual(action['context'], {'default_contract_ids': self.contract.ids})

    def test_customers_contracts_get_their_link(self):
        """Chosen together, customers' contacts get the link to their page, subcontractors an invitation."""
        owner = self.make.pro_forma([100])
        contact = self._add_invoice_contact(owner, self.mason, 'approver')
        (owner | self.contract).action_invite()
        self.assertFalse(owner.bill_ids)
        self.assertEqual(self.contract.bill_ids.claim_status, 'invited')
        self.assertTrue(contact)

    # === REMINDERS === #

    def test_when_reminders_begin(self):
        """From three days before the due date up to it; neither earlier nor later."""
        bill = self._invite()
        for due, reminded in (('2026-03-24', 0), ('2026-03-23', 1), ('2026-03-20', 1), ('2026-03-19', 0)):
            with self.subTest(due=due), self.env.cr.savepoint() as savepoint:
                self.period.date_due = due
                self.env['progress.bill']._cron_remind_contacts()
                self.assertEqual(len(bill.notice_ids.filtered(lambda notice: notice.kind == 'reminder')), reminded)
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    def test_who_is_reminded(self):
        """Invited, draft and sent back wait for the subcontractor; not invited, declined and handed in do not."""
        bill = self._invite()
        waiting = bill._get_waiting_domain()
        for step, waits in (
            (lambda: None, True),
            (bill.action_accept, True),
            (lambda: self._submitted(bill), False),
            (lambda: bill.action_reject("Less"), True),
            (bill.action_submit, False),
            (bill.action_approve, False),
        ):
            step()
            self.assertEqual(bool(bill.filtered_domain(waiting)), waits, bill.claim_status)
        planned = bill.create({'contract_id': self.contract.id, 'date': '2026-03-20'})
        self.assertFalse(planned.filtered_domain(waiting))
        self.assertRefused(planned.action_remind, "There is nobody to remind")

    def test_reminded_once_a_day(self):
        bill = self._invite()
        self.assertEqual(bill.action_remind()['params']['type'], 'success')
        again = bill.action_remind()['params']
        self.assertEqual((again['type'], again['message']), ('warning', "Sent already today."))
        with freeze_time('2026-03-21'):
            self.assertEqual(bill.action_remind()['params']['type'], 'success')
        self.assertEqual(
            bill.notice_ids.filtered(lambda notice: notice.kind == 'reminder').mapped('occasion'),
            ['2026-03-20', '2026-03-21'],
        )
