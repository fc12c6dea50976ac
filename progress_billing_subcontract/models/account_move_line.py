from odoo import api, models
from odoo.exceptions import UserError


class AccountMoveLine(models.Model):
    """Items of vendor bills know their order lines; those of subcontracts only where a claim made them (SUB-3)."""

    _inherit = 'account.move.line'

    @api.constrains('purchase_line_id')
    def _check_purchase_line(self):
        for item in self:
            line = item.purchase_line_id
            if line.is_progress_billed and not item.progress_line_type and not item.display_type.startswith('line_'):
                raise UserError(
                    self.env._(
                        "%(line)s of %(order)s is billed by a subcontract: “%(item)s” cannot stand for it. Bill it on "
                        "%(contract)s.",
                        line=line.name,
                        order=line.order_id.display_name,
                        item=item.name or '',
                        contract=line._get_scheduled_lines().contract_id.display_name,
                    )
                )
