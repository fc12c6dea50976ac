from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.tools import money


class ProgressContractDownPayment(models.Model):
    """Odoo's own down payments of an order become deposits of its contract.

    Each gets a bill of its own that takes over its invoices as they are: nothing is booked
    again. Billed by deposits it is a progress bill, so that what was paid down is not billed
    twice. Billed *as billed* it is a ``down_payment``, money and not progress (SAL-5). The
    final invoice reverses it either way, on the account it was booked on.
    """

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    # === TAKING OVER === #

    def _take_down_payments(self, orders):
        """Make deposits of the down payments of these orders that are still open.

        :param orders: ``sale.order`` on this contract
        :raises UserError: when a down payment was partly deducted, or there is no room for it
        """
        self.ensure_one()
        # sudo: sale.order, account.move - the contract takes over what Odoo invoiced, whoever sets it up
        for lines in orders.sudo()._get_open_down_payments().grouped(lambda line: line.invoice_lines.move_id).values():
            self._take_down_payment(lines)

    def _take_down_payment(self, lines):
        """One bill for one down payment: its invoice, and credit notes of it.

        :param lines: the order's down payment lines of that invoice, one a set of taxes
        """
        items = lines.invoice_lines.filtered(lambda item: item.parent_state != 'cancel')
        moves = items.move_id
        origin = moves.filtered(lambda move: not move.reversed_entry_id)
        if (
            len(origin) != 1
            or (moves - origin).reversed_entry_id - origin
            or moves.invoice_line_ids.filtered(lambda item: item.display_type == 'product' and item not in items)
        ):
            raise UserError(
                self.env._(
                    "The down payment of %(order)s on %(invoices)s has been deducted in part. Invoice or credit the "
                    "rest of it first.",
                    order=lines.order_id.display_name,
                    invoices=', '.join(moves.mapped('display_name')),
                )
            )
        # sudo: progress.bill - the bill of an invoice that Odoo made is made by no user
        bill = self.env['progress.bill'].sudo()._create_protected([self._prepare_down_payment_bill_vals(origin)])
        if bill.kind == 'progress':
            for item in origin.invoice_line_ids & items:
                self._spread_down_payment(bill, item)
        bill._draw_names()
        items.analytic_distribution = False  # not earned yet (DEP-4): what Odoo booked as earned goes
        items._write_protected({'progress_line_type': 'deposit', 'progress_deposit_bill_id': bill.id})
        moves._write_protected({'progress_bill_id': bill.id, 'progress_revision': bill.revision})
        bill._write_protected({'review_state': 'cancelled'})  # what it falls back to when its invoice is deleted
        bill.line_ids.contract_line_id._check_not_overbilled()

    def _prepare_down_payment_bill_vals(self, move):
        """Values of the bill that stands for a down payment.

        :param move: the down payment invoice
        """
        return {
            'contract_id': self.id,
            'partner_id': move.partner_id.id,
            'kind': 'progress' if self.revenue_recognition == 'deposit' else 'down_payment',
            'trigger': 'manual',
            'title': self.env._("Down Payment"),
            'date': move.invoice_date or self.company_id._get_progress_today(),
            'is_sale_down_payment': True,
            'review_state': 'draft',
            'generated_on': fields.Datetime.now(),
            'revision': 1,
        }

    def _spread_down_payment(self, bill, item):
        """Bill lines for an item of a down payment: by what is left on the order's lines of the same taxes."""
        unit = self.currency_id.rounding
        mine = self._get_billable_lines().filtered(
            lambda line: line.sale_line_id.order_id == item.sale_line_ids.order_id
        )
        lines = mine.filtered(lambda line: line.tax_ids == item.tax_ids) or mine
        rest = [max(money.to_decimal(line._get_amount_left()), money.ZERO) for line in lines]
        if not sum(rest):
            raise UserError(
                self.env._(
                    "There is nothing left on %(contract)s that the down payment %(invoice)s could be for.",
                    contract=self.display_name,
                    invoice=item.move_id.display_name,
                )
            )
        net, amounts = self.env['progress.tax.engine']._merge(
            [line for line in item.move_id._get_rounded_base_and_tax_lines()[0] if line['record'] == item]
        )
        shares = money.spread(net, rest, unit)
        taxes = {tax: money.spread(values[1], rest, unit) for tax, values in amounts.items()}
        for index, (line, share) in enumerate(zip(lines, shares, strict=True)):
            self._add_down_payment_line(
                bill, line, float(share), {tax: float(taxes[tax][index]) for tax in taxes}, item
            )

    def _add_down_payment_line(self, bill, line, share, taxes, item):
        """A bill line, or more on the one there is."""
        kept = self.env['progress.tax.engine']._prepare_taxes_to_keep(
            item.tax_ids, {tax: (share, amount) for tax, amount in taxes.items()}
        )
        existing = bill.line_ids.filtered(lambda bill_line: bill_line.contract_line_id == line)
        if existing:
            taken, amount = existing.tax_amounts, self.currency_id.round(existing.amount + share)
            for tax, (rate, base, tax_amount) in taken['amounts'].items():
                _rate, more, more_tax = kept['amounts'].get(tax, (rate, 0.0, 0.0))
                sums = self.currency_id.round(base + more), self.currency_id.round(tax_amount + more_tax)
                kept['amounts'][tax] = (rate, *sums)
            kept['taxes'] = taken['taxes']
            existing._write_protected(
                {'amount': amount, 'quantity': line._get_quantity_for(amount), 'tax_amounts': kept}
            )
        elif share or any(taxes.values()):
            bill.line_ids._create_protected(
                [
                    {
                        'bill_id': bill.id,
                        'contract_line_id': line.id,
                        'amount': share,
                        'quantity': line._get_quantity_for(share),
                        'tax_amounts': kept,
                    }
                ]
            )

    # === GIVING BACK === #

    def _release_down_payments(self):
        """Give the down payments of these contracts back to Odoo's own invoicing, as they were."""
        # sudo: progress.bill, account.move - as when they were taken over
        bills = self.sudo().bill_ids.filtered('is_sale_down_payment')
        items = bills.move_ids.line_ids.filtered(lambda item: item.progress_line_type == 'deposit')
        bills.move_ids._write_protected({'progress_bill_id': False, 'progress_revision': 0})
        for item in items:
            distribution = item.sale_line_ids[:1].analytic_distribution
            item._write_protected({'progress_line_type': False, 'progress_deposit_bill_id': False})
            item.analytic_distribution = distribution
        bills.unlink()

    def write(self, vals):
        """What a down payment is follows the recognition of the contract, which can change until it is billed."""
        if 'revenue_recognition' not in vals:
            return super().write(vals)
        changing = self.filtered(
            lambda contract: (
                contract.revenue_recognition != vals['revenue_recognition'] and not contract._get_standing_bills()
            )
        )
        changing._release_down_payments()
        result = super().write(vals)
        for contract in changing:
            # sudo: sale.order - as above
            contract._take_down_payments(contract.sudo().sale_order_ids)
        return result

    # === DEPOSITS HELD === #

    @api.depends('bill_ids.is_sale_down_payment', 'bill_ids.invoice_ids')
    def _compute_deposit_balance(self):
        """Down payments of contracts billed *as billed* are deposits too."""
        result = super()._compute_deposit_balance()
        for contract in self:
            bills = contract.bill_ids.filtered(lambda bill: bill.bucket == 'actual')
            if 'final' in bills.mapped('kind'):
                continue
            # sudo: account.move.line - a sum, for users without accounting rights
            items = bills.filtered(lambda bill: bill.kind == 'down_payment').sudo().move_ids.line_ids
            held = items.filtered(lambda item: item.progress_line_type == 'deposit' and item.parent_state == 'posted')
            if held:
                contract.deposit_balance -= sum(held.mapped('amount_currency'))
        return result

    def _settles_deposits(self):
        """A contract billed *as billed* settles the down payments it opened with."""
        return super()._settles_deposits() or bool(self.bill_ids.filtered(lambda bill: bill.kind == 'down_payment'))
