from odoo import models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL


class ProgressContractNumber(models.Model):
    """The numbers of the journal that a contract is invoiced in."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    def _check_invoice_number(self, number, date, move_type=None, *, gap=False, lock=True):
        """Whether a number can be that of this contract's next invoice, under a lock of its journal.

        :param str number: as typed
        :param date date: of the invoice
        :param str move_type: of ``account.move``, an invoice unless given
        :param bool gap: whether numbers may be left out
        :param bool lock: whether nobody else may take it meanwhile
        :raises UserError: saying what is wrong, and which number comes next
        """
        self.ensure_one()
        move = self._get_numbered_move(date, move_type)
        if lock:
            self._lock_journal(move.journal_id)
        pattern, values = move._get_next_sequence_format()
        typed, following = self._read_sequence(move, number), values['seq'] + 1
        expected = pattern.format(**{**values, 'seq': following})
        names = {'number': number, 'journal': move.journal_id.display_name, 'next': expected}
        if typed is None or pattern.format(**{**values, 'seq': typed}) != number:
            raise UserError(
                self.env._(
                    "“%(number)s” is no number of the journal %(journal)s: the next one is %(next)s. Type one like it, "
                    "or none.",
                    **names,
                )
            )
        # sudo: account.move - whether a number is taken does not depend on who asks
        moves = self.env['account.move'].sudo()
        if moves.search_count([('journal_id', '=', move.journal_id.id), ('name', '=', number)], limit=1):
            raise UserError(
                self.env._("The number %(number)s is taken. The next one of %(journal)s is %(next)s.", **names)
            )
        if typed < following:
            raise UserError(
                self.env._(
                    "The number %(number)s is below the last one of %(journal)s: the next one is %(next)s.", **names
                )
            )
        if typed > following and not gap:
            raise UserError(
                self.env._(
                    "The number %(number)s would leave out numbers of %(journal)s: the next one is %(next)s. Choose "
                    "Leave Numbers Out if that is meant.",
                    **names,
                )
            )

    def _lock_journal(self, journal):
        """Take a journal's row: whoever waited here starts over, for their snapshot does not know the number taken."""
        self.env.execute_query(
            SQL("UPDATE account_journal SET write_date = write_date WHERE id = %s RETURNING id", journal.id)
        )

    def _get_numbered_move(self, date, move_type=None):
        """An invoice that is not saved, as the journal's numbering sees it.

        :param date date: of the invoice
        :param str move_type: of ``account.move``, an invoice unless given
        :return: ``account.move`` as superuser
        """
        self.ensure_one()
        # sudo: account.move - the numbers of the journal, whoever bills
        moves = self.env['account.move'].sudo().with_company(self.company_id)
        vals = {
            'move_type': move_type or self._get_move_type(),
            'company_id': self.company_id.id,
            'partner_id': self.partner_id.id,
            'currency_id': self.currency_id.id,
            'invoice_date': date,
            'date': date,
        }
        if self.journal_id:
            vals['journal_id'] = self.journal_id.id
        return moves.new(vals)

    def _read_sequence(self, move, number):
        """The running number in what was typed; ``None`` where it has none."""
        try:
            return move._get_sequence_format_param(number)[1]['seq']
        except ValidationError:
            return None
