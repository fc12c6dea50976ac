from odoo import api, fields, models

from odoo.addons.progress_billing.tools import order_figures


class PurchaseOrderLineFigures(models.Model):
    """Odoo's own figures of an order line that a subcontract bills: from amounts (SUB-2)."""

    _name = 'purchase.order.line'
    _inherit = 'purchase.order.line'

    progress_billed_amount = fields.Monetary(
        string="Billed in Stages (Amount)",
        compute='_compute_progress_billed_amount',
        store=True,
        guarded=True,
        help="Untaxed, by drafts and posted bills.",
    )
    progress_status = fields.Selection(
        [('no', "Nothing to Bill"), ('to invoice', "Waiting Bills"), ('invoiced', "Fully Billed")],
        string="Status in Stages",
        compute='_compute_progress_billed_amount',
        store=True,
        guarded=True,
    )

    @api.depends(
        'progress_line_ids.draft_amount',
        'progress_line_ids.actual_amount',
        'progress_line_ids.revised_amount',
        'progress_line_ids.contract_state',
    )
    def _compute_progress_billed_amount(self):
        for line in self:
            scheduled = line._get_scheduled_lines()
            line.progress_billed_amount = sum(each.draft_amount + each.actual_amount for each in scheduled)
            line.progress_status = bool(scheduled) and order_figures.get_status(
                line.progress_billed_amount,
                sum(scheduled.mapped('revised_amount')),
                line.currency_id.rounding or '0.01',
                is_done=scheduled.contract_id.state == 'closed',
            )

    @api.depends('progress_billed_amount', 'is_progress_billed', 'price_subtotal')
    def _compute_qty_invoiced(self):
        result = super()._compute_qty_invoiced()
        for line in self.filtered('is_progress_billed'):
            if line.order_id.state == 'purchase' and not line.display_type:
                # what is ordered is billed, whatever has been received: that is what the subcontract is about
                line.qty_to_invoice = line.product_qty - line.qty_invoiced
        return result

    def _prepare_qty_invoiced(self):
        """Units that the claims stand for: their amount at the line's own net price."""
        billed = self.filtered('is_progress_billed')
        quantities = super(PurchaseOrderLineFigures, self - billed)._prepare_qty_invoiced()
        date = fields.Date.to_date(self.env.context.get('accrual_entry_date'))  # Odoo's own: what was so at a date
        worths = billed._get_progress_worths()
        for line in billed:
            amount = line._get_billed_at(date) if date else line.progress_billed_amount
            quantities[line] = float(order_figures.quantity_of(amount, worths[line], line.product_qty))
        return quantities

    def _get_billed_at(self, date):
        """What posted bills dated up to a day billed of this line, untaxed."""
        self.ensure_one()
        lines = self._get_scheduled_lines().bill_line_ids.filtered(
            lambda line: (
                line.bucket == 'actual'
                and line.bill_id.invoice_id.invoice_date
                and line.bill_id.invoice_id.invoice_date <= date
            )
        )
        return sum(line.invoiced_amount - line.credited_amount for line in lines)

    # === OTHER DOORS === #

    def _prepare_account_move_line(self, move=False):
        """A line of a subcontract is a note on Odoo's own bills, whatever door they come by (SUB-3)."""
        vals = super()._prepare_account_move_line(move)
        if not self.is_progress_billed or self.display_type:
            return vals
        contract = self._get_scheduled_lines().contract_id
        name = self.env._("%(line)s: billed in stages on %(contract)s", line=self.name, contract=contract.display_name)
        return {'display_type': 'line_note', 'name': name}

    def _get_odoo_amount_left(self, account):
        """What Odoo's dashboard takes for not billed yet: the units ordered less one for each bill.

        :param account: ``account.analytic.account`` of the project
        :return float: untaxed, in the order's currency
        """
        self.ensure_one()
        key = str(account.id)
        items = self.invoice_lines.filtered(
            lambda item: (
                item.parent_state != 'cancel'
                and any(name.split(',')[0] == key for name in item.analytic_distribution or ())
            )
        )
        units = sum(items.filtered(lambda item: not item.is_refund).mapped('quantity'))
        if not items:
            return self.price_subtotal
        return self.price_subtotal * max(self.product_qty - units, 0.0) / (self.product_qty or 1.0)
