from odoo import models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ...tools import money


class ProgressOverbillingMixin(models.AbstractModel):
    """Never billed above its worth: the one check for schedule lines and for whole contracts.

    For models with ``currency_id``, ``revised_amount``, ``draft_amount`` and ``actual_amount``.
    """

    _name = 'progress.overbilling.mixin'
    _description = "Overbilling Check"

    def _raise_if_overbilled(self, draft_credit=0.0):
        """Draft and posted invoices lie between nothing and the revised amount (BIL-6, BIL-7).

        :param float draft_credit: negative drafts included in the draft amount; they make no
            room for others until they are posted
        :raises UserError: with what is billed and what it is worth
        """
        self.ensure_one()
        if not draft_credit and money.is_far_inside(self.revised_amount, self.draft_amount + self.actual_amount):
            return
        unit = self.currency_id.rounding
        billed = money.to_decimal(self.draft_amount) + money.to_decimal(self.actual_amount)
        over = money.room_left(self.revised_amount, billed, 0, unit)
        added = money.to_decimal(self.draft_amount) - money.to_decimal(draft_credit)
        if draft_credit and added > 0 and not over:
            over = max(money.room_left(self.revised_amount, billed, -money.to_decimal(draft_credit), unit), 0)
        if over:
            raise UserError(self._get_overbilled_message(float(billed), draft_credit))

    def _get_overbilled_message(self, billed, draft_credit):
        """The error of an overbilled record, with the figures and the way out."""
        details = [
            self.env._(
                "%(record)s: %(billed)s would be billed of %(revised)s. Lower the amount, or add a change order.",
                record=self.display_name,
                billed=self._show_amount(billed),
                revised=self._show_amount(self.revised_amount),
            ),
        ]
        if draft_credit:
            details.append(
                self.env._(
                    "The draft credit of %(credit)s makes room once it is posted.",
                    credit=self._show_amount(-draft_credit),
                )
            )
        return self._format_wip_error(details + self._get_overbilled_hints())

    def _format_wip_error(self, details):
        """The sentence that stands first, and below it what it is about.

        :param list details: sentences
        """
        return '\n'.join([self.env._("Invoice amount cannot exceed WIP available to bill."), *details])

    def _show_amount(self, amount):
        """An amount with the contract's currency, as the user reads it."""
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    def _get_overbilled_hints(self):
        """Further lines of the error that help to find what is in the way.

        :return list: sentences
        """
        return []
