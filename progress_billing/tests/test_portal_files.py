import base64
import io
import struct
import zlib

from PIL import Image, ImageDraw

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools.pdf import PdfFileWriter

from .portal_common import PortalCommon


def make_picture(*, ink=True, kind='PNG'):
    picture = Image.new('RGBA' if kind == 'PNG' else 'RGB', (300, 100), (255, 255, 255))
    if ink:
        ImageDraw.Draw(picture).line([(10, 90), (150, 10), (290, 90)], fill='black', width=3)
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


def make_bomb(width, height):
    """A picture of a few bytes that says it has very many pixels."""

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(b'')) + chunk(b'IEND', b'')


def make_pdf(password=None):
    writer, stream = PdfFileWriter(), io.BytesIO()
    writer.addBlankPage(100, 100)
    if password:
        writer.encrypt(password)
    writer.write(stream)
    return stream.getvalue()


@tagged('post_install', '-at_install')
class TestPortalFiles(PortalCommon):
    """Signatures and uploads."""

    def setUp(self):
        super().setUp()
        self.bill.action_submit()
        self.actor_pdf = make_pdf()
        for name in ('_get_portal_pdf', '_get_signature_page'):  # the printer itself is tried in TestPrinting
            self.patch(type(self.env['progress.bill']), name, lambda bill: make_pdf())

    def _sign(self, name="Anna A.", image=None, contact=None, version=None):
        params = {
            'name': name,
            'signature': base64.b64encode(make_picture()).decode() if image is None else image,
            'version': version or self.bill._get_version(),
            'access_token': (contact or self.contact).sudo().token,
        }
        answer = self.make_jsonrpc_request(f'{self.bill._get_portal_path()}/sign', params, timeout=60)
        self.assertTrue(answer.get('force_refresh'), answer)
        return self.url_open(answer['redirect_url'])

    def test_sign(self):
        fingerprint = self.bill._get_fingerprint()
        page = self._sign()
        self.assertIn("the bill is signed", page.text)
        self.assertRecordValues(
            self.bill,
            [
                {
                    'state': 'approved',
                    'signed_by': "Anna A.",
                    'signed_by_partner_id': self.anna.id,
                    'approved_by_partner_id': self.anna.id,
                    'signed_fingerprint': fingerprint,
                }
            ],
        )
        self.assertTrue(self.bill.signature)
        answer = self.bill.answer_ids
        self.assertEqual((answer.kind, answer.note, answer.fingerprint), ('sign', "Anna A.", fingerprint))
        self.assertTrue(answer.address)
        copy = self._get(self.bill, f'/file/{self.bill.signed_file_id.id}', self.contact)
        self.assertTrue(copy.content.startswith(b'%PDF'))
        self.assertFalse(self.bill.move_ids)

    def test_second_and_empty_signature(self):
        drawn = base64.b64encode(make_picture(ink=False)).decode()
        for name, image, sentence in (
            ("Anna", '', "Draw your signature"),
            ("Anna", drawn, "Draw your signature"),
            ("Anna", 'bm9wZQ==', "no picture that can be read"),
            ("Anna", '%%%', "no picture that can be read"),
            ("Anna", base64.b64encode(b'<svg onload="x"/>').decode(), "no picture that can be read"),
            ("Anna", base64.b64encode(make_bomb(60000, 60000)).decode(), "no picture that can be read"),
            ("Anna", base64.b64encode(make_bomb(3000, 3000)).decode(), "Draw your signature"),
            ("Anna", base64.b64encode(make_picture()[:80]).decode(), "Draw your signature"),
            ("Anna", base64.b64encode(make_picture()[:40]).decode(), "no picture that can be read"),
            (" ", None, "Type your name"),
            ("x" * 101, None, "Type your name"),
        ):
            with self.subTest((name, image)):
                self.assertIn(sentence, self._sign(name, image).text)
                self.assertRecordValues(self.bill, [{'state': 'submitted', 'signed_by': False, 'signature': False}])
        self._sign("First")
        self.assertIn("was signed already, by First", self._sign("Second").text)
        self.assertEqual(self.bill.signed_by, "First")

    def test_sign_what_changed(self):
        version = self.bill._get_version()
        self.bill.action_reject("Too much")
        self.bill.line_ids[0].amount = 100
        self.bill.action_submit()
        self.assertIn("has been changed since", self._sign(version=version).text)
        self._sign()
        self.bill.action_reject("Once more")
        copy = self.bill.signed_file_id
        self.bill.action_submit()
        self.assertRecordValues(self.bill, [{'signed_by': False, 'signed_on': False}])
        self.assertTrue(copy.exists(), "what was signed is kept")
        self.assertEqual(self.bill.answer_ids.kind, 'sign')

    def test_who_signs(self):
        reader = self._add_contact(self.architect, 'reader')
        self.assertIn("You read this page", self._sign(contact=reader).text)
        self.assertFalse(self.bill.signed_on)
        for name in ('signature', 'signed_by', 'signed_on', 'signed_fingerprint'):
            with self.assertRaisesRegex(AccessError, "cannot be set"):
                self.bill.with_user(self.manager).write({name: 'x'})

    def _upload(self, *files, contact=None):
        return self._post(
            self.bill, '/upload', contact or self.contact, files=[('files', (name, content)) for name, content in files]
        )

    def test_upload(self):
        page = self._upload(("Photo.PNG", make_picture()), ("../plan.pdf", make_pdf()))
        self.assertIn("your files are with the bill", page.text)
        uploads = self.bill._get_uploads().sorted('id')
        self.assertEqual(uploads.mapped('mimetype'), ['image/png', 'application/pdf'])
        self.assertEqual(uploads[1].name, ".. plan.pdf")
        self.assertEqual(self.bill.answer_ids.partner_id, self.anna)
        self.assertEqual(uploads.create_uid, self.env.ref('base.public_user'))
        answer = self._get(self.bill, f'/file/{uploads[1].id}', self.contact)
        self.assertIn('attachment', answer.headers['Content-Disposition'])
        self.assertEqual(self._get(self.bill, f'/file/{uploads[1].id}').status_code, 404)
        other = self.env['ir.attachment'].create(
            {'name': 'x', 'raw': b'x', 'res_model': 'progress.bill', 'res_id': self.bill.id}
        )
        self.assertEqual(self._get(self.bill, f'/file/{other.id}', self.contact).status_code, 404)

    def test_bad_uploads(self):
        svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
        for name, content, sentence in (
            ('page.html', b'<html><script>alert(1)</script></html>', "cannot be uploaded"),
            ('picture.svg', svg, "cannot be uploaded"),
            ('picture.png', svg, "cannot be uploaded"),
            ('letter.pdf', b'<html><script>alert(1)</script></html>', "cannot be uploaded"),
            ('tool.exe', b'MZ' + b'\x00' * 100, "cannot be uploaded"),
            ('empty.pdf', b'', "cannot be uploaded"),
            ('broken.pdf', b'%PDF-1.4\n' + b'x' * 200, "is broken"),
            ('cut.png', make_picture()[:40], "is broken"),
            ('cut.jpg', make_picture(kind='JPEG')[:40], "is broken"),
            ('bomb.png', make_bomb(60000, 60000), "too many pixels"),
            ('wide.png', make_bomb(13000, 13000), "too many pixels"),
            ('locked.pdf', make_pdf(password='x'), "protected by a password"),
            ('large.pdf', make_pdf() + b'\x00' * 20 * 1024**2, "too large: at most 15 MB"),
        ):
            with self.subTest(name):
                page = self._upload(("fine.png", make_picture()), (name, content))
                self.assertEqual(page.status_code, 200)
                self.assertRegex(page.text, sentence)
                self.assertFalse(self.bill._get_uploads(), "all files, or none")
        self.assertIn("Choose a file first", self._upload().text)
        self.assertRegex(self._upload(*[("a.png", make_picture())] * 11).text, "At most 10 files")
        reader = self._add_contact(self.architect, 'reader')
        self.assertIn("You read this page", self._upload(("a.png", make_picture()), contact=reader).text)

    def test_pay(self):
        """The page leads to Odoo's own payment page of the posted invoice."""
        self.bill.action_approve()
        self.bill.action_release()
        self.assertNotIn('name="pay"', self._get(self.bill, contact=self.contact).text)
        self.bill.invoice_id.action_post()
        self.assertIn('name="pay"', self._get(self.bill, contact=self.contact).text)
        self.billing.pay(self.bill.invoice_id, 100)
        self.assertIn('name="pay"', self._get(self.bill, contact=self.contact).text)
        self.billing.pay(self.bill.invoice_id)
        self.assertNotIn('name="pay"', self._get(self.bill, contact=self.contact).text)


@tagged('post_install', '-at_install')
class TestSignedCopy(PortalCommon):
    def test_printed(self):
        self.bill.action_submit()
        self.bill._write_protected({'signed_by': "Anna A.", 'signature': base64.b64encode(make_picture())})
        self.assertTrue(self.bill._get_signature_page().startswith(b'%PDF'))
        with self.assertRaisesRegex(UserError, "is not signed yet"):
            self.bill.action_view_signed_copy()
