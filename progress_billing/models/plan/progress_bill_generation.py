from odoo import fields, models
from odoo.exceptions import UserError

from ..base.progress_actor import Actor


class ProgressBillGeneration(models.Model):
    """How planned records become bills with lines, and invoices where there is no pro forma."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

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
