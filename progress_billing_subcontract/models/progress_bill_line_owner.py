from odoo import fields, models


class ProgressBillLineOwner(models.Model):
    """What a bill of the owner has of a line of a claim: what is left follows from these rows (SUB-14)."""

    _name = 'progress.bill.line.owner'
    _description = "Billed to the Owner"
    _inherit = ['progress.guard.mixin', 'progress.claim.export.mixin']
    _order = 'id'

    claim_line_id = fields.Many2one('progress.bill.line', required=True, index=True, ondelete='cascade', guarded=True)
    bill_id = fields.Many2one(
        'progress.bill', string="Owner's Bill", required=True, index=True, ondelete='cascade', guarded=True
    )
    owner_line_id = fields.Many2one(
        'progress.contract.line',
        string="Owner's Schedule Line",
        required=True,
        index=True,
        ondelete='cascade',
        guarded=True,
    )
    company_id = fields.Many2one(related='bill_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='claim_line_id.currency_id')
    owner_currency_id = fields.Many2one(related='bill_id.currency_id', string="Owner's Currency")
    amount = fields.Monetary(guarded=True, readonly=True, help="Untaxed, as certified. Negative: given back.")
    stored_amount = fields.Monetary(string="Materials Stored", guarded=True, readonly=True)
    retainage_amount = fields.Monetary(string="Retainage", guarded=True, readonly=True)
    owner_amount = fields.Monetary(
        string="Billed",
        currency_field='owner_currency_id',
        guarded=True,
        readonly=True,
        help="The same in the currency of the owner's contract.",
    )
    owner_retainage_amount = fields.Monetary(
        string="Retained", currency_field='owner_currency_id', guarded=True, readonly=True
    )

    _once = models.UniqueIndex('(claim_line_id, bill_id, owner_line_id)')

    def _get_exported_contracts(self):
        return self.claim_line_id.contract_id
