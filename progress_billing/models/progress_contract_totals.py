from odoo import api, fields, models

from ..tools import money

LINE_TOTALS = ('original_amount', 'change_amount', 'revised_amount', 'pending_amount', 'draft_amount', 'actual_amount')


class ProgressContractTotals(models.AbstractModel):
    """Totals of a contract: sums of its lines and bills, never counted up by hand (SPEC §1).

    All amounts are untaxed, in the contract's currency. They are stored so that lists can
    sort, filter and group by them.
    """

    _name = 'progress.contract.totals'
    _description = "Billing Contract Totals"

    currency_id = fields.Many2one('res.currency')
    original_amount = fields.Monetary(string="Original Contract", compute='_compute_line_totals', store=True)
    change_amount = fields.Monetary(string="Net Change", compute='_compute_line_totals', store=True)
    revised_amount = fields.Monetary(string="Revised Contract", compute='_compute_line_totals', store=True)
    pending_amount = fields.Monetary(string="Pending", compute='_compute_line_totals', store=True)
    draft_amount = fields.Monetary(string="Draft Invoices", compute='_compute_line_totals', store=True)
    actual_amount = fields.Monetary(string="Invoiced", compute='_compute_line_totals', store=True)
    wip_available = fields.Monetary(
        string="WIP Available to Bill",
        compute='_compute_line_totals',
        store=True,
        help="Revised contract less draft and posted invoices: the most that can still be billed.",
    )
    completed_percent = fields.Float(
        string="Completed (%)",
        compute='_compute_line_totals',
        store=True,
        digits=(16, 10),
        aggregator='avg',
        help="Work completed, weighted by the worth of the lines.",
    )
    billed_percent = fields.Float(string="Billed (%)", compute='_compute_line_totals', store=True, aggregator='avg')
    deposit_balance = fields.Monetary(
        string="Deposits Held",
        compute='_compute_deposit_balance',
        store=True,
        help="Posted deposits that the final invoice has not reversed yet, untaxed.",
    )
    is_overbilled = fields.Boolean(compute='_compute_line_totals', store=True)

    @api.depends(*[f'line_ids.{name}' for name in LINE_TOTALS], 'line_ids.completed_percent', 'line_ids.display_type')
    def _compute_line_totals(self):
        for contract in self:
            lines = contract.line_ids.filtered(lambda line: not line.display_type)
            for name in LINE_TOTALS:
                contract[name] = sum(lines.mapped(name))
            billed = contract.draft_amount + contract.actual_amount
            contract.wip_available = contract.revised_amount - billed
            contract.billed_percent = float(money.ratio_percent(billed, contract.revised_amount))
            done = (
                sum(
                    (
                        money.to_decimal(line.revised_amount) * money.to_decimal(line.completed_percent)
                        for line in lines
                    ),
                    money.ZERO,
                )
                / 100
            )
            contract.completed_percent = float(money.ratio_percent(done, contract.revised_amount))
            contract.is_overbilled = bool(
                money.room_left(contract.revised_amount, billed, 0, contract.currency_id.rounding or '0.01')
            )

    @api.depends(
        'revenue_recognition',
        'bill_ids.bucket',
        'bill_ids.kind',
        'bill_ids.invoiced_amount',
        'bill_ids.credited_amount',
        'bill_ids.opening_deposit_amount',
    )
    def _compute_deposit_balance(self):
        for contract in self:
            actual = contract.bill_ids.filtered(lambda bill: bill.bucket == 'actual')
            balance = 0.0
            if 'final' not in actual.mapped('kind'):
                balance = sum(actual.mapped('opening_deposit_amount'))
                if contract.revenue_recognition == 'deposit':
                    balance += sum(
                        bill.invoiced_amount - bill.credited_amount for bill in actual if bill.kind == 'progress'
                    )
            contract.deposit_balance = balance
