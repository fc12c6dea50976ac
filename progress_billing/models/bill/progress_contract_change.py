from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import money


class ProgressContractChangeBilled(models.Model):
    """What is billed of a change order, and the credit where it takes billed work away."""

    _name = 'progress.contract.change'
    _inherit = 'progress.contract.change'

    billed_amount = fields.Monetary(compute='_compute_billed_amount', help="Draft and invoiced, untaxed.")
    left_amount = fields.Monetary(compute='_compute_billed_amount', string="Available to Bill")
    bill_ids = fields.Many2many('progress.bill', string="Billed On", compute='_compute_bill_ids')
    credit_bill_ids = fields.One2many('progress.bill', 'change_id', string="Credits")

    @api.depends('line_ids.billed_amount')
    def _compute_billed_amount(self):
        for change in self:
            change.billed_amount = sum(change.line_ids.mapped('billed_amount'))
            change.left_amount = sum(change.line_ids.mapped('left_amount'))

    @api.depends('line_ids.billed_amount', 'line_ids.contract_line_id.bill_line_ids.bucket')
    def _compute_bill_ids(self):
        for change in self:
            bills = self.env['progress.bill']
            for line in change.line_ids.filtered('billed_amount'):
                bills |= line.contract_line_id._get_bills_of_changes().get(line._origin.id, bills.browse())
            change.bill_ids = bills

    # === HOOKS === #

    def _on_approved(self, *, actor=None, credit=False):
        super()._on_approved(actor=actor, credit=credit)
        if credit:
            self._credit_excess(actor)
        else:
            self._check_not_below_billed()
        self.line_ids.contract_line_id._check_not_overbilled()

    def _on_cancelled(self):
        super()._on_cancelled()
        self._undo_draft_credits()
        self.line_ids.contract_line_id._check_not_overbilled()

    # === BUSINESS === #

    def _check_not_below_billed(self):
        """A deduction leaves what is billed; more than that asks for the credit (CON-10).

        :raises UserError: with the most that can be taken away
        """
        for line in self.line_ids.filtered(lambda line: line.company_id.progress_overbilling_policy != 'warn'):
            scheduled = line.contract_line_id
            billed = scheduled.draft_amount + scheduled.actual_amount
            over = money.room_left(scheduled.revised_amount, billed, 0, line.currency_id.rounding)
            if line.amount < 0 < over:
                same = line.change_id.line_ids.filtered(lambda other, at=scheduled: other.contract_line_id == at)
                most = sum(same.mapped('amount')) + billed - scheduled.revised_amount
                detail = self.env._(
                    "%(change)s takes %(line)s below the %(billed)s billed on it: at most %(most)s. Take less away, or "
                    "approve it with the credit.",
                    change=line.change_id.display_name,
                    line=scheduled.display_name,
                    billed=scheduled._show_amount(billed),
                    most=scheduled._show_amount(line.currency_id.round(most)),
                )
                raise UserError(scheduled._format_wip_error([detail]))

    def _credit_excess(self, actor=None):
        """Bill back what lines were billed above their new worth: one bill a contract.

        :param Actor actor: who approved the orders
        :raises UserError: when a draft on one of these lines may still change
        """
        for contract, changes in self.grouped('contract_id').items():
            lines = changes.line_ids.contract_line_id.filtered(
                lambda line: line._get_amount_left() < 0 <= line.revised_amount
            )
            drafts = lines.bill_line_ids.filtered(lambda line: line.bucket == 'draft').bill_id
            if drafts:
                raise UserError(
                    self.env._(
                        "%(change)s: post or delete these drafts before a credit: %(drafts)s.",
                        change=changes[0].display_name,
                        drafts=', '.join(drafts.mapped('display_name')),
                    )
                )
            if lines:
                changes[0]._create_credit_bill(contract, lines, actor)

    def _create_credit_bill(self, contract, lines, actor=None):
        """Bills of the lines' excess, negative, as far as the contract's workflow takes it."""
        self.env['progress.bill']._make_bills(
            [
                {
                    **contract._prepare_run_bill_vals(key),
                    'title': self.env._("Credit of change order %s", self.name),
                    'change_id': self.id,
                    'claims': [
                        line._prepare_claim(amount=line._get_amount_left(), quantity=line._get_quantity_left())
                        for line in group
                    ],
                }
                for key, group in lines.grouped(lambda line: line._get_run_key()).items()
            ],
            actor,
        )

    def _undo_draft_credits(self):
        """Credits of these orders that were not posted go with them (CON-11)."""
        drafts = self.credit_bill_ids.filtered(lambda bill: bill.bucket == 'draft')
        # sudo: account.move - their draft credit notes, for a project manager without accounting rights
        drafts.sudo().invoice_id.unlink()
        drafts.filtered(lambda bill: bill.bucket).action_cancel()
