from odoo import api, fields, models


class ProgressMarginWizardLine(models.TransientModel):
    """One line of the owner's schedule: what is claimed on it, and what its subcontractors get."""

    _name = 'progress.margin.wizard.line'
    _description = "Owner and Subcontractors, a Line"
    _inherit = ['progress.wizard.mixin', 'progress.claim.export.mixin']
    _parent_field = 'wizard_id'

    wizard_id = fields.Many2one('progress.margin.wizard', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='wizard_id.currency_id')
    contract_line_id = fields.Many2one('progress.contract.line', ondelete='cascade', readonly=True, guarded=True)
    name = fields.Char(string="Schedule Line", compute='_compute_name', compute_sudo=True)
    owner_amount = fields.Monetary(string="Claimed from the Owner", readonly=True)
    claimed_amount = fields.Monetary(string="Claimed by Subcontractors", readonly=True)
    certified_amount = fields.Monetary(string="Certified to Subcontractors", readonly=True)
    margin_amount = fields.Monetary(string="Margin", compute='_compute_margin_amount')

    @api.depends('contract_line_id', 'wizard_id.project_id')
    def _compute_name(self):
        """Names of the project's own lines, which are read with all rights; a form may send others."""
        for line in self:
            project, owner = line.wizard_id.project_id, line.contract_line_id
            name = owner.display_name if owner.contract_id.project_id == project._origin else False
            line.name = name or self.env._("Not on the owner's schedule")

    @api.depends('owner_amount', 'certified_amount')
    def _compute_margin_amount(self):
        for line in self:
            line.margin_amount = line.owner_amount - line.certified_amount

    def _get_exported_contracts(self):
        return self.wizard_id._get_exported_contracts()

    @api.model
    def _is_guarded_link(self, field):
        """The owner's line is shown by its name alone."""
        return field.name != 'contract_line_id' and super()._is_guarded_link(field)
