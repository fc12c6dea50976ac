from odoo import models


class ProgressBillCreate(models.TransientModel):
    """Create Progress Bill: hours, expenses and products of a contract with a fixed fee, and what they come to."""

    _name = 'progress.bill.create'
    _inherit = 'progress.wizard.mixin'
    _description = "Create Progress Bill"

    # === FOR OTHERS TO FILL === #

    def _prepare_agreement_line_vals(self):
        """What service agreements cover of this bill. Extend by ``super()``; writes nothing.

        :return list: values of lines beside the schedule, see ``progress.bill.line._prepare_sourced_vals``; their
            ``source`` is ``agreement`` and what they give back is negative
        """
        self.ensure_one()
        return []

    def _prepare_down_payment_use_vals(self):
        """Down payments that this bill uses up. Extend by ``super()``; writes nothing.

        :return list: values of ``progress.down.payment.use`` without the bill: ``down_payment_id`` and a positive
            ``amount``, untaxed, in the contract's currency
        """
        self.ensure_one()
        return []
