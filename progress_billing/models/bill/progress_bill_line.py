from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import money
from .progress_bill import ENDED_STATES

CLAIM_FIELDS = frozenset({'amount', 'quantity', 'total_completed_percent'})
#: the columns of a new claim follow from these
CLAIM_HOOKS = ('_get_invoiced_amount', '_get_invoiced_quantity')


class ProgressBillLine(models.Model):
    """This bill's claim against one schedule line."""

    _name = 'progress.bill.line'
    _description = "Progress Bill Line"
    _inherit = [
        'progress.bulk.mixin',
        'progress.edit.mixin',
        'progress.guard.mixin',
        'progress.bucket.mixin',
    ]
    _parent_field = 'bill_id'
    _fixed_fields = ('contract_line_id',)
    _order = 'bill_id, id'
    _rec_name = 'contract_line_id'
    _check_company_auto = True

    bill_id = fields.Many2one('progress.bill', required=True, index=True, ondelete='cascade')
    contract_id = fields.Many2one(related='bill_id.contract_id', store=True, index=True, guarded=True)
    contract_line_id = fields.Many2one(
        'progress.contract.line',
        string="Schedule of Values Line",
        index=True,
        ondelete='restrict',
        domain="[('contract_id', '=', contract_id), ('display_type', '=', False)]",
    )
    item_number = fields.Char(related='contract_line_id.item_number')
    company_id = fields.Many2one(related='bill_id.company_id', store=True, index=True, guarded=True)
    # these are the bill's: not stored twice, and still there to search and group by
    currency_id = fields.Many2one(related='bill_id.currency_id')
    partner_id = fields.Many2one(related='bill_id.partner_id')
    project_id = fields.Many2one(related='bill_id.project_id')
    date = fields.Date(related='bill_id.date')
    kind = fields.Selection(related='bill_id.kind')
    state = fields.Selection(related='bill_id.state')
    bucket = fields.Selection(
        [('draft', "Draft"), ('actual', "Actual")],
        compute='_compute_bucket',
        store=True,
        index='btree_not_null',
        guarded=True,
    )
    billing_base = fields.Selection(related='contract_line_id.billing_base')
    revised_amount = fields.Monetary(related='contract_line_id.revised_amount', string="Scheduled Value Today")

    credited_quantity = fields.Float(compute='_compute_credited', store=True, digits='Product Unit', guarded=True)
    credited_amount = fields.Monetary(string="Credited", compute='_compute_credited', store=True, guarded=True)
    # What this line's invoice took of each tax, in the contract's currency, signed as the bill; bills after it go on
    # from there. False until there is an invoice. Two keys:
    #   "taxes": ids of the account.tax on the line, groups as groups: another set starts a new sum
    #   "amounts": by the id of each single tax, as a text for JSON's sake, a list [rate, base, tax amount]; rate is the
    #   tax's `amount` of that day (percent, or money a unit): another rate starts a new sum. Reverse charge is left out
    # 100.00 at 15 %: {"taxes": [7], "amounts": {"7": [15.0, 100.0, 15.0]}}
    tax_amounts = fields.Json(readonly=True, copy=False, guarded=True)

    _line_once = models.UniqueIndex('(bill_id, contract_line_id)', "A schedule line can stand only once on a bill.")

    quantity = fields.Float(digits='Product Unit')
    amount = fields.Monetary(string="Amount to Invoice", help="Untaxed, in the contract's currency.")
    invoiced_amount = fields.Monetary(
        string="On This Bill",
        compute='_compute_invoiced',
        store=True,
        precompute=True,
        help="Untaxed: as certified, stored materials included; whether it is draft or invoiced the status says.",
        guarded=True,
    )
    invoiced_quantity = fields.Float(
        string="Quantity on This Bill",
        compute='_compute_invoiced',
        store=True,
        precompute=True,
        digits='Product Unit',
        guarded=True,
    )
    total_completed_percent = fields.Float(
        string="Total Completed (%)",
        compute='_compute_total_completed_percent',
        inverse='_inverse_total_completed_percent',
        digits=(16, 10),
        help="Share of the scheduled value invoiced by all bills of the line, this one included.",
    )
    # with what they follow from, in one statement
    draft_amount = fields.Monetary(compute='_compute_bucket')
    actual_amount = fields.Monetary(compute='_compute_bucket')

    @api.depends(
        'invoiced_amount',
        'invoiced_quantity',
        'bill_id.revision',
    )  # and see _sum_credited_again
    def _compute_credited(self):
        """What posted credit notes took back of each line (BIL-14: signed, so a cancelled one gives it back)."""
        credited_bills, others = self._split_by_reversals()
        others._set_uncredited('credited_amount', 'credited_quantity')
        for bill, (reversals, lines) in credited_bills.items():
            credited = bill._get_all_lines()._get_credited_shares(bill, reversals) if reversals else {}
            for line in lines:  # not all of the bill's: a large bill is computed in parts
                share = credited.get(line, money.ZERO)
                line.credited_amount = float(share)
                line.credited_quantity = (
                    float(money.to_decimal(line.invoiced_quantity) * share / money.to_decimal(line.invoiced_amount))
                    if line.invoiced_amount
                    else 0.0
                )

    @api.model
    def _get_credited_fields(self):
        """Names of the figures that come from reversals of a bill's invoice. Extend by ``super()``."""
        return ['credited_amount', 'credited_quantity']

    def _sum_credited_again(self, before):
        """Entries that reverse an invoice of these lines' bills have come, gone or changed.

        :param bool before: whether they are about to; see ``modified``
        """
        if self:
            names = self._get_credited_fields()
            self.modified(names, before=before)
            for name in names:  # last: what is asked for meanwhile still finds the entries as they were
                self.env.add_to_compute(self._fields[name], self)

    def _set_uncredited(self, *names):
        """Nothing was credited of these saved lines: in one statement for all such figures that are to be computed."""
        if not self:
            return
        values = dict.fromkeys(names, SQL("0"))
        for name in self._get_credited_fields():
            field = self._fields[name]
            if name not in values and set(self._ids).issubset(self.env.records_to_compute(field)._ids):
                self.env.remove_to_compute(field, self)
                values[name] = SQL("0")
        self._set_columns(values)

    def _split_by_reversals(self):
        """The lines whose bills may have been credited, and those of which nothing was, however many they are.

        :return tuple: ``{bill: (reversals, its lines)}``, and the other lines, saved ones
        """
        credited, others = {}, self.browse()
        if all(self._ids) and not any(bill._get_reversals() for bill in self.bill_id):
            return credited, self
        for bill, lines in self.grouped('bill_id').items():
            reversals = bill and bill._get_reversals()
            if reversals or not all(lines._ids):
                credited[bill] = reversals, lines
            else:
                others += lines
        return credited, others

    def _get_credited_shares(self, bill, reversals):
        """How much of each line of one bill its reversals took back.

        :param reversals: posted moves that reverse the bill's invoice, or a credit note of it
        :return dict: amounts by line
        """
        credited = dict.fromkeys(self, money.ZERO)
        if bill.kind == 'final':  # a final invoice is credited in full or not at all
            live = bill._get_live_invoice()
            standing = sum(1 if move.move_type != live.move_type else -1 for move in reversals)
            return {line: money.to_decimal(line.invoiced_amount) for line in self} if standing > 0 else credited
        for aml in reversals.line_ids._filter_progress(claims=True).filtered('amount_currency'):
            targets = aml.progress_bill_line_id or bill.line_ids.filtered(
                lambda line, taxes=aml.tax_ids: set((line.tax_amounts or {}).get('taxes', [])) == set(taxes.ids)
            )
            targets = targets.filtered('invoiced_amount')
            if targets:
                taken = -aml._get_progress_figure()
                shares = money.spread(taken, targets.mapped('invoiced_amount'), bill.currency_id.rounding)
                for line, share in zip(targets, shares, strict=True):
                    credited[line] += share
        return credited

    @api.constrains('contract_line_id', 'bill_id')
    def _check_same_contract(self):
        for line in self.filtered(lambda line: not line.source):
            scheduled = line.contract_line_id
            if scheduled.contract_id != line.bill_id.contract_id or scheduled.display_type:
                raise UserError(
                    self.env._(
                        "%(line)s is no schedule line of %(contract)s.",
                        line=scheduled.display_name or self.env._("Nothing"),
                        contract=line.bill_id.contract_id.display_name,
                    )
                )

    @api.constrains('invoiced_amount', 'quantity', 'contract_line_id', 'bill_id')
    def _check_amount(self):
        self.filtered('bucket').contract_line_id._check_not_overbilled()
        for line in self.filtered(
            lambda line: line.kind == 'opening' and line.currency_id.compare_amounts(line.amount, 0.0) < 0
        ):
            raise UserError(
                self.env._(
                    "The opening amount of %(line)s may not be negative.", line=line.contract_line_id.display_name
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._drop_percent(vals) for vals in vals_list]
        lines = super().create(vals_list)
        typed = {line: vals for line, vals in zip(lines, vals_list, strict=True) if not self._is_own(vals)}
        if typed:
            bills = lines.browse().concat(*typed).bill_id
            bills._check_lines_editable()
            for line, vals in typed.items():
                line._complete_claim(vals)
            bills._settle_claims()
        return lines

    @api.model
    def _make_claims(self, vals_list):
        """Lines of bills that our own code has just made: in one statement, where nobody else has a say in them.

        :param list vals_list: ``bill_id`` and what ``progress.contract.line._prepare_claim`` says, or a hook after it
        :return: the lines
        """
        derived, names = self._get_claim_columns(), {name for vals in vals_list for name in vals}
        missing = {name for name in names if not all(name in vals for vals in vals_list)}
        known = {*derived, *names}
        odd = any(not self._fields[name].column_type or name in derived and name in missing for name in names)
        if odd or not (self._takes_rows(known, CLAIM_HOOKS) and self._knows_columns(frozenset(known))):
            return self._create_protected(vals_list)
        return self._insert_claims({name: [vals.get(name) for vals in vals_list] for name in names})

    @api.model
    def _insert_claims(self, values, columns=None, source=None):
        """Lines of bills in one statement; see :meth:`_make_claims`.

        :param dict values: a list of values a line by field name, ``bill_id`` and ``contract_line_id`` among them
        :param dict columns: SQL by field name, of what the database knows itself
        :param SQL source: joins what ``columns`` are of to ``raw``, the values
        :return: the lines
        """
        derived, columns = self._get_claim_columns(), columns or {}
        derived |= {
            f'{bucket}_amount': SQL("CASE bill.bucket WHEN %s THEN %s ELSE 0 END", bucket, derived['invoiced_amount'])
            for bucket in ('draft', 'actual')
        }
        bills = self.env['progress.bill'].browse(dict.fromkeys(values['bill_id']))
        scheduled = self.env['progress.contract.line'].browse(values['contract_line_id'])
        if not self.env.su:
            bills.check_access('write')
            scheduled.check_access('read')
        bills.flush_recordset(['contract_id', 'company_id', 'currency_id', 'bucket'])  # not their sums
        lines = self._insert_rows(
            values,
            {name: column for name, column in derived.items() if name not in {*values, *columns}},
            SQL(
                "JOIN progress_bill AS claim ON claim.id = raw.bill_id"
                " JOIN res_currency AS currency ON currency.id = claim.currency_id %s",
                source or SQL(""),
            ),
            SQL(
                "JOIN progress_bill AS bill ON bill.id = given.bill_id"
                " JOIN progress_contract_line AS scheduled ON scheduled.id = given.contract_line_id"
            ),
            columns,
        )
        lists, others = ((), ()) if 'source' in values else (('line_ids',), ('sourced_line_ids',))
        lines._announce_rows({name: values[name] for name in ('bill_id', 'contract_line_id')}, lists, others)
        lines.check_access('create')
        return lines

    @api.model
    def _get_claim_columns(self):
        """What follows from the values of a new claim, unless it is given. Extend by ``super()``, for every field that
        is computed: lines are made one by one by the ORM where one is missing.

        :return dict: SQL by field name, of ``given`` values, their ``bill`` and their ``scheduled`` line; of the latter
            it names the columns ``to_flush``
        """
        zero = SQL("0")
        return {
            **{name: SQL("bill.%s", SQL.identifier(name)) for name in ('contract_id', 'company_id', 'bucket')},
            'invoiced_amount': SQL("given.amount"),
            'invoiced_quantity': SQL("COALESCE(given.quantity, 0)"),
            **dict.fromkeys(('credited_amount', 'credited_quantity', 'draft_amount', 'actual_amount'), zero),
        }

    @api.model
    def _get_kept_fields(self):
        """What invoices take of claims."""
        return [*super()._get_kept_fields(), *self.env['progress.bill']._get_invoiced_line_fields()]

    def _drop_percent(self, vals):
        """A form sends amount or quantity with the percentage, which follows from them."""
        if 'amount' not in vals and 'quantity' not in vals:
            return vals
        return {name: value for name, value in vals.items() if name != 'total_completed_percent'}

    def write(self, vals):
        vals = self._drop_percent(vals)
        typed = self._get_typed(vals)
        claimed = self._get_claim_fields() & typed
        self._check_edits_seen(vals)
        if claimed:
            self._begin_entry()
        result = super().write(vals)
        self._complete_claim(typed)
        if not vals.keys().isdisjoint(self.pool.field_depends[self._fields['invoiced_amount']]):
            # checked now, while the sums that the check asks for are still to be made from it
            self.mapped('invoiced_amount')
        if claimed:
            self._end_entry()
        return result

    def _begin_entry(self):
        """Somebody is about to change claims of these lines: refused where they may not, and contracts are locked."""
        self._check_not_sourced()
        self.bill_id._check_lines_editable()
        self.bill_id.contract_id._lock_for_billing()

    def _end_entry(self):
        """Claims of these lines were changed by somebody: noted, and what follows from them settled."""
        self._count_edit()
        self.bill_id._settle_claims()

    def _write_together(self, vals_by_record):
        """What lines come to is worked out, and checked, of all of them at once."""
        names = {name for vals in vals_by_record.values() for name in vals}
        figures = [self._fields[name] for name in ('invoiced_amount', 'invoiced_quantity')]
        if names.isdisjoint(self.pool.field_depends[figures[0]]):
            super()._write_together(vals_by_record)
            return
        lines = self.concat(*vals_by_record)
        with self.env.protecting(figures, lines):
            super()._write_together(vals_by_record)
        for figure in figures:
            self.env.add_to_compute(figure, lines)
        lines.mapped('invoiced_amount')

    def _get_claim_fields(self):
        """Names of the fields that make up a claim, and change while the bill's lines may. Extend by ``super()``.

        :return frozenset: field names
        """
        return CLAIM_FIELDS

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        if 'source' in self._get_own_names():  # what is billed beside the schedule goes with what it comes from
            return
        self.bill_id.filtered(lambda bill: bill.state != 'cancelled')._check_lines_editable()

    def unlink(self):
        scheduled = self.filtered('bucket').contract_line_id
        result = super().unlink()
        scheduled._check_not_below_nothing()
        return result

    # === CLAIM === #

    @api.depends('amount', 'quantity')
    def _compute_invoiced(self):
        for line in self:
            line.invoiced_amount = line._get_invoiced_amount()
            line.invoiced_quantity = line._get_invoiced_quantity()

    def _get_invoiced_amount(self):
        """What of this claim counts as billed. Extend by ``super()``, and ``_compute_invoiced`` by what it depends on.

        :return float: untaxed, in the contract's currency
        """
        self.ensure_one()
        return self.amount

    def _get_invoiced_quantity(self):
        """How many units count as billed; see :meth:`_get_invoiced_amount`.

        :return float: in the schedule line's unit
        """
        self.ensure_one()
        return self.quantity

    def _is_empty(self):
        """Whether the line asks for nothing at all. Extend by ``super()``."""
        self.ensure_one()
        return not (self.amount or self.invoiced_amount)

    @api.depends(
        'invoiced_amount',
        'credited_amount',
        'state',
        'contract_line_id.draft_amount',
        'contract_line_id.actual_amount',
        'contract_line_id.revised_amount',
    )
    def _compute_total_completed_percent(self):
        for line in self:
            billed = line._get_billed_by_others()
            if line.state not in ENDED_STATES:
                billed += money.to_decimal(line.invoiced_amount) - money.to_decimal(line.credited_amount)
            line.total_completed_percent = float(money.ratio_percent(billed, line.contract_line_id.revised_amount))

    def _get_billed_by_others(self, what='amount'):
        """What all other bills of the schedule line come to, as saved: draft and actual, later ones too.

        :param str what: ``amount`` or ``quantity``
        :return Decimal: the sum
        """
        self.ensure_one()
        scheduled, saved = self.contract_line_id, self._origin
        billed = money.to_decimal(scheduled[f'draft_{what}']) + money.to_decimal(scheduled[f'actual_{what}'])
        if saved.bucket:
            billed -= money.to_decimal(saved[f'invoiced_{what}']) - money.to_decimal(saved[f'credited_{what}'])
        return billed

    def _inverse_total_completed_percent(self):
        for line in self:
            line.write(line._prepare_claim_of_percent(line.total_completed_percent))

    @api.onchange('total_completed_percent')
    def _onchange_total_completed_percent(self):
        self.update(self._prepare_claim_of_percent(self.total_completed_percent))

    @api.onchange('quantity')
    def _onchange_quantity(self):
        if self.contract_line_id.billing_base == 'quantity':
            self.amount = self._price_quantity(self.quantity)

    def _prepare_claim_of_percent(self, percent):
        """The claim that brings the schedule line to a percentage.

        :param float percent: of the revised value, all bills of the line included
        :return dict: ``amount``, and ``quantity`` of lines billed by quantity
        """
        self.ensure_one()
        scheduled = self.contract_line_id
        if scheduled.billing_base == 'quantity':
            quantity = float(scheduled._round_quantity_at(percent) - self._get_billed_by_others('quantity'))
            return {'quantity': quantity, 'amount': self._price_quantity(quantity)}
        done = money.percent_of(percent, scheduled.revised_amount, self.currency_id.rounding or '0.01')
        return {'amount': float(done - self._get_billed_by_others())}

    def _price_quantity(self, quantity):
        """Amount of a quantity: cumulative, so that the last one clears the line (BIL-10)."""
        self.ensure_one()
        reached = self._get_billed_by_others('quantity') + money.to_decimal(quantity)
        return float(money.to_decimal(self.contract_line_id._price(reached)) - self._get_billed_by_others())

    def _complete_claim(self, names):
        """What follows from what a caller has just entered on these lines. Extend by ``super()``.

        Lines whose quantity was entered are priced; an amount that is not theirs is refused (PRG-3).

        :param names: the values, or just the names of the fields
        :raises UserError: for an amount on a line billed by quantity
        """
        if 'quantity' not in names and 'amount' not in names:
            return
        for line in self.filtered(lambda line: line.contract_line_id.billing_base == 'quantity'):
            amount = line._price_quantity(line.quantity)
            if not line.currency_id.compare_amounts(amount, line.amount):
                continue
            if 'amount' in names:
                raise UserError(
                    self.env._(
                        "%(line)s is billed by quantity: enter the quantity to invoice, the amount follows.",
                        line=line.contract_line_id.display_name,
                    )
                )
            line._write_protected({'amount': amount})

    # === WHAT IT COUNTS FOR === #

    @api.depends('bill_id.bucket', 'invoiced_amount', 'credited_amount')
    def _compute_bucket(self):
        """As the bill counts, in one statement: an invoice that changes its state changes all its lines."""
        saved = self._get_saved()
        saved.flush_recordset(['bill_id', 'invoiced_amount', 'credited_amount'])
        self.env['progress.bill'].flush_model(['bucket'])
        saved._set_columns(
            {
                'bucket': SQL("bill.bucket"),
                'draft_amount': SQL("CASE WHEN bill.bucket = 'draft' THEN own.invoiced_amount ELSE 0 END"),
                'actual_amount': SQL(
                    "CASE WHEN bill.bucket = 'actual' THEN own.invoiced_amount - COALESCE(own.credited_amount, 0)"
                    " ELSE 0 END"
                ),
            },
            SQL("progress_bill AS bill WHERE bill.id = own.bill_id"),
        )
        for line in self - saved:
            line.bucket = line.bill_id.bucket
            line.draft_amount = line.invoiced_amount if line.bucket == 'draft' else 0.0
            line.actual_amount = line.invoiced_amount - line.credited_amount if line.bucket == 'actual' else 0.0
