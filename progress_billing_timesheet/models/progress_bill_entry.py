from odoo import api, fields, models

from odoo.addons.progress_billing.tools import money


class ProgressBillEntry(models.Model):
    """What a bill bills of hours, expenses and products: a row each, and what it was worth.

    Rows are made with the bill and go with it. Nothing is given back by code: an entry is on a bill while that bill
    is live (HRS-4), and adjustments follow from what the bill comes to (HRS-6).
    """

    _name = 'progress.bill.entry'
    _description = "Entry on a Progress Bill"
    _inherit = 'progress.guard.mixin'
    _order = 'id'
    _check_company_auto = True
    _parent_field = 'bill_id'
    _fixed_fields = ('kind', 'analytic_line_id', 'order_line_id', 'employee_id')

    bill_id = fields.Many2one(
        'progress.bill', required=True, readonly=True, index=True, ondelete='cascade', guarded=True
    )
    contract_id = fields.Many2one(related='bill_id.contract_id', store=True, index=True, guarded=True)
    project_id = fields.Many2one(related='bill_id.project_id', store=True, guarded=True)
    company_id = fields.Many2one(related='bill_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='bill_id.currency_id', store=True, guarded=True)
    kind = fields.Selection(
        [('time', "Time"), ('expense', "Expense"), ('product', "Product"), ('adjustment', "Charged to the Company")],
        required=True,
        default='time',
        readonly=True,
        guarded=True,
    )
    analytic_line_id = fields.Many2one(
        'account.analytic.line',
        string="Time Entry",
        readonly=True,
        index='btree_not_null',
        ondelete='cascade',
        guarded=True,
    )
    order_line_id = fields.Many2one(
        'sale.order.line', readonly=True, index='btree_not_null', ondelete='set null', guarded=True
    )
    employee_id = fields.Many2one('hr.employee', readonly=True, index='btree_not_null', guarded=True)
    task_id = fields.Many2one(
        'project.task', readonly=True, index='btree_not_null', ondelete='set null', guarded=True
    )
    date = fields.Date(readonly=True, guarded=True)
    name = fields.Char(string="Description", readonly=True, guarded=True)
    hours = fields.Float(readonly=True, guarded=True)
    quantity = fields.Float(
        readonly=True, guarded=True, digits='Product Unit', help="Of an expense or product, in the order line's unit."
    )
    value = fields.Monetary(
        readonly=True, guarded=True, help="Rate × hours when it was billed; untaxed amount of an expense or product."
    )
    covered_amount = fields.Monetary(
        string="Covered by Agreement", readonly=True, guarded=True, help="What a service agreement covers of it."
    )
    adjustment_amount = fields.Monetary(
        string="Adjustment",
        compute='_compute_adjustment_amount',
        store=True,
        guarded=True,
        help="Its share of what the fixed fee billed is above, or below, the value of the hours.",
    )
    is_live = fields.Boolean(compute='_compute_is_live', store=True, index=True, guarded=True)

    _entry_once = models.UniqueIndex(
        "(analytic_line_id) WHERE is_live AND analytic_line_id IS NOT NULL",
        "A time entry is on one bill at a time: it has been billed meanwhile.",
    )

    # === COMPUTE === #

    @api.depends('bill_id.bucket')
    def _compute_is_live(self):
        for row in self:
            row.is_live = bool(row.bill_id.bucket)

    @api.depends('name', 'bill_id')
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.name or row.bill_id.display_name

    @api.depends(
        'bill_id.invoiced_amount', 'bill_id.credited_amount', 'bill_id.charge_adjustments_to_company', 'value', 'kind'
    )
    def _compute_adjustment_amount(self):
        for bill, rows in self.grouped('bill_id').items():
            shares = bill._get_adjustments()
            for row in rows:
                row.adjustment_amount = shares.get(row, 0.0)

    def _share_adjustment(self, amount):
        """Share an adjustment over rows of time by their value; by hours where all are worth nothing (HRS-6).

        :param float amount: untaxed, in the contract's currency
        :return dict: amounts by row, which add up to it to the cent
        """
        unit = self.currency_id.rounding
        weights = self.mapped('value')
        if not any(weights):
            weights = self.mapped('hours')
        if not any(weights):
            weights = [1] * len(self)
        shares = money.spread(money.round_to(amount, unit), weights, unit)
        return {row: float(share) for row, share in zip(self, shares, strict=True)}
