from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import money
from ..base.progress_actor import Actor


class ProgressBillApplication(models.Model):
    """The application for payment: where the contract stands with this bill, and what is due.

    Everything is derived from the bills up to this one and the schedule as it stood when the bill
    was made, so that the sheet of an earlier bill stays as it was.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    #: The schedule of values as it stood when the bill was made; amounts in the contract's currency, untaxed:
    #:   ``lines``    ``{schedule line id: [original amount, change amount]}``
    #:   ``before``   ``{schedule line id: amount billed before}``, see ``_get_billed_before``
    #:   ``changes``  ids of the change orders approved by then
    #:   ``removed``  ``[[original amount, change amount, item number, name]]`` of lines deleted since
    schedule_snapshot = fields.Json(readonly=True, copy=False, guarded=True)
    original_amount = fields.Monetary(string="Original Contract Sum", compute='_compute_application')
    change_amount = fields.Monetary(string="Net Change by Change Orders", compute='_compute_application')
    revised_amount = fields.Monetary(string="Contract Sum to Date", compute='_compute_application')
    completed_stored_amount = fields.Monetary(
        string="Total Completed and Stored to Date", compute='_compute_application'
    )
    retainage_work_amount = fields.Monetary(string="Retainage of Completed Work", compute='_compute_application')
    retainage_stored_amount = fields.Monetary(string="Retainage of Stored Materials", compute='_compute_application')
    retainage_total = fields.Monetary(string="Total Retainage", compute='_compute_application')
    earned_less_retainage = fields.Monetary(string="Total Earned Less Retainage", compute='_compute_application')
    less_previous_certificates = fields.Monetary(compute='_compute_application')
    current_payment_due = fields.Monetary(compute='_compute_application')
    balance_to_finish = fields.Monetary(string="Balance to Finish, Including Retainage", compute='_compute_application')
    certified_amount = fields.Monetary(
        string="Amount Certified",
        compute='_compute_application',
        inverse='_inverse_certified_amount',
        help="What the customer certifies of the payment due, net of retainage. The rest falls due with the next bill.",
    )

    # === COMPUTE === #

    @api.depends(
        'line_ids.invoiced_amount',
        'line_ids.stored_amount',
        'line_ids.retainage_amount',
        'line_ids.credited_amount',
        'line_ids.credited_retainage_amount',
        'credited_holdback_amount',
        'schedule_snapshot',
        'sum_certified',
        'certified_sum',
        'date',
        'bucket',
        'contract_id.revised_amount',
        'contract_id.bill_ids.bucket',
        'contract_id.bill_ids.date',
        'contract_id.bill_ids.credited_amount',
        'contract_id.bill_ids.credited_retainage_amount',
        'contract_id.bill_ids.invoiced_amount',
        'contract_id.bill_ids.retainage_amount',
        'contract_id.bill_ids.certified_sum',
        'contract_id.bill_ids.holdback_amount',
    )
    def _compute_application(self):
        for contract, bills in self.grouped('contract_id').items():
            certificates = contract._get_certificates(bills)
            for bill in bills:
                bill.update(bill._get_application_values(certificates))

    def _get_application_values(self, certificates):
        """The summary of the application, in the contract's currency, untaxed.

        :param dict certificates: see ``_get_certificates`` of the contract
        """
        self.ensure_one()
        rows = self._get_application_rows()
        currency = self.currency_id
        original, change, completed, kept, kept_stored = (
            currency.round(float(sum((row[key] for row in rows), money.ZERO)))
            for key in ('original', 'change', 'completed_stored', 'retainage', 'retainage_stored')
        )
        certificate = certificates[self]
        earned = currency.round(completed - kept)
        return {
            'original_amount': original,
            'change_amount': change,
            'revised_amount': currency.round(original + change),
            'completed_stored_amount': completed,
            'retainage_work_amount': currency.round(kept - kept_stored),
            'retainage_stored_amount': kept_stored,
            'retainage_total': kept,
            'earned_less_retainage': earned,
            'less_previous_certificates': float(certificate['previous']),
            'current_payment_due': float(certificate['due']),
            'balance_to_finish': currency.round(original + change - earned),
            'certified_amount': float(certificate['certified']),
        }

    def _get_application_rows(self):
        """The lines of the continuation sheet, as they stood with this bill.

        :return list: dicts with ``line``, and decimals ``original``, ``change``, ``scheduled``, ``previous``
            (work of earlier bills), ``work`` (this period), ``stored``, ``completed_stored``, ``balance``,
            ``retainage`` and ``retainage_stored`` (held in total, and of that on stored materials)
        """
        self.ensure_one()
        before = self._get_retainage_history()
        mine = {line.contract_line_id: line for line in self.line_ids}
        values = self._get_scheduled_values()
        rows = []
        for scheduled in self.contract_id.line_ids.sorted(lambda line: (line.sequence, line.id)):
            if scheduled.display_type or (scheduled not in values and scheduled not in mine):
                continue
            if scheduled not in mine and not self._is_for_customer_of(scheduled):
                continue  # the summary is for one customer
            original, change = values.get(scheduled, (money.ZERO, money.ZERO))
            state, line = before.get(scheduled), mine.get(scheduled)
            work = money.ZERO
            if line:
                work = money.to_decimal(line.certified_amount) - money.to_decimal(line.credited_amount)
            previous = state['work'] if state else money.ZERO
            stored = state['stored'] if state else money.ZERO
            if line and self.kind != 'retainage':
                stored = money.to_decimal(line.stored_amount)
            held = (state['held'] if state else money.ZERO) + (line._get_retainage_kept() if line else money.ZERO)
            completed = previous + work + stored
            rows.append(
                {
                    'line': scheduled,
                    'bill_line': line,
                    'original': original,
                    'change': change,
                    'scheduled': original + change,
                    'previous': previous,
                    'work': work,
                    'stored': stored,
                    'completed_stored': completed,
                    'percent': money.ratio_percent(completed, original + change),
                    'balance': original + change - completed,
                    'retainage': held,
                    'retainage_stored': self._get_stored_share(line or scheduled, previous + work, stored, held),
                }
            )
        return rows + self._get_removed_rows()

    def _get_removed_rows(self):
        """Lines that stood on this sheet and were removed from the schedule later, never billed."""
        zero = money.ZERO
        rows = []
        for original, change, item, name in self._get_removed_values():
            line = self.env['progress.contract.line'].new({'item_number': item, 'name': name})
            scheduled = money.to_decimal(original) + money.to_decimal(change)
            rows.append(
                {
                    'line': line,
                    'bill_line': None,
                    'original': money.to_decimal(original),
                    'change': money.to_decimal(change),
                    'scheduled': scheduled,
                    'balance': scheduled,
                    **dict.fromkeys(
                        ('previous', 'work', 'stored', 'completed_stored', 'percent', 'retainage', 'retainage_stored'),
                        zero,
                    ),
                }
            )
        return rows

    def _get_stored_share(self, source, work, stored, held):
        """The part of what is held that is for stored materials, by the rates."""
        on_work = money.to_decimal(source.retainage_percent) * work
        on_stored = money.to_decimal(source.stored_retainage_percent) * stored
        if not on_work + on_stored:
            return money.ZERO
        return money.round_to(held * on_stored / (on_work + on_stored), self.currency_id.rounding)

    # === SCHEDULE AT THE TIME === #

    def _get_scheduled_values(self):
        """``(original, change)`` by schedule line: as it stood when the bill was made, else as it stands now."""
        self.ensure_one()
        lines = self.contract_id._get_billable_lines()
        snapshot = (self.schedule_snapshot or {}).get('lines')
        if snapshot is None:
            return {
                line: (money.to_decimal(line.original_amount), money.to_decimal(line.change_amount)) for line in lines
            }
        return {
            line: tuple(money.to_decimal(amount) for amount in snapshot[str(line.id)])
            for line in lines
            if str(line.id) in snapshot
        }

    def _on_claimed(self, *, new=False):
        """Pro formas show the schedule as it stands; their invoices take it once more."""
        super()._on_claimed(new=new)
        waiting = self._filter_pro_formas()
        if waiting:  # with the bills before them, in one go: what invoices ask for next, and no more
            waiting.contract_id.bill_ids.line_ids.fetch(
                [*self._get_invoiced_line_fields(), *self._get_earlier_line_fields()]
            )
        for bill in waiting:
            bill._write_protected({'schedule_snapshot': bill._prepare_snapshot()})

    def _prepare_invoiced_vals(self):
        return {**super()._prepare_invoiced_vals(), 'schedule_snapshot': self._prepare_snapshot()}

    def _prepare_snapshot(self):
        """The schedule and the change orders as they stand now, for the sheets of this bill."""
        self.ensure_one()
        contract, lines = self.contract_id, self.contract_id._get_billable_lines()
        worths = lines._get_columns('original_amount', 'change_amount')
        return {
            'lines': {
                str(line): [original or 0.0, change or 0.0]
                for line, (original, change) in zip(lines._ids, worths, strict=True)
            },
            'before': {str(line.id): amount for line, amount in self._prepare_billed_before().items()},
            'changes': contract.change_ids.filtered(lambda change: change.state == 'approved').ids,
        }

    def _get_removed_values(self):
        """``[original, change, item number, name]`` of the lines that stood here and were deleted since."""
        self.ensure_one()
        return (self.schedule_snapshot or {}).get('removed', [])

    def _prepare_billed_before(self):
        """What is billed before this bill at this moment, net of credits: the invoice keeps it.

        :return dict: untaxed amounts by schedule line
        """
        self.ensure_one()
        amounts = {}
        for line in self._get_earlier_bills().line_ids:
            scheduled = line.contract_line_id
            amounts[scheduled] = amounts.get(scheduled, 0.0) + line.invoiced_amount - line.credited_amount
        return {line: self.currency_id.round(amount) for line, amount in amounts.items()}

    def _get_billed_before(self):
        """Untaxed amounts by schedule line: as the invoice kept them, else as they are now."""
        self.ensure_one()
        kept = (self.schedule_snapshot or {}).get('before')
        if kept is None or not self.invoice_id:
            return self._prepare_billed_before()
        return {line: kept[str(line.id)] for line in self.contract_id.line_ids if str(line.id) in kept}

    def _get_billed_now(self):
        """Untaxed amounts by schedule line that this bill invoices; credit notes are documents of their own."""
        self.ensure_one()
        amounts = {}
        for line in self.line_ids:
            amounts[line.contract_line_id] = amounts.get(line.contract_line_id, 0.0) + line.invoiced_amount
        return amounts

    def _get_earlier_bills(self):
        """Bills of the contract that count and come before this one, by date, then by number."""
        self.ensure_one()
        return self.contract_id.bill_ids.filtered(
            lambda bill: bill.bucket and bill != self and bill._get_order_key() < self._get_order_key()
        )

    def _get_bill_position(self):
        """Which of the contract's bills this is: 1 for the first. Down payments bill no work."""
        return len(self._get_earlier_bills().filtered(lambda bill: bill.kind != 'down_payment')) + 1

    def _get_document_title(self):
        """What the printed bill is called; glue addons and kinds of bills add theirs."""
        return self.env._("Pro Forma Invoice")

    def _get_change_summary(self):
        """Additions and deductions by change orders: approved before the bill before this one, and since.

        :return dict: ``previous`` and ``current``, each ``(additions, deductions)`` in the contract's currency
        """
        self.ensure_one()
        now = self._get_counted_changes()
        earlier = self.contract_id._get_live_bills(self).filtered(lambda bill: bill.kind != 'opening')[-1:]
        before = earlier._get_counted_changes() & now if earlier else now.browse()
        return {
            key: (
                sum(line.amount for line in changes.line_ids if line.amount > 0),
                -sum(line.amount for line in changes.line_ids if line.amount < 0),
            )
            for key, changes in (('previous', before), ('current', now - before))
        }

    def _get_counted_changes(self):
        """Change orders that were approved when this bill was made."""
        changes = self.contract_id.change_ids
        counted = (self.schedule_snapshot or {}).get('changes')
        if counted is None:
            return changes.filtered(lambda change: change.state == 'approved')
        return changes.filtered(lambda change: change.id in counted)

    # === CERTIFICATE === #

    def _inverse_certified_amount(self):
        for bill in self:
            bill._check_may_review()
            bill._certify_sum(Actor.of(self.env.user), bill.certified_amount)

    def _certify_sum(self, actor, amount):
        """Certify less than is due: what is left out is held back until the next bill (RET-19).

        :param Actor actor: who certifies
        :param float amount: net of retainage, contract currency; never above the claim
        :raises UserError: for an amount below 0 or above what is due, or a bill that is invoiced
        """
        self.ensure_one()
        self._check_certifiable()
        due = self.contract_id._get_certificates(self)[self]['due']
        amount = money.round_to(self._read_number(amount), self.currency_id.rounding)
        if not 0 <= amount <= max(due, money.ZERO):
            raise UserError(
                self.env._(
                    "%(bill)s: the certified amount lies between nothing and the payment due of %(due)s.",
                    bill=self.display_name,
                    due=self.contract_id._show_amount(float(due)),
                )
            )
        self._write_as(
            actor,
            {'sum_certified': amount != due, 'certified_sum': float(amount)},
            body=self.env._("Certified: %s", self.contract_id._show_amount(float(amount))),
        )

    def _is_for_customer_of(self, scheduled):
        """Whether a schedule line is billed to this bill's customer, whatever the location."""
        self.ensure_one()
        customer = (scheduled.partner_id or self.contract_id.partner_id).commercial_partner_id
        return not self.partner_id or customer == self.partner_id.commercial_partner_id
