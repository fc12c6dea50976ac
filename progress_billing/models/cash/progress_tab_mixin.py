from odoo import fields, models

from ..contract.progress_tab_mixin import of_contract


class ProgressTabMixin(models.AbstractModel):
    """The one button of the tab: what comes next on the contract shown there."""

    _name = 'progress.tab.mixin'
    _inherit = 'progress.tab.mixin'

    progress_billed_amount = of_contract(fields.Monetary, 'billed_amount')
    progress_next_step_text = of_contract(fields.Char, 'next_step_text')
    progress_next_bill_id = of_contract(fields.Many2one, 'next_bill_id')

    def action_progress_next_step(self):
        """What comes next on the contract of the tab.

        :return dict: see ``progress.contract`` ``action_next_step``
        """
        return self._get_progress_contract().action_next_step()
