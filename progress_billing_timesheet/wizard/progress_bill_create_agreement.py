from odoo import Command, api, fields, models

from odoo.addons.progress_billing.tools import money


class ProgressBillCreateAgreement(models.TransientModel):
    """What service agreements cover of the bill that is being put together (AGR-3)."""

    _name = 'progress.bill.create'
    _inherit = 'progress.bill.create'

    agreement_shares = fields.Json(
        compute='_compute_agreement_shares', help="What agreements cover: reckoned once, and asked for many times."
    )

    @api.depends(
        'contract_id',
        'wip_bill_amount',
        'time_line_ids',
        'expense_line_ids',
        'product_line_ids',
        'attach_time',
        'date',
    )
    def _compute_agreement_shares(self):
        for wizard in self:
            wizard.agreement_shares = [
                {
                    **share,
                    'agreement': share['agreement'].id,
                    'hours': str(share['hours']),
                    'amount': str(share['amount']),
                }
                for share in wizard._allocate_agreements()
            ]

    def _get_agreement_shares(self):
        """What agreements cover of what is ticked.

        :return list: see ``progress.agreement._allocate``; the key of time is its day, rate and currency, of all else
            the order line
        """
        self.ensure_one()
        # sudo: progress.agreement, sale.order.line - as they were found
        agreements, lines = self.env['progress.agreement'].sudo(), self.env['sale.order.line'].sudo()
        return [
            {
                'agreement': agreements.browse(share['agreement']),
                'kind': share['kind'],
                'key': tuple(share['key']) if share['kind'] == 'time' else lines.browse(share['key']),
                'hours': money.to_decimal(share['hours']),
                'amount': money.to_decimal(share['amount']),
            }
            for share in self.agreement_shares or []
        ]

    def _allocate_agreements(self):
        """Ask the agreements: hours that stay free for another bill are not covered by this one.

        :return list: see ``progress.agreement._allocate``, with keys that Json can hold
        """
        agreements = self.env['progress.agreement']
        found = agreements._find_for(self.contract_id) if self.contract_id else agreements
        if not found:
            return []
        items = []
        if self.attach_time and self.wip_bill_amount > 0 and any(found.mapped('covers_time')):
            items += self._get_time_items()
        for kind, name in (('expense', 'covers_expenses'), ('product', 'covers_products')):
            if any(found.mapped(name)):
                figures = self._get_order_figures(kind)
                items += [{'kind': kind, 'key': line.id, 'amount': amounts[1]} for _kind, line, amounts in figures]
        return agreements._allocate(self.contract_id, items, self.wip_bill_amount, date=self.date)

    def _get_time_items(self):
        """Hours that are ticked, by day and rate: as many as there are days, however many the entries."""
        # sudo: account.analytic.line - the sums are the project's, for every user the same
        lines = self.env['account.analytic.line'].sudo()
        domain = self._get_time_domain() & self._get_ticked_domain()
        items = []
        for day, rate, currency, hours, value in lines._read_group(
            domain,
            ['date:day', 'progress_rate', 'progress_currency_id'],
            ['unit_amount:sum', 'progress_value:sum'],
            order='date:day',
        ):
            if currency and currency != self.currency_id:
                value = currency._convert(value, self.currency_id, self.company_id, day)
            key = [fields.Date.to_string(day), rate, currency.id]
            items.append({'kind': 'time', 'key': key, 'hours': hours, 'amount': value, 'date': day})
        return items

    # === HOOKS === #

    def _prepare_agreement_line_vals(self):
        return super()._prepare_agreement_line_vals() + self.contract_id._prepare_covered_time(
            self._get_agreement_shares()
        )

    def _get_covered_order_lines(self):
        covered = dict(super()._get_covered_order_lines())
        for share in self._get_agreement_shares():
            if share['kind'] != 'time':
                covered[share['key']] = covered.get(share['key'], 0.0) + float(share['amount'])
        return covered

    def _prepare_attached_vals(self):
        uses = self.env['progress.agreement']._prepare_uses(self._get_agreement_shares())
        return {**super()._prepare_attached_vals(), 'agreement_use_ids': [Command.create(use) for use in uses]}

    def _prepare_entries(self):
        """Rows of hours know what is covered of them, in proportion to their value."""
        rows = super()._prepare_entries()
        covered = {}
        for share in self._get_agreement_shares():
            if share['kind'] == 'time':
                covered[share['key']] = covered.get(share['key'], money.ZERO) + share['amount']
        groups = {}
        for row in rows if covered else ():
            if row.get('analytic_line_id'):
                # sudo: account.analytic.line - as above
                entry = self.env['account.analytic.line'].sudo().browse(row['analytic_line_id'])
                key = (fields.Date.to_string(entry.date), entry.progress_rate, entry.progress_currency_id.id)
                groups.setdefault(key, []).append(row)
        for key, amount in covered.items():
            mine = groups.get(key, [])
            shares = money.spread(amount, [row['value'] for row in mine], self.currency_id.rounding) if mine else []
            for row, share in zip(mine, shares, strict=True):
                row['covered_amount'] = float(share)
        return rows

    def _make_bills(self):
        """Take the agreements' rows after the contracts': nobody uses them meanwhile (AGR-2)."""
        contracts = self.contract_id
        contracts.check_access('write')
        contracts._lock_for_billing()
        agreements = self.env['progress.agreement'].browse()
        for contract in contracts:
            agreements |= agreements._find_for(contract)
        agreements._lock_for_use()
        return super()._make_bills()

    def _make_bill(self):
        """What a bill before it used of an agreement is not there for this one."""
        self.invalidate_recordset()
        return super()._make_bill()
