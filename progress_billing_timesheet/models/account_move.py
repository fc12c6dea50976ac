import psycopg2.errors

from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """Invoices with hours attached, and with a number that somebody typed."""

    _inherit = 'account.move'

    # === HOURS === #

    def action_post(self):
        """Odoo frees the hours of an order line at any credit note: ours stay with their bill on a partial one.

        :return: as Odoo's
        """
        result = super().action_post()
        credited = self.filtered('reversed_entry_id').progress_bill_id
        credited.sudo()._link_entries()  # sudo: progress.bill - what is attached follows the bill, whoever posts
        return result

    def _get_hours_to_show(self):
        """Time entries that the customer sees with this invoice, printed and online (HRS-12).

        :return: ``account.analytic.line`` as superuser
        """
        self.ensure_one()
        # sudo: account.analytic.line - what the contract shows to its customer
        entries, bill = self.env['account.analytic.line'].sudo(), self.sudo().progress_bill_id
        if not bill.contract_id.show_hours or self.reversed_entry_id:
            return entries
        return bill.entry_ids.analytic_line_id.sorted(lambda entry: (entry.date, entry.id))

    def _shows_hours(self):
        """Whether the customer is led to time entries from this invoice: not where a bill hides them."""
        self.ensure_one()
        # sudo: progress.bill - whether there is one, for customers too
        return not self.sudo().progress_bill_id or bool(self._get_hours_to_show())

    # === NUMBER === #

    def _get_typed_numbers(self):
        """Those of these invoices whose number somebody typed."""
        # sudo: progress.bill - whether a number was typed does not depend on who posts
        return self.filtered(lambda move: not move.reversed_entry_id and move.sudo().progress_bill_id.invoice_number)

    def _check_progress_posting(self):
        """A typed number that was taken meanwhile is told of, not changed without a word (HRS-11)."""
        result = super()._check_progress_posting()
        for move in self._get_typed_numbers():
            # sudo: account.move - whether a number is taken does not depend on who asks
            taken = self.sudo().search_count(
                [
                    ('journal_id', '=', move.journal_id.id),
                    ('name', '=', move.sudo().progress_bill_id.invoice_number),  # sudo: progress.bill - as above
                    ('state', '=', 'posted'),
                    ('id', '!=', move.id),
                ],
                limit=1,
            )
            if taken:
                move._raise_number_taken()
        return result

    def _post(self, soft=True):
        typed = self._get_typed_numbers()
        if not typed:
            return super()._post(soft)
        try:
            with self.env.cr.savepoint():
                posted = super()._post(soft)
                posted.flush_recordset(['name', 'state'])
        except psycopg2.errors.UniqueViolation:
            typed[:1]._raise_number_taken()
        for move in typed & posted:
            number = move.sudo().progress_bill_id.invoice_number  # sudo: progress.bill - as above
            if move.name != number:
                raise UserError(
                    self.env._(
                        "The number %(number)s does not fit the date %(date)s any more. Delete the draft, and type "
                        "another one or none.",
                        number=number,
                        date=move.date,
                    )
                )
        return posted

    def _raise_number_taken(self):
        """:raises UserError: that the typed number of this invoice is another one's by now"""
        bill = self.sudo().progress_bill_id  # sudo: progress.bill - its number and name
        raise UserError(
            self.env._(
                "The number %(number)s of %(bill)s has been taken meanwhile. Delete the draft, and type another one or "
                "none.",
                number=bill.invoice_number,
                bill=bill.display_name,
            )
        )
