from odoo import api, fields, models
from odoo.exceptions import ValidationError

RETAINAGE_ACCOUNT_CODE = '121900'


class ResCompany(models.Model):
    """How a company withholds retainage: account, tax and base."""

    _name = 'res.company'
    _inherit = 'res.company'

    progress_retainage_account_id = fields.Many2one(
        'account.account',
        string="Retainage Account",
        domain="[('account_type', '=', 'asset_current'), ('reconcile', '=', True)]",
        check_company=True,
        help="What customers hold back until it is released. A current asset that allows reconciliation.",
    )
    progress_retainage_tax = fields.Selection(
        [('now', "On the full amount at once"), ('release', "When it is released")],
        string="Tax on Retainage",
        default='now',
        required=True,
    )
    progress_retainage_base = fields.Selection(
        [('untaxed', "The untaxed amount"), ('taxed', "The amount with tax")],
        string="Retainage Base",
        default='untaxed',
        required=True,
    )
    progress_retainage_tax_id = fields.Many2one(
        'account.tax',
        string="Tax of Retainage Lines",
        domain="[('type_tax_use', '=', 'sale'), ('amount', '=', 0)]",
        check_company=True,
        help="A tax of 0 %, where electronic invoices ask for a tax on every line and tax is due at once.",
    )

    @api.constrains('progress_retainage_tax', 'progress_retainage_base')
    def _check_retainage_pair(self):
        """Base with tax implies tax at once (RET-9)."""
        for company in self:
            if company.progress_retainage_tax == 'release' and company.progress_retainage_base == 'taxed':
                raise ValidationError(company._get_retainage_pair_message())
            # sudo: progress.contract - whether one has the amount with tax does not depend on who asks
            contracts = self.env['progress.contract'].sudo()
            taxed = [('company_id', '=', company.id), ('retainage_base', '=', 'taxed')]
            if company.progress_retainage_tax == 'release' and contracts.search_count(taxed, limit=1):
                raise ValidationError(company._get_retainage_pair_message())

    def _get_retainage_pair_message(self):
        return self.env._(
            "Retainage of the amount with tax means that the tax is due at once: %s cannot have it follow the release.",
            self.name,
        )

    def _set_up_progress_accounts(self):
        super()._set_up_progress_accounts()
        self._set_up_progress_retainage_account()

    def _set_up_progress_retainage_account(self):
        """Create and set the retainage account of the companies that have none."""
        for company in self:
            vals = company._prepare_progress_retainage_account_vals()
            company._set_up_progress_account('progress_retainage_account_id', vals)

    def _prepare_progress_retainage_account_vals(self):
        """Values of the retainage account: a reconcilable current asset, beside the chart's other ones."""
        name = self.env._("Retainage Receivable (Progress Billing)")
        return self._prepare_progress_account_vals(name, 'asset_current', RETAINAGE_ACCOUNT_CODE)
