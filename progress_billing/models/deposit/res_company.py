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
        """Create and set the customer deposit account of the companies that have none."""
        for company in self:
            vals = company._prepare_progress_deposit_account_vals()
            company._set_up_progress_account('progress_deposit_account_id', vals)

    def _prepare_progress_deposit_account_vals(self):
        """Values of the customer deposit account of this company.

        :return dict: a reconcilable current liability, on a free code beside the chart's other ones
        """
        name = self.env._("Customer Deposits (Progress Billing)")
        return self._prepare_progress_account_vals(name, 'liability_current', DEPOSIT_ACCOUNT_CODE)
