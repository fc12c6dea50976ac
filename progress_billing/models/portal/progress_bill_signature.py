import base64
import binascii
import io

from PIL import Image, UnidentifiedImageError

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools.pdf import merge_pdf

from .progress_bill_upload import UNREADABLE_PICTURES

MAX_SIGNATURE = 1024 * 1024
MAX_NAME = 100
#: how much of an image is inked at least, in pixels: less is an empty field
MIN_INK = 20
#: and how much at most, of all: more is no hand, and what is missing of a file is black
MAX_INK_PERCENT = 80
SIGNATURE_FIELDS = ('signature', 'signed_by', 'signed_on', 'signed_by_partner_id', 'signed_fingerprint')


class ProgressBillSignature(models.Model):
    """A bill is signed on its page, once a revision: by a name and a hand, on figures and a PDF that are kept."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    signature = fields.Image(max_width=1024, max_height=1024, guarded=True, readonly=True, copy=False)
    signed_by = fields.Char(guarded=True, readonly=True, copy=False, help="The name as it was typed.")
    signed_by_partner_id = fields.Many2one('res.partner', string="Signed by Contact", guarded=True, copy=False)
    signed_on = fields.Datetime(guarded=True, readonly=True, copy=False, tracking=True)
    signed_fingerprint = fields.Char(
        string="Fingerprint of the Figures Signed", guarded=True, readonly=True, copy=False, help="SHA-256."
    )
    signed_file_id = fields.Many2one(
        'ir.attachment', string="Signed Copy", guarded=True, readonly=True, copy=False, index='btree_not_null'
    )

    # === BUSINESS === #

    def _is_to_be_signed(self):
        """Whether the customer may sign: the claim stands, and this revision is not signed yet."""
        self.ensure_one()
        return not self.signed_on and (self._is_waiting() or self.state == 'approved')

    def _take_signature(self, actor, contact, name, image, version, address=''):
        """Sign, and approve what waits for it; once.

        :param Actor actor: the contact
        :param str name: as it was typed
        :param str image: base64
        :param str version: of the page it was signed on
        :raises UserError: with what stands in the way, or happened meanwhile
        """
        self.ensure_one()
        self.contract_id._lock_for_billing()
        self._check_may_sign(contact, version)
        name = self._read_text(name)
        if not name or len(name) > MAX_NAME:
            raise UserError(self.env._("Type your name, in at most %s letters.", MAX_NAME))
        image = self._read_signature(image)
        fingerprint = self._get_fingerprint()
        if self._is_waiting():
            self._approve(actor)
        vals = {
            'signature': image,
            'signed_by': name,
            'signed_by_partner_id': actor.partner.id,
            'signed_on': fields.Datetime.now(),
            'signed_fingerprint': fingerprint,
        }
        self._write_as(actor, vals)
        self._keep_answer('sign', actor, contact, address, fingerprint=fingerprint, note=name)
        self._keep_signed_copy(actor)

    def _check_may_sign(self, contact, version):
        if self.signed_on:
            raise UserError(
                self.env._(
                    "Nothing was changed: %(bill)s was signed already, by %(who)s.",
                    bill=self.display_name,
                    who=self.signed_by,
                )
            )
        if self.state == 'approved' and version == self._get_version() and contact._may_answer():
            return
        self._check_may_take('sign', contact, version)

    def _read_signature(self, image):
        """An image with something drawn on it.

        :param str image: base64
        :return bytes: base64
        :raises UserError: for an empty field, and for what is no image
        """
        if not isinstance(image, str) or not image:
            raise UserError(self.env._("Draw your signature, or choose one made of your name."))
        try:
            content = base64.b64decode(image, validate=True)
            if len(content) > MAX_SIGNATURE:
                raise ValueError
            picture = Image.open(io.BytesIO(content), formats=['PNG'])
            if max(picture.size) > 4000:
                raise ValueError
            picture = picture.convert('RGBA')
        except (binascii.Error, UnidentifiedImageError, *UNREADABLE_PICTURES):
            raise UserError(self.env._("The signature is no picture that can be read. Draw it again.")) from None
        paper = Image.new('RGBA', picture.size, 'white')
        ink = Image.alpha_composite(paper, picture).convert('L').point(lambda value: 255 if value < 200 else 0)
        inked, size = ink.histogram()[255], ink.width * ink.height
        if not MIN_INK <= inked <= size * MAX_INK_PERCENT / 100:
            raise UserError(self.env._("Draw your signature, or choose one made of your name."))
        return base64.b64encode(content)

    def _keep_signed_copy(self, actor):
        """The PDF as it was signed, with a page about the signature; in the history as well."""
        content = merge_pdf([self._get_portal_pdf(), self._get_signature_page()])
        attachments = self.env['ir.attachment'].sudo()  # sudo: ir.attachment - a document of this bill
        copy = attachments.create(
            {
                'name': self.env._("%s, signed.pdf", self._get_application_file_name()),
                'raw': content,
                'mimetype': 'application/pdf',
                'res_model': self._name,
                'res_id': self.id,
            }
        )
        self._write_protected({'signed_file_id': copy.id})
        self.message_post(
            body=self.env._("Signed by %s.", self.signed_by),
            author_id=actor.partner.id,
            attachment_ids=copy.ids,
            message_type='comment',
            subtype_xmlid='mail.mt_comment',
        )

    def _get_signature_page(self):
        """The page that says who signed what, added to the signed copy. Extend by ``super()``.

        :return bytes: a PDF
        """
        report = self.env.ref('progress_billing.action_report_progress_signature')
        # sudo: ir.actions.report - a document of this bill
        streams = report.sudo()._render_qweb_pdf_prepare_streams(report, {}, self.ids)
        return streams[self.id]['stream'].getvalue()

    # === A NEW REVISION IS SIGNED ANEW === #

    def _prepare_correction_vals(self):
        return {**super()._prepare_correction_vals(), **self._prepare_unsigned_vals()}

    def _submit(self, actor):
        again = self.filtered(lambda bill: bill.state == 'rejected' and bill.signed_on)
        result = super()._submit(actor)
        again._write_protected(self._prepare_unsigned_vals())
        return result

    def _prepare_unsigned_vals(self):
        """What stood signed is kept in the answers and files; the bill can be signed again."""
        return dict.fromkeys((*SIGNATURE_FIELDS, 'signed_file_id'), False)

    def action_view_signed_copy(self):
        """Show the PDF as it was signed.

        :return dict: the action that shows it
        :raises UserError: for a bill that is not signed
        """
        self.ensure_one()
        self.check_access('read')
        if not self.signed_file_id:
            raise UserError(self.env._("%s is not signed yet.", self.display_name))
        return {'type': 'ir.actions.act_url', 'url': f'/web/content/{self.signed_file_id.id}', 'target': 'new'}
