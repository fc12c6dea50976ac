from odoo import api, fields, models
from odoo.fields import Domain

#: what follows from a claim, whoever enters it
FOLLOWING_FIELDS = frozenset({'next_billing_date'})


class ProgressContract(models.Model):
    """A subcontract: where it comes from, and how it is shown."""

    _inherit = 'progress.contract'

    purchase_order_ids = fields.One2many(
        'purchase.order', 'progress_contract_id', string="Purchase Orders", groups='purchase.group_purchase_user'
    )
    purchase_order_count = fields.Integer(compute='_compute_purchase_order_count', compute_sudo=True)

    @api.depends('purchase_order_ids')
    def _compute_purchase_order_count(self):
        for contract in self:
            contract.purchase_order_count = len(contract.purchase_order_ids)

    # === DUE === #

    @api.model
    def _get_due_domain(self):
        """Subcontractors are invited; no run claims for them."""
        return super()._get_due_domain() & Domain('contract_type', '!=', 'subcontract')

    # === ACTIONS === #

    def action_view_purchase_orders(self):
        """The purchase orders whose lines this subcontract bills.

        :return dict: an action on ``purchase.order``
        """
        shown = 'purchase.purchase_form_action'
        return self.env['ir.actions.act_window']._for_progress_records(shown, self.purchase_order_ids)

    def action_view_bills(self):
        """The claims of subcontracts, in screens of their own; other contracts' bills.

        :return dict: an action on ``progress.bill``
        """
        action = super().action_view_bills()
        if not self or self != self._get_subcontracts():
            return action
        claims = self.env['ir.actions.act_window']._for_xml_id(
            'progress_billing_subcontract.action_progress_subcontract_bill'
        )
        return dict(claims, domain=action['domain'], context=action['context'])

    def _get_contract_action(self):
        """Subcontracts are shown in screens of their own."""
        if not self or self != self._get_subcontracts():
            return super()._get_contract_action()
        shown = 'progress_billing_subcontract.action_progress_subcontract'
        return self.env['ir.actions.act_window']._for_progress_records(shown, self)

    def get_formview_id(self, access_uid=None):
        """As Odoo's: subcontracts have a form of their own.

        :param int access_uid: whose rights choose the view, or ``None`` for one's own
        :return int: the view, or ``False`` for the model's own
        """
        if self._is_subcontract():
            return self.env.ref('progress_billing_subcontract.progress_subcontract_view_form').id
        return super().get_formview_id(access_uid=access_uid)

    # === CHANGES === #

    def _get_undo_blockers(self, state):
        """Cancelled, a subcontract did not hold its order: it comes back to the one it was made of (SUB-4)."""
        reasons = super()._get_undo_blockers(state)
        if state == 'draft' and self.state == 'cancelled':
            reasons += self._get_order_differences()
        return reasons

    def _get_order_differences(self):
        """What has changed on the orders of this subcontract since it was cancelled.

        :return list: sentences
        """
        self.ensure_one()
        # sudo: purchase.order - what it says, for who keeps subcontracts without purchase rights
        known = self.sudo()
        reasons = [
            self.env._("%s is cancelled: confirm it again first.", order.display_name)
            for order in known.purchase_order_ids
            if order.state == 'cancel'
        ]
        billed = known.line_ids.purchase_line_id._get_native_items().move_id
        if billed:
            reasons.append(
                self.env._(
                    "Odoo itself has billed its lines meanwhile: %s. Delete these bills first.",
                    ', '.join(billed.mapped('display_name')),
                )
            )
        worths = known.line_ids.purchase_line_id._get_progress_worths()
        for line, scheduled in known.line_ids.grouped('purchase_line_id').items():
            here = sum(scheduled.mapped('revised_amount'))
            if line and not line.display_type and self.currency_id.compare_amounts(worths[line], here):
                reasons.append(
                    self.env._(
                        "%(line)s has changed on %(order)s: it is worth %(there)s there, and %(here)s here. Choose Set "
                        "Up Subcontract on the order, which makes a new one.",
                        line=line.name,
                        order=line.order_id.display_name,
                        there=self._show_amount(worths[line]),
                        here=self._show_amount(here),
                    )
                )
        return reasons

    def _on_worth_changed(self, lines=None):
        super()._on_worth_changed(lines)
        self._get_subcontracts().line_ids._follow_on_orders()

    # === RIGHTS === #

    @api.model_create_multi
    def create(self, vals_list):
        contracts = super().create(vals_list)
        contracts._check_may_keep_subcontracts()
        return contracts

    def write(self, vals):
        if self._get_typed(vals) - FOLLOWING_FIELDS:
            self._check_may_keep_subcontracts()
        return super().write(vals)

    def action_open(self):
        """Draft → open; subcontracts by administrators.

        :return dict: the action that shows the contracts
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self._check_may_keep_subcontracts()
        return super().action_open()

    def action_cancel(self):
        """→ cancelled; subcontracts by administrators.

        :return dict: the action that shows the contracts
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self._check_may_keep_subcontracts()
        return super().action_cancel()

    def action_draft(self):
        """→ draft; subcontracts by administrators.

        :return dict: the action that shows the contracts
        :raises UserError: when an order line stands on another contract by now
        """
        self._check_may_keep_subcontracts()
        result = super().action_draft()
        self.line_ids._check_order_lines_free('purchase_line_id')
        return result

    def action_create_final_invoice(self):
        """The final bill; of subcontracts by administrators.

        :return dict: the action that shows it
        :raises AccessError: for everybody else, where one is of a subcontract
        """
        self._check_may_keep_subcontracts()
        return super().action_create_final_invoice()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_administrators(self):
        self._check_may_keep_subcontracts()

    def _get_overbilled_message(self, billed, draft_credit):
        """In the words of whoever claims on their page."""
        if self.env.user.share and self._is_subcontract():
            return self.env._(
                "%(claimed)s would be claimed of %(worth)s in all. Claim at most what is left; what was agreed beyond "
                "it has to be added by the office first.",
                claimed=self._show_amount(billed),
                worth=self._show_amount(self.revised_amount),
            )
        return super()._get_overbilled_message(billed, draft_credit)

    def _check_may_keep_subcontracts(self):
        """Subcontracts and their schedules are kept by administrators; others claim and release (SUB-16).

        :raises AccessError: for everybody else
        """
        self._check_subcontracts_may(
            'keep',
            self.env._(
                "Only administrators of Subcontract Billing set up subcontracts, change their schedules and settings, "
                "or cancel them."
            ),
        )

    def _check_may_export(self):
        """:raises AccessError: for users who may not export claims of these subcontracts"""
        self._check_subcontracts_may(
            'export', self.env._("Only administrators of Subcontract Billing export claims. Ask one of them.")
        )
