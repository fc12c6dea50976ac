from collections import defaultdict

from odoo import fields, models

from ..contract.progress_contract_side import OPPOSITE_TYPE


class ProgressBillLineDownPayment(models.Model):
    """Lines of down payments, and lines that take them off another bill."""

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    down_payment_use_id = fields.Many2one(
        'progress.down.payment.use', readonly=True, index='btree_not_null', ondelete='cascade', guarded=True
    )
    down_payment_line_id = fields.Many2one(
        'progress.bill.line',
        readonly=True,
        index='btree_not_null',
        ondelete='set null',
        guarded=True,
        help="The line of the down payment that this one takes from.",
    )
    applied_line_ids = fields.One2many('progress.bill.line', 'down_payment_line_id')

    def _get_progress_line_type(self):
        if self.source != 'down_payment':
            return super()._get_progress_line_type()
        return 'down_payment_use' if self.down_payment_use_id else 'down_payment'

    def _prepare_sourced_item_vals(self, net, amounts):
        """A down payment stands on the deposit account, without analytics, and so does what takes it off (DEP-20)."""
        vals = super()._prepare_sourced_item_vals(net, amounts)
        if self.source == 'down_payment':
            deposit = self.down_payment_use_id.down_payment_id or self.bill_id
            vals.update(product_uom_id=False, analytic_distribution=False, progress_deposit_bill_id=deposit.id)
        return vals

    def _get_taken_taxes(self):
        """What a line beside the schedule comes to, less what posted credit notes took back of it.

        :return tuple: untaxed amount and ``{tax id: [base, tax amount]}``, in the contract's currency
        """
        self.ensure_one()
        net, totals = self.amount, defaultdict(lambda: [0.0, 0.0])
        for tax, (_rate, base, amount) in (self.tax_amounts or {}).get('amounts', {}).items():
            totals[int(tax)] = [base, amount]
        if not self.credited_amount:
            return net, totals
        # sudo: account.move - what is left of a down payment, for users without accounting rights
        for move in self.sudo().bill_id._get_reversals():
            sign = 1 if move.move_type in OPPOSITE_TYPE else -1
            for base_line in move._get_rounded_base_and_tax_lines()[0]:
                if base_line['record'].progress_bill_line_id.id == self.id:
                    part, amounts = self.env['progress.tax.engine']._merge([base_line])
                    net += sign * part
                    for tax, (base, amount) in amounts.items():
                        totals[tax][0] += sign * base
                        totals[tax][1] += sign * amount
        return net, totals
