from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import html2plaintext

from .test_portal_decisions import ClaimCommon


@tagged('post_install', '-at_install')
class TestNotices(ClaimCommon):
    """Who hears what of a bill, when, and in which words (PAG-9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.classPatch(type(cls.env['progress.bill']), '_get_portal_pdf', lambda bill: b'%PDF-1.4')

    def _get_told(self, kind, bill=None):
        """The people who got notices of a kind."""
        notices = (bill or self.bill).notice_ids.filtered(lambda notice: notice.kind == kind)
        return notices.partner_id.sorted('name').mapped('name')

    def _get_message(self, action):
        return action['params']['type'], action['params']['message']

    def test_who(self):
        """Approvers and invoice contacts with an address; readers, archived ones and those without do not hear."""
        self._add_contact(self.contract, self.ada, 'invoice')
        self._add_contact(self.contract, self.bert)  # no address
        reader, gone = self.env['res.partner'].create(
            [{'name': name, 'email': f'{name.lower()}@example.com'} for name in ("Reader", "Gone")]
        )
        self._add_contact(self.contract, reader, 'reader')
        self._add_contact(self.contract, gone).active = False
        self.bill.action_approve()
        self.assertEqual(self._get_told('approved'), ["Ada", "Anna"])

    def test_own_firm(self):
        """Of a contract that bills several firms, each hears of its own bills."""
        firm = self.env['res.partner'].create({'name': "Other Firm", 'is_company': True, 'email': 'firm@example.com'})
        contract = self.make.pro_forma([1000, 400])
        contract.line_ids[1].partner_id = firm
        self._add_contact(contract, self.anna)
        self._add_contact(contract, firm)
        mine, theirs = self.billing.run(contract, 50).sorted(lambda bill: bill.partner_id == firm)
        (mine | theirs).action_submit()
        self.assertEqual(
            (self._get_told('submitted', mine), self._get_told('submitted', theirs)), (["Anna"], ["Other Firm"])
        )

    def test_life(self):
        """Submitted, rejected, submitted again, approved, invoiced, paid: one notice each."""
        bill = self.bill
        self.assertEqual(self._get_told('submitted'), ["Anna"])
        bill.action_reject("Roof")
        bill.action_submit()
        bill.action_approve()
        self.billing.to_ledger(bill)
        self.billing.pay(bill.invoice_id)
        kinds = bill.notice_ids.sorted('id').mapped('kind')
        self.assertEqual(kinds, ['submitted', 'rejected', 'submitted', 'approved', 'released', 'paid'])
        occasions = bill.notice_ids.sorted('id').mapped('occasion')
        self.assertEqual(occasions, ['0/1', '0/1', '0/2', '0/2', '0/2', '0/2'])

    def test_again(self):
        """Reset and posted again, an invoice is told once; a correction's invoice is another one."""
        self.bill.action_approve()
        self.billing.to_ledger(self.bill)
        self.bill.invoice_id.button_draft()
        self.bill.invoice_id.action_post()
        released = self.bill.notice_ids.filtered(lambda notice: notice.kind == 'released')
        self.assertEqual(len(released), 1)
        self.bill.action_correct()
        self.assertEqual(self.bill.notice_ids.filtered(lambda notice: notice.kind == 'released'), released)
        self.billing.to_ledger(self.bill)
        released = self.bill.notice_ids.filtered(lambda notice: notice.kind == 'released')
        self.assertEqual(released.sorted('id').mapped('occasion'), ['0/1', '1/1'])

    def test_nothing_to_pay(self):
        """A bill of nothing is invoiced, and nobody hears that it is paid."""
        contract = self.make.pro_forma([1000], retainage_percent=100)
        self._add_contact(contract, self.anna)
        bill = self.billing.run(contract, 50)
        bill.action_submit()
        bill.action_approve()
        self.billing.to_ledger(bill)
        self.assertEqual(bill.invoice_id.amount_total, 0)
        self.assertEqual((self._get_told('released', bill), self._get_told('paid', bill)), (["Anna"], []))

    def test_part_payment(self):
        """A part of it is no payment of it."""
        self.bill.action_approve()
        self.billing.to_ledger(self.bill)
        self.billing.pay(self.bill.invoice_id, 100)
        self.assertFalse(self._get_told('paid'))
        self.billing.pay(self.bill.invoice_id)
        self.assertEqual(self._get_told('paid'), ["Anna"])

    def test_heading(self):
        """An e-mail is headed by the bill or the contract it is about, not by what we call the notice."""
        self.bill.action_send()
        self.contact.action_send_link()
        for model, shown, what in (
            ('progress.notice', self.bill, "Your Progress Bill"),
            ('progress.contact', self.contract, "Your Billing Contract"),
        ):
            mail = self.env['mail.mail'].search([('model', '=', model)], order='id desc', limit=1)
            text = html2plaintext(mail.body_html)
            self.assertIn(what, text)
            self.assertIn(shown.display_name.replace('/', '-'), text)
            self.assertNotIn(self.env[model]._description, text)

    # === BUTTONS === #

    def test_once_a_day(self):
        """What a button sends goes to each contact once a day; who is added meanwhile gets it."""
        with freeze_time('2026-03-01 10:00:00'):
            self.assertEqual(
                self._get_message(self.bill.action_send()), ('success', f"Sent to {self.anna.display_name}.")
            )
            self.assertEqual(self._get_message(self.bill.action_send()), ('warning', "Sent already today."))
            self._add_contact(self.contract, self.ada)
            self.assertEqual(self._get_message(self.bill.action_send()), ('success', "Sent to Ada."))
        with freeze_time('2026-03-02 10:00:00'):
            self.assertIn("Ada", self._get_message(self.bill.action_send())[1])
        self.assertEqual(len(self.bill.notice_ids.filtered(lambda notice: notice.kind == 'sent')), 4)
        self.assertTrue(self.bill.message_ids.filtered(lambda message: "Sent to Ada." in message.body))

    def test_shown_from_then_on(self):
        """Sending shows a pro forma to its contacts; when that was first stays."""
        bill = self.billing.run(self.contract, 40)
        self.assertFalse(bill.shared_on)
        with freeze_time('2026-03-01 10:00:00'):
            bill.action_invite()
        with freeze_time('2026-03-02 10:00:00'):
            bill.action_invite()
        self.assertEqual(str(bill.shared_on), '2026-03-01 10:00:00')
        self.assertEqual(bill.state, 'draft')

    def test_what_can_be_sent(self):
        """Planned and cancelled bills are not sent, and nothing is with them."""
        planned, cancelled = self.make.plan(self.contract, '10%'), self.billing.run(self.contract, 40)
        cancelled.action_cancel()
        for bill in (planned, cancelled):
            for name in ('action_send', 'action_invite'):
                self.assertRefused(
                    getattr(self.bill | bill, name),
                    f"{bill.display_name} cannot be sent: its status is “{bill._get_state_label()}”.",
                )
        self.assertFalse(self._get_told('sent') + self._get_told('invited'))

    def test_without_contacts(self):
        """Without contacts sending is Odoo's composer, for all of them; showing the page asks for a contact."""
        bill = self.billing.run(self.make.pro_forma([500]), 50)
        self.assertEqual(bill.action_send()['res_model'], 'mail.compose.message')
        self.assertRefused(bill.action_invite, "has no contacts, so nobody would get it", error=RedirectWarning)
        self.assertRefused((bill | self.bill).action_send, "has no contacts", error=RedirectWarning)
        self.assertFalse(self._get_told('sent'))

    def test_forwarded(self):
        """The PDF goes to any address, to several with commas, and the history says so; there is no link in it."""
        mails = self.env['mail.mail'].sudo()
        for given, addresses in (
            ('Bank@Example.com', ['bank@example.com']),
            (' a@example.com , b@example.com ', ['a@example.com', 'b@example.com']),
            ('"Ann" <ann@example.com>', ['ann@example.com']),
        ):
            with self.subTest(given):
                before = mails.search([])
                action = self.bill.action_forward(given)
                self.assertEqual(self._get_message(action), ('success', f"Sent to {', '.join(addresses)}."))
                mail = mails.search([]) - before
                self.assertEqual((mail.email_to, mail.recipient_ids.ids), (', '.join(addresses), []))
                self.assertNotIn(self.contact.sudo().token, mail.body_html)
                self.assertIn(f"Forwarded to {', '.join(addresses)}.", self.bill.message_ids[0].body)

    def test_no_addresses(self):
        mails = self.env['mail.mail'].sudo()
        before = mails.search_count([])
        for given in (
            '',
            '  ',
            False,
            None,
            'x',
            'a@',
            '@example.com',
            'a@example.com, x',
            'a@example.com b@example.com',
        ):
            with self.subTest(given):
                self.assertRefused(lambda given=given: self.bill.action_forward(given), "is no e-mail address.")
        self.assertRefused(lambda: self.bill.action_forward(['a@example.com']), "is not a text", error=UserError)
        self.assertEqual(mails.search_count([]), before)

    def test_dialogs(self):
        """Forward asks for the address; the page opens as contacts see it."""
        action = self.bill.action_forward_wizard()
        self.assertEqual(
            (action['res_model'], action['context']), ('progress.forward.wizard', {'default_bill_ids': self.bill.ids})
        )
        self.assertEqual(
            self.bill.action_preview_page(),
            {'type': 'ir.actions.act_url', 'url': f'/my/progress/bill/{self.bill.id}', 'target': 'new'},
        )

    def test_nobody_would_get_it(self):
        """Where no contact who is written to has an address, a button says so and changes nothing."""
        cora = self.env['res.partner'].create({'name': "Cora", 'email': 'cora@example.com'})
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 40)
        signers, readers = "none of the contacts of", "no approver or invoice contact of"
        for partner, role, refused in (
            (self.ada, 'reader', {'action_send': readers, 'action_invite': readers}),
            (self.bert, 'approver', {'action_send': readers, 'action_invite': readers}),  # no address
            (cora, 'invoice', {}),
        ):
            self._add_contact(contract, partner, role)
            for name, words in {**refused, 'action_request_signature': signers}.items():
                with self.subTest(role=role, name=name):
                    self.assertRefused(getattr(bill, name), "Nobody would", bill.name, words, contract.name)
        self.assertRecordValues(bill, [{'state': 'draft', 'shared_on': False, 'signature_requested_on': False}])
        self.assertFalse(bill.notice_ids)
        self.assertEqual(self._get_message(bill.action_send()), ('success', "Sent to Cora."))

    def test_request_of_a_signature(self):
        """It submits what is a pro forma, and is the only e-mail of that; submitted again later it is told as usual."""
        bill = self.billing.run(self.contract, 40)
        bill.action_request_signature()
        self.assertEqual(bill.state, 'submitted')
        self.assertEqual((self._get_told('signature', bill), self._get_told('submitted', bill)), (["Anna"], []))
        bill.action_reject("Roof")
        bill.action_submit()
        self.assertEqual(self._get_told('submitted', bill), ["Anna"])

    # === WHAT THEY SAY === #

    def test_rows(self):
        """Claimed, certified and why, line by line."""
        self.first.certified_amount = 2500
        self.bill._reject_lines(self.actor, "Late", {self.second: "Tiles"})
        notice = self.bill.notice_ids.filtered(lambda notice: notice.kind == 'rejected')
        rows = [
            tuple(row[key].replace('\xa0', '') for key in ('name', 'claimed', 'certified', 'note'))
            for row in notice._get_certified_rows()
        ]
        names = self.bill.line_ids.contract_line_id.mapped('display_name')
        self.assertEqual(
            rows, [(names[0], '$3,000.00', '$2,500.00', ''), (names[1], '$6,000.00', '$6,000.00', "Tiles")]
        )

    def test_link(self):
        """Each notice leads to its bill by its contact's own link."""
        notice = self.bill.notice_ids[:1]
        self.assertTrue(
            notice._get_url().endswith(f'/my/progress/bill/{self.bill.id}?access_token={self.contact.sudo().token}')
        )
        self.assertEqual(notice._get_template_xmlid(), 'progress_billing.mail_template_progress_notice_submitted')

    # === THE HISTORY === #

    def test_proof(self):
        """A contact's proof opens the history of a bill they see, of no other bill, and dies with their link."""
        other = self.billing.run(self.contract, 40)  # a pro forma nobody sent
        stranger = self.billing.run(self.make.pro_forma([500]), 50)
        token = self.bill._get_history_token(self.contact)
        public = self.env['progress.bill'].with_user(self.env.ref('base.public_user'))
        proof = token.partition('-')[2]
        for bill, given, opens in (
            (self.bill, token, True),
            (self.bill, f'{self.ada.id}-{proof}', False),
            (self.bill, f'0{token}', True),  # the same number
            (self.bill, proof, False),
            (self.bill, f'{token}x', False),
            (self.bill, '', False),
            (self.bill, None, False),
            (self.bill, f'{self.anna.id}-', False),
            (self.bill, f'{self.anna.id}-ü', False),
            (other, token, False),
            (stranger, token, False),
        ):
            with self.subTest(bill=bill.name, given=given):
                found = public._get_thread_with_access(bill.id, token=given)
                self.assertEqual(found.id if found else False, bill.id if opens else False)
        self.contact.active = False
        self.assertFalse(public._get_thread_with_access(self.bill.id, token=token))

    def test_proof_of_nobody(self):
        """Who is no contact gets a word nobody knows, another one each time."""
        self.assertNotEqual(self.bill._sign_token(self.ada.id), self.bill._sign_token(self.ada.id))
        self.assertEqual(self.bill._sign_token(self.anna.id), self.bill._sign_token(self.anna.id))
        self.bill.invalidate_recordset(['portal_token'])
        first = self.bill.sudo().portal_token
        self.bill.invalidate_recordset(['portal_token'])
        self.assertNotEqual(self.bill.sudo().portal_token, first)

    def test_rights(self):
        """Readers send nothing, whatever the button."""
        own = self.bill.with_user(self.reader)
        for name, values in (
            ('action_send', ()),
            ('action_invite', ()),
            ('action_request_signature', ()),
            ('action_forward', ('a@example.com',)),
        ):
            with self.subTest(name):
                self.assertRefused(
                    lambda name=name, values=values: getattr(own, name)(*values),
                    "not allowed to modify",
                    error=AccessError,
                )
        self.assertEqual(self.bill.notice_ids.mapped('kind'), ['submitted'])

    # === MILESTONES === #

    def test_milestone(self):
        """A reached milestone is approved once, by an approver, with words; the line that waits for it is done."""
        milestone = self.env['project.milestone'].create({'name': "Roof on", 'project_id': self.project.id})
        line = self.contract.line_ids[0]
        line.write({'milestone_id': milestone.id, 'requires_approval': True})
        milestone.is_reached = True
        self.contact.role = 'invoice'
        take = milestone.sudo()._take_approval
        self.assertRefused(
            lambda: take(self.contract.sudo(), self.actor, self.contact), "You read this page", error=AccessError
        )
        self.contact.role = 'approver'
        take(self.contract.sudo(), self.actor, self.contact, "Fine", '192.0.2.7')
        self.assertEqual(milestone.billing_approved_partner_id, self.anna)
        self.assertEqual(line.completed_percent, 100)
        self.assertRecordValues(
            self.contract.answer_ids.filtered('milestone_id'),
            [
                {
                    'kind': 'milestone',
                    'milestone_id': milestone.id,
                    'partner_id': self.anna.id,
                    'contact_id': self.contact.id,
                    'note': "Fine",
                    'address': '192.0.2.7',
                    'bill_id': False,
                }
            ],
        )
        self.assertRefused(
            lambda: take(self.contract.sudo(), self.actor, self.contact),
            "Nothing was changed: Anna has approved Roof on already, on",
        )
        self.assertEqual(len(self.contract.answer_ids.filtered('milestone_id')), 1)
        self.assertTrue(milestone.billing_approved_on)
