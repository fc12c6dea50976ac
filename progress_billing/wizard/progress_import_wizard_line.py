from odoo import api, fields, models

from ..tools import schedule_rows

DISPLAY_TYPES = {'section': 'line_section', 'subsection': 'line_subsection', 'note': 'line_note'}


class ProgressImportWizardLine(models.TransientModel):
    """A row of the file as it will be imported, or why it will not."""

    _name = 'progress.import.wizard.line'
    _description = "Import Schedule of Values Row"
    _inherit = 'progress.wizard.mixin'
    _order = 'row_number, id'

    wizard_id = fields.Many2one('progress.import.wizard', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='wizard_id.currency_id')
    row_number = fields.Integer(string="Row")
    kind = fields.Selection(
        [
            (schedule_rows.LINE, "Line"),
            (schedule_rows.SECTION, "Section"),
            (schedule_rows.SUBSECTION, "Subsection"),
            (schedule_rows.NOTE, "Note"),
            (schedule_rows.SKIPPED, "Not imported"),
        ],
        string="Imported As",
        required=True,
        default=schedule_rows.LINE,
    )
    item_number = fields.Char(string="Item")
    name = fields.Text(string="Description")
    original_quantity = fields.Float(string="Quantity", digits='Product Unit')
    product_uom_id = fields.Many2one('uom.uom', string="Unit")
    unit_price = fields.Float(min_display_digits='Product Price')
    original_amount = fields.Monetary(string="Amount")
    completed_percent = fields.Float(string="Completed (%)", digits=(16, 2))
    retainage_percent = fields.Float(string="Retainage (%)", digits=(16, 2))
    billing_base = fields.Selection([('amount', "Amount"), ('quantity', "Quantity")], default='amount')
    remark = fields.Char(string="To Look At")
    has_problem = fields.Boolean()

    @api.onchange('original_amount', 'kind')
    def _onchange_problem(self):
        """Whoever sets the amount, or leaves the row out, has settled what was wrong with it."""
        self.has_problem = False

    def _prepare_contract_line_vals(self, sequence):
        """Values of the schedule line.

        :param int sequence: its place
        """
        self.ensure_one()
        contract = self.wizard_id.contract_id
        vals = {
            'contract_id': contract.id,
            'sequence': sequence,
            'item_number': self.item_number,
            'name': self.name or self.item_number,
            'display_type': DISPLAY_TYPES.get(self.kind, False),
        }
        if self.kind != schedule_rows.LINE:
            return vals
        vals['original_amount'] = self.original_amount
        for name in ('original_quantity', 'unit_price', 'completed_percent', 'retainage_percent'):
            if self[name]:
                vals[name] = self[name]
        if self.product_uom_id:
            vals['product_uom_id'] = self.product_uom_id.id
        if contract.default_tax_ids:
            vals['tax_ids'] = [fields.Command.set(contract.default_tax_ids.ids)]
        if (self.wizard_id.by_quantity or self.billing_base == 'quantity') and self._is_priced():
            vals['billing_base'] = 'quantity'
        return vals

    def _is_priced(self):
        """Whether the amount is the quantity times the unit price."""
        priced = self.currency_id.round(self.original_quantity * self.unit_price)
        return bool(priced) and self.currency_id.compare_amounts(priced, self.original_amount) == 0
