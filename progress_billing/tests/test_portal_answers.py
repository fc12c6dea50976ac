from xmlrpc.client import Fault

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .portal_common import PortalCommon


@tagged('post_install', '-at_install')
class TestPortalAnswers(PortalCommon):
    """What contacts answer, and what stands in the way."""

    def setUp(self):
        super().setUp()
        self.bill.action_submit()
        self.first, self.second = self.bill.line_ids

    def _answer(self, answer, contact=None, bill=None, **given):
        bill = bill or self.bill
        given.setdefault('version', bill._get_version())
        return self._post(bill, '/answer', contact or self.contact, answer=answer, **given)

    def assertPageRefuses(self, response, sentence, state='submitted'):
        """A sentence on the page, and nothing changed."""
        self.assertEqual(response.status_code, 200)
        self.assertIn('name="progress_error"', response.text)
        self.assertRegex(response.text, sentence)
        self.assertEqual(self.bill.state, state)

    def test_approve(self):
        self.company.progress_post_invoices = True
        page = self._answer('approve')
        self.assertIn("the bill is approved", page.text)
        self.assertRecordValues(
            self.bill, [{'state': 'approved', 'approved_by_partner_id': self.anna.id, 'approved_by_id': False}]
        )
        answer = self.bill.answer_ids
        self.assertRecordValues(
            answer, [{'kind': 'approve', 'partner_id': self.anna.id, 'user_id': False, 'contact_id': self.contact.id}]
        )
        self.assertTrue(answer.address)
        self.assertEqual(len(answer.fingerprint), 64)
        self.assertFalse(self.bill.move_ids, "nothing is invoiced or posted by a customer's click")

    def test_approve_logged_in(self):
        self.authenticate('anna@example.com', 'anna@example.com')
        given = {'version': self.bill._get_version()}
        self._post(self.bill, '/answer', answer='approve', **given)
        self.assertEqual(self.bill.approved_by_id, self.anna_user)
        self.assertEqual(self.bill.answer_ids.user_id, self.anna_user)

    def test_second_answer(self):
        version = self.bill._get_version()
        self._answer('approve')
        for answer in ('approve', 'reject', 'certify'):
            page = self._answer(answer, version=version, reason="No")
            self.assertPageRefuses(page, "Nothing was changed: Anna Approver has answered already", 'approved')
        self.assertEqual(len(self.bill.answer_ids), 1)

    def test_newer_revision(self):
        version = self.bill._get_version()
        self.bill.action_reject("Too much")
        self.first.amount = 2500
        self.bill.action_submit()
        page = self._answer('approve', version=version)
        self.assertPageRefuses(page, "has been changed since you opened this page")
        self.assertPageRefuses(self._answer('approve', version=''), "has been changed since you opened this page")

    def test_reject(self):
        self.assertPageRefuses(self._answer('reject', reason=' '), "Say why")
        page = self._answer('reject', reason="Roof isn't done <script>alert(1)</script>")
        self.assertIn("goes back to be revised", page.text)
        self.assertNotIn("<script>alert(1)", page.text)
        self.assertEqual(self.bill.state, 'rejected')
        self.assertIn("Roof isn't done", self.bill.reject_reason)
        self.assertEqual(self.bill.message_ids.filtered(lambda m: "Roof" in m.body).author_id, self.anna)

    def test_reject_by_line(self):
        self._answer('reject', **{f'note_{self.second.id}': "Windows are missing"})
        self.assertEqual(self.bill.state, 'rejected')
        self.assertRecordValues(
            self.bill.line_ids,
            [
                {'review_state': 'open', 'review_note': False},
                {'review_state': 'rejected', 'review_note': "Windows are missing"},
            ],
        )
        self.assertIn("Windows are missing", self.bill.reject_reason)
        mail = self.env['mail.mail'].sudo().search([('model', '=', 'progress.notice')], limit=1, order='id desc')
        self.assertIn("Windows are missing", mail.body_html)
        self.bill.action_submit()
        self.assertEqual(self.bill.line_ids.mapped('review_state'), ['open', 'open'])
        self.bill.action_approve()
        self.assertEqual(self.bill.line_ids.mapped('review_state'), ['approved', 'approved'])

    def test_certify_by_line(self):
        self._answer('certify', **{f'line_{self.first.id}': '2,000.00', f'line_{self.second.id}': '6,000.00'})
        self.assertEqual(self.bill.state, 'approved')
        self.assertEqual(self.bill.line_ids.mapped('certified_amount'), [2000, 6000])
        self.assertEqual(self.bill.line_ids.mapped('amount'), [3000, 6000])
        self.assertEqual(self.bill.certified_amount, 7200)
        self.assertEqual(self.bill.answer_ids.kind, 'certify')

    def test_certify_in_sum(self):
        self._answer('certify', certified_sum='8,000.00', reason="Snow")
        self.assertEqual(self.bill.state, 'approved')
        self.assertEqual(self.bill.certified_amount, 8000)

    def test_bad_numbers(self):
        for text in ('nan', 'inf', '1e999', '-1', '12,5', '٣', '1.000.00', '1' * 30, 'abc', '1.001', '<b>1</b>'):
            with self.subTest(text):
                page = self._answer('certify', **{f'line_{self.first.id}': text})
                self.assertPageRefuses(page, "is no amount. Write it like 1,234.50")
        self.assertPageRefuses(self._answer('certify', **{f'line_{self.first.id}': '3,000.01'}), "the claim")
        self.assertPageRefuses(self._answer('certify', certified_sum='8,100.01'), "lies between nothing and")
        self.assertPageRefuses(self._answer('certify', certified_sum='nan'), "The sum: “nan” is no amount")
        self.assertEqual(self.bill.line_ids.mapped('certified_amount'), [3000, 6000])

    def test_numbers_of_the_reader(self):
        self.env['res.lang']._activate_lang('de_DE')
        self.anna.lang = 'de_DE'
        self._answer('certify', **{f'line_{self.first.id}': '2.000,50'})
        self.assertEqual(self.first.certified_amount, 2000.5)

    def test_preview(self):
        url = self._url(self.bill, '/preview', self.contact)
        given = {f'line_{self.first.id}': '2,000.00'}
        answer = self.make_jsonrpc_request(url, {'given': given, 'access_token': self.contact.sudo().token})
        self.assertIn('1,000.00', answer['difference'])
        self.assertIn('7,200.00', answer['due'])
        self.assertIn('900.00', answer['less'])
        self.assertEqual(self.first.certified_amount, 3000)
        self.assertFalse(self.bill.message_ids.filtered(lambda m: "Certified" in m.body))
        answer = self.make_jsonrpc_request(
            url, {'given': {'certified_sum': '1e9'}, 'access_token': self.contact.sudo().token}
        )
        self.assertIn("is no amount", answer['error'])
        self.assertIn('error', self.make_jsonrpc_request(url, {'access_token': 'x'}))

    def test_dispute(self):
        self.assertPageRefuses(self._answer('dispute', reason=''), "Say what is disputed")
        self._answer('dispute', reason="Wrong hours")
        self.assertRecordValues(
            self.bill,
            [{'is_disputed': True, 'dispute_reason': "Wrong hours", 'disputed_by_partner_id': self.anna.id}],
        )
        self.assertEqual(self.bill.state, 'submitted')
        self.bill.action_approve()
        self.bill.action_release()
        self.assertEqual(self.bill.invoice_id.progress_dispute_reason, "Wrong hours")
        self.bill.invoice_id.action_post()  # it stops reminders only
        self._answer('withdraw')
        self.assertFalse(self.bill.is_disputed)
        self.assertEqual(self.bill.answer_ids.mapped('kind'), ['withdraw', 'dispute'])

    def test_roles(self):
        reader = self._add_contact(self.architect, 'reader')
        payer = self._add_contact(self.bystander, 'invoice')
        for contact, answers in ((reader, ('approve', 'certify', 'reject', 'dispute')), (payer, ('approve', 'reject'))):
            for answer in answers:
                page = self._answer(answer, contact, reason="x")
                self.assertPageRefuses(page, "You read this page; others answer")
        self._answer('dispute', payer, reason="Which hours?")
        self.assertEqual(self.bill.disputed_by_partner_id, self.bystander)

    def test_office_answers_elsewhere(self):
        self.authenticate('portal_manager', 'portal_manager')
        page = self._answer('approve')
        self.assertPageRefuses(page, "You are logged in as an employee")

    def test_nobody_answers(self):
        self.contact.active = False
        response = self.url_open(self._url(self.bill, '/answer', self.contact), data={'answer': 'approve'})
        self.assertEqual(response.status_code, 404)
        self.assertIn('name="progress_nothing"', response.text)
        self.assertEqual(self.bill.state, 'submitted')
        self.contact.active = True
        page = self._answer('explode')
        self.assertEqual(page.status_code, 404)
        for method, args in (('_take_answer', []), ('action_approve', []), ('action_dispute', ["x"])):
            with self.assertRaises(Fault):
                self.xmlrpc_object.execute_kw(
                    self.env.cr.dbname,
                    self.anna_user.id,
                    'anna@example.com',
                    'progress.bill',
                    method,
                    [self.bill.ids, *args],
                )
        with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
            self.bill.with_user(self.anna_user).action_dispute("x")

    def test_odd_input(self):
        for path in (f'/my/progress/bill/{10**18}', f'/my/progress/contract/{10**18}', '/my/progress/bill/0'):
            self.assertEqual(self.url_open(f'{path}?access_token=x').status_code, 404)
        self._answer('dispute', reason="Zero\x00byte")
        self.assertEqual(self.bill.dispute_reason, "Zerobyte")
        self.authenticate('anna@example.com', 'anna@example.com')
        for query in ('search=%00', 'search=%25%27', 'page=x', 'groupby=id%20desc', 'sortby=name;drop'):
            self.assertEqual(self.url_open(f'/my/progress?{query}').status_code, 200, query)

    def test_milestone(self):
        milestone = self.env['project.milestone'].create({'name': "Roof on", 'project_id': self.project.id})
        self.env['progress.bill'].create(
            {
                'contract_id': self.contract.id,
                'trigger': 'milestone',
                'milestone_id': milestone.id,
                'requires_approval': True,
                'amt_pct': '10%',
                'title': "Roof",
            }
        )
        path = f'/milestone/{milestone.id}'
        self.assertEqual(self._post(self.contract, path, self.contact).status_code, 404)
        milestone.is_reached = True
        self.assertIn("Approve Milestone", self._get(self.contract, contact=self.contact).text)
        page = self._post(self.contract, path, self.contact, note="Saw it")
        self.assertIn("the milestone is approved", page.text)
        self.assertRecordValues(
            milestone,
            [{'billing_approved_partner_id': self.anna.id, 'billing_approved_by_id': False}],
        )
        self.assertEqual(self.contract.answer_ids.kind, 'milestone')
        page = self._post(self.contract, path, self.contact)
        self.assertIn("Anna Approver has approved Roof on already", page.text)
        self.assertEqual(len(self.contract.answer_ids), 1)

    def test_dispute_by_the_office(self):
        with self.assertRaisesRegex(UserError, "Say what is disputed"):
            self.bill.with_user(self.manager).action_dispute()
        self.bill.with_user(self.billing_user).action_dispute("They called")
        self.assertEqual(self.bill.disputed_by_partner_id, self.billing_user.partner_id)
        self.bill.with_user(self.billing_user).action_withdraw_dispute()
        self.assertFalse(self.bill.dispute_reason)
        with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
            self.bill.with_user(self.reader).action_dispute("x")

    def test_old_form(self):
        """A form without a word of this session is a sentence on the page, and changes nothing."""
        for token in ('', 'nonsense'):
            page = self._answer('approve', csrf_token=token)
            self.assertPageRefuses(page, "this page has been open for too long")
        page = self._post(self.bill, '/upload', self.contact, csrf_token='x', files=[('files', ('a.png', b'x'))])
        self.assertPageRefuses(page, "this page has been open for too long")

    def test_address_of_an_answer(self):
        """Opened again instead of sent, it shows the page."""
        for suffix in ('/answer', '/upload'):
            page = self._get(self.bill, suffix, self.contact)
            self.assertEqual(page.status_code, 200)
            self.assertIn("Do you approve this bill?", page.text)
        self.assertEqual(self.bill.state, 'submitted')
