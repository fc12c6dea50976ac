from odoo import api, fields, models
from odoo.tools import SQL


class ProgressBillPayment(models.Model):
    """What was received on the invoices of a bill, from Odoo's own reconciliation (CSH-1).

    One row for each match of an invoice's receivable or payable: payments, bank lines, other
    entries, and credit notes apart. A credit note of a bill that was matched with a bill's invoice
    is one row, the invoice's. Readable without accounting rights. Exchange differences have no
    amount in the invoice's currency and are left out.
    """

    _name = 'progress.bill.payment'
    _description = "Payment of a Progress Bill"
    _auto = False
    _rec_name = 'name'
    _order = 'date desc, id desc'
    _depends = {
        'account.partial.reconcile': [
            'debit_move_id',
            'credit_move_id',
            'amount',
            'debit_amount_currency',
            'credit_amount_currency',
        ],
        'account.move': ['name', 'ref', 'state', 'move_type', 'progress_bill_id', 'origin_payment_id'],
        'account.move.line': ['move_id', 'account_id', 'date', 'name', 'statement_line_id'],
        'progress.bill': ['contract_id', 'project_id', 'partner_id'],
    }

    name = fields.Char(string="Payment", readonly=True)
    memo = fields.Char(readonly=True)
    kind = fields.Selection(
        [('payment', "Payment"), ('entry', "Other Entry"), ('credit', "Credit Note")], string="Type", readonly=True
    )
    date = fields.Date(readonly=True)
    bill_id = fields.Many2one('progress.bill', string="Progress Bill", readonly=True)
    contract_id = fields.Many2one('progress.contract', readonly=True)
    project_id = fields.Many2one('project.project', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    company_currency_id = fields.Many2one('res.currency', readonly=True)
    invoice_name = fields.Char(string="Invoice", readonly=True)
    amount = fields.Monetary(readonly=True, aggregator=None, help="In the invoice's currency, tax included.")
    amount_company = fields.Monetary(
        string="Amount in Company Currency", currency_field='company_currency_id', readonly=True
    )
    payment_move_id = fields.Many2one(
        'account.move',
        string="Journal Entry",
        readonly=True,
        groups='account.group_account_readonly,account.group_account_invoice',
    )

    @property
    def _table_query(self):
        return SQL('%s UNION ALL %s', self._select_side('debit', 'credit', 0), self._select_side('credit', 'debit', 1))

    @api.model
    def _select_side(self, own, other, number):
        """The matches of invoices that are on one side of them.

        :param str own: ``debit`` or ``credit``, where the invoice is
        :param str other: where the payment is
        :param int number: keeps the ids of both sides apart
        """
        return SQL(
            """
            SELECT partial.id * 2 + %(number)s AS id,
                   entry.name AS name,
                   COALESCE(NULLIF(entry.ref, ''), paid.name) AS memo,
                   CASE WHEN entry.move_type IN ('out_invoice', 'out_refund', 'in_invoice', 'in_refund') THEN 'credit'
                        WHEN entry.origin_payment_id IS NOT NULL OR paid.statement_line_id IS NOT NULL THEN 'payment'
                        ELSE 'entry' END AS kind,
                   paid.date AS date,
                   bill.id AS bill_id,
                   bill.contract_id AS contract_id,
                   bill.project_id AS project_id,
                   bill.partner_id AS partner_id,
                   move.company_id AS company_id,
                   line.currency_id AS currency_id,
                   line.company_currency_id AS company_currency_id,
                   move.name AS invoice_name,
                   sign.value * partial.%(amount)s AS amount,
                   sign.value * partial.amount AS amount_company,
                   entry.id AS payment_move_id
              FROM account_partial_reconcile partial
              JOIN account_move_line line ON line.id = partial.%(own)s
              JOIN account_account account ON account.id = line.account_id
                                          AND account.account_type IN ('asset_receivable', 'liability_payable')
              JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
              JOIN progress_bill bill ON bill.id = move.progress_bill_id
              JOIN account_move_line paid ON paid.id = partial.%(other)s
              JOIN account_move entry ON entry.id = paid.move_id
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN move.move_type IN ('out_invoice', 'in_invoice') THEN 1 ELSE -1 END AS value) sign
             WHERE partial.%(amount)s != 0
               AND NOT (move.move_type IN ('out_refund', 'in_refund') AND entry.progress_bill_id IS NOT NULL
                        AND entry.move_type IN ('out_invoice', 'in_invoice'))
            """,
            number=number,
            own=SQL.identifier(f'{own}_move_id'),
            other=SQL.identifier(f'{other}_move_id'),
            amount=SQL.identifier(f'{own}_amount_currency'),
        )
