from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import money


class ProgressContractLineRun(models.AbstractModel):
    """On which bill a schedule line comes, under which rule, and where its progress comes from (003, 002)."""

    _name = 'progress.contract.line.run'
    _description = "Billing of a Schedule of Values Line"

    task_id = fields.Many2one(
        'project.task', check_company=True, domain="[('project_id', '=', project_id)]", index='btree_not_null'
    )
    own_billing_rule_id = fields.Many2one('progress.billing.rule', check_company=True, ondelete='restrict')
    billing_rule_id = fields.Many2one(
        'progress.billing.rule',
        compute='_compute_billing_rule_id',
        inverse='_inverse_billing_rule_id',
        store=True,
        index='btree_not_null',
        ondelete='restrict',
        help="From the task, else from the contract, unless set here.",
    )
    partner_id = fields.Many2one(
        'res.partner',
        string="Customer",
        compute='_compute_partner_id',
        store=True,
        readonly=False,
        index='btree_not_null',
        help="From the task, else from the contract.",
    )
    partner_shipping_id = fields.Many2one(
        'res.partner',
        string="Customer Location",
        compute='_compute_partner_shipping_id',
        store=True,
        readonly=False,
        help="From the task, else from the contract. Locations are billed on bills of their own.",
    )
    bill_separately = fields.Boolean(related='task_id.bill_separately', store=True)
    milestone_id = fields.Many2one(
        'project.milestone',
        domain="[('project_id', '=', project_id)]",
        index='btree_not_null',
        help="The line is done when this milestone is reached.",
    )
    requires_approval = fields.Boolean(
        string="Customer Approval", help="The milestone counts only once the customer has approved it."
    )
    progress_source = fields.Selection(
        [('manual', "Typed"), ('task', "Task"), ('milestone', "Milestone")],
        string="Progress From",
        compute='_compute_progress_source',
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="Where Completed (%) comes from: typed here, the task's progress, or the milestone once it is reached.",
    )

    # === COMPUTE === #

    @api.depends('own_billing_rule_id', 'task_id.billing_rule_id', 'contract_id.billing_rule_id')
    def _compute_billing_rule_id(self):
        for line in self:
            line.billing_rule_id = (
                line.own_billing_rule_id
                # sudo: project.task - a rule only, whoever may see the line
                or line.task_id.sudo().billing_rule_id
                or line.contract_id._get_billing_rule()
            )

    def _inverse_billing_rule_id(self):
        for line in self:
            line.own_billing_rule_id = line.billing_rule_id
        # emptied: the task's or the contract's rule stands again
        self.env.add_to_compute(
            self._fields['billing_rule_id'], self.filtered(lambda line: not line.own_billing_rule_id)
        )

    @api.depends('task_id.partner_id', 'contract_id.partner_id')
    def _compute_partner_id(self):
        """A task's customer counts where it is not just the project's, which every task gets by itself."""
        for line in self:
            task = line.task_id.sudo()  # sudo: project.task - its customer only, whoever may see the line
            own = task.partner_id if task.partner_id != task.project_id.partner_id else task.partner_id.browse()
            line.partner_id = own or line.contract_id.partner_id

    @api.depends('task_id.partner_shipping_id', 'contract_id.partner_shipping_id')
    def _compute_partner_shipping_id(self):
        for line in self:
            # sudo: project.task - its location only, whoever may see the line
            line.partner_shipping_id = line.task_id.sudo().partner_shipping_id or line.contract_id.partner_shipping_id

    @api.depends('milestone_id')
    def _compute_progress_source(self):
        """Tying a line to a milestone means to bill it when that is reached, until somebody chooses otherwise."""
        for line in self:
            source = line.progress_source or 'manual'
            if line.milestone_id and source == 'manual':
                source = 'milestone'
            elif not line.milestone_id and source == 'milestone':
                source = 'manual'
            line.progress_source = source

    @api.constrains('progress_source', 'task_id', 'milestone_id', 'project_id')
    def _check_progress_source(self):
        for line in self:
            if line.progress_source == 'task' and not line.task_id:
                raise ValidationError(
                    self.env._("%s: choose the task whose progress the line takes.", line.display_name)
                )
            if line.task_id and line.task_id.sudo().project_id != line.project_id:  # sudo: project.task - its project
                raise ValidationError(
                    self.env._(
                        "%(task)s is no task of %(project)s, the project of %(line)s.",
                        task=line.task_id.sudo().name,  # sudo: project.task - its name, for the message
                        project=line.project_id.display_name or self.env._("no project"),
                        line=line.display_name,
                    )
                )
            if line.milestone_id and line.milestone_id.project_id != line.project_id:
                raise ValidationError(
                    self.env._(
                        "%(milestone)s is no milestone of %(project)s, the project of %(line)s.",
                        milestone=line.milestone_id.name,
                        project=line.project_id.display_name or self.env._("no project"),
                        line=line.display_name,
                    )
                )

    # === PROGRESS OF TASK OR MILESTONE === #

    def _follow_source(self):
        """Enter the progress of task or milestone on the lines that take it from there (RULES C1).

        What was billed stays: an automatic source never asks for a credit by itself (RULES 1.26).
        """
        for line in self:
            if line.progress_source == 'manual' or line.contract_state not in ('draft', 'open'):
                continue
            if line.contract_id.final_bill_id:
                continue
            billed = line.draft_amount + line.actual_amount
            percent = max(line._get_source_percent(), float(money.ratio_percent(billed, line.revised_amount)))
            if money.to_decimal(percent) != money.to_decimal(line.completed_percent):
                line._enter_progress({'completed_percent': percent})

    def _get_source_percent(self):
        """Completed (%) as task or milestone have it."""
        self.ensure_one()
        if self.progress_source == 'milestone':
            return 100.0 if self.milestone_id._is_billable_milestone(self.requires_approval) else 0.0
        return self.task_id._get_progress_percent()

    # === GROUPING === #

    def _get_run_key(self):
        """What tells bills of one run apart: customer, location, invoice group, Bill Separately (003)."""
        self.ensure_one()
        return (
            self.partner_id or self.contract_id.partner_id,
            self.partner_shipping_id,
            self.billing_rule_id.invoice_group or '',
            self.task_id if self.bill_separately else self.task_id.browse(),
        )

    def _is_on_run(self, billed_stored=None):
        """Whether the billing run takes this line: something is pending, or its rule wants zero lines (RULES 1.32).

        A line whose work and stored materials moved and cancel out is on the bill too (RULES C20).

        :param dict billed_stored: see ``_get_billed_stored``
        """
        self.ensure_one()
        if self.display_type:
            return False
        return bool(
            self.billing_rule_id.create_zero_lines
            or self.pending_quantity
            or not self.currency_id.is_zero(self.pending_amount)
            or money.to_decimal(self.stored_amount) != (billed_stored or {}).get(self, 0)
        )

    def _prepare_run_bill_line_vals(self, billed_stored):
        """This line's claim on the bill of a run: what is pending, stored materials apart from work (RULES C20).

        :param dict billed_stored: see ``_get_billed_stored``
        """
        self.ensure_one()
        before = billed_stored.get(self, money.ZERO)
        work = money.to_decimal(self.pending_amount) - money.to_decimal(self.stored_amount) + before
        return {
            'contract_line_id': self.id,
            'amount': float(work),
            'stored_amount': self.stored_amount,
            'previous_stored_amount': float(before),
            'quantity': self.pending_quantity,
            'pending_taken': self.pending_amount,
            'pending_quantity_taken': self.pending_quantity,
            'pending_entry': self.progress_entry,
        }
