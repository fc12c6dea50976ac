from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.progress_billing.tools import money


class ProgressReviewWizardLine(models.TransientModel):
    """What the review makes of one line of a claim."""

    _name = 'progress.review.wizard.line'
    _description = "Review Claim Line"
    _inherit = 'progress.wizard.mixin'
    _parent_field = 'wizard_id'
    _fixed_fields = ('bill_line_id',)

    wizard_id = fields.Many2one('progress.review.wizard', required=True, ondelete='cascade')
    bill_line_id = fields.Many2one('progress.bill.line', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='bill_line_id.currency_id')
    name = fields.Char(related='bill_line_id.contract_line_id.display_name', string="Line")
    scheduled_amount = fields.Monetary(related='bill_line_id.contract_line_id.revised_amount', string="Scheduled Value")
    claimed_amount = fields.Monetary(related='bill_line_id.amount', string="Claimed")
    stored_amount = fields.Monetary(related='bill_line_id.stored_amount')
    certified_amount = fields.Monetary(string="Certified")
    difference_amount = fields.Monetary(string="Difference", compute='_compute_difference_amount')
    claimed_release_amount = fields.Monetary(related='bill_line_id.release_amount', string="Release Claimed")
    release_amount = fields.Monetary(string="Release")
    retainage_percent = fields.Float(string="Retainage (%)", digits=(16, 4))
    decision = fields.Selection([('approve', "Approve"), ('reject', "Reject")], default='approve', required=True)
    note = fields.Char()

    @api.depends('certified_amount')
    def _compute_difference_amount(self):
        for line in self:
            line.difference_amount = line.claimed_amount - line.certified_amount

    @api.constrains('wizard_id', 'bill_line_id')
    def _check_bill_line(self):
        """The review of a claim changes nothing on another one, whose status nobody checks here."""
        for line in self:
            bill = line.wizard_id.bill_id
            if line.bill_line_id.bill_id != bill:
                raise ValidationError(
                    self.env._(
                        "%(line)s is no line of %(bill)s.", line=line.bill_line_id.display_name, bill=bill.display_name
                    )
                )

    def _apply(self, actor):
        """Certify, and set the retainage that the review decided.

        :param Actor actor: who reviews
        """
        bill = self.wizard_id.bill_id
        compare = bill.currency_id.compare_amounts
        less = {
            line.bill_line_id: line.certified_amount
            for line in self
            if compare(line.certified_amount, line.bill_line_id.certified_amount)
        }
        if less:
            bill._certify_lines(actor, less)
        changed = self.browse()
        for line in self:
            target = line.bill_line_id
            rated = money.to_decimal(line.retainage_percent) != money.to_decimal(target.retainage_percent)
            released = compare(line.release_amount, target.release_amount)
            if released > 0 or line.release_amount < 0:
                raise UserError(
                    self.env._("%s: release what was claimed, or less.", target.contract_line_id.display_name)
                )
            if rated:
                target._write_protected(
                    {'retainage_percent': line.retainage_percent, 'is_retainage_typed': bill.kind == 'retainage'}
                )
            changed |= line if rated or released else changed
        if changed:
            bill._take_releases({line.bill_line_id: money.to_decimal(line.release_amount) for line in changed})
            bill._write_protected({'is_noted': True})
