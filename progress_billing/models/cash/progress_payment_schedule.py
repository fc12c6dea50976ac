from odoo import fields, models
from odoo.tools import SQL


class ProgressPaymentSchedule(models.Model):
    """Expected payments: what is billed and open, drafted or planned, by date (CSH-2).

    Posted and draft invoices count with their own instalments. Pro formas and planned records
    are split by the contract's payment term as Odoo splits an invoice, tax added, from the
    day they are planned for. Money that goes out (credit notes, subcontracts) is negative.
    """

    _name = 'progress.payment.schedule'
    _description = "Payment Schedule"
    _auto = False
    _rec_name = 'bill_id'
    _order = 'date, id'
    _depends = {
        'account.move': ['name', 'state', 'invoice_date', 'date', 'progress_bill_id'],
        'account.move.line': [
            'move_id',
            'account_id',
            'date_maturity',
            'amount_currency',
            'balance',
            'amount_residual',
            'amount_residual_currency',
        ],
        'account.payment.term.line': [
            'payment_id',
            'value',
            'value_amount',
            'delay_type',
            'nb_days',
            'days_next_month',
        ],
        'progress.bill': [
            'contract_id',
            'project_id',
            'partner_id',
            'period_id',
            'date',
            'state',
            'bucket',
            'invoice_id',
            'kind',
            'amount',
            'invoiced_amount',
            'sourced_amount',
            'planned_amount',
            'retainage_amount',
        ],
        'progress.billing.period': ['date_end', 'date_due'],
        'progress.contract': [
            'state',
            'contract_type',
            'payment_term_id',
            'expected_tax_percent',
            'final_bill_id',
            'revenue_recognition',
        ],
        'progress.contract.line': ['contract_id', 'display_type', 'revised_amount', 'retainage_percent'],
        'res.currency': ['rounding'],
        'res.currency.rate': ['rate', 'name', 'currency_id', 'company_id'],
        'res.company': ['currency_id', 'parent_path', 'progress_retainage_tax'],
    }

    date = fields.Date(string="Expected On", readonly=True)
    status = fields.Selection(
        [('billed', "Invoiced"), ('draft', "Draft Invoice"), ('pro_forma', "Pro Forma"), ('planned', "Planned")],
        readonly=True,
    )
    bill_id = fields.Many2one('progress.bill', string="Progress Bill", readonly=True)
    calendar_title = fields.Char(related='bill_id.calendar_title')
    invoice_name = fields.Char(string="Invoice", readonly=True)
    contract_id = fields.Many2one('progress.contract', readonly=True)
    project_id = fields.Many2one('project.project', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    company_currency_id = fields.Many2one('res.currency', readonly=True)
    amount = fields.Monetary(readonly=True, aggregator=None, help="In the contract's currency, tax included.")
    amount_company = fields.Monetary(
        string="Amount in Company Currency",
        currency_field='company_currency_id',
        readonly=True,
        help="Booked amounts as in the ledger, others at today's rate.",
    )

    @property
    def _table_query(self):
        return SQL('%s UNION ALL %s', self._select_invoices(), self._select_planned())

    def _select_invoices(self):
        """What is open on posted invoices, and what draft ones ask for, by due date."""
        return SQL(
            """
            SELECT line.id::bigint * 2 AS id,
                   COALESCE(line.date_maturity, move.invoice_date, move.date) AS date,
                   CASE move.state WHEN 'posted' THEN 'billed' ELSE 'draft' END AS status,
                   bill.id AS bill_id,
                   move.name AS invoice_name,
                   bill.contract_id AS contract_id,
                   bill.project_id AS project_id,
                   bill.partner_id AS partner_id,
                   move.company_id AS company_id,
                   line.currency_id AS currency_id,
                   line.company_currency_id AS company_currency_id,
                   CASE move.state WHEN 'posted' THEN line.amount_residual_currency ELSE line.amount_currency END
                       AS amount,
                   CASE move.state WHEN 'posted' THEN line.amount_residual ELSE line.balance END AS amount_company
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id AND move.state IN ('draft', 'posted')
              JOIN account_account account ON account.id = line.account_id
                                          AND account.account_type IN ('asset_receivable', 'liability_payable')
              JOIN progress_bill bill ON bill.id = move.progress_bill_id
             WHERE move.state = 'draft' OR line.amount_residual_currency != 0 OR line.amount_residual != 0
            """
        )

    def _select_planned(self):
        """Pro formas and planned records by the instalments of the contract's payment term."""
        return SQL(
            """
            SELECT (part.bill_id::bigint * 64 + part.number) * 2 + 1 AS id,
                   part.date AS date,
                   part.status AS status,
                   part.bill_id AS bill_id,
                   NULL AS invoice_name,
                   part.contract_id AS contract_id,
                   part.project_id AS project_id,
                   part.partner_id AS partner_id,
                   part.company_id AS company_id,
                   part.currency_id AS currency_id,
                   part.company_currency_id AS company_currency_id,
                   part.amount AS amount,
                   ROUND(part.amount / part.rate / part.company_rounding) * part.company_rounding AS amount_company
              FROM (%(parts)s) part
            """,
            parts=self._select_instalments(),
        )

    def _select_instalments(self):
        """Amount and date of each instalment, as ``_compute_terms`` of the term: the last takes the rest."""
        return SQL(
            """
            SELECT claim.*,
                   COALESCE(term.number, 1) AS number,
                   %(due_date)s AS date,
                   CASE WHEN term.number < term.count THEN %(share)s
                        ELSE claim.total - COALESCE(SUM(%(share)s) OVER (
                            PARTITION BY claim.bill_id ORDER BY term.number
                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
                   END AS amount
              FROM (%(claims)s) claim
         LEFT JOIN (
                    SELECT line.*,
                           ROW_NUMBER() OVER (PARTITION BY line.payment_id ORDER BY line.id) AS number,
                           COUNT(*) OVER (PARTITION BY line.payment_id) AS count
                      FROM account_payment_term_line line
                   ) term ON term.payment_id = claim.payment_term_id
             WHERE claim.total != 0
            """,
            claims=self._select_claims(),
            due_date=self._get_due_date_sql(),
            share=SQL(
                """CASE term.value WHEN 'fixed' THEN SIGN(claim.total) * term.value_amount::numeric
                   ELSE ROUND(claim.total * term.value_amount::numeric / 100 / claim.rounding) * claim.rounding END"""
            ),
        )

    def _get_due_date_sql(self):
        """As ``account.payment.term.line`` ``_get_due_date``."""
        return SQL(
            """
            (CASE term.delay_type
             WHEN 'days_after_end_of_month'
                 THEN date_trunc('month', claim.billed_on) + interval '1 month - 1 day'
                      + term.nb_days * interval '1 day'
             WHEN 'days_after_end_of_next_month'
                 THEN date_trunc('month', claim.billed_on) + interval '2 month - 1 day'
                      + term.nb_days * interval '1 day'
             WHEN 'days_end_of_month_on_the' THEN
                 CASE WHEN COALESCE(term.days_next_month, '0') ~ '^0*$' AND COALESCE(term.days_next_month, '0') != ''
                     THEN date_trunc('month', claim.billed_on + term.nb_days) + interval '1 month - 1 day'
                     ELSE LEAST(
                         date_trunc('month', claim.billed_on + term.nb_days) + interval '1 month - 1 day'
                             + interval '1 day' * CASE WHEN term.days_next_month ~ '^[0-9]+$'
                                                       THEN term.days_next_month::int ELSE 1 END,
                         date_trunc('month', claim.billed_on + term.nb_days) + interval '2 month - 1 day')
                 END
             ELSE claim.billed_on + COALESCE(term.nb_days, 0) * interval '1 day'
             END)::date
            """
        )

    def _select_claims(self):
        """Pro formas and planned records of contracts that can still be billed: when, how much, at which rate."""
        return SQL(
            """
            SELECT bill.id AS bill_id,
                   CASE bill.state WHEN 'planned' THEN 'planned' ELSE 'pro_forma' END AS status,
                   bill.contract_id,
                   bill.project_id,
                   bill.partner_id,
                   bill.company_id,
                   contract.currency_id,
                   contract.payment_term_id,
                   company.currency_id AS company_currency_id,
                   COALESCE(bill.date, period.date_due, period.date_end) AS billed_on,
                   currency.rounding AS rounding,
                   company_currency.rounding AS company_rounding,
                   %(rate)s / %(company_rate)s AS rate,
                   %(sign)s * (%(claimed)s - %(retained)s) AS total
              FROM progress_bill bill
              JOIN progress_contract contract ON contract.id = bill.contract_id
              JOIN res_company company ON company.id = bill.company_id
              JOIN res_currency currency ON currency.id = contract.currency_id
              JOIN res_currency company_currency ON company_currency.id = company.currency_id
         LEFT JOIN progress_billing_period period ON period.id = bill.period_id
             WHERE bill.invoice_id IS NULL AND bill.bucket = 'draft'
                OR bill.state = 'planned' AND contract.state IN ('draft', 'open') AND contract.final_bill_id IS NULL
            """,
            sign=self.env['progress.contract']._get_cash_sign_sql('contract'),
            claimed=self._get_taxed_sql(
                SQL(
                    """CASE bill.state WHEN 'planned' THEN COALESCE(NULLIF(bill.planned_amount, 0), bill.amount)
                                       ELSE bill.invoiced_amount END + COALESCE(bill.sourced_amount, 0)"""
                )
            ),
            retained=self._get_retained_sql(),
            rate=self._get_rate_sql(SQL('contract.currency_id')),
            company_rate=self._get_rate_sql(SQL('company.currency_id')),
        )

    def _get_taxed_sql(self, amount):
        """An untaxed amount with the tax the contract's lines expect."""
        return SQL(
            """currency.rounding * ROUND((%s)
               * (1 + COALESCE(contract.expected_tax_percent, 0)::numeric / 100) / currency.rounding)""",
            amount,
        )

    def _get_retained_sql(self):
        """What bills will hold back, as their invoices do: with its tax where that is due with the release.

        Of a planned amount, by the rates of the schedule; steps and caps to come are not foreseen.
        """
        retained = SQL(
            """CASE WHEN bill.state != 'planned' OR COALESCE(bill.planned_amount, 0) = 0
                    THEN COALESCE(bill.retainage_amount, 0)
                    WHEN contract.revenue_recognition = 'deposit' THEN 0
                    ELSE currency.rounding * ROUND(bill.planned_amount / 100 * COALESCE((
                        SELECT SUM(line.revised_amount * line.retainage_percent::numeric)
                               / NULLIF(SUM(line.revised_amount), 0)
                          FROM progress_contract_line line
                         WHERE line.contract_id = contract.id AND line.display_type IS NULL
                    ), 0) / currency.rounding) END"""
        )
        return SQL(
            "CASE WHEN company.progress_retainage_tax = 'release' THEN %s ELSE %s END",
            self._get_taxed_sql(retained),
            retained,
        )

    def _get_rate_sql(self, currency):
        """Today's rate, as far as the company of a bill has one."""
        today = SQL('%s', fields.Date.context_today(self))
        return self.env['res.currency']._get_progress_rate_sql(currency, SQL('company.parent_path'), today)

    # === ACTIONS === #

    def action_open_bill(self):
        """The bill behind an expected payment.

        :return dict: an action on ``progress.bill``
        """
        return self.bill_id._get_bill_action()
