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
    @api.depends_context('uid', 'allowed_company_ids')
    def _compute_progress_shown_contract_id(self):
        readable = self.progress_contract_id._origin._filtered_access('read')
        for record in self:
            contract = record.progress_contract_id._origin
            record.progress_shown_contract_id = contract & readable or (contract and record._find_shown_contract())

    def _get_tab_contracts(self):
        """The contracts of these tabs: what the user sees, where companies share a project."""
        return self.env['progress.contract'].union(*(record[SHOWN] or record[CONTRACT] for record in self))

    def _find_shown_contract(self):
        """What the tab shows to who may not read its contract. Extend by ``super()`` where there are several.

        :return: ``progress.contract``, may be empty
        """
        return self.env['progress.contract']

    def _search_progress_shown_contract_id(self, operator, value):
        return [(CONTRACT, operator, value)]

    def onchange(self, values, field_names, fields_spec):
        """A form that is not saved shows no contract that its user may not read."""
        if values.get(CONTRACT) and not self.env.su:
            self.new({CONTRACT: values[CONTRACT]})[CONTRACT]._origin.check_access('read')
        return super().onchange(values, field_names, fields_spec)

    def web_read(self, specification):
        """What a form shows on the tab: read from the contracts in one go, not field by field; where there is none, it
        is empty without being read (CON-15).

        :param dict specification: as Odoo's
        :return list: a dict a record
        """
        shown = specification.keys() & self._get_shown_fields().keys()
        if not shown or not all(self._ids) or not self._has_field_access(self._fields[SHOWN], 'read'):
            return super().web_read(specification)
        blank = self._get_blank_values()
        own = {name: spec for name, spec in specification.items() if name not in blank}
        tab = specification.keys() & blank.keys()
        rows = super().web_read({CONTRACT: {}, **own})
        if any(row[CONTRACT] for row in rows):
            records = self.browse([row['id'] for row in rows])
            found = records._read_shown(specification, shown)
            # a contract's own groups may be narrower: such fields are read as Odoo does, and refused as it does
            given = set(next(iter(found.values()), shown))
            rest = {SHOWN: {}} | {name: specification[name] for name in tab - given}
            others = super(ProgressTabMixin, records).web_read(rest)
            values = [other | found.get(record[SHOWN].id, {}) for record, other in zip(records, others, strict=True)]
        else:
            given, values = tab, [{} for _row in rows]
        for row, further in zip(rows, values, strict=True):
            row.update({name: blank[name]() for name in given} | further)
            for name in {CONTRACT, SHOWN} - specification.keys():
                row.pop(name, None)
        return rows

    def _read_shown(self, specification, names):
        """Fields of the contracts that the tabs of these records show.

        :param names: the tab's names for them
        :return dict: values by the tab's names, by id of the contract
        """
        shown, contracts = self._get_shown_fields(), self[SHOWN]
        readable = [name for name in names if contracts._has_field_access(contracts._fields[shown[name]], 'read')]
        rows = contracts.web_read({shown[name]: specification[name] for name in readable}) if contracts else []
        return {row['id']: {name: row[shown[name]] for name in readable} for row in rows}

    @api.model
    @tools.ormcache()
    def _get_shown_fields(self):
        """Fields of the tab that show one of the contract.

        :return dict: the contract's field by the tab's
        """
        return {
            name: field.related.split('.', 1)[1]
            for name, field in self._fields.items()
            if field.related and field.related.startswith(f'{SHOWN}.') and field.groups == READERS
        }

    @api.model
    @tools.ormcache()
    def _get_blank_values(self):
        """What a form reads of each field where there is no contract.

        :return dict: callables by name of the field
        """
        numbers = {'integer': int, 'float': float, 'monetary': float, 'one2many': list, 'many2many': list}
        names = (*self._get_shown_fields(), *self._get_contract_names(), SHOWN)
        return {name: numbers.get(self._fields[name].type, bool) for name in names}

    @api.model
    def _get_contract_names(self):
        """Fields beside those that show one of the contract, empty where there is none. Extend by ``super()``.

        :return frozenset: names
        """
        return frozenset()

    @api.model
    @tools.ormcache()
    def _get_tab_fields(self):
        """Fields of the tab that are entered there and live on the contract.

        :return dict: the contract's field by the tab's
        """
        return {name: shown for name, shown in self._get_shown_fields().items() if not self._fields[name].readonly}

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
