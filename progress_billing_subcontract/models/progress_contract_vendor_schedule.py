from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.progress_billing.models.base.progress_actor import Actor
from odoo.addons.progress_billing.tools import money

#: in which a proposed schedule can still change
OPEN_SCHEDULES = ('draft', 'rejected')


class ProgressContractVendorSchedule(models.Model):
    """The subcontractor's own schedule: proposed, checked against the subcontract, accepted, locked (SUB-12)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    is_vendor_schedule = fields.Boolean(
        string="Schedule by the Subcontractor",
        tracking=True,
        copy=False,
        help="The subcontractor divides the lines of the subcontract before the first claim.",
    )
    vendor_schedule_state = fields.Selection(
        [
            ('draft', "Draft"),
            ('submitted', "Under Review"),
            ('rejected', "Revise and Resubmit"),
            ('accepted', "Accepted"),
        ],
        string="Subcontractor's Schedule",
        default='draft',
        copy=False,
        guarded=True,
        readonly=True,
        tracking=True,
    )
    vendor_schedule_note = fields.Text(guarded=True, readonly=True, copy=False, help="What is to be revised.")
    vendor_schedule_ids = fields.One2many(
        'progress.vendor.schedule.line',
        'contract_id',
        string="Proposed Schedule",
        groups='progress_billing.group_subcontract_readonly',
    )
    vendor_schedule_rest = fields.Text(
        string="Does Not Add Up", compute='_compute_vendor_schedule_rest', help="What the proposed lines differ by."
    )

    @api.depends(
        'vendor_schedule_ids.amount',
        'vendor_schedule_ids.contract_line_id',
        'line_ids.revised_amount',
        'is_vendor_schedule',
    )
    def _compute_vendor_schedule_rest(self):
        for contract in self:
            reasons = contract._get_schedule_differences() if contract.is_vendor_schedule else []
            contract.vendor_schedule_rest = '\n'.join(reasons)

    def _get_schedule_differences(self):
        """Lines whose parts do not add up to them.

        :return list: sentences
        """
        self.ensure_one()
        reasons = []
        for line, parts in self.vendor_schedule_ids.grouped('contract_line_id').items():
            rest = self.currency_id.round(line.revised_amount - sum(parts.mapped('amount')))
            if not self.currency_id.is_zero(rest):
                reasons.append(
                    self.env._(
                        "The lines of %(line)s come to %(sum)s, not to %(worth)s.",
                        line=line.display_name,
                        sum=self._show_amount(sum(parts.mapped('amount'))),
                        worth=self._show_amount(line.revised_amount),
                    )
                )
        return reasons

    # === ACTIONS === #

    def action_submit_schedule(self):
        """Hand in the proposed schedule, in the subcontractor's name.

        :return dict: the action that shows the contracts
        :raises UserError: where it does not add up
        """
        self._check_may_keep_subcontracts()
        self._submit_schedule(Actor.of(self.env.user))
        return self._get_contract_action()

    def action_accept_schedule(self):
        """Accept the proposed schedule: it takes the place of the lines it divides, and is locked.

        :return dict: the action that shows the contracts
        :raises UserError: where there is none to accept, or something was billed of its lines
        """
        self._check_may_keep_subcontracts()
        for contract in self:
            contract._accept_schedule(Actor.of(self.env.user))
        return self._get_contract_action()

    def action_reject_schedule(self, reason=False):
        """Send the proposed schedule back.

        :param str reason: what to revise
        :return dict: the action that shows the contracts
        :raises UserError: without a reason, or where there is none under review
        """
        self._check_may_keep_subcontracts()
        text = self._read_text(reason)
        if not text:
            raise UserError(self.env._("Say why, so that the schedule can be revised."))
        self._check_schedule_state(('submitted',))
        self._write_schedule_as(
            Actor.of(self.env.user), {'vendor_schedule_state': 'rejected', 'vendor_schedule_note': text}, text
        )
        return self._get_contract_action()

    # === BUSINESS === #

    def _submit_schedule(self, actor):
        """See :meth:`action_submit_schedule`.

        :param Actor actor: the contact, or who does it in their name
        """
        self._check_schedule_state(OPEN_SCHEDULES)
        for contract in self:
            reasons = contract._get_schedule_differences()
            if not contract.vendor_schedule_ids:
                reasons = [self.env._("%s: propose at least one line.", contract.display_name)]
            if reasons:
                raise UserError('\n'.join(reasons))
        self._write_schedule_as(actor, {'vendor_schedule_state': 'submitted', 'vendor_schedule_note': False})

    def _accept_schedule(self, actor):
        """See :meth:`action_accept_schedule`."""
        self.ensure_one()
        self._lock_for_billing()
        self._check_schedule_state(('submitted', *OPEN_SCHEDULES))
        reasons = self._get_schedule_differences()
        if reasons or not self.vendor_schedule_ids:
            raise UserError('\n'.join(reasons) or self.env._("%s: nothing is proposed.", self.display_name))
        by_line = self.vendor_schedule_ids.grouped('contract_line_id')
        order = []
        for line in self.line_ids.sorted(lambda line: (line.sequence, line.id)):
            order += line._divide(by_line[line]) if line in by_line else line
        for number, line in enumerate(order, 1):
            line._write_protected({'sequence': number})
        self._write_schedule_as(actor, {'vendor_schedule_state': 'accepted', 'vendor_schedule_note': False})
        self._on_worth_changed()

    def _write_schedule_as(self, actor, vals, note=''):
        self._track_set_author(actor.partner)
        self._write_protected(vals)
        if note:
            self._message_log_batch(dict.fromkeys(self.ids, note), author_id=actor.partner.id)

    def _check_schedule_state(self, states):
        """:raises UserError: for a subcontract without such a schedule, or in another state"""
        for contract in self:
            if not contract.is_vendor_schedule:
                raise UserError(
                    self.env._("%s has no schedule by its subcontractor: switch it on first.", contract.display_name)
                )
            if contract.vendor_schedule_state not in states:
                raise UserError(
                    self.env._(
                        "The schedule of %(contract)s cannot change: its status is “%(state)s”.",
                        contract=contract.display_name,
                        state=dict(self._fields['vendor_schedule_state']._description_selection(self.env))[
                            contract.vendor_schedule_state
                        ],
                    )
                )

    def _check_schedule_can_change(self):
        """Proposed lines change while they are a draft: by the contact on the page, or an administrator.

        :raises AccessError: for other users
        :raises UserError: for a schedule that is handed in or accepted
        """
        self._check_may_keep_subcontracts()
        self._check_schedule_state(OPEN_SCHEDULES)

    def _get_invitation_blockers(self):
        reasons = super()._get_invitation_blockers()
        if self.is_vendor_schedule and self.vendor_schedule_state != 'accepted':
            reasons.append(self.env._("Accept the subcontractor's schedule of values first."))
        return reasons

    def _invite_to_bill(self, invitation_type):
        waiting = self.filtered(
            lambda contract: contract.is_vendor_schedule and contract.vendor_schedule_state != 'accepted'
        )
        if waiting:
            raise UserError(
                self.env._(
                    "%s: accept the subcontractor's schedule of values first.",
                    ', '.join(waiting.mapped('display_name')),
                )
            )
        return super()._invite_to_bill(invitation_type)

    # === THE PAGE === #

    def _get_schedule_version(self):
        """What the page shows of the proposal, in a word."""
        self.ensure_one()
        parts = [
            f'{line.id}:{line.name}:{line.quantity}:{line.unit_price}:{line.amount}'
            for line in self.vendor_schedule_ids
        ]
        return '/'.join([self.vendor_schedule_state or '', *parts])

    def _get_divisible_lines(self):
        """The lines that a subcontractor may divide: those that no bill and no change order refers to."""
        return self._get_billable_lines().filtered(lambda line: line._is_divisible())

    def _take_schedule(self, actor, contact, given, *, submit=False, address=''):
        """Keep what a contact entered, and hand it in where asked.

        :param Actor actor: the contact
        :param contact: ``progress.contact``
        :param dict given: texts ``item_LINE_N``, ``name_LINE_N`` and ``amount_LINE_N``, of lines billed by quantity
            ``quantity_LINE_N`` and ``price_LINE_N``; ``version``
        :param bool submit: whether it is handed in
        :raises UserError: for what is no amount, or changed meanwhile
        """
        self.ensure_one()
        self._lock_for_billing()
        if not contact._may_talk():
            raise AccessError(self.env._("You read this page; others claim for the firm. Write a message instead."))
        if given.get('version') != self._get_schedule_version():
            raise UserError(
                self.env._(
                    "Nothing was changed: the schedule has been changed since you opened this page. Read it again."
                )
            )
        self._check_schedule_can_change()
        vals_list = [vals for line in self._get_divisible_lines() for vals in self._read_schedule(line, given)]
        self.vendor_schedule_ids.unlink()
        self.vendor_schedule_ids.create(vals_list)
        if submit:
            self._submit_schedule(actor)
        self.env['progress.answer'].create(
            {
                'contract_id': self.id,
                'contact_id': contact.id,
                'partner_id': actor.partner.id,
                'user_id': actor.user.id,
                'kind': 'schedule',
                'address': address,
            }
        )

    def _read_schedule(self, line, given):
        """Values of the proposed lines that a form has for one line of the subcontract."""
        vals_list, prefix = [], f'name_{line.id}_'
        for name in sorted((name for name in given if name.startswith(prefix)), key=lambda name: (len(name), name)):
            number, text = name.removeprefix(prefix), given[name].strip()
            figures = self._read_part(line, given, number, text)
            if not text and figures is None:
                continue
            vals_list.append(
                {
                    'contract_id': self.id,
                    'contract_line_id': line.id,
                    'sequence': len(vals_list) + 1,
                    'item_number': given.get(f'item_{line.id}_{number}', '').strip()[:30] or False,
                    'name': text or line.name,
                    **(figures or {}),
                }
            )
        return vals_list

    def _read_part(self, line, given, number, text):
        """What a form says one part of a line is worth; ``None`` where it says nothing.

        :raises UserError: for what is no number
        """
        names = (
            {'quantity': 'quantity', 'price': 'unit_price'} if line.billing_base == 'quantity' else {'amount': 'amount'}
        )
        typed = {field: given.get(f'{name}_{line.id}_{number}', '').strip() for name, field in names.items()}
        if not any(typed.values()):
            return None
        read = self.env['progress.bill']._read_claim_text
        figures = {
            field: float(read(value, text or line.display_name, percent=False) if value else money.ZERO)
            for field, value in typed.items()
        }
        if 'amount' in figures:
            figures['amount'] = self.currency_id.round(figures['amount'])
        return figures
