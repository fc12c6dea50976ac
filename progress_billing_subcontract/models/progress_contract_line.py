from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.models.bill.progress_bill import ENDED_STATES

from .progress_bill_status import REVIEWED_STATES

PRODUCTS = "[('purchase_ok', '=', True)] if tax_use == 'purchase' else [('sale_ok', '=', True)]"


class ProgressContractLine(models.Model):
    """A schedule line of a subcontract, which may stand for a line of a purchase order."""

    _inherit = 'progress.contract.line'

    product_id = fields.Many2one(domain=PRODUCTS)
    purchase_line_id = fields.Many2one(
        'purchase.order.line',
        string="Purchase Order Line",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        groups='progress_billing.group_subcontract_readonly,purchase.group_purchase_user',
        guarded=True,
    )

    owner_line_id = fields.Many2one(
        'progress.contract.line',
        string="Billed to the Owner On",
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        domain="[('project_id', '=', project_id), ('contract_id.contract_type', '=', 'customer'), "
        "('display_type', '=', False)]",
        groups='progress_billing.group_readonly',
        help="The line of the customer's contract that this work is billed to the owner on.",
    )

    subcontract_line_ids = fields.One2many(
        'progress.contract.line',
        'owner_line_id',
        string="Subcontracted On",
        groups='progress_billing.group_subcontract_readonly',
    )

    @api.constrains('owner_line_id')
    def _check_owner_line(self):
        for line in self.filtered('owner_line_id'):
            owner = line.owner_line_id
            if owner.contract_id._is_subcontract() or owner.project_id != line.project_id or owner.display_type:
                raise UserError(
                    self.env._(
                        "%(owner)s is no line that the owner of %(project)s is billed on.",
                        owner=owner.display_name,
                        project=line.project_id.display_name or line.contract_id.display_name,
                    )
                )

    # === RIGHTS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if any(not self._is_own(vals) for vals in vals_list):
            lines.contract_id._check_may_keep_subcontracts()
        return lines

    def write(self, vals):
        if self._get_typed(vals) - self._get_entry_fields() - {'edit_seen'}:
            self.contract_id._check_may_keep_subcontracts()
        if 'owner_line_id' in vals:
            self._check_stored_stays(vals['owner_line_id'])
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_administrators(self):
        self.contract_id._check_may_keep_subcontracts()

    # === THE ORDER === #

    def _get_order_line(self):
        # sudo: purchase.order.line - only the order's name, for billing users without purchase rights
        return self.sudo().purchase_line_id or super()._get_order_line()

    def _follow_on_orders(self):
        """The order follows what change orders made of its lines, and gets lines for those they added (SUB-4)."""
        # sudo: purchase.order.line - whoever approves a change order need not buy
        own = self.sudo().filtered(
            lambda line: (
                not line.display_type and line.contract_state != 'cancelled' and line.contract_id.purchase_order_ids
            )
        )
        for line in own.filtered(lambda line: not line.purchase_line_id and line.change_line_ids):
            vals = line._prepare_purchase_line_vals(line.contract_id.purchase_order_ids[0])
            line._write_protected({'purchase_line_id': line.purchase_line_id._create_protected([vals]).id})
        for purchase_line, lines in own.grouped('purchase_line_id').items():
            if purchase_line:
                purchase_line._follow_schedule(lines)

    def _prepare_purchase_line_vals(self, order):
        """The order line of a schedule line that a change order added.

        :param order: ``purchase.order``
        :return dict: of ``purchase.order.line``
        """
        self.ensure_one()
        product = self.product_id or order.order_line.product_id[:1]
        quantity = self.revised_quantity if self.billing_base == 'quantity' else 1.0
        return {
            'order_id': order.id,
            'sequence': max(order.order_line.mapped('sequence'), default=10) + 1,
            'name': self.name,
            'product_id': product.id,
            'product_uom_id': (self.product_uom_id or product.uom_id).id,
            'product_qty': quantity,
            'price_unit': self.revised_amount / quantity if quantity else 0.0,
            'date_planned': fields.Datetime.now(),
            'tax_ids': [Command.set(self.tax_ids.ids)],
            'analytic_distribution': self.analytic_distribution,
        }

    # === SCHEDULE BY THE SUBCONTRACTOR === #

    def _is_divisible(self):
        """Whether a subcontractor may divide this line: no bill and no change order refers to it."""
        self.ensure_one()
        return not self.bill_line_ids.filtered('bucket') and not self.change_line_ids

    def _divide(self, parts):
        """Put the lines that a subcontractor proposed in the place of this line.

        :param parts: ``progress.vendor.schedule.line``
        :return list: the lines, this one first
        :raises UserError: where something was billed or changed on this line
        """
        self.ensure_one()
        if not self._is_divisible():
            raise UserError(
                self.env._("%s cannot be divided any more: bills or change orders refer to it.", self.display_name)
            )
        first, *others = parts
        known = self.sudo()  # sudo: purchase.order.line, progress.contract.line - the links, whoever divides
        vals_list = [
            {
                'contract_id': self.contract_id.id,
                'display_type': False,
                'item_number': part.item_number or self.item_number,
                'name': part.name,
                'product_id': self.product_id.id,
                'product_uom_id': self.product_uom_id.id,
                'billing_base': self.billing_base,
                **part._prepare_worth_vals(),
                'tax_ids': [Command.set(self.tax_ids.ids)],
                'account_id': self.account_id.id,
                'analytic_distribution': self.analytic_distribution,
                'retainage_percent': self.retainage_percent,
                'stored_retainage_percent': self.stored_retainage_percent,
                'owner_line_id': known.owner_line_id.id,
                'purchase_line_id': known.purchase_line_id.id,
            }
            for part in others
        ]
        self._write_protected(
            {
                'item_number': first.item_number or self.item_number,
                'name': first.name,
                **first._prepare_worth_vals(),
            }
        )
        return [self, *self.sudo()._create_protected(vals_list).sudo(False)]  # sudo: as above

    def _convert_stored_for_owner(self, owner):
        """Materials stored on this line, as the last claim left them, in the currency of the owner's line."""
        last = self._get_last_for_owner()
        return last._convert_for_owner(last._get_stored_for_owner(), owner) if last else 0.0

    def _get_last_for_owner(self):
        """The last claim of this line that was approved, or billed to the owner and is being revised."""
        self.ensure_one()
        claims = self.bill_line_ids.filtered(
            lambda line: (
                line.bucket
                and line.kind != 'retainage'
                and (line.state in REVIEWED_STATES or line._get_owner_shares())
            )
        )
        return claims.sorted(lambda line: line.bill_id._get_order_key())[-1:]

    def _get_owner_rest(self):
        """What live bills of the owner could not take of claims on this line, as it is less than a unit.

        :return float: untaxed, in this line's currency; negative where their units are worth more
        """
        self.ensure_one()
        # sudo: progress.bill.line - what was billed before counts, whoever fills the next bill
        lines = self.sudo().bill_line_ids.filtered(lambda line: line.state not in ENDED_STATES)
        return self.currency_id.round(sum(lines.mapped('owner_rest_amount')))

    def _check_stored_stays(self, owner_line_id):
        """Materials stored are a state of things on the owner's line: on another they would be billed again.

        :param int owner_line_id: on which these lines are to be billed to the owner
        :raises UserError: naming the line that the owner was billed materials stored on
        """
        # sudo: progress.contract.line - what the owner was billed, whoever moves the line
        for line in self.sudo().filtered(lambda line: line.owner_line_id.id != (owner_line_id or False)):
            last = line._get_last_for_owner()
            if last._get_owner_shares() and not line.currency_id.is_zero(last._get_stored_for_owner()):
                raise UserError(
                    self.env._(
                        "The owner was billed for materials stored on %(line)s. Change Billed to the Owner On once "
                        "they are installed.",
                        line=line.display_name,
                    )
                )

    def _get_overbilled_message(self, billed, draft_credit):
        """In the words of whoever claims on their page: they have no change orders to add."""
        if self.env.user.share and self.contract_id._is_subcontract():
            return self.env._(
                "%(line)s: %(claimed)s would be claimed of %(worth)s. Claim at most what is left of the line; what was "
                "agreed beyond it has to be added by the office first.",
                line=self.display_name,
                claimed=self._show_amount(billed),
                worth=self._show_amount(self.revised_amount),
            )
        return super()._get_overbilled_message(billed, draft_credit)
