from odoo import api, fields, models

#: in which the amounts are those that the review approved
REVIEWED_STATES = ('approved', 'invoiced')
PAID = ('paid', 'in_payment')


class ProgressBillStatus(models.Model):
    """The status of a claim as people call it: one field over the states of the bill and its invoice (SUB-11)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    claim_status = fields.Selection(
        [
            ('not_invited', "Not Invited"),
            ('invited', "Invited"),
            ('declined', "Declined"),
            ('draft', "Draft"),
            ('under_review', "Under Review"),
            ('revise', "Revise and Resubmit"),
            ('approved', "Approved"),
            ('approved_as_noted', "Approved as Noted"),
            ('billed', "Billed"),
            ('paid', "Paid"),
        ],
        compute='_compute_claim_status',
        store=True,
        index='btree_not_null',
        guarded=True,
    )

    claimed_amount = fields.Monetary(
        string="Claimed",
        compute='_compute_claimed_amount',
        store=True,
        guarded=True,
        help="Untaxed: work and materials stored, as claimed, whatever is certified of it.",
    )

    reviewed_amount = fields.Monetary(
        string="Certified",
        compute='_compute_reviewed_amount',
        help="Untaxed: work and materials stored, as approved; nothing before the review.",
    )

    @api.depends('invoiced_amount', 'state')
    def _compute_reviewed_amount(self):
        for bill in self:
            bill.reviewed_amount = bill.invoiced_amount if bill.state in REVIEWED_STATES else 0.0

    @api.depends('invoiced_amount', 'line_ids.amount', 'line_ids.certified_amount')
    def _compute_claimed_amount(self):
        for bill in self:
            bill.claimed_amount = bill.invoiced_amount + sum(bill.line_ids.mapped('difference_amount'))

    @api.depends(
        'state',
        'kind',
        'invited_on',
        'is_noted',
        'sum_certified',
        'line_ids.amount',
        'line_ids.certified_amount',
        'contract_id.contract_type',
        'invoice_state',
        'payment_state',
    )
    def _compute_claim_status(self):
        for bill in self:
            bill.claim_status = bill._get_claim_status() if bill.contract_id._is_subcontract() else False

    def _get_claim_status(self):
        """The status of one claim; empty for opening amounts and cancelled ones."""
        self.ensure_one()
        if self.kind == 'opening' or self.state == 'cancelled':
            return False
        move = self.sudo().invoice_id  # sudo: account.move - its state, for users without accounting rights
        if self.state == 'invoiced' and move.state == 'posted':
            return 'paid' if move.payment_state in PAID else 'billed'
        if self.state in REVIEWED_STATES:
            return 'approved_as_noted' if self._is_noted() else 'approved'
        if self.state == 'planned':
            return 'invited' if self.invited_on else 'not_invited'
        return {'submitted': 'under_review', 'rejected': 'revise'}.get(self.state, self.state)

    def _is_noted(self):
        """Whether less was approved than claimed."""
        self.ensure_one()
        compare = self.currency_id.compare_amounts
        return (
            self.is_noted
            or self.sum_certified
            or any(compare(line.amount, line.certified_amount) for line in self.line_ids)
        )
