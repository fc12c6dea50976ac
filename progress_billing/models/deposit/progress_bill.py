from odoo import models
from odoo.tools import format_date, formatLang


class ProgressBillDeposit(models.Model):
    """Deposits on invoices, and the final one: all income not yet recognised, less every deposit."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    def _takes_line_taxes(self):
        """A final invoice that ends deposits takes the taxes of all the income, and gives the deposits' back."""
        return not self._ends_deposits() and super()._takes_line_taxes()

    def _ends_deposits(self):
        """Whether this bill's invoice turns deposits into income."""
        self.ensure_one()
        return self.kind == 'final' and self.contract_id.revenue_recognition == 'deposit'

    def _before_invoices(self):
        """What final invoices give back is read for all of them at once."""
        self.filtered(lambda bill: bill._ends_deposits()).contract_id._fetch_deposits()
        return super()._before_invoices()

    def _prepare_deposit_line_list(self, taxes):
        """DEPOSIT lines: one for each set of taxes (DEP-2), without analytic distribution.

        :param dict taxes: of the bill, see :meth:`_get_invoice_taxes`
        """
        engine, groups = self.env['progress.tax.engine'], {}
        taken = engine._read_taken(taxes['work'])
        scheduled = self.env['progress.contract.line'].browse(one.key for one in taken)
        accounts = self._get_deposit_accounts(scheduled)
        for one in taken:
            groups.setdefault((frozenset(one.taxes._ids), accounts[one.key]._ids), []).append(one)
        return [
            self._prepare_deposit_item_vals(
                mine[0].taxes, accounts[mine[0].key], *engine._sum_taken(mine), [one.line for one in mine]
            )
            for mine in groups.values()
        ]

    def _prepare_deposit_item_vals(self, taxes, account, net, amounts, line_ids):
        """Values of one DEPOSIT line.

        :param float net: untaxed, in the contract's currency
        :param dict amounts: frozen tax amounts, see the engine
        :param list line_ids: of the bill lines it stands for
        """
        engine = self.env['progress.tax.engine']
        return {
            **self._prepare_deposit_vals(self._get_deposit_label(), account),
            **engine._prepare_frozen_line_vals(self.contract_id, taxes, net, amounts, key=f'progress,{self.id}'),
            'progress_line_type': 'deposit',
            'progress_deposit_bill_id': self.id,
            'progress_bill_line_id': line_ids[0] if len(line_ids) == 1 else False,
        }

    def _get_deposit_accounts(self, lines):
        """Where deposits of schedule lines are booked.

        :param lines: ``progress.contract.line``
        :return dict: accounts by id of the line
        """
        return dict.fromkeys(lines._ids, self.contract_id._get_deposit_account()) if lines else {}

    def _prepare_deposit_vals(self, name, account):
        """What every line on the deposit account has in common: product, account, no analytics."""
        return {
            'name': name,
            'product_id': self.contract_id._find_deposit_product().id,
            'product_uom_id': False,
            'account_id': account.id,
            'analytic_distribution': False,
        }

    def _get_deposit_label(self):
        """Text of the DEPOSIT line, in the customer's language: as typed, or what it is a part of (DEP-5)."""
        self.ensure_one()
        if self.item_description:
            return self.item_description
        bill = self._in_customer_language()
        share, job, contract = bill._get_deposit_share_text(), bill.contract_id._get_job_name(), bill.contract_id.name
        if not job:
            return bill.env._("Deposit %(share)s of %(contract)s", share=share, contract=contract)
        return bill.env._("Deposit %(share)s of %(job)s (%(contract)s)", share=share, job=job, contract=contract)

    def _get_deposit_share_text(self):
        """How much of the contract the deposit is, in the language of the environment."""
        digits = self.currency_id.decimal_places
        return formatLang(self.env, self.invoiced_amount, currency_obj=False, digits=digits)

    def _prepare_final_line_list(self, taxes):
        """Income of every schedule line not yet recognised, and the reversal of each deposit (DEP-6).

        Recognised as billed, what is left is income like any other.

        :param dict taxes: of the bill, see ``_get_invoice_taxes``
        """
        if not self._ends_deposits():
            return self._prepare_progress_line_list(taxes)
        result = self._add_sections(self._prepare_final_income())
        reversals = self._prepare_reversal_line_list()
        if reversals:
            result.append(
                {
                    'display_type': 'line_section',
                    'name': self._in_customer_language().env._("Deposits invoiced before"),
                }
            )
        return result + reversals

    def _prepare_final_income(self):
        """Values of an income line for each schedule line: all of it that is not recognised yet.

        :return dict: line values by schedule line
        """
        engine, contract = self.env['progress.tax.engine'], self.contract_id
        recognised = contract._get_recognised_amounts()
        entries = []
        for line in self.line_ids:
            scheduled = line.contract_line_id
            amount = contract.currency_id.round(scheduled.revised_amount - recognised.get(scheduled.id, 0.0))
            entries.append(
                {
                    'amount': amount,
                    'taxes': scheduled.tax_ids,
                    'quantity': scheduled._get_units_of(amount),
                    '_key': scheduled.id,
                    '_worth': scheduled._get_tax_worth(),
                    '_bill_line': line,
                }
            )
        base_lines = engine._base_lines(contract, entries)
        engine._compute_taxes(base_lines, contract.company_id)
        values = {}
        for base_line in base_lines:
            net, amounts = engine._merge([base_line])
            line = base_line['_bill_line']
            whole = line.contract_line_id.billing_base == 'quantity' and not recognised.get(line.contract_line_id.id)
            quantity = line.contract_line_id.revised_quantity if whole else 1.0
            values[line.contract_line_id] = self._prepare_revenue_vals(line, net, amounts, quantity)
        return values

    def _prepare_reversal_line_list(self):
        """A line for what is left of each deposit, by bill, account and set of taxes."""
        engine, result = self.env['progress.tax.engine'], []
        for deposit in self.contract_id._get_open_deposits():
            result.append(
                {
                    **self._prepare_deposit_vals(self._get_reversal_label(deposit), deposit['account']),
                    **engine._prepare_frozen_line_vals(
                        self.contract_id,
                        deposit['taxes'],
                        -deposit['net'],
                        {tax: (-base, -amount) for tax, (base, amount) in deposit['amounts'].items()},
                        key=f'progress,{deposit["bill"].id}',
                    ),
                    'progress_line_type': 'deposit_reversal',
                    'progress_deposit_bill_id': deposit['bill'].id,
                }
            )
            # the quantity carries the sign, as on Odoo's own down payments
            result[-1].update(quantity=-1.0, price_unit=-result[-1]['price_unit'])
            if result[-1].get('extra_tax_data'):
                result[-1]['extra_tax_data'].update(quantity=-1.0, price_unit=result[-1]['price_unit'])
        return result

    def _get_reversal_label(self, deposit):
        """Number and date of the deposit a line of the final invoice reverses."""
        env = self._in_customer_language().env
        bill = deposit['bill']
        # sudo: account.move - number and date of the deposit's invoice, for a user without accounting rights
        move = bill.sudo().invoice_id
        return env._(
            "Deposit %(number)s of %(date)s",
            number=move.name or bill.name,
            date=format_date(env, move.invoice_date or bill.date),
        )

    def _get_expected_amounts(self):
        """A final invoice that ends deposits takes all that is not recognised yet, whatever its bill claims."""
        expected = super()._get_expected_amounts()
        if self._ends_deposits():
            recognised = self.contract_id._get_recognised_amounts()
            for line in self.line_ids:
                scheduled = line.contract_line_id
                expected[line.id] = scheduled.revised_amount - recognised.get(scheduled.id, 0.0)
        return expected
