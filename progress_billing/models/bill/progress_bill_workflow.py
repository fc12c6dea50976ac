from odoo import models
from odoo.exceptions import UserError

from ...tools import money


class ProgressBillWorkflow(models.Model):
    """What people do with a progress bill: create, release, cancel (SPEC §3).

    Every action works on a recordset, can be called twice without harm, and returns the
    action that shows its result.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    # === ACTIONS === #

    def action_create(self):
        """The Create link: planned record → pro forma where the contract uses them, else its invoice (001, SPEC §3).

        Called again it shows what is there, so a double click or two users make one invoice.

        :return dict: the action that shows the invoices, or the bills to whoever may not read invoices
        :raises UserError: when the contract or the amount cannot be billed; nothing is changed then
        """
        self._check_may_bill()
        self.contract_id._lock_for_billing()
        self._check_not_ended()
        planned = self.filtered(lambda bill: bill.state == 'planned' and bill.kind in ('progress', 'down_payment'))
        planned._generate()
        return self._get_result_action()

    def action_release(self):
        """Pro forma or approved → invoiced, with exactly the amounts of its lines (SPEC §3).

        :return dict: the action that shows the invoices
        :raises UserError: when the bill waits for review, was rejected, or its contract cannot be billed
        """
        self._check_may_bill()
        self.contract_id._lock_for_billing()
        self._check_not_ended()
        for bill in self:
            if bill.state in ('planned', 'submitted', 'rejected'):
                raise UserError(
                    self.env._(
                        "No invoice can be made of %(bill)s while its status is %(state)s.",
                        bill=bill.display_name,
                        state=bill._get_state_label().lower(),
                    )
                )
        to_release = self.filtered(lambda bill: bill.state in ('draft', 'approved'))
        to_release.filtered(lambda bill: bill.kind != 'retainage').contract_id._check_can_bill()
        to_release._check_corrections_posted()
        to_release._check_oldest_first()
        to_release._create_invoices()
        return self._get_result_action()

    def action_cancel(self):
        """Cancel bills that have no invoice; what they held becomes billable again.

        :return dict: the action that shows the bills
        :raises UserError: when a bill has an invoice, or its contract has a final invoice
        """
        self._check_may_bill()
        self.contract_id._lock_for_billing()
        self._check_order_of_life()
        self._check_corrections_posted()
        self._check_change_undone()
        for bill in self:
            if bill.state == 'invoiced' and bill.kind != 'opening':
                raise UserError(
                    self.env._(
                        "%(bill)s is invoiced. Delete or credit its invoice %(invoice)s instead.",
                        bill=bill.display_name,
                        invoice=bill.invoice_name,
                    )
                )
        todo = self.filtered(lambda bill: bill.state != 'cancelled')
        todo.filtered('bucket').line_ids._give_back_pending()  # what was credited is not asked for again
        todo._write_protected({'review_state': 'cancelled'})
        todo.filtered(lambda bill: bill._has_stored())._restate_stored()
        todo.contract_id._check_retainage_covered()
        return self._get_bill_action()

    def action_plan_again(self):
        """Take cancelled records back into the plan.

        :return dict: the action that shows the bills
        """
        self._check_may_bill()
        self.filtered(lambda bill: bill.state == 'cancelled' and bill.kind == 'progress')._write_protected(
            {'review_state': 'planned'}
        )
        return self._get_bill_action()

    def action_view_invoices(self):
        """Show all invoices and credit notes of these bills.

        :return dict: an action on ``account.move``, or on the bills for users who may not read invoices
        """
        # sudo: account.move - only the ids; the action reads them with the user's own rights
        return self._get_invoice_action(self.sudo().move_ids) or self._get_bill_action()

    # === BUSINESS === #

    def _on_invoice_gone(self):
        """The draft invoice of these bills was deleted or cancelled: what they took is pending again (RULES A2, C1)."""
        self.filtered(lambda bill: not bill.bucket and not bill.is_credited).line_ids._give_back_pending()

    def _check_not_ended(self):
        for bill in self.filtered(lambda bill: bill.state in ('declined', 'cancelled')):
            raise UserError(
                self.env._(
                    "%(bill)s is %(state)s. Plan it again before you bill it.",
                    bill=bill.display_name,
                    state=bill._get_state_label().lower(),
                )
            )

    # === RESULTS === #

    def _get_result_action(self):
        """The invoices these bills made, to those who may read them, else the bills (SPEC §3)."""
        return self._get_invoice_action(self.invoice_id) or self._get_bill_action()

    def _get_invoice_action(self, moves):
        if not moves or not self.env['account.move'].has_access('read'):
            return False
        action = self.env['ir.actions.act_window']._for_xml_id('account.action_move_out_invoice_type')
        action['context'] = {'create': False}
        if len(moves) == 1:
            return dict(action, views=[(False, 'form')], view_mode='form', res_id=moves.id)
        return dict(action, domain=[('id', 'in', moves.ids)])

    def _get_bill_action(self):
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_bill')
        if len(self) == 1:
            return dict(action, views=[(False, 'form')], view_mode='form', res_id=self.id)
        return dict(action, domain=[('id', 'in', self.ids)])

    def _check_order_of_life(self, whatever_state=False):
        """Nothing earlier changes while a final invoice exists, draft included (RULES 1.2, C18).

        :param bool whatever_state: count bills without a claim too, whose credited invoices stand
        :raises UserError: naming the final invoice
        """
        for bill in self.filtered(lambda bill: bill.kind != 'final'):
            final = bill.contract_id.final_bill_id
            if (
                final
                and not bill._is_release_after(final)
                and (whatever_state or bill.state not in ('planned', 'cancelled'))
            ):
                raise UserError(
                    self.env._(
                        "%(bill)s comes before the final invoice %(final)s of %(contract)s. Delete, cancel or "
                        "credit the final invoice first.",
                        bill=bill.display_name,
                        final=final.invoice_name or final.name,
                        contract=bill.contract_id.display_name,
                    )
                )

    def _is_release_after(self, final):
        """Whether this releases retainage after the final invoice (RULES C7)."""
        self.ensure_one()
        return self.kind == 'retainage' and self.id > final.id

    def _check_no_release_after(self):
        """A release made after the final invoice is undone before that can be (RULES C7).

        :raises UserError: naming the release
        """
        for bill in self.filtered(lambda bill: bill.kind == 'final'):
            later = bill.contract_id.bill_ids.filtered(
                lambda other, bill=bill: other.bucket and other._is_release_after(bill)
            )
            if later:
                raise UserError(
                    self.env._(
                        "%(final)s: undo the release of retainage %(release)s first, which came after it.",
                        final=bill.invoice_name or bill.display_name,
                        release=later[0].display_name,
                    )
                )

    def _check_lines_editable(self):
        """Lines change while the bill is planned, a pro forma or rejected; opening amounts until the final invoice."""
        self._check_order_of_life()
        for bill in self:
            if bill.state not in ('planned', 'draft', 'rejected') and bill.kind != 'opening':
                raise UserError(
                    self.env._(
                        "The lines of %(bill)s cannot change: it is %(state)s.",
                        bill=bill.display_name,
                        state=bill._get_state_label().lower(),
                    )
                )

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

    def _check_credited(self):
        """Credit notes take back what was billed and no more.

        :raises UserError: naming the bill
        """
        for bill in self:
            for line in bill.line_ids:
                if money.room_left(line.invoiced_amount, line.credited_amount, 0, bill.currency_id.rounding):
                    raise UserError(
                        self.env._(
                            "More than %(line)s of %(bill)s was billed for would be credited.",
                            line=line.contract_line_id.display_name,
                            bill=bill.display_name,
                        )
                    )

    def _check_change_undone(self):
        """The credit of a change order is undone by cancelling the order (RULES C21).

        :raises UserError: naming the order
        """
        for bill in self.filtered(lambda bill: bill.bucket == 'draft' and bill.change_id.state == 'approved'):
            raise UserError(
                self.env._(
                    "%(bill)s credits what the change order %(change)s took away. Cancel the change order instead.",
                    bill=bill.display_name,
                    change=bill.change_id.display_name,
                )
            )

    def _check_room_of_credits(self):
        """The room that a credit made is gone once it is no longer posted (RULES C14).

        :raises UserError: when it has been billed again meanwhile
        """
        for line in self.line_ids:
            scheduled = line.contract_line_id
            if line.invoiced_amount < 0 <= scheduled.revised_amount and line.bucket != 'actual':
                scheduled._check_actual_not_overbilled()
