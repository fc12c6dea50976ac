from odoo import models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command


class SaleOrder(models.Model):
    """Invoices that deliveries make by themselves."""

    _inherit = 'sale.order'

    def _invoice_shipment(self, stock_moves):
        """Invoice what was delivered on the order and not invoiced, credit what came back.

        A delivery is never held up: where the invoice cannot be made, the salesperson gets an activity.

        :param stock_moves: ``stock.move`` of the order, just done
        :return: the draft invoice and the draft credit note, as far as there is something on them
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return self._create_shipment_invoices(stock_moves)
        except (UserError, ValidationError) as error:
            self.activity_schedule(
                'mail.mail_activity_data_warning',
                user_id=(self.user_id or self.env.user).id,
                summary=self.env._("Delivery not invoiced"),
                note=str(error),
            )
            return self.env['account.move']

    def _create_shipment_invoices(self, stock_moves):
        returned = stock_moves._get_returned_quantities()
        quantities = {line: line._get_shipment_quantity(returned.get(line, 0.0)) for line in stock_moves.sale_line_id}
        credit = {line: -quantity for line, quantity in quantities.items() if quantity < 0}
        invoice = {line: quantity for line, quantity in quantities.items() if quantity > 0}
        vals_list = []
        if invoice and not self._is_billed_in_stages_first():
            vals_list.append(self._prepare_shipment_invoice_vals(invoice))
        if credit and not self._is_finally_billed():
            vals_list.append(self._prepare_shipment_credit_vals(credit))
        if not vals_list:
            return self.env['account.move']
        moves = self._create_account_invoices(vals_list, final=True)
        for move in moves:
            move.message_post_with_source(
                'mail.message_origin_link',
                render_values={'self': move, 'origin': stock_moves.picking_id[:1]},
                subtype_xmlid='mail.mt_note',
            )
        return moves

    def _is_billed_in_stages_first(self):
        """Whether progress billing has billed the order: a pro forma or an invoice that is not credited (SAL-9).

        A planned record is none, nor is an invoice that was credited in full.
        """
        self.ensure_one()
        contract = self.progress_contract_id.filtered(lambda contract: contract.state != 'cancelled')
        deposits = self.order_line.invoice_lines.progress_deposit_bill_id
        return bool(contract._get_standing_bills(self) or deposits.filtered('bucket'))

    def _is_finally_billed(self):
        """Whether a final invoice stands, before which nothing can be credited any more."""
        self.ensure_one()
        return bool(self.progress_contract_id.final_bill_id)

    def _prepare_shipment_invoice_vals(self, quantities):
        """Values of the invoice of a delivery: Odoo's own, with what was delivered.

        Down payments are deducted as Odoo does it, once a delivery is worth as much.

        :param dict quantities: by order line, in its unit
        :return dict: of ``account.move``
        """
        self.ensure_one()
        vals = self._prepare_shipment_vals(quantities)
        vals['invoice_line_ids'] += self._prepare_shipment_down_payments(quantities, len(quantities))
        return vals

    def _prepare_shipment_credit_vals(self, quantities):
        """Values of the credit note of a return; it names the invoice it takes back, where there is just one.

        :param dict quantities: by order line, in its unit
        :return dict: of ``account.move``
        """
        self.ensure_one()
        lines = sum(quantities, self.env['sale.order.line'])
        origins = lines.invoice_lines.filtered(lambda item: not item.progress_line_type).move_id.filtered(
            lambda move: move.state == 'posted' and move.move_type == 'out_invoice'
        )
        return {
            **self._prepare_shipment_vals(quantities),
            'move_type': 'out_refund',
            'reversed_entry_id': origins.id if len(origins) == 1 else False,
        }

    def _prepare_shipment_vals(self, quantities):
        """What Odoo's own invoice of the order would be, with these quantities."""
        order = self.with_company(self.company_id).with_context(lang=self.partner_invoice_id.lang or self.env.lang)
        vals = order._prepare_invoice()
        lines = sum(quantities, self.env['sale.order.line']).sorted(lambda line: (line.sequence, line.id))
        commands = [
            Command.create(line._prepare_invoice_line(quantity=quantities[line], sequence=sequence))
            for sequence, line in enumerate(lines.with_env(order.env))
        ]
        return {**vals, 'invoice_line_ids': [*vals['invoice_line_ids'], *commands]}

    def _prepare_shipment_down_payments(self, quantities, sequence):
        """Commands of the lines that deduct the order's down payments from a delivery's invoice."""
        lines = self._get_open_down_payments()
        worth = sum(line.price_reduce_taxexcl * quantity for line, quantity in quantities.items())
        paid = sum(lines.mapped('untaxed_amount_invoiced'))
        if not lines or self.currency_id.compare_amounts(paid, worth) > 0:
            return []
        taxes = self.env['account.tax']
        return [
            Command.create(self._prepare_down_payment_section_line(sequence=sequence)),
            *(
                Command.create(
                    line._prepare_invoice_line(
                        sequence=sequence + number,
                        quantity=-1.0,
                        extra_tax_data=taxes._reverse_quantity_base_line_extra_tax_data(line.extra_tax_data),
                    )
                )
                for number, line in enumerate(lines, 1)
            ),
        ]
