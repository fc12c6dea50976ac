from odoo import models
from odoo.exceptions import UserError


class ProgressOrderMixin(models.AbstractModel):
    """An order is not taken away under the bills of it."""

    _name = 'progress.order.mixin'
    _inherit = 'progress.order.mixin'

    def _check_no_progress_bills(self):
        """Called before these orders are cancelled: one with bills that stand stays. Extend by ``super()``.

        :raises UserError: with the list of them
        """
        for order in self.filtered('progress_contract_id'):
            # sudo: progress.bill - what is billed does not depend on who asks
            bills = order.sudo()._get_standing_bills()
            if bills:
                raise UserError(
                    self.env._(
                        "%(order)s cannot be cancelled, these bill it:%(bills)s\nDelete or credit them first.",
                        order=order.display_name,
                        bills=''.join(f'\n- {bill._get_standing_label()}' for bill in bills),
                    )
                )

    def _get_standing_bills(self):
        """Bills of these orders that claim something. Extend where a contract bills several orders.

        :return: ``progress.bill`` that are pro formas, or whose invoices are drafts or posted and not credited in full
        """
        return self.progress_contract_id.bill_ids.filtered('bucket')
