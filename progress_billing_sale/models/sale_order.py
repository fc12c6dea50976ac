from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import formatLang

from odoo.addons.progress_billing.models.contract.project_project import READERS, TAB_FIELDS, _of_contract


class SaleOrder(models.Model):
    """The Billing tab of an order: the same progress billing portal as on the project (001)."""

    _name = 'sale.order'
    _inherit = ['sale.order', 'progress.guard.mixin']
    _guards_values = False
    _placing_fields = ()

    progress_contract_id = fields.Many2one(
        'progress.contract',
        string="Billing Contract",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        guarded=True,
        help="What bills this order in stages.",
    )
    is_progress_billed = fields.Boolean(
        string="Billed in Stages",
        compute='_compute_is_progress_billed',
        help="All that is left to invoice is billed by the contract.",
    )
    progress_change_ids = fields.One2many(
        'progress.contract.change', 'sale_order_id', string="Change Orders Proposed", groups=READERS
    )
    progress_proposal_amount = fields.Monetary(
        string="Proposed Changes",
        compute='_compute_progress_proposal_amount',
        compute_sudo=True,
        help="Untaxed: changes of the order that no approved change order has brought to the schedule of values yet.",
    )
    progress_has_proposal = fields.Boolean(compute='_compute_progress_proposal_amount', compute_sudo=True)

    # === BILLING PLAN OF THE QUOTATION === #
    progress_plan_template_id = fields.Many2one(
        'progress.plan.template',
        string="Billing Plan",
        copy=True,
        check_company=True,
        help="The instalments the customer sees on the quotation.",
    )
    progress_plan_ids = fields.One2many(
        'progress.order.plan',
        'order_id',
        string="Instalments",
        compute='_compute_progress_plan_ids',
        store=True,
        readonly=False,
        copy=True,
    )

    # === THE TAB === #
    progress_line_ids = _of_contract(fields.One2many, 'line_ids', readonly=False)
    progress_bill_ids = _of_contract(fields.One2many, 'bill_ids', readonly=False)
    progress_partner_id = _of_contract(fields.Many2one, 'partner_id', readonly=False, string="Billed Customer")
    progress_revenue_recognition = _of_contract(fields.Selection, 'revenue_recognition', readonly=False)
    progress_deposit_account_id = _of_contract(fields.Many2one, 'deposit_account_id', readonly=False)
    progress_use_pro_forma = _of_contract(fields.Boolean, 'use_pro_forma', readonly=False)
    progress_currency_id = _of_contract(fields.Many2one, 'currency_id', string="Contract Currency")
    progress_state = _of_contract(fields.Selection, 'state', string="Contract Status")
    progress_original_amount = _of_contract(fields.Monetary, 'original_amount')
    progress_change_amount = _of_contract(fields.Monetary, 'change_amount')
    progress_revised_amount = _of_contract(fields.Monetary, 'revised_amount')
    progress_draft_amount = _of_contract(fields.Monetary, 'draft_amount')
    progress_actual_amount = _of_contract(fields.Monetary, 'actual_amount')
    progress_wip_available = _of_contract(fields.Monetary, 'wip_available')
    progress_deposit_balance = _of_contract(fields.Monetary, 'deposit_balance')
    progress_unplanned_amount = _of_contract(fields.Monetary, 'unplanned_amount')
    progress_billed_percent = _of_contract(fields.Float, 'billed_percent')
    progress_completed_percent = _of_contract(fields.Float, 'completed_percent')
    progress_blockers = _of_contract(fields.Text, 'blockers')
    progress_is_overplanned = _of_contract(fields.Boolean, 'is_overplanned')
    progress_is_overbilled = _of_contract(fields.Boolean, 'is_overbilled')
    progress_sale_order_count = _of_contract(fields.Integer, 'sale_order_count', string="Orders on the Contract")

    # === COMPUTE === #

    @api.depends('order_line.is_progress_billed', 'order_line.qty_to_invoice', 'progress_contract_id')
    def _compute_is_progress_billed(self):
        """Whether Create Invoice has nothing to do here."""
        billed = self.filtered('progress_contract_id')
        (self - billed).is_progress_billed = False
        for order in billed:
            rest = order.order_line.filtered(lambda line: line.qty_to_invoice and not line.is_progress_billed)
            order.is_progress_billed = not rest and any(order.order_line.mapped('is_progress_billed'))

    @api.depends('progress_change_ids.state', 'progress_change_ids.amount')
    def _compute_progress_proposal_amount(self):
        for order in self:
            proposals = order.progress_change_ids.filtered(lambda change: change.state == 'draft')
            order.progress_proposal_amount = sum(proposals.mapped('amount'))
            order.progress_has_proposal = bool(proposals)

    @api.depends('progress_plan_template_id')
    def _compute_progress_plan_ids(self):
        """The instalments of the template; what was typed stays where none is chosen."""
        for order in self:
            if order.progress_plan_template_id:
                order.progress_plan_ids = [
                    fields.Command.clear(),
                    *map(fields.Command.create, order._prepare_progress_plan_list()),
                ]

    def _prepare_progress_plan_list(self):
        """Values of the instalments that the chosen template lays out."""
        self.ensure_one()
        return [
            {
                'sequence': number,
                'title': line.title or self.env._("Instalment %s", number),
                'item_description': line.item_description,
                'percent': line.percent,
                'offset': line.offset,
                'offset_unit': line.offset_unit,
            }
            for number, line in enumerate(self.progress_plan_template_id.line_ids, 1)
        ]

    def _get_progress_plan_rows(self):
        """The billing plan as the customer reads it; what it leaves comes with the final invoice.

        :return list: dicts with ``title``, ``due``, ``percent`` (a text) and ``amount`` (untaxed)
        """
        self.ensure_one()
        rows = [
            {
                'title': plan.title,
                'due': plan._get_due_text(),
                'percent': formatLang(self.env, plan.percent, digits=0 if plan.percent.is_integer() else 2),
                'amount': plan.amount,
            }
            for plan in self.progress_plan_ids
        ]
        rest = self.currency_id.round(self.amount_untaxed - sum(row['amount'] for row in rows))
        if not self.currency_id.is_zero(rest):
            share = 100.0 - sum(self.progress_plan_ids.mapped('percent'))
            rows.append(
                {
                    'title': self.env._("Final invoice"),
                    'due': self.env._("On completion"),
                    'percent': formatLang(self.env, share, digits=0 if round(share, 4).is_integer() else 2),
                    'amount': rest,
                }
            )
        return rows

    # === CRUD === #

    def write(self, vals):
        if vals.get('state') == 'cancel':
            self._check_no_progress_bills()
        tab = {TAB_FIELDS[name]: vals[name] for name in vals if name in TAB_FIELDS}
        result = super().write({name: value for name, value in vals.items() if name not in TAB_FIELDS})
        if tab:
            self._write_progress_tab(tab)
        if 'order_line' in vals:
            self._propose_progress_changes()
        return result

    def _raise_protected(self, name):
        if self.progress_contract_id:
            raise AccessError(self.env._("Cancel the billing contract to bill the order otherwise."))
        raise AccessError(self.env._("Choose Set Up Progress Billing to bill an order on a contract."))

    def _write_progress_tab(self, vals):
        """Write what was entered in the Billing tab to the contract.

        :raises UserError: where there is none yet
        """
        missing = self.filtered(lambda order: not order.progress_contract_id)
        if missing and any(vals.values()):
            raise UserError(
                self.env._(
                    "%s has no billing contract yet: choose Set Up Progress Billing first.",
                    ', '.join(missing.mapped('display_name')),
                )
            )
        self.progress_contract_id.write(vals)

    # === ACTIONS OF THE TAB === #

    def action_open_progress_contract(self):
        """Draft → open for the order's contract; see ``progress.contract`` ``action_open``.

        :return dict: reloads the order
        """
        self.progress_contract_id.action_open()
        return {'type': 'ir.actions.act_window_close'}

    def action_plan_progress_billing(self):
        """Lay out the billing plan of the order's contract.

        :return dict: the plan wizard
        """
        return self._get_progress_contract().action_plan_wizard()

    def action_create_final_invoice(self):
        """Create Final Invoice of the tab; asks first where something is not complete.

        :return dict: the question, or the action that shows the final invoice
        """
        return self._get_progress_contract().action_final_wizard()

    def action_view_progress_lines(self):
        """The schedule of values as a list of its own.

        :return dict: an action on ``progress.contract.line``
        """
        return self._get_progress_contract().action_view_lines()

    def action_view_progress_bills(self):
        """The progress bills of the order's contract.

        :return dict: an action on ``progress.bill``
        """
        return self._get_progress_contract().action_view_bills()

    def action_view_progress_contract(self):
        """The order's contract, whole.

        :return dict: an action on ``progress.contract``
        """
        return self._get_progress_contract()._get_contract_action()

    def action_view_progress_changes(self):
        """The change orders that this order's changes have proposed.

        :return dict: an action on ``progress.contract.change``
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_contract_change')
        changes = self.progress_change_ids.filtered(lambda change: change.state == 'draft') or self.progress_change_ids
        if len(changes) == 1:
            return dict(action, views=[(False, 'form')], view_mode='form', res_id=changes.id)
        return dict(action, domain=[('id', 'in', changes.ids)])

    def _get_progress_contract(self):
        """The contract of one order.

        :raises UserError: where there is none
        """
        self.ensure_one()
        if not self.progress_contract_id:
            raise UserError(
                self.env._("%s has no billing contract yet: choose Set Up Progress Billing first.", self.display_name)
            )
        return self.progress_contract_id
