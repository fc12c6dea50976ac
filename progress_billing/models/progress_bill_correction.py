from odoo import fields, models
from odoo.exceptions import UserError


class ProgressBillCorrection(models.AbstractModel):
    """A new revision of an invoiced bill: credit note for all of the old invoice, then a new one (SPEC §3).

    Payments of the old invoice come free and settle the new one (RULES C17, ENGINE B3).
    """

    _name = 'progress.bill.correction'
    _description = "Correction of a Progress Bill"

    correction_number = fields.Integer(
        string="Revision Number", readonly=True, copy=False, aggregator=None, help="How often the bill was corrected."
    )
    freed_payment_line_ids = fields.Many2many(
        'account.move.line',
        'progress_bill_freed_payment_rel',
        'bill_id',
        'line_id',
        copy=False,
        readonly=True,
        groups='account.group_account_readonly,account.group_account_invoice',
    )

    def action_correct(self):
        """Invoiced → pro forma again, as a new revision; the invoice is credited in full, dated today (RULES C16, C17).

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
            bill._write_protected(
                {
                    'revision': bill.revision + 1,
                    'correction_number': bill.correction_number + 1,
                    'review_state': 'draft',
                    'sum_certified': False,
                    'approved_by_id': False,
                    'approved_on': False,
                }
            )
        invoices._credit_for_correction()
        return self._get_bill_action()

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

    def _check_corrections_posted(self):
        """A revision is released once the invoice before it is credited (RULES C17).

        :raises UserError: naming the credit note to post
        """
        for invoice in self._get_uncredited_invoices(states=('posted',)):
            raise UserError(
                self.env._(
                    "Post the credit note of %(invoice)s first: %(bill)s corrects it.",
                    invoice=invoice.display_name,
                    bill=invoice.progress_bill_id.display_name,
                )
            )

    def _check_oldest_first(self):
        """Bills of one customer are released in their order (SPEC §3, RULES C16).

        :raises UserError: naming the bill to release before
        """
        for bill in self:
            older = bill.contract_id.bill_ids.filtered(
                lambda other, bill=bill: (
                    other.bucket == 'draft'
                    and not other.invoice_id
                    and other not in self
                    and other.partner_id == bill.partner_id
                    and other.partner_shipping_id == bill.partner_shipping_id
                    and other._get_order_key() < bill._get_order_key()
                )
            ).sorted(lambda other: other._get_order_key())
            if older:
                raise UserError(
                    self.env._(
                        "Release %(older)s first: it comes before %(bill)s. The oldest pro forma goes first.",
                        older=older[0].display_name,
                        bill=bill.display_name,
                    )
                )
