from odoo import models
from odoo.exceptions import UserError


class ProgressContractBlockers(models.AbstractModel):
    """Why a contract cannot be opened or billed: lists of reasons that the views and the gates share (SPEC §3).

    Extend :meth:`_get_opening_blockers` or :meth:`_get_billing_blockers` by ``super()`` and append.
    """

    _name = 'progress.contract.blockers'
    _description = "What Keeps a Contract from Being Billed"

    def _get_opening_blockers(self):
        """Reasons why this contract could not be billed even if it were open.

        :return list: sentences that say where to set what is missing
        """
        self.ensure_one()
        reasons = self._get_project_blockers()
        if not self.partner_id:
            reasons.append(self.env._("Set the customer."))
        lines = self._get_billable_lines()
        if not lines:
            reasons.append(self.env._("Enter at least one line in the schedule of values."))
        elif self.currency_id.is_zero(self.revised_amount):
            reasons.append(self.env._("The contract is worth nothing: enter amounts in the schedule of values."))
        archived = lines.product_id.filtered(lambda product: not product.active)
        if archived:
            reasons.append(
                self.env._("Replace or unarchive these products: %s.", ', '.join(archived.mapped('display_name')))
            )
        if self.revenue_recognition == 'deposit':
            reasons += self._get_deposit_blockers() + self._get_customer_blockers(lines)
        return reasons + self._get_currency_blockers()

    def _get_project_blockers(self):
        """Progress billing is for fixed-fee, billable projects only (RULES 1.3)."""
        project, reasons = self.project_id, []
        if project and project.billing_method != 'fixed_fee':
            reasons.append(self.env._("Set Billing Method of the project %s to Fixed Fee.", project.display_name))
        if project and project.bill_time != 'billable':
            reasons.append(self.env._("Set Bill Time? of the project %s to Billable.", project.display_name))
        return reasons

    def _get_deposit_blockers(self, rule=None):
        account, reasons = self._find_deposit_account(rule), []
        if not account:
            reasons.append(
                self.env._(
                    "No customer deposit account is set: choose it on the contract, or in the Progress Billing "
                    "settings of %s.",
                    self.company_id.display_name,
                )
            )
        else:
            reasons += filter(
                None, (self._get_deposit_account_blocker(account), self._get_account_currency_blocker(account))
            )
        if not self._find_deposit_product():
            reasons.append(
                self.env._("There is no active product with the internal reference DEPOSIT: create or unarchive it.")
            )
        return reasons

    def _get_customer_blockers(self, lines):
        """Deposits are held for one customer a contract (RULES C23)."""
        customer = self.partner_id.commercial_partner_id
        others = lines.filtered(lambda line: line.partner_id.commercial_partner_id not in (customer, customer.browse()))
        if not (customer and others):
            return []
        return [
            self.env._(
                "Deposits are held for one customer, %(customer)s, but these lines are for others: %(lines)s. Give "
                "them a contract of their own, or recognise revenue as billed.",
                customer=customer.display_name,
                lines=', '.join(others.mapped('display_name')),
            )
        ]

    def _get_deposit_account_blocker(self, account):
        if account.account_type != 'liability_current' or not account.reconcile or not account.active:
            return self.env._(
                "%s cannot hold customer deposits: it must be an active current liability that allows reconciliation. "
                "Choose another one on the contract or in the Progress Billing settings, or correct the account.",
                account.display_name,
            )
        return False

    def _get_account_currency_blocker(self, account):
        if account.currency_id and account.currency_id != self.currency_id:
            return self.env._(
                "The deposit account %(account)s is kept in %(currency)s: choose one without a currency of its own.",
                account=account.display_name,
                currency=account.currency_id.name,
            )
        return False

    def _get_currency_blockers(self):
        """A foreign currency without any exchange rate would be booked at 1:1."""
        if not self.currency_id.active:
            return [self.env._("The currency %s is archived: activate it.", self.currency_id.name)]
        company = self.company_id
        if self.currency_id == company.currency_id:
            return []
        # sudo: res.currency.rate - whether a rate exists does not depend on who asks
        rates = self.env['res.currency.rate'].sudo()
        rate = rates.search_count(
            [
                ('currency_id', '=', self.currency_id.id),
                ('company_id', 'in', (False, company.root_id.id)),
                ('name', '<=', company._get_progress_today()),
            ],
            limit=1,
        )
        if rate:
            return []
        return [
            self.env._(
                "There is no exchange rate of %s: enter one under Accounting, Currencies.", self.currency_id.name
            )
        ]

    def _get_state_blockers(self, allowed=('open',)):
        self.ensure_one()
        if self.state in allowed:
            return []
        return [
            {
                'draft': self.env._("It is a draft: open it first."),
                'open': self.env._("It is open already."),
                'closed': self.env._("It is closed: its final invoice %s is posted.", self.final_bill_id.invoice_name),
                'cancelled': self.env._("It is cancelled: set it back to draft first."),
            }[self.state]
        ]

    def _get_billing_blockers(self, for_final=False):
        """Reasons why this contract cannot be billed now.

        :param bool for_final: for a further final invoice, beside those that exist
        :return list: sentences; empty when it can
        """
        self.ensure_one()
        reasons = self._get_state_blockers()
        if not reasons and self.final_bill_id and not for_final:
            reasons.append(
                self.env._(
                    "Its final invoice %s exists: delete it first.",
                    self.final_bill_id.invoice_name or self.final_bill_id.name,
                )
            )
        return reasons + self._get_opening_blockers()

    def _check_can_bill(self):
        """:raises UserError: with every reason why one of these contracts cannot be billed"""
        self._raise_blockers({contract: contract._get_billing_blockers() for contract in self})

    def _raise_blockers(self, reasons_by_contract):
        blocked = {contract: reasons for contract, reasons in reasons_by_contract.items() if reasons}
        if blocked:
            raise UserError(
                '\n\n'.join(
                    self.env._("%(contract)s cannot be billed:", contract=contract.display_name)
                    + ''.join(f'\n- {reason}' for reason in reasons)
                    for contract, reasons in blocked.items()
                )
            )
