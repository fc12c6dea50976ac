from odoo import fields, models


class ProgressForwardWizard(models.TransientModel):
    """Asks to which address bills are forwarded."""

    _name = 'progress.forward.wizard'
    _description = "Forward Bill"
    _inherit = 'progress.wizard.mixin'

    bill_ids = fields.Many2many('progress.bill', required=True)
    email = fields.Char(string="E-mail", required=True)

    def action_confirm(self):
        """Forward the bills.

        :return dict: a notification
        """
        return self.bill_ids.action_forward(self.email)
