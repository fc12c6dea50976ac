from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: lines that give a deposit or a down payment back
REVERSALS = ('deposit_reversal', 'down_payment_use')


class AccountMove(models.Model):
    """Deposits on invoices: what they stand for, and what they are matched with."""

    _name = 'account.move'
    _inherit = 'account.move'

    # === THE GATE === #

    def write(self, vals):
        if vals.get('state') in ('draft', 'cancel'):
            self._check_no_opening_deposit()
        return super().write(vals)

    def _before_progress_state(self, state):
        if state != 'cancel':
            self._check_only_final()
        return super()._before_progress_state(state)

    def _after_progress_state(self):
        """What is applied of a down payment was paid down (DEP-21)."""
        result = super()._after_progress_state()
        # sudo: progress.bill - the check covers other contracts, whatever the user may read
        bills = self.progress_bill_id.sudo()
        paid = bills.filtered(lambda bill: bill.kind == 'down_payment') | bills.down_payment_use_ids.down_payment_id
        paid._check_down_payments_covered()
        return result

    def _check_progress_posting(self):
        result = super()._check_progress_posting()
        for move in self.filtered(lambda move: move.progress_invoice_type == 'final' and not move.reversed_entry_id):
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - whoever may post need not bill
            bill.contract_id._check_final_is_current(bill)
        return result

    # === MATCHING === #

    def _on_progress_posted(self):
        """A final invoice is matched with the deposits it reverses, its credit note with itself."""
        super()._on_progress_posted()
        self.line_ids.filtered(
            lambda line: line.progress_line_type in ('down_payment', 'down_payment_use')
        ).progress_deposit_bill_id._match_down_payments()
        finals = self.filtered(lambda move: move.progress_invoice_type == 'final')
        for move in finals.filtered('reversed_entry_id'):
            move.reversed_entry_id._unreconcile_progress_deposits()
            move._reconcile_with_reversed()
        # sudo: progress.contract - posting rights suffice
        finals.filtered(lambda move: not move.reversed_entry_id).progress_contract_id.sudo()._reconcile_deposits()

    def _reconcile_with_reversed(self):
        """Match a credit note's deposit lines with the final invoice it takes back."""
        for move in self:
            accounts = move.line_ids.filtered(lambda line: line.progress_line_type in REVERSALS).account_id
            for account in accounts.filtered('reconcile'):
                lines = (move | move.reversed_entry_id).line_ids.filtered(
                    lambda line, account=account: line.account_id == account and not line.reconciled
                )
                if len(lines) > 1:
                    lines.reconcile()

    def _get_progress_deposit_rows(self):
        """The deposits this final invoice reverses: number, date, net and tax of each (DEP-6).

        :return list: dicts, in the order of the lines
        """
        self.ensure_one()
        rows = {}
        for line in self.invoice_line_ids.filtered(lambda line: line.progress_line_type in REVERSALS):
            deposit = line.progress_deposit_bill_id
            row = rows.setdefault(
                deposit,
                {
                    'number': deposit.invoice_id.name or deposit.name,
                    'date': deposit.invoice_id.invoice_date or deposit.date,
                    'net': 0.0,
                    'tax': 0.0,
                },
            )
            row['net'] -= line.price_subtotal
            row['tax'] -= line.price_total - line.price_subtotal
        return list(rows.values())

    def _check_no_opening_deposit(self):
        """An entry that stands for deposits held before stays posted until the final invoice (DEP-17)."""
        posted = self.filtered(lambda move: move.state == 'posted')._filter_held_before()
        # sudo: progress.bill - whether an entry is needed does not depend on who asks
        bills = self.env['progress.bill'].sudo()
        bill = posted and bills.search(
            [('opening_deposit_line_ids.move_id', 'in', posted.ids), ('bucket', '=', 'actual')], limit=1
        )
        if bill:
            raise UserError(
                self.env._(
                    "This entry stands for deposits held before on %(bill)s of %(contract)s. "
                    "Take it off there before you change it.",
                    bill=bill.display_name,
                    contract=bill.contract_id.display_name,
                )
            )

    def _filter_held_before(self):
        """Those of these entries that bills name as deposits held before: next to none, and everybody's are asked."""
        field, ids = self.env['progress.bill']._fields['opening_deposit_line_ids'], self.ids
        query = SQL(
            "SELECT DISTINCT item.move_id FROM account_move_line AS item"
            " JOIN %s AS held ON held.%s = item.id WHERE item.move_id = ANY(%s)",
            SQL.identifier(field.relation),
            SQL.identifier(field.column2),
            ids,
        )
        return self.browse(row[0] for row in (self.env.execute_query(query) if ids else ()))

    def _check_only_final(self):
        """A contract has one final invoice (DEP-10)."""
        for move in self.filtered(lambda move: move.progress_invoice_type == 'final' and not move.reversed_entry_id):
            bill = move.progress_bill_id.sudo()  # sudo: progress.bill - as above
            scheduled = bill.line_ids.contract_line_id
            other = bill.contract_id.bill_ids.filtered(
                lambda other, bill=bill, scheduled=scheduled: (
                    other.kind == 'final'
                    and other.bucket
                    and other != bill
                    and other.line_ids.contract_line_id & scheduled
                )
            )
            if other:
                raise UserError(
                    self.env._(
                        "%(contract)s has the final invoice %(final)s already.",
                        contract=bill.contract_id.display_name,
                        final=other[0]._get_document_name(),
                    )
                )
