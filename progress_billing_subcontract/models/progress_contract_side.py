from odoo import api, fields, models
from odoo.tools import SQL


class ProgressContractSide(models.Model):
    """A subcontract is a contract with the side turned round: the company is billed (SUB-1)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    contract_type = fields.Selection(
        selection_add=[('subcontract', "Subcontract")], ondelete={'subcontract': 'cascade'}
    )

    def _is_subcontract(self):
        """Whether the company is billed by this contract; an empty one is a customer's."""
        return next(iter(self), self).contract_type == 'subcontract'  # a slice would be read by itself

    def _get_subcontracts(self):
        """Those of these contracts that bill the company."""
        return self.filtered(lambda contract: contract._is_subcontract())

    # === RIGHTS === #

    def _get_task_level(self, task):
        """Standard claims back retainage in the subcontractor's name, and e-mails what was claimed (SUB-16).

        :param str task: on claims also ``make_vendor_bill``, ``undo_vendor_bill``, ``revise``, ``undo``, ``set_rates``,
            ``export`` or, with compliance documents, ``compile_backups``; on subcontracts ``keep``
        :return str: as there
        """
        if self._is_subcontract() and task in ('release_retainage', 'send'):
            return 'user'
        return super()._get_task_level(task)

    def _check_subcontracts_may(self, task, refusal):
        """:raises AccessError: for users without the level that a task takes on the subcontracts among these"""
        subcontracts = self._get_subcontracts()
        if subcontracts:
            subcontracts._check_may_do(task, refusal)

    # === DOCUMENTS === #

    def _uses_application(self):
        """A claim is the subcontractor's application to us, whatever goes out to customers (SUB-18)."""
        return self._is_subcontract() or super()._uses_application()

    # === DIRECTION === #

    def _get_move_type(self):
        return 'in_invoice' if self._is_subcontract() else super()._get_move_type()

    def _get_ledger_sign(self):
        return 1 if self._is_subcontract() else super()._get_ledger_sign()

    @api.model
    def _get_cash_sign_sql(self, alias):
        return SQL(
            "CASE %s.contract_type WHEN 'subcontract' THEN -1 ELSE %s END",
            SQL.identifier(alias),
            super()._get_cash_sign_sql(alias),
        )

    def _get_invoice_action_xmlid(self):
        if self._is_subcontract():
            return 'account.action_move_in_invoice_type'
        return super()._get_invoice_action_xmlid()

    # === TERMS === #

    def _get_payment_term(self):
        if self._is_subcontract():
            return self.with_company(self.company_id).partner_id.property_supplier_payment_term_id
        return super()._get_payment_term()

    # === TAXES === #

    def _get_tax_use(self):
        return 'purchase' if self._is_subcontract() else super()._get_tax_use()

    def _get_default_tax(self):
        return self.company_id.account_purchase_tax_id if self._is_subcontract() else super()._get_default_tax()

    def _get_product_taxes(self, product):
        return product.supplier_taxes_id if self._is_subcontract() else super()._get_product_taxes(product)

    def _get_held_tax(self):
        if self._is_subcontract():
            return self.company_id.progress_vendor_retainage_tax_id
        return super()._get_held_tax()

    # === PRODUCTS === #

    def _get_unit_price(self, product):
        if not self._is_subcontract():
            return super()._get_unit_price(product)
        company = self.company_id or self.env.company  # default before saving
        cost, currency = product.with_company(company).standard_price, product.with_company(company).cost_currency_id
        today = company._get_progress_today()
        return currency._convert(cost, self.currency_id or currency, company, today, round=False)

    def _get_product_text(self, product):
        if not self._is_subcontract():
            return super()._get_product_text(product)
        return '\n'.join(filter(None, (product.display_name, product.description_purchase)))

    # === ACCOUNTS === #

    def _get_journal_type(self):
        return 'purchase' if self._is_subcontract() else super()._get_journal_type()

    def _get_result_group(self):
        return 'expense' if self._is_subcontract() else super()._get_result_group()

    def _get_company_account(self):
        if self._is_subcontract():
            return self.company_id.sudo().expense_account_id  # sudo: res.company - for who does not read accounts
        return super()._get_company_account()

    def _get_deposit_account_type(self):
        return 'asset_current' if self._is_subcontract() else super()._get_deposit_account_type()

    def _get_retainage_account_type(self):
        return 'liability_current' if self._is_subcontract() else super()._get_retainage_account_type()

    def _get_company_deposit_account(self):
        if self._is_subcontract():
            return self.company_id.progress_vendor_deposit_account_id
        return super()._get_company_deposit_account()

    def _get_company_retainage_account(self):
        if self._is_subcontract():
            return self.company_id.progress_retainage_payable_account_id
        return super()._get_company_retainage_account()

    # === DOCUMENTS === #

    def _get_application_setting(self, key):
        """The subcontractor signs the claim, and we the certificate: the company's own blocks are for its customers."""
        if key != 'signatures' or not self._is_subcontract() or self.application_signatures:
            return super()._get_application_setting(key)
        # sudo: res.partner - names on the document of a contract that may be read
        known = self.sudo()
        return self.env._(
            "Subcontractor: %(partner)s\nCertified by:\n%(company)s:",
            partner=known.partner_id.display_name,
            company=known.company_id.name,
        )

    # === WHAT IS A CUSTOMER'S ONLY === #

    def _get_project_blockers(self):
        """How the project bills its customer says nothing about who is paid for it."""
        return [] if self._is_subcontract() else super()._get_project_blockers()
