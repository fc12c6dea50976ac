import logging
import re

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.progress_billing.models.base.progress_scheduling_mixin import FAILURES

from ..tools import backup_pdf
from .progress_compliance import take_in_batches

_logger = logging.getLogger(__name__)
CRON = 'progress_billing_compliance.ir_cron_progress_backup'
#: of one backup
MAX_BILLS = 500


class ProgressBackup(models.Model):
    """Bills and their files in one PDF, made in the background for whoever asked, and sent to them."""

    _name = 'progress.backup'
    _description = "Backup of Bills"
    _inherit = ['progress.guard.mixin', 'mail.thread']
    _order = 'id desc'

    name = fields.Char(required=True, readonly=True, guarded=True)
    user_id = fields.Many2one('res.users', string="Asked By", required=True, readonly=True, guarded=True, index=True)
    company_id = fields.Many2one('res.company', required=True, readonly=True, guarded=True, index=True)
    bill_ids = fields.Many2many('progress.bill', 'progress_backup_bill_rel', readonly=True, guarded=True)
    state = fields.Selection(
        [('waiting', "Waiting"), ('done', "Done"), ('failed', "Failed")],
        string="Status",
        default='waiting',
        required=True,
        readonly=True,
        guarded=True,
        index=True,
    )
    error = fields.Text(readonly=True, guarded=True)
    attachment_id = fields.Many2one(
        'ir.attachment', string="File", readonly=True, guarded=True, index='btree_not_null'
    )
    unreadable_count = fields.Integer(string="Files Not Read", readonly=True, guarded=True)

    # === ASKING === #

    @api.model
    def _ask_for(self, bills, name):
        """Ask for a backup of bills, for the current user.

        :param bills: ``progress.bill``
        :param str name: what it is a backup of
        :return dict: a notification
        :raises UserError: for no bill, or too many
        """
        bills.check_access('read')
        if not bills:
            raise UserError(self.env._("There is no bill here to compile."))
        if len(bills) > MAX_BILLS:
            raise UserError(self.env._("At most %s bills go into one backup: choose fewer.", MAX_BILLS))
        # sudo: progress.backup - set by this method alone, after the user's right to read was checked
        self.sudo()._create_protected(
            [
                {
                    'name': name,
                    'user_id': self.env.uid,
                    'company_id': company.id,
                    'bill_ids': [fields.Command.set(own.ids)],
                }
                for company, own in bills.grouped('company_id').items()
            ]
        )
        self.env.ref(CRON).sudo()._trigger()  # sudo: ir.cron - whoever may read may ask
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'info',
                'message': self.env._("The backup is being made. You get a message with the file when it is ready."),
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    # === ACTIONS === #

    def action_download(self):
        """Download the PDF.

        :return dict: the action that does it
        :raises UserError: for a backup that has none
        """
        self.ensure_one()
        self.check_access('read')
        if not self.attachment_id:
            raise UserError(self.env._("%s is not ready: you get a message with the file when it is.", self.name))
        url = f'/web/content/{self.attachment_id.id}?download=true'
        return {'type': 'ir.actions.act_url', 'url': url, 'target': 'download'}

    # === SCHEDULED ACTION === #

    @api.model
    def _cron_compile(self):
        """Make the backups that were asked for, one by one; each is kept before the next."""
        for backup in take_in_batches(self, Domain('state', '=', 'waiting'), 1):
            backup._compile()

    def _compile(self):
        """Make the file and send it; what fails is told."""
        for backup in self:
            try:
                with self.env.cr.savepoint():
                    backup._deliver()
            except (*FAILURES, OSError, RuntimeError) as error:
                if not isinstance(error, UserError):
                    _logger.exception("%s could not be made", backup)
                reason = str(error) or repr(error)
                backup._write_protected({'state': 'failed', 'error': reason})
                backup._tell(backup.env._("%(name)s could not be made: %(error)s", name=backup.name, error=reason))

    def _deliver(self):
        """Make the file and send it to whoever asked."""
        self.ensure_one()
        backup = self.with_context(lang=self.user_id.lang)
        bills = backup._get_readable_bills()
        pieces = [(bill._get_backup_title(), backup._prepare_pieces(bill)) for bill in bills]
        front = backup._render_front(pieces)
        content = backup_pdf.assemble((backup.env._("List of files"), front), pieces)
        attachment = backup.env['ir.attachment'].create(
            {
                'name': re.sub(r'[^\w .,()-]+', '-', backup.name) + '.pdf',
                'raw': content,
                'mimetype': 'application/pdf',
                'res_model': backup._name,
                'res_id': backup.id,
            }
        )
        bad = [piece for _title, found in pieces for piece in found if piece.status in ('protected', 'unreadable')]
        backup._write_protected({'state': 'done', 'attachment_id': attachment.id, 'unreadable_count': len(bad)})
        body = backup.env._("%s is ready.", backup.name)
        if bad:
            body = backup.env._(
                "%(name)s is ready. Not readable, and attached as they are: %(files)s",
                name=backup.name,
                files=', '.join(piece.name for piece in bad),
            )
        backup._tell(body, attachment)

    def _tell(self, body, attachment=None):
        self.message_notify(
            partner_ids=self.user_id.partner_id.ids,
            subject=self.name,
            body=Markup('<p>%s</p>') % body,
            attachment_ids=attachment.ids if attachment else [],
        )

    def _get_readable_bills(self):
        """The bills, as long as whoever asked may read them.

        :raises UserError: where they may not any more
        """
        try:
            self.bill_ids.with_user(self.user_id).with_company(self.company_id).check_access('read')
        except AccessError:
            raise UserError(self.env._("%s may not read these bills any more.", self.user_id.name)) from None
        if not self.bill_ids:
            raise UserError(self.env._("The bills are gone."))
        return self.bill_ids.sorted(lambda bill: (bill.contract_id.id, bill._get_order_key()))

    def _prepare_pieces(self, bill):
        """The claim itself, then its files.

        :return list: of :class:`backup_pdf.Piece`
        """
        paper = 'letter' if self.company_id.paperformat_id.format == 'Letter' else 'a4'
        return [backup_pdf.prepare(source, paper) for source in bill._get_backup_sources()]

    def _render_front(self, pieces):
        """The list of files.

        :return bytes: a PDF
        """
        report = self.env.ref('progress_billing_compliance.action_report_progress_backup')
        # sudo: ir.actions.report - a list for whoever asked
        return report.sudo()._render_qweb_pdf(report, self.ids, data={'sections': pieces})[0]


class ProgressBillBackup(models.Model):
    """What goes into a backup of a bill."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    def action_compile_backups(self):
        """Compile these bills and their files into one PDF, in the background; a message brings it.

        :return dict: a notification
        :raises UserError: for no bill, or too many
        """
        bills = self.browse(self.ids).exists()
        name = bills.display_name if len(bills) == 1 else self.env._("%s bills", len(bills))
        return self.env['progress.backup']._ask_for(bills, self.env._("Backup of %s", name))

    def _get_backup_title(self):
        """How a bill is called among the bookmarks."""
        self.ensure_one()
        return ' '.join(filter(None, (self.name or self.title, self.contract_id.display_name)))

    def _get_backup_sources(self):
        """The claim, and the files of the bill, in the order they came; as superuser.

        :return list: of :class:`backup_pdf.Source`
        """
        self.ensure_one()
        sources = []
        if self.state != 'planned':
            title = f'{self._get_application_file_name()}.pdf'
            sources.append(backup_pdf.Source(title, 'application/pdf', self._get_portal_pdf()))
        seen = {hash(source.content) for source in sources}
        for file in self._get_backup_files():
            content = file.raw or b''
            if hash(content) not in seen:
                seen.add(hash(content))
                sources.append(backup_pdf.Source(file.name, file.mimetype or '', content))
        return sources

    def _get_backup_files(self):
        """Files of the bill, as superuser: what people handed in and the signed copy, not what we issue anew."""
        # sudo: ir.attachment - files of bills that whoever asked may read
        files = self.env['ir.attachment'].sudo()
        found = files.search(
            [
                ('res_model', '=', self._name),
                ('res_id', '=', self.id),
                ('res_field', '=', False),
                ('type', '=', 'binary'),
            ],
            order='id',
        )
        issued = self._get_application_file_name()
        return found.filtered(lambda file: file.name not in (f'{issued}.pdf', f'{issued}.xlsx')) | self.signed_file_id
