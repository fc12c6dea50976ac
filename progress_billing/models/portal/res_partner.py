from odoo import models


class ResPartner(models.Model):
    """Whoever left has no link any more (PAG-1)."""

    _name = 'res.partner'
    _inherit = 'res.partner'

    def write(self, vals):
        """Archived people are no contacts of any contract: their links are dead, and stay dead when they come back."""
        leaving = self.filtered('active') if 'active' in vals and not vals['active'] else self.browse()
        result = super().write(vals)
        if leaving:
            # sudo: progress.contact - whoever may archive a person need not bill
            self.env['progress.contact'].sudo().search([('partner_id', 'in', leaving.ids)]).active = False
        return result
