from odoo import models


class AccountMove(models.Model):
    _inherit = 'account.move'

    def action_post(self):
        """Odoo frees the hours of an order line at any credit note: ours stay with their bill on a partial one."""
        result = super().action_post()
        credited = self.filtered('reversed_entry_id').progress_bill_id
        credited.sudo()._link_entries()  # sudo: progress.bill - what is attached follows the bill, whoever posts
        return result
