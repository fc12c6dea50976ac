import io

from PIL import Image

from odoo.exceptions import UserError
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools.pdf import OdooPdfFileReader, PdfFileReader

from odoo.addons.progress_billing.tests.common import ProgressBillingCommon
from odoo.addons.progress_billing.tests.test_portal_files import make_pdf

from ..tools import backup_pdf


def make_picture(size=(300, 200), kind='PNG', turned=None, frames=1):
    """A picture that is red above and blue below; ``turned`` as its EXIF says."""
    picture = Image.new('RGB', size, 'red')
    picture.paste('blue', (0, size[1] // 2, size[0], size[1]))
    buffer, options = io.BytesIO(), {}
    if turned:
        options['exif'] = Image.Exif()
        options['exif'][0x0112] = turned
    if frames > 1:
        options.update(save_all=True, append_images=[picture] * (frames - 1))
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


class TestBackupPdf(BaseCase):
    """Files of many kinds become pages, or are attached; those that cannot be read are told (CMP-7)."""

    def _prepare(self, name, mimetype, content, paper='a4'):
        return backup_pdf.prepare(backup_pdf.Source(name, mimetype, content), paper)

    def _get_box(self, piece):
        box = PdfFileReader(io.BytesIO(piece.content), strict=False).pages[0].mediabox
        return round(float(box.width)), round(float(box.height))

    def test_pictures(self):
        for paper, upright in (('a4', (595, 842)), ('letter', (612, 792))):
            piece = self._prepare('wide.png', 'image/png', make_picture(), paper)
            self.assertEqual((piece.status, piece.pages, self._get_box(piece)), ('pages', 1, upright[::-1]))
            piece = self._prepare('turned.jpg', 'image/jpeg', make_picture(kind='JPEG', turned=6), paper)
            self.assertEqual(self._get_box(piece), upright, "turned as it was taken")
        for kind in ('TIFF', 'WEBP', 'BMP', 'GIF'):
            piece = self._prepare(f'x.{kind}', f'image/{kind.lower()}', make_picture(kind=kind))
            self.assertEqual((kind, piece.status), (kind, 'pages'))
        self.assertEqual(self._prepare('scan.tif', 'image/tiff', make_picture(kind='TIFF', frames=3)).pages, 3)

    def test_alpha_is_white(self):
        buffer = io.BytesIO()
        Image.new('RGBA', (100, 100), (0, 0, 0, 0)).save(buffer, 'PNG')
        with Image.open(io.BytesIO(buffer.getvalue())) as picture:
            self.assertEqual(backup_pdf._get_page(picture, 'a4').getpixel((620, 877)), (255, 255, 255))

    def test_others(self):
        for name, mimetype, content, status in (
            ('plan.pdf', 'application/pdf', make_pdf(), 'pages'),
            ('locked.pdf', 'application/pdf', make_pdf(password='x'), 'protected'),
            ('broken.pdf', 'application/pdf', b'%PDF-1.4\n' + b'x' * 100, 'unreadable'),
            ('cut.pdf', 'application/pdf', make_pdf()[:120], 'unreadable'),
            ('empty.pdf', 'application/pdf', b'', 'unreadable'),
            ('broken.png', 'image/png', b'\x89PNG\r\n\x1a\n' + b'x' * 60, 'unreadable'),
            ('no.jpg', 'image/jpeg', b'no picture', 'unreadable'),
            ('sheet.xlsx', 'application/vnd.ms-excel', b'PK', 'attached'),
            ('drawing.svg', 'image/svg+xml', b'<svg/>', 'attached'),
        ):
            with self.subTest(name=name):
                self.assertEqual(self._prepare(name, mimetype, content).status, status)

    def test_assemble(self):
        """Bookmarks by bill and file, the list first; what is no page is attached, with a name of its own."""
        pieces = [
            self._prepare('a.png', 'image/png', make_picture()),
            self._prepare('b.xlsx', 'application/vnd.ms-excel', b'PK1'),
            self._prepare('b.xlsx', 'application/vnd.ms-excel', b'PK2'),
            self._prepare('locked.pdf', 'application/pdf', make_pdf(password='x')),
        ]
        content = backup_pdf.assemble(("List", make_pdf()), [("Bill Ä", pieces), ("Bill B", [pieces[0]])])
        reader = OdooPdfFileReader(io.BytesIO(content), strict=False)
        self.assertEqual(len(reader.pages), 3)
        marks = getattr(reader, 'outline', None) or reader.outlines
        titles = [[one.title for one in mark] if isinstance(mark, list) else mark.title for mark in marks]
        self.assertEqual(titles, ["List", "Bill Ä", ['a.png'], "Bill B", ['a.png']])
        names = sorted(name for name, _content in reader.getAttachments())
        self.assertEqual(names, ['b (2).xlsx', 'b.xlsx', 'locked.pdf'])


@tagged('post_install', '-at_install')
class TestBackups(ProgressBillingCommon):
    """Bills and their files, made in the background, for whoever asked (CMP-6)."""

    def setUp(self):
        super().setUp()
        self.patch(type(self.env['progress.bill']), '_get_portal_pdf', lambda bill: make_pdf())
        self.patch(type(self.env['progress.backup']), '_render_front', self._keep_front)
        self.contract = self.make.pro_forma([1000])
        self.bill = self.billing.run(self.contract, 50)
        self._attach('photo.jpg', make_picture(kind='JPEG'))
        self._attach('locked.pdf', make_pdf(password='x'))
        self._attach('sheet.csv', b'a;b')

    def _keep_front(self, _pieces):
        return make_pdf()

    def _attach(self, name, content):
        vals = {'name': name, 'raw': content, 'res_model': 'progress.bill', 'res_id': self.bill.id}
        return self.env['ir.attachment'].create(vals)

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref('progress_billing_compliance.ir_cron_progress_backup').method_direct_trigger()
        self.env.invalidate_all()

    def _ask(self, user=None, bills=None):
        (bills or self.bill).with_user(user or self.reader).action_compile_backups()
        return self.env['progress.backup'].sudo().search([], limit=1)

    def test_made_and_sent(self):
        backup = self._ask()
        self.assertRecordValues(backup, [{'state': 'waiting', 'user_id': self.reader.id}])
        self._run_cron()
        self.assertRecordValues(backup, [{'state': 'done', 'unreadable_count': 1, 'error': False}])
        reader = PdfFileReader(io.BytesIO(backup.attachment_id.raw), strict=False)
        self.assertEqual(len(reader.pages), 3, "the list, the claim and the photo")
        message = (
            self.env['mail.message']
            .sudo()
            .search(
                [
                    ('res_id', '=', backup.id),
                    ('model', '=', 'progress.backup'),
                    ('message_type', '=', 'user_notification'),
                ]
            )
        )
        self.assertEqual(message.notified_partner_ids, self.reader.partner_id)
        self.assertEqual(message.attachment_ids, backup.attachment_id)
        self.assertIn("locked.pdf", message.body)
        self.assertTrue(backup.attachment_id.with_user(self.reader).has_access('read'))
        with self.assertRaisesRegex(UserError, "top-secret"):
            backup.with_user(self.billing_user).read(['name'])
        self._run_cron()
        self.assertEqual(self.env['progress.backup'].sudo().search_count([]), 1)

    def test_who_may_not_read_gets_nothing(self):
        plain = new_test_user(self.env, login='plain', groups='base.group_user', company_id=self.company.id)
        with self.assertRaisesRegex(UserError, "not allowed to access"):
            self.bill.with_user(plain).action_compile_backups()
        backup = self._ask()
        self.contract.is_private = True
        self._run_cron()
        self.assertEqual(backup.state, 'failed')
        self.assertIn("may not read", backup.error)
        with self.assertRaisesRegex(UserError, "no bill here"):
            self.bill.browse().action_compile_backups()

    def test_period(self):
        """A period's bills, without those that are planned."""
        period = self.env['progress.billing.period'].create(
            {'project_id': self.project.id, 'date_start': '2026-01-01', 'date_end': '2026-12-31'}
        )
        self.bill.period_id = period
        self.make.plan(self.contract, '10%', '2026-03-01')
        period.with_user(self.reader).action_compile_backups()
        backup = self.env['progress.backup'].sudo().search([], limit=1)
        self.assertEqual(backup.bill_ids, self.bill)
        self.assertIn("House", backup.name)
