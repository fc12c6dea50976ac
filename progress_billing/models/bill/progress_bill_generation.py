from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL


class ProgressBillGeneration(models.Model):
    """How bills are made, whatever for, and their invoices where there is no pro forma.

    All ways end in :meth:`_bill_now`, so that they cannot differ in what they check and keep.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    @api.model
    def _make_bills(self, vals_list, actor=None):
        """Bills that were never planned: of a run, of a person's claim, of a change order's credit.

        :param list vals_list: values of ``progress.bill`` with ``claims``, see :meth:`_add_claims`
        :param Actor actor: who claims, the user unless given
        :return: ``progress.bill``, with invoices where the contract uses no pro formas
        """
        contracts = self.env['progress.contract'].browse([vals['contract_id'] for vals in vals_list])
        now, dates = fields.Datetime.now(), [vals['date'] for vals in vals_list]
        names = self._next_names([contract.company_id for contract in contracts], dates)
        bills = self._create_with_claims(
            [
                {
                    **vals,
                    'name': name,
                    'generated_on': now,
                    'review_state': 'draft' if contract.use_pro_forma else 'cancelled',
                }
                for vals, contract, name in zip(vals_list, contracts, names, strict=True)
            ]
        )
        bills._bill_now(actor)
        return bills

    @api.model
    def _create_with_claims(self, vals_list):
        """Bills that our own code makes, with their lines.

        :param list vals_list: values of ``progress.bill`` with ``claims``, see :meth:`_add_claims`
        """
        bills = self._create_protected(
            [{name: value for name, value in vals.items() if name != 'claims'} for vals in vals_list]
        )
        bills._add_claims([vals['claims'] for vals in vals_list])
        return bills

    def _add_claims(self, claims):
        """Give new bills their lines. Extend by ``super()`` for claims that are something else than values.

        :param list claims: for each of these bills a list, values of its lines
        """
        vals_list = [{'bill_id': bill.id, **claim} for bill, mine in zip(self, claims, strict=True) for claim in mine]
        if vals_list:
            self.env['progress.bill.line']._make_claims(vals_list)

    def _bill_now(self, actor=None):
        """What follows once bills have their lines: what the rooms make of their claims, and the invoices."""
        self._settle_claims(new=True)
        self.filtered(lambda bill: not bill.contract_id.use_pro_forma)._create_invoices(actor)
        self._check_if_not_posted()

    def _check_if_not_posted(self):
        """Never above its worth: what was posted at once was checked at the gate.

        :raises UserError: see ``progress.contract.line._check_not_overbilled``
        """
        self.filtered(lambda bill: bill.bucket != 'actual').line_ids.contract_line_id._check_not_overbilled()

    @api.model
    def _next_names(self, companies, dates):
        """The next numbers of bills.

        :param companies: a company for each bill
        :param dates: a date for each bill
        :return list: of numbers, in the same order
        """
        pairs = list(zip(companies, dates, strict=True))
        counts = Counter(pairs)
        drawn = {pair: iter(self._draw_numbers(*pair, count)) for pair, count in counts.items()}
        return [next(drawn[pair]) for pair in pairs]

    @api.model
    def _draw_numbers(self, company, date, count):
        """Numbers of a company's sequence: in one go, where the sequence allows gaps and the date gives no series.

        The sequence is the one that ``next_by_code`` takes, found and read at once.

        :param int count: how many
        :return list: of numbers
        """
        sequences = self.env['ir.sequence'].with_company(company)
        found = sequences.search_fetch(
            [('code', '=', 'progress.bill'), ('company_id', 'in', (company.id, False))],
            ['implementation', 'use_date_range', 'prefix', 'suffix', 'padding', 'number_increment'],
            order='company_id',
            limit=1,
        )
        if not found:  # billed without a number, as the ORM's sequences have it
            return [False] * count
        if count == 1 or found.implementation != 'standard' or found.use_date_range:
            return [found.next_by_id(sequence_date=date) for _number in range(count)]
        query = SQL("SELECT nextval(%s) FROM generate_series(1, %s)", f'ir_sequence_{found.id:03d}', count)
        return [found.get_next_char(number) for (number,) in self.env.execute_query(query)]

    def _draw_names(self):
        """Give the bills that leave the plan their number."""
        self._write_together(self._prepare_names())

    def _prepare_names(self, dates=None):
        """Numbers of the bills that leave the plan, drawn now.

        :param dict dates: by bill, of those whose date changes together with it
        :return dict: of ``progress.bill`` values by bill, of those that have none yet
        """
        todo, dates = self.filtered(lambda bill: not bill.name), dates or {}
        names = self._next_names([bill.company_id for bill in todo], [dates.get(bill, bill.date) for bill in todo])
        return {bill: {'name': name} for bill, name in zip(todo, names, strict=True)}
