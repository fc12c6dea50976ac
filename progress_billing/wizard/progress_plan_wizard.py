from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import instalments, money, numbers

MAX_INSTALMENTS = 240


class ProgressPlanWizard(models.TransientModel):
    """A billing plan in three clicks: how many, how far apart, from when."""

    _name = 'progress.plan.wizard'
    _description = "Billing Plan"
    _inherit = 'progress.wizard.mixin'

    contract_id = fields.Many2one('progress.contract', required=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    template_id = fields.Many2one('progress.plan.template', string="From Template")
    count = fields.Integer(string="Instalments", default=3)
    interval = fields.Integer(string="Every", default=1)
    interval_unit = fields.Selection(
        [('days', "Days"), ('weeks', "Weeks"), ('months', "Months")], default='months', required=True
    )
    start_date = fields.Date(string="From", required=True, default=fields.Date.context_today)
    is_month_end = fields.Boolean(compute='_compute_is_month_end')
    planned_ids = fields.Many2many(
        'progress.bill', compute='_compute_planned_ids', relation='progress_plan_wizard_planned_rel'
    )
    replace_planned = fields.Boolean(
        string="Replace Planned Records",
        compute='_compute_replace_planned',
        store=True,
        readonly=False,
        help="The new plan takes the place of what is planned and not billed yet.",
    )
    replaced_bill_ids = fields.Many2many(
        'progress.bill',
        string="Replaced",
        compute='_compute_replaced_bill_ids',
        store=True,
        readonly=False,
        relation='progress_plan_wizard_replaced_rel',
        domain="[('id', 'in', planned_ids)]",
    )
    replaced_amount = fields.Monetary(compute='_compute_replaced_amount', help="Untaxed.")
    percent = fields.Float(
        string="Of the Contract (%)", digits=(16, 10), compute='_compute_percent', store=True, readonly=False
    )
    amount = fields.Monetary(compute='_compute_amount', help="Untaxed: what the plan bills in all.")
    plan_error = fields.Char(compute='_compute_plan_error')
    line_ids = fields.One2many(
        'progress.plan.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True, readonly=False
    )

    # === COMPUTE === #

    @api.depends('start_date', 'interval_unit')
    def _compute_is_month_end(self):
        for wizard in self:
            start = wizard.start_date
            wizard.is_month_end = bool(start and wizard.interval_unit == 'months' and instalments.is_month_end(start))

    @api.depends('contract_id')
    def _compute_planned_ids(self):
        for wizard in self:
            wizard.planned_ids = wizard.contract_id.bill_ids.filtered(
                lambda bill: bill.state == 'planned' and bill.kind == 'progress'
            )

    @api.depends('contract_id')
    def _compute_replace_planned(self):
        """Where all of the contract is planned, a new plan can only take its place."""
        for wizard in self:
            left = wizard.currency_id.compare_amounts(wizard.contract_id.unplanned_amount, 0.0) > 0
            wizard.replace_planned = bool(wizard.planned_ids) and not left

    @api.depends('replace_planned')
    def _compute_replaced_bill_ids(self):
        for wizard in self:
            wizard.replaced_bill_ids = wizard.planned_ids if wizard.replace_planned else False

    @api.depends('replaced_bill_ids')
    def _compute_replaced_amount(self):
        for wizard in self:
            wizard.replaced_amount = sum(wizard.replaced_bill_ids.mapped('planned_amount'))

    @api.depends('contract_id', 'template_id', 'replaced_bill_ids')
    def _compute_percent(self):
        """What is neither billed nor planned yet; a template's own shares where one is chosen."""
        for wizard in self:
            contract = wizard.contract_id
            rest = max(contract.unplanned_amount + wizard.replaced_amount, 0.0)
            wizard.percent = wizard.template_id.percent or float(money.ratio_percent(rest, contract.revised_amount))

    @api.depends('percent', 'contract_id')
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = float(
                money.percent_of(
                    wizard.percent, wizard.contract_id.revised_amount, wizard.currency_id.rounding or '0.01'
                )
            )

    @api.depends('template_id', 'count', 'interval', 'interval_unit', 'start_date')
    def _compute_line_ids(self):
        for wizard in self:
            lines = wizard._prepare_template_lines() if wizard.template_id else wizard._prepare_equal_lines()
            wizard.line_ids = [fields.Command.clear(), *(fields.Command.create(vals) for vals in lines)]

    @api.depends('template_id', 'count', 'interval', 'interval_unit', 'start_date', 'percent')
    def _compute_plan_error(self):
        for wizard in self:
            wizard.plan_error = wizard._get_plan_error()

    def _get_plan_error(self):
        """What is wrong with what was entered, in the user's language; nothing where it is right."""
        self.ensure_one()
        if not self.template_id and not 1 <= self.count <= MAX_INSTALMENTS:
            return self.env._("A plan has 1 to %s instalments.", MAX_INSTALMENTS)
        if not self.template_id and self.interval < 1:
            return self.env._("The instalments must be 1 or more days, weeks or months apart.")
        if self.start_date and not self._is_within(self.start_date):
            return self.env._("The plan must lie within 50 years of today: set an earlier start, or fewer instalments.")
        try:
            numbers.check(self.percent, low=0, high=100)
        except numbers.NumberError:
            return self.env._("A plan bills more than 0% and at most 100% of the contract.")
        return False

    def _is_within(self, start):
        """Whether all dates of the plan can be meant."""
        if self.template_id:
            return all(
                instalments.is_within(start, line.offset, line.offset_unit) for line in self.template_id.line_ids
            )
        steps = max(self.count - 1, 0) * max(self.interval, 0)
        return instalments.is_within(start, steps, self.interval_unit or 'months')

    def _prepare_equal_lines(self):
        count = min(max(self.count, 0), MAX_INSTALMENTS)
        if not self.start_date or self.interval < 1 or not self._is_within(self.start_date):
            return []
        dates = instalments.dates(self.start_date, count, self.interval, self.interval_unit)
        return [
            {
                'date': date,
                'weight': 1.0,
                'title': self.env._("Instalment %(number)s of %(count)s", number=number, count=count),
            }
            for number, date in enumerate(dates, 1)
        ]

    def _prepare_template_lines(self):
        start = self.start_date or fields.Date.context_today(self)
        if not self._is_within(start):
            return []
        return [
            {
                'date': instalments.dates(start, 2, line.offset, line.offset_unit)[1],
                'weight': line.percent,
                'title': line.title or False,
                'item_description': line.item_description or False,
            }
            for line in self.template_id.line_ids
        ]

    def _get_shares(self):
        """What each instalment bills: the plan's amount by weight, to the cent, in the order of the dates.

        :return dict: decimals by line; empty where nothing can be shared out
        """
        self.ensure_one()
        lines = self.line_ids.sorted(lambda line: line.date or fields.Date.today())
        weights = [money.to_decimal(line.weight) for line in lines]
        if not lines or any(not weight.is_finite() or weight <= 0 for weight in weights):
            return {}
        unit = self.currency_id.rounding or '0.01'
        return dict(zip(lines, money.spread(self.amount, weights, unit), strict=True))

    # === CHECKS === #

    def _check_plan(self):
        """
        :raises UserError: when there is nothing to plan, or nothing can be planned
        """
        contract = self.contract_id
        if self.plan_error:
            raise UserError(
                self.env._("%(contract)s: %(problem)s", contract=contract.display_name, problem=self.plan_error)
            )
        if not self.line_ids or any(line.weight <= 0 for line in self.line_ids):
            raise UserError(
                self.env._("%s: a plan needs at least one instalment, and positive weights.", contract.display_name)
            )
        late = self.line_ids.filtered(lambda line: not instalments.is_within(line.date, 0, 'days'))[:1]
        if late:
            raise UserError(
                self.env._(
                    "%(contract)s: the date of %(line)s must lie within 50 years of today.",
                    contract=contract.display_name,
                    line=late.title or late.date,
                )
            )
        if contract.state in ('closed', 'cancelled') or contract.final_bill_id:
            raise UserError(
                self.env._(
                    "%s has a final invoice, or is cancelled: nothing more is planned on it.", contract.display_name
                )
            )
        if self.currency_id.compare_amounts(self.amount, 0.0) <= 0:
            raise UserError(
                self.env._(
                    "%s: nothing is left to plan. Replace planned records, or enter a percentage.",
                    contract.display_name,
                )
            )

    # === ACTIONS === #

    def action_confirm(self):
        """Add the planned records to the contract, in the place of those that are replaced.

        :return dict: closes the dialog and shows the plan
        :raises UserError: when there is nothing to plan
        """
        self.ensure_one()
        self._check_plan()
        plan = self._prepare_plan_vals()
        self._remove_replaced()
        self.env['progress.bill'].create(
            [{**line._prepare_bill_vals(float(share)), **plan} for line, share in self._get_shares().items()]
        )
        return {'type': 'ir.actions.act_window_close'}

    def _get_replaced(self):
        return self.replaced_bill_ids if self.replace_planned else self.replaced_bill_ids.browse()

    def _prepare_plan_vals(self):
        """What tells the plan from others: the one it lays out anew, with what was billed of it, or its own."""
        replaced, contract = self._get_replaced(), self.contract_id
        number, percent = replaced[:1].plan_number, replaced[:1].plan_percent
        if number and percent and set(replaced.mapped('plan_number')) == {number}:
            kept = contract.bill_ids.filtered(lambda bill: bill.plan_number == number and bill.state != 'cancelled')
            rest = contract._get_plan_rest(percent, kept - replaced)
            if self.currency_id.compare_amounts(float(rest), self.amount) == 0:
                return {'plan_number': number, 'plan_percent': percent}
        return {'plan_number': self.id, 'plan_percent': self.percent}

    def _remove_replaced(self):
        """Take the replaced records away; those that were billed once are cancelled, for their history.

        :raises UserError: when one of them was billed in the meantime
        """
        replaced = self._get_replaced()
        if not replaced:
            return
        self.contract_id._lock_for_billing()
        gone = replaced.filtered(lambda bill: bill.state != 'planned' or bill.contract_id != self.contract_id)[:1]
        if gone:
            raise UserError(
                self.env._(
                    "%(bill)s is not planned any more: its status is “%(state)s”. Open the plan again.",
                    bill=gone.display_name,
                    state=gone._get_state_label(),
                )
            )
        # sudo: account.move - whether there was an invoice does not depend on who asks
        billed = replaced.filtered(lambda bill: bill.generated_on or bill.sudo().move_ids)
        billed.action_cancel()
        (replaced - billed).unlink()
