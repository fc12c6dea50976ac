from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import money


class ProgressContractChange(models.Model):
    """A dated, numbered addition to or deduction from the schedule of values (SPEC §2)."""

    _name = 'progress.contract.change'
    _description = "Change Order"
    _inherit = ['progress.guard.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'date desc, id desc'
    _fixed_fields = ('contract_id',)

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, default='/')
    description = fields.Char()
    contract_id = fields.Many2one('progress.contract', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='contract_id.currency_id', store=True)
    date = fields.Date(required=True, default=fields.Date.context_today)
    state = fields.Selection(
        [('draft', "Draft"), ('approved', "Approved"), ('cancelled', "Cancelled")],
        default='draft',
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    approved_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    approved_on = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many('progress.contract.change.line', 'change_id', copy=True)
    amount = fields.Monetary(compute='_compute_amount', store=True, help="Untaxed: additions less deductions.")

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

    @api.depends('line_ids.amount')
    def _compute_amount(self):
        for change in self:
            change.amount = sum(change.line_ids.mapped('amount'))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._guard_vals(vals)
            vals['name'] = self.env['ir.sequence'].next_by_code('progress.contract.change') or '/'
        return super().create(vals_list)

    def write(self, vals):
        self._guard_vals(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        for change in self:
            if change.state == 'approved':
                raise UserError(
                    self.env._("Change order %s is approved. Cancel it before you delete it.", change.display_name)
                )

    def action_approve(self, credit=False):
        """Draft → approved: the schedule of values takes the changes (SPEC §2).

        :param bool credit: where a line falls below what is billed on it, bill the difference back
            at once instead of refusing (RULES C21)
        :return dict: the action that shows the contracts
        :raises UserError: when a line would fall below what is billed on it, or the contract has a final invoice
        """
        self.check_access('write')
        drafts = self.filtered(lambda change: change.state == 'draft')
        drafts._check_editable('draft')
        drafts.contract_id._lock_for_billing()
        drafts.line_ids._create_contract_lines()
        drafts._write_protected(
            {
                'state': 'approved',
                'approved_by_id': self.env.user.id,
                'approved_on': fields.Datetime.now(),
            }
        )
        drafts.line_ids.contract_line_id._recalculate_pending()
        if credit:
            drafts._credit_excess()
        else:
            drafts._check_not_below_billed()
        drafts._apply_to_schedule()
        return self.contract_id._get_contract_action()

    def action_approve_with_credit(self):
        """The button of :meth:`action_approve` with the credit asked for.

        :return dict: the action that shows the contracts
        """
        return self.action_approve(credit=True)

    def action_cancel(self):
        """→ cancelled; an approved change order is taken out of the schedule of values again.

        :return dict: the action that shows the contracts
        :raises UserError: when a line would fall below what is billed on it, or the contract has a final invoice
        """
        self.check_access('write')
        todo = self.filtered(lambda change: change.state != 'cancelled')
        todo._check_editable('cancelled')
        todo.contract_id._lock_for_billing()
        todo._write_protected({'state': 'cancelled'})
        todo._undo_draft_credits()
        todo.line_ids.contract_line_id._recalculate_pending()
        todo._apply_to_schedule()
        return self.contract_id._get_contract_action()

    def action_draft(self):
        """Cancelled → draft.

        :return dict: the action that shows the contracts
        """
        self.check_access('write')
        self.filtered(lambda change: change.state == 'cancelled')._write_protected({'state': 'draft'})
        return self.contract_id._get_contract_action()

    def _prepare_section_vals(self):
        """A section of its own for the lines this change order adds, in a schedule that has sections."""
        self.ensure_one()
        return {
            'contract_id': self.contract_id.id,
            'sequence': self.contract_id._get_last_sequence() + 1,
            'display_type': 'line_section',
            'name': self.env._("Change order %(name)s", name=self.name)
            + (f': {self.description}' if self.description else ''),
        }

    def _check_editable(self, state):
        for change in self:
            contract = change.contract_id
            if state == 'draft' and not change.line_ids:
                raise UserError(self.env._("Change order %s has no lines. Add what changes.", change.display_name))
            if contract.final_bill_id or contract.state in ('closed', 'cancelled'):
                raise UserError(
                    self.env._(
                        "Change order %(change)s: %(contract)s has a final invoice, or is cancelled. Its worth "
                        "cannot change any more.",
                        change=change.display_name,
                        contract=contract.display_name,
                    )
                )

    def _check_not_below_billed(self):
        """A deduction leaves what is billed; more than that asks for the credit (RULES C21).

        :raises UserError: with the most that can be taken away
        """
        for line in self.line_ids.filtered(lambda line: line.company_id.progress_overbilling_policy != 'warn'):
            scheduled = line.contract_line_id
            billed = scheduled.draft_amount + scheduled.actual_amount
            over = money.room_left(scheduled.revised_amount, billed, 0, line.currency_id.rounding)
            if line.amount < 0 < over:
                detail = self.env._(
                    "%(change)s takes %(line)s below the %(billed)s billed on it: at most %(most)s. Take less away, or "
                    "approve it with the credit.",
                    change=line.change_id.display_name,
                    line=scheduled.display_name,
                    billed=scheduled._show_amount(billed),
                    most=scheduled._show_amount(line.amount + float(over)),
                )
                raise UserError(scheduled._format_wip_error([detail]))

    def _credit_excess(self):
        """Bill back what lines were billed above their new worth: one bill a contract.

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
                changes[0]._create_credit_bill(contract, lines)

    def _create_credit_bill(self, contract, lines):
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
            ]
        )

    def _undo_draft_credits(self):
        """Credits of these orders that were not posted go with them (RULES C21)."""
        drafts = self.credit_bill_ids.filtered(lambda bill: bill.bucket == 'draft')
        # sudo: account.move - their draft credit notes, for a project manager without accounting rights
        drafts.sudo().invoice_id.unlink()
        drafts.filtered(lambda bill: bill.bucket).action_cancel()

    def _apply_to_schedule(self):
        """What follows from a changed worth: checks, and the plan (RULES A21); pending has followed (RULES C1)."""
        self.line_ids.contract_line_id._check_not_overbilled()
        self.contract_id._respread_plan()
