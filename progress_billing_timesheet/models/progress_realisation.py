from odoo import fields, models
from odoo.tools import SQL


class ProgressRealisation(models.Model):
    """Realisation: hours on live bills, what they are worth, what the fee billed of them, and the difference.

    In the company's currency, by the rate of the invoice. What is charged to the company has no employee (HRS-7).
    """

    _name = 'progress.realisation'
    _description = "Realisation"
    _auto = False
    _order = 'date desc, id'
    _rec_name = 'bill_id'
    _depends = {
        'progress.bill.entry': [
            'bill_id',
            'kind',
            'employee_id',
            'task_id',
            'date',
            'hours',
            'value',
            'adjustment_amount',
            'is_live',
        ],
        'progress.bill': ['invoice_id', 'date', 'partner_id', 'contract_id', 'project_id'],
        'account.move': ['invoice_currency_rate'],
        'res.company': ['currency_id', 'parent_path'],
        'res.currency': ['decimal_places'],
        'res.currency.rate': ['rate', 'name', 'currency_id', 'company_id'],
    }

    bill_id = fields.Many2one('progress.bill', readonly=True)
    contract_id = fields.Many2one('progress.contract', readonly=True)
    project_id = fields.Many2one('project.project', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    employee_id = fields.Many2one('hr.employee', readonly=True)
    task_id = fields.Many2one('project.task', readonly=True)
    kind = fields.Selection(
        [('time', "Employees"), ('adjustment', "Charged to the Company")], string="Charged To", readonly=True
    )
    date = fields.Date(readonly=True)
    bill_date = fields.Date(string="Invoice Date", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    hours = fields.Float(readonly=True)
    value = fields.Monetary(readonly=True, help="Rate × hours.")
    billed_amount = fields.Monetary(string="Billed", readonly=True, help="Of the fixed fee.")
    adjustment_amount = fields.Monetary(string="Adjustment", readonly=True, help="Billed less value.")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row.id, row.bill_id, row.contract_id, row.project_id, bill.partner_id, row.employee_id, row.task_id,
                   row.kind, row.date, bill.date AS bill_date, row.company_id, company.currency_id,
                   COALESCE(row.hours, 0) AS hours,
                   amount.value, amount.billed AS billed_amount, amount.billed - amount.value AS adjustment_amount
              FROM progress_bill_entry row
              JOIN progress_bill bill ON bill.id = row.bill_id
              JOIN res_company company ON company.id = row.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
         LEFT JOIN account_move move ON move.id = bill.invoice_id
        CROSS JOIN LATERAL (SELECT COALESCE(
                       CASE WHEN row.currency_id = company.currency_id THEN 1 END,
                       NULLIF(move.invoice_currency_rate, 0)::numeric,
                       %(rate)s / %(company_rate)s) AS rate) found
        CROSS JOIN LATERAL (SELECT
                       ROUND(COALESCE(row.value, 0) / found.rate, currency.decimal_places) AS value,
                       ROUND((COALESCE(row.value, 0) + COALESCE(row.adjustment_amount, 0)) / found.rate,
                             currency.decimal_places) AS billed) amount
             WHERE row.is_live AND row.kind IN ('time', 'adjustment')
            """,
            rate=self._get_rate_sql(SQL("row.currency_id")),
            company_rate=self._get_rate_sql(SQL("company.currency_id")),
        )

    def _get_rate_sql(self, currency):
        """The rate on the bill's day."""
        day = SQL('COALESCE(bill.date, CURRENT_DATE)')
        return self.env['res.currency']._get_progress_rate_sql(currency, SQL('company.parent_path'), day)

    def action_open_bill(self):
        """The bill behind a row.

        :return dict: an action on ``progress.bill``
        """
        self.ensure_one()
        return self.bill_id._get_bill_action()
