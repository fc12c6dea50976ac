from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..contract.progress_contract_side import OPPOSITE_TYPE

RECEIVABLES = ('asset_receivable', 'liability_payable')
INVOICES = tuple(OPPOSITE_TYPE)
PAYMENT_FIGURES = frozenset(
    ('total_amount', 'paid_amount', 'residual_amount', 'date_due', 'days_late', 'is_unpaid', 'is_overdue')
)
NAMED = 3


class ProgressBillPayments(models.Model):
    """What was paid on a bill, what is open and how late it is, from Odoo's reconciliation (CSH-1).

    Amounts are in the contract's currency, tax included, of posted invoices less credit notes.
    Everyone who sees the bill sees them.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    payment_ids = fields.One2many('progress.bill.payment', 'bill_id', string="Payments", readonly=True, guarded=True)
    total_amount = fields.Monetary(
        string="Invoice Total",
        compute='_compute_payments',
        compute_sudo=True,
        help="Tax included, net of what is retained, less credit notes.",
    )
    paid_amount = fields.Monetary(string="Paid", compute='_compute_payments', compute_sudo=True)
    residual_amount = fields.Monetary(string="Amount Due", compute='_compute_payments', compute_sudo=True)
    date_due = fields.Date(
        string="Due Date",
        compute='_compute_payments',
        compute_sudo=True,
        help="When the first open instalment is due; the last one where all is paid.",
    )
    days_late = fields.Integer(
        compute='_compute_payments', compute_sudo=True, help="Of the instalment that is open for longest."
    )
    is_unpaid = fields.Boolean(compute='_compute_payments', search='_search_is_unpaid', compute_sudo=True)
    is_overdue = fields.Boolean(compute='_compute_payments', search='_search_is_overdue', compute_sudo=True)

    may_register_payment = fields.Boolean(compute='_compute_may_register_payment')
    poster_names = fields.Char(
        string="Who Posts the Invoice", compute='_compute_poster_names', help="People with invoicing rights."
    )

    # === COMPUTE === #

    def _get_fields_of_entries(self):
        return super()._get_fields_of_entries() | PAYMENT_FIGURES

    @api.depends('contract_id')
    @api.depends_context('uid')
    def _compute_may_register_payment(self):
        for bill in self:
            bill.may_register_payment = bill.contract_id._may_do('register_payment')

    @api.depends('invoice_ids')  # and what _forget_entries says
    def _compute_payments(self):
        paid = self._get_paid_amounts()
        # first, what is still to be computed: nothing is forgotten between one bill and the next
        self.move_ids.mapped(lambda move: (move.amount_total, move.amount_residual))
        self.move_ids.line_ids.mapped('amount_residual_currency')
        for bill in self:
            moves = bill.move_ids.filtered(lambda move: move.state == 'posted')
            bill.total_amount = sum(move.amount_total * bill._get_payment_sign(move) for move in moves)
            bill.residual_amount = sum(move.amount_residual * bill._get_payment_sign(move) for move in moves)
            bill.paid_amount = paid.get(bill._origin.id, 0.0)
            due = bill.move_ids.line_ids.filtered(  # of all bills at once: `filtered` moves would be read one by one
                lambda line: (
                    line.parent_state == 'posted'
                    and line.move_id.move_type in INVOICES
                    and line.account_id.account_type in RECEIVABLES
                )
            )
            still_open = due.filtered(lambda line: line.currency_id.compare_amounts(line.amount_residual_currency, 0))
            bill.date_due = min(
                still_open.mapped('date_maturity'), default=max(due.mapped('date_maturity'), default=False)
            )
            late = (bill.company_id._get_progress_today() - bill.date_due).days if still_open else 0
            bill.days_late = max(late, 0)
            bill.is_unpaid, bill.is_overdue = bool(still_open), late > 0

    def _get_payment_sign(self, move):
        return 1 if move.move_type in INVOICES else -1

    def _get_paid_amounts(self):
        """What payments and other entries took off the invoices, by bill id; credit notes do not count."""
        groups = self.env['progress.bill.payment']._read_group(
            [('bill_id', 'in', self._origin.ids), ('kind', '!=', 'credit')], ['bill_id'], ['amount:sum']
        )
        return {bill.id: amount for bill, amount in groups}

    def _search_is_unpaid(self, operator, _value):
        if operator != 'in':
            return NotImplemented
        return self._get_open_item_domain(Domain.TRUE)

    def _search_is_overdue(self, operator, _value):
        if operator != 'in':
            return NotImplemented
        late = Domain.FALSE
        for company in self.env['res.company'].search([('active', '=', True)]):
            late |= Domain('company_id', '=', company.id) & Domain('date_maturity', '<', company._get_progress_today())
        return self._get_open_item_domain(late)

    def _get_open_item_domain(self, domain):
        """Bills with open receivables that also satisfy ``domain`` on ``account.move.line``."""
        # sudo: account.move.line - which bills are open, for users without accounting rights
        items = self.env['account.move.line'].sudo()
        lines = items.search(
            domain
            & Domain(
                [
                    ('move_id.progress_bill_id', '!=', False),
                    ('move_id.move_type', 'in', INVOICES),
                    ('parent_state', '=', 'posted'),
                    ('account_id.account_type', 'in', RECEIVABLES),
                    ('amount_residual_currency', '!=', 0),
                ]
            )
        )
        return [('id', 'in', lines.move_id.progress_bill_id.ids)]

    # === ACTIONS === #

    def action_register_payment(self):
        """Register Payment: Odoo's own dialog for what is open on the posted invoices of these bills.

        :return dict: the dialog of ``account.payment.register``
        :raises AccessError: for whoever may not register payments
        :raises UserError: when nothing is open
        """
        self.check_access('read')
        self.env['account.payment'].check_access('create')
        self.contract_id._check_may_do(
            'register_payment',
            self.env._("Only administrators enter payments on bills. Enter it on the invoice, or ask one of them."),
        )
        # sudo: account.move - the ids only; the dialog works with the user's own rights
        moves = self.sudo().move_ids.filtered(
            lambda move: move.state == 'posted' and move.currency_id.compare_amounts(move.amount_residual, 0.0)
        )
        if not moves:
            raise UserError(
                self.env._(
                    "%s: no posted invoice is open, so there is nothing to pay. Post the invoice first.",
                    ', '.join(self.mapped('display_name')),
                )
            )
        return moves.sudo(False).action_register_payment()

    # === THE DRAFT INVOICE === #

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
