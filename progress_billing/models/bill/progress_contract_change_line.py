from odoo import api, fields, models


class ProgressContractChangeLineBilled(models.Model):
    """What is billed of one change."""

    _name = 'progress.contract.change.line'
    _inherit = 'progress.contract.change.line'

    billed_amount = fields.Monetary(
        compute='_compute_billed_amount', help="Untaxed: what was billed on this change, drafts included."
    )
    left_amount = fields.Monetary(compute='_compute_billed_amount', string="Available to Bill")

    @api.depends(
        'state',
        'amount',
        'contract_line_id.draft_amount',
        'contract_line_id.actual_amount',
        'contract_line_id.original_amount',
        'contract_line_id.change_line_ids.amount',
        'contract_line_id.change_line_ids.state',
    )
    def _compute_billed_amount(self):
        """What is billed goes to the original value first, then to the orders by approval (CON-12)."""
        for scheduled, changes in self.grouped('contract_line_id').items():
            shares = scheduled._get_billed_on_changes() if scheduled else {}
            for change in changes:
                change.billed_amount = shares.get(change._origin.id, 0.0)
                change.left_amount = change.amount - change.billed_amount if change.state == 'approved' else 0.0
