from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..contract.progress_tab_mixin import READERS

COPIED_FIELDS = ('billing_rule_id', 'bill_separately', 'partner_shipping_id')


class ProjectTask(models.Model):
    """What a task says about billing: rule, invoice of its own, location, and how far it is."""

    _inherit = 'project.task'

    billing_rule_id = fields.Many2one(
        'progress.billing.rule',
        check_company=True,
        index='btree_not_null',
        tracking=True,
        ondelete='restrict',
        groups=READERS,
        help="How the task's schedule lines are billed. Empty: as the contract says.",
    )
    bill_separately = fields.Boolean(groups=READERS, help="Bill the task on an invoice of its own.")
    partner_shipping_id = fields.Many2one(
        'res.partner',
        string="Customer Location",
        check_company=True,
        groups=READERS,
        help="Where the work is done. Locations are billed on invoices of their own.",
    )
    progress_line_ids = fields.One2many(
        'progress.contract.line', 'task_id', string="Schedule of Values Lines", groups=READERS
    )
    # stored: asked at each change of anybody's tasks, of which few are billed; nobody sees it or sets it
    is_progress_source = fields.Boolean(
        compute='_compute_is_progress_source',
        store=True,
        compute_sudo=True,
        groups=fields.NO_ACCESS,
        help="Schedule lines follow this task.",
    )

    @api.depends('progress_line_ids.progress_source')
    def _compute_is_progress_source(self):
        for task in self:
            task.is_progress_source = 'task' in task.progress_line_ids.mapped('progress_source')

    @api.constrains('billing_rule_id', 'project_id', 'company_id')
    def _check_billing_rule(self):
        for task in self.filtered('billing_rule_id.company_id'):
            company = task.company_id or task.project_id.company_id
            if company and task.billing_rule_id.company_id != company:
                raise ValidationError(
                    self.env._(
                        "%(rule)s is a billing rule of %(other)s, but %(task)s belongs to %(company)s.",
                        rule=task.billing_rule_id.name,
                        other=task.billing_rule_id.company_id.name,
                        task=task.display_name,
                        company=company.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        tasks = super().create(vals_list)
        tasks.filtered('parent_id')._update_progress_lines()
        return tasks

    def write(self, vals):
        before = self.parent_id if 'parent_id' in vals else self.browse()
        if 'project_id' in vals:
            self._leave_progress_lines(vals['project_id'])
        result = super().write(vals)
        if {'state', 'parent_id'} & vals.keys():
            (self | before)._update_progress_lines()
        return result

    def unlink(self):
        # sudo: progress.contract.line - whoever deletes tasks need not bill
        lines = self.env['progress.contract.line'].sudo()
        lines.search([('task_id', 'in', self.ids), ('progress_source', '=', 'task')]).progress_source = 'manual'
        above = self.parent_id - self
        result = super().unlink()
        above._update_progress_lines()
        return result

    def copy_data(self, default=None):
        """Whoever may copy tasks need not see how they are billed: :meth:`copy` sees to that."""
        hidden = dict.fromkeys(self._get_hidden_fields(), False)
        vals_list = super().copy_data({**(default or {}), **hidden})
        return [{name: value for name, value in vals.items() if name not in hidden} for vals in vals_list]

    def copy(self, default=None):
        copies = super().copy(default)
        names = self._get_hidden_fields()
        if names:
            # sudo: project.task - the copy is billed as the task is, whoever made it
            for task, copied in zip(self.sudo(), copies.sudo(), strict=True):
                task._copy_billing_to(copied, names)
        return copies

    def _get_hidden_fields(self):
        """Our copied fields that the user does not see."""
        return [name for name in COPIED_FIELDS if not self._has_field_access(self._fields[name], 'read')]

    def _copy_billing_to(self, copied, names):
        """Give a copy, and the copies of sub-tasks, the fields that its maker could not read."""
        values = {name: self._fields[name].convert_to_write(self[name], self) for name in names if self[name]}
        if values:
            copied.with_context(tracking_disable=True).write(values)
        if len(self.child_ids) == len(copied.child_ids):  # sub-tasks are made in their order
            for child, made in zip(self.child_ids, copied.child_ids.sorted('id'), strict=True):
                child._copy_billing_to(made, names)

    def _leave_progress_lines(self, project_id):
        """Tasks that move to another project leave the schedule of this one, which keeps what was entered.

        :param int project_id: where they move to
        """
        # sudo: progress.contract.line - whoever moves tasks need not bill
        lines = self.env['progress.contract.line'].sudo().search([('task_id', 'child_of', self.ids)])
        left = lines.filtered(lambda line: line.project_id.id != project_id)
        followers = left.filtered(lambda line: line.progress_source == 'task')
        followers.write({'task_id': False, 'progress_source': 'manual'})
        (left - followers).task_id = False

    def _update_progress_lines(self):
        """Tell the schedule lines that take their Completed (%) from these tasks, or from tasks above them."""
        # sudo: project.task - parents may be in projects the user does not see
        level = above = self.sudo()
        while level := level.parent_id - above:
            above |= level
        # sudo: progress.contract.line - whoever works on tasks need not bill
        lines = above.filtered('is_progress_source').sudo().progress_line_ids
        lines.filtered(lambda line: line.progress_source == 'task')._follow_source()

    def _get_progress_percent(self):
        """How far the task is, in percent: done, or the share of its sub-tasks that are.

        Glue addons that know better (hours, quantities) extend this.
        """
        self.ensure_one()
        if self.state == '1_done':
            return 100.0
        children = self.child_ids.filtered(lambda task: task.state != '1_canceled')
        if not children:
            return 0.0
        return sum(child._get_progress_percent() for child in children) / len(children)

    def action_run_billing(self):
        """Bill what is pending on the schedule lines of these tasks.

        :return dict: the action that shows the invoices or bills made
        :raises UserError: when nothing of it can be billed, saying why
        """
        lines = self.progress_line_ids if all(task.id for task in self) else self.env['progress.contract.line']
        if not lines:
            raise UserError(
                self.env._(
                    "No schedule line is tied to %s: nothing to bill.",
                    ', '.join(task.display_name or '' for task in self),
                )
            )
        bills, _reasons = lines.contract_id._run_billing(lines=lines)
        return bills._get_result_action()

    def action_run_billing_wizard(self):
        """Run Project Billing for these tasks: shows first what will be made.

        :return dict: the preview
        """
        action = self.progress_line_ids.contract_id.action_run_billing_wizard()
        return dict(action, context={**action['context'], 'default_task_ids': self.ids})
