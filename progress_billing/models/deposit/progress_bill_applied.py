from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ...tools import money
from .progress_contract_down_payment import TOLERANCE

KINDS = ('progress', 'final')


class ProgressBillApplied(models.Model):
    """Down payments applied on a bill: by themselves, and never beyond what the bill asks for (DEP-21)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    down_payment_use_ids = fields.One2many(
        'progress.down.payment.use', 'bill_id', string="Down Payments", often_empty=True
    )
    down_payment_applied = fields.Monetary(
        compute='_compute_down_payment_applied',
        store=True,
        guarded=True,
        help="Untaxed: what down payments take off this bill.",
    )
    down_payment_limits = fields.Json(
        readonly=True,
        copy=False,
        guarded=True,
        help="The most that somebody wants applied, by down payment; nothing where they apply by themselves.",
    )

    @api.depends('down_payment_use_ids.amount')
    def _compute_down_payment_applied(self):
        for bill in self:
            bill.down_payment_applied = sum(bill.down_payment_use_ids.mapped('amount'))

    def action_apply_down_payments(self):
        """Apply down payments anew, as they apply by themselves, on pro formas where somebody lowered them.

        :return dict: the action that shows the bills
        :raises UserError: when the lines of a bill cannot change any more
        """
        self._check_may_bill()
        self.contract_id._lock_for_billing()
        self._check_lines_editable()
        self._write_protected({'down_payment_limits': False})
        self.filtered('bucket')._apply_down_payments()
        return self._get_bill_action()

    # === BY THEMSELVES === #

    def _on_claims_settled(self, *, invoicing=False):
        """A pro forma shows what is applied; its invoice applies no more. What has none gets it with its invoice."""
        result = super()._on_claims_settled(invoicing=invoicing)
        standing = self._filter_pro_formas()
        standing._apply_down_payments(grow=not invoicing)
        if invoicing:
            (self - standing)._apply_down_payments()
        return result

    def _create_invoices(self, actor=None):
        moves = super()._create_invoices(actor)
        # sudo: progress.bill - of other contracts
        self.down_payment_use_ids.sudo().down_payment_id._check_down_payments_covered()
        return moves

    def _may_take_down_payments(self):
        """Those of these bills whose customers have down payments at all, in one query."""
        bills = self.filtered(lambda bill: bill.kind in KINDS)
        # without a flush: most companies have no down payments, and most runs are long
        if not bills or not self.env.execute_query(
            SQL("SELECT 1 FROM progress_bill WHERE kind = 'down_payment' LIMIT 1")
        ):
            return bills.browse()
        # sudo: progress.bill - of other contracts
        paid = bills.sudo().search(
            [
                ('kind', '=', 'down_payment'),
                ('bucket', '=', 'actual'),
                ('partner_id.commercial_partner_id', 'in', bills.partner_id.commercial_partner_id.ids),
                '|',
                ('down_payment_left', '>', 0),
                ('down_payment_used_ids.bill_id', 'in', bills.ids),
            ]
        )
        customers = paid.partner_id.commercial_partner_id
        # sudo: res.partner - who pays, for any contact
        return bills.filtered(lambda bill: bill.partner_id.sudo().commercial_partner_id in customers)

    def _apply_down_payments(self, *, grow=True):
        """Apply down payments on bills that no invoice stands for.

        :param bool grow: whether more may be applied than stands there: what a pro forma showed is not exceeded
        """
        todo = self._may_take_down_payments().sorted(lambda bill: bill._get_order_key())
        for bill in todo:
            limits = None
            if bill._is_limited():
                limits = {int(key): limit for key, limit in bill.down_payment_limits.items()}
            if not grow:
                limits = {use.down_payment_id.id: use.amount for use in bill.down_payment_use_ids}
            net, total = bill._get_room_for_down_payments()
            wanted = bill.contract_id._allocate_down_payments(
                net,
                bill.invoiced_amount,
                partner=bill.partner_id,
                bill=bill,
                limits=limits,
                total=total,
                pending=todo,
            )
            bill._set_down_payments(wanted, total, todo)

    def _get_room_for_down_payments(self):
        """What the invoice to come asks for before down payments: untaxed and taxed."""
        self.ensure_one()
        lines = self._prepare_invoice_line_list(self._get_invoice_taxes())
        return self._sum_invoice_lines([line for line in lines if line.get('progress_line_type') != 'down_payment_use'])

    def _set_down_payments(self, wanted, total, pending):
        """Write down what is applied, where it is not what stands there.

        :param dict wanted: decimals by down payment
        :param total: taxed: what the invoice asks for before down payments
        :param pending: bills that are made in the same go
        """
        self.ensure_one()
        standing = {
            use.down_payment_id: -sum(map(money.to_decimal, use.line_ids.mapped('amount')))
            for use in self.down_payment_use_ids
        }
        if {paid: amount for paid, amount in standing.items() if amount} == wanted:
            return
        wanted_contracts = self.env['progress.contract'].browse({paid.contract_id.id for paid in wanted})
        wanted_contracts._lock_for_billing()
        # sudo: progress.down.payment.use - nobody makes or deletes these rows by hand
        uses = self.sudo().down_payment_use_ids
        uses.line_ids._remove_sourced()
        by_paid = {use.down_payment_id: use for use in uses}
        kept = uses.browse().concat(*(use for paid, use in by_paid.items() if paid in wanted or self._is_limited()))
        (uses - kept).unlink()
        for use in kept:  # rows that somebody may be looking at stay
            use._write_protected({'amount': float(wanted.get(use.down_payment_id, 0.0))})
        new = [paid for paid in wanted if paid not in by_paid]
        kept |= uses._create_protected(
            [{'down_payment_id': paid.id, 'bill_id': self.id, 'amount': float(wanted[paid])} for paid in new]
        )
        by_paid = {use.down_payment_id: use for use in kept}
        room = None if self.kind == 'final' else money.to_decimal(total)
        for paid in wanted:
            room = self._add_down_payment_lines(by_paid[paid], room, pending)

    def _is_limited(self):
        """Whether somebody said how much is applied."""
        return self.down_payment_limits is not None and self.down_payment_limits is not False

    def _add_down_payment_lines(self, use, room, pending):
        """The lines that take a down payment off, one for each line of it.

        :param room: a decimal: what is left of the taxed total, of which not even a cent of tax too much is taken
        :return: what is left of it now
        """
        engine, vals_list = self.env['progress.tax.engine'], []
        unit = money.to_decimal(self.currency_id.rounding)
        for line, share, taxes in use.down_payment_id._split_use(money.to_decimal(use.amount), pending - self):
            if room is not None:
                excess = share + sum((tax for _base, tax in taxes.values()), money.ZERO) - room
                if 0 < excess <= TOLERANCE * unit and taxes:
                    largest = max(taxes, key=lambda tax: taxes[tax][1])
                    taxes[largest] = (taxes[largest][0], taxes[largest][1] - excess)
                room -= share + sum((tax for _base, tax in taxes.values()), money.ZERO)
            vals_list.append(
                {
                    **self._prepare_down_payment_line_vals(use, line, share),
                    'tax_amounts': engine._prepare_taxes_to_keep(line.tax_ids, taxes, -1),
                }
            )
        # sudo: progress.bill.line - nobody types these lines
        self.env['progress.bill.line'].sudo()._create_protected(vals_list)
        return room

    def _prepare_down_payment_line_vals(self, use, line, share):
        """Values of a line that takes a down payment off.

        :param line: the down payment's line
        :param share: a decimal, untaxed
        """
        env = self._in_customer_language().env
        paid = line.bill_id
        vals = {
            'source': 'down_payment',
            'amount': -float(share),
            'quantity': -1.0,
            'name': env._(
                "Down payment %(number)s of %(date)s",
                number=paid.invoice_id.name or paid.name,
                date=format_date(env, paid.invoice_id.invoice_date or paid.date),
            ),
            'product_id': line.product_id.id,
            'account_id': line.account_id.id,
            'tax_ids': line.tax_ids.ids,
        }
        return {
            **line._prepare_sourced_vals(self.contract_id, vals),
            'bill_id': self.id,
            'down_payment_use_id': use.id,
            'down_payment_line_id': line.id,
        }

    # === BY HAND === #

    def _lower_down_payments(self):
        """Somebody changed what is applied: from now on no more is, unless they ask for it.

        :raises UserError: for more than the bill and the down payment allow
        """
        for bill in self:
            typed = {use.down_payment_id: money.to_decimal(use.amount) for use in bill.down_payment_use_ids}
            bill._write_protected(
                {'down_payment_limits': {str(paid.id): float(amount) for paid, amount in typed.items()}}
            )
            bill._apply_down_payments()
            for use in bill.down_payment_use_ids:
                typed[use.down_payment_id] -= money.to_decimal(use.amount)
            for paid, excess in typed.items():
                if excess > 0:
                    raise UserError(
                        self.env._(
                            "At most %(amount)s of the down payment %(paid)s can be applied on %(bill)s.",
                            amount=bill.contract_id._show_amount(
                                sum(use.amount for use in bill.down_payment_use_ids if use.down_payment_id == paid)
                            ),
                            paid=paid.display_name,
                            bill=bill.display_name,
                        )
                    )
