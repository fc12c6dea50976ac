import io
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools.pdf import OdooPdfFileReader

from odoo.addons.progress_billing.tests.common import ProgressBillingCommon
from odoo.addons.progress_billing.tests.test_portal_files import make_pdf

from .test_backups import make_picture

BACKUPS = 'odoo.addons.progress_billing_compliance.models.progress_backup'


@tagged('post_install', '-at_install')
class TestBackupCorners(ProgressBillingCommon):
    """What is in a backup, in which order and by which name; and who hears what of it."""

    def setUp(self):
        super().setUp()
        self.patch(type(self.env['progress.bill']), '_get_portal_pdf', lambda bill: make_pdf())
        self.fronts = []
        self.patch(type(self.env['progress.backup']), '_render_front', self._keep_front)
        self.contract = self.make.pro_forma([1000])
        self.bill = self.billing.run(self.contract, 50)

    def _keep_front(self, pieces):
        self.fronts.append(
            [(title, [(piece.name, piece.status, piece.pages) for piece in own]) for title, own in pieces]
        )
        return make_pdf()

    def _attach(self, name, content, bill=None, **vals):
        bill = bill or self.bill
        values = {'name': name, 'raw': content, 'res_model': 'progress.bill', 'res_id': bill.id, **vals}
        return self.env['ir.attachment'].create(values)

    def _compile(self, bills=None, user=None):
        (bills or self.bill).with_user(user or self.env.user).action_compile_backups()
        backup = self.env['progress.backup'].sudo().search([], limit=1)
        backup._compile()
        return backup

    def _messages(self, backup):
        domain = [('model', '=', 'progress.backup'), ('res_id', '=', backup.id)]
        return self.env['mail.message'].sudo().search([*domain, ('message_type', '=', 'user_notification')])

    # === WHAT IS IN IT === #

    def test_every_kind_of_file(self):
        """The claim first, then the files as they came; each says what became of it."""
        for name, content, mimetype in (
            ('photo.jpg', make_picture(kind='JPEG', turned=6), 'image/jpeg'),
            ('locked.pdf', make_pdf(password='x'), 'application/pdf'),
            ('broken.pdf', b'%PDF-1.4 nothing', 'application/pdf'),
            ('scan.tif', make_picture(kind='TIFF', frames=2), 'image/tiff'),
            ('sheet.xlsx', b'PK1', 'application/vnd.ms-excel'),
            ('empty.csv', b'', 'text/csv'),
        ):
            self._attach(name, content, mimetype=mimetype)
        backup = self._compile()
        claim = f'{self.bill._get_application_file_name()}.pdf'
        [[(title, files)]] = self.fronts
        self.assertEqual(title, f'{self.bill.name} {self.contract.display_name}')
        self.assertEqual(
            files,
            [
                (claim, 'pages', 1),
                ('photo.jpg', 'pages', 1),
                ('locked.pdf', 'protected', 0),
                ('broken.pdf', 'unreadable', 0),
                ('scan.tif', 'pages', 2),
                ('sheet.xlsx', 'attached', 0),
                ('empty.csv', 'unreadable', 0),
            ],
        )
        self.assertRecordValues(backup, [{'state': 'done', 'unreadable_count': 3, 'error': False}])
        reader = OdooPdfFileReader(io.BytesIO(backup.attachment_id.raw), strict=False)
        self.assertEqual(len(reader.pages), 5, "the list, the claim, the photo and two pages of the scan")
        names = sorted(name for name, _content in reader.getAttachments())
        self.assertEqual(names, ['broken.pdf', 'locked.pdf', 'sheet.xlsx'])
        [body] = self._messages(backup).mapped('body')
        for name in ('locked.pdf', 'broken.pdf', 'empty.csv'):
            self.assertIn(name, body)
        self.assertNotIn('sheet.xlsx', body)

    def test_what_is_no_file_of_the_bill(self):
        """Fields, links and what we issue anew stay out; the same file twice is in once."""
        issued = self.bill._get_application_file_name()
        self._attach(f'{issued}.pdf', b'%PDF old')
        self._attach(f'{issued}.xlsx', b'PK old')
        self._attach('link', False, type='url', url='https://example.com')
        self._attach('a.csv', b'same')
        self._attach('b.csv', b'same')
        self._attach('c.csv', b'other')
        other = self.billing.run(self.make.pro_forma([500]), 50)
        self._attach('theirs.csv', b'x', other)
        self.assertEqual(
            [source.name for source in self.bill._get_backup_sources()], [f'{issued}.pdf', 'a.csv', 'c.csv']
        )

    def test_planned_bills_have_no_claim(self):
        plan = self.make.plan(self.contract, '10%', '2026-03-01')
        self.assertEqual(plan._get_backup_sources(), [])
        self._attach('note.csv', b'x', plan)
        self.assertEqual([source.name for source in plan._get_backup_sources()], ['note.csv'])

    def test_in_order(self):
        """By contract, then by date, whatever order they were chosen in."""
        first = self.bill
        second = self.billing.run(self.contract, 80)
        other = self.billing.run(self.make.pro_forma([500]), 50)
        self._compile(other | second | first)
        self.assertEqual(
            [title for title, _files in self.fronts[0]],
            [f'{bill.name} {bill.contract_id.display_name}' for bill in (first, second, other)],
        )

    def test_names(self):
        """One bill, several, a period: the file's name says what it is of, in letters that files may have."""
        self.bill._write_protected({'name': 'PB/2026/7: a*b'})
        backup = self._compile()
        self.assertEqual(backup.name, 'Backup of PB/2026/7: a*b')
        self.assertEqual(backup.attachment_id.name, 'Backup of PB-2026-7- a-b.pdf')
        self.assertRecordValues(
            backup.attachment_id, [{'res_model': 'progress.backup', 'res_id': backup.id, 'mimetype': 'application/pdf'}]
        )
        other = self.billing.run(self.make.pro_forma([500]), 50)
        self.assertEqual(self._compile(self.bill | other).name, 'Backup of 2 bills')

    def test_paper(self):
        """Pictures are on the company's paper."""
        self._attach('photo.png', make_picture(size=(200, 300)))
        for paper, size in (('base.paperformat_us', (612, 792)), ('base.paperformat_euro', (595, 842))):
            with self.subTest(paper=paper):
                self.company.paperformat_id = self.env.ref(paper)
                reader = OdooPdfFileReader(io.BytesIO(self._compile().attachment_id.raw), strict=False)
                box = reader.pages[2].mediabox
                self.assertEqual((round(float(box.width)), round(float(box.height))), size)

    # === ASKING, AND WHAT IS SAID === #

    def test_asked(self):
        """Who asks is told that it is being made, and sees it waiting."""
        action = self.bill.action_compile_backups()
        self.assertEqual((action['tag'], action['params']['type']), ('display_notification', 'info'))
        self.assertRecordValues(
            self.env['progress.backup'].search([]),
            [{'state': 'waiting', 'company_id': self.company.id, 'bill_ids': self.bill.ids}],
        )

    def test_none_or_too_many(self):
        other = self.billing.run(self.make.pro_forma([500]), 50)
        with patch(f'{BACKUPS}.MAX_BILLS', 1):
            self.assertRefused((self.bill | other).action_compile_backups, "At most 1 bills go into one backup")
            self.assertFalse(self.env['progress.backup'].search([]))
            self.bill.action_compile_backups()
        self.env['progress.backup'].search([]).unlink()
        self.assertRefused(self.bill.browse().action_compile_backups, "There is no bill here")
        with self.subTest(of="a period without bills"):
            period = self.env['progress.billing.period'].create(
                {'project_id': self.project.id, 'date_start': '2027-01-01', 'date_end': '2027-12-31'}
            )
            self.assertRefused(period.action_compile_backups, "There is no bill here")
        self.assertFalse(self.env['progress.backup'].search([]))

    def test_what_fails_is_told(self):
        """A bill that was deleted meanwhile, and an error in words: both end, and are told to who asked."""
        self.bill.action_compile_backups()
        backup = self.env['progress.backup'].sudo().search([], limit=1)
        self.bill.action_cancel()
        self.bill.unlink()
        backup._compile()
        self.assertRecordValues(backup, [{'state': 'failed', 'error': "The bills are gone."}])
        [message] = self._messages(backup)
        self.assertEqual(message.notified_partner_ids, self.env.user.partner_id)
        self.assertRegex(message.body, "could not be made: The bills are gone.")
        self.assertFalse(message.attachment_ids)

    def test_one_that_fails_stops_no_other(self):
        bad = self.billing.run(self.make.pro_forma([500]), 50)
        bad.action_compile_backups()
        self.bill.action_compile_backups()
        mine, theirs = self.env['progress.backup'].sudo().search([], limit=2)
        self.assertEqual(theirs.bill_ids, bad)

        def sources(bill):
            if bill == bad:
                raise UserError(self.env._("No paper left"))
            return []

        self.patch(type(bad), '_get_backup_sources', sources)
        (theirs | mine)._compile()
        self.assertEqual((theirs.state, theirs.error, mine.state), ('failed', "No paper left", 'done'))

    def test_download(self):
        """The button brings the PDF itself; one that waits has none."""
        self.bill.with_user(self.reader).action_compile_backups()
        backup = self.env['progress.backup'].sudo().search([]).with_user(self.reader).sudo(False)
        self.assertRefused(backup.action_download, "Backup of", "is not ready")
        backup.sudo()._compile()
        self.assertEqual(
            backup.action_download(),
            {
                'type': 'ir.actions.act_url',
                'url': f'/web/content/{backup.attachment_id.id}?download=true',
                'target': 'download',
            },
        )

    def test_theirs_alone(self):
        """Whoever asked reads and deletes their backup; a colleague does neither, and nobody writes one."""
        backup = self._compile(user=self.reader)
        colleague = new_test_user(
            self.env, login='colleague', groups='progress_billing.group_manager', company_id=self.company.id
        )
        with self.assertRaisesRegex(UserError, "top-secret|not allowed"):
            backup.with_user(colleague).read(['name'])
        with self.assertRaisesRegex(UserError, "not allowed|cannot be set"):
            backup.with_user(self.reader).write({'name': "Other"})
        with self.assertRaisesRegex(UserError, "top-secret|not allowed"):
            backup.with_user(colleague).create(
                {'name': "Mine", 'user_id': colleague.id, 'company_id': self.company.id, 'bill_ids': self.bill.ids}
            )
        backup.with_user(self.reader).unlink()
        self.assertFalse(backup.exists())
