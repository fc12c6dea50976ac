from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ProgressBillReview(models.AbstractModel):
    """Review of a pro forma: submit, approve or reject, send (SPEC §3, RULES A19).

    Review is optional: a pro forma can be released without. Submitted and rejected ones cannot.
    """

    _name = 'progress.bill.review'
    _description = "Review of a Progress Bill"

    approved_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    approved_on = fields.Datetime(readonly=True, copy=False)
    reject_reason = fields.Text(string="Rejected Because", readonly=True, copy=False)

    def action_submit(self):
        """Pro forma or rejected → submitted: its claim is fixed until it is approved or rejected.

        :return dict: the action that shows the bills
        :raises UserError: when a bill is no pro forma
        """
        self._check_may_bill()
        self._check_review(('draft', 'rejected', 'submitted'), self.env._("submitted"))
        todo = self.filtered(lambda bill: bill.state != 'submitted')
        todo._check_order_of_life()
        todo._write_protected({'review_state': 'submitted', 'reject_reason': False})
        return self._get_bill_action()

    def action_approve(self):
        """Submitted → approved, as certified on its lines; by the customer, or a manager on their behalf.

        A pro forma that nobody submitted can be approved as well.

        :return dict: the action that shows the bills
        :raises AccessError: for users who are no billing managers
        :raises UserError: when a bill is not there to be approved
        """
        self._check_may_review()
        self._check_review(('draft', 'submitted', 'approved'), self.env._("approved"))
        todo = self.filtered(lambda bill: bill.state != 'approved')
        todo._check_order_of_life()
        todo._write_protected(
            {'review_state': 'approved', 'approved_by_id': self.env.user.id, 'approved_on': fields.Datetime.now()}
        )
        return self._get_bill_action()

    def action_reject(self, reason=False):
        """Submitted or approved → rejected, to be revised and submitted again.

        :param str reason: what to revise; kept on the bill and in its history
        :return dict: the action that shows the bills
        :raises AccessError: for users who are no billing managers
        :raises UserError: without a reason, or when a bill is not there to be rejected
        """
        self._check_may_review()
        self._check_review(('submitted', 'approved', 'rejected'), self.env._("rejected"))
        if not (reason or '').strip():
            raise UserError(self.env._("Say why, so that the bill can be revised."))
        todo = self.filtered(lambda bill: bill.state != 'rejected')
        todo._check_order_of_life()
        todo._write_protected(
            {
                'review_state': 'rejected',
                'reject_reason': reason.strip(),
                'approved_by_id': False,
                'approved_on': False,
            }
        )
        for bill in todo:
            bill.message_post(body=self.env._("Rejected: %s", reason.strip()))
        return self._get_bill_action()

    def action_reject_wizard(self):
        """The Reject button: asks for the reason.

        :return dict: the dialog
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_reject_wizard')
        return dict(action, context={'default_bill_ids': self.ids})

    def action_send(self):
        """Odoo's composer with the bill's template and PDF; sending is kept in the chatter (RULES 1.16).

        :return dict: the composer
        """
        self._check_may_bill()
        template = self._get_mail_template()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Send"),
            'res_model': 'mail.compose.message',
            'view_mode': 'form',
            'target': 'new',
            'context': {
                'default_model': self._name,
                'default_res_ids': self.ids,
                'default_template_id': template.id,
                'default_composition_mode': 'comment' if len(self) == 1 else 'mass_mail',
                'default_email_layout_xmlid': 'mail.mail_notification_layout_with_responsible_signature',
            },
        }

    @api.model
    def _get_mail_template(self):
        """The e-mail that goes with the bill, by its kind."""
        return (
            self.env.ref('progress_billing.mail_template_progress_bill', raise_if_not_found=False)
            or self.env['mail.template']
        )

    def _check_may_review(self):
        """Managers review on the customer's behalf (RULES A19)."""
        self._check_may_bill()
        if not self.env.su and not self.env.user.has_group('progress_billing.group_manager'):
            raise AccessError(self.env._("Only Progress Billing administrators approve or reject bills."))

    def _check_review(self, states, verb):
        """Every bill is in one of the states from which the step can be taken."""
        for bill in self:
            if bill.state not in states:
                raise UserError(
                    self.env._(
                        "%(bill)s is %(state)s and cannot be %(verb)s.",
                        bill=bill.display_name,
                        state=bill._get_state_label().lower(),
                        verb=verb,
                    )
                )
