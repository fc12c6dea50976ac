from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import tagged

from .portal_common import PortalCommon


@tagged('post_install', '-at_install')
class TestPortalMail(PortalCommon):
    """Each contact gets one e-mail of each thing, with their own link."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = cls._add_contact(cls.architect)
        cls.reading = cls._add_contact(cls.bystander, 'reader')
        cls.patch_pdf = cls.classPatch(
            type(cls.env['progress.bill']), '_get_portal_pdf', lambda bill: b'%PDF-1.4 of the test'
        )

    def assertSent(self, kind, contacts, times=1):
        """One e-mail to each of these contacts, with a link that is theirs."""
        notices = self.bill.notice_ids.filtered(lambda notice: notice.kind == kind)
        self.assertEqual(sorted(notices.contact_id.ids), sorted(contacts.ids))
        self.assertEqual(len(notices), len(contacts) * times)
        mails = self.env['mail.mail'].sudo().search([('model', '=', 'progress.notice'), ('res_id', 'in', notices.ids)])
        self.assertEqual(len(mails), len(notices))
        for mail in mails:
            contact = notices.filtered(lambda notice, mail=mail: notice.id == mail.res_id).contact_id.sudo()
            self.assertEqual(mail.recipient_ids, contact.partner_id)
            self.assertIn(contact.token, mail.body_html)
            for other in (contacts - contact).sudo():
                self.assertNotIn(other.token, mail.body_html)
        return mails

    def test_life(self):
        both = self.contact | self.boss
        self.bill.action_submit()
        self.bill.action_submit()
        self.assertSent('submitted', both)
        self.bill.line_ids[0].certified_amount = 2000
        self.bill.action_reject("Roof")
        mails = self.assertSent('rejected', both)
        for text in ("Roof", "3,000.00", "2,000.00"):
            self.assertIn(text, mails[0].body_html)
        self.bill.action_submit()
        self.assertSent('submitted', both, times=2)
        self.bill.action_approve()
        self.assertSent('approved', both)
        self.bill.action_release()
        self.bill.invoice_id.action_post()
        self.assertSent('released', both)
        self.billing.pay(self.bill.invoice_id)
        self.assertSent('paid', both)

    def test_buttons(self):
        bill = self.bill.with_user(self.manager)
        bill.action_invite()
        again = bill.action_invite()
        self.assertIn("already", again['params']['message'])
        self.assertSent('invited', self.contact | self.boss)
        self.assertTrue(bill.shared_on)
        self.assertEqual(bill.state, 'draft')
        bill.action_request_signature()
        self.assertEqual(bill.state, 'submitted')
        self.assertSent('signature', self.contact | self.boss)
        self.assertFalse(bill.notice_ids.filtered(lambda notice: notice.kind == 'submitted'), "one e-mail is enough")
        bill.action_send()
        mails = self.assertSent('sent', self.contact | self.boss)
        self.assertEqual(mails[0].attachment_ids.mimetype, 'application/pdf')
        for name in ('action_invite', 'action_request_signature', 'action_send'):
            with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
                getattr(self.bill.with_user(self.reader), name)()
            with self.assertRaisesRegex(AccessError, "Only administrators"):
                getattr(self.bill.with_user(self.billing_user), name)()

    def test_down_payment(self):
        """E-mails of a down payment name what it asks for; of work, what is due net of retainage (PAG-17)."""
        self.contract.action_create_down_payment(5000)
        paid = self.contract.bill_ids.filtered(lambda bill: bill.kind == 'down_payment')
        for bill, due in ((paid, "5,000.00"), (self.bill, "8,100.00")):
            bill.action_submit()
            bill.action_request_signature()
            bill.action_approve()
            template = self.env.ref('progress_billing.mail_template_progress_bill')
            notices = bill.notice_ids
            self.assertEqual(set(notices.mapped('kind')), {'submitted', 'signature', 'approved'})
            mails = self.env['mail.mail'].search([('model', '=', 'progress.notice'), ('res_id', 'in', notices.ids)])
            bodies = [*mails.mapped('body_html'), template._render_field('body_html', bill.ids)[bill.id]]
            for body in bodies:
                self.assertIn(due, body)

    def test_many(self):
        other = self.make.pro_forma([500], description="Other House")
        second = self.billing.run(other, 50)
        with self.assertRaisesRegex(RedirectWarning, "Other House has no contacts"):
            (self.bill | second).action_request_signature()
        self.assertEqual(self.bill.state, 'draft')
        self._add_contact(self.anna, contract=other)
        (self.bill | second).action_request_signature()
        self.assertEqual((self.bill | second).mapped('state'), ['submitted'] * 2)
        self.assertEqual(len((self.bill | second).notice_ids), 3)
        (self.contract | other).with_user(self.manager).action_invite()
        mails = self.env['mail.mail'].sudo().search([('model', '=', 'progress.contact')])
        self.assertEqual(len(mails), 4)

    def test_many_in_one_go(self):
        """The e-mails of many bills are rendered together, each with the file of its own bill."""
        other = self.make.pro_forma([500], description="Other House")
        self._add_contact(self.anna, contract=other)
        self._add_contact(self.architect, contract=other)
        bills = self.bill | self.billing.run(other, 50)
        templates = type(self.env['mail.template'])
        with patch.object(templates, 'send_mail_batch', autospec=True, side_effect=templates.send_mail_batch) as sent:
            bills.action_send()
        self.assertEqual(sent.call_count, 1)
        mails = self.env['mail.mail'].sudo().search([('model', '=', 'progress.notice')])
        self.assertEqual(len(mails), 4)
        for mail in mails:
            notice = self.env['progress.notice'].sudo().browse(mail.res_id)
            self.assertEqual(mail.attachment_ids.mapped('res_id'), notice.bill_id.ids)
        self.assertEqual(len(mails.attachment_ids), 2)

    def test_composer_without_contacts(self):
        second = self.billing.run(self.make.pro_forma([500]), 50)
        self.assertEqual(second.action_send()['res_model'], 'mail.compose.message')

    def test_forward(self):
        bill = self.bill.with_user(self.billing_user)
        for bad in ('', 'x', 'x@', False, 'a@example.com, nonsense', 'a@example.com\nBcc: b@example.com'):
            with self.subTest(bad), self.assertRaisesRegex(UserError, "is no e-mail address|is not a text"):
                bill.action_forward(bad)
        bill.action_forward('bank@example.com')
        mail = self.env['mail.mail'].sudo().search([('email_to', 'ilike', 'bank@example.com')])
        self.assertEqual(len(mail), 1)
        self.assertFalse(mail.recipient_ids)
        for contact in self.contract.contact_ids.sudo():
            self.assertNotIn(contact.token, mail.body_html)
        with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
            self.bill.with_user(self.reader).action_forward('bank@example.com')

    def test_reminders(self):
        today = self.company._get_progress_today()
        period = self.env['progress.billing.period'].create(
            {
                'project_id': self.project.id,
                'date_start': today - timedelta(days=40),
                'date_end': today + timedelta(days=40),
                'date_due': today + timedelta(days=5),
            }
        )
        self.bill.period_id = period
        self.bill.action_submit()
        remind = self.env['progress.bill']._cron_remind_contacts
        remind()
        self.assertSent('reminder', self.env['progress.contact'])
        period.date_due = today + timedelta(days=2)
        remind()
        remind()
        self.assertSent('reminder', self.contact | self.boss)
        notices = self.bill.sudo().notice_ids.filtered(lambda notice: notice.kind == 'reminder')
        notices.occasion = str(today - timedelta(days=1))
        notices.flush_recordset()
        self.bill.action_dispute("Wrong")
        remind()
        self.assertSent('reminder', self.contact | self.boss)
        self.bill.action_withdraw_dispute()
        remind()
        self.assertSent('reminder', self.contact | self.boss, times=2)
        self.bill.sudo().notice_ids.filtered(lambda notice: notice.kind == 'reminder').unlink()
        self.bill.action_approve()
        remind()
        self.assertSent('reminder', self.env['progress.contact'])

    def test_language_of_the_customer(self):
        """Each gets the e-mail in their language: here, the notation of amounts."""
        self.env['res.lang']._activate_lang('de_DE')
        self.architect.lang = 'de_DE'
        self.bill.action_submit()
        for mail in self.assertSent('submitted', self.contact | self.boss):
            german = mail.recipient_ids == self.architect
            self.assertEqual('8.100,00' in mail.body_html, german)
            self.assertEqual('8,100.00' in mail.body_html, not german)

    def test_what_was_sent_is_reminded_of(self):
        """A pro forma that was sent and not submitted waits for an answer too."""
        today = self.company._get_progress_today()
        self.bill.period_id = self.env['progress.billing.period'].create(
            {
                'project_id': self.project.id,
                'date_start': today - timedelta(days=40),
                'date_end': today + timedelta(days=40),
                'date_due': today + timedelta(days=1),
            }
        )
        remind = self.env['progress.bill']._cron_remind_contacts
        remind()
        self.assertSent('reminder', self.env['progress.contact'])
        self.bill.action_invite()
        remind()
        self.assertSent('reminder', self.contact | self.boss)

    def test_nothing_by_hand(self):
        vals = {'bill_id': self.bill.id, 'contact_id': self.contact.id, 'kind': 'paid', 'occasion': 'x'}
        with self.assertRaisesRegex(AccessError, "You are not allowed to create"):
            self.env['progress.notice'].with_user(self.manager).create(vals)
        with self.assertRaisesRegex(AccessError, "You are not allowed to create"):
            self.env['progress.answer'].with_user(self.manager).create(
                {'contract_id': self.contract.id, 'partner_id': self.anna.id, 'kind': 'approve'}
            )
