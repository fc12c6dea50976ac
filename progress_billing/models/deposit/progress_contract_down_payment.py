from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import money
from .progress_bill_down_payment import KeptRecords

#: cents by which the tax of a bill may differ from that of a down payment as large as the bill
TOLERANCE = 5


class ProgressContractDownPayment(models.Model):
    """Down payments of a contract: taken, and how much of them a bill may take (DEP-20, DEP-21)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    down_payment_absorption = fields.Selection(
        [('pro_rata', "In proportion, on each bill"), ('last', "On the last bill")],
        string="Down Payments Are Applied",
        default='pro_rata',
        required=True,
        tracking=True,
        help="How down payments of this contract are applied on its own bills, where revenue is recognised as billed.",
    )
    down_payment_balance = fields.Monetary(
        string="Down Payments Left",
        compute='_compute_down_payment_balance',
        store=True,
        guarded=True,
        help="Untaxed: down payments of this contract that are posted and not applied on any bill yet.",
    )

    @api.depends('bill_ids.down_payment_left')
    def _compute_down_payment_balance(self):
        for contract in self:
            contract.down_payment_balance = sum(contract.bill_ids.mapped('down_payment_left'))

    # === TAKING ONE === #

    def action_create_down_payment(self, amount, restricted=False, restricted_to=False):
        """Ask the customer for a down payment: a pro forma where the contract uses them, else a draft invoice (DEP-20).

        :param float amount: untaxed, in the contract's currency, above 0
        :param bool restricted: apply it on bills of this contract only
        :param str restricted_to: one record of this contract that it is kept for: ``progress.contract.line,7``
        :return dict: the action that shows the invoice, or the bill to who may not read invoices
        :raises UserError: for an amount that is none, a record of something else, or a contract that cannot be billed
        """
        self.ensure_one()
        self.check_access('write')
        record = self._read_restricted_to(restricted_to)
        amount = self.currency_id.round(self._read_number(amount))
        if self.currency_id.compare_amounts(amount, 0.0) <= 0:
            raise UserError(
                self.env._("The down payment of %s needs an amount above zero.", self.display_name or self.name)
            )
        if restricted not in (True, False, None):  # 1 and 0 are equal to them, as programs write them
            raise UserError(
                self.env._("Say yes or no: “%s” does not tell whether it is restricted.", str(restricted)[:80])
            )
        self._lock_for_billing()
        self._check_can_bill()
        vals = self._prepare_down_payment_vals(amount, bool(restricted or record))
        vals['restricted_to'] = record
        return self.env['progress.bill']._make_bills([vals])._get_result_action()

    def action_down_payment_wizard(self):
        """The button: asks how much, and whether for this contract alone.

        :return dict: the dialog
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_down_payment_wizard')
        return dict(action, context={'default_contract_id': self.id, 'default_partner_id': self.partner_id.id})

    def _prepare_down_payment_vals(self, amount, restricted):
        """Values of a down payment's bill, with its lines; see ``progress.bill._make_bills``.

        :param float amount: untaxed, in the contract's currency
        :param bool restricted: for this contract only
        """
        self.ensure_one()
        return {
            'contract_id': self.id,
            'partner_id': self.partner_id.id,
            'partner_shipping_id': self.partner_shipping_id.id,
            'kind': 'down_payment',
            'title': self.env._("Down Payment"),
            'date': self.company_id._get_progress_today(),
            'is_restricted': restricted,
            'claims': [],
            'sourced_line_ids': [Command.create(vals) for vals in self._prepare_down_payment_lines(amount)],
        }

    def _prepare_down_payment_lines(self, amount):
        """A line for each set of taxes of the schedule: by what is left to bill, else by what it is worth.

        :raises UserError: where the schedule is worth nothing
        """
        lines = self._get_billable_lines()
        weights = [max(money.to_decimal(line._get_amount_left()), money.ZERO) for line in lines]
        if not any(weights):
            weights = [max(money.to_decimal(line.revised_amount), money.ZERO) for line in lines]
        try:
            shares = money.spread(amount, weights, self.currency_id.rounding)
        except ZeroDivisionError:
            raise UserError(
                self.env._("%s is worth nothing that a down payment could be for.", self.display_name)
            ) from None
        by_taxes, result = {}, []
        for line, share in zip(lines, shares, strict=True):
            by_taxes[line.tax_ids] = by_taxes.get(line.tax_ids, money.ZERO) + share
        customer = self.with_context(lang=self.partner_id.lang or self.env.lang)
        job = customer._get_job_name()
        name = (
            customer.env._("Down payment for %(job)s (%(contract)s)", job=job, contract=self.name)
            if job
            else customer.env._("Down payment for %s", self.name)
        )
        account, product = self._get_deposit_account(), self._find_deposit_product()
        for taxes, share in by_taxes.items():
            if share:
                vals = {'source': 'down_payment', 'amount': float(share), 'name': name, 'tax_ids': taxes.ids}
                vals.update(product_id=product.id, account_id=account.id)
                result.append(self.env['progress.bill.line']._prepare_sourced_vals(self, vals))
        return result

    # === KEPT FOR ONE RECORD === #

    def _read_restricted_to(self, value):
        """What a down payment is kept for, as callers send it.

        :param value: a text like ``progress.contract.line,7``, or nothing
        :return: the same text, or false
        :raises UserError: for what is no record of this contract
        """
        self.ensure_one()
        if not value:
            return False
        models_of_records = dict(self.env['progress.bill']._fields['restricted_to']._description_selection(self.env))
        name, _comma, number = str(value).partition(',')
        if name in models_of_records and number.isdecimal() and number.isascii():
            # sudo: any model - whether it is of this contract; nothing of it is told
            record = self.env[name].sudo().browse(int(number)).exists()
            if record and self._is_record_to_bill(record):
                return f'{name},{record.id}'
        raise UserError(
            self.env._(
                "“%(value)s” is nothing that a down payment of %(contract)s can be kept for: choose one of its "
                "%(kinds)s.",
                value=str(value)[:80],
                contract=self.display_name,
                kinds=', '.join(models_of_records.values()),
            )
        )

    def _is_record_to_bill(self, record):
        """Whether a record is billed on bills of this contract. Extend by ``super()`` for other models.

        :param record: of a model that a down payment may be kept for
        """
        self.ensure_one()
        return record._name == 'progress.contract.line' and record in self._get_billable_lines()

    # === APPLYING === #

    def _get_down_payments(self, partner, bill=None):
        """Down payments that a bill of this contract may take from, in the order in which it does.

        Kept for one record first, then for this contract, then the oldest; a final bill ends its own contract's before
        others.

        :param partner: who is billed
        :param bill: ``progress.bill`` that may stand on some already
        :return: ``progress.bill``
        """
        self.ensure_one()
        standing = bill.down_payment_use_ids.down_payment_id if bill else self.env['progress.bill']
        # sudo: progress.bill - what a customer paid down counts for who bills, whatever contracts they may see
        found = standing.sudo().search(
            [
                ('kind', '=', 'down_payment'),
                ('bucket', '=', 'actual'),
                ('company_id', '=', self.company_id.id),
                ('currency_id', '=', self.currency_id.id),
                ('contract_id.contract_type', '=', self.contract_type),
                ('partner_id.commercial_partner_id', '=', partner.commercial_partner_id.id),
                '|',
                ('is_restricted', '=', False),
                ('contract_id', '=', self.id),
                '|',
                ('down_payment_left', '>', 0),
                ('id', 'in', standing.ids),
            ]
        )
        is_final = bool(bill) and bill.kind == 'final'
        return found.sorted(
            lambda down_payment: (
                not (is_final and down_payment.contract_id == self),
                not down_payment.restricted_to,
                not down_payment.is_restricted,
                down_payment.date,
                down_payment.id,
            )
        )

    def _allocate_down_payments(
        self, net, scheduled=0.0, *, partner=None, bill=None, limits=None, total=None, pending=None, records=None
    ):
        """How much a bill of this contract takes of each down payment; nothing is written (DEP-21).

        :param float net: untaxed: all that the bill asks for before down payments
        :param float scheduled: what of it bills the schedule, which decides about the proportion
        :param partner: who is billed, the contract's customer unless given
        :param bill: ``progress.bill`` where there is one already: what stands on it is free for it
        :param dict limits: by id of the down payment, the most to take: of one that is missing nothing is taken
        :param float total: ``net`` with its taxes, where it is known: no invoice falls below zero with tax either
        :param pending: bills that are made in the same go
        :param records: a function that returns what is billed of single records, as the bill's own
            ``_get_billed_records`` does
        :return dict: decimals by ``progress.bill``, in the order in which they are taken
        """
        self.ensure_one()
        bills = self.env['progress.bill']
        bill, pending = bill or bills, bills if pending is None else pending
        net, result = money.to_decimal(net), {}
        total = None if total is None else money.to_decimal(total)
        kept = KeptRecords(records or bill._get_billed_records)
        for down_payment in self._get_down_payments(partner or bill.partner_id or self.partner_id, bill):
            left = down_payment._get_left_for(bill, pending)
            ratio = down_payment._get_tax_ratio()
            if bill.kind == 'final' and down_payment.contract_id == self:
                amount = left  # it ends with its contract, whatever the final comes to
            else:
                share = kept.get_share(down_payment)
                if share is None:
                    share = self._get_absorbed_share(down_payment, left, scheduled, bill)
                limit = left if limits is None else money.to_decimal(limits.get(down_payment.id))
                amount = max(min(left, share, limit, net), money.ZERO)
                amount = self._fit_below_total(amount, ratio, total)
            if amount:
                result[down_payment] = amount
                kept.take(down_payment, amount)
                net -= amount
                total = None if total is None else total - amount * (1 + ratio)
        return result

    def _fit_below_total(self, amount, ratio, total):
        """What of an amount, its tax included, does not exceed the taxed total of a bill."""
        unit = money.to_decimal(self.currency_id.rounding)
        if total is None or amount * (1 + ratio) <= total + TOLERANCE * unit:
            return amount
        return max(total / (1 + ratio) // unit * unit, money.ZERO)

    def _get_absorbed_share(self, down_payment, left, scheduled, bill):
        """The most that a bill takes of a down payment by the contract's own terms (DEP-21).

        Billed as billed, a contract takes its own down payments in proportion to what is billed to date, or with
        the bill that bills the rest; all others are taken as far as they go.

        :param left: a decimal, what is left of it
        """
        if self.revenue_recognition != 'as_billed' or down_payment.contract_id != self:
            return left
        billed = money.to_decimal(self.draft_amount) + money.to_decimal(self.actual_amount)
        if bill:
            billed -= money.to_decimal(bill.draft_amount) + money.to_decimal(bill.actual_amount)
        billed += money.to_decimal(scheduled)
        revised, unit = money.to_decimal(self.revised_amount), self.currency_id.rounding
        if money.round_to(revised - billed, unit) <= 0:
            return left
        if self.down_payment_absorption == 'last':
            return money.ZERO
        used = {True: money.ZERO, False: money.ZERO}
        for use in down_payment.down_payment_used_ids.filtered(lambda use: use.bill_id != bill):
            used[use.bill_id.contract_id == self] += money.to_decimal(use.live_amount)
        total = money.to_decimal(down_payment.down_payment_amount) - used[False]
        return max(money.round_to(total * billed / revised, unit) - used[True], money.ZERO)

    # === LOCKS === #

    def _get_locked_query(self):
        """Contracts whose down payments bills of these contracts take from, or could, are locked too."""
        return SQL(
            """
            %(own)s
             UNION
            SELECT paid.contract_id
              FROM progress_bill paid
             WHERE paid.kind = 'down_payment'
               AND (EXISTS (SELECT 1 FROM progress_contract contract
                              JOIN res_partner customer ON customer.id = contract.partner_id
                              JOIN res_partner payer ON payer.id = paid.partner_id
                             WHERE contract.id = ANY(%(ids)s)
                               AND contract.company_id = paid.company_id
                               AND contract.currency_id = paid.currency_id
                               AND payer.commercial_partner_id = customer.commercial_partner_id
                               AND paid.down_payment_left > 0 AND paid.is_restricted IS NOT TRUE)
                 OR EXISTS (SELECT 1 FROM progress_down_payment_use used
                              JOIN progress_bill bill ON bill.id = used.bill_id
                             WHERE used.down_payment_id = paid.id AND bill.contract_id = ANY(%(ids)s)))
            """,
            own=super()._get_locked_query(),
            ids=self.ids,
        )

    # === FINAL === #

    def _check_final_is_current(self, final):
        """The final invoice ends every down payment of its contract (DEP-23)."""
        result = super()._check_final_is_current(final)
        customer = final.partner_id.commercial_partner_id
        if any(bill.down_payment_left for bill in self.bill_ids if bill.partner_id.commercial_partner_id == customer):
            raise UserError(
                self.env._(
                    "The down payments of %(contract)s have changed since the final invoice was made. Delete the draft "
                    "and create it again.",
                    contract=self.display_name,
                )
            )
        return result
