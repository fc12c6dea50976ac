from odoo import fields, models


class ProgressApprovalStep(models.Model):
    """Who in the office approves a contract's bills, in which order, and from which amount on."""

    _name = 'progress.approval.step'
    _description = "Approval Step"
    _inherit = ['progress.guard.mixin']
    _order = 'contract_id, sequence, id'
    _parent_field = 'contract_id'

    contract_id = fields.Many2one('progress.contract', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    user_id = fields.Many2one('res.users', string="Approver", domain="[('share', '=', False)]")
    group_id = fields.Many2one('res.groups', string="Or Anybody Of")
    above_amount = fields.Monetary(
        string="Above", help="Bills of at most this amount skip the step; 0 for all bills. Untaxed."
    )

    _has_approver = models.Constraint(
        'CHECK(user_id IS NOT NULL OR group_id IS NOT NULL)', "Say who approves: a user or a group."
    )

    def _may_approve(self, user):
        """Whether a user is one of those who approve this step.

        :param user: ``res.users``
        """
        self.ensure_one()
        # sudo: res.users, res.groups - who is in a group does not depend on who asks
        return bool(user) and (user == self.user_id or self.group_id in user.sudo().all_group_ids)

    def _get_approvers(self):
        """Those to remind, at most ten of a group."""
        self.ensure_one()
        # sudo: res.groups - who is in a group does not depend on who asks
        members = self.sudo().group_id.all_user_ids.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
        return (self.user_id | members)[:10]
