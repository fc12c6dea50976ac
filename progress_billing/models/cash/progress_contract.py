from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import money


class ProgressContractForecast(models.Model):
    """What is expected of a contract: its cost at completion, and the tax on what is planned."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    company_currency_id = fields.Many2one(related='company_id.currency_id', string="Company Currency")
    estimated_cost = fields.Monetary(
        currency_field='company_currency_id',
        tracking=True,
        copy=False,
        help="What the work of this contract will have cost when it is done, in the company's currency. "
        "The WIP schedule measures progress against it.",
    )
    expected_tax_percent = fields.Float(
        string="Expected Tax (%)",
        compute='_compute_expected_tax_percent',
        store=True,
        digits=(16, 6),
        aggregator=None,
        guarded=True,
        help="Taxes of the schedule of values: what payments of planned bills are expected to carry on top.",
    )

    @api.depends('line_ids.tax_ids', 'line_ids.revised_amount', 'line_ids.display_type', 'currency_id')
    def _compute_expected_tax_percent(self):
        for contract in self:
            amounts = {}
            for line in contract.line_ids:
                if not line.display_type:
                    amounts[line.tax_ids] = amounts.get(line.tax_ids, 0.0) + line.revised_amount
            tax = contract._estimate_tax(amounts)
            contract.expected_tax_percent = float(money.ratio_percent(tax, sum(amounts.values())))

    def _estimate_tax(self, amounts):
        """Tax on the whole schedule, as one invoice of it would have.

        :param dict amounts: untaxed, by ``account.tax`` recordset
        """
        # sudo: progress.tax.engine - an estimate, for users without accounting rights
        engine = self.env['progress.tax.engine'].sudo()
        # sudo: account.tax - as above
        base_lines = [engine._base_line(self, amount, taxes.sudo()) for taxes, amount in amounts.items() if taxes]
        if not base_lines or not self.currency_id:
            return 0.0
        engine._compute_taxes(base_lines, self.company_id)
        _net, taxes = engine._merge(base_lines)
        return sum(tax_amount for _base, tax_amount in taxes.values())

    @api.constrains('estimated_cost')
    def _check_estimated_cost(self):
        for contract in self:
            if contract.estimated_cost < 0:
                raise ValidationError(self.env._("Estimated Cost of %s cannot be negative.", contract.display_name))
