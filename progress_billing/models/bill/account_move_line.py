from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

LOCKED_FIELDS = (
    'price_unit',
    'quantity',
    'discount',
    'tax_ids',
    'account_id',
    'product_id',
    'product_uom_id',
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


class LineType(NamedTuple):
    """What a line of our invoices is, see :meth:`AccountMoveLine._get_progress_line_types`."""

    #: what it is booked on: ``result`` (income or cost), ``deposit`` or ``retainage``. The last two are
    #: reconcilable accounts of the type the contract's side says, and are brought to zero by matching their lines
    account: str
    #: 1, or -1 where a positive figure of a bill takes off the invoice: what is held back
    sign: int = 1
    #: it bills what stands on bill lines, so that a credit note of it takes that back from them
    claims: bool = False
    #: how the bill says what the ledger must take: ``line`` by line, ``total`` in one sum; empty: checked elsewhere
    expected: str = ''
    #: it counts as billed of the schedule of values in the WIP schedule
    scheduled: bool = False
    #: its row on a project's dashboard
    section: str = ''
    #: it may have an analytic distribution; what is not earned has none
    analytic: bool = False


class AccountMoveLine(models.Model):
    """What a line of a progress invoice stands for; its amounts are the bill's (DEP-2, BIL-13)."""

    _name = 'account.move.line'
    _inherit = ['account.move.line', 'progress.guard.mixin']
    _guards_values = False
    _placing_fields = ()

    progress_bill_line_id = fields.Many2one(
        'progress.bill.line',
        copy=False,
        readonly=True,
        index='btree_not_null',
        ondelete='set null',
        guarded=True,
        help="Only where the line stands for one bill line.",
    )
    progress_line_type = fields.Selection(
        [
            ('deposit', "Deposit"),
            ('deposit_reversal', "Reversal of a deposit"),
            ('revenue', "Revenue"),
            ('retainage', "Retainage"),
            ('holdback', "Not certified"),
            ('sourced', "Beside the schedule"),
        ],
        copy=False,
        readonly=True,
        guarded=True,
    )
    progress_deposit_bill_id = fields.Many2one(
        'progress.bill',
        copy=False,
        readonly=True,
        index='btree_not_null',
        ondelete='set null',
        guarded=True,
        help="The bill whose deposit this line takes, gives back or reverses.",
    )

    # === TYPES === #

    @api.model
    def _get_progress_line_types(self):
        """What each type of line on our invoices does: the one table that all others ask.

        Extend by ``super()`` to add a type, together with its value of ``progress_line_type``.

        :return dict: :class:`LineType` by value of ``progress_line_type``
        """
        return {
            'revenue': LineType(
                'result', claims=True, expected='line', scheduled=True, section='progress_revenue', analytic=True
            ),
            'deposit': LineType('deposit', claims=True, expected='total', scheduled=True, section='progress_deposits'),
            'deposit_reversal': LineType('deposit', scheduled=True, section='progress_deposits'),
            'retainage': LineType('retainage', sign=-1, expected='total'),
            'holdback': LineType('retainage', sign=-1, expected='total'),
            'sourced': LineType('result', claims=True, expected='line', section='progress_revenue', analytic=True),
        }

    @api.model
    def _get_progress_types(self, **wanted):
        """Types of lines by what they do.

        :param wanted: values of :class:`LineType`, ``account='retainage'`` for example
        :return list: values of ``progress_line_type``
        """
        return [
            name
            for name, line_type in self._get_progress_line_types().items()
            if all(getattr(line_type, key) == value for key, value in wanted.items())
        ]

    def _filter_progress(self, **wanted):
        """Those of these lines whose type does what is asked for; see :meth:`_get_progress_types`."""
        names = self._get_progress_types(**wanted)
        return self.filtered(lambda line: line.progress_line_type in names)

    def _get_progress_amount(self, field='amount_currency'):
        """What these lines add to what is billed, whichever side of the contract the company is on.

        :param str field: ``amount_currency`` or ``balance``
        :return float: negative where they take off, as retainage and credit notes do
        """
        # sudo: progress.contract - its side only
        sides = self.grouped(lambda line: line.move_id.progress_contract_id.sudo()._get_ledger_sign())
        return sum(sign * sum(lines.mapped(field)) for sign, lines in sides.items())

    def _get_progress_figure(self, field='amount_currency'):
        """The same as the figures of bills and contracts count it: what is held back is positive.

        :param str field: ``amount_currency`` or ``balance``
        """
        types = self._get_progress_line_types()
        kinds = self.grouped('progress_line_type')
        return sum(types[kind].sign * lines._get_progress_amount(field) for kind, lines in kinds.items())

    @api.depends('progress_line_type')
    def _compute_analytic_distribution(self):
        """Deposits carry none, distribution models included: they are not earned yet (DEP-4)."""
        result = super()._compute_analytic_distribution()
        self._filter_progress(analytic=False).analytic_distribution = False
        return result

    def _validate_distribution(self, **kwargs):
        """What carries no distribution by rule is not asked for one; all else is validated as Odoo does."""
        if self._filter_progress(analytic=False):
            return None
        return super()._validate_distribution(**kwargs)

    def _copy_data_extend_business_fields(self, values):
        """A credit note's lines stand for what the invoice's lines stand for; a debit note's are by hand (BIL-4)."""
        result = super()._copy_data_extend_business_fields(values)
        for name in self._get_own_names().intersection(LINK_FIELDS):  # while a credit note is made
            if self[name]:
                values[name] = self._fields[name].convert_to_write(self[name], self)
        return result

    def modified(self, fnames, create=False, before=False):
        """Tell the bills: depending on items would cost everybody's (BIL-31)."""
        result = super().modified(fnames, create=create, before=before)
        self.env['progress.bill']._forget_entries()
        return result

    def _raise_protected(self, name):
        self._raise_progress_link()

    def _raise_progress_link(self):
        raise AccessError(self.env._("Only a progress bill makes its invoice."))

    def write(self, vals):
        changed = [name for name in LOCKED_FIELDS if name in vals]
        if changed:
            self._check_progress_amounts(vals, changed)
        lines = self.with_context(tracking_disable=True) if self._are_marks(vals) else self
        return super(AccountMoveLine, lines).write(vals)

    def _are_marks(self, vals):
        """Whether only marks of Odoo's own are written on lines of ours, which stay in memory and are not tracked.

        Odoo describes every field of a line before it finds that it has nothing to track.
        """
        if any(self._fields[name].store or self._fields[name].inverse for name in vals):
            return False
        return all(move.progress_bill_id for move in self.move_id)

    def _check_progress_amounts(self, vals, names):
        """Amount, account and taxes of a progress invoice follow its bill (BIL-13).

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
            # Odoo writes them itself when it brings the entry in line with the price: only that is let through,
            # and whatever it does while the bill makes its invoice
            if self._get_own_names() or name == 'balance' and self.currency_id != self.company_currency_id:
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
