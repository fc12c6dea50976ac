from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.tools import money


class ProgressBillLine(models.Model):
    """A line of a claim: what the subcontractor entered, and what the review made of it."""

    _name = 'progress.bill.line'
    _inherit = ['progress.bill.line', 'progress.claim.export.mixin']

    claimed_amount = fields.Monetary(
        related='amount', string="Claimed", help="Untaxed: what was claimed, whatever is certified of it."
    )
    difference_amount = fields.Monetary(
        string="Difference", compute='_compute_difference_amount', help="Claimed and not certified."
    )
    release_amount = fields.Monetary(
        string="Retainage Claimed Back",
        guarded=True,
        readonly=True,
        copy=False,
        help="Untaxed: asked for by the claim.",
    )
    contract_type = fields.Selection(related='contract_id.contract_type')
    owner_rest_amount = fields.Monetary(
        string="Less than a Unit",
        guarded=True,
        readonly=True,
        copy=False,
        help="Untaxed: what claims ask for beyond the units of this line of the owner's bill; negative where its units "
        "are worth more. The next claims that are billed on the schedule line make up for it.",
    )

    @api.depends('amount', 'certified_amount')
    def _compute_difference_amount(self):
        for line in self:
            line.difference_amount = line.amount - line.certified_amount

    def _is_empty(self):
        return super()._is_empty() and not self.stored_amount

    # === ENTRY ON THE PAGE === #

    def _read_claim_number(self, given, name, low=None):
        """A number of the form, a decimal; ``None`` where the form has no such field.

        :raises UserError: for what is no number, or too small
        """
        self.ensure_one()
        if name not in given:
            return None
        text = given[name].strip()
        percent = not name.startswith(('stored_', 'release_'))
        what = self.contract_line_id.display_name
        number = self.bill_id._read_claim_text(text, what, percent) if text else money.ZERO
        if low is not None and number < low:
            raise UserError(
                self.env._("%s: what is stored or released cannot be negative.", self.contract_line_id.display_name)
            )
        return number

    def _take_claims(self, given):
        """Take what the form says of these lines of a claim: stored materials first, for a percentage counts them.

        :param dict given: see ``progress.bill`` ``_take_claim``
        """
        lines = self.filtered(lambda line: line.bill_id.kind != 'retainage')
        by_quantity = lines.filtered(lambda line: line.billing_base == 'quantity')
        by_amount = lines - by_quantity
        for prepare in ('_prepare_given_state_vals', '_prepare_given_work_vals'):
            vals_by_line = {line: vals for line in lines if (vals := getattr(line, prepare)(given))}
            for line in by_quantity:  # priced one by one, from what is billed of each
                if line in vals_by_line:
                    line.write(vals_by_line[line])
            by_amount._enter_together({line: vals_by_line[line] for line in by_amount if line in vals_by_line})

    def _prepare_given_state_vals(self, given):
        """What the form says of materials stored and of the rate, where it is something else than what stands there."""
        self.ensure_one()
        vals = {}
        stored = self._read_claim_number(given, f'stored_{self.id}', low=0)
        if stored is not None and self.currency_id.compare_amounts(float(stored), self.stored_amount):
            vals['stored_amount'] = self.currency_id.round(float(stored))
        rate = self._read_claim_number(given, f'rate_{self.id}')
        if rate is not None and rate != money.to_decimal(self.retainage_percent):
            vals['retainage_percent'] = float(rate)
        return vals

    def _prepare_given_work_vals(self, given):
        """What the form says of the work."""
        self.ensure_one()
        work = self._read_claim_number(given, f'work_{self.id}')
        if work is None:
            return {}
        unit = given.get(f'unit_{self.id}') or 'amount'
        if given[f'work_{self.id}'].strip().endswith('%'):
            unit = 'percent'
        return self._prepare_work_vals(work, unit)

    def _enter_together(self, vals_by_line):
        """What somebody entered on lines by amount of one bill, on each its own: checked as by ``write``, and reckoned
        once.

        :param dict vals_by_line: values by line
        """
        if not vals_by_line:
            return
        lines = self.browse().concat(*vals_by_line)
        for line, vals in vals_by_line.items():
            line._guard_values(vals)
        by_names = lines.grouped(lambda line: frozenset(vals_by_line[line]))
        lines._check_may_claim(frozenset().union(*by_names))
        lines._begin_entry()
        lines._write_together(vals_by_line)
        for names, some in by_names.items():
            some._complete_claim(names)
        lines._end_entry()

    def _prepare_work_vals(self, number, unit):
        """The claim of a number in the unit it was entered in (SUB-6).

        :param number: a decimal
        :param str unit: ``amount`` of this period, ``quantity`` of this period, or ``percent`` complete to date
        :return dict: of this line
        :raises UserError: for a unit that the line is not billed in, or a percentage that is none
        """
        scheduled, by_quantity = self.contract_line_id, self.billing_base == 'quantity'
        if unit == 'percent':
            if not 0 <= number <= 100:
                raise UserError(
                    self.env._("%s: a percentage lies between 0 and 100.", self.contract_line_id.display_name)
                )
            return self._prepare_claim_of_percent(float(number))
        if unit == 'quantity' or by_quantity:
            if not by_quantity and not scheduled.unit_price:
                raise UserError(self.env._("%s has no unit price: enter an amount.", scheduled.display_name))
            if by_quantity:
                return {'quantity': float(number)}
            amount = number * money.to_decimal(scheduled.unit_price)
            return {'amount': float(money.round_to(amount, self.currency_id.rounding))}
        return {'amount': self.currency_id.round(float(number))}

    # === REVIEW === #

    def action_approve(self):
        """Approve these lines of claims, as certified.

        :return dict: the action that shows the claims
        :raises UserError: for a claim that is not under review
        """
        self._check_under_review()
        self._write_protected({'review_state': 'approved', 'review_note': False})
        return self.bill_id._get_bill_action()

    def action_reject(self, note=False):
        """Reject these lines of claims: the claim is to be sent back.

        :param str note: why; the subcontractor reads it
        :return dict: the action that shows the claims
        :raises UserError: without a note, or for a claim that is not under review
        """
        self._check_under_review()
        text = self._read_text(note)
        if not text:
            raise UserError(self.env._("Say why, so that the line can be revised."))
        self._write_protected({'review_state': 'rejected', 'review_note': text})
        return self.bill_id._get_bill_action()

    def _check_under_review(self):
        self.bill_id._check_may_review()
        for bill in self.bill_id:
            if bill.state != 'submitted':
                raise UserError(
                    self.env._(
                        "%(bill)s is not under review: its status is “%(state)s”.",
                        bill=bill.display_name,
                        state=bill._get_state_label(),
                    )
                )

    # === THE OWNER === #

    def _add_claim(self, vals):
        """Add what subcontractors claimed to this line of the owner's bill.

        A line by quantity takes the nearest quantity to date, and no materials stored: what its units come to more or
        less than the claims is made up for by the next ones (SUB-14).

        :param dict vals: ``amount``, ``stored_amount`` (all that is stored now) and ``retainage_amount``
        """
        self.ensure_one()
        scheduled, before = self.contract_line_id, self.amount
        amount = self.currency_id.round(before + vals['amount'])
        if self.billing_base == 'quantity':
            amount = self.currency_id.round(amount + scheduled._get_owner_rest())
            changes = {'quantity': float(scheduled._get_quantity_for(amount))}
        else:
            changes = {'stored_amount': vals['stored_amount'], 'amount': amount}
        if vals['retainage_amount']:
            changes['retainage_amount'] = self.currency_id.round(
                (self.retainage_amount if self.is_retainage_typed else 0.0) + vals['retainage_amount']
            )
        self.write(changes)
        if self.billing_base == 'quantity':
            rest = self.owner_rest_amount + vals['amount'] - (self.amount - before)
            self._write_protected({'owner_rest_amount': self.currency_id.round(rest)})

    def _get_claim_left_out(self, vals):
        """What of a claim a line by quantity does not take, in a sentence; empty for the others.

        :param dict vals: see :meth:`_add_claim`
        """
        self.ensure_one()
        if self.billing_base != 'quantity' or self.currency_id.is_zero(vals['stored_amount']):
            return ''
        return self.env._(
            "%(line)s is billed by quantity: materials stored of %(amount)s are not on this bill.",
            line=self.contract_line_id.display_name,
            amount=self.contract_id._show_amount(vals['stored_amount']),
        )

    # === RIGHTS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        typed = [line for line, vals in zip(lines, vals_list, strict=True) if not self._is_own(vals)]
        lines.browse().concat(*typed).bill_id._check_may_enter()
        return lines

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_those_who_enter(self):
        if 'source' not in self._get_own_names():  # what is billed beside the schedule goes with what it comes from
            self.bill_id._check_may_enter()

    def write(self, vals):
        self._check_may_claim(self._get_typed(vals))
        return super().write(vals)

    def _check_may_claim(self, names):
        """:raises AccessError: where the user may not change these fields of claims

        :param names: names of fields
        """
        if {'retainage_percent', 'stored_retainage_percent'} & names:
            self._check_may_set_rates()
        if names:
            self.bill_id._check_may_enter()

    def _check_may_set_rates(self):
        """Retainage is released by whoever claims; its rates are set by administrators (SUB-16).

        :raises AccessError: for everybody else
        """
        self.bill_id._check_claims_may(
            'set_rates', self.env._("Only administrators of Subcontract Billing set the retainage of a claim.")
        )
