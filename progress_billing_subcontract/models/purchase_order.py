from odoo import api, fields, models
from odoo.exceptions import UserError

#: what a subcontract took over from its order
HEADER_FIELDS = ('partner_id', 'currency_id', 'company_id', 'fiscal_position_id')


class PurchaseOrder(models.Model):
    """A purchase order that becomes a subcontract by one button (SUB-1)."""

    _name = 'purchase.order'
    _inherit = ['purchase.order', 'progress.order.mixin']

    progress_contract_id = fields.Many2one(string="Subcontract", help="What bills this order in stages.")
    progress_contract_state = fields.Selection(related='progress_contract_id.state', string="Subcontract Status")
    progress_billed_percent = fields.Float(related='progress_contract_id.billed_percent', string="Subcontract Billed")
    is_progress_billed = fields.Boolean(
        string="Billed in Stages",
        compute='_compute_is_progress_billed',
        help="All that is left to bill of it is billed by the subcontract.",
    )

    @api.depends('order_line.is_progress_billed', 'order_line.display_type')
    def _compute_is_progress_billed(self):
        for order in self:
            lines = order.order_line.filtered(lambda line: not line.display_type)
            order.is_progress_billed = bool(lines) and all(lines.mapped('is_progress_billed'))

    # === SET UP === #

    def _check_can_set_up(self):
        for order in self:
            if order.state != 'purchase':
                raise UserError(
                    self.env._("%s is not confirmed. Confirm it, and have it approved, first.", order.display_name)
                )
            lines = order.order_line._get_schedulable_lines().filtered(lambda line: not line.display_type)
            if not lines:
                raise UserError(self.env._("%s has no lines that can be billed in stages.", order.display_name))
            billed = lines._get_native_items()
            if billed:
                raise UserError(
                    self.env._(
                        "%(order)s has been billed already: %(bills)s. Delete these bills first, or enter a "
                        "subcontract by hand, with what was billed before as opening amounts.",
                        order=order.display_name,
                        bills=', '.join(billed.move_id.mapped('display_name')),
                    )
                )

    def _set_up_progress_billing(self):
        """The subcontract of one order: its schedule is the order's lines, and it opens where nothing is missing."""
        self.ensure_one()
        contract = self.env['progress.contract'].create(self._prepare_progress_contract_vals())
        # sudo: purchase.order - the link follows from what the user just did with billing rights
        self.sudo()._write_protected({'progress_contract_id': contract.id})
        self._create_schedule_lines(contract)
        if not contract._get_opening_blockers():
            contract.action_open()
        self.message_post(body=self.env._("Billed in stages on %s.", contract._get_html_link()))

    def _prepare_progress_contract_vals(self):
        """Values of the subcontract of this order. Extend it by ``super()`` and update the dict.

        :return dict: of ``progress.contract``
        """
        self.ensure_one()
        partner = self.env['res.partner'].browse(self.partner_id.address_get(['invoice'])['invoice'])
        project = self.project_id
        terms = {name: self[name].id for name in ('fiscal_position_id', 'payment_term_id') if self[name]}
        return {
            **terms,
            'contract_type': 'subcontract',
            'project_id': False if project.company_id - self.company_id else project.id,
            'partner_id': (partner or self.partner_id).id,
            'company_id': self.company_id.id,
            'currency_id': self.currency_id.id,
            'description': self.partner_ref or self.name,
            'user_id': self.user_id.id or self.env.user.id,
            'revenue_recognition': 'as_billed',
            'use_pro_forma': True,
        }

    # === WHAT THE ORDER MAY NOT DO ANY MORE === #

    def write(self, vals):
        if vals.get('state') in ('cancel', 'draft'):
            self._check_no_progress_bills()
        for name in HEADER_FIELDS:
            if name in vals:
                self._check_header_stays(name, vals[name])
        result = super().write(vals)
        if vals.get('state') == 'cancel':
            # sudo: progress.contract - it has no bills that stand; the order's owner cancels it with the order
            contracts = self.sudo().progress_contract_id
            contracts.filtered(lambda contract: contract.state in ('draft', 'open')).action_cancel()
        return result

    def _check_header_stays(self, name, value):
        for order in self:
            # sudo: progress.contract - its state only
            live = order.sudo().progress_contract_id.filtered(lambda contract: contract.state != 'cancelled')
            if live and order._differs(name, value):
                raise UserError(
                    self.env._(
                        "%(field)s of %(order)s cannot change: it is billed in stages on %(contract)s. Cancel the "
                        "subcontract first.",
                        field=self._fields[name]._description_string(self.env),
                        order=order.display_name,
                        contract=live.display_name,
                    )
                )

    def action_view_progress_contract(self):
        """The subcontract of this order.

        :return dict: an action on ``progress.contract``
        """
        return self.progress_contract_id._get_contract_action()
