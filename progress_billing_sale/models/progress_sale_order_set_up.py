from odoo import models
from odoo.exceptions import UserError


class SaleOrderSetUp(models.Model):
    """From a confirmed order to its contract, and what the order may not do any more then."""

    _name = 'sale.order'
    _inherit = 'sale.order'

    # === SET UP === #

    def _check_can_set_up(self):
        for order in self:
            if order.state != 'sale':
                raise UserError(
                    self.env._(
                        "%s is not confirmed. Confirm it first; a quotation carries its billing plan until then.",
                        order.display_name,
                    )
                )
            if not order.order_line._get_schedulable_lines().filtered(lambda line: not line.display_type):
                raise UserError(self.env._("%s has no lines that can be billed in stages.", order.display_name))
            project = order._get_progress_project()
            if project.billing_method == 'time_materials':
                raise UserError(
                    self.env._(
                        "%(order)s belongs to the project %(project)s, which bills time and materials. Set Billing "
                        "Method of the project to Fixed Fee first.",
                        order=order.display_name,
                        project=project.display_name,
                    )
                )

    def _set_up_progress_billing(self):
        """Contract, schedule lines, down payments and plan of one order; a project's contract is shared.

        Down payments of the order become deposits, the quotation's billing plan becomes planned records, and the
        contract opens where nothing is missing.
        """
        self.ensure_one()
        contract = self._ensure_progress_contract()
        contract._lock_for_billing()
        # sudo: sale.order - the link follows from what the user just did with billing rights
        self.sudo()._write_protected({'progress_contract_id': contract.id})
        # sudo: sale.order - orders of other people on the contract
        (contract.sudo().sale_order_ids - self)._fix_instalments()
        self._create_schedule_lines(contract)
        contract._take_down_payments(self)
        milestones = self.progress_plan_ids._ensure_milestones(contract.project_id)
        bills = self.env['progress.bill'].create(
            [plan._prepare_progress_bill_vals(contract, milestones) for plan in self.progress_plan_ids]
        )
        for plan, bill in zip(self.progress_plan_ids, bills, strict=True):
            plan.sudo()._write_protected({'bill_id': bill.id})  # sudo: progress.order.plan - what became of it
        if contract.state == 'draft' and not contract._get_opening_blockers():
            contract.action_open()
        self.message_post(body=self.env._("Billed in stages on %s.", contract._get_html_link()))

    def _fix_instalments(self):
        """Another order comes on the contract of these: shares of them become amounts, as they are not of both."""
        bills = self.progress_plan_ids.bill_id.filtered(lambda bill: bill.state == 'planned' and bill.planned_percent)
        amounts = {bill: bill.planned_amount for bill in bills}  # each is a step after those before it
        for bill, amount in amounts.items():
            bill.write({'planned_percent': 0.0, 'planned_amount': amount})

    def _get_progress_project(self):
        """The project the order is billed with; empty where there is none, or are several."""
        self.ensure_one()
        # sudo: project.project - the order's project, for users who do not see all projects
        order = self.sudo()
        return order.project_id or (order.project_ids if len(order.project_ids) == 1 else order.project_id)

    def _ensure_progress_contract(self):
        """The contract the order is billed on: that of its project where it fits, else a new one.

        :return: ``progress.contract``
        """
        project = self._get_billed_project()
        if project and project.billing_method != 'fixed_fee':
            project.billing_method = 'fixed_fee'
        contract = self._find_progress_contract()
        vals = self._prepare_progress_contract_vals()
        if not contract:
            return contract.create(vals)
        if contract._is_blank():
            contract.write(vals)
        return contract

    def _get_billed_project(self):
        """The project the order is billed with, where it is the order's company's."""
        project = self._get_progress_project()
        return project.browse() if project.company_id - self.company_id else project

    def _find_progress_contract(self):
        """The contract of the order's project, where the order fits on it; one nothing was entered on does.

        :return: ``progress.contract``, may be empty
        """
        project = self._get_billed_project()
        contracts = project.progress_contract_ids.with_env(self.env)
        blank = contracts.filtered(lambda contract: contract._is_blank() and contract.company_id == self.company_id)
        fitting = (contracts - blank).filtered(lambda contract: contract._fits_order(self))
        if fitting:
            return (project.progress_contract_id & fitting) or fitting.sorted('id')[-1:]
        return blank[:1]

    def _prepare_progress_contract_vals(self):
        """Values of the contract of this order. Extend it by ``super()`` and update the dict.

        :return dict: of ``progress.contract``
        """
        self.ensure_one()
        project = self._get_billed_project()
        return {
            'project_id': project.id,
            'partner_id': self.partner_invoice_id.id,
            'partner_shipping_id': self.partner_shipping_id.id,
            'company_id': self.company_id.id,
            'currency_id': self.currency_id.id,
            'fiscal_position_id': self.fiscal_position_id.id,
            'payment_term_id': self.payment_term_id.id,
            'journal_id': self.journal_id.id,
            'description': self.client_order_ref or self.name,
            'user_id': project.user_id.id or self.env.user.id,
        }

    # === CHANGES === #

    def _propose_progress_changes(self):
        """Bring the proposed change order of each order in step with it; never the schedule itself.

        :raises UserError: when the contract has its final invoice, so that nothing can change any more
        """
        orders = self.filtered(lambda order: order.progress_contract_id and order.state == 'sale')
        # sudo: progress.contract.change - whoever may change the order proposes; approving takes billing rights
        for order in orders.sudo():
            contract = order.progress_contract_id
            if contract.state == 'cancelled':
                continue
            changes = order.order_line._get_changed_lines()._prepare_progress_change_list()
            proposal = contract.change_ids.filtered(
                lambda change, order=order: change.state == 'draft' and change.sale_order_id == order
            )[:1]
            if contract.state == 'closed' or contract.final_bill_id:
                order._check_nothing_changed(changes)
            elif proposal:
                proposal._propose(changes)
            elif changes:
                contract.change_ids._create_protected([order._prepare_progress_change_vals()])._propose(changes)

    def _prepare_progress_change_vals(self):
        """Header of the change order that this order's changes propose."""
        self.ensure_one()
        return {
            'contract_id': self.progress_contract_id.id,
            'sale_order_id': self.id,
            'description': self.env._("Changes of %s", self.name),
            'date': self.company_id._get_progress_today(),
        }

    def _check_nothing_changed(self, changes):
        """A closed contract takes no changes; lines added after it are invoiced by Odoo itself.

        :param list changes: values of change order lines
        :raises UserError: naming the lines of the schedule that would change
        """
        changed = [vals for vals in changes if vals.get('contract_line_id')]
        if changed:
            contract = self.progress_contract_id
            lines = contract.line_ids.browse([vals['contract_line_id'] for vals in changed])
            raise UserError(
                self.env._(
                    "%(lines)s of %(order)s cannot change: %(contract)s has the final invoice %(final)s. Add a new "
                    "line to the order, or delete or credit the final invoice first.",
                    lines=', '.join(lines.mapped('display_name')),
                    order=self.display_name,
                    contract=contract.display_name,
                    final=contract.final_bill_id.invoice_name or contract.final_bill_id.name,
                )
            )

    def _action_confirm(self):
        """A cancelled order that comes back takes back the proposal to remove it."""
        result = super()._action_confirm()
        self._propose_progress_changes()
        return result

    # === CANCELLING === #

    def _get_standing_bills(self):
        """Of a contract that bills several orders, those bills that are of this one (SAL-7)."""
        return self.progress_contract_id._get_standing_bills(self)

    def _action_cancel(self):
        """The contract goes with its only order; on a shared one the order's lines are proposed to go."""
        self._check_no_progress_bills()
        # sudo: progress.contract - it has no bills that stand; the order's owner cancels the plan with the order
        orders = self.sudo().filtered('progress_contract_id')
        for order in orders:
            contract = order.progress_contract_id
            if (
                contract.state in ('draft', 'open')
                and contract.sale_order_ids == order
                and not contract.line_ids.filtered(lambda line: not line.sale_line_id and not line.display_type)
            ):
                contract.action_cancel()
        result = super()._action_cancel()
        for order in orders:
            contract = order.progress_contract_id
            if contract.state in ('draft', 'open') and not contract.final_bill_id:
                order._propose_removal()
        return result

    def _propose_removal(self):
        """Propose to take the lines of a cancelled order off a contract that bills other things too."""
        contract = self.progress_contract_id
        changes = self.order_line.filtered('progress_line_ids')._prepare_progress_change_list()
        proposal = contract.change_ids.filtered(
            lambda change: change.state == 'draft' and change.sale_order_id == self
        )[:1] or contract.change_ids._create_protected([self._prepare_progress_change_vals()])
        proposal._propose(changes)
