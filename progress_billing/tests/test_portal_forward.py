from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.progress_billing.models.base.progress_actor import Actor
from odoo.addons.progress_billing.models.portal.progress_bill_forward import FORWARDS_A_DAY

from .portal_common import PortalCommon


@tagged('post_install', '-at_install')
class TestPortalForward(PortalCommon):
    """A contact forwards a bill to one address: the PDF, in our words, without a link, a few times a day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill.action_submit()

    def _forward(self, email, contact=None, **given):
        bill, contact = self.bill.sudo(), (contact or self.contact).sudo()
        given = {'version': bill._get_version(), 'email': email, **given}
        before = self.env['mail.mail'].sudo().search([])
        bill._take_answer('forward', Actor(contact.partner_id), contact, given, '10.0.0.7')
        return self.env['mail.mail'].sudo().search([]) - before

    def test_the_pdf_alone_goes(self):
        mail = self._forward(' Bob <BOB@example.com> ')
        self.assertEqual((mail.email_to, mail.recipient_ids.ids), ('bob@example.com', []))
        self.assertEqual(mail.reply_to, self.anna.email_formatted)
        self.assertEqual(mail.attachment_ids.mapped('mimetype'), ['application/pdf'])
        self.assertIn("Anna Approver forwards you", mail.body_html)
        for secret in ('access_token', '/my/progress', self.contact.sudo().token):
            self.assertNotIn(secret, mail.body_html)
        self.assertRecordValues(
            self.bill.answer_ids[:1],
            [{'kind': 'forward', 'partner_id': self.anna.id, 'note': 'bob@example.com', 'address': '10.0.0.7'}],
        )
        note = self.bill.message_ids[:1]
        self.assertEqual(note.author_id, self.anna)
        self.assertIn("Anna Approver forwarded it to bob@example.com.", note.body)
        self.assertEqual(self.bill.state, 'submitted', "Nothing is answered by it.")

    def test_the_address_is_kept(self):
        """Where it went, whatever a form of one's own says beside it."""
        self._forward('bob@example.com', reason="to our bank")
        self.assertEqual(self.bill.answer_ids.mapped('note'), ['bob@example.com'])

    def test_one_address(self):
        for odd in ('', '  ', 'bob', 'a@example.com, b@example.com', 'a@example.com\nb@example.com', 'bob@', '@x.y'):
            with self.subTest(odd=odd):
                self.assertRefused(lambda odd=odd: self._forward(odd), "is no e-mail address")
        self.assertFalse(self.bill.answer_ids)

    def test_a_few_times_a_day(self):
        """Five times in 24 hours, over all bills; others are not counted along, and the next day it goes on."""
        for number in range(FORWARDS_A_DAY):
            self.assertTrue(self._forward(f'{number}@example.com'))
        self.assertRefused(lambda: self._forward('more@example.com'), f"forwarded {FORWARDS_A_DAY} bills today")
        colleague = self._add_contact(self.colleague, role='invoice')
        self.assertTrue(self._forward('carls@example.com', colleague))
        yesterday = fields.Datetime.now() - timedelta(days=1, minutes=1)
        self.env.flush_all()
        self.env.cr.execute(
            'UPDATE progress_answer SET create_date = %s WHERE id = %s', (yesterday, self.bill.answer_ids[-1:].id)
        )
        self.env.invalidate_all()
        self.assertTrue(self._forward('again@example.com'))

    def test_who_and_which(self):
        """Readers do not forward, nor does a dead link; what is planned, declined or cancelled has no document."""
        reader = self._add_contact(self.architect, role='reader')
        self.assertRefused(lambda: self._forward('a@example.com', reader), "You read this page", error=AccessError)
        self.assertNotIn('id="progress_forward"', self._get(self.bill, contact=reader).text)
        self.bill.action_approve()
        self.bill.action_cancel()
        self.assertFalse(self.bill._has_document())
        self.assertRefused(lambda: self._forward('a@example.com'), "cannot be sent")

    def test_page(self):
        self.assertIn('id="progress_forward"', self._get(self.bill, contact=self.contact).text)
        version = self.bill._get_version()
        answer = self._post(self.bill, '/answer', self.contact, answer='forward', version=version, email='nobody')
        self.assertIn("“nobody” is no e-mail address", answer.text)
        self.assertIn('value="nobody"', answer.text)
        self.env.invalidate_all()
        answer = self._post(
            self.bill, '/answer', self.contact, answer='forward', version=version, email='bob@example.com'
        )
        self.assertIn("The PDF is on its way.", answer.text)
        stale = self._post(self.bill, '/answer', self.contact, answer='forward', version='old', email='bob@example.com')
        self.assertIn("Nothing was changed", stale.text)
        unsigned = self._post(
            self.bill,
            '/answer',
            self.contact,
            answer='forward',
            version=version,
            email='bob@example.com',
            csrf_token='',
        )
        self.assertIn("this page has been open for too long", unsigned.text)
        self.env.invalidate_all()
        self.assertEqual(self.bill.answer_ids.mapped('kind'), ['forward'])
        self.contact.action_revoke()
        answer = self._post(
            self.bill, '/answer', self.contact, answer='forward', version=version, email='b@example.com'
        )
        self.assertEqual(answer.status_code, 404)
