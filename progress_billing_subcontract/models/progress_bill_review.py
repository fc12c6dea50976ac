from odoo import fields, models
from odoo.exceptions import UserError

ACTIVITY = 'progress_billing_subcontract.mail_activity_review'


class ProgressBillReview(models.Model):
    """The review of a claim: line by line, and the vendor bill it ends in (SUB-9, SUB-10)."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    is_noted = fields.Boolean(
        string="Retainage Changed on Review",
        guarded=True,
        readonly=True,
        copy=False,
        help="As claimed it was otherwise.",
    )

    # === ACTIONS === #

    def action_review(self):
        """The Review button: claimed, certified and difference of each line, to approve or send back.

        :return dict: the dialog
        :raises AccessError: for users who are no administrators of subcontracts
        :raises UserError: for a claim that is not under review
        """
        self.ensure_one()
        self._check_may_review()
        self.line_ids._check_under_review()
        vals = {'bill_id': self.id, 'bill_version': self._get_version()}
        wizard = self.env['progress.review.wizard']._create_protected([vals])
        action = self.env['ir.actions.act_window']._for_xml_id(
            'progress_billing_subcontract.action_progress_review_wizard'
        )
        return dict(action, res_id=wizard.id)

    def action_reject(self, reason=False):
        """Send claims back to be revised; the notes of rejected lines are reason enough.

        :param str reason: what to revise; kept on the bill and in its history
        :return dict: the action that shows the bills
        """
        for bill in self._get_claims() if not reason else ():
            notes = bill._get_line_notes()
            if notes:
                super(ProgressBillReview, bill).action_reject(notes)
        rest = self.filtered(lambda bill: bill.state != 'rejected') if not reason else self
        if rest or not self:
            super(ProgressBillReview, rest).action_reject(reason)
        return self._get_bill_action()

    def _get_line_notes(self):
        """What the review said of rejected lines, a line each."""
        self.ensure_one()
        rejected = self.line_ids.filtered(lambda line: line.review_state == 'rejected')
        return '\n'.join(f'{line.contract_line_id.display_name}: {line.review_note}' for line in rejected)

    # === STEPS === #

    def _approve(self, actor, note=''):
        """What was approved becomes the vendor bill at once, unless the office has steps to take first."""
        claims = self._get_claims()
        claims.filtered(lambda bill: bill.state != 'approved')._check_no_rejected_lines()
        result = super()._approve(actor, note)
        claims._end_review()
        claims.filtered(lambda bill: bill.state == 'approved' and not bill._get_step_blockers())._release(actor)
        return result

    def _reject(self, actor, reason):
        """A claim that goes back can be claimed on all its lines again."""
        result = super()._reject(actor, reason)
        claims = self._get_claims()
        claims._write_protected({'is_noted': False})
        claims._fill_claim()
        claims._end_review()
        return result

    def _submit(self, actor):
        result = super()._submit(actor)
        # sudo: mail.activity - whoever hands in, the responsible reviews
        claims, kind = self._get_claims().sudo(), self.env.ref(ACTIVITY)
        unasked = claims.filtered(lambda bill: kind not in bill.activity_ids.activity_type_id)
        for (user, partner), bills in unasked.grouped(lambda bill: (bill.contract_id.user_id, bill.partner_id)).items():
            if user:
                bills.activity_schedule(ACTIVITY, user_id=user.id, summary=partner.display_name)
        return result

    def _end_review(self):
        # sudo: mail.activity - of others
        self.sudo().activity_unlink([ACTIVITY])

    def _check_no_rejected_lines(self):
        """:raises UserError: for a claim with a rejected line, naming it"""
        for bill in self:
            rejected = bill.line_ids.filtered(lambda line: line.review_state == 'rejected')
            if rejected:
                raise UserError(
                    self.env._(
                        "%(bill)s cannot be approved: %(lines)s is rejected. Send the claim back to be revised, or "
                        "approve the line.",
                        bill=bill.display_name,
                        lines=', '.join(rejected.contract_line_id.mapped('display_name')),
                    )
                )

    def _get_review_refusal(self):
        """Whose work the review is, for users who may not."""
        if not self.contract_id[:1]._is_subcontract():
            return super()._get_review_refusal()
        return self.env._("Only administrators of Subcontract Billing invite, review, approve and send back claims.")
