from odoo import fields, models
from odoo.fields import Command


class ProgressBill(models.Model):
    """Invoices of a contract with orders behind it know their order lines."""

    _inherit = 'progress.bill'

    is_sale_down_payment = fields.Boolean(
        string="Down Payment of an Order",
        readonly=True,
        copy=False,
        guarded=True,
        help="Stands for a down payment that was invoiced on the order by Odoo itself.",
    )

    # === INVOICES === #

    def _prepare_invoice_vals(self, taxes):
        """Header as on Odoo's own invoices of the orders: sales team, source, payments made online."""
        vals = super()._prepare_invoice_vals(taxes)
        # sudo: sale.order - a project manager may bill without sales rights
        bill = self.sudo()
        orders = bill.contract_id._get_billed_orders(bill.line_ids.contract_line_id)
        if not orders:
            return vals
        # what Odoo links to its own invoices of the order: payments that wait to be matched
        native = [order._prepare_invoice() for order in orders]
        for name in ('campaign_id', 'medium_id', 'source_id', 'team_id', 'preferred_payment_method_line_id'):
            values = {order_vals.get(name) for order_vals in native}
            if len(values) == 1:
                vals.setdefault(name, values.pop())
        transactions = {tx for order_vals in native for command in order_vals['transaction_ids'] for tx in command[2]}
        vals['transaction_ids'] = [Command.set(sorted(transactions))]
        vals['invoice_origin'] = ', '.join([*orders.mapped('name'), vals['invoice_origin']])
        if not vals['ref']:
            vals['ref'] = ', '.join(filter(None, orders.mapped('client_order_ref'))) or False
        return vals

    def _prepare_revenue_vals(self, line, net, amounts, quantity):
        vals = super()._prepare_revenue_vals(line, net, amounts, quantity)
        # sudo: sale.order.line - just the link, for billing users without sales rights
        sale_line = line.contract_line_id.sudo().sale_line_id
        if sale_line:
            vals['sale_line_ids'] = [Command.link(sale_line.id)]
        return vals

    def _prepare_deposit_line_list(self, taxes):
        return [
            dict(vals, **self._prepare_sale_link_vals(self.line_ids.contract_line_id, vals))
            for vals in super()._prepare_deposit_line_list(taxes)
        ]

    def _prepare_reversal_line_list(self):
        """The reversal of a down payment is linked to its order line, as on Odoo's own final invoice."""
        result = super()._prepare_reversal_line_list()
        for vals in result:
            deposit = self.browse(vals['progress_deposit_bill_id'])
            vals.update(self._prepare_sale_link_vals(self.contract_id._get_billable_lines(), vals))
            if deposit.is_sale_down_payment:
                # sudo: account.move.line - the links of the deposit, for users without accounting rights
                items = deposit.sudo().invoice_id.invoice_line_ids
                links = items.filtered(
                    lambda item, vals=vals: (
                        item.account_id.id == vals['account_id'] and item.tax_ids.ids == vals['tax_ids'][0][2]
                    )
                ).sale_line_ids
                vals['sale_line_ids'] = [Command.set(links.ids)]
        return result

    def _prepare_sale_link_vals(self, scheduled, vals):
        """Link a deposit line to the orders it stands for: to the first line of each with the same taxes.

        One link an order says enough, and does not grow with the schedule; what the deposit is of
        each order line, its bill lines say.

        :param scheduled: schedule lines the deposit is spread over
        :param dict vals: of the invoice line
        :return dict: values to add
        """
        taxes = set(vals['tax_ids'][0][2])
        # sudo: sale.order.line - just the links, for billing users without sales rights
        sale_lines = scheduled.sudo().filtered(lambda line: set(line.tax_ids.ids) == taxes).sale_line_id
        firsts = [lines[0].id for lines in sale_lines.grouped('order_id').values()]
        return {'sale_line_ids': [Command.set(firsts)]} if firsts else {}

    def _prepare_final_line_list(self, taxes):
        """The final invoice of a contract billed *as billed* gives back the down payments it opened with (DEP-6)."""
        result = super()._prepare_final_line_list(taxes)
        if not self._ends_deposits():
            reversals = self._prepare_reversal_line_list()
            if reversals:
                title = self._in_customer_language().env._("Down payments invoiced before")
                result += [{'display_type': 'line_section', 'name': title}, *reversals]
        return result

    def _get_expected_amounts(self):
        """A down payment that is money, not progress, has no bill lines: its invoice says what it is."""
        if self.is_sale_down_payment and self.kind == 'down_payment':
            return {'deposit': self._get_deposit_items()._get_progress_figure()}
        return super()._get_expected_amounts()

    def _get_deposit_items(self):
        """Items of the bill's live invoice that stand for deposits."""
        # sudo: account.move.line - for users without accounting rights
        return self.sudo().invoice_id.line_ids.filtered(lambda item: item.progress_line_type == 'deposit')

    # === STATE === #

    def _is_fully_credited(self, live):
        """A down payment without bill lines is credited when nothing is left of it on its invoices."""
        if not (self.is_sale_down_payment and self.kind == 'down_payment'):
            return super()._is_fully_credited(live)
        posted = self._get_current_moves().filtered(lambda move: move.state == 'posted')
        items = posted.line_ids.filtered(lambda item: item.progress_line_type == 'deposit')
        return len(posted) > 1 and self.currency_id.is_zero(sum(items.mapped('amount_currency')))

    # === BREAKDOWN === #

    def _prepare_billed_before(self):
        """What Odoo's own invoices billed of a line was billed before."""
        amounts = super()._prepare_billed_before()
        for line in self.contract_id._get_billable_lines():
            if line.sale_actual_amount:
                amounts[line] = self.currency_id.round(amounts.get(line, 0.0) + line.sale_actual_amount)
        return amounts
