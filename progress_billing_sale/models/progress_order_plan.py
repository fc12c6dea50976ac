from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.progress_billing.tools import instalments, money


class ProgressOrderPlan(models.Model):
    """One instalment of the billing plan that a quotation carries: the customer sees it and signs it.

    When progress billing is set up on the confirmed order, it becomes a planned record.
    """

    _name = 'progress.order.plan'
    _description = "Billing Plan of a Quotation"
    _inherit = 'progress.guard.mixin'
    _parent_field = 'order_id'
    _order = 'order_id, sequence, id'

    order_id = fields.Many2one('sale.order', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='order_id.company_id')
    currency_id = fields.Many2one(related='order_id.currency_id')
    sequence = fields.Integer(default=10)
    title = fields.Char(required=True)
    item_description = fields.Char(help="Text of the DEPOSIT line on the invoice.")
    percent = fields.Float(string="Share (%)", required=True, digits=(16, 4), help="In percent of the order, untaxed.")
    trigger = fields.Selection(
        [('date', "Date"), ('manual', "Milestone")],
        string="When",
        default='date',
        required=True,
        help="Date: so long after the order is confirmed. Milestone: when what the title says is reached.",
    )
    offset = fields.Integer(string="After", help="How long after the order is confirmed.")
    offset_unit = fields.Selection(
        [('days', "Days"), ('weeks', "Weeks"), ('months', "Months")], default='months', required=True
    )
    amount = fields.Monetary(compute='_compute_amount', help="Untaxed.")
    bill_id = fields.Many2one(
        'progress.bill',
        readonly=True,
        copy=False,
        guarded=True,
        index='btree_not_null',
        ondelete='set null',
        groups='progress_billing.group_readonly',
        help="The record this instalment became.",
    )

    @api.depends('percent', 'sequence', 'order_id.amount_untaxed', 'order_id.progress_plan_ids.percent')
    def _compute_amount(self):
        """Instalments that add up to 100 % add up to the order: each is a step of the cumulative share."""
        for order, records in self.grouped('order_id').items():
            before, unit = money.ZERO, order.currency_id.rounding or '0.01'
            for plan in order.progress_plan_ids:
                step = money.percent_step(before, plan.percent, order.amount_untaxed, unit)
                before += money.to_decimal(plan.percent)
                if plan in records:
                    plan.amount = float(step)
            for plan in records - order.progress_plan_ids:
                plan.amount = float(money.percent_of(plan.percent, order.amount_untaxed, unit))

    @api.constrains('percent', 'offset', 'order_id')
    def _check_percent(self):
        for order in self.order_id:
            plans = order.progress_plan_ids
            total = sum((money.to_decimal(plan.percent) for plan in plans), money.ZERO)
            if total > 100 or any(plan.percent <= 0 or plan.offset < 0 for plan in plans):
                raise ValidationError(
                    self.env._(
                        "The billing plan of %(order)s: shares must be positive and come to 100%% at most, not "
                        "%(total)s%%, and nothing is due before the order is confirmed.",
                        order=order.display_name,
                        total=f'{total.normalize():f}',
                    )
                )

    def _get_due_text(self):
        """When the instalment is due, as the customer reads it.

        :return str: in the language of the environment
        """
        self.ensure_one()
        if self.trigger != 'date':
            return self.env._("When reached")
        if not self.offset:
            return self.env._("On confirmation")
        if self.offset == 1:
            return {
                'days': self.env._("1 day after confirmation"),
                'weeks': self.env._("1 week after confirmation"),
                'months': self.env._("1 month after confirmation"),
            }[self.offset_unit]
        return {
            'days': self.env._("%s days after confirmation", self.offset),
            'weeks': self.env._("%s weeks after confirmation", self.offset),
            'months': self.env._("%s months after confirmation", self.offset),
        }[self.offset_unit]

    def _get_due_date(self):
        """The date a record of this instalment is planned for, ``False`` for a milestone."""
        self.ensure_one()
        if self.trigger != 'date':
            return False
        confirmed = fields.Datetime.context_timestamp(
            self.with_context(tz=self.company_id.partner_id.tz or self.env.user.tz or 'UTC'), self.order_id.date_order
        ).date()
        return instalments.dates(confirmed, 2, self.offset, self.offset_unit)[1]

    def _ensure_milestones(self, project):
        """The milestones of a project that make these instalments due; those that are missing are made.

        :param project: ``project.project``; without one nothing waits for a milestone
        :return dict: ``project.milestone`` by title
        """
        titles = [plan.title for plan in self if plan.trigger != 'date']
        if not (project and titles):
            return {}
        # sudo: project.project - the order's plan says so, whatever the salesperson may do there
        project.sudo().allow_milestones = True
        # sudo: project.milestone - as above
        milestones = self.env['project.milestone'].sudo()
        found = milestones.search([('project_id', '=', project.id), ('name', 'in', titles)])
        missing = dict.fromkeys(title for title in titles if title not in found.mapped('name'))
        found |= milestones.create([{'project_id': project.id, 'name': title} for title in missing])
        return {name: mine[:1] for name, mine in found.grouped('name').items()}

    def _prepare_progress_bill_vals(self, contract, milestones):
        """Values of the planned record this instalment becomes.

        :param contract: that the record is planned on; the share is of the order, which may be a part of it
        :param dict milestones: by title, see :meth:`_ensure_milestones`
        :return dict: of ``progress.bill``
        """
        self.ensure_one()
        milestone = milestones.get(self.title) if self.trigger != 'date' else None
        alone = contract.currency_id.compare_amounts(contract.revised_amount, self.order_id.amount_untaxed) == 0
        return {
            'contract_id': contract.id,
            'title': self.title,
            'item_description': self.item_description,
            'trigger': 'milestone' if milestone else self.trigger,
            'milestone_id': milestone.id if milestone else False,
            'date': self._get_due_date(),
            **({'planned_percent': self.percent} if alone else {'planned_amount': self.amount}),
        }
