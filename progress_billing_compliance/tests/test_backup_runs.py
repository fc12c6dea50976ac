import io
import itertools
from unittest.mock import patch

from PIL import Image

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import OdooPdfFileReader, PdfFileWriter

from odoo.addons.progress_billing.tests.common import ProgressBillingCommon
from odoo.addons.progress_billing.tests.queries import QueryAssertions, count_queries

from ..tools import backup_pdf

BACKUPS = 'odoo.addons.progress_billing_compliance.models.progress_backup'


def make_pdf(pages=1, password=None):
    """So many upright pages; with a password, which may be empty."""
    writer, stream = PdfFileWriter(), io.BytesIO()
    for _page in range(pages):
        writer.addBlankPage(100, 200)
    if password is not None:
        writer.encrypt(password)
    writer.write(stream)
    return stream.getvalue()


@tagged('post_install', '-at_install')
class TestBackupRuns(QueryAssertions, ProgressBillingCommon):
    """Backups that wait are made one by one, each for whoever asked; what fails stops no other (CMP-6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['progress.backup'].sudo().search([]).unlink()  # those of a demonstration
        cls.contract = cls.make.pro_forma([1000])
        cls.bill = cls.billing.run(cls.contract, 50)
        cls.backups = cls.env['progress.backup'].sudo()

    def setUp(self):
        super().setUp()
        self.patch(type(self.env['progress.bill']), '_get_portal_pdf', lambda bill: make_pdf())
        self.patch(type(self.env['progress.backup']), '_render_front', lambda backup, pieces: make_pdf())

    def _ask(self, user=None, bills=None):
        before = self.backups.search([])
        (bills or self.bill).with_user(user or self.reader).action_compile_backups()
        return self.backups.search([('id', 'not in', before.ids)], order='id')

    def _run(self, seconds=60.0):
        """Run the action; returns what it told the runner: how many are done, and how many are left."""
        told = []

        def commit(_cron, processed=0, *, remaining=None, deactivate=False):
            told.append((processed, remaining))
            return seconds

        self.patch(self.env.registry['ir.cron'], '_commit_progress', commit)
        self.backups._cron_compile()
        return told

    def _messages(self, backup):
        domain = [('model', '=', 'progress.backup'), ('res_id', '=', backup.id)]
        return self.env['mail.message'].sudo().search([*domain, ('message_type', '=', 'user_notification')])

    # === ASKING === #

    def test_one_a_company(self):
        """Bills of two companies are two backups, each with its own bills; the right to read both is needed."""
        other = self.setup_other_company()['company']
        theirs = self._bill_of(other)
        self.assertRefused(lambda: self._ask(self.reader, self.bill | theirs), "top-secret", error=AccessError)
        self.assertFalse(self.backups.search([]))
        found = self._ask(self.env.user, self.bill | theirs)
        self.assertEqual(
            [(one.company_id, one.bill_ids) for one in found], [(self.company, self.bill), (other, theirs)]
        )
        self.assertEqual(found.mapped('name'), ["Backup of 2 bills"] * 2)
        self.assertEqual(set(found.mapped('state')), {'waiting'})

    def _bill_of(self, company):
        project = self.env['project.project'].create(
            {'name': "Elsewhere", 'partner_id': self.customer.id, 'company_id': company.id, 'billing_method': 'none'}
        )
        contract = self.env['progress.contract'].create(
            {'project_id': project.id, 'partner_id': self.customer.id, 'company_id': company.id}
        )
        return self.env['progress.bill'].create({'contract_id': contract.id, 'date': '2026-03-01', 'amt_pct': '10%'})

    def test_runner_is_called(self):
        """Whoever may read the bills may ask: the action runs soon, and a message says so."""
        cron = self.env.ref('progress_billing_compliance.ir_cron_progress_backup')
        triggers = self.env['ir.cron.trigger'].sudo()
        before = triggers.search_count([('cron_id', '=', cron.id)])
        action = self.bill.with_user(self.reader).action_compile_backups()
        self.assertEqual(triggers.search_count([('cron_id', '=', cron.id)]), before + 1)
        self.assertEqual(action['params']['next'], {'type': 'ir.actions.act_window_close'})
        self.assertIn("being made", action['params']['message'])
        self.assertRefused(self.bill.browse().action_compile_backups, "There is no bill here")
        self.assertEqual(triggers.search_count([('cron_id', '=', cron.id)]), before + 1)

    def test_deleted_meanwhile(self):
        """Bills of a list that were deleted since are left out; where all are gone, nothing is asked."""
        gone = self.make.plan(self.contract, '10%', '2026-03-01')
        chosen = self.bill | gone
        gone.unlink()
        backup = self._ask(bills=chosen)
        self.assertEqual((backup.bill_ids, backup.name), (self.bill, f"Backup of {self.bill.display_name}"))
        self.assertRefused(gone.action_compile_backups, "There is no bill here")

    def test_periods(self):
        """Bills of several periods, without those that ask for nothing; the titles are in the name, to a length."""
        periods = self.env['progress.billing.period'].create(
            [
                {'project_id': self.project.id, 'date_start': f'2026-{month}-01', 'date_end': f'2026-{month}-28'}
                for month in ('01', '02')
            ]
        )
        bills = self.bill
        for state in ('planned', 'cancelled', 'declined', 'draft'):
            bill = self.make.plan(self.contract, '1%', '2026-02-01')
            bill._write_protected({'state': state, 'period_id': periods[1].id})
            bills |= bill
        self.bill._write_protected({'period_id': periods[0].id, 'date': '2026-01-15'})
        periods.with_user(self.reader).action_compile_backups()
        backup = self.backups.search([])
        self.assertEqual(
            backup.bill_ids, self.bill | bills.filtered(lambda bill: bill.period_id and bill.state == 'draft')
        )
        self.assertIn(periods[0].calendar_title, backup.name)
        self.assertIn(', ', backup.name)
        periods.project_id.name = "N" * 400
        periods[0].with_user(self.reader).action_compile_backups()
        self.assertLessEqual(len(self.backups.search([], limit=1).name), 220)

    # === THE RUN === #

    def test_one_by_one(self):
        """In the order they were asked; the runner is told what is left, and where there is no time the rest waits."""
        first, second, third = (self._ask() for _number in range(3))
        self.assertEqual(self._run(seconds=0.0), [(0, 3), (1, 2)])
        self.assertEqual([one.state for one in (first, second, third)], ['done', 'waiting', 'waiting'])
        self.assertEqual(self._run(), [(0, 2), (1, 1), (1, 0)])
        self.assertEqual(set((first | second | third).mapped('state')), {'done'})
        self.assertEqual(self._run(), [(0, 0)])
        self.assertEqual([len(self._messages(one)) for one in (first, second, third)], [1, 1, 1])

    def test_held_by_somebody(self):
        """One that another transaction makes is left to it."""
        held, free = self._ask(), self._ask()
        lock = type(held).try_lock_for_update
        self.patch(type(held), 'try_lock_for_update', lambda lines, **kwargs: lock(lines - held, **kwargs))
        self.assertEqual(self._run(), [(0, 2), (1, 1), (1, 0)])
        self.assertEqual((held.state, free.state), ('waiting', 'done'))

    @mute_logger(BACKUPS)
    def test_whatever_fails(self):
        """A fault of a file or a program ends that backup and is told; nothing of it is left, the next is made."""
        for error in (UserError("No paper"), ValueError("odd"), KeyError('Font'), RecursionError(), OSError("disk")):
            with self.subTest(error=error):
                bad, good = self._ask(), self._ask()
                assemble, tries = backup_pdf.assemble, itertools.count()

                def fail(*args, error=error, assemble=assemble, tries=tries):
                    if not next(tries):
                        self.env['ir.attachment'].create({'name': "half.pdf", 'raw': b'x'})
                        raise error
                    return assemble(*args)

                with patch.object(backup_pdf, 'assemble', fail):
                    self._run()
                self.assertRecordValues(bad | good, [{'state': 'failed'}, {'state': 'done'}])
                self.assertTrue(bad.error)
                [message] = self._messages(bad)
                self.assertEqual(message.notified_partner_ids, self.reader.partner_id)
                self.assertIn(f"{bad.name} could not be made", message.body)
                self.assertFalse(self.env['ir.attachment'].search([('name', '=', "half.pdf")]))

    def test_rights_that_were_lost(self):
        """Whoever may not read the bills any more, or not in that company, gets nothing."""
        other = self.env['res.company'].create({'name': "Elsewhere"})
        for number, lose in enumerate(
            (
                lambda user: setattr(user, 'group_ids', self.env.ref('base.group_user')),
                lambda user: user.write({'company_ids': [Command.set(other.ids)], 'company_id': other.id}),
                lambda user: self.contract.write({'is_private': True}),
            )
        ):
            login, groups = f'lost_{number}', 'progress_billing.group_readonly'
            user = new_test_user(self.env, login=login, groups=groups, company_id=self.company.id)
            backup = self._ask(user)
            lose(user)
            self.env.invalidate_all()
            backup._compile()
            self.assertRecordValues(backup, [{'state': 'failed', 'attachment_id': False}])
            self.assertEqual(backup.error, f"{user.name} may not read these bills any more.")

    # === WHAT IS SAID === #

    def test_message(self):
        """The file comes with it; what could not be read is named, in the language of whoever asked."""
        for content, words in (
            (make_pdf(), "%s is ready."),
            (make_pdf(password='x'), "Not readable, and attached as they are: &lt;b&gt;.pdf"),
        ):
            vals = {'raw': content, 'mimetype': 'application/pdf', 'res_model': 'progress.bill', 'res_id': self.bill.id}
            file = self.env['ir.attachment'].create({'name': "<b>.pdf", **vals})
            backup = self._ask()
            backup._compile()
            [message] = self._messages(backup)
            self.assertIn(words.replace('%s', backup.name), message.body)
            self.assertEqual((message.subject, message.attachment_ids), (backup.name, backup.attachment_id))
            self.assertEqual(backup.unreadable_count, int('Not readable' in words))
            file.unlink()

    def test_language(self):
        """Titles and messages are those of whoever asked, not of who runs the action."""
        self.env['res.lang']._activate_lang('fr_FR')
        self.reader.lang = 'fr_FR'
        seen = []
        tell, front = type(self.backups)._tell, type(self.backups)._render_front
        self.patch(type(self.backups), '_tell', lambda one, *args: (seen.append(one.env.lang), tell(one, *args))[1])
        self.patch(
            type(self.backups), '_render_front', lambda one, pieces: (seen.append(one.env.lang), front(one, pieces))[1]
        )
        self._ask()._compile()
        self.assertEqual(seen, ['fr_FR', 'fr_FR'])

    def test_list_of_files(self):
        """The first page: who asked, each bill with its files and what became of them, those not readable above."""
        backup = self._ask()
        piece = backup_pdf.Piece
        sections = [
            ("Bill A", [piece("a.pdf", 'pages', b'', 3), piece("b.xlsx", 'attached', b'x', 0)]),
            ("Bill B", [piece("c.pdf", 'protected', b'x', 0), piece("<d>.png", 'unreadable', b'x', 0)]),
        ]
        report = 'progress_billing_compliance.report_progress_backup'
        html = self.env['ir.actions.report']._render_qweb_html(report, backup.ids, {'sections': sections})[0].decode()
        text = ' '.join(html.split())
        for word in (backup.name, self.reader.name, "Bill A", "Bill B", "could not be read", "protected by a password"):
            self.assertIn(word, text)
        self.assertIn("&lt;d&gt;.png", text)
        self.assertRegex(text, r'a\.pdf</td>\s*<td class="text-end">3</td>\s*<td class="text-nowrap">\s*in this file')
        self.assertRegex(text, r'b\.xlsx</td>\s*<td class="text-end"></td>\s*<td class="text-nowrap">\s*attached')
        self.assertEqual(text.count("not readable"), 2)
        html = (
            self.env['ir.actions.report']._render_qweb_html(report, backup.ids, {'sections': sections[:1]})[0].decode()
        )
        self.assertNotIn("could not be read", html)

    # === WHAT IS IN IT === #

    def test_signed_copy(self):
        """The signed copy is in it, also where it has the name of what we issue anew."""
        vals = {'res_model': 'progress.bill', 'res_id': self.bill.id, 'mimetype': 'application/pdf'}
        name = f'{self.bill._get_application_file_name()}.pdf'
        signed = self.env['ir.attachment'].create({'name': name, 'raw': make_pdf(pages=2), **vals})
        self.assertEqual(len(self.bill._get_backup_sources()), 1)
        self.bill._write_protected({'signed_file_id': signed.id})
        self.assertEqual([source.content for source in self.bill._get_backup_sources()], [make_pdf(), signed.raw])

    def test_costs(self):
        """Compiling many bills takes no query more a bill than few, beside the files of each."""
        bills = self.bill
        for _number in range(11):
            bills |= self.billing.run(self.make.pro_forma([100]), 50)
        costs = [
            count_queries(self.env, lambda some=some: [bill._get_backup_sources() for bill in some])
            for some in (bills[:4], bills)
        ]
        self.assertLessEqual(costs[1], costs[0] + 2 * 8, "one search of files a bill")


class TestBackupSheets(BaseCase):
    """Sizes, margins and names of what is put into one PDF (CMP-7)."""

    def _prepare(self, name, mimetype, content, paper='a4'):
        return backup_pdf.prepare(backup_pdf.Source(name, mimetype, content), paper)

    def _picture(self, size, color='red', mode='RGB', kind='PNG', **options):
        buffer = io.BytesIO()
        Image.new(mode, size, color).save(buffer, kind, **options)
        return buffer.getvalue()

    def _page(self, content, paper='a4'):
        with Image.open(io.BytesIO(content)) as picture:
            return backup_pdf._get_page(picture, paper)

    def test_sheet(self):
        """A picture is in the middle of a sheet that lies where it does, with a margin, and never made larger."""
        for size, sheet, box in (
            ((100, 100), (1240, 1754), (570, 827, 670, 927)),
            ((200, 100), (1754, 1240), (777, 570, 977, 670)),
            ((100, 200), (1240, 1754), (570, 777, 670, 977)),
            ((4000, 2000), (1754, 1240), (59, 211, 1695, 1029)),
            ((2000, 6000), (1240, 1754), (347, 59, 892, 1695)),
        ):
            with self.subTest(size=size):
                page = self._page(self._picture(size))
                self.assertEqual(page.size, sheet)
                left, top, right, bottom = box
                inside = [(left + 2, top + 2), (right - 3, bottom - 3)]
                outside = [(left - 3, (top + bottom) // 2), ((left + right) // 2, bottom + 3), (5, 5)]
                self.assertEqual({page.getpixel(point) for point in inside}, {(255, 0, 0)})
                self.assertEqual({page.getpixel(point) for point in outside}, {(255, 255, 255)})

    def test_transparent(self):
        """What is clear is white, in every mode that has such; grey and palettes keep their colours."""
        for mode, color, kind, seen in (
            ('RGBA', (0, 0, 0, 0), 'PNG', (255, 255, 255)),
            ('RGBA', (0, 0, 255, 255), 'PNG', (0, 0, 255)),
            ('LA', (0, 0), 'PNG', (255, 255, 255)),
            ('LA', (100, 255), 'PNG', (100, 100, 100)),
            ('L', 77, 'PNG', (77, 77, 77)),
            ('1', 0, 'PNG', (0, 0, 0)),
        ):
            with self.subTest(mode=mode, color=color):
                self.assertEqual(self._page(self._picture((50, 50), color, mode, kind)).getpixel((620, 877)), seen)
        clear = self._picture((50, 50), 0, 'P', 'PNG', transparency=0)
        self.assertEqual(self._page(clear).getpixel((620, 877)), (255, 255, 255))

    def test_frames(self):
        """Each frame is a page, up to a number; what is no picture inside is told."""
        first, *more = (Image.new('RGB', (20, 20), (number, 0, 0)) for number in range(5))
        buffer = io.BytesIO()
        first.save(buffer, 'TIFF', save_all=True, append_images=more)
        for most, pages in ((200, 5), (3, 3)):
            with self.subTest(most=most), patch.object(backup_pdf, 'MOST_FRAMES', most):
                piece = self._prepare('scan.tif', 'image/tiff', buffer.getvalue())
                self.assertEqual((piece.status, piece.pages), ('pages', pages))
        piece = self._prepare('cut.tif', 'image/tiff', buffer.getvalue()[:200])
        self.assertEqual((piece.status, piece.pages, piece.content), ('unreadable', 0, buffer.getvalue()[:200]))

    def test_status(self):
        """By what is in a file and what it says it is; what is attached stays as it came."""
        for name, mimetype, content, status, pages in (
            ('two.pdf', 'application/pdf', make_pdf(pages=2), 'pages', 2),
            ('open.pdf', 'application/pdf', make_pdf(password=''), 'pages', 1),
            ('locked.pdf', 'application/pdf', make_pdf(password='x'), 'protected', 0),
            ('none.pdf', 'application/pdf', make_pdf(pages=0), 'unreadable', 0),
            ('empty.png', 'image/png', b'', 'unreadable', 0),
            ('pdf.png', 'image/png', make_pdf(), 'unreadable', 0),
            ('plan.svg', 'image/svg+xml', b'<svg/>', 'attached', 0),
            ('empty.svg', 'image/svg+xml', b'', 'unreadable', 0),
            ('words.txt', 'text/plain', b'x', 'attached', 0),
            ('nothing', '', b'x', 'attached', 0),
            ('nothing', '', b'', 'unreadable', 0),
        ):
            with self.subTest(name=name, mimetype=mimetype):
                piece = self._prepare(name, mimetype, content)
                self.assertEqual((piece.name, piece.status, piece.pages), (name, status, pages))
                if status != 'pages':
                    self.assertEqual(piece.content, content)

    def test_in_order(self):
        """The front, then each section with its pages as they come; a section without a page has no bookmark."""
        two, one = (
            self._prepare('two', 'application/pdf', make_pdf(pages=2)),
            self._prepare('one', 'image/png', self._picture((30, 10))),
        )
        table = self._prepare('t', 'text/csv', b'a')
        empty = self._prepare('e', 'text/csv', b'')
        content = backup_pdf.assemble(
            ("List", make_pdf(pages=2)), [("A", [table, two, one]), ("None", [table, empty]), ("B", [one])]
        )
        reader = OdooPdfFileReader(io.BytesIO(content), strict=False)
        self.assertEqual(len(reader.pages), 6)
        marks = getattr(reader, 'outline', None) or reader.outlines
        found = [
            [(one.title, one.page) for one in mark] if isinstance(mark, list) else (mark.title, mark.page)
            for mark in marks
        ]
        self.assertEqual(found, [("List", 0), ("A", 2), [('two', 2), ('one', 4)], ("B", 5), [('one', 5)]])
        self.assertEqual(
            [float(page.mediabox.width) > float(page.mediabox.height) for page in reader.pages],
            [False, False, False, False, True, True],
        )
        self.assertEqual(sorted(reader.getAttachments()), [('t', b'a'), ('t (2)', b'a')])

    def test_free_names(self):
        names = set()
        for name, given in (
            ('a.xlsx', 'a.xlsx'),
            ('a.xlsx', 'a (2).xlsx'),
            ('a.xlsx', 'a (3).xlsx'),
            ('a (2).xlsx', 'a (2) (2).xlsx'),
            ('a', 'a'),
            ('a', 'a (2)'),
            ('a.tar.gz', 'a.tar.gz'),
            ('a.tar.gz', 'a.tar (2).gz'),
        ):
            self.assertEqual(backup_pdf._get_free_name(name, names), given)
