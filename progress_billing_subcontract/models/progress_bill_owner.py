from odoo import fields, models

from .progress_bill_status import REVIEWED_STATES


class ProgressBillOwner(models.Model):
    """What was approved for subcontractors, and on which bill the owner gets it."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    owner_bill_id = fields.Many2one(
        'progress.bill',
        string="Billed to the Owner By",
        guarded=True,
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        groups='progress_billing.group_readonly',
    )
    has_payments_tab = fields.Boolean(related='contract_id.has_payments_tab')

    def _get_claims_for_owner(self):
        """Approved claims of these bills that no live bill of the owner has taken."""
        return self.filtered(
            lambda bill: (
                bill.contract_id._is_subcontract()
                and bill.state in REVIEWED_STATES
                and (not bill.owner_bill_id or bill.owner_bill_id.state in ('cancelled', 'declined'))
            )
        )

    def _sum_for_owner(self):
        """What these claims come to on each line that the owner is billed on, in that line's currency.

        :return dict: values of a claim by schedule line of the owner
        """
        sums = {}
        for line in self.line_ids:
            owner = line.contract_line_id.owner_line_id
            if not owner:
                continue
            convert = line._convert_for_owner
            vals = sums.setdefault(owner, {'amount': 0.0, 'retainage_amount': 0.0})
            vals['amount'] += convert(line.certified_amount, owner)
            vals['retainage_amount'] += convert(line.retainage_amount, owner)
        for owner, vals in sums.items():
            parts = owner.subcontract_line_ids
            vals['stored_amount'] = sum(part._convert_stored_for_owner(owner) for part in parts)
        return sums
