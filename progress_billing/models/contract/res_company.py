from odoo import fields, models


class ResCompany(models.Model):
    """What a company says about billing at all; the rooms add what they are about."""

    _name = 'res.company'
    _inherit = 'res.company'

    progress_overbilling_policy = fields.Selection(
        [('block', "Block"), ('warn', "Warn only")],
        string="Billing Above the Contract",
        default='block',
        required=True,
        help="What happens when more is billed than a schedule line or the contract is worth.",
    )
    progress_post_invoices = fields.Boolean(
        string="Post Progress Invoices at Once",
        help="Progress invoices are posted when they are made, if whoever makes them may post. "
        "Otherwise they stay drafts for an accountant.",
    )

    def _set_up_progress_accounts(self):
        """Give the companies that have a chart of accounts what billing needs. Extend by ``super()``.

        Called once for each company; what it has already stays.
        """

    def _get_free_account_code(self, account_type, default):
        """A free code beside the chart's last account of a type."""
        accounts = self.env['account.account'].with_company(self)
        sibling = accounts.search(
            [*accounts._check_company_domain(self), ('account_type', '=', account_type)], order='code desc', limit=1
        )
        return accounts._search_new_account_code(sibling.code or default)
