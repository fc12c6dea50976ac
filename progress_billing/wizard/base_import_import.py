from odoo import models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from odoo.addons.base_import.models.base_import import ImportValidationError

from ..tools import numbers, schedule_file, schedule_header, schedule_rows, schedule_words

SCHEDULE = 'progress.contract.line'
NUMBER_FIELDS = (*schedule_rows.NUMBERS, 'pending_amount', 'pending_quantity', 'stored_amount')
KINDS = {
    schedule_rows.SECTION: 'line_section',
    schedule_rows.SUBSECTION: 'line_subsection',
    schedule_rows.NOTE: 'line_note',
}
#: left to the import itself, which says in its own words what is missing
KEPT = {schedule_rows.NO_TEXT, schedule_rows.NOTHING}


class BaseImport(models.TransientModel):
    """Odoo's import knows a schedule of values: the words of the trade, titles above the heading, totals."""

    _inherit = 'base_import.import'

    def _is_schedule(self):
        return self.res_model == SCHEDULE

    # === READING === #

    def _read_file(self, options):
        if not self._is_schedule():
            return super()._read_file(options)
        try:
            sheets = schedule_file.read(self.file or b'', options.get('separator'), options.get('encoding'))
        except schedule_file.FileError as error:
            if error.reason == schedule_file.OLD_EXCEL:
                return super()._read_file(options)
            raise UserError(self._get_schedule_file_errors()[error.reason]) from None
        if '' not in sheets:
            options['sheets'] = list(sheets)
            options['sheet'] = options.get('sheet') if options.get('sheet') in sheets else next(iter(sheets))
        rows = sheets[options.get('sheet') if '' not in sheets else '']
        header = schedule_header.find(rows, self._get_schedule_labels())
        if options.get('has_headers') and header.texts:
            body = [list(row.cells) for row in rows if row.number > header.rows[-1]]
            return len(body) + 1, [header.texts, *body]
        return len(rows), [list(row.cells) for row in rows]

    def _get_schedule_file_errors(self):
        """Why a file cannot be read, and what to do, in the user's language."""
        return {
            schedule_file.EMPTY: self.env._("The file is empty."),
            schedule_file.UNREADABLE: self.env._(
                "The file cannot be read. Save it as an Excel workbook (.xlsx), OpenDocument (.ods) or CSV file."
            ),
            schedule_file.OLD_EXCEL: self.env._(
                "The file is an old Excel workbook (.xls) or has a password. Open it, save it as .xlsx without a "
                "password, and choose that file."
            ),
            schedule_file.PDF: self.env._(
                "The file is a PDF, which holds no table. Ask for the spreadsheet it was made from."
            ),
            schedule_file.WEB_PAGE: self.env._(
                "The file is a web page with the ending of a spreadsheet. Open it, save it as .xlsx, and choose that "
                "file."
            ),
            schedule_file.TOO_LARGE: self.env._(
                "The file has more than %(rows)s rows or %(columns)s columns. Keep the schedule of values alone.",
                rows=schedule_file.MAX_ROWS,
                columns=schedule_file.MAX_COLUMNS,
            ),
        }

    def _get_schedule_labels(self):
        """The labels people see on screen are words for columns too."""
        fields = self.env[SCHEDULE].fields_get(schedule_words.COLUMNS, ['string'])
        return {name: [field['string']] for name, field in fields.items()}

    def _get_schedule_notation(self):
        """How the user writes numbers."""
        lang = self.env['res.lang']._get_progress_lang()
        return numbers.COMMA if lang.decimal_point == ',' else numbers.POINT

    # === COLUMNS === #

    def _get_mapping_suggestions(self, headers, header_types, fields_tree):
        """The words of the trade, after what people chose before and exact labels, before likeness."""
        suggestions = super()._get_mapping_suggestions(headers, header_types, fields_tree)
        if not self._is_schedule():
            return suggestions
        sure = {key: match for key, match in suggestions.items() if match and match.get('distance', 0) <= 0}
        taken = {match['field_path'][0] for match in sure.values()}
        for key, field in zip(enumerate(headers), schedule_header.match(headers), strict=True):
            name = 'product_uom_id' if field == 'unit' else field
            if key not in sure and field is not None:
                suggestions[key] = {'field_path': [name], 'distance': 0.1} if name and name not in taken else None
        self._deduplicate_mapping_suggestions(suggestions)
        return suggestions

    # === ROWS === #

    def _convert_import_data(self, fields, options):
        if not self._is_schedule():
            return super()._convert_import_data(fields, options)
        data, import_fields = super()._convert_import_data(fields, {**options, 'skip': 0})
        return self._keep_schedule_lines(data, import_fields, options)

    def _keep_schedule_lines(self, data, import_fields, options):
        """Leave out what is no line, mark sections, and write numbers as programs do.

        What was left out is put into ``options`` for the report, see :meth:`execute_import`.
        """
        rows = [schedule_file.Row(self._get_row_number(cells, at), cells) for at, cells in enumerate(data, 1)]
        names = ['unit' if name.startswith('product_uom_id') else name for name in import_fields]
        known = [name if name in schedule_words.COLUMNS else None for name in names]
        if not {'name', 'item_number'} & set(known) or not all(isinstance(cell, str) for row in data for cell in row):
            return data[options.get('skip') or 0 :], import_fields
        entries = schedule_rows.read_rows(
            [row._replace(cells=[self._as_cell(cell, row.number) for cell in row.cells]) for row in rows],
            known,
            notation=self._get_schedule_notation(),
        )
        schedule_rows.classify(entries)
        others = [index for index, name in enumerate(known) if not name]
        kept, skipped = [], []
        for entry, cells in zip(entries, data, strict=True):
            if entry.kind != schedule_rows.SKIPPED or entry.reason in KEPT or any(cells[index] for index in others):
                kept.append(self._write_schedule_row(entry, cells, import_fields))
            else:
                skipped.append(entry)
        if 'display_type' not in import_fields:
            import_fields = [*import_fields, 'display_type']
        options['schedule'] = {
            'skipped': skipped,
            'amount': sum(entry.amount for entry in entries if entry.kind == schedule_rows.LINE),
        }
        return kept[options.get('skip') or 0 :], import_fields

    def _get_row_number(self, cells, position):
        return next((cell.row for cell in cells if hasattr(cell, 'row')), position)

    def _as_cell(self, cell, number):
        return cell if isinstance(cell, schedule_file.Cell) else schedule_file.Cell(cell, number)

    def _write_schedule_row(self, entry, cells, import_fields):
        """The cells of a row for Odoo's import, with the kind of the row behind them where the file does not say it."""
        kind, written = KINDS.get(entry.kind, ''), []
        for name, cell in zip(import_fields, cells, strict=True):
            value = entry.values.get(name)
            if kind and name in schedule_rows.NUMBERS:
                cell = ''
            elif name in schedule_rows.NUMBERS and value is not None:
                cell = f'{value:f}'
            elif name in ('item_number', 'name') and value is not None:
                cell = value
            written.append(cell)
        return written if 'display_type' in import_fields else [*written, kind]

    def _parse_import_data(self, data, import_fields, options):
        if self._is_schedule():
            for name in set(NUMBER_FIELDS) & set(import_fields):
                self._parse_schedule_numbers(data, import_fields.index(name), name)
            options = {**options, 'float_thousand_separator': ',', 'float_decimal_separator': '.'}
        return super()._parse_import_data(data, import_fields, options)

    def _parse_schedule_numbers(self, data, index, name):
        """Write a column of numbers as programs do: ``25%``, ``(1,234.50)``, ``1.234,56 €``."""
        texts = [row[index] for row in data if isinstance(row[index], str)]
        notation = numbers.guess_notation(texts, self._get_schedule_notation()) or numbers.POINT
        for position, row in enumerate(data, 1):
            text = row[index]
            if not isinstance(text, str) or not text.strip():
                continue
            number = getattr(text, 'number', None)
            try:
                value = number if number is not None else numbers.read_cell(text, notation).value
            except numbers.NumberError:
                raise ImportValidationError(
                    self.env._(
                        "Row %(row)s: “%(text)s” is not a number for the column %(column)s, or reads in two ways.",
                        row=self._get_row_number(row, position),
                        text=text,
                        column=name,
                    ),
                    field=name,
                ) from None
            row[index] = f'{value:f}'

    # === REPORT === #

    def execute_import(self, fields, columns, options, dryrun=False):
        """Odoo's import, which says of a schedule of values which rows of the file are no lines.

        :param list fields: names by column, ``False`` for columns that are not imported
        :param list columns: headings
        :param dict options: of the import
        :param bool dryrun: test only
        :return dict: ids and messages
        """
        result = super().execute_import(fields, columns, options, dryrun=dryrun)
        schedule = options.pop('schedule', None)
        if not schedule or not schedule['skipped'] or result.get('messages'):
            return result
        message = self._get_schedule_report(schedule)
        if dryrun:
            result['messages'] = [
                {
                    'type': 'warning',
                    'message': message,
                    'record': False,
                    'not_matching_error': True,
                    'field_path': False,
                }
            ]
        else:
            self.env.user._bus_send(
                'simple_notification', {'type': 'info', 'title': '', 'message': message, 'sticky': True}
            )
        return result

    def _get_schedule_report(self, schedule):
        """What comes in, and which rows of the file do not."""
        wizard = self.env['progress.import.wizard']
        rows = [
            self.env._("row %(row)s “%(text)s”", row=entry.row, text=wizard._shorten(entry.label))
            for entry in schedule['skipped'][:20]
        ]
        return self.env._(
            "The lines come to %(amount)s. Not imported, because they are totals, titles or hidden: %(rows)s.",
            amount=formatLang(self.env, float(schedule['amount']), digits=2),
            rows=', '.join(rows),
        )
