from odoo import api, fields, models, tools
from odoo.exceptions import UserError

READERS = 'progress_billing.group_readonly'
CONTRACT = 'progress_contract_id'
SHOWN = 'progress_shown_contract_id'


def of_contract(field_type, name, **attributes):
    """A field of the contract as the Billing tab shows it, to who may read that contract: empty for others."""
    if field_type is fields.Monetary:
        attributes['currency_field'] = 'progress_currency_id'
    return field_type(related=f'{SHOWN}.{name}', related_sudo=False, tracking=False, groups=READERS, **attributes)


class ProgressTabMixin(models.AbstractModel):
    """The Billing tab: a contract, as the project or the order that it bills shows it.

    Models give ``progress_contract_id``, and :meth:`_get_progress_contract` where it can be made. Each room adds
    its figures and buttons.
    """

    _name = 'progress.tab.mixin'
    _description = "Billing Tab"

    progress_contract_id = fields.Many2one('progress.contract', string="Billing Contract")
    progress_shown_contract_id = fields.Many2one(
        'progress.contract',
        string="Billing Contract on the Tab",
        compute='_compute_progress_shown_contract_id',
        search='_search_progress_shown_contract_id',
        compute_sudo=False,
        groups=READERS,
        help="The billing contract, to whoever may read it: whoever sees the project need not see what it bills.",
    )
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

    @api.depends(CONTRACT)
    @api.depends_context('uid')
    def _compute_progress_shown_contract_id(self):
        readable = self.progress_contract_id._origin._filtered_access('read')
        for record in self:
            record.progress_shown_contract_id = record.progress_contract_id._origin & readable

    def _search_progress_shown_contract_id(self, operator, value):
        return [(CONTRACT, operator, value)]

    def onchange(self, values, field_names, fields_spec):
        """A form that is not saved shows no contract that its user may not read."""
        if values.get(CONTRACT) and not self.env.su:
            self.new({CONTRACT: values[CONTRACT]})[CONTRACT]._origin.check_access('read')
        return super().onchange(values, field_names, fields_spec)

    @api.model
    @tools.ormcache()
    def _get_tab_fields(self):
        """Fields of the tab that are entered there and live on the contract.

        :return dict: the contract's field by the tab's
        """
        return {
            name: field.related.split('.', 1)[1]
            for name, field in self._fields.items()
            if field.related and field.related.startswith(f'{SHOWN}.') and not field.readonly
        }

    def _get_progress_contract(self):
        """The contract of one tab. Extend by ``super()`` where it can be made.

        :raises UserError: where there is none
        """
        self.ensure_one()
        self._check_saved()
        if not self.progress_contract_id:
            raise UserError(
                self.env._("%s has no billing contract yet: choose Set Up Progress Billing first.", self.display_name)
            )
        return self.progress_contract_id

    def _check_saved(self):
        """:raises UserError: for a record that is not stored yet, or none at all"""
        if not all(record.id for record in self):
            raise UserError(self.env._("Save the record before you bill it."))

    # === ACTIONS === #

    def action_open_progress_contract(self):
        """Draft → open for the contract of the tab; see ``progress.contract`` ``action_open``.

        :return dict: reloads the record
        """
        self._get_progress_contract().action_open()
        return {'type': 'ir.actions.act_window_close'}

    def action_view_progress_lines(self):
        """The schedule of values as a list of its own: to import into, filter and sort.

        :return dict: an action on ``progress.contract.line``
        """
        return self._get_progress_contract().action_view_lines()

    def action_import_progress_schedule(self):
        """Bring in the schedule of values from a spreadsheet, after a look at its rows.

        :return dict: the import dialog
        """
        return self._get_progress_contract().action_import_schedule()

    def action_view_progress_contract(self):
        """The contract of the tab, whole.

        :return dict: an action on ``progress.contract``
        """
        return self._get_progress_contract()._get_contract_action()
