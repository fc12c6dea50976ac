from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from odoo.addons.progress_billing.models.bill.progress_bill import ENDED_STATES


class ProgressBillCompliance(models.Model):
    """Documents hold up the approval of a bill, its invoice, and the payment of it."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    compliance_text = fields.Text(compute='_compute_compliance_text', string="Documents Missing")

    @api.depends('state', 'invoice_state', 'is_unpaid', 'contract_id.compliance_text')
    def _compute_compliance_text(self):
        for bill in self:
            step = 'pay' if bill.state in ('approved', 'invoiced') else 'approve'
            is_paid = bill.invoice_state == 'posted' and not bill.is_unpaid
            is_open = bill.state not in ENDED_STATES and not is_paid
            sentences = bill._get_compliance_blockers(step) + bill._get_compliance_warnings(step) if is_open else []
            bill.compliance_text = '\n'.join(sentences)

    def _get_compliance_blockers(self, step):
        """Documents that stop a step of this bill: its contract's, and its own. Extend by ``super()``.

        :param str step: ``approve`` or ``pay``
        :return list: sentences that say what is missing
        """
        self.ensure_one()
        return self.contract_id._get_compliance_blockers(step) if self.contract_id else []

    def _get_compliance_warnings(self, step):
        """Documents that are missing for a step of this bill, and do not stop it.

        :param str step: ``approve`` or ``pay``
        :return list: sentences that say what is missing
        """
        self.ensure_one()
        return self.contract_id._get_compliance_warnings(step) if self.contract_id else []

    def _approve(self, actor, note=''):
        """No approval while a document is missing that stops it; what merely warns is in the history."""
        todo = self.filtered(lambda bill: bill.state != 'approved')
        todo._check_compliance('approve')
        result = super()._approve(actor, note)
        todo._note_compliance('approve')
        return result

    def _get_release_blockers(self, together):
        return [*super()._get_release_blockers(together), *self._get_compliance_blockers('approve')]

    def _check_compliance(self, step):
        """:raises UserError: naming the bills and every document that stops the step"""
        reasons = []
        for bill in self:
            reasons += [
                self.env._("%(bill)s: %(reason)s", bill=bill.display_name, reason=reason)
                for reason in bill._get_compliance_blockers(step)
            ]
        if reasons:
            raise UserError('\n'.join(reasons))

    def _note_compliance(self, step):
        """What was missing when the step was taken, in the history of the bills."""
        found = {bill.id: bill._get_compliance_warnings(step) for bill in self}
        texts = {bill: plaintext2html('\n'.join(warnings)) for bill, warnings in found.items() if warnings}
        self.browse(texts)._message_log_batch(texts)
