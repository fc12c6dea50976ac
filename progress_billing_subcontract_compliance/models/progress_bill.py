from odoo import models

from odoo.addons.progress_billing_subcontract.models.progress_bill_status import REVIEWED_STATES


class ProgressBill(models.Model):
    """Documents hold up the invitation too, and waivers of a claim outlast its approval."""

    _inherit = 'progress.bill'

    def _invite(self, actor):
        """No invitation while a document is missing that stops it; what merely warns is in the history (CMP-2)."""
        self._check_compliance('invite')
        action = super()._invite(actor)
        self._note_compliance('invite')
        return action

    # === WAIVERS === #

    def _has_waivers_to_sign(self):
        """Whether a claim that was approved, and is a vendor bill by it, still has waivers to be signed (CMP-5)."""
        self.ensure_one()
        if not self.contract_id._is_subcontract() or self.state not in REVIEWED_STATES:
            return False
        return 'missing' in self._get_page_waivers().mapped('state')

    def _is_to_be_signed(self):
        return super()._is_to_be_signed() or self._has_waivers_to_sign()

    def _take_signature(self, actor, contact, name, image, version, address=''):
        """What was signed for another amount is signed anew; that signature is kept in answers and files."""
        if self.signed_on and self._has_waivers_to_sign():
            self._write_protected(self._prepare_unsigned_vals())
        return super()._take_signature(actor, contact, name, image, version, address)
