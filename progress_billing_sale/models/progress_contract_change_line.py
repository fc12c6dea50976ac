from odoo import fields, models


class ProgressContractChangeLine(models.Model):
    _inherit = 'progress.contract.change.line'

    sale_line_id = fields.Many2one(
        'sale.order.line',
        string="Order Line",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        groups='progress_billing.group_readonly,sales_team.group_sale_salesman',
        guarded=True,
    )

    def _create_contract_lines(self):
        """The schedule lines a change order adds stand for the order lines that proposed them."""
        new = self.filtered(lambda line: not line.contract_line_id)
        result = super()._create_contract_lines()
        # sudo: sale.order.line - the link, for billing users without sales rights
        for line in new.sudo().filtered('sale_line_id'):
            line.contract_line_id._write_protected(
                {
                    'sale_line_id': line.sale_line_id.id,
                    'analytic_distribution': line.sale_line_id.analytic_distribution,
                }
            )
        return result
