from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, float_round

from ...tools import money
from ..base.progress_bulk_mixin import int_array
from ..contract.progress_contract_line import VALUE_FIELDS

BILLED = [(bucket, name) for bucket in ('draft', 'actual') for name in ('amount', 'quantity')]


class ProgressContractLineBilled(models.Model):
    """What is billed of a schedule line, and the claims that bill more of it."""

    _name = 'progress.contract.line'
    _inherit = ['progress.contract.line', 'progress.overbilling.mixin']

    bill_line_ids = fields.One2many('progress.bill.line', 'contract_line_id')
    draft_quantity = fields.Float(compute='_compute_billed', store=True, digits='Product Unit', guarded=True)
    draft_amount = fields.Monetary(compute='_compute_billed', store=True, string="Draft", guarded=True)
    actual_quantity = fields.Float(
        string="Invoiced Quantity", compute='_compute_billed', store=True, digits='Product Unit', guarded=True
    )
    actual_amount = fields.Monetary(compute='_compute_billed', store=True, string="Invoiced", guarded=True)
    billed_percent = fields.Float(compute='_compute_billed_percent', string="Billed (%)", aggregator=None)
    amount_left = fields.Monetary(compute='_compute_billed_percent', string="Available to Bill")

    @api.depends(
        'bill_line_ids.invoiced_amount',
        'bill_line_ids.invoiced_quantity',
        'bill_line_ids.bucket',
        'bill_line_ids.credited_amount',
        'bill_line_ids.credited_quantity',
        'billing_base',
    )
    def _compute_billed(self):
        """Sums over the bills that count, never counters. Extend by ``super()`` and add to them."""
        saved, lines = self._get_saved(), self.env['progress.bill.line']
        lines.flush_model(
            ['bucket', 'invoiced_amount', 'invoiced_quantity', 'credited_amount', 'credited_quantity']
            + ['contract_line_id']
        )
        saved.flush_recordset(['billing_base'])
        saved._set_columns(
            {f'{bucket}_{name}': SQL("billed.%s", SQL.identifier(f'{bucket}_{name}')) for bucket, name in BILLED},
            SQL("(%s) AS billed WHERE billed.id = own.id", self._get_billed_query(saved.ids)),
        )
        for line in self - saved:
            for bucket, name in BILLED:
                line[f'{bucket}_{name}'] = line._origin[f'{bucket}_{name}']

    @api.model
    def _get_billed_query(self, ids):
        """What the bills of schedule lines come to, as draft and as invoiced.

        :param list ids: of the schedule lines
        :return SQL: a row each
        """
        sums = {
            (bucket, name): SQL(
                "COALESCE(SUM(COALESCE(entry.%s, 0) - COALESCE(entry.%s, 0)) FILTER (WHERE entry.bucket = %s), 0)",
                SQL.identifier(f'invoiced_{name}'),
                SQL.identifier(f'credited_{name}'),
                bucket,
            )
            for bucket, name in BILLED
        }
        figures = [
            SQL(
                "%s AS %s",
                SQL("CASE WHEN line.billing_base = 'quantity' THEN %s ELSE 0 END", figure)
                if name == 'quantity'
                else figure,
                SQL.identifier(f'{bucket}_{name}'),
            )
            for (bucket, name), figure in sums.items()
        ]
        return SQL(
            "SELECT line.id, %s FROM progress_contract_line AS line LEFT JOIN progress_bill_line AS entry"
            " ON entry.contract_line_id = line.id AND entry.bucket IS NOT NULL WHERE line.id = ANY(%s)"
            " GROUP BY line.id",
            SQL(", ").join(figures),
            int_array(ids),
        )

    @api.depends('draft_amount', 'actual_amount', 'revised_amount')
    def _compute_billed_percent(self):
        for line in self:
            billed = line.draft_amount + line.actual_amount
            line.billed_percent = float(money.ratio_percent(billed, line.revised_amount))
            line.amount_left = line.revised_amount - billed

    # === CHECKS === #

    @api.constrains(*VALUE_FIELDS)
    def _check_worth_covers_billed(self):
        self._check_not_overbilled()

    def _is_used(self):
        # sudo: account.move - whether a bill has an invoice does not depend on who asks
        bills = self.sudo().bill_line_ids.bill_id
        invoiced = bills.move_ids.filtered(lambda move: move.state != 'cancel')
        return super()._is_used() or bool(bills.filtered('bucket') or invoiced)

    @api.ondelete(at_uninstall=False)
    def _unlink_undone_claims(self):
        """Claims of bills that were undone go with their schedule line."""
        # sudo: progress.bill.line - whoever may change the schedule may forget them
        self.sudo().bill_line_ids.filtered(lambda line: not line.bucket).unlink()

    # === READING === #

    def _fetch_to_bill(self):
        """Read what billing asks of these lines, and no more: there may be many."""
        self.fetch(self._get_billing_fields())

    def _fetch_to_plan(self):
        """Read what has to be known of these lines to say what a run bills: their taxes only once they are billed."""
        self.fetch([name for name in self._get_billing_fields() if self._fields[name].type != 'many2many'])

    def _fetch_to_spread(self):
        """Read what has to be known of these lines to spread an amount over them: of lines by amount, as most are."""
        names = [*self._get_billing_fields(), *self._get_spread_fields()]
        self.fetch([name for name in names if self._fields[name].type != 'many2many'])

    @api.model
    def _get_spread_fields(self):
        """Names of the fields that are read of lines, beside those, where an amount is spread over them. Extend by
        ``super()``.
        """
        return ['sequence', 'currency_id', 'draft_amount', 'actual_amount']

    @api.model
    def _get_billing_fields(self):
        """Names of the fields that billing reads of every line. Extend by ``super()``."""
        return ['display_type', 'partner_id', 'partner_shipping_id', 'product_id', 'billing_base', 'tax_ids'] + [
            'original_amount',
            'change_amount',
            'revised_amount',
            'taxed_amount',
        ]

    # === WHAT IS LEFT === #

    def _get_amount_left(self):
        """What is not billed yet, untaxed; negative where too much was billed."""
        self.ensure_one()
        return self.currency_id.round(self.revised_amount - self.draft_amount - self.actual_amount)

    def _get_quantity_left(self):
        self.ensure_one()
        if self.billing_base != 'quantity':
            return 0.0
        return self.revised_quantity - self.draft_quantity - self.actual_quantity

    def _get_quantity_for(self, amount):
        """Quantity that an amount spread over this line stands for, in the unit's precision (BIL-11)."""
        self.ensure_one()
        units = self._get_rounded_units(amount)
        is_rest = units and not self.currency_id.compare_amounts(amount, self._get_amount_left())
        return self._get_quantity_left() if is_rest else units

    def _get_rounded_units(self, amount):
        """Units that an amount comes to by the price alone: for what is computed, and must not ask what is billed."""
        self.ensure_one()
        if self.billing_base != 'quantity' or not self.unit_price:
            return 0.0
        digits = self.env['decimal.precision'].precision_get('Product Unit')
        return float_round(amount / self.unit_price, precision_digits=digits)

    # === NEVER ABOVE ITS WORTH === #

    def _check_actual_not_overbilled(self):
        """What is posted alone lies within the worth; unless a change order lowered that, and a credit waits."""
        self.ensure_one()
        if self.company_id.progress_overbilling_policy == 'warn':
            return
        if self.currency_id.compare_amounts(self.actual_amount, max(self.revised_amount, self.original_amount)) > 0:
            raise UserError(self._get_overbilled_message(self.actual_amount, self.draft_amount))

    def _check_not_overbilled(self):
        """Check these lines and their contracts, unless the company only warns (BIL-8).

        :raises UserError: naming the line or contract, what is billed and what it is worth
        """
        lines = self._filter_blank('display_type')
        contracts = lines._get_linked('contract_id').filtered(
            lambda contract: contract.company_id.progress_overbilling_policy != 'warn'
        )
        if not contracts:
            return
        overbilled, credits = lines._find_overbilled(contracts)
        credited = lines & self.browse().concat(*credits) if credits else self.browse()
        for line in overbilled | credited:
            if line.contract_id in contracts:
                line._raise_if_overbilled(credits.get(line, 0.0))
        for contract in contracts:
            contract._raise_if_overbilled(
                sum(amount for line, amount in credits.items() if line.contract_id == contract)
            )

    def _check_not_below_nothing(self):
        """Something that was billed of these lines is undone: what gives back more than is left goes first (BIL-6).

        What is billed above the worth is no matter here, nor what the contracts come to: bills of a deduction and of
        what it is taken from may be undone one after the other.

        :raises UserError: naming the line
        """
        contracts = self._get_linked('contract_id')
        over, _credits = self._find_overbilled(contracts) if contracts else (self, {})
        for line in over.filtered(lambda line: line.company_id.progress_overbilling_policy != 'warn'):
            billed = line.currency_id.round(line.draft_amount + line.actual_amount)
            if billed < 0 <= line.revised_amount or billed > 0 > line.revised_amount:
                raise UserError(
                    self.env._(
                        "%(line)s: %(billed)s would be left as billed. Undo first what gives more back than is left.",
                        line=line.display_name,
                        billed=line._show_amount(billed),
                    )
                )

    def _find_overbilled(self, contracts):
        """What may be billed beyond its worth, which is little of much: one query, whoever may read what it is of.

        :param contracts: of these lines
        :return tuple: those of these lines that are billed beyond what they are worth, in their order; negative drafts
            of any line of the contracts, amounts by schedule line
        """
        self.env['progress.bill'].flush_model(['kind'])
        self.env['progress.bill.line'].flush_model(
            ['bill_id', 'contract_id', 'contract_line_id', 'source', 'bucket', 'invoiced_amount']
        )
        self.flush_model(['draft_amount', 'actual_amount', 'revised_amount'])
        rows = self.env.execute_query(
            SQL(
                "SELECT id, NULL FROM (SELECT id, COALESCE(draft_amount, 0) + COALESCE(actual_amount, 0) AS billed,"
                " COALESCE(revised_amount, 0) AS worth FROM progress_contract_line WHERE id = ANY(%s)) AS line"
                " WHERE billed NOT BETWEEN LEAST(worth, 0) AND GREATEST(worth, 0)"
                " UNION ALL SELECT entry.contract_line_id, SUM(entry.invoiced_amount) FROM progress_bill_line AS entry"
                " JOIN progress_bill AS bill ON bill.id = entry.bill_id AND bill.kind != 'final'"
                " WHERE entry.contract_id = ANY(%s) AND entry.source IS NULL AND entry.bucket = 'draft'"
                " AND entry.invoiced_amount < 0 GROUP BY entry.contract_line_id",
                int_array(self.ids),
                int_array(contracts.ids),
            )
        )
        over = {id_ for id_, credit in rows if credit is None}
        credits = {self.browse(id_): float(credit) for id_, credit in rows if credit is not None}
        return (
            self.filtered(lambda line: line.id in over) if over else self.browse(),
            {line: amount for line, amount in credits.items() if line.revised_amount >= 0},
        )

    # === CLAIMS === #

    def _prepare_claims_of_rest(self):
        """Values of bill lines that claim all that is left of these lines.

        :return dict: values by schedule line
        """
        return {
            line: line._prepare_claim(amount=line._get_amount_left(), quantity=line._get_quantity_left())
            for line in self
        }

    def _prepare_claim(self, amount, quantity=0.0):
        """Values of a bill line that claims ``amount`` (untaxed, contract currency) of this line."""
        return {'contract_line_id': self.id, 'amount': amount, 'quantity': quantity}

    def _round_quantity_at(self, percent):
        """The quantity that a percentage of the line stands for, in the unit's precision."""
        self.ensure_one()
        done = money.to_decimal(self.revised_quantity) * money.to_decimal(percent) / 100
        digits = self.env['decimal.precision'].precision_get('Product Unit')
        return money.round_to(done, money.Decimal(1).scaleb(-digits))

    def _price_further(self, quantity):
        """Amount of a quantity that is billed on top: cumulative, so the last one clears the line (BIL-10)."""
        self.ensure_one()
        billed_quantity = money.to_decimal(self.draft_quantity) + money.to_decimal(self.actual_quantity)
        billed = money.to_decimal(self.draft_amount) + money.to_decimal(self.actual_amount)
        return float(money.to_decimal(self._price(billed_quantity + money.to_decimal(quantity))) - billed)

    def _get_run_key(self):
        """What tells bills made together apart: each customer and location has one of their own.

        :return tuple: customer and location first, whatever extensions add
        """
        self.ensure_one()
        return self.partner_id or self.contract_id.partner_id, self.partner_shipping_id

    def _get_bill_line_label(self, bill_line):
        """Text of the invoice line that stands for a bill line of this line. Extend by ``super()``.

        :param bill_line: ``progress.bill.line``
        """
        self.ensure_one()
        return self._get_invoice_label()

    # === CHANGE ORDERS === #

    def _get_billed_on_changes(self):
        """What was billed on each approved change of this line: the original first, then by approval (CON-12).

        Deductions lower what the original stands for.

        :return dict: amounts by id of the change order line
        """
        self.ensure_one()
        return self._share_on_changes(self.draft_amount + self.actual_amount)

    def _share_on_changes(self, billed):
        """How an amount billed on this line goes to its approved changes; see :meth:`_get_billed_on_changes`."""
        approved = self.change_line_ids.filtered(lambda change: change.state == 'approved')
        ordered = approved.sorted(lambda change: (change.change_id.approved_on, change.change_id.id, change.id))
        mirrored = -1 if self.revised_amount < 0 else 1
        rest = mirrored * billed
        deducted = sum(change.amount for change in approved if mirrored * change.amount < 0)
        rest -= mirrored * (self.original_amount + deducted)
        shares = {}
        for change in ordered.filtered(lambda change: mirrored * change.amount > 0):
            taken = min(max(rest, 0.0), mirrored * change.amount)
            shares[change.id] = self.currency_id.round(mirrored * taken)
            rest -= taken
        return shares

    def _get_bills_of_changes(self):
        """On which bills each change of this line was billed, walking them in their order (CON-12).

        :return dict: ``progress.bill`` by id of the change order line
        """
        self.ensure_one()
        bills, billed, shares = {}, 0.0, {}
        for line in self.bill_line_ids.filtered('bucket').sorted(lambda line: line.bill_id._get_order_key()):
            billed += line.invoiced_amount - line.credited_amount
            after = self._share_on_changes(billed)
            for change, amount in after.items():
                if self.currency_id.compare_amounts(amount, shares.get(change, 0.0)):
                    bills[change] = bills.get(change, line.bill_id.browse()) | line.bill_id
            shares = after
        return bills
