from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

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
        amounts = self._sum_by_taxes()
        for contract in self:
            tax = contract._estimate_tax(amounts[contract])
            contract.expected_tax_percent = float(money.ratio_percent(tax, sum(amounts[contract].values())))

    def _sum_by_taxes(self):
        """What the schedule lines are worth by their taxes: one query for the saved contracts, however many lines.

        :return dict: untaxed amounts by ``account.tax`` recordset, by contract
        """
        saved, lines = self.filtered('id'), self.env['progress.contract.line']
        taxes, sums = lines._fields['tax_ids'], {contract: {} for contract in self}
        lines.flush_model(['contract_id', 'revised_amount', 'display_type', 'tax_ids'])
        rows = self.env.execute_query(
            SQL(
                "SELECT contract_id, taxes, SUM(revised_amount) FROM progress_contract_line AS line"
                " CROSS JOIN LATERAL (SELECT array_agg(%(tax)s ORDER BY %(tax)s) AS taxes FROM %(relation)s"
                " WHERE %(line)s = line.id) AS taxed WHERE contract_id = ANY(%(ids)s) AND display_type IS NULL"
                " GROUP BY contract_id, taxes",
                tax=SQL.identifier(taxes.column2),
                line=SQL.identifier(taxes.column1),
                relation=SQL.identifier(taxes.relation),
                ids=saved.ids,
            )
        )
        for contract_id, tax_ids, amount in rows:
            sums[self.browse(contract_id)][self.env['account.tax'].browse(tax_ids)] = amount or 0.0
        for contract in self - saved:
            for line in contract._get_billable_lines():
                sums[contract][line.tax_ids] = sums[contract].get(line.tax_ids, 0.0) + line.revised_amount
        return sums

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
