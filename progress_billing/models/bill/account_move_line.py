from odoo import api, fields, models
from odoo.exceptions import UserError

LOCKED_FIELDS = (
    'price_unit',
    'quantity',
    'discount',
    'tax_ids',
    'account_id',
    'product_id',
    'currency_id',
    'move_id',
    'extra_tax_data',
    'display_type',
    'price_subtotal',
    'price_total',
    'tax_line_id',
    'amount_currency',
    'balance',
)
LOCKED_ON_CREDITS = ('tax_ids', 'account_id')
LINK_FIELDS = ('progress_bill_line_id', 'progress_line_type', 'progress_deposit_bill_id')


class AccountMoveLine(models.Model):
    """What a line of a progress invoice stands for; its amounts are the bill's (RULES A3, A4)."""

    _inherit = 'account.move.line'

    progress_bill_line_id = fields.Many2one(
        'progress.bill.line',
        copy=False,
        readonly=True,
        index='btree_not_null',
        ondelete='set null',
        help="Only where the line stands for one bill line.",
    )
    progress_line_type = fields.Selection(
        [
            ('deposit', "Deposit"),
            ('deposit_reversal', "Reversal of a deposit"),
            ('revenue', "Revenue"),
            ('retainage', "Retainage"),
            ('holdback', "Not certified"),
        ],
        copy=False,
        readonly=True,
    )
    progress_deposit_bill_id = fields.Many2one(
        'progress.bill',
        copy=False,
        readonly=True,
        index='btree_not_null',
        ondelete='set null',
        help="The bill whose deposit this line takes, gives back or reverses.",
    )

    @api.depends('progress_line_type')
    def _compute_analytic_distribution(self):
        """Deposits carry none, distribution models included: they are not earned yet (SPEC §4, RULES C26)."""
        result = super()._compute_analytic_distribution()
        for line in self:
            if line.progress_line_type and line.progress_line_type != 'revenue':
                line.analytic_distribution = False
        return result

    def _validate_distribution(self, **kwargs):
        """What carries no distribution by rule is not asked for one; all else is validated as Odoo does."""
        if self.progress_line_type and self.progress_line_type != 'revenue':
            return None
        return super()._validate_distribution(**kwargs)

    def _copy_data_extend_business_fields(self, values):
        """A credit note's lines stand for what the invoice's lines stand for."""
        result = super()._copy_data_extend_business_fields(values)
        for name in LINK_FIELDS:
            values[name] = self._fields[name].convert_to_write(self[name], self)
        return result

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not self.env.su and any(line[name] for line in lines for name in LINK_FIELDS):
            self.env['account.move']._raise_progress_link()
        return lines

    def write(self, vals):
        if not self.env.su and any(name in vals for name in LINK_FIELDS):
            self.env['account.move']._raise_progress_link()
        changed = [name for name in LOCKED_FIELDS if name in vals]
        if changed:
            self._check_progress_amounts(vals, changed)
        return super().write(vals)

    def _check_progress_amounts(self, vals, names):
        """Amount, account and taxes of a progress invoice follow its bill (RULES A4).

        A credit note may credit a part: its amounts are free, its account and taxes are not.

        :raises UserError: naming the invoice and the bill to change instead
        """
        for line in self.filtered('progress_line_type'):
            locked = LOCKED_ON_CREDITS if line.move_id.reversed_entry_id else LOCKED_FIELDS
            for name in names:
                if name in locked and line._is_other_value(name, vals[name]):
                    line._raise_progress_locked()

    def _is_other_value(self, name, value):
        """Whether writing ``value`` would change the field."""
        if name in ('amount_currency', 'balance'):
            # Odoo writes them itself when it brings the entry in line with the price: only that is let through
            if self.env.su or (name == 'balance' and self.currency_id != self.company_currency_id):
                return False
            expected = self.move_id.direction_sign * self.price_subtotal
            return self.currency_id.compare_amounts(value, expected) != 0
        field = self._fields[name]
        new = self.new({name: value}, origin=self)[name] if field.type == 'many2many' else value
        if field.type == 'many2many':
            return set(new._origin.ids) != set(self[name].ids)
        return field.convert_to_write(self[name], self) != value

    def _raise_progress_locked(self):
        bill = self.move_id.progress_bill_id.sudo()  # sudo: progress.bill - just its name, for the message
        raise UserError(
            self.env._(
                "“%(line)s” on %(invoice)s stands for the progress bill %(bill)s. Delete this draft, change the "
                "bill and create it again.",
                line=self.name,
                invoice=self.move_id.display_name,
                bill=bill.display_name,
            )
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_progress(self):
        # dynamic_unlink is set by account.move when the whole entry is deleted, lines included
        if self.env.context.get('dynamic_unlink'):
            return
        for line in self.filtered('progress_line_type'):
            if not line.move_id.reversed_entry_id:
                line._raise_progress_locked()

    def _get_downpayment_lines(self):
        """Deposits a line of the final invoice reverses, for electronic invoicing."""
        lines = super()._get_downpayment_lines()
        bills = self.filtered(lambda line: line.progress_line_type == 'deposit_reversal').progress_deposit_bill_id
        # sudo: progress.bill - reading the invoice suffices to read the deposits it names
        return lines | bills.sudo().invoice_id.line_ids.filtered(lambda line: line.progress_line_type == 'deposit')
