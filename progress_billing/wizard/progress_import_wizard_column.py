from odoo import api, fields, models


class ProgressImportWizardColumn(models.TransientModel):
    """A column of the file, and what it holds."""

    _name = 'progress.import.wizard.column'
    _description = "Import Schedule of Values Column"
    _inherit = 'progress.wizard.mixin'

    wizard_id = fields.Many2one('progress.import.wizard', required=True, ondelete='cascade')
    position = fields.Integer()
    heading = fields.Char(string="Column of the File")
    example = fields.Char()
    field_name = fields.Selection(selection='_selection_field_name', string="Holds")

    @api.model
    def _selection_field_name(self):
        labels = self.env['progress.contract.line'].fields_get(attributes=['string'])
        names = (
            'item_number',
            'name',
            'original_quantity',
            'product_uom_id',
            'unit_price',
            'original_amount',
            'completed_percent',
            'retainage_percent',
            'display_type',
            'billing_base',
        )
        return [('unit' if name == 'product_uom_id' else name, labels[name]['string']) for name in names]
