from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import float_compare

from odoo.addons.progress_billing.models.contract.progress_tab_mixin import READERS

QUANTITIES = ('product_uom_qty', 'qty_delivered')


class SaleOrderLine(models.Model):
    """What an hour is sold for, and hours that a fixed fee has billed."""

    _inherit = 'sale.order.line'

    progress_entry_ids = fields.One2many(
        'progress.bill.entry', 'order_line_id', string="On Progress Bills", groups=READERS
    )

    # === ON A BILL === #

    def write(self, vals):
        self._check_billed_quantity_stays(vals)
        return super().write(vals)

    def _check_billed_quantity_stays(self, vals):
        """What a live bill has billed of an expense or product is not taken away under it (HRS-9).

        :raises UserError: naming the bill
        """
        for name in QUANTITIES:
            if name not in vals:
                continue
            # sudo: sale.order.line - what is billed does not depend on who asks
            for line in self.sudo().filtered('progress_entry_ids'):
                follows = 'product_uom_qty' if line.product_id.invoice_policy == 'order' else 'qty_delivered'
                rows = line.progress_entry_ids.filtered('is_live')
                billed = sum(rows.mapped('quantity'))
                if rows and name == follows and float_compare(vals[name], billed, precision_digits=6) < 0:
                    raise UserError(
                        self.env._(
                            "“%(line)s” of %(order)s is on %(bill)s. Delete, cancel or credit that first.",
                            line=line.name,
                            order=line.order_id.display_name,
                            bill=', '.join(bill._get_billed_name() for bill in rows.bill_id),
                        )
                    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_on_bill(self):
        # sudo: sale.order.line - as above
        rows = self.sudo().progress_entry_ids.filtered('is_live')
        if rows:
            raise UserError(
                self.env._(
                    "“%(line)s” is on %(bill)s. Delete, cancel or credit that first.",
                    line=rows[0].order_line_id.name,
                    bill=rows[0].bill_id._get_billed_name(),
                )
            )

    @api.depends('progress_entry_ids.is_live', 'progress_entry_ids.bill_id.invoice_id')
    def _compute_qty_to_invoice(self):
        """What a pro forma holds is not there to be invoiced by others (HRS-8)."""
        result = super()._compute_qty_to_invoice()
        for line in self.filtered('qty_to_invoice'):
            # sudo: progress.bill.entry - as above
            rows = line.sudo().progress_entry_ids.filtered(lambda row: row.is_live and not row.bill_id.invoice_id)
            if rows:
                line.qty_to_invoice -= sum(rows.mapped('quantity'))
        return result

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
        base_lines = [line._prepare_base_line_for_taxes_computation(quantity=line.qty_to_invoice) for line in self]
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

    # === SCREEN === #

    def action_progress_bill(self):
        """Actions > Progress Bill on order lines: the screen for their contracts, with these ticked.

        :return dict: the screen
        :raises UserError: where an order is on no project with an open contract
        """
        contracts = self.env['progress.contract']
        # sudo: project.project - those that an order is tied to by their own line alone
        projects = self.env['project.project'].sudo().search([('sale_line_id.order_id', 'in', self.order_id.ids)])
        for order in self.order_id:
            mine = projects.filtered(lambda project, order=order: project.sale_line_id.order_id == order)
            contract = order.progress_contract_id or order.project_id.progress_contract_id
            tied = mine.progress_contract_id.with_env(self.env)
            contract = contract or tied.filtered(lambda contract: contract.state == 'open') or tied
            if not contract:
                raise UserError(
                    self.env._(
                        "%s is on no project with a fixed fee and an open contract: bill it by Create Invoice.",
                        order.display_name,
                    )
                )
            contracts |= contract
        wizard = contracts._open_progress_bill()
        for kind in ('expense', 'product'):
            lines = self.filtered(lambda line, kind=kind: line.is_expense == (kind == 'expense'))
            wizard.tick_order_lines(kind, True, lines.ids)
        return wizard._get_screen_action()
