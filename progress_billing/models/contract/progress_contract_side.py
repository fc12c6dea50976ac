from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

#: what gives an invoice back, by the type of the invoice
OPPOSITE_TYPE = {'out_invoice': 'out_refund', 'in_invoice': 'in_refund'}


class ProgressContractSide(models.Model):
    """On which side of a contract the company stands: here a customer is billed.

    All that follows from it is asked of these methods and of no literal elsewhere: direction and signs, taxes,
    journal, accounts, terms and actions. An addon that turns them round for a ``contract_type`` of its own
    overrides them, and calls ``super()`` for every other contract. They are asked of empty contracts too (a line
    before it is saved, a billing rule): those are a customer's.
    """

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    # what the fields' domains ask for
    tax_use = fields.Char(compute='_compute_side')
    journal_type = fields.Char(compute='_compute_side')
    result_group = fields.Char(compute='_compute_side')
    deposit_account_type = fields.Char(compute='_compute_side')
    retainage_account_type = fields.Char(compute='_compute_side')

    @api.depends('contract_type')
    def _compute_side(self):
        for contract in self:
            contract.tax_use = contract._get_tax_use()
            contract.journal_type = contract._get_journal_type()
            contract.result_group = contract._get_result_group()
            contract.deposit_account_type = contract._get_deposit_account_type()
            contract.retainage_account_type = contract._get_retainage_account_type()

    # === RIGHTS === #

    def _get_side_group(self, level):
        """The group of users with a level of rights on the contract's side: customers and subcontracts have their own.

        :param str level: ``readonly``, ``user`` (Standard) or ``manager`` (Admin)
        :return str: an XML id
        """
        first = next(iter(self), self)  # a slice would be read by itself
        side = 'group' if (first.contract_type or 'customer') == 'customer' else 'group_subcontract'
        return f'progress_billing.{side}_{level}'

    def _has_side_level(self, level, user=None):
        """Whether a user has a level of rights on the side of every contract here; of none: on customers' side.

        :param str level: see :meth:`_get_side_group`
        :param user: ``res.users``; the current one by default. Code with all rights is not asked for groups: a
            method that may run as superuser checks ``self.env.su`` itself, and says why
        """
        # sudo: res.users, progress.contract - the groups of who acts and the side, whoever runs the code
        user, contracts = (user or self.env.user).sudo(), self.sudo()
        return all(user.has_group(group) for group in {one._get_side_group(level) for one in contracts or [contracts]})

    def _get_task_level(self, task):
        """The level of rights that a task of its own takes. An addon for another side of contracts says otherwise.

        :param str task: ``send``, ``request_signature``, ``register_payment``, ``set_retainage``,
            ``release_retainage`` or ``edit_document``
        :return str: see :meth:`_get_side_group`
        """
        return 'manager'

    def _may_do(self, task):
        """Whether the user does a task on all of these contracts.

        :param str task: see :meth:`_get_task_level`
        """
        return self.env.su or all(one._has_side_level(one._get_task_level(task)) for one in self or [self])

    def _check_may_do(self, task, refusal):
        """The one gate of what takes more than the right to change the contract (SEC-10).

        :param str task: see :meth:`_get_task_level`
        :param str refusal: the sentence for whoever may not
        :raises AccessError: for users without the level the task takes
        """
        if not self._may_do(task):
            raise AccessError(refusal)

    # === DIRECTION === #

    def _get_move_type(self):
        """``move_type`` of an invoice that asks for money; what is less than nothing is its opposite."""
        return 'out_invoice'

    def _get_ledger_sign(self):
        """What one unit billed is in the ledger: -1 where income and deposits taken are credits, 1 for costs."""
        return -1

    @api.model
    def _get_cash_sign_sql(self, alias):
        """What one unit billed is as cash: 1 where money comes in, -1 where it goes out.

        :param str alias: the table ``progress_contract`` in the query
        :return SQL: an expression
        """
        return SQL('1')

    def _get_invoice_action_xmlid(self):
        """The action that shows the contract's invoices."""
        return 'account.action_move_out_invoice_type'

    # === TERMS === #

    def _get_payment_term(self):
        """Payment term the contract starts with."""
        return self.with_company(self.company_id).partner_id.property_payment_term_id

    def _get_fiscal_position(self):
        """Fiscal position the contract starts with."""
        own = self.with_company(self.company_id)
        return own.env['account.fiscal.position']._get_fiscal_position(own.partner_id, own.partner_shipping_id)

    # === TAXES === #

    def _get_tax_use(self):
        """``type_tax_use`` of the taxes on its lines."""
        return 'sale'

    def _get_default_tax(self):
        """The company's tax that lines start with, before the fiscal position."""
        return self.company_id.account_sale_tax_id

    def _get_product_taxes(self, product):
        """Taxes of a product, of all companies, before the fiscal position.

        :param product: ``product.product``, may be empty
        """
        return product.taxes_id

    # === PRODUCTS === #

    def _get_unit_price(self, product):
        """Untaxed price of a unit of a product, in the contract's currency.

        :param product: ``product.product``
        :return float: unrounded
        """
        return product._get_progress_unit_price(self)

    def _get_product_text(self, product):
        """Description of a product as the contract's partner reads it.

        :param product: ``product.product``, may be empty
        """
        return product.get_product_multiline_description_sale()

    # === ACCOUNTS === #

    def _get_journal_type(self):
        """Type of the journal its invoices are in."""
        return 'sale'

    def _get_result_group(self):
        """``internal_group`` of the accounts its lines end on: income, or cost."""
        return 'income'

    def _get_result_account(self, product=None):
        """Account that lines end on, where line and rule have none: of the product, else of the journal.

        :param product: ``product.product``
        :return: ``account.account``, may be empty
        """
        return (product and self._get_product_account(product)) or self._get_journal_account()

    def _get_product_account(self, product):
        """Account of a product, mapped by the fiscal position; may be empty.

        :param product: ``product.product``, may be empty
        """
        if not product:
            return self.env['account.account']
        # sudo: product.template - its account, for a project manager without accounting rights
        template = product.sudo().with_company(self.company_id).product_tmpl_id
        return template.get_product_accounts(self.fiscal_position_id)[self._get_result_group()]

    def _get_journal_account(self):
        """Account of the contract's journal, else of the company's journal of the type, else of the company."""
        self.ensure_one()
        # sudo: account.journal - a project manager may bill without reading journals
        journals = self.env['account.journal'].sudo()
        journal = self.journal_id.sudo() or journals.search(
            [*journals._check_company_domain(self.company_id), ('type', '=', self._get_journal_type())], limit=1
        )
        return journal.default_account_id or self._get_company_account()

    def _get_company_account(self):
        """The company's account for results, where no journal has one; may be empty."""
        return self.company_id.sudo().income_account_id  # sudo: res.company - as for the journal

    def _get_account_type_label(self, account_type):
        """An ``account_type`` in the user's language, for messages."""
        return dict(self.env['account.account']._fields['account_type']._description_selection(self.env))[account_type]

    def _is_open_account(self, account, account_type):
        """Whether an account can hold what is settled later: active, reconcilable and of that type."""
        return account.account_type == account_type and account.reconcile and account.active

    def _get_deposit_account_type(self):
        """``account_type`` of the account that deposits wait on until the final invoice."""
        return 'liability_current'

    def _get_retainage_account_type(self):
        """``account_type`` of the account that holds what is retained until it is released."""
        return 'asset_current'
