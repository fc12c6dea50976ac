import ast

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date, formatLang

from ...tools import amt_pct as amt_pct_tool
from ...tools import instalments, money
from ..base.progress_actor import Actor
from ..bill.progress_bill import ENDED_STATES, OPEN_STATES

PLAN_FIELDS = {'amt_pct', 'planned_percent', 'planned_amount', 'partner_id'}


class ProgressBillPlan(models.Model):
    """What is planned to be billed: an amount or a percentage of the contract, typed in one field; and how it becomes
    a bill with lines, and an invoice where there is no pro forma.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    amt_pct = fields.Char(
        string="Amt/Pct",
        compute='_compute_amt_pct',
        inverse='_inverse_amt_pct',
        help="A percentage of the contract (25%) or an untaxed amount (5,000.00).",
    )
    planned_percent = fields.Float(digits=(16, amt_pct_tool.PERCENT_PLACES), aggregator=None)
    planned_amount = fields.Monetary(
        string="Planned",
        compute='_compute_planned_amount',
        store=True,
        readonly=False,
        help="Untaxed. What was planned stays here, whatever was billed in the end.",
    )
    plan_weight = fields.Float(copy=False, aggregator=None, digits=(16, 6))
    plan_number = fields.Integer(copy=False, aggregator=None, help="Tells the plans of a contract apart.")
    plan_percent = fields.Float(copy=False, aggregator=None, digits=(16, 6))
    cancelled_with = fields.Selection(
        [('final', "Final Invoice"), ('contract', "Contract")],
        readonly=True,
        guarded=True,
        copy=False,
        help="What ended this record: when that is undone, the record is planned again.",
    )
    standing_planned_amount = fields.Monetary(
        string="Planned, Not Cancelled",
        compute='_compute_standing_planned_amount',
        store=True,
        help="Untaxed: as planned, whatever was billed; nothing while the record is cancelled.",
        guarded=True,
    )

    @api.constrains('date')
    def _check_date_can_be_meant(self):
        """A slip of the finger is no date (PLN-14)."""
        for bill in self:
            if bill.date and not instalments.is_within(bill.date, 0, 'days'):
                raise ValidationError(
                    self.env._(
                        "%(bill)s: the date %(date)s is not within 50 years of today.",
                        bill=bill.title or bill.contract_id.display_name,
                        date=format_date(self.env, bill.date),
                    )
                )

    # === COMPUTE === #

    @api.depends('planned_percent', 'planned_amount')
    @api.depends_context('lang', 'uid')
    def _compute_amt_pct(self):
        for bill in self:
            if bill.planned_percent:
                bill.amt_pct = bill._format_percent()
            elif bill.planned_amount:
                env = self.with_context(lang=self.env['res.lang']._get_progress_lang().code).env
                bill.amt_pct = formatLang(env, bill.planned_amount, digits=bill.currency_id.decimal_places)
            else:
                bill.amt_pct = False

    def _inverse_amt_pct(self):
        for bill in self:
            kind, value = bill._parse_amt_pct()
            bill.planned_percent = float(value) if kind == 'percent' else 0.0
            bill.plan_weight = 0.0
            if kind != 'percent':
                bill.planned_amount = float(value)

    @api.onchange('amt_pct')
    def _onchange_amt_pct(self):
        if self.amt_pct:
            self._inverse_amt_pct()

    @api.depends(
        'planned_percent',
        'date',
        'contract_id.revised_amount',
        'contract_id.bill_ids.planned_percent',
        'contract_id.bill_ids.date',
    )
    def _compute_planned_amount(self):
        """Percentages follow the contract; typed amounts, and what was billed, keep what was planned."""
        for bill in self:
            if bill.planned_percent and not bill.generated_on:
                bill.planned_amount = bill._price_percent(
                    bill.contract_id.bill_ids.filtered(
                        lambda other, bill=bill: (
                            other.bucket or other.state == 'planned' and other._is_planned_before(bill)
                        )
                    )
                )

    def _is_planned_before(self, bill):
        """Whether this record comes before ``bill`` in the plan; new ones come last."""

        def key(record):
            """Where a record stands in the plan: by date, and of one day the older first."""
            return record.date or fields.Date.today(), record._origin.id or float('inf')

        return key(self) < key(bill)

    def _price_percent(self, earlier):
        """The record's percentage of the contract, rounded as the next step after the earlier ones.

        Percentages that add up to 100 bill the whole contract: each takes the rounded cumulative
        share less what the earlier ones took.
        """
        before = sum((bill._get_percent_taken() for bill in earlier - self), money.ZERO)
        return float(
            money.percent_step(
                before, self.planned_percent, self.contract_id.revised_amount, self.currency_id.rounding or '0.01'
            )
        )

    def _get_percent_taken(self):
        """The percentage of the contract this bill was planned or asked for in; a decimal, 0 for amounts."""
        self.ensure_one()
        return money.to_decimal(self.planned_percent)

    @api.constrains('planned_percent', 'planned_amount')
    def _check_planned(self):
        for bill in self:
            if not 0 <= bill.planned_percent <= 100 or bill.planned_amount < 0:
                raise ValidationError(
                    self.env._(
                        "%(bill)s: a planned percentage lies between 0 and 100, a planned amount is not negative.",
                        bill=bill.display_name,
                    )
                )

    # === ACTIONS === #

    def action_create(self):
        """The Create link: planned record → pro forma where the contract uses them, else its invoice (REV-1).

        Called again it shows what is there, so a double click or two users make one invoice.

        :return dict: the action that shows the invoices, or the bills to whoever may not read invoices
        :raises UserError: when the contract or the amount cannot be billed; nothing is changed then
        """
        self._check_may_bill()
        with self.contract_id._locked_for_billing():
            self._check_not_ended()
            planned = self.filtered(lambda bill: bill.state == 'planned' and bill.kind in ('progress', 'down_payment'))
            planned._generate(Actor.of(self.env.user))
        return self._get_result_action()

    def action_plan_again(self):
        """Take cancelled records back into the plan.

        :return dict: the action that shows the bills
        :raises AccessError: for users who may not change the bills
        """
        self._check_may_bill()
        self.filtered(lambda bill: bill.state == 'cancelled' and bill.kind == 'progress')._write_protected(
            {'review_state': 'planned', 'cancelled_with': False}
        )
        return self._get_bill_action()

    def action_cancel(self):
        """Whoever cancels a record by hand means it: nothing gives it back.

        :return dict: the action that shows the bills
        :raises UserError: as for any bill
        """
        result = super().action_cancel()
        self.filtered('cancelled_with')._write_protected({'cancelled_with': False})
        return result

    def action_shift_dates(self):
        """Move the dates of these planned records.

        :return dict: the dialog
        :raises UserError: where none of them is planned
        """
        return self.env['progress.shift.wizard']._get_action(self)

    def _on_invoice_state(self):
        result = super()._on_invoice_state()
        self.filtered(lambda bill: bill.kind == 'final').contract_id._follow_final()
        return result

    # === CRUD === #

    def write(self, vals):
        if PLAN_FIELDS & vals.keys():
            self._check_plan_editable(vals)
        return super().write(vals)

    # === BUSINESS === #

    def _get_amount_to_bill(self):
        """Amount of a planned record at this moment: percentages are of the revised amount now (PLN-2)."""
        self.ensure_one()
        if not self.planned_percent:
            return self.planned_amount
        return self._price_percent(self.contract_id.bill_ids.filtered('bucket'))

    def _parse_amt_pct(self):
        """What was typed in Amt/Pct: ``('percent'|'amount', Decimal)``, ``('amount', 0)`` where nothing was.

        :raises ValidationError: in the user's language, saying what to type
        """
        self.ensure_one()
        if not (self.amt_pct or '').strip():
            return 'amount', money.ZERO
        lang = self.env['res.lang']._get_progress_lang()
        try:
            return amt_pct_tool.parse(
                self.amt_pct,
                lang.decimal_point,
                lang.thousands_sep,
                self.currency_id.decimal_places,
                ast.literal_eval(lang.grouping),
            )
        except amt_pct_tool.AmtPctError as error:
            raise ValidationError(
                self.env._(
                    "Amt/Pct of %(bill)s cannot be “%(text)s”: %(reason)s",
                    bill=self.display_name,
                    text=self.amt_pct,
                    reason=self._get_amt_pct_reasons()[error.reason],
                )
            ) from None

    def _get_amt_pct_reasons(self):
        lang = self.env['res.lang']._get_progress_lang()
        example = f'25% / 5{lang.thousands_sep or ""}000{lang.decimal_point}00'
        return {
            amt_pct_tool.NOT_A_NUMBER: self.env._(
                "it is not a number. Type a percentage or an amount, as in %s.", example
            ),
            amt_pct_tool.NEGATIVE: self.env._("it may not be negative."),
            amt_pct_tool.ZERO: self.env._("it may not be zero."),
            amt_pct_tool.OVER_HUNDRED: self.env._("it may not be over 100%."),
            amt_pct_tool.AMBIGUOUS: self.env._("it can be read in two ways. Type it as in %s.", example),
            amt_pct_tool.TOO_PRECISE: self.env._("it has more decimals than the currency. Type it as in %s.", example),
            amt_pct_tool.TOO_LARGE: self.env._("it is too large."),
        }

    def _format_percent(self):
        decimal_point = self.env['res.lang']._get_progress_lang().decimal_point
        return amt_pct_tool.format_percent(money.to_decimal(self.planned_percent), decimal_point)

    def _get_deposit_share_text(self):
        """A planned percentage that is billed as planned says so."""
        if self.planned_percent and not self.currency_id.compare_amounts(self.invoiced_amount, self.planned_amount):
            return self._format_percent().replace('%', ' %')
        return super()._get_deposit_share_text()

    def _check_plan_editable(self, vals):
        """What was billed is not planned any more (PLN-2: planned and billed are kept apart)."""
        billed = self.filtered(lambda bill: bill.state not in OPEN_STATES and bill.kind != 'opening')
        for bill in billed:
            if any(bill._differs(name, vals[name]) for name in PLAN_FIELDS & vals.keys()):
                raise UserError(
                    self.env._(
                        "%(bill)s cannot be planned anew: its status is “%(state)s”. Delete or credit its invoice "
                        "first.",
                        bill=bill.display_name,
                        state=bill._get_state_label(),
                    )
                )

    # === FROM PLAN TO BILL === #

    def _check_no_amt_pct(self):
        """A planned record has an amount for the contract, or lines of its own, not both."""
        for bill in self.filtered(
            lambda bill: bill.state == 'planned' and (bill.planned_percent or bill.planned_amount)
        ):
            raise UserError(
                self.env._(
                    "%(bill)s has an Amt/Pct, which is spread over the lines when it is billed. Clear it to "
                    "enter lines.",
                    bill=bill.display_name,
                )
            )

    def _generate(self, actor=None):
        """Turn planned records into bills with lines, and into invoices where there is no pro forma.

        :param Actor actor: who bills, the user unless given
        """
        if not self:
            return
        self._note_empty_lists()
        self.contract_id._note_empty_lists()
        self.contract_id.line_ids._fetch_to_spread()
        self.contract_id._check_can_bill()
        self._check_has_amount()
        self.flush_recordset(['planned_amount'])  # what was planned is computed now for the last time
        for wave in self._split_by_contract():
            wave._generate_wave(actor)

    def _generate_wave(self, actor=None):
        """Bill records of different contracts together.

        :param Actor actor: see :meth:`_generate`
        """
        self._write_revisions({bill: {'revision': bill.revision + 1} for bill in self})
        self.filtered(lambda bill: bill.planned_percent or bill.planned_amount)._spread_planned()
        given = {bill: bill._prepare_generated_vals() for bill in self}
        names = self._prepare_names({bill: vals['date'] for bill, vals in given.items() if 'date' in vals})
        self._write_together({bill: {**vals, **names.get(bill, {})} for bill, vals in given.items()})
        self._bill_now(actor)

    def _spread_planned(self):
        """Give records planned by an amount their lines: new ones each time, by what is left on the schedule."""
        self.line_ids.unlink()
        vals_list = []
        for bill in self:
            amount = bill._get_amount_to_bill()
            bill.contract_id._check_wip_available(amount, bill)
            vals_list += [dict(vals, bill_id=bill.id) for vals in bill._spread_over_lines(amount)]
        self.env['progress.bill.line']._make_claims(vals_list)

    def _prepare_generated_vals(self):
        """What a record keeps from the moment it is billed: that nobody has to do it again."""
        self.ensure_one()
        vals = {'generated_on': fields.Datetime.now()}
        if self.contract_id.use_pro_forma:
            vals['review_state'] = 'draft'
        if self.trigger == 'milestone' and self.milestone_id.reached_date:
            vals['date'] = self.milestone_id.reached_date
        return vals

    def _check_has_amount(self):
        for bill in self.filtered(lambda bill: not (bill.planned_percent or bill.planned_amount)):
            if all(line._is_empty() for line in bill._get_all_lines()):
                raise UserError(
                    self.env._(
                        "%(bill)s: enter an amount or a percentage of the contract in Amt/Pct.", bill=bill.display_name
                    )
                )

    # === WHAT IT COUNTS FOR === #

    @api.depends('planned_amount', 'state')
    def _compute_standing_planned_amount(self):
        for bill in self:
            bill.standing_planned_amount = 0.0 if bill.state in ENDED_STATES else bill.planned_amount
