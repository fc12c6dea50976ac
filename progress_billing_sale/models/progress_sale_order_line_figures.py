from odoo import api, fields, models

from odoo.addons.progress_billing.tools import order_figures


class SaleOrderLineFigures(models.Model):
    """Odoo's own figures of an order line that progress billing bills.

    Money first: they come from the amounts of the bills and of Odoo's own invoices; quantities
    follow from them, so nothing is lost in a rounded quantity. Lines without progress billing
    cost one look at a stored field.
    """

    _name = 'sale.order.line'
    _inherit = 'sale.order.line'

    # === NATIVE PART === #

    def _get_invoice_lines(self):
        """Without the journal items that the schedule counts for this line."""
        return super()._get_invoice_lines().filtered(lambda item: not item._is_billed_on_schedule())

    def _get_downpayment_state(self):
        """A down payment that became a deposit keeps the state of its invoice in its name."""
        if not self.is_progress_billed or self.display_type:
            return super()._get_downpayment_state()
        states = set(self.invoice_lines.mapped('parent_state'))
        return states.pop() if states in ({'draft'}, {'cancel'}) else ''

    # === QUANTITIES === #

    def _get_progress_quantity(self, posted=False):
        """How many units the contract's bills stand for: their amount at the line's own net price.

        :param bool posted: posted invoices only
        :return float: in the line's unit, not rounded
        """
        self.ensure_one()
        scheduled = self._get_scheduled_lines()
        date = fields.Date.to_date(self.env.context.get('accrual_entry_date'))  # Odoo's own: what was so at a date
        if date:
            billed = scheduled._get_recognised_at(date)
        else:
            billed = sum(line._get_bills_amount(posted) for line in scheduled)
        worth, quantity = self.price_subtotal, self.product_uom_qty
        if not worth:  # cancelled by a quantity of 0: the schedule knows what it was
            worth = sum(scheduled.mapped('original_amount'))
            quantity = sum(scheduled.mapped('original_quantity'))
        if not worth:
            return self.product_uom_qty if scheduled.contract_id.state == 'closed' else 0.0
        return float(order_figures.quantity_of(billed, worth, quantity))

    def _get_native_qty_invoiced(self):
        """The quantity that Odoo's own invoices bill, drafts included, without progress billing.

        :return float: in the line's unit
        """
        self.ensure_one()
        items = self._get_invoice_lines().filtered(lambda item: item.parent_state != 'cancel')
        return sum(item._get_quantity_for_order(self) for item in items)

    def _prepare_qty_invoiced(self):
        quantities = super()._prepare_qty_invoiced()
        for line in self.filtered('is_progress_billed'):
            quantities[line] += line._get_progress_quantity()
        return quantities

    @api.depends('progress_line_ids.draft_amount', 'progress_line_ids.actual_amount', 'is_progress_billed')
    def _compute_qty_invoiced(self):
        return super()._compute_qty_invoiced()

    @api.depends('progress_line_ids.actual_amount', 'is_progress_billed')
    def _compute_qty_invoiced_posted(self):
        result = super()._compute_qty_invoiced_posted()
        for line in self.filtered('is_progress_billed'):
            line.qty_invoiced_posted += line._get_progress_quantity(posted=True)
        return result

    @api.depends('is_progress_billed')
    def _compute_qty_to_invoice(self):
        """What is ordered is billed, whatever has been delivered: that is what the contract is about."""
        result = super()._compute_qty_to_invoice()
        for line in self.filtered('is_progress_billed'):
            if line.state == 'sale' and not line.display_type and not line.is_downpayment:
                line.qty_to_invoice = line.product_uom_qty - line.qty_invoiced
            elif line.is_downpayment and line._is_settled_by_contract():
                line.qty_to_invoice = 0.0
        return result

    # === AMOUNTS === #

    def _is_settled_by_contract(self):
        """Whether the contract's final invoice settles this down payment, not Odoo's next invoice."""
        # sudo: account.move.line - as above
        return bool(self.sudo().invoice_lines.progress_deposit_bill_id)

    def _filtered_scheduled(self):
        """The order lines whose amounts come from the schedule of values."""
        return self.filtered(lambda line: line.is_progress_billed and not line.is_downpayment and not line.display_type)

    @api.depends('progress_line_ids.actual_amount', 'is_progress_billed')
    def _compute_untaxed_amount_invoiced(self):
        result = super()._compute_untaxed_amount_invoiced()
        for line in self._filtered_scheduled():
            scheduled = line._get_scheduled_lines()
            if scheduled:
                line.untaxed_amount_invoiced = sum(scheduled.mapped('actual_amount'))
        return result

    @api.depends('price_subtotal', 'is_progress_billed')
    def _compute_untaxed_amount_to_invoice(self):
        result = super()._compute_untaxed_amount_to_invoice()
        billed = self.filtered('is_progress_billed')
        worths = billed._get_progress_worths()
        for line in billed:
            if line.is_downpayment:
                line.untaxed_amount_to_invoice = -line.untaxed_amount_invoiced
            elif line.state == 'sale':
                line.untaxed_amount_to_invoice = worths[line] - line.untaxed_amount_invoiced
        return result

    @api.depends('progress_line_ids.actual_amount', 'is_progress_billed')
    def _compute_amount_invoiced(self):
        result = super()._compute_amount_invoiced()
        lines = self._filtered_scheduled()
        totals = lines._get_scheduled_lines()._get_invoiced_totals()
        for line in lines:
            scheduled = line._get_scheduled_lines()
            if scheduled:
                line.amount_invoiced = sum(totals[record] for record in scheduled)
        return result

    @api.depends('amount_invoiced', 'untaxed_amount_to_invoice', 'is_progress_billed')
    def _compute_amount_to_invoice(self):
        result = super()._compute_amount_to_invoice()
        billed = self._filtered_scheduled()
        worths = billed._get_progress_worths(taxed=True)
        for line in billed:
            done = line.state == 'sale' and line.currency_id.is_zero(line.untaxed_amount_to_invoice)
            line.amount_to_invoice = 0.0 if done else worths[line] - line.amount_invoiced
        return result

    # === STATUS === #

    @api.depends(
        'progress_line_ids.draft_amount',
        'progress_line_ids.actual_amount',
        'progress_line_ids.contract_state',
        'is_progress_billed',
        'price_subtotal',
    )
    def _compute_invoice_status(self):
        """By amounts: 99.7 % of one unit rounds to one unit, but is not all of it."""
        result = super()._compute_invoice_status()
        billed = self._filtered_scheduled().filtered(lambda line: line.state == 'sale')
        worths = billed._get_progress_worths()
        for line in billed:
            line.invoice_status = line._get_progress_invoice_status(worths[line])
        return result

    def _get_progress_invoice_status(self, worth):
        """Whether all of the line is on drafts and posted invoices.

        :param float worth: of the line, untaxed
        :return str: as Odoo's own status
        """
        self.ensure_one()
        scheduled = self._get_scheduled_lines()
        billed = sum(line.draft_amount + line.actual_amount for line in scheduled)
        done = scheduled.contract_id.state == 'closed'
        return order_figures.get_status(billed, worth, self.currency_id.rounding, is_done=done)
