from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date


class ProgressDepositWizard(models.TransientModel):
    """Customer deposits or retainage that was open at a date, by customer, contract and age."""

    _name = 'progress.deposit.wizard'
    _description = "Open Customer Deposits"
    _inherit = 'progress.wizard.mixin'

    held = fields.Selection(
        [('deposit', "Customer Deposits"), ('retainage', "Retainage")], default='deposit', required=True
    )
    date = fields.Date(string="At", required=True, default=fields.Date.context_today)
    company_id = fields.Many2one('res.company', required=True, default=lambda self: self.env.company)
    line_ids = fields.One2many('progress.deposit.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True)

    @api.depends('date', 'company_id', 'held')
    def _compute_line_ids(self):
        for wizard in self:
            prepare = wizard._prepare_retainage_lines if wizard.held == 'retainage' else wizard._prepare_lines
            lines = prepare() if wizard.date and wizard.company_id else []
            wizard.line_ids = [fields.Command.clear(), *(fields.Command.create(vals) for vals in lines)]

    def _prepare_lines(self):
        """What each deposit still held at the date: taken, less credited, less reversed by the final invoice.

        :return list: values of the report's lines, in the company's and the contract's currency
        """
        self.ensure_one()
        self._check_company_access()
        # sudo: account.move.line - sums of the deposit account only, for managers without accounting rights
        items = self.env['account.move.line'].sudo()
        groups = items._read_group(
            [
                ('progress_deposit_bill_id', '!=', False),
                ('progress_deposit_bill_id.contract_id', 'in', self._get_contracts().ids),
                ('parent_state', '=', 'posted'),
                ('date', '<=', self.date),
                ('company_id', '=', self.company_id.id),
            ],
            ['progress_deposit_bill_id', 'account_id', 'currency_id'],
            ['balance:sum', 'amount_currency:sum'],
        )
        held = defaultdict(lambda: (0.0, 0.0))
        for *key, balance, amount_currency in groups + self._get_opening_groups():
            held[tuple(key)] = (held[tuple(key)][0] + balance, held[tuple(key)][1] + amount_currency)
        lines = []
        for (bill, account, currency), (balance, amount_currency) in held.items():
            if currency.is_zero(amount_currency):
                continue
            since, sign = bill.invoice_id.invoice_date or bill.date or self.date, bill.contract_id._get_ledger_sign()
            lines.append(
                {
                    'bill_id': bill.id,
                    'account_id': account.id,
                    'currency_id': currency.id,
                    'date': since,
                    'amount': sign * balance,
                    'amount_currency': sign * amount_currency,
                    'age': (self.date - since).days,
                }
            )
        return sorted(lines, key=lambda line: (line['date'], line['bill_id']))

    def _get_contract_types(self):
        """Contracts whose deposits and retainage are listed: those of the side that the list is about."""
        return ['customer']

    def _get_contracts(self):
        """Those of them that the user sees: what is held on a private contract is for whoever may read it."""
        contracts = self.env['progress.contract'].sudo(False).search(
            [('company_id', '=', self.company_id.id), ('contract_type', 'in', self._get_contract_types())]
        )
        return contracts.with_env(self.env)

    def _check_company_access(self):
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("You cannot see what is held of %s.", self.company_id.display_name))

    def _prepare_retainage_lines(self):
        """What was held back at the date, of each invoice: releases go against the oldest first (CSH-6).

        :return list: values of the report's lines, in the company's and the contract's currency
        """
        self.ensure_one()
        self._check_company_access()
        # sudo: account.move.line - what is held back only, for managers without accounting rights
        items = self.env['account.move.line'].sudo()
        items = items.search(
            [
                ('progress_line_type', 'in', items._get_progress_types(account='retainage')),
                ('move_id.progress_contract_id', 'in', self._get_contracts().ids),
                ('parent_state', '=', 'posted'),
                ('date', '<=', self.date),
                ('company_id', '=', self.company_id.id),
            ],
            order='date, id',
        )
        lines = []
        for (contract, account), mine in items.grouped(
            lambda item: (item.move_id.progress_contract_id, item.account_id)
        ).items():
            figures = {item: item._get_progress_figure() for item in mine}
            released = -sum(figure for figure in figures.values() if figure < 0)
            for item, held in figures.items():
                settled = min(released, max(held, 0.0))
                released -= settled
                if held > 0 and not item.currency_id.is_zero(held - settled):
                    lines.append(self._prepare_retainage_line(contract, account, item, held - settled))
        return lines

    def _prepare_retainage_line(self, contract, account, item, rest):
        """One invoice of which something is still held back."""
        due = contract.retainage_due_date or item.move_id.invoice_date or item.date
        return {
            'bill_id': item.move_id.progress_bill_id.id,
            'account_id': account.id,
            'currency_id': item.currency_id.id,
            'date': item.move_id.invoice_date or item.date,
            'date_due': due,
            'amount': self.company_id.currency_id.round(item.balance * rest / item.amount_currency),
            'amount_currency': rest,
            'age': (self.date - due).days,
        }

    def _get_opening_groups(self):
        """Opening deposits: their own entries; what final invoices reversed of them is on the ledger as of others."""
        bills = self.env['progress.bill'].search(
            [
                ('kind', '=', 'opening'),
                ('bucket', '=', 'actual'),
                ('company_id', '=', self.company_id.id),
                ('contract_id', 'in', self._get_contracts().ids),
                ('opening_deposit_amount', '!=', 0),
            ]
        )
        groups = []
        for bill in bills:
            # sudo: account.move.line - as above
            items = bill.sudo().opening_deposit_line_ids.filtered(lambda line: line.date <= self.date)
            for account in items.account_id:
                mine = items.filtered(lambda line, account=account: line.account_id == account)
                groups.append(
                    (bill, account, bill.currency_id, sum(mine.mapped('balance')), sum(mine.mapped('amount_currency')))
                )
        return groups

    def action_print_list(self):
        """Show the open deposits as a list to group, filter and export.

        :return dict: an action on the report's lines
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_deposit_wizard_line')
        return dict(
            action,
            domain=[('wizard_id', '=', self.id)],
            display_name=self.env._(
                "%(held)s at %(date)s",
                held=dict(self._fields['held']._description_selection(self.env))[self.held],
                date=format_date(self.env, self.date),
            ),
        )
