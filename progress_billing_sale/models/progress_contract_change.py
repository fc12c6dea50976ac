from odoo import fields, models


class ProgressContractChange(models.Model):
    """What a confirmed order's changes propose to the schedule of values."""

    _inherit = 'progress.contract.change'

    sale_order_id = fields.Many2one(
        'sale.order',
        string="Proposed by Order",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        groups='progress_billing.group_readonly,sales_team.group_sale_salesman',
        guarded=True,
        help="Kept in step with the order until it is approved.",
    )

    def _propose(self, vals_list):
        """Bring the lines that the order proposed in step with it; lines that people added stay.

        :param list vals_list: of ``progress.contract.change.line``
        """
        self.ensure_one()
        self.line_ids.filtered('sale_line_id').unlink()
        self.line_ids._create_protected([dict(vals, change_id=self.id) for vals in vals_list])
        if not self.line_ids:
            self.unlink()
