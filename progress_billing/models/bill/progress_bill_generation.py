from odoo import api, fields, models
from odoo.exceptions import UserError


class ProgressBillGeneration(models.Model):
    """How planned records and pending values become bills with lines, and invoices where there is no pro forma.

    Both ways end in :meth:`_bill_now`, so that they cannot differ in what they check and keep.
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

    def _generate(self):
        """Turn planned records into bills with lines, and into invoices where there is no pro forma."""
        if not self:
            return
        self.contract_id._check_can_bill()
        self._check_has_amount()
        self.flush_recordset(['planned_amount'])  # what was planned is computed now for the last time
        for wave in self._split_by_contract():
            wave._generate_wave()

    def _generate_wave(self):
        """Bill records of different contracts together."""
        for bill in self:  # invoices and credit notes of before no longer count for it
            bill._write_protected({'revision': bill.revision + 1})
        with_amount = self.filtered(lambda bill: bill.planned_percent or bill.planned_amount)
        with_amount.line_ids.unlink()
        vals_list = []
        for bill in with_amount:
            amount = bill._get_amount_to_bill()
            bill.contract_id._check_wip_available(amount, bill)
            vals_list += [dict(vals, bill_id=bill.id) for vals in bill._spread_over_lines(amount)]
        # sudo: progress.bill.line - computed lines, which nobody may type beside an amount
        self.env['progress.bill.line'].sudo().create(vals_list)
        for bill in self:
            bill._write_protected(bill._prepare_generated_vals())
        self.filtered('contract_id.use_pro_forma')._write_protected({'review_state': 'draft'})
        self._clear_failed_run()
        self._end_announcements()
        self._bill_now()

    def _prepare_generated_vals(self):
        """What a record keeps from the moment it is billed: its number, and that nobody has to do it again."""
        self.ensure_one()
        vals = {'generated_on': fields.Datetime.now()}
        if self.trigger == 'milestone' and self.milestone_id.reached_date:
            vals['date'] = self.milestone_id.reached_date
        if not self.name:
            vals['name'] = self._next_name(self.company_id, vals.get('date', self.date))
        return vals

    @api.model
    def _make_bills(self, vals_list):
        """Bills that were never planned: of a run, of a person's claim, of a change order's credit.

        :param list vals_list: values of ``progress.bill`` with ``claims``, values of its lines
        :return: ``progress.bill``, with invoices where the contract uses no pro formas
        """
        contracts = self.env['progress.contract'].browse([vals['contract_id'] for vals in vals_list])
        now = fields.Datetime.now()
        # sudo: progress.bill - its callers checked who may bill what; callers from outside may not set these fields
        bills = self.sudo().create(
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
        bills = bills.with_env(self.env)
        bills._bill_now()
        return bills

    def _bill_now(self):
        """What follows once bills have their lines: nothing is pending any more, and the invoices."""
        self.line_ids._take_pending()
        self._on_retainage_entered()
        self.filtered(lambda bill: not bill.contract_id.use_pro_forma)._create_invoices()
        # what was posted at once was checked at the gate
        self.filtered(lambda bill: bill.bucket != 'actual').line_ids.contract_line_id._check_not_overbilled()

    def _on_retainage_entered(self):
        """Pro formas show what they withhold, and the schedule as it stands; invoices settle it once more."""
        self.filtered(lambda bill: bill._has_stored())._restate_stored()
        for opening in self.filtered(lambda bill: bill.kind == 'opening'):
            opening.line_ids._write_derived({'is_retainage_typed': True})
            if opening._has_retainage():
                opening._withhold_on_lines()
                opening.contract_id._check_retainage_covered()
        for wave in self.filtered(lambda bill: bill.bucket == 'draft' and not bill.invoice_id)._split_by_contract():
            wave._withhold_retainage()
            for bill in wave:
                bill._write_protected({'schedule_snapshot': bill._prepare_snapshot()})

    def _check_has_amount(self):
        for bill in self:
            claims = bill.line_ids.filtered(
                lambda line: any((line.amount, line.invoiced_amount, line.retainage_amount))
            )
            if not (bill.planned_percent or bill.planned_amount or claims):
                raise UserError(
                    self.env._(
                        "%(bill)s: enter an amount or a percentage of the contract in Amt/Pct.", bill=bill.display_name
                    )
                )

    @api.model
    def _next_name(self, company, date):
        """The next number of a bill."""
        return self.env['ir.sequence'].with_company(company).next_by_code('progress.bill', sequence_date=date)

    def _draw_names(self):
        """Give the bills that leave the plan their number."""
        for bill in self.filtered(lambda bill: not bill.name):
            bill._write_protected({'name': self._next_name(bill.company_id, bill.date)})
