from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..base.progress_actor import Actor
from ..bill.progress_bill import STANDING_STATES


class ProgressBillReview(models.Model):
    """Review of a pro forma: submit, approve or reject, send (REV-4).

    Review is optional: a pro forma can be released without. Submitted and rejected ones cannot.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    approved_by_id = fields.Many2one('res.users', readonly=True, copy=False, guarded=True)
    approved_by_partner_id = fields.Many2one(
        'res.partner', string="Approved By (Contact)", readonly=True, copy=False, guarded=True
    )
    approved_on = fields.Datetime(readonly=True, copy=False, guarded=True)
    reject_reason = fields.Text(string="Rejected Because", readonly=True, copy=False, guarded=True)

    correction_number = fields.Integer(
        string="Revision Number",
        readonly=True,
        copy=False,
        aggregator=None,
        help="How often the bill was corrected.",
        guarded=True,
    )
    freed_payment_line_ids = fields.Many2many(
        'account.move.line',
        'progress_bill_freed_payment_rel',
        'bill_id',
        'line_id',
        copy=False,
        readonly=True,
        often_empty=True,
        groups='account.group_account_readonly,account.group_account_invoice',
        guarded=True,
    )

    may_send = fields.Boolean(compute='_compute_review_rights', help="Whether the user e-mails the bill.")
    may_review = fields.Boolean(
        compute='_compute_review_rights', help="Whether the user approves and rejects on the customer's behalf."
    )

    @api.depends('contract_id')
    @api.depends_context('uid')
    def _compute_review_rights(self):
        for bill in self:
            bill.may_send = bill.contract_id._may_do('send')
            bill.may_review = self.env.su or bill.contract_id._has_side_level('manager')

    def action_submit(self):
        """Pro forma or rejected → submitted: its claim is fixed until it is approved or rejected.

        :return dict: the action that shows the bills
        :raises UserError: when a bill is no pro forma
        """
        self._check_may_bill()
        self._submit(Actor.of(self.env.user))
        return self._get_bill_action()

    def _submit(self, actor):
        """Submit these claims.

        :param Actor actor: who does, see ``base/progress_actor.py``
        :raises UserError: when a bill is no pro forma
        """
        self._check_review('submitted', ('draft', 'rejected', 'submitted'))
        todo = self.filtered(lambda bill: bill.state != 'submitted')
        todo._check_order_of_life()
        todo._write_as(actor, {'review_state': 'submitted', 'reject_reason': False})

    def _write_as(self, actor, vals, body=None):
        """Set what an actor decided; the history says so in their name.

        :param Actor actor: who decides
        :param dict vals: protected values
        :param str body: a message for the history, beside what is tracked
        """
        self._track_set_author(actor.partner)
        self._write_protected(vals)
        if body:
            self._message_log_batch(dict.fromkeys(self.ids, body), author_id=actor.partner.id)

    def action_approve(self):
        """Submitted → approved, as certified on its lines; by the customer, or a manager on their behalf.

        A pro forma that nobody submitted can be approved as well.

        :return dict: the action that shows the bills
        :raises AccessError: for users who are no billing managers
        :raises UserError: when a bill is not there to be approved
        """
        self._check_may_review()
        self._approve(Actor.of(self.env.user))
        return self._get_bill_action()

    def _approve(self, actor, note=''):
        """Approve these claims; that makes no invoice.

        :param Actor actor: who approves
        :param str note: what they say about it, for the history
        :raises UserError: when a bill is not there to be approved
        """
        self._check_review('approved', STANDING_STATES)
        note = self._read_text(note)
        todo = self.filtered(lambda bill: bill.state != 'approved')
        todo._check_order_of_life()
        todo._write_as(
            actor,
            {
                'review_state': 'approved',
                'approved_by_id': actor.user.id,
                'approved_by_partner_id': actor.partner.id,
                'approved_on': fields.Datetime.now(),
            },
            body=note and self.env._("Approved: %s", note),
        )

    def action_reject(self, reason=False):
        """Submitted or approved → rejected, to be revised and submitted again.

        :param str reason: what to revise; kept on the bill and in its history
        :return dict: the action that shows the bills
        :raises AccessError: for users who are no billing managers
        :raises UserError: without a reason, or when a bill is not there to be rejected
        """
        self._check_may_review()
        self._reject(Actor.of(self.env.user), reason)
        return self._get_bill_action()

    def _reject(self, actor, reason):
        """Send these claims back to be revised.

        :param Actor actor: who rejects
        :param str reason: what to revise
        :raises UserError: without a reason, or when a bill is not there to be rejected
        """
        self._check_review('rejected', ('submitted', 'approved', 'rejected'))
        reason = self._read_text(reason)
        if not reason:
            raise UserError(self.env._("Say why, so that the bill can be revised."))
        todo = self.filtered(lambda bill: bill.state != 'rejected')
        todo._check_order_of_life()
        todo._write_as(
            actor,
            {'review_state': 'rejected', 'reject_reason': reason, **self._prepare_unapproved_vals()},
            body=self.env._("Rejected: %s", reason),
        )

    @api.model
    def _prepare_unapproved_vals(self):
        return dict.fromkeys(('approved_by_id', 'approved_by_partner_id', 'approved_on'), False)

    def action_reject_wizard(self):
        """The Reject button: asks for the reason.

        :return dict: the dialog
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_reject_wizard')
        return dict(action, context={'default_bill_ids': self.ids})

    def action_send(self):
        """Odoo's composer with the bill's template and PDF; sending is kept in the chatter (REV-10).

        :return dict: the composer
        :raises AccessError: for users who may not e-mail bills
        """
        self._check_may_send()
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

    def _check_may_send(self):
        """:raises AccessError: for users who may not e-mail these bills"""
        self._check_may_bill()
        self.contract_id._check_may_do(
            'send', self.env._("Only administrators e-mail bills. Ask one of them, or forward the bill.")
        )

    def _check_may_review(self):
        """The one gate of what is decided on the customer's behalf: managers approve, reject and certify (REV-4).

        :raises AccessError: for users who are no billing managers
        """
        self._check_may_bill()
        if not self.env.su and not self.contract_id._has_side_level('manager'):
            raise AccessError(self._get_review_refusal())

    def _get_review_refusal(self):
        """The sentence for users who may not review; an addon for another side of contracts says whose work it is."""
        return self.env._("Only Progress Billing administrators approve, reject or certify on the customer's behalf.")

    def _check_review(self, step, states):
        """Every bill is in one of the states from which a step can be taken.

        :param str step: the state it leads to
        :param tuple states: those it may start from
        :raises UserError: for the first bill that is in none of them
        """
        for bill in self:
            if bill.state in states:
                continue
            values = {'bill': bill.display_name, 'state': bill._get_state_label()}
            if step == 'submitted':
                raise UserError(self.env._("%(bill)s cannot be submitted: its status is “%(state)s”.", **values))
            if step == 'approved':
                raise UserError(self.env._("%(bill)s cannot be approved: its status is “%(state)s”.", **values))
            raise UserError(self.env._("%(bill)s cannot be rejected: its status is “%(state)s”.", **values))

    def action_correct(self):
        """Invoiced → pro forma again, as a new revision; the invoice is credited in full, dated today (REV-7).

        Without the right to post, the credit note stays a draft, and the revision cannot be
        released before an accountant posts it. Later bills keep their amounts.

        :return dict: the action that shows the bills
        :raises UserError: when there is nothing to correct, or a final invoice exists
        """
        self._check_may_bill()
        self.contract_id._lock_for_billing()
        self._check_order_of_life(whatever_state=True)
        self._check_can_correct()
        invoices = self._get_uncredited_invoices()
        todo = self.filtered(lambda bill: bill.state == 'invoiced')
        invoices |= todo.sudo().invoice_id  # sudo: account.move - a project manager may correct without reading them
        for bill in todo:
            bill._write_protected(bill._prepare_correction_vals())
        invoices._credit_for_correction(Actor.of(self.env.user))
        return self._get_bill_action()

    def _prepare_correction_vals(self):
        """What a bill starts its next revision with. Extend by ``super()``.

        :return dict: of ``progress.bill``
        """
        self.ensure_one()
        return {
            'revision': self.revision + 1,
            'correction_number': self.correction_number + 1,
            'review_state': 'draft',
            **self._prepare_unapproved_vals(),
        }

    def _check_can_correct(self):
        """:raises UserError: for bills without a posted invoice of their own, or credited in part already"""
        for bill in self:
            # sudo: account.move - whether there is an invoice does not depend on who asks
            invoice = bill.sudo().invoice_id
            if bill.state == 'draft' and bill._get_earlier_invoices():
                continue  # a revision that waits already
            if bill.kind != 'progress' or invoice.state != 'posted':
                raise UserError(
                    self.env._(
                        "%(bill)s has no posted invoice to correct. Change the bill, or delete its draft "
                        "invoice first.",
                        bill=bill.display_name,
                    )
                )
            drafts = invoice.reversal_move_ids.filtered(lambda move: move.state == 'draft')
            if drafts:
                raise UserError(
                    self.env._(
                        "%(bill)s: post or delete the draft credit note %(credit)s of its invoice first.",
                        bill=bill.display_name,
                        credit=drafts[0].display_name,
                    )
                )
            if not bill.currency_id.is_zero(bill.credited_amount):
                raise UserError(
                    self.env._(
                        "%(bill)s was credited in part. Credit the rest of %(invoice)s and bill again.",
                        bill=bill.display_name,
                        invoice=invoice.name,
                    )
                )

    def _get_earlier_invoices(self):
        """Posted invoices of earlier revisions, as superuser."""
        # sudo: account.move - a project manager may correct without reading them
        return self.sudo().move_ids.filtered(
            lambda move: (
                move.state == 'posted'
                and not move.reversed_entry_id
                and move.progress_revision < move.progress_bill_id.revision
            )
        )

    def _get_uncredited_invoices(self, states=('draft', 'posted')):
        """Invoices of earlier revisions that no credit note takes back.

        :param states: of the credit notes that count
        """
        return self._get_earlier_invoices().filtered(
            lambda move: not move.reversal_move_ids.filtered(lambda credit: credit.state in states)
        )

    def _get_undo_blockers(self):
        return super()._get_undo_blockers() + self._get_correction_blockers()

    def _get_release_blockers(self, together):
        return [
            *super()._get_release_blockers(together),
            *self._get_correction_blockers(),
            *self._get_order_blockers(together),
        ]

    def _get_correction_blockers(self):
        """A revision is released, or given up, once the invoice before it is credited (REV-8).

        :return list: sentences that name the credit notes to post
        """
        self.ensure_one()
        return [
            self.env._(
                "Post the credit note of %(invoice)s first: %(bill)s corrects it.",
                invoice=invoice.display_name,
                bill=self.display_name,
            )
            for invoice in self._get_uncredited_invoices(states=('posted',))
        ]

    def _get_order_blockers(self, together):
        """Bills of one customer are released in their order (REV-5).

        :param together: the bills that are released in the same go
        :return list: one sentence that names the bill to release before, or none
        """
        self.ensure_one()
        older = (self.contract_id.bill_ids - together).filtered(
            lambda other: (
                other.bucket == 'draft'
                and not other.invoice_id
                and other.partner_id == self.partner_id
                and other.partner_shipping_id == self.partner_shipping_id
                and other._get_order_key() < self._get_order_key()
            )
        )
        if not older:
            return []
        return [
            self.env._(
                "Invoice %(older)s first: it comes before %(bill)s. The oldest pro forma goes first.",
                older=min(older, key=lambda other: other._get_order_key()).display_name,
                bill=self.display_name,
            )
        ]
