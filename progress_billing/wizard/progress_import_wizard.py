import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..tools import schedule_file, schedule_rows


class ProgressImportWizard(models.TransientModel):
    """Bring in a schedule of values from the file a contractor has: look at it first, then import it.

    Odoo's own import does the same for whoever knows it; this one shows every row, what it is
    taken for, and the sum that comes in.
    """

    _name = 'progress.import.wizard'
    _description = "Import Schedule of Values"
    _inherit = 'progress.wizard.mixin'

    contract_id = fields.Many2one('progress.contract', required=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    file_data = fields.Binary(string="File", attachment=False)
    file_name = fields.Char()
    sheet_name = fields.Char(string="Another Sheet", help="Name of the sheet to read instead.")
    # what was read is saved with the rows: given rows keep the ORM from computing anything else of the file
    sheet_names = fields.Char(string="Sheet", compute='_compute_contents', store=True, readonly=False)
    read_sheet = fields.Char(compute='_compute_contents', store=True, readonly=False)
    read_columns = fields.Char(
        compute='_compute_contents', store=True, readonly=False, help="What the columns held when the rows were read."
    )
    file_error = fields.Char(compute='_compute_contents', store=True, readonly=False)
    has_heading = fields.Boolean(compute='_compute_contents', store=True, readonly=False)
    has_stated_amount = fields.Boolean(compute='_compute_contents', store=True, readonly=False)
    stated_amount = fields.Monetary(
        string="Total in the File",
        compute='_compute_contents',
        store=True,
        readonly=False,
        help="What the file itself says it is.",
    )
    column_ids = fields.One2many(
        'progress.import.wizard.column', 'wizard_id', compute='_compute_contents', store=True, readonly=False
    )
    line_ids = fields.One2many(
        'progress.import.wizard.line', 'wizard_id', compute='_compute_contents', store=True, readonly=False
    )
    by_quantity = fields.Boolean(
        string="Bill by Quantity", help="Lines that are a quantity times a unit price are billed by quantity."
    )

    amount = fields.Monetary(string="To Be Imported", compute='_compute_amount', help="Untaxed: the sum of the lines.")
    difference = fields.Monetary(compute='_compute_amount')
    line_count = fields.Integer(string="Lines", compute='_compute_amount')
    skipped_count = fields.Integer(string="Not Imported", compute='_compute_amount')
    problem_count = fields.Integer(compute='_compute_amount')
    contract_line_count = fields.Integer(compute='_compute_contract_lines')
    amount_after = fields.Monetary(string="Contract Afterwards", compute='_compute_amount')
    has_name = fields.Boolean(compute='_compute_shown')
    has_quantity = fields.Boolean(compute='_compute_shown')
    has_completed = fields.Boolean(compute='_compute_shown')
    has_retainage = fields.Boolean(compute='_compute_shown')

    # === COMPUTE === #

    @api.depends('file_data', 'sheet_name')
    def _compute_contents(self):
        """What the file holds; typed changes are kept until another file or sheet is chosen."""
        for wizard in self:
            wizard._clear_contents()
            if not wizard.file_data:
                continue
            try:
                sheets = wizard._read_sheets()
            except UserError as error:
                wizard.file_error = str(error)
                continue
            wizard._fill_contents(sheets)

    def _clear_contents(self):
        self.update(
            {
                'sheet_names': False,
                'read_sheet': False,
                'read_columns': False,
                'file_error': False,
                'has_heading': True,
                'has_stated_amount': False,
                'stated_amount': 0.0,
                'column_ids': [fields.Command.clear()],
                'line_ids': [fields.Command.clear()],
            }
        )

    @api.depends('line_ids.kind', 'line_ids.original_amount', 'line_ids.has_problem', 'stated_amount', 'contract_id')
    def _compute_amount(self):
        for wizard in self:
            lines = wizard.line_ids.filtered(lambda line: line.kind == schedule_rows.LINE)
            wizard.amount = sum(lines.mapped('original_amount'))
            wizard.line_count = len(lines)
            wizard.skipped_count = len(wizard.line_ids.filtered(lambda line: line.kind == schedule_rows.SKIPPED))
            wizard.problem_count = len(lines.filtered('has_problem'))
            wizard.difference = wizard.amount - wizard.stated_amount if wizard.has_stated_amount else 0.0
            wizard.amount_after = wizard.contract_id.original_amount + wizard.amount

    @api.depends('contract_id')
    def _compute_contract_lines(self):
        for wizard in self:
            wizard.contract_line_count = len(wizard.contract_id._get_billable_lines())

    @api.depends('column_ids.field_name')
    def _compute_shown(self):
        for wizard in self:
            names = set(wizard.column_ids.mapped('field_name'))
            wizard.has_name = 'name' in names
            wizard.has_quantity = bool(names & {'original_quantity', 'unit_price'})
            wizard.has_completed = 'completed_percent' in names
            wizard.has_retainage = 'retainage_percent' in names

    @api.onchange('file_data')
    def _onchange_file_data(self):
        self.sheet_name = False

    @api.onchange('column_ids')
    def _onchange_column_ids(self):
        """Another meaning of a column: the rows are read again."""
        names = self.column_ids.sorted('position').mapped('field_name')
        if self.file_data and not self.file_error and self._join_columns(names) != self.read_columns:
            name, sheets = self.read_sheet or '', self._read_sheets()
            self._fill_contents({name: sheets[name]} if name in sheets else sheets, names)

    @api.model
    def _join_columns(self, names):
        return ','.join(name or '' for name in names)

    # === READING === #

    def _read_sheets(self):
        """The sheets of the file.

        :raises UserError: saying why it cannot be read, and what to do
        """
        self.ensure_one()
        source = self.env['base_import.import']
        try:
            return schedule_file.read(base64.b64decode(self.file_data))
        except binascii.Error:
            reason = schedule_file.UNREADABLE
        except schedule_file.FileError as error:
            reason = error.reason
        raise UserError(source._get_schedule_file_errors()[reason])

    def _fill_contents(self, sheets, field_names=None):
        """Set columns and lines from a sheet: the one that is named, else the one with the most lines.

        :param dict sheets: rows by sheet
        :param list field_names: what the columns hold, where somebody said so
        """
        source = self.env['base_import.import']
        options = {
            'fields': field_names and [name or None for name in field_names],
            'notation': source._get_schedule_notation(),
            'more': source._get_schedule_labels(),
            'places': self.currency_id.decimal_places,
        }
        chosen, wanted = list(sheets), (self.sheet_name or '').strip()
        if wanted and field_names is None:
            chosen = [name for name in sheets if name.casefold() == wanted.casefold() and sheets[name]]
        found = {name: schedule_rows.interpret(sheets[name], **options) for name in chosen if sheets[name]}
        if not found:
            self.sheet_names = ', '.join(sheets)
            self.file_error = self.env._(
                "The file has no sheet “%(name)s”, but these: %(names)s.", name=wanted, names=self.sheet_names
            )
            return
        name, schedule = max(found.items(), key=lambda item: (bool(item[1].header.texts), item[1].count))
        stated = schedule.stated
        known = [field if field in schedule_rows.FIELDS else None for field in schedule.header.fields]
        self.update(
            {
                'read_sheet': name or False,
                'read_columns': self._join_columns(known),
                'has_heading': bool(schedule.header.texts),
                'has_stated_amount': stated is not None,
                'stated_amount': float(stated or 0),
                'line_ids': self._prepare_line_commands(schedule),
            }
        )
        if field_names is None:
            self.sheet_names = f'{name} ({", ".join(sheets)})' if len(sheets) > 1 else False
            self.column_ids = self._prepare_column_commands(schedule, sheets[name])

    def _prepare_column_commands(self, schedule, rows):
        commands = [fields.Command.clear()]
        last = schedule.header.rows[-1] if schedule.header.rows else 0
        for position, field_name in enumerate(schedule.header.fields):
            cells = [row.cells[position] for row in rows if row.number > last and row.cells[position].strip()]
            heading = schedule.header.texts[position] if schedule.header.texts else ''
            commands.append(
                fields.Command.create(
                    {
                        'position': position,
                        'heading': heading or self.env._("Column %s", position + 1),
                        'example': self._shorten(cells[0]) if cells else False,
                        'field_name': field_name if field_name in schedule_rows.FIELDS else False,
                    }
                )
            )
        return commands

    def _prepare_line_commands(self, schedule):
        units = {unit.name.casefold(): unit.id for unit in self.env['uom.uom'].search([])}
        return [
            fields.Command.clear(),
            *(fields.Command.create(self._prepare_line_vals(entry, units)) for entry in schedule.entries),
        ]

    def _prepare_line_vals(self, entry, units):
        values, is_title = entry.values, entry.reason in (schedule_rows.TITLE, schedule_rows.HEADING)
        return {
            'row_number': entry.row,
            'kind': entry.kind,
            'item_number': values.get('item_number') or False,
            'name': (self._shorten(values.get('name')) if is_title else values.get('name')) or False,
            'product_uom_id': units.get((values.get('unit') or '').casefold().rstrip('.'), False),
            'remark': ' '.join(self._get_remarks(entry)) or False,
            'has_problem': entry.has_problem,
            'billing_base': 'quantity' if entry.is_by_quantity else 'amount',
            **{name: float(values.get(name) or 0) for name in schedule_rows.NUMBERS},
        }

    @api.model
    def _shorten(self, text):
        text = ' '.join((text or '').split())
        return text if len(text) <= 40 else f'{text[:39]}…'

    # === ACTIONS === #

    def action_import(self):
        """Add the lines to the contract, below those it has.

        :return dict: closes the dialog and says what came in
        :raises UserError: while a row has no readable amount, or nothing is to be imported
        """
        self.ensure_one()
        self.contract_id.check_access('write')
        if self.file_error:
            raise UserError(self.file_error)
        wanted = self.line_ids.filtered(lambda line: line.kind != schedule_rows.SKIPPED).sorted('row_number')
        self._check_lines(wanted)
        start = self.contract_id._get_last_sequence() + 1
        self.env['progress.contract.line'].create(
            [line._prepare_contract_line_vals(start + place) for place, line in enumerate(wanted)]
        )
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._(
                    "%(count)s lines imported: %(amount)s.",
                    count=self.line_count,
                    amount=formatLang(self.env, self.amount, currency_obj=self.currency_id),
                ),
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    def _check_lines(self, wanted):
        """
        :raises UserError: naming the row that cannot be imported
        """
        lines = wanted.filtered(lambda line: line.kind == schedule_rows.LINE)
        if not lines:
            raise UserError(
                self.env._(
                    "%s: there is no line to import. Choose a file, and say which of its columns hold the "
                    "descriptions and the amounts.",
                    self.contract_id.display_name,
                )
            )
        problem = lines.filtered('has_problem')[:1]
        if problem:
            raise UserError(
                self.env._(
                    "Row %(row)s of the file, %(line)s: %(problem)s",
                    row=problem.row_number,
                    line=self._shorten(problem.name or problem.item_number),
                    problem=problem.remark,
                )
            )
        nameless = wanted.filtered(lambda line: not line.name and not line.item_number)[:1]
        if nameless:
            raise UserError(self.env._("Row %s of the file has no description: type one.", nameless.row_number))
