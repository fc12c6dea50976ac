from odoo import api, fields, models

from .progress_bill_status import REVIEWED_STATES


class ProgressBillOwner(models.Model):
    """What was approved for subcontractors, and on which bill the owner gets it."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    owner_bill_ids = fields.Many2many(
        'progress.bill',
        string="Billed to the Owner By",
        compute='_compute_owner_bill_ids',
        groups='progress_billing.group_readonly',
        help="One for each contract of the owner that lines of the claim are billed on.",
    )
    has_payments_tab = fields.Boolean(related='contract_id.has_payments_tab')

    @api.depends('line_ids.owner_bill_id')
    def _compute_owner_bill_ids(self):
        for bill in self:
            bill.owner_bill_ids = bill.line_ids.owner_bill_id

    def _get_claims_for_owner(self):
        """Approved claims of these bills that live bills of the owner have not taken, or not all of it."""
        claims = self._get_claims().filtered(lambda claim: claim.state in REVIEWED_STATES)
        # one of which nothing is billed to the owner is named to who asks
        return claims._get_lines_for_owner().bill_id | claims.filtered(
            lambda claim: not claim.line_ids.contract_line_id.owner_line_id
        )

    def _get_lines_for_owner(self):
        """The lines of these claims that are to be on a bill of the owner and are on none (SUB-14)."""
        return self.line_ids.filtered(
            lambda line: line.contract_line_id.owner_line_id and not line._is_billed_to_owner()
        )
