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

    owner_left_amount = fields.Monetary(
        string="Still to Bill to the Owner",
        compute='_compute_owner_left_amount',
        groups='progress_billing.group_readonly',
        help="Untaxed: approved, and on none of the owner's bills. Negative: to be given back.",
    )

    @api.depends('line_ids.owner_share_ids.bill_id.state')
    @api.depends_context('uid')
    def _compute_owner_bill_ids(self):
        for bill in self:
            bill.owner_bill_ids = bill.line_ids._get_owner_shares().sudo(False)._filtered_access('read').bill_id

    @api.depends(
        'state',
        'line_ids.certified_amount',
        'line_ids.contract_line_id.owner_line_id',
        'line_ids.owner_share_ids.amount',
        'line_ids.owner_share_ids.bill_id.state',
    )
    def _compute_owner_left_amount(self):
        # sudo: progress.contract.line - on which line of the owner, for who may not see their contract
        for bill in self.sudo():
            shares = bill.line_ids._get_shares_to_bill() if bill.contract_id._is_subcontract() else ()
            bill.owner_left_amount = sum(share['amount'] for share in shares)

    # === WHAT IS TO BE BILLED === #

    def _get_claims_for_owner(self):
        """Approved claims of these bills that live bills of the owner do not have, or not all of it; and those of which
        they have more than was approved, or credited since.

        :return tuple: the claims, and what is to be billed or given back of their lines, see ``_get_shares_to_bill``
        """
        claims = self._get_claims().filtered(lambda claim: claim.kind != 'opening')
        shares = claims.line_ids._get_shares_to_bill()
        waiting = claims.line_ids.browse(share['claim_line_id'] for share in shares).bill_id
        # one of which nothing is billed to the owner is named to who asks
        nowhere = claims.filtered(
            lambda claim: claim.state in REVIEWED_STATES and not claim.line_ids.contract_line_id.owner_line_id
        )
        return waiting | nowhere, shares

    def _take_owner_shares(self, shares):
        """Note what this bill of the owner has of lines of claims, added to what it has of them already.

        :param list shares: values of ``progress.bill.line.owner``, without the bill
        """
        self.ensure_one()
        # sudo: progress.bill.line.owner - that the owner is billed for it, noted by whoever may bill them
        rows = self.env['progress.bill.line.owner'].sudo()
        known = {
            (row.claim_line_id.id, row.owner_line_id.id): row for row in rows.search([('bill_id', '=', self.id)])
        }
        new = []
        for share in shares:
            row = known.get((share['claim_line_id'], share['owner_line_id']))
            if row:
                amounts = share.keys() - {'claim_line_id', 'owner_line_id'}
                row._write_protected({name: row[name] + share[name] for name in amounts})
            else:
                new.append({**share, 'bill_id': self.id})
        rows._create_protected(new)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed_to_owner(self):
        self.line_ids._check_not_billed_to_owner()

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
        """A to-do on the owner's bills that have these claims: the difference is not billed by itself (SUB-14)."""
        # sudo: progress.bill - the owner's side, whoever has a claim revised
        for claim in self._get_claims().sudo():
            for bill in claim.line_ids._get_owner_shares().bill_id:
                bill.activity_schedule(
                    'mail.mail_activity_data_warning',
                    user_id=(bill.contract_id.user_id or self.env.user).id,
                    summary=self.env._("%s is being revised", claim.display_name),
                    note=self.env._(
                        "The owner was billed for it here. Once it is approved again, Fill the Owner's Bill from "
                        "Claims bills the difference, or gives it back."
                    ),
                )
