from odoo import api, fields, models
from odoo.exceptions import UserError


class ProgressBillSource(models.Model):
    """What a bill bills beside the schedule of values; see the lines with a ``source``."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    sourced_line_ids = fields.One2many(
        'progress.bill.line',
        'bill_id',
        string="Beside the Schedule",
        domain=[('source', '!=', False)],
        often_empty=True,
    )
    sourced_amount = fields.Monetary(
        string="Billed Beside the Schedule",
        compute='_compute_sourced_amount',
        store=True,
        guarded=True,
        help="Untaxed: expenses, products, agreements and down payments.",
    )
    credited_sourced_amount = fields.Monetary(compute='_compute_sourced_amount', store=True, guarded=True)
    amount_due = fields.Monetary(
        string="Net Due",
        compute='_compute_amount_due',
        help="Untaxed: all that this bill asks for, less what was credited.",
    )
    asks_for = fields.Selection(
        [
            ('work', "Work of the Schedule"),
            ('no_work', "No Work"),
            ('beside', "Beside the Schedule"),
        ],
        compute='_compute_asks_for',
        help="No Work: a release of retainage, say. Beside the Schedule: no line of it is on the bill, as on a down "
        "payment. Lists and pages show what such bills ask for instead of their work.",
    )

    @api.depends('sourced_line_ids.amount', 'sourced_line_ids.credited_amount')
    def _compute_sourced_amount(self):
        self._set_line_sums('sourced_amount', 'credited_sourced_amount')

    @api.depends('state', 'invoiced_amount', 'credited_amount', 'line_ids', 'sourced_line_ids')
    def _compute_asks_for(self):
        for bill in self:
            work = bill.currency_id.compare_amounts(bill.invoiced_amount, bill.credited_amount)
            if bill.state == 'planned' or work:  # without reading their lines
                bill.asks_for = 'work'
            elif bill.sourced_line_ids and not bill.line_ids:
                bill.asks_for = 'beside'
            else:
                bill.asks_for = 'no_work'

    @api.depends('invoiced_amount', 'credited_amount', 'sourced_amount', 'credited_sourced_amount')
    def _compute_amount_due(self):
        for bill in self:
            bill.amount_due = bill.currency_id.round(bill._get_amount_due())

    def _get_amount_due(self):
        """What the bill asks for, less what was credited. Extend by ``super()``, and the compute's dependencies.

        :return float: untaxed, in the contract's currency
        """
        self.ensure_one()
        scheduled = self.invoiced_amount - self.credited_amount
        return scheduled + self.sourced_amount - self.credited_sourced_amount

    def _get_all_lines(self):
        """All lines of these bills: of the schedule and beside it."""
        return self.line_ids | self.sourced_line_ids

    # === BUSINESS === #

    def _add_sourced_lines(self, vals_list):
        """Bill something beside the schedule of values: for addons, whose expenses, products, agreements or down
        payments these are.

        A bill made at once (``_make_bills``) has them among its values instead: ``sourced_line_ids``, made by
        ``progress.bill.line._prepare_sourced_vals``.

        :param list vals_list: see ``progress.bill.line._prepare_sourced_vals``
        :return: ``progress.bill.line``
        :raises UserError: when the bill's lines cannot change any more, or it takes no such lines
        """
        self.ensure_one()
        self._check_may_bill()
        self.contract_id._lock_for_billing()
        self._check_lines_editable()
        if self.kind in ('opening', 'retainage'):
            raise UserError(
                self.env._(
                    "%(bill)s takes nothing beside the schedule of values: bill it on a bill of its own.",
                    bill=self.display_name,
                )
            )
        # sudo: progress.bill.line - nobody types these lines, so nothing is to be completed or refused
        lines = self.env['progress.bill.line'].sudo()
        created = lines._create_protected(
            [{**lines._prepare_sourced_vals(self.contract_id, vals), 'bill_id': self.id} for vals in vals_list]
        )
        self._on_claims_settled()
        return created.with_env(self.env)

    # === INVOICE LINES === #

    def _get_invoice_taxes(self):
        """What is billed beside the schedule is taxed by itself: it takes no part in the schedule's sums."""
        taxes = super()._get_invoice_taxes()
        return {**taxes, 'sourced': self._get_sourced_taxes()} if self.sourced_line_ids else taxes

    def _get_sourced_taxes(self):
        """Taxes of what is billed beside the schedule. Extend by ``super()``.

        :return list: computed base lines, in the order of the invoice
        """
        return self._compute_sourced_taxes(self.sourced_line_ids)

    def _compute_sourced_taxes(self, lines):
        """Taxes of lines beside the schedule, as an invoice of just these lines would have them.

        :return list: computed base lines
        """
        engine, contract = self.env['progress.tax.engine'], self.contract_id
        base_lines = [
            engine._base_line(contract, line.amount, line.tax_ids, line.quantity, _bill_line=line) for line in lines
        ]
        return engine._compute_taxes(base_lines, contract.company_id)

    def _prepare_invoice_line_list(self, taxes):
        """After the lines of the bill's type: what is billed beside the schedule."""
        lines = super()._prepare_invoice_line_list(taxes)
        result, engine = [], self.env['progress.tax.engine']
        for base_line in taxes.get('sourced', ()):
            net, amounts = engine._merge([base_line])
            result.append(base_line['_bill_line']._prepare_sourced_item_vals(net, amounts))
        if result and any(line.get('display_type') for line in lines):  # not under the last section of the schedule
            title = self.with_context(lang=self.partner_id.lang).env._("Further items")
            result.insert(0, {'display_type': 'line_section', 'name': title})
        return lines + result

    def _get_expected_amounts(self):
        return {**super()._get_expected_amounts(), **{line.id: line.amount for line in self.sourced_line_ids}}
