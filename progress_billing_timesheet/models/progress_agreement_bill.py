from odoo import api, fields, models


class ProgressBillAgreement(models.Model):
    """Bills on which agreements were used: what is used counts as long as the bill stands (AGR-2)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    agreement_use_ids = fields.One2many('progress.agreement.use', 'bill_id', string="Agreements")
    agreement_applied = fields.Monetary(
        compute='_compute_agreement_applied',
        store=True,
        guarded=True,
        help="Untaxed: what service agreements cover of this bill.",
    )

    @api.depends('agreement_use_ids.amount')
    def _compute_agreement_applied(self):
        for bill in self:
            bill.agreement_applied = sum(bill.agreement_use_ids.mapped('amount'))

    def _create_invoices(self, actor=None):
        moves = super()._create_invoices(actor)
        # sudo: progress.agreement - the limit holds for everyone
        self.sudo().agreement_use_ids.agreement_id._check_limits()
        return moves
