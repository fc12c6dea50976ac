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
    owner_bill_ids = fields.Many2many(
        'progress.bill',
        'progress_bill_owner_rel',
        'claim_id',
        'bill_id',
        string="Bills to the Owner",
        guarded=True,
        readonly=True,
        copy=False,
        groups='progress_billing.group_readonly',
        help="One for each contract of the owner that lines of the claim are billed on.",
    )
    has_payments_tab = fields.Boolean(related='contract_id.has_payments_tab')

    def _get_claims_for_owner(self):
        """Approved claims of these bills that live bills of the owner have not taken, or not all of it."""
        return self._get_claims().filtered(
            lambda claim: (
                claim.state in REVIEWED_STATES
                and (not claim._get_owners() or any(not claim._is_billed_to(owner) for owner in claim._get_owners()))
            )
        )

    def _get_owners(self):
        """The contracts that lines of these claims are billed to the owner on."""
        return self.line_ids.contract_line_id.owner_line_id.contract_id

    def _is_billed_to(self, owner):
        """Whether a live bill has taken what this claim has on a contract of the owner."""
        self.ensure_one()
        taken = self.owner_bill_id | self.owner_bill_ids
        return owner in taken.filtered(lambda bill: bill.state not in ('cancelled', 'declined')).contract_id

    def _sum_for_owner(self):
        """What these claims come to on each line that the owner is billed on, in that line's currency.

        :return dict: values of a claim by schedule line of the owner
        """
        sums = {}
        for line in self.line_ids:
            owner = line.contract_line_id.owner_line_id
            if not owner or line.bill_id._is_billed_to(owner.contract_id):
                continue
            convert = line._convert_for_owner
            vals = sums.setdefault(owner, {'amount': 0.0, 'retainage_amount': 0.0})
            vals['amount'] += convert(line.certified_amount, owner)
            vals['retainage_amount'] += convert(line.retainage_amount, owner)
        for owner, vals in sums.items():
            parts = owner.subcontract_line_ids
            vals['stored_amount'] = sum(part._convert_stored_for_owner(owner) for part in parts)
        return sums
