from odoo import fields, models

from ...tools import money


class ProgressBillCertificate(models.Model):
    """Which part of a bill the customer certified, and what is held back for want of it."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    sum_certified = fields.Boolean(readonly=True, copy=False, guarded=True)
    certified_sum = fields.Monetary(readonly=True, copy=False, guarded=True)

    def _on_claimed(self, *, new=False):
        """A changed claim is certified anew (RULES C4, C5)."""
        super()._on_claimed(new=new)
        self.filtered('sum_certified')._write_protected({'sum_certified': False})

    def _prepare_correction_vals(self):
        return {**super()._prepare_correction_vals(), 'sum_certified': False}

    def _get_certificate(self, held):
        """Due, certified and held back of this bill.

        :param held: a decimal: what bills before it held back for want of a certificate
        :return dict: decimals ``due``, ``certified`` and ``holdback``, see ``_get_certificates`` of the contract
        """
        self.ensure_one()
        net = sum(
            (
                money.to_decimal(line.invoiced_amount)
                - money.to_decimal(line.credited_amount)
                - line._get_retainage_kept()
                for line in self.line_ids
            ),
            money.ZERO,
        )
        if self.kind == 'retainage':  # what is not certified falls due with the next application
            return {'due': net, 'certified': net, 'holdback': money.ZERO}
        if self.invoice_id:
            booked = money.to_decimal(self.holdback_amount) - money.to_decimal(self.credited_holdback_amount)
            left = max(held + booked, money.ZERO) if self.sum_certified else money.ZERO
            return {'due': net - booked + left, 'certified': net - booked, 'holdback': booked}
        due = net + held
        certified = min(money.to_decimal(self.certified_sum), due) if self.sum_certified else due
        return {'due': due, 'certified': certified, 'holdback': due - certified - held}
