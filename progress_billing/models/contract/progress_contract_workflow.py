from odoo import models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ...tools import money


class ProgressContractWorkflow(models.Model):
    """What people do with a billing contract: open, plan, final invoice, cancel (SPEC §3)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    # === ACTIONS === #

    def action_open(self):
        """Draft → open, after checking that the contract can be billed (SPEC §3).

        :return dict: the action that shows the contracts
        :raises UserError: with every reason why a contract cannot be billed
        """
        self.check_access('write')
        drafts = self.filtered(lambda contract: contract.state == 'draft')
        self._raise_blockers(
            {
                contract: contract._get_opening_blockers() + contract._get_state_blockers(('draft', 'open'))
                for contract in self
            }
        )
        drafts._write_protected({'base_state': 'open'})
        drafts.bill_ids.filtered(lambda bill: bill.state == 'planned' and bill.milestone_id)._announce_milestone()
        return self._get_contract_action()

    def action_cancel(self):
        """→ cancelled; planned records are cancelled with the contract.

        :return dict: the action that shows the contracts
        :raises UserError: while the contract has pro formas or invoices that stand
        """
        self.check_access('write')
        self._lock_for_billing()
        for contract in self:
            standing = contract.bill_ids.filtered(lambda bill: bill.bucket and bill.kind != 'opening')
            if standing:
                raise UserError(
                    self.env._(
                        "%(contract)s cannot be cancelled while these stand: %(bills)s. Delete or credit them first.",
                        contract=contract.display_name,
                        bills=', '.join(standing.mapped('display_name')),
                    )
                )
        self.bill_ids.filtered(lambda bill: bill.state == 'planned')._write_protected({'review_state': 'cancelled'})
        self._write_protected({'base_state': 'cancelled'})
        return self._get_contract_action()

    def action_draft(self):
        """Cancelled or open, never billed → draft.

        :return dict: the action that shows the contracts
        :raises UserError: when something has been billed
        """
        self.check_access('write')
        for contract in self:
            if contract.bill_ids.filtered(lambda bill: bill.bucket and bill.kind != 'opening'):
                raise UserError(
                    self.env._(
                        "%(contract)s has been billed and cannot go back to draft.", contract=contract.display_name
                    )
                )
        self._write_protected({'base_state': 'draft'})
        return self._get_contract_action()

    def action_create_final_invoice(self):
        """The final bill and its draft invoice: revenue of every line, every deposit reversed (SPEC §4).

        Called again while that invoice is a draft, it shows it.

        :return dict: the action that shows the final invoice, or the bill to who may not read invoices
        :raises UserError: when drafts are left, the contract is closed, or cannot be billed
        """
        self.check_access('write')
        self._lock_for_billing()
        finals = self._create_final_bills()
        return finals._get_result_action()

    def action_final_wizard(self):
        """The button: asks first where work is not complete or records are still planned (RULES 1.22, A23).

        :return dict: the question, or the final invoice
        """
        self.ensure_one()
        open_records = self.bill_ids.filtered(lambda bill: bill.state == 'planned')
        complete = float_compare(self.completed_percent, 100.0, precision_digits=2) >= 0
        if self.final_bill_id or (complete and not open_records):
            return self.action_create_final_invoice()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_final_wizard')
        return dict(action, context={'default_contract_id': self.id})

    def action_plan_wizard(self):
        """Lay out a billing plan: instalments, interval, first date (SPEC §3).

        :return dict: the plan wizard
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_plan_wizard')
        return dict(action, context={'default_contract_id': self.id})

    def action_view_bills(self):
        """The contract's progress bills.

        :return dict: an action on ``progress.bill``
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_bill')
        context = {'default_contract_id': self.id} if len(self) == 1 else {}
        return dict(action, domain=[('contract_id', 'in', self.ids)], context=context)

    def action_view_lines(self):
        """The schedule of values as a list of its own: to edit, filter and import into.

        :return dict: an action on ``progress.contract.line``
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_contract_line')
        return dict(
            action,
            display_name=self.env._("Schedule of Values of %s", self.display_name),
            domain=[('contract_id', '=', self.id)],
            context={'default_contract_id': self.id, 'default_tax_ids': self.default_tax_ids.ids},
        )

    def action_view_invoices(self):
        """Invoices and credit notes of the contract.

        :return dict: an action on ``account.move``, or on the bills for users who may not read invoices
        """
        return self.bill_ids.action_view_invoices()

    def action_show_in_project(self):
        """Choose this contract for the Billing tab of its project (RULES 1.24).

        :return dict: reloads the project
        """
        self.ensure_one()
        self.project_id.progress_contract_id = self
        return {'type': 'ir.actions.act_window_close'}

    def _get_contract_action(self):
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_contract')
        if len(self) == 1:
            return dict(action, views=[(False, 'form')], view_mode='form', res_id=self.id)
        return dict(action, domain=[('id', 'in', self.ids)])

    # === PLAN === #

    def _respread_plan(self):
        """Lay the open records of a plan out again after the contract's worth changed (RULES A21).

        Billed records keep what was planned; typed amounts stay; typed percentages follow by themselves.
        """
        for contract in self:
            members = contract.bill_ids.filtered(lambda bill: bill.plan_percent and bill.state != 'cancelled')
            for plan in members.grouped('plan_number').values():
                contract._respread_members(plan)

    def _respread_members(self, members):
        """Lay out one plan again.

        :param members: the records of the plan, billed and typed ones included
        """
        moving = members.filtered(lambda bill: bill.state == 'planned' and not bill.generated_on and bill.plan_weight)
        if not moving:
            return
        unit = self.currency_id.rounding
        rest = money.percent_of(moving[0].plan_percent, self.revised_amount, unit)
        for bill in members - moving:
            rest -= money.to_decimal(
                bill.invoiced_amount - bill.credited_amount if bill.bucket else bill.planned_amount
            )
        shares = money.spread(max(rest, money.ZERO), moving.mapped('plan_weight'), unit)
        for bill, share in zip(moving, shares, strict=True):
            if self.currency_id.compare_amounts(bill.planned_amount, float(share)):
                bill.planned_amount = float(share)

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
                'draft': self.env._("It is a draft: choose Start Billing first."),
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
