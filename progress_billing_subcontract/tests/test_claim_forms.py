import base64
import contextlib
from decimal import Decimal

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.progress_billing.models.base.progress_actor import Actor
from odoo.addons.progress_billing.tests.test_portal_files import make_picture

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestClaimForms(ClaimCommon):
    """The form of a claim: numbers as people write them, fields it has and has not, and whoever sends it twice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._accepted()
        cls.first, cls.second = cls.bill.line_ids

    def _send(self, kind='claim', contact=None, **given):
        self._answer(self.bill, kind, contact, **given)

    # === DOCUMENTS === #

    def test_printed_as_a_claim(self):
        """Whoever prints a claim gets an application for payment, without retainage too; no pro forma of ours."""
        self.assertFalse(self.make.pro_forma([100])._uses_application())
        contract = self._subcontract([500])
        self._add_invoice_contact(contract, self.mason)
        plain = self._invite(contract)
        report = self.env['ir.actions.report']
        for state, title in (('planned', "Invitation to Bill"), ('draft', "Claim")):
            with self.subTest(state=state):
                if state == 'draft':
                    plain.action_accept()
                self.assertEqual(plain._uses_application(), state == 'draft')
                page = report._render_qweb_html('progress_billing.report_progress_bill', plain.ids)[0].decode()
                self.assertIn(title, page)
                self.assertNotIn("Pro Forma", page)
                self.assertNotIn("This is no invoice", page)
        form = self.env.ref('progress_billing_subcontract.progress_subcontract_bill_view_form')
        buttons = etree.fromstring(plain.get_view(form.id)['arch']).findall('.//header/button')
        names = [button.get('name') for button in buttons if button.get('string') == "Preview PDF"]
        reports = ('report_progress_application', 'report_progress_bill')
        self.assertEqual(names, [str(self.env.ref(f'progress_billing.action_{name}').id) for name in reports])

    # === NUMBERS === #

    def test_numbers_of_a_language(self):
        """Point and comma are the reader's; what could be read in two ways is refused with an example of theirs."""
        self.env['res.lang']._activate_lang('de_DE')
        lang = self.env['res.lang']._lang_get('de_DE')
        lang.write({'decimal_point': ',', 'thousands_sep': '.', 'grouping': '[3,0]'})
        bill = self.bill.with_context(lang='de_DE')
        for text, number in (
            ('1.234,5', '1234.5'),
            ('1234,5', '1234.5'),
            ('-1.234,50', '-1234.50'),
            ('−12', '-12'),
            ('25 %', '25'),
            ('12,5% ', '12.5'),
            ('  7  ', '7'),
        ):
            with self.subTest(text=text):
                self.assertEqual(bill._read_claim_text(text, "Works"), Decimal(number))
        for text in ('1,234.5', '1.23', '', '%', '-', '+5', '5 €', '1e5', '٣', 'NaN'):
            with self.subTest(text=text):
                message = self.assertRefused(lambda text=text: bill._read_claim_text(text, "Works"), "Works", "1.234,5")
                self.assertIn(text.strip(), message)
        message = self.assertRefused(lambda: bill._read_claim_text('x' * 100, "Works"), 'x' * 40)
        self.assertNotIn('x' * 41, message, "A message is no place for a long text.")

    def test_shown_and_read_again(self):
        """What a field of the form shows is read as the same number."""
        for number in (0, 5, 0.1, 12.345678, 99999.999, -3.25, 1e6):
            with self.subTest(number=number):
                shown = self.bill._show_typed_number(number)
                self.assertAlmostEqual(float(self.bill._read_claim_text(shown, "x")), round(number, 6), 6)

    def test_a_form_without_a_field(self):
        """A field that is not in the form leaves what stands there; an empty one clears it."""
        self._send(**self._work(self.bill, '1000', '500'), **{f'stored_{self.first.id}': '70'})
        self._send(**{f'work_{self.second.id}': '600'})
        self.assertEqual((self.first.amount, self.first.stored_amount, self.second.amount), (1000, 70, 600))
        self._send(**{f'stored_{self.first.id}': '', f'work_{self.second.id}': ''})
        self.assertEqual((self.first.amount, self.first.stored_amount, self.second.amount), (1000, 0, 0))
        self._send(vendor_reference='R-1')
        self._send(**self._work(self.bill, '1000'))
        self.assertEqual(self.bill.vendor_reference, 'R-1')
        self._send(vendor_reference='')
        self.assertFalse(self.bill.vendor_reference)

    def test_unit_is_an_amount(self):
        """Without a unit, with an empty one, a number is an amount; an unknown word is none of the others."""
        for unit in (None, '', 'amount', 'litres'):
            with self.subTest(unit=unit):
                given = {f'work_{self.first.id}': '30'}
                if unit is not None:
                    given[f'unit_{self.first.id}'] = unit
                self._send(**given)
                self.assertEqual(self.first.amount, 30)

    def test_edges_of_a_percentage(self):
        for text, amount in (('0', 0), ('100', 60000), ('0.01', 6), ('33.3333', 19999.98)):
            with self.subTest(text=text):
                self._send(**self._work(self.bill, text, unit='percent'))
                self.assertAlmostEqual(self.first.amount, amount, 2)
        for text in ('100.0001', '-0.0001'):
            self.assertRefused(
                lambda text=text: self._send(**self._work(self.bill, text, unit='percent')),
                "between 0 and 100",
                "Works 1",
            )

    def test_stored_beyond_the_line(self):
        """Work and materials together are at most what the line is worth."""
        self._send(**{**self._work(self.bill, '50000'), f'stored_{self.first.id}': '10000'})
        self.assertEqual((self.first.amount, self.first.stored_amount), (50000, 10000))
        self.assertRefused(
            lambda: self._send(**{**self._work(self.bill, '50000'), f'stored_{self.first.id}': '10000.01'}),
            "cannot exceed",
        )
        self.assertEqual(self.first.stored_amount, 10000)

    def test_too_much_in_a_contacts_words(self):
        """Whoever claims on the page is told to claim less, not to add a change order."""
        portal = self._make_user('form_portal', 'base.group_portal')
        bill = self.bill.with_user(portal).sudo()
        given = {f'work_{self.first.id}': '60000.01'}
        message = self.assertRefused(lambda: bill._take_claim(Actor(self.mason), given), "Works 1", "60,000.01")
        self.assertIn("has to be added by the office first", message)
        self.assertIn("60,000.00", message)
        office = self.assertRefused(lambda: self._send(**given), "cannot exceed")
        self.assertNotIn("by the office first", office)

    # === RATES AND RELEASES === #

    def test_rate_of_a_line(self):
        """Open to the subcontractor it is kept and counts at once; as it stands it is no change."""
        self.contract.is_retainage_open = True
        self._send(**self._work(self.bill, '1000', '1000'), **{f'rate_{self.first.id}': '2.5'})
        self.assertEqual((self.first.retainage_percent, self.first.retainage_amount), (2.5, 25))
        self.assertEqual((self.second.retainage_percent, self.second.retainage_amount), (10, 100))
        self.contract.is_retainage_open = False
        self._send(**self._work(self.bill, '2000'), **{f'rate_{self.first.id}': '2.50'})
        self.assertEqual(self.first.retainage_amount, 50)
        self.assertRefused(lambda: self._send(**{f'rate_{self.first.id}': '2.51'}), "is set by the office")
        self.contract.is_retainage_open = True
        for text, words in (('101', ''), ('-1', ''), ('ten', "is no number")):
            with self.subTest(text=text):
                self.assertRefused(
                    lambda text=text: self._send(**{f'rate_{self.first.id}': text}),
                    regex=words or '.',
                    error=UserError,
                )
                self.assertEqual(self.first.retainage_percent, 2.5)

    def test_release_of_two_lines(self):
        """Each line's own release; what the rates withhold of the other stays."""
        self._claim(self.contract, 10000, 5000, post=True, date='2026-02-15')
        given = self._work(self.bill, '1000', '1000')
        self._send(**given, **{f'release_{self.first.id}': '300', f'release_{self.second.id}': '0'})
        self.assertEqual(self.bill.line_ids.mapped('retainage_amount'), [-200, 100])
        self.assertEqual(self.bill.line_ids.mapped('release_amount'), [300, 0])
        self.assertEqual(self.bill.line_ids.mapped('is_retainage_typed'), [True, False])
        self._send(**given, **{f'release_{self.first.id}': '0', f'release_{self.second.id}': '500'})
        self.assertEqual(self.bill.line_ids.mapped('retainage_amount'), [100, -400])
        self._send(**self._work(self.bill, '2000', '1000'))
        self.assertEqual(self.first.retainage_amount, 200, "The rate follows the work again.")
        self.assertEqual(self.second.retainage_amount, -400, "What was asked for stays.")

    def test_release_only_has_lines_that_hold(self):
        """An invitation for retainage has a line for each that holds some; a further one adds none."""
        self._claim(self.contract, 10000, post=True, date='2026-02-15')
        release = self._accepted(invitation_type='retainage')
        self.assertEqual(release.line_ids.contract_line_id, self.contract.line_ids[0])
        release._fill_claim()
        self.assertEqual(len(release.line_ids), 1)
        self.assertEqual(release.line_ids.retainage_amount, 0)
        self._answer(release, 'claim', **{f'release_{release.line_ids.id}': '250'})
        self.assertRecordValues(release.line_ids, [{'retainage_amount': -250, 'release_amount': 250, 'amount': 0}])
        self.assertRefused(
            lambda: self._answer(release, 'claim', **{f'release_{release.line_ids.id}': '-1'}), "cannot be negative"
        )
        self._answer(release, 'claim', **{f'release_{release.line_ids.id}': '0'})
        self.assertRefused(lambda: self._answer(release, 'submit'), "Nothing is claimed on")

    # === TWICE, AND BY TWO === #

    def test_two_people(self):
        """The page of whoever is late shows another version: nothing of theirs is kept, the first one's stands."""
        colleague = self.env['res.partner'].create({'name': "Cem", 'email': 'cem@example.com'})
        second = self._add_invoice_contact(self.contract, colleague)
        version = self.bill._get_version()
        self._send(version=version, **self._work(self.bill, '1000'))
        words = "has answered already"
        for kind in ('claim', 'submit', 'decline'):
            with self.subTest(kind=kind):
                self.assertRefused(
                    lambda kind=kind: self._send(kind, second, version=version, **self._work(self.bill, '7000')),
                    regex=f"{words}|changed",
                )
                self.assertEqual((self.first.amount, self.bill.state), (1000, 'draft'))
        self._send('submit', second, **self._work(self.bill, '7000'))
        self.assertRecordValues(self.bill, [{'amount': 7000, 'submitted_by_partner_id': colleague.id}])
        self.assertEqual(self.bill.answer_ids.sorted('id').mapped('partner_id'), self.mason | colleague)

    def test_sent_twice(self):
        """The same form once more is of an older version: one claim, one answer, one message."""
        version = self.bill._get_version()
        given = {'version': version, **self._work(self.bill, '1000')}
        self._send('submit', **given)
        self.assertRefused(lambda: self._send('submit', **given), regex="answered already|changed")
        self.assertEqual(self.bill.answer_ids.mapped('kind'), ['submit'])
        self.assertEqual(self.bill.review_round, 1)
        texts = [body for body in self.bill.message_ids.mapped('body') if "Claim 1" in str(body)]
        self.assertEqual(len(texts), 1)

    def test_answers_in_each_state(self):
        """What can be answered when: nothing of an older state, whoever asks and with the newest page."""
        states = (
            ('planned', {'accept', 'decline'}),
            ('draft', {'accept', 'claim', 'submit', 'decline'}),
            ('submitted', set()),
            ('approved', set()),
            ('declined', set()),
        )
        for state, expected in states:
            self.bill._write_protected({'review_state': state})
            found = set()
            for kind in ('accept', 'decline', 'claim', 'submit'):
                with self.env.cr.savepoint() as savepoint:
                    with contextlib.suppress(UserError):
                        self._send(kind, **(self._work(self.bill, '10') if kind in ('claim', 'submit') else {}))
                        found.add(kind)
                    savepoint.rollback()
                self.env.invalidate_all(flush=False)
            with self.subTest(state=state):
                self.assertEqual(found, expected)

    def test_signing(self):
        """What was handed in can be signed, once; that approves nothing, and a draft is not signed."""
        self.assertFalse(self.bill._is_to_be_signed())
        bill, image = self.bill.sudo(), base64.b64encode(make_picture()).decode()
        self.assertRefused(
            lambda: bill._take_signature(Actor(self.mason), self.contact.sudo(), "Mia M.", image, bill._get_version()),
            "Nothing was changed",
        )
        self._send('submit', **self._work(self.bill, '10'))
        self.assertTrue(self.bill._is_to_be_signed())
        self.bill._write_protected({'signed_on': '2026-03-20 10:00:00'})
        self.assertFalse(self.bill._is_to_be_signed())
        self.assertEqual(self.bill.claim_status, 'under_review')

    # === PEOPLE === #

    def test_contacts_of_others(self):
        """A contact of another subcontract, an archived one, and a reader claim nothing here."""
        other = self._subcontract([500])
        stranger = self._add_invoice_contact(other, self.mason)
        reader = self._add_invoice_contact(
            self.contract, self.env['res.partner'].create({'name': "Ria", 'email': 'ria@example.com'}), 'reader'
        )
        find = self.env['progress.contact'].sudo()._find_by_token
        self.assertEqual(find(self.contract, self.contact.sudo().token), self.contact)
        self.assertFalse(find(self.contract, stranger.sudo().token), "A link of another subcontract.")
        self.contact.action_archive()
        self.assertFalse(find(self.contract, self.contact.sudo().token), "An archived contact's link is dead.")
        self.assertRefused(
            lambda: self._send('claim', reader, **self._work(self.bill, '1')), "others claim", error=AccessError
        )

    def test_whose_contact(self):
        """Who answers for the firm is a contact; who reads alone is none, nor a contact of another subcontract."""
        other = self.env['res.partner'].create([{'name': "Ria"}, {'name': "Ola"}])
        self._add_invoice_contact(self.contract, other[0], 'reader')
        self._add_invoice_contact(self._subcontract([500]), other[1])
        self.assertTrue(self.bill._is_contact(self.mason))
        for partner in (*other, self.vendor, self.env.user.partner_id):
            with self.subTest(partner=partner.name):
                self.assertFalse(self.bill._is_contact(partner))
        self.contact.action_archive()
        self.assertFalse(self.bill._is_contact(self.mason))

    def test_a_colleague_as_a_contact(self):
        """An employee who is a contact hands in for themselves; another one in the subcontractor's name."""
        employee = self.standard_user
        self._add_invoice_contact(self.contract, employee.partner_id)
        self.first.amount = 10
        self.bill.with_user(employee).action_submit()
        self.assertFalse(self.bill.is_on_behalf)
        self.bill.action_reject("Less")
        self.bill.action_submit()
        self.assertTrue(self.bill.is_on_behalf)
        texts = ' '.join(map(str, self.bill.message_ids.mapped('body')))
        self.assertEqual(texts.count("in the name of Bricklayer"), 1)

    def test_the_reviewer_is_told(self):
        """One activity for the responsible, however often it is handed in; it ends with the review."""
        self.contract.user_id = self.sub_manager
        self.first.amount = 10
        self.bill.action_submit()
        activity = self.bill.activity_ids
        self.assertRecordValues(activity, [{'user_id': self.sub_manager.id, 'summary': "Bricklayer"}])
        self.bill.action_reject("Less")
        self.assertFalse(self.bill.activity_ids)
        self.bill.action_submit()
        self.assertEqual(len(self.bill.activity_ids), 1)
        self.bill.activity_schedule('mail.mail_activity_data_todo', user_id=self.env.user.id, summary="Call")
        self.bill.action_approve()
        self.assertEqual(self.bill.activity_ids.mapped('summary'), ["Call"], "Others' activities stay.")
        other = self._subcontract([500])
        other.user_id = False
        claim = self._claim(other, 5)
        self.assertFalse(claim.activity_ids)

    def test_notes_of_lines(self):
        """Those of rejected lines, a line each; what was approved again says nothing."""
        self._send('submit', **self._work(self.bill, '10', '20'))
        self.assertEqual(self.bill._get_line_notes(), '')
        self.first.action_reject("No")
        self.second.action_reject(" Neither \n")
        self.assertEqual(self.bill._get_line_notes(), "Works 1: No\nWorks 2: Neither")
        self.second.action_approve()
        self.assertEqual(self.bill._get_line_notes(), "Works 1: No")
        self.assertRecordValues(self.bill.line_ids, [{'review_state': 'rejected'}, {'review_state': 'approved'}])
        for note in (False, '', '  '):
            self.assertRefused(lambda note=note: self.second.action_reject(note), "Say why")

    def test_lines_are_the_administrators_review(self):
        self._send('submit', **self._work(self.bill, '10'))
        for user in (self.standard_user, self.sub_reader):
            line, bill = self.first.with_user(user), self.bill.with_user(user)
            for act in (line.action_approve, lambda line=line: line.action_reject("No"), bill.action_review):
                self.assertRefused(act, regex="Only administrators|not allowed|access", error=AccessError)
        self.assertEqual(self.first.review_state, 'open')
