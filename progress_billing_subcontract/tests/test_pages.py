import re

from odoo.tests import HttpCase, tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestSubcontractPages(ClaimCommon, HttpCase):
    """The page of a subcontractor: by their own link, from the invitation to the claim."""

    def _get(self, record, suffix='', contact=None):
        token = (contact or self.contact).sudo().token
        return self.url_open(f'{record._get_portal_path()}{suffix}?access_token={token}', timeout=60)

    def _post(self, bill, contact=None, **data):
        page = self._get(bill, contact=contact)
        csrf = re.search(r'csrf_token: "([^"]+)"', page.text)
        version = re.search(r'name="version" value="([^"]+)"', page.text)
        data = {'csrf_token': csrf.group(1) if csrf else '', 'version': version.group(1) if version else '', **data}
        token = (contact or self.contact).sudo().token
        return self.url_open(f'{bill._get_portal_path()}/answer?access_token={token}', data=data, timeout=60)

    def test_from_invitation_to_claim(self):
        bill = self._invite()
        page = self._get(bill)
        self.assertEqual(page.status_code, 200)
        self.assertIn("You are invited to bill", page.text)
        self.assertIn("Your claim", self._post(bill, answer='accept').text.replace("enter your claim", "Your claim"))
        self.env.invalidate_all()
        self.assertEqual(bill.claim_status, 'draft')
        line = bill.line_ids[0]
        page = self._post(bill, answer='claim', **{f'work_{line.id}': '12,5', f'unit_{line.id}': 'amount'})
        self.assertIn("is no number", page.text)
        self.assertIn('value="12,5"', page.text, "What was typed stays.")
        page = self._post(
            bill,
            answer='submit',
            vendor_reference='R-9',
            **{f'work_{line.id}': '2,500.00', f'unit_{line.id}': 'amount'},
        )
        self.assertIn("your claim is submitted", page.text)
        self.assertNotIn('title="Certified"', page.text, "Nothing is certified before the review.")
        self.env.invalidate_all()
        self.assertRecordValues(
            bill, [{'claim_status': 'under_review', 'amount': 2500, 'vendor_reference': 'R-9', 'is_on_behalf': False}]
        )
        self.assertEqual(self._get(bill, '/pdf').headers['Content-Type'], 'application/pdf')
        statement = self._get(self.contract)
        self.assertIn(bill.name, statement.text)
        self.assertNotIn('name="pay"', statement.text)

    def test_what_stands_is_shown(self):
        """The form says what the claim comes to as it stands, before anything is typed; a refused entry has no sum."""
        self.contract.line_ids.retainage_percent = 10
        bill = self._accepted()
        line = bill.line_ids[0]
        line.amount = 2500

        def read_figures(page):
            texts = re.findall(r'class="o_progress_(?:difference|less|due)">(.*?)</strong>', page.text)
            return [re.sub('<[^>]*>|[^0-9.,–]', '', text) for text in texts]

        self.assertEqual(read_figures(self._get(bill)), ['2,500.00', '250.00', '2,250.00'])
        refused = self._post(bill, answer='claim', **{f'work_{line.id}': 'twelve', f'unit_{line.id}': 'amount'})
        self.assertEqual(read_figures(refused), ['–'] * 3)

    def test_bare_address(self):
        """A claim or a subcontract that is opened without an action is shown in its own form (SUB-17)."""
        owner = self.make.as_billed([100])
        views = {
            self._invite(): self.env.ref('progress_billing_subcontract.progress_subcontract_bill_view_form').id,
            self.contract: self.env.ref('progress_billing_subcontract.progress_subcontract_view_form').id,
            self.make.plan(owner, '10%'): False,
            owner: False,
        }
        for user, seen in ((self.sub_manager, True), (self._make_user('plain', 'base.group_user'), False)):
            self.authenticate(user.login, user.login)
            for record, view_id in views.items():
                self.assertEqual(record.get_formview_id(), view_id)
                path = f'/odoo/{record._name}/{record.id}'
                for address in (path, f'/odoo/action-1/5{path[5:]}?debug=1'):
                    with self.subTest(user=user.login, address=address):
                        answer = self.url_open(address, allow_redirects=False)
                        goal = answer.headers.get('Location', '')
                        self.assertEqual(f'view_id={view_id}' in goal, bool(view_id and seen), goal)
                        if goal:
                            self.assertIn(address.partition('?')[0], goal)
                            self.assertEqual('debug=1' in goal, 'debug' in address)
        self.authenticate(self.sub_manager.login, self.sub_manager.login)
        for address in (f'{path}?view_id=3', '/odoo/progress.bill/new', '/odoo/progress.bill/999999999', '/odoo'):
            with self.subTest(address=address):
                self.assertEqual(self.url_open(address, allow_redirects=False).status_code, 200)
        self.authenticate(None, None)
        self.assertIn('/web/login', self.url_open(path, allow_redirects=False).headers['Location'])

    def test_others_see_nothing(self):
        bill = self._invite()
        self.assertEqual(self.url_open(bill._get_portal_path()).status_code, 404)
        other = self._subcontract([100])
        stranger = self._add_invoice_contact(other, self.env['res.partner'].create({'name': "S", 'email': 's@x.y'}))
        self.assertEqual(self._get(bill, contact=stranger).status_code, 404)
        self.contact.action_revoke()
        self.assertEqual(self._get(bill).status_code, 404)

    def test_the_office_by_address(self):
        """Who may read a claim sees its page, and answers nothing there; who may not finds nothing."""
        bill = self._invite()
        nobody = self._make_user('page_nobody', 'base.group_user')
        for user, status in (
            (nobody, 404),
            (self.billing_user, 404),
            (self.sub_reader, 200),
            (self.standard_user, 200),
        ):
            self.authenticate(user.login, user.login)
            page = self.url_open(bill._get_portal_path())
            self.assertEqual(page.status_code, status, user.login)
        csrf = re.search(r'csrf_token: "([^"]+)"', page.text).group(1)
        answer = self.url_open(f'{bill._get_portal_path()}/answer', data={'csrf_token': csrf, 'answer': 'accept'})
        self.assertIn("You are logged in as an employee", answer.text)
        self.env.invalidate_all()
        self.assertEqual(bill.state, 'planned')

    def test_too_much_in_their_words(self):
        """Who claims too much is told what to do, not what the office would."""
        bill = self._accepted()
        given = self._work(bill, '999,999.00')
        page = self._post(bill, answer='claim', version=bill._get_version(), **given)
        self.assertIn("Claim at most what is left", page.text)
        self.assertNotIn("change order", page.text)
        self.env.invalidate_all()
        self.assertFalse(bill.line_ids[0].amount)

    def test_not_invited_is_not_shown(self):
        bill = self.env['progress.bill'].create({'contract_id': self.contract.id, 'date': '2026-03-20'})
        self.assertEqual(self._get(bill).status_code, 404)

    def test_a_reader_claims_nothing(self):
        bill = self._invite()
        self.contact.role = 'reader'
        self.assertIn("others claim for the firm", self._post(bill, answer='accept').text)
        self.env.invalidate_all()
        self.assertEqual(bill.state, 'planned')

    def _propose(self, contract, contact, **data):
        page = self._get(contract, contact=contact)
        csrf = re.search(r'csrf_token: "([^"]+)"', page.text)
        version = re.search(r'name="version" value="([^"]+)"', page.text)
        data = {'csrf_token': csrf and csrf.group(1), 'version': version and version.group(1), **data}
        address = f'{contract._get_portal_path()}/schedule?access_token={contact.sudo().token}'
        return self.url_open(address, data=data, timeout=60)

    def test_schedule(self):
        self.contract.is_vendor_schedule = True
        line = self.contract.line_ids[0]
        parts = {f'name_{line.id}_0': "Walls", f'amount_{line.id}_0': '60,000.00'}
        answer = self._propose(self.contract, self.contact, answer='submit', **parts)
        self.assertIn("your schedule is kept", answer.text)
        self.env.invalidate_all()
        self.assertEqual(self.contract.vendor_schedule_state, 'submitted')
        page = self._get(self.contract).text
        self.assertNotIn('id="progress_schedule"', page, "What is handed in is not edited.")
        self.assertIn('title="Amount"', page)
        self.assertNotIn('title="Unit Price"', page)

    def test_schedule_by_quantity(self):
        """Quantity and unit price of each part, with all their decimals; what does not add up is said, and kept."""
        contract = self._subcontract([12.5], purchase_vals={'line_vals': {'product_qty': 200}})
        contract.line_ids.billing_base = 'quantity'
        contract.is_vendor_schedule = True
        contact, line = self._add_invoice_contact(contract, self.mason), contract.line_ids
        page = self._get(contract, contact=contact).text
        self.assertIn(f'name="quantity_{line.id}_0"', page)
        self.assertNotIn(f'name="amount_{line.id}_0"', page)
        parts = {
            f'name_{line.id}_0': "Walls",
            f'quantity_{line.id}_0': '120.5',
            f'price_{line.id}_0': '12.505',
            f'item_{line.id}_0': '1.1',
        }
        answer = self._propose(contract, contact, answer='submit', **parts)
        self.assertRegex(answer.text, "come to .*1,506.85, not to .*2,500.00")
        self.assertIn('value="12.505"', answer.text, "What was typed stays.")
        self.env.invalidate_all()
        self.assertFalse(contract.vendor_schedule_ids)
        answer = self._propose(contract, contact, answer='save', **parts)
        self.assertIn("your schedule is kept", answer.text)
        self.assertRegex(answer.text, r'name="progress_rest"[^>]*>The lines of Works 1 come to .*1,506.85')
        self.assertIn('value="12.505"', answer.text)
        self.assertIn('value="120.5"', answer.text)
        parts.update({f'name_{line.id}_1': "Rest", f'quantity_{line.id}_1': '1', f'price_{line.id}_1': '993.15'})
        self.env.invalidate_all()
        self.assertIn("is kept", self._propose(contract, contact, answer='submit', **parts).text)
        self.env.invalidate_all()
        self.assertEqual(contract.vendor_schedule_state, 'submitted')
        page = self._get(contract, contact=contact).text
        for words in ('title="Quantity"', 'title="Unit Price"', "12.505", "120.50"):
            self.assertIn(words, page)

    def test_schedule_of_others(self):
        """No schedule is proposed where there is none to propose, by a reader, on an old page, or from elsewhere."""
        line = self.contract.line_ids[0]
        parts = {f'name_{line.id}_0': "Walls", f'amount_{line.id}_0': '60,000.00'}
        self.assertEqual(self._propose(self.contract, self.contact, answer='save', **parts).status_code, 404)
        self.contract.is_vendor_schedule = True
        self.assertEqual(self._propose(self.contract, self.contact, answer='other', **parts).status_code, 404)
        old = self._propose(self.contract, self.contact, answer='save', version='old', **parts)
        self.assertIn("the schedule has been changed since you opened this page", old.text)
        unsigned = self._propose(self.contract, self.contact, answer='save', csrf_token='', **parts)
        self.assertIn("this page has been open for too long", unsigned.text)
        reload = self.url_open(
            f'{self.contract._get_portal_path()}/schedule?access_token={self.contact.sudo().token}', timeout=60
        )
        self.assertIn("Your Schedule of Values", reload.text, "Its address shows the page.")
        self.contact.role = 'reader'
        self.assertIn(
            "others claim for the firm", self._propose(self.contract, self.contact, answer='save', **parts).text
        )
        self.env.invalidate_all()
        self.assertFalse(self.contract.vendor_schedule_ids)

    # === WHAT THE PAGE OFFERS === #

    def test_what_each_status_offers(self):
        """Documents, forms and tables by status, from the invitation to the vendor bill."""
        bill = self._invite()
        offers = (
            ('invited', lambda: None, {'progress_decline'}, set()),
            (
                'draft',
                bill.action_accept,
                {'progress_claim', 'progress_decline', 'progress_forward'},
                {'/pdf', '/xlsx'},
            ),
            (
                'under_review',
                lambda: self._hand_in(bill),
                {'progress_review', 'progress_dispute', 'progress_forward', 'progress_sign'},
                {'/pdf', '/xlsx'},
            ),
            ('revise', lambda: bill.action_reject("Less"), {'progress_claim', 'progress_forward'}, {'/pdf', '/xlsx'}),
            (
                'approved',
                lambda: (bill.action_submit(), bill.action_approve()),
                {'progress_review', 'progress_dispute', 'progress_forward'},
                {'/pdf', '/xlsx'},
            ),
        )
        known = {'progress_claim', 'progress_decline', 'progress_forward', 'progress_review', 'progress_dispute'}
        known |= {'progress_sign'}
        for status, step, expected, documents in offers:
            with self.subTest(status=status):
                step()
                self.assertEqual(bill.claim_status, status)
                text = self._get(bill).text
                found = {name for name in known if f'id="{name}"' in text}
                self.assertEqual(found, expected)
                shown = {kind for kind in ('/pdf', '/xlsx') if f'{bill._get_portal_path()}{kind}?' in text}
                self.assertEqual(shown, documents)

    def _hand_in(self, bill):
        bill.line_ids[0].amount = 100
        bill.action_submit()

    def test_forward(self):
        """A contact forwards their claim: the e-mail says whose it is, and the PDF goes along."""
        bill = self._accepted()
        before = self.env['mail.mail'].sudo().search([])
        page = self._post(bill, answer='forward', email='boss@example.com')
        self.assertIn("The PDF is on its way.", page.text)
        self.env.invalidate_all()
        mail = self.env['mail.mail'].sudo().search([]) - before
        self.assertEqual((mail.email_to, len(mail.attachment_ids)), ('boss@example.com', 1))
        self.assertIn("Mia Mason forwards you", mail.body_html)
        self.assertEqual(bill.answer_ids[:1].kind, 'forward')

    def test_forwarded_by_the_office(self):
        """The office's e-mail does not call the subcontractor's claim ours."""
        bill = self._accepted()
        before = self.env['mail.mail'].sudo().search([])
        bill.action_forward('boss@example.com, site@example.com')
        mail = self.env['mail.mail'].sudo().search([]) - before
        self.assertEqual(mail.email_to, 'boss@example.com, site@example.com')
        self.assertIn("the claim", mail.body_html)
        self.assertIn("Bricklayer", mail.body_html)
        self.assertNotIn("our", mail.body_html)
        self.assertTrue(mail.attachment_ids)
