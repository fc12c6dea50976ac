"""Reading the files contractors keep their schedule of values in, without the ORM: CSV, XLSX, ODS.

Every cell is a text that remembers its row and, in spreadsheets, its number; blank rows are left
out, so the row a message names is the row the person sees in the file.

>>> [list(row.cells) for row in read(b'Item;Price\\n1;2,50\\n')['']]
[['Item', 'Price'], ['1', '2,50']]
"""

import csv
import datetime
import io
import re
import zipfile
import zlib
from collections import Counter, namedtuple
from decimal import Decimal

import openpyxl
from lxml import etree

MAX_ROWS, MAX_COLUMNS = 20000, 100
MAX_UNPACKED = 200 * 1024 * 1024  # bytes: a small archive may unpack to gigabytes
DELIMITERS = (';', '\t', ',', '|')

#: reasons why a file cannot be read; the caller turns them into a message in the user's language
EMPTY, UNREADABLE, OLD_EXCEL, PDF, WEB_PAGE, TOO_LARGE = (
    'empty',
    'unreadable',
    'old_excel',
    'pdf',
    'web_page',
    'too_large',
)

#: what the readers raise on a damaged archive
DAMAGES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)

#: a row with the number it has in the file
Row = namedtuple('Row', 'number cells is_hidden is_bold', defaults=(False, False))


class FileError(ValueError):
    """Why a file cannot be read; ``reason`` is one of the constants above."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Cell(str):
    """The text of a cell, and what a spreadsheet knows about it.

    :ivar int row: number of the row in the file
    :ivar Decimal number: where the spreadsheet holds a number; percentages in percent
    :ivar bool is_percent: formatted as a percentage
    :ivar bool is_spanned: shows the text of the merged cell to its left
    :ivar bool is_uncalculated: holds a formula without a stored result
    """

    number = None
    is_percent = is_spanned = is_uncalculated = False

    def __new__(cls, text, row, **facts):
        cell = super().__new__(cls, text)
        cell.row = row
        for name, fact in facts.items():
            setattr(cell, name, fact)
        return cell


def read(content, delimiter='', encoding=''):
    """All sheets of a file.

    :param bytes content: the file
    :param str delimiter: of a CSV, where somebody said so; else it is found
    :param str encoding: of a CSV, likewise
    :return dict: lists of :class:`Row` by sheet name; a CSV has one sheet without a name
    :raises FileError: with the reason

    >>> read(b'%PDF-1.7')
    Traceback (most recent call last):
    ...
    progress_billing.tools.schedule_file.FileError: pdf
    """
    if not content.strip():
        raise FileError(EMPTY)
    for start, reason in ((b'%PDF', PDF), (b'\xd0\xcf\x11\xe0', OLD_EXCEL)):
        if content.startswith(start):
            raise FileError(reason)
    if content.startswith(b'PK'):
        sheets = _read_archive(content)
    else:
        sheets = {'': read_csv(content, delimiter, encoding)}
    if not any(sheets.values()):
        raise FileError(EMPTY)
    return sheets


def _read_archive(content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise FileError(TOO_LARGE)
            names = set(archive.namelist())
            if 'xl/workbook.xml' in names:
                return _read_xlsx(content)
            if 'content.xml' in names:
                return _read_ods(archive.read('content.xml'))
    except FileError:
        raise
    except DAMAGES:
        raise FileError(UNREADABLE) from None
    raise FileError(UNREADABLE)


def _keep(rows):
    """The rows that hold something, cut to the same width."""
    rows = [row for row in rows if any(cell.strip() or cell.is_uncalculated for cell in row.cells)]
    if len(rows) > MAX_ROWS:
        raise FileError(TOO_LARGE)
    width = max((_get_width(row.cells) for row in rows), default=0)
    if width > MAX_COLUMNS:
        raise FileError(TOO_LARGE)
    return [
        row._replace(cells=row.cells[:width] + [Cell('', row.number)] * (width - len(row.cells[:width])))
        for row in rows
    ]


def _get_width(cells):
    return max((index for index, cell in enumerate(cells, 1) if cell.strip() or cell.is_uncalculated), default=0)


# === CSV === #


def read_csv(content, delimiter='', encoding=''):
    """Rows of a text file, whatever its encoding and its separator.

    >>> [list(row.cells) for row in read_csv('Pos;Löhne\\n\\n1;5'.encode('cp1252'))], len(read_csv(b'a,b\\n\\n1,2'))
    ([['Pos', 'Löhne'], ['1', '5']], 2)
    >>> [(row.number, list(row.cells)) for row in read_csv('a\\tb\\n\\n"1\\n2"\\t3'.encode('utf-16'))]
    [(1, ['a', 'b']), (3, ['1\\n2', '3'])]
    """
    text = _decode(content, encoding)
    if re.match(r'\s*<(!doctype|html|table|\?xml)', text, re.IGNORECASE):
        raise FileError(WEB_PAGE)
    if re.search('[\x00-\x08\x0e-\x1f]', text[:10000]):
        raise FileError(UNREADABLE)
    text = re.sub(r'\r\n?', '\n', text)
    hint = re.match(r'sep=(.)\n', text)
    skipped = 0
    if hint:
        text, skipped = text[hint.end() :], 1
    delimiter = delimiter or (hint[1] if hint else _guess_delimiter(text))
    rows = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1 + skipped):
            rows.append(Row(number, [Cell(cell, number) for cell in cells]))
    except csv.Error:
        raise FileError(UNREADABLE) from None
    return _keep(rows)


def _decode(content, encoding):
    if encoding:
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            raise FileError(UNREADABLE) from None
    for mark, encoding in ((b'\xef\xbb\xbf', 'utf-8-sig'), (b'\xff\xfe', 'utf-16'), (b'\xfe\xff', 'utf-16')):
        if content.startswith(mark):
            return content.decode(encoding, errors='replace')
    sample = content[:1000]
    for offset, encoding in ((1, 'utf-16-le'), (0, 'utf-16-be')):
        half = sample[offset::2]
        if half and half.count(0) > len(half) / 2:
            return content.decode(encoding, errors='replace')
    try:
        return content.decode('utf-8')
    except UnicodeDecodeError:
        return content.decode('cp1252', errors='replace')


def _guess_delimiter(text):
    """The separator that gives the most rows of one width, the wider ones before the narrower."""

    def score(delimiter):
        widths = Counter()
        try:
            for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter)):
                if number > 200:
                    break
                if len(cells) > 1:
                    widths[len(cells)] += 1
        except csv.Error:
            return 0, 0
        return max(((count, width) for width, count in widths.items()), default=(0, 0))

    return max(DELIMITERS, key=score)


# === XLSX === #


def _read_xlsx(content):
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(content)) if _has_formulas(content) else None
    return {
        sheet.title: _read_sheet(sheet, formulas and formulas[sheet.title])
        for sheet in book.worksheets
        if sheet.sheet_state == 'visible'
    }


def _has_formulas(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return any(b'<f' in archive.read(name) for name in archive.namelist() if name.startswith('xl/worksheets/sheet'))


def _read_sheet(sheet, formulas):
    used = sorted({row for (row, _column), cell in sheet._cells.items() if cell.value is not None})
    if formulas:
        used = sorted({*used, *(row for (row, _column), cell in formulas._cells.items() if cell.data_type == 'f')})
    width = sheet.max_column  # counts the cells anew each time it is asked
    if len(used) > MAX_ROWS or width > 10 * MAX_COLUMNS:
        raise FileError(TOO_LARGE)
    spans = _get_spans(sheet)
    rows = []
    for number in used:
        source = [sheet.cell(number, column) for column in range(1, min(width, MAX_COLUMNS + 1) + 1)]
        cells = [_make_cell(cell, formulas) for cell in source]
        for first, last in spans.get(number, ()):
            for column in range(first, min(last, len(cells))):
                cells[column] = Cell(cells[first - 1], number, is_spanned=True)
        filled = [cell for cell in source if cell.value is not None]
        is_bold = bool(filled) and all(cell.font and cell.font.b for cell in filled)
        rows.append(Row(number, cells, bool(sheet.row_dimensions[number].hidden), is_bold))
    return _keep(rows)


def _get_spans(sheet):
    """First and last column of the merged cells by the row they begin in."""
    spans = {}
    for area in sheet.merged_cells.ranges:
        if area.max_col > area.min_col:
            spans.setdefault(area.min_row, []).append((area.min_col, area.max_col))
    return spans


def _make_cell(source, formulas):
    value, number = source.value, source.row
    if value is None:
        formula = formulas and formulas.cell(number, source.column).data_type == 'f'
        return Cell('', number, is_uncalculated=bool(formula))
    if isinstance(value, bool) or isinstance(value, str):
        return Cell(str(value), number)
    if isinstance(value, (int, float)):
        return _make_number(value, number, source.number_format or '')
    if isinstance(value, datetime.datetime):
        value = value.date() if not value.time() else value
    return Cell(str(value), number)


def _make_number(value, number, shape):
    """A number as the sheet shows it: a percentage as such, an item number with its noughts."""
    exact = Decimal(f'{value:.15g}')
    if '%' in shape:
        exact = exact * 100
        return Cell(f'{_plain(exact)}%', number, number=exact, is_percent=True)
    text = _plain(exact)
    if re.fullmatch(r'0+\.0+', shape):
        text = f'{exact:.{len(shape.partition(".")[2])}f}'
    elif re.fullmatch('00+', shape):
        text = text.zfill(len(shape))
    return Cell(text, number, number=exact)


def _plain(number):
    """
    >>> _plain(Decimal('1E+3')), _plain(Decimal('2.50')), _plain(Decimal('-0'))
    ('1000', '2.5', '0')
    """
    text = f'{number:f}'
    text = text.rstrip('0').rstrip('.') if '.' in text else text
    return '0' if text in ('-0', '') else text


# === ODS === #

_NAMES = {
    'office': 'urn:oasis:names:tc:opendocument:xmlns:office:1.0',
    'table': 'urn:oasis:names:tc:opendocument:xmlns:table:1.0',
    'text': 'urn:oasis:names:tc:opendocument:xmlns:text:1.0',
}


def _tag(prefix, name):
    return f'{{{_NAMES[prefix]}}}{name}'


def _read_ods(content):
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(content, parser)
    return {table.get(_tag('table', 'name')): _keep(_read_table(table)) for table in root.iter(_tag('table', 'table'))}


def _read_table(table):
    rows, number = [], 1
    for row in table.iter(_tag('table', 'table-row')):
        repeated = int(row.get(_tag('table', 'number-rows-repeated'), 1))
        hidden = row.get(_tag('table', 'visibility')) in ('collapse', 'filter')
        cells = _read_table_row(row, number)
        if any(cell.strip() for cell in cells):
            for again in range(min(repeated, MAX_ROWS + 1)):
                rows.append(Row(number + again, cells, hidden))
        number += repeated
    return rows


def _read_table_row(row, number):
    cells, covering, left = [], '', 0
    for source in row.iter(_tag('table', 'table-cell'), _tag('table', 'covered-table-cell')):
        repeated = int(source.get(_tag('table', 'number-columns-repeated'), 1))
        cell = _make_table_cell(source, number)
        if left > 0 and not cell:
            cell = Cell(covering, number, is_spanned=True)
            left -= repeated
        spanned = int(source.get(_tag('table', 'number-columns-spanned'), 1))
        if spanned > 1:  # the cells it covers follow, empty
            covering, left = cell, spanned - 1
        cells.extend([cell] * min(repeated, 10 * MAX_COLUMNS if cell.strip() else MAX_COLUMNS))
    return cells


def _make_table_cell(source, number):
    text = '\n'.join(''.join(part.itertext()) for part in source.iterfind(_tag('text', 'p')))
    kind, value = source.get(_tag('office', 'value-type')), source.get(_tag('office', 'value'))
    if kind in ('float', 'currency', 'percentage') and value:
        return _make_number(Decimal(value), number, '%' if kind == 'percentage' else '')
    return Cell(text, number)
