"""Texts in lines and lines on pages, by the width of average letters: for documents that divide their own pages."""

import unicodedata

WIDE, BROAD = 2.0, 1.3
#: a bold letter, of one that is not; and some air
BOLD = 1.2
#: of a table as wide as an upright page, in percent: a digit of a figure, the gap between two columns
DIGIT, GAP = 0.85, 1.6
#: percent that the description of a table needs
DESCRIPTION = 30
SCALES = (1.0, 0.9, 0.8, 0.7)


def get_width(text):
    """How much room a text takes, in average letters.

    >>> get_width('abc'), get_width('MW'), get_width('日本')
    (3.0, 2.6, 4.0)
    """
    return sum(
        WIDE if unicodedata.east_asian_width(letter) in 'WF' else BROAD if letter.isupper() or letter in 'mw@%' else 1.0
        for letter in text
    )


def get_word_width(text):
    """Room of the longest word of a text, in average letters: what a column needs that may wrap.

    >>> get_word_width('to and fro'), get_word_width('')
    (3.0, 0.0)
    """
    return max(map(get_width, text.split()), default=0.0)


def get_head_width(text):
    """Room of the longest word of a column's head, which is bold.

    >>> round(get_head_width('Change Orders'), 2)
    7.56
    """
    return get_word_width(text) * BOLD


def fit(word, width):
    """How many letters of a word fit into ``width`` average letters; one at least.

    >>> fit('abcdef', 4), fit('日本語', 4), fit('x', 0)
    (4, 2, 1)
    """
    used = 0.0
    for index, letter in enumerate(word):
        used += get_width(letter)
        if used > width:
            return max(index, 1)
    return len(word)


def wrap(text, width):
    r"""The lines of a text that is ``width`` average letters wide, each with the blank or break that ends it.

    Put together they are the text again; words that are too long are broken.

    >>> wrap('one two three', 8)
    ['one two ', 'three\n']
    >>> wrap('first\nsecond', 20)
    ['first\n', 'second\n']
    >>> wrap('abcdefghij', 4)
    ['abcd', 'efgh', 'ij\n']
    >>> wrap('', 4)
    ['\n']
    """
    result = []
    for paragraph in (text or '').splitlines() or ['']:
        line = ''
        for word in paragraph.split():
            if line and get_width(line) + get_width(word) > width:
                result.append(line)
                line = ''
            while get_width(word) > width:
                cut = fit(word, width)
                result.append(word[:cut])
                word = word[cut:]
            line += f'{word} '
        result.append(f'{line.rstrip()}\n')
    return result


def count_lines(text, width):
    """How many lines a text takes.

    >>> count_lines('one two three', 8)
    2
    """
    return len(wrap(text, width))


def cut(text, width, most):
    """A long text in pieces of at most ``most`` lines, each with how many lines it has.

    >>> list(cut('one two three four', 8, 2))
    [('one two three', 2), ('four', 1)]
    """
    lines = wrap(text, width)
    for start in range(0, len(lines), most):
        piece = lines[start : start + most]
        yield ''.join(piece).strip(), len(piece)


def get_widths(letters):
    """Widths of a table's columns by their longest figures; the description has the rest.

    Where the figures leave it too little, the type becomes smaller.

    :param dict letters: letters of the longest text by column
    :return tuple: percents by column, with ``name`` for the description; scale of the type

    >>> get_widths({'amount': 10, 'percent': 5})
    ({'amount': 10.1, 'percent': 5.85, 'name': 84.05}, 1.0)
    >>> get_widths(dict.fromkeys('abcdef', 15))[1]
    0.7
    """
    for scale in SCALES:
        widths = {column: round(count * DIGIT * scale + GAP, 2) for column, count in letters.items()}
        rest = round(100 - sum(widths.values()), 2)
        if rest >= DESCRIPTION:
            break
    return {**widths, 'name': max(rest, 0)}, scale


def paginate(pieces, room):
    """Pieces on pages of ``room`` lines: a piece is never divided, a title never alone at the foot of a page.

    :param list pieces: dicts with their ``height`` in lines, and ``is_title`` where they belong to the next one
    :return list: lists of pieces; one empty page where there are none

    >>> rows = [{'height': 1}, {'height': 1, 'is_title': True}, {'height': 2}, {'height': 2}]
    >>> [[row['height'] for row in page] for page in paginate(rows, 3)]
    [[1], [1, 2], [2]]
    >>> rows.insert(1, {'height': 0.5, 'is_title': True})
    >>> [[row['height'] for row in page] for page in paginate(rows, 3)]
    [[1], [0.5, 1, 2], [2]]
    """
    pages, page, used = [], [], 0
    for block in get_blocks(pieces, 'is_title'):
        needed = sum(piece['height'] for piece in block)
        if page and used + needed > room:
            pages.append(page)
            page, used = [], 0
        page += block
        used += needed
    return [*pages, page]


def get_blocks(rows, title):
    """What stays together on a page: titles with the first row that they head.

    :param list rows: dicts
    :param str title: key of those that are titles

    >>> list(get_blocks([{'t': 1}, {'t': 1}, {'a': 1}, {'a': 2}], 't'))
    [[{'t': 1}, {'t': 1}, {'a': 1}], [{'a': 2}]]
    """
    block = []
    for row in rows:
        block.append(row)
        if not row.get(title):
            yield block
            block = []
    if block:
        yield block
