from odoo import fields, models

VENDOR_DEPOSIT_ACCOUNT_CODE = '129500'
RETAINAGE_PAYABLE_ACCOUNT_CODE = '219500'


class ResCompany(models.Model):
    """The accounts of the vendors' side: what subcontractors got in advance, and what is retained from them."""

    _inherit = 'res.company'

    progress_vendor_deposit_account_id = fields.Many2one(
        'account.account',
        string="Deposits to Vendors Account",
        domain="[('account_type', '=', 'asset_current'), ('reconcile', '=', True)]",
        check_company=True,
        help="What subcontractors were paid before the work is theirs to bill. "
        "A current asset that allows reconciliation.",
    )
    progress_retainage_payable_account_id = fields.Many2one(
        'account.account',
        string="Retainage Payable Account",
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
        check_company=True,
        help="What is retained from subcontractors until it is released. A current liability that allows "
        "reconciliation.",
    )
    progress_vendor_retainage_tax_id = fields.Many2one(
        'account.tax',
        string="Tax of Retainage Lines on Vendor Bills",
        domain="[('type_tax_use', '=', 'purchase'), ('amount', '=', 0)]",
        check_company=True,
        help="A tax of 0 %, where a tax is asked for on every line and tax is due at once.",
    )

    def _set_up_progress_accounts(self):
        super()._set_up_progress_accounts()
        self._set_up_progress_vendor_accounts()

    def _set_up_progress_vendor_accounts(self):
        """Create and set the accounts of the vendors' side where there are none; a branch uses its parent's."""
        for company in self:
            for name, vals in company._prepare_progress_vendor_accounts().items():
                company._set_up_progress_account(name, vals)

    def _prepare_progress_vendor_accounts(self):
        """Values of the accounts of the vendors' side.

        :return dict: values of ``account.account`` by the company's field
        """
        rows = (
            (
                'progress_vendor_deposit_account_id',
                self.env._("Deposits to Vendors (Progress Billing)"),
                'asset_current',
                VENDOR_DEPOSIT_ACCOUNT_CODE,
            ),
            (
                'progress_retainage_payable_account_id',
                self.env._("Retainage Payable (Progress Billing)"),
                'liability_current',
                RETAINAGE_PAYABLE_ACCOUNT_CODE,
            ),
        )
        return {
            field: self._prepare_progress_account_vals(name, account_type, code)
            for field, name, account_type, code in rows
        }
