from odoo import api, fields, models

READERS = 'progress_billing.group_readonly'


def of_contract(field_type, name, **attributes):
    """A field of the contract as the Billing tab shows it, to who may read contracts."""
    if field_type is fields.Monetary:
        attributes['currency_field'] = 'progress_currency_id'
    return field_type(related=f'progress_contract_id.{name}', tracking=False, groups=READERS, **attributes)


class ProgressTabMixin(models.AbstractModel):
    """The Billing tab of a project or an order: one contract, shown and written to on another record.

    Models say which contract by ``progress_contract_id``; the rooms add what they are about.
    """

    _name = 'progress.tab.mixin'
    _description = "Billing Tab"

    progress_contract_id = fields.Many2one('progress.contract', string="Billing Contract")

    progress_line_ids = of_contract(fields.One2many, 'line_ids', readonly=False)
    progress_partner_id = of_contract(fields.Many2one, 'partner_id', readonly=False, string="Billed Customer")
    progress_revenue_recognition = of_contract(fields.Selection, 'revenue_recognition', readonly=False)
    progress_use_pro_forma = of_contract(fields.Boolean, 'use_pro_forma', readonly=False)
    progress_default_tax_ids = of_contract(fields.Many2many, 'default_tax_ids')
    progress_currency_id = of_contract(fields.Many2one, 'currency_id', string="Contract Currency")
    progress_state = of_contract(fields.Selection, 'state', string="Contract Status")
    progress_original_amount = of_contract(fields.Monetary, 'original_amount')
    progress_change_amount = of_contract(fields.Monetary, 'change_amount')
    progress_revised_amount = of_contract(fields.Monetary, 'revised_amount')
    progress_blockers = of_contract(fields.Text, 'blockers')

    def _get_progress_contract(self):
        """The contract that the tab of these records shows.

        :raises UserError: where there is none
        """
        return self.progress_contract_id

    @api.model
    def _get_tab_fields(self):
        """Fields of the tab that are written to the contract.

        :return dict: their names on the contract by their names here
        """
        return {
            name: field.related.partition('.')[2]
            for name, field in self._fields.items()
            if field.related and field.related.startswith('progress_contract_id.') and not field.readonly
        }

    def action_open_progress_contract(self):
        """Draft → open for the contract of the tab; see ``progress.contract`` ``action_open``.

        :return dict: reloads the project
        """
        self._get_progress_contract().action_open()
        return {'type': 'ir.actions.act_window_close'}

    def action_view_progress_lines(self):
        """The schedule of values as a list of its own: to import into, filter and sort.

        :return dict: an action on ``progress.contract.line``
        """
        self.ensure_one()
        return self._get_progress_contract().action_view_lines()

    def action_view_progress_contract(self):
        """The contract of the tab, whole.

        :return dict: an action on ``progress.contract``
        """
        self.ensure_one()
        return self._get_progress_contract()._get_contract_action()
