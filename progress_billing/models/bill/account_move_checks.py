from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError

from .account_move_line import LINK_FIELDS

FIXED_ON_PROGRESS_INVOICES = ('partner_id', 'currency_id', 'company_id', 'move_type')


class ProgressMoveChecks(models.Model):
    """What has to hold when an invoice or credit note of a progress bill changes (BIL-13, DEP-11)."""

    _name = 'account.move'
    _inherit = 'account.move'

    def _check_progress_links(self, vals):
        """An invoice of ours is not made a credit note by hand, nor an entry by hand a credit note of ours."""
        if vals.get('reversed_entry_id') and (self | self.browse(vals['reversed_entry_id'])).progress_bill_id:
            self.line_ids._raise_progress_link()
        if 'reversed_entry_id' in vals and self.progress_bill_id:
            self.line_ids._raise_progress_link()

    def _raise_protected(self, name):
        self.line_ids._raise_progress_link()

    def _is_progress_correction(self):
        """Whether this is the credit note of an invoice that a newer revision of its bill takes the place of."""
        self.ensure_one()
        bill = self.progress_bill_id.sudo()  # sudo: progress.bill - its revision only
        return bool(
            self.reversed_entry_id
            and self.move_type != self.reversed_entry_id.move_type
            and self.progress_revision < bill.revision
            and not bill.invoice_id
        )

    def _check_progress_header(self, vals):
        """What the bill decides cannot be changed on its invoice (BIL-13).

        :raises UserError: naming the invoice and its bill
        """
        if vals.get('auto_post') in ('monthly', 'quarterly', 'yearly'):
            raise UserError(
                self.env._(
                    "%(invoice)s is made from a progress bill and cannot recur: plan further records on its "
                    "contract instead.",
                    invoice=self[0].display_name,
                )
            )
        for name in FIXED_ON_PROGRESS_INVOICES:
            if name not in vals:
                continue
            for move in self:
                if move[name] and move._fields[name].convert_to_write(move[name], move) != vals[name]:
                    bill = move.progress_bill_id.sudo()  # sudo: progress.bill - just its name, for the message
                    raise UserError(
                        self.env._(
                            "%(field)s of %(invoice)s is decided by the progress bill %(bill)s. Change it on the "
                            "contract and bill again.",
                            field=move._fields[name]._description_string(self.env),
                            invoice=move.display_name,
                            bill=bill.display_name,
                        )
                    )

    def _check_progress_currency(self):
        """A journal with a currency of its own would change the invoice's (BIL-13)."""
        for move in self:
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - just its currency and name
            if move.currency_id != bill.currency_id:
                raise UserError(
                    self.env._(
                        "%(invoice)s must stay in %(currency)s, the currency of its progress bill %(bill)s. "
                        "Choose another journal.",
                        invoice=move.display_name,
                        currency=bill.currency_id.name,
                        bill=bill.display_name,
                    )
                )

    def _check_progress_posting(self):
        """What must hold when an invoice or credit note of a bill is posted."""
        for move in self:
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - whoever may post need not bill
            if not move.reversed_entry_id:
                move._check_progress_amounts_hold()
            elif move.reversed_entry_id.state != 'posted':
                raise UserError(
                    self.env._(
                        "%(credit)s reverses %(invoice)s, which is not posted. Post that first, or delete the "
                        "credit note.",
                        credit=move.display_name,
                        invoice=move.reversed_entry_id.display_name,
                    )
                )
            if move.reversed_entry_id and (bill.kind == 'final' or move._is_progress_correction()):
                move._check_credit_is_full()

    def _check_progress_amounts_hold(self):
        """The ledger takes what the bill says, whatever was done to the draft (BIL-13).

        :raises UserError: to delete the draft and create it again
        """
        self.ensure_one()
        self._check_progress_currency()
        bill = self.progress_bill_id.sudo()  # sudo: progress.bill - as above
        expected = bill._get_expected_amounts()
        found = dict.fromkeys(expected, 0.0)
        types = self.line_ids._get_progress_line_types()
        for line in self.line_ids.filtered('progress_line_type'):
            by = types[line.progress_line_type].expected
            if by:
                key = line.progress_bill_line_id.id if by == 'line' else line.progress_line_type
                found[key] = found.get(key, 0.0) + line._get_progress_amount()
        same = self.currency_id.compare_amounts
        shown = all(
            not line.tax_line_id and not same(line.amount_currency, self.direction_sign * line.price_subtotal)
            for line in self.line_ids.filtered('progress_line_type')
        )
        other = found.keys() != expected.keys() or any(same(found[key], expected[key]) for key in expected)
        if not shown or other or not self._do_progress_taxes_hold():
            raise UserError(
                self.env._(
                    "The amounts of %(invoice)s are not those of its progress bill %(bill)s any more. Delete the "
                    "draft and create it again.",
                    invoice=self.display_name,
                    bill=bill.display_name,
                )
            )

    def _do_progress_taxes_hold(self):
        """Whether the entry takes the taxes that its lines say, to the cent: nobody rounds them by hand."""
        self.ensure_one()
        taxes = self._sum_frozen_taxes()
        if taxes is None:
            base_lines, _tax_lines = self._get_rounded_base_and_tax_lines(round_from_tax_lines=False)
            taxes = defaultdict(float)
            for base_line in base_lines:
                for tax_data in base_line['tax_details']['taxes_data']:
                    taxes[tax_data['tax']] += base_line['sign'] * tax_data['tax_amount_currency']
        for item in self.line_ids.filtered('tax_repartition_line_id'):
            taxes[item.tax_line_id] -= item.amount_currency
        return all(self.currency_id.is_zero(difference) for difference in taxes.values())

    def _sum_frozen_taxes(self):
        """The taxes that are frozen on the lines, where they are on all of them: what the tax engine would come to.

        :return: amounts by tax, as on the entry; nothing where the engine has to be asked
        """
        taxes, flat, same = defaultdict(float), {}, self.currency_id.compare_amounts
        for line in self.line_ids.filtered('tax_ids'):
            data = line.extra_tax_data or {}
            frozen = data.get('manual_tax_amounts')
            if not frozen or line.display_type != 'product' or data['currency_id'] != line.currency_id.id:
                return None
            if any(same(line[name], data[name]) for name in ('price_unit', 'quantity', 'discount')):
                return None
            if line.tax_ids not in flat:
                flat[line.tax_ids] = line.tax_ids._flatten_taxes_and_sort_them()[0]
            for tax in flat[line.tax_ids]:
                amounts = frozen.get(str(tax.id), {})
                if tax.has_negative_factor or 'tax_amount_currency' not in amounts:
                    return None
                taxes[tax] += self.direction_sign * amounts['tax_amount_currency']
        return taxes

    def _check_progress_leaving(self):
        """A credit note stays posted once a newer final invoice or bill took what it gave back (DEP-11)."""
        self.filtered(lambda move: move.state == 'posted')._check_not_credited(('posted',))
        for move in self.filtered(lambda move: move.state == 'posted' and move.reversed_entry_id):
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - as above
            newer = bill.contract_id.bill_ids.filtered(
                lambda other, bill=bill: (
                    other.bucket
                    and other.id > bill.id
                    and (other.kind != 'final' or other.line_ids.contract_line_id & bill.line_ids.contract_line_id)
                )
            )
            if bill.kind == 'final' and newer:
                raise UserError(
                    self.env._(
                        "%(invoice)s credits a final invoice, and %(bills)s were billed since. Undo those first.",
                        invoice=move.display_name,
                        bills=', '.join(newer.mapped('display_name')),
                    )
                )

    def _check_not_credited(self, states):
        """What a credit note stands on stays: else the ledger would hold the credit alone.

        :param states: states of credit notes that count
        :raises UserError: naming the credit notes to undo first
        """
        for move in self:
            standing = move.reversal_move_ids.filtered(lambda credit: credit.state in states) - self
            if standing:
                raise UserError(
                    self.env._(
                        "%(invoice)s is reversed by %(credits)s. Reset and delete that first.",
                        invoice=move.display_name,
                        credits=', '.join(standing.mapped('display_name')),
                    )
                )

    def _check_contract_lives(self, state):
        """Nothing comes to count on a cancelled contract."""
        for move in self:
            contract = move.progress_contract_id.sudo()  # sudo: progress.contract - its state and name only
            # an invoice counts from draft on, and again when its credit note leaves posted
            comes = move.state == 'posted' if move.reversed_entry_id else state != 'cancel'
            if contract.state == 'cancelled' and comes:
                raise UserError(
                    self.env._(
                        "%(contract)s of %(invoice)s is cancelled: set it back to draft and start billing first.",
                        contract=contract.display_name,
                        invoice=move.display_name,
                    )
                )

    def _check_credit_is_full(self):
        """A final invoice, and one that is corrected, is credited in full, item by item, or not at all (DEP-11)."""
        for move in self:
            invoice = move.reversed_entry_id
            given, taken = invoice._sum_items(), move._sum_items()
            if any(not move.currency_id.is_zero(given[key] + taken[key]) for key in {*given, *taken}):
                raise UserError(
                    self.env._(
                        "%(credit)s must credit the invoice %(final)s in full: it cannot be credited in part.",
                        credit=move.display_name,
                        final=invoice.display_name,
                    )
                )

    def _sum_items(self):
        """What this entry takes for each thing that its items stand for, and of each tax.

        :return defaultdict: amounts in the entry's currency; what the customer owes is left out
        """
        self.ensure_one()
        sums = defaultdict(float)
        for item in self.line_ids.filtered(lambda item: item.display_type in ('product', 'tax')):
            sums[item.tax_line_id, tuple(item[name] for name in LINK_FIELDS)] += item.amount_currency
        return sums
