from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, ValidationError


class ProgressBillLineSource(models.Model):
    """A bill line that no schedule line stands for: an expense, a product, an agreement, a down payment.

    It is on the invoice and in the amount due, and income (or cost) at once. It is never part of draft, actual,
    completed or WIP, takes no part in the schedule's cumulative taxes, and no final invoice reverses it.
    Addons make such lines by ``progress.bill._add_sourced_lines``; nobody types them.
    """

    _name = 'progress.bill.line'
    _inherit = 'progress.bill.line'

    source = fields.Selection(
        [
            ('expense', "Expense"),
            ('product', "Product"),
            ('agreement', "Agreement"),
            ('down_payment', "Down Payment"),
        ],
        readonly=True,
        guarded=True,
        index='btree_not_null',
        help="Where a line comes from that is billed beside the schedule of values.",
    )
    name = fields.Text(string="Description", readonly=True, guarded=True, help="Of a line beside the schedule.")
    product_id = fields.Many2one('product.product', readonly=True, guarded=True, check_company=True)
    account_id = fields.Many2one('account.account', readonly=True, guarded=True, check_company=True)
    tax_ids = fields.Many2many('account.tax', string="Taxes", readonly=True, guarded=True, check_company=True)
    analytic_distribution = fields.Json(readonly=True, guarded=True)

    @api.depends('source', 'name')
    def _compute_display_name(self):
        sourced = self.filtered('source')
        for line in sourced:
            line.display_name = (line.name or '').split('\n')[0]
        return super(ProgressBillLineSource, self - sourced)._compute_display_name()

    # === CRUD === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sourced(self):
        if not self.env.su:
            self._check_not_sourced()

    def _remove_sourced(self):
        """Take lines beside the schedule off their bills, by our own code."""
        with self._setting_own([{'source': False}]):
            # sudo: progress.bill.line - nobody makes these lines, so nobody need be allowed to delete them
            self.sudo().unlink()

    def _check_not_sourced(self):
        """:raises AccessError: what is billed beside the schedule changes where it comes from"""
        sourced = self.filtered('source')[:1]
        if sourced:
            raise AccessError(
                self.env._(
                    "“%(line)s” of %(bill)s is billed beside the schedule of values: change it where it comes from.",
                    line=sourced.display_name,
                    bill=sourced.bill_id.display_name,
                )
            )

    @api.constrains('source', 'account_id', 'name', 'contract_line_id')
    def _check_source(self):
        for line in self.filtered('source'):
            if line.contract_line_id:
                raise ValidationError(
                    self.env._(
                        "“%(line)s” of %(bill)s stands for a line of the schedule of values, or comes from elsewhere: "
                        "not both.",
                        line=line.display_name,
                        bill=line.bill_id.display_name,
                    )
                )
            if not (line.account_id and line.name):
                raise ValidationError(
                    self.env._(
                        "A line of %(bill)s has no description or no account: set them on what it comes from.",
                        bill=line.bill_id.display_name,
                    )
                )

    # === VALUES === #

    @api.model
    def _prepare_sourced_vals(self, contract, vals):
        """Values of a line beside the schedule, completed from its product.

        :param contract: ``progress.contract`` it is billed on
        :param dict vals: ``source``, and either ``amount`` (untaxed, contract currency; negative gives back) or
            ``unit_price``; optional ``quantity`` (1), ``product_id``, ``name``, ``account_id``, ``tax_ids`` (ids)
            and ``analytic_distribution``
        :return dict: of ``progress.bill.line``, without its bill
        """
        product = self.env['product.product'].browse(vals.get('product_id'))
        quantity = vals.get('quantity', 1.0)
        amount = vals['amount'] if 'amount' in vals else quantity * vals['unit_price']
        taxes = self.env['account.tax'].browse(vals.get('tax_ids'))
        if 'tax_ids' not in vals:
            taxes = contract._get_product_taxes(product)._filter_taxes_by_company(contract.company_id)
            taxes = contract.fiscal_position_id.map_tax(taxes)
        return {
            'source': vals['source'],
            'name': vals.get('name') or contract._get_product_text(product),
            'product_id': product.id,
            'account_id': vals.get('account_id') or contract._get_result_account(product).id,
            'tax_ids': [Command.set(taxes.ids)],
            'analytic_distribution': vals.get('analytic_distribution') or False,
            'quantity': quantity,
            'amount': contract.currency_id.round(amount),
        }

    def _get_progress_line_type(self):
        """``progress_line_type`` of this line on the invoice. Extend by ``super()``."""
        self.ensure_one()
        return 'sourced' if self.source else 'revenue'

    def _prepare_sourced_item_vals(self, net, amounts):
        """Values of the invoice line of a line beside the schedule. Extend by ``super()``.

        :param float net: untaxed, in the contract's currency
        :param dict amounts: frozen tax amounts, see the engine
        :return dict: of ``account.move.line``
        """
        self.ensure_one()
        frozen = self.env['progress.tax.engine']._prepare_frozen_line_vals(
            self.contract_id,
            self.tax_ids,
            net,
            amounts,
            quantity=self.quantity or 1.0,
            key=f'progress,{self.bill_id.id},sourced',
        )
        vals = {
            'name': self.name,
            'account_id': self.account_id.id,
            'progress_line_type': self._get_progress_line_type(),
            'progress_bill_line_id': self.id,
            **frozen,
        }
        if self.product_id:
            vals['product_id'] = self.product_id.id
        if self.analytic_distribution:
            vals['analytic_distribution'] = self.analytic_distribution
        return vals
