import io
import re

from PIL import (
    Image,
    TiffImagePlugin,  # noqa: F401 - registers the format
    WebPImagePlugin,  # noqa: F401 - registers the format
)

from odoo import Command, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.mimetypes import guess_mimetype
from odoo.tools.pdf import PdfFileReader, PdfReadError

MAX_FILE = 15 * 1024 * 1024
MAX_FILES = 10
MAX_FILES_OF_BILL = 100
OFFICE = 'application/vnd.openxmlformats-officedocument'
#: what the reader stumbles over in a broken file
UNREADABLE = (
    PdfReadError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    AssertionError,
    RecursionError,
    NotImplementedError,
)
#: what a picture that is broken makes of its reader
UNREADABLE_PICTURES = (OSError, ValueError, TypeError, IndexError, SyntaxError, Image.DecompressionBombError)
MAX_MEGAPIXELS = 60
FORMATS = {'png': 'PNG', 'jpg': 'JPEG', 'jpeg': 'JPEG', 'webp': 'WEBP', 'tif': 'TIFF', 'tiff': 'TIFF'}
#: what may be uploaded, by the ending of its name: nothing a browser runs
TYPES = {
    'pdf': {'application/pdf'},
    'png': {'image/png'},
    'jpg': {'image/jpeg'},
    'jpeg': {'image/jpeg'},
    'webp': {'image/webp'},
    'tif': {'image/tiff'},
    'tiff': {'image/tiff'},
    'xlsx': {f'{OFFICE}.spreadsheetml.sheet'},
    'docx': {f'{OFFICE}.wordprocessingml.document'},
}


class ProgressBillUpload(models.Model):
    """Files that contacts hand in: of a few harmless types, of a size, and readable."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    def _take_uploads(self, actor, contact, files, address=''):
        """Keep files with the bill, as whoever sent them: all of them, or none.

        :param Actor actor: the contact
        :param contact: ``progress.contact``
        :param list files: ``(name, content)``
        :raises UserError: naming the file and what is wrong with it
        """
        self.ensure_one()
        if not contact._may_talk():
            raise AccessError(
                self.env._("You read this page; others answer for the customer. Write a message instead.")
            )
        if not files:
            raise UserError(self.env._("Choose a file first."))
        if len(files) > MAX_FILES or len(files) + len(self._get_uploads()) > MAX_FILES_OF_BILL:
            raise UserError(
                self.env._("At most %(once)s files at once, and %(all)s a bill.", once=MAX_FILES, all=MAX_FILES_OF_BILL)
            )
        vals_list = [self._prepare_upload_vals(name, content) for name, content in files]
        # sudo: ir.attachment - by the environment of who sends it, who is no employee: never active content
        attachments = self.env['ir.attachment'].sudo().create(vals_list)
        self._keep_answer('upload', actor, contact, address, attachment_ids=[Command.set(attachments.ids)])
        self.message_post(
            body=self.env._("Uploaded: %s", ', '.join(attachments.mapped('name'))),
            author_id=actor.partner.id,
            attachment_ids=attachments.ids,
            message_type='comment',
            subtype_xmlid='mail.mt_comment',
        )

    def _get_uploads(self):
        """What contacts uploaded, as superuser."""
        self.ensure_one()
        return self.sudo().answer_ids.attachment_ids  # sudo: ir.attachment - files of a bill that its contact sees

    def _prepare_upload_vals(self, name, content):
        """:raises UserError: naming the file and what is wrong with it"""
        name = re.sub(r'[\x00-\x1f/\\<>:"|?*]+', ' ', name or '').strip()[-100:] or self.env._("file")
        ending = name.rpartition('.')[2].lower()
        if len(content) > MAX_FILE:
            raise UserError(
                self.env._("%(file)s is too large: at most %(limit)s MB.", file=name, limit=MAX_FILE // 1024**2)
            )
        mimetype = guess_mimetype(content, default='')
        if not content or mimetype not in TYPES.get(ending, ()):
            raise UserError(
                self.env._(
                    "%(file)s cannot be uploaded: send PDF files, pictures (PNG, JPEG, WebP, TIFF), or Excel and "
                    "Word files.",
                    file=name,
                )
            )
        if ending == 'pdf':
            self._check_pdf(name, content)
        elif ending in FORMATS:
            self._check_picture(name, content, FORMATS[ending])
        return {'name': name, 'raw': content, 'mimetype': mimetype, 'res_model': self._name, 'res_id': self.id}

    def _check_pdf(self, name, content):
        try:
            reader = PdfFileReader(io.BytesIO(content), strict=False)
            if reader.isEncrypted and not reader.decrypt(''):
                raise UserError(self.env._("%s is protected by a password. Send it without.", name))
            pages = len(reader.pages)
        except UserError:
            raise
        except UNREADABLE:
            pages = 0
        if not pages:
            raise UserError(self.env._("%s is broken: it cannot be read as a PDF. Save it again and send that.", name))

    def _check_picture(self, name, content, kind):
        """A picture that can be drawn, and that is no more when drawn than it looks."""
        try:
            with Image.open(io.BytesIO(content), formats=[kind]) as picture:
                is_large = picture.width * picture.height > MAX_MEGAPIXELS * 10**6
                if not is_large:
                    picture.load()
        except Image.DecompressionBombError:
            is_large = True
        except UNREADABLE_PICTURES:
            raise UserError(
                self.env._("%s is broken: it cannot be read as a picture. Save it again and send that.", name)
            ) from None
        if is_large:
            raise UserError(
                self.env._(
                    "%(file)s has too many pixels: at most %(limit)s millions.", file=name, limit=MAX_MEGAPIXELS
                )
            )
