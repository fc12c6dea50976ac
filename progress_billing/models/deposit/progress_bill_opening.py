from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class ProgressBillOpening(models.Model):
    """What was billed before the contract was entered, and the deposits held for it."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    deposit_account_type = fields.Char(related='contract_id.deposit_account_type')
    opening_deposit_line_ids = fields.Many2many(
        'account.move.line',
        string="Items of Deposits Held Before",
        copy=False,
        often_empty=True,
        domain="[('parent_state', '=', 'posted'), ('company_id', '=', company_id), ('reconciled', '=', False),"
        " ('account_id.account_type', '=', deposit_account_type)]",
        help="Posted journal items on the deposit account: deposits taken before the contract was entered.",
        groups='account.group_account_readonly,account.group_account_invoice',
    )
    opening_deposit_amount = fields.Monetary(
        string="Deposits Held Before", compute='_compute_opening_deposit_amount', store=True, guarded=True
    )

    @api.depends('opening_deposit_line_ids')  # not their amounts: posted items do not change
    def _compute_opening_deposit_amount(self):
        for bill in self:
            sign = bill.contract_id._get_ledger_sign()
            bill.opening_deposit_amount = sign * sum(bill.opening_deposit_line_ids.mapped('amount_currency'))

    @api.model_create_multi
    def create(self, vals_list):
        bills = super().create(vals_list)
        openings = bills.filtered(lambda bill: bill.kind == 'opening')
        openings._draw_names()
        openings._check_openings()
        return bills

    def _check_openings(self):
        """Opening amounts come before anything else is billed.

        :raises UserError: when the contract has been billed already, or is closed
        """
        for contract in self.contract_id:
            billed = contract.bill_ids.filtered(lambda bill: bill.bucket and bill.kind != 'opening')
            if billed or contract.state in ('closed', 'cancelled'):
                raise UserError(
                    self.env._(
                        "%(contract)s takes no opening amounts any more: it has been billed, or is no longer open.",
                        contract=contract.display_name,
                    )
                )

    @api.constrains('opening_deposit_line_ids', 'kind')
    def _check_opening_deposits(self):
        # sudo: progress.bill - an item may be taken by a contract the user does not see
        for bill in self.sudo().filtered('opening_deposit_line_ids'):
            taken = bill.search(
                [('opening_deposit_line_ids', 'in', bill.opening_deposit_line_ids.ids), ('id', '!=', bill.id)]
            )
            if (
                bill.kind != 'opening'
                or taken
                or not all(map(bill._can_be_opening_deposit, bill.opening_deposit_line_ids))
            ):
                raise ValidationError(
                    self.env._(
                        "%(bill)s: deposits held before are posted, unreconciled journal items of the contract's "
                        "customer on a reconcilable current liability, in the contract's currency and company, "
                        "chosen on one opening bill only.",
                        bill=bill.display_name,
                    )
                )
            if bill.currency_id.compare_amounts(bill.opening_deposit_amount, bill.amount) > 0:
                raise ValidationError(
                    self.env._(
                        "%(bill)s: the deposits held before are more than what was billed before. "
                        "Correct the opening amounts of the lines.",
                        bill=bill.display_name,
                    )
                )

    def _can_be_opening_deposit(self, item):
        """Whether a journal item can stand for deposits taken before the contract was entered (DEP-17)."""
        contract = self.contract_id
        return (
            item.parent_state == 'posted'
            and not item.reconciled
            and not item.progress_line_type
            and item.currency_id == contract.currency_id
            and item.company_id == contract.company_id
            and item.partner_id.commercial_partner_id
            in (contract.partner_id.commercial_partner_id, self.env['res.partner'])
            and item.account_id.account_type == contract._get_deposit_account_type()
            and item.account_id.reconcile
        )

    @api.constrains('partner_id')
    def _check_partner(self):
        """Deposits are held for one customer; only billing as billed has bills for several (DEP-12)."""
        for bill in self.filtered(lambda bill: bill.contract_id.revenue_recognition == 'deposit'):
            contract = bill.contract_id
            if bill.partner_id and bill.partner_id.commercial_partner_id != contract.partner_id.commercial_partner_id:
                raise ValidationError(
                    self.env._(
                        "%(bill)s is for %(partner)s, but %(contract)s holds deposits of %(customer)s.",
                        bill=bill.display_name,
                        partner=bill.partner_id.display_name,
                        contract=contract.display_name,
                        customer=contract.partner_id.display_name or self.env._("nobody yet"),
                    )
                )
