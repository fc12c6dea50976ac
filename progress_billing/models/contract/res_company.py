from odoo import Command, fields, models


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

    def _set_up_progress_account(self, name, vals):
        """Create and set an account of a company that has none; a branch uses its parent's.

        :param str name: the company's field
        :param dict vals: of the account
        """
        self.ensure_one()
        if not self[name]:
            self[name] = self.parent_id[name] or self.env['account.account'].with_company(self).create(vals)

    def _prepare_progress_account_vals(self, name, account_type, code):
        """Values of a reconcilable account of this company, on a free code beside the chart's others of its type.

        :param str code: where the chart has none of them
        :return dict: of ``account.account``
        """
        self.ensure_one()
        return {
            'name': name,
            'code': self._get_free_account_code(account_type, code),
            'account_type': account_type,
            'reconcile': True,
            'company_ids': [Command.set(self.ids)],
        }

    def _get_free_account_code(self, account_type, default):
        """A free code beside the chart's last account of a type."""
        accounts = self.env['account.account'].with_company(self)
        sibling = accounts.search(
            [*accounts._check_company_domain(self), ('account_type', '=', account_type)], order='code desc', limit=1
        )
        return accounts._search_new_account_code(sibling.code or default)
