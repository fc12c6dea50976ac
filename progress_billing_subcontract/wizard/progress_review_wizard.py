from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.models.base.progress_actor import Actor


class ProgressReviewWizard(models.TransientModel):
    """Review of a claim: claimed, certified and difference side by side, line by line."""

    _name = 'progress.review.wizard'
    _description = "Review Claim"
    _inherit = 'progress.wizard.mixin'
    _fixed_fields = ('bill_id',)

    bill_id = fields.Many2one('progress.bill', required=True)
    bill_version = fields.Char(guarded=True, readonly=True, help="Of the claim as the Review button showed it.")
    currency_id = fields.Many2one(related='bill_id.currency_id')
    line_ids = fields.One2many(
        'progress.review.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True, readonly=False
    )
    note = fields.Text(help="For the subcontractor: of the whole claim.")
    has_rejected = fields.Boolean(compute='_compute_has_rejected')
    has_release = fields.Boolean(compute='_compute_columns')
    has_stored = fields.Boolean(compute='_compute_columns')

    @api.depends('bill_id')
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [
                fields.Command.create(
                    {
                        'bill_line_id': line.id,
                        'certified_amount': line.certified_amount,
                        'release_amount': line.release_amount,
                        'retainage_percent': line.retainage_percent,
                        'decision': 'reject' if line.review_state == 'rejected' else 'approve',
                        'note': line.review_note,
                    }
                )
                for line in wizard.bill_id.line_ids
            ]

    @api.depends('line_ids.decision')
    def _compute_has_rejected(self):
        for wizard in self:
            wizard.has_rejected = 'reject' in wizard.line_ids.mapped('decision')

    @api.depends('bill_id')
    def _compute_columns(self):
        for wizard in self:
            wizard.has_release = any(wizard.bill_id.line_ids.mapped('release_amount'))
            wizard.has_stored = any(wizard.bill_id.line_ids.mapped('stored_amount'))

    def action_approve(self):
        """Approve the claim with these amounts; the vendor bill follows.

        :return dict: the action that shows the claim
        :raises UserError: where a line is rejected, or the claim is another one than the dialog shows
        """
        self.bill_id._check_may_review()
        self._check_not_changed()
        if self.has_rejected:
            raise UserError(self.env._("A line is rejected: send the claim back, or approve the line."))
        actor = Actor.of(self.env.user)
        self.line_ids._apply(actor)
        self.bill_id.line_ids._write_protected({'review_state': 'approved', 'review_note': False})
        self.bill_id._approve(actor, self.note or '')
        return self.bill_id._get_bill_action()

    def action_send_back(self):
        """Send the claim back with the notes of its rejected lines.

        :return dict: the action that shows the claim
        :raises UserError: without a note, or where the claim is another one than the dialog shows
        """
        self.bill_id._check_may_review()
        self._check_not_changed()
        rejected = self.line_ids.filtered(lambda line: line.decision == 'reject')
        for line in rejected:
            line.bill_line_id.action_reject(line.note)
        notes = '\n'.join(filter(None, (self.note, self.bill_id._get_line_notes())))
        return self.bill_id.action_reject(notes)

    def _check_not_changed(self):
        """What is decided is decided on the figures shown: another may have sent the claim back since.

        :raises UserError: naming the claim
        """
        bill = self.bill_id
        if self.bill_version and bill.state == 'submitted' and bill._get_version() != self.bill_version:
            raise UserError(
                self.env._(
                    "Nothing was changed: %s has been changed since you opened this dialog. Close it, and open Review "
                    "again.",
                    bill.display_name,
                )
            )
