from odoo import api, fields, models
from odoo.exceptions import UserError

NAMED = 3


class ProgressBillPosting(models.Model):
    """The draft invoice of a bill: post it, take it back, or know who can."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    poster_names = fields.Char(
        string="Who Posts the Invoice", compute='_compute_poster_names', help="People with invoicing rights."
    )

    @api.depends('invoice_state', 'company_id')
    def _compute_poster_names(self):
        waiting = self.filtered(lambda bill: bill.invoice_state == 'draft')
        (self - waiting).poster_names = False
        # sudo: res.users, res.groups - the names of colleagues with invoicing rights
        group = self.env.ref('account.group_account_invoice').sudo()
        people = group.all_user_ids.filtered(lambda user: user.active and not user.share).sorted('name')
        for bill in waiting:
            own = people.filtered(lambda user, bill=bill: bill.company_id in user.company_ids)[:NAMED]
            bill.poster_names = ', '.join(own.mapped('name')) or self.env._("someone with invoicing rights")

    def action_post_invoice(self):
        """Post the draft invoices of these bills.

        :return dict: reloads the bill
        :raises UserError: where an invoice cannot be posted
        """
        self._check_may_bill()
        drafts = self.invoice_id.filtered(lambda move: move.state == 'draft')
        if drafts:
            drafts.action_post()
        return {'type': 'ir.actions.act_window_close'}

    def action_undo(self):
        """Delete the draft invoices of these bills: planned again, a pro forma again, or pending again.

        :return dict: reloads the bill
        :raises UserError: where a bill has no draft invoice
        """
        self._check_may_bill()
        for bill in self:
            if bill.invoice_state != 'draft':
                raise UserError(
                    self.env._(
                        "%(bill)s has no draft invoice to undo. Credit a posted one instead.", bill=bill.display_name
                    )
                )
        self.invoice_id.unlink()
        return {'type': 'ir.actions.act_window_close'}
