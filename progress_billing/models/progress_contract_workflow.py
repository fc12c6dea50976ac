from odoo import models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ..tools import money


class ProgressContractWorkflow(models.AbstractModel):
    """What people do with a billing contract: open, plan, final invoice, cancel (SPEC §3)."""

    _name = 'progress.contract.workflow'
    _description = "Workflow of a Billing Contract"

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
