from odoo import api, models
from odoo.exceptions import UserError

from ...tools import money
from ..base.progress_actor import Actor
from .progress_bill import ENDED_STATES, OPEN_STATES

DELETABLE_STATES = (*OPEN_STATES, *ENDED_STATES)


class ProgressBillWorkflow(models.Model):
    """What people do with a progress bill: release, cancel, delete; and what stands in the way.

    Every action works on a recordset, can be called twice without harm, and returns the
    action that shows its result.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    # === ACTIONS === #

    def action_release(self):
        """Pro forma or approved → invoiced, with exactly the amounts of its lines (REV-6).

        :return dict: the action that shows the invoices
        :raises UserError: when the bill waits for review, was rejected, or its contract cannot be billed
        """
        self._check_may_bill()
        self._release(Actor.of(self.env.user))
        return self._get_result_action()

    def _release(self, actor):
        """Make the invoices of these claims.

        :param Actor actor: who releases: posted at once only where they may post
        :raises UserError: when a bill waits for review, was rejected, or its contract cannot be billed
        """
        with self.contract_id._locked_for_billing():
            self._check_not_ended()
            to_release = self.filtered(lambda bill: bill.state != 'invoiced')
            to_release.filtered(lambda bill: bill.kind != 'retainage').contract_id._check_can_bill()
            self._raise_reasons([reason for bill in to_release for reason in bill._get_release_blockers(to_release)])
            to_release._create_invoices(actor)

    def action_cancel(self):
        """Cancel bills that have no invoice; what they held becomes billable again.

        :return dict: the action that shows the bills
        :raises UserError: when a bill has an invoice, or its contract has a final invoice
        """
        self._check_may_bill()
        self.contract_id._lock_for_billing()
        self._check_can_undo()
        self._check_not_invoiced()
        todo = self.filtered(lambda bill: bill.state != 'cancelled')
        standing = todo.filtered('bucket')  # what was credited is not asked for again
        todo._write_protected({'review_state': 'cancelled'})
        if standing:
            standing._on_unbilled()
        return self._get_bill_action()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_can_undo()
        for bill in self:
            # sudo: account.move - whether the bill has an invoice does not depend on who asks
            if bill.sudo().move_ids or (bill.state not in DELETABLE_STATES and bill.kind != 'opening'):
                raise UserError(
                    self.env._(
                        "%(bill)s cannot be deleted: it has invoices or was approved. Delete or credit its "
                        "invoice, or cancel the bill.",
                        bill=bill.display_name,
                    )
                )
        standing = self.filtered('bucket')
        if standing:
            standing._write_protected({'review_state': 'cancelled'})  # it counts no more from here on
            standing._on_unbilled()

    def action_view_invoices(self):
        """Show all invoices and credit notes of these bills.

        :return dict: an action on ``account.move``, or on the bills for users who may not read invoices
        """
        # sudo: account.move - only the ids; the action reads them with the user's own rights
        return self._get_invoice_action(self.sudo().move_ids) or self._get_bill_action()

    # === BUSINESS === #

    def _on_invoice_gone(self):
        """The draft invoice of these bills was deleted or cancelled: what they took is pending again (BIL-3, PRG-4)."""
        unbilled = self.filtered(lambda bill: not bill.bucket and not bill.is_credited)
        if unbilled:
            unbilled._on_unbilled()
        self._on_invoice_state()

    def _on_unbilled(self):
        """These bills, one at least, claim nothing any more: cancelled, about to be deleted, or without their invoice.

        Bills whose invoice was credited are not among them. Extend by ``super()``.

        :raises UserError: when something was built on what they claimed, or more than is left was given back (BIL-6)
        """
        self.line_ids.contract_line_id._check_not_below_nothing()

    def _on_invoice_state(self):
        """An invoice or credit note of these bills has another state, or is gone. Extend by ``super()``."""

    def _check_not_invoiced(self):
        """:raises UserError: for bills that an invoice stands for"""
        for bill in self:
            if bill.state == 'invoiced' and bill.kind != 'opening':
                raise UserError(
                    self.env._(
                        "%(bill)s is invoiced. Delete or credit its invoice %(invoice)s instead.",
                        bill=bill.display_name,
                        invoice=bill.invoice_name,
                    )
                )

    def _check_not_ended(self):
        for bill in self.filtered(lambda bill: bill.state in ENDED_STATES):
            raise UserError(
                self.env._(
                    "%(bill)s cannot be billed: its status is “%(state)s”. Plan it again before you bill it.",
                    bill=bill.display_name,
                    state=bill._get_state_label(),
                )
            )

    def _check_can_undo(self):
        """:raises UserError: with every reason why one of these bills can neither be cancelled nor deleted"""
        self._raise_reasons([reason for bill in self for reason in bill._get_undo_blockers()])

    def _get_standing_label(self):
        """The bill and its invoice, with their states, for a list of what stands."""
        self.ensure_one()
        # sudo: account.move - number and state of the invoice, for users without accounting rights
        move = self.sudo().invoice_id
        if not move:
            return f'{self.display_name} ({self._get_state_label()})'
        state = dict(move._fields['state']._description_selection(self.env))[move.state]
        return f'{self.display_name}: {move.display_name} ({state})' if move.name else f'{self.display_name} ({state})'

    # === RESULTS === #

    def _get_result_action(self):
        """The invoices these bills made, to those who may read them, else the bills (BIL-18)."""
        moves = self.invoice_id
        if len(moves) == 1 and moves.browse().has_access('read'):  # as Odoo opens any one: no list's action is read
            return dict(moves.get_formview_action(), view_mode='form', context={'create': False})
        return self._get_invoice_action(moves) or self._get_bill_action()

    def _get_invoice_action(self, moves):
        if not moves or not self.env['account.move'].has_access('read'):
            return False
        shown = self.contract_id[:1]._get_invoice_action_xmlid()
        action = self.env['ir.actions.act_window']._for_progress_records(shown, moves)
        return dict(action, context={'create': False})

    def _get_bill_action(self):
        """The form of one bill, or the list of several.

        :return dict: an action on ``progress.bill``
        """
        shown = 'progress_billing.action_progress_bill'
        return self.env['ir.actions.act_window']._for_progress_records(shown, self)

    # === ORDER OF LIFE === #

    def _check_order_of_life(self, whatever_state=False):
        """Nothing earlier changes while a final invoice exists, draft included (DEP-10).

        :param bool whatever_state: count bills without a claim too, whose credited invoices stand
        :raises UserError: naming the final invoice
        """
        self._raise_reasons([reason for bill in self for reason in bill._get_final_blockers(whatever_state)])

    def _get_final_blockers(self, whatever_state=False):
        """The final invoice that keeps this bill as it is; see :meth:`_check_order_of_life`.

        :return list: one sentence, or none
        """
        self.ensure_one()
        final = self.contract_id.final_bill_id
        alive = whatever_state or self.state not in ('planned', 'cancelled')
        if not (final and alive and self._comes_before_final(final)):
            return []
        return [
            self.env._(
                "%(bill)s comes before the final invoice %(final)s of %(contract)s. Delete, cancel or "
                "credit the final invoice first.",
                bill=self.display_name,
                final=final._get_document_name(),
                contract=self.contract_id.display_name,
            )
        ]

    def _comes_before_final(self, final):
        """Whether a final bill of its contract stands on this one. Extend by ``super()``."""
        self.ensure_one()
        return self.kind != 'final'

    def _get_change_blockers(self):
        """The credit of a change order is undone by cancelling the order (CON-11).

        :return list: one sentence, or none
        """
        self.ensure_one()
        if self.bucket != 'draft' or self.change_id.state != 'approved':
            return []
        return [
            self.env._(
                "%(bill)s credits what the change order %(change)s took away. Cancel the change order instead.",
                bill=self.display_name,
                change=self.change_id.display_name,
            )
        ]

    def _get_undo_blockers(self):
        """Reasons why this bill can neither be cancelled nor deleted. Extend by ``super()``.

        :return list: sentences that say what to undo before
        """
        self.ensure_one()
        return self._get_final_blockers() + self._get_change_blockers()

    def _get_posting_blockers(self):
        """What keeps the draft invoice of a bill from being posted, whoever may. Extend by ``super()``.

        :return list: sentences
        """
        self.ensure_one()
        return []

    def _check_lines_editable(self):
        """Lines change while the bill is planned, a pro forma or rejected; opening amounts until the final invoice."""
        self._check_order_of_life()
        for bill in self:
            if bill.state not in OPEN_STATES and bill.kind != 'opening':
                raise UserError(
                    self.env._(
                        "The lines of %(bill)s cannot change: its status is “%(state)s”.",
                        bill=bill.display_name,
                        state=bill._get_state_label(),
                    )
                )

    def _check_credited(self):
        """Credit notes take back what was billed and no more.

        :raises UserError: naming the bill
        """
        bills = self.filtered(lambda bill: bill._get_reversals())
        credited = self.line_ids.browse()
        if bills:
            credited = credited.search([('bill_id', 'in', bills.ids), ('credited_amount', '!=', 0)])
        for bill, lines in credited.grouped('bill_id').items():
            for line in lines:
                if money.room_left(line.invoiced_amount, line.credited_amount, 0, bill.currency_id.rounding):
                    raise UserError(
                        self.env._(
                            "More than %(line)s of %(bill)s was billed for would be credited.",
                            line=line.display_name,
                            bill=bill.display_name,
                        )
                    )

    def _check_room_of_credits(self):
        """The room that a credit made is gone once it is no longer posted (BIL-7).

        :raises UserError: when it has been billed again meanwhile
        """
        for line in self.line_ids:
            scheduled = line.contract_line_id
            if line.invoiced_amount < 0 <= scheduled.revised_amount and line.bucket != 'actual':
                scheduled._check_actual_not_overbilled()
