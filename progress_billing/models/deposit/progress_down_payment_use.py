from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProgressDownPaymentUse(models.Model):
    """A down payment applied on a bill: what, where, how much (DEP-21).

    Balances are sums over these rows; a bill that is gone, cancelled or credited in full counts no more, so that
    nothing has to be given back. A person may lower the amount on a pro forma, and change nothing else.
    """

    _name = 'progress.down.payment.use'
    _description = "Applied Down Payment"
    _inherit = 'progress.guard.mixin'
    _parent_field = 'bill_id'
    _fixed_fields = ('down_payment_id',)
    _order = 'bill_id, id'
    _rec_name = 'down_payment_id'

    down_payment_id = fields.Many2one(
        'progress.bill', required=True, readonly=True, index=True, ondelete='cascade', guarded=True
    )
    bill_id = fields.Many2one(
        'progress.bill',
        string="Applied On",
        required=True,
        readonly=True,
        index=True,
        ondelete='cascade',
        guarded=True,
    )
    amount = fields.Monetary(help="Untaxed, in the currency of both bills.")
    line_ids = fields.One2many('progress.bill.line', 'down_payment_use_id', string="Lines")
    company_id = fields.Many2one(related='bill_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='bill_id.currency_id')
    contract_id = fields.Many2one(related='bill_id.contract_id')
    bill_state = fields.Selection(related='bill_id.state')
    bucket = fields.Selection(related='bill_id.bucket', store=True, guarded=True)
    date = fields.Date(related='bill_id.date')
    live_amount = fields.Monetary(
        string="Standing",
        compute='_compute_live_amount',
        store=True,
        guarded=True,
        help="Untaxed: what still stands of it, on a draft or an invoice, less what credit notes took back.",
    )

    @api.depends('bill_id.bucket', 'line_ids.amount', 'line_ids.credited_amount')
    def _compute_live_amount(self):
        for use in self:
            taken = sum(line.credited_amount - line.amount for line in use.line_ids)
            use.live_amount = use.currency_id.round(taken) if use.bill_id.bucket else 0.0

    @api.constrains('amount', 'down_payment_id', 'bill_id')
    def _check_amount(self):
        for use in self.sudo():  # sudo: progress.bill - the down payment may be of a contract the user does not see
            if use.currency_id.compare_amounts(use.amount, 0.0) < 0:
                raise ValidationError(
                    self.env._("What is applied on %s of a down payment may not be negative.", use.bill_id.display_name)
                )
            if use.down_payment_id.kind != 'down_payment' or use.bill_id.kind not in ('progress', 'final'):
                raise ValidationError(
                    self.env._(
                        "%(paid)s cannot be applied on %(bill)s.",
                        paid=use.down_payment_id.display_name,
                        bill=use.bill_id.display_name,
                    )
                )

    # === CRUD === #

    def write(self, vals):
        """An amount that somebody types is the most that is applied on that bill from then on."""
        typed = 'amount' in self._get_typed(vals)
        bills = self.bill_id
        if typed:
            bills._check_may_bill()
            bills.contract_id._lock_for_billing()
            bills._check_lines_editable()
        result = super().write(vals)
        if typed:
            bills._lower_down_payments()
        return result
