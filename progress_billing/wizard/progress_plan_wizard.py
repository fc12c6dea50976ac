from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import instalments, money

MAX_INSTALMENTS = 240


class ProgressPlanWizard(models.TransientModel):
    """A billing plan in three clicks: how many, how far apart, from when (SPEC §3)."""

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
    percent = fields.Float(
        string="Of the Contract (%)", digits=(16, 10), compute='_compute_percent', store=True, readonly=False
    )
    amount = fields.Monetary(compute='_compute_amount', help="Untaxed: what the plan bills in all.")
    line_ids = fields.One2many(
        'progress.plan.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True, readonly=False
    )

    @api.depends('start_date', 'interval_unit')
    def _compute_is_month_end(self):
        for wizard in self:
            start = wizard.start_date
            wizard.is_month_end = bool(start and wizard.interval_unit == 'months' and instalments.is_month_end(start))

    @api.depends('contract_id', 'template_id')
    def _compute_percent(self):
        """What is neither billed nor planned yet; a template's own shares where one is chosen."""
        for wizard in self:
            contract = wizard.contract_id
            rest = max(contract.unplanned_amount, 0.0)
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

    def _prepare_equal_lines(self):
        count = min(max(self.count, 0), MAX_INSTALMENTS)
        if not self.start_date or self.interval < 1:
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
        return [
            {
                'date': instalments.dates(start, 2, line.offset, line.offset_unit)[1],
                'weight': line.percent,
                'title': line.title or False,
                'item_description': line.item_description or False,
            }
            for line in self.template_id.line_ids
        ]

    def action_confirm(self):
        """Add the planned records to the contract.

        :return dict: closes the dialog and shows the plan
        :raises UserError: when there is nothing to plan
        """
        self.ensure_one()
        if not self.line_ids or self.interval < 1 or any(line.weight <= 0 for line in self.line_ids):
            raise UserError(
                self.env._(
                    "%s: a plan needs at least one instalment, an interval of 1 or more, and positive weights.",
                    self.contract_id.display_name,
                )
            )
        if self.contract_id.state in ('closed', 'cancelled') or self.contract_id.final_bill_id:
            raise UserError(
                self.env._(
                    "%s has a final invoice, or is cancelled: nothing more is planned on it.",
                    self.contract_id.display_name,
                )
            )
        if self.currency_id.compare_amounts(self.amount, 0.0) <= 0:
            raise UserError(
                self.env._(
                    "%s: nothing is left to plan. Cancel planned records, or enter a percentage.",
                    self.contract_id.display_name,
                )
            )
        shares = money.spread(self.amount, self.line_ids.mapped('weight'), self.currency_id.rounding)
        self.env['progress.bill'].create(
            [line._prepare_bill_vals(float(share)) for line, share in zip(self.line_ids, shares, strict=True)]
        )
        return {'type': 'ir.actions.act_window_close'}
