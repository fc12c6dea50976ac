from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..base.progress_actor import Actor
from ..contract.progress_tab_mixin import READERS

#: what is tied to a milestone may be billed once that is reached and, where it asks for it, approved (PLN-11)
MAY_BE_BILLED = Domain('milestone_id.is_reached', '=', True) & (
    Domain('requires_approval', '=', False) | Domain('milestone_id.billing_approved_on', '!=', False)
)


class ProjectMilestone(models.Model):
    """A milestone triggers the bills tied to it, and shows what it bills (PLN-11, PLN-10)."""

    _name = 'project.milestone'
    _inherit = ['project.milestone', 'progress.guard.mixin']
    _guards_values = False
    _placing_fields = ()

    progress_bill_ids = fields.One2many('progress.bill', 'milestone_id', string="Progress Bills", groups=READERS)
    progress_currency_id = fields.Many2one('res.currency', compute='_compute_progress_amount', groups=READERS)
    progress_amount = fields.Monetary(
        string="To Bill at This Milestone",
        compute='_compute_progress_amount',
        currency_field='progress_currency_id',
        groups=READERS,
        help="Untaxed: planned records and schedule lines tied to this milestone.",
    )
    billing_approval = fields.Selection(
        [('none', "Not needed"), ('wanted', "To be approved"), ('approved', "Approved")],
        compute='_compute_billing_approval',
        groups=READERS,
    )
    billing_approved_on = fields.Datetime(readonly=True, copy=False, tracking=True, groups=READERS, guarded=True)
    billing_approved_by_id = fields.Many2one('res.users', readonly=True, copy=False, groups=READERS, guarded=True)
    billing_approved_partner_id = fields.Many2one(
        'res.partner', string="Approved By", readonly=True, copy=False, guarded=True, groups=READERS
    )
    billing_approval_note = fields.Char(readonly=True, copy=False, tracking=True, groups=READERS, guarded=True)

    @api.depends(
        'progress_bill_ids.state',
        'progress_bill_ids.planned_amount',
        'progress_bill_ids.invoiced_amount',
    )
    @api.depends_context('uid')
    def _compute_progress_amount(self):
        for milestone in self:
            company = milestone.project_id.company_id or self.env.company  # default of a project without company
            currency = milestone.progress_currency_id = company.currency_id
            milestone.progress_amount = sum(
                own._convert(amount, currency, company) for own, amount in milestone._get_progress_amounts()
            )

    def _get_progress_amounts(self):
        """What this milestone makes due. Extend by ``super()``, and ``_compute_progress_amount`` by what it depends on.

        :return list: ``(currency, untaxed amount)``
        """
        self.ensure_one()
        records = self.progress_bill_ids.filtered(lambda bill: bill.state != 'cancelled')
        return [(bill.currency_id, bill.invoiced_amount if bill.bucket else bill.planned_amount) for bill in records]

    @api.depends('progress_bill_ids.requires_approval', 'billing_approved_on')
    def _compute_billing_approval(self):
        for milestone in self:
            wanted = any(records.filtered('requires_approval') for records in milestone._get_progress_records())
            approved = 'approved' if milestone.billing_approved_on else 'wanted'
            milestone.billing_approval = approved if wanted else 'none'

    def _get_progress_records(self):
        """What is tied to this milestone. Extend by ``super()``.

        :return list: recordsets, each of a model with ``requires_approval``
        """
        self.ensure_one()
        return [self.progress_bill_ids]

    def _get_approved_contracts(self):
        """The contracts that wait for the approval of these milestones."""
        waiting = (
            records.filtered('requires_approval').contract_id
            for milestone in self
            for records in milestone._get_progress_records()
        )
        return self.env['progress.contract'].union(*waiting)

    def _raise_protected(self, name):
        raise AccessError(self.env._("A milestone is approved by its button, not by writing the approval."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billing(self):
        for milestone in self:
            tied = milestone._get_tied_names()
            if tied:
                raise UserError(
                    self.env._(
                        "%(milestone)s cannot be deleted: it makes these due: %(records)s. Give them another trigger "
                        "first.",
                        milestone=milestone.name,
                        records=', '.join(tied),
                    )
                )

    def _get_tied_names(self):
        """Names of what this milestone makes due."""
        # sudo: progress.bill, progress.contract.line - whether a milestone bills anything does not depend on who asks
        return [record.display_name for records in self.sudo()._get_progress_records() for record in records]

    def _check_project_stays(self, project_id):
        """What a milestone makes due belongs to its project, and so does the milestone then."""
        for milestone in self.filtered(lambda milestone: milestone.project_id.id != project_id):
            tied = milestone._get_tied_names()
            if tied:
                raise UserError(
                    self.env._(
                        "%(milestone)s cannot move to another project: it makes these due: %(records)s. Give them "
                        "another trigger first.",
                        milestone=milestone.name,
                        records=', '.join(tied),
                    )
                )

    def write(self, vals):
        if 'project_id' in vals:
            self._check_project_stays(vals['project_id'])
        changing = self.filtered(lambda milestone: 'is_reached' in vals and milestone.is_reached != vals['is_reached'])
        result = super().write(vals)
        changing._on_progress_trigger()
        return result

    def _on_progress_trigger(self):
        """Milestones were reached, left again or approved: their records are due. Extend by ``super()``.

        Leaving one undoes no bill (PLN-10).
        """
        # sudo: progress.bill - whoever works on the project need not bill
        self.sudo().progress_bill_ids.filtered(lambda bill: bill.state == 'planned')._announce_milestone()

    def action_approve_billing(self, note=False):
        """Approve reached milestones for billing, on the customer's behalf (PLN-11).

        :param str note: how the customer approved, for example "by e-mail of 3 May"
        :return dict: closes a dialog; the page shows the approval
        :raises AccessError: for users who are no billing managers
        :raises UserError: when a milestone is not reached, or no note says how it was approved
        """
        # sudo: progress.bill, progress.contract.line - whose milestone it is, whatever the user sees of them
        if not self.sudo()._get_approved_contracts()._has_side_level('manager'):
            raise AccessError(
                self.env._("Only Progress Billing administrators approve a milestone on the customer's behalf.")
            )
        # sudo: project.milestone - the approval is set by this method alone
        self.sudo()._approve_billing(Actor.of(self.env.user), note)
        return {'type': 'ir.actions.act_window_close'}

    def _approve_billing(self, actor, note):
        """Approve reached milestones for billing.

        :param Actor actor: who approves, or enters that the customer did
        :param str note: how the customer approved
        :raises UserError: when a milestone is not reached, or no note says how it was approved
        """
        for milestone in self:
            if not milestone.is_reached:
                raise UserError(self.env._("%s is not reached yet. Mark it as reached first.", milestone.name))
        note = self._read_text(note)
        if not note:
            raise UserError(self.env._("Note how the customer approved: by whom, when, in which message."))
        todo = self.filtered(lambda milestone: not milestone.billing_approved_on)
        todo._track_set_author(actor.partner)
        todo._write_protected(
            {
                'billing_approved_on': fields.Datetime.now(),
                'billing_approved_by_id': actor.user.id,
                'billing_approved_partner_id': actor.partner.id,
                'billing_approval_note': note,
            }
        )
        todo._on_progress_trigger()

    def action_approve_billing_wizard(self):
        """The Approve button: asks how the customer approved.

        :return dict: the dialog
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_approval_wizard')
        return dict(action, context={'default_milestone_ids': self.ids})
