from odoo import models
from odoo.exceptions import UserError

from ..tools import money


class ProgressBillChecks(models.AbstractModel):
    """What keeps a bill from being changed, undone or credited (SPEC §3, RULES C7, C14, C18, C21)."""

    _name = 'progress.bill.checks'
    _description = "Checks of a Progress Bill"

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
