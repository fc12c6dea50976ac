from datetime import date

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.progress_billing.models.base.progress_actor import Actor

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


@tagged('post_install', '-at_install')
class TestClaimCorners(ClaimCommon):
    """What a claim takes: numbers, units, invoice numbers, releases; and what it becomes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._accepted()
        cls.first, cls.second = cls.bill.line_ids

    def _send(self, kind='claim', **given):
        self._answer(self.bill, kind, **given)

    # === NUMBERS === #

    def test_numbers(self):
        """Grouped, with blanks, signed or empty; what is no number changes nothing of the claim."""
        self._send(**self._work(self.bill, '1000', '500'))
        for text, amount in (
            ('2,500.00', 2500),
            (' 2500 ', 2500),
            ('0.005', 0.01),
            ('', 0),
            ('-0', 0),
            ('60,000', 60000),
        ):
            with self.subTest(text=text):
                self._send(**self._work(self.bill, text))
                self.assertEqual(self.first.amount, amount)
        self._send(**self._work(self.bill, '1000', '500'))
        for text, words in (
            ('1e3', "is no number. Write it like 1,234.5"),
            ('1e999', "is no number"),
            ('inf', "is no number"),
            ('1.2.3', "is no number"),
            ('12,5', "is no number"),
            ('--5', "is no number"),
            ('1' * 40, "is no number"),
            ('60,000.01', "cannot exceed"),
            ('-0.01', "cannot"),
        ):
            with self.subTest(text=text):
                self.assertRefused(lambda text=text: self._send(**self._work(self.bill, text, '700')), words)
                self.assertEqual((self.first.amount, self.second.amount), (1000, 500))

    def test_names_of_others_are_no_fields(self):
        """A form that names lines of other claims, or fields it has not, changes nothing of them."""
        other = self._subcontract([500])
        self._add_invoice_contact(other, self.mason)
        theirs = self._accepted(other)
        self._send(**self._work(self.bill, '1000'), **{f'work_{theirs.line_ids.id}': '77', 'certified_amount': '5'})
        self.assertEqual((theirs.line_ids.amount, self.first.amount), (0, 1000))

    def test_percent_is_to_date(self):
        """25 % of 60,000, then 40 % to date are 9,000 more; below what is claimed before it is negative work."""
        self._send('submit', **self._work(self.bill, '25%', unit='percent'))
        self.assertEqual(self.first.amount, 15000)
        self.bill.action_approve()
        self.bill.invoice_id.action_post()
        self.period.action_close()
        self.env['progress.billing.period'].create(
            {'project_id': self.project.id, 'date_start': '2026-04-01', 'date_end': '2026-04-30'}
        )
        with freeze_time('2026-04-10'):
            bill = self._accepted()
            line = bill.line_ids[0]
            for text, amount in (('40', 9000), ('25', 0), ('10', -9000), ('100', 45000), ('0', -15000)):
                with self.subTest(text=text):
                    self._answer(bill, 'claim', **self._work(bill, text, unit='percent'))
                    self.assertEqual(line.amount, amount)
            for text in ('-1', '100.01'):
                with self.subTest(text=text):
                    self.assertRefused(
                        lambda text=text: self._answer(bill, 'claim', **self._work(bill, text, unit='percent')),
                        "a percentage lies between 0 and 100",
                    )

    def test_units_of_an_amount(self):
        """0.333 of 60,000 by amount are 19,980; without a unit price there is no quantity."""
        self._send(**self._work(self.bill, '0.333', unit='quantity'))
        self.assertEqual(self.first.amount, 19980)
        self.contract.line_ids[1].with_context(tracking_disable=True)._write_protected({'unit_price': 0})
        given = {f'work_{self.second.id}': '1', f'unit_{self.second.id}': 'quantity'}
        self.assertRefused(lambda: self._send(**given), "has no unit price: enter an amount")

    def test_stored_comes_before_percent(self):
        """50 % to date with 5,000 stored: what is stored counts as done, the work is the rest."""
        given = {**self._work(self.bill, '50', unit='percent'), f'stored_{self.first.id}': '5000'}
        self._send(**given)
        self.assertEqual((self.first.stored_amount, self.first.amount + self.first.stored_amount), (5000, 30000))

    def test_negative_stored_and_released(self):
        for name in ('stored', 'release'):
            with self.subTest(name=name):
                self.assertRefused(
                    lambda name=name: self._send(**{f'{name}_{self.first.id}': '-1'}), "cannot be negative"
                )

    # === WHAT THE INVITATION TAKES === #

    def test_what_stands_is_not_asked_for(self):
        """A form sends all its fields: the rate and the materials that stand are no wish for others."""
        self.bill._write_protected({'invitation_type': 'work'})
        same = {f'rate_{self.first.id}': '10.00', f'stored_{self.first.id}': '0', f'release_{self.first.id}': ''}
        self._send(**self._work(self.bill, '1000'), **same)
        self.assertEqual(self.first.amount, 1000)
        for name, value, words in (
            ('rate', '10.01', "is set by the office"),
            ('rate', '0', "is set by the office"),
            ('release', '0.01', "takes no claims of retainage"),
        ):
            with self.subTest(name=name, value=value):
                self.assertRefused(lambda n=name, v=value: self._send(**{f'{n}_{self.first.id}': v}), words)
        self.bill._write_protected({'invitation_type': 'retainage'})
        for name in ('work', 'stored'):
            with self.subTest(name=name):
                self.assertRefused(
                    lambda name=name: self._send(**{f'{name}_{self.first.id}': '5'}), "takes claims of retainage only"
                )

    def test_before_it_is_accepted(self):
        bill = self._invite(self._other())
        given = {'version': bill._get_version()}
        contact = bill.contract_id.contact_ids.sudo()
        self.assertRefused(
            lambda: bill.sudo()._take_answer('claim', Actor(self.mason), contact, given), "Accept the invitation first"
        )

    def _other(self):
        other = self._subcontract([500])
        self._add_invoice_contact(other, self.mason)
        return other

    def test_whoever_reads_claims_nothing(self):
        self.contact.role = 'reader'
        for kind in ('accept', 'decline', 'claim', 'submit', 'dispute', 'withdraw', 'forward'):
            with self.subTest(kind=kind):
                self.assertRefused(
                    lambda kind=kind: self._send(kind, reason="x", email='a@b.co'),
                    "others claim for the firm",
                    error=AccessError,
                )

    def test_customers_answers_are_none_here(self):
        self.assertEqual(
            set(self.bill._get_answer_takers()),
            {'accept', 'decline', 'claim', 'submit', 'dispute', 'withdraw', 'forward'},
        )
        self.assertFalse(self.bill._is_waiting())

    def test_preview_keeps_nothing(self):
        """What would be due is shown as typed; nothing is written, the invoice number neither."""
        shown = self.bill.sudo()._preview_certificate(
            Actor(self.mason), {**self._work(self.bill, '1000', '500'), 'vendor_reference': 'X-1'}
        )
        self.assertRegex(shown['difference'], "1,500.00")
        self.assertRegex(shown['less'], "150.00")
        self.assertRegex(shown['due'], "1,350.00")
        self.assertRecordValues(self.bill, [{'amount': 0, 'vendor_reference': False}])
        self.assertEqual(self.first.amount, 0)

    def test_shown_as_typed(self):
        """Quantities and rates keep their decimals in the fields of the form, in whatever currency."""
        for number, text in ((12.5, '12.5'), (7.1255, '7.1255'), (1234.0, '1,234'), (0.0, '0'), (-0.25, '-0.25')):
            with self.subTest(number=number):
                self.assertEqual(self.bill._show_typed_number(number), text)

    # === INVOICE NUMBERS === #

    def test_numbers_of_invoices(self):
        """Compared without blanks, by firm and company, with what stands; its own number is not another's."""
        self.bill.vendor_reference = ' R-1 '
        self.assertEqual(self.bill.vendor_reference, 'R-1')
        self.bill.vendor_reference = 'R-1'
        other = self._other().action_invite() and self.env['progress.bill'].search([], order='id desc', limit=1)
        self.assertRefused(lambda: other.write({'vendor_reference': 'R-1'}), "R-1", "is on", error=ValidationError)
        strange = self._subcontract([5], purchase_vals={'partner_id': self.customer.id})
        self._add_invoice_contact(strange, self.mason)
        theirs = self._invite(strange)
        theirs.vendor_reference = 'R-1'
        self.assertRefused(
            lambda: (self.bill | other).write({'vendor_reference': 'R-5'}), "that of one claim", error=ValidationError
        )
        self.bill.action_cancel()
        other.vendor_reference = 'R-1'
        other.vendor_reference = '  '
        self.assertFalse(other.vendor_reference)

    def test_numbers_of_odoos_own_bills(self):
        """A vendor bill's reference is taken, while it stands; a refund's, and another vendor's, are not."""
        move = self.init_invoice('in_invoice', partner=self.mason, amounts=[5])
        move.ref = 'R-2'
        refund = self.init_invoice('in_refund', partner=self.vendor, amounts=[5])
        refund.ref = 'R-3'
        other = self.init_invoice('in_invoice', partner=self.customer, amounts=[5])
        other.ref = 'R-4'
        self.assertRefused(
            lambda: self.bill.write({'vendor_reference': 'R-2'}),
            "Enter the number of this claim",
            error=ValidationError,
        )
        for free in ('R-3', 'R-4'):
            self.bill.vendor_reference = free
        move.button_cancel()
        self.bill.vendor_reference = 'R-2'

    def test_number_of_a_claim_that_was_handed_in(self):
        """It stays with what was handed in; the same number written again is none of a change."""
        self.bill.vendor_reference = 'R-1'
        self._send('submit', **self._work(self.bill, '100'))
        self.bill.write({'vendor_reference': 'R-1'})
        self.assertRefused(lambda: self.bill.write({'vendor_reference': 'R-2'}), "cannot change", "Submitted")
        self.bill.action_reject("Wrong number")
        self._send(vendor_reference='R-2')
        self.assertEqual(self.bill.vendor_reference, 'R-2')

    def test_number_of_a_new_claim(self):
        bill = self.bill.create({'contract_id': self.contract.id, 'date': '2026-03-20', 'vendor_reference': ' N-1 '})
        self.assertEqual(bill.vendor_reference, 'N-1')
        self.assertFalse(bill.copy().vendor_reference)
        vals = {'contract_id': self.contract.id, 'date': '2026-03-20', 'vendor_reference': 'N-1'}
        self.assertRefused(lambda: self.bill.create(vals), "is on", error=ValidationError)

    # === RELEASES === #

    def _held(self, amount=10000):
        self._claim(self.contract, amount, post=True, date='2026-02-15')
        self.assertRetained(self.contract, amount / 10)

    def test_release_and_withhold(self):
        """Of 1,000 held: released with new work, taken back, released without work; never more than is held."""
        self._held()
        for work, release, retained, due in (
            ('2000', '400', -200, 2200),
            ('2000', '0', 200, 1800),
            ('2000', '', 200, 1800),
            ('', '1000', -1000, 1000),
            ('2000', '1200', -1000, 3000),
        ):
            with self.subTest(work=work, release=release):
                self._send(**self._work(self.bill, work), **{f'release_{self.first.id}': release})
                self.assertEqual((self.first.retainage_amount, self.bill.current_payment_due), (retained, due))
        self.assertRefused(
            lambda: self._send(**self._work(self.bill, '2000'), **{f'release_{self.first.id}': '1200.01'}),
            "cannot be released",
        )
        self.assertRefused(lambda: self._send(**{f'release_{self.second.id}': '1'}), "cannot be released")

    def test_ledger_of_a_release(self):
        self._held()
        self._send('submit', **self._work(self.bill, '2000'), **{f'release_{self.first.id}': '700'})
        self.assertTrue(self.bill.releases_retainage)
        self.assertEqual(self.bill.released_retainage_amount, 500)
        self.bill.action_approve()
        self.bill.invoice_id.action_post()
        self.assertLedger(self.bill.invoice_id, expense=2000, input_tax=200, payable_retainage=500, payable=-2700)
        self.assertRetained(self.contract, 500)

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

    # === VENDOR BILLS === #

    def test_bill_of_a_claim(self):
        """Dated by the claim, with its number, the order it comes from, and the order line on each of its lines."""
        order = self.contract.purchase_order_ids
        self._send('submit', vendor_reference='R-7', **self._work(self.bill, '1000', '500'))
        self.bill.date = '2026-03-11' if self.bill.state == 'draft' else self.bill.date
        self.bill.action_approve()
        move = self.bill.invoice_id
        self.assertRecordValues(
            move,
            [{'move_type': 'in_invoice', 'ref': 'R-7', 'invoice_date': self.bill.date, 'partner_id': self.vendor.id}],
        )
        self.assertIn(order.name, move.invoice_origin)
        lines = move.invoice_line_ids.filtered('purchase_line_id')
        self.assertEqual(lines.purchase_line_id, order.order_line)
        self.assertEqual(lines.mapped('price_subtotal'), [1000, 500])

    def test_document_of_a_claim(self):
        """The application is the subcontractor's, to us: parties and signatures stand the other way round."""
        report = self.env['report.progress_billing.report_progress_application']
        facts, texts = report._get_facts(self.bill), report._get_texts(self.bill)
        self.assertEqual((facts['customer'][0], facts['contractor'][0]), ("To", "Subcontractor"))
        self.assertIn("Bricklayer", facts['contractor'][1])
        self.assertIn(self.company.name, facts['customer'][1])
        self.assertEqual(texts['statement_blocks'], [("Subcontractor", "Bricklayer")])
        self.assertEqual(texts['certificate_blocks'], [("Certified by", ''), (self.company.name, '')])
        self.contract.application_signatures = "Mason: Mia"
        self.assertEqual(report._get_texts(self.bill)['statement_blocks'], [("Mason", "Mia")])
        owner = self.make.as_billed([100])
        self.assertIn("Contractor", owner._get_application_setting('signatures'))

    def test_screens(self):
        """Claims open in screens of their own, bills of customers in theirs."""
        claims = self.env.ref('progress_billing_subcontract.action_progress_subcontract_bill')
        contracts = self.env.ref('progress_billing_subcontract.action_progress_subcontract')
        one, none = self.bill._get_bill_action(), self.bill.browse()._get_bill_action()
        self.assertEqual((one['id'], one['res_id'], one['view_mode']), (claims.id, self.bill.id, 'form'))
        self.assertNotEqual(none.get('id'), claims.id)
        action = self.contract._get_contract_action()
        self.assertEqual((action['id'], action['res_id']), (contracts.id, self.contract.id))
        order = self.contract.action_view_purchase_orders()
        self.assertEqual((order['res_model'], order['res_id']), ('purchase.order', self.contract.purchase_order_ids.id))
        status = self.period.action_view_subcontracts()
        self.assertEqual(status['domain'], [('period_id', 'in', self.period.ids)])
        project = self.project.action_view_subcontracts()
        self.assertEqual(
            project['domain'], [('project_id', 'in', self.project.ids), ('contract_type', '=', 'subcontract')]
        )
        self.assertEqual(self.project.subcontract_count, 1)

    # === DELETION === #

    def test_what_can_be_deleted(self):
        """Draft, sent back, declined and cancelled claims go; what is under review, approved or billed stays."""
        for steps, deletable in (
            ([], True),
            (['submit'], False),
            (['submit', 'reject'], True),
            (['decline'], True),
            (['submit', 'approve'], False),
            (['submit', 'approve', 'post'], False),
            (['submit', 'cancel'], True),
        ):
            with self.subTest(steps=steps), self.env.cr.savepoint() as savepoint:
                self.first.amount = 100
                for step in steps:
                    if step == 'post':
                        self.bill.invoice_id.action_post()
                    else:
                        getattr(self.bill, f'action_{step}')(*(["Less"] if step == 'reject' else []))
                if deletable:
                    self.bill.unlink()
                    self.assertFalse(self.bill.exists())
                else:
                    self.assertRefused(self.bill.unlink, "cannot be deleted")
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    def test_order_of_life(self):
        """The older claim is billed first: one of the same subcontractor waits until then."""
        self._send('submit', **self._work(self.bill, '100'))
        later = self._claim_after('2026-03-25')
        self.assertRefused(later.action_approve, self.bill.name)
        self.bill.action_approve()
        later.action_approve()
        self.assertEqual(later.claim_status, 'approved')

    def _claim_after(self, day):
        before = self.contract.bill_ids
        line = {'contract_line_id': self.contract.line_ids[1].id, 'amount': 50}
        self.contract.action_create_bill('lines', {'lines': [line], 'date': day})
        later = self.contract.bill_ids - before
        later.action_submit()
        return later

    def test_submitted_by_the_office_or_the_contact(self):
        """What the history says of who handed in, and in whose name."""
        self._send('submit', **self._work(self.bill, '100'))
        self.assertRegex(str(self.bill.message_ids.mapped('body')), "Submitted by Mia Mason")
        self.bill.action_reject("Less")
        self.bill.action_submit()
        self.assertTrue(self.bill.is_on_behalf)
        self.assertRegex(str(self.bill.message_ids.mapped('body')), "Claim 2: .* in the name of Bricklayer")
        self.assertEqual(self.bill.submitted_on, fields.Datetime.to_datetime('2026-03-20'))
