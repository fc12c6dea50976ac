from odoo import api, fields, models
from odoo.exceptions import ValidationError

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


class ProgressBillRestricted(models.Model):
    """What a down payment is kept for, where that is one record: up to what a bill bills of it (DEP-24)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    restricted_to = fields.Reference(
        [('progress.contract.line', "Schedule Line")],
        string="Kept For",
        readonly=True,
        copy=False,
        guarded=True,
        help="A down payment that is applied on this alone, up to what a bill bills of it.",
    )
    restricted_name = fields.Char(string="Only For", compute='_compute_restricted_name', compute_sudo=True)

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
