from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import money
from ..base.progress_bulk_mixin import int_array


class ProgressContractLineStored(models.Model):
    """Materials presently stored, and what is held back of a schedule line (RET-16)."""

    _name = 'progress.contract.line'
    _inherit = ['progress.contract.line', 'progress.retainage.mixin']

    stored_amount = fields.Monetary(
        string="Stored Materials",
        copy=False,
        help="Untaxed: materials presently on site and not installed, restated each period.",
    )
    billed_stored_amount = fields.Monetary(
        compute='_compute_billed_stored_amount', help="Untaxed: what the bills of the line left stored."
    )
    retainage_balance = fields.Monetary(
        string="Retainage to Date", compute='_compute_retainage_balance', help="Untaxed, drafts included."
    )

    @api.depends('contract_id')
    def _compute_retainage_percent(self):
        return super()._compute_retainage_percent()

    def _get_retainage_parent(self):
        return self.browse() if self.display_type else self.contract_id

    @api.depends('bill_line_ids.retainage_amount', 'bill_line_ids.credited_retainage_amount', 'bill_line_ids.bucket')
    def _compute_retainage_balance(self):
        for line in self:
            counted = line.bill_line_ids.filtered('bucket')
            line.retainage_balance = float(sum((entry._get_retainage_kept() for entry in counted), money.ZERO))

    @api.model
    def _get_billing_fields(self):
        return [*super()._get_billing_fields(), 'retainage_percent', 'stored_retainage_percent']

    @api.model
    def _get_spread_fields(self):
        return [*super()._get_spread_fields(), 'stored_amount']

    def _have_retainage_rates(self):
        """Whether anything is held back of any of these lines, which may be many."""
        if not all(self._ids):
            return any(line.retainage_percent or line.stored_retainage_percent for line in self)
        return any(map(any, self._get_columns('retainage_percent', 'stored_retainage_percent')))

    # === ENTRY === #

    def _get_entry_fields(self):
        return super()._get_entry_fields() | {'stored_amount'}

    def _enter_progress(self, vals):
        """What is stored is entered first: what is pending follows from it, unless that is entered too."""
        if 'stored_amount' not in vals:
            return super()._enter_progress(vals)
        self.contract_id._lock_for_billing()
        for line in self.filtered(lambda line: not line.display_type):
            stored = line._prepare_stored_vals(vals['stored_amount'], line.stored_amount)
            line._write_protected({**stored, **line._prepare_counted_vals()})
        if {'completed_percent', 'pending_amount'} & vals.keys():
            return super()._enter_progress(vals)
        return self._check_progress()

    @api.onchange('stored_amount')
    def _onchange_stored_amount(self):
        self.update(self._prepare_stored_vals(self.stored_amount, self._origin.stored_amount))

    def _prepare_stored_vals(self, stored, before):
        """Pending follows what is stored: restated, not added up.

        :param float stored: materials stored now, untaxed
        :param float before: as they stood until now
        :raises UserError: for a negative amount, or on a line billed by quantity
        """
        self.ensure_one()
        stored = self.currency_id.round(stored or 0.0)
        if stored and (self.billing_base == 'quantity' or self.display_type):
            raise UserError(
                self.env._("%s takes no stored materials: it is no line billed by amount.", self.display_name)
            )
        if stored < 0:
            raise UserError(self.env._("Materials stored on %s cannot be negative.", self.display_name))
        pending = money.to_decimal(self.pending_amount) + money.to_decimal(stored) - money.to_decimal(before)
        return {'stored_amount': stored, 'pending_amount': float(pending)}

    @api.depends(
        'bill_line_ids.bucket',
        'bill_line_ids.stored_amount',
        'bill_line_ids.previous_stored_amount',
        'bill_line_ids.bill_id.date',
        'bill_line_ids.bill_id.kind',
    )
    def _compute_billed_stored_amount(self):
        entries = self.env['progress.bill.line'].search(
            [
                ('contract_line_id', 'in', self._origin.ids),
                ('bucket', '!=', False),
                ('kind', '!=', 'retainage'),
                '|',
                ('stored_amount', '!=', 0),
                ('previous_stored_amount', '!=', 0),
            ]
        )
        stored = {}
        for entry in entries:  # what each added: where an earlier one was credited it is not what the last one says
            before = stored.get(entry.contract_line_id, 0.0)
            stored[entry.contract_line_id] = before + entry.stored_amount - entry.previous_stored_amount
        for line in self:
            line.billed_stored_amount = line.currency_id.round(stored.get(line._origin, 0.0))

    # === CLAIMS === #

    def _get_reached_amount(self, percent):
        """Materials stored count on top of the work done, of lines billed by amount."""
        reached = super()._get_reached_amount(percent)
        return reached + money.to_decimal(self.stored_amount) if self.billing_base == 'amount' else reached

    def _get_percent_reached(self, amount):
        if self.billing_base == 'amount':
            amount = money.to_decimal(amount) - money.to_decimal(self.stored_amount)
        return super()._get_percent_reached(amount)

    def _prepare_claims_of_rest(self):
        """What is stored is installed by then."""
        claims = super()._prepare_claims_of_rest()
        for line, claim in claims.items():
            before = line.billed_stored_amount
            claim.update(
                amount=line.currency_id.round(claim['amount'] + before),
                stored_amount=0.0,
                previous_stored_amount=before,
            )
        return claims

    def _is_on_run(self):
        """A line whose work and stored materials moved and cancel out is on the bill too (RET-16)."""
        if super()._is_on_run():
            return True
        moved = self.currency_id.compare_amounts(self.stored_amount, self.billed_stored_amount)
        return bool(moved and not self.display_type)

    def _prepare_run_bill_line_vals(self):
        """Stored materials stand apart from work (RET-16)."""
        vals = super()._prepare_run_bill_line_vals()
        stored, before = self.stored_amount, self.billed_stored_amount
        if stored or before:
            vals['amount'] = self.currency_id.round(vals['amount'] - stored + before)
        return {**vals, 'stored_amount': stored, 'previous_stored_amount': before}

    def _filter_together(self, hooks):
        """Where materials are stored, on the line or by its last bill, each line is asked."""
        lines = super()._filter_together(hooks)
        stored = lines._get_stored_lines()
        return lines - stored if stored else lines

    def _get_stored_lines(self):
        """Those of these lines that anybody said something of stored materials of."""
        if self._are_known_zero('stored_amount', 'bill_line_ids'):  # nothing is billed, and nothing stored
            return self.browse()
        self.flush_model(['stored_amount'])
        self.env['progress.bill.line'].flush_model(['stored_amount', 'previous_stored_amount'])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM progress_contract_line WHERE id = ANY(%(ids)s) AND stored_amount <> 0"
                " UNION SELECT contract_line_id FROM progress_bill_line WHERE contract_line_id = ANY(%(ids)s)"
                " AND (stored_amount <> 0 OR previous_stored_amount <> 0)",
                ids=int_array(self._ids),
            )
        )
        return self.browse(row[0] for row in rows)

    @api.model
    def _get_run_claim_columns(self):
        return {**super()._get_run_claim_columns(), 'stored_amount': SQL("0"), 'previous_stored_amount': SQL("0")}

    def _prepare_release(self, amount):
        """Values of a bill line that releases retainage of this line, and says nothing of work or materials.

        :param amount: a decimal, untaxed
        """
        self.ensure_one()
        return {
            **self._prepare_claim(amount=0.0),
            'retainage_amount': -float(amount),
            'is_retainage_typed': True,
            'stored_amount': 0.0,
            'previous_stored_amount': 0.0,
        }

    def _get_retainage_base(self, amount):
        """What the rate is of: the amount, or the amount with its tax (RET-9).

        :param amount: a decimal, untaxed
        """
        self.ensure_one()
        contract = self.contract_id
        base = contract.retainage_base or contract.company_id.progress_retainage_base
        if base != 'taxed' or not amount or not self.tax_ids:
            return amount
        engine = self.env['progress.tax.engine']
        line = engine._base_line(contract, float(amount), self.tax_ids, _worth=self._get_tax_worth())
        _net, taxes = engine._merge(engine._compute_taxes([line], contract.company_id))
        return amount + sum((money.to_decimal(tax) for _base, tax in taxes.values()), money.ZERO)
