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

    # === WHAT IS TO BE BILLED === #

    def _get_claims_for_owner(self):
        """Approved claims of these bills that live bills of the owner have not taken, or not all of it; and those that
        were credited or cancelled since one has."""
        claims = self._get_claims()
        # one of which nothing is billed to the owner is named to who asks
        return claims._get_lines_for_owner().bill_id | claims.filtered(
            lambda claim: claim.state in REVIEWED_STATES and not claim.line_ids.contract_line_id.owner_line_id
        )

    def _get_lines_for_owner(self):
        """The lines of these claims that are to be on a bill of the owner and are on none, or to be given back."""
        return self.line_ids.filtered(
            lambda line: (
                line._is_to_be_given_back()
                or (
                    line.state in REVIEWED_STATES
                    and line.contract_line_id.owner_line_id
                    and not line._is_billed_to_owner()
                )
            )
        )

    # === REVISED AFTERWARDS === #

    def action_correct(self):
        """As for customers; where the owner was billed for a claim, somebody is told.

        :return dict: the action that shows the bills
        """
        result = super().action_correct()
        self._remind_of_owner_bills()
        return result

    def _reject(self, actor, reason):
        approved = self.filtered(lambda bill: bill.state == 'approved')
        result = super()._reject(actor, reason)
        approved._remind_of_owner_bills()
        return result

    def _remind_of_owner_bills(self):
        """A to-do on the owner's bills that have these claims: what is revised is not billed by itself (SUB-14)."""
        # sudo: progress.bill - the owner's side, whoever has a claim revised
        for claim in self._get_claims().sudo():
            for bill in claim.line_ids.filtered(lambda line: line._is_billed_to_owner()).owner_bill_id:
                bill.activity_schedule(
                    'mail.mail_activity_data_warning',
                    user_id=(bill.contract_id.user_id or self.env.user).id,
                    summary=self.env._("%s is being revised", claim.display_name),
                    note=self.env._("The owner was billed for it here. Bill, or give back, the difference by hand."),
                )
