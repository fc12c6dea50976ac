import re

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import JsonRpcException, tagged

from .portal_common import PortalCommon


@tagged('post_install', '-at_install')
class TestPortalPages(PortalCommon):
    """Who sees the pages, and what they say."""

    def assertSees(self, record, contact=None, suffix=''):
        response = self._get(record, suffix, contact)
        self.assertEqual(response.status_code, 200)
        self.assertIn("Portal House", response.text)
        return response

    def assertNothing(self, record, contact=None, suffix='', **query):
        response = self._get(record, suffix, contact, **query)
        self.assertEqual(response.status_code, 404)
        self.assertNotIn("Portal House", response.text)

    def test_down_payment(self):
        """A down payment is approved and signed by what it asks for: no sheet of zeros, nothing to certify (PAG-17)."""
        self.contract.action_create_down_payment(5000)
        bill = self.contract.bill_ids.filtered(lambda bill: bill.kind == 'down_payment')
        fingerprint = bill._get_fingerprint()
        bill.action_request_signature()
        page = self._get(bill, contact=self.contact).text
        approve = re.search(r'name="approve">(.*?)</button>', page, re.S).group(1)
        self.assertIn("5,000.00", approve)
        self.assertNotRegex(page, r'>\s*0\.00')
        for absent in ('progress_certify', '/xlsx?', 'Original Contract Sum', 'o_progress_sheet'):
            self.assertNotIn(absent, page)
        self.assertEqual(bill._get_fingerprint(), fingerprint)
        bill.sourced_line_ids._write_protected({'amount': 50000})
        self.assertNotEqual(bill._get_fingerprint(), fingerprint, "What was signed was another amount.")

    def test_link(self):
        self.bill.action_submit()
        page = self.assertSees(self.contract, self.contact)
        self.assertIn("30,000.00", page.text)
        self.assertIn(self.bill.name, page.text)
        page = self.assertSees(self.bill, self.contact)
        self.assertIn("8,100.00", page.text)  # 9,000 less 10 %
        self.assertTrue(self.contact.last_seen_on)

    def test_nobody_else(self):
        self.bill.action_submit()
        for record in (self.contract, self.bill):
            self.assertNothing(record)
            for token in ('x', '%00', '', "' OR 1=1", 'ü'):
                self.assertNothing(record, access_token=token)
        for login in ('carl@example.com', 'bert@example.com', 'portal_plain'):
            self.authenticate(login, login)
            for record in (self.contract, self.bill):
                self.assertNothing(record)
        self.assertNothing(self.bill, suffix='/pdf')
        self.assertNothing(self.bill, suffix='/xlsx')

    def test_portal_user(self):
        self.bill.action_submit()
        self.authenticate('anna@example.com', 'anna@example.com')
        self.assertSees(self.contract)
        self.assertSees(self.bill)
        page = self.url_open('/my/progress')
        self.assertIn("Portal House", page.text)
        self.assertIn(self.bill.name, page.text)
        for query in ('search=Portal', 'groupby=contract_id', 'groupby=state&sortby=amount', 'sortby=nonsense'):
            self.assertIn(self.bill.name, self.url_open(f'/my/progress?{query}').text)
        self.assertNotIn(self.bill.name, self.url_open('/my/progress?search=nothing-such').text)
        count = self.make_jsonrpc_request('/my/counters', {'counters': ['progress_count']})
        self.assertEqual(count['progress_count'], 1)

    def test_revoked(self):
        self.bill.action_submit()
        self.assertSees(self.bill, self.contact)
        link = self._url(self.bill, contact=self.contact)
        self.contact.with_user(self.manager).action_revoke()
        page = self.url_open(link)
        self.assertEqual(page.status_code, 404)
        self.assertIn("The link is not valid any more", page.text)
        with self.assertRaisesRegex(UserError, "revoked"):
            self.contact.with_user(self.manager).get_portal_url()
        self.contact.with_user(self.manager).active = True
        self.assertEqual(self.url_open(link).status_code, 404)
        self.assertSees(self.bill, self.contact)
        self.authenticate('anna@example.com', 'anna@example.com')
        self.contact.active = False
        self.assertNothing(self.bill)

    def test_another_contract(self):
        """A link opens its own contract and no other, and only what was handed in."""
        other = self.make.pro_forma([500], description="Portal House")
        self.assertNothing(other, access_token=self.contact.sudo().token)
        self.assertNothing(self.bill, self.contact)  # a pro forma nobody sent

    def test_internal_user_previews(self):
        self.bill.action_submit()
        self.authenticate('billing_reader', 'billing_reader')
        page = self.assertSees(self.bill)
        self.assertIn("You see the page as its contacts do", page.text)

    def test_language(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.bill.action_submit()
        self.anna.lang = 'fr_FR'
        page = self.assertSees(self.contract, self.contact)
        self.assertIn('lang="fr-FR"', page.text)
        self.assertRegex(page.text, r'30[\s\u202f\u00a0]000,00')

    def test_documents(self):
        self.bill.action_submit()
        self.assertEqual(self._get(self.bill, '/xlsx', self.contact).content[:2], b'PK')
        page = self._get(self.bill, '/invoice', self.contact)
        self.assertIn("There is no invoice", page.text)
        self.bill.action_approve()
        self.bill.action_release()
        self.bill.invoice_id.action_post()
        page = self._get(self.bill, '/invoice', self.contact)
        self.assertIn(f'/my/invoices/{self.bill.invoice_id.id}', page.url)

    def test_invoice_for_the_office(self):
        """Whoever of the office sees the bill is shown its invoice as the customer sees it, whatever their rights."""
        self.bill.action_release()
        self.bill.invoice_id.action_post()
        for user in (self.reader, self.billing_user, self.manager):
            with self.subTest(user=user.login):
                self.authenticate(user.login, user.login)
                page = self._get(self.bill, '/invoice')
                self.assertEqual(page.status_code, 200)
                self.assertIn(self.bill.invoice_id.name, page.text)
                self.assertIn('/my/', page.url)

    def test_token_is_nobodys(self):
        for user in (self.manager, self.reader):
            contact = self.contact.with_user(user)
            with self.assertRaisesRegex(AccessError, "You do not have enough rights to access the field"):
                contact.read(['token'])
            self.assertNotIn('token', contact.read()[0])
            with self.assertRaisesRegex(AccessError, "You do not have enough rights to access the field"):
                contact.search([('token', 'like', 'a%')])
        with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
            self.contact.with_user(self.reader).get_portal_url()
        with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
            self.contact.with_user(self.anna_user).get_portal_url()
        self.assertIn(self.contact.sudo().token, self.contact.with_user(self.manager).get_portal_url())

    def test_portal_user_has_no_rights(self):
        """The pages are all there is: nothing by RPC."""
        for record in (self.contract, self.bill, self.contact, self.contract.line_ids):
            with self.assertRaisesRegex(AccessError, "You are not allowed to access"):
                record.with_user(self.anna_user).read(['display_name'])

    def test_history(self):
        """What is written on the page is the contact's, and the right to write dies with the link."""
        self.bill.action_submit()
        params = {
            'thread_model': 'progress.bill',
            'thread_id': self.bill.id,
            'post_data': {'body': "Looks fine", 'message_type': 'comment', 'subtype_xmlid': 'mail.mt_comment'},
        }
        signed = {'pid': self.anna.id, 'hash': self.bill._sign_token(self.anna.id)}
        self.make_jsonrpc_request('/mail/message/post', {**params, **signed})
        message = self.bill.message_ids[0]
        self.assertEqual(message.author_id, self.anna)
        self.assertIn("Looks fine", message.body)
        thread = {'thread_model': 'progress.bill', 'thread_id': self.bill.id}
        signed['token'] = self.bill._get_history_token(self.contact)
        fetched = self.make_jsonrpc_request('/mail/chatter_fetch', {**thread, **signed})
        self.assertIn(message.id, fetched['messages'])
        before = self.bill.message_ids
        self.contact.action_revoke()
        for wrong in (signed, {'token': 'x'}, {'pid': self.bystander.id, 'hash': signed['hash']}, {}):
            with self.assertRaises(JsonRpcException):
                self.make_jsonrpc_request('/mail/message/post', {**params, **wrong})
        with self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request('/mail/chatter_fetch', {**thread, **signed})
        self.assertEqual(self.bill.message_ids, before)

    def test_send_link(self):
        self._add_contact(self.architect, 'reader')
        self.contract.contact_ids.with_user(self.manager).action_send_link()
        mails = self.env['mail.mail'].sudo().search([('model', '=', 'progress.contact')], order='id')
        self.assertEqual(len(mails), 2)
        for mail, contact in zip(mails, self.contract.contact_ids, strict=True):
            self.assertIn(contact.sudo().token, mail.body_html)
            self.assertEqual(mail.recipient_ids, contact.partner_id)
        self.architect.email = False
        with self.assertRaisesRegex(UserError, "Ada Architect has no e-mail address"):
            self.contract.contact_ids.with_user(self.manager).action_send_link()

    def test_missing_contacts(self):
        with self.assertRaisesRegex(RedirectWarning, "has no contacts"):
            self.make.as_billed([100])._check_has_contacts()

    def test_own_firm(self):
        """Where several firms are billed, a contact sees the bills of their own."""
        other = self.env['res.partner'].create({'name': "Other Firm", 'is_company': True})
        self.bill.action_submit()
        mine = self._add_contact(self.architect)
        self.contract.line_ids[1].partner_id = other
        self.assertSees(self.bill, mine)  # an architect belongs to none of them
        boss = self._add_contact(other)
        self.assertNothing(self.bill, boss)
        self.assertSees(self.bill, self.contact)
