from odoo import api, fields, models
from odoo.exceptions import ValidationError


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

    @api.constrains('above_amount', 'user_id')
    def _check_can_be_meant(self):
        """No step waits for somebody who cannot approve it."""
        for step in self:
            if step.currency_id.compare_amounts(step.above_amount, 0.0) < 0:
                raise ValidationError(self.env._("“Above” of %s cannot be negative.", step.name))
            # sudo: res.users - in which companies somebody works
            user = step.user_id.sudo()
            if user and (user.share or step.company_id not in user.company_ids):
                raise ValidationError(
                    self.env._(
                        "%(user)s cannot approve %(step)s: choose an employee who works in %(company)s.",
                        user=user.name,
                        step=step.name,
                        company=step.company_id.name,
                    )
                )

    @api.constrains('contract_id')
    def _check_contract(self):
        """A step made on its own obeys what one made on its contract does."""
        self.contract_id._check_approval_steps()

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
