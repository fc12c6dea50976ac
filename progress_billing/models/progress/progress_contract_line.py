from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ...tools import amt_pct, money
from ..plan.project_milestone import MAY_BE_BILLED

ENTRY_FIELDS = frozenset({'completed_percent', 'pending_amount', 'pending_quantity'})
SOURCE_FIELDS = frozenset({'progress_source', 'task_id', 'milestone_id', 'requires_approval'})
#: whoever reads contracts of either side
BOTH_SIDES = 'progress_billing.group_readonly,progress_billing.group_subcontract_readonly'


class ProgressContractLineProgress(models.Model):
    """How far a schedule line is, and what has been asked to be billed next (PRG-1).

    *Completed (%)* and the pending values drive each other at the moment one of them is
    entered; nothing else moves them, so what a person typed is what is billed.
    """

    _name = 'progress.contract.line'
    _inherit = 'progress.contract.line'

    completed_percent = fields.Float(
        string="Completed (%)",
        copy=False,
        aggregator=None,
        help="Work completed, in percent of the revised value.",
    )
    pending_quantity = fields.Float(digits='Product Unit', copy=False)
    pending_amount = fields.Monetary(string="Pending", copy=False, help="Untaxed: what is asked to be billed next.")

    progress_entry = fields.Integer(
        readonly=True,
        copy=False,
        aggregator=None,
        help="Counts the entries, to know whether one came since.",
        guarded=True,
    )

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
    bill_separately = fields.Boolean(
        related='task_id.bill_separately', store=True, guarded=True, groups=BOTH_SIDES
    )
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

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        entry_fields = self._get_entry_fields()
        for line, vals in zip(lines, vals_list, strict=True):
            if entry_fields & vals.keys():
                line._enter_progress(vals)
        lines._follow_source()
        return lines

    def write(self, vals):
        self = self.with_prefetch()  # a form brings the whole schedule along, of which nothing is to be read
        entered = self._get_entry_fields() & self._get_typed(vals)
        if entered:
            self._guard_vals(vals)
            self._check_progress_editable()
        result = super().write({name: value for name, value in vals.items() if name not in entered})
        if entered:
            self._enter_progress(vals)
        if SOURCE_FIELDS & vals.keys():
            self._follow_source()
        return result

    # === ENTRY === #

    def _check_progress_editable(self):
        """:raises UserError: for lines of a contract that is closed or cancelled"""
        for line in self:
            if line.contract_state in ('closed', 'cancelled'):
                raise UserError(
                    self.env._(
                        "%(line)s takes no progress any more: %(contract)s is closed or cancelled.",
                        line=line.display_name,
                        contract=line.contract_id.display_name,
                    )
                )

    def _get_entry_fields(self):
        """Names of the fields in which people say how far a line is; they follow from each other.

        :return frozenset: field names; extend by ``super()``, and :meth:`_enter_progress` with it
        """
        return ENTRY_FIELDS

    @api.onchange('completed_percent')
    def _onchange_completed_percent(self):
        self.update(self._prepare_pending_vals())

    @api.onchange('pending_amount')
    def _onchange_pending_amount(self):
        if self.billing_base == 'amount':
            self.completed_percent = self._get_percent_of_pending(self.pending_amount)

    @api.onchange('pending_quantity')
    def _onchange_pending_quantity(self):
        if self.billing_base == 'quantity':
            self.pending_amount = self._price_further(self.pending_quantity)
            self.completed_percent = self._get_percent_of_quantity(self.pending_quantity)

    def _enter_progress(self, vals):
        """Store what was entered on these lines together with what follows from it.

        Completed (%) wins where both come in one call, as a form sends both.

        :param dict vals: at least one of ``completed_percent`` (percent), ``pending_amount``
            (contract currency) and ``pending_quantity`` (line unit)
        :raises UserError: for an amount pending on a line billed by quantity
        """
        self.contract_id._lock_for_billing()
        for line in self:
            line._write_protected({**line._prepare_progress_vals(vals), **line._prepare_counted_vals()})
        self._check_progress()

    def _prepare_counted_vals(self):
        """An entry counts: whether one came since is asked by bills that go, and by forms of other people."""
        return {'progress_entry': self.progress_entry + 1, 'edit_count': self.edit_count + 1}

    def _prepare_progress_vals(self, vals):
        """Completed (%) and both pending values after one of them was entered."""
        self.ensure_one()
        if self.display_type:
            return {'completed_percent': 0.0, 'pending_amount': 0.0, 'pending_quantity': 0.0}
        if 'completed_percent' in vals and not self._is_same_entry(vals):
            percent = vals['completed_percent'] or 0.0
            return {'completed_percent': percent, **self._prepare_pending_vals(percent)}
        if self.billing_base == 'quantity':
            if 'pending_quantity' not in vals:
                raise UserError(
                    self.env._(
                        "%(line)s is billed by quantity: enter its pending quantity, the amount follows.",
                        line=self.display_name,
                    )
                )
            quantity = vals['pending_quantity'] or 0.0
            return {
                'pending_quantity': quantity,
                'pending_amount': self._price_further(quantity),
                'completed_percent': self._get_percent_of_quantity(quantity),
            }
        amount = vals.get('pending_amount') or 0.0
        amount = self.currency_id.round(amount)
        return {
            'pending_amount': amount,
            'pending_quantity': 0.0,
            'completed_percent': self._get_percent_of_pending(amount),
        }

    def _is_same_entry(self, vals):
        """Whether both values say the same, as far as the percentage's decimals reach: then the amount is exact."""
        if self.billing_base == 'quantity' or 'pending_amount' not in vals:
            return False
        percent = money.to_decimal(self._get_percent_of_pending(vals['pending_amount']))
        return abs(percent - money.to_decimal(vals['completed_percent'])) < money.to_decimal('0.0000000001')

    def _prepare_pending_vals(self, percent=None):
        """Pending by its formula: pending = revised × completed − draft − actual.

        :param float percent: as if this were Completed (%)
        """
        self.ensure_one()
        percent = self.completed_percent if percent is None else percent
        if self.display_type:
            return {'pending_amount': 0.0, 'pending_quantity': 0.0}
        if self.billing_base == 'quantity':
            quantity = float(
                self._round_quantity_at(percent)
                - money.to_decimal(self.draft_quantity)
                - money.to_decimal(self.actual_quantity)
            )
            return {'pending_quantity': quantity, 'pending_amount': self._price_further(quantity)}
        billed = money.to_decimal(self.draft_amount) + money.to_decimal(self.actual_amount)
        return {'pending_amount': float(self._get_reached_amount(percent) - billed), 'pending_quantity': 0.0}

    def _get_reached_amount(self, percent):
        """What is to be billed of this line by a Completed (%), in all. Extend by ``super()``.

        :param percent: of the revised value
        :return: a decimal, untaxed, in the contract's currency
        """
        self.ensure_one()
        return money.percent_of(percent, self.revised_amount, self.currency_id.rounding or '0.01')

    def _get_percent_reached(self, amount):
        """The other way round: the Completed (%) at which ``amount`` is to be billed in all, unrounded (PRG-2).

        :param amount: a decimal, untaxed, in the contract's currency
        :return: a decimal
        """
        self.ensure_one()
        return money.ratio_percent(amount, self.revised_amount)

    def _prepare_claim_of_percent(self, percent):
        """Values of a bill line that claims a further percentage of this line: cumulative, so steps add up.

        :param percent: of the revised value
        """
        self.ensure_one()
        if self.billing_base == 'quantity':
            before = self._get_percent_claimed()
            quantity = float(
                self._round_quantity_at(before + money.to_decimal(percent)) - self._round_quantity_at(before)
            )
            claim = self._prepare_claim(self._price_further(quantity), quantity)
        else:
            claim = self._prepare_claim(float(self._get_step_of_percent(percent)))
        return dict(claim, claimed_percent=float(percent))

    def _get_step_of_percent(self, percent):
        """What a further percentage of this line comes to, after those asked for before; a decimal."""
        self.ensure_one()
        return money.percent_step(
            self._get_percent_claimed(), percent, self.revised_amount, self.currency_id.rounding or '0.01'
        )

    def _get_percent_claimed(self):
        """How many percent of this line are billed, as they were asked for; a decimal."""
        self.ensure_one()
        counted = self.bill_line_ids.filtered('bucket')
        percent = sum((line._get_percent_billed() for line in counted), money.ZERO)
        elsewhere = (
            money.to_decimal(self.draft_amount)
            + money.to_decimal(self.actual_amount)
            - sum((money.to_decimal(line.invoiced_amount) for line in counted), money.ZERO)
            + sum((money.to_decimal(line.credited_amount) for line in counted), money.ZERO)
        )
        return percent + money.ratio_percent(elsewhere, self.revised_amount)

    def _get_percent_of_pending(self, amount):
        """Completed (%) of a line by amount once ``amount`` more is billed; kept unrounded (PRG-2)."""
        billed = money.to_decimal(self.draft_amount) + money.to_decimal(self.actual_amount)
        return float(self._get_percent_reached(billed + money.to_decimal(amount)))

    def _get_percent_of_quantity(self, quantity):
        billed = money.to_decimal(self.draft_quantity) + money.to_decimal(self.actual_quantity)
        return float(money.ratio_percent(billed + money.to_decimal(quantity), self.revised_quantity))

    def _recalculate_pending(self):
        """Set pending by the formula again, for lines with a percentage: after a change order."""
        for line in self.filtered(lambda line: line.completed_percent and not line.display_type):
            line._write_protected({**line._prepare_pending_vals(), **line._prepare_counted_vals()})

    # === CHECKS === #

    def _get_pending_blocker(self):
        """Why what is pending on this line cannot be billed; nothing where it can (BIL-6)."""
        self.ensure_one()
        if money.is_far_inside(self.revised_amount, self.draft_amount + self.actual_amount + self.pending_amount):
            return False
        billed = money.to_decimal(self.draft_amount) + money.to_decimal(self.actual_amount)
        if not money.room_left(self.revised_amount, billed, self.pending_amount, self.currency_id.rounding):
            return False
        return self._get_overbilled_message(float(billed + money.to_decimal(self.pending_amount)), 0.0)

    def _check_progress(self):
        """Completed (%) lies between 0 and 100; above only where the company merely warns (BIL-8)."""
        for line in self:
            percent = money.round_to(line.completed_percent, '0.00000001')
            over = percent > 100 and line.company_id.progress_overbilling_policy != 'warn'
            if percent < 0 or over:
                raise ValidationError(
                    self.env._(
                        "Completed (%%) of %(line)s would be %(percent)s. It must be between 0 and 100.",
                        line=line.display_name,
                        percent=round(float(percent), 2),
                    )
                )

    @api.depends('own_billing_rule_id', 'task_id.billing_rule_id', 'contract_id.billing_rule_id')
    def _compute_billing_rule_id(self):
        """The line's own, its task's, its contract's, or the shipped one."""
        for line in self:
            line.billing_rule_id = (
                line.own_billing_rule_id
                # sudo: project.task - a rule only, whoever may see the line
                or line.task_id.sudo().billing_rule_id
                or line.contract_id.billing_rule_id
                or self.env['progress.billing.rule']._get_default_rule(line.contract_id.company_id)
            )

    def _inverse_billing_rule_id(self):
        for line in self:
            line.own_billing_rule_id = line.billing_rule_id
        # emptied: the task's or the contract's rule stands again
        self.env.add_to_compute(
            self._fields['billing_rule_id'], self.filtered(lambda line: not line.own_billing_rule_id)
        )

    @api.depends('task_id.partner_id')
    def _compute_partner_id(self):
        """A task's customer counts where it is not just the project's, which every task gets by itself."""
        result = super()._compute_partner_id()
        for line in self:
            task = line.task_id.sudo()  # sudo: project.task - its customer only, whoever may see the line
            if task.partner_id != task.project_id.partner_id:
                line.partner_id = task.partner_id or line.partner_id
        return result

    @api.depends('task_id.partner_shipping_id')
    def _compute_partner_shipping_id(self):
        result = super()._compute_partner_shipping_id()
        for line in self:
            # sudo: project.task - its location only, whoever may see the line
            line.partner_shipping_id = line.task_id.sudo().partner_shipping_id or line.partner_shipping_id
        return result

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
            if line.progress_source == 'milestone' and not line.milestone_id:
                raise ValidationError(
                    self.env._("%s: choose the milestone that says when the line is done.", line.display_name)
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

    def _follow_source(self):
        """Enter the progress of task or milestone on the lines that take it from there (PRG-11).

        What was billed stays: an automatic source never asks for a credit by itself (PRG-11).
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
            return 100.0 if self.filtered_domain(MAY_BE_BILLED) else 0.0
        return self.task_id._get_progress_percent()

    # === THE RUN === #

    def _get_run_key(self):
        """Bills of a run are told apart by invoice group and Bill Separately too (PRG-5)."""
        task = self.task_id if self.bill_separately else self.task_id.browse()
        return (*super()._get_run_key(), self.billing_rule_id.invoice_group or '', task)

    def _is_on_run(self):
        """Whether the billing run takes this line: something is pending, or its rule wants zero lines (PRG-7).

        Extend by ``super()``.
        """
        self.ensure_one()
        if self.display_type:
            return False
        return bool(
            self.pending_quantity
            or (self.pending_amount and not self.currency_id.is_zero(self.pending_amount))
            or self.billing_rule_id.create_zero_lines
        )

    def _prepare_run_bill_line_vals(self):
        """This line's claim on the bill of a run: what is pending. Extend by ``super()``.

        :return dict: of ``progress.bill.line``
        """
        self.ensure_one()
        return {
            **self._prepare_claim(amount=self.pending_amount, quantity=self.pending_quantity),
            'pending_taken': self.pending_amount,
            'pending_quantity_taken': self.pending_quantity,
            'pending_entry': self.progress_entry,
        }

    # === ON THE INVOICE === #

    def _get_account_sources(self):
        source = self.billing_rule_id.account_source or 'line'
        return {'line': super()._get_account_sources(), 'product': ('product',)}.get(source, ())

    def _find_result_account(self):
        rule = self.billing_rule_id
        return rule.account_id if rule.account_source == 'rule' else super()._find_result_account()

    def _get_bill_line_label(self, bill_line):
        """As the rule's template says, in the customer's language."""
        bill = bill_line.bill_id
        rule = self.billing_rule_id.with_env(bill._in_customer_language().env)
        if not rule.description_template:
            return super()._get_bill_line_label(bill_line)
        reached = bill_line._get_billed_by_others() + money.to_decimal(bill_line.invoiced_amount)
        percent = money.round_to(money.ratio_percent(reached, self.revised_amount), '0.01')
        lang = self.env['res.lang']._get_data(code=rule.env.lang or 'en_US')
        return rule._format_line_text(
            {
                'item': self.item_number or '',
                'description': self.name,
                'percent': amt_pct.format_percent(percent, lang.decimal_point).replace('%', ' %'),
                'bill': bill.name or '',
                'title': bill.title or '',
                'date': format_date(rule.env, bill.date),
                'contract': self.contract_id.name,
                'task': self.task_id.sudo().name or '',  # sudo: project.task - its name, on the customer's invoice
            }
        )
