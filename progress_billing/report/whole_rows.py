"""Tables of printed documents taken apart so that no printer divides a row.

Printers differ in whether they heed a wish to keep a table row together; all of them keep a whole table together.
So a table that is marked with ``MARK`` is printed as one table for each row, with the same columns. Its head stays
with the first row, a title with the row below it, and the last row with the totals that follow the table.
"""

from lxml import etree, html

from ..tools import page_layout

MARK = 'data-progress-rows'
TITLES = {'o_line_section', 'o_line_subsection'}
WHOLE = 'page-break-inside: avoid;'


def keep_rows_whole(document):
    """A document to be printed in which no row of a marked table can be divided by the end of a page.

    :param document: text or bytes of HTML
    :return: the same, with each row of its marked tables in a table of its own
    """
    if (MARK if isinstance(document, str) else MARK.encode()) not in document:
        return document
    document = document.encode() if isinstance(document, str) else document
    root = html.fromstring(document, parser=html.HTMLParser(encoding='utf-8'))
    for table in root.xpath(f'//table[@{MARK}]'):
        take_apart(table)
    return html.tostring(root, encoding='utf-8')


def take_apart(table):
    """Replace a table by a table for each of its rows.

    :param table: element with ``thead`` and ``tbody``
    """
    for hidden in table.xpath('.//td[contains(@class, "d-none")]'):
        hidden.drop_tree()
    heads, rows = table.xpath('./thead/tr'), table.xpath('./tbody/tr')
    if not heads or not rows:
        return
    totals = take_totals(table)
    blocks = list(page_layout.get_blocks([{'row': row, 'title': TITLES & get_classes(row)} for row in rows], 'title'))
    widths, scale = get_columns(heads[0], rows)
    for block in blocks:
        whole = html.Element('div', {'style': WHOLE})
        sized = etree.SubElement(whole, 'div', {'style': f'font-size: {scale}em;'})
        if block is blocks[0]:
            sized.append(make_table(table, 'thead', heads, widths))
        for item in block:
            sized.append(make_table(table, 'tbody', [item['row']], widths))
        table.addprevious(whole)
    whole.extend(totals)
    table.drop_tree()


def make_table(table, part, rows, widths):
    """A table like the given one, of some of its rows; the columns are as wide in each."""
    style = f'{WHOLE} width: 100%; table-layout: fixed; margin: 0; word-wrap: break-word; overflow-wrap: break-word;'
    made = html.Element('table', {'class': table.get('class') or '', 'style': style})
    columns = etree.SubElement(made, 'colgroup')
    for width in widths:
        etree.SubElement(columns, 'col', {'style': f'width: {width}%;'})
    etree.SubElement(made, part).extend(rows)
    return made


def get_columns(head, rows):
    """Widths of the columns by their longest texts; the first has the rest.

    :return tuple: percents in the order of the columns, scale of the type
    """
    letters = [page_layout.get_head_width(get_text(cell)) for cell in get_cells(head)]
    for row in rows:
        cells = get_cells(row)
        if len(cells) == len(letters):
            letters = [max(pair) for pair in zip(letters, map(get_letters, cells), strict=True)]
    widths, scale = page_layout.get_widths(dict(enumerate(letters[1:])))
    return [widths.pop('name'), *widths.values()], scale


def get_cells(row):
    return row.xpath('./th|./td')


def get_letters(cell):
    """Room that a cell takes: its text where that must not wrap, else the longest word."""
    text = get_text(cell)
    if any('text-nowrap' in get_classes(element) for element in cell.iter('td', 'span', 'div')):
        return page_layout.get_width(text)
    return page_layout.get_word_width(text)


def get_text(cell):
    return ' '.join(cell.text_content().split())


def get_classes(element):
    return set((element.get('class') or '').split())


def take_totals(table):
    """The totals of a table, taken out of what follows it; nothing where it has none."""
    for follower in table.xpath('following-sibling::*[descendant::*[@id="total"]][1]'):
        part = follower.xpath('./*[descendant-or-self::*[@id="total"]]')[0]
        box = html.Element('div', {'class': follower.get('class') or ''})
        box.append(part)
        return [box]
    return []
