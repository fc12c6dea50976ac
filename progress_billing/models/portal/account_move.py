from odoo import fields, models


class AccountMoveDispute(models.Model):
    """An invoice shows that its bill is disputed."""

    _name = 'account.move'
    _inherit = 'account.move'

    progress_dispute_reason = fields.Text(
        string="Disputed Because", related='progress_bill_id.dispute_reason', related_sudo=True
    )
