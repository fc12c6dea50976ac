"""What the rows of a schedule of values are: lines, sections, notes, or nothing to import, without the ORM.

A total is no line: it would double the contract. What is left out says why, with its row.

>>> from .schedule_file import read_csv
>>> found = interpret(read_csv(b'Item,Description,Amount\\n1,Walls,500\\n2,Roof,20\\n,Total,520\\n'))
>>> [(entry.row, entry.kind, entry.reason) for entry in found.entries], found.amount
([(1, 'skipped', 'heading'), (2, 'line', ''), (3, 'line', ''), (4, 'skipped', 'total')], Decimal('520.00'))
"""

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from . import numbers, schedule_header
from . import schedule_words as words

NUMBERS = ('original_quantity', 'unit_price', 'original_amount', 'completed_percent', 'retainage_percent')
#: what a column may hold
FIELDS = ('item_number', 'name', 'unit', 'display_type', 'billing_base', *NUMBERS)
WORTH = ('original_quantity', 'unit_price', 'original_amount')
ZERO, HUNDRED = Decimal(0), Decimal(100)

#: kinds of a row
LINE, SECTION, SUBSECTION, NOTE, SKIPPED = 'line', 'section', 'subsection', 'note', 'skipped'

#: kinds as a column of the file may name them
KIND_WORDS = {
    SECTION: {'section', 'line section', 'abschnitt', 'seccion', 'sectie', 'sezione'},
    SUBSECTION: {'subsection', 'line subsection', 'unterabschnitt', 'sous section', 'subseccion', 'subsectie'},
    NOTE: {'note', 'line note', 'notiz', 'nota', 'notitie', 'opmerking'},
}

#: how lines are billed, as a column of the file may name it
QUANTITY_WORDS = {'quantity', 'menge', 'quantite', 'cantidad', 'hoeveelheid', 'quantita'}

#: in the column of amounts: nothing to pay for here
ZERO_WORDS = re.compile(
    r'(incl|inkl|inbegr|compris|inclus|incluid|enthalten|n/?a\b|nil\b|nihil|neant|néant)', re.IGNORECASE
)

#: why a row is no line
TOTAL, SUM_ABOVE, TAX, CLAIM, TITLE, HEADING, TEXT_BELOW, NO_TEXT, NOTHING, HIDDEN = (
    'total',
    'sum_above',
    'tax',
    'claim',
    'title',
    'heading',
    'text_below',
    'no_text',
    'nothing',
    'hidden',
)

#: what is to be looked at on a row that is imported; those of PROBLEMS keep it from being imported
NOT_A_NUMBER, AMBIGUOUS, TOO_LARGE, UNCALCULATED, LEFT_OUT, READ_AS_ZERO = (
    'not_a_number',
    'ambiguous',
    'too_large',
    'uncalculated',
    'left_out',
    'read_as_zero',
)
TOO_WIDE = 'too_wide'
PROBLEMS = {NOT_A_NUMBER, AMBIGUOUS, TOO_LARGE, UNCALCULATED, TOO_WIDE}
DUPLICATE, UNLIKE_PRICE, LIKE_TOTAL, BELOW_TOTAL, PARENT_SUM, UNLIKE_TOTAL, WAS_HIDDEN = (
    'duplicate',
    'unlike_price',
    'like_total',
    'below_total',
    'parent_sum',
    'unlike_total',
    'was_hidden',
)


@dataclass
class Entry:
    """One row of the file.

    :ivar int row: its number in the file
    :ivar str kind: line, section, subsection, note or skipped
    :ivar dict values: what its columns hold; numbers as decimals, percentages in percent
    :ivar str reason: why it is skipped
    :ivar list remarks: ``(code, detail)`` of what is to be looked at
    """

    row: int
    kind: str = LINE
    values: dict = field(default_factory=dict)
    reason: str = ''
    remarks: list = field(default_factory=list)
    is_hidden: bool = False
    is_bold: bool = False

    @property
    def amount(self):
        return self.values.get('original_amount') or ZERO

    @property
    def label(self):
        return ' '.join(filter(None, (self.values.get('item_number'), self.values.get('name')))).strip()

    @property
    def has_worth(self):
        return any(self.values.get(name) is not None for name in WORTH) or self.has_problem

    @property
    def has_problem(self):
        return any(code in PROBLEMS for code, _detail in self.remarks)

    @property
    def is_by_quantity(self):
        return words.normalize(self.values.get('billing_base') or '') in QUANTITY_WORDS

    def skip(self, reason):
        self.kind, self.reason = SKIPPED, reason


@dataclass
class Schedule:
    """What was found in a sheet.

    :ivar list entries: one :class:`Entry` for each row that is not blank, titles included
    :ivar header: :class:`schedule_header.Header`
    :ivar Decimal stated: the total the file itself gives, ``None`` where it gives none
    """

    entries: list
    header: schedule_header.Header
    stated: Decimal | None = None

    @property
    def count(self):
        return sum(entry.kind == LINE for entry in self.entries)

    @property
    def amount(self):
        return sum((entry.amount for entry in self.entries if entry.kind == LINE), ZERO)


def interpret(rows, fields=None, notation=numbers.POINT, more=None, places=2):
    """Read the rows of a sheet.

    :param rows: of :mod:`schedule_file`
    :param list fields: what each column holds, where somebody said so; else it is found
    :param notation: how the reader writes numbers, for texts that do not tell
    :param dict more: further synonyms of columns by field
    :param int places: decimals of the currency
    :return Schedule: what is there
    """
    header = schedule_header.find(rows, more)
    if fields is not None:
        header = header._replace(fields=list(fields))
    elif not header.texts:
        header = header._replace(fields=schedule_header.guess_without(rows))
    last = header.rows[-1] if header.rows else 0
    entries = [Entry(row.number, values={'name': _get_text(row)}) for row in rows if row.number <= last]
    for entry in entries:
        entry.skip(HEADING if entry.row in header.rows else TITLE)
    found = read_rows([row for row in rows if row.number > last], header.fields, header.texts, notation, places)
    stated = classify(found)
    return Schedule(entries + found, header, stated)


def _get_text(row):
    return ' '.join(dict.fromkeys(' '.join(cell.split()) for cell in row.cells if cell.strip()))


# === VALUES === #


def read_rows(rows, fields, headings=(), notation=numbers.POINT, places=2):
    """Entries of rows whose columns are known, not yet told apart: see :func:`classify`.

    :param rows: of :mod:`schedule_file`, without the headings
    :param list fields: what each column holds
    :param list headings: texts of the headings, to find them where they are repeated
    """
    columns = {name: index for index, name in enumerate(fields) if name}
    _drop_false_percents(rows, headings, columns)
    notations = _get_notations(rows, columns, notation)
    words_of_headings = {words.normalize(text) for text in headings if text}
    width = max((place for place, text in enumerate(headings, 1) if text), default=0)
    entries = []
    for row in rows:
        entry = Entry(row.number, is_hidden=row.is_hidden, is_bold=row.is_bold)
        _read_values(entry, row, columns, notations, places)
        if _is_heading(row, words_of_headings):
            entry.skip(HEADING)
        elif width and _has_stray_number(row.cells[width:]):
            entry.remarks.append((TOO_WIDE, ''))
        entries.append(entry)
    _read_shares(entries, rows, columns)
    return entries


def _is_heading(row, headings):
    """Whether a row has the headings printed again, as on each page, or the letters of a form's columns."""
    filled = [cell for cell in row.cells if cell.strip()]
    if len(filled) < 2 or any(cell.number is not None or cell.strip()[-1].isdigit() for cell in filled):
        return False
    texts = {words.normalize(cell) for cell in filled}
    return texts <= headings or (len(texts) > 1 and all(re.fullmatch('[a-z]?', text) for text in texts))


def _has_stray_number(cells):
    """Whether a text file has figures beyond its headings: ``1,234.50`` without quotes falls into two cells."""
    return any(cell.number is None and re.fullmatch(r'\d[\d.,]*', cell.strip()) for cell in cells)


def _drop_false_percents(rows, headings, columns):
    """A column of amounts that calls itself *Completed* is no percentage."""
    column = columns.get('completed_percent')
    if column is None or (headings and '%' in words.normalize(headings[column])):
        return
    for row in rows:
        cell = row.cells[column]
        if cell.number is not None and not cell.is_percent and abs(cell.number) > HUNDRED:
            del columns['completed_percent']
            return


def _get_notations(rows, columns, default):
    """How the texts of each column of numbers are written: as the column tells, else the file, else the reader.

    :return dict: notations by field, ``None`` where cells contradict each other
    """
    texts = {
        name: [row.cells[column] for row in rows if row.cells[column].number is None and row.cells[column].strip()]
        for name, column in columns.items()
        if name in NUMBERS
    }
    whole = numbers.guess_notation([text for cells in texts.values() for text in cells], default) or default
    return {name: numbers.guess_notation(cells, whole) for name, cells in texts.items()}


def _read_values(entry, row, columns, notations, places):
    bad = {}
    for name, column in columns.items():
        cell = row.cells[column]
        if name not in NUMBERS:
            entry.values[name] = '' if cell.is_spanned else _clean(cell)
        elif cell.is_uncalculated:
            bad[name] = UNCALCULATED, '='
        elif cell.strip() and not cell.is_spanned:
            problem = _read_number(entry, name, cell, notations[name], places)
            if problem:
                bad[name] = problem
    item, name = entry.values.get('item_number', ''), entry.values.get('name', '')
    if item and not name and len(re.findall(r'[^\W\d]', item)) > 3:  # a text in the column of numbers
        entry.values.update(item_number='', name=item)
    if entry.values.get('original_amount') is None:
        quantity, price = entry.values.get('original_quantity'), entry.values.get('unit_price')
        if quantity is not None and price is not None:
            entry.values['original_amount'] = _round(quantity * price, places)
    known = entry.values.get('original_amount') is not None
    for name, (reason, text) in bad.items():
        settled = name not in WORTH or (known and (reason == UNCALCULATED or name != 'original_amount'))
        entry.remarks.append((LEFT_OUT if settled else reason, text))


def _round(value, places):
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _clean(cell):
    lines = [' '.join(line.split()) for line in cell.replace('\r\n', '\n').replace('\r', '\n').split('\n')]
    return '\n'.join(lines).strip()


def _read_number(entry, name, cell, notation, places):
    """Put the number of a cell into the entry.

    :return tuple: what is wrong with it, and its text; ``None`` where it was read
    """
    text = cell.strip()
    try:
        if cell.number is not None:
            value = numbers.check(cell.number)
        else:
            value = numbers.read_cell(cell, notation or numbers.guess_notation([cell], None) or numbers.POINT).value
            if name == 'original_amount' and -value.as_tuple().exponent == 3 > places:
                raise numbers.NumberError(numbers.AMBIGUOUS)  # 1.234: a thousand, or one with too many decimals?
    except numbers.NumberError as error:
        if name != 'original_amount' or not ZERO_WORDS.match(text):
            return error.reason, text
        entry.remarks.append((READ_AS_ZERO, text))
        value = ZERO
    if name.endswith('percent') and not 0 <= value <= HUNDRED:
        return LEFT_OUT, text
    entry.values[name] = _round(value, places) if name == 'original_amount' else value
    return None


def _read_shares(entries, rows, columns):
    """Percentages kept as shares of one (0.25), as spreadsheets without a format show them."""
    for name in ('completed_percent', 'retainage_percent'):
        column = columns.get(name)
        cells = [row.cells[column] for row in rows if column is not None and row.cells[column].number is not None]
        plain = [cell.number for cell in cells if not cell.is_percent]
        if plain and max(map(abs, plain)) <= 1 and any(number % 1 for number in plain):
            for entry, row in zip(entries, rows, strict=True):
                cell = row.cells[column]
                if cell.number is not None and not cell.is_percent and name in entry.values:
                    entry.values[name] *= HUNDRED


# === KINDS === #


def classify(entries):
    """Tell lines from sections, totals and texts.

    :param list entries: in the order of the file; changed in place
    :return Decimal: the total the file gives, or ``None``
    """
    for entry in entries:
        if entry.kind == LINE:
            _classify_alone(entry)
    _mark_parents(entries)
    stated = _find_totals(entries)
    _keep_hidden(entries, stated)
    _mark_sections(entries)
    _remark(entries)
    return stated


def _classify_alone(entry):
    given = words.normalize(entry.values.get('display_type') or '')
    for kind, names in KIND_WORDS.items():
        if given in names:
            entry.kind = kind
            return
    if not entry.has_worth and not entry.values.get('name'):
        entry.skip(NOTHING)


def _is_sum(amount, parts):
    """Whether an amount is the sum of others, as far as each was rounded."""
    return bool(parts) and bool(amount) and abs(amount - sum(parts)) <= min(Decimal('0.01') * len(parts), 1)


def _mark_parents(entries):
    """A heading that shows what its lines come to (1 = 1.1 + 1.2, or in bold) is a section, not one more line."""
    for index in range(len(entries) - 1, -1, -1):
        entry = entries[index]
        if entry.kind != LINE or not entry.amount or words.is_total(entry.label):
            continue
        item = re.sub(r'(\.0*)+$', '', entry.values.get('item_number') or '')
        if item:
            below = _take(entries, index + 1, lambda other, item=item: _is_below(item, other))
        else:
            below = _take(entries, index + 1, lambda other, bold=entry.is_bold: bold and not other.is_bold)
        parts = [other.amount for other in below if other.kind == LINE]
        if _is_sum(entry.amount, parts) and (item or len(parts) > 1):
            entry.kind = SECTION
            entry.remarks.append((PARENT_SUM, entry.amount))


def _take(entries, start, test):
    """The entries from one on, as long as they pass."""
    taken = []
    for index in range(start, len(entries)):
        if entries[index].kind == SKIPPED:
            continue
        if not test(entries[index]):
            break
        taken.append(entries[index])
    return taken


def _is_below(item, entry):
    """Whether an entry's number is below another: 1.1 below 1, A2 below A, not 10 below 1."""
    number = entry.values.get('item_number') or ''
    rest = number[len(item) :]
    return number.startswith(item) and bool(rest) and not (item[-1].isdigit() and rest[0].isalnum())


def _find_totals(entries):
    """Skip totals, taxes and what a claim shows below the total.

    :return: the total the file gives, ``None`` where it gives none
    """
    parts, totals, title, has_claim = [], [], '', False
    for entry in entries:
        if entry.kind in (SECTION, SUBSECTION) or (entry.kind == LINE and not entry.has_worth):
            title = words.normalize(entry.values.get('name') or '')
        elif entry.kind == LINE:
            after_total = has_claim or any(equal for _total, equal, _count in totals)
            reason = _get_total_reason(entry, parts, title, after_total)
            if not reason:
                parts.append(entry.amount)
                continue
            entry.skip(reason)
            has_claim = has_claim or reason == CLAIM
            if reason in (TOTAL, SUM_ABOVE):
                totals.append((entry, _is_sum(entry.amount, parts), len(parts)))
                if not _is_tail(entry.amount, parts, 1):
                    entry.remarks.append((UNLIKE_TOTAL, sum(parts, ZERO)))
    return _take_stated(entries, parts, totals)


def _take_stated(entries, parts, totals):
    """The total of the whole file: the last that is one, else the only one, else the last that says so.

    Entries behind it are remarked on, or not any more, by what it is.
    """
    whole = [
        (entry, equal)
        for entry, equal, _count in totals
        if words.is_total(entry.label) == 'whole' and not words.is_subtotal(entry.label)
    ]
    for entry, equal, count in reversed(totals):
        if equal and count == len(parts):
            for other in entries:  # what follows is the same total with tax, or less what was paid
                if other.row > entry.row:
                    other.remarks = [remark for remark in other.remarks if remark[0] != UNLIKE_TOTAL]
            return entry.amount
    if len(whole) == 1 and whole[0][1]:
        for entry in entries:
            if entry.row > whole[0][0].row and entry.kind == LINE and entry.has_worth:
                entry.remarks.append((BELOW_TOTAL, whole[0][0].row))
        return whole[0][0].amount
    return whole[-1][0].amount if whole and not whole[-1][1] else None


def _is_tail(amount, parts, least):
    """Whether an amount is the sum of the last lines, as many as it may be."""
    total = ZERO
    for count, part in enumerate(reversed(parts), 1):
        total += part
        if count >= least and amount and abs(amount - total) <= min(Decimal('0.01') * count, 1):
            return True
    return False


def _get_total_reason(entry, parts, title, after_total):
    """Why an entry with a figure is no line: ``''`` where it is one."""
    label, kind = entry.label, words.is_total(entry.label)
    if not label:
        return SUM_ABOVE if _is_tail(entry.amount, parts, 2) else NO_TEXT
    if kind == 'whole' or words.is_subtotal(label):
        return TOTAL
    if kind and _is_tail(entry.amount, parts, 1 if kind == 'part' else 2):
        return TOTAL
    if kind == 'part':
        if title and title in words.normalize(label) and not entry.values.get('item_number'):
            return TOTAL
        entry.remarks.append((LIKE_TOTAL, sum(parts, ZERO)))
    if words.has_word(label, words.TAX_WORDS) and (after_total or _is_tax_of(label, entry.amount, parts)):
        return TAX
    if words.has_word(label, words.CLAIM_WORDS) and (after_total or _is_tax_of(label, abs(entry.amount), parts)):
        return CLAIM
    return ''


def _is_tax_of(label, amount, parts):
    """Whether an amount is the rate in its label of what stands above."""
    rate = re.search(r'(\d+(?:[.,]\d+)?) ?%', label)
    return bool(rate) and _is_sum(amount, [sum(parts, ZERO) * Decimal(rate[1].replace(',', '.')) / 100])


def _keep_hidden(entries, stated):
    """Rows nobody sees in the file are left out, unless its own total counts them."""
    hidden = [entry for entry in entries if entry.is_hidden and entry.kind != SKIPPED]
    counted = stated is not None and _is_sum(stated, [entry.amount for entry in entries if entry.kind == LINE])
    for entry in hidden:
        if counted:
            entry.remarks.append((WAS_HIDDEN, ''))
        else:
            entry.skip(HIDDEN)


# === SECTIONS === #


def _mark_sections(entries):
    """Say what rows of text alone are: sections over lines, notes within them, or texts below the last line."""
    shown = [entry for entry in entries if entry.kind != SKIPPED]
    last = max((index for index, entry in enumerate(shown) if entry.kind == LINE and entry.has_worth), default=-1)
    styled = any(_is_styled(entry) for entry in shown if entry.kind == LINE and not entry.has_worth)
    for index, entry in enumerate(shown):
        if entry.kind != LINE or entry.has_worth:
            continue
        follows_line = index > 0 and shown[index - 1].kind in (LINE, NOTE)
        if index > last:
            entry.skip(TEXT_BELOW)
        elif words.is_total(entry.label) == 'whole':
            entry.skip(TOTAL)
        elif follows_line and _is_note(entry, styled):
            entry.kind = NOTE
        else:
            entry.kind = SECTION
    _nest(shown)


def _is_styled(entry):
    name = entry.values.get('name') or ''
    return entry.is_bold or name.isupper() or bool(entry.values.get('item_number')) or name.endswith(':')


def _is_note(entry, styled):
    name = entry.values.get('name') or ''
    looks_so = name[:1].islower() or name[:1] in '-•*(–' or len(name) > 80
    return looks_so or (styled and not _is_styled(entry))


def _nest(entries):
    """Sections within sections: by their numbers, else the second of two that follow each other."""
    sections = [entry for entry in entries if entry.kind == SECTION]
    depths = {
        id(entry): len([part for part in re.split(r'[.\-/ ]', entry.values['item_number']) if part.strip('0')])
        for entry in sections
        if entry.values.get('item_number')
    }
    top = min(depths.values(), default=0)
    for before, entry in zip(entries, entries[1:], strict=False):
        if entry.kind != SECTION:
            continue
        if id(entry) in depths:
            if depths[id(entry)] > top:
                entry.kind = SUBSECTION
        elif before.kind == SECTION:
            entry.kind = SUBSECTION


def _remark(entries):
    """What is to be looked at on lines."""
    seen = {}
    for entry in entries:
        if entry.kind != LINE:
            continue
        item = entry.values.get('item_number')
        if item and item in seen:
            entry.remarks.append((DUPLICATE, seen[item]))
        seen.setdefault(item, entry.row)
        quantity, price = entry.values.get('original_quantity'), entry.values.get('unit_price')
        if quantity is not None and price is not None and not _is_sum(entry.amount, [quantity * price]):
            if entry.amount or quantity * price:
                entry.remarks.append((UNLIKE_PRICE, quantity * price))
