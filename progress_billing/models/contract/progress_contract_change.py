from odoo import api, fields, models
from odoo.exceptions import UserError

from ..base.progress_actor import Actor


class ProgressContractChange(models.Model):
    """A dated, numbered addition to or deduction from the schedule of values."""

    _name = 'progress.contract.change'
    _description = "Change Order"
    _inherit = ['progress.guard.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'date desc, id desc'
    _rec_names_search = ['name', 'description']
    _parent_field = 'contract_id'

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, default='/', guarded=True)
    description = fields.Char()
    contract_id = fields.Many2one('progress.contract', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True, guarded=True)
    currency_id = fields.Many2one(related='contract_id.currency_id', store=True, guarded=True)
    date = fields.Date(required=True, default=fields.Date.context_today)
    state = fields.Selection(
        [('draft', "Draft"), ('approved', "Approved"), ('cancelled', "Cancelled")],
        default='draft',
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        guarded=True,
    )
    approved_by_id = fields.Many2one('res.users', readonly=True, copy=False, guarded=True)
    approved_by_partner_id = fields.Many2one(
        'res.partner', string="Approved By (Contact)", readonly=True, copy=False, guarded=True
    )
    approved_on = fields.Datetime(readonly=True, copy=False, guarded=True)
    line_ids = fields.One2many('progress.contract.change.line', 'change_id', copy=True)
    default_tax_ids = fields.Many2many(related='contract_id.default_tax_ids')
    amount = fields.Monetary(
        compute='_compute_amount', store=True, help="Untaxed: additions less deductions.", guarded=True
    )

    @api.depends('line_ids.amount')
    def _compute_amount(self):
        for change in self:
            change.amount = sum(change.line_ids.mapped('amount'))

    def _prepare_protected_vals(self, vals):
        name = self.env['ir.sequence'].next_by_code('progress.contract.change') or '/'
        return {**super()._prepare_protected_vals(vals), 'name': name}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        for change in self:
            if change.state == 'approved':
                raise UserError(
                    self.env._("Change order %s is approved. Cancel it before you delete it.", change.display_name)
                )

    def action_approve(self, credit=False):
        """Draft → approved: the schedule of values takes the changes (CON-9).

        :param bool credit: where a line falls below what is billed on it, bill the difference back
            at once instead of refusing (CON-11)
        :return dict: the action that shows the contracts
        :raises UserError: when a line would fall below what is billed on it, or the contract has a final invoice
        """
        self.check_access('write')
        self._approve(Actor.of(self.env.user), credit=credit)
        return self.contract_id._get_contract_action()

    def _approve(self, actor, *, credit=False):
        """Approve these orders.

        :param Actor actor: who approves
        :param bool credit: see :meth:`action_approve`
        :raises UserError: when a line would fall below what is billed on it, or the contract has a final invoice
        """
        drafts = self.filtered(lambda change: change.state == 'draft')
        drafts._check_editable('draft')
        drafts.contract_id._lock_for_billing()
        drafts._create_sections()
        drafts.line_ids._create_contract_lines()
        drafts._track_set_author(actor.partner)
        drafts._write_protected(
            {
                'state': 'approved',
                'approved_by_id': actor.user.id,
                'approved_by_partner_id': actor.partner.id,
                'approved_on': fields.Datetime.now(),
            }
        )
        drafts.contract_id._on_worth_changed(drafts.line_ids.contract_line_id)
        drafts._on_approved(actor=actor, credit=credit)

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
        todo._on_cancelled()
        todo.contract_id._on_worth_changed(todo.line_ids.contract_line_id)
        return self.contract_id._get_contract_action()

    def action_draft(self):
        """Cancelled → draft.

        :return dict: the action that shows the contracts
        :raises AccessError: for users who may not change the contracts
        """
        self.check_access('write')
        self.filtered(lambda change: change.state == 'cancelled')._write_protected({'state': 'draft'})
        return self.contract_id._get_contract_action()

    def _create_sections(self):
        """Where the schedule has sections, one for the new lines of each order."""
        self.env['progress.contract.line'].create(
            [
                change._prepare_section_vals()
                for change in self
                if change.line_ids.filtered(lambda line: not line.contract_line_id)
                and 'line_section' in change.contract_id.line_ids.mapped('display_type')
            ]
        )

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

    # === HOOKS === #

    def _on_approved(self, *, actor=None, credit=False):
        """These orders have just been approved, and the worth of their contracts has followed. Extend by ``super()``.

        :param Actor actor: who approved
        :param bool credit: whether what they take away from billed work is billed back
        :raises UserError: when something stands in the way
        """

    def _on_cancelled(self):
        """These orders have just been cancelled; the worth of their contracts has not followed yet.

        :raises UserError: when something stands in the way
        """
