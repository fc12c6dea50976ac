from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError

CONTENT = ('raw', 'datas', 'db_datas')
#: what makes a file the one that was issued; the rest (description, access token) may change
FIXED = {*CONTENT, 'name', 'type', 'url', 'mimetype', 'store_fname', 'res_model', 'res_id', 'res_field', 'public'}


class IrAttachment(models.Model):
    """Files kept as issued stay as they are: for everyone but the superuser, also where code acts with sudo."""

    _inherit = 'ir.attachment'

    def write(self, vals):
        if FIXED & vals.keys():
            self._get_progress_issued().filtered(lambda file: file._is_changed_by(vals))._raise_progress_issued()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_progress_issued(self):
        self._get_progress_issued()._raise_progress_issued()

    def _get_progress_issued(self):
        """Those of these files that a progress bill issued, as superuser; files of other models cost nothing."""
        # sudo: ir.attachment, progress.bill - what was issued does not depend on who asks
        files = self.sudo()
        if self.env.uid == SUPERUSER_ID:
            return files.browse()
        ours = files.filtered(lambda file: file.res_model == 'progress.bill' and file.checksum)
        bills = self.env['progress.bill'].sudo().browse(set(ours.mapped('res_id'))).exists()  # sudo: as above
        issued = {bill.id: bill._get_issued_checksums() for bill in bills}
        return ours.filtered(lambda file: file.checksum in issued.get(file.res_id, ()))

    def _is_changed_by(self, vals):
        """Whether a write would change what was issued; the same content may be stored anew."""
        self.ensure_one()
        if 'raw' in vals and self._compute_checksum(vals['raw'] or b'') == self.checksum:
            vals = {name: value for name, value in vals.items() if name not in CONTENT}
        return any(name in CONTENT or (self[name] or False) != (vals[name] or False) for name in FIXED & vals.keys())

    def _raise_progress_issued(self):
        """Refuse to change these files.

        :raises UserError: naming the first one and its bill
        """
        for file in self:
            raise UserError(
                self.env._(
                    "%(file)s was issued for %(bill)s and stays as it is. Correct the bill: its next revision has "
                    "files of its own.",
                    file=file.name,
                    bill=self.env['progress.bill'].browse(file.res_id).display_name,
                )
            )
