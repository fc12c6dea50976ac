from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.models.contract.progress_tab_mixin import READERS, of_contract

from ..report.order_plan import OrderPlan


class SaleOrder(models.Model):
    """The Billing tab of an order: the same as on the project."""

    _name = 'sale.order'
    _inherit = ['sale.order', 'progress.tab.mixin', 'progress.order.mixin']

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
    progress_sale_order_count = of_contract(fields.Integer, 'sale_order_count', string="Orders on the Contract")

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
        """The billing plan as the customer reads it, on the quotation, the order and its page.

        :return list: dicts with ``title``, ``due``, ``percent`` (a text, may be empty) and ``amount`` (untaxed)
        """
        self.ensure_one()
        return OrderPlan(self).get_rows()

    # === CRUD === #

    def write(self, vals):
        if vals.get('state') == 'cancel':
            self._check_no_progress_bills()
        names = self._get_tab_fields()
        tab = {names[name]: value for name, value in vals.items() if name in names}
        result = super().write({name: value for name, value in vals.items() if name not in names})
        if tab:
            self._write_progress_tab(tab)
        if 'order_line' in vals:
            self._propose_progress_changes()
        return result

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

    def action_view_progress_changes(self):
        """The change orders that this order's changes have proposed.

        :return dict: an action on ``progress.contract.change``
        """
        self.ensure_one()
        shown = 'progress_billing.action_progress_contract_change'
        changes = self.progress_change_ids.filtered(lambda change: change.state == 'draft') or self.progress_change_ids
        return self.env['ir.actions.act_window']._for_progress_records(shown, changes)
