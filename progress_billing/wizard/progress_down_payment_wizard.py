from odoo import api, fields, models

from ..tools import money


class ProgressDownPaymentWizard(models.TransientModel):
    """Ask a customer for a down payment: how much, on which contract, for what."""

    _name = 'progress.down.payment.wizard'
    _description = "Down Payment"
    _inherit = 'progress.wizard.mixin'

    partner_id = fields.Many2one('res.partner', string="Customer")
    contract_id = fields.Many2one(
        'progress.contract',
        required=True,
        domain="[('state', '=', 'open'), ('final_bill_id', '=', False), ('partner_id', 'child_of', partner_id or [])]",
        help="Its schedule of values says which taxes the down payment has, and its final invoice ends it.",
    )
    currency_id = fields.Many2one(related='contract_id.currency_id')
    percent = fields.Float(
        string="% of the Contract", help="Of the revised contract: type it instead of the amount, which follows."
    )
    amount = fields.Monetary(required=True, help="Untaxed.")
    is_restricted = fields.Boolean(
        string="Only for This Contract", help="Else it is applied on any bill of the customer in this currency."
    )
    contract_line_id = fields.Many2one(
        'progress.contract.line',
        string="Only for the Line",
        domain="[('contract_id', '=', contract_id), ('display_type', '=', False)]",
        help="It is applied up to what a bill bills of this line.",
    )
    left_amount = fields.Monetary(related='contract_id.down_payment_balance', string="Left of Earlier Ones")

    @api.onchange('partner_id')
    def _onchange_partner_id(self):
        customer = self.partner_id.commercial_partner_id
        if customer and self.contract_id.partner_id.commercial_partner_id != customer:
            self.contract_id = customer._get_progress_contracts_to_bill()[:1]

    @api.onchange('contract_id')
    def _onchange_contract_id(self):
        self.contract_line_id = False

    @api.onchange('percent', 'contract_id')
    def _onchange_percent(self):
        if self.percent:
            self.amount = self._get_share()

    @api.onchange('amount')
    def _onchange_amount(self):
        """A percentage that does not say the amount any more goes."""
        if self.percent and self.currency_id.compare_amounts(self.amount, self._get_share()):
            self.percent = 0.0

    def _get_share(self):
        contract = self.contract_id
        return float(money.percent_of(self.percent, contract.revised_amount, contract.currency_id.rounding or 0.01))

    def action_confirm(self):
        """Make the down payment.

        :return dict: the action that shows the invoice, or the bill
        :raises UserError: for an amount that is none, or a contract that cannot be billed
        """
        self.ensure_one()
        record = self._get_restricted_record() if self.is_restricted else None
        restricted_to = f'{record._name},{record.id}' if record else False
        return self.contract_id.action_create_down_payment(self.amount, self.is_restricted, restricted_to)

    def _get_restricted_record(self):
        """The one record that it is kept for. Extend by ``super()`` for other models."""
        self.ensure_one()
        return self.contract_line_id
