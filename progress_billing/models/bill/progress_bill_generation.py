from odoo import api, fields, models


class ProgressBillGeneration(models.Model):
    """How bills are made, whatever for, and their invoices where there is no pro forma.

    All ways end in :meth:`_bill_now`, so that they cannot differ in what they check and keep.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    def _split_by_contract(self):
        """Recordsets with at most one bill of each contract, in the order the bills follow each other.

        What a bill takes depends on what the one before it took; bills of different contracts
        go together.

        :return list: recordsets
        """
        waves, counts = [], {}
        for bill in self.sorted(lambda bill: bill._get_order_key()):
            wave = counts[bill.contract_id] = counts.get(bill.contract_id, -1) + 1
            if wave == len(waves):
                waves.append(self.browse())
            waves[wave] |= bill
        return waves

    @api.model
    def _make_bills(self, vals_list, actor=None):
        """Bills that were never planned: of a run, of a person's claim, of a change order's credit.

        :param list vals_list: values of ``progress.bill`` with ``claims``, values of its lines
        :param Actor actor: who claims, the user unless given
        :return: ``progress.bill``, with invoices where the contract uses no pro formas
        """
        contracts = self.env['progress.contract'].browse([vals['contract_id'] for vals in vals_list])
        now = fields.Datetime.now()
        bills = self._create_protected(
            [
                {
                    **{name: value for name, value in vals.items() if name != 'claims'},
                    'name': self._next_name(contract.company_id, vals['date']),
                    'generated_on': now,
                    'review_state': 'draft' if contract.use_pro_forma else 'cancelled',
                    'line_ids': [(0, 0, claim) for claim in vals['claims']],
                }
                for vals, contract in zip(vals_list, contracts, strict=True)
            ]
        )
        bills._bill_now(actor)
        return bills

    def _bill_now(self, actor=None):
        """What follows once bills have their lines: what the rooms make of their claims, and the invoices."""
        self._settle_claims(new=True)
        self.filtered(lambda bill: not bill.contract_id.use_pro_forma)._create_invoices(actor)
        # what was posted at once was checked at the gate
        self.filtered(lambda bill: bill.bucket != 'actual').line_ids.contract_line_id._check_not_overbilled()

    @api.model
    def _next_name(self, company, date):
        """The next number of a bill."""
        return self.env['ir.sequence'].with_company(company).next_by_code('progress.bill', sequence_date=date)

    def _draw_names(self):
        """Give the bills that leave the plan their number."""
        for bill in self.filtered(lambda bill: not bill.name):
            bill._write_protected({'name': self._next_name(bill.company_id, bill.date)})
