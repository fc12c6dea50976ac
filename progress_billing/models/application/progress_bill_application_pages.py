import math
import unicodedata

from odoo import models
from odoo.tools import formatLang

from .progress_bill_application_sheet import COLUMNS

#: lines of text that fit on a page of the continuation sheet, heads and totals apart; on the summary's right half
PAGE_LINES = {'a4': 46, 'letter': 48}
SUMMARY_LINES = {'a4': 36, 'letter': 36}
PAGE_WIDTH = {'a4': 277, 'letter': 259}  # millimetres between the margins
DIGIT_WIDTH = 1.85  # millimetres, of a digit in the sheet's type
LETTER_WIDTH = 1.62
LONGEST_PIECE = 10  # lines of a description that stay together
ROW_GAP = 0.35  # lines, between two rows
SCALES = (1.0, 0.9, 0.8)


class ProgressBillApplicationPages(models.Model):
    """The application for payment, page by page: which rows, wrapped how, and what each page comes to.

    Pages are divided here and not by the printer, so that each one has its heads and its total.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    def _get_application_document(self, density=1.0):
        """All that is printed, in the language of the context.

        :param float density: how full pages become; less than 1 where a printer needs more room
        :return dict: what the template shows
        """
        self.ensure_one()
        self._check_application()
        rows = self._get_sheet_rows()
        layout = self._get_sheet_layout(rows)
        total = dict(self._sum_rows(rows), style='grand', item='', name=self.env._("Grand total"))
        texts = self._get_application_texts()
        document = {
            'paper': self.contract_id._get_application_setting('paper'),
            'layout': layout,
            'facts': self._get_application_facts(),
            'heads': self._get_application_heads(),
            'summary': [dict(line, text=self._show(line['value'])) for line in self._get_application_summary()],
            'changes': self._show_changes(),
            'texts': texts,
            'certified': self._show(self.certified_amount) if self.sum_certified else '',
            'pages': [{'kind': 'summary', 'has_texts': True}],
        }
        room = math.floor(SUMMARY_LINES[document['paper']] * density)
        if self._count_text_lines(texts) > room:
            document['pages'] = [{'kind': 'summary', 'has_texts': False}, {'kind': 'texts'}]
        document['pages'] += self._divide(rows, total, layout, math.floor(PAGE_LINES[layout['paper']] * density))
        document['pages'] += self._divide_terms(texts['terms'], math.floor(PAGE_LINES[layout['paper']] * density))
        for number, page in enumerate(document['pages'], 1):
            page['label'] = self.env._("Page %(number)s of %(pages)s", number=number, pages=len(document['pages']))
        return document

    def _count_text_lines(self, texts):
        """Room that statement, certificate and signatures take beside the summary."""
        blocks = len(texts['statement_blocks']) + len(texts['certificate_blocks'])
        return 5 * blocks + sum(_count_lines(texts[key], 62) for key in ('statement', 'certificate'))

    # === LAYOUT === #

    def _get_sheet_layout(self, rows):
        """Widths of the columns in percent, by the longest figure; the description has the rest.

        :return dict: ``columns``, ``letters``, ``widths``, ``scale`` of the type, ``wrap`` (letters in a line
            of the description and of an item number)
        """
        columns = self._get_sheet_columns()
        paper = self.contract_id._get_application_setting('paper')
        totals = self._sum_rows(rows)
        figures = [row[key] for row in (*rows, totals) for key in columns if key != 'percent' and key in row]
        longest = max((len(self._show(figure)) for figure in figures), default=4)
        for scale in SCALES:
            widths = {key: max(longest * DIGIT_WIDTH * scale + 3, 18) for key in columns}
            widths['percent'] = 7 * DIGIT_WIDTH * scale + 3
            widths['item'] = 16
            rest = PAGE_WIDTH[paper] - sum(widths.values())
            if rest > 60:
                break
        widths['name'] = max(rest, 45)
        whole = sum(widths.values())
        return {
            'paper': paper,
            'columns': columns,
            'letters': dict(zip(('item', 'name', *COLUMNS), 'ABCDEFGHIJ', strict=True)),
            'widths': {key: round(100 * width / whole, 2) for key, width in widths.items()},
            'scale': scale,
            'wrap': {key: max(int((widths[key] - 3) / (LETTER_WIDTH * scale)), 4) for key in ('item', 'name')},
        }

    # === PAGES === #

    def _divide(self, rows, total, layout, room):
        """The rows on pages, each with its own total; the last one with the grand total."""
        pieces = [piece for row in rows for piece in self._split_row(row, layout)]
        pages, page, used = [], [], 0
        for index, piece in enumerate(pieces):
            needed = piece['height']
            if piece['style'] == 'title':  # not alone at the foot of a page
                needed += sum(follower['height'] for follower in pieces[index + 1 : index + 2])
            if page and used + needed > room:
                pages.append(page)
                page, used = [], 0
            page.append(piece)
            used += piece['height']
        pages.append(page)
        return [
            {
                'kind': 'sheet',
                'rows': [self._show_row(row, layout) for row in page],
                'totals': [
                    self._show_row(row, layout)
                    for row in self._get_page_totals(page, total, page is pages[-1], len(pages) > 1)
                ],
            }
            for page in pages
        ]

    def _get_page_totals(self, page, total, is_last, has_many):
        own = dict(self._sum_rows(page), style='page', item='', name=self.env._("Total of this page"))
        return [*([own] if has_many else []), *([total] if is_last else [])]

    def _split_row(self, row, layout):
        """A row with its height in lines; a long description goes on in rows without figures."""
        texts = _wrap(row['name'], 90 if row['style'] == 'title' else layout['wrap']['name'])
        first, rest = texts[:LONGEST_PIECE], texts[LONGEST_PIECE:]
        item_height = _count_lines(row['item'], layout['wrap']['item'])
        yield dict(row, name=''.join(first).strip(), height=max(len(first), item_height) + ROW_GAP)
        while rest:
            piece, rest = rest[:LONGEST_PIECE], rest[LONGEST_PIECE:]
            yield {'style': 'more', 'item': '', 'name': ''.join(piece).strip(), 'height': len(piece) + ROW_GAP}

    def _divide_terms(self, terms, room):
        lines = _wrap(terms, 150) if terms else []
        return [
            {'kind': 'terms', 'text': ''.join(lines[start : start + room]).strip()}
            for start in range(0, len(lines), room)
        ]

    # === FIGURES === #

    def _show_row(self, row, layout):
        """A row with its figures as texts."""
        cells = {
            key: self._show_percent(row[key]) if key == 'percent' else self._show(row[key])
            for key in layout['columns']
            if key in row
        }
        return {**{key: row[key] for key in ('style', 'item', 'name')}, 'level': row.get('level', 0), 'cells': cells}

    def _show(self, amount):
        """An amount with the currency's decimals, in the language of the context, without a symbol."""
        return formatLang(self.env, float(amount) + 0.0, digits=self.currency_id.decimal_places)

    def _show_percent(self, percent):
        return formatLang(self.env, float(percent) + 0.0, digits=2)

    def _show_changes(self):
        changes = self._get_application_changes()
        return {
            'heads': changes['heads'],
            'rows': [
                (label, *(self._show(amount) for amount in amounts))
                for label, *amounts in (*changes['rows'], changes['total'])
            ],
            'net': (changes['net'][0], self._show(changes['net'][1])),
        }


def _get_width(text):
    """How much room a text takes, in average letters."""
    return sum(
        2.0 if unicodedata.east_asian_width(letter) in 'WF' else 1.3 if letter.isupper() or letter in 'mwMW@%' else 1.0
        for letter in text
    )


def _wrap(text, width):
    """The lines of a text that is ``width`` average letters wide, each with the blank or break that ends it.

    Put together they are the text again; words that are too long are broken.
    """
    result = []
    for paragraph in (text or '').splitlines() or ['']:
        line = ''
        for word in paragraph.split():
            if line and _get_width(line) + _get_width(word) > width:
                result.append(line)
                line = ''
            while _get_width(word) > width:
                cut = _fit(word, width)
                result.append(word[:cut])
                word = word[cut:]
            line += f'{word} '
        result.append(f'{line.rstrip()}\n')
    return result


def _fit(word, width):
    """How many letters of a word fit; one at least."""
    used = 0.0
    for index, letter in enumerate(word):
        used += _get_width(letter)
        if used > width:
            return max(index, 1)
    return len(word)


def _count_lines(text, width):
    return len(_wrap(text, width))
