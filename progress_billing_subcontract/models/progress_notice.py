from odoo import api, models

from odoo.addons.progress_billing.models.portal.progress_contact import ROLES_THAT_TALK


class ProgressNotice(models.Model):
    """What subcontractors hear has words of its own."""

    _inherit = 'progress.notice'

    def _get_template_xmlid(self):
        if not self.contract_id._is_subcontract():
            return super()._get_template_xmlid()
        return f'progress_billing_subcontract.mail_template_progress_notice_{self.kind}'

    @api.model
    def _announce(self, bills, kind, occasion, roles=('approver', 'invoice')):
        """Whoever claims signs: of subcontractors, invoice contacts are asked to sign as well."""
        claims = bills._get_claims() if kind == 'signature' else bills.browse()
        others = super()._announce(bills - claims, kind, occasion, roles)
        return others | super()._announce(claims, kind, occasion, ROLES_THAT_TALK)
