from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools import money


class KeptRecords:
    """What a bill bills of single records, less what down payments kept for them took already (DEP-24).

    It is asked for only where there is such a down payment.
    """

    def __init__(self, read):
        self.read, self.left = read, None

    def get_share(self, down_payment):
        """The most that is taken of a down payment kept for one record; ``None`` for any other.

        :return: a decimal
        """
        if not down_payment.restricted_to:
            return None
        if self.left is None:
            self.left = {(record._name, record.id): amount for record, amount in self.read().items()}
        return max(self.left.get(self._get_key(down_payment), money.ZERO), money.ZERO)

    def take(self, down_payment, amount):
        """Note what is taken of a down payment."""
        if self.left and down_payment.restricted_to:
            key = self._get_key(down_payment)
            self.left[key] = self.left.get(key, money.ZERO) - amount

    def _get_key(self, down_payment):
        record = down_payment._get_restricted_record()
        return (record._name, record.id) if record else None


class ProgressBillDownPayment(models.Model):
    """A down payment: money on the deposit account, applied on later bills, and what is left of it (DEP-20)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    is_restricted = fields.Boolean(
        string="Only for Its Contract",
        tracking=True,
        help="A down payment that is applied on bills of its own contract only. Others are applied on any bill of "
        "the same customer, currency and company.",
    )
    restricted_to = fields.Reference(
        [('progress.contract.line', "Schedule Line")],
        string="Kept For",
        readonly=True,
        copy=False,
        guarded=True,
        help="A down payment that is applied on this alone, up to what a bill bills of it.",
    )
    restricted_name = fields.Char(string="Only For", compute='_compute_restricted_name', compute_sudo=True)
    down_payment_used_ids = fields.One2many('progress.down.payment.use', 'down_payment_id', string="Applied On")
    down_payment_amount = fields.Monetary(
        string="Paid Down",
        compute='_compute_down_payment',
        store=True,
        guarded=True,
        help="Untaxed: invoiced and posted, less credit notes.",
    )
    down_payment_left = fields.Monetary(
        compute='_compute_down_payment',
        store=True,
        guarded=True,
        help="Untaxed: paid down, less what is applied on drafts and invoices.",
    )
    down_payment_held = fields.Monetary(
        compute='_compute_down_payment',
        store=True,
        guarded=True,
        help="Untaxed: what the ledger holds of it, which drafts do not lower.",
    )

    _down_payments = models.Index("(contract_id) WHERE kind = 'down_payment'")

    @api.depends(
        'kind',
        'bucket',
        'sourced_amount',
        'credited_sourced_amount',
        'down_payment_used_ids.live_amount',
        'down_payment_used_ids.bucket',
    )
    def _compute_down_payment(self):
        for bill in self:
            amount = left = held = 0.0
            if bill.kind == 'down_payment':
                amount = bill._get_paid_down()
                left = amount - sum(bill.down_payment_used_ids.mapped('live_amount'))
                posted = bill.down_payment_used_ids.filtered(lambda use: use.bucket == 'actual')
                held = amount - sum(posted.mapped('live_amount'))
            bill.down_payment_amount = amount
            bill.down_payment_left = bill.currency_id.round(left)
            bill.down_payment_held = bill.currency_id.round(held)

    def _get_paid_down(self):
        """What was invoiced, posted and not credited of a down payment, untaxed."""
        self.ensure_one()
        return self.sourced_amount - self.credited_sourced_amount if self.bucket == 'actual' else 0.0

    # === WHAT IS LEFT === #

    def _get_left_for(self, bill, pending):
        """What can be applied on a bill: what is left, with what stands on that bill already.

        :param bill: ``progress.bill``, may be empty
        :param pending: bills that are made in the same go, and count though nothing stands for them yet
        :return: a decimal, untaxed
        """
        self.ensure_one()
        left = money.to_decimal(self.down_payment_left)
        for use in self.down_payment_used_ids:
            if use.bill_id == bill:
                left += money.to_decimal(use.live_amount)
            elif use.bill_id in pending and not use.bucket:
                left -= money.to_decimal(use.amount)
        return max(left, money.ZERO)

    def _get_open_parts(self, pending):
        """What is left of each line of a down payment, from the invoices themselves.

        :param pending: see :meth:`_get_left_for`
        :return list: ``(line, untaxed, {tax id: [base, tax amount]})``, decimals
        """
        self.ensure_one()
        parts, unit = [], self.currency_id.rounding
        for line in self.sourced_line_ids:
            standing = line.applied_line_ids.filtered(lambda used: used.bill_id.bucket or used.bill_id in pending)
            net, totals = money.ZERO, {}
            for part in line | standing:
                taken, amounts = part._get_taken_taxes()
                net += money.to_decimal(taken)
                for tax, figures in amounts.items():
                    total = totals.setdefault(tax, [money.ZERO, money.ZERO])
                    totals[tax] = [a + money.round_to(b, unit) for a, b in zip(total, figures, strict=True)]
            parts.append((line, money.round_to(net, unit), totals))
        return parts

    def _get_tax_ratio(self):
        """How much tax there is on a down payment: a decimal, 0.15 for 15 %."""
        self.ensure_one()
        net = tax = money.ZERO
        for line in self.sourced_line_ids:
            part, amounts = line._get_taken_taxes()
            net += money.to_decimal(part)
            tax += sum((money.to_decimal(taken) for _base, taken in amounts.values()), money.ZERO)
        return tax / net if net else money.ZERO

    def _split_use(self, amount, pending):
        """Divide what is applied of a down payment over its lines: the last use takes the last cent of each tax.

        :param amount: a decimal, untaxed
        :param pending: see :meth:`_get_left_for`
        :return list: ``(line, untaxed, {tax id: (base, tax amount)})``, decimals
        """
        self.ensure_one()
        parts, unit = self._get_open_parts(pending), self.currency_id.rounding
        shares = money.spread(amount, [net for _line, net, _taxes in parts], unit)
        result = []
        for (line, net, totals), share in zip(parts, shares, strict=True):
            taxes = {
                tax: (base, taken) if share == net else (share, money.round_to(taken * share / net, unit))
                for tax, (base, taken) in totals.items()
                if net or share == net
            }
            if share or any(taken for _base, taken in taxes.values()):
                result.append((line, share, taxes))
        return result

    # === KEPT FOR ONE RECORD === #

    @api.depends('restricted_to')
    def _compute_restricted_name(self):
        """Its name, for who may not read the record itself."""
        for bill in self:
            record = bill._get_restricted_record()
            bill.restricted_name = record.display_name if record else False

    @api.constrains('restricted_to', 'is_restricted')
    def _check_restricted_to(self):
        for bill in self:
            if bill.restricted_to and not bill.is_restricted:
                raise ValidationError(
                    self.env._(
                        "%(bill)s is kept for %(record)s: it cannot be applied on other contracts.",
                        bill=bill.display_name,
                        record=bill.restricted_name,
                    )
                )

    def _get_restricted_record(self):
        """The one record that a down payment is kept for, as superuser; none where there is no such, or no more."""
        self.ensure_one()
        record = self.sudo().restricted_to  # sudo: any model - what it is kept for does not depend on who asks
        return record.exists() if record else None

    def _get_billed_records(self):
        """What this bill bills of single records that a down payment may be kept for. Extend by ``super()``.

        :return dict: decimals, untaxed, by record
        """
        self.ensure_one()
        billed = {}
        for line in self.line_ids:
            part = billed.get(line.contract_line_id, money.ZERO)
            billed[line.contract_line_id] = part + money.to_decimal(line.invoiced_amount)
        return billed

    # === CHECKS === #

    def _get_undo_blockers(self):
        return super()._get_undo_blockers() + self._get_use_blockers()

    def _get_use_blockers(self):
        """What a down payment is applied on keeps it as it is.

        :return list: one sentence, or none
        """
        self.ensure_one()
        # sudo: progress.down.payment.use - what it is applied on does not depend on who asks
        uses = self.sudo().down_payment_used_ids.filtered('live_amount')
        if not uses:
            return []
        return [
            self.env._(
                "The down payment %(bill)s is applied on %(bills)s: take it off there first.",
                bill=self.display_name,
                bills=', '.join(uses.bill_id.mapped('display_name')),
            )
        ]

    def _check_down_payments_covered(self):
        """No more is applied of a down payment than was paid down (DEP-21).

        :raises UserError: naming the bills it is applied on
        """
        for bill in self:
            if bill.currency_id.compare_amounts(bill.down_payment_left, 0.0) >= 0:
                continue
            applied = bill.down_payment_amount - bill.down_payment_left
            raise UserError(
                self.env._(
                    "%(applied)s of the down payment %(bill)s is applied on %(bills)s, and only %(amount)s of it would "
                    "be left. Take it off there first.",
                    applied=bill.contract_id._show_amount(applied),
                    bill=bill.invoice_name or bill.display_name,
                    bills=', '.join(bill.down_payment_used_ids.filtered('live_amount').bill_id.mapped('display_name')),
                    amount=bill.contract_id._show_amount(bill.down_payment_amount),
                )
            )

    @api.constrains('is_restricted', 'kind')
    def _check_is_restricted(self):
        for bill in self.filtered('is_restricted'):
            # sudo: progress.down.payment.use - as above
            used = bill.sudo().down_payment_used_ids.filtered('live_amount').bill_id.contract_id
            if bill.kind != 'down_payment' or used - bill.contract_id:
                raise ValidationError(
                    self.env._(
                        "%(bill)s cannot be kept for its contract alone: it is no down payment, or is applied on "
                        "other contracts already.",
                        bill=bill.display_name,
                    )
                )

    # === ITS INVOICE === #

    def _get_sourced_taxes(self):
        """Down payments, and what takes them off, are taxed line by line, after all else.

        What takes one off gives the down payment's own tax back, to the cent (DEP-22).
        """
        paid = self.sourced_line_ids.filtered(lambda line: line.source == 'down_payment')
        base_lines = self._compute_sourced_taxes(self.sourced_line_ids - paid)
        for line in paid:
            mine = self._compute_sourced_taxes(line)
            if line.down_payment_use_id:
                for base_line in mine:
                    self.env['progress.tax.engine']._give_kept_taxes(base_line, line.tax_amounts)
            base_lines += mine
        return base_lines

    def _keep_taxes(self, taxes):
        """What a down payment takes of each tax is kept, for the bills that give it back."""
        result = super()._keep_taxes(taxes)
        lines = [(base_line, base_line['_bill_line']) for base_line in taxes.get('sourced', ())]
        self._keep_on_lines(
            'tax_amounts',
            [taken for taken, line in lines if line.source == 'down_payment' and not line.down_payment_use_id],
        )
        return result

    # === LEDGER === #

    def _match_down_payments(self):
        """Match down payments with what takes them off, so that the account is zero in both currencies (DEP-7)."""
        # sudo: account.move.line - the rights of whoever posts need not suffice
        items = self.env['account.move.line'].sudo()
        posted = items.search([('progress_deposit_bill_id', 'in', self.ids), ('parent_state', '=', 'posted')])
        for bill, mine in posted.grouped('progress_deposit_bill_id').items():
            # a tax without an account of its own stands on the deposit account too
            taxes = (mine.move_id & bill.move_ids).line_ids.filtered(lambda item: item.tax_line_id)
            for account in mine.account_id.filtered('reconcile'):
                open_items = (mine | taxes).filtered(
                    lambda item, account=account: item.account_id == account and not item.reconciled
                )
                if len(set(open_items.mapped(lambda item: item.amount_currency > 0))) > 1:
                    open_items.reconcile()
