from odoo import api, fields, models


class ProgressContractLine(models.Model):
    """A schedule line that stands for an order line.

    Odoo's own invoices on the order line count here too: as draft or actual by the state of the
    invoice, and as revenue already recognised (SAL-4). That is the only source of billed
    amounts beside the contract's bills.
    """

    _inherit = 'progress.contract.line'

    sale_line_id = fields.Many2one(
        'sale.order.line',
        string="Order Line",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        groups='progress_billing.group_readonly,sales_team.group_sale_salesman',
        guarded=True,
    )
    sale_draft_amount = fields.Monetary(
        string="Odoo's Own Draft Invoices", compute='_compute_sale_billed', store=True, help="Untaxed.", guarded=True
    )
    sale_actual_amount = fields.Monetary(
        string="Odoo's Own Invoices",
        compute='_compute_sale_billed',
        store=True,
        guarded=True,
        help="Untaxed: invoiced on the order line by Odoo itself, shipments for example.",
    )
    sale_draft_quantity = fields.Float(compute='_compute_sale_billed', store=True, digits='Product Unit', guarded=True)
    sale_actual_quantity = fields.Float(compute='_compute_sale_billed', store=True, digits='Product Unit', guarded=True)

    # === COMPUTE === #

    @api.depends(
        'sale_line_id.invoice_lines.amount_currency',
        'sale_line_id.invoice_lines.quantity',
        'sale_line_id.invoice_lines.parent_state',
        'sale_line_id.invoice_lines.progress_line_type',
    )
    def _compute_sale_billed(self):
        for line in self:
            sale_line = line.sale_line_id
            # several schedule lines may stand for one order line: its own invoices count on the first of them
            items = sale_line.invoice_lines if line._origin == sale_line.progress_line_ids._origin[:1] else False
            for state, bucket in (('draft', 'draft'), ('posted', 'actual')):
                amount = quantity = 0.0
                for item in items or ():
                    if item.parent_state == state and item._is_billed_beside():
                        amount += item._get_amount_for_order(sale_line)
                        quantity += item._get_quantity_for_order(sale_line)
                line[f'sale_{bucket}_amount'] = amount
                line[f'sale_{bucket}_quantity'] = quantity

    @api.depends('sale_draft_amount', 'sale_actual_amount')
    def _compute_billed(self):
        result = super()._compute_billed()
        for line in self:
            if line.sale_draft_amount or line.sale_actual_amount:
                line.draft_amount += line.sale_draft_amount
                line.actual_amount += line.sale_actual_amount
                if line.billing_base == 'quantity':
                    line.draft_quantity += line.sale_draft_quantity
                    line.actual_quantity += line.sale_actual_quantity
        return result

    # === WHAT THE ORDER DECIDES === #

    def _get_order_line(self):
        # sudo: sale.order.line - only the order's name, for billing users without sales rights
        return self.sudo().sale_line_id or super()._get_order_line()

    def _get_order_sentence(self, **values):
        if not self.sudo().sale_line_id:  # sudo: sale.order.line - as above
            return super()._get_order_sentence(**values)
        return self.env._(
            "%(field)s of %(line)s follows from the order %(order)s. Change the order: it proposes a change order.",
            **values,
        )

    # === BUSINESS === #

    def _get_bills_amount(self, posted=False):
        """What the contract's own bills claim of the line, untaxed: without Odoo's own invoices.

        :param bool posted: posted invoices only
        :return float: in the contract's currency
        """
        self.ensure_one()
        amount = self.actual_amount - self.sale_actual_amount
        if not posted:
            amount += self.draft_amount - self.sale_draft_amount
        return self.currency_id.round(amount)

    def _get_recognised_at(self, date):
        """What the contract's own entries had turned into revenue at a date, untaxed: for accrued revenue.

        :param date date: invoice date that counts; what was credited or corrected since was revenue then
        :return float: in the contract's currency; deposits are no revenue
        """
        # sudo: account.move.line - a sum, for users without accounting rights
        items = self.env['account.move.line'].sudo()
        return items.search(
            [
                ('progress_bill_line_id', 'in', self.bill_line_ids.ids),
                ('progress_line_type', '=', 'revenue'),
                ('parent_state', '=', 'posted'),
                ('invoice_date', '<=', date),
            ]
        )._get_progress_amount()

    def _get_invoiced_totals(self):
        """What has been invoiced of each line, taxes included, posted invoices only.

        The taxes are those the bills took; a final invoice stands for all of its line.

        :return dict: amounts by line, in the contract's currency
        """
        totals = dict.fromkeys(self, 0.0)
        finals = self.contract_id.final_bill_id.filtered(
            lambda bill: bill.bucket == 'actual' and bill.contract_id.revenue_recognition == 'deposit'
        )
        recognised = {line: item for line, item in self._get_final_items(finals)}
        for line in self:
            item = recognised.get(line)
            if item:
                totals[line] = item.price_total * -item.move_id.direction_sign
            else:
                bill_lines = line.bill_line_ids.filtered(lambda bill_line: bill_line.bucket == 'actual')
                totals[line] = sum(bill_line._get_invoiced_total() for bill_line in bill_lines)
            if line.sale_actual_amount:
                totals[line] += sum(
                    item._get_amount_for_order(line.sale_line_id, 'price_total')
                    for item in line.sale_line_id.invoice_lines
                    if item.parent_state == 'posted' and item._is_billed_beside()
                )
        return totals

    def _get_final_items(self, finals):
        """The income items of posted final invoices, with the schedule line each stands for."""
        items = finals.invoice_id.invoice_line_ids.filtered(lambda item: item.progress_line_type == 'revenue')
        return [(item.progress_bill_line_id.contract_line_id, item) for item in items]
