from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .project_milestone import MAY_BE_BILLED

ACTIVITY_DUE = 'progress_billing.mail_activity_bill_due'


class ProgressBillTrigger(models.Model):
    """What makes a planned record due: a date, a milestone, or a person (PLN-11, PLN-10)."""

    _name = 'progress.bill'
    _inherit = ['progress.bill', 'progress.scheduling.mixin']

    trigger = fields.Selection(
        [('date', "Date"), ('milestone', "Milestone"), ('manual', "By Hand")],
        compute='_compute_trigger',
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="When the record is due: on its date, when its milestone is reached, or when somebody creates it.",
    )
    milestone_id = fields.Many2one(
        'project.milestone',
        domain="[('project_id', '=', project_id)]",
        index='btree_not_null',
        copy=False,
        tracking=True,
    )
    requires_approval = fields.Boolean(
        string="Customer Approval", help="Due only once the customer has approved the milestone."
    )
    is_due = fields.Boolean(compute='_compute_is_due', search='_search_is_due')

    _due_idx = models.Index("(date) WHERE state = 'planned' AND generated_on IS NULL")
    _due_order = 'date, id'

    @api.depends('milestone_id')
    def _compute_trigger(self):
        for bill in self:
            trigger = bill.trigger or ('date' if bill.review_state == 'planned' else 'manual')
            if bill.milestone_id:
                trigger = 'milestone'
            elif trigger == 'milestone':
                trigger = 'date'
            bill.trigger = trigger

    @api.model_create_multi
    def create(self, vals_list):
        bills = super().create(vals_list)
        bills.filtered('milestone_id')._announce_milestone()
        return bills

    def copy_data(self, default=None):
        """A copy is tied to no milestone, so somebody has to say when it is due."""
        return [
            {**vals, 'trigger': 'manual'}
            if vals.get('trigger') == 'milestone' and not vals.get('milestone_id')
            else vals
            for vals in super().copy_data(default)
        ]

    def write(self, vals):
        tied = self.filtered('milestone_id') if 'milestone_id' in vals else self.browse()
        result = super().write(vals)
        if tied:
            tied.filtered(lambda bill: not bill.milestone_id).activity_unlink([ACTIVITY_DUE])
        if {'milestone_id', 'trigger', 'requires_approval'} & vals.keys():
            self.filtered(lambda bill: bill.state == 'planned')._announce_milestone()
        return result

    @api.depends(
        'state',
        'kind',
        'date',
        'trigger',
        'generated_on',
        'requires_approval',
        'milestone_id.is_reached',
        'milestone_id.billing_approved_on',
        'contract_id.state',
        'contract_id.final_bill_id',
    )
    def _compute_is_due(self):
        due = self.filtered_domain(self._get_due_domain())
        for bill in self:
            bill.is_due = bill in due

    def _search_is_due(self, operator, value):
        if operator != 'in':
            return NotImplemented
        return self._get_due_domain()

    @api.model
    def _get_milestone_domain(self):
        """Records that wait for a milestone, and whose milestone is there."""
        return Domain('trigger', '=', 'milestone') & MAY_BE_BILLED

    @api.constrains('trigger', 'milestone_id', 'contract_id')
    def _check_milestone(self):
        for bill in self:
            if bill.trigger == 'milestone' and not bill.milestone_id:
                raise ValidationError(
                    self.env._("%s: choose the milestone that makes the record due.", bill.display_name)
                )
            if bill.milestone_id and bill.milestone_id.project_id != bill.project_id:
                raise ValidationError(
                    self.env._(
                        "%(milestone)s is no milestone of %(project)s, the project of %(contract)s.",
                        milestone=bill.milestone_id.name,
                        project=bill.project_id.display_name or self.env._("no project"),
                        contract=bill.contract_id.display_name,
                    )
                )

    def _announce_milestone(self):
        """Ask the responsible person to bill what a milestone made due; take it back where it is not any more."""
        due = self.filtered_domain(self._get_milestone_domain())
        due = due.filtered(lambda bill: not bill.generated_on and bill.contract_id.state == 'open')
        (self - due)._end_announcements()
        new = due - due.browse(due.activity_search([ACTIVITY_DUE]).mapped('res_id'))
        for (user, milestone), bills in new.grouped(lambda bill: (bill.user_id, bill.milestone_id)).items():
            bills.activity_schedule(
                ACTIVITY_DUE,
                user_id=(user or self.env.user).id,
                summary=self.env._("%s is reached: bill it", milestone.name),
            )

    def _end_announcements(self):
        """Nobody has to be reminded any more."""
        self.filtered('milestone_id').activity_unlink([ACTIVITY_DUE])

    def _on_claimed(self, *, new=False):
        """What was billed needs no reminder, and no error of a failed run."""
        super()._on_claimed(new=new)
        if new:
            self._clear_failed_run()
            self._end_announcements()

    @api.model
    def _cron_generate_progress_invoices(self):
        """Auto-Generate Progress Billing Invoices: bill every planned record that is due on an open contract.

        Records that were billed once are left to people (``generated_on``, BIL-3); records
        that another transaction holds are left to the next run.
        """
        self._run_due_records()

    @api.model
    def _get_due_domain(self):
        """Planned records to bill now: their date has come, or their milestone is reached (PLN-3, PLN-11).

        :return Domain: on ``progress.bill``; glue addons widen it with their own triggers
        """
        by_date = Domain('trigger', '=', 'date') & self._get_due_date_domain('date')
        return (by_date | self._get_milestone_domain()) & Domain(
            [
                ('state', '=', 'planned'),
                ('kind', 'in', ('progress', 'down_payment')),
                ('generated_on', '=', False),
                ('contract_id.state', '=', 'open'),
                ('contract_id.final_bill_id', '=', False),
            ]
        )

    def _run_scheduled(self):
        """What the Create link does, for all of a batch at once.

        :return: the bills made
        """
        self.contract_id._lock_for_billing()
        self._generate()
        return self
