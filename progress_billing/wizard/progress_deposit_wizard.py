from odoo import api, fields, models
from odoo.exceptions import AccessError


class ProgressDepositWizard(models.TransientModel):
    """Customer deposits that were open at a date, by customer, contract and age (SPEC §4)."""

    _name = 'progress.deposit.wizard'
    _description = "Open Customer Deposits"

    date = fields.Date(string="At", required=True, default=fields.Date.context_today)
    company_id = fields.Many2one('res.company', required=True, default=lambda self: self.env.company)
    line_ids = fields.One2many('progress.deposit.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True)

    @api.depends('date', 'company_id')
    def _compute_line_ids(self):
        for wizard in self:
            lines = wizard._prepare_lines() if wizard.date and wizard.company_id else []
            wizard.line_ids = [fields.Command.clear(), *(fields.Command.create(vals) for vals in lines)]

    def _prepare_lines(self):
        """What each deposit still held at the date: taken, less credited, less reversed by the final invoice.

        :return list: values of the report's lines, in the company's and the contract's currency
        """
        self.ensure_one()
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("You cannot see the deposits of %s.", self.company_id.display_name))
        # sudo: account.move.line - sums of the deposit account only, for managers without accounting rights
        items = self.env['account.move.line'].sudo()
        groups = items._read_group(
            [
                ('progress_deposit_bill_id', '!=', False),
                ('parent_state', '=', 'posted'),
                ('date', '<=', self.date),
                ('company_id', '=', self.company_id.id),
            ],
            ['progress_deposit_bill_id', 'account_id', 'currency_id'],
            ['balance:sum', 'amount_currency:sum'],
        )
        groups += self._get_opening_groups()
        lines = []
        for bill, account, currency, balance, amount_currency in groups:
            if currency.is_zero(amount_currency):
                continue
            since = bill.invoice_id.invoice_date or bill.date or self.date
            lines.append(
                {
                    'bill_id': bill.id,
                    'account_id': account.id,
                    'currency_id': currency.id,
                    'date': since,
                    'amount': -balance,
                    'amount_currency': -amount_currency,
                    'age': (self.date - since).days,
                }
            )
        return sorted(lines, key=lambda line: (line['date'], line['bill_id']))

    def _get_opening_groups(self):
        """Opening deposits that no final invoice had reversed at the date."""
        bills = self.env['progress.bill'].search(
            [
                ('kind', '=', 'opening'),
                ('bucket', '=', 'actual'),
                ('company_id', '=', self.company_id.id),
                ('opening_deposit_amount', '!=', 0),
            ]
        )
        groups = []
        for bill in bills:
            # sudo: account.move.line - as above
            items = bill.sudo().opening_deposit_line_ids.filtered(lambda line: line.date <= self.date)
            final = bill.contract_id.final_bill_id.sudo().invoice_id  # sudo: account.move - its date only
            if final.state == 'posted' and final.date <= self.date:
                continue
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
            display_name=self.env._("Customer Deposits at %s", fields.Date.to_string(self.date)),
        )
