from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..bill.progress_bill import STANDING_STATES

ACTIVITY = 'progress_billing.mail_activity_approval'


class ProgressBillApprovalSteps(models.Model):
    """Approval in the office, step by step, on the figures as they stand.

    It holds the release. A final bill has its invoice at once, so that it is held as a draft.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    approval_ids = fields.One2many(
        'progress.approval', 'bill_id', string="Approvals", readonly=True, guarded=True, copy=False
    )
    approval_status = fields.Char(compute='_compute_approval', string="Approval")
    approval_percent = fields.Float(compute='_compute_approval', string="Approval (%)", aggregator=None)
    is_my_approval = fields.Boolean(compute='_compute_approval', help="The next step is the reader's own.")

    @api.depends(
        'approval_ids',
        'contract_id.approval_step_ids.above_amount',
        'contract_id.approval_step_ids.group_id',
        'contract_id.approval_step_ids.sequence',
        'contract_id.approval_step_ids.user_id',
        'state',
        'bucket',
        'kind',
        'revision',
        'correction_number',
        'amount',
        'amount_due',
        'certified_amount',
        'sourced_line_ids.amount',
        'line_ids.amount',
        'line_ids.certified_amount',
        'line_ids.retainage_amount',
        'line_ids.stored_amount',
    )
    @api.depends_context('uid')
    def _compute_approval(self):
        for bill in self:
            steps, done = bill._get_approval_steps(), bill._get_done_steps()
            waiting = (steps - done)[:1]
            bill.approval_percent = 100.0 * len(steps & done) / len(steps) if steps else 0.0
            bill.is_my_approval = bool(waiting) and waiting._may_approve(self.env.user)
            bill.approval_status = bill._get_approval_label(steps, done, waiting) if steps else False

    def _get_approval_label(self, steps, done, waiting):
        values = {'done': len(steps & done), 'all': len(steps)}
        if not waiting:
            return self.env._("%(done)s of %(all)s steps approved", **values)
        who = waiting.user_id.name or waiting.group_id.sudo().display_name  # sudo: res.groups - a name
        return self.env._(
            "%(done)s of %(all)s steps approved; %(step)s waits for %(who)s", step=waiting.name, who=who, **values
        )

    def _get_approval_steps(self):
        """The steps this bill has to take, in their order."""
        self.ensure_one()
        steps = self.contract_id.approval_step_ids
        if not steps or self.kind == 'opening' or not (self.state in STANDING_STATES or self._is_held_as_draft()):
            return steps.browse()
        currency, amount = self.currency_id, self._get_amount_to_approve()
        return steps.filtered(
            lambda step: not step.above_amount or currency.compare_amounts(amount, step.above_amount) > 0
        ).sorted(lambda step: (step.sequence, step.id))

    def _get_amount_to_approve(self):
        """What decides which steps a bill takes: all that it bills, a down payment too, before what comes off."""
        self.ensure_one()
        return abs(self.amount) + sum(max(line.amount, 0.0) for line in self.sourced_line_ids)

    def _is_held_as_draft(self):
        """Whether the steps hold its draft invoice: it was made without a release."""
        self.ensure_one()
        return self.kind == 'final' and self.bucket == 'draft'

    def _get_done_steps(self):
        """The steps approved on the figures as they stand: changed figures are approved again."""
        self.ensure_one()
        if not self.approval_ids:
            return self.env['progress.approval.step']
        now = self._get_fingerprint()
        return self.approval_ids.filtered(lambda approval: approval.fingerprint == now).step_id

    def action_approve_step(self):
        """Approve the next step of these bills.

        :return dict: the action that shows the bills
        :raises AccessError: for whoever's turn it is not
        :raises UserError: for a bill that waits for no step
        """
        self.check_access('read')
        self.contract_id._lock_for_billing()
        vals_list, texts = [], {}
        for bill in self:
            step = (bill._get_approval_steps() - bill._get_done_steps())[:1]
            if not step:
                raise UserError(self.env._("%s waits for no approval.", bill.display_name))
            if not step._may_approve(self.env.user):
                raise AccessError(
                    self.env._(
                        "%(bill)s: it is not your turn. %(status)s.",
                        bill=bill.display_name,
                        status=bill.approval_status,
                    )
                )
            vals_list.append(
                {
                    'bill_id': bill.id,
                    'step_id': step.id,
                    'user_id': self.env.user.id,
                    'fingerprint': bill._get_fingerprint(),
                }
            )
            texts[bill.id] = self.env._("%s: approved.", step.name)
        # sudo: progress.approval - set by this method alone
        self.env['progress.approval'].sudo().create(vals_list)
        self._message_log_batch(texts)
        self._remind_approvers()
        return self._get_bill_action()

    def _get_release_blockers(self, together):
        return [*super()._get_release_blockers(together), *self._get_step_blockers()]

    def _get_posting_blockers(self):
        return [*super()._get_posting_blockers(), *(self._get_step_blockers() if self._is_held_as_draft() else [])]

    def _create_invoices(self, actor=None):
        moves = super()._create_invoices(actor)
        self.filtered(lambda bill: bill._is_held_as_draft())._remind_approvers()
        return moves

    def _get_step_blockers(self):
        """:return list: a sentence that says whose approval is missing, or none"""
        self.ensure_one()
        waiting = self._get_approval_steps() - self._get_done_steps()
        if not waiting:
            return []
        return [
            self.env._("%(bill)s is not approved yet: %(status)s.", bill=self.display_name, status=self.approval_status)
        ]

    # === ACTIVITIES === #

    def _on_claimed(self, *, new=False):
        result = super()._on_claimed(new=new)
        self._remind_approvers()
        return result

    def _on_unbilled(self):
        result = super()._on_unbilled()
        # sudo: mail.activity - of others
        self.sudo().filtered(lambda bill: bill.contract_id.approval_step_ids).activity_unlink([ACTIVITY])
        return result

    def _remind_approvers(self):
        """The next step is in its approvers' activities, and nobody else's."""
        # sudo: mail.activity - of others
        todo = self.sudo().filtered(lambda bill: bill.contract_id.approval_step_ids)
        kind = todo and self.env.ref(ACTIVITY)
        old, new = todo.activity_ids.browse(), {}
        for bill in todo:
            step = (bill._get_approval_steps() - bill._get_done_steps())[:1]
            wanted = {(user, step.name) for user in step._get_approvers()} if step else set()
            known = bill.activity_ids.grouped(lambda activity: (activity.user_id, activity.summary))
            for key in known.keys() - wanted:
                old |= known[key].filtered(lambda activity: activity.activity_type_id == kind)
            for key in wanted - known.keys():
                new[key] = new.get(key, bill.browse()) | bill
        old.unlink()
        for (user, summary), bills in new.items():
            bills.activity_schedule(ACTIVITY, user_id=user.id, summary=summary)
