from odoo import api, fields, models
from odoo.tools import format_date, formatLang


class ProgressBillCreateLines(models.TransientModel):
    """What the bill will look like before Continue, and what to know before it."""

    _name = 'progress.bill.create'
    _inherit = 'progress.bill.create'

    preview = fields.Json(compute='_compute_preview', help="Lines of the bill: ``label``, ``amount``, ``kind``.")
    warning_text = fields.Text(
        string="Not Passed On",
        compute='_compute_warning_text',
        help="What Odoo did not pass on to the customer's order.",
    )
    blockers = fields.Text(compute='_compute_blockers')
    uses_pro_forma = fields.Boolean(compute='_compute_blockers')

    @api.depends(
        'wip_bill_amount',
        'expense_line_ids',
        'product_line_ids',
        'time_line_ids',
        'attach_time',
        'is_final',
        'date',
        'child_ids.wip_bill_amount',
    )
    def _compute_preview(self):
        for wizard in self:
            wizard.preview = [row for one in wizard.child_ids or wizard for row in one._get_preview_rows()]

    def _get_preview_rows(self):
        """What stands on the bill, untaxed.

        :return list: dicts with ``label``, ``amount`` (a text) and ``kind`` (``head``, ``line``, ``note``, ``total``)
        """
        self.ensure_one()
        if not self.contract_id:
            return []
        rows = [{'label': self.contract_id.display_name, 'amount': '', 'kind': 'head'}]
        rows += [self._get_preview_row(name, amount) for name, amount in self._get_preview_claims()]
        rows += [self._get_preview_row(vals['name'], vals['amount']) for vals in self._prepare_sourced_lines()]
        used = self.down_payment_applied
        if used:
            rows.append(self._get_preview_row(self.env._("Down payments applied"), -used))
        rows.append(self._get_preview_row(self.env._("Net due, untaxed"), self.net_amount, 'total'))
        if self.attach_time and self.selected_hours:
            value = self.selected_time_amount
            adjustment = self.currency_id.round(self.wip_bill_amount - value)
            rows.append(self._get_preview_row(self.env._("Hours attached, by value"), value, 'note'))
            rows.append(self._get_preview_row(self.env._("Adjustment"), adjustment, 'note'))
        return rows

    def _get_preview_claims(self):
        """``(name, amount)`` of the lines of the schedule on the bill."""
        names = {line.id: line.name for line in self.contract_id._get_billable_lines()}
        return [(names[claim['contract_line_id']], claim['amount']) for claim in self._prepare_preview_claims()]

    def _prepare_preview_claims(self):
        """What the bill bills of the schedule, by line; a final invoice bills all that is left.

        :return list: dicts with ``contract_line_id`` and ``amount``
        """
        if self.is_final:
            left = [(line, line._get_amount_left()) for line in self.contract_id._get_billable_lines()]
            return [
                {'contract_line_id': line.id, 'amount': amount}
                for line, amount in left
                if not self.currency_id.is_zero(amount)
            ]
        if self.currency_id.compare_amounts(self.wip_bill_amount, 0.0) <= 0 or not self.contract_id.wip_available:
            return []
        return self._prepare_claims()

    def _get_preview_row(self, label, amount, kind='line'):
        first, *rest = (label or '').split('\n')
        if rest and self.currency_id.is_zero(amount):
            first = f'{first} ({rest[-1].rstrip(".")})'  # why it is at 0.00
        return {
            'label': first,
            'amount': formatLang(self.env, amount, currency_obj=self.currency_id),
            'kind': kind,
        }

    @api.depends('contract_id', 'is_final', 'child_ids.contract_id')
    def _compute_blockers(self):
        for wizard in self:
            sentences = wizard._get_left_out()
            for contract in (wizard.child_ids or wizard).contract_id:
                sentences += contract._get_billing_blockers()
                if wizard.is_final:
                    sentences += wizard._get_final_remarks(contract)
            wizard.blockers = '\n'.join(sentences)
            wizard.uses_pro_forma = any((wizard.child_ids or wizard).contract_id.mapped('use_pro_forma'))

    def _get_left_out(self):
        """Contracts of the customer that are not on the screen, for they cannot be billed now, and why."""
        if self.contract_id or not self.child_ids:
            return []
        left_out = self.partner_id._get_open_fixed_fees() - self.child_ids.contract_id
        return [
            self.env._(
                "Not on this screen: %(contract)s. %(reasons)s",
                contract=contract.display_name,
                reasons=' '.join(contract._get_billing_blockers()),
            )
            for contract in left_out
        ]

    def _get_final_remarks(self, contract):
        """What a final invoice ends: planned records are cancelled by it."""
        planned = contract.bill_ids.filtered(lambda bill: bill.state == 'planned')
        if not planned:
            return []
        dates = ', '.join(format_date(self.env, bill.date) for bill in planned if bill.date)
        return [
            self.env._(
                "The final invoice cancels %(count)s planned bills (%(dates)s).", count=len(planned), dates=dates
            )
        ]

    @api.depends('contract_id', 'child_ids.contract_id')
    def _compute_warning_text(self):
        for wizard in self:
            contracts = (wizard.child_ids or wizard).contract_id
            wizard.warning_text = '\n'.join(contracts._get_reinvoicing_warnings())
