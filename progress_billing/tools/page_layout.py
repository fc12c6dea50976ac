"""Texts in lines and lines on pages, by the width of average letters: for documents that divide their own pages."""

import unicodedata

WIDE, BROAD = 2.0, 1.3


def get_width(text):
    """How much room a text takes, in average letters.

    >>> get_width('abc'), get_width('MW'), get_width('日本')
    (3.0, 2.6, 4.0)
    """
    return sum(
        WIDE if unicodedata.east_asian_width(letter) in 'WF' else BROAD if letter.isupper() or letter in 'mw@%' else 1.0
        for letter in text
    )


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
    for block in _get_blocks(pieces):
        needed = sum(piece['height'] for piece in block)
        if page and used + needed > room:
            pages.append(page)
            page, used = [], 0
        page += block
        used += needed
    return [*pages, page]


def _get_blocks(pieces):
    """Titles together with what they head."""
    block = []
    for piece in pieces:
        block.append(piece)
        if not piece.get('is_title'):
            yield block
            block = []
    if block:
        yield block
