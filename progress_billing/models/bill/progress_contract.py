from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import money

FIXED_ONCE_BILLED = ('revenue_recognition', 'currency_id', 'company_id', 'partner_id', 'contract_type', 'project_id')


class ProgressContractBilled(models.Model):
    """What is billed of a contract, and what can still be."""

    _name = 'progress.contract'
    _inherit = ['progress.contract', 'progress.overbilling.mixin']

    bill_ids = fields.One2many('progress.bill', 'contract_id', string="Progress Bills")
    invoice_ids = fields.Many2many(
        'account.move',
        string="Invoices",
        compute='_compute_invoice_ids',
        search='_search_invoice_ids',
        compute_sudo=True,
    )
    invoice_count = fields.Integer(compute='_compute_invoice_ids', compute_sudo=True)
    bill_count = fields.Integer(compute='_compute_bill_count')
    draft_amount = fields.Monetary(string="Draft", compute='_compute_billed_totals', store=True, guarded=True)
    actual_amount = fields.Monetary(string="Invoiced", compute='_compute_billed_totals', store=True, guarded=True)
    wip_available = fields.Monetary(
        string="Available to Bill",
        compute='_compute_billed_totals',
        store=True,
        guarded=True,
        help="Revised contract less draft and posted invoices: the most that can still be billed.",
    )
    billed_percent = fields.Float(
        string="Billed (%)", compute='_compute_billed_totals', store=True, aggregator='avg', guarded=True
    )
    is_overbilled = fields.Boolean(compute='_compute_billed_totals', store=True, guarded=True)

    # === COMPUTE === #

    @api.depends('line_ids.draft_amount', 'line_ids.actual_amount', 'line_ids.display_type', 'revised_amount')
    def _compute_billed_totals(self):
        sums = self._sum_lines(['draft_amount', 'actual_amount'])
        for contract in self:
            contract.update(sums[contract])
            billed = contract.draft_amount + contract.actual_amount
            contract.wip_available = contract.revised_amount - billed
            contract.billed_percent = float(money.ratio_percent(billed, contract.revised_amount))
            contract.is_overbilled = bool(
                money.room_left(contract.revised_amount, billed, 0, contract.currency_id.rounding or '0.01')
            )

    @api.depends('bill_ids.invoice_ids')
    def _compute_invoice_ids(self):
        for contract in self:
            contract.invoice_ids = contract.bill_ids.move_ids.sorted('id')
            contract.invoice_count = len(contract.invoice_ids)

    def _search_invoice_ids(self, operator, value):
        return [('bill_ids.move_ids', operator, value)]

    @api.depends('bill_ids')
    def _compute_bill_count(self):
        counts = dict(
            self.env['progress.bill']._read_group([('contract_id', 'in', self.ids)], ['contract_id'], ['__count'])
        )
        for contract in self:
            contract.bill_count = counts.get(contract._origin, 0)

    # === CRUD === #

    def write(self, vals):
        for name in FIXED_ONCE_BILLED:
            if name in vals:
                self._check_fixed_once_billed(name, vals[name])
        return super().write(vals)

    def _check_fixed_once_billed(self, name, value):
        """What invoices were made with stays as it is (CON-4)."""
        for contract in self:
            if contract._differs(name, value) and contract._is_billed():
                raise UserError(
                    self.env._(
                        "%(field)s of %(contract)s cannot change any more: it has been billed.",
                        field=self._fields[name]._description_string(self.env),
                        contract=contract.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        for contract in self:
            if contract._is_billed() or contract.invoice_count:
                raise UserError(
                    self.env._(
                        "%(contract)s has been billed and cannot be deleted. Cancel it instead.",
                        contract=contract.display_name,
                    )
                )

    def unlink(self):
        """What was planned or undone goes with its contract, and all that hangs on it."""
        self.check_access('unlink')  # before anything is done in another's name
        self._unlink_except_billed()
        # sudo: progress.bill - whoever may delete the contract deletes what was planned on it
        self.sudo().bill_ids.unlink()
        return super().unlink()

    # === BUSINESS === #

    def _get_undo_blockers(self, state):
        reasons = super()._get_undo_blockers(state)
        standing = self.bill_ids.filtered(lambda bill: bill.bucket and bill.kind != 'opening')
        if standing and state == 'draft':
            reasons.append(
                self.env._("%(contract)s has been billed and cannot go back to draft.", contract=self.display_name)
            )
        elif standing:
            reasons.append(
                self.env._(
                    "%(contract)s cannot be cancelled while these stand: %(bills)s. Delete or credit them first.",
                    contract=self.display_name,
                    bills=', '.join(standing.mapped('display_name')),
                )
            )
        return reasons

    def _is_billed(self):
        """Whether anything was billed on the contract: opening amounts and credited invoices included."""
        # sudo: account.move - whether there are invoices does not depend on who asks
        moves = self.sudo().bill_ids.move_ids.filtered(lambda move: move.state != 'cancel')
        return bool(moves or self.bill_ids.filtered('bucket'))

    def _check_wip_available(self, amount, record):
        """Refuse more than is available to bill, unless the company only warns (BIL-8).

        :param float amount: untaxed, in the contract's currency
        :param record: what is to be billed, named in the error
        :raises UserError: with the amount asked for and the amount available
        """
        self.ensure_one()
        if self.company_id.progress_overbilling_policy == 'warn':
            return
        if self.currency_id.compare_amounts(amount, self.wip_available) > 0:
            values = {
                'record': record.display_name,
                'contract': self.display_name,
                'amount': self._show_amount(amount),
                'available': self._show_amount(self.wip_available),
            }
            if self.display_name in values['record']:
                detail = self.env._(
                    "%(record)s asks for %(amount)s, %(available)s is available. "
                    "Lower the amount, or add a change order.",
                    **values,
                )
            else:
                detail = self.env._(
                    "%(record)s of %(contract)s asks for %(amount)s, %(available)s is available. "
                    "Lower the amount, or add a change order.",
                    **values,
                )
            raise UserError(self._format_wip_error([detail]))

    def _get_overbilled_hints(self):
        """Deductions that are not billed yet make the contract worth less than its other lines."""
        deductions = self._get_billable_lines().filtered(
            lambda line: line.revised_amount < 0 and line._get_amount_left() < 0
        )
        if not deductions:
            return []
        return [self.env._("Not billed yet: the deduction %s.", ', '.join(deductions.mapped('display_name')))]

    def action_view_bills(self):
        """The contract's progress bills.

        :return dict: an action on ``progress.bill``
        """
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing.action_progress_bill')
        context = {'default_contract_id': self.id} if len(self) == 1 else {}
        return dict(action, domain=[('contract_id', 'in', self.ids)], context=context)

    def action_view_invoices(self):
        """Invoices and credit notes of the contract.

        :return dict: an action on ``account.move``, or on the bills for users who may not read invoices
        """
        return self.bill_ids.action_view_invoices()

    def _prepare_run_bill_vals(self, key, date=None):
        """Header of one bill of a run.

        :param tuple key: see ``_get_run_key`` of the schedule lines
        :param date: its date; today unless given
        :return dict: of ``progress.bill``
        """
        self.ensure_one()
        partner, location = key[:2]
        return {
            'contract_id': self.id,
            'partner_id': partner.id,
            'partner_shipping_id': location.id,
            'date': date or self.company_id._get_progress_today(),
        }
