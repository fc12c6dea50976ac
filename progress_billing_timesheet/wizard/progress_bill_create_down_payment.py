from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.progress_billing.tools import money


class ProgressBillCreateDownPayment(models.TransientModel):
    """Less of the customer's down payments than apply by themselves, never more (DEP-21)."""

    _name = 'progress.bill.create'
    _inherit = 'progress.bill.create'

    lower_down_payment = fields.Boolean(
        string="Apply Less", help="Down payments apply by themselves: apply less of them on this bill."
    )
    down_payment_most = fields.Monetary(
        string="At Most",
        compute='_compute_down_payment_most',
        store=True,
        readonly=False,
        help="Untaxed: what is applied of down payments together, in the order in which they apply.",
    )
    down_payment_available = fields.Monetary(
        compute='_compute_down_payment_available', recursive=True, help="Untaxed: what applies by itself."
    )

    @api.depends('lower_down_payment')
    def _compute_down_payment_most(self):
        """Where somebody starts: what applies by itself."""
        for wizard in self:
            wizard.down_payment_most = wizard._sum_down_payments() if wizard.lower_down_payment else 0.0

    @api.depends('down_payment_applied', 'lower_down_payment', 'child_ids.down_payment_available')
    def _compute_down_payment_available(self):
        for wizard in self._sum_children('down_payment_available'):
            lowered = wizard.lower_down_payment
            wizard.down_payment_available = wizard._sum_down_payments() if lowered else wizard.down_payment_applied

    @api.depends('lower_down_payment', 'down_payment_most')
    def _compute_net_amount(self):
        return super()._compute_net_amount()

    @api.depends('lower_down_payment', 'down_payment_most')
    def _compute_preview(self):
        return super()._compute_preview()

    def _sum_down_payments(self):
        """What applies by itself, whatever somebody typed."""
        return self.currency_id.round(sum(vals['amount'] for vals in self._get_own_down_payments()))

    def _get_own_down_payments(self):
        """Down payments as they apply by themselves: see :meth:`_prepare_down_payment_use_vals`."""
        self.ensure_one()
        contract = self.contract_id
        if not contract:
            return []
        kind = 'final' if self.is_final else 'progress'
        vals = {'contract_id': contract.id, 'partner_id': contract.partner_id.id, 'kind': kind}
        bill = self.env['progress.bill'].new(vals)
        allocated = contract._allocate_down_payments(
            self._get_net_before(), self.wip_bill_amount, bill=bill, records=self._get_billed_records
        )
        return [
            {'down_payment_id': down_payment.id, 'amount': float(amount)} for down_payment, amount in allocated.items()
        ]

    def _get_billed_records(self):
        """What this bill will bill of single records: see ``progress.bill._get_billed_records``."""
        self.ensure_one()
        rows = [(row['contract_line_id'], row['amount']) for row in self._prepare_preview_claims()]
        # sudo: account.analytic.line, sale.order.line - the same for everyone who bills
        models = {name: self.env[name].sudo() for name in ('account.analytic.line', 'sale.order.line')}
        lines = self.env['progress.contract.line']
        billed = {lines.browse(line): money.to_decimal(amount) for line, amount in rows}
        for row in self._prepare_entries():
            value = money.to_decimal(row.get('value')) - money.to_decimal(row.get('covered_amount'))
            if row.get('analytic_line_id'):
                billed[models['account.analytic.line'].browse(row['analytic_line_id'])] = value
            elif row.get('order_line_id'):
                billed[models['sale.order.line'].browse(row['order_line_id'])] = value
        return billed

    def _is_ended(self, vals):
        """Whether this bill ends a down payment, so that nobody can apply less of it (DEP-23)."""
        # sudo: progress.bill - of another contract maybe
        paid = self.env['progress.bill'].sudo().browse(vals['down_payment_id'])
        return self.is_final and paid.contract_id == self.contract_id

    @api.constrains('down_payment_most')
    def _check_down_payment_most(self):
        for wizard in self:
            if wizard.down_payment_most < 0:
                raise ValidationError(
                    self.env._(
                        "What is applied of down payments on %s may not be negative.", wizard.contract_id.display_name
                    )
                )

    # === HOOKS === #

    def _prepare_down_payment_use_vals(self):
        """Down payments that this bill will use up: they apply by themselves when it is made. Writes nothing.

        :return list: values of ``progress.down.payment.use`` without the bill: ``down_payment_id`` and a positive
            ``amount``, untaxed, in the contract's currency
        """
        return [vals for vals in self._get_lowered_down_payments() if vals['amount']]

    def _get_lowered_down_payments(self):
        """Every down payment that applies by itself, with what is applied of it: nothing maybe."""
        uses = self._get_own_down_payments()
        if not self.lower_down_payment:
            return uses
        left, result = money.to_decimal(self.currency_id.round(self.down_payment_most)), []
        for vals in uses:
            amount = money.to_decimal(vals['amount'])
            if not self._is_ended(vals):
                amount = max(min(amount, left), money.ZERO)
            left -= amount
            result.append({**vals, 'amount': float(amount)})
        return result

    def _check_can_continue(self):
        """What a final invoice ends cannot be less.

        :raises UserError: naming the least
        """
        result = super()._check_can_continue()
        if self.lower_down_payment:
            ended = sum(vals['amount'] for vals in self._get_own_down_payments() if self._is_ended(vals))
            if self.currency_id.compare_amounts(self.down_payment_most, ended) < 0:
                raise UserError(
                    self.env._(
                        "The final invoice of %(contract)s ends its down payments: at least %(amount)s of them are "
                        "applied.",
                        contract=self.contract_id.display_name,
                        amount=self.contract_id._show_amount(ended),
                    )
                )
        return result

    def _prepare_attached_vals(self):
        """What somebody lowered stays so on the bill, whatever changes on it (DEP-21)."""
        vals = super()._prepare_attached_vals()
        if self.lower_down_payment:
            limits = {str(use['down_payment_id']): use['amount'] for use in self._get_lowered_down_payments()}
            vals['down_payment_limits'] = limits or False
        return vals
