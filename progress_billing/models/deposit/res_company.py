from odoo import fields, models

DEPOSIT_ACCOUNT_CODE = '211900'


class ResCompany(models.Model):
    """The account a company holds customer deposits on."""

    _name = 'res.company'
    _inherit = 'res.company'

    progress_deposit_account_id = fields.Many2one(
        'account.account',
        string="Customer Deposit Account",
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
        check_company=True,
        help="Progress invoices are booked here until the final invoice recognises the revenue. "
        "A current liability that allows reconciliation.",
    )

    def _set_up_progress_accounts(self):
        super()._set_up_progress_accounts()
        self._set_up_progress_deposit_account()

    def _set_up_progress_deposit_account(self):
        """Create and set the customer deposit account of the companies that have none.

        A branch uses its parent's account.
        """
        for company in self.filtered(lambda company: not company.progress_deposit_account_id):
            parent_account = company.parent_id.progress_deposit_account_id
            company.progress_deposit_account_id = parent_account or self.env['account.account'].with_company(
                company,
            ).create(company._prepare_progress_deposit_account_vals())

    def _prepare_progress_deposit_account_vals(self):
        """Values of the customer deposit account of this company.

        :return dict: a reconcilable current liability, on a free code beside the chart's other ones
        """
        self.ensure_one()
        return {
            'name': self.env._("Customer Deposits (Progress Billing)"),
            'code': self._get_free_account_code('liability_current', DEPOSIT_ACCOUNT_CODE),
            'account_type': 'liability_current',
            'reconcile': True,
            'company_ids': [(6, 0, self.ids)],
        }
