from odoo import fields, models
from odoo.exceptions import UserError

from ...tools import money
from ..bill.progress_bill import STANDING_STATES


class ProgressBillCertificate(models.Model):
    """Which part of a bill the customer certified, and what is held back for want of it."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    sum_certified = fields.Boolean(readonly=True, copy=False, guarded=True)
    certified_sum = fields.Monetary(readonly=True, copy=False, guarded=True)

    def _on_claimed(self, *, new=False):
        """A changed claim is certified anew (RET-18, RET-19)."""
        super()._on_claimed(new=new)
        self.filtered('sum_certified')._write_protected({'sum_certified': False})

    def _check_certifiable(self):
        """:raises UserError: for a bill that has no claim to certify, or an invoice (RET-18)"""
        for bill in self:
            if bill.state not in STANDING_STATES:
                raise UserError(
                    self.env._(
                        "The status of %(bill)s is “%(state)s”: a claim is certified while it is a pro forma, "
                        "submitted or approved.",
                        bill=bill.display_name,
                        state=bill._get_state_label(),
                    )
                )

    def _certify_lines(self, actor, amounts):
        """Certify parts of claims; what is left out falls due with a later bill.

        :param Actor actor: who certifies
        :param dict amounts: untaxed, by bill line
        :raises UserError: for a bill that cannot be certified any more
        :raises ValidationError: for an amount below 0 or above the claim
        """
        self._check_certifiable()
        self.contract_id._lock_for_billing()
        for line in amounts:
            if line not in self.line_ids:
                raise UserError(
                    self.env._("%(line)s is no line of %(bill)s.", line=line.display_name, bill=self.display_name)
                )
        self.line_ids._write_together(
            {line: {'certified_amount': self._read_number(amount)} for line, amount in amounts.items()}
        )
        self._settle_claims()
        if actor.partner != self.env.user.partner_id:  # what somebody else decided is worth a note
            text = self.env._("Certified line by line.")
            self._message_log_batch(dict.fromkeys(self.ids, text), author_id=actor.partner.id)

    def _prepare_correction_vals(self):
        return {**super()._prepare_correction_vals(), 'sum_certified': False}

    def _get_certificate(self, held):
        """Due, certified and held back of this bill.

        :param held: a decimal: what bills before it held back for want of a certificate
        :return dict: decimals ``due``, ``certified`` and ``holdback``, see ``_get_certificates`` of the contract
        """
        self.ensure_one()
        billed = money.to_decimal(self.invoiced_amount) - money.to_decimal(self.credited_amount)
        net = billed - money.to_decimal(self.retainage_amount) + money.to_decimal(self.credited_retainage_amount)
        if self.kind == 'retainage':  # what is not certified falls due with the next application
            return {'due': net, 'certified': net, 'holdback': money.ZERO}
        if self.invoice_id:
            booked = money.to_decimal(self.holdback_amount) - money.to_decimal(self.credited_holdback_amount)
            left = max(held + booked, money.ZERO) if self.sum_certified else money.ZERO
            return {'due': net - booked + left, 'certified': net - booked, 'holdback': booked}
        due = net + held
        certified = min(money.to_decimal(self.certified_sum), due) if self.sum_certified else due
        return {'due': due, 'certified': certified, 'holdback': due - certified - held}
