import math

from odoo.tools import formatLang

from ..tools import page_layout

#: lines of text that fit on a page of the continuation sheet, heads and totals apart; on the summary's right half
PAGE_LINES = {'a4': 46, 'letter': 48}
SUMMARY_LINES = {'a4': 36, 'letter': 36}
PAGE_WIDTH = {'a4': 277, 'letter': 259}  # millimetres between the margins
DIGIT_WIDTH = 1.85  # millimetres, of a digit in the sheet's type
LETTER_WIDTH = 1.62
HEAD_WIDTH, WIDEST_HEAD = 1.39, 30  # of a letter of the heads, whose type is smaller; of a head's longest word
TITLE_WIDTH, TERMS_WIDTH, TEXT_WIDTH = 90, 150, 62  # letters in a line
LONGEST_PIECE = 10  # lines of a description that stay together
ROW_GAP = 0.35  # lines, between two rows
SCALES = (1.0, 0.9, 0.8)


class ApplicationPages:
    """The application for payment, page by page: which rows, wrapped how, and what each page comes to.

    Pages are divided here and not by the printer, so that each one has its heads and its total.

    :param report: ``report.progress_billing.report_progress_application``, in the customer's language
    :param bill: ``progress.bill``
    :param float density: how full pages become; less than 1 where a printer needs more room
    """

    def __init__(self, report, bill, density=1.0):
        self.report, self.bill, self.env = report, bill, report.env
        self.paper = bill.contract_id._get_application_setting('paper')
        self.columns = report._get_columns(bill)
        self.rows = report._get_rows(bill)
        self.room = math.floor(PAGE_LINES[self.paper] * density)
        self.summary_room = math.floor(SUMMARY_LINES[self.paper] * density)

    def build(self):
        """What the template shows.

        :return dict: ``paper``, ``layout``, ``pages`` and what stands on them, figures as texts
        """
        layout = self._get_layout()
        texts = self.report._get_texts(self.bill)
        summary = self.report._get_summary(self.bill)
        pages = [{'kind': 'summary', 'has_texts': True}]
        if self._count_text_lines(texts) > self.summary_room:
            pages = [{'kind': 'summary', 'has_texts': False}, {'kind': 'texts'}]
        pages += self._divide(layout)
        pages += [{'kind': 'terms', 'text': text} for text in self._divide_terms(texts['terms'])]
        for number, page in enumerate(pages, 1):
            page['label'] = self.env._("Page %(number)s of %(pages)s", number=number, pages=len(pages))
        return {
            'paper': self.paper,
            'layout': layout,
            'facts': self.report._get_facts(self.bill),
            'heads': self.report._get_heads(),
            'summary': [dict(line, text=self._show(line['value'])) for line in summary],
            'changes': self._show_changes(),
            'texts': texts,
            'certified': self._show(self.bill.certified_amount) if self.bill.sum_certified else '',
            'pages': pages,
        }

    def _count_text_lines(self, texts):
        """Room that statement, certificate and signatures take beside the summary."""
        blocks = len(texts['statement_blocks']) + len(texts['certificate_blocks'])
        return 5 * blocks + sum(page_layout.count_lines(texts[key], TEXT_WIDTH) for key in ('statement', 'certificate'))

    # === LAYOUT === #

    def _get_layout(self):
        """Widths of the columns in percent, by the longest figure and word of a head; the description has the rest.

        :return dict: ``columns``, ``letters``, ``widths``, ``scale`` of the type, ``wrap`` (letters in a line
            of the description and of an item number)
        """
        rows = (*self.rows, self.report._sum_rows(self.rows))
        figures = [row[key] for row in rows for key in self.columns if key != 'percent' and key in row]
        longest = max((len(self._show(figure)) for figure in figures), default=4)
        heads = self.report._get_heads()
        words = {key: min(page_layout.get_head_width(heads[key]) * HEAD_WIDTH, WIDEST_HEAD) for key in self.columns}
        for scale in SCALES:
            widths = {key: max(longest * DIGIT_WIDTH * scale + 3, words[key] + 3, 18) for key in self.columns}
            widths['percent'] = 7 * DIGIT_WIDTH * scale + 3
            widths['item'] = 16
            rest = PAGE_WIDTH[self.paper] - sum(widths.values())
            if rest > 60:
                break
        widths['name'] = max(rest, 45)
        whole = sum(widths.values())
        return {
            'columns': self.columns,
            'letters': self.report._get_letters(),
            'widths': {key: round(100 * width / whole, 2) for key, width in widths.items()},
            'scale': scale,
            'wrap': {key: max(int((widths[key] - 3) / (LETTER_WIDTH * scale)), 4) for key in ('item', 'name')},
        }

    # === PAGES === #

    def _divide(self, layout):
        """The rows on pages, each with its own total; the last one with the grand total."""
        pieces = [piece for row in self.rows for piece in self._split_row(row, layout)]
        pages = page_layout.paginate(pieces, self.room)
        return [
            {
                'kind': 'sheet',
                'rows': [self._show_row(row) for row in page],
                'totals': [self._show_row(row) for row in self._get_page_totals(page, pages)],
            }
            for page in pages
        ]

    def _get_page_totals(self, page, pages):
        totals = []
        if len(pages) > 1:
            name = self.env._("Total of this page")
            totals.append(dict(self.report._sum_rows(page), style='page', item='', name=name))
        if page is pages[-1]:
            name = self.env._("Grand total")
            totals.append(dict(self.report._sum_rows(self.rows), style='grand', item='', name=name))
        return totals

    def _split_row(self, row, layout):
        """A row with its height in lines; a long description goes on in rows without figures."""
        is_title = row['style'] == 'title'
        width = TITLE_WIDTH if is_title else layout['wrap']['name']
        (name, lines), *rest = page_layout.cut(row['name'], width, LONGEST_PIECE)
        item_lines = page_layout.count_lines(row['item'], layout['wrap']['item'])
        yield dict(row, name=name, height=max(lines, item_lines) + ROW_GAP, is_title=is_title)
        for name, lines in rest:
            yield {'style': 'more', 'item': '', 'name': name, 'height': lines + ROW_GAP}

    def _divide_terms(self, terms):
        return [text for text, _lines in page_layout.cut(terms, TERMS_WIDTH, self.room)] if terms else []

    # === FIGURES === #

    def _show_row(self, row):
        """A row with its figures as texts."""
        cells = {
            key: self._show_percent(row[key]) if key == 'percent' else self._show(row[key])
            for key in self.columns
            if key in row
        }
        return {**{key: row[key] for key in ('style', 'item', 'name')}, 'level': row.get('level', 0), 'cells': cells}

    def _show(self, amount):
        """An amount with the currency's decimals, in the language of the context, without a symbol."""
        return formatLang(self.env, float(amount) + 0.0, digits=self.bill.currency_id.decimal_places)

    def _show_percent(self, percent):
        return formatLang(self.env, float(percent) + 0.0, digits=2)

    def _show_changes(self):
        changes = self.report._get_changes(self.bill)
        return {
            'heads': changes['heads'],
            'rows': [
                (label, *(self._show(amount) for amount in amounts))
                for label, *amounts in (*changes['rows'], changes['total'])
            ],
            'net': (changes['net'][0], self._show(changes['net'][1])),
        }
