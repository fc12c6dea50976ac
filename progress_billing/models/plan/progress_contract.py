from odoo import Command, api, fields, models

from ...tools import money

#: what makes a planned record more than an empty row of a form
PLANNED_CONTENT = {
    'title',
    'amt_pct',
    'planned_amount',
    'planned_percent',
    'milestone_id',
    'description',
    'item_description',
    'line_ids',
}


class ProgressContract(models.Model):
    """The billing plan as it is typed into the contract."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'
    planned_amount = fields.Monetary(
        string="Still Planned",
        compute='_compute_planned_amount',
        help="Untaxed: records planned and not billed yet.",
    )
    unplanned_amount = fields.Monetary(
        string="Not Planned",
        compute='_compute_planned_amount',
        help="What is neither billed nor planned; negative where too much is planned.",
    )
    overplanned_amount = fields.Monetary(compute='_compute_planned_amount')
    is_overplanned = fields.Boolean(compute='_compute_planned_amount')

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._without_empty_bills(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._without_empty_bills(vals))

    def _without_empty_bills(self, vals):
        """``vals`` without the rows of the plan that somebody added and left empty: nothing could ever be billed."""
        if not vals.get('bill_ids'):
            return vals
        return {**vals, 'bill_ids': [command for command in vals['bill_ids'] if not self._is_empty_bill(command)]}

    def _is_empty_bill(self, command):
        """Whether a command creates a planned record of which nothing but the date is known."""
        if command[0] != Command.CREATE:
            return False
        new = command[2]
        return new.get('kind', 'progress') == 'progress' and not any(new.get(name) for name in PLANNED_CONTENT)

    # === HOW MUCH IS PLANNED === #

    @api.depends('bill_ids.planned_amount', 'bill_ids.state', 'wip_available')
    def _compute_planned_amount(self):
        for contract in self:
            planned = contract.bill_ids.filtered(lambda bill: bill.state == 'planned')
            contract.planned_amount = sum(planned.mapped('planned_amount'))
            contract.unplanned_amount = contract.wip_available - contract.planned_amount
            contract.overplanned_amount = max(-contract.unplanned_amount, 0.0) if planned else 0.0
            contract.is_overplanned = not contract.currency_id.is_zero(contract.overplanned_amount)

    # === HOOKS === #

    def _on_worth_changed(self, lines=None):
        super()._on_worth_changed(lines)
        self._respread_plan()

    def _on_opened(self):
        """Milestones that were reached before make their records due now."""
        super()._on_opened()
        self.bill_ids.filtered(lambda bill: bill.state == 'planned' and bill.milestone_id)._announce_milestone()

    def _on_cancelled(self):
        """Planned records are cancelled with their contract."""
        super()._on_cancelled()
        self._cancel_planned('contract')

    def _on_drafted(self):
        super()._on_drafted()
        self._give_back_planned('contract')

    def _on_finished(self):
        """The final invoice cancels what is still planned."""
        super()._on_finished()
        self._cancel_planned('final')

    def _cancel_planned(self, cause):
        """Cancel what is still planned, as something ends the contract.

        :param str cause: ``contract`` or ``final``, to know what gives the records back
        """
        self.bill_ids.filtered(lambda bill: bill.state == 'planned')._write_protected(
            {'review_state': 'cancelled', 'cancelled_with': cause}
        )

    def _give_back_planned(self, cause):
        """Plan again what something ended that is undone; records that a person cancelled stay so.

        :param str cause: as of :meth:`_cancel_planned`
        """
        back = self.bill_ids.filtered(lambda bill: bill.state == 'cancelled' and bill.cancelled_with == cause)
        back._write_protected({'review_state': 'planned'})

    def _follow_final(self):
        """After a final invoice was undone its planned records are back; where it stands again, they are not."""
        for contract in self:
            if contract._get_final_bills():
                again = contract.bill_ids.filtered(
                    lambda bill: bill.state == 'planned' and bill.cancelled_with == 'final'
                )
                again._write_protected({'review_state': 'cancelled'})
            else:
                contract._give_back_planned('final')

    # === BUSINESS === #

    def action_plan_wizard(self):
        """Lay out a billing plan: instalments, interval, first date.

        :return dict: the plan wizard
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_plan_wizard')
        return dict(action, context={'default_contract_id': self.id})

    def action_shift_plan(self):
        """Move the dates of what is planned on the contract.

        :return dict: the dialog
        :raises UserError: where nothing is planned
        """
        self.ensure_one()
        return self.env['progress.shift.wizard']._get_action(self.bill_ids)

    def _respread_plan(self):
        """Lay the open records of a plan out again after the contract's worth changed (PLN-7).

        Billed records keep what was planned; typed amounts stay; typed percentages follow by themselves.
        """
        for contract in self:
            members = contract.bill_ids.filtered(lambda bill: bill.plan_percent and bill.state != 'cancelled')
            for plan in members.grouped('plan_number').values():
                contract._respread_members(plan)

    def _respread_members(self, members):
        """Lay out one plan again.

        :param members: the records of the plan, billed and typed ones included
        """
        moving = members.filtered(lambda bill: bill.state == 'planned' and not bill.generated_on and bill.plan_weight)
        if not moving:
            return
        rest = self._get_plan_rest(moving[0].plan_percent, members - moving)
        shares = money.spread(max(rest, money.ZERO), moving.mapped('plan_weight'), self.currency_id.rounding)
        for bill, share in zip(moving, shares, strict=True):
            if self.currency_id.compare_amounts(bill.planned_amount, float(share)):
                bill.planned_amount = float(share)

    def _get_plan_rest(self, percent, kept):
        """What a plan has left to share out, untaxed.

        :param float percent: of the contract that the plan bills in all
        :param kept: its records that stay as they are: billed ones, and those typed since
        :return Decimal: negative where more was billed
        """
        self.ensure_one()
        rest = money.percent_of(percent, self.revised_amount, self.currency_id.rounding)
        for bill in kept:
            rest -= money.to_decimal(
                bill.invoiced_amount - bill.credited_amount if bill.bucket else bill.planned_amount
            )
        return rest
