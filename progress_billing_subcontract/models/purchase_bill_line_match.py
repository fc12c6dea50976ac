from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class PurchaseBillLineMatch(models.Model):
    """The matching screen offers neither lines of subcontracts nor bills made of claims (SUB-3)."""

    _inherit = 'purchase.bill.line.match'

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT offered.*
              FROM (%s) offered
         LEFT JOIN purchase_order_line line ON line.id = offered.pol_id
         LEFT JOIN account_move move ON move.id = offered.account_move_id
             WHERE line.is_progress_billed IS NOT TRUE AND move.progress_bill_id IS NULL
            """,
            super()._table_query,
        )

    @api.model
    def _action_create_bill_from_po_lines(self, partner, po_lines):
        billed = po_lines.filtered('is_progress_billed')
        if billed:
            raise UserError(
                self.env._("%s: billed by a subcontract. Bill it there.", ', '.join(billed.mapped('display_name')))
            )
        return super()._action_create_bill_from_po_lines(partner, po_lines)
