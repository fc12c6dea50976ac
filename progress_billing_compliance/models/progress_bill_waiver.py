from odoo import api, fields, models
from odoo.tools.pdf import merge_pdf

from .progress_compliance_type import WAIVERS


class ProgressBillWaivers(models.Model):
    """Waivers are asked for with a bill, and signed on its page by the bill's own signature."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    waiver_ids = fields.One2many('progress.compliance', 'bill_id', string="Waivers", guarded=True, copy=False)

    def _on_claimed(self, *, new=False):
        result = super()._on_claimed(new=new)
        self._ask_for_waivers()
        return result

    def _submit(self, actor):
        """Waivers that the contract asks for since the bill was made are asked for when it is handed in."""
        result = super()._submit(actor)
        self._ask_for_waivers()
        return result

    def _ask_for_waivers(self):
        """A waiver of each type that the contract asks for, with each bill that asks for money."""
        vals_list = []
        for bill in self.filtered(lambda bill: bill.kind != 'opening' and bill.bucket):
            missing = bill.contract_id.waiver_type_ids - bill.sudo().waiver_ids.type_id  # sudo: as below
            vals_list += [
                {'type_id': kind.id, 'contract_id': bill.contract_id.id, 'bill_id': bill.id} for kind in missing
            ]
        if vals_list:
            # sudo: progress.compliance - whoever bills asks for them
            self.env['progress.compliance'].sudo()._create_protected(vals_list)

    def _get_page_waivers(self):
        """The waivers that a contact signs on the bill's page, those with nothing to waive left out; as superuser."""
        self.ensure_one()
        # sudo: progress.compliance - what the page of the bill shows
        return self.sudo().waiver_ids.filtered(
            lambda waiver: (
                waiver.kind in WAIVERS
                and waiver.type_id.signer == 'contact'
                and not self.currency_id.is_zero(waiver.waiver_amount)
            )
        )

    def _take_signature(self, actor, contact, name, image, version, address=''):
        """The waivers are signed with the bill, and are in its signed copy; what is refused leaves both unsigned."""
        self._get_page_waivers()._sign(actor, self._read_text(name))
        return super()._take_signature(actor, contact, name, image, version, address)

    def _get_signature_page(self):
        page, waivers = super()._get_signature_page(), self._get_page_waivers()
        return merge_pdf([*waivers._get_waiver_pdfs(), page]) if waivers else page

    # === WHAT THEY HOLD UP === #

    @api.depends('waiver_ids.state', 'waiver_ids.waiver_amount')
    def _compute_compliance_text(self):
        return super()._compute_compliance_text()

    def _get_compliance_blockers(self, step):
        return super()._get_compliance_blockers(step) + self._get_open_waivers()._get_sentences(step, 'stop')

    def _get_compliance_warnings(self, step):
        return super()._get_compliance_warnings(step) + self._get_open_waivers()._get_sentences(step, 'warn')

    def _get_open_waivers(self):
        """Waivers of this bill that say something, as superuser: of nothing paid before, none is needed."""
        self.ensure_one()
        # sudo: progress.compliance - what holds up a step does not depend on who takes it
        return self.sudo().waiver_ids.filtered(lambda waiver: not self.currency_id.is_zero(waiver.waiver_amount))
