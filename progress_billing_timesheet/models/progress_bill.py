from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.progress_billing.tools import money


class ProgressBill(models.Model):
    """A bill with the hours, expenses and products it was made of."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    entry_ids = fields.One2many('progress.bill.entry', 'bill_id', string="Entries", copy=False)
    restricted_to = fields.Reference(
        selection_add=[('sale.order.line', "Expenses and Products"), ('account.analytic.line', "Time Entries")]
    )
    charge_adjustments_to_company = fields.Boolean(
        string="Charge Adjustments to the Internal Company",
        readonly=True,
        copy=False,
        guarded=True,
        help="What the fixed fee is above or below the value of the hours is one row of the company, not one for each "
        "entry.",
    )
    entry_hours = fields.Float(string="Hours Attached", compute='_compute_entry_figures')
    entry_value = fields.Monetary(string="Value of the Hours", compute='_compute_entry_figures')
    entry_adjustment = fields.Monetary(
        string="Adjustment",
        compute='_compute_entry_figures',
        help="Fixed fee billed less the value of the hours attached.",
    )

    # === COMPUTE === #

    @api.depends('entry_ids.hours', 'entry_ids.value', 'entry_ids.adjustment_amount')
    def _compute_entry_figures(self):
        rows = self.env['progress.bill.entry']._read_group(
            [('bill_id', 'in', self.ids), ('kind', 'in', ('time', 'adjustment'))],
            ['bill_id'],
            ['hours:sum', 'value:sum', 'adjustment_amount:sum'],
        )
        figures = {bill.id: sums for bill, *sums in rows}
        for bill in self:
            bill.entry_hours, bill.entry_value, bill.entry_adjustment = figures.get(bill._origin.id, (0.0, 0.0, 0.0))

    def _get_adjustments(self):
        """What the fee billed is above, or below, the value of the hours attached, by row (HRS-6).

        :return dict: amounts by ``progress.bill.entry``
        """
        self.ensure_one()
        times = self.entry_ids.filtered(lambda row: row.kind == 'time')
        if not times:
            return {}
        fee = self.invoiced_amount - self.credited_amount
        amount = self.currency_id.round(fee - sum(times.mapped('value')))
        if self.charge_adjustments_to_company:
            return dict.fromkeys(self.entry_ids.filtered(lambda row: row.kind == 'adjustment')[:1], amount)
        return times._share_adjustment(amount)

    # === ATTACHED HOURS === #

    def _get_billed_name(self):
        """The invoice where it has a number, else the bill: what a person looks for who has to undo it."""
        self.ensure_one()
        return self.invoice_name if self.invoice_state == 'posted' else self.display_name

    def _create_invoices(self, actor=None):
        moves = super()._create_invoices(actor)
        self._link_entries()
        return moves

    def _on_invoice_state(self):
        result = super()._on_invoice_state()
        self._link_entries()
        return result

    def _on_unbilled(self):
        super()._on_unbilled()
        self._link_entries()

    def _link_entries(self):
        """Odoo's own link of time entries follows the bill they are on: to its invoice, or to none (HRS-4).

        :raises UserError: when a bill counts again, and something of it was billed elsewhere meanwhile
        """
        # sudo: account.analytic.line - what is attached follows the bill, whoever acts
        for bill in self.sudo().filtered('entry_ids'):
            entries = bill.entry_ids.analytic_line_id
            if bill.bucket:
                bill._check_entries_are_ours(entries)
                invoice = bill.invoice_id
                entries.filtered(lambda entry, invoice=invoice: entry.timesheet_invoice_id != invoice).write(
                    {'timesheet_invoice_id': invoice.id}
                )
            else:
                moves = bill.move_ids
                entries.filtered(lambda entry, moves=moves: entry.timesheet_invoice_id & moves).write(
                    {'timesheet_invoice_id': False}
                )
                # what was held here follows its task now, where that has moved
                entries.filtered(lambda entry, bill=bill: entry.project_id != bill.project_id)._take_progress_rates()

    def _check_entries_are_ours(self, entries):
        """An entry that came free and was billed again elsewhere does not come back.

        :raises UserError: naming the bill or invoice
        """
        self.ensure_one()
        other_bills = (entries.progress_entry_ids - self.entry_ids).filtered('is_live').bill_id
        others = other_bills.mapped('display_name')
        if not others:
            invoices = (entries.timesheet_invoice_id - self.move_ids).filtered(
                lambda move: move.state != 'cancel' and move.payment_state != 'reversed'
            )
            others = invoices.mapped('display_name')
        if others:
            raise UserError(
                self.env._(
                    "Hours of %(bill)s have been billed on %(others)s since. Delete or credit that first.",
                    bill=self.display_name,
                    others=', '.join(others),
                )
            )

    # === DOWN PAYMENTS KEPT FOR ONE RECORD === #

    def _get_billed_records(self):
        """Expenses and products at what the bill asks for, hours at what they are worth and no agreement covers."""
        billed = super()._get_billed_records()
        # sudo: sale.order.line, account.analytic.line - the same for everyone who bills
        for line in self.sudo().sourced_line_ids.filtered('sale_line_id'):
            billed[line.sale_line_id] = billed.get(line.sale_line_id, money.ZERO) + money.to_decimal(line.amount)
        for row in self.sudo().entry_ids.filtered('analytic_line_id'):  # sudo: as above
            billed[row.analytic_line_id] = money.to_decimal(row.value) - money.to_decimal(row.covered_amount)
        return billed

    # === EXPENSES AND PRODUCTS === #

    def _compute_sourced_taxes(self, lines):
        """Where an order line agreed on a price with tax, its tax is the order's to the cent."""
        base_lines = super()._compute_sourced_taxes(lines)
        engine = self.env['progress.tax.engine']
        for base_line in base_lines:
            line = base_line['_bill_line']
            if line.taxed_amount and line.amount:
                base_line['_worth'] = (line.amount, line.taxed_amount)
                engine._take_part_of_tax(base_line)
        return base_lines
