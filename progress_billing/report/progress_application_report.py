from odoo import api, models
from odoo.tools import format_date

from ..tools import money
from .application_pages import ApplicationPages
from .application_xlsx import ApplicationXlsx

LEVELS = {'line_section': 1, 'line_subsection': 2}
#: amounts of a row that are data; the others follow from them
DATA = ('scheduled', 'previous', 'work', 'stored', 'retainage', 'retainage_stored')
#: columns of the continuation sheet after item and description, in the order of their letters
COLUMNS = ('scheduled', 'previous', 'work', 'stored', 'completed_stored', 'percent', 'balance', 'retainage')


class ProgressApplicationReport(models.AbstractModel):
    """What the application for payment says, for paper and spreadsheet alike: labels, sections, rows and totals.

    The figures are those of ``progress.bill``; texts are in the language of the environment. Addons that
    print more extend these methods; pages and cells follow from what they return.
    """

    _name = 'report.progress_billing.report_progress_application'
    _description = "Application for Payment"

    @api.model
    def _get_report_values(self, docids, data=None):
        """What the template shows of each bill.

        :param dict data: may have ``density``, see :meth:`_get_document`
        """
        bills = self.env['progress.bill'].browse(docids)
        density = (data or {}).get('density') or 1.0
        return {
            'doc_ids': docids,
            'doc_model': bills._name,
            'docs': bills,
            'documents': {bill.id: self._of(bill)._get_document(bill, density) for bill in bills},
        }

    def _of(self, bill):
        """This report in the language of a bill's customer."""
        return self.with_env(bill._in_customer_language().env)

    def _get_document(self, bill, density=1.0):
        """All that is printed of a bill, page by page.

        :param float density: how full pages become; less than 1 where a printer needs more room
        :return dict: what the template shows
        :raises UserError: for bills that are no applications
        """
        bill = bill.with_env(self.env)
        bill._check_application()
        return ApplicationPages(self, bill, density).build()

    def _build_xlsx(self, bill):
        """The workbook: summary and continuation sheet.

        :return bytes: a file in the format of Excel
        :raises UserError: for bills that are no applications
        """
        bill = bill.with_env(self.env)
        bill._check_application()
        return ApplicationXlsx(self, bill).build()

    # === TEXTS === #

    def _get_heads(self):
        """Heads of the continuation sheet's columns, by column."""
        return {
            'item': self.env._("Item"),
            'name': self.env._("Description of work"),
            'scheduled': self.env._("Scheduled value"),
            'previous': self.env._("From previous applications"),
            'work': self.env._("This period"),
            'stored': self.env._("Materials presently stored"),
            'completed_stored': self.env._("Total completed and stored to date"),
            'percent': self.env._("%"),
            'balance': self.env._("Balance to finish"),
            'retainage': self.env._("Retainage"),
            'retainage_stored': self.env._("Retainage: of it on stored materials"),
        }

    def _get_facts(self, bill):
        """Number, period, parties and the like: pairs of label and text, in the order they are printed."""
        period, contract = bill.period_id, bill.contract_id
        # sudo: project.project, res.partner, res.company - names on the document of a bill that may be read
        known = bill.sudo()
        project, customer, location = known.project_id, known.partner_id, known.partner_shipping_id
        span = ''
        if period:
            span = f'{format_date(self.env, period.date_start)} – {format_date(self.env, period.date_end)}'
        return {
            'number': (self.env._("Application no."), str(bill._get_bill_position())),
            'revision': (self.env._("Revision"), str(bill.correction_number)),
            'bill': (self.env._("Bill"), bill.name or bill.title or ''),
            'date': (self.env._("Application date"), format_date(self.env, bill.date) if bill.date else ''),
            'period': (self.env._("Period"), span),
            'contract': (self.env._("Contract"), contract.display_name or ''),
            'project': (self.env._("Project"), project.name or ''),
            'customer': (self.env._("Owner"), self._get_address(customer)),
            'location': (
                self.env._("Location"),
                self._get_address(location) if location and location != customer else '',
            ),
            'contractor': (self.env._("Contractor"), self._get_address(known.company_id.partner_id)),
            'currency': (self.env._("Amounts in"), bill.currency_id.name),
        }

    def _get_address(self, partner):
        """Name and address of a contact, in lines without gaps."""
        lines = [partner.commercial_company_name, partner.name, *partner._display_address(True).split('\n')]
        return '\n'.join(dict.fromkeys(line.strip() for line in lines if line and line.strip()))

    def _get_summary(self, bill):
        """The numbered lines of the summary.

        :return list: dicts with ``number``, ``label``, ``key`` (of the bill's field), ``value`` and ``style``
        """
        labels = [
            ('1', 'original_amount', self.env._("Original contract sum"), ''),
            ('2', 'change_amount', self.env._("Net change by change orders"), ''),
            ('3', 'revised_amount', self.env._("Contract sum to date (1 + 2)"), 'strong'),
            ('4', 'completed_stored_amount', self.env._("Total completed and stored to date (column G)"), ''),
            ('5a', 'retainage_work_amount', self.env._("Retainage on completed work"), 'part'),
            ('5b', 'retainage_stored_amount', self.env._("Retainage on stored materials"), 'part'),
            ('5', 'retainage_total', self.env._("Total retainage (5a + 5b)"), ''),
            ('6', 'earned_less_retainage', self.env._("Total earned less retainage (4 − 5)"), 'strong'),
            ('7', 'less_previous_certificates', self.env._("Less previous certificates for payment"), ''),
            ('8', 'current_payment_due', self.env._("Current payment due (6 − 7)"), 'due'),
            ('9', 'balance_to_finish', self.env._("Balance to finish, including retainage (3 − 6)"), ''),
        ]
        if bill.sum_certified:
            labels.append(('', 'certified_amount', self.env._("Amount certified"), 'due'))
        return [
            {'number': number, 'key': key, 'label': label, 'style': style, 'value': bill[key]}
            for number, key, label, style in labels
        ]

    def _get_changes(self, bill):
        """The change orders: additions and deductions before this application, with it, and together.

        :return dict: ``heads`` and ``rows``, each a label and two amounts; ``net`` of all
        """
        summary = bill._get_change_summary()
        rows = [
            (self.env._("Approved in previous periods"), *summary['previous']),
            (self.env._("Approved this period"), *summary['current']),
        ]
        total = [bill.currency_id.round(sum(row[column] for row in rows)) for column in (1, 2)]
        return {
            'heads': (self.env._("Change orders"), self.env._("Additions"), self.env._("Deductions")),
            'rows': rows,
            'total': (self.env._("Totals"), *total),
            'net': (self.env._("Net change"), bill.currency_id.round(total[0] - total[1])),
        }

    def _get_texts(self, bill):
        """Statement, certificate, terms, and who signs which: ``(label, name)`` pairs."""
        contract = bill.contract_id
        texts = {key: contract._get_application_setting(key) for key in ('statement', 'certificate', 'terms')}
        blocks = [
            tuple(part.strip() for part in line.partition(':')[::2])
            for line in contract._get_application_setting('signatures').splitlines()
            if line.strip()
        ]
        return dict(texts, statement_blocks=blocks[:1], certificate_blocks=blocks[1:])

    def _get_letters(self):
        """Letters of the columns, all of them, in their order: those not shown keep theirs."""
        return dict(zip(('item', 'name', *COLUMNS), 'ABCDEFGHIJ', strict=True))

    # === ROWS === #

    def _get_rows(self, bill):
        """The continuation sheet: titles of sections, lines, and subtotals.

        :return list: dicts with ``style`` (title, line, subtotal), ``level``, ``item`` and ``name``; lines and
            subtotals have their amounts as decimals, subtotals the index of the ``first`` row they add up
        """
        figures = {row['line']: row for row in bill._get_application_rows()}
        scheduled = bill.contract_id.line_ids.sorted(lambda line: (line.sequence, line.id))
        rows, groups = [], []
        for line in scheduled:
            level = LEVELS.get(line.display_type)
            if level:
                self._close_groups(rows, groups, level)
                groups.append((level, len(rows)))
                rows.append({'style': 'title', 'level': level, 'item': line.item_number or '', 'name': line.name})
            elif line in figures:
                rows.append(self._prepare_row(bill, figures[line], len(groups)))
        self._close_groups(rows, groups, 0)
        return rows + [self._prepare_row(bill, row, 0) for line, row in figures.items() if line not in scheduled]

    def _prepare_row(self, bill, figures, level):
        """The row of a schedule line, also of one that was removed from the schedule since.

        :param dict figures: see ``_get_application_rows`` of the bill
        """
        amounts = {key: money.round_to(figures[key], bill.currency_id.rounding) for key in DATA}
        line = figures['line']
        return {
            'style': 'line',
            'level': level,
            'item': line.item_number or '',
            'name': line.name,
            **self._complete_amounts(amounts),
        }

    def _close_groups(self, rows, groups, level):
        """End the sections down to a level with their subtotals; those without lines go."""
        while groups and groups[-1][0] >= level:
            depth, start = groups.pop()
            if not any(row['style'] == 'line' for row in rows[start:]):
                del rows[start:]
                continue
            name = self.env._("Subtotal %s", ' '.join(rows[start]['name'].split()))
            total = {'style': 'subtotal', 'level': depth, 'item': '', 'name': name, 'first': start + 1}
            rows.append(dict(total, **self._sum_rows(rows[start:])))

    def _sum_rows(self, rows):
        """The amounts of the lines among these rows, added up."""
        lines = [row for row in rows if row['style'] == 'line']
        return self._complete_amounts({key: sum((row[key] for row in lines), money.ZERO) for key in DATA})

    def _complete_amounts(self, amounts):
        """The amounts of a row, with those that follow from the others."""
        completed = amounts['previous'] + amounts['work'] + amounts['stored']
        return {
            **amounts,
            'completed_stored': completed,
            'percent': money.ratio_percent(completed, amounts['scheduled']),
            'balance': amounts['scheduled'] - completed,
        }

    def _get_columns(self, bill):
        """The columns shown: stored materials and retainage where they are used, or as the settings say."""
        lines = (bill.contract_id._get_live_bills(bill) | bill).line_ids
        used = {
            'stored': any(line.stored_amount or line.previous_stored_amount for line in lines),
            'retainage': any(line.retainage_amount for line in lines),
        }
        hidden = set()
        for key, is_used in used.items():
            setting = bill.contract_id._get_application_setting(key)
            if setting == 'hide' or (setting == 'auto' and not is_used):
                hidden.add(key)
        return tuple(key for key in COLUMNS if key not in hidden)
