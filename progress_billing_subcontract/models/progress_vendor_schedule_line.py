from odoo import api, fields, models
from odoo.exceptions import UserError


class ProgressVendorScheduleLine(models.Model):
    """A line of the schedule that a subcontractor proposes for a line of the subcontract (SUB-12)."""

    _name = 'progress.vendor.schedule.line'
    _description = "Proposed Schedule Line"
    _inherit = ['progress.guard.mixin']
    _order = 'contract_id, contract_line_id, sequence, id'
    _parent_field = 'contract_id'
    _fixed_fields = ('contract_line_id',)

    contract_id = fields.Many2one('progress.contract', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    contract_line_id = fields.Many2one(
        'progress.contract.line',
        string="Of the Subcontract Line",
        required=True,
        index=True,
        ondelete='cascade',
        domain="[('contract_id', '=', contract_id), ('display_type', '=', False), ('billing_base', '=', 'amount')]",
    )
    sequence = fields.Integer(default=10)
    item_number = fields.Char(string="Item")
    name = fields.Char(string="Description", required=True)
    amount = fields.Monetary(help="Untaxed.")

    @api.constrains('contract_id', 'contract_line_id')
    def _check_same_contract(self):
        for line in self:
            scheduled = line.contract_line_id
            if (
                scheduled.contract_id != line.contract_id
                or scheduled.display_type
                or scheduled.billing_base != 'amount'
            ):
                raise UserError(
                    self.env._(
                        "%(line)s is no line of %(contract)s that can be divided: it is another subcontract's, or "
                        "billed by quantity.",
                        line=scheduled.display_name,
                        contract=line.contract_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.contract_id._check_schedule_can_change()
        return lines

    def write(self, vals):
        self.contract_id._check_schedule_can_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_handed_in(self):
        self.contract_id._check_schedule_can_change()
