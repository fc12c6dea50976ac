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

    def test_schedule(self):
        self.contract.is_vendor_schedule = True
        page = self._get(self.contract)
        line = self.contract.line_ids[0]
        csrf = re.search(r'csrf_token: "([^"]+)"', page.text).group(1)
        data = {
            'csrf_token': csrf,
            'version': self.contract._get_schedule_version(),
            'answer': 'submit',
            f'name_{line.id}_0': "Walls",
            f'amount_{line.id}_0': '60,000.00',
        }
        token = self.contact.sudo().token
        answer = self.url_open(f'{self.contract._get_portal_path()}/schedule?access_token={token}', data=data)
        self.assertIn("your schedule is kept", answer.text)
        self.env.invalidate_all()
        self.assertEqual(self.contract.vendor_schedule_state, 'submitted')
