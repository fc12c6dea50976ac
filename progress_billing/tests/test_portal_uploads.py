import base64
import io
from unittest.mock import patch

from PIL import Image

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.pdf import PdfFileWriter

from ..models.base.progress_actor import Actor
from .test_portal_statement import PageCommon

UPLOAD = 'odoo.addons.progress_billing.models.portal.progress_bill_upload'
SIGNATURE = 'odoo.addons.progress_billing.models.portal.progress_bill_signature'


def make_image(size=(60, 60), ink=100, kind='PNG', mode='RGBA', colour=(0, 0, 0, 255), paper=(255, 255, 255, 0)):
    """A picture with so many inked pixels, from its upper left corner on."""
    picture = Image.new('RGBA', size, paper)
    for number in range(ink):
        picture.putpixel((number % size[0], number // size[0]), colour)
    stream = io.BytesIO()
    picture.convert(mode).save(stream, kind)
    return stream.getvalue()


def make_pdf(pages=1, password=None):
    writer, stream = PdfFileWriter(), io.BytesIO()
    for _page in range(pages):
        writer.addBlankPage(100, 100)
    if password is not None:
        writer.encrypt(password, owner_password='owner')
    writer.write(stream)
    return stream.getvalue()


class SubmittedBillCommon(PageCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.pro_forma([10000, 20000], retainage_percent=10)
        cls.contact = cls._add_contact(cls.contract, cls.anna)
        cls.actor = Actor(cls.anna, cls.env['res.users'])
        cls.bill = cls.billing.run(cls.contract, 30)
        cls.bill.action_submit()
        cls.classPatch(type(cls.env['progress.bill']), '_get_portal_pdf', lambda bill: make_pdf())
        cls.classPatch(type(cls.env['progress.bill']), '_get_signature_page', lambda bill: make_pdf())


@tagged('post_install', '-at_install')
class TestUploads(SubmittedBillCommon):
    """What contacts hand in: of harmless kinds, of a size, all of an upload or none (PAG-8)."""

    def _take(self, *files, contact=None):
        self.bill.sudo()._take_uploads(self.actor, contact or self.contact, list(files), '192.0.2.7')

    def assertNotTaken(self, files, *words, **kwargs):
        self.assertRefused(lambda: self._take(*files, **kwargs), *words)
        self.assertFalse(self.bill._get_uploads())
        self.assertFalse(self.bill.answer_ids)

    def test_kept(self):
        """The files, who sent them and from where; a message in the history says so in their name."""
        self._take(('Photo.PNG', make_image()), ('plan.pdf', make_pdf()))
        uploads = self.bill._get_uploads().sorted('id')
        self.assertRecordValues(
            uploads,
            [
                {'name': 'Photo.PNG', 'mimetype': 'image/png', 'res_model': 'progress.bill', 'res_id': self.bill.id},
                {
                    'name': 'plan.pdf',
                    'mimetype': 'application/pdf',
                    'res_model': 'progress.bill',
                    'res_id': self.bill.id,
                },
            ],
        )
        self.assertRecordValues(
            self.bill.answer_ids,
            [
                {
                    'kind': 'upload',
                    'contract_id': self.contract.id,
                    'contact_id': self.contact.id,
                    'partner_id': self.anna.id,
                    'user_id': False,
                    'address': '192.0.2.7',
                    'revision': 0,
                }
            ],
        )
        self.assertEqual(self.bill.answer_ids._get_label(), "Uploaded")
        message = self.bill.message_ids[0]
        self.assertEqual(message.author_id, self.anna)
        self.assertIn("Uploaded: Photo.PNG, plan.pdf", message.body)
        self.assertEqual(message.attachment_ids.sorted('id'), uploads)
        self.assertEqual(self.bill.state, 'submitted')

    def test_names(self):
        """A name is cleaned of what paths and headers are made of, and is a hundred letters at most."""
        for given, kept in (
            ('plan.pdf', 'plan.pdf'),
            ('PLAN.PDF', 'PLAN.PDF'),
            ('  plan.pdf ', 'plan.pdf'),
            ('../../etc/plan.pdf', '.. .. etc plan.pdf'),
            ('C:\\plans\\a.pdf', 'C plans a.pdf'),
            ('a\r\nSet-Cookie: x.pdf', 'a Set-Cookie  x.pdf'),
            ('a"b<c>d|e?f*g.pdf', 'a b c d e f g.pdf'),
            ('Größe – 5.pdf', 'Größe – 5.pdf'),
            ('x' * 200 + '.pdf', 'x' * 96 + '.pdf'),
        ):
            with self.subTest(given):
                self.assertEqual(self.bill._prepare_upload_vals(given, make_pdf())['name'], kept)

    def test_kinds(self):
        """The ending and the content agree, and are of the list."""
        png, jpeg = make_image(), make_image(kind='JPEG', mode='RGB')
        webp, tiff = make_image(kind='WEBP'), make_image(kind='TIFF')
        for name, content, mimetype in (
            ('a.pdf', make_pdf(), 'application/pdf'),
            ('a.png', png, 'image/png'),
            ('a.jpg', jpeg, 'image/jpeg'),
            ('a.jpeg', jpeg, 'image/jpeg'),
            ('a.webp', webp, 'image/webp'),
            ('a.tif', tiff, 'image/tiff'),
            ('a.tiff', tiff, 'image/tiff'),
        ):
            with self.subTest(name):
                self.assertEqual(self.bill._prepare_upload_vals(name, content)['mimetype'], mimetype)
        for name, content in (
            ('a.png', jpeg),
            ('a.jpg', png),
            ('a.pdf', png),
            ('a.gif', make_image(kind='GIF', mode='P')),
            ('a', png),
            ('a.png.exe', png),
            ('', png),
            (None, png),
            ('a.txt', b'Hello'),
            ('a.png', b''),
            ('a.pdf', b''),
        ):
            with self.subTest(name):
                self.assertNotTaken([(name, content)], "cannot be uploaded: send PDF files, pictures")
        self.assertNotTaken([('', png)], "file cannot be uploaded")

    def test_pdf(self):
        """A PDF has a page that can be read by everybody."""
        self.assertNotTaken([('a.pdf', make_pdf(password='x'))], "a.pdf is protected by a password. Send it without.")
        self.assertNotTaken([('a.pdf', make_pdf(pages=0))], "a.pdf is broken")
        self.assertNotTaken([('a.pdf', make_pdf()[:60])], "a.pdf is broken")
        self._take(('a.pdf', make_pdf(password='')))  # nothing to type when it is opened
        self.assertEqual(len(self.bill._get_uploads()), 1)

    def test_sizes(self):
        """At most so many bytes, that many included."""
        content = make_pdf()
        with patch(f'{UPLOAD}.MAX_FILE', len(content) - 1):
            self.assertNotTaken([('a.pdf', content)], "a.pdf is too large: at most")
        with patch(f'{UPLOAD}.MAX_FILE', len(content)):
            self._take(('a.pdf', content))
        self.assertEqual(len(self.bill._get_uploads()), 1)

    def test_numbers(self):
        """Ten at once, a hundred a bill; none is no upload."""
        file = ('a.png', make_image())
        self.assertNotTaken([], "Choose a file first.")
        self.assertNotTaken([file] * 11, "At most 10 files at once, and 100 a bill.")
        with patch(f'{UPLOAD}.MAX_FILES_OF_BILL', 13):
            self._take(*[file] * 10)
            self._take(*[file] * 3)
            self.assertRefused(lambda: self._take(file), "At most 10 files at once, and 13 a bill.")
        self.assertEqual(len(self.bill._get_uploads()), 13)

    def test_all_or_none(self):
        self.assertNotTaken([('a.png', make_image()), ('b.exe', b'MZ')], "b.exe cannot be uploaded")

    def test_who(self):
        """Readers of the page hand nothing in; invoice contacts do."""
        reader = self._add_contact(self.contract, self.ada, 'reader')
        file = ('a.png', make_image())
        for contact in (reader, self.env['progress.contact']):
            self.assertRefused(
                lambda contact=contact: self.bill.sudo()._take_uploads(self.actor, contact, [file]),
                "You read this page; others answer for the customer.",
                error=AccessError,
            )
        self.assertFalse(self.bill._get_uploads())
        self.contact.role = 'invoice'
        self._take(file)
        self.assertEqual(len(self.bill._get_uploads()), 1)


@tagged('post_install', '-at_install')
class TestSignatures(SubmittedBillCommon):
    """A signature is a name and a hand, once a revision (PAG-7)."""

    def _sign(self, name="Anna A.", image=None, contact=None, version=None):
        self.bill.sudo()._take_signature(
            self.actor,
            contact or self.contact,
            name,
            base64.b64encode(make_image()).decode() if image is None else image,
            version or self.bill._get_version(),
            '192.0.2.7',
        )

    def assertNotSigned(self, *words, error=None, **given):
        self.assertRefused(lambda: self._sign(**given), *words, **({'error': error} if error else {}))
        self.assertRecordValues(self.bill, [{'signed_by': False, 'signed_on': False, 'signed_file_id': False}])
        self.assertFalse(self.bill.answer_ids)

    def test_hands(self):
        """Twenty dark pixels are a hand; fewer, light ones and transparent ones are an empty field."""

        def picture(**vals):
            return base64.b64encode(make_image(**vals)).decode()

        empty, unreadable = "Draw your signature, or choose one made of your name.", "no picture that can be read"
        for given, sentence in (
            (picture(ink=0), empty),
            (picture(ink=19), empty),
            (picture(colour=(200, 200, 200, 255)), empty),
            (picture(colour=(0, 0, 0, 20)), empty),
            (picture(kind='JPEG', mode='RGB'), unreadable),
            (picture(size=(4001, 10)), unreadable),
            (picture(size=(10, 4001)), unreadable),
            (picture() + '!', unreadable),
            ('', empty),
            (None, empty),
            (17, empty),
        ):
            with self.subTest(sentence=sentence, given=str(given)[:20]):
                self.assertRefused(lambda given=given: self.bill._read_signature(given), sentence)
        for given in (
            picture(ink=20),
            picture(colour=(199, 199, 199, 255)),
            picture(size=(4000, 10)),
            picture(size=(10, 4000)),
            picture(paper=(255, 255, 255, 255)),
        ):
            self.assertEqual(self.bill._read_signature(given).decode(), given)

    def test_size(self):
        content = make_image()
        given = base64.b64encode(content).decode()
        with patch(f'{SIGNATURE}.MAX_SIGNATURE', len(content) - 1):
            self.assertRefused(lambda: self.bill._read_signature(given), "no picture that can be read")
        with patch(f'{SIGNATURE}.MAX_SIGNATURE', len(content)):
            self.assertTrue(self.bill._read_signature(given))

    def test_names(self):
        """A hundred letters, and more than blanks."""
        for name in ('', '   ', 'x' * 101):
            self.assertNotSigned("Type your name, in at most 100 letters.", name=name)
        self._sign(name='x' * 100)
        self.assertEqual(self.bill.signed_by, 'x' * 100)

    def test_approves(self):
        """Signing a claim that waits approves it, in the signer's name; the answer keeps figures and address."""
        figures = self.bill._get_fingerprint()
        self._sign()
        self.assertRecordValues(
            self.bill,
            [
                {
                    'state': 'approved',
                    'signed_by': "Anna A.",
                    'signed_by_partner_id': self.anna.id,
                    'approved_by_partner_id': self.anna.id,
                    'approved_by_id': False,
                    'signed_fingerprint': figures,
                }
            ],
        )
        self.assertRecordValues(
            self.bill.answer_ids,
            [{'kind': 'sign', 'note': "Anna A.", 'address': '192.0.2.7', 'fingerprint': figures, 'revision': 0}],
        )
        copied = self.bill.signed_file_id
        self.assertEqual(copied.name, f"{self.bill._get_application_file_name()}, signed.pdf")
        self.assertEqual((copied.res_model, copied.res_id), ('progress.bill', self.bill.id))
        message = self.bill.message_ids.filtered(lambda message: "Signed by Anna A." in message.body)
        self.assertEqual(message.author_id, self.anna)
        self.assertEqual(message.attachment_ids, copied)

    def test_approved_before(self):
        """What the office approved on the customer's behalf can be signed, and stays the office's approval."""
        self.bill.action_approve()
        self._sign()
        self.assertEqual(self.bill.approved_by_id, self.env.user)
        self.assertEqual(self.bill.approved_by_partner_id, self.env.user.partner_id)
        self.assertEqual(self.bill.signed_by_partner_id, self.anna)

    def test_once(self):
        self._sign("First")
        self.assertRefused(
            lambda: self._sign("Second"), f"Nothing was changed: {self.bill.display_name} was signed already, by First."
        )
        self.assertEqual((self.bill.signed_by, len(self.bill.answer_ids)), ("First", 1))

    def test_who_and_when(self):
        """Approvers only, and only what they read; an approved claim is read as well as one that waits."""
        old = self.bill._get_version()
        self.assertNotSigned("has been changed since you opened this page", version='x')
        for role in ('reader', 'invoice'):
            self.contact.role = role
            self.assertNotSigned("You read this page; others answer", error=AccessError)
        self.bill.action_approve()
        self.assertNotSigned("You read this page; others answer", error=AccessError)
        self.contact.role = 'approver'
        self.assertNotSigned("has been changed since you opened this page", version=old)
        self.bill.action_release()
        self.assertNotSigned("has been changed since you opened this page")

    def test_what_can_be_signed(self):
        """A claim that waits or is approved; not a rejected one, an invoice, or what is signed."""
        bill = self.bill
        self.assertTrue(bill._is_to_be_signed())
        bill.action_reject("Roof")
        self.assertFalse(bill._is_to_be_signed())
        self.assertRefused(
            bill.action_request_signature, "cannot be signed: it is signed already, or its status is “Rejected”."
        )
        bill.action_submit()
        bill.action_approve()
        self.assertTrue(bill._is_to_be_signed())
        bill.action_release()
        self.assertFalse(bill._is_to_be_signed())
        self.assertFalse(bill.signature_requested_on)

    def test_signed_anew(self):
        """A correction and a claim handed in again after a rejection are signed anew; what was signed is kept."""
        for undo in ('reject', 'correct'):
            with self.subTest(undo):
                self._sign()
                copied, answers = self.bill.signed_file_id, len(self.bill.answer_ids)
                if undo == 'reject':
                    self.bill.action_reject("Roof")
                    self.assertTrue(self.bill.signed_on, "until it is handed in again")
                    self.bill.action_submit()
                else:
                    self.billing.to_ledger(self.bill)
                    self.bill.action_correct()
                self.assertRecordValues(
                    self.bill,
                    [
                        {
                            'signature': False,
                            'signed_by': False,
                            'signed_on': False,
                            'signed_by_partner_id': False,
                            'signed_fingerprint': False,
                            'signed_file_id': False,
                        }
                    ],
                )
                self.assertTrue(copied.exists())
                self.assertEqual(len(self.bill.answer_ids), answers)
                self.assertTrue(self.bill._is_to_be_signed())

    def test_submitted_twice(self):
        """Submitting what is submitted already takes no signature away."""
        self._sign()
        self.bill.action_reject("Roof")
        self.bill.action_submit()
        self._sign()
        self.assertEqual(self.bill.signed_by, "Anna A.")

    def test_copy_to_view(self):
        self.assertRefused(self.bill.action_view_signed_copy, f"{self.bill.display_name} is not signed yet.")
        self._sign()
        self.assertEqual(
            self.bill.with_user(self.reader).action_view_signed_copy(),
            {
                'type': 'ir.actions.act_url',
                'url': f'/web/content/{self.bill.signed_file_id.id}',
                'target': 'new',
            },
        )

    def test_request(self):
        """The button asks approvers alone; a rejection takes the request back, so that it can be asked again."""
        invoices = self._add_contact(self.contract, self.ada, 'invoice')
        self.bill.action_request_signature()
        self.assertTrue(self.bill.signature_requested_on)
        asked = self.bill.notice_ids.filtered(lambda notice: notice.kind == 'signature')
        self.assertEqual(asked.contact_id, self.contact)
        self.assertNotIn(invoices, asked.contact_id)
        self.bill.action_reject("Roof")
        self.assertFalse(self.bill.signature_requested_on)
