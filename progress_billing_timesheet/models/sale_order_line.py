from odoo import api, models
from odoo.fields import Domain


class SaleOrderLine(models.Model):
    """What an hour is sold for, and hours that a fixed fee has billed."""

    _inherit = 'sale.order.line'

    def _get_hourly_price(self):
        """Untaxed price of an hour in the order's currency, after discount; ``None`` where no time is sold (HRS-1)."""
        if not self:
            return None
        self.ensure_one()
        hour = self.env.ref('uom.product_uom_hour')
        if not self.product_uom_id or not self.product_uom_id._has_common_reference(hour):
            return None
        price = self.price_unit * (1 - (self.discount or 0.0) / 100)
        if any(self.tax_ids.mapped('price_include')):
            taxes = self.tax_ids.compute_all(price, self.currency_id, 1.0, rounding_method='round_globally')
            price = taxes['total_excluded']
        return price / self.product_uom_id._compute_quantity(1.0, hour, round=False)

    # === BILLED BESIDE THE SCHEDULE === #

    def _is_billed_beside(self, contract):
        """Whether the screen offers this line: it has something to invoice that Odoo does not bill by the hour."""
        self.ensure_one()
        customer = self.order_id.partner_invoice_id.commercial_partner_id
        return (
            self.qty_to_invoice > 0
            and not self.product_id._is_delivered_timesheet()
            and customer == contract.partner_id.commercial_partner_id
        )

    def _get_progress_amounts_to_invoice(self):
        """What is left to invoice of each line, whole (HRS-8).

        :return dict: quantity, untaxed amount and amount with tax by line, in the order's currency
        """
        taxes, result = self.env['account.tax'], {}
        base_lines = [
            line._prepare_base_line_for_taxes_computation(quantity=line.qty_to_invoice) for line in self
        ]
        for company, lines in self.grouped('company_id').items():
            mine = [base_line for base_line in base_lines if base_line['record'] in lines]
            for base_line in mine:  # each by itself: what is ticked may change, its amount does not
                taxes._add_tax_details_in_base_line(base_line, company)
                taxes._round_base_lines_tax_details([base_line], company)
        for base_line in base_lines:
            details = base_line['tax_details']
            untaxed = details['total_excluded_currency'] + details['delta_total_excluded_currency']
            taxed = untaxed + sum(data['tax_amount_currency'] for data in details['taxes_data'])
            result[base_line['record']] = (base_line['quantity'], untaxed, taxed)
        return result

    def _prepare_progress_sourced_vals(self, kind, figures, covered=0.0):
        """Values of the line beside the schedule that bills what is left of this line.

        :param str kind: ``expense`` or ``product``
        :param tuple figures: see :meth:`_get_progress_amounts_to_invoice`
        :param float covered: untaxed, what a service agreement covers of it
        :return dict: see ``progress.bill.line._prepare_sourced_vals``
        """
        self.ensure_one()
        quantity, untaxed, taxed = figures
        vals = {
            'source': kind,
            'name': self.name,
            'product_id': self.product_id.id,
            'quantity': quantity,
            'amount': untaxed - covered,
            'tax_ids': self.tax_ids.ids,
            'analytic_distribution': self.analytic_distribution,
            'sale_line_id': self.id,
        }
        if covered:
            vals['name'] = self.env._("%(line)s\nCovered by agreement.", line=self.name)
        elif any(self.tax_ids.mapped('price_include')):
            vals['taxed_amount'] = taxed
        return vals

    # === HOURS === #

    @api.depends('analytic_line_ids.progress_bill_id')
    def _compute_qty_delivered(self):
        return super()._compute_qty_delivered()

    def _timesheet_compute_delivered_quantity_domain(self):
        """Hours that a fee has billed are not delivered once more on lines billed by the hour (HRS-5)."""
        domain = Domain(super()._timesheet_compute_delivered_quantity_domain())
        return domain & (Domain('progress_bill_id', '=', False) | Domain('so_line.is_progress_billed', '=', True))
