"""Finding the headings of a schedule of values and what its columns hold, without the ORM."""

from collections import namedtuple

from . import schedule_words as words

SEARCHED_ROWS = 60
HEIGHT = 3  # rows a heading is at most spread over

#: headings of a sheet: their texts by column, the rows they stand in, fields by column (``None`` unknown)
Header = namedtuple('Header', 'texts rows fields')
NO_HEADER = Header([], (), [])


def find(rows, more=None):
    """The headings of a sheet: the rows whose texts name the most columns.

    A heading may be spread over up to three rows, with titles above and letters (A, B, C …) below.

    :param rows: rows of :mod:`schedule_file`
    :param dict more: further synonyms by field
    :return Header: without texts where nothing names what is worth something

    >>> from .schedule_file import read_csv
    >>> found = find(read_csv(b'Job 12,,\\n,,\\nItem,Description,Scheduled\\nNo.,of Work,Value\\n1,Walls,5\\n'))
    >>> found.rows, found.fields
    ((3, 4), ['item_number', 'name', 'original_amount'])
    """
    best, best_score = NO_HEADER, (0, 0, 0)
    for start in range(min(len(rows), SEARCHED_ROWS)):
        for height in range(1, HEIGHT + 1):
            block = rows[start : start + height]
            if len(block) < height or _has_numbers(block[-1]):
                break
            texts = _join(block)
            fields = match(texts, more)
            score = (len({field for field in fields if field}), _get_closeness(texts, more), -height)
            if _is_enough(fields) and score > best_score:
                best, best_score = Header(texts, tuple(row.number for row in block), fields), score
    return best


def _has_numbers(row):
    """Whether a row holds figures: headings hold none but a year or a percentage of something."""
    filled = [cell for cell in row.cells if cell.strip() and not cell.is_spanned]
    numbers = [cell for cell in filled if cell.number is not None or cell.strip().replace('.', '').isdecimal()]
    return len(numbers) * 2 > len(filled)


def _join(block):
    texts = []
    for column in range(len(block[0].cells)):
        parts = [' '.join(row.cells[column].split()) for row in block]
        texts.append(' '.join(dict.fromkeys(part for part in parts if part)))
    return texts


def _get_closeness(texts, more):
    """How well the headings fit the words of the trade, together."""
    return round(sum(1 - words.match_column(text, more)[1] for text in texts), 1)


def _is_enough(fields):
    """A heading names what is worth something and what it is: one word alone may be any text."""
    known = set(fields) - {None, words.IGNORED}
    return len(known) >= 2 and bool(known & {'name', 'item_number'})


def match(texts, more=None):
    """Fields of the headings; each field is given once, to the heading that names it best.

    >>> match(['Item', 'Amount', 'Scheduled Value', 'Work Completed This Period', 'Colour'])
    ['item_number', None, 'original_amount', '', None]
    >>> match(['Scope', 'Price']), match(['Scope', 'Qty', 'Price', 'Total'])
    (['name', 'original_amount'], ['name', 'original_quantity', 'unit_price', 'original_amount'])
    """
    found = [words.match_column(text, more) for text in texts]
    named = {field for field, _distance in found}
    price = 'unit_price' if named & {'original_quantity', 'original_amount'} else 'original_amount'
    for index, text in enumerate(texts):
        if words.normalize(text) in words.PRICE_WORDS:
            found[index] = price, 0.4
    best = {}
    for index, (field, distance) in enumerate(found):
        if field and (field not in best or distance < found[best[field]][1]):
            best[field] = index
    return [
        field if field is not None and (not field or best[field] == index) else None
        for index, (field, _distance) in enumerate(found)
    ]


def guess_without(rows):
    """Fields by the contents of the columns, for a sheet without headings: the longest texts, the only amounts.

    >>> from .schedule_file import read_csv
    >>> guess_without(read_csv(b'1,Walls and such,500.00\\n2,Roof,20.00\\n'))
    ['item_number', 'name', 'original_amount']
    """
    if not rows:
        return []
    width = len(rows[0].cells)
    texts, numbers = [0] * width, [0] * width
    for row in rows:
        for column, cell in enumerate(row.cells):
            text = cell.strip()
            digits = sum(char.isdigit() for char in text)
            if cell.number is not None or digits * 2 > len(text):
                numbers[column] += 1
            else:
                texts[column] += len(text)
    fields = [None] * width
    name = max(range(width), key=lambda column: texts[column])
    amounts = [column for column in range(name + 1, width) if numbers[column] * 2 > len(rows)]
    if texts[name]:
        fields[name] = 'name'
        if name == 1:
            fields[0] = 'item_number'
        if len(amounts) == 1:
            fields[amounts[0]] = 'original_amount'
    return fields
